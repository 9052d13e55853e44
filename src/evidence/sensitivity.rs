//! Species whose places must not be told exactly, and how exactly they may be.
//!
//! ```toml
//! format = "treering/sensitivity/v1"
//! title = "Sensitive species of the reserve"
//! review = "2028-03-01"              # when somebody should look at the list again
//!
//! [[taxon]]
//! name = "Panthera onca"             # stands for its subspecies too; a genus for its species
//! category = 1                       # 1 extreme, 2 high, 3 medium, 4 low
//!
//! [[taxon]]
//! name = "Cypripedium calceolus"
//! category = 3
//! step = "0.1"                       # coarser than the category's, in degrees, or "withhold"
//! ```
//!
//! Categories and steps are those of GBIF's guide on sensitive species (Chapman 2020): 1, 0.1, 0.01 and
//! 0.001 degree. A place is told as the cell of that grid it lies in. It is never moved at random: whoever
//! sees the same place moved several times finds its middle, and a place that was moved looks exact.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;
use thiserror::Error;

use super::formats::exif::Place;
use super::summary::Positions;
use crate::statement::bodies::evidence as statement;

/// The first line's `format`.
pub const FORMAT: &str = "treering/sensitivity/v1";

/// Ceiling of a list's file: a hundred thousand taxa.
pub const MAX_BYTES: usize = 16 << 20;

/// How exactly a place may be told. Ordered from exact to not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exactness {
    /// To the cell of a grid of this many millionths of a degree.
    Grid(i64),
    /// Not at all.
    Withhold,
}

/// A category of GBIF's guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// 1: extreme. One degree.
    Extreme,
    /// 2: high. A tenth of a degree.
    High,
    /// 3: medium. A hundredth.
    Medium,
    /// 4: low. A thousandth.
    Low,
}

impl Category {
    fn of(number: i64) -> Option<Category> {
        let all = [Category::Extreme, Category::High, Category::Medium, Category::Low];
        all.get(usize::try_from(number.checked_sub(1)?).ok()?).copied()
    }

    /// The step of the grid, in millionths of a degree.
    pub fn step(self) -> i64 {
        match self {
            Category::Extreme => 1_000_000,
            Category::High => 100_000,
            Category::Medium => 10_000,
            Category::Low => 1_000,
        }
    }
}

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taxon {
    /// The scientific name as it was written.
    pub name: String,
    /// How sensitive its places are.
    pub category: Category,
    /// How exactly they may be told.
    pub exactness: Exactness,
}

/// A list of sensitive taxa.
#[derive(Clone, Debug, Default)]
pub struct SensitivityList {
    /// What the list is called.
    pub title: String,
    /// When somebody should look at it again.
    pub review: Option<Date>,
    taxa: BTreeMap<Vec<String>, Taxon>,
}

/// Why a file is no list of sensitive taxa. Names are given as they were written.
#[derive(Debug, Error)]
pub enum SensitivityError {
    /// Longer than [`MAX_BYTES`].
    #[error("it is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// No UTF-8.
    #[error("it is not UTF-8 text")]
    NotText,
    /// No TOML, or fields missing or unknown.
    #[error("{0}")]
    Form(String),
    /// Another format.
    #[error("its format is {0:?}, not {FORMAT:?}")]
    Format(String),
    /// A category that is not 1 to 4.
    #[error("{name}: the category is {category}, not 1 (extreme), 2 (high), 3 (medium) or 4 (low)")]
    Category {
        /// The taxon.
        name: String,
        /// What it has.
        category: i64,
    },
    /// A step that is finer than the category's, or none of the grid's.
    #[error(
        "{name}: the step {step:?} is not 1, 0.1, 0.01, 0.001 or withhold, or finer than its category's"
    )]
    Step {
        /// The taxon.
        name: String,
        /// What it has.
        step: String,
    },
    /// A taxon that stands twice.
    #[error("{0} stands there twice")]
    Twice(String),
    /// An empty name, or one of more than 256 bytes.
    #[error("a taxon has no name, or one that is too long")]
    Name,
    /// A date that is none.
    #[error("review: {0:?} is no date (2028-03-01)")]
    Review(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListForm {
    format: String,
    #[serde(default)]
    title: String,
    review: Option<String>,
    #[serde(default)]
    taxon: Vec<TaxonForm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaxonForm {
    name: String,
    category: i64,
    step: Option<String>,
}

impl SensitivityList {
    /// Reads a list.
    pub fn read(bytes: &[u8]) -> Result<SensitivityList, SensitivityError> {
        if bytes.len() > MAX_BYTES {
            return Err(SensitivityError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| SensitivityError::NotText)?;
        let text = text.trim_start_matches('\u{feff}');
        let form: ListForm =
            toml::from_str(text).map_err(|why| SensitivityError::Form(why.to_string()))?;
        if form.format != FORMAT {
            return Err(SensitivityError::Format(form.format));
        }
        let date = |text: &String| {
            text.parse::<Date>().map_err(|_| SensitivityError::Review(text.clone()))
        };
        let mut list = SensitivityList {
            title: form.title,
            review: form.review.as_ref().map(date).transpose()?,
            taxa: BTreeMap::new(),
        };
        for taxon in form.taxon {
            list.add(taxon)?;
        }
        Ok(list)
    }

    fn add(&mut self, form: TaxonForm) -> Result<(), SensitivityError> {
        let TaxonForm { name, category, step } = form;
        let key = parts(&name);
        if key.is_empty() || name.len() > 256 {
            return Err(SensitivityError::Name);
        }
        let Some(known) = Category::of(category) else {
            return Err(SensitivityError::Category { name, category });
        };
        let usual = Exactness::Grid(known.step());
        let exactness = match step.as_deref() {
            None => usual,
            Some(step) => match exactness(step).filter(|exactness| *exactness >= usual) {
                Some(exactness) => exactness,
                None => return Err(SensitivityError::Step { name, step: step.to_owned() }),
            },
        };
        let taxon = Taxon { name: name.clone(), category: known, exactness };
        match self.taxa.insert(key, taxon) {
            None => Ok(()),
            Some(_) => Err(SensitivityError::Twice(name)),
        }
    }

    /// The list's entry for a name as somebody wrote it: the name itself, a part above it (a genus for its
    /// species), or one below it. `Lynx` on a picture may be the `Lynx pardinus` of the list, so it counts
    /// as that one; of several the most sensitive.
    pub fn find(&self, name: &str) -> Option<&Taxon> {
        let name = parts(name);
        if name.is_empty() {
            return None;
        }
        let above = (1..=name.len()).filter_map(|length| self.taxa.get(&name[..length]));
        let below = self.taxa.range(name.clone()..).take_while(|(key, _)| key.starts_with(&name));
        above.chain(below.map(|(_, taxon)| taxon)).max_by_key(|taxon| taxon.exactness)
    }

    /// How exactly a place may be told where all of these were seen; `None` if none is on the list.
    pub fn exactness<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<Exactness> {
        names.into_iter().filter_map(|name| self.find(name)).map(|taxon| taxon.exactness).max()
    }

    /// The list's names that none of these names met: misspelt, a vernacular name, or simply not seen.
    pub fn not_met<'a>(&self, seen: impl IntoIterator<Item = &'a str>) -> Vec<&str> {
        let seen: Vec<Vec<String>> = seen.into_iter().map(parts).collect();
        let met = |key: &Vec<String>| {
            seen.iter()
                .any(|seen| !seen.is_empty() && (seen.starts_with(key) || key.starts_with(seen)))
        };
        let not_met = self.taxa.iter().filter(|(key, _)| !met(key));
        not_met.map(|(_, taxon)| taxon.name.as_str()).collect()
    }

    /// How many taxa.
    pub fn len(&self) -> usize {
        self.taxa.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.taxa.is_empty()
    }
}

/// The words of a scientific name, for comparing: lower case, without authors, years, ranks or marks.
fn parts(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in name.split_whitespace() {
        let bare = word.trim_matches(|c: char| !c.is_alphabetic());
        let rank = ["subsp.", "ssp.", "var.", "cf.", "aff.", "sp.", "spp.", "×", "x"];
        if bare.is_empty() || rank.contains(&word.to_lowercase().as_str()) {
            continue;
        }
        // After the genus a capital letter or a bracket begins the author; a name all in capitals is one.
        let capital = bare.chars().next().is_some_and(char::is_uppercase);
        let shouted = bare.chars().count() > 2 && !bare.chars().any(char::is_lowercase);
        if !words.is_empty() && (word.starts_with('(') || (capital && !shouted)) {
            break;
        }
        words.push(bare.to_lowercase());
    }
    words
}

fn exactness(step: &str) -> Option<Exactness> {
    Some(match step {
        "1" => Exactness::Grid(1_000_000),
        "0.1" => Exactness::Grid(100_000),
        "0.01" => Exactness::Grid(10_000),
        "0.001" => Exactness::Grid(1_000),
        "withhold" => Exactness::Withhold,
        _ => return None,
    })
}

/// The cell of the grid that holds a place: what may be told of it. `None` where nothing may.
pub fn generalise(place: Place, exactness: Exactness) -> Option<statement::Place> {
    let Place { latitude, longitude } = place;
    let point =
        Positions { files: 1, south: latitude, west: longitude, north: latitude, east: longitude };
    match exactness {
        Exactness::Grid(step) => point.on_grid(step),
        Exactness::Withhold => None,
    }
}

/// A deployment, as far as it can give another one's place away.
#[derive(Clone, Debug)]
pub struct Spot<'a> {
    /// The id of its location, if the data name one.
    pub location: Option<&'a str>,
    /// Where it stood.
    pub place: Option<Place>,
    /// How exactly its own pictures allow its place to be told; `None` if nothing on them is sensitive.
    pub exactness: Option<Exactness>,
}

/// Spots closer than this in latitude and in longitude are one: a thousandth of a degree, the finest step.
const SAME_SPOT: i32 = 1_000;

/// How exactly each deployment's place may be told, so that none gives another's away: those that share a
/// location's id, or stand within a hundred metres, are all told as the most sensitive one of them.
///
/// Time: n log n but for deployments on the same parallel.
pub fn together(spots: &[Spot<'_>]) -> Vec<Option<Exactness>> {
    let mut groups = Groups((0..spots.len()).collect());
    let mut first_of: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, spot) in spots.iter().enumerate() {
        if let Some(location) = spot.location {
            groups.join(*first_of.entry(location).or_insert(index), index);
        }
    }
    let mut placed: Vec<(Place, usize)> =
        (0..).zip(spots).filter_map(|(i, s)| Some((s.place?, i))).collect();
    placed.sort_by_key(|(place, _)| place.latitude);
    for (at, (place, index)) in placed.iter().enumerate() {
        let near = placed[at + 1..]
            .iter()
            .take_while(|(other, _)| other.latitude.abs_diff(place.latitude) < SAME_SPOT as u32);
        for (other, other_index) in near {
            if other.longitude.abs_diff(place.longitude) < SAME_SPOT as u32 {
                groups.join(*index, *other_index);
            }
        }
    }
    let mut worst: BTreeMap<usize, Exactness> = BTreeMap::new();
    for (index, spot) in spots.iter().enumerate() {
        if let Some(exactness) = spot.exactness {
            let group = worst.entry(groups.of(index)).or_insert(exactness);
            *group = exactness.max(*group);
        }
    }
    (0..spots.len()).map(|index| worst.get(&groups.of(index)).copied()).collect()
}

/// Which of the spots belong together: each points at another of its group, the first at itself.
struct Groups(Vec<usize>);

impl Groups {
    fn of(&mut self, mut index: usize) -> usize {
        while self.0[index] != index {
            self.0[index] = self.0[self.0[index]];
            index = self.0[index];
        }
        index
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests;
