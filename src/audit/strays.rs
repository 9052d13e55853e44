//! Files in a public folder that no reader of its checkpoint would ask for.

use std::path::Path;

use walkdir::WalkDir;

use super::finding::{Outcome, Rule, Subject};
use super::findings::Findings;
use super::folder::PublicFolder;
use crate::tlog::bundle::Bundle;
use crate::tlog::hash::{Hash, TreeSize};
use crate::tlog::tile::Tile;

/// Names every file that does not belong to a public folder of this size (rule R02, a warning:
/// strays prove nothing, but a careful reader wants to know of them).
pub fn report_strays(folder: &PublicFolder, size: TreeSize, out: &mut Findings) {
    for entry in WalkDir::new(folder.root()).sort_by_file_name() {
        let entry = match entry {
            Ok(entry) if entry.file_type().is_dir() => continue,
            Ok(entry) => entry,
            Err(fault) => {
                // The fault's own words hold the path on this machine, which is no business of a report.
                let name = name_in(folder, fault.path().unwrap_or(folder.root()));
                let why = fault
                    .io_error()
                    .map_or("it leads back to itself".into(), |why| why.to_string());
                let what = format!("the folder {} cannot be listed: {why}", name.escape_debug());
                out.add(
                    Rule::R02,
                    Outcome::CannotCheck,
                    "unlisted",
                    Subject::Published(name),
                    what,
                );
                continue;
            }
        };
        let name = name_in(folder, entry.path());
        if let Some(code) = stray(&name, size, entry.file_type().is_file()) {
            let what = match code {
                "beyond-checkpoint" => {
                    format!("the file {} is beyond what the checkpoint signs", name.escape_debug())
                }
                _ => format!("the file {} does not belong here", name.escape_debug()),
            };
            out.add(Rule::R02, Outcome::Warn, code, Subject::Published(name), what);
        }
    }
}

/// A path as the folder's readers call it.
fn name_in(folder: &PublicFolder, path: &Path) -> String {
    let relative = path.strip_prefix(folder.root()).unwrap_or(Path::new(""));
    let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
    if parts.is_empty() { ".".into() } else { parts.join("/") }
}

fn stray(name: &str, size: TreeSize, is_file: bool) -> Option<&'static str> {
    if !is_file {
        return Some("unexpected-file");
    }
    if let Ok(bundle) = Bundle::parse_path(name) {
        let there = Bundle::at(bundle.index(), size);
        return there
            .is_none_or(|there| there.width() < bundle.width())
            .then_some("beyond-checkpoint");
    }
    if let Ok(tile) = Tile::parse_path(name) {
        let there = Tile::at(tile.level(), tile.index(), size);
        return there
            .is_none_or(|there| there.width() < tile.width())
            .then_some("beyond-checkpoint");
    }
    let expected = match name.split_once('/') {
        None => name == "checkpoint",
        Some(("checkpoints", rest)) => {
            rest == "sizes" || rest.parse().is_ok_and(|size: u64| size.to_string() == rest)
        }
        Some(("manifests", rest)) => Hash::from_hex(rest).is_some(),
        Some(_) => false,
    };
    (!expected).then_some("unexpected-file")
}
