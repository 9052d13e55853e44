//! The list of drawn rows: what the site is asked for, and where the assessor writes what was found.
//!
//! ```text
//! number,anchor,root,index,sha256,file,found
//! 1,@3,41e9…,17,9c51…,CAM-03/IMG_0042.JPG,
//! ```
//!
//! CSV, so that any spreadsheet opens it. `sha256` and `file` are empty where no manifest at hand shows
//! the row: the site then adds a receipt beside the file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use crate::cli::exit::Exit;
use crate::cli::failures::{unreadable, unwritable, usage};
use crate::cli::voice::Failure;
use crate::evidence::attribute::Attribute;
use crate::evidence::manifest::{ManifestReader, ManifestRow};
use crate::report::words::file_name;
use crate::statement::bodies::process::sample::{Found, FoundRow};
use crate::statement::evidence_book::LiveAnchor;
use crate::statement::evidence_book::rows_of;
use crate::statement::sample::locate;
use crate::tlog::hash::{Hash, Position};

/// The ceiling of a list, in bytes: 1,000 rows with the longest paths.
const LIST_BYTES_MAX: u64 = 8 << 20;

const COLUMNS: [&str; 7] = ["number", "anchor", "root", "index", "sha256", "file", "found"];

/// A drawn row.
pub struct DrawnRow {
    /// Where its anchor stands.
    pub anchor: Position,
    /// The evidence root.
    pub root: Hash,
    /// Its index in the manifest.
    pub index: u64,
    /// What a manifest at hand says of it.
    pub known: Known,
}

/// What a manifest at hand says of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The file's digest.
    pub sha256: Option<Hash>,
    /// The file's path.
    pub file: Option<String>,
    /// It was erased.
    pub erased: bool,
}

/// The drawn rows of a population, in the order drawn. `manifest` gives the file of a manifest, if one is
/// at hand.
pub fn drawn(
    anchors: &[LiveAnchor<'_>],
    rows: &[u64],
    manifest: impl Fn(&Hash) -> Option<PathBuf>,
) -> Result<Vec<DrawnRow>, Failure> {
    let counts = rows_of(anchors);
    let located: Vec<(usize, u64)> = rows.iter().filter_map(|row| locate(&counts, *row)).collect();
    let mut wanted: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
    for (place, index) in &located {
        wanted.entry(*place).or_default().insert(*index);
    }
    let mut known = BTreeMap::new();
    for (place, indexes) in &wanted {
        if let Some(path) = manifest(&anchors[*place].anchor.root) {
            for (index, row) in read_rows(&path, indexes)? {
                known.insert((*place, index), row);
            }
        }
    }
    let row = |(place, index): &(usize, u64)| DrawnRow {
        anchor: anchors[*place].position,
        root: anchors[*place].anchor.root,
        index: *index,
        known: known.remove(&(*place, *index)).unwrap_or_default(),
    };
    Ok(located.iter().map(row).collect())
}

fn read_rows(path: &Path, wanted: &BTreeSet<u64>) -> Result<Vec<(u64, Known)>, Failure> {
    let damaged = |why: String| {
        let what = format!("the manifest {} does not hold", path.display());
        Failure::new(Exit::Finding, what, why, "put its second copy back")
    };
    let file = File::open(path).map_err(|why| unreadable(path, why))?;
    let mut reader =
        ManifestReader::new(BufReader::new(file)).map_err(|why| damaged(why.to_string()))?;
    let (mut found, mut index) = (Vec::new(), 0);
    while let Some(row) = reader.next_row().map_err(|why| damaged(why.to_string()))? {
        if wanted.contains(&index) {
            found.push((index, known(&row)));
        }
        index += 1;
    }
    Ok(found)
}

fn known(row: &ManifestRow) -> Known {
    match row {
        ManifestRow::Shown { row, show } => Known {
            sha256: Some(row.sha256()),
            file: show.iter().find_map(|disclosure| match disclosure.attribute() {
                Attribute::Path(path) => Some(file_name(path.as_bytes())),
                _ => None,
            }),
            erased: false,
        },
        ManifestRow::Withheld(_) => Known::default(),
        ManifestRow::Erased(_) => Known { erased: true, ..Known::default() },
    }
}

/// Writes the list. Another file is never lost under it.
pub fn write(path: &Path, rows: &[DrawnRow]) -> Result<(), Failure> {
    let file = File::create_new(path).map_err(|why| unwritable(path, why))?;
    let mut out = csv::Writer::from_writer(file);
    let mut line = |cells: [String; 7]| out.write_record(cells);
    let mut written = line(COLUMNS.map(String::from));
    for (number, row) in rows.iter().enumerate() {
        let sha256 = row.known.sha256.map_or_else(String::new, |digest| digest.to_string());
        let found = if row.known.erased { Found::Erased.word() } else { "" };
        written = written.and_then(|()| {
            line([
                (number + 1).to_string(),
                format!("@{}", row.anchor),
                row.root.to_string(),
                row.index.to_string(),
                sha256,
                // A spreadsheet takes a cell that begins so for a formula.
                match row.known.file.as_deref().unwrap_or("") {
                    path if path.starts_with(['=', '+', '-', '@']) => format!("./{path}"),
                    path => path.to_string(),
                },
                found.into(),
            ])
        });
    }
    written.map_err(|why| unwritable(path, why))?;
    out.flush().map_err(|why| unwritable(path, why))
}

/// What was found, from a list whose last column was filled in.
pub fn read(path: &Path) -> Result<Vec<(FoundRow, Option<Hash>)>, Failure> {
    let file = File::open(path).map_err(|why| unreadable(path, why))?;
    let size = file.metadata().map_err(|why| unreadable(path, why))?.len();
    let not_one = |why: String| {
        usage(
            format!("{} is not a filled-in list", path.display()),
            why,
            "take the list that treering sample draw wrote, and fill in its last column",
        )
    };
    if size > LIST_BYTES_MAX {
        return Err(not_one("it is longer than a list can be".into()));
    }
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let header = reader.headers().map_err(|why| not_one(why.to_string()))?;
    // Some spreadsheets begin with a byte order mark.
    let first = header.iter().map(|name| name.trim_start_matches('\u{feff}'));
    if !first.eq(COLUMNS) {
        return Err(not_one(format!("its columns are not {}", COLUMNS.join(", "))));
    }
    let mut rows = Vec::new();
    for (number, record) in reader.records().enumerate() {
        let number = number + 1;
        let record = record.map_err(|why| not_one(why.to_string()))?;
        let cell = |column: usize| record.get(column).unwrap_or_default();
        let root = Hash::from_hex(cell(2));
        let root = root.ok_or_else(|| not_one(format!("row {number} has no evidence root")))?;
        let index = cell(3).parse();
        let index = index.map_err(|_| not_one(format!("row {number} has no index")))?;
        let found = Found::from_word(&cell(6).to_lowercase()).ok_or_else(|| {
            let words = Found::WORDS.join(", ");
            match cell(6) {
                "" => not_one(format!("row {number} is not filled in: one of {words}")),
                other => not_one(format!("row {number} says {other:?}, which is none of {words}")),
            }
        })?;
        rows.push((FoundRow { root, index, found }, Hash::from_hex(cell(4))));
    }
    match rows.is_empty() {
        true => Err(not_one("it has no rows".into())),
        false => Ok(rows),
    }
}
