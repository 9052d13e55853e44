//! The JSON of a fork proof.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize};

use super::{
    Difference, Entry, ForkFile, ForkUnreadable, MAX_FORK_BYTES, MAX_FORK_STATEMENTS, TiedKeys,
};
use crate::statement::json::{Object, read_object};
use crate::tlog::bundle::ENTRY_BYTES_MAX;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::fork::{ForkProof, Prefix};
use crate::tlog::hash::{Hash, Position};

const SCHEMA: &str = "treering.fork/1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    smaller: String,
    larger: String,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "may_be")]
    prefix: Option<PrefixEntry>,
    #[serde(deserialize_with = "all")]
    statements: Vec<StatementEntry>,
    inclusion: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "may_be")]
    smaller_keys: Option<KeysEntry>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "may_be")]
    difference: Option<DifferenceEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeysEntry {
    #[serde(deserialize_with = "all")]
    statements: Vec<StatementEntry>,
    inclusion: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PrefixEntry {
    root: String,
    proof: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementEntry {
    index: u64,
    statement: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DifferenceEntry {
    position: u64,
    #[serde(deserialize_with = "one")]
    smaller: SideEntry,
    #[serde(deserialize_with = "one")]
    larger: SideEntry,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SideEntry {
    statement: String,
    inclusion: Vec<String>,
}

/// An object, never an array of its values.
fn one<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Object::deserialize(from).map(|Object(value)| value)
}

/// The same, of a field that may be absent.
fn may_be<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    one(from).map(Some)
}

/// The same, of each in a list.
fn all<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    let list: Vec<Object<T>> = Vec::deserialize(from)?;
    Ok(list.into_iter().map(|Object(value)| value).collect())
}

impl ForkFile {
    /// Reads a file. Printing it gives the same content; nothing is checked yet.
    pub fn read(json: &[u8]) -> Result<ForkFile, ForkUnreadable> {
        if json.len() > MAX_FORK_BYTES {
            return Err(ForkUnreadable::TooLong);
        }
        let file: File =
            read_object(json).map_err(|fault| ForkUnreadable::Form(fault.to_string()))?;
        if file.schema != SCHEMA {
            return Err(ForkUnreadable::Schema(file.schema));
        }
        let of_smaller = file.smaller_keys.as_ref().map_or(0, |keys| keys.statements.len());
        if file.statements.len() > MAX_FORK_STATEMENTS || of_smaller > MAX_FORK_STATEMENTS {
            return Err(ForkUnreadable::TooManyStatements);
        }
        let prefix = match file.prefix {
            None => None,
            Some(prefix) => {
                let root = hashes(std::slice::from_ref(&prefix.root))?[0];
                Some(Prefix { root, proof: hashes(&prefix.proof)? })
            }
        };
        let statement = |entry: &StatementEntry| {
            Ok::<_, ForkUnreadable>((Position(entry.index), from_base64(&entry.statement)?))
        };
        let side = |entry: SideEntry| {
            let bytes = from_base64(&entry.statement)?;
            match bytes.len() <= ENTRY_BYTES_MAX {
                true => Ok(Entry { bytes, inclusion: hashes(&entry.inclusion)? }),
                false => Err(ForkUnreadable::EntryTooLong),
            }
        };
        let difference = match file.difference {
            None => None,
            Some(entry) => Some(Difference {
                position: Position(entry.position),
                smaller: side(entry.smaller)?,
                larger: side(entry.larger)?,
            }),
        };
        let smaller_keys = match &file.smaller_keys {
            None => None,
            Some(keys) => Some(TiedKeys {
                statements: keys.statements.iter().map(statement).collect::<Result<_, _>>()?,
                inclusion: hashes(&keys.inclusion)?,
            }),
        };
        let smaller = SignedCheckpoint::parse(file.smaller.as_bytes())?;
        let larger = SignedCheckpoint::parse(file.larger.as_bytes())?;
        if smaller.tree().size > larger.tree().size {
            return Err(ForkUnreadable::Form("its smaller checkpoint is the larger one".into()));
        }
        Ok(ForkFile {
            proof: ForkProof::new(smaller, larger, prefix),
            statements: file.statements.iter().map(statement).collect::<Result<_, _>>()?,
            inclusion: hashes(&file.inclusion)?,
            smaller_keys,
            difference,
        })
    }

    /// The proof as a file: indented JSON.
    pub fn to_json(&self) -> String {
        let side = |entry: &Entry| SideEntry {
            statement: STANDARD.encode(&entry.bytes),
            inclusion: texts(&entry.inclusion),
        };
        let file = File {
            schema: SCHEMA.into(),
            smaller: self.proof.smaller().to_string(),
            larger: self.proof.larger().to_string(),
            prefix: self.proof.prefix().map(|prefix| PrefixEntry {
                root: STANDARD.encode(prefix.root.0),
                proof: texts(&prefix.proof),
            }),
            statements: statement_entries(&self.statements),
            inclusion: texts(&self.inclusion),
            smaller_keys: self.smaller_keys.as_ref().map(|keys| KeysEntry {
                statements: statement_entries(&keys.statements),
                inclusion: texts(&keys.inclusion),
            }),
            difference: self.difference.as_ref().map(|difference| DifferenceEntry {
                position: difference.position.0,
                smaller: side(&difference.smaller),
                larger: side(&difference.larger),
            }),
        };
        let mut json = serde_json::to_string_pretty(&file).expect("fork: text and numbers print");
        json.push('\n');
        json
    }
}

fn statement_entries(statements: &[(Position, Vec<u8>)]) -> Vec<StatementEntry> {
    let entry = |(position, bytes): &(Position, Vec<u8>)| StatementEntry {
        index: position.0,
        statement: STANDARD.encode(bytes),
    };
    statements.iter().map(entry).collect()
}

fn from_base64(text: &str) -> Result<Vec<u8>, ForkUnreadable> {
    STANDARD.decode(text).map_err(|_| ForkUnreadable::Base64)
}

fn texts(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(|hash| STANDARD.encode(hash.0)).collect()
}

fn hashes(texts: &[String]) -> Result<Vec<Hash>, ForkUnreadable> {
    let hash =
        |text: &String| Hash::try_from(&from_base64(text)?[..]).map_err(|_| ForkUnreadable::Base64);
    texts.iter().map(hash).collect()
}
