//! MegaDetector's results: one JSON of all pictures, read picture by picture.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use serde::Deserialize;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{By, Each, Label, LabelError, LabelFormat, LabelsRead};

/// Reads them. A JSON without `images` is something else.
pub fn read(source: impl Read, each: Each<'_>) -> Result<Option<LabelsRead>, LabelError> {
    let mut state = State {
        each,
        read: LabelsRead::new(LabelFormat::MegaDetector),
        categories: usual_categories(),
        has_images: false,
        stopped: false,
    };
    let mut json = serde_json::Deserializer::from_reader(source);
    let done = Whole(&mut state).deserialize(&mut json);
    match (done, state.has_images) {
        (_, false) => Ok(None),
        (Ok(()), true) => Ok(Some(state.read)),
        (Err(_), true) if state.stopped => Ok(Some(state.read)),
        (Err(why), true) => Err(LabelError::Form(why.to_string())),
    }
}

struct State<'a> {
    each: Each<'a>,
    read: LabelsRead,
    categories: BTreeMap<String, String>,
    has_images: bool,
    stopped: bool,
}

/// What MegaDetector's numbers mean where the file does not say it before its pictures.
fn usual_categories() -> BTreeMap<String, String> {
    [("1", "animal"), ("2", "person"), ("3", "vehicle")]
        .into_iter()
        .map(|(number, word)| (number.to_owned(), word.to_owned()))
        .collect()
}

#[derive(Deserialize)]
struct Image {
    file: String,
    #[serde(default)]
    detections: Option<Vec<Detection>>,
}

#[derive(Deserialize)]
struct Detection {
    category: String,
    conf: f64,
}

#[derive(Deserialize)]
struct Info {
    #[serde(default)]
    detector: Option<String>,
}

impl State<'_> {
    fn take(&mut self, image: Image) -> bool {
        let detections = image.detections.unwrap_or_default();
        // Below a fifth MegaDetector's own tools show nothing; an empty picture is a label, too.
        let mut seen: Vec<&Detection> = detections.iter().filter(|d| d.conf >= 0.2).collect();
        seen.sort_by(|a, b| b.conf.total_cmp(&a.conf));
        if seen.is_empty() {
            return self.say(&image.file, "empty".into(), None);
        }
        for detection in seen {
            let word = self.categories.get(&detection.category);
            let word = word.unwrap_or(&detection.category).clone();
            let sure = (detection.conf.clamp(0.0, 1.0) * 1_000.0) as u16;
            if !self.say(&image.file, word, Some(sure)) {
                return false;
            }
        }
        true
    }

    fn say(&mut self, file: &str, what: String, sure: Option<u16>) -> bool {
        self.read.count(By::Machine);
        let label = Label { picture: file.to_owned(), what, sure, by: By::Machine };
        let go_on = (self.each)(&label);
        self.stopped |= !go_on;
        go_on
    }
}

struct Whole<'a, 'b>(&'a mut State<'b>);

impl<'de> DeserializeSeed<'de> for Whole<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Whole<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with images")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "images" => map.next_value_seed(Images(self.0))?,
                "detection_categories" => {
                    self.0.categories.extend(map.next_value::<BTreeMap<String, String>>()?)
                }
                "info" => self.0.read.software = map.next_value::<Info>()?.detector,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct Images<'a, 'b>(&'a mut State<'b>);

impl<'de> DeserializeSeed<'de> for Images<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Images<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of images")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut images: A) -> Result<(), A::Error> {
        while let Some(image) = images.next_element::<Image>()? {
            self.0.has_images = true;
            if !self.0.take(image) {
                return Err(serde::de::Error::custom("told to stop"));
            }
        }
        self.0.has_images = true;
        Ok(())
    }
}
