//! Where each row of a large manifest stands, and the hashes a proof of it needs: so that one picture of a
//! million is proved without reading the other rows.
//!
//! ```text
//! "treering/row-table/v1\n" ‖ u64 rows ‖ u64 length of the manifest            (big-endian)
//! for each row:   u64 where its item begins ‖ row hash
//! for each piece of 4,096 rows:   root of the piece
//! ```
//!
//! A convenience that is made from the manifest and can be thrown away. Nothing is believed of it: the item
//! found is hashed, and the proof is held against the root that a statement signs. Where either does not fit
//! the table is of another manifest, and is made anew.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use thiserror::Error;

use super::disclosure::{Names, OpenedRow, OpenedRows};
use super::manifest::{ManifestError, ManifestReader, ManifestRow, read_one};
use super::tree::{PIECE_LEVELS, Pieces, RowsProof, piece_root, prove_from_pieces};
use crate::tlog::hash::{Hash, Position, Tree, TreeSize};
use crate::tlog::multi::Unprovable;

const MAGIC: &[u8] = b"treering/row-table/v1\n";
const HEADER: u64 = MAGIC.len() as u64 + 16;
const ENTRY: u64 = 8 + Hash::LENGTH as u64;
const PIECE: u64 = 1 << PIECE_LEVELS;

/// Smaller manifests are read whole: that takes less than looking for a table.
pub const WORTHWHILE_ROWS: u64 = PIECE;

/// Why a table gives no answer. To all of them the answer is to make it anew from the manifest.
#[derive(Debug, Error)]
pub enum RowTableError {
    /// Reading or writing failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Not a table, or not one of this manifest.
    #[error("it is not the table of this manifest")]
    Other,
    /// The manifest is not sound.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// More rows asked for than one proof may hold, or none.
    #[error(transparent)]
    Unprovable(#[from] Unprovable),
}

/// Writes the table of a manifest to `out`, which should be buffered; reads the manifest once. Holds one
/// piece of hashes, and 32 bytes for each piece before.
pub fn write_table<R: BufRead, W: Write + Seek>(
    mut manifest: ManifestReader<R>,
    length: u64,
    mut out: W,
) -> Result<(W, Tree), RowTableError> {
    out.write_all(MAGIC)?;
    // The number of rows is known at the end.
    out.write_all(&[0; 8])?;
    out.write_all(&length.to_be_bytes())?;
    let (mut piece, mut roots) = (Vec::with_capacity(PIECE as usize), Vec::new());
    loop {
        let begins = manifest.offset();
        let Some(row) = manifest.next_row()? else { break };
        out.write_all(&begins.to_be_bytes())?;
        out.write_all(row.hash().as_bytes())?;
        piece.push(row.hash().0);
        if piece.len() as u64 == PIECE {
            roots.push(piece_root(&piece));
            piece.clear();
        }
    }
    if !piece.is_empty() {
        roots.push(piece_root(&piece));
    }
    for root in roots {
        out.write_all(&root)?;
    }
    let tree = manifest.read_to_end()?.tree;
    out.seek(SeekFrom::Start(MAGIC.len() as u64))?;
    out.write_all(&tree.size.0.to_be_bytes())?;
    out.flush()?;
    Ok((out, tree))
}

/// An open table.
pub struct RowTable {
    file: File,
    size: TreeSize,
    length: u64,
}

impl RowTable {
    /// Opens the table of the tree that a statement signs.
    pub fn open(path: &Path, size: TreeSize) -> Result<RowTable, RowTableError> {
        let mut file = File::open(path)?;
        let mut header = [0; HEADER as usize];
        file.read_exact(&mut header)?;
        let number = |at: usize| {
            header[at..].first_chunk().map(|bytes| u64::from_be_bytes(*bytes)).unwrap_or_default()
        };
        let (rows, length) = (number(MAGIC.len()), number(MAGIC.len() + 8));
        let pieces = rows.div_ceil(PIECE);
        let whole = rows
            .checked_mul(ENTRY)
            .and_then(|entries| entries.checked_add(HEADER + pieces * Hash::LENGTH as u64));
        let is_whole = whole == Some(file.metadata()?.len());
        match header.starts_with(MAGIC) && rows == size.0 && is_whole {
            true => Ok(RowTable { file, size, length }),
            false => Err(RowTableError::Other),
        }
    }

    /// Opens rows of the manifest, with the attributes in `names`. `positions` ascend. Rows that are not
    /// shown are left out: there is nothing to open.
    pub fn open_rows(
        &mut self,
        manifest: &Path,
        root: &Hash,
        positions: &[Position],
        names: &Names,
    ) -> Result<OpenedRows, RowTableError> {
        let mut manifest = File::open(manifest)?;
        if manifest.metadata()?.len() != self.length {
            return Err(RowTableError::Other);
        }
        let mut rows = Vec::new();
        for &position in positions {
            let (begins, hash) = self.entry(position)?;
            manifest.seek(SeekFrom::Start(begins))?;
            let row = read_one(BufReader::new(&manifest), position)?;
            if row.hash() != hash {
                return Err(RowTableError::Other);
            }
            if let ManifestRow::Shown { row, mut show } = row {
                show.retain(|shown| names.contains(shown.name()));
                rows.push(OpenedRow { position, row, show });
            }
        }
        let shown: Vec<Position> = rows.iter().map(|row| row.position).collect();
        let RowsProof { tree, hashes } = self.prove(&shown)?;
        match tree.root == *root {
            true => Ok(OpenedRows { tree, rows, proof: hashes }),
            false => Err(RowTableError::Other),
        }
    }

    fn prove(&mut self, positions: &[Position]) -> Result<RowsProof, RowTableError> {
        let roots = self.roots()?;
        let mut pieces = Pieces::default();
        for position in positions {
            let piece = position.0 / PIECE;
            if !pieces.has(piece) {
                let first = piece * PIECE;
                let count = (self.size.0 - first).min(PIECE);
                let mut bytes = vec![0; (count * ENTRY) as usize];
                self.file.seek(SeekFrom::Start(HEADER + first * ENTRY))?;
                self.file.read_exact(&mut bytes)?;
                let hash = |entry: &[u8]| entry[8..].try_into().unwrap_or([0; 32]);
                pieces.add(piece, bytes.chunks_exact(ENTRY as usize).map(hash).collect());
            }
        }
        // A damaged table makes a proof that does not hold, which is said, never believed.
        match prove_from_pieces(self.size, &pieces, &roots, positions)? {
            Some(proof) => Ok(proof),
            None => Err(RowTableError::Other),
        }
    }

    fn entry(&mut self, position: Position) -> Result<(u64, Hash), RowTableError> {
        if !self.size.holds(position) {
            return Err(Unprovable::NotInTree { position, size: self.size }.into());
        }
        let mut entry = [0; ENTRY as usize];
        self.file.seek(SeekFrom::Start(HEADER + position.0 * ENTRY))?;
        self.file.read_exact(&mut entry)?;
        let (begins, hash) = entry.split_first_chunk().ok_or(RowTableError::Other)?;
        let hash = Hash::try_from(hash).map_err(|_| RowTableError::Other)?;
        Ok((u64::from_be_bytes(*begins), hash))
    }

    fn roots(&mut self) -> Result<Vec<[u8; 32]>, RowTableError> {
        let mut bytes = Vec::new();
        self.file.seek(SeekFrom::Start(HEADER + self.size.0 * ENTRY))?;
        self.file.read_to_end(&mut bytes)?;
        Ok(bytes.chunks_exact(32).filter_map(|root| root.try_into().ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::evidence::attribute::Attribute;
    use crate::evidence::disclosure::open_rows;
    use crate::evidence::manifest::ManifestWriter;
    use crate::evidence::path::RowPath;
    use crate::evidence::row::Row;
    use crate::statement::bodies::evidence::Access;

    fn manifest(count: u32) -> (Vec<u8>, Tree) {
        let mut random = {
            let mut next = 0u64;
            move |slice: &mut [u8]| {
                next += 1;
                let digest = Hash::of(&next.to_be_bytes());
                let length = slice.len();
                slice.copy_from_slice(&digest.0[..length]);
            }
        };
        let mut rows: Vec<ManifestRow> = (0..count)
            .map(|n| {
                let name = Attribute::Path(RowPath::new(format!("{n}.jpg").as_bytes()).unwrap());
                let sha256 = Hash::of(&n.to_be_bytes());
                let (row, show) = Row::new(sha256, 9, &[name], Access::Public, &mut random);
                match n % 7 {
                    0 => ManifestRow::Withheld(row.hash()),
                    _ => ManifestRow::Shown { row, show },
                }
            })
            .collect();
        rows.sort_by_key(ManifestRow::hash);
        let mut writer = ManifestWriter::new(Vec::new()).unwrap();
        rows.iter().for_each(|row| writer.push(row).unwrap());
        let (bytes, totals) = writer.finish().unwrap();
        (bytes, totals.tree)
    }

    struct Case {
        folder: tempfile::TempDir,
        tree: Tree,
        bytes: Vec<u8>,
    }

    fn case(count: u32) -> Case {
        let folder = tempfile::tempdir().unwrap();
        let (bytes, tree) = manifest(count);
        std::fs::write(folder.path().join("manifest"), &bytes).unwrap();
        let reader = ManifestReader::new(&bytes[..]).unwrap();
        let out = Cursor::new(Vec::new());
        let (table, written) = write_table(reader, bytes.len() as u64, out).unwrap();
        assert_eq!(written, tree);
        std::fs::write(folder.path().join("table"), table.into_inner()).unwrap();
        Case { folder, tree, bytes }
    }

    impl Case {
        fn open(&self, positions: &[u64]) -> Result<OpenedRows, RowTableError> {
            let positions: Vec<Position> = positions.iter().copied().map(Position).collect();
            let mut table = RowTable::open(&self.folder.path().join("table"), self.tree.size)?;
            let manifest = self.folder.path().join("manifest");
            table.open_rows(&manifest, &self.tree.root, &positions, &Names::all())
        }

        /// Reading all of it gives the same.
        fn read_whole(&self, positions: &[u64]) -> OpenedRows {
            let reader = ManifestReader::new(&self.bytes[..]).unwrap();
            let (mut index, mut wanted) = (0, Vec::new());
            let mut every = ManifestReader::new(&self.bytes[..]).unwrap();
            while let Some(row) = every.next_row().unwrap() {
                if positions.contains(&index) {
                    wanted.push(row.hash());
                }
                index += 1;
            }
            open_rows(reader, &Names::all(), |row, _| wanted.contains(&row.hash())).unwrap()
        }
    }

    #[test]
    fn a_table_opens_what_a_whole_reading_opens() {
        for count in [1, 2, 300, 4_096, 4_097, 9_000] {
            let case = case(count);
            let last = u64::from(count) - 1;
            for positions in [vec![last], vec![0, last / 2, last]] {
                let mut positions = positions;
                positions.dedup();
                match case.open(&positions) {
                    Ok(opened) => assert_eq!(opened, case.read_whole(&positions), "{count}"),
                    // All of them are withheld: nothing to open.
                    Err(why) => assert!(matches!(why, RowTableError::Unprovable(_)), "{why}"),
                }
            }
        }
    }

    #[test]
    fn a_damaged_or_other_table_is_not_believed() {
        let case = case(5_000);
        let place = case.folder.path().join("table");
        let good = std::fs::read(&place).unwrap();
        let position = (0..).find(|at| case.open(&[*at]).is_ok()).unwrap();
        let opened = case.open(&[position]).unwrap();
        let mut random = 12_345_usize;
        for _ in 0..200 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let mut bad = good.clone();
            bad[random % good.len()] ^= 1 << (random % 7);
            std::fs::write(&place, bad).unwrap();
            // What it does not look at it cannot see; what it gives is right in any case.
            if let Ok(found) = case.open(&[position]) {
                assert_eq!(found, opened);
            }
        }
        for cut in [0, 10, good.len() / 2, good.len() - 1] {
            std::fs::write(&place, &good[..cut]).unwrap();
            assert!(case.open(&[position]).is_err());
        }
        std::fs::write(&place, good).unwrap();
        assert!(case.open(&[5_000]).is_err());
        let mut longer = case.bytes.clone();
        longer.push(0);
        std::fs::write(case.folder.path().join("manifest"), longer).unwrap();
        assert!(matches!(case.open(&[position]), Err(RowTableError::Other)));
    }
}
