//! Rule R07, from the other side: which outside ledgers pin this one's history, and since when.
//!
//! A party that appends another ledger's checkpoint to its own (`checkpoint.anchor`) ties the two:
//! rewriting the one history means rewriting the other, and those of everybody who pinned that. What is
//! read here are other ledgers as they lie at hand; that they hold in themselves is for audits of them.

use std::path::PathBuf;

use super::bundles::{Lots, published_bundles};
use super::checkpoints::{check_pinned, read_head};
use super::findings::Findings;
use super::folder::PublicFolder;
use super::reading::ReadLedger;
use crate::statement::bodies::Body;
use crate::statement::envelope::LedgerId;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::{Position, Tree, TreeSize};

/// An outside ledger at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// What the auditor calls it.
    pub name: String,
    /// Its public folder.
    pub folder: PathBuf,
}

/// An outside ledger that pins this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// What the auditor calls it.
    pub name: String,
    /// Its id.
    pub by: LedgerId,
    /// The first checkpoint of this ledger that it holds.
    pub first: Pinned,
    /// The largest one.
    pub largest: Pinned,
}

/// One checkpoint held in an outside ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// The size that is pinned.
    pub size: TreeSize,
    /// The position of the statement there.
    pub position: Position,
    /// When, as its signer's clock said; seconds since 1970 UTC.
    pub claimed_s: i64,
}

/// Looks through outside ledgers for checkpoints of this one. Each is held against the history that was
/// recomputed; one that contradicts it is a finding like any other signed checkpoint.
pub fn find_pins(
    folder: &PublicFolder,
    read: &mut ReadLedger,
    published: Option<Tree>,
    peers: &[Peer],
    out: &mut Findings,
) -> Vec<Pin> {
    let Some(ledger) = read.ledger else { return Vec::new() };
    let mut pins = Vec::new();
    for peer in peers {
        let mut pinned = Vec::new();
        let Some((by, notes)) = notes_in(peer, ledger) else { continue };
        for (at, note) in notes {
            let from = format!("statement {} of {} ({by})", at.position, peer.name);
            if check_pinned(folder, read, published, &note, &from, out) {
                pinned.push(at);
            }
        }
        let largest = pinned.iter().max_by_key(|pinned| pinned.size).copied();
        if let (Some(first), Some(largest)) = (pinned.first().copied(), largest) {
            pins.push(Pin { name: peer.name.clone(), by, first, largest });
        }
    }
    pins
}

/// The checkpoints of a ledger that an outside ledger holds, oldest first, and that ledger's id.
fn notes_in(peer: &Peer, ledger: LedgerId) -> Option<(LedgerId, Vec<(Pinned, SignedCheckpoint)>)> {
    let folder = PublicFolder::new(&peer.folder);
    let size = read_head(&folder, &mut Findings::default())?.tree().size;
    let bundles = published_bundles(&folder, size);
    let (mut by, mut notes) = (None, Vec::new());
    let mut lots = Lots::of(&folder, &bundles);
    loop {
        let lot = lots.read();
        if lot.is_empty() {
            break;
        }
        for read in &lot {
            let entries = read.entries.iter().flatten();
            for (position, entry) in (read.position().0..).map(Position).zip(entries) {
                let Ok(statement) = &entry.statement else { continue };
                if position.0 == 0 {
                    by = Some(LedgerId(statement.id()));
                }
                let Body::CheckpointAnchor(anchor) = &statement.payload.body else { continue };
                if anchor.ledger != ledger {
                    continue;
                }
                if let Ok(note) = SignedCheckpoint::parse(&anchor.note) {
                    let (size, claimed_s) = (note.tree().size, statement.header.issued_at);
                    notes.push((Pinned { size, position, claimed_s }, note));
                }
            }
        }
    }
    by.filter(|by| *by != ledger).map(|by| (by, notes))
}
