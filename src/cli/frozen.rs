//! One's own ledger, of which a fork was found: nothing is signed until people have decided, nor ever
//! on the history that does not stand.

use super::exit::Exit;
use super::own_store::OwnStore;
use super::voice::Failure;
use crate::ledger::read;
use crate::statement::fork_file::Side;
use crate::store::forks::{Forks, KeptFork};
use crate::tlog::hash::Tree;

/// Refuses to sign while a fork of this ledger stands open here, or on a side that was given up.
pub fn check(own: &OwnStore) -> Result<(), Failure> {
    let forks = Forks::of(own.disk.clone(), own.store.clone());
    let ledger = own.ledger()?;
    if let Some(fork) = forks.freezing(ledger)?.first() {
        return Err(Failure::new(
            Exit::Fork,
            "this ledger has forked, and is frozen here",
            format!(
                "two signed histories of it cannot both be true, and nobody has decided which one stands; \
                 the proof is {}",
                fork.id
            ),
            format!(
                "treering fork show {}; once people have decided, treering fork resolve {}",
                fork.id, fork.id
            ),
        ));
    }
    let mut kept = forks.list()?;
    kept.retain(|fork| fork.record.ledger == ledger);
    match kept.iter().find(|fork| stands_aside(own, fork)) {
        None => Ok(()),
        Some(fork) => Err(Failure::new(
            Exit::Fork,
            "this store holds the history that does not stand",
            format!("people have decided so about the fork {}", fork.id),
            format!(
                "treering fork show {}; go on in the store that holds the other history",
                fork.id
            ),
        )),
    }
}

/// Whether the ledger here went on from the side of a fork that people gave up.
fn stands_aside(own: &OwnStore, fork: &KeptFork) -> bool {
    let Some(resolution) = &fork.record.resolution else { return false };
    let Ok(here) = own.head().map(|head| head.tree()) else { return false };
    let (a, b) = (fork.file.proof.smaller().tree(), fork.file.proof.larger().tree());
    let (stands, given_up) = match resolution.keep {
        Side::Smaller => (a, b),
        Side::Larger => (b, a),
    };
    let holds = |tree: Tree| {
        tree.size <= here.size
            && read::root_at(&own.folder, tree.size, here.size) == Some(tree.root)
    };
    holds(given_up) && !holds(stands)
}
