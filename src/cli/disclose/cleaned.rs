//! Copies of chosen pictures without what their cameras noted inside.

use std::fs;
use std::path::Path;

use super::Disclosed;
use super::choice::Chosen;
use crate::cli::failures::{interrupted, unwritable, usage};
use crate::cli::interrupt;
use crate::cli::voice::Failure;
use crate::evidence::cleaned::{MAX_BYTES, clean_jpeg};
use crate::evidence::path::RowPath;
use crate::report::words::safe;
use crate::tlog::hash::Hash;

/// What became of the pictures.
pub struct Cleaned {
    /// Copies that stand in the folder.
    pub written: u64,
    /// Pictures of which there is none, and why.
    pub left_out: Vec<String>,
}

/// Writes a copy of each chosen JPEG into a folder of its own. Files there are never replaced.
pub fn write(
    disclosed: &Disclosed<'_>,
    chosen: &Chosen,
    folder: &Path,
) -> Result<Cleaned, Failure> {
    if chosen.pictures.is_empty() {
        return Err(usage(
            "there is nothing to clean",
            "none of the files shown is a JPEG",
            "leave --cleaned out; for other kinds use a tool of your own and --derived-from",
        ));
    }
    fs::create_dir_all(folder).map_err(|why| unwritable(folder, why))?;
    let mut cleaned = Cleaned { written: 0, left_out: Vec::new() };
    for (path, sha256) in &chosen.pictures {
        if interrupt::flag().load(std::sync::atomic::Ordering::Relaxed) {
            return Err(interrupted("stopped; the copies made so far are kept", "run it again"));
        }
        let name = path.as_ref().map_or_else(|| sha256.to_string(), RowPath::to_string);
        match one(disclosed, path.as_ref(), sha256, folder) {
            Ok(()) => cleaned.written += 1,
            Err(why) => cleaned.left_out.push(format!("{}: {why}", safe(&name))),
        }
    }
    Ok(cleaned)
}

fn one(
    disclosed: &Disclosed<'_>,
    path: Option<&RowPath>,
    sha256: &Hash,
    folder: &Path,
) -> Result<(), String> {
    let path = path.ok_or("its path is not known")?;
    let places = path.places_in(disclosed.own.store.home());
    let place = places.into_iter().find(|place| place.is_file()).ok_or("the file is not here")?;
    if fs::metadata(&place).map_err(|why| why.to_string())?.len() > MAX_BYTES {
        return Err("it is larger than a picture can be".into());
    }
    let bytes = fs::read(&place).map_err(|why| why.to_string())?;
    if Hash::of(&bytes) != *sha256 {
        return Err("the file here is not the one that was recorded".into());
    }
    let clean = clean_jpeg(&bytes).map_err(|why| why.to_string())?;
    let name = String::from_utf8_lossy(path.file_name()).into_owned();
    let to = folder.join(format!("{}-{name}", &sha256.to_string()[..8]));
    match fs::read(&to) {
        Ok(there) if there == clean => Ok(()),
        Ok(_) => Err(format!("{} is there already", to.display())),
        Err(_) => fs::write(&to, clean).map_err(|why| why.to_string()),
    }
}
