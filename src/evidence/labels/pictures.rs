//! Which rows of a manifest the pictures of a file of labels are.
//!
//! Tables call a picture by its path as it was on somebody's disk, in whole or in part. A row is meant if its
//! path ends with that name, or that name ends with the row's path; a bare file name counts only where one
//! row alone ends so, since every camera has an IMG_0001.JPG.

use std::collections::{BTreeMap, HashSet};

use crate::evidence::path::RowPath;
use crate::tlog::hash::Hash;

/// Names of pictures, kept as eight bytes each.
#[derive(Debug, Default)]
pub struct PictureNames {
    /// Whole names.
    names: HashSet<u64>,
    /// What names end with, from two parts on.
    endings: HashSet<u64>,
}

/// Rows met by names.
#[derive(Debug, Default)]
pub struct RowsMet {
    rows: Vec<u64>,
    met: HashSet<u64>,
    /// By bare file name: the only row so far, or none if there are several.
    bare: BTreeMap<u64, Option<u64>>,
}

impl PictureNames {
    /// Ceiling of names: as many pictures as the largest survey.
    pub const MAX: usize = 4_000_000;

    /// Takes the name of a picture; `false` once there are too many.
    pub fn add(&mut self, name: &str) -> bool {
        let name = tidy(name);
        if name.is_empty() {
            return true;
        }
        self.names.insert(short(name.as_bytes()));
        let mut rest = name.as_str();
        while let Some((_, ending)) = rest.split_once('/') {
            if ending.contains('/') {
                self.endings.insert(short(ending.as_bytes()));
            }
            rest = ending;
        }
        self.names.len() < PictureNames::MAX
    }

    /// Notes a row whose picture has this id in its data package.
    pub fn meet_id(&self, row: u64, id: &str, met: &mut RowsMet) {
        let name = short(id.as_bytes());
        if self.names.contains(&name) {
            met.take(row, name);
        }
    }

    /// How many pictures are named.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Notes a row if a name means it.
    pub fn meet(&self, row: u64, path: &RowPath, met: &mut RowsMet) {
        let path = path.as_bytes();
        if self.endings.contains(&short(path)) {
            met.take(row, short(path));
            return;
        }
        let mut rest = path;
        loop {
            let name = short(rest);
            if self.names.contains(&name) {
                match rest.contains(&b'/') || rest.len() == path.len() {
                    true => met.take(row, name),
                    // A bare name: alone it will do.
                    false => {
                        let only = met.bare.entry(name).or_insert(Some(row));
                        if *only != Some(row) {
                            *only = None;
                        }
                    }
                }
                return;
            }
            match rest.iter().position(|byte| *byte == b'/') {
                Some(at) => rest = &rest[at + 1..],
                None => return,
            }
        }
    }
}

impl RowsMet {
    fn take(&mut self, row: u64, name: u64) {
        self.rows.push(row);
        self.met.insert(name);
    }

    /// The rows, ascending, and how many names met one.
    pub fn finish(mut self) -> (Vec<u64>, usize) {
        for (name, row) in self.bare {
            if let Some(row) = row {
                self.rows.push(row);
                self.met.insert(name);
            }
        }
        self.rows.sort_unstable();
        self.rows.dedup();
        (self.rows, self.met.len())
    }
}

/// With `/` between parts, and nothing in front that is no part.
pub(super) fn tidy(name: &str) -> String {
    let name = name.replace('\\', "/");
    let name = name.trim_start_matches("./").trim_start_matches('/');
    match name.split_once(":/") {
        Some((drive, rest)) if drive.len() == 1 => rest.to_owned(),
        _ => name.to_owned(),
    }
}

fn short(name: &[u8]) -> u64 {
    u64::from_be_bytes(*Hash::of(name).0.first_chunk().expect("a digest has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(names: &[&str], paths: &[&str]) -> (Vec<u64>, usize) {
        let mut pictures = PictureNames::default();
        names.iter().for_each(|name| assert!(pictures.add(name)));
        let mut met = RowsMet::default();
        for (row, path) in (0..).zip(paths) {
            pictures.meet(row, &RowPath::new(path.as_bytes()).unwrap(), &mut met);
        }
        met.finish()
    }

    #[test]
    fn names_mean_rows_by_how_they_end() {
        let paths = ["2026/cam1/IMG_1.JPG", "2026/cam2/IMG_1.JPG", "2026/cam2/IMG_2.JPG"];
        assert_eq!(met(&["cam2/IMG_1.JPG"], &paths), (vec![1], 1));
        assert_eq!(met(&[r"C:\data\2026\cam1\IMG_1.JPG"], &paths), (vec![0], 1));
        assert_eq!(met(&["./2026/cam1/IMG_1.JPG", "cam9/IMG_1.JPG"], &paths), (vec![0], 1));
        // Two cameras have an IMG_1; only one an IMG_2.
        assert_eq!(met(&["IMG_1.JPG", "IMG_2.JPG"], &paths), (vec![2], 1));
        assert_eq!(met(&["MG_1.JPG", "am2/IMG_2.JPG", ""], &paths), (vec![], 0));
        assert_eq!(met(&["a.jpg"], &["a.jpg"]), (vec![0], 1));
    }
}
