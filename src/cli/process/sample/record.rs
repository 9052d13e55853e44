//! `treering sample record`: what was found in the drawn rows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml::Value as Toml;

use super::list;
use crate::cli::failures::{unreadable, usage};
use crate::cli::given_file;
use crate::cli::say::desk::SignArgs;
use crate::cli::say::entry::Entry;
use crate::cli::say::{form, say};
use crate::cli::voice::Failure;
use crate::cli::{Context, Outcome};
use crate::statement::bodies::process::sample::{Found, FoundRow};
use crate::tlog::hash::Hash;

/// Arguments of `treering sample record`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering sample record @30 --from sample-d7e4a739.csv --key ben
  treering sample record @30 --from sample-d7e4a739.csv --files answer/ --key ben")]
#[command(after_help = "\
In the last column of the list: agree, disagree, absent, erased or withheld. With --files a row that is \
said to agree has to have its file there, byte for byte.")]
pub struct Args {
    /// The draw
    draw: String,
    /// The list, its last column filled in
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The folder of files that the site answered with
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Records.
pub fn run(context: &Context, args: Args) -> Outcome {
    let rows = list::read(&args.from)?;
    if let Some(folder) = &args.files {
        compare(folder, &rows)?;
    }
    let row = |(row, _): &(FoundRow, Option<Hash>)| {
        let index = Toml::Integer(i64::try_from(row.index).unwrap_or(i64::MAX));
        let (root, found) = (row.root.to_string(), row.found.word().to_string());
        Toml::Array(vec![Toml::String(root), index, Toml::String(found)])
    };
    let rows = Toml::Array(rows.iter().map(row).collect());
    let answer = say(context, &args.sign, form("sample.result"), "sample", |_| {
        Ok(Entry::default().with("draw", args.draw.as_str()).value("rows", rows).table())
    })?;
    Ok(answer.and_next(&format!("treering sample replay {}", args.draw)))
}

/// What agrees has its bytes in the folder.
fn compare(folder: &Path, rows: &[(FoundRow, Option<Hash>)]) -> Result<(), Failure> {
    let mut there = BTreeSet::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.map_err(|why| unreadable(folder, why))?;
        if entry.file_type().is_file() {
            let path = entry.path();
            let hashed = given_file::hash(path);
            there.insert(hashed.map_err(|why| why.failure(path, "stopped; nothing was signed"))?.0);
        }
    }
    let agrees = |(row, _): &&(FoundRow, Option<Hash>)| row.found == Found::Agree;
    for (number, (_, digest)) in
        rows.iter().enumerate().filter(|(_, row)| agrees(row)).map(|(at, row)| (at + 1, row))
    {
        if digest.is_some_and(|digest| !there.contains(&digest)) {
            return Err(usage(
                format!("row {number} is said to agree, and its file is not there"),
                format!("no file in {} has the bytes that were recorded", folder.display()),
                "ask the site for it, or say absent, withheld or disagree",
            ));
        }
    }
    Ok(())
}
