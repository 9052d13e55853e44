//! What `add` may say of where evidence comes from, and of whose say it is: `--derived-from`, `--software`,
//! `--model`, `--parameters`; `--authority`, `--label`.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::Context;
use super::failures::{unreadable, usage};
use super::given_file;
use super::own_store::OwnStore;
use super::voice::Failure;
use crate::evidence::attribute::Attribute;
use crate::evidence::labels::{LabelsRead, PictureNames, RowsMet, read_labels};
use crate::evidence::manifest::{ManifestReader, ManifestRow};
use crate::evidence::row_set::RowSet;
use crate::report::words::{count, counted, safe};
use crate::statement::bodies::evidence::{Access, Anchor, Care, Derivation, DerivationSource};
use crate::statement::bodies::{Body, StatementRef};
use crate::statement::key::KeyId;
use crate::tlog::hash::{Hash, Position};

/// The word of an anchor of labels, in its field `evidence`.
pub const LABELS: &str = "labels";

/// Ceiling of `--software`, in bytes: a name and a version.
const MAX_SOFTWARE_BYTES: usize = 128;

/// Files looked at to find out whether they hold labels.
const MAX_LABEL_FILES: usize = 64;

/// Arguments of `add` about where evidence comes from and whose it is.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Where it comes from, whose it is")]
pub struct ProvenanceArgs {
    /// The anchor it was made from: @3, or @3#0,7-12 for some of its rows. For labels the rows are found by
    /// the pictures they name
    #[arg(long, value_name = "REF")]
    derived_from: Vec<String>,
    /// The software that made it
    #[arg(long, value_name = "NAME@VERSION", requires = "derived_from")]
    software: Option<String>,
    /// The file of the model; its SHA-256 is signed
    #[arg(long, value_name = "FILE", requires = "derived_from")]
    model: Option<PathBuf>,
    /// The file of the parameters it was run with; its SHA-256 is signed
    #[arg(long, value_name = "FILE", requires = "derived_from")]
    parameters: Option<PathBuf>,
    /// Thumbprint of the key without whose signature rows are not shown (CARE)
    #[arg(long, value_name = "KEYID", requires = "label")]
    authority: Option<String>,
    /// The label that goes with it
    #[arg(long, value_name = "TEXT", requires = "authority")]
    label: Option<String>,
}

/// What an anchor says of it.
#[derive(Debug, Default)]
pub struct Provenance {
    derived_from: Option<Derivation>,
    care: Option<Care>,
    is_labels: bool,
}

impl ProvenanceArgs {
    /// Reads what was named, and warns of what a verifier will miss.
    pub fn read(
        &self,
        context: &Context,
        own: &OwnStore,
        paths: &[PathBuf],
        access: Access,
    ) -> Result<Provenance, Failure> {
        let care = self.care(access)?;
        let labels = find_labels(paths);
        if self.derived_from.is_empty() {
            for (path, read) in &labels {
                context.voice.warn(&format!(
                    "{} holds {} ({}); say what they were made from and by what: --derived-from REF --software \
                     NAME@VERSION --model FILE",
                    safe(&path.display().to_string()),
                    counted(read.labels, "label"),
                    read.format.word()
                ));
            }
            return Ok(Provenance { derived_from: None, care, is_labels: false });
        }
        let software = self.software()?;
        let digest = |path: &Option<PathBuf>| match path {
            None => Ok(None),
            Some(path) => {
                let hashed = given_file::hash(path);
                let stopped = "stopped before anything was recorded";
                hashed.map(|(digest, _)| Some(digest)).map_err(|why| why.failure(path, stopped))
            }
        };
        let sources = self.sources(context, own, &labels)?;
        let (model, parameters) = (digest(&self.model)?, digest(&self.parameters)?);
        if !labels.is_empty() && (software.is_none() || model.is_none()) {
            let missing = match (&software, &model) {
                (None, None) => "--software NAME@VERSION and --model FILE",
                (None, _) => "--software NAME@VERSION",
                _ => "--model FILE",
            };
            context.voice.warn(&format!(
                "these are labels, and it is not said what made them ({missing}); audits warn of it (R19)"
            ));
        }
        let derived_from = Some(Derivation { sources, software, model, parameters });
        Ok(Provenance { derived_from, care, is_labels: !labels.is_empty() })
    }

    fn software(&self) -> Result<Option<String>, Failure> {
        let Some(software) = &self.software else { return Ok(None) };
        let parts = software.split_once('@').filter(|(name, version)| {
            !name.is_empty() && !version.is_empty() && !version.contains('@')
        });
        let plain = !software.contains(char::is_control) && software.trim() == software;
        match parts.is_some() && plain && software.len() <= MAX_SOFTWARE_BYTES {
            true => Ok(Some(software.clone())),
            false => Err(usage(
                format!("{} is no software with a version", safe(software)),
                "without its version nobody can run it again",
                "write it as NAME@VERSION, such as megadetector@5.0a",
            )),
        }
    }

    fn care(&self, access: Access) -> Result<Option<Care>, Failure> {
        let (Some(authority), Some(label)) = (&self.authority, &self.label) else {
            return Ok(None);
        };
        let key = Hash::from_hex(authority).map(KeyId).ok_or_else(|| {
            usage(
                format!("{} is no key", safe(authority)),
                "a key is named by the 64 digits of its thumbprint",
                "treering key list prints it on their computer",
            )
        })?;
        let fits = (1..=Care::MAX_LABEL_BYTES).contains(&label.len());
        if !fits || label.contains(char::is_control) {
            return Err(usage(
                "the label cannot be signed",
                "it is one line of 1 to 256 bytes",
                "shorten it",
            ));
        }
        if access == Access::Public {
            return Err(usage(
                "evidence with an authority is not published at once",
                "its rows are shown only with the signature of that key, which cannot be there yet",
                "record it sealed; then treering disclose REF --publish --release FILE",
            ));
        }
        Ok(Some(Care { authority: key, label: label.clone() }))
    }

    fn sources(
        &self,
        context: &Context,
        own: &OwnStore,
        labels: &[(PathBuf, LabelsRead)],
    ) -> Result<Vec<DerivationSource>, Failure> {
        let pictures = match labels.is_empty() {
            true => None,
            false => Some(pictures_of(labels)?),
        };
        let (mut sources, mut named, mut met) = (Vec::new(), 0, 0);
        for reference in &self.derived_from {
            let (reference, rows) = match reference.rsplit_once('#') {
                Some((reference, rows)) => (reference, Some(rows)),
                None => (reference.as_str(), None),
            };
            let (position, id, anchor) = anchor_of(own, reference)?;
            let rows = match (rows, &pictures) {
                (Some("all"), _) | (None, None) => None,
                (Some(rows), _) => Some(rows_named(rows, position, &anchor)?),
                (None, Some(pictures)) => {
                    let (rows, found) = rows_of_pictures(own, &anchor, pictures)?;
                    met += found;
                    rows
                }
            };
            let rows = rows.filter(|rows| (rows.len() as u64) < anchor.rows);
            named += rows.as_ref().map_or(0, Vec::len);
            let statement = StatementRef::here(id);
            if sources.iter().any(|source: &DerivationSource| source.statement == statement) {
                return Err(usage(
                    format!("statement {position} is named twice"),
                    "one source stands once, with all its rows",
                    "write @3#0,7-12 with all rows in one",
                ));
            }
            sources.push(DerivationSource { statement, rows });
        }
        if sources.len() > Derivation::MAX_SOURCES {
            return Err(usage(
                "too many sources",
                format!("a statement names at most {}", Derivation::MAX_SOURCES),
                "record it in several batches",
            ));
        }
        if named > Derivation::MAX_ROWS {
            context.voice.note(&format!(
                "{} rows are too many to be named one by one (at most {}): the whole anchors are named.",
                count(named as u64),
                count(Derivation::MAX_ROWS as u64)
            ));
            sources.iter_mut().for_each(|source| source.rows = None);
        }
        if let Some(pictures) = &pictures {
            let whole = "of the pictures that the labels name";
            let (met, all) = (count(met as u64), count(pictures.len() as u64));
            context
                .voice
                .note(&format!("{met} {whole} are rows of what you named; {all} are named."));
        }
        Ok(sources)
    }
}

impl Provenance {
    /// The same anchor, saying it.
    pub fn put_into(&self, body: Body) -> Body {
        match body {
            Body::Anchor(anchor) => Body::Anchor(Anchor {
                derived_from: self.derived_from.clone(),
                care: self.care.clone(),
                evidence: match self.is_labels {
                    true => LABELS.into(),
                    false => anchor.evidence,
                },
                ..anchor
            }),
            other => other,
        }
    }
}

fn anchor_of(own: &OwnStore, reference: &str) -> Result<(Position, Hash, Anchor), Failure> {
    let (position, statement) = own.resolve(reference)?;
    let id = statement.id();
    match &statement.payload.body {
        Body::Anchor(anchor) => Ok((position, id, anchor.clone())),
        _ => Err(usage(
            format!("statement {position} anchors no files"),
            "evidence is derived from evidence",
            "treering log lists the statements",
        )),
    }
}

fn rows_named(rows: &str, position: Position, anchor: &Anchor) -> Result<Vec<u64>, Failure> {
    let set = RowSet::parse(rows)
        .map_err(|why| usage("these are no rows", why, "write them as @3#0,7-12"))?;
    if set.last() >= anchor.rows {
        return Err(usage(
            format!("statement {position} has no row {}", set.last()),
            format!("its rows are 0 to {}", anchor.rows - 1),
            "name some of them",
        ));
    }
    // One more than may be named is enough to know that there are too many.
    Ok((0..anchor.rows).filter(|row| set.contains(*row)).take(Derivation::MAX_ROWS + 1).collect())
}

/// Files of labels among the arguments, or directly in a folder among them.
fn find_labels(paths: &[PathBuf]) -> Vec<(PathBuf, LabelsRead)> {
    let mut files = Vec::new();
    for path in paths {
        match fs::read_dir(path) {
            Ok(entries) => files.extend(entries.flatten().map(|entry| entry.path()).take(10_000)),
            Err(_) => files.push(path.clone()),
        }
    }
    files.sort();
    let mut found = Vec::new();
    for file in files.into_iter().filter(|file| may_hold_labels(file)).take(MAX_LABEL_FILES) {
        // What cannot be read as labels is recorded all the same, as the file it is.
        if let Ok(Some(read)) = read_labels(&file, &mut |_| true)
            && read.labels > 0
        {
            found.push((file, read));
        }
    }
    found
}

fn may_hold_labels(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    path.is_file() && [".json", ".csv", ".tsv"].iter().any(|ending| name.ends_with(ending))
}

fn pictures_of(labels: &[(PathBuf, LabelsRead)]) -> Result<PictureNames, Failure> {
    let mut names = PictureNames::default();
    for (path, _) in labels {
        let mut full = false;
        let read = read_labels(path, &mut |label| {
            full = !names.add(&label.picture);
            !full
        });
        read.map_err(|why| unreadable(path, why))?;
        if full {
            return Err(usage(
                "the labels name too many pictures",
                format!("more than {}", count(PictureNames::MAX as u64)),
                "record them in several batches",
            ));
        }
    }
    Ok(names)
}

/// The rows that the pictures are, and how many pictures met one. Without the manifest, all of them.
fn rows_of_pictures(
    own: &OwnStore,
    anchor: &Anchor,
    pictures: &PictureNames,
) -> Result<(Option<Vec<u64>>, usize), Failure> {
    let path = own.store.manifest(&anchor.root);
    let Ok(file) = File::open(&path) else { return Ok((None, 0)) };
    let damaged = |why: crate::evidence::manifest::ManifestError| unreadable(&path, why);
    let mut reader =
        ManifestReader::new(BufReader::with_capacity(1 << 16, file)).map_err(damaged)?;
    let (mut met, mut index) = (RowsMet::default(), 0);
    while let Some(row) = reader.next_row().map_err(damaged)? {
        if let ManifestRow::Shown { show, .. } = &row {
            for shown in show {
                match shown.attribute() {
                    Attribute::Path(path) => pictures.meet(index, path, &mut met),
                    Attribute::MediaId(id) => pictures.meet_id(index, id, &mut met),
                    _ => {}
                }
            }
        }
        index += 1;
    }
    let (rows, found) = met.finish();
    match rows.is_empty() {
        true => Err(usage(
            "none of the pictures that the labels name is in the anchor",
            format!(
                "{} were looked for by path and by media id",
                counted(pictures.len() as u64, "picture")
            ),
            "name the anchor of these pictures, or @REF#all to derive from it as a whole",
        )),
        false => Ok((Some(rows), found)),
    }
}
