//! What a source shows that does not simply continue what is held: less of it, another history, or a
//! signed head without its tree.

use super::fetch::{Stopped, read_until};
use super::judgement::{Compared, Sides};
use super::reading::Reading;
use super::sync::{Learnt, Sync, refused, signed_by_log};
use super::{State, tree_of};
use crate::exchange::source::SourceError;
use crate::exchange::tree::{AuthenticTree, TreeError};
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::Tree;

impl Sync<'_> {
    /// A smaller tree than what is held, or another one of the same size.
    pub(super) fn smaller(
        &mut self,
        offered: &SignedCheckpoint,
        held: Tree,
    ) -> Result<(State, Option<Learnt>), Stopped> {
        let local = self.local.clone();
        let (since, head) = match &self.held.head {
            Some(head) => (head.since, head.checkpoint.clone()),
            None => return self.larger(offered),
        };
        let shortened = State::Shortened { shown: offered.tree().size, held: held.size, since };
        if self.before != held.size {
            // The copy that was held is gone, so its root at that size is, too.
            self.remember(offered, self.options.now)?;
            self.remarks.push(
                "the larger tree that was held is not here any more, so the two cannot be compared"
                    .into(),
            );
            return Ok((shortened, None));
        }
        let tree = tree_of(&local, &head)?;
        let reading = match self.resume(&tree)? {
            Some(reading) => reading,
            None => self.read_all(&tree)?,
        };
        if let Err(why) = signed_by_log(&reading, offered) {
            return Ok((refused(why), None));
        }
        if tree.root_at(offered.tree().size)? == offered.tree().root {
            return Ok((shortened, None));
        }
        let theirs = tree_of(self.source, offered).ok();
        let sides = Sides { a: offered, b: &head, larger: &tree, smaller: theirs.as_ref() };
        let compared =
            Compared { reading: &reading, sides, newcomer: offered, known_history: true };
        Ok((self.forked(compared)?, None))
    }

    /// The tree of a checkpoint cannot be read, or is not what the checkpoint signs. If the log signed
    /// it, it is kept: a head without its tree is what a fork looks like from one side.
    pub(super) fn without_tree(
        &mut self,
        offered: &SignedCheckpoint,
        fault: TreeError,
    ) -> Result<(State, Option<Learnt>), Stopped> {
        let Some(head) = self.held.head.clone().filter(|_| self.before.0 > 0) else {
            return Err(fault.into());
        };
        let local = self.local.clone();
        let tree = tree_of(&local, &head.checkpoint)?;
        let Some(reading) = self.resume(&tree)? else { return Err(fault.into()) };
        if let Err(why) = signed_by_log(&reading, offered) {
            return Ok((refused(why), None));
        }
        self.remember(offered, self.options.now)?;
        match fault {
            TreeError::Source(
                fault @ (SourceError::Unreachable { .. } | SourceError::Refused { .. }),
            ) => Err(Stopped::Tree(fault.into())),
            fault => {
                let size = offered.tree().size;
                let why = format!("a signed checkpoint of size {size}, but {fault}");
                Ok((State::Unexplained { why }, None))
            }
        }
    }

    /// The larger tree has another beginning than what was held.
    pub(super) fn other_history(
        &mut self,
        offered: &SignedCheckpoint,
        theirs: &AuthenticTree<'_>,
    ) -> Result<(State, Option<Learnt>), Stopped> {
        let local = self.local.clone();
        let Some(head) = self.held.head.clone() else { return Ok((refused("no head"), None)) };
        if self.before == head.checkpoint.tree().size {
            let ours = tree_of(&local, &head.checkpoint)?;
            let reading = match self.resume(&ours)? {
                Some(reading) => reading,
                None => self.read_all(&ours)?,
            };
            if let Err(why) = signed_by_log(&reading, offered) {
                return Ok((refused(why), None));
            }
            let sides =
                Sides { a: &head.checkpoint, b: offered, larger: theirs, smaller: Some(&ours) };
            let compared =
                Compared { reading: &reading, sides, newcomer: offered, known_history: false };
            return Ok((self.forked(compared)?, None));
        }
        // Nothing of it is here any more but the head, so the keys are learnt from their tree.
        let mut reading = Reading::begin(self.record.ledger);
        let both = |reading: &Reading| {
            signed_by_log(reading, offered).is_ok()
                && signed_by_log(reading, &head.checkpoint).is_ok()
        };
        if !read_until(theirs, &mut reading, self.turn, both)? {
            let why = "its tree is another one than was held, and none of the ledger's log keys signed it";
            return Ok((refused(why), None));
        }
        let sides = Sides { a: &head.checkpoint, b: offered, larger: theirs, smaller: None };
        let compared =
            Compared { reading: &reading, sides, newcomer: offered, known_history: true };
        Ok((self.forked(compared)?, None))
    }
}
