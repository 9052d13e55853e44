//! The ledger read in order: tree, chains and authority (rules R01, R02, R03).
//!
//! Two things take turns on all cores: the signatures of one lot of statements are checked; then,
//! while those statements are taken up one by one ([`statements`]), the next lot is read. Memory holds
//! two lots, the keys, and 100 bytes for every 256 statements ([`super::earlier_roots`]).

mod statements;
mod voids;

use rayon::prelude::*;

use super::bundles::{
    BundleDigests, Lots, ReadBundle, ReadEntry, published_bundles, recompute_leaves,
};
use super::clocks::Clocks;
use super::earlier_roots::EarlierRoots;
use super::evidence::Progress;
use super::finding::{Outcome, Rule, StatementCounts, Subject};
use super::findings::Findings;
use super::folder::PublicFolder;
use super::record::Record;
use super::tiles::TileCheck;
use crate::evidence::walk::Interrupted;
use crate::statement::authority::{Authority, Ending};
use crate::statement::chain::ChainBook;
use crate::statement::envelope::{LedgerId, Statement};
use crate::statement::signature::{KeyBook, SignatureFault, Signed};
use crate::statement::standing::StandingBook;
use crate::tlog::bundle::Bundle;
use crate::tlog::frontier::Frontier;
use crate::tlog::hash::{Hash, Position, Tree, TreeSize};
use crate::tlog::tile::TILE_WIDTH;
pub use voids::Voids;

/// A ledger after it was read from end to end.
#[derive(Debug)]
pub struct ReadLedger {
    /// Its id; absent where statement 0 cannot be taken as one.
    pub ledger: Option<LedgerId>,
    /// Who may sign what at the end; absent likewise.
    pub authority: Option<Authority>,
    /// What later statements made of earlier ones.
    pub standing: StandingBook,
    /// The tree recomputed from the statements; absent where bundles and tiles leave holes.
    pub tree: Option<Tree>,
    /// Counts for the report.
    pub counts: StatementCounts,
    /// Rows of all anchors.
    pub rows_anchored: u64,
    /// Whether later statements change how earlier ones stand.
    pub anything_restated: bool,
    /// Statements that signers said they had abandoned.
    pub voids: Voids,
    /// What rules weigh against one another.
    pub record: Record,
    /// What every bundle was that could be read.
    pub digests: BundleDigests,
    not_admitted: Vec<Position>,
    roots: EarlierRoots,
}

impl ReadLedger {
    /// Whether the statement at a position was read, signed by its key, and admitted.
    pub fn was_admitted(&self, position: Position) -> bool {
        self.not_admitted.binary_search(&position).is_err()
    }

    /// The recomputed root at an earlier size.
    pub fn root_at(&mut self, folder: &PublicFolder, size: TreeSize) -> Option<Hash> {
        match self.tree {
            Some(tree) if tree.size == size => Some(tree.root),
            Some(tree) if size < tree.size => {
                self.roots.root_at(size, |bundle| recompute_leaves(folder, bundle))
            }
            _ => None,
        }
    }
}

/// Reads a ledger of `size` statements. `clock_s` is the auditor's clock, seconds since 1970 UTC.
pub fn read_ledger(
    folder: &PublicFolder,
    size: TreeSize,
    clock_s: i64,
    out: &mut Findings,
    progress: &Progress<'_>,
) -> Result<ReadLedger, Interrupted> {
    let mut reader = Reader::new(folder, clock_s, out);
    let bundles = published_bundles(folder, size);
    let mut lots = Lots::of(folder, &bundles);
    let mut lot = lots.read();
    while !lot.is_empty() {
        reader.learn(&lot);
        let verdicts = reader.check_signatures(&lot);
        let ((), following) = rayon::join(|| reader.take_up_lot(&lot, verdicts), || lots.read());
        (progress.statements)(reader.position);
        progress.go_on()?;
        lot = following;
    }
    reader.take_up_gap(size.0);
    Ok(reader.finish())
}

struct Reader<'a> {
    folder: &'a PublicFolder,
    clocks: Clocks,
    out: &'a mut Findings,
    /// Every key shown so far and in the present lot: enough to check signatures in any order.
    keys: KeyBook,
    /// The keys shown up to the present statement. Only these count, so that a refusal does not depend
    /// on where a lot ends.
    shown: KeyBook,
    ledger: Option<LedgerId>,
    authority: Option<Authority>,
    chains: ChainBook,
    standing: StandingBook,
    frontier: Option<Frontier>,
    tiles: TileCheck,
    roots: EarlierRoots,
    digests: BundleDigests,
    voids: Voids,
    record: Record,
    counts: StatementCounts,
    rows_anchored: u64,
    anything_restated: bool,
    not_admitted: Vec<Position>,
    position: u64,
    /// The first position whose statement could not be read or trusted. What seems to be missing
    /// after it may have been there.
    first_hole: Option<Position>,
}

type Verdict<'s> = Option<Result<Signed<'s>, SignatureFault>>;

impl<'a> Reader<'a> {
    fn new(folder: &'a PublicFolder, clock_s: i64, out: &'a mut Findings) -> Reader<'a> {
        Reader {
            folder,
            clocks: Clocks::new(clock_s),
            out,
            keys: KeyBook::default(),
            shown: KeyBook::default(),
            ledger: None,
            authority: None,
            chains: ChainBook::default(),
            standing: StandingBook::default(),
            frontier: Some(Frontier::new()),
            tiles: TileCheck::default(),
            roots: EarlierRoots::default(),
            digests: BundleDigests::new(),
            voids: Voids::default(),
            record: Record::default(),
            counts: StatementCounts::default(),
            rows_anchored: 0,
            anything_restated: false,
            not_admitted: Vec::new(),
            position: 0,
            first_hole: None,
        }
    }

    fn learn(&mut self, lot: &[ReadBundle]) {
        for read in lot {
            for (position, entry) in (read.position().0..).zip(entries(read)) {
                let Ok(statement) = &entry.statement else { continue };
                if position == 0 {
                    self.ledger = Some(LedgerId(statement.id()));
                }
                self.keys.learn(statement);
            }
        }
    }

    fn check_signatures<'s>(&self, lot: &'s [ReadBundle]) -> Vec<Verdict<'s>> {
        let statements: Vec<Option<&Statement>> =
            lot.iter().flat_map(entries).map(|entry| entry.statement.as_ref().ok()).collect();
        let Some(ledger) = self.ledger else { return vec![None; statements.len()] };
        statements
            .into_par_iter()
            .map(|statement| Some(statement?.check_signatures(&self.keys, ledger)))
            .collect()
    }

    fn take_up_lot(&mut self, lot: &[ReadBundle], verdicts: Vec<Verdict<'_>>) {
        let mut verdicts = verdicts.into_iter();
        for read in lot {
            self.take_up_gap(read.position().0);
            for (path, fault) in &read.older_files {
                let what = format!("the older bundle {path} is {fault}");
                let subject = Subject::Published(path.clone());
                self.out.add(Rule::R02, Outcome::Fail, "older-bundle-differs", subject, what);
            }
            self.digests.extend(read.digest.map(|digest| (read.bundle.index(), digest)));
            match &read.entries {
                Err(fault) => self.take_up_hole(read, fault),
                Ok(entries) => {
                    for entry in entries {
                        let verdict = verdicts.next().expect("audit: a verdict for every entry");
                        self.take_up_entry(entry, verdict);
                    }
                }
            }
        }
    }

    /// A bundle that cannot be read: the tree goes on with the hashes its tile claims.
    fn take_up_hole(&mut self, read: &ReadBundle, fault: &str) {
        let (first, width) = (read.bundle.first(), u64::from(read.bundle.width()));
        let path = read.bundle.path();
        let last = first.0 + width - 1;
        let what = format!("the bundle {path} with statements {first} to {last} is {fault}");
        self.out.add(Rule::R02, Outcome::Fail, "bundle-unreadable", Subject::Published(path), what);
        self.first_hole.get_or_insert(first);
        if read.tile_leaves.len() as u64 == width {
            read.tile_leaves.iter().for_each(|leaf| self.push_leaf(*leaf));
        } else {
            self.frontier = None;
        }
        self.position += width;
    }

    /// Positions up to `end` for which nothing is published, neither entries nor tile.
    fn take_up_gap(&mut self, end: u64) {
        let from = self.position;
        if from >= end {
            return;
        }
        let bundle = Bundle::new(from / u64::from(TILE_WIDTH), TILE_WIDTH);
        let path = bundle.map(Bundle::path).unwrap_or_default();
        let last = end - 1;
        let what = format!("statements {from} to {last} are missing, from the bundle {path} on");
        let subject = Subject::Published(path);
        self.out.add(Rule::R02, Outcome::Fail, "bundle-unreadable", subject, what);
        self.first_hole.get_or_insert(Position(from));
        self.frontier = None;
        self.position = end;
    }

    fn push_leaf(&mut self, leaf: Hash) {
        let Some(frontier) = &mut self.frontier else { return };
        frontier.push_noting(leaf, |node, hash| {
            self.tiles.note(node, hash, self.folder, self.out);
            self.roots.note(node, hash);
        });
    }

    fn finish(mut self) -> ReadLedger {
        if self.frontier.is_some() {
            self.tiles.finish(self.folder, self.out);
        }
        if let Some(authority) = &self.authority {
            self.counts.keys_granted = authority.grants().count() as u64;
            let endings: Vec<Ending> =
                authority.grants().filter_map(|(_, grant)| grant.ended).collect();
            self.counts.keys_ended = endings.len() as u64;
            // A revocation for compromise and a recovery of the root reach back to what was signed.
            self.anything_restated |= endings.iter().any(|ending| ending.disputed_from.is_some())
                || authority.roots().iter().any(|term| term.set_aside_from.is_some());
        }
        if let Some(authority) = &self.authority {
            self.record.settle(&self.standing, authority);
        }
        ReadLedger {
            ledger: self.ledger,
            authority: self.authority,
            standing: self.standing,
            tree: self.frontier.map(|frontier| frontier.tree()),
            counts: self.counts,
            rows_anchored: self.rows_anchored,
            anything_restated: self.anything_restated,
            voids: self.voids,
            record: self.record,
            digests: self.digests,
            not_admitted: self.not_admitted,
            roots: self.roots,
        }
    }
}

fn entries(read: &ReadBundle) -> &[ReadEntry] {
    read.entries.as_deref().unwrap_or_default()
}
