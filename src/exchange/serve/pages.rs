//! The list of the ledgers that are served, for people and for programs.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use serde_json::{Value, json};

use super::folders::Ledger;
use crate::statement::envelope::LedgerId;

/// Escaped throughout: names come from others' ledgers.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ledgers</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #ccc; vertical-align: top; }
.mono { font-family: ui-monospace, monospace; font-size: 13px; word-break: break-all; }
</style>
</head>
<body>
<h1>Ledgers</h1>
<table>
<tr><th>Name</th><th>Kind</th><th>Statements</th><th>Ledger</th></tr>
{% for ledger in ledgers %}<tr><td>{{ ledger.name }}</td><td>{{ ledger.kind }}</td><td>{{ ledger.size }}</td>
<td class="mono">{{ ledger.id }}<br><a href="{{ ledger.id }}/checkpoint">checkpoint</a> · origin {{ ledger.origin }}</td></tr>
{% endfor %}</table>
{% if ledgers.is_empty() %}<p>No ledger is served here.</p>{% endif %}
<p>A name on this page is what a ledger says of itself. Compare its digits with the site before you trust it, and
check everything on your own computer: <span class="mono">treering audit</span>.</p>
<p><a href="ledgers.json">The same for programs</a></p>
</body>
</html>
"#
)]
struct Page {
    ledgers: Vec<Row>,
}

struct Row {
    id: String,
    name: String,
    kind: String,
    origin: String,
    size: u64,
}

/// The list as a page.
pub fn page(ledgers: &BTreeMap<LedgerId, Arc<Ledger>>) -> String {
    let rows = ledgers.values().map(|ledger| Row {
        id: ledger.id.to_string(),
        name: ledger.name.clone(),
        kind: ledger.kind.clone(),
        origin: ledger.head.origin().to_string(),
        size: ledger.head.tree().size.0,
    });
    let mut rows: Vec<Row> = rows.collect();
    rows.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    // A template over plain strings always renders.
    Page { ledgers: rows }.render().unwrap_or_default()
}

/// The list for programs.
pub fn list(ledgers: &BTreeMap<LedgerId, Arc<Ledger>>) -> String {
    let rows: Vec<Value> = ledgers
        .values()
        .map(|ledger| {
            json!({
                "id": ledger.id.to_string(),
                "name": ledger.name,
                "kind": ledger.kind,
                "origin": ledger.head.origin().to_string(),
                "size": ledger.head.tree().size.0,
                "root": ledger.head.tree().root.to_string(),
            })
        })
        .collect();
    format!("{}\n", json!({ "schema": "treering.ledgers/1", "ledgers": rows }))
}
