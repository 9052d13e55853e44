//! What is named and looked up: evidence, indicators, the state of the ledger, areas.

use std::path::Path;

use toml::{Table, Value as Toml};

use super::values::{
    bytes, hash, integer, map, number, reference_value, table, text, texts, tree_value,
};
use super::{Filling, Reader, misfit};
use crate::cli::say::desk::read_document;
use crate::evidence::boundary;
use crate::statement::bodies::Body;
use crate::statement::bodies::claim::area::Area;
use crate::statement::cbor::{self, Value};
use crate::statement::evidence_book::rows_of;
use crate::statement::form::{Shape, Unit};
use crate::statement::sample::evidence_digest;
use crate::tlog::hash::Hash;

impl Reader<'_, '_> {
    /// `"@12"`, or a table of the statement, its root where the ledger is not at hand, and rows.
    pub(super) fn evidence(&mut self, name: &str, value: &Toml) -> Filling<Value> {
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

    pub(super) fn indicator(&mut self, name: &str, value: &Toml) -> Filling<Value> {
        let (digest, mut ids) = self.known(name, &[text(name, value)?.to_string()])?;
        Ok(map([("catalogue", bytes(digest)), ("id", Value::Text(ids.remove(0)))]))
    }

    pub(super) fn indicators(&mut self, name: &str, value: &Toml) -> Filling<Value> {
        let (digest, ids) = self.known(name, &texts(name, value)?)?;
        let ids = Value::Array(ids.into_iter().map(Value::Text).collect());
        Ok(map([("catalogue", bytes(digest)), ("ids", ids)]))
    }

    pub(super) fn known(&mut self, name: &str, ids: &[String]) -> Filling<(Hash, Vec<String>)> {
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
    pub(super) fn dossier(&mut self, name: &str, value: &Toml) -> Filling<Value> {
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

    pub(super) fn tree(&mut self, name: &str, value: &Toml) -> Filling<Value> {
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

    pub(super) fn area(&mut self, name: &str, value: &Toml) -> Filling<Value> {
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
