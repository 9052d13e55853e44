//! Whom this store's owner trusts: `trust.toml`, written by `treering trust`.
//!
//! ```toml
//! format = "treering/trust/v1"
//!
//! [[ledger]]
//! id = "4c1f…"
//! name = "Val Trupchun"
//! origin = "treering/6b1e…"
//! root = "9f00…"
//! log_key = "treering/6b1e…+0a1b2c3d+AT…"
//! compared = "2026-03-04T09:20:00Z"
//!
//! [[accreditor]]
//! ledger = "4c1f…"
//! since = "2026-03-04T09:21:00Z"
//! ```
//!
//! A ledger is pinned by its id, which fixes its statement 0 and with it everything else; the other
//! fields say what was on the card when somebody compared it, so that a later card that differs is
//! noticed. Root and log key are those of the founding: rotations since are in the ledger. An
//! accreditor is a pinned ledger whose grants to verifiers are believed.
//!
//! People may read and edit the file; comments do not survive the next `treering trust`. Unknown
//! fields and double entries are refused: what a reader skips, its owner believes to be in force.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use thiserror::Error;

use super::disk::{Access, Disk, DiskError};
use super::durable;
use super::record::time_text;
use crate::statement::card::Card;
use crate::statement::envelope::LedgerId;
use crate::statement::key::KeyId;
use crate::tlog::checkpoint::Origin;
use crate::tlog::note::VerifierKey;

mod form;

use form::{AccreditorForm, PinnedForm, TrustForm};

/// Bytes of the file: some 600 for a ledger, and nobody compares the cards of 5,000.
const CEILING: u64 = 4 << 20;

const FORMAT: &str = "treering/trust/v1";

const HEADING: &str = "# Whom this store trusts. Written by `treering trust pin` and `accredit`; \
                       other comments are not kept.\n";

/// A ledger whose card was compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedLedger {
    /// What it is known by.
    pub id: LedgerId,
    /// What people call it.
    pub name: String,
    /// The first line of its checkpoints.
    pub origin: Origin,
    /// Its root key at the founding.
    pub root: KeyId,
    /// Its log key at the founding.
    pub log_key: VerifierKey,
    /// When somebody said that they had compared the card.
    pub compared: Timestamp,
}

/// Everything the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    pinned: BTreeMap<LedgerId, PinnedLedger>,
    accreditors: BTreeMap<LedgerId, Timestamp>,
}

/// Why the file is not read, or not changed.
#[derive(Debug, Error)]
pub enum TrustError {
    /// It cannot be understood as a whole.
    #[error("{} cannot be read: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A field of a card is not of its form.
    #[error("the card's {0} is not of its form")]
    Card(&'static str),
    /// The ledger is pinned with another fact.
    #[error("ledger {id} is pinned already, with another {field}")]
    Differs {
        /// The ledger.
        id: LedgerId,
        /// The field that differs.
        field: &'static str,
    },
    /// An accreditor must be pinned first.
    #[error("ledger {0} is not pinned")]
    NotPinned(LedgerId),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl TrustError {
    /// What a person can do about it.
    pub fn next_step(&self) -> String {
        match self {
            TrustError::Unreadable { path, .. } => {
                format!("correct {}, or restore it from a copy", path.display())
            }
            TrustError::Card(_) => "ask for the card again".into(),
            TrustError::Differs { .. } => {
                "do not go on with either: ask the site which card is theirs, by telephone".into()
            }
            TrustError::NotPinned(_) => "treering trust pin CARD --i-have-compared".into(),
            TrustError::Disk(error) => error.next_step(),
        }
    }
}

impl PinnedLedger {
    /// What a card says, compared at this time.
    pub fn of_card(card: &Card, compared: Timestamp) -> Result<PinnedLedger, TrustError> {
        let form = PinnedForm {
            id: card.ledger().to_string(),
            name: card.name.clone(),
            origin: card.origin.clone(),
            root: card.root.clone(),
            log_key: card.log_vkey.clone(),
            compared: time_text(compared),
        };
        form.read().map_err(TrustError::Card)
    }

    /// The first field, other than the time, in which two pins differ.
    fn difference(&self, other: &PinnedLedger) -> Option<&'static str> {
        let fields = [
            ("id", self.id == other.id),
            ("name", self.name == other.name),
            ("origin", self.origin == other.origin),
            ("root", self.root == other.root),
            ("log_key", self.log_key == other.log_key),
        ];
        fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
    }
}

impl Trust {
    /// Reads the file; nobody is trusted if there is none.
    pub fn read(disk: &dyn Disk, path: &Path) -> Result<Trust, TrustError> {
        let Some(bytes) = durable::read_if_there(disk, path, CEILING)? else {
            return Ok(Trust::default());
        };
        Trust::parse(&bytes).map_err(|why| TrustError::Unreadable { path: path.to_owned(), why })
    }

    /// Replaces the file, durably. Read and write under the store's lock, or a change is lost.
    pub fn write(&self, disk: &dyn Disk, path: &Path) -> Result<(), TrustError> {
        Ok(durable::replace(disk, path, Access::Private, self.print().as_bytes())?)
    }

    /// The pinned ledgers, by id.
    pub fn pinned(&self) -> impl Iterator<Item = &PinnedLedger> {
        self.pinned.values()
    }

    /// A pinned ledger.
    pub fn pin_of(&self, id: LedgerId) -> Option<&PinnedLedger> {
        self.pinned.get(&id)
    }

    /// The ledgers whose grants are believed, and since when.
    pub fn accreditors(&self) -> impl Iterator<Item = (LedgerId, Timestamp)> + '_ {
        self.accreditors.iter().map(|(id, since)| (*id, *since))
    }

    /// Pins a ledger. Once pinned only the time of comparing moves; everything else comes from
    /// statement 0 and cannot change, so another value means that one of the two cards is not the
    /// ledger's.
    pub fn pin(&mut self, ledger: PinnedLedger) -> Result<(), TrustError> {
        if let Some(field) =
            self.pinned.get(&ledger.id).and_then(|before| before.difference(&ledger))
        {
            return Err(TrustError::Differs { id: ledger.id, field });
        }
        self.pinned.insert(ledger.id, ledger);
        Ok(())
    }

    /// Believes the grants of a pinned ledger from now on; the first time given stays.
    pub fn accredit(&mut self, id: LedgerId, since: Timestamp) -> Result<(), TrustError> {
        if !self.pinned.contains_key(&id) {
            return Err(TrustError::NotPinned(id));
        }
        self.accreditors.entry(id).or_insert(since);
        Ok(())
    }

    fn print(&self) -> String {
        let form = TrustForm {
            format: FORMAT.into(),
            ledger: self.pinned.values().map(PinnedForm::of).collect(),
            accreditor: self.accreditors.iter().map(AccreditorForm::of).collect(),
        };
        let body = toml::to_string(&form).expect("trust: texts and tables have a TOML spelling");
        format!("{HEADING}{body}")
    }

    fn parse(bytes: &[u8]) -> Result<Trust, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not text")?;
        let form: TrustForm = toml::from_str(text).map_err(|error| {
            // Its own words draw the line below the line, which is no sentence.
            let before = error.span().map_or("", |span| text.get(..span.start).unwrap_or(text));
            let line = before.matches('\n').count() + 1;
            format!("line {line}: {}", error.message().trim())
        })?;
        if form.format != FORMAT {
            return Err(format!("its format is {:?}, not {FORMAT:?}", form.format));
        }
        let mut trust = Trust::default();
        for pinned in form.ledger {
            let pinned = pinned
                .read()
                .map_err(|field| format!("{field} of ledger {:?} is not of its form", pinned.id))?;
            let id = pinned.id;
            if trust.pinned.insert(id, pinned).is_some() {
                return Err(format!("ledger {id} stands in it twice"));
            }
        }
        for accreditor in form.accreditor {
            let (id, since) = accreditor.read().ok_or("an accreditor is not of its form")?;
            if !trust.pinned.contains_key(&id) {
                return Err(format!("accreditor {id} is not among its ledgers"));
            }
            if trust.accreditors.insert(id, since).is_some() {
                return Err(format!("accreditor {id} stands in it twice"));
            }
        }
        Ok(trust)
    }
}

#[cfg(test)]
mod tests {
    use super::super::disk::RealDisk;
    use super::super::disk::faulty::{Fault, FaultyDisk};
    use super::*;
    use crate::tlog::checkpoint::log_vkey;
    use crate::tlog::ed25519::SecretKey;
    use crate::tlog::hash::leaf_hash;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn ledger(number: u8) -> PinnedLedger {
        let origin = Origin::new(&format!("park-{number}.example/ledger")).unwrap();
        let key = SecretKey::from_seed(&[number; 32]).public();
        PinnedLedger {
            id: LedgerId(leaf_hash(&[number])),
            name: format!("Park \"{number}\"\n[[ledger]]"),
            log_key: log_vkey(&origin, key),
            origin,
            root: KeyId::of(&key),
            compared: time("2026-03-04T09:20:00Z"),
        }
    }

    fn trust() -> Trust {
        let mut trust = Trust::default();
        for number in [3, 1, 2] {
            trust.pin(ledger(number)).unwrap();
        }
        trust.accredit(ledger(2).id, time("2026-03-05T00:00:00Z")).unwrap();
        trust
    }

    #[test]
    fn the_file_reads_back_and_keeps_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trust.toml");
        assert_eq!(Trust::read(&RealDisk, &path).unwrap(), Trust::default());
        trust().write(&RealDisk, &path).unwrap();
        assert_eq!(Trust::read(&RealDisk, &path).unwrap(), trust());
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with(HEADING), "{text}");
        // Pinned in another order, the same bytes.
        let mut other = Trust::default();
        for number in [2, 3, 1] {
            other.pin(ledger(number)).unwrap();
        }
        other.accredit(ledger(2).id, time("2026-03-05T00:00:00Z")).unwrap();
        assert_eq!(other.print(), text);
    }

    #[test]
    fn people_may_rearrange_it_but_not_add_to_it() {
        let text = trust().print();
        let spaced =
            text.replace(" = ", "  =  ").replace("[[ledger]]\nid", "# mine\n[[ledger]]\nid");
        assert_eq!(Trust::parse(spaced.as_bytes()), Ok(trust()));
        for (from, to, why) in [
            ("treering/trust/v1", "treering/trust/v2", "format"),
            ("compared = ", "checked = ", "unknown field"),
            ("compared = \"2026-03-04T09:20:00Z\"", "compared = \"yesterday\"", "compared"),
            ("+", "-", "log_key"),
            ("origin = \"park-", "origin = \"bark-", "log_key"),
        ] {
            let changed = text.replacen(from, to, 1);
            let refused = Trust::parse(changed.as_bytes()).unwrap_err();
            assert!(refused.contains(why), "{to:?}: {refused}");
        }
        let body =
            text.strip_prefix(HEADING).unwrap().replacen("format = \"treering/trust/v1\"\n", "", 1);
        let twice = Trust::parse(format!("{text}\n{body}").as_bytes()).unwrap_err();
        assert!(twice.contains("twice"), "{twice}");
        assert!(Trust::parse(b"\xff").is_err());
    }

    #[test]
    fn a_pin_does_not_change() {
        let mut trust = trust();
        let later = PinnedLedger { compared: time("2027-01-01T00:00:00Z"), ..ledger(1) };
        trust.pin(later.clone()).unwrap();
        assert_eq!(trust.pin_of(later.id), Some(&later));
        let other = [
            ("name", PinnedLedger { name: "Other".into(), ..ledger(1) }),
            ("root", PinnedLedger { root: ledger(2).root, ..ledger(1) }),
            ("origin", PinnedLedger { origin: ledger(2).origin, ..ledger(1) }),
            ("log_key", PinnedLedger { log_key: ledger(2).log_key, ..ledger(1) }),
        ];
        for (expected, changed) in other {
            let refused = trust.pin(changed).unwrap_err();
            assert!(
                matches!(refused, TrustError::Differs { field, .. } if field == expected),
                "{refused}"
            );
        }
    }

    #[test]
    fn an_accreditor_is_pinned_first() {
        let mut trust = trust();
        let stranger = LedgerId(leaf_hash(b"stranger"));
        let refused = trust.accredit(stranger, time("2026-03-05T00:00:00Z"));
        assert!(matches!(refused, Err(TrustError::NotPinned(id)) if id == stranger));
        trust.accredit(ledger(2).id, time("2030-01-01T00:00:00Z")).unwrap();
        let since: Vec<_> = trust.accreditors().map(|(_, since)| since).collect();
        assert_eq!(since, [time("2026-03-05T00:00:00Z")]);
    }

    #[test]
    fn no_fault_leaves_half_a_file() {
        let run = |disk: &FaultyDisk| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("trust.toml");
            trust().write(&RealDisk, &path).unwrap();
            let mut more = trust();
            more.pin(ledger(9)).unwrap();
            let written = more.write(disk, &path);
            let left = Trust::read(&RealDisk, &path).unwrap();
            assert!(left == more || (left == trust() && written.is_err()));
            disk.steps().len()
        };
        let steps = run(&FaultyDisk::sound());
        for step in 0..steps {
            for fault in Fault::ALL {
                run(&FaultyDisk::failing(step, fault));
            }
        }
    }
}
