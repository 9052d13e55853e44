//! The book: what a writer knows of its ledger from the statements in it.
//!
//! It is the judge of what comes next. Nothing here touches a disk.

use rayon::prelude::*;
use thiserror::Error;

use crate::statement::authority::{Authority, Refused, RootAt, Signer};
use crate::statement::bodies::Body;
use crate::statement::chain::{ChainBook, ChainFault, Link, check_seen};
use crate::statement::envelope::{LedgerId, Statement};
use crate::statement::key::KeyId;
use crate::statement::signature::{KeyBook, SignatureFault, Signed};
use crate::tlog::frontier::Frontier;
use crate::tlog::hash::{Position, Tree, TreeSize};

/// A ledger's statements so far, as far as they matter for the next one.
#[derive(Clone, Debug)]
pub struct Book {
    authority: Authority,
    chains: ChainBook,
    keys: KeyBook,
    frontier: Frontier,
}

/// A statement whose signatures [`Book::check_signatures`] has looked at.
#[derive(Clone, Copy, Debug)]
pub struct Checked<'a> {
    statement: &'a Statement,
    signed: Result<Signed<'a>, SignatureFault>,
}

/// Why a statement is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A signature does not match.
    #[error("{0}")]
    Signature(#[from] SignatureFault),
    /// It does not continue what its key filed before.
    #[error("{0}")]
    Chain(#[from] ChainFault),
    /// Its key might not sign it here.
    #[error("{0}")]
    Authority(#[from] Refused),
    /// The root at a size it names cannot be computed from this ledger yet.
    #[error("the tree of size {0} that it names cannot be compared: no checkpoint here reaches it")]
    RootUnknown(TreeSize),
    /// It is of a kind or version that this program does not know, in a family that decides who may
    /// sign; after it nobody could be judged.
    #[error(
        "it is of a kind or version that this program does not know, and would decide who may sign after it"
    )]
    NotUnderstood,
}

impl Book {
    /// Begins with statement 0.
    pub fn found(genesis: &Statement) -> Result<Book, Refusal> {
        let mut keys = KeyBook::default();
        keys.learn(genesis);
        let signed = genesis.check_signatures(&keys, LedgerId(genesis.id()))?;
        let authority = Authority::found(signed)?;
        let mut chains = ChainBook::default();
        chains.take_up(genesis.header.key, 0, genesis.id());
        let mut frontier = Frontier::new();
        frontier.push(genesis.id());
        Ok(Book { authority, chains, keys, frontier })
    }

    /// Judges the next statement and takes it up; a refused one changes nothing.
    ///
    /// `root_at` gives the root of this ledger at sizes up to [`Book::tree`]'s.
    pub fn admit(
        &mut self,
        statement: &Statement,
        root_at: RootAt<'_>,
    ) -> Result<(Position, Signer), Refusal> {
        let signed = statement.check_signatures(&self.keys, self.ledger())?;
        self.admit_signed(signed, root_at)
    }

    /// Checks the signatures of statements that may come next, on all cores: the greater part of the
    /// work of judging them, and the only one that needs no order.
    pub fn check_signatures<'a>(&self, statements: &'a [Statement]) -> Vec<Checked<'a>> {
        let mut keys = self.keys.clone();
        statements.iter().for_each(|statement| keys.learn(statement));
        let check = |statement: &'a Statement| Checked {
            statement,
            signed: statement.check_signatures(&keys, self.ledger()),
        };
        statements.par_iter().map(check).collect()
    }

    /// [`Book::admit`], with the same verdict, of a statement whose signatures were checked.
    pub fn admit_checked(
        &mut self,
        checked: Checked<'_>,
        root_at: RootAt<'_>,
    ) -> Result<(Position, Signer), Refusal> {
        match self.keys.get(&checked.statement.header.key) {
            Some(_) => self.admit_signed(checked.signed?, root_at),
            // It shows its key itself; or only a later statement does, which then does not count.
            None => self.admit(checked.statement, root_at),
        }
    }

    fn admit_signed(
        &mut self,
        signed: Signed<'_>,
        root_at: RootAt<'_>,
    ) -> Result<(Position, Signer), Refusal> {
        let statement = signed.statement();
        if statement.payload.body.is_unknown_rule() {
            return Err(Refusal::NotUnderstood);
        }
        let position = Position(self.frontier.size().0);
        let (key, chain) = (statement.header.key, &statement.payload.chain);
        self.chains.check(&key, self.ledger(), chain)?;
        let signer = self.authority.signer(position, signed)?;
        let seen_root = |size| root_at(size).ok_or(Refusal::RootUnknown(size));
        check_seen(chain, position, signer.must_name_what_it_saw(), seen_root)??;
        // Authority lets pass what it cannot compare, for readers of a part. A writer has the whole.
        if let Some(trusted) = trusted_by(statement)
            && trusted.size.0 <= position.0
            && root_at(trusted.size).is_none()
        {
            return Err(Refusal::RootUnknown(trusted.size));
        }
        // The last judgement; whatever it refuses has changed nothing.
        self.authority.admit(position, signed, root_at)?;
        self.keys.learn(statement);
        self.take_up(statement);
        Ok((position, signer))
    }

    /// Takes up a statement that the ledger's own signed head already covers. Its signatures and
    /// chain were judged when it was filed, so only what changes authority is judged again.
    ///
    /// From a statement on that may rule authority in a way this program does not know
    /// ([`Authority::undecidable`]) nothing is judged: reading goes on, and writing must not.
    pub fn retrace(&mut self, statement: &Statement, root_at: RootAt<'_>) -> Result<(), Refusal> {
        let shows_key = statement.payload.key.is_some();
        if statement.header.typ.kind.family().rules_authority() || shows_key {
            self.retrace_authority(statement, root_at)?;
            self.keys.learn(statement);
        }
        self.take_up(statement);
        Ok(())
    }

    fn retrace_authority(
        &mut self,
        statement: &Statement,
        root_at: RootAt<'_>,
    ) -> Result<(), Refusal> {
        let position = Position(self.frontier.size().0);
        let signed = statement.check_signatures(&self.keys, self.ledger());
        if let Err(SignatureFault::UnknownKey(_)) = signed {
            self.authority.pass_over(position, statement);
        }
        if self.authority.undecidable().is_some() {
            return Ok(());
        }
        match self.authority.admit(position, signed?, root_at) {
            Err(Refused::Undecidable(_)) => Ok(()),
            admitted => Ok(admitted.map(drop)?),
        }
    }

    fn take_up(&mut self, statement: &Statement) {
        self.chains.take_up(statement.header.key, statement.payload.chain.seq, statement.id());
        self.frontier.push(statement.id());
    }

    /// The ledger's id.
    pub fn ledger(&self) -> LedgerId {
        self.authority.ledger()
    }

    /// Size and root so far.
    pub fn tree(&self) -> Tree {
        self.frontier.tree()
    }

    /// Who may sign what.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// A key's last statement here.
    pub fn last_by(&self, key: &KeyId) -> Option<Link> {
        self.chains.last(key)
    }

    /// The right edge of the tree.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }
}

/// The tree up to which a statement trusts what others signed.
fn trusted_by(statement: &Statement) -> Option<Tree> {
    match &statement.payload.body {
        Body::Revoke(revoke) => revoke.trusted,
        Body::RecoverRoot(recover) => Some(recover.trusted),
        _ => None,
    }
}
