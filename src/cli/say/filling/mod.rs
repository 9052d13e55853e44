//! From what a person filled in to the fields of a statement.
//!
//! TOML becomes CBOR by the kind's form: every value has to have the shape and the unit that is asked
//! for, and nothing is guessed. What is refused is named by its field.

mod named;
mod values;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value as Toml};

pub use values::from_hex;
use values::{
    bytes, day, found_rows, hash, instead_of, integer, list, map, number, reference_value, table,
    text, texts, word,
};

use super::desk::{Desk, read_document};
use crate::cli::failures::usage;
use crate::cli::given_file;
use crate::cli::voice::Failure;
use crate::statement::bodies::{Body, StatementRef};
use crate::statement::cbor::Value;
use crate::statement::form::{Field, Form, Shape};

/// The ceiling of a refused statement, or of a beacon's value, read from a file.
const MAX_BYTES_FIELD: usize = 60_000;

/// What was filled in, read.
pub struct Filled {
    /// The fields.
    pub body: Body,
    /// Files whose digests stand in them, by field.
    pub files: BTreeMap<String, PathBuf>,
}

/// A value that does not fit its field.
struct Misfit {
    field: String,
    why: String,
    next: String,
}

enum Fault {
    Misfit(Misfit),
    Failure(Failure),
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Fault {
        Fault::Failure(failure)
    }
}

type Filling<T> = Result<T, Fault>;

fn misfit<T>(field: &str, why: impl Into<String>, next: impl Into<String>) -> Filling<T> {
    Err(Fault::Misfit(Misfit { field: field.into(), why: why.into(), next: next.into() }))
}

/// Reads a filled-in form.
pub fn fill(desk: &Desk<'_>, form: &Form, table: &Table) -> Result<Filled, Failure> {
    let mut reader = Reader { desk, files: BTreeMap::new() };
    let fields = reader.table("", form.fields, table).map_err(|fault| match fault {
        Fault::Failure(failure) => failure,
        Fault::Misfit(Misfit { field, why, next }) => {
            usage(format!("{} is not signed: {field}", form.kind), why, next)
        }
    })?;
    let typ = crate::statement::kind::MediaType::v1(form.kind_name());
    let body = Body::of_fields(&typ, &fields).map_err(|why| {
        let next = format!("treering say {} --template tells every field", form.kind);
        usage(format!("{} is not signed: the fields do not hold together", form.kind), why, next)
    })?;
    Ok(Filled { body, files: reader.files })
}

struct Reader<'d, 'a> {
    desk: &'d Desk<'a>,
    files: BTreeMap<String, PathBuf>,
}

impl Reader<'_, '_> {
    fn table(&mut self, above: &str, fields: &[Field], table: &Table) -> Filling<Value> {
        let within = |name: &str| match above {
            "" => name.to_string(),
            above => format!("{above}.{name}"),
        };
        for name in table.keys() {
            if !fields.iter().any(|field| field.name == name) {
                return misfit(&within(name), "there is no such field", instead_of(fields, name));
            }
        }
        let mut map = BTreeMap::new();
        for field in fields {
            let name = within(field.name);
            match table.get(field.name) {
                Some(value) => {
                    if let Some(value) = self.value(&name, field, value)? {
                        map.insert(Value::Text(field.name.into()), value);
                    }
                }
                None if field.required => {
                    let next = format!("add {} = {}   ({})", name, field.example, field.about);
                    return misfit(&name, "it is missing", next.replace(" =    ", "   "));
                }
                None => {}
            }
        }
        Ok(Value::Map(map))
    }

    /// The value of a field; none for an empty list that may be left out.
    fn value(&mut self, name: &str, field: &Field, value: &Toml) -> Filling<Option<Value>> {
        let is_empty = value.as_array().is_some_and(Vec::is_empty);
        if is_empty && !field.required {
            return Ok(None);
        }
        self.shaped(name, field.shape, value).map(Some)
    }

    fn shaped(&mut self, name: &str, shape: Shape, value: &Toml) -> Filling<Value> {
        match shape {
            Shape::Text | Shape::Id | Shape::Country => Ok(Value::Text(text(name, value)?.into())),
            Shape::Texts | Shape::Countries => {
                let mut all = texts(name, value)?;
                if matches!(shape, Shape::Countries) || name == "care.labels" {
                    all.sort();
                }
                Ok(Value::Array(all.into_iter().map(Value::Text).collect()))
            }
            Shape::Names => {
                let names = table(name, value)?.iter();
                let names = names.map(|(tag, value)| {
                    let inner = text(&format!("{name}.{tag}"), value)?;
                    Ok((Value::Text(tag.clone()), Value::Text(inner.into())))
                });
                Ok(Value::Map(names.collect::<Filling<_>>()?))
            }
            Shape::Word(words) => Ok(Value::Text(word(name, words, value)?.into())),
            Shape::Words(words) => {
                let all = list(name, value)?.iter().map(|one| word(name, words, one));
                let mut all = all.collect::<Filling<Vec<&str>>>()?;
                all.sort();
                all.dedup();
                Ok(Value::Array(all.into_iter().map(|word| Value::Text(word.into())).collect()))
            }
            Shape::Number(unit) => number(name, unit, value).map(integer),
            Shape::Numbers(unit) => {
                let all = list(name, value)?.iter().map(|one| number(name, unit, one));
                let mut all = all.collect::<Filling<Vec<i64>>>()?;
                all.sort_unstable();
                all.dedup();
                Ok(Value::Array(all.into_iter().map(integer).collect()))
            }
            Shape::Day => day(name, value).map(|day| integer(day.0)),
            Shape::Days => self.days(name, value),
            Shape::Digest => self.digest(name, value),
            Shape::Ledger => hash(name, text(name, value)?).map(bytes),
            Shape::Bytes => self.bytes(name, value),
            Shape::Keys => {
                let all = texts(name, value)?;
                let mut all = all.iter().map(|key| hash(name, key)).collect::<Filling<Vec<_>>>()?;
                all.sort();
                all.dedup();
                Ok(Value::Array(all.into_iter().map(bytes).collect()))
            }
            Shape::Statement => self.reference(name, value).map(reference_value),
            Shape::Statements => {
                let all = list(name, value)?.iter().map(|one| self.reference(name, one));
                Ok(Value::Array(all.map(|one| one.map(reference_value)).collect::<Filling<_>>()?))
            }
            Shape::Evidence => {
                let all = list(name, value)?.iter().enumerate();
                let all = all.map(|(at, one)| self.evidence(&format!("{name}[{at}]"), one));
                Ok(Value::Array(all.collect::<Filling<_>>()?))
            }
            Shape::Indicator => self.indicator(name, value),
            Shape::IndicatorList => {
                let all = list(name, value)?.iter().map(|one| self.indicator(name, one));
                Ok(Value::Array(all.collect::<Filling<_>>()?))
            }
            Shape::Indicators => self.indicators(name, value),
            Shape::Dossier => self.dossier(name, value),
            Shape::Tree => self.tree(name, value),
            Shape::Area => self.area(name, value),
            Shape::FoundRows => found_rows(name, value),
            Shape::Table(fields) => self.table(name, fields, table(name, value)?),
            Shape::Tables(fields) => {
                let all = list(name, value)?.iter().enumerate();
                let all = all.map(|(at, one)| {
                    let name = format!("{name}[{at}]");
                    self.table(&name, fields, table(&name, one)?)
                });
                Ok(Value::Array(all.collect::<Filling<_>>()?))
            }
        }
    }

    fn days(&mut self, name: &str, value: &Toml) -> Filling<Value> {
        const NEXT: &str = "for the year 2025: { from = 2025-01-01, until = 2026-01-01 }";
        let given = table(name, value)?;
        if let Some(other) = given.keys().find(|key| !["from", "until"].contains(&key.as_str())) {
            return misfit(&format!("{name}.{other}"), "there is no such field", NEXT);
        }
        let edge = |which: &str| match given.get(which) {
            Some(value) => day(&format!("{name}.{which}"), value),
            None => misfit(&format!("{name}.{which}"), "it is missing", NEXT),
        };
        let (from, until) = (edge("from")?, edge("until")?);
        if from >= until {
            let why = format!(
                "the period ends before it begins: from {from} until {until}, and until is the day after the last"
            );
            return misfit(name, why, NEXT);
        }
        Ok(map([("from", integer(from.0)), ("until", integer(until.0))]))
    }

    fn digest(&mut self, name: &str, value: &Toml) -> Filling<Value> {
        let given = text(name, value)?;
        let Some(path) = given.strip_prefix("file:") else {
            return hash(name, given).map(bytes);
        };
        let path = Path::new(path);
        let hashed = given_file::hash(path);
        let (digest, _) = hashed.map_err(|why| why.failure(path, "stopped; nothing was signed"))?;
        self.files.insert(name.into(), path.to_path_buf());
        Ok(bytes(digest))
    }

    fn bytes(&mut self, name: &str, value: &Toml) -> Filling<Value> {
        let given = text(name, value)?;
        if let Some(path) = given.strip_prefix("file:") {
            return Ok(Value::Bytes(read_document(Path::new(path), MAX_BYTES_FIELD)?));
        }
        match from_hex(given) {
            Some(bytes) => Ok(Value::Bytes(bytes)),
            None => misfit(
                name,
                format!("{given:?} is not hexadecimal"),
                "write two digits a byte, 0 to 9 and a to f, or \"file:PATH\"",
            ),
        }
    }

    fn reference(&mut self, name: &str, value: &Toml) -> Filling<StatementRef> {
        let reference = self.desk.reference(text(name, value)?);
        reference.or_else(|failure| misfit(name, failure.why, failure.next))
    }
}
