//! The public folder of one ledger, as its owner reads and writes it: the C2SP tlog-tiles layout,
//! byte for byte, so that this folder is what is served, carried and put in an object store.
//!
//! ```text
//! checkpoint                  the signed head
//! checkpoints/<size>          checkpoints with cosignatures;  checkpoints/sizes  their sizes
//! tile/<L>/<N>[.p/<W>]        hash tiles
//! tile/entries/<N>[.p/<W>]    entry bundles
//! manifests/<root>            manifests that the owner made public
//! ```

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::disk::{Access, Disk, DiskError, What};
use super::durable::{self, IfThere, NewFile};
use crate::tlog::bundle::{BUNDLE_BYTES_MAX, Bundle, BundleError};
use crate::tlog::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::tlog::hash::{Hash, TreeSize};
use crate::tlog::merkle::{Node, Unprovable};
use crate::tlog::note::NOTE_BYTES_MAX;
use crate::tlog::tile::{Tile, TileLength, read_from_tiles};

/// The public folder of a ledger.
#[derive(Clone, Debug)]
pub struct PublicFolder {
    disk: Arc<dyn Disk>,
    root: PathBuf,
}

/// Why a public folder cannot be read.
#[derive(Debug, Error)]
pub enum PublicError {
    /// The disk refuses, or the file is not there.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A tile has the wrong length.
    #[error("the tile {path} is damaged: {fault}")]
    Tile {
        /// Its name.
        path: String,
        /// What is wrong with it.
        fault: TileLength,
    },
    /// A bundle cannot be taken apart.
    #[error("the bundle {path} is damaged: {fault}")]
    Bundle {
        /// Its name.
        path: String,
        /// What is wrong with it.
        fault: BundleError,
    },
    /// The checkpoint cannot be read.
    #[error("the checkpoint is damaged: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A tree was asked about that there cannot be.
    #[error("{0}")]
    Unprovable(#[from] Unprovable),
}

impl PublicFolder {
    /// A folder by its path; nothing is read yet.
    pub fn new(disk: Arc<dyn Disk>, root: impl Into<PathBuf>) -> PublicFolder {
        PublicFolder { disk, root: root.into() }
    }

    /// Makes the folder, if it is not there; the one above it must be.
    pub fn create(&self) -> Result<(), DiskError> {
        let above = self.root.parent().unwrap_or(&self.root);
        durable::create_folders(&*self.disk, above, &self.root, Access::Public)
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The signed head; `None` if there is none yet.
    pub fn checkpoint(&self) -> Result<Option<SignedCheckpoint>, PublicError> {
        let path = self.root.join("checkpoint");
        let bytes = durable::read_if_there(&*self.disk, &path, NOTE_BYTES_MAX as u64)?;
        Ok(bytes.map(|bytes| SignedCheckpoint::parse(&bytes)).transpose()?)
    }

    /// Replaces the signed head, durably.
    pub fn publish(&self, checkpoint: &SignedCheckpoint) -> Result<(), DiskError> {
        let path = self.root.join("checkpoint");
        durable::replace(&*self.disk, &path, Access::Public, checkpoint.to_string().as_bytes())
    }

    /// The hashes of a tile, exactly as many as its width. Where a partial tile is gone the full one
    /// stands in.
    pub fn tile(&self, tile: Tile) -> Result<Vec<Hash>, PublicError> {
        let fault = |tile: Tile| move |fault| PublicError::Tile { path: tile.path(), fault };
        match self.read_if_there(&tile.path(), tile.bytes())? {
            Some(bytes) => tile.split(&bytes).map_err(fault(tile)),
            None => {
                let full = tile.full();
                let bytes = self.read(&full.path(), full.bytes())?;
                let mut hashes = full.split(&bytes).map_err(fault(full))?;
                hashes.truncate(usize::from(tile.width()));
                Ok(hashes)
            }
        }
    }

    /// The entries of a bundle, exactly as many as its width. Where a partial bundle is gone the full
    /// one stands in.
    pub fn bundle(&self, bundle: Bundle) -> Result<Vec<Vec<u8>>, PublicError> {
        let split = |bundle: Bundle, bytes: &[u8]| match bundle.split(bytes) {
            Ok(entries) => Ok(entries.into_iter().map(<[u8]>::to_vec).collect::<Vec<_>>()),
            Err(fault) => Err(PublicError::Bundle { path: bundle.path(), fault }),
        };
        match self.read_if_there(&bundle.path(), BUNDLE_BYTES_MAX)? {
            Some(bytes) => split(bundle, &bytes),
            None => {
                let full = bundle.full();
                let mut entries = split(full, &self.read(&full.path(), BUNDLE_BYTES_MAX)?)?;
                entries.truncate(usize::from(bundle.width()));
                Ok(entries)
            }
        }
    }

    /// Hashes of whole nodes of a tree of this size, from its tiles: what provers read.
    pub fn nodes(&self, nodes: &[Node], size: TreeSize) -> Result<Vec<Hash>, PublicError> {
        read_from_tiles(nodes, size, |tile| self.tile(tile))
    }

    /// Writes files by their names in the folder; a name that is there must hold the same bytes.
    pub fn write_new(&self, files: Vec<(String, Vec<u8>)>) -> Result<(), DiskError> {
        let files: Vec<NewFile> = files
            .into_iter()
            .map(|(name, bytes)| NewFile { path: self.root.join(name), bytes })
            .collect();
        durable::write_all(&*self.disk, &self.root, Access::Public, IfThere::MustBeSame, &files)
    }

    /// Publishes a manifest, as a stream.
    pub fn publish_manifest(
        &self,
        root: &Hash,
        fill: &mut super::disk::Fill<'_>,
    ) -> Result<(), DiskError> {
        let folder = self.root.join("manifests");
        durable::create_folders(&*self.disk, &self.root, &folder, Access::Public)?;
        let path = folder.join(root.to_string());
        durable::replace_with(&*self.disk, &path, Access::Public, fill)
    }

    /// Removes what a crash left beyond a head: temporary files, and tiles and bundles of a larger
    /// tree that was never signed. Gives the sizes whose partial bundles stay, ascending. It lists the
    /// whole folder, so it is for opening, not for each write.
    pub fn remove_beyond(&self, size: TreeSize) -> Result<BTreeSet<TreeSize>, DiskError> {
        let mut sizes = BTreeSet::new();
        self.sweep(&self.root, "", size, &mut sizes)?;
        Ok(sizes)
    }

    fn sweep(
        &self,
        folder: &Path,
        name: &str,
        size: TreeSize,
        sizes: &mut BTreeSet<TreeSize>,
    ) -> Result<(), DiskError> {
        for listed in durable::list(&*self.disk, folder)? {
            let path = folder.join(&listed.name);
            let below = if name.is_empty() {
                listed.name.clone()
            } else {
                format!("{name}/{}", listed.name)
            };
            match listed.what {
                What::Folder => self.sweep(&path, &below, size, sizes)?,
                What::File if durable::is_temporary(&listed.name) || is_beyond(&below, size) => {
                    durable::remove(&*self.disk, &path)?;
                }
                What::File => sizes.extend(size_of_partial(&below)),
                What::Other => {}
            }
        }
        Ok(())
    }

    /// Removes partial tiles and bundles whose full ones stand, but for those that belong to one of
    /// the `kept` sizes: readers of the latest checkpoints are still served theirs.
    pub fn remove_superseded(&self, from: TreeSize, kept: &[TreeSize]) -> Result<(), DiskError> {
        let is_kept = |tile: Option<Tile>, bundle: Option<Bundle>| {
            kept.iter().any(|size| {
                tile.is_some_and(|tile| tile.is_of(*size))
                    || bundle.is_some_and(|bundle| bundle.is_of(*size))
            })
        };
        let latest = kept.iter().max().copied().unwrap_or_default();
        for tile in crate::tlog::tile::tiles_between(from, latest).filter(|tile| tile.is_full()) {
            self.remove_partials(&tile.path(), |name| {
                Tile::parse_path(name).is_ok_and(|partial| !is_kept(Some(partial), None))
            })?;
        }
        for bundle in
            crate::tlog::bundle::bundles_between(from, latest).filter(|bundle| bundle.is_full())
        {
            self.remove_partials(&bundle.path(), |name| {
                Bundle::parse_path(name).is_ok_and(|partial| !is_kept(None, Some(partial)))
            })?;
        }
        Ok(())
    }

    fn remove_partials(&self, full: &str, goes: impl Fn(&str) -> bool) -> Result<(), DiskError> {
        let folder = self.root.join(format!("{full}.p"));
        for listed in durable::list(&*self.disk, &folder)? {
            if goes(&format!("{full}.p/{}", listed.name)) {
                durable::remove(&*self.disk, &folder.join(listed.name))?;
            }
        }
        Ok(())
    }

    fn read(&self, name: &str, ceiling: usize) -> Result<Vec<u8>, DiskError> {
        durable::read(&*self.disk, &self.root.join(name), ceiling as u64)
    }

    fn read_if_there(&self, name: &str, ceiling: usize) -> Result<Option<Vec<u8>>, DiskError> {
        durable::read_if_there(&*self.disk, &self.root.join(name), ceiling as u64)
    }
}

/// The size of the tree that a partial bundle is of.
fn size_of_partial(name: &str) -> Option<TreeSize> {
    let bundle = Bundle::parse_path(name).ok().filter(|bundle| !bundle.is_full())?;
    Some(TreeSize(bundle.first().0 + u64::from(bundle.width())))
}

/// Whether a tile or bundle belongs to a larger tree only.
fn is_beyond(name: &str, size: TreeSize) -> bool {
    if let Ok(bundle) = Bundle::parse_path(name) {
        let there = Bundle::at(bundle.index(), size);
        there.is_none_or(|there| there.width() < bundle.width())
    } else if let Ok(tile) = Tile::parse_path(name) {
        let there = Tile::at(tile.level(), tile.index(), size);
        there.is_none_or(|there| there.width() < tile.width())
    } else {
        false
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::super::disk::RealDisk;
    use super::*;
    use crate::tlog::bundle::encode_bundle;
    use crate::tlog::hash::leaf_hash;
    use crate::tlog::tile::encode_tile;

    fn folder() -> (TempDir, PublicFolder) {
        let home = TempDir::new().unwrap();
        let folder = PublicFolder::new(Arc::new(RealDisk), home.path());
        (home, folder)
    }

    fn entries(count: u64) -> Vec<Vec<u8>> {
        (0..count).map(|number| format!("entry {number}").into_bytes()).collect()
    }

    fn names(home: &TempDir) -> Vec<String> {
        let walk = walkdir::WalkDir::new(home.path()).sort_by_file_name();
        let files =
            walk.into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
        files.map(|f| f.path().strip_prefix(home).unwrap().to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_full_file_stands_in_for_a_partial_one() {
        let (_home, folder) = folder();
        let (full, partial) = (Bundle::new(0, 256).unwrap(), Bundle::new(0, 3).unwrap());
        let leaves: Vec<Hash> = entries(256).iter().map(|entry| leaf_hash(entry)).collect();
        let bundle = (full.path(), encode_bundle(&entries(256)).unwrap());
        folder.write_new(vec![bundle, (full.tile().path(), encode_tile(&leaves))]).unwrap();
        assert_eq!(folder.bundle(partial).unwrap(), entries(3));
        assert_eq!(folder.tile(partial.tile()).unwrap(), leaves[..3]);
        assert!(folder.bundle(Bundle::new(1, 3).unwrap()).is_err());
    }

    #[test]
    fn a_name_never_gets_other_bytes() {
        let (_home, folder) = folder();
        folder.write_new(vec![("tile/0/000.p/1".into(), vec![1; 32])]).unwrap();
        folder.write_new(vec![("tile/0/000.p/1".into(), vec![1; 32])]).unwrap();
        let other = folder.write_new(vec![("tile/0/000.p/1".into(), vec![2; 32])]);
        assert!(matches!(other, Err(DiskError::OtherBytes { .. })), "{other:?}");
    }

    #[test]
    fn what_a_crash_left_beyond_the_head_is_removed_and_nothing_else() {
        let (home, folder) = folder();
        let kept = ["tile/0/000.p/2", "tile/0/000.p/5", "tile/entries/000.p/5", "notes.txt"];
        let beyond = ["tile/0/000.p/6", "tile/0/000", "tile/1/000.p/1", "tile/entries/001.p/9"];
        let temporary = ["tile/0/.tmp-000", ".tmp-checkpoint"];
        let all = kept.iter().chain(&beyond).chain(&temporary);
        folder.write_new(all.map(|name| (name.to_string(), vec![0])).collect()).unwrap();
        let sizes = folder.remove_beyond(TreeSize(5)).unwrap();
        assert_eq!(sizes, BTreeSet::from([TreeSize(5)]));
        let mut expected = kept.map(String::from);
        expected.sort();
        assert_eq!(names(&home), expected);
    }

    #[test]
    fn partial_files_go_once_full_ones_stand_but_not_those_of_the_latest_checkpoints() {
        let (home, folder) = folder();
        let all = ["tile/0/000.p/9", "tile/0/000.p/200", "tile/0/000", "tile/0/001.p/4"];
        folder.write_new(all.map(|name| (name.to_string(), vec![0])).to_vec()).unwrap();
        folder.remove_superseded(TreeSize(9), &[TreeSize(200), TreeSize(260)]).unwrap();
        assert_eq!(names(&home), ["tile/0/000", "tile/0/000.p/200", "tile/0/001.p/4"]);
    }
}
