//! What a witness does when something is wrong: a log that contradicts itself is kept as proof, and a
//! store that was copied or restored goes on only from what is known to have been signed.

use super::state::{Watched, origin_hash};
use super::{Witness, WitnessError};
use crate::store::disk::{Access, Action, DiskError};
use crate::store::durable;
use crate::store::outside::{CosignedMark, HeadMark, Incarnation};
use crate::tlog::checkpoint::{Origin, SignedCheckpoint};
use crate::tlog::cosignature::CosignatureTime;
use crate::tlog::hash::Hash;
use crate::tlog::note::VerifierKey;
use crate::tlog::witness::AddCheckpoint;

impl Witness {
    /// Keeps the log's own signature under a tree that contradicts what was cosigned: proof, together
    /// with the signature kept before, that the log has forked. From then on it is not cosigned.
    pub(super) fn keep_contradiction(
        &self,
        origin: Hash,
        request: &AddCheckpoint,
        log: &Watched,
    ) -> Result<(), WitnessError> {
        let lines = request.note().signatures().iter();
        let by_log = lines.filter(|line| {
            log.keys.iter().any(|key| (key.name(), key.id()) == (line.name(), line.id()))
        });
        let note = SignedCheckpoint::new(request.checkpoint().clone(), by_log.cloned().collect())?;
        let path = self.places.folder_of(origin).join("contradiction");
        let text = note.to_string();
        Ok(durable::replace(&*self.places.disk, &path, Access::Private, text.as_bytes())?)
    }

    /// Lets a log be cosigned again although it contradicted itself. Both checkpoints stay, under names
    /// that end in this time.
    pub fn release(&self, origin: &Origin, now: CosignatureTime) -> Result<bool, WitnessError> {
        let hash = origin_hash(origin);
        let _lock = self.places.lock(&self.identity, hash)?;
        let (disk, folder) = (&*self.places.disk, self.places.folder_of(hash));
        let contradiction = folder.join("contradiction");
        if !contradiction.exists() {
            return Ok(false);
        }
        if let Some(Watched { note: Some(note), .. }) = self.places.read(hash)? {
            let path = folder.join(format!("cosigned-{now}"));
            durable::replace(disk, &path, Access::Private, note.to_string().as_bytes())?;
        }
        let renamed = disk.rename(&contradiction, &folder.join(format!("contradiction-{now}")));
        renamed.map_err(DiskError::refused(Action::Rename, &contradiction))?;
        Ok(durable::sync_folder(disk, &folder).map(|()| true)?)
    }

    /// Lets a copied or restored witness sign again, log by log: from the larger of what the store and
    /// this computer know, and of `shown`, checkpoints that bear this witness's own cosignature. The
    /// person has said that nobody holds a later one. Gives the origins whose head moved.
    ///
    /// # Errors
    /// [`WitnessError::TwoTrees`] if two different trees of one size were cosigned: nothing can mend that.
    pub fn resume(
        &self,
        shown: &[SignedCheckpoint],
        mut incarnation: impl FnMut() -> Incarnation,
    ) -> Result<Vec<String>, WitnessError> {
        let mut resumed = Vec::new();
        for log in self.places.logs()? {
            let origin = log.origin_hash();
            let _lock = self.places.lock(&self.identity, origin)?;
            match self.places.agree(&self.identity, origin) {
                Err(WitnessError::MustNotSign { .. } | WitnessError::Outside(_)) => {}
                Err(other) => return Err(other),
                Ok(_) if shown.is_empty() => continue,
                Ok(_) => {}
            }
            // What is damaged outside is unknown; what the person shows stands for it.
            let outside =
                self.places.state.read_witnessed(&*self.places.disk, self.identity.id(), origin);
            let outside = outside.ok().flatten().map(|outside| (outside.signed(), None));
            let shown = shown.iter().filter(|shown| *shown.origin() == log.origin);
            let shown =
                shown.filter_map(|shown| Some((self.mark_in(shown)?, by_keys(shown, &log.keys))));
            let mut newest = (log.mark, log.note.clone());
            for (mark, note) in outside.into_iter().chain(shown) {
                let (one, other) = (newest.0.head.tree, mark.head.tree);
                if one.size == other.size && one.root != other.root {
                    return Err(WitnessError::TwoTrees {
                        log: log.origin.to_string(),
                        size: one.size,
                    });
                }
                let time = newest.0.time.max(mark.time);
                if other.size > one.size {
                    newest = (mark, note);
                }
                newest.0.time = time;
            }
            let (mut mark, note) = newest;
            mark.head.incarnation = incarnation();
            let origin_text = log.origin.to_string();
            let moved = Watched { mark, note, ..log };
            self.places.remember(&self.identity, origin, None, mark)?;
            self.places.write(&moved)?;
            resumed.push(origin_text);
        }
        Ok(resumed)
    }

    /// What this witness's own line on a checkpoint says, if it bears one that matches.
    fn mark_in(&self, checkpoint: &SignedCheckpoint) -> Option<CosignedMark> {
        let known = checkpoint.note().check([self.identity.vkey()]).ok()?;
        let time = known.iter().filter_map(|known| known.time).max()?;
        let incarnation = Incarnation([0; Incarnation::LENGTH]);
        Some(CosignedMark { head: HeadMark { incarnation, tree: checkpoint.tree() }, time })
    }
}

/// The checkpoint under those of its lines that these keys have truly made.
fn by_keys(checkpoint: &SignedCheckpoint, keys: &[VerifierKey]) -> Option<SignedCheckpoint> {
    let text = checkpoint.note().text();
    let lines = checkpoint.note().signatures().iter().filter(|line| {
        let mut own = keys.iter().filter(|key| (key.name(), key.id()) == (line.name(), line.id()));
        own.any(|key| key.check(text, line.signature()).is_ok())
    });
    SignedCheckpoint::new(checkpoint.checkpoint().clone(), lines.cloned().collect()).ok()
}
