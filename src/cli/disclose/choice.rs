//! Which rows are shown, and what whoever gets their files would learn besides.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;

use super::{Args, Disclosed, not_here, refuse_erased};
use crate::cli::exit::Exit;
use crate::cli::failures::{unreadable, usage};
use crate::cli::voice::Failure;
use crate::evidence::attribute::Attribute;
use crate::evidence::disclosure::Names;
use crate::evidence::manifest::{ManifestReader, ManifestRow};
use crate::evidence::path::RowPath;
use crate::evidence::row_set::RowSet;
use crate::report::words::{count, counted, safe};
use crate::statement::bodies::evidence::Anchor;
use crate::tlog::hash::Hash;

/// Which rows a person named.
pub enum Wanted {
    /// All of them.
    All,
    /// These, and those of these files.
    Some(Option<RowSet>, Vec<String>),
}

/// The rows to show.
pub struct Chosen {
    /// Which; `None` for all that are not erased.
    pub rows: Option<RowSet>,
    /// How many.
    pub shown: u64,
    /// Files among them that carry a position inside.
    pub with_position: u64,
    /// Files among them that carry the device's serial number inside.
    pub with_serial: u64,
    /// JPEGs among them, with what they hash to. At most [`Chosen::MAX_PICTURES`].
    pub pictures: Vec<(Option<RowPath>, Hash)>,
}

impl Chosen {
    /// Pictures kept in mind for `--cleaned`: a few batches.
    pub const MAX_PICTURES: usize = 100_000;

    /// Whether a row is shown.
    pub fn contains(&self, row: u64) -> bool {
        self.rows.as_ref().is_none_or(|rows| rows.contains(row))
    }

    /// For a command line.
    pub fn rows_text(&self) -> String {
        self.rows.as_ref().map_or("all".into(), RowSet::to_string)
    }

    /// What a person should hear before handing anything over.
    pub fn warnings(&self, names: &Names) -> Vec<String> {
        let mut warnings = Vec::new();
        let mut inside = |number: u64, what: &str, gives: &str| {
            if number > 0 {
                warnings.push(format!(
                    "with {what} written inside: {} of {} shown; whoever gets such a file gets {gives}, \
                     whatever is hidden here (--cleaned DIR writes copies without)",
                    count(number),
                    counted(self.shown, "file"),
                ));
            }
        };
        inside(self.with_position, "a position", "the place");
        inside(self.with_serial, "the device's serial number", "the number");
        if names.contains("gps") && self.with_position > 0 {
            warnings.push("exact positions are shown in what was just written".into());
        }
        warnings
    }
}

/// What the arguments ask for.
pub fn wanted(args: &Args, anchor: &Anchor) -> Result<Wanted, Failure> {
    if args.all {
        return Ok(Wanted::All);
    }
    if args.rows.is_empty() && args.file.is_empty() {
        return Err(usage(
            "no rows were chosen",
            "nothing is shown that was not asked for",
            "name rows (--rows 0,7-12) or files (--file NAME), or say --all",
        ));
    }
    let rows = match args.rows.is_empty() {
        true => None,
        false => {
            let rows = RowSet::parse(&args.rows.join(","))
                .map_err(|why| usage("these are no rows", why, "write them as 0,3,7-12"))?;
            if rows.last() >= anchor.rows {
                return Err(usage(
                    format!("there is no row {}", rows.last()),
                    format!("the rows are 0 to {}", anchor.rows - 1),
                    "name some of them",
                ));
            }
            Some(rows)
        }
    };
    Ok(Wanted::Some(rows, args.file.clone()))
}

/// Reads the private manifest and finds the rows.
pub fn choose(disclosed: &Disclosed<'_>, wanted: &Wanted) -> Result<Chosen, Failure> {
    let path = disclosed.own.store.manifest(&disclosed.anchor.root);
    let file = File::open(&path).map_err(|_| not_here(&path))?;
    let damaged = |why: crate::evidence::manifest::ManifestError| unreadable(&path, why);
    let mut reader =
        ManifestReader::new(BufReader::with_capacity(1 << 16, file)).map_err(damaged)?;
    let mut chosen =
        Chosen { rows: None, shown: 0, with_position: 0, with_serial: 0, pictures: Vec::new() };
    let (mut index, mut rows, mut met) = (0, Vec::new(), BTreeSet::new());
    while let Some(row) = reader.next_row().map_err(damaged)? {
        let named = match wanted {
            Wanted::All => true,
            Wanted::Some(rows, files) => {
                let by_name = matching(&row, files);
                met.extend(by_name);
                by_name.is_some() || rows.as_ref().is_some_and(|rows| rows.contains(index))
            }
        };
        let is_erased = disclosed.erased.binary_search(&index).is_ok();
        match row {
            _ if !named => {}
            ManifestRow::Erased(_) if matches!(wanted, Wanted::All) => {}
            ManifestRow::Erased(_) => return Err(refuse_erased(disclosed, index)),
            _ if is_erased && !matches!(wanted, Wanted::All) => {
                return Err(refuse_erased(disclosed, index));
            }
            _ if is_erased => {}
            ManifestRow::Withheld(_) => {
                return Err(Failure::new(
                    Exit::Incomplete,
                    format!("row {index} is withheld from this store, too"),
                    "the manifest here is a copy that does not show it",
                    "ask whoever keeps the whole manifest",
                ));
            }
            ManifestRow::Shown { row, show } => {
                chosen.take(row.sha256(), &show);
                rows.push(index);
            }
        }
        index += 1;
    }
    let totals = reader.read_to_end().map_err(damaged)?;
    if totals.tree.root != disclosed.anchor.root {
        return Err(unreadable(&path, "its rows have another root than the one that was signed"));
    }
    if let Wanted::Some(_, files) = wanted
        && let Some((_, name)) = (0..).zip(files).find(|(at, _)| !met.contains(at))
    {
        return Err(Failure::new(
            Exit::Finding,
            format!("{} is not in statement {}", safe(name), disclosed.position),
            "no row of its manifest has this path or one that ends so",
            "name the path as it was recorded, or the row (--rows)",
        ));
    }
    let Some(set) = RowSet::of(rows) else {
        return Err(usage(
            "nothing is left to show",
            "all rows chosen were erased",
            "treering show prints how the statement stands",
        ));
    };
    if set.count() < disclosed.anchor.rows {
        chosen.rows = Some(set);
    }
    Ok(chosen)
}

impl Chosen {
    fn take(&mut self, sha256: Hash, show: &[crate::evidence::row::Disclosure]) {
        self.shown += 1;
        let (mut path, mut is_jpeg) = (None, false);
        for disclosure in show {
            match disclosure.attribute() {
                Attribute::Gps(_) | Attribute::Extent(_) => self.with_position += 1,
                Attribute::CameraSerial(_) => self.with_serial += 1,
                Attribute::Path(found) => path = Some(found.clone()),
                Attribute::MediaType(kind) => is_jpeg = kind == "image/jpeg",
                _ => {}
            }
        }
        if is_jpeg && self.pictures.len() < Chosen::MAX_PICTURES {
            self.pictures.push((path, sha256));
        }
    }
}

/// Which of the names a row's path is, or ends with.
fn matching(row: &ManifestRow, files: &[String]) -> Option<usize> {
    let ManifestRow::Shown { show, .. } = row else { return None };
    let path = show.iter().find_map(|shown| match shown.attribute() {
        Attribute::Path(path) => Some(path.as_bytes()),
        _ => None,
    })?;
    files.iter().position(|name| {
        let name = name.trim_start_matches("./").as_bytes();
        path.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with(b"/"))
    })
}
