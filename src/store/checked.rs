//! How far a mirrored ledger was checked, and what is needed to go on from there without reading it
//! all again. Rebuildable: without it, or with one of another tree, the copy is read from its start.
//!
//! ```text
//! held/<ledger id>.checked
//!   treering/checked/v1
//!   tree 42 9b0a…
//!   unsound 0                          statements that did not hold, though the log signed them
//!   ruling 0                           statements on which authority rests, by their positions
//!   ruling 1
//!   key 30aa… 7 6ab2…                  a key, and its last statement: number and leaf hash
//!   end 42
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::disk::{Access, Disk, DiskError};
use super::durable;
use super::layout::StoreFolder;
use super::outside::read_link;
use super::record::{RecordError, RecordReader};
use crate::statement::chain::Link;
use crate::statement::envelope::LedgerId;
use crate::statement::key::KeyId;
use crate::tlog::hash::{Hash, Position, Tree, TreeSize};

const FORMAT: &str = "treering/checked/v1";

/// Bytes of a record: some 150 for each key that ever signed; room for 400,000.
const CEILING: u64 = 64 << 20;

/// How far a ledger was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Up to which tree.
    pub tree: Tree,
    /// Statements that did not hold.
    pub unsound: u64,
    /// Positions of the statements on which authority rests, ascending.
    pub ruling: Vec<Position>,
    /// Every key's last statement.
    pub keys: BTreeMap<KeyId, Link>,
}

impl Checked {
    fn print(&self) -> String {
        let Tree { size, root } = self.tree;
        let mut text = format!("{FORMAT}\ntree {size} {root}\nunsound {}\n", self.unsound);
        for position in &self.ruling {
            text.push_str(&format!("ruling {position}\n"));
        }
        for (key, Link { seq, id }) in &self.keys {
            text.push_str(&format!("key {key} {seq} {id}\n"));
        }
        text.push_str(&format!("end {size}\n"));
        text
    }

    fn parse(bytes: &[u8]) -> Result<Checked, RecordError> {
        let mut reader = RecordReader::open(bytes, FORMAT)?;
        let tree = reader.parsed("tree", |line| {
            let (size, root) = line.split_once(' ')?;
            Some(Tree { size: TreeSize(size.parse().ok()?), root: Hash::from_hex(root)? })
        })?;
        let unsound = reader.parsed("unsound", |number| number.parse().ok())?;
        let (mut ruling, mut keys) = (Vec::new(), BTreeMap::new());
        while let Some(position) = reader.optional("ruling") {
            let position = position.parse().map_err(|_| reader.wrong("a position"))?;
            ruling.push(Position(position));
        }
        while let Some(line) = reader.optional("key") {
            let link = || {
                let (key, link) = line.split_once(' ')?;
                Some((KeyId(Hash::from_hex(key)?), read_link(link)?))
            };
            keys.extend([link().ok_or_else(|| reader.wrong("a key and its last statement"))?]);
        }
        let checked = Checked { tree, unsound, ruling, keys };
        reader.value("end")?;
        reader.end(bytes, &checked.print())?;
        Ok(checked)
    }
}

fn path(store: &StoreFolder, ledger: LedgerId) -> PathBuf {
    store.path().join("held").join(format!("{ledger}.checked"))
}

/// How far a ledger was checked; `None` where that is not known or cannot be read, which costs only
/// time.
pub fn read(
    disk: &dyn Disk,
    store: &StoreFolder,
    ledger: LedgerId,
) -> Result<Option<Checked>, DiskError> {
    match durable::read_if_there(disk, &path(store, ledger), CEILING) {
        Ok(bytes) => Ok(bytes.and_then(|bytes| Checked::parse(&bytes).ok())),
        Err(DiskError::TooLong { .. }) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Notes how far a ledger was checked.
pub fn write(
    disk: &Arc<dyn Disk>,
    store: &StoreFolder,
    ledger: LedgerId,
    checked: &Checked,
) -> Result<(), DiskError> {
    let (disk, path) = (&**disk, path(store, ledger));
    let folder = store.path().join("held");
    durable::create_folders(disk, store.path(), &folder, Access::Private)?;
    let text = checked.print();
    if text.len() as u64 > CEILING {
        return durable::remove(disk, &path);
    }
    durable::replace(disk, &path, Access::Private, text.as_bytes())
}

/// Forgets it: the copy is another one now.
pub fn forget(disk: &dyn Disk, store: &StoreFolder, ledger: LedgerId) -> Result<(), DiskError> {
    durable::remove(disk, &path(store, ledger))
}
