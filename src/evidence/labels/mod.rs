//! What software or people say is on pictures: the files that labels come in, read as a stream.
//!
//! ```text
//! megadetector   {"images": [{"file": …, "detections": [{"category", "conf"}]}], "info": {"detector"}}
//! camtrap-dp     observations.csv: observationID, mediaID, observationType, classificationMethod …
//! wildlife-insights   images.csv: image_id, filename, identified_by, genus, species, cv_confidence …
//! table          any CSV with a column of files (or Timelapse's RelativePath and File) and one of labels
//! ```
//!
//! Read for two things: which pictures they speak of, so that an anchor can name the rows it was derived
//! from; and which labels a person checked. Nothing here decides whether a label is right.

mod lines;
mod megadetector;
mod pictures;
mod tables;

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use thiserror::Error;

pub use pictures::{PictureNames, RowsMet};

/// Ceiling of a file of labels once it is unpacked: ten times what a survey of a million pictures has.
pub const MAX_BYTES: u64 = 16 << 30;

/// Which kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelFormat {
    /// MegaDetector's results.
    MegaDetector,
    /// Observations of a Camtrap DP package.
    CamtrapDp,
    /// Images of a Wildlife Insights export.
    WildlifeInsights,
    /// Another table.
    Table,
}

impl LabelFormat {
    /// The word in answers.
    pub fn word(self) -> &'static str {
        match self {
            LabelFormat::MegaDetector => "megadetector",
            LabelFormat::CamtrapDp => "camtrap-dp",
            LabelFormat::WildlifeInsights => "wildlife-insights",
            LabelFormat::Table => "table",
        }
    }
}

/// Who said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Software.
    Machine,
    /// A person, alone or after software.
    Person,
    /// The file does not say.
    Unknown,
}

impl By {
    /// The words in answers.
    pub fn words(self) -> &'static str {
        match self {
            By::Machine => "by software",
            By::Person => "checked by a person",
            By::Unknown => "by whom is not said",
        }
    }
}

/// One label of one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The picture, as the file calls it: a path, the end of one, or an id.
    pub picture: String,
    /// What is said to be on it.
    pub what: String,
    /// How sure the software was, 0 to 1, in thousandths.
    pub sure: Option<u16>,
    /// Who said so.
    pub by: By,
}

/// What a file of labels holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelsRead {
    /// Its kind.
    pub format: LabelFormat,
    /// Labels.
    pub labels: u64,
    /// Of these, checked by a person.
    pub by_person: u64,
    /// Of these, by software alone.
    pub by_machine: u64,
    /// Rows that could not be understood.
    pub left_out: u64,
    /// The software, as far as the file names it.
    pub software: Option<String>,
}

impl LabelsRead {
    fn new(format: LabelFormat) -> LabelsRead {
        LabelsRead { format, labels: 0, by_person: 0, by_machine: 0, left_out: 0, software: None }
    }

    fn count(&mut self, by: By) {
        self.labels += 1;
        match by {
            By::Machine => self.by_machine += 1,
            By::Person => self.by_person += 1,
            By::Unknown => {}
        }
    }
}

/// Why a file of labels cannot be read to its end.
#[derive(Debug, Error)]
pub enum LabelError {
    /// Reading failed, or the file is longer than it may be.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It begins as one and then is none.
    #[error("{0}")]
    Form(String),
}

/// Takes each label; `false` stops the reading.
pub type Each<'a> = &'a mut dyn FnMut(&Label) -> bool;

/// Reads a file of labels. `None` if it is none: another JSON, a table without pictures, anything else.
pub fn read_labels(path: &Path, each: Each<'_>) -> Result<Option<LabelsRead>, LabelError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let (name, packed) = match name.strip_suffix(".gz") {
        Some(name) => (name.to_owned(), true),
        None => (name, false),
    };
    if ![".json", ".csv", ".tsv", ".txt"].iter().any(|ending| name.ends_with(ending)) {
        return Ok(None);
    }
    let file = File::open(path)?;
    let source: Box<dyn Read> = match packed {
        true => Box::new(MultiGzDecoder::new(BufReader::new(file))),
        false => Box::new(file),
    };
    let source = BufReader::with_capacity(1 << 16, source.take(MAX_BYTES));
    match name.ends_with(".json") {
        true => megadetector::read(source, each),
        false => tables::read(source, path, each),
    }
}
