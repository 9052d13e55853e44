//! `treering receipt`: a small file that proves recorded files to anyone, offline.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::exit::Exit;
use super::failures::{unreadable, usage};
use super::output::{self, Overwrite};
use super::own_store::{OwnStore, working_directory};
use super::voice::{Answer, Failure};
use super::{Context, Outcome, erase, given_file, known, row_tables};
use crate::evidence::disclosure::{Names, OpenedRows};
use crate::evidence::row::Row;
use crate::ledger::find::Finder;
use crate::ledger::read;
use crate::report::words::{are, bytes, counted, file_name, safe};
use crate::statement::authority::Authority;
use crate::statement::bodies::Body;
use crate::statement::bodies::evidence::Care;
use crate::statement::envelope::{LedgerId, Statement};
use crate::statement::receipt::{AnchoredRows, Receipt, ShownRow};
use crate::store::disk::Access;
use crate::store::durable;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::{Hash, Position, TreeSize};
use crate::tlog::multi::prove_inclusions;

/// Arguments of `treering receipt`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering receipt evidence/IMG_0042.JPG
  treering receipt evidence/IMG_0042.JPG --disclose captured --disclose gps -o for-the-verifier.json
  treering check IMG_0042.JPG --receipt IMG_0042.JPG.receipt.json --card card.json")]
pub struct Args {
    /// Recorded files; several share one receipt
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where to write it [default: NAME.receipt.json in the working directory; in .treering/receipts if
    /// that is the site's folder]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    #[command(flatten)]
    overwrite: Overwrite,
    /// An attribute to show, such as path, captured or gps; all others stay hidden
    #[arg(long, value_name = "NAME")]
    disclose: Vec<String>,
    /// From a mirror of somebody else's ledger, by its published manifests
    #[arg(long, value_name = "NAME")]
    mirror: Option<String>,
}

/// Writes the receipt.
pub fn run(context: &Context, args: Args) -> Outcome {
    let own = match &args.mirror {
        Some(name) => OwnStore::find_mirror(context, name)?,
        None => OwnStore::find(context)?,
    };
    let names = Names::parse(args.disclose.iter().map(String::as_str))
        .map_err(|why| usage("the receipt cannot show that", why, "treering help receipt"))?;
    let output = match &args.output {
        Some(output) => output.clone(),
        None => default_output(&own, &args.files)?,
    };
    let digests = hash_all(&args.files)?;
    let wanted = Wanted { files: &args.files, digests: &digests, names: &names };
    let receipt = make(&own, &wanted)?;
    known::warn_of_doubts(context, &own, receipt.checkpoint.tree().size);
    let text = receipt.to_json();
    if args.output.is_none() && output.starts_with(own.store.path()) {
        let (store, folder) = (own.store.path(), own.store.receipts());
        durable::create_folders(&*own.disk, store, &folder, Access::Private)?;
    }
    output::write(&output, &text, args.overwrite)?;
    output::warn_among_evidence(context, &own, &output);
    let called = file_name(output.as_os_str().as_encoded_bytes());
    let summary = format!(
        "Wrote {called} ({}): {} in the ledger at {}.\n\
         next: hand it over with the file and the site's card; they run\n\
         \u{20}     treering check FILE --receipt {called} --card CARD\n",
        bytes(text.len() as u64),
        counted(args.files.len() as u64, "file"),
        counted(receipt.checkpoint.tree().size.0, "statement"),
    );
    let fields = json!({
        "receipt": output.display().to_string(),
        "bytes": text.len(),
        "size": receipt.checkpoint.tree().size.0,
        "files": args.files.len(),
    });
    Ok(Answer::new("receipt-written", summary, fields))
}

/// NAME.receipt.json in the working directory; in the store, if that is the site's folder: there the
/// next audit would take it for evidence that nobody recorded.
fn default_output(own: &OwnStore, files: &[PathBuf]) -> Result<PathBuf, Failure> {
    let mut name = files[0].file_name().unwrap_or_default().to_os_string();
    match files.len() {
        1 => name.push(".receipt.json"),
        more => name.push(format!("-and-{}-more.receipt.json", more - 1)),
    }
    let here = working_directory()?;
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let is_evidence = |folder: &Path| {
        let beside = files.iter().map(|file| here.join(file).parent().map(real));
        real(folder).starts_with(real(own.store.home()))
            || beside.flatten().any(|beside| beside == real(folder))
    };
    match is_evidence(&here) {
        true => Ok(own.store.receipts().join(name)),
        false => Ok(here.join(name)),
    }
}

fn hash_all(files: &[PathBuf]) -> Result<Vec<Hash>, Failure> {
    let hash = |file: &PathBuf| {
        given_file::hash(file)
            .map(|(digest, _)| digest)
            .map_err(|why| why.failure(file, "stopped; no receipt was written"))
    };
    files.iter().map(hash).collect()
}

/// What a receipt shall prove.
struct Wanted<'a> {
    files: &'a [PathBuf],
    digests: &'a [Hash],
    names: &'a Names,
}

/// Makes a receipt and holds it to what a stranger will hold it to. By the index it takes no time; if
/// that comes to nothing, the files of the ledger have the last word.
fn make(own: &OwnStore, wanted: &Wanted<'_>) -> Result<Receipt, Failure> {
    let checkpoint = own.newest_head("receipt")?;
    let head = checkpoint.tree();
    let mut finder = own.finder(head)?;
    if finder.has_index()
        && let Ok(positions) = finder.of_kinds(|kind| kind.family().rules_authority())
        && let Ok(authority) = read::authority_of(&own.folder, positions, head.size)
        && let Ok(receipt) = make_with(own, &checkpoint, &mut finder, &authority, wanted)
    {
        return Ok(receipt);
    }
    drop(finder);
    let book = own.book()?;
    if let Some(position) = book.authority().undecidable() {
        return Err(Failure::new(
            Exit::Incomplete,
            "this program is too old to make receipts from this ledger",
            format!("statement {position} may decide who signs, and is of a kind it does not know"),
            "use a newer treering",
        ));
    }
    let mut finder = own.finder_without_index(head)?;
    make_with(own, &checkpoint, &mut finder, book.authority(), wanted)
}

fn make_with(
    own: &OwnStore,
    checkpoint: &SignedCheckpoint,
    finder: &mut Finder,
    authority: &Authority,
    wanted: &Wanted<'_>,
) -> Result<Receipt, Failure> {
    let places = find_rows(own, finder, wanted)?;
    let mut parts = Vec::new();
    for (anchor, rows) in &places {
        let statement = statement_at(own, checkpoint.tree().size, *anchor)?;
        let Body::Anchor(body) = &statement.payload.body else {
            return Err(unreadable(own.folder.path(), format!("statement {anchor} is no anchor")));
        };
        if let Some(care) = &body.care {
            return Err(needs_release(*anchor, care));
        }
        let rows: Vec<Position> = rows.iter().copied().collect();
        parts.push((*anchor, row_tables::open(own, body, &rows, wanted.names)?));
    }
    let receipt = over(own, checkpoint, authority, parts)?;
    check(&receipt, own.ledger()?, wanted)?;
    Ok(receipt)
}

/// A receipt over opened rows of some anchors.
pub fn over(
    own: &OwnStore,
    checkpoint: &SignedCheckpoint,
    authority: &Authority,
    parts: Vec<(Position, OpenedRows)>,
) -> Result<Receipt, Failure> {
    let size = checkpoint.tree().size;
    let (mut positions, mut evidence) = (BTreeSet::new(), Vec::new());
    for (anchor, opened) in parts {
        let statement = statement_at(own, size, anchor)?;
        positions.extend(authority.rests_on(&statement.header.key));
        positions.insert(anchor);
        let rows = opened.rows.iter().map(|opened| ShownRow {
            index: opened.position.0,
            row: opened.row.bytes().to_vec(),
            shown: opened.show.iter().map(|shown| shown.bytes().to_vec()).collect(),
        });
        evidence.push(AnchoredRows { anchor, rows: rows.collect(), proof: opened.proof });
    }
    let positions: Vec<Position> = positions.into_iter().collect();
    let proof = prove_inclusions(&positions, size, |nodes| own.folder.nodes(nodes, size))?;
    let bytes_at =
        |position: Position| Ok((position, statement_at(own, size, position)?.bytes().to_vec()));
    let statements = positions.into_iter().map(bytes_at).collect::<Result<_, Failure>>()?;
    Ok(Receipt { checkpoint: checkpoint.clone(), statements, proof, evidence })
}

/// Evidence that others have a say over goes out only within their release.
fn needs_release(anchor: Position, care: &Care) -> Failure {
    Failure::new(
        Exit::Finding,
        format!(
            "statement {anchor} is shown only with the signature of its authority ({})",
            safe(&care.label)
        ),
        "a receipt shows the row of its file",
        format!("treering disclose @{anchor} --file NAME --form receipt --release FILE -o OUT"),
    )
}

/// The receipt is handed out only if it holds for whoever gets it.
fn check(receipt: &Receipt, ledger: LedgerId, wanted: &Wanted<'_>) -> Result<(), Failure> {
    let does_not_hold = |why: String| {
        Failure::new(
            Exit::Finding,
            "no receipt was written, because it would not hold",
            why,
            "treering audit names what is damaged",
        )
    };
    let read = Receipt::read(receipt.to_json().as_bytes());
    let read = read.map_err(|why| does_not_hold(why.to_string()))?;
    read.check(ledger).map_err(|why| does_not_hold(why.to_string()))?;
    let rows = read.evidence.iter().flat_map(|part| &part.rows);
    let rows: Result<BTreeSet<Hash>, _> =
        rows.map(|shown| Row::read(&shown.row).map(|row| row.sha256())).collect();
    let rows = rows.map_err(|why| does_not_hold(why.to_string()))?;
    match wanted.digests.iter().all(|digest| rows.contains(digest)) {
        true => Ok(()),
        false => Err(does_not_hold("the manifest does not have the rows it should have".into())),
    }
}

/// The newest anchor of each file, and the rows of each.
fn find_rows(
    own: &OwnStore,
    finder: &mut Finder,
    wanted: &Wanted<'_>,
) -> Result<BTreeMap<Position, BTreeSet<Position>>, Failure> {
    let digests: BTreeSet<Hash> = wanted.digests.iter().copied().collect();
    let found = finder.files(&digests)?;
    let mut places: BTreeMap<Position, BTreeSet<Position>> = BTreeMap::new();
    for (file, digest) in wanted.files.iter().zip(wanted.digests) {
        let newest = found.rows.get(digest).and_then(|rows| rows.last());
        let newest = newest.ok_or_else(|| not_recorded(own, file, found.unread))?;
        // A batch may hold the same bytes twice; one row of them is proof enough.
        places.entry(newest.position).or_default().insert(Position(newest.row));
    }
    Ok(places)
}

fn not_recorded(own: &OwnStore, file: &Path, unread: u64) -> Failure {
    let name = file_name(file.as_os_str().as_encoded_bytes());
    let what = format!("NOT RECORDED: {name}");
    let erased = own.book().and_then(|book| erase::erased_rows(own, &book)).unwrap_or_default();
    let mut why = match unread {
        0 => "no manifest in this store has a row with these bytes".to_string(),
        unread => format!(
            "no row that could be read has these bytes; {} not here or not whole",
            are(unread, "manifest")
        ),
    };
    if erased > 0 {
        why.push_str(&format!(
            "; {} erased, and nothing can tell any more whether this file was among them",
            match erased {
                1 => "1 row was".to_string(),
                more => format!("{more} rows were"),
            }
        ));
    }
    match unread {
        0 => Failure::new(Exit::Finding, what, why, format!("treering add {name}")),
        _ => {
            let next = match erased {
                0 => "put the manifests back from their second copy; treering audit names them",
                _ => {
                    "treering audit says which rows were erased, and whether a manifest is missing"
                }
            };
            Failure::new(Exit::Incomplete, what, why, next)
        }
    }
}

fn statement_at(own: &OwnStore, size: TreeSize, at: Position) -> Result<Statement, Failure> {
    let beyond = || unreadable(own.folder.path(), format!("statement {at} is not there"));
    read::statement_at(&own.folder, size, at)?.ok_or_else(beyond)
}
