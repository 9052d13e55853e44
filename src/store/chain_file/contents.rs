//! What a chain file says, and how it is spelled.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::ChainFileError;
use crate::statement::chain::{Chain, Link};
use crate::statement::envelope::{LedgerId, Statement};
use crate::statement::key::KeyId;
use crate::store::disk::Disk;
use crate::store::durable;
use crate::store::outside::read_link;
use crate::store::record::{RecordError, RecordReader};
use crate::tlog::hash::Hash;

const FORMAT: &str = "treering/chain/v1";

/// Bytes of a chain file: the unfiled statements in base64, and room for the rest.
const CEILING: u64 = 100 << 20;

/// Everything a chain file says.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainContents {
    key: KeyId,
    pub(super) ledgers: BTreeMap<LedgerId, Past>,
}

/// A key's past in one ledger.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Past {
    pub filed: Option<Link>,
    pub unfiled: Vec<Arc<Statement>>,
    pub abandoned: BTreeSet<Hash>,
}

impl Past {
    pub(super) fn last(&self) -> Option<Link> {
        self.unfiled.last().map(|last| link_of(last)).or(self.filed)
    }

    /// Whether a statement said to be the newest is part of this past.
    pub(super) fn knows(&self, newest: &Link) -> bool {
        self.filed.is_some_and(|filed| newest.seq < filed.seq || *newest == filed)
            || self.unfiled.iter().any(|statement| link_of(statement) == *newest)
            || self.abandoned.contains(&newest.id)
    }

    /// What the next statement has to void: what no waiting statement voids already.
    pub(super) fn void(&self) -> Vec<Hash> {
        let voided = |id: &&Hash| {
            self.unfiled.iter().any(|statement| statement.payload.chain.void.contains(id))
        };
        self.abandoned.iter().filter(|id| !voided(id)).copied().collect()
    }

    /// Whether a statement has the next number and names the one before.
    pub(super) fn continues_with(
        &self,
        key: KeyId,
        ledger: LedgerId,
        statement: &Statement,
    ) -> bool {
        let Chain { ledger: named, seq, prev, .. } = &statement.payload.chain;
        let genesis = named.is_none() && statement.id() == ledger.0;
        let last = self.last();
        statement.header.key == key
            && (*named == Some(ledger) || genesis)
            && *seq == last.map_or(0, |link| link.seq + 1)
            && *prev == last.map(|link| link.id)
    }

    /// The first `count` waiting statements are filed.
    pub(super) fn file(&mut self, count: usize) {
        for statement in self.unfiled.drain(..count) {
            self.filed = Some(link_of(&statement));
            for id in &statement.payload.chain.void {
                self.abandoned.remove(id);
            }
        }
    }
}

pub(super) fn link_of(statement: &Statement) -> Link {
    Link { seq: statement.payload.chain.seq, id: statement.id() }
}

impl ChainContents {
    pub(super) fn new(key: KeyId) -> ChainContents {
        ChainContents { key, ledgers: BTreeMap::new() }
    }

    /// Reads a chain file without the right to sign.
    pub fn read(disk: &dyn Disk, path: &Path) -> Result<ChainContents, ChainFileError> {
        match durable::read_if_there(disk, path, CEILING)? {
            None => Err(ChainFileError::Missing { path: path.to_owned() }),
            Some(bytes) => Ok(ChainContents::parse(&bytes).map_err(|why| why.in_file(path))?),
        }
    }

    /// Whose past it is.
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// The ledgers that the key has signed in.
    pub fn ledgers(&self) -> impl Iterator<Item = LedgerId> + '_ {
        self.ledgers.keys().copied()
    }

    /// The last statement known to be filed in a ledger.
    pub fn filed(&self, ledger: LedgerId) -> Option<Link> {
        self.ledgers.get(&ledger).and_then(|past| past.filed)
    }

    /// The statements that wait to be filed in a ledger, in order.
    pub fn unfiled(&self, ledger: LedgerId) -> &[Arc<Statement>] {
        self.ledgers.get(&ledger).map_or(&[], |past| &past.unfiled)
    }

    /// Whether nothing was ever signed.
    pub fn is_unused(&self) -> bool {
        self.ledgers.is_empty()
    }

    pub(super) fn unfiled_bytes(&self) -> usize {
        let statements = self.ledgers.values().flat_map(|past| &past.unfiled);
        statements.map(|statement| statement.bytes().len()).sum()
    }

    pub(super) fn print(&self) -> String {
        let mut text = format!("{FORMAT}\nkey {}\n", self.key);
        for (ledger, past) in &self.ledgers {
            text += &format!("ledger {ledger}\n");
            if let Some(link) = past.filed {
                text += &format!("filed {} {}\n", link.seq, link.id);
            }
            for id in &past.abandoned {
                text += &format!("abandoned {id}\n");
            }
            for statement in &past.unfiled {
                text += "unfiled ";
                STANDARD.encode_string(statement.bytes(), &mut text);
                text.push('\n');
            }
        }
        // Without a last line a file cut short between two lines would read as a shorter past.
        text += &format!("end {}\n", self.key);
        text
    }

    fn parse(bytes: &[u8]) -> Result<ChainContents, RecordError> {
        let mut reader = RecordReader::open(bytes, FORMAT)?;
        let key = KeyId(reader.parsed("key", Hash::from_hex)?);
        let mut contents = ChainContents::new(key);
        while let Some(ledger) = reader.optional("ledger") {
            let wrong = reader.wrong("a ledger id");
            let ledger = LedgerId(Hash::from_hex(ledger).ok_or(wrong)?);
            let mut past = Past::default();
            if let Some(link) = reader.optional("filed") {
                past.filed = Some(read_link(link).ok_or(reader.wrong("a number and a hash"))?);
            }
            while let Some(id) = reader.optional("abandoned") {
                let id = Hash::from_hex(id).ok_or(reader.wrong("a leaf hash"))?;
                past.abandoned.insert(id);
            }
            while let Some(statement) = reader.optional("unfiled") {
                let bytes = STANDARD.decode(statement).ok();
                let statement = bytes.and_then(|bytes| Statement::read(bytes).ok());
                let next =
                    statement.filter(|statement| past.continues_with(key, ledger, statement));
                let next = next.ok_or(reader.wrong("the next statement of the key"))?;
                past.unfiled.push(Arc::new(next));
            }
            contents.ledgers.insert(ledger, past);
        }
        reader.parsed("end", |text| (Hash::from_hex(text)? == key.0).then_some(()))?;
        reader.end(bytes, &contents.print())?;
        Ok(contents)
    }
}
