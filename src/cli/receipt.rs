//! `treering receipt`: a small file that proves recorded files to anyone, offline.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::exit::Exit;
use super::failures::{unreadable, unwritable, usage};
use super::given_file;
use super::own_store::{OwnStore, working_directory};
use super::voice::{Answer, Failure};
use super::{Context, Outcome};
use crate::evidence::disclosure::{Names, open_rows};
use crate::evidence::manifest::ManifestReader;
use crate::ledger::book::Book;
use crate::ledger::read;
use crate::report::words::{bytes, counted, file_name};
use crate::statement::receipt::{AnchoredRows, Receipt, ShownRow};
use crate::store::index::EvidenceFound;
use crate::store::public::PublicError;
use crate::tlog::hash::{Hash, Position};
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
    /// Where to write it [default: NAME.receipt.json in the working directory]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
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
        None => default_output(&args.files)?,
    };
    let book = own.book()?;
    let digests = hash_all(&args.files)?;
    let places = find_rows(&own, &book, &args.files, &digests)?;
    let receipt = make_receipt(&own, &book, &places, &names)?;
    let text = receipt.to_json();
    write_receipt(&output, &text, args.output.is_some())?;
    let summary = format!(
        "Wrote {} ({}): {} in the ledger at {}.\n\
         next: hand it over with the file and the site's card; they run\n\
         \u{20}     treering check FILE --receipt {} --card CARD\n",
        output.display(),
        bytes(text.len() as u64),
        counted(args.files.len() as u64, "file"),
        counted(receipt.checkpoint.tree().size.0, "statement"),
        output.display()
    );
    let fields = json!({
        "receipt": output.display().to_string(),
        "bytes": text.len(),
        "size": receipt.checkpoint.tree().size.0,
        "files": args.files.len(),
    });
    Ok(Answer::new("receipt", summary, fields))
}

/// NAME.receipt.json in the working directory, which must not be where the evidence lies.
fn default_output(files: &[PathBuf]) -> Result<PathBuf, Failure> {
    let here = working_directory()?;
    let name = files[0].file_name().unwrap_or_default().to_os_string();
    for file in files {
        let folder = file.parent().unwrap_or(Path::new("")).to_path_buf();
        let folder = here.join(folder);
        if folder.canonicalize().is_ok_and(|folder| here.canonicalize().is_ok_and(|h| h == folder))
        {
            return Err(usage(
                "the receipt would lie among the evidence",
                "the working directory is the folder of the file",
                "name another place with -o OUT, or run the command from another folder",
            ));
        }
    }
    let mut name = name;
    match files.len() {
        1 => name.push(".receipt.json"),
        more => name.push(format!("-and-{}-more.receipt.json", more - 1)),
    }
    Ok(here.join(name))
}

fn hash_all(files: &[PathBuf]) -> Result<Vec<(Hash, u64)>, Failure> {
    let hash = |file: &PathBuf| {
        given_file::hash(file).map_err(|why| why.failure(file, "stopped; no receipt was written"))
    };
    files.iter().map(hash).collect()
}

/// The newest anchor of each file, and the files of each.
fn find_rows(
    own: &OwnStore,
    book: &Book,
    files: &[PathBuf],
    digests: &[(Hash, u64)],
) -> Result<BTreeMap<Position, BTreeSet<Hash>>, Failure> {
    let (index_path, manifests) = (own.store.index(book.ledger()), own.manifests.clone());
    let index = own.index_places(&index_path, &manifests).up_to_date(book.tree())?;
    let mut places: BTreeMap<Position, BTreeSet<Hash>> = BTreeMap::new();
    for (file, (digest, _)) in files.iter().zip(digests) {
        let found: Option<EvidenceFound> = index.evidence(digest)?.pop();
        let found = found.ok_or_else(|| {
            let name = file_name(file.as_os_str().as_encoded_bytes());
            Failure::new(
                Exit::Finding,
                format!("NOT RECORDED: {name}"),
                "no manifest in this store has a row with these bytes",
                format!("treering add {name}"),
            )
        })?;
        places.entry(found.position).or_default().insert(*digest);
    }
    Ok(places)
}

fn make_receipt(
    own: &OwnStore,
    book: &Book,
    places: &BTreeMap<Position, BTreeSet<Hash>>,
    names: &Names,
) -> Result<Receipt, Failure> {
    let checkpoint = own.newest_head("receipt")?;
    let size = checkpoint.tree().size;
    let (mut positions, mut evidence) = (BTreeSet::new(), Vec::new());
    for (anchor, digests) in places {
        let beyond = || unreadable(own.folder.path(), format!("statement {anchor} is not there"));
        let statement = read::statement_at(&own.folder, size, *anchor)?.ok_or_else(beyond)?;
        positions.extend(book.authority().rests_on(&statement.header.key));
        positions.insert(*anchor);
        let crate::statement::bodies::Body::Anchor(body) = &statement.payload.body else {
            return Err(unreadable(own.folder.path(), format!("statement {anchor} is no anchor")));
        };
        evidence.push(open_anchor(own, *anchor, &body.root, digests, names)?);
    }
    let positions: Vec<Position> = positions.into_iter().collect();
    let read_nodes = |nodes: &[crate::tlog::merkle::Node]| own.folder.nodes(nodes, size);
    let proof = prove_inclusions::<PublicError>(&positions, size, read_nodes)
        .map_err(|why| unreadable(own.folder.path(), why))?;
    let mut statements = Vec::new();
    for position in positions {
        if let Some(statement) = read::statement_at(&own.folder, size, position)? {
            statements.push((position, statement.bytes().to_vec()));
        }
    }
    Ok(Receipt { checkpoint, statements, proof, evidence })
}

fn open_anchor(
    own: &OwnStore,
    anchor: Position,
    root: &Hash,
    digests: &BTreeSet<Hash>,
    names: &Names,
) -> Result<AnchoredRows, Failure> {
    let path = own.manifests.join(root.to_string());
    let file = File::open(&path).map_err(|why| unreadable(&path, why))?;
    let manifest =
        ManifestReader::new(BufReader::new(file)).map_err(|why| unreadable(&path, why))?;
    // A batch may hold the same bytes twice; one row of them is proof enough.
    let mut wanted = digests.clone();
    let opened = open_rows(manifest, names, |row, _| wanted.remove(&row.sha256()))
        .map_err(|why| unreadable(&path, why))?;
    let rows = opened.rows.iter().map(|opened| ShownRow {
        index: opened.position.0,
        row: opened.row.bytes().to_vec(),
        shown: opened.show.iter().map(|shown| shown.bytes().to_vec()).collect(),
    });
    Ok(AnchoredRows { anchor, rows: rows.collect(), proof: opened.proof })
}

/// A file of the default name is replaced only by a receipt.
fn write_receipt(output: &Path, text: &str, named: bool) -> Result<(), Failure> {
    if !named
        && let Ok(there) = fs::read(output)
        && Receipt::read(&there).is_err()
    {
        return Err(unwritable(output, "another file of this name is there"));
    }
    fs::write(output, text).map_err(|why| unwritable(output, why))
}
