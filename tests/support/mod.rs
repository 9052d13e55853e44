//! A ledger in memory, for tests: every key comes from a fixed name, every time from a fixed clock,
//! so the same calls give the same bytes for ever.
//!
//! ```text
//! let mut ledger = Ledger::found("site");
//! let anna = ledger.granted("anna", Role::Recorder);          key.grant, filed
//! let at = ledger.file(&anna, anchor("spring"));              signed, judged, filed
//!
//! let mut draft = ledger.draft(&anna, anchor("summer"));      what an honest program would sign
//! draft.payload.chain.prev = Some(leaf_hash(b"forged"));
//! let forged = draft.sign(&anna).unwrap();
//! assert_eq!(ledger.judge(&forged), Err(Fault::Chain(ChainFault::OtherPast)));
//! ledger.append(forged);                                      a dishonest ledger files it all the same
//! ```

#![allow(dead_code, reason = "every test file uses its own part of this")]

pub mod annotate;
pub mod assurance;
pub mod bodies;
pub mod bytes;
pub mod forks;
pub mod park;
pub mod program;
pub mod publish;
pub mod random;
pub mod server;
pub mod story;
pub mod tree;

use std::convert::Infallible;

use treering::statement::authority::{Authority, Refused, Signer};
use treering::statement::bodies::Body;
use treering::statement::bodies::key::Grant;
use treering::statement::bodies::ledger::{Genesis, Guardians};
use treering::statement::chain::{Chain, ChainBook, ChainFault, check_seen};
use treering::statement::envelope::{
    CoSignature, Draft, Issuer, LedgerId, Payload, ReadError, Statement, Subject,
};
use treering::statement::key::{KeyId, Role};
use treering::statement::signature::{KeyBook, SignatureFault};
use treering::statement::standing::{Standing, StandingBook};
use treering::tlog::checkpoint::Origin;
use treering::tlog::ed25519::{PublicKey, SecretKey};
use treering::tlog::hash::{Hash, Position, Tree, TreeSize};

/// The key of a name: its seed is SHA256("treering test key: " ‖ name).
pub fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(&Hash::of_parts(&[b"treering test key: ", name.as_bytes()]).0)
}

/// 2026-05-01T06:00:00Z, when every ledger of the tests is founded; each statement comes an hour
/// after the one before.
pub const FOUNDED: i64 = 1_777_615_200;

/// Why an honest reader does not take a statement as it stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// A signature.
    Signature(SignatureFault),
    /// The chain of its key, or what it says it saw.
    Chain(ChainFault),
    /// Authority.
    Refused(Refused),
}

/// A ledger and everything a reader of it knows after its last statement.
#[derive(Clone)]
pub struct Ledger {
    /// The first root, the root sealed at the founding, and the first log key.
    pub root: SecretKey,
    pub next: SecretKey,
    pub log: SecretKey,
    pub id: LedgerId,
    pub entries: Vec<Statement>,
    pub authority: Authority,
    pub keys: KeyBook,
    pub chains: ChainBook,
    pub standings: StandingBook,
    /// For each statement whether it was admitted, and as whose.
    pub verdicts: Vec<Result<Signer, Fault>>,
}

impl Ledger {
    /// Founds a ledger whose keys are `<name>/root`, `<name>/next root` and `<name>/log key`,
    /// without guardians.
    pub fn found(name: &str) -> Ledger {
        Ledger::found_with(name, |_| {})
    }

    /// Founds a ledger after a change to what its genesis says.
    pub fn found_with(name: &str, change: impl FnOnce(&mut Genesis)) -> Ledger {
        let [root, next, log] =
            ["root", "next root", "log key"].map(|which| key(&format!("{name}/{which}")));
        let mut genesis = Genesis {
            name: name.to_string(),
            origin: origin_of(&root),
            kind: "site".into(),
            root: root.public(),
            next: KeyId::of(&next.public()).sealed(),
            guardians: Guardians::default(),
            log_key: log.public(),
            succeeds: None,
        };
        change(&mut genesis);
        let statement = genesis_draft(genesis, &log).sign(&root).expect("genesis");
        Ledger::begin(statement, root, next, log).expect("genesis")
    }

    /// Reads a genesis as statement 0.
    pub fn begin(
        genesis: Statement,
        root: SecretKey,
        next: SecretKey,
        log: SecretKey,
    ) -> Result<Ledger, Fault> {
        let id = LedgerId(genesis.id());
        let mut keys = KeyBook::default();
        keys.learn(&genesis);
        let signed = genesis.check_signatures(&keys, id).map_err(Fault::Signature)?;
        let authority = Authority::found(signed).map_err(Fault::Refused)?;
        let mut chains = ChainBook::default();
        chains.take_up(genesis.header.key, 0, genesis.id());
        Ok(Ledger {
            root,
            next,
            log,
            id,
            authority,
            keys,
            chains,
            standings: StandingBook::default(),
            entries: vec![genesis],
            verdicts: vec![Ok(Signer::Root)],
        })
    }

    /// The statement an honest program would sign here: issuer, subject and chain are right, what
    /// must be seen is seen, a visitor shows its key. Only second signatures are still missing.
    pub fn draft(&self, signer: &SecretKey, body: impl Into<Body>) -> Draft {
        let body = body.into();
        let id = KeyId::of(&signer.public());
        let role = self.authority.grant_of(&id).map(|grant| grant.role);
        let rules = body.media_type().kind.family().rules_authority();
        let visitor = role.is_none() && !rules;
        let must_see = role.map_or(visitor, Role::must_name_what_it_saw);
        let last = self.chains.last(&id);
        Draft {
            issuer: if visitor { Issuer::Key(id) } else { Issuer::Ledger(self.id) },
            subject: body.subject().unwrap_or(Subject::Ledger),
            issued_at: FOUNDED + 3_600 * self.entries.len() as i64,
            payload: Payload {
                chain: Chain {
                    ledger: Some(self.id),
                    seq: last.map_or(0, |link| link.seq + 1),
                    prev: last.map(|link| link.id),
                    seen: must_see.then(|| self.tree()),
                    void: Vec::new(),
                },
                also: Vec::new(),
                key: (visitor && last.is_none()).then(|| signer.public()),
                by: None,
                body,
            },
        }
    }

    /// [`Ledger::draft`], signed, with the second signatures of `also`.
    pub fn signed(
        &self,
        signer: &SecretKey,
        body: impl Into<Body>,
        also: &[&SecretKey],
    ) -> Statement {
        let mut draft = self.draft(signer, body);
        countersign(&mut draft, Some(self.id), also);
        draft.sign(signer).expect("an honest draft")
    }

    /// What a reader says of a statement at the next position; changes nothing.
    pub fn judge(&self, statement: &Statement) -> Result<Signer, Fault> {
        self.clone().read(statement)
    }

    /// Signs, judges and files a statement; it must be admitted.
    pub fn file(&mut self, signer: &SecretKey, body: impl Into<Body>) -> Position {
        self.file_also(signer, body, &[])
    }

    /// [`Ledger::file`], with second signatures.
    pub fn file_also(
        &mut self,
        signer: &SecretKey,
        body: impl Into<Body>,
        also: &[&SecretKey],
    ) -> Position {
        let position = self.append(self.signed(signer, body, also));
        let verdict = &self.verdicts[position.0 as usize];
        assert!(verdict.is_ok(), "at position {position}: {verdict:?}");
        position
    }

    /// Files a statement whatever it is, as a dishonest ledger would; [`Ledger::verdicts`] says what
    /// a reader makes of it.
    pub fn append(&mut self, statement: Statement) -> Position {
        let position = Position(self.entries.len() as u64);
        let verdict = self.read(&statement);
        self.verdicts.push(verdict);
        self.entries.push(statement);
        position
    }

    /// Grants the usual scope of a role to the key of a name.
    pub fn granted(&mut self, name: &str, role: Role) -> SecretKey {
        let granted = key(name);
        self.file_also(&self.root.clone(), grant(&granted, role), &[&granted]);
        granted
    }

    /// Reads the next statement as an auditor does: signatures, chain, authority, what it saw.
    fn read(&mut self, statement: &Statement) -> Result<Signer, Fault> {
        let position = Position(self.entries.len() as u64);
        let roots: Vec<Hash> = self.entries.iter().map(Statement::id).collect();
        let root_at = |size: TreeSize| tree::root(&roots[..size.0 as usize]);
        self.keys.learn(statement);
        let signed = match statement.check_signatures(&self.keys, self.id) {
            Ok(signed) => signed,
            Err(fault) => {
                if let SignatureFault::UnknownKey(_) = fault {
                    self.authority.pass_over(position, statement);
                }
                return Err(Fault::Signature(fault));
            }
        };
        let (key, chain) = (statement.header.key, &statement.payload.chain);
        let in_chain = self.chains.check(&key, self.id, chain);
        if in_chain == Err(ChainFault::OtherLedger) {
            return Err(Fault::Chain(ChainFault::OtherLedger));
        }
        self.chains.take_up(key, chain.seq, statement.id());
        let signer = self
            .authority
            .admit(position, signed, &mut |size| Some(root_at(size)))
            .map_err(Fault::Refused)?;
        self.standings.take_up(position, statement, signer);
        in_chain.map_err(Fault::Chain)?;
        let required = signer.must_name_what_it_saw();
        let Ok(saw) =
            check_seen(chain, position, required, |size| Ok::<_, Infallible>(root_at(size)));
        saw.map_err(Fault::Chain)?;
        Ok(signer)
    }

    /// The tree after the last statement.
    pub fn tree(&self) -> Tree {
        self.tree_at(self.entries.len() as u64)
    }

    /// The tree of the first `size` statements.
    pub fn tree_at(&self, size: u64) -> Tree {
        let leaves: Vec<Hash> = self.entries[..size as usize].iter().map(Statement::id).collect();
        Tree { size: TreeSize(size), root: tree::root(&leaves) }
    }

    /// The statement at a position.
    pub fn at(&self, position: Position) -> &Statement {
        &self.entries[position.0 as usize]
    }

    /// How the statement at a position stands at the head.
    pub fn standing(&self, position: Position) -> Standing {
        self.standings.standing(&self.authority, position, self.at(position))
    }
}

/// `treering/` and the first 32 digits of the root's thumbprint.
pub fn origin_of(root: &SecretKey) -> Origin {
    let thumbprint = KeyId::of(&root.public()).to_string();
    Origin::new(&format!("treering/{}", &thumbprint[..32])).expect("origin")
}

/// A genesis ready to be signed by its root.
pub fn genesis_draft(genesis: Genesis, log: &SecretKey) -> Draft {
    let mut draft = Draft {
        issuer: Issuer::Origin(genesis.origin.to_string()),
        subject: Subject::Ledger,
        issued_at: FOUNDED,
        payload: Payload {
            chain: Chain::default(),
            also: Vec::new(),
            key: None,
            by: None,
            body: Body::Genesis(genesis),
        },
    };
    countersign(&mut draft, None, &[log]);
    draft
}

/// A grant of the role's usual scope.
pub fn grant(granted: &SecretKey, role: Role) -> Body {
    Body::Grant(Grant { key: granted.public(), role, scope: role.usual_scope() })
}

/// Puts second signatures into a draft, in the order a statement has them.
pub fn countersign(draft: &mut Draft, ledger: Option<LedgerId>, keys: &[&SecretKey]) {
    let message = draft.also_message(ledger).expect("an honest draft");
    let mut also: Vec<CoSignature> =
        keys.iter().map(|key| CoSignature { key: key.public(), sig: key.sign(&message) }).collect();
    also.sort_by_key(|second| *second.key.as_bytes());
    draft.payload.also = also;
}

/// Public keys in the order that lists of them have.
pub fn sorted(keys: &[&SecretKey]) -> Vec<PublicKey> {
    let mut keys: Vec<PublicKey> = keys.iter().map(|key| key.public()).collect();
    keys.sort_by_key(|key| *key.as_bytes());
    keys
}

/// The refusal of a statement's bytes; they must be refused.
pub fn refusal(bytes: Vec<u8>) -> ReadError {
    Statement::read(bytes).expect_err("these bytes must be refused")
}
