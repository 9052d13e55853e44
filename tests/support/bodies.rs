//! Bodies of every kind with something believable in them.

use std::collections::BTreeMap;

use treering::statement::bodies::evidence::{
    Access, Anchor, Captured, Care, Correction, Derivation, DerivationSource, Erase, Indicators,
    Link, Period, Place,
};
use treering::statement::bodies::key::{Affirm, Revoke, RevokeReason};
use treering::statement::bodies::ledger::{
    Close, Guardians, RotateLogKey, RotationReason, Succeeds,
};
use treering::statement::bodies::root::{Recover, Rotate};
use treering::statement::bodies::site::{CataloguePublish, Describe};
use treering::statement::bodies::{Body, StatementRef};
use treering::statement::cbor::Value;
use treering::statement::key::KeyId;
use treering::statement::kind::{KindName, MediaType};
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::{Hash, Tree, leaf_hash};

/// A small public anchor.
pub fn anchor(title: &str) -> Body {
    Body::Anchor(small_anchor(title))
}

/// [`anchor`], as a struct to change.
pub fn small_anchor(title: &str) -> Anchor {
    Anchor {
        title: title.into(),
        evidence: "files".into(),
        root: leaf_hash(title.as_bytes()),
        rows: 3,
        bytes: Some(1_204_771),
        media: Some(BTreeMap::from([("image/jpeg".into(), 3)])),
        captured: None,
        indicators: None,
        place: None,
        derived_from: None,
        care: None,
        access: Access::Public,
    }
}

/// An anchor that leaves no field out.
pub fn full_anchor(title: &str, derived_from: Hash) -> Body {
    Body::Anchor(Anchor {
        captured: Some(Captured {
            utc: Some(Period { first: 1_775_000_000, last: 1_775_400_000, files: 1 }),
            local: Some(Period { first: 1_775_007_200, last: 1_775_407_200, files: 2 }),
            note: Some("camera D12 an hour ahead".into()),
        }),
        indicators: Some(indicators()),
        place: Some(Place {
            south: 46_600_000,
            west: 10_100_000,
            north: 46_700_000,
            east: 10_200_000,
            step: 100_000,
        }),
        derived_from: Some(Derivation {
            sources: vec![DerivationSource {
                statement: StatementRef::here(derived_from),
                rows: Some(vec![0, 2]),
            }],
            software: Some("megadetector@5.0".into()),
            model: Some(Hash::of(b"weights")),
            parameters: Some(Hash::of(b"threshold 0.2")),
        }),
        care: Some(Care {
            authority: KeyId::of(&super::key("elders").public()),
            label: "TK Community Voice".into(),
        }),
        ..small_anchor(title)
    })
}

/// An anchor that says as little as a sealed one may.
pub fn sealed_anchor(title: &str) -> Body {
    Body::Anchor(Anchor { bytes: None, media: None, access: Access::Sealed, ..small_anchor(title) })
}

pub fn indicators() -> Indicators {
    Indicators {
        catalogue: Hash::of(b"a catalogue"),
        ids: vec!["GLS-V1.1-3.4.1".into(), "GLS-V1.1-3.7.1".into()],
    }
}

pub fn link(anchor: Hash) -> Body {
    Body::Link(Link {
        statement: StatementRef::here(anchor),
        indicators: indicators(),
        off_site: None,
    })
}

pub fn erase(anchor: Hash, rows: &[u64]) -> Body {
    Body::Erase(Erase {
        anchor: StatementRef::here(anchor),
        rows: rows.to_vec(),
        ground: "shows a person".into(),
    })
}

pub fn correction(statement: Hash, replaced_by: Option<Hash>) -> Body {
    Body::Correction(Correction {
        statement: StatementRef::here(statement),
        replaced_by: replaced_by.map(StatementRef::here),
        reason: "two cameras were mixed up".into(),
    })
}

pub fn affirm(statement: Hash) -> Body {
    Body::Affirm(Affirm { statement: StatementRef::here(statement) })
}

pub fn revoke(key: &SecretKey, reason: RevokeReason) -> Body {
    Body::Revoke(Revoke { key: key.public(), reason, trusted: None })
}

pub fn revoke_compromised(key: &SecretKey, trusted: Tree) -> Body {
    let reason = RevokeReason::Compromised;
    Body::Revoke(Revoke { key: key.public(), reason, trusted: Some(trusted) })
}

pub fn rotate_root(root: &SecretKey, next: &SecretKey) -> Body {
    Body::RotateRoot(Rotate {
        root: root.public(),
        next: KeyId::of(&next.public()).sealed(),
        guardians: Guardians::default(),
    })
}

pub fn recover_root(root: &SecretKey, next: &SecretKey, trusted: Tree) -> Body {
    Body::RecoverRoot(Recover {
        root: root.public(),
        next: KeyId::of(&next.public()).sealed(),
        guardians: Guardians::default(),
        trusted,
    })
}

pub fn rotate_log_key(log_key: &SecretKey, reason: RotationReason, drop_old: bool) -> Body {
    Body::RotateLogKey(RotateLogKey { log_key: log_key.public(), reason, drop_old })
}

pub fn close() -> Body {
    Body::Close(Close { reason: "the park has a new keeper".into(), successor: None })
}

pub fn describe_site() -> Body {
    Body::SiteDescribe(Describe {
        site_id: Some(2_564),
        site_pid: Some("2564_A".into()),
        names: BTreeMap::from([
            ("de".into(), "Schweizerischer Nationalpark".into()),
            ("rm".into(), "Parc Naziunal Svizzer".into()),
        ]),
        countries: vec!["CHE".into()],
        area_m2: Some(170_300_000),
        boundary: Some(Hash::of(b"a boundary")),
        iucn_category: Some("Ia".into()),
        governance: Some("federal foundation".into()),
    })
}

pub fn publish_catalogue() -> Body {
    Body::CataloguePublish(CataloguePublish {
        standard: "IUCN Green List".into(),
        version: "1.1".into(),
        jurisdiction: Some("CHE".into()),
        language: Some("en".into()),
        catalogue: Hash::of(b"a catalogue"),
        parent: Some(Hash::of(b"the generic catalogue")),
    })
}

/// The ledger that another continues.
pub fn succeeds(ledger: &super::Ledger) -> Succeeds {
    let tree = ledger.tree();
    Succeeds { ledger: ledger.id, size: tree.size, root: tree.root }
}

/// A body whose kind or version this program does not know, with one field.
pub fn unknown(kind: &str, version: u32) -> Body {
    Body::Unknown {
        typ: MediaType { kind: KindName::new(kind).expect("a kind's name"), version },
        fields: Value::Map(BTreeMap::from([(
            Value::Text("text".into()),
            Value::Text("something".into()),
        )])),
    }
}
