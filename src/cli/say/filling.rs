//! From what a person filled in to the fields of a statement.
//!
//! TOML becomes CBOR by the kind's form: every value has to have the shape and the unit that is asked
//! for, and nothing is guessed. What is refused is named by its field.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value as Toml};

use super::desk::{Desk, read_document};
use crate::cli::failures::usage;
use crate::cli::given_file;
use crate::cli::voice::Failure;
use crate::evidence::boundary;
use crate::statement::bodies::claim::area::Area;
use crate::statement::bodies::day::UtcDay;
use crate::statement::bodies::process::sample::Found;
use crate::statement::bodies::{Body, StatementRef};
use crate::statement::cbor::{self, Value};
use crate::statement::evidence_book::rows_of;
use crate::statement::form::{Field, Form, Shape, Unit};
use crate::statement::sample::evidence_digest;
use crate::tlog::hash::{Hash, Tree};

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

fn kind_of(value: &Toml) -> &'static str {
    match value {
        Toml::String(_) => "text",
        Toml::Integer(_) => "a whole number",
        Toml::Float(_) => "a decimal number",
        Toml::Boolean(_) => "true or false",
        Toml::Datetime(_) => "a date",
        Toml::Array(_) => "a list",
        Toml::Table(_) => "a table",
    }
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

    /// `"@12"`, or a table of the statement, its root where the ledger is not at hand, and rows.
    fn evidence(&mut self, name: &str, value: &Toml) -> Filling<Value> {
        const FIELDS: [&str; 3] = ["statement", "root", "rows"];
        let given = match value {
            Toml::Table(given) => given.clone(),
            other => Table::from_iter([("statement".to_string(), other.clone())]),
        };
        if let Some(other) = given.keys().find(|key| !FIELDS.contains(&key.as_str())) {
            let next = "evidence has: statement, root, rows";
            return misfit(&format!("{name}.{other}"), "there is no such field", next);
        }
        let Some(statement) = given.get("statement") else {
            return misfit(name, "the statement is missing", "for example { statement = \"@12\" }");
        };
        let statement = self.reference(name, statement)?;
        let root = match (self.desk.statement(&statement)?, given.get("root")) {
            (Some((_, found)), _) => match &found.payload.body {
                Body::Anchor(anchor) => anchor.root,
                _ => {
                    return misfit(
                        name,
                        format!("it is no evidence but {}", found.header.typ.kind),
                        "name anchors: treering log --kind evidence.anchor",
                    );
                }
            },
            (None, Some(root)) => hash(&format!("{name}.root"), text(name, root)?)?,
            (None, None) => {
                return misfit(
                    name,
                    "the anchor is not at hand, so its evidence root has to be given",
                    "{ statement = \"…\", root = \"…\" }, or a copy of the ledger: --ledger DIR",
                );
            }
        };
        let mut fields = vec![("root", bytes(root)), ("statement", reference_value(statement))];
        if let Some(rows) = given.get("rows").filter(|rows| rows.as_array() != Some(&vec![])) {
            let name = format!("{name}.rows");
            fields.push(("rows", self.shaped(&name, Shape::Numbers(Unit::Count), rows)?));
        }
        Ok(map(fields))
    }

    fn indicator(&mut self, name: &str, value: &Toml) -> Filling<Value> {
        let (digest, mut ids) = self.known(name, &[text(name, value)?.to_string()])?;
        Ok(map([("catalogue", bytes(digest)), ("id", Value::Text(ids.remove(0)))]))
    }

    fn indicators(&mut self, name: &str, value: &Toml) -> Filling<Value> {
        let (digest, ids) = self.known(name, &texts(name, value)?)?;
        let ids = Value::Array(ids.into_iter().map(Value::Text).collect());
        Ok(map([("catalogue", bytes(digest)), ("ids", ids)]))
    }

    fn known(&mut self, name: &str, ids: &[String]) -> Filling<(Hash, Vec<String>)> {
        let catalogue = self.desk.catalogue()?;
        match catalogue.check(ids.iter().map(String::as_str)) {
            Ok(known) if known.is_empty() => {
                misfit(name, "none is named", "for example [\"3.7.1\"]")
            }
            Ok(known) => Ok((catalogue.digest(), known)),
            Err(unknown) => {
                misfit(name, unknown.to_string(), "name one of them, or its file: --catalogue FILE")
            }
        }
    }

    /// `"now"`, or a statement whose dossier is meant.
    fn dossier(&mut self, name: &str, value: &Toml) -> Filling<Value> {
        let given = text(name, value)?;
        if given != "now" {
            let reference = self.reference(name, value)?;
            let found = self.desk.statement(&reference)?;
            let dossier = found.and_then(|(_, statement)| match &statement.payload.body {
                Body::Recommendation(body) => Some(body.dossier),
                Body::ReviewCheck(body) => Some(body.dossier),
                Body::Decision(body) => body.dossier,
                Body::Midterm(body) => body.dossier,
                _ => None,
            });
            return match dossier.map(|dossier| cbor::to_value(&dossier)) {
                Some(Ok(dossier)) => Ok(dossier),
                _ => misfit(
                    name,
                    format!("{given} has no dossier"),
                    "\"now\", or a recommendation, a check or a decision here",
                ),
            };
        }
        let (Some(past), Some(book)) = (self.desk.past()?, self.desk.book()) else {
            return misfit(
                name,
                "the ledger is not at hand, so its evidence cannot be taken together",
                "sign with a copy of it: --ledger DIR",
            );
        };
        let catalogue = self.desk.catalogue()?.digest();
        let live = past.evidence.dossier(&past.standings, book.authority(), catalogue);
        if live.is_empty() {
            return misfit(
                name,
                "no evidence here bears on an indicator of this catalogue",
                "treering link REF --indicator ID",
            );
        }
        let evidence = evidence_digest(&rows_of(&live));
        Ok(map([
            ("checkpoint", tree_value(self.desk.seen)),
            ("evidence", bytes(evidence)),
            ("catalogue", bytes(catalogue)),
        ]))
    }

    fn tree(&mut self, name: &str, value: &Toml) -> Filling<Value> {
        if value.as_str() == Some("now") {
            return Ok(tree_value(self.desk.seen));
        }
        const NEXT: &str = "\"now\", or { size = 57, root = \"…\" }";
        let given = table(name, value)?;
        match (given.get("size"), given.get("root"), given.len()) {
            (Some(size), Some(root), 2) => Ok(map([
                ("size", integer(number(&format!("{name}.size"), Unit::CountFromOne, size)?)),
                ("root", bytes(hash(&format!("{name}.root"), text(name, root)?)?)),
            ])),
            _ => misfit(name, "a size and a root are asked for", NEXT),
        }
    }

    fn area(&mut self, name: &str, value: &Toml) -> Filling<Value> {
        let given = text(name, value)?;
        let Some(path) = given.strip_prefix("file:") else {
            let next = "\"file:plots.geojson\", polygons in longitude and latitude (WGS 84)";
            return misfit(name, "a GeoJSON file is asked for", next);
        };
        let path = Path::new(path);
        let area = boundary::read(&read_document(path, boundary::MAX_BYTES)?);
        let area = area.or_else(|why| {
            misfit(name, why.to_string(), "export it anew as GeoJSON (RFC 7946, WGS 84)")
        })?;
        if area.points().count() > Area::MAX_POINTS {
            let why = format!("it has more than {} points", Area::MAX_POINTS);
            return misfit(name, why, "simplify it; the finer outline can be added as evidence");
        }
        cbor::to_value(&area).or_else(|why| misfit(name, why.to_string(), "export it anew"))
    }
}

/// A field that may have been meant.
fn instead_of(fields: &[Field], name: &str) -> String {
    let stem = name.rsplit_once('_').map_or(name, |(stem, _)| stem);
    // The same thing in another unit, before anything else that sounds alike.
    let in_units = fields.iter().find(|field| {
        matches!(field.shape, Shape::Number(_))
            && field.name.rsplit_once('_').is_some_and(|(its_stem, _)| its_stem == stem)
    });
    let alike = |field: &&Field| field.name.starts_with(name) || name.starts_with(field.name);
    let near = in_units.or_else(|| fields.iter().find(alike));
    match near.map(|field| (field, field.shape)) {
        Some((field, Shape::Number(unit))) => format!("{} is in {}", field.name, unit.words()),
        Some((field, _)) => format!("there is {}: {}", field.name, field.about),
        None => {
            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
            format!("there are {}", names.join(", "))
        }
    }
}

fn text<'v>(name: &str, value: &'v Toml) -> Filling<&'v str> {
    match value {
        Toml::String(text) if text == "…" => {
            misfit(name, "it was not filled in", "put something in the place of …")
        }
        Toml::String(text) if text.is_empty() => {
            misfit(name, "it is empty", "fill it in, or leave it out if it may be left out")
        }
        Toml::String(text) => Ok(text),
        other => misfit(name, format!("{} stands there", kind_of(other)), "write it in quotes"),
    }
}

fn list<'v>(name: &str, value: &'v Toml) -> Filling<&'v Vec<Toml>> {
    match value {
        Toml::Array(items) => Ok(items),
        other => misfit(name, format!("{} stands there", kind_of(other)), "write a list: [ …, … ]"),
    }
}

fn texts(name: &str, value: &Toml) -> Filling<Vec<String>> {
    list(name, value)?.iter().map(|one| text(name, one).map(String::from)).collect()
}

fn table<'v>(name: &str, value: &'v Toml) -> Filling<&'v Table> {
    match value {
        Toml::Table(table) => Ok(table),
        other => misfit(name, format!("{} stands there", kind_of(other)), "a table is asked for"),
    }
}

fn word<'w>(name: &str, words: &'w [&'w str], value: &Toml) -> Filling<&'w str> {
    let given = text(name, value)?;
    match words.iter().find(|word| **word == given) {
        Some(word) => Ok(word),
        None => misfit(
            name,
            format!("{given:?} is none of the words"),
            format!("one of {}", words.join(", ")),
        ),
    }
}

fn number(name: &str, unit: Unit, value: &Toml) -> Filling<i64> {
    let words = unit.words();
    let number = match value {
        Toml::Integer(number) => *number,
        Toml::Float(decimal) => {
            let why = format!("{decimal} is a decimal number; whole numbers are asked for");
            return misfit(name, why, format!("write it in {words}"));
        }
        Toml::String(given) => {
            let why = format!("{given:?} is text; a whole number is asked for, without its unit");
            return misfit(name, why, format!("write it in {words}"));
        }
        other => {
            let why = format!("{} stands there", kind_of(other));
            return misfit(name, why, format!("write a whole number, in {words}"));
        }
    };
    let (least, most) = unit.range();
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    let why = match unit {
        Unit::Ppm if number > most => format!("{number} is more than the whole"),
        _ if number < least => format!("{number} is less than {least}"),
        _ => format!("{number} is more than {most}"),
    };
    misfit(name, why, format!("it is in {words}"))
}

fn day(name: &str, value: &Toml) -> Filling<UtcDay> {
    let given = match value {
        Toml::Datetime(datetime) if datetime.time.is_none() => datetime.to_string(),
        Toml::Datetime(datetime) => {
            let why = format!("{datetime} is an instant; a day is asked for");
            return misfit(name, why, "write the day alone: 2026-05-01");
        }
        Toml::String(text) => text.clone(),
        other => {
            let why = format!("{} stands there", kind_of(other));
            return misfit(name, why, "write a day: 2026-05-01");
        }
    };
    match UtcDay::parse(&given) {
        Some(day) => Ok(day),
        None => misfit(name, format!("{given:?} is no day"), "write it as 2026-05-01"),
    }
}

fn hash(name: &str, given: &str) -> Filling<Hash> {
    match Hash::from_hex(given) {
        Some(hash) => Ok(hash),
        None => misfit(
            name,
            format!("{given:?} is no digest"),
            "64 lower-case hexadecimal digits, or for a document \"file:PATH\"",
        ),
    }
}

/// Bytes of pairs of lower-case hexadecimal digits.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

fn found_rows(name: &str, value: &Toml) -> Filling<Value> {
    let rows = list(name, value)?.iter().enumerate().map(|(at, row)| {
        let name = format!("{name}[{at}]");
        match list(&name, row)?.as_slice() {
            [root, index, found] => Ok(Value::Array(vec![
                bytes(hash(&name, text(&name, root)?)?),
                integer(number(&name, Unit::Count, index)?),
                Value::Text(word(&name, Found::WORDS, found)?.into()),
            ])),
            _ => misfit(&name, "three things make a row", "[\"evidence root\", index, \"agree\"]"),
        }
    });
    Ok(Value::Array(rows.collect::<Filling<_>>()?))
}

fn integer(number: i64) -> Value {
    Value::Integer(number.into())
}

fn bytes(hash: Hash) -> Value {
    Value::Bytes(hash.as_bytes().to_vec())
}

fn map<'f>(fields: impl IntoIterator<Item = (&'f str, Value)>) -> Value {
    Value::Map(fields.into_iter().map(|(name, value)| (Value::Text(name.into()), value)).collect())
}

fn tree_value(tree: Tree) -> Value {
    map([("size", Value::Integer(tree.size.0.into())), ("root", bytes(tree.root))])
}

fn reference_value(reference: StatementRef) -> Value {
    let ledger = reference.ledger.map(|ledger| ("ledger", bytes(ledger.0)));
    map([("id", bytes(reference.id))].into_iter().chain(ledger))
}
