//! `treering show REF --lineage`: what evidence was made from, what was made from it, and what rests on it.
//!
//! ```text
//! evidence @3 row 17 · Winter 2025/26 · CT03/IMG_0503.JPG
//! └─ labels @5 · megadetector@5.0 · model 4f2a…
//!    │  animal 0.97, by software
//!    └─ claim.file @9 · …
//! ```
//!
//! Upward only what a derivation names; downward every statement that refers to one above it, whatever its
//! kind: references are found by their form, so kinds this program does not understand are shown, too.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs::File;
use std::io::BufReader;

use serde_json::{Value as Json, json};

use super::failures::{unreadable, usage};
use super::own_store::OwnStore;
use super::statement_text::summary;
use super::voice::{Answer, Failure};
use super::{Context, Outcome};
use crate::evidence::attribute::Attribute;
use crate::evidence::hashing::{Watch, hash_file};
use crate::evidence::labels::{By, Label, PictureNames, RowsMet, read_labels};
use crate::evidence::manifest::{ManifestReader, ManifestRow};
use crate::evidence::path::RowPath;
use crate::ledger::read;
use crate::report::words::{count, counted, safe};
use crate::statement::bodies::Body;
use crate::statement::bodies::evidence::{Anchor, Derivation};
use crate::statement::cbor::Value;
use crate::statement::envelope::Statement;
use crate::tlog::hash::{Hash, Position};

/// Generations shown: pictures, labels, summaries, claims, opinions, and room.
const MAX_DEPTH: usize = 16;

/// Statements shown under one; the rest is counted.
const MAX_CHILDREN: usize = 50;

/// Labels shown of one picture.
const MAX_LABELS: usize = 12;

/// A statement that refers to others.
struct Node {
    position: Position,
    statement: Statement,
    /// What it refers to.
    refers: BTreeSet<Hash>,
}

struct Lineage<'a> {
    own: &'a OwnStore,
    nodes: BTreeMap<Hash, Node>,
    /// Who refers to whom, by position.
    referred_by: BTreeMap<Hash, Vec<Hash>>,
    text: String,
}

/// Prints the lineage of a statement, or of one row of an anchor (`@3#17`).
pub fn run(context: &Context, reference: &str) -> Outcome {
    let own = OwnStore::find(context)?;
    let (reference, row) = match reference.rsplit_once('#') {
        Some((reference, row)) => (reference, Some(row)),
        None => (reference, None),
    };
    let (position, statement) = own.resolve(reference)?;
    let id = statement.id();
    let row = match (row, &statement.payload.body) {
        (None, _) => None,
        (Some(text), Body::Anchor(anchor)) => {
            let row = text.parse::<u64>().ok().filter(|row| *row < anchor.rows);
            Some(row.ok_or_else(|| {
                usage(
                    format!("statement {position} has no row {}", safe(text)),
                    format!("its rows are 0 to {}", anchor.rows - 1),
                    "name one of them",
                )
            })?)
        }
        (Some(_), _) => {
            return Err(usage(
                format!("statement {position} has no rows"),
                "only anchors of evidence have",
                "leave # and what follows out",
            ));
        }
    };
    let mut lineage = Lineage::of(&own)?;
    let picture = match (row, &statement.payload.body) {
        (Some(row), Body::Anchor(anchor)) => path_of(&own, anchor, row)?,
        _ => None,
    };
    let above = lineage.sources(id, 0, &mut BTreeSet::new());
    let below = lineage.show(id, row, picture.as_ref(), "", "", 0, &mut BTreeSet::new())?;
    let fields =
        json!({ "position": position.0, "row": row, "made_from": above, "lineage": below });
    let next = match row {
        Some(_) => "treering show @POSITION prints each statement",
        None => "treering show @POSITION#ROW --lineage follows one picture",
    };
    Ok(Answer::new("show-lineage", lineage.text, fields).and_next(next))
}

impl<'a> Lineage<'a> {
    fn of(own: &'a OwnStore) -> Result<Lineage<'a>, Failure> {
        let size = own.head()?.tree().size;
        let mut nodes = BTreeMap::new();
        let mut referred_by: BTreeMap<Hash, Vec<Hash>> = BTreeMap::new();
        for statement in read::statements(&own.folder, size) {
            let (position, statement) = statement?;
            let mut refers = BTreeSet::new();
            if let Ok(fields) = statement.payload.body.fields() {
                references(&fields, &mut refers);
            }
            for id in &refers {
                referred_by.entry(*id).or_default().push(statement.id());
            }
            nodes.insert(statement.id(), Node { position, statement, refers });
        }
        Ok(Lineage { own, nodes, referred_by, text: String::new() })
    }

    /// What it was made from, the oldest first.
    fn sources(&mut self, id: Hash, depth: usize, passed: &mut BTreeSet<Hash>) -> Json {
        let Some(derivation) = self.nodes.get(&id).and_then(derivation_of).cloned() else {
            return json!([]);
        };
        if depth == MAX_DEPTH || !passed.insert(id) {
            return json!([]);
        }
        let mut found = Vec::new();
        for source in &derivation.sources {
            let above = self.sources(source.statement.id, depth + 1, passed);
            let line = match self.nodes.get(&source.statement.id) {
                Some(node) => head_line(node, None),
                None => format!("statement {} of another ledger", short(&source.statement.id)),
            };
            let rows = match &source.rows {
                Some(rows) => format!("{} of it", counted(rows.len() as u64, "row")),
                None => "all of it".into(),
            };
            let _ = writeln!(self.text, "made from {line} ({rows})");
            found.push(json!({
                "statement": source.statement.id.to_string(),
                "position": self.nodes.get(&source.statement.id).map(|node| node.position.0),
                "rows": source.rows,
                "made_from": above,
            }));
        }
        Json::Array(found)
    }

    /// A statement and everything that refers to it.
    #[allow(clippy::too_many_arguments, reason = "a walk down a tree carries its margins")]
    fn show(
        &mut self,
        id: Hash,
        row: Option<u64>,
        picture: Option<&RowPath>,
        first: &str,
        rest: &str,
        depth: usize,
        passed: &mut BTreeSet<Hash>,
    ) -> Result<Json, Failure> {
        let Some(node) = self.nodes.get(&id) else { return Ok(Json::Null) };
        let place = if depth == 0 { row.map(|row| (row, picture)) } else { None };
        let line = head_line(node, place);
        let (position, kind) = (node.position, node.statement.header.typ.kind.to_string());
        let labels = match (&node.statement.payload.body, depth) {
            (Body::Anchor(anchor), 1..) if anchor.derived_from.is_some() => {
                labels_of(self.own, &anchor.clone(), picture)?
            }
            _ => Labels::default(),
        };
        let _ = writeln!(self.text, "{first}{line}");
        let children: Vec<Hash> = match depth < MAX_DEPTH && passed.insert(id) {
            true => self.children(id, if depth == 0 { row } else { None }),
            false => Vec::new(),
        };
        let bar = if children.is_empty() { "   " } else { "│  " };
        for line in labels.lines() {
            let _ = writeln!(self.text, "{rest}{bar}{line}");
        }
        let more = children.len().saturating_sub(MAX_CHILDREN);
        let mut below = Vec::new();
        for (index, child) in children.iter().take(MAX_CHILDREN).enumerate() {
            let last = index + 1 == children.len();
            let (fork, margin) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let first = format!("{rest}{fork}");
            let rest = format!("{rest}{margin}");
            below.push(self.show(*child, None, picture, &first, &rest, depth + 1, passed)?);
        }
        if more > 0 {
            let _ = writeln!(self.text, "{rest}└─ and {} more statements", count(more as u64));
        }
        Ok(json!({
            "position": position.0,
            "statement": id.to_string(),
            "kind": kind,
            "labels": labels.json(),
            "below": below,
        }))
    }

    /// Who refers to a statement; of derivations only those that name this row or all of them.
    fn children(&self, id: Hash, row: Option<u64>) -> Vec<Hash> {
        let about_row = |child: &&Hash| {
            if let (Some(row), Some(Body::Erase(erase))) =
                (row, self.nodes.get(*child).map(|node| &node.statement.payload.body))
            {
                return erase.rows.binary_search(&row).is_ok();
            }
            let derivation = self.nodes.get(*child).and_then(derivation_of);
            let source = derivation.and_then(|d| d.sources.iter().find(|s| s.statement.id == id));
            match (row, source.and_then(|source| source.rows.as_ref())) {
                (Some(row), Some(rows)) => rows.binary_search(&row).is_ok(),
                _ => true,
            }
        };
        let mut children: Vec<Hash> =
            self.referred_by.get(&id).into_iter().flatten().filter(about_row).copied().collect();
        children
            .retain(|child| self.nodes.get(child).is_some_and(|node| node.refers.contains(&id)));
        children
    }
}

fn derivation_of(node: &Node) -> Option<&Derivation> {
    match &node.statement.payload.body {
        Body::Anchor(anchor) => anchor.derived_from.as_ref(),
        _ => None,
    }
}

fn short(id: &Hash) -> String {
    id.to_string()[..8].to_owned()
}

/// A statement in a line.
fn head_line(node: &Node, place: Option<(u64, Option<&RowPath>)>) -> String {
    let position = node.position;
    match &node.statement.payload.body {
        Body::Anchor(anchor) => {
            let word = if anchor.derived_from.is_some() { anchor_word(anchor) } else { "evidence" };
            let mut line = match place {
                None => format!("{word} @{position} · {}", safe(&anchor.title)),
                Some((row, None)) => {
                    format!("{word} @{position} row {row} · {}", safe(&anchor.title))
                }
                Some((row, Some(path))) => {
                    format!("{word} @{position} row {row} · {} · {path}", safe(&anchor.title))
                }
            };
            if let Some(derivation) = &anchor.derived_from {
                line.push_str(&made_by(derivation));
            }
            line
        }
        _ => {
            format!("{} @{position} · {}", node.statement.header.typ.kind, summary(&node.statement))
        }
    }
}

fn anchor_word(anchor: &Anchor) -> &str {
    match anchor.evidence == super::provenance::LABELS {
        true => "labels",
        false => "made from it:",
    }
}

fn made_by(derivation: &Derivation) -> String {
    let mut words = match &derivation.software {
        Some(software) => format!(" · by {}", safe(software)),
        None => " · by what is not said".to_string(),
    };
    if let Some(model) = &derivation.model {
        words.push_str(&format!(", model {}", short(model)));
    }
    if let Some(parameters) = &derivation.parameters {
        words.push_str(&format!(", parameters {}", short(parameters)));
    }
    words
}

/// Every `{"id": 32 bytes}` in a body, at any depth: how statements refer to one another.
fn references(value: &Value, found: &mut BTreeSet<Hash>) {
    match value {
        Value::Map(entries) => {
            let is_foreign = entries.contains_key(&Value::Text("ledger".into()));
            if let Some(Value::Bytes(id)) = entries.get(&Value::Text("id".into()))
                && let Ok(id) = Hash::try_from(id.as_slice())
                && !is_foreign
            {
                found.insert(id);
            }
            entries.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// The path of a row, as the private manifest has it.
fn path_of(own: &OwnStore, anchor: &Anchor, wanted: u64) -> Result<Option<RowPath>, Failure> {
    let mut found = None;
    each_path(own, anchor, |row, path, _| {
        if row == wanted {
            found = Some(path.clone());
        }
    })?;
    Ok(found)
}

fn each_path(
    own: &OwnStore,
    anchor: &Anchor,
    mut each: impl FnMut(u64, &RowPath, Hash),
) -> Result<(), Failure> {
    let place = own.store.manifest(&anchor.root);
    let Ok(file) = File::open(&place) else { return Ok(()) };
    let damaged = |why: crate::evidence::manifest::ManifestError| unreadable(&place, why);
    let mut reader = ManifestReader::new(BufReader::new(file)).map_err(damaged)?;
    let mut index = 0;
    while let Some(row) = reader.next_row().map_err(damaged)? {
        if let ManifestRow::Shown { row, show } = &row {
            for shown in show {
                if let Attribute::Path(path) = shown.attribute() {
                    each(index, path, row.sha256());
                }
            }
        }
        index += 1;
    }
    Ok(())
}

/// What the files of a derived anchor say, as far as they are here and are the ones that were recorded.
#[derive(Default)]
struct Labels {
    of_picture: Vec<Label>,
    labels: u64,
    by_person: u64,
    by_machine: u64,
    not_here: u64,
}

impl Labels {
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for label in self.of_picture.iter().take(MAX_LABELS) {
            let sure =
                label.sure.map_or(String::new(), |sure| format!(" {:.2}", f64::from(sure) / 1e3));
            lines.push(format!("{}{sure}, {}", safe(&label.what), label.by.words()));
        }
        if self.labels > 0 && self.of_picture.is_empty() {
            lines.push(format!(
                "{}: {} by software alone, {} checked by a person",
                counted(self.labels, "label"),
                count(self.by_machine),
                count(self.by_person)
            ));
        }
        if self.not_here > 0 {
            lines.push(format!(
                "NOT CHECKED: {} of it not here to be read",
                counted(self.not_here, "file")
            ));
        }
        lines
    }

    fn json(&self) -> Json {
        let label = |label: &Label| {
            let by = match label.by {
                By::Machine => "machine",
                By::Person => "person",
                By::Unknown => "unknown",
            };
            json!({ "what": label.what, "sure_thousandths": label.sure, "by": by })
        };
        json!({
            "labels": self.labels,
            "by_person": self.by_person,
            "by_machine": self.by_machine,
            "files_not_here": self.not_here,
            "of_picture": self.of_picture.iter().take(MAX_LABELS).map(label).collect::<Vec<_>>(),
        })
    }
}

fn labels_of(
    own: &OwnStore,
    anchor: &Anchor,
    picture: Option<&RowPath>,
) -> Result<Labels, Failure> {
    let mut files = Vec::new();
    each_path(own, anchor, |_, path, sha256| {
        if files.len() < 256 {
            files.push((path.clone(), sha256));
        }
    })?;
    let mut labels = Labels::default();
    for (path, sha256) in files {
        let place = path.places_in(own.store.home()).into_iter().find(|place| place.is_file());
        let watch = Watch { cancel: super::interrupt::flag(), progress: &|_| {} };
        let is_same = |place: &std::path::PathBuf| {
            hash_file(place, watch).is_ok_and(|(digest, _)| digest == sha256)
        };
        let Some(place) = place.filter(is_same) else {
            labels.not_here += 1;
            continue;
        };
        let mut of_picture = Vec::new();
        let read = read_labels(&place, &mut |label| {
            if picture.is_some_and(|picture| is_of(picture, &label.picture)) {
                of_picture.push(label.clone());
            }
            of_picture.len() < 1_000
        });
        if let Ok(Some(read)) = read {
            labels.labels += read.labels;
            labels.by_person += read.by_person;
            labels.by_machine += read.by_machine;
            labels.of_picture.append(&mut of_picture);
        }
    }
    Ok(labels)
}

/// Whether a name in a file of labels is this picture.
fn is_of(picture: &RowPath, name: &str) -> bool {
    let mut names = PictureNames::default();
    names.add(name);
    let mut met = RowsMet::default();
    names.meet(0, picture, &mut met);
    !met.finish().0.is_empty()
}
