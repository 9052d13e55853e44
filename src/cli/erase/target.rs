//! Which rows a person means: by a file, by its SHA-256, or by the row itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use crate::cli::exit::Exit;
use crate::cli::failures::{unreadable, usage};
use crate::cli::given_file;
use crate::cli::own_store::OwnStore;
use crate::cli::voice::Failure;
use crate::evidence::attribute::Attribute;
use crate::evidence::manifest::{ManifestReader, ManifestRow};
use crate::evidence::path::RowPath;
use crate::ledger::book::Book;
use crate::ledger::read;
use crate::report::words::safe;
use crate::statement::bodies::Body;
use crate::tlog::hash::{Hash, Position};

/// Rows of one anchor.
#[derive(Clone, Debug)]
pub struct Target {
    /// The anchor's position.
    pub position: Position,
    /// Its id.
    pub anchor: Hash,
    /// Its evidence root.
    pub root: Hash,
    /// What it is called.
    pub title: String,
    /// The rows.
    pub rows: BTreeSet<u64>,
    /// Paths of the files, as far as the manifest knows them.
    pub names: Vec<String>,
    /// Parts of those names that should stand nowhere, in lower case.
    pub telling: Vec<String>,
    /// Whether the anchor's title holds one of them.
    pub title_tells: bool,
}

#[cfg(test)]
impl Target {
    pub fn for_tests() -> Target {
        Target {
            position: Position(0),
            anchor: Hash([0; 32]),
            root: Hash([0; 32]),
            title: String::new(),
            rows: BTreeSet::new(),
            names: Vec::new(),
            telling: Vec::new(),
            title_tells: false,
        }
    }
}

/// The rows of all files named, by anchor.
pub fn resolve(own: &OwnStore, book: &Book, files: &[String]) -> Result<Vec<Target>, Failure> {
    let mut rows: BTreeMap<Position, BTreeSet<u64>> = BTreeMap::new();
    for file in files {
        for (position, row) in rows_of(own, book, file)? {
            rows.entry(position).or_default().insert(row);
        }
    }
    rows.into_iter().map(|(position, rows)| target(own, book, position, rows)).collect()
}

type Found = Vec<(Position, u64)>;

fn rows_of(own: &OwnStore, book: &Book, file: &str) -> Result<Found, Failure> {
    if !Path::new(file).exists() {
        if let Some((reference, row)) = file.rsplit_once('#') {
            return row_of_statement(own, reference, row);
        }
        if let Some(digest) = Hash::from_hex(file) {
            let found = by_digest(own, book, &digest)?;
            return if found.is_empty() { Err(not_recorded(own, book, file)?) } else { Ok(found) };
        }
        let found = by_path(own, book, Path::new(file))?;
        return if found.is_empty() { Err(not_recorded(own, book, file)?) } else { Ok(found) };
    }
    let path = Path::new(file);
    let (digest, _) =
        given_file::hash(path).map_err(|why| why.failure(path, "stopped; nothing was erased"))?;
    let found = by_digest(own, book, &digest)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let at_this_path = by_path(own, book, path)?;
    match at_this_path.first() {
        None => Err(not_recorded(own, book, file)?),
        Some((position, row)) => Err(Failure::new(
            Exit::Finding,
            format!("{} is not the file that was recorded under this name", safe(file)),
            "its bytes are others, so it may not be the one you mean",
            format!("if it is, name the row: treering erase @{position}#{row}"),
        )),
    }
}

fn row_of_statement(own: &OwnStore, reference: &str, row: &str) -> Result<Found, Failure> {
    let (position, statement) = own.resolve(reference)?;
    let Body::Anchor(anchor) = &statement.payload.body else {
        return Err(usage(
            format!("statement {position} anchors no files"),
            format!("it is of the kind {}", statement.header.typ.kind),
            "treering log lists the statements",
        ));
    };
    match row.parse::<u64>() {
        Ok(row) if row < anchor.rows => Ok(vec![(position, row)]),
        _ => Err(usage(
            format!("statement {position} has no row {}", safe(row)),
            format!("its rows are 0 to {}", anchor.rows - 1),
            format!("name one of them, such as @{position}#0"),
        )),
    }
}

/// Every row with these bytes, in whichever batch.
fn by_digest(own: &OwnStore, book: &Book, digest: &Hash) -> Result<Found, Failure> {
    let wanted = BTreeSet::from([*digest]);
    let found = own.finder(book.tree())?.files(&wanted)?;
    let found = found.rows.into_values().flatten();
    Ok(found.map(|found| (found.position, found.row)).collect())
}

/// Every row that was recorded under this path. For files that are gone already.
fn by_path(own: &OwnStore, book: &Book, file: &Path) -> Result<Found, Failure> {
    let absolute = std::path::absolute(file).map_err(|why| unreadable(file, why))?;
    let Ok(wanted) = RowPath::relative(own.store.home(), &absolute) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for statement in read::statements(&own.folder, book.tree().size) {
        let (position, statement) = statement?;
        let Body::Anchor(anchor) = &statement.payload.body else { continue };
        each_row(own, &anchor.root, |row, path| {
            if path == Some(&wanted) {
                found.push((position, row));
            }
        })?;
    }
    Ok(found)
}

/// Every shown row of a private manifest, with its path.
fn each_row(
    own: &OwnStore,
    root: &Hash,
    mut each: impl FnMut(u64, Option<&RowPath>),
) -> Result<(), Failure> {
    let place = own.store.manifest(root);
    let Ok(file) = File::open(&place) else { return Ok(()) };
    let damaged = |why: crate::evidence::manifest::ManifestError| unreadable(&place, why);
    let mut reader = ManifestReader::new(BufReader::new(file)).map_err(damaged)?;
    let mut index = 0;
    while let Some(row) = reader.next_row().map_err(damaged)? {
        if let ManifestRow::Shown { show, .. } = &row {
            let path = show.iter().find_map(|shown| match shown.attribute() {
                Attribute::Path(path) => Some(path),
                _ => None,
            });
            each(index, path);
        }
        index += 1;
    }
    Ok(())
}

fn target(
    own: &OwnStore,
    book: &Book,
    position: Position,
    rows: BTreeSet<u64>,
) -> Result<Target, Failure> {
    let statement = read::statement_at(&own.folder, book.tree().size, position)?;
    let statement = statement.ok_or_else(|| {
        unreadable(own.folder.path(), format!("statement {position} is not there"))
    })?;
    let Body::Anchor(anchor) = &statement.payload.body else {
        return Err(unreadable(own.folder.path(), format!("statement {position} is no anchor")));
    };
    let (mut names, mut telling) = (Vec::new(), BTreeSet::new());
    each_row(own, &anchor.root, |row, path| {
        if let (true, Some(path)) = (rows.contains(&row), path) {
            names.push(path.to_string());
            telling.extend(telling_parts(path));
        }
    })?;
    let title = anchor.title.to_lowercase();
    Ok(Target {
        position,
        anchor: statement.id(),
        root: anchor.root,
        title_tells: telling.iter().any(|part| title.contains(part)),
        title: anchor.title.clone(),
        rows,
        names,
        telling: telling.into_iter().collect(),
    })
}

/// The file's own name without its ending, if it is long enough to mean something.
fn telling_parts(path: &RowPath) -> Option<String> {
    let name = String::from_utf8_lossy(path.file_name()).to_lowercase();
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem).to_owned();
    (stem.chars().count() >= 4).then_some(stem)
}

/// Nothing here knows the file. If something was erased here, it may have been this one: that nobody can
/// tell any more is what an erasure is for.
fn not_recorded(own: &OwnStore, book: &Book, file: &str) -> Result<Failure, Failure> {
    let rows = super::erased_rows(own, book)?;
    let why = match rows {
        0 => "no manifest in this store has a row with these bytes or under this name".to_string(),
        rows => format!(
            "no manifest in this store has a row with these bytes or under this name; the ledger says \
             of {} erased, and nothing here can tell whether this was among them",
            match rows {
                1 => "1 row that it was".to_string(),
                more => format!("{more} rows that they were"),
            }
        ),
    };
    Ok(Failure::new(
        Exit::Finding,
        format!("NOT RECORDED: {}", safe(file)),
        why,
        "name the row if you know it (@3#17); treering erase --apply finishes an erasure that was \
         interrupted",
    ))
}
