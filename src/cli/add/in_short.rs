//! The last lines of `treering add`: what was in the batch, in the words of a ranger, and which
//! indicators it may bear on.

use serde_json::{Value, json};

use crate::evidence::field::suggestion;
use crate::evidence::formats::note::Note;
use crate::evidence::summary::Summary;
use crate::evidence::walk::Found;
use crate::report::words::{count, counted, safe};
use crate::statement::bodies::evidence::Access;

/// Findings told in the line itself; all stand above it or in `--json`.
const TOLD: usize = 3;
/// Missing members of a series told by name.
const MISSING_SHOWN: usize = 10;

/// Files of which something could not be read, though they are recorded.
pub fn unread(summary: &Summary) -> usize {
    let mut files: Vec<usize> = summary
        .notes
        .iter()
        .filter(|(note, _)| note.is_unread())
        .flat_map(|(_, indexes)| indexes.iter().copied())
        .collect();
    files.sort_unstable();
    files.dedup();
    files.len()
}

/// "2,041 files, 3 unreadable, 17 with people (sealed), clock an hour ahead from 2021-06-14, …"
pub fn line(summary: &Summary) -> String {
    let mut parts = vec![counted(summary.files, "file")];
    let unreadable = summary.problems.len() + unread(summary);
    if unreadable > 0 {
        parts.push(format!("{} unreadable", count(unreadable as u64)));
    }
    if summary.people > 0 {
        parts.push(format!("{} with people, vehicles or unknowns (sealed)", count(summary.people)));
    }
    let other = summary.kept_sealed.saturating_sub(summary.people);
    if other > 0 {
        parts.push(format!("{} of patrols or sensitive species (sealed)", count(other)));
    }
    parts.extend(summary.clocks.iter().take(TOLD).map(|finding| safe(&finding.to_string())));
    if summary.clocks.len() > TOLD {
        parts.push(format!("{} more about clocks", summary.clocks.len() - TOLD));
    }
    let outside = |note: Note| summary.notes.get(&note).map_or(0, Vec::len);
    if outside(Note::OutsideSite) > 0 {
        parts.push(format!("{} outside the boundary", count(outside(Note::OutsideSite) as u64)));
    }
    if !summary.missing.is_empty() {
        parts.push(format!("{} of the series missing", count(summary.missing.len() as u64)));
    }
    if parts.len() == 1 {
        let plain = summary.notes.is_empty() && summary.duplicates.is_empty();
        parts.push(if plain { "nothing odd seen" } else { "with the notes above" }.into());
    }
    parts.join(", ")
}

/// The lines that stand under the summary.
pub fn text(summary: &Summary) -> String {
    let mut text = String::new();
    for finding in summary.clocks.iter().skip(TOLD) {
        text.push_str(&format!("  {}\n", safe(&finding.to_string())));
    }
    if !summary.missing.is_empty() {
        let shown: Vec<String> =
            summary.missing.iter().take(MISSING_SHOWN).map(|member| safe(member)).collect();
        let more = summary.missing.len() - shown.len();
        let more =
            if more > 0 { format!(" and {} more", count(more as u64)) } else { String::new() };
        text.push_str(&format!("  MISSING  of the series: {}{more}\n", shown.join("; ")));
    }
    if !summary.unknown_taxa.is_empty() {
        let shown: Vec<String> = summary.unknown_taxa.iter().take(3).map(|n| safe(n)).collect();
        text.push_str(&format!(
            "  {} on the list of sensitive species in no file: {}{}\n",
            counted(summary.unknown_taxa.len() as u64, "name"),
            shown.join(", "),
            if summary.unknown_taxa.len() > 3 { ", …" } else { "" }
        ));
    }
    text.push_str(&format!("In short: {}.\n", line(summary)));
    text
}

/// A suggestion of indicators, where none were named.
pub fn suggested(summary: &Summary) -> Option<String> {
    let ids = ids(summary);
    (!ids.is_empty()).then(|| {
        format!("It may bear on {} (a suggestion; --indicator names them).\n", ids.join(", "))
    })
}

fn ids(summary: &Summary) -> Vec<&'static str> {
    suggestion::indicators(&summary.media_types, &summary.formats, summary.from_devices)
}

/// The same for programs.
pub fn json(summary: &Summary, files: &[Found]) -> Value {
    let notes: Vec<Value> = summary
        .notes
        .iter()
        .flat_map(|(note, indexes)| {
            indexes.iter().map(move |index| {
                let rows = summary.rows.get(&(*note, *index));
                json!({
                    "file": files[*index].path.to_string(),
                    "note": note.to_string(),
                    "row": rows.map(|(row, _)| row),
                    "times": rows.map(|(_, times)| times),
                    "unread": note.is_unread(),
                })
            })
        })
        .collect();
    json!({
        "unreadable": summary.problems.len() + unread(summary),
        "people": summary.people,
        "kept_sealed": summary.kept_sealed,
        "formats": summary.formats,
        "clocks": summary.clocks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "missing": summary.missing,
        "unknown_taxa": summary.unknown_taxa,
        "suggested_indicators": ids(summary),
        "notes": notes,
        "in_short": line(summary),
    })
}

/// How many files a public batch kept sealed, in a sentence.
pub fn sealed_beside(access: Access, summary: &Summary) -> Option<String> {
    (access == Access::Public && summary.kept_sealed > 0).then(|| {
        format!(
            "{} of them sealed all the same, in a batch of their own: people, vehicles, unknowns, patrols \
             or sensitive species.\n",
            counted(summary.kept_sealed, "file")
        )
    })
}
