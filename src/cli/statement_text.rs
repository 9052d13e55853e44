//! A statement in words: one line for the log, a page for `show`.

pub mod assurance;

use std::fmt::Write;

use serde_json::Value as Json;

use crate::report::statement_json;
use crate::report::words::{bytes, count, counted, device_time, safe, time};
use crate::statement::bodies::Body;
use crate::statement::bodies::evidence::Anchor;
use crate::statement::envelope::Statement;
use crate::statement::key::KeyId;
use crate::tlog::hash::Position;

/// The statement in a few words.
pub fn summary(statement: &Statement) -> String {
    match &statement.payload.body {
        Body::Genesis(genesis) => format!("founded {}", safe(&genesis.name)),
        Body::RotateLogKey(rotate) => {
            format!("log key from here on {}", short_key(&KeyId::of(&rotate.log_key)))
        }
        Body::Close(close) => format!("closed: {}", safe(&close.reason)),
        Body::CheckpointAnchor(anchor) => {
            format!("checkpoint of the ledger {}", &anchor.ledger.to_string()[..8])
        }
        Body::Grant(grant) => {
            format!("{} may sign as {}", short_key(&KeyId::of(&grant.key)), grant.role)
        }
        Body::Revoke(revoke) => {
            format!(
                "{} may no longer sign: {}",
                short_key(&KeyId::of(&revoke.key)),
                revoke.reason.word()
            )
        }
        Body::Affirm(affirm) => format!("stands by {}", &affirm.statement.id.to_string()[..8]),
        Body::RotateRoot(rotate) => {
            format!("root from here on {}", short_key(&KeyId::of(&rotate.root)))
        }
        Body::RecoverRoot(recover) => {
            format!("root recovered: {}", short_key(&KeyId::of(&recover.root)))
        }
        Body::SiteDescribe(site) => match site.site_id {
            Some(id) => format!("site {id}, {}", site.countries.join(", ")),
            None => format!("site, {}", site.countries.join(", ")),
        },
        Body::CataloguePublish(catalogue) => {
            format!("{} {}", safe(&catalogue.standard), safe(&catalogue.version))
        }
        Body::Anchor(anchor) => {
            let files = counted(anchor.rows, "file");
            format!("{} · {files} · {}", safe(&anchor.title), anchor.access.word())
        }
        Body::Link(link) => format!("bears on {}", safe(&link.indicators.ids.join(" "))),
        Body::Erase(erase) => {
            format!("erased {}: {}", counted(erase.rows.len() as u64, "row"), safe(&erase.ground))
        }
        Body::Correction(correction) => format!("corrects: {}", safe(&correction.reason)),
        Body::Unknown { .. } => "of a kind this program does not understand".into(),
        process_or_claim => assurance::summary(process_or_claim).unwrap_or_default(),
    }
}

/// The first digits of a thumbprint, enough to tell one's own keys apart.
pub fn short_key(key: &KeyId) -> String {
    format!("key {}", &key.to_string()[..8])
}

/// The statement as a page.
pub fn page(position: Position, statement: &Statement) -> String {
    let header = &statement.header;
    let mut out = String::new();
    let _ = writeln!(out, "@{position}  {}", header.typ.kind);
    let _ = writeln!(out, "{}\n", summary(statement));
    let mut line = |name: &str, value: String| {
        let _ = writeln!(out, "  {name:<12} {value}");
    };
    line("id", statement.id().to_string());
    line("signed by", format!("key {}", header.key));
    line("for", safe(&header.issuer.to_string()));
    line("about", safe(&header.subject.to_string()));
    line("signed at", format!("{} (its signer's clock)", time(header.issued_at)));
    let chain = &statement.payload.chain;
    line("number", format!("{} of its key", chain.seq));
    if let Some(seen) = chain.seen {
        line("saw", format!("this ledger at {}", counted(seen.size.0, "statement")));
    }
    if let Body::Anchor(anchor) = &statement.payload.body {
        anchor_lines(anchor, &mut line);
    }
    out
}

fn anchor_lines(anchor: &Anchor, line: &mut impl FnMut(&str, String)) {
    line("files", count(anchor.rows));
    if let Some(total) = anchor.bytes {
        line("bytes", bytes(total));
    }
    line("root", anchor.root.to_string());
    line("manifest", anchor.access.word().into());
    for (kind, number) in anchor.media.iter().flatten() {
        line("", format!("{} {}", count(*number), safe(kind)));
    }
    if let Some(captured) = &anchor.captured {
        if let Some(period) = captured.utc {
            let files = counted(period.files, "file");
            line("captured", format!("{} to {} ({files})", time(period.first), time(period.last)));
        }
        if let Some(period) = captured.local {
            let files = counted(period.files, "file");
            let span = format!("{} to {}", device_time(period.first), device_time(period.last));
            line("captured", format!("{span} ({files}; the cameras' own clocks)"));
        }
    }
    if let Some(indicators) = &anchor.indicators {
        line("indicators", safe(&indicators.ids.join(" ")));
        line("catalogue", indicators.catalogue.to_string());
    }
    if let Some(derivation) = &anchor.derived_from {
        for source in &derivation.sources {
            let rows = match &source.rows {
                Some(rows) => counted(rows.len() as u64, "row"),
                None => "all rows".into(),
            };
            line("made from", format!("{} ({rows})", &source.statement.id.to_string()[..8]));
        }
        if let Some(software) = &derivation.software {
            line("software", safe(software));
        }
        for (name, digest) in [("model", &derivation.model), ("parameters", &derivation.parameters)]
        {
            if let Some(digest) = digest {
                line(name, digest.to_string());
            }
        }
    }
    if let Some(care) = &anchor.care {
        line(
            "authority",
            format!(
                "{}: shown only with the signature of key {}",
                safe(&care.label),
                care.authority
            ),
        );
    }
    if let Some(place) = &anchor.place {
        let degrees = |millionths: i64| millionths as f64 / 1e6;
        line(
            "place",
            format!(
                "{:.1} to {:.1} north, {:.1} to {:.1} east (rounded)",
                degrees(place.south),
                degrees(place.north),
                degrees(place.west),
                degrees(place.east)
            ),
        );
    }
}

/// The statement for programs.
pub fn json(position: Position, statement: &Statement) -> Json {
    statement_json::view(position, statement, &summary(statement))
}
