//! The catalogue: the indicators that evidence can be given for, as data. `schemas/catalogue.md` tells
//! the file.
//!
//! A catalogue is known by the SHA-256 of its file, which a statement signs beside the ids, so an id
//! means what that file says and no later one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::LazyLock;

use serde::Deserialize;
use thiserror::Error;

use crate::tlog::hash::Hash;

/// The ceiling of a catalogue's file: 200 times the built-in one, texts and all.
pub const MAX_BYTES: usize = 4 << 20;

/// The ceiling of indicators: 200 times what the Green List has.
pub const MAX_INDICATORS: usize = 10_000;

/// The value of `schema` in every catalogue that this version reads.
pub const SCHEMA: &str = "treering.catalogue/1";

const GREEN_LIST: &[u8] = include_bytes!("../../schemas/catalogues/green-list-1.1.json");

/// A catalogue, read and found sound.
#[derive(Clone, Debug)]
pub struct Catalogue {
    digest: Hash,
    contents: Contents,
    /// Criterion and indicator by every id that may be written for the indicator.
    by_id: BTreeMap<String, (usize, usize, usize)>,
}

/// What a catalogue's file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// [`SCHEMA`].
    pub schema: String,
    /// Short name: `green-list-1.1`.
    pub id: String,
    /// Full name.
    pub title: String,
    /// When the standard was approved, year and month.
    pub approved: String,
    /// Language of the texts (BCP 47).
    pub language: String,
    /// Where it applies, if it was adapted for a jurisdiction.
    #[serde(default)]
    pub jurisdiction: Option<String>,
    /// SHA-256 of the catalogue it was adapted from, in hexadecimal.
    #[serde(default)]
    pub parent: Option<String>,
    /// Whose words the texts are: `official`, `unofficial paraphrases`, …
    pub texts: String,
    /// What a reader should know before relying on it.
    pub notice: String,
    /// The words used in [`Indicator::certainty`], with their meaning.
    pub certainty: Vec<Certainty>,
    /// The parts of the standard.
    pub components: Vec<Component>,
}

/// How sure the catalogue is of an indicator.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certainty {
    /// The word.
    pub value: String,
    /// What it means.
    pub means: String,
}

/// A component of the standard: `1`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its number.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its criteria.
    pub criteria: Vec<Criterion>,
}

/// A criterion: `1.1`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Component and number.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its indicators.
    pub indicators: Vec<Indicator>,
}

/// An indicator: `1.1.1`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// Criterion and number: what statements carry.
    pub id: String,
    /// The standard's own id, where it has another.
    #[serde(default)]
    pub official_id: Option<String>,
    /// What it asks for.
    pub text: String,
    /// How sure the catalogue is of it.
    pub certainty: String,
    /// Where it was found.
    pub source: String,
    /// What could show that it is met.
    #[serde(default)]
    pub means_of_verification: Option<String>,
}

/// Why a catalogue is not taken.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// The file cannot be read.
    #[error("the catalogue cannot be read: {0}")]
    Io(#[from] io::Error),
    /// More than [`MAX_BYTES`].
    #[error("a catalogue has at most {MAX_BYTES} bytes")]
    TooLong,
    /// Not JSON, or with other fields.
    #[error("the file is not a catalogue: {0}")]
    Json(#[from] serde_json::Error),
    /// Of another version.
    #[error("the catalogue is of schema {0:?}; this program reads {SCHEMA:?}")]
    Schema(String),
    /// More than [`MAX_INDICATORS`].
    #[error("a catalogue has at most {MAX_INDICATORS} indicators")]
    TooMany,
    /// An id that is malformed or not below the one above it.
    #[error(
        "the catalogue has {0:?} where an id of 1 to 64 letters, digits, dots and dashes should stand, beginning like the one above it"
    )]
    Id(String),
    /// A parent that is no digest.
    #[error("the catalogue's parent {0:?} is not a SHA-256 of 64 lower-case hexadecimal digits")]
    Parent(String),
    /// An id that stands for two indicators.
    #[error("the catalogue has the id {0:?} twice")]
    Twice(String),
    /// A word in `certainty` that the catalogue does not explain.
    #[error("the catalogue does not say what certainty {0:?} means")]
    Certainty(String),
}

/// Ids that are no indicators of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{catalogue} has no indicator {id}{hint}", hint = self.hint())]
pub struct UnknownIndicator {
    /// The catalogue's short name.
    pub catalogue: String,
    /// The id that was asked for.
    pub id: String,
    /// Ids of indicators that may have been meant.
    pub near: Vec<String>,
}

impl UnknownIndicator {
    fn hint(&self) -> String {
        match &self.near[..] {
            [] => String::new(),
            near => format!("; there are {}", near.join(", ")),
        }
    }
}

impl Catalogue {
    /// The catalogue that ships with this program: the Green List 1.1, in unofficial paraphrases.
    pub fn built_in() -> &'static Catalogue {
        static BUILT_IN: LazyLock<Catalogue> = LazyLock::new(|| {
            Catalogue::read(GREEN_LIST).expect("catalogue: our own must be sound")
        });
        &BUILT_IN
    }

    /// Reads a catalogue from a file.
    pub fn load(place: &Path) -> Result<Catalogue, CatalogueError> {
        let mut bytes = Vec::new();
        File::open(place)?.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
        Catalogue::read(&bytes)
    }

    /// Reads a catalogue from the bytes of its file.
    pub fn read(bytes: &[u8]) -> Result<Catalogue, CatalogueError> {
        if bytes.len() > MAX_BYTES {
            return Err(CatalogueError::TooLong);
        }
        let contents: Contents = serde_json::from_slice(bytes)?;
        if contents.schema != SCHEMA {
            return Err(CatalogueError::Schema(contents.schema));
        }
        let by_id = index(&contents)?;
        Ok(Catalogue { digest: Hash::of(bytes), contents, by_id })
    }

    /// SHA-256 of the file: what statements sign.
    pub fn digest(&self) -> Hash {
        self.digest
    }

    /// SHA-256 of the catalogue it was adapted from, if it was.
    pub fn parent(&self) -> Option<Hash> {
        self.contents.parent.as_deref().and_then(Hash::from_hex)
    }

    /// What the file says.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Every indicator, in the order of the file.
    pub fn indicators(&self) -> impl Iterator<Item = &Indicator> {
        let criteria = self.contents.components.iter().flat_map(|c| &c.criteria);
        criteria.flat_map(|criterion| &criterion.indicators)
    }

    /// The indicator with this id, the catalogue's own or the standard's.
    pub fn indicator(&self, id: &str) -> Option<&Indicator> {
        let &(component, criterion, indicator) = self.by_id.get(id)?;
        Some(&self.contents.components[component].criteria[criterion].indicators[indicator])
    }

    /// The catalogue's ids for what a person wrote: ascending by bytes, none twice.
    pub fn check<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<String>, UnknownIndicator> {
        let mut known = BTreeSet::new();
        for id in ids {
            let id = id.trim();
            match self.indicator(id) {
                Some(indicator) => known.insert(indicator.id.clone()),
                None => return Err(self.unknown(id)),
            };
        }
        Ok(known.into_iter().collect())
    }

    /// For a criterion or component its indicators; for a wrong number the others of its criterion.
    fn unknown(&self, id: &str) -> UnknownIndicator {
        let below = |above: &str| -> Vec<String> {
            let is_below = |other: &&Indicator| is_below(&other.id, above);
            self.indicators().filter(is_below).map(|indicator| indicator.id.clone()).collect()
        };
        let mut above = id;
        let mut near = below(above);
        while near.is_empty()
            && let Some(dot) = above.rfind('.')
        {
            above = &above[..dot];
            near = below(above);
        }
        let catalogue = self.contents.id.clone();
        UnknownIndicator { catalogue, id: id.to_owned(), near }
    }
}

fn is_below(id: &str, above: &str) -> bool {
    id.strip_prefix(above).is_some_and(|rest| rest.len() > 1 && rest.starts_with('.'))
}

fn index(contents: &Contents) -> Result<BTreeMap<String, (usize, usize, usize)>, CatalogueError> {
    let good = |id: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
        (1..=64).contains(&id.len()) && id.bytes().all(plain)
    };
    let refuse = |id: &str| Err(CatalogueError::Id(id.to_owned()));
    let certainties: BTreeSet<&str> =
        contents.certainty.iter().map(|certainty| certainty.value.as_str()).collect();
    let mut by_id = BTreeMap::new();
    let mut count = 0;
    if !good(&contents.id) {
        return refuse(&contents.id);
    }
    if let Some(parent) = contents.parent.as_ref().filter(|hex| Hash::from_hex(hex).is_none()) {
        return Err(CatalogueError::Parent(parent.clone()));
    }
    for (c, component) in contents.components.iter().enumerate() {
        if !good(&component.id) {
            return refuse(&component.id);
        }
        for (r, criterion) in component.criteria.iter().enumerate() {
            if !good(&criterion.id) || !is_below(&criterion.id, &component.id) {
                return refuse(&criterion.id);
            }
            for (i, indicator) in criterion.indicators.iter().enumerate() {
                if !good(&indicator.id) || !is_below(&indicator.id, &criterion.id) {
                    return refuse(&indicator.id);
                }
                if !certainties.contains(indicator.certainty.as_str()) {
                    return Err(CatalogueError::Certainty(indicator.certainty.clone()));
                }
                count += 1;
                if count > MAX_INDICATORS {
                    return Err(CatalogueError::TooMany);
                }
                for id in
                    [Some(&indicator.id), indicator.official_id.as_ref()].into_iter().flatten()
                {
                    if !good(id) {
                        return refuse(id);
                    }
                    if by_id.insert(id.clone(), (c, r, i)).is_some() {
                        return Err(CatalogueError::Twice(id.clone()));
                    }
                }
            }
        }
    }
    Ok(by_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_catalogue_is_the_green_list() {
        let catalogue = Catalogue::built_in();
        let contents = catalogue.contents();
        assert_eq!(contents.id, "green-list-1.1");
        assert_eq!(contents.components.len(), 4);
        let criteria = contents.components.iter().flat_map(|component| &component.criteria);
        assert_eq!(criteria.count(), 17);
        assert_eq!(catalogue.indicators().count(), 50);
        assert_eq!(contents.texts, "unofficial paraphrases");
        assert_eq!(catalogue.digest(), Hash::of(GREEN_LIST));
        // Signed in every evidence statement that names an indicator: a change of this file is a
        // new catalogue, and the old one must stay readable.
        assert_eq!(
            catalogue.digest().to_string(),
            "2fef8b3de6249ae103c09e903face4c26c7f4800f4ea056dad3413a287a78e69"
        );
    }

    #[test]
    fn ids_are_checked_sorted_and_said_once() {
        let catalogue = Catalogue::built_in();
        let ids = catalogue.check(["3.7.1", " 1.1.2", "GLS-V1.1-3.7.1", "1.1.2"]);
        assert_eq!(ids, Ok(vec!["1.1.2".to_owned(), "3.7.1".to_owned()]));
        assert_eq!(catalogue.check([]), Ok(vec![]));
        assert_eq!(catalogue.indicator("1.1.1").unwrap().certainty, "text");
    }

    #[test]
    fn an_unknown_id_is_answered_with_near_ones() {
        let near = |id| {
            let unknown = Catalogue::built_in().check([id]).unwrap_err();
            assert_eq!(unknown.id, id);
            unknown.near
        };
        assert_eq!(near("1.3"), ["1.3.1", "1.3.2", "1.3.3"]);
        assert_eq!(near("1.3.9"), ["1.3.1", "1.3.2", "1.3.3"]);
        assert_eq!(near("9.9.9"), [""; 0]);
        assert_eq!(near("tiger"), [""; 0]);
        let said = Catalogue::built_in().check(["1.3"]).unwrap_err().to_string();
        assert_eq!(said, "green-list-1.1 has no indicator 1.3; there are 1.3.1, 1.3.2, 1.3.3");
    }

    fn with(find: &str, replace: &str) -> Result<Catalogue, CatalogueError> {
        let text = String::from_utf8(GREEN_LIST.to_vec()).unwrap();
        assert!(text.contains(find), "{find}");
        Catalogue::read(text.replacen(find, replace, 1).as_bytes())
    }

    #[test]
    fn other_files_are_refused() {
        use CatalogueError::*;
        assert!(with("Good Governance", "Gute Führung").is_ok());
        assert!(matches!(with("catalogue/1", "catalogue/2"), Err(Schema(_))));
        assert!(matches!(with("\"title\"", "\"titel\""), Err(Json(_))));
        assert!(matches!(with("\"id\": \"1\",", "\"id\": \"1\", \"id\": \"1\","), Err(Json(_))));
        assert!(matches!(with("\"1.1.1\"", "\"1.2.1\""), Err(Id(_))));
        assert!(matches!(with("\"1.1.1\"", "\"1.1.\""), Err(Id(_))));
        assert!(matches!(with("\"1.1.1\"", "\"1.1.1 \""), Err(Id(_))));
        assert!(matches!(with("\"1.1.1\"", "\"1.1.2\""), Err(Twice(_))));
        assert!(matches!(with("GLS-V1.1-1.1.1", "GLS-V1.1-1.1.2"), Err(Twice(_))));
        assert!(matches!(with("\"value\": \"topic\"", "\"value\": \"maybe\""), Err(Certainty(_))));
        let with_parent = |hex: &str| {
            with(
                "\"language\": \"en\",",
                &format!("\"language\": \"rm\", \"jurisdiction\": \"CHE\", \"parent\": \"{hex}\","),
            )
        };
        let adapted = with_parent(&Hash::of(GREEN_LIST).to_string()).unwrap();
        assert_eq!(adapted.parent(), Some(Hash::of(GREEN_LIST)));
        assert_eq!(adapted.contents().jurisdiction.as_deref(), Some("CHE"));
        assert!(matches!(with_parent("2FEF"), Err(Parent(_))));
        assert!(matches!(Catalogue::read(&vec![b' '; MAX_BYTES + 1]), Err(TooLong)));
        assert!(matches!(Catalogue::read(b"[]"), Err(Json(_))));
    }

    #[test]
    fn the_example_of_the_page_is_a_catalogue() {
        let page = include_str!("../../schemas/catalogue.md");
        let example = page.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
        let catalogue = Catalogue::read(example.as_bytes()).unwrap();
        assert_eq!(catalogue.check(["1.1.1"]), Ok(vec!["1.1.1".to_owned()]));
    }

    #[test]
    fn another_catalogue_is_loaded_from_its_file() {
        let top = tempfile::tempdir().unwrap();
        let place = top.path().join("c.json");
        let text = String::from_utf8(GREEN_LIST.to_vec()).unwrap().replace("green-list", "park");
        std::fs::write(&place, &text).unwrap();
        let loaded = Catalogue::load(&place).unwrap();
        assert_eq!(loaded.contents().id, "park-1.1");
        assert_eq!(loaded.digest(), Hash::of(text.as_bytes()));
        assert!(matches!(Catalogue::load(&top.path().join("none")), Err(CatalogueError::Io(_))));
    }
}
