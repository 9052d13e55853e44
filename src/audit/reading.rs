//! The ledger read in order: tree, chains and authority (rules R01, R02, R03).
//!
//! Two things take turns on all cores: the signatures of one lot of statements are checked; then,
//! while those statements are taken up one by one, the next lot is read. Memory holds two lots, the
//! keys, and 64 bytes for every 256 statements ([`super::earlier_roots`]).

use rayon::prelude::*;

use super::bundles::{
    BUNDLES_AT_ONCE, ReadBundle, ReadEntry, published_bundles, read_bundles, recompute_leaves,
};
use super::clocks::{Clocks, check_capture};
use super::earlier_roots::EarlierRoots;
use super::evidence::Progress;
use super::finding::{Findings, Outcome, Rule, StatementCounts, Subject};
use super::folder::PublicFolder;
use super::tiles::TileCheck;
use crate::evidence::walk::Interrupted;
use crate::statement::authority::{Authority, Ending, Refused, Signer};
use crate::statement::bodies::Body;
use crate::statement::chain::{ChainBook, ChainFault, check_seen};
use crate::statement::envelope::{LedgerId, Statement};
use crate::statement::signature::{KeyBook, SignatureFault, Signed};
use crate::statement::standing::StandingBook;
use crate::tlog::bundle::Bundle;
use crate::tlog::frontier::Frontier;
use crate::tlog::hash::{Hash, Position, Tree, TreeSize};
use crate::tlog::tile::TILE_WIDTH;

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
    let mut lot = read_bundles(folder, &bundles, 0);
    let mut next = 0;
    while !lot.is_empty() {
        next += BUNDLES_AT_ONCE;
        reader.learn(&lot);
        let verdicts = reader.check_signatures(&lot);
        let ((), following) = rayon::join(
            || reader.take_up_lot(&lot, verdicts),
            || read_bundles(folder, &bundles, next),
        );
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
    keys: KeyBook,
    ledger: Option<LedgerId>,
    authority: Option<Authority>,
    chains: ChainBook,
    standing: StandingBook,
    frontier: Option<Frontier>,
    tiles: TileCheck,
    roots: EarlierRoots,
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
            ledger: None,
            authority: None,
            chains: ChainBook::default(),
            standing: StandingBook::default(),
            frontier: Some(Frontier::new()),
            tiles: TileCheck::default(),
            roots: EarlierRoots::default(),
            counts: StatementCounts::default(),
            rows_anchored: 0,
            anything_restated: false,
            not_admitted: Vec::new(),
            position: 0,
            first_hole: None,
        }
    }

    fn learn(&mut self, lot: &[ReadBundle]) {
        for statement in lot.iter().flat_map(entries).filter_map(|e| e.statement.as_ref().ok()) {
            if self.ledger.is_none() && self.position == 0 {
                self.ledger = Some(LedgerId(statement.id()));
            }
            self.keys.learn(statement);
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
            self.take_up_gap(read.bundle.first().0);
            for (path, fault) in &read.older_files {
                let what = format!("the older bundle {path} is {fault}");
                let subject = Subject::Published(path.clone());
                self.out.add(Rule::R02, Outcome::Fail, "older-bundle-differs", subject, what);
            }
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

    fn take_up_entry(&mut self, entry: &ReadEntry, verdict: Verdict<'_>) {
        let position = Position(self.position);
        let admitted_before = self.counts.admitted;
        match (&entry.statement, verdict) {
            (Ok(statement), Some(Ok(signed))) => self.take_up_signed(position, statement, signed),
            (Ok(statement), Some(Err(fault))) => {
                self.take_up_unsigned(position, statement, fault);
            }
            (Ok(_), None) => {
                let what =
                    format!("statement {position}: without statement 0 its ledger is unknown");
                self.refuse(position, "ledger-unknown", what);
            }
            (Err(fault), _) => {
                self.refuse(
                    position,
                    "statement-unreadable",
                    format!("statement {position}: {fault}"),
                );
            }
        }
        if self.counts.admitted == admitted_before {
            self.not_admitted.push(position);
        }
        self.counts.read += 1;
        self.position += 1;
        self.push_leaf(entry.leaf);
    }

    /// A signature that does not match, or a key that nothing shows. The second cannot be judged where
    /// what would show the key is missing, or is of a kind this program does not know.
    fn take_up_unsigned(
        &mut self,
        position: Position,
        statement: &Statement,
        fault: SignatureFault,
    ) {
        let what = format!("statement {position}: {fault}");
        let SignatureFault::UnknownKey(_) = fault else {
            return self.refuse(position, "signature-differs", what);
        };
        let mut undecidable = false;
        if let Some(authority) = &mut self.authority {
            authority.pass_over(position, statement);
            undecidable = authority.undecidable().is_some();
        }
        if undecidable || self.first_hole.is_some() {
            let subject = Subject::Statement(position);
            self.out.add(Rule::R03, Outcome::CannotCheck, "key-unknown", subject, what);
        } else {
            self.refuse(position, "key-unknown", what);
        }
    }

    fn refuse(&mut self, position: Position, code: &'static str, what: String) {
        self.out.add(Rule::R03, Outcome::Fail, code, Subject::Statement(position), what);
        self.first_hole.get_or_insert(position);
    }

    fn take_up_signed(&mut self, position: Position, statement: &Statement, signed: Signed<'_>) {
        if position.0 == 0 {
            match Authority::found(signed) {
                Ok(authority) => {
                    self.authority = Some(authority);
                    self.count_admitted(position, statement, Signer::Root);
                    self.chains.take_up(statement.header.key, 0, statement.id());
                }
                Err(fault) => self.refuse(position, "no-genesis", format!("statement 0: {fault}")),
            }
            return;
        }
        if !self.check_chain(position, statement) {
            return;
        }
        let Some(signer) = self.admit(position, signed) else { return };
        self.check_seen(position, statement, signer);
        self.clocks.check_signer(position, statement, self.out);
        self.count_admitted(position, statement, signer);
    }

    /// Rule R01. A statement of another ledger goes no further: it says nothing here.
    fn check_chain(&mut self, position: Position, statement: &Statement) -> bool {
        let ledger = self.ledger.expect("audit: a checked signature has a ledger");
        let (key, chain) = (statement.header.key, &statement.payload.chain);
        let fault = self.chains.check(&key, ledger, chain);
        if fault != Err(ChainFault::OtherLedger) {
            self.chains.take_up(key, chain.seq, statement.id());
        }
        let Err(fault) = fault else { return true };
        let what = format!("statement {position} by key {key}: {fault}");
        let (outcome, what) = match (fault, self.first_hole) {
            (ChainFault::Gap { .. } | ChainFault::OtherPast, Some(hole)) => (
                Outcome::CannotCheck,
                format!("{what} (or it is one that cannot be read, from {hole} on)"),
            ),
            _ => (Outcome::Fail, what),
        };
        self.out.add(Rule::R01, outcome, chain_code(fault), Subject::Statement(position), what);
        fault != ChainFault::OtherLedger
    }

    fn admit(&mut self, position: Position, signed: Signed<'_>) -> Option<Signer> {
        let Some(authority) = &mut self.authority else {
            let what = format!("statement {position}: without a genesis nobody may sign");
            let subject = Subject::Statement(position);
            self.out.add(Rule::R03, Outcome::CannotCheck, "no-authority", subject, what);
            return None;
        };
        let (roots, folder) = (&mut self.roots, self.folder);
        let mut root_at = |size| roots.root_at(size, |bundle| recompute_leaves(folder, bundle));
        match authority.admit(position, signed, &mut root_at) {
            Ok(signer) => Some(signer),
            Err(fault) => {
                let what = format!("statement {position} is not admitted: {fault}");
                let (outcome, what) = match (&fault, self.first_hole) {
                    (Refused::Undecidable(_), _) => (Outcome::CannotCheck, what),
                    (Refused::NotGranted | Refused::NotForVisitors(_), Some(hole)) => (
                        Outcome::CannotCheck,
                        format!("{what} (or its grant cannot be read, from {hole} on)"),
                    ),
                    _ => (Outcome::Fail, what),
                };
                let subject = Subject::Statement(position);
                self.out.add(Rule::R03, outcome, "not-admitted", subject, what);
                None
            }
        }
    }

    fn check_seen(&mut self, position: Position, statement: &Statement, signer: Signer) {
        let (roots, folder) = (&mut self.roots, self.folder);
        let required = signer.must_name_what_it_saw();
        let root_at =
            |size| roots.root_at(size, |bundle| recompute_leaves(folder, bundle)).ok_or(());
        let subject = Subject::Statement(position);
        match check_seen(&statement.payload.chain, position, required, root_at) {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => {
                let what = format!("statement {position}: {fault}");
                self.out.add(Rule::R01, Outcome::Fail, chain_code(fault), subject, what);
            }
            Err(()) => {
                let what =
                    format!("statement {position}: the root its signer saw cannot be recomputed");
                self.out.add(Rule::R01, Outcome::CannotCheck, "seen-unknown", subject, what);
            }
        }
    }

    fn count_admitted(&mut self, position: Position, statement: &Statement, signer: Signer) {
        self.counts.admitted += 1;
        self.clocks.take_up(statement);
        match &statement.payload.body {
            Body::Anchor(anchor) => {
                self.counts.anchors += 1;
                self.rows_anchored = self.rows_anchored.saturating_add(anchor.rows);
                check_capture(position, statement, anchor, self.out);
            }
            Body::Affirm(_) | Body::Correction(_) | Body::Erase(_) => self.anything_restated = true,
            Body::Unknown { .. } => self.counts.not_understood += 1,
            _ => {}
        }
        self.standing.take_up(position, statement, signer);
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
            self.anything_restated |= endings.iter().any(|ending| ending.disputed_from.is_some());
        }
        ReadLedger {
            ledger: self.ledger,
            authority: self.authority,
            standing: self.standing,
            tree: self.frontier.map(|frontier| frontier.tree()),
            counts: self.counts,
            rows_anchored: self.rows_anchored,
            anything_restated: self.anything_restated,
            not_admitted: self.not_admitted,
            roots: self.roots,
        }
    }
}

fn chain_code(fault: ChainFault) -> &'static str {
    match fault {
        ChainFault::OtherLedger => "replayed",
        ChainFault::Gap { .. } => "statement-missing",
        ChainFault::Repeat { .. } => "numbered-twice",
        ChainFault::OtherPast => "other-past",
        ChainFault::PastAtStart => "past-at-start",
        ChainFault::VoidsFiled => "voids-filed",
        ChainFault::SawTheFuture { .. } => "saw-the-future",
        ChainFault::SawOtherRoot { .. } => "saw-other-root",
        ChainFault::SawNothing => "saw-nothing",
    }
}

fn entries(read: &ReadBundle) -> &[ReadEntry] {
    read.entries.as_deref().unwrap_or_default()
}
