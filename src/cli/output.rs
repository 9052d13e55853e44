//! Files that a command writes where a person says: whole or not at all, and never over something else.

use std::io::ErrorKind;
use std::path::Path;

use super::Context;
use super::exit::Exit;
use super::failures::{unwritable, usage};
use super::own_store::OwnStore;
use super::voice::Failure;
use crate::store::disk::{Access, DiskError, NotRegular, RealDisk};
use crate::store::durable;

/// What to do with another file of that name.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Overwrite {
    /// Replace a file of that name that holds something else
    #[arg(long)]
    force: bool,
}

/// Writes a file that anybody may read. The same bytes under that name already are fine.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>, overwrite: Overwrite) -> Result<(), Failure> {
    write_for(Access::Public, path, bytes.as_ref(), Some(overwrite))
}

/// [`write`], where what would be lost cannot be made again: nothing is ever replaced.
pub fn write_once(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
    write_for(Access::Public, path, bytes.as_ref(), None)
}

/// [`write_once`], for a file that is its owner's alone.
pub fn write_private(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
    write_for(Access::Private, path, bytes.as_ref(), None)
}

fn write_for(
    access: Access,
    path: &Path,
    bytes: &[u8],
    overwrite: Option<Overwrite>,
) -> Result<(), Failure> {
    // Through a link, so that the file it leads to is written and the link stays.
    let place = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if place.is_dir() {
        let what = format!("{} is a folder", path.display());
        return Err(usage(what, "the answer goes into a file", "name a file in it"));
    }
    if place.exists() && !place.is_file() {
        return Err(usage(
            format!("{} cannot be written", path.display()),
            NotRegular,
            "name another file",
        ));
    }
    let written = match overwrite.is_some_and(|overwrite| overwrite.force) {
        true => durable::replace(&RealDisk, &place, access, bytes),
        false => durable::write_new(&RealDisk, &place, access, bytes).map(drop),
    };
    written.map_err(|fault| match fault {
        DiskError::OtherBytes { .. } => Failure::new(
            Exit::Usage,
            format!("{} is there already", path.display()),
            "it holds something else, which would be lost",
            match overwrite {
                Some(_) => "name another file, or replace it with --force",
                None => "name another file, or move that one away",
            },
        ),
        DiskError::Refused { source, .. } if source.kind() == ErrorKind::NotFound => usage(
            format!("{} cannot be written", path.display()),
            "there is no such folder",
            "make the folder, or name a file in one that is there",
        ),
        DiskError::Refused { source, .. } => unwritable(path, source),
        fault => unwritable(path, fault),
    })
}

/// Says so where a file that is handed out lies among the evidence, where the next audit would find it
/// and miss it in the ledger.
pub fn warn_among_evidence(context: &Context, own: &OwnStore, path: &Path) {
    let real = |path: &Path| path.canonicalize().ok();
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let (folder, home) = (real(folder.unwrap_or(Path::new("."))), real(own.store.home()));
    let Some((folder, home)) = folder.zip(home) else { return };
    let in_store = real(own.store.path()).is_some_and(|store| folder.starts_with(store));
    if folder.starts_with(&home) && !in_store {
        context.voice.warn(&format!(
            "{} lies in the site's folder, so an audit of the files there will call it NOT RECORDED; \
             what is handed out is better kept elsewhere",
            path.display()
        ));
    }
}
