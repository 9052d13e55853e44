//! The story of one ledger, with a statement of every kind: what `tests/golden/` keeps for ever.
//!
//! Nothing here may change once it is released: the statements are compared with the files byte for
//! byte, and programs of other people are tested against them.

use treering::statement::bodies::ledger::{CheckpointAnchor, Close, Guardians, RotationReason};
use treering::statement::bodies::root::{Recover, Rotate};
use treering::statement::bodies::{Body, StatementRef};
use treering::statement::envelope::{Accreditation, Statement};
use treering::statement::key::{KeyId, Role};
use treering::tlog::hash::Position;

use super::assurance::{self, Assessed};
use super::bodies::{
    affirm, anchor, correction, describe_site, erase, full_anchor, link, publish_catalogue,
    revoke_compromised, rotate_log_key, sealed_anchor, succeeds, unknown,
};
use super::publish::checkpoint;
use super::{Ledger, key, sorted};

/// The ledger with its statements' names in `tests/golden/`, and the ledger that continues it.
pub struct Story {
    pub ledger: Ledger,
    pub names: Vec<&'static str>,
    pub successor: Ledger,
    pub assurance: Assessed,
}

impl Story {
    /// Name and bytes of every golden statement, in order.
    pub fn goldens(&self) -> impl Iterator<Item = (String, &[u8])> {
        let filed = self.names.iter().zip(&self.ledger.entries).enumerate();
        let filed = filed.map(|(at, (name, entry))| (format!("{at:02}-{name}"), entry.bytes()));
        let after = self.successor.entries[0].bytes();
        let assured = self.assurance.names.iter().zip(&self.assurance.ledger.entries).enumerate();
        let assured =
            assured.map(|(at, (name, entry))| (format!("assurance-{at:02}-{name}"), entry.bytes()));
        filed.chain([("successor-ledger.genesis".to_string(), after)]).chain(assured)
    }

    /// Every statement of both ledgers.
    pub fn entries(&self) -> impl Iterator<Item = &Statement> {
        self.ledger.entries.iter().chain(&self.assurance.ledger.entries)
    }
}

/// Tells the story from its beginning.
pub fn tell() -> Story {
    let guardians = ["guardian 1", "guardian 2", "guardian 3"].map(key);
    let guardians_of = |threshold| Guardians { keys: sorted(&guardians.each_ref()), threshold };
    let mut ledger = Ledger::found_with("Val Trupchun", |genesis| {
        genesis.guardians = guardians_of(2);
    });
    let (root, next, third) = (ledger.root.clone(), ledger.next.clone(), key("third root"));
    let fourth = KeyId::of(&key("fourth root").public()).sealed();
    let mut names = vec!["ledger.genesis"];
    let id = |ledger: &Ledger, at: Position| ledger.at(at).id();

    let anna = ledger.granted("anna", Role::Recorder);
    ledger.file(&anna, describe_site());
    ledger.file(&anna, publish_catalogue());
    let spring = ledger.file(&anna, anchor("Spring, camera D12"));
    let labels = full_anchor("Spring, camera D12, labelled", id(&ledger, spring));
    let labels = ledger.file(&anna, labels);
    let patrol = ledger.file(&anna, sealed_anchor("Patrol, week 19"));
    ledger.file(&anna, link(id(&ledger, spring)));
    let sara = ledger.granted("sara", Role::Supervisor);
    let partner = Ledger::found("Partner");
    ledger.file(&sara, anchor_checkpoint(&partner));
    let visitor = key("visitor");
    let mut draft = ledger.draft(&visitor, unknown("process.example", 1));
    draft.payload.by = Some(Accreditation { ledger: partner.id, grant: partner.id.0 });
    ledger.append(draft.sign(&visitor).expect("an honest draft"));
    names.extend([
        "key.grant",
        "site.describe",
        "catalogue.publish",
        "evidence.anchor",
        "evidence.anchor-derived",
        "evidence.anchor-sealed",
        "evidence.link",
        "key.grant-supervisor",
        "checkpoint.anchor",
        "visitor",
    ]);

    // Signed on a laptop that was then lost, and never filed: the next one says so.
    let lost = ledger.signed(&anna, correction(id(&ledger, labels), None), &[]);
    let better = id(&ledger, spring);
    let mut draft = ledger.draft(&anna, correction(id(&ledger, labels), Some(better)));
    draft.payload.chain.void = vec![lost.id()];
    draft.payload.chain.seen = Some(ledger.tree());
    ledger.append(draft.sign(&anna).expect("an honest draft"));
    ledger.file(&anna, erase(id(&ledger, patrol), &[0, 2]));
    let trusted = ledger.tree_at(patrol.0);
    ledger.file(&root, revoke_compromised(&anna, trusted));
    ledger.file(&sara, affirm(id(&ledger, patrol)));
    names.extend(["correction", "evidence.erase", "key.revoke", "affirm"]);

    let second_log = key("second log key");
    let rotates = rotate_log_key(&second_log, RotationReason::Superseded, false);
    ledger.file_also(&root, rotates, &[&second_log]);
    let rotates = Body::RotateRoot(Rotate {
        root: next.public(),
        next: KeyId::of(&third.public()).sealed(),
        guardians: guardians_of(2),
    });
    ledger.file_also(&root, rotates, &[&next]);
    let recovers = Body::RecoverRoot(Recover {
        root: third.public(),
        next: fourth,
        guardians: guardians_of(1),
        trusted: ledger.tree(),
    });
    ledger.file_also(&third, recovers, &[&guardians[0], &guardians[2]]);
    names.extend(["ledger.rotate-log-key", "root.rotate", "root.recover"]);

    let successor = Ledger::found_with("Val Trupchun II", |genesis| {
        genesis.succeeds = Some(succeeds(&ledger));
    });
    let closes = Body::Close(Close {
        reason: "the park has a new keeper".into(),
        successor: Some(StatementRef { id: successor.id.0, ledger: Some(successor.id) }),
    });
    ledger.file(&third, closes);
    names.push("ledger.close");
    assert!(ledger.verdicts.iter().all(Result::is_ok), "the story is an honest one");
    Story { ledger, names, successor, assurance: assurance::tell() }
}

/// The other ledger's checkpoint, as it would be kept here.
fn anchor_checkpoint(other: &Ledger) -> Body {
    let note = checkpoint(other, other.entries.len() as u64).to_string();
    Body::CheckpointAnchor(CheckpointAnchor { ledger: other.id, note: note.into_bytes().into() })
}
