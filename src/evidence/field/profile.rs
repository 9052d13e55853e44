//! Loggers and photo series described in a small file, so that any of them can be taken without
//! code: `schemas/profile.md` tells the keys.
//!
//! ```toml
//! [[log]]
//! files = "*.csv"
//! kind = "elephant-early-warning"
//! time = "Event Time"
//! time_format = "%d/%m/%Y %H:%M:%S"
//! offset = "+07:00"
//!
//! [[series]]
//! files = "*.jpg"
//! name = "{station}_{plot}_{subject}_{date}.jpg"
//! date_format = "%Y%m%d"
//! expected = "fragments.csv"
//! ```

use std::io;
use std::path::Path;

use serde::Deserialize;

use super::log::Log;
use super::series::Series;
use super::{Field, last_part, with_source};
use crate::evidence::formats::moment;
use crate::evidence::walk::Found;

/// The ceiling of a profile: a hundred loggers described at length.
pub const MAX_PROFILE_BYTES: u64 = 1 << 20;

/// A profile.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Event logs.
    #[serde(default)]
    log: Vec<Log>,
    /// Photo series.
    #[serde(default)]
    series: Vec<Series>,
}

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Not TOML, or other keys than the profile has.
    #[error("{0}")]
    Form(String),
    /// An offset that is none.
    #[error("{0} is not an offset such as +07:00 or Z")]
    Offset(String),
    /// A pattern without fields, or with unknown or adjoining ones.
    #[error("the name pattern {0} needs fields such as {{station}}, apart from one another")]
    Pattern(String),
    /// A table that a profile names cannot be read.
    #[error("{0} cannot be read: {1}")]
    Table(String, String),
}

impl Profile {
    /// Reads a profile; tables that it names lie beside it.
    pub fn parse(text: &str, folder: &Path) -> Result<Profile, ProfileError> {
        let mut profile: Profile =
            toml::from_str(text).map_err(|why| ProfileError::Form(why.message().to_owned()))?;
        for log in &profile.log {
            if let Some(offset) = &log.offset
                && moment::zone(offset).flatten().is_none()
            {
                return Err(ProfileError::Offset(offset.clone()));
            }
        }
        for series in &mut profile.series {
            series.prepare(folder)?;
        }
        Ok(profile)
    }

    /// Reads the files of a walk that the profile describes.
    pub(super) fn read(&self, files: &[Found], field: &mut Field) -> io::Result<()> {
        for log in &self.log {
            for (index, found) in files.iter().enumerate() {
                if fits(&log.files, last_part(found)) {
                    let facts = with_source(found, |source| log.read(source.stream()?))?;
                    if let Some(facts) = facts {
                        log.tie(facts.finish(), index, field);
                    }
                }
            }
        }
        for series in &self.series {
            series.read(files, field);
        }
        Ok(())
    }
}

/// Whether a name fits a pattern in which `*` stands for anything, letters of any size.
pub(super) fn fits(pattern: &str, name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_lowercase();
    let pattern = pattern.to_lowercase();
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_names() {
        for (pattern, name, fit) in [
            ("*.csv", "LOG.CSV", true),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxc", false),
            ("log.csv", "log.csv", true),
            ("log.csv", "mylog.csv", false),
            ("log*", "log", true),
        ] {
            assert_eq!(fits(pattern, name.as_bytes()), fit, "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_no_profile() {
        for text in [
            "[[log]]\nfiles = \"*\"",
            "[[log]]\nfiles = \"*\"\nkind = \"x\"\ncolour = 1",
            "[[log]]\nfiles = \"*\"\nkind = \"x\"\noffset = \"Bangkok\"",
            "[[series]]\nfiles = \"*\"\nname = \"plain.jpg\"",
            "[[series]]\nfiles = \"*\"\nname = \"{plot}{subject}.jpg\"",
        ] {
            assert!(Profile::parse(text, Path::new(".")).is_err(), "{text}");
        }
    }
}
