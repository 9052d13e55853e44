//! What a person says about field evidence beside naming it: profiles of loggers and series, a list of
//! sensitive species, the boundary of the site.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::cli::exit::Exit;
use crate::cli::failures::{BEGIN_AGAIN, interrupted, usage};
use crate::cli::interrupt;
use crate::cli::voice::Failure;
use crate::evidence::field::boundary::{Boundary, MAX_BOUNDARY_BYTES};
use crate::evidence::field::profile::{MAX_PROFILE_BYTES, Profile};
use crate::evidence::field::{Described, Field};
use crate::evidence::sensitivity::{MAX_BYTES, SensitivityList};
use crate::evidence::walk::Found;

/// Arguments about field evidence.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Field evidence")]
pub struct FieldArgs {
    /// A TOML file that describes loggers or photo series (schemas/profile.md)
    #[arg(long, value_name = "FILE")]
    profile: Vec<PathBuf>,
    /// A list of sensitive species (schemas/sensitivity.md); what shows them stays sealed
    #[arg(long, value_name = "FILE")]
    sensitivity: Option<PathBuf>,
    /// The boundary of the site as GeoJSON; places outside it are named
    #[arg(long, value_name = "FILE")]
    boundary: Option<PathBuf>,
}

impl FieldArgs {
    /// Reads the named files; a fault in one of them is told before anything else is read.
    pub fn described(&self) -> Result<Described, Failure> {
        let mut profiles = Vec::new();
        for path in &self.profile {
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
            let text = text_of(path, MAX_PROFILE_BYTES)?;
            let profile = Profile::parse(&text, folder.unwrap_or(Path::new(".")));
            profiles.push(profile.map_err(|why| unusable("profile", path, &why))?);
        }
        let sensitivity = match &self.sensitivity {
            None => None,
            Some(path) => {
                let text = text_of(path, MAX_BYTES as u64)?;
                let list = SensitivityList::read(text.as_bytes());
                Some(list.map_err(|why| unusable("list", path, &why))?)
            }
        };
        let boundary = match &self.boundary {
            None => None,
            Some(path) => {
                let text = text_of(path, MAX_BOUNDARY_BYTES)?;
                Some(Boundary::parse(&text).map_err(|why| unusable("boundary", path, &why))?)
            }
        };
        Ok(Described { profiles, sensitivity, boundary })
    }
}

/// What the files of a walk say about one another.
pub fn survey(files: &[Found], described: Described) -> Result<Field, Failure> {
    match Field::survey(files, described, interrupt::flag()) {
        Ok(Ok(field)) => Ok(field),
        Ok(Err(why)) => Err(Failure::new(
            Exit::Unexpected,
            "the tables among the files cannot be read",
            why,
            "copy the card again, then run the same command",
        )),
        Err(_) => Err(interrupted("stopped before any file was read", BEGIN_AGAIN)),
    }
}

fn text_of(path: &Path, ceiling: u64) -> Result<String, Failure> {
    let read = || {
        let mut text = String::new();
        let whole = File::open(path)?.take(ceiling + 1).read_to_string(&mut text)?;
        match whole as u64 <= ceiling {
            true => Ok(text),
            false => Err(std::io::Error::other(format!("it is larger than {ceiling} bytes"))),
        }
    };
    read().map_err(|why| unusable("file", path, &why))
}

fn unusable(what: &str, path: &Path, why: &dyn std::fmt::Display) -> Failure {
    let next = "mend the file, then run the same command; nothing was recorded";
    usage(format!("the {what} {} cannot be used", path.display()), why, next)
}
