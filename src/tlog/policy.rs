//! Policy: which logs and witnesses a reader believes, and how many witnesses are enough
//! (C2SP tlog-policy, 2026-06-22).
//!
//! ```text
//! # Comments stand alone on their line. Keys are cut short here.
//! log ring.example/log+530d903a+AekyeRrm56hApGFk…
//!
//! # A witness needs no URL.
//! witness X1 witness.example/1+cacf2e50+BGbguFjk… https://x1.example/
//! witness X2 witness.example/2+b8a2cf20+BFLN3yik…
//! witness Y witness.example/3+3fb148ef+BAAjjch9…
//!
//! # How many: any, all, or a number.
//! group X 1 X1 X2
//! group both all X Y
//! # Or “quorum none”, which has to be said.
//! quorum both
//! ```
//!
//! The file is read in `policy/file.rs`; here is what a policy says of a checkpoint.

mod file;

use std::fmt;

use super::checkpoint::{Origin, SignedCheckpoint};
use super::cosignature::CosignatureTime;
use super::note::{NoteRefused, VerifierKey};

pub use file::{LineProblem, POLICY_BYTES_MAX, PolicyError};

/// What a reader believes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    quorum: Option<Member>,
}

/// A name or URL in a policy: bytes without meaning, as tlog-policy has them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyText(Vec<u8>);

impl PolicyText {
    /// The bytes as they stand in the file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// As text if it is some, with what could disturb a terminal escaped.
impl fmt::Display for PolicyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(text) = str::from_utf8(&self.0) else {
            return self.0.escape_ascii().fmt(f);
        };
        text.chars().try_for_each(
            |c| {
                if c.is_control() { c.escape_default().fmt(f) } else { c.fmt(f) }
            },
        )
    }
}

impl fmt::Debug for PolicyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// A log that the reader believes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyLog {
    /// Its key; the key's name is the log's origin.
    pub key: VerifierKey,
    /// Where it may be found.
    pub url: Option<PolicyText>,
}

/// A witness that the reader believes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyWitness {
    /// What this policy calls it; not the name of its key.
    pub name: PolicyText,
    /// Its key, of the cosignature type.
    pub key: VerifierKey,
    /// Where it may be found.
    pub url: Option<PolicyText>,
}

/// A group counts as a witness once `threshold` of its members do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    threshold: usize,
    members: Vec<Member>,
}

/// A witness or a group, by its index in the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

/// What a policy says of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation<'p> {
    /// The witnesses that cosigned it, in the order of the policy.
    pub cosigned: Vec<Cosigned<'p>>,
    /// Whether they are enough.
    pub quorum: Quorum,
}

/// A witness of the policy that cosigned, and its earliest time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cosigned<'p> {
    /// The witness.
    pub witness: &'p PolicyWitness,
    /// When it cosigned, by its own clock.
    pub time: CosignatureTime,
}

/// Whether the witnesses that cosigned are enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quorum {
    /// The policy says `quorum none`: nobody is asked, so nothing is known about time.
    NotAsked,
    /// Too few.
    NotMet,
    /// Enough, and they were by this time: the least T at which the cosignatures of time ≤ T meet
    /// the quorum. The checkpoint existed not later than T, on the word of these witnesses.
    MetBy(CosignatureTime),
}

impl Policy {
    /// The logs, in the order of the file.
    pub fn logs(&self) -> &[PolicyLog] {
        &self.logs
    }

    /// The witnesses, in the order of the file.
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// The keys that the policy knows for a log.
    pub fn log_keys(&self, origin: &Origin) -> impl Iterator<Item = &VerifierKey> {
        self.logs.iter().map(|log| &log.key).filter(|key| key.name() == origin.key_name())
    }

    /// Checks the cosignatures on a checkpoint against the witnesses and the quorum. The log's own
    /// signature is not looked at.
    ///
    /// # Errors
    /// If a line bears the name and id of a witness, but does not match.
    pub fn evaluate(&self, checkpoint: &SignedCheckpoint) -> Result<Evaluation<'_>, NoteRefused> {
        let keys = self.witnesses.iter().map(|witness| &witness.key);
        let signatures = checkpoint.note().known_signatures(keys)?;
        let times: Vec<Option<CosignatureTime>> = self
            .witnesses
            .iter()
            .map(|witness| {
                let own = signatures.iter().filter(|signature| *signature.key == witness.key);
                own.filter_map(|signature| signature.time).min()
            })
            .collect();
        let cosigned = self
            .witnesses
            .iter()
            .zip(&times)
            .filter_map(|(witness, time)| Some(Cosigned { witness, time: (*time)? }))
            .collect();
        Ok(Evaluation { cosigned, quorum: self.quorum(&times) })
    }

    /// The verdict on the earliest times of the witnesses.
    ///
    /// T(witness) = its earliest time, T(group) = the threshold-th smallest T of its members.
    fn quorum(&self, witnesses: &[Option<CosignatureTime>]) -> Quorum {
        let Some(quorum) = self.quorum else { return Quorum::NotAsked };
        let mut groups: Vec<Option<CosignatureTime>> = Vec::with_capacity(self.groups.len());
        let time = |groups: &[Option<CosignatureTime>], member: Member| match member {
            Member::Witness(index) => witnesses[index],
            Member::Group(index) => groups[index],
        };
        // Groups refer to earlier lines only, so their members' times are known by then.
        for group in &self.groups {
            let mut times: Vec<CosignatureTime> =
                group.members.iter().filter_map(|member| time(&groups, *member)).collect();
            times.sort_unstable();
            groups.push(times.get(group.threshold - 1).copied());
        }
        time(&groups, quorum).map_or(Quorum::NotMet, Quorum::MetBy)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tlog::checkpoint::{Checkpoint, log_vkey};
    use crate::tlog::ed25519::SecretKey;
    use crate::tlog::hash::Tree;
    use crate::tlog::note::{KeyName, SignatureType};

    fn secret(seed: u8) -> SecretKey {
        SecretKey::from_seed(&[seed; 32])
    }

    fn origin() -> Origin {
        Origin::new("ring.example/log").unwrap()
    }

    fn witness_name(seed: u8) -> KeyName {
        KeyName::new(&format!("witness.example/{seed}")).unwrap()
    }

    pub(super) fn witness_key(seed: u8) -> VerifierKey {
        let key = secret(seed).public();
        VerifierKey::new(witness_name(seed), SignatureType::Cosignature, key)
    }

    /// `$1` in a policy stands for the key of witness 1, `$log` for that of the log.
    pub(super) fn policy(text: &str) -> Result<Policy, PolicyError> {
        let mut text = text.replace("$log", &log_vkey(&origin(), secret(0).public()).to_string());
        for seed in 1..=6 {
            text = text.replace(&format!("${seed}"), &witness_key(seed).to_string());
        }
        Policy::parse(text.as_bytes())
    }

    fn time(seconds: u64) -> CosignatureTime {
        CosignatureTime::new(seconds).unwrap()
    }

    /// A checkpoint that these witnesses cosigned at these times.
    fn cosigned(by: &[(u8, u64)]) -> SignedCheckpoint {
        let checkpoint = Checkpoint::new(origin(), Tree::empty());
        let cosignatures = by.iter().map(|(seed, seconds)| {
            checkpoint.cosign(&secret(*seed), &witness_name(*seed), time(*seconds))
        });
        let lines = [checkpoint.sign(&secret(0))].into_iter().chain(cosignatures).collect();
        SignedCheckpoint::new(checkpoint, lines).unwrap()
    }

    const TWO_AND_ONE: &str = "\
        log $log https://ring.example/\n\
        witness X1 $1\nwitness X2 $2\nwitness X3 $3\ngroup X 2 X1 X2 X3\n\
        witness Y1 $4\nwitness Y2 $5\ngroup Y any Y1 Y2\n\
        group both all X Y\nquorum both\n";

    #[test]
    fn the_quorum_is_met_at_the_least_sufficient_time() {
        let policy = policy(TWO_AND_ONE).unwrap();
        let quorum = |by: &[(u8, u64)]| policy.evaluate(&cosigned(by)).unwrap().quorum;
        assert_eq!(quorum(&[]), Quorum::NotMet);
        assert_eq!(quorum(&[(1, 10), (2, 20), (3, 30)]), Quorum::NotMet);
        assert_eq!(quorum(&[(1, 10), (4, 20)]), Quorum::NotMet);
        assert_eq!(quorum(&[(1, 10), (3, 30), (4, 20)]), Quorum::MetBy(time(30)));
        assert_eq!(quorum(&[(1, 10), (2, 20), (3, 90), (4, 80), (5, 5)]), Quorum::MetBy(time(20)));
        assert_eq!(quorum(&[(1, 10), (2, 20), (4, 80)]), Quorum::MetBy(time(80)));
        // Witness 6 is a stranger to this policy.
        assert_eq!(quorum(&[(1, 10), (6, 20), (4, 20)]), Quorum::NotMet);
    }

    #[test]
    fn a_witness_that_cosigned_twice_counts_from_its_earliest_time() {
        let policy = policy("witness W $1\nquorum W\n").unwrap();
        let evaluation = policy.evaluate(&cosigned(&[(1, 30), (1, 10), (1, 20)]));
        let expected = Cosigned { witness: &policy.witnesses()[0], time: time(10) };
        assert_eq!(
            evaluation,
            Ok(Evaluation { cosigned: vec![expected], quorum: Quorum::MetBy(time(10)) })
        );
    }

    #[test]
    fn no_quorum_is_said_and_gives_no_time() {
        let policy = policy("witness W $1\nquorum none\n").unwrap();
        let checkpoint = cosigned(&[(1, 10)]);
        let evaluation = policy.evaluate(&checkpoint).unwrap();
        assert_eq!(evaluation.quorum, Quorum::NotAsked);
        assert_eq!(evaluation.cosigned.len(), 1);
    }

    #[test]
    fn attack_forged_line_under_a_witness_key() {
        let policy = policy("witness W $1\nquorum none\n").unwrap();
        let other = Checkpoint::new(Origin::new("ring.example/other").unwrap(), Tree::empty());
        let mut checkpoint = cosigned(&[]);
        checkpoint.add(other.cosign(&secret(1), &witness_name(1), time(1))).unwrap();
        assert!(matches!(policy.evaluate(&checkpoint), Err(NoteRefused::Mismatch { .. })));
    }

    #[test]
    fn logs_are_found_by_origin() {
        let policy = policy(TWO_AND_ONE).unwrap();
        let keys: Vec<_> = policy.log_keys(&origin()).collect();
        assert_eq!(keys, [&log_vkey(&origin(), secret(0).public())]);
        assert!(cosigned(&[]).note().check(keys).is_ok());
        assert_eq!(policy.log_keys(&Origin::new("elsewhere").unwrap()).count(), 0);
        assert_eq!(policy.logs()[0].url.as_ref().unwrap().to_string(), "https://ring.example/");
    }

    /// The definition as written: does the set of witnesses with time ≤ T meet the quorum?
    fn naively_met(
        policy: &Policy,
        member: Member,
        times: &[Option<CosignatureTime>],
        by: CosignatureTime,
    ) -> bool {
        match member {
            Member::Witness(index) => times[index].is_some_and(|time| time <= by),
            Member::Group(index) => {
                let group = &policy.groups[index];
                let met = group.members.iter().filter(|m| naively_met(policy, **m, times, by));
                met.count() >= group.threshold
            }
        }
    }

    proptest! {
        #[test]
        fn the_time_is_the_least_by_definition(
            times in prop::collection::vec(prop::option::of(0..6_u64), 6),
            thresholds in (1..=2_usize, 1..=3_usize, 1..=2_usize),
        ) {
            let (a, b, c) = thresholds;
            let policy = policy(&format!(
                "witness 1 $1\nwitness 2 $2\nwitness 3 $3\nwitness 4 $4\nwitness 5 $5\nwitness 6 $6\n\
                 group A {a} 1 2\ngroup B {b} A 3 4\ngroup C {c} B 5\nquorum C\n"
            )).unwrap();
            let times: Vec<Option<CosignatureTime>> = times.into_iter().map(|t| t.map(time)).collect();
            let least = (0..6).map(time).find(|by| naively_met(&policy, policy.quorum.unwrap(), &times, *by));
            prop_assert_eq!(policy.quorum(&times), least.map_or(Quorum::NotMet, Quorum::MetBy));
        }
    }
}
