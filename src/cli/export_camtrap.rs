//! `treering export camtrap-dp-hashes`: the column that Camtrap DP lacks. Its media table has neither
//! hash nor size; this writes both for every media row of an anchor, as one more resource of the
//! package, tied to the media table by a foreign key (Table Schema, "foreignKeys").

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::exit::Exit;
use super::failures::{unreadable, usage};
use super::output::{self, Overwrite};
use super::own_store::OwnStore;
use super::voice::{Answer, Failure};
use super::{Context, Outcome};
use crate::evidence::attribute::Attribute;
use crate::evidence::manifest::{ManifestReader, ManifestRow};
use crate::report::words::{count, counted};
use crate::statement::bodies::Body;
use crate::tlog::hash::Hash;

/// Arguments of `treering export camtrap-dp-hashes`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering export camtrap-dp-hashes @3 -o media-hashes.csv
  treering export camtrap-dp-hashes @3                  the resource with its rows, as JSON")]
pub struct HashesArgs {
    /// @position in this ledger of the anchor of a deployment, or digits of its id; several may be
    /// named
    #[arg(required = true, value_name = "REF")]
    references: Vec<String>,
    /// Where to write the table; its description for datapackage.json is printed
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    overwrite: Overwrite,
}

/// One media row, proved.
struct Proved {
    media_id: String,
    sha256: Hash,
    bytes: u64,
    statement: String,
    row: u64,
}

/// The columns of the table, as Table Schema writes them.
const FIELDS: [(&str, &str, &str); 6] = [
    ("mediaID", "string", "The media file, as in the media table."),
    ("sha256", "string", "SHA-256 of the file, 64 hexadecimal digits."),
    ("bytes", "integer", "Length of the file."),
    ("ledger", "string", "Id of the treering ledger that recorded it."),
    ("statement", "string", "Id of the statement that anchored it."),
    ("row", "integer", "Index of its row in the anchored manifest, from 0."),
];

/// Writes the table.
pub fn run(context: &Context, args: HashesArgs) -> Outcome {
    let own = OwnStore::find(context)?;
    let ledger = own.ledger()?.to_string();
    let mut all = Vec::new();
    for reference in &args.references {
        read_anchor(&own, reference, &mut all)?;
    }
    all.sort_by(|a, b| a.media_id.cmp(&b.media_id).then(a.row.cmp(&b.row)));
    if all.is_empty() {
        return Err(usage(
            "no row of these anchors has a media id",
            "they were not made from a Camtrap DP package with its media beside it",
            "add the folder that holds datapackage.json and the media",
        ));
    }
    let name = args.output.as_ref().and_then(|path| path.file_name());
    let path = name.map(|name| name.to_string_lossy().into_owned());
    let resource = resource(path.as_deref(), &ledger, &all);
    let fields = json!({ "rows": all.len(), "resource": &resource });
    let shown = serde_json::to_string_pretty(&resource).unwrap_or_default();
    match &args.output {
        None => Ok(Answer::new("export", format!("{shown}\n"), fields)),
        Some(path) => {
            output::write(path, table(&ledger, &all), args.overwrite)?;
            output::warn_among_evidence(context, &own, path);
            let text = format!(
                "Wrote {} ({}).\nPut this among the resources of datapackage.json:\n{shown}\n",
                path.display(),
                counted(all.len() as u64, "row"),
            );
            Ok(Answer::new("export", text, fields))
        }
    }
}

/// The media rows of one anchor, from the owner's own manifest.
fn read_anchor(own: &OwnStore, reference: &str, all: &mut Vec<Proved>) -> Result<(), Failure> {
    let (position, statement) = own.resolve(reference)?;
    let Body::Anchor(anchor) = &statement.payload.body else {
        return Err(usage(
            format!("statement {position} anchors no files"),
            "only evidence.anchor has a manifest",
            "treering log shows which statements do",
        ));
    };
    let path = own.store.manifest(&anchor.root);
    let file = File::open(&path).map_err(|why| unreadable(&path, why))?;
    let broken = |why: &dyn std::fmt::Display| {
        let next = "put back a second copy of the manifest, then run the same command";
        Failure::new(Exit::Finding, format!("{} cannot be read", path.display()), why, next)
    };
    let mut reader = ManifestReader::new(BufReader::new(file)).map_err(|why| broken(&why))?;
    let first = all.len();
    let mut index = 0;
    while let Some(row) = reader.next_row().map_err(|why| broken(&why))? {
        if let ManifestRow::Shown { row, show } = row {
            let id = show.iter().find_map(|shown| match shown.attribute() {
                Attribute::MediaId(id) => Some(id.clone()),
                _ => None,
            });
            all.extend(id.map(|media_id| Proved {
                media_id,
                sha256: row.sha256(),
                bytes: row.size(),
                statement: statement.id().to_string(),
                row: index,
            }));
        }
        index += 1;
    }
    // What the rows say counts only now that their root is the one that was signed.
    let root = reader.totals().map(|totals| totals.tree.root);
    if root != Some(anchor.root) {
        all.truncate(first);
        return Err(broken(&format!("its {} rows have another root", count(index))));
    }
    Ok(())
}

/// A tabular resource: with its rows in it, or naming the file that has them.
fn resource(path: Option<&str>, ledger: &str, all: &[Proved]) -> Value {
    let fields: Vec<Value> = FIELDS
        .iter()
        .map(|(name, kind, what)| json!({ "name": name, "type": kind, "description": what }))
        .collect();
    let mut resource = json!({
        "name": "media-hashes",
        "profile": "tabular-data-resource",
        "schema": {
            "fields": fields,
            "primaryKey": "mediaID",
            "foreignKeys": [{
                "fields": "mediaID",
                "reference": { "resource": "media", "fields": "mediaID" },
            }],
        },
    });
    match path {
        Some(path) => {
            resource["path"] = json!(path);
            resource["format"] = json!("csv");
            resource["mediatype"] = json!("text/csv");
            resource["encoding"] = json!("utf-8");
        }
        None => {
            let row = |one: &Proved| {
                json!({
                    "mediaID": one.media_id,
                    "sha256": one.sha256.to_string(),
                    "bytes": one.bytes,
                    "ledger": ledger,
                    "statement": one.statement,
                    "row": one.row,
                })
            };
            resource["data"] = all.iter().map(row).collect();
        }
    }
    resource
}

fn table(ledger: &str, all: &[Proved]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = FIELDS.map(|(name, _, _)| name);
    let rows = all.iter().map(|one| {
        [
            one.media_id.clone(),
            one.sha256.to_string(),
            one.bytes.to_string(),
            ledger.to_owned(),
            one.statement.clone(),
            one.row.to_string(),
        ]
    });
    writer.write_record(names).expect("export: writing into memory does not fail");
    for row in rows {
        writer.write_record(row).expect("export: writing into memory does not fail");
    }
    writer.into_inner().expect("export: writing into memory does not fail")
}
