//! `treering check`: files against a receipt, or against a ledger held here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::attribute_text::attribute_words;
use super::exit::Exit;
use super::failures::usage;
use super::given_file::{self, Kind, Unhashed};
use super::held_copy;
use super::known;
use super::since::Since;
use super::voice::{Answer, Failure};
use super::{Context, Outcome, against, check_manifest};
use crate::audit::identity::{Known, Recognised};
use crate::evidence::attribute::Attribute;
use crate::evidence::row::{Disclosure, Row};
use crate::report::identity::{recognised_json, recognised_words};
use crate::report::words::{count, file_name, rfc3339, safe, time};
use crate::statement::envelope::{LedgerId, Statement};
use crate::statement::receipt::{CheckedReceipt, MAX_RECEIPT_BYTES, Receipt, ReceiptFault};
use crate::tlog::hash::{Hash, Position, leaf_hash};
use crate::tlog::policy::{Evaluation, Policy, Quorum};

/// Ceiling of a policy's file, in bytes: some hundred thousand witnesses.
const POLICY_BYTES_MAX: usize = 16 << 20;

/// Said of a file that the receipt has no row of.
const NOT_PROVEN: &str = "these are not the bytes that the receipt proves";

/// What no check of a file can show.
pub const NOT_SHOWN: &str = "Not shown: that a file shows what it is said to show.";

/// Arguments of `treering check`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering check IMG_0042.JPG --receipt IMG_0042.JPG.receipt.json --card card.json
  treering check IMG_0042.JPG --receipt R --ledger-id 4c1f… --policy witnesses.policy
  treering check evidence/IMG_0042.JPG              against the ledger kept here")]
pub struct Args {
    /// The files to check
    #[arg(required_unless_present = "manifest", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A manifest that somebody disclosed
    #[arg(long, value_name = "MANIFEST", conflicts_with = "receipt")]
    manifest: Option<PathBuf>,
    /// A copy of the ledger (its public folder), to see what was said later
    #[arg(long, value_name = "DIR")]
    copy: Option<PathBuf>,
    /// The receipt; without one, the files are looked up in the ledger held here
    #[arg(long, value_name = "RECEIPT")]
    receipt: Option<PathBuf>,
    /// The site card that you compared with the site
    #[arg(long, value_name = "CARD", conflicts_with = "ledger_id")]
    card: Option<PathBuf>,
    /// The ledger's id, 64 digits
    #[arg(long, value_name = "ID")]
    ledger_id: Option<String>,
    /// The witnesses to believe (a C2SP tlog-policy)
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// What became of the files, and what the check as a whole did not look at.
pub struct Checks {
    /// The ledger's name on a screen.
    pub name: String,
    /// The ledger.
    pub ledger: LedgerId,
    /// By what it was recognised.
    pub recognised: Recognised,
    /// One for each file, as they were named.
    pub files: Vec<Checked>,
    /// Said under all of them.
    pub remarks: Vec<String>,
    /// What the mirror of the ledger adds, and what that makes of the exit code.
    pub compared: Option<(String, Exit)>,
}

/// What became of one file.
pub struct Checked {
    /// Its name on a screen.
    pub name: String,
    /// The fixed word.
    pub word: &'static str,
    /// Sentences under it.
    pub lines: Vec<String>,
    /// For programs.
    pub json: Value,
    /// What it makes of the exit code.
    pub exit: Exit,
    /// What the verdict adds, although the word is good.
    pub but: Option<&'static str>,
}

impl Checked {
    /// A file that could not be looked at. The others still are.
    pub fn not_hashed(file: &Path, why: Unhashed) -> Result<Checked, Failure> {
        let name = file_name(file.as_os_str().as_encoded_bytes());
        let (word, line) = match why {
            Unhashed::Missing => ("MISSING", "there is no file of this name".to_string()),
            Unhashed::Unreadable(why) | Unhashed::NoFile(why) => ("UNREADABLE", why),
            Unhashed::Interrupted => return Err(why.failure(file, "the check was stopped")),
        };
        Ok(Checked {
            json: json!({ "file": name, "result": word, "why": line }),
            name,
            word,
            lines: vec![line],
            exit: Exit::Incomplete,
            but: None,
        })
    }
}

/// Checks the files.
pub fn run(context: &Context, args: Args) -> Outcome {
    let meant = Meant {
        id: args.ledger_id.as_deref().map(known::ledger_id).transpose()?,
        known: known::known(context, args.card.as_deref())?,
    };
    let copy = args.copy.as_deref();
    if let Some(manifest) = &args.manifest {
        return check_manifest::run(context, manifest, &args.files, copy, &meant);
    }
    let policy = args.policy.as_deref().map(read_policy).transpose()?;
    let checks = match &args.receipt {
        None if copy.is_some() => {
            return Err(usage(
                "--copy needs a receipt or a manifest",
                "a copy of a ledger says which statements there are, not which files",
                "add --receipt RECEIPT or --manifest MANIFEST",
            ));
        }
        None => held_copy::check(context, &args.files, &meant, policy.as_ref())?,
        Some(receipt) => {
            check_receipt(context, receipt, &meant, policy.as_ref(), &args.files, copy)?
        }
    };
    Ok(answer(&checks))
}

/// The files one by one, what nobody looked at, and the verdict last.
fn answer(checks: &Checks) -> Answer {
    let whose = recognised_words(&checks.recognised);
    let mut text = format!("{}\nledger {}\n  {whose}\n\n", checks.name, checks.ledger);
    let mut exit = Exit::Done;
    for file in &checks.files {
        let _ = writeln!(text, "{}  {}", file.word, file.name);
        for line in &file.lines {
            let _ = writeln!(text, "  {line}");
        }
        exit = exit.graver(file.exit);
    }
    text.push('\n');
    for remark in &checks.remarks {
        let _ = writeln!(text, "{remark}");
    }
    if let Some((line, of_mirror)) = &checks.compared {
        let _ = writeln!(text, "{line}");
        exit = exit.graver(*of_mirror);
    }
    let verdict = match exit {
        Exit::Done => "PASS",
        Exit::Incomplete => "INCOMPLETE",
        _ => "FAIL",
    };
    let _ = writeln!(text, "{verdict}   {}", sentence(&checks.files));
    let files: Vec<&Value> = checks.files.iter().map(|file| &file.json).collect();
    let fields = json!({
        "verdict": verdict,
        "ledger": checks.ledger.to_string(),
        "recognised": recognised_json(&checks.recognised),
        "files": files,
        "mirror": checks.compared.as_ref().map(|(line, _)| line),
    });
    Answer::new("check", text, fields).with_exit(exit)
}

/// How many files got which word, and what no word says.
fn sentence(files: &[Checked]) -> String {
    let mut words: Vec<(&str, u64)> = Vec::new();
    for file in files {
        match words.iter_mut().find(|(word, _)| *word == file.word) {
            Some((_, number)) => *number += 1,
            None => words.push((file.word, 1)),
        }
    }
    let mut sentence = match files {
        [file] => format!("1 file {}", file.word),
        _ => {
            let parts = words.iter().map(|(word, number)| format!("{} {word}", count(*number)));
            let parts: Vec<String> = parts.collect();
            format!("{} files: {}", count(files.len() as u64), parts.join(" · "))
        }
    };
    let buts: BTreeSet<&str> = files.iter().filter_map(|file| file.but).collect();
    for but in buts {
        sentence.push_str("; ");
        sentence.push_str(but);
    }
    sentence + "."
}

/// Which ledger a person means: the one of an id or a card, or one that is pinned.
pub struct Meant {
    /// An id that was typed.
    pub id: Option<LedgerId>,
    /// The card that was given, and the pins.
    pub known: Known,
}

impl Meant {
    /// The ledger that was named.
    pub fn named(&self) -> Option<LedgerId> {
        self.id.or(self.known.card.as_ref().map(|card| card.ledger))
    }

    /// Whether a ledger is the one that was named, or else one that is pinned or signed here.
    pub fn is(&self, ledger: LedgerId) -> bool {
        let is_pinned = self.known.pins.iter().any(|pin| pin.promise.ledger == ledger);
        match self.named() {
            Some(named) => named == ledger,
            None => is_pinned || self.known.own == Some(ledger),
        }
    }

    /// The ledger whose receipt this must be: the one that was named, else a pinned one.
    fn of_receipt(&self, receipt: &Receipt) -> Result<LedgerId, Failure> {
        let nothing = |why: String, next: &str| {
            Err(usage("a receipt proves nothing by itself", why, next.to_string()))
        };
        let first = receipt.statements.first().filter(|(position, _)| *position == Position(0));
        let claimed = first.map(|(_, bytes)| LedgerId(leaf_hash(bytes)));
        let is_pinned = |id: &LedgerId| self.known.pins.iter().any(|pin| pin.promise.ledger == *id);
        match (self.named(), claimed) {
            (Some(named), _) => Ok(named),
            (None, Some(claimed)) if is_pinned(&claimed) || self.known.own == Some(claimed) => {
                Ok(claimed)
            }
            (None, Some(claimed)) if !self.known.pins.is_empty() => nothing(
                format!("it is of the ledger {claimed}, which nobody has pinned here"),
                "say which ledger you trust: --card CARD or --ledger-id ID, or treering trust pin CARD",
            ),
            (None, _) => nothing(
                "anybody can make a ledger and receipts from it".into(),
                "say which ledger you trust: --card CARD or --ledger-id ID",
            ),
        }
    }
}

/// Reads a policy file.
pub fn read_policy(path: &Path) -> Result<Policy, Failure> {
    let bytes = given_file::read(path, Kind::Policy, POLICY_BYTES_MAX)?;
    Policy::parse(&bytes).map_err(|why| given_file::not_one(path, Kind::Policy, &bytes, why))
}

fn check_receipt(
    context: &Context,
    path: &Path,
    meant: &Meant,
    policy: Option<&Policy>,
    files: &[PathBuf],
    copy: Option<&Path>,
) -> Result<Checks, Failure> {
    let bytes = given_file::read(path, Kind::Receipt, MAX_RECEIPT_BYTES)?;
    if given_file::is_another(Kind::Receipt, &bytes).is_some() {
        return Err(given_file::not_one(path, Kind::Receipt, &bytes, ""));
    }
    let receipt = Receipt::read(&bytes).map_err(|why| damaged(path, why.to_string()))?;
    let pinned = meant.of_receipt(&receipt)?;
    let checked = receipt.check(pinned).map_err(|why| match why {
        ReceiptFault::OtherLedger => Failure::new(
            Exit::Finding,
            "the receipt is of another ledger",
            format!("its statement 0 is not the one of {pinned}"),
            "ask for a receipt of the ledger you pinned, or compare the card again",
        ),
        why => damaged(path, why.to_string()),
    })?;
    let recognised = known::must_be(&checked.authority, meant.id, &meant.known)?;
    let rows = read_rows(&receipt, path)?;
    let moment = Moment::of(&receipt, policy)?;
    let since = match copy {
        Some(copy) => Some(Since::in_copy(copy, checked.authority.ledger(), &receipt)?),
        None => None,
    };
    let files = files.iter().map(|file| {
        let checked_file = check_file(file, &checked, &rows, &moment)?;
        match &since {
            Some(since) => since.judge(checked_file, &rows, &checked),
            None => Ok(checked_file),
        }
    });
    let compared = against::meet_receipt(context, checked.authority.ledger(), &receipt.checkpoint)?;
    Ok(Checks {
        name: safe(&checked.authority.genesis().name),
        ledger: checked.authority.ledger(),
        recognised,
        files: files.collect::<Result<_, _>>()?,
        remarks: match since {
            None => vec![
                "NOT CHECKED: whether the key was revoked before this, whether this was corrected or \
                 erased later"
                    .into(),
                NOT_SHOWN.into(),
            ],
            Some(_) => vec![
                "NOT CHECKED: what was said after this copy of the ledger was made, and the copy \
                 itself (treering audit)"
                    .into(),
                NOT_SHOWN.into(),
            ],
        },
        compared,
    })
}

fn damaged(path: &Path, why: String) -> Failure {
    Failure::new(
        Exit::Finding,
        format!("the receipt {} does not hold", path.display()),
        why,
        "ask the site for a new receipt; this one was damaged or forged",
    )
}

/// A row that the receipt shows.
pub struct ReceiptRow {
    /// The statement that anchors it.
    pub anchor: Position,
    /// Its index there.
    pub index: u64,
    size: u64,
    shown: Vec<Attribute>,
}

/// The rows by file digest; every disclosure must be of its row.
fn read_rows(receipt: &Receipt, path: &Path) -> Result<BTreeMap<Hash, ReceiptRow>, Failure> {
    let mut rows = BTreeMap::new();
    for part in &receipt.evidence {
        for shown in &part.rows {
            let fault = |why: crate::evidence::row::RowError| damaged(path, why.to_string());
            let row = Row::read(&shown.row).map_err(fault)?;
            let mut attributes = Vec::new();
            for bytes in &shown.shown {
                let disclosure = Disclosure::read(bytes).map_err(fault)?;
                row.check(&disclosure).map_err(fault)?;
                attributes.push(disclosure.attribute().clone());
            }
            let (anchor, index, size) = (part.anchor, shown.index, row.size());
            let entry = ReceiptRow { anchor, index, size, shown: attributes };
            rows.insert(row.sha256(), entry);
        }
    }
    Ok(rows)
}

/// What is known about when, under the reader's policy.
#[derive(Clone)]
pub struct Moment {
    /// The line under a file.
    pub line: String,
    /// For programs.
    pub json: Value,
    /// What it makes of the exit code.
    pub exit: Exit,
}

impl Moment {
    /// Nothing, for this reason.
    pub fn not_checked(why: &str) -> Moment {
        Moment {
            line: format!("not later than   NOT CHECKED: {why}"),
            json: json!("NOT CHECKED"),
            exit: Exit::Incomplete,
        }
    }

    fn of(receipt: &Receipt, policy: Option<&Policy>) -> Result<Moment, Failure> {
        let Some(policy) = policy else {
            let why = "no policy says which witnesses to believe (--policy FILE)";
            return Ok(Moment::not_checked(why));
        };
        let evaluation: Evaluation = policy.evaluate(&receipt.checkpoint).map_err(|why| {
            Failure::new(
                Exit::Finding,
                "the receipt's checkpoint does not hold under the policy",
                why,
                "ask the site for a new receipt",
            )
        })?;
        Ok(Moment::of_evaluation(&evaluation))
    }

    /// What the cosignatures on one checkpoint say.
    pub fn of_evaluation(evaluation: &Evaluation<'_>) -> Moment {
        let names: Vec<String> =
            evaluation.cosigned.iter().map(|by| by.witness.key.name().to_string()).collect();
        match evaluation.quorum {
            Quorum::NotAsked => Moment {
                line: "not later than   not asked: the policy says quorum none".into(),
                json: json!("NOT ASKED"),
                exit: Exit::Done,
            },
            Quorum::MetBy(by) => {
                let seconds = i64::try_from(by.seconds()).unwrap_or(i64::MAX);
                Moment {
                    line: format!(
                        "not later than   {} (as {} saw)",
                        time(seconds),
                        names.join(", ")
                    ),
                    json: json!({ "not_later_than": rfc3339(seconds), "witnesses": names }),
                    exit: Exit::Done,
                }
            }
            Quorum::NotMet => Moment::not_checked(
                "too few of the policy's witnesses have cosigned the checkpoint",
            ),
        }
    }
}

fn check_file(
    file: &Path,
    checked: &CheckedReceipt,
    rows: &BTreeMap<Hash, ReceiptRow>,
    moment: &Moment,
) -> Result<Checked, Failure> {
    let name = file_name(file.as_os_str().as_encoded_bytes());
    let (digest, size) = match given_file::hash(file) {
        Ok(hashed) => hashed,
        Err(why) => return Checked::not_hashed(file, why),
    };
    let found = rows.get(&digest).filter(|row| row.size == size);
    let anchored = found.and_then(|row| Some((row, checked.anchor(row.anchor)?)));
    let Some((row, (statement, anchor))) = anchored else {
        return Ok(Checked {
            json: json!({ "file": name, "result": "DIFFERS", "sha256": digest.to_string(),
                          "why": NOT_PROVEN }),
            name,
            word: "DIFFERS",
            lines: vec![
                NOT_PROVEN.into(),
                "commonest cause: the file was re-saved, cropped or sent through a messenger; \
                 ask for the original"
                    .into(),
            ],
            exit: Exit::Finding,
            but: None,
        });
    };
    let mut lines = vec![format!(
        "these exact bytes are in the ledger, in statement {}: {}",
        row.anchor,
        safe(&anchor.title)
    )];
    lines.push(moment.line.clone());
    lines.extend(statement_lines(statement, checked));
    lines.extend(row.shown.iter().map(shown_line));
    let json = json!({
        "file": name,
        "result": "MATCHES",
        "sha256": digest.to_string(),
        "statement": row.anchor.0,
        "key": statement.header.key.to_string(),
        "claimed_at": rfc3339(statement.header.issued_at),
        "time": moment.json,
        "shown": row.shown.iter().map(|shown| (shown.name().to_owned(), json!(attribute_words(shown))))
            .collect::<serde_json::Map<String, Value>>(),
    });
    let but = (moment.exit != Exit::Done).then_some("the time of recording is NOT CHECKED");
    Ok(Checked { name, word: "MATCHES", lines, json, exit: moment.exit, but })
}

fn statement_lines(statement: &Statement, checked: &CheckedReceipt) -> Vec<String> {
    let key = statement.header.key;
    let granted = match checked.authority.grant_of(&key) {
        Some(grant) => format!(", granted as {} at position {}", grant.role, grant.granted),
        None => String::new(),
    };
    vec![
        format!("signed by        key {key}{granted}"),
        format!("its clock said   {} (a claim)", time(statement.header.issued_at)),
    ]
}

fn shown_line(attribute: &Attribute) -> String {
    format!("{:<16} {}", format!("shown: {}", attribute.name()), attribute_words(attribute))
}
