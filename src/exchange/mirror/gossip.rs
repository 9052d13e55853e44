//! Heads that partners tell one another.
//!
//! A log that shows different histories to different partners is found out when they compare. Each
//! store publishes the newest head it holds of every ledger in one small file beside its public
//! folders (`ledgers/heads`), and reads those of others. A head is believed only for its signature, so
//! it does not matter who passes it on.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Meeting, MirrorStore, SyncError, meet_mirror};
use crate::statement::envelope::LedgerId;
use crate::store::disk::Access;
use crate::store::durable;
use crate::store::held::HeadList;
use crate::store::mirrors::MirrorRecord;
use crate::tlog::checkpoint::SignedCheckpoint;

/// What a partner's list told about one ledger that is mirrored here.
#[derive(Clone, Debug)]
pub struct Told {
    /// The mirror.
    pub mirror: MirrorRecord,
    /// The head that they hold.
    pub checkpoint: SignedCheckpoint,
    /// What became of it.
    pub meeting: Meeting,
}

/// The list that this store gives to others: the heads held of others' ledgers, and those signed here.
pub fn publish_heads(
    shelf: &MirrorStore,
    own: &BTreeMap<LedgerId, SignedCheckpoint>,
) -> Result<HeadList, SyncError> {
    let _lock = shelf.lock()?;
    let mut heads = shelf.held.heads()?;
    heads.extend(own.iter().map(|(ledger, head)| (*ledger, head.clone())));
    let list = HeadList { heads };
    let path = shelf.store.ledgers().join(HeadList::FILE);
    durable::replace(&*shelf.disk, &path, Access::Public, list.print().as_bytes())?;
    Ok(list)
}

/// Holds a partner's list against what is held here.
pub fn compare_list(
    shelf: &MirrorStore,
    list: &HeadList,
    by: &str,
    now: Timestamp,
) -> Result<Vec<Told>, SyncError> {
    let mut told = Vec::new();
    for mirror in shelf.mirrors.list()? {
        let Some(checkpoint) = list.heads.get(&mirror.ledger) else { continue };
        let meeting = meet_mirror(shelf, &mirror, checkpoint, by, now)?;
        told.push(Told { mirror, checkpoint: checkpoint.clone(), meeting });
    }
    Ok(told)
}
