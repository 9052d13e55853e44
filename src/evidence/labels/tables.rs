//! Labels in tables: Camtrap DP, Wildlife Insights, and whatever names a file and a label in columns.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder, Trim};

use super::lines::Lines;
use super::{By, Each, Label, LabelError, LabelFormat, LabelsRead};

/// Ceiling of columns: real tables have tens.
const MAX_COLUMNS: usize = 4_096;

/// Ceiling of media ids kept to find their files: 100 bytes each.
const MAX_MEDIA: usize = 2_000_000;

/// Columns by what they are called.
struct Columns(HashMap<String, usize>);

impl Columns {
    fn of(headers: &ByteRecord) -> Columns {
        let name = |field: &[u8]| {
            let name = String::from_utf8_lossy(field).to_lowercase();
            name.trim_start_matches('\u{feff}').replace([' ', '_', '-'], "")
        };
        Columns(headers.iter().map(name).zip(0..).collect())
    }

    fn any(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.0.get(*name).copied())
    }
}

const FILES: [&str; 9] = [
    "filepath",
    "filename",
    "file",
    "path",
    "image",
    "imagename",
    "imagepath",
    "relativepath",
    "mediafile",
];
const LABELS: [&str; 9] = [
    "scientificname",
    "species",
    "label",
    "class",
    "prediction",
    "category",
    "commonname",
    "taxon",
    "detection",
];
const METHODS: [&str; 4] = ["classificationmethod", "method", "identifiedby", "classifiedby"];
const SURE: [&str; 6] =
    ["classificationprobability", "cvconfidence", "confidence", "conf", "probability", "score"];

/// Reads a table. `None` if its columns are none of labels.
pub fn read(
    source: impl Read,
    path: &Path,
    each: Each<'_>,
) -> Result<Option<LabelsRead>, LabelError> {
    let delimiter =
        if path.to_string_lossy().to_lowercase().contains(".tsv") { b'\t' } else { b',' };
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .trim(Trim::All)
        .delimiter(delimiter)
        .from_reader(Lines::new(source));
    let Ok(headers) = reader.byte_headers().cloned() else { return Ok(None) };
    if headers.len() > MAX_COLUMNS {
        return Ok(None);
    }
    let columns = Columns::of(&headers);
    let Some(mut table) = Table::of(&columns) else { return Ok(None) };
    if table.format == LabelFormat::CamtrapDp {
        table.files = files_of_media(&path.with_file_name("media.csv"));
    }
    let mut read = LabelsRead::new(table.format);
    let mut record = ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(false) => return Ok(Some(read)),
            Ok(true) => {}
            Err(why) => return Err(LabelError::Form(why.to_string())),
        }
        match table.label(&record) {
            Some(label) => {
                read.count(label.by);
                if read.software.is_none() && label.by == By::Machine {
                    read.software = table.software(&record);
                }
                if !each(&label) {
                    return Ok(Some(read));
                }
            }
            None => read.left_out += 1,
        }
    }
}

/// Which columns say what.
struct Table {
    format: LabelFormat,
    /// Folder and name, or one column with both.
    picture: (Option<usize>, usize),
    what: Vec<usize>,
    method: Option<usize>,
    classified_by: Option<usize>,
    sure: Option<usize>,
    /// Of Camtrap DP: the file of each media id.
    files: HashMap<String, String>,
}

impl Table {
    fn of(columns: &Columns) -> Option<Table> {
        let any = |names: &[&str]| columns.any(names);
        let table = |format, picture, what: Vec<Option<usize>>| Table {
            format,
            picture,
            what: what.into_iter().flatten().collect(),
            method: any(&METHODS),
            classified_by: any(&["classifiedby"]),
            sure: any(&SURE),
            files: HashMap::new(),
        };
        if let (Some(_), Some(media), Some(kind)) =
            (any(&["observationid"]), any(&["mediaid"]), any(&["observationtype"]))
        {
            let what = vec![any(&["scientificname"]), Some(kind)];
            return Some(table(LabelFormat::CamtrapDp, (None, media), what));
        }
        if let (Some(_), Some(file), Some(_)) =
            (any(&["imageid"]), any(&["filename"]), any(&["identifiedby"]))
        {
            let what = vec![any(&["genus"]), any(&["species"]), any(&["commonname"])];
            return Some(table(LabelFormat::WildlifeInsights, (None, file), what));
        }
        let what = any(&LABELS)?;
        // Timelapse has the folder in one column and the name in another.
        let picture = match (any(&["relativepath"]), any(&["file"])) {
            (Some(folder), Some(file)) => (Some(folder), file),
            _ => (None, any(&FILES)?),
        };
        Some(table(LabelFormat::Table, picture, vec![Some(what)]))
    }

    fn label(&self, record: &ByteRecord) -> Option<Label> {
        let field =
            |at: usize| record.get(at).map(|field| String::from_utf8_lossy(field).into_owned());
        let named = field(self.picture.1).filter(|name| !name.is_empty())?;
        let picture = match self.picture.0.and_then(field).filter(|folder| !folder.is_empty()) {
            Some(folder) => format!("{folder}/{named}"),
            None => self.files.get(&named).cloned().unwrap_or(named),
        };
        let words = self.what.iter().filter_map(|at| field(*at)).filter(|word| !word.is_empty());
        let what = match self.format {
            LabelFormat::WildlifeInsights => {
                let words: Vec<String> = words.take(2).collect();
                words.join(" ")
            }
            _ => words.take(1).collect(),
        };
        let sure = self.sure.and_then(field).and_then(|sure| sure.parse::<f64>().ok());
        let sure = sure.filter(|sure| (0.0..=1.0).contains(sure));
        Some(Label {
            picture,
            what: if what.is_empty() { "nothing named".into() } else { what },
            sure: sure.map(|sure| (sure * 1_000.0) as u16),
            by: self.by(record),
        })
    }

    fn by(&self, record: &ByteRecord) -> By {
        let Some(method) = self.method.and_then(|at| record.get(at)) else { return By::Unknown };
        let method = String::from_utf8_lossy(method).to_lowercase();
        match method.as_str() {
            "" => By::Unknown,
            "human" | "manual" | "person" | "expert" => By::Person,
            "machine" | "ai" | "computer vision" | "model" | "auto" | "automatic" => By::Machine,
            // Wildlife Insights names whoever identified it.
            _ if self.format == LabelFormat::WildlifeInsights => By::Person,
            _ => By::Unknown,
        }
    }

    fn software(&self, record: &ByteRecord) -> Option<String> {
        let name = String::from_utf8_lossy(record.get(self.classified_by?)?).into_owned();
        (!name.is_empty()).then_some(name)
    }
}

/// `media.csv` beside the observations: which file each media id is. Empty if it is not there.
fn files_of_media(path: &Path) -> HashMap<String, String> {
    let mut files = HashMap::new();
    let Ok(file) = std::fs::File::open(path) else { return files };
    let mut reader =
        ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(Lines::new(file));
    let Ok(headers) = reader.byte_headers().cloned() else { return files };
    let columns = Columns::of(&headers);
    let (Some(id), Some(place)) = (columns.any(&["mediaid"]), columns.any(&["filepath"])) else {
        return files;
    };
    let mut record = ByteRecord::new();
    while files.len() < MAX_MEDIA && reader.read_byte_record(&mut record).is_ok_and(|more| more) {
        if let (Some(id), Some(place)) = (record.get(id), record.get(place)) {
            let text = |field| String::from_utf8_lossy(field).into_owned();
            files.insert(text(id), text(place));
        }
    }
    files
}
