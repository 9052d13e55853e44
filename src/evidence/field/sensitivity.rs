//! Species whose places are told roughly or not at all, after GBIF's guide to sensitive species
//! (Chapman 2020): coordinates are put on a grid, never shifted at random.
//!
//! The list is a table with the columns `taxon`, `category` (1 extreme to 4 low) and `step` in
//! degrees; either of the last two may be left out. A taxon of one word stands for its whole genus.

use std::io::Read;

use crate::evidence::formats::delimited::Table;
use crate::evidence::formats::facts::{Facts, one_line};

/// The ceiling of a list: all threatened species of the world, twice.
const MAX_TAXA: usize = 200_000;

/// A list of sensitive species.
#[derive(Clone, Debug, Default)]
pub struct Sensitivity(Vec<Taxon>);

#[derive(Clone, Debug)]
struct Taxon {
    name: String,
    shown_as: String,
    /// Millionths of a degree; `None`: no place at all.
    step: Option<i64>,
}

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SensitivityError {
    /// Not a table with a column `taxon` and one of the others.
    #[error("it is not a table with the columns taxon and category or step")]
    Columns,
    /// A category that is none, or a step that no grid has.
    #[error("row {0}: a category is 1 to 4, a step is 1, 0.1, 0.01 or 0.001 degree")]
    Step(u64),
    /// More rows than [`MAX_TAXA`].
    #[error("it has more than {MAX_TAXA} rows")]
    TooLong,
    /// It cannot be read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl Sensitivity {
    /// Reads a list.
    pub fn parse(stream: impl Read) -> Result<Sensitivity, SensitivityError> {
        let mut facts = Facts::default();
        let Some(mut table) = Table::open(stream, None, &mut facts)? else {
            return Err(SensitivityError::Columns);
        };
        let taxon = table.column(&["taxon", "scientificName"]);
        let (category, step) = (table.column(&["category"]), table.column(&["step"]));
        if taxon.is_none() || (category.is_none() && step.is_none()) {
            return Err(SensitivityError::Columns);
        }
        let mut all = Vec::new();
        while let Some(row) = table.next_row(&mut facts)? {
            let number = row.number;
            let Some(name) = row.text(taxon).and_then(|name| one_line(&name)) else { continue };
            if all.len() >= MAX_TAXA {
                return Err(SensitivityError::TooLong);
            }
            let step = match (row.text(step).as_deref(), row.text(category).as_deref()) {
                (Some("none"), _) => None,
                (Some(text), _) => Some(grid(text).ok_or(SensitivityError::Step(number))?),
                (None, Some("1")) => None,
                (None, Some("2")) => Some(100_000),
                (None, Some("3")) => Some(10_000),
                (None, Some("4")) => Some(1_000),
                _ => return Err(SensitivityError::Step(number)),
            };
            all.push(Taxon { name: name.to_lowercase(), shown_as: name, step });
        }
        Ok(Sensitivity(all))
    }

    fn find(&self, species: &str) -> Option<&Taxon> {
        let species = species.to_lowercase();
        let fits = |taxon: &&Taxon| {
            species == taxon.name
                || species.strip_prefix(&taxon.name).is_some_and(|rest| rest.starts_with(' '))
        };
        // Of several, the one that tells least.
        self.0.iter().filter(fits).max_by_key(|taxon| taxon.step.unwrap_or(i64::MAX))
    }

    /// Whether the list has a species, its genus, or the species of a subspecies.
    pub fn covers(&self, species: &str) -> bool {
        self.find(species).is_some()
    }

    /// The step for a species on the list, millionths of a degree; the inner `None`: no place.
    pub fn step(&self, species: &str) -> Option<Option<i64>> {
        self.find(species).map(|taxon| taxon.step)
    }

    /// Names on the list that none of these species bears.
    pub fn unknown(&self, species: &[&String]) -> Vec<&str> {
        let species: Vec<String> = species.iter().map(|name| name.to_lowercase()).collect();
        let known = |taxon: &Taxon| {
            species.iter().any(|name| {
                *name == taxon.name
                    || name.strip_prefix(&taxon.name).is_some_and(|rest| rest.starts_with(' '))
            })
        };
        self.0.iter().filter(|taxon| !known(taxon)).map(|taxon| taxon.shown_as.as_str()).collect()
    }
}

/// GBIF's steps, millionths of a degree.
fn grid(text: &str) -> Option<i64> {
    Some(match text {
        "1" | "1.0" => 1_000_000,
        "0.1" => 100_000,
        "0.01" => 10_000,
        "0.001" => 1_000,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn species_genera_and_steps() {
        let list =
            "taxon,category,step\nPanthera onca,2,\nPanthera,,1\nManis javanica,1,\nNyctea,4,\n";
        let list = Sensitivity::parse(list.as_bytes()).unwrap();
        assert_eq!(list.step("Panthera onca"), Some(Some(1_000_000)));
        assert_eq!(list.step("PANTHERA pardus"), Some(Some(1_000_000)));
        assert_eq!(list.step("Manis javanica"), Some(None));
        assert_eq!((list.step("Pantherina x"), list.covers("Vulpes vulpes")), (None, false));
        let shown = ["Panthera onca".to_owned()];
        assert_eq!(list.unknown(&shown.iter().collect::<Vec<_>>()), ["Manis javanica", "Nyctea"]);
        for wrong in ["name\nx\n", "taxon,category\nx,5\n", "taxon,step\nx,0.3\n", ""] {
            assert!(Sensitivity::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
