//! What a witness remembers of one log.
//!
//! ```text
//! treering/witness-log/v1
//! origin example.park/ledger
//! key example.park/ledger+530d903a+AekyeRrm…          one line for each key of the log
//! cosigned 81c4… 42 b02d… 1800000360                  incarnation, size, root, time; time 0: nothing yet
//!
//! example.park/ledger                                 the checkpoint under the log's own lines, all of
//! 42                                                  them checked; absent while nothing was cosigned
//! sC3t…=
//!
//! — example.park/ledger Uw2QOk…
//! ```

use crate::store::outside::CosignedMark;
use crate::store::record::{RecordError, RecordReader, same_spelling};
use crate::tlog::checkpoint::{Origin, SignedCheckpoint};
use crate::tlog::hash::Hash;
use crate::tlog::note::VerifierKey;
use crate::tlog::witness::WatchedLog;

const FORMAT: &str = "treering/witness-log/v1";

/// Keys of one log, at most. A log has one, and another for some time while it changes it.
const KEYS_MAX: usize = 64;

/// A log that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The first line of its checkpoints.
    pub origin: Origin,
    /// Its keys, in the order in which they became known.
    pub keys: Vec<VerifierKey>,
    /// What was cosigned last.
    pub mark: CosignedMark,
    /// The same as the log signed it; absent if nothing was, or if it was lost with an older store.
    pub note: Option<SignedCheckpoint>,
}

/// What logs go by in addresses and file names: SHA-256 of the origin.
pub fn origin_hash(origin: &Origin) -> Hash {
    Hash::of(origin.as_str().as_bytes())
}

impl Watched {
    /// SHA-256 of the origin.
    pub fn origin_hash(&self) -> Hash {
        origin_hash(&self.origin)
    }

    /// What the decision needs to know.
    pub fn for_decision(&self) -> WatchedLog<'_> {
        let cosigned = self.mark.is_something().then_some(self.mark.head.tree);
        WatchedLog { origin: &self.origin, keys: &self.keys, cosigned }
    }

    pub(super) fn print(&self) -> String {
        let Watched { origin, keys, mark, note } = self;
        let keys: String = keys.iter().map(|key| format!("key {key}\n")).collect();
        let note = note.as_ref().map(|note| format!("\n{note}")).unwrap_or_default();
        format!("{FORMAT}\norigin {origin}\n{keys}cosigned {mark}\n{note}")
    }

    pub(super) fn parse(bytes: &[u8], name: Hash) -> Result<Watched, RecordError> {
        let mut reader = RecordReader::open(bytes, FORMAT)?;
        let origin = reader.parsed("origin", |text| Origin::new(text).ok())?;
        if origin_hash(&origin) != name {
            return Err(reader.wrong("the origin of its folder"));
        }
        let mut keys = Vec::new();
        while let Some(key) = reader.optional("key") {
            let key = VerifierKey::parse(key).map_err(|_| reader.wrong("a verifier key"))?;
            keys.push(key);
            if keys.len() > KEYS_MAX {
                return Err(reader.wrong("no more keys"));
            }
        }
        let mark = reader.parsed("cosigned", CosignedMark::parse)?;
        let wrong_note = reader.wrong("before a checkpoint of that tree");
        let note = match reader.body() {
            Ok(note) => {
                Some(SignedCheckpoint::parse(note.as_bytes()).map_err(|_| wrong_note.clone())?)
            }
            // Nothing, or something that `same_spelling` will not find in what is printed.
            Err(_) => None,
        };
        if note
            .as_ref()
            .is_some_and(|note| (note.origin(), note.tree()) != (&origin, mark.head.tree))
        {
            return Err(wrong_note);
        }
        let watched = Watched { origin, keys, mark, note };
        same_spelling(bytes, &watched.print())?;
        Ok(watched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::outside::{HeadMark, Incarnation};
    use crate::tlog::checkpoint::{Checkpoint, log_vkey};
    use crate::tlog::cosignature::CosignatureTime;
    use crate::tlog::ed25519::SecretKey;
    use crate::tlog::hash::{Tree, TreeSize, leaf_hash};

    fn watched(size: u64) -> Watched {
        let log = SecretKey::from_seed(&[1; 32]);
        let origin = Origin::new("example.park/ledger").unwrap();
        let tree = Tree { size: TreeSize(size), root: leaf_hash(&[7]) };
        let checkpoint = Checkpoint::new(origin.clone(), tree);
        let note = SignedCheckpoint::new(checkpoint.clone(), vec![checkpoint.sign(&log)]).unwrap();
        let head = HeadMark { incarnation: Incarnation([3; 16]), tree };
        let mark = CosignedMark { head, time: CosignatureTime::new(1_800_000_000).unwrap() };
        let keys = vec![log_vkey(&origin, log.public())];
        Watched { origin, keys, mark, note: Some(note) }
    }

    #[test]
    fn records_read_back_and_nothing_else_does() {
        let nothing = Watched {
            mark: CosignedMark::nothing(Incarnation([3; 16])),
            note: None,
            ..watched(42)
        };
        let lost = Watched { note: None, ..watched(42) };
        for log in [watched(42), nothing, lost] {
            let (text, name) = (log.print(), log.origin_hash());
            assert_eq!(Watched::parse(text.as_bytes(), name), Ok(log), "{text}");
            assert!(Watched::parse(text.as_bytes(), leaf_hash(b"")).is_err());
            let cut = text.len() - log_body(&text);
            for length in (0..text.len()).filter(|length| *length != cut) {
                assert!(Watched::parse(&text.as_bytes()[..length], name).is_err(), "{length}");
            }
            assert!(Watched::parse(format!("{text}\n").as_bytes(), name).is_err());
        }
        // A note of another tree.
        let mixed = Watched { note: watched(41).note, ..watched(42) };
        assert!(Watched::parse(mixed.print().as_bytes(), mixed.origin_hash()).is_err());
    }

    /// Bytes from the blank line on: without them it is a record whose note was lost.
    fn log_body(text: &str) -> usize {
        text.find("\n\n").map_or(0, |at| text.len() - at - 1)
    }
}
