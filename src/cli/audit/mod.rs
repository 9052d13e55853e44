//! `treering audit`: ledgers read from end to end, as a stranger.

mod replay;
mod subject;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

pub use subject::{Located, locate};

use super::check::read_policy;
use super::clock::now_s;
use super::exit::Exit;
use super::failures::{BEGIN_AGAIN, interrupted, usage};
use super::known;
use super::output::{self, Overwrite};
use super::own_store::OwnStore;
use super::progress::{Display, Unit};
use super::voice::{Answer, Failure};
use super::{Context, Outcome, against, interrupt};
use crate::audit::checkpoints::HeldHead;
use crate::audit::evidence::{EvidenceSources, Progress};
use crate::audit::finding::{AuditReport, Verdict};
use crate::audit::rule_set::RuleSet;
use crate::audit::{AuditInput, audit_several};
use crate::evidence::catalogue::Catalogue;
use crate::ledger::read;
use crate::report::audit::collect::RunBy;
use crate::report::audit::facts::Facts;
use crate::report::audit::{exit_of, text, verdict_of, whole_json};
use crate::report::html::page;
use crate::report::words::safe;
use against::OtherCopy;
use subject::{
    Subject, find_subject, need_folder, read_boundary, read_catalogue, read_head, read_rules,
};

/// Arguments of `treering audit`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering audit                                  one's own ledger, files included
  treering audit /media/usb/val-trupchun          a public folder that somebody carried here
  treering audit val-trupchun --against /mnt/wwf/val-trupchun    a mirror, and another copy
  treering audit ledger --head head.txt --card card.json --files evidence
  treering head | treering audit ledger --head -
  treering audit ledger --report report.html --by 'A. Meier, reviewer'
  treering audit site-a site-b site-c             also what they count twice between them
  treering audit --replay report.html             a report judged again from what it carries")]
pub struct Args {
    /// Stores, folders that hold one, public folders, or mirrors by name; by default the store found here
    #[arg(value_name = "LEDGER")]
    paths: Vec<PathBuf>,
    /// Another copy of the ledger to compare with: a public folder, or a mirror's name
    #[arg(long, value_name = "FOLDER|MIRROR")]
    against: Vec<PathBuf>,
    /// The folder of the evidence files [default: for a store, the folder that holds it]
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// A folder with manifests that were handed over
    #[arg(long, value_name = "DIR")]
    manifests: Vec<PathBuf>,
    /// A checkpoint file or a head line (TR1 …) kept from before; - reads standard input
    #[arg(long, value_name = "CHECKPOINT")]
    head: Vec<PathBuf>,
    /// The public folder of an outside ledger that may pin this one; those of the store found here are
    /// looked through anyway
    #[arg(long, value_name = "FOLDER")]
    pinned_by: Vec<PathBuf>,
    /// The site card that the ledger must be of
    #[arg(long, value_name = "CARD")]
    card: Option<PathBuf>,
    /// The ledger's id, 64 digits, where there is no card
    #[arg(long, value_name = "ID", conflicts_with = "card")]
    ledger_id: Option<String>,
    /// The witnesses to believe (a C2SP tlog-policy) [default: the store's trust.policy]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The rule set to judge by [default: the built-in one, schemas/rules.toml]
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// A catalogue of indicators, beside the built-in one; the first counts where a ledger publishes none
    #[arg(long, value_name = "FILE")]
    catalogue: Vec<PathBuf>,
    /// The site's boundary (GeoJSON), the file whose digest the ledger names
    #[arg(long, value_name = "FILE")]
    boundary: Option<PathBuf>,
    /// The time to judge clocks by, seconds since 1970 UTC [default: now]
    #[arg(long, value_name = "SECONDS")]
    as_of: Option<i64>,
    /// Write the report as one page of HTML, to read, print and hand on
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    report: Option<PathBuf>,
    /// Who runs this audit, in the words to stand in the report [default: nobody is named]
    #[arg(long, value_name = "NAME", help_heading = "Report")]
    by: Option<String>,
    /// Judge a report again from the findings inside it; reads the report, not the ledger
    #[arg(long, value_name = "REPORT", help_heading = "Report", conflicts_with_all = [
        "paths", "against", "files", "pinned_by", "manifests", "head", "card", "ledger_id", "policy", "rules", "catalogue",
        "boundary", "as_of", "report", "by",
    ])]
    replay: Option<PathBuf>,
    #[command(flatten)]
    overwrite: Overwrite,
}

/// Audits.
pub fn run(context: &Context, args: Args) -> Outcome {
    if let Some(report) = &args.replay {
        return replay::run(report);
    }
    only_with_one_ledger(&args)?;
    for folder in &args.manifests {
        need_folder(folder, "manifests are looked for in it")?;
    }
    if let Some(folder) = &args.files {
        need_folder(folder, "the evidence files are looked for in it")?;
    }
    let clock_s = args.as_of.unwrap_or_else(now_s);
    let (mut inputs, runs) = inputs(context, &args, clock_s)?;
    let asked = inputs.len();
    inputs.extend(accreditors_at_hand(context, &inputs, clock_s));
    let mut reports = look(context, &inputs)?;
    for report in reports.drain(asked..) {
        warn_of_accreditor(context, &report);
    }
    if let (Some(given), [report]) = (&inputs[0].boundary, &reports[..]) {
        let named = report.portrait.site.as_ref().and_then(|site| site.boundary);
        if named != Some(given.digest) {
            context.voice.warn(
                "the boundary is not the file that the ledger names, so no claim was compared with it",
            );
        }
    }
    let facts: Vec<Facts> =
        reports.iter().zip(&runs).map(|(report, run)| Facts::of(report, run)).collect();
    let mut others = Vec::new();
    for other in &args.against {
        others.push(against::other_copy(context, other)?);
    }
    answer(context, &args, &facts, &inputs[0].folder, &others)
}

/// What belongs to one ledger cannot be meant for several.
fn only_with_one_ledger(args: &Args) -> Result<(), Failure> {
    let given = [
        (args.files.is_some(), "--files"),
        (!args.manifests.is_empty(), "--manifests"),
        (!args.head.is_empty(), "--head"),
        (!args.against.is_empty(), "--against"),
        (args.card.is_some(), "--card"),
        (args.ledger_id.is_some(), "--ledger-id"),
        (args.boundary.is_some(), "--boundary"),
    ];
    match given.iter().find(|(is_given, _)| *is_given && args.paths.len() > 1) {
        None => Ok(()),
        Some((_, flag)) => Err(usage(
            format!("{flag} is given with {} ledgers", args.paths.len()),
            "it belongs to one of them, and nothing says to which",
            "audit that ledger by itself; or leave the flag out",
        )),
    }
}

/// One input for each ledger that was named, and what stands in its report of who ran it.
fn inputs(
    context: &Context,
    args: &Args,
    clock_s: i64,
) -> Result<(Vec<AuditInput>, Vec<RunBy>), Failure> {
    let paths: Vec<Option<&Path>> = match &args.paths[..] {
        [] => vec![None],
        several => several.iter().map(|path| Some(path.as_path())).collect(),
    };
    let rules = args.rules.as_deref().map_or_else(|| Ok(RuleSet::built_in()), read_rules)?;
    let mut catalogues =
        args.catalogue.iter().map(|path| read_catalogue(path)).collect::<Result<Vec<_>, _>>()?;
    catalogues.push(Catalogue::built_in().clone());
    let boundary = args.boundary.as_deref().map(read_boundary).transpose()?;
    let expected = args.ledger_id.as_deref().map(known::ledger_id).transpose()?;
    let known = known::known(context, args.card.as_deref())?;
    let (mut inputs, mut runs) = (Vec::new(), Vec::new());
    for path in paths {
        let Subject {
            folder,
            files,
            mut manifests,
            mut held,
            policy,
            signed_here,
            in_store,
            expected: of_mirror,
        } = find_subject(context, path)?;
        for other in &args.against {
            let other = against::other_copy(context, other)?;
            held.push(HeldHead::Checkpoint(Box::new(other.checkpoint.clone())));
        }
        for head in &args.head {
            held.push(read_head(head)?);
        }
        manifests.extend(args.manifests.iter().cloned());
        let policy_file = args.policy.clone().or(policy);
        let mut known = known.clone();
        known.own = signed_here.or(known.own);
        inputs.push(AuditInput {
            folder,
            clock_s,
            held,
            expected: expected.or(of_mirror),
            known,
            policy: policy_file.as_deref().map(read_policy).transpose()?,
            evidence: EvidenceSources { manifests, files: args.files.clone().or(files) },
            peers: against::peers(context, &args.pinned_by),
            rules: rules.clone(),
            catalogues: catalogues.clone(),
            boundary: boundary.clone(),
        });
        runs.push(RunBy { by: args.by.clone(), as_of_s: clock_s, own_store: in_store });
    }
    Ok((inputs, runs))
}

/// The ledgers of accreditors that one's own store mirrors: they are read to see which roles they granted,
/// and are no subject of the report.
fn accreditors_at_hand(context: &Context, inputs: &[AuditInput], clock_s: i64) -> Vec<AuditInput> {
    let believed: Vec<_> = inputs.iter().flat_map(|input| input.known.accreditors()).collect();
    if believed.is_empty() {
        return Vec::new();
    }
    let Ok(own) = OwnStore::find(context) else { return Vec::new() };
    let names = own.store.ledger_names(&*own.disk).unwrap_or_default();
    let real = |path: &Path| path.canonicalize().ok();
    let named: Vec<_> = inputs.iter().map(|input| real(&input.folder)).collect();
    let folders = names.iter().map(|name| own.store.ledger(name));
    let mirrors = folders.filter(|folder| !named.contains(&real(folder))).filter(|folder| {
        let public = crate::store::public::PublicFolder::new(own.disk.clone(), folder);
        read::ledger_in(&public).is_ok_and(|ledger| believed.contains(&ledger))
    });
    mirrors
        .map(|folder| AuditInput {
            known: inputs[0].known.clone(),
            policy: inputs[0].policy.clone(),
            ..AuditInput::of(folder, clock_s)
        })
        .collect()
}

/// Roles that rest on a broken ledger rest on nothing.
fn warn_of_accreditor(context: &Context, report: &AuditReport) {
    let name = report.identity.as_ref().map_or("an accreditor", |identity| identity.name.as_str());
    match report.verdict {
        Verdict::Fail | Verdict::Fork => context.voice.warn(&format!(
            "the copy of {} at hand does not hold by itself, so do not rely on the roles it grants; \
             audit it to see why",
            safe(name)
        )),
        Verdict::Pass | Verdict::Incomplete => {
            context.voice.note(&format!("Read beside: the ledger of {}.", safe(name)));
        }
    }
}

fn look(context: &Context, inputs: &[AuditInput]) -> Result<Vec<AuditReport>, Failure> {
    let held = inputs.iter().flat_map(|input| &input.held);
    let total = held.map(|held| held.tree().size.0).max().unwrap_or(0);
    let display = Display::begin(context.voice, "Checking", Unit::Statements, total);
    let files = Display::begin(context.voice, "Reading", Unit::Bytes, 0);
    let bytes = AtomicU64::new(0);
    let progress = Progress {
        statements: &|done| display.at(done, ""),
        bytes: &|more| {
            files.at(bytes.fetch_add(more, Ordering::Relaxed) + more, "");
        },
        cancel: interrupt::flag(),
    };
    audit_several(inputs, &progress)
        .map_err(|_| interrupted("the audit was stopped and has no result", BEGIN_AGAIN))
}

/// The text, the page if it is asked for, and what to do next.
fn answer(
    context: &Context,
    args: &Args,
    facts: &[Facts],
    folder: &Path,
    others: &[OtherCopy],
) -> Outcome {
    let mut said: Vec<String> = facts.iter().map(text::text).collect();
    let exit = exit_of(facts);
    if facts.len() > 1 {
        let worst = format!("{}   the worst of {} ledgers.\n", verdict_of(exit), facts.len());
        said.push(worst);
    }
    let (text, json) = (said.join("\n\n"), whole_json(facts));
    let mut answer = Answer { text, json, exit: Exit::of_verdict(exit) };
    for other in others {
        against::compare(context, folder, other, &mut answer)?;
    }
    if args.report.is_some() && answer.exit != Exit::of_verdict(exit) {
        context.voice.warn(
            "what the other copy shows stands here and not in the report, which is of one copy",
        );
    }
    let next = match &args.report {
        Some(path) => {
            output::write(path, page(facts), args.overwrite)?;
            answer.text.push_str(&format!("\nWrote {}\n", safe(&path.display().to_string())));
            answer.json["report"] = serde_json::json!(path.display().to_string());
            let path = safe(&path.display().to_string());
            format!("open {path} in a browser; treering audit --replay {path} judges it again")
        }
        None => "the same command with --report report.html, for a page to read and hand on".into(),
    };
    Ok(answer.and_next(&next))
}
