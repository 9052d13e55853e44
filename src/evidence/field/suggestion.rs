//! Which indicators of the Green List a batch may bear on, by what is in it. A suggestion only: what
//! evidence is worth for an indicator is judged by people.

use std::collections::{BTreeMap, BTreeSet};

/// Ids of the built-in catalogue for the media types and formats of a batch.
pub fn indicators(
    media_types: &BTreeMap<String, u64>,
    formats: &BTreeMap<String, u64>,
    from_devices: u64,
) -> Vec<&'static str> {
    let mut all = BTreeSet::new();
    let mut add = |ids: &[&'static str]| all.extend(ids.iter().copied());
    for format in formats.keys() {
        match format.split('/').next().unwrap_or_default() {
            // Threats, monitoring, the state of natural values.
            "camtrap-dp" | "wildlife-insights" | "movebank" => add(&["3.4.1", "3.7.1", "4.1.1"]),
            "guano" | "audiomoth" | "bext" | "wave" => add(&["3.7.1", "4.1.1"]),
            "darwin-core-archive" => add(&["2.1.1", "4.1.1"]),
            // Patrols: threats and law enforcement.
            "smart" | "earthranger" => add(&["3.4.1", "3.5.1"]),
            "log" => add(&["3.4.1", "3.7.1"]),
            "geotiff" => add(&["3.2.1", "3.4.1"]),
            _ => {}
        }
    }
    let pictures = media_types.keys().any(|kind| kind.starts_with("image/"));
    if pictures && from_devices > 0 {
        add(&["3.4.1", "3.7.1", "4.1.1"]);
    }
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::catalogue::Catalogue;

    #[test]
    fn only_ids_of_the_catalogue() {
        let formats = [
            "camtrap-dp/1.0.2",
            "movebank/events",
            "guano/1.0",
            "darwin-core-archive",
            "smart/patrol",
            "log/fire",
            "geotiff",
            "table",
        ];
        let formats = formats.iter().map(|format| ((*format).to_owned(), 1)).collect();
        let ids = indicators(&BTreeMap::new(), &formats, 0);
        assert!(Catalogue::built_in().check(ids.iter().copied()).is_ok());
        assert!(indicators(&BTreeMap::new(), &BTreeMap::new(), 0).is_empty());
        let pictures = BTreeMap::from([("image/jpeg".to_owned(), 3)]);
        assert_eq!(indicators(&pictures, &BTreeMap::new(), 3), ["3.4.1", "3.7.1", "4.1.1"]);
        assert!(indicators(&pictures, &BTreeMap::new(), 0).is_empty());
    }
}
