//! `treering bundle`: one file with what somebody lacks, for mail, a stick or a radio link.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::exit::Exit;
use super::failures::{unreadable, unwritable, usage};
use super::own_store::{OwnStore, find_mirror, mirror_store};
use super::voice::{Answer, Failure};
use super::{Context, Outcome, clock};
use crate::evidence::attribute::Attribute;
use crate::evidence::manifest::{ManifestReader, ManifestRow};
use crate::exchange::bundle::{Part, Recipient, WriteError, write};
use crate::ledger::read;
use crate::report::words::{bytes, counted};
use crate::statement::bodies::Body;
use crate::store::durable;
use crate::tlog::hash::{Hash, Position, TreeSize};

/// Arguments of `treering bundle`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering bundle val-trupchun -o for-wwf.tar.zst                  a whole ledger
  treering bundle val-trupchun --since 420 -o july.tar.zst         what came after 420 statements
  treering bundle val-trupchun --manifests --to age1… -o second-copy.tar.zst.age")]
#[command(after_help = "\
Private manifests go in only where the bundle is encrypted (--to): they hold what the ledger hides.")]
pub struct Args {
    /// Names of ledgers in this store: one's own, or mirrors
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Where to write it
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// What the receiver holds already, in statements
    #[arg(long, value_name = "SIZE", default_value_t = 0)]
    since: u64,
    /// With the manifests that were made public, and, where it is encrypted, one's own private ones
    #[arg(long)]
    manifests: bool,
    /// With the evidence files of one's own ledger that lie where they were recorded
    #[arg(long)]
    evidence: bool,
    /// Encrypt to this age recipient (age1…); several may open it
    #[arg(long, value_name = "AGE-RECIPIENT")]
    to: Vec<Recipient>,
}

/// Makes the bundle.
pub fn run(context: &Context, args: Args) -> Outcome {
    let parts = args.names.iter().map(|name| part(context, &args, name));
    let parts = parts.collect::<Result<Vec<Part>, Failure>>()?;
    let secret = parts.iter().map(|part| part.private.len()).sum::<usize>();
    let evidence = parts.iter().map(|part| part.evidence.len()).sum::<usize>();
    let temporary = durable::temporary_name(&args.output);
    let written = (|| {
        let file = File::create(&temporary).map_err(|why| unwritable(&args.output, why))?;
        let mut out = BufWriter::new(file);
        let written = write(&mut out, &parts, &args.to, clock::now()).map_err(not_made)?;
        out.flush()
            .and_then(|()| out.get_ref().sync_all())
            .and_then(|()| std::fs::rename(&temporary, &args.output))
            .map_err(|why| unwritable(&args.output, why))?;
        Ok(written)
    })()
    .inspect_err(|_: &Failure| drop(std::fs::remove_file(&temporary)))?;
    let length = std::fs::metadata(&args.output).map_or(0, |facts| facts.len());
    let mut text = format!("Wrote {} ({})\n", args.output.display(), bytes(length));
    let mut rows = Vec::new();
    for (span, name) in written.list.ledgers.iter().zip(&args.names) {
        let from = match span.since.0 {
            0 => "whole".to_string(),
            since => format!("for who holds {since} or more"),
        };
        text.push_str(&format!("  {name}  {}, {from}\n", counted(span.size.0, "statement")));
        rows.push(json!({
            "name": name, "ledger": span.ledger.to_string(),
            "since": span.since.0, "size": span.size.0,
        }));
    }
    if secret > 0 {
        text.push_str(&format!("  {}, encrypted\n", counted(secret as u64, "private manifest")));
    }
    if evidence > 0 {
        text.push_str(&format!("  {}\n", counted(evidence as u64, "evidence file")));
    }
    let fields = json!({
        "bundle": args.output.display().to_string(), "bytes": length, "ledgers": rows,
        "private_manifests": secret, "evidence_files": evidence, "encrypted": !args.to.is_empty(),
    });
    let next = match args.to.is_empty() {
        true => format!("hand it over; they run treering sync {}", args.output.display()),
        false => format!(
            "hand it over; they run treering sync {} --identity THEIR-KEY",
            args.output.display()
        ),
    };
    Ok(Answer::new("bundle", text, fields).and_next(&next))
}

fn not_made(fault: WriteError) -> Failure {
    let (exit, next) = match &fault {
        WriteError::HoldsMore { .. } => (Exit::Usage, "treering sync, or a smaller --since"),
        WriteError::Ledger(_) => (Exit::Finding, "treering audit names what is damaged"),
        WriteError::Changed { .. } => {
            (Exit::Finding, "treering audit names every file that differs")
        }
        _ => (Exit::Unexpected, "check the disk, then run the same command again"),
    };
    Failure::new(exit, "the bundle was not made", fault, next)
}

fn part(context: &Context, args: &Args, name: &str) -> Result<Part, Failure> {
    let since = TreeSize(args.since);
    let own = OwnStore::find(context).ok().filter(|own| own.name.as_str() == name);
    let Some(own) = own else {
        let shelf = mirror_store(context, "bundle")?;
        let record = find_mirror(&shelf, name)?;
        let folder = shelf.folder(&record.name).path().to_path_buf();
        let (private, evidence) = (Vec::new(), Vec::new());
        let (ledger, manifests) = (record.ledger, args.manifests);
        return Ok(Part { ledger, folder, since, manifests, private, evidence });
    };
    let size = own.newest_head("bundle")?.tree().size;
    let roots =
        if args.manifests || args.evidence { anchored(&own, since, size)? } else { Vec::new() };
    let here = |root: &Hash| Some((*root, own.store.manifest(root))).filter(|(_, p)| p.is_file());
    let private: Vec<(Hash, PathBuf)> = match args.manifests && !args.to.is_empty() {
        true => roots.iter().filter_map(here).collect(),
        false => Vec::new(),
    };
    let evidence = match args.evidence {
        true => evidence_files(&own, &roots)?,
        false => Vec::new(),
    };
    Ok(Part {
        ledger: own.ledger()?,
        folder: own.folder.path().to_path_buf(),
        since,
        manifests: args.manifests,
        private,
        evidence,
    })
}

/// The evidence roots anchored from a size on, each once.
fn anchored(own: &OwnStore, since: TreeSize, size: TreeSize) -> Result<Vec<Hash>, Failure> {
    let mut roots = Vec::new();
    for statement in read::statements_from(&own.folder, Position(since.0), size) {
        if let Body::Anchor(anchor) = &statement?.1.payload.body
            && !roots.contains(&anchor.root)
        {
            roots.push(anchor.root);
        }
    }
    Ok(roots)
}

/// The files behind these roots, by the hashes of their bytes, where they still lie as recorded.
fn evidence_files(own: &OwnStore, roots: &[Hash]) -> Result<Vec<(Hash, PathBuf)>, Failure> {
    let mut files = BTreeMap::new();
    for root in roots {
        let path = own.store.manifest(root);
        if path.is_file() {
            for (digest, place) in places_in(&path, own.store.home())? {
                if place.is_file() {
                    files.entry(digest).or_insert(place);
                }
            }
        }
    }
    if files.is_empty() && !roots.is_empty() {
        return Err(usage(
            "there is no evidence file to put in",
            "none lies where it was recorded, or no manifest is here",
            "leave --evidence out, or run it in the store that recorded the files",
        ));
    }
    Ok(files.into_iter().collect())
}

/// Where the files of a manifest's shown rows lie below a folder.
pub fn places_in(manifest: &Path, folder: &Path) -> Result<Vec<(Hash, PathBuf)>, Failure> {
    let damaged = |why: &dyn std::fmt::Display| unreadable(manifest, why);
    let file = File::open(manifest).map_err(|why| damaged(&why))?;
    let mut reader = ManifestReader::new(BufReader::new(file)).map_err(|why| damaged(&why))?;
    let mut places = Vec::new();
    while let Some(row) = reader.next_row().map_err(|why| damaged(&why))? {
        let ManifestRow::Shown { row, show } = row else { continue };
        let path = show.iter().find_map(|shown| match shown.attribute() {
            Attribute::Path(path) => path.under(folder),
            _ => None,
        });
        places.extend(path.map(|path| (row.sha256(), path)));
    }
    Ok(places)
}
