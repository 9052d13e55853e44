//! Entry bundles as they are published, taken apart on all cores, in lots that bound what memory holds.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rayon::prelude::*;
use walkdir::WalkDir;

use super::folder::PublicFolder;
use crate::statement::envelope::{ReadError, Statement};
use crate::tlog::bundle::Bundle;
use crate::tlog::hash::{Hash, Position, TreeSize, leaf_hash};
use crate::tlog::tile::{TILE_WIDTH, Tile};

/// Bundles in a lot, at most: 4,096 statements, enough to keep all cores busy.
const LOT_BUNDLES: usize = 16;
/// Bytes of entries in a lot, at most, or one entry: some 4,096 statements as programs make them. An
/// entry of 60 kB can say what takes thirty times as much memory once it is read.
const LOT_BYTES: u64 = 2 << 20;

/// One bundle, or a part of one whose entries fill several lots.
#[derive(Debug)]
pub struct ReadBundle {
    /// Which, in the width the signed size asks for.
    pub bundle: Bundle,
    /// The index in the bundle of the first entry here.
    pub first: usize,
    /// Its entries, or why there are none.
    pub entries: Result<Vec<ReadEntry>, String>,
    /// What the entries of the whole bundle were; absent where there are none.
    pub digest: Option<BundleDigest>,
    /// Leaf hashes from the level-0 tile, where the entries cannot be read.
    pub tile_leaves: Vec<Hash>,
    /// Sentences about older partial files of the same bundle that do not agree with it.
    pub older_files: Vec<(String, String)>,
}

impl ReadBundle {
    /// The position of the first entry here.
    pub fn position(&self) -> Position {
        Position(self.bundle.first().0 + self.first as u64)
    }
}

/// One entry of a bundle.
#[derive(Debug)]
pub struct ReadEntry {
    /// SHA256(0x00 ‖ entry)
    pub leaf: Hash,
    /// What it says, if it is a statement.
    pub statement: Result<Statement, ReadError>,
}

/// SHA-256 over the leaf hashes of a bundle's entries, by which a second reading shows that it is of the
/// same bytes: 32 bytes for 256 statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BundleDigest(Hash);

impl BundleDigest {
    fn of<'h>(leaves: impl Iterator<Item = &'h Hash>) -> BundleDigest {
        let leaves: Vec<&[u8]> = leaves.map(|leaf| &leaf.0[..]).collect();
        BundleDigest(Hash::of_parts(&leaves))
    }
}

/// The digests of the bundles that were read, by index.
pub type BundleDigests = BTreeMap<u64, BundleDigest>;

/// The bundles of a tree of `size` for which a file is there: entries, or at least the level-0 tile.
///
/// A checkpoint may claim any size. What an audit reads is bounded by the files that are published.
pub fn published_bundles(folder: &PublicFolder, size: TreeSize) -> Vec<Bundle> {
    let mut indexes = BTreeSet::new();
    for below in ["tile/entries", "tile/0"] {
        let walk = WalkDir::new(folder.root().join(below)).follow_root_links(false);
        for file in walk.into_iter().filter_map(Result::ok) {
            let name = file.path().strip_prefix(folder.root()).ok();
            let parts: Option<Vec<&str>> =
                name.and_then(|name| name.iter().map(|part| part.to_str()).collect());
            let Some(name) = parts.map(|parts| parts.join("/")) else { continue };
            indexes.extend(Bundle::parse_path(&name).map(Bundle::index));
            let tile = Tile::parse_path(&name).ok().filter(|tile| tile.level() == 0);
            indexes.extend(tile.map(Tile::index));
        }
    }
    indexes.into_iter().filter_map(|index| Bundle::at(index, size)).collect()
}

/// Reads bundles lot by lot.
pub struct Lots<'a> {
    folder: &'a PublicFolder,
    rest: &'a [Bundle],
    /// A bundle that is longer than a lot, and how many of its entries have been given.
    open: Option<(RawBundle, usize)>,
}

impl<'a> Lots<'a> {
    /// The lots of these bundles.
    pub fn of(folder: &'a PublicFolder, bundles: &'a [Bundle]) -> Lots<'a> {
        Lots { folder, rest: bundles, open: None }
    }

    /// Reads the next lot; empty after the last bundle.
    pub fn read(&mut self) -> Vec<ReadBundle> {
        if let Some((raw, from)) = self.open.take() {
            return vec![self.read_part(raw, from)];
        }
        let (lot, rest) = self.rest.split_at(self.bundles_in_lot());
        self.rest = rest;
        let mut raw: Vec<RawBundle> =
            lot.par_iter().map(|bundle| RawBundle::read(self.folder, *bundle)).collect();
        match raw.pop_if(|only| lot.len() == 1 && only.bytes.len() as u64 > LOT_BYTES) {
            Some(long) => vec![self.read_part(long, 0)],
            None => raw.into_par_iter().map(RawBundle::into_whole).collect(),
        }
    }

    /// As many as the bytes of a lot allow, one at least.
    fn bundles_in_lot(&self) -> usize {
        let mut bytes = 0;
        let within = self.rest.iter().take(LOT_BUNDLES).take_while(|bundle| {
            bytes += self.folder.length(&bundle.path());
            bytes <= LOT_BYTES
        });
        within.count().max(1).min(self.rest.len())
    }

    fn read_part(&mut self, mut raw: RawBundle, from: usize) -> ReadBundle {
        let digest = raw.digest();
        let ranges = raw.ranges.as_deref().unwrap_or_default();
        let mut bytes = 0;
        let within = ranges[from..].iter().take_while(|range| {
            bytes += range.len() as u64;
            bytes <= LOT_BYTES
        });
        let end = (from + within.count().max(1)).min(ranges.len());
        let goes_on = end < ranges.len();
        let entries = raw.ranges.as_ref().map(|_| raw.entries(from..end)).map_err(String::clone);
        let part = ReadBundle {
            bundle: raw.bundle,
            first: from,
            entries,
            digest,
            tile_leaves: std::mem::take(&mut raw.tile_leaves),
            older_files: std::mem::take(&mut raw.older_files),
        };
        if goes_on {
            self.open = Some((raw, end));
        }
        part
    }
}

/// A bundle's bytes, and where its entries stand in them.
struct RawBundle {
    bundle: Bundle,
    bytes: Vec<u8>,
    ranges: Result<Vec<Range<usize>>, String>,
    tile_leaves: Vec<Hash>,
    older_files: Vec<(String, String)>,
    digest: Option<BundleDigest>,
}

impl RawBundle {
    fn read(folder: &PublicFolder, bundle: Bundle) -> RawBundle {
        let mut raw = RawBundle {
            bundle,
            bytes: Vec::new(),
            ranges: Ok(Vec::new()),
            tile_leaves: Vec::new(),
            older_files: Vec::new(),
            digest: None,
        };
        raw.ranges = match folder.bundle(bundle) {
            Ok(bytes) => {
                raw.bytes = bytes;
                entry_ranges(bundle, &raw.bytes)
            }
            Err(fault) => Err(fault.to_string()),
        };
        match &raw.ranges {
            Ok(_) => raw.older_files = compare_older_files(folder, bundle, &raw.bytes),
            Err(_) => raw.tile_leaves = published_leaves(folder, bundle).unwrap_or_default(),
        }
        raw
    }

    fn entries(&self, part: Range<usize>) -> Vec<ReadEntry> {
        let ranges = self.ranges.as_deref().unwrap_or_default();
        let read = |range: &Range<usize>| {
            let entry = &self.bytes[range.clone()];
            let statement = Statement::read(entry.to_vec());
            // A statement's id is its leaf hash, and it has computed it.
            let leaf = statement.as_ref().map_or_else(|_| leaf_hash(entry), Statement::id);
            ReadEntry { leaf, statement }
        };
        ranges[part].par_iter().map(read).collect()
    }

    fn into_whole(self) -> ReadBundle {
        let whole = self.ranges.as_ref().map_err(String::clone).map(|ranges| 0..ranges.len());
        let entries = whole.map(|whole| self.entries(whole));
        let digest = entries.as_ref().ok();
        let digest = digest.map(|all| BundleDigest::of(all.iter().map(|entry| &entry.leaf)));
        let RawBundle { bundle, tile_leaves, older_files, .. } = self;
        ReadBundle { bundle, first: 0, entries, digest, tile_leaves, older_files }
    }

    /// The digest before all entries have been read.
    fn digest(&mut self) -> Option<BundleDigest> {
        let ranges = self.ranges.as_ref().ok()?;
        let compute = || {
            let leaf = |range: &Range<usize>| leaf_hash(&self.bytes[range.clone()]);
            let leaves: Vec<Hash> = ranges.par_iter().map(leaf).collect();
            BundleDigest::of(leaves.iter())
        };
        self.digest = self.digest.or_else(|| Some(compute()));
        self.digest
    }
}

/// Where the entries stand in a bundle's bytes. A full bundle may stand in for a partial one.
fn entry_ranges(bundle: Bundle, bytes: &[u8]) -> Result<Vec<Range<usize>>, String> {
    let split = bundle.split(bytes).or_else(|fault| bundle.full().split(bytes).map_err(|_| fault));
    let mut entries = split.map_err(|fault| format!("damaged: {fault}"))?;
    entries.truncate(usize::from(bundle.width()));
    let mut end = 0;
    let range = |entry: &[u8]| {
        let start = end + 2; // its length
        end = start + entry.len();
        start..end
    };
    Ok(entries.into_iter().map(range).collect())
}

/// An older partial file of a bundle is a beginning of the present one, byte for byte.
fn compare_older_files(
    folder: &PublicFolder,
    bundle: Bundle,
    bytes: &[u8],
) -> Vec<(String, String)> {
    let mut older_files = Vec::new();
    for width in folder.partial_widths(&bundle.full().path()) {
        let older =
            Bundle::new(bundle.index(), width).filter(|older| older.width() < bundle.width());
        let Some(older) = older else { continue };
        let fault = match folder.read(&older.path(), bytes.len()) {
            Ok(older_bytes) if bytes.starts_with(&older_bytes) => {
                older.split(&older_bytes).err().map(|fault| format!("damaged: {fault}"))
            }
            Ok(_) => Some("different from the bundle that followed it".to_string()),
            Err(fault) => Some(fault.to_string()),
        };
        older_files.extend(fault.map(|fault| (older.path(), fault)));
    }
    older_files
}

/// The leaf hashes of a bundle by its level-0 tile: unproven, but enough to go on with the tree.
fn published_leaves(folder: &PublicFolder, bundle: Bundle) -> Option<Vec<Hash>> {
    let tile = bundle.tile();
    let bytes = folder.tile(tile).ok()?;
    let mut leaves = tile.split(&bytes).or_else(|_| tile.full().split(&bytes)).ok()?;
    leaves.truncate(usize::from(tile.width()));
    Some(leaves)
}

/// The leaf hashes of a whole bundle, computed from its entries again.
pub fn recompute_leaves(folder: &PublicFolder, bundle: Bundle) -> Option<Vec<Hash>> {
    let bytes = folder.bundle(bundle).ok()?;
    let entries = bundle.split(&bytes).ok()?;
    debug_assert!(entries.len() <= usize::from(TILE_WIDTH));
    Some(entries.into_iter().map(leaf_hash).collect())
}
