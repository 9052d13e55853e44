//! Statements of somebody else's ledger, judged in order while they are fetched: bytes, signatures,
//! chains, authority.
//!
//! The log signed them, so what does not hold is kept all the same, as evidence, and is counted and
//! named. What decides about the mirror itself is only the tree and the log's signature.

use std::collections::VecDeque;

use rayon::prelude::*;

use crate::exchange::tree::{AuthenticTree, TreeError};
use crate::statement::authority::{Authority, Refused};
use crate::statement::chain::{ChainBook, ChainFault, Link, check_seen};
use crate::statement::envelope::{LedgerId, ReadError, Statement};
use crate::statement::signature::{KeyBook, SignatureFault, Signed};
use crate::store::checked::Checked;
use crate::tlog::bundle::Bundle;
use crate::tlog::frontier::Frontier;
use crate::tlog::hash::{Hash, Position, Tree, TreeSize};
use crate::tlog::merkle::right_edge;

/// Roots of the latest sizes, which are the ones that signers name.
const ROOTS_KEPT: usize = 1_024;
/// Sentences kept about statements that do not hold; all of them are counted.
const SENTENCES_KEPT: usize = 20;

/// The roots of the ledger at earlier sizes, as far as they are needed and can be had.
pub type RootAt<'a> = &'a (dyn Fn(TreeSize) -> Option<Hash> + Sync);

/// What a reader knows after the statements so far.
#[derive(Clone, Debug)]
pub struct Reading {
    ledger: LedgerId,
    authority: Option<Authority>,
    keys: KeyBook,
    chains: ChainBook,
    frontier: Frontier,
    roots: VecDeque<(TreeSize, Hash)>,
    ruling: Vec<Position>,
    unsound: u64,
    sentences: Vec<String>,
}

/// Statement 0 is not that of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherLedger(pub LedgerId);

impl Reading {
    /// Before statement 0.
    pub fn begin(ledger: LedgerId) -> Reading {
        Reading {
            ledger,
            authority: None,
            keys: KeyBook::default(),
            chains: ChainBook::default(),
            frontier: Frontier::new(),
            roots: VecDeque::new(),
            ruling: Vec::new(),
            unsound: 0,
            sentences: Vec::new(),
        }
    }

    /// Goes on from where a ledger was checked before. The statements on which authority rests are read
    /// again, from a tree that extends the one checked; `None` if it does not.
    pub fn resume(
        ledger: LedgerId,
        checked: &Checked,
        tree: &AuthenticTree<'_>,
    ) -> Result<Option<Reading>, TreeError> {
        let size = checked.tree.size;
        if size > tree.tree().size || tree.root_at(size)? != checked.tree.root {
            return Ok(None);
        }
        let edge = tree.nodes(&right_edge(size))?;
        let Some(frontier) = Frontier::from_edge(size, edge) else { return Ok(None) };
        let mut reading = Reading { frontier, unsound: checked.unsound, ..Reading::begin(ledger) };
        let root_at = |size| tree.root_at(size).ok();
        for position in &checked.ruling {
            let Some((bundle, index)) = Bundle::holding(*position, tree.tree().size) else {
                return Ok(None);
            };
            let (entries, _) = tree.bundle(bundle)?;
            let Ok(statement) = Statement::read(entries[index].clone()) else { return Ok(None) };
            reading.keys.learn(&statement);
            match statement.check_signatures(&reading.keys, ledger) {
                // What was refused then is refused again, and changes nothing again.
                Ok(signed) => drop(reading.admit(*position, signed, &root_at)),
                Err(_) => drop(reading.pass_over(*position, &statement)),
            }
        }
        if reading.authority.is_none() {
            return Ok(None);
        }
        checked.keys.iter().for_each(|(key, Link { seq, id })| {
            reading.chains.take_up(*key, *seq, *id);
        });
        reading.ruling = checked.ruling.clone();
        Ok(Some(reading))
    }

    /// What to note so that a later reader can [`Reading::resume`].
    pub fn checked(&self) -> Checked {
        Checked {
            tree: self.tree(),
            unsound: self.unsound,
            ruling: self.ruling.clone(),
            keys: self.chains.iter().collect(),
        }
    }

    /// Size and root so far.
    pub fn tree(&self) -> Tree {
        self.frontier.tree()
    }

    /// Who may sign what so far; absent before statement 0.
    pub fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    /// Positions of the statements on which authority rests.
    pub fn ruling(&self) -> &[Position] {
        &self.ruling
    }

    /// How many statements do not hold.
    pub fn unsound(&self) -> u64 {
        self.unsound
    }

    /// What is wrong with the first of those that were read now.
    pub fn sentences(&self) -> &[String] {
        &self.sentences
    }

    /// Judges the next statements and takes them up.
    pub fn take_up(
        &mut self,
        entries: Vec<Vec<u8>>,
        leaves: &[Hash],
        root_at: RootAt<'_>,
    ) -> Result<(), OtherLedger> {
        let first = self.frontier.size().0;
        if first == 0
            && let Some(leaf) = leaves.first()
            && LedgerId(*leaf) != self.ledger
        {
            return Err(OtherLedger(LedgerId(*leaf)));
        }
        let read: Vec<Result<Statement, ReadError>> =
            entries.into_par_iter().map(Statement::read).collect();
        // The keys first: a statement may be signed by a key that one shortly before it shows.
        read.iter().flatten().for_each(|statement| self.keys.learn(statement));
        let (keys, ledger) = (&self.keys, self.ledger);
        let verdicts: Vec<Option<Result<Signed<'_>, SignatureFault>>> = read
            .par_iter()
            .map(|read| Some(read.as_ref().ok()?.check_signatures(keys, ledger)))
            .collect();
        for (offset, ((read, verdict), leaf)) in read.iter().zip(verdicts).zip(leaves).enumerate() {
            let position = Position(first + offset as u64);
            match (read, verdict) {
                (Ok(statement), Some(verdict)) => {
                    self.judge(position, statement, verdict, root_at);
                }
                (Err(fault), _) => self.note(position, fault),
                (Ok(_), None) => {}
            }
            self.push(*leaf);
        }
        Ok(())
    }

    fn push(&mut self, leaf: Hash) {
        self.frontier.push(leaf);
        if self.roots.len() == ROOTS_KEPT {
            self.roots.pop_front();
        }
        let Tree { size, root } = self.frontier.tree();
        self.roots.push_back((size, root));
    }

    fn judge(
        &mut self,
        position: Position,
        statement: &Statement,
        verdict: Result<Signed<'_>, SignatureFault>,
        root_at: RootAt<'_>,
    ) {
        let signed = match verdict {
            Ok(signed) => signed,
            Err(fault) => {
                let unknown = matches!(fault, SignatureFault::UnknownKey(_));
                if !(unknown && self.pass_over(position, statement)) {
                    self.note(position, fault);
                }
                return;
            }
        };
        let (key, chain) = (statement.header.key, &statement.payload.chain);
        if position.0 > 0 {
            let fault = self.chains.check(&key, self.ledger, chain).err();
            if let Some(fault) = fault {
                self.note(position, fault);
            }
            if fault == Some(ChainFault::OtherLedger) {
                return;
            }
        }
        self.chains.take_up(key, chain.seq, statement.id());
        match self.admit(position, signed, root_at) {
            Ok(must_see) => {
                let earlier = |size| self.root(size, root_at).ok_or(());
                if let Ok(Err(fault)) = check_seen(chain, position, must_see, earlier) {
                    self.note(position, fault);
                }
            }
            Err(Refused::Undecidable(_)) => {}
            Err(fault) => self.note(position, fault),
        }
    }

    /// Takes up what a statement changes in authority. Gives whether its signer had to name a
    /// checkpoint.
    fn admit(
        &mut self,
        position: Position,
        signed: Signed<'_>,
        root_at: RootAt<'_>,
    ) -> Result<bool, Refused> {
        let statement = signed.statement();
        let rules = statement.header.typ.kind.family().rules_authority();
        if rules || statement.payload.key.is_some() {
            self.ruling.push(position);
        }
        let roots = &self.roots;
        let mut earlier = |size| find_root(roots, size).or_else(|| root_at(size));
        match &mut self.authority {
            None if position.0 == 0 => {
                self.authority = Some(Authority::found(signed)?);
                Ok(false)
            }
            None => Err(Refused::NotAGenesis),
            Some(authority) => {
                Ok(authority.admit(position, signed, &mut earlier)?.must_name_what_it_saw())
            }
        }
    }

    /// A statement whose key nothing shows; gives whether that leaves everything after it undecided.
    fn pass_over(&mut self, position: Position, statement: &Statement) -> bool {
        let Some(authority) = &mut self.authority else { return false };
        let before = authority.undecidable();
        authority.pass_over(position, statement);
        if before.is_none() && authority.undecidable().is_some() {
            self.ruling.push(position);
        }
        authority.undecidable().is_some()
    }

    fn root(&self, size: TreeSize, root_at: RootAt<'_>) -> Option<Hash> {
        find_root(&self.roots, size).or_else(|| root_at(size))
    }

    fn note(&mut self, position: Position, fault: impl std::fmt::Display) {
        self.unsound += 1;
        if self.sentences.len() < SENTENCES_KEPT {
            self.sentences.push(format!("statement {position}: {fault}"));
        }
    }
}

/// The kept roots are of sizes without gaps.
fn find_root(roots: &VecDeque<(TreeSize, Hash)>, size: TreeSize) -> Option<Hash> {
    let first = roots.front()?.0;
    let index = usize::try_from(size.0.checked_sub(first.0)?).ok()?;
    roots.get(index).map(|(_, root)| *root)
}
