//! That a statement found in the ledger held here is in the tree its signed head covers, and that its
//! key might sign it.

use crate::cli::check::Moment;
use crate::cli::exit::Exit;
use crate::cli::own_store::OwnStore;
use crate::cli::voice::Failure;
use crate::ledger::book::Book;
use crate::ledger::read;
use crate::statement::envelope::{Issuer, Statement};
use crate::statement::key::KeyId;
use crate::statement::signature::KeyBook;
use crate::store::cosigned::CosignedCheckpoints;
use crate::store::public::PublicError;
use crate::tlog::checkpoint::{SignedCheckpoint, log_vkey};
use crate::tlog::hash::{Position, Tree, TreeSize};
use crate::tlog::merkle::Node;
use crate::tlog::multi::{check_inclusions, prove_inclusions};
use crate::tlog::policy::{Policy, Quorum};

/// The ledger held here, whose head its log key signed.
pub struct HeldLedger<'a> {
    /// The store.
    pub own: &'a OwnStore,
    /// Everything its statements add up to.
    pub book: &'a Book,
    head: SignedCheckpoint,
}

impl<'a> HeldLedger<'a> {
    /// Reads the head and checks its signature.
    pub fn open(own: &'a OwnStore, book: &'a Book) -> Result<HeldLedger<'a>, Failure> {
        let held = HeldLedger { own, book, head: own.head()? };
        match held.is_signed(&held.head) && held.head.tree() == book.tree() {
            true => Ok(held),
            false => Err(Failure::new(
                Exit::Finding,
                "the ledger held here is damaged",
                "its checkpoint is not signed by its log key, or not over these statements",
                "treering audit names what is damaged",
            )),
        }
    }

    /// How many statements the head covers.
    pub fn size(&self) -> TreeSize {
        self.head.tree().size
    }

    fn is_signed(&self, checkpoint: &SignedCheckpoint) -> bool {
        let authority = self.book.authority();
        let origin = &authority.genesis().origin;
        let term = authority.log_keys_at(checkpoint.tree().size);
        let signed = |key| checkpoint.note().check([&log_vkey(origin, key)]).is_ok();
        checkpoint.origin() == origin && term.is_some_and(|term| signed(term.required))
    }

    /// Holds a statement against its signature, its grant and the signed head.
    pub fn prove(
        &self,
        position: Position,
        statement: &Statement,
        keys: &KeyBook,
    ) -> Result<(), String> {
        let ledger = self.book.ledger();
        let what = |why: String| format!("statement {position}: {why}");
        statement.check_signatures(keys, ledger).map_err(|why| what(why.to_string()))?;
        if !self.was_granted(position, statement) {
            return Err(what("its key was not granted this when it stood there".into()));
        }
        let folder = &self.own.folder;
        let nodes = |nodes: &[Node]| folder.nodes(nodes, self.size());
        let proof = prove_inclusions::<PublicError>(&[position], self.size(), nodes);
        let proof = proof.map_err(|why| what(why.to_string()))?;
        check_inclusions(&[(position, statement.id())], self.head.tree(), &proof)
            .map_err(|_| what("it is not in the tree that the checkpoint signs".into()))
    }

    /// Whether the key of an anchor held a grant that covered it where it stands.
    fn was_granted(&self, position: Position, statement: &Statement) -> bool {
        let authority = self.book.authority();
        let header = &statement.header;
        let in_time = authority.grant_of(&header.key).is_some_and(|grant| {
            grant.granted < position
                && grant.ended.is_none_or(|ending| ending.at > position)
                && grant.scope.covers(&header.typ.kind)
        });
        let decided = authority.undecidable().is_none_or(|from| position < from);
        let open = authority.closed().is_none_or(|closed| position < closed);
        let here = statement.payload.chain.ledger == Some(self.book.ledger());
        in_time && decided && open && here && header.issuer == Issuer::Ledger(self.book.ledger())
    }

    /// Who granted what to a key, for a line.
    pub fn grant_words(&self, key: &KeyId) -> String {
        let grant = self.book.authority().grant_of(key);
        grant.map_or(String::new(), |grant| {
            format!(", granted as {} at position {}", grant.role, grant.granted)
        })
    }

    /// By when the statement at a position stood there: what the smallest cosigned checkpoint above it
    /// says that meets the policy's quorum.
    pub fn not_later_than(&self, position: Position, policy: &Policy) -> Moment {
        let cosigned = CosignedCheckpoints::of(self.own.disk.clone(), self.own.folder.path());
        let sizes = cosigned.sizes().unwrap_or_default();
        let above = sizes.into_iter().filter(|size| size.holds(position) && *size <= self.size());
        let kept = above.filter_map(|size| cosigned.read(size).ok()?);
        for checkpoint in kept.chain([self.head.clone()]) {
            if !self.is_of_this_history(&checkpoint) {
                continue;
            }
            let Ok(evaluation) = policy.evaluate(&checkpoint) else { continue };
            if !matches!(evaluation.quorum, Quorum::NotMet) {
                return Moment::of_evaluation(&evaluation);
            }
        }
        Moment::not_checked("too few of the policy's witnesses have cosigned this ledger since")
    }

    fn is_of_this_history(&self, checkpoint: &SignedCheckpoint) -> bool {
        let Tree { size, root } = checkpoint.tree();
        self.is_signed(checkpoint)
            && read::root_at(&self.own.folder, size, self.size()) == Some(root)
    }
}
