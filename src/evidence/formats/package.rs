//! Descriptors of Frictionless data packages (Data Package 1.0), Camtrap DP among them: which
//! tables they name, in which version, with which hashes.

use std::io::{self, Read};

use super::archive::{Entries, is_trick};
use super::facts::Facts;
use super::json::{self, Item, Sink, Step};
use super::note::Note;
use super::table;

/// Resources of a package, at most. One that names each of its pictures is beyond what the standard
/// is for, but is read so far.
const MAX_RESOURCES: usize = 100_000;

/// What a table packed inside an archive is taken to have, since its own length is not known there:
/// it may unpack to 800 MB.
const PACKED_BYTES: u64 = 4 << 20;

/// What a descriptor says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Descriptor {
    /// The version of Camtrap DP, if it is one: `1.0.2`, `1.0-rc.1`, `0.1.6`.
    pub camtrap_dp: Option<String>,
    /// What it calls itself.
    pub title: Option<String>,
    /// The tables and files it names.
    pub resources: Vec<Resource>,
}

/// A table or file of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    /// Its name: `deployments`, `media`, …
    pub name: String,
    /// Where it lies, relative to the descriptor; more than one for a table in parts.
    pub paths: Vec<String>,
    /// Its hash: `sha256:…`, or MD5 without a prefix.
    pub hash: Option<String>,
    /// Its length.
    pub bytes: Option<u64>,
}

/// Reads a descriptor from a stream.
pub fn descriptor(stream: impl Read, facts: &mut Facts) -> io::Result<Descriptor> {
    let mut found = Found::default();
    json::walk(stream, facts, &mut found)?;
    let mut all = found.descriptor;
    let named = |name: &str| all.resources.iter().any(|resource| resource.name == name);
    if all.camtrap_dp.is_none() && ["deployments", "media", "observations"].iter().all(|n| named(n))
    {
        all.camtrap_dp = Some("unknown".into());
    }
    for resource in &mut all.resources {
        let tricks = resource.paths.len();
        resource.paths.retain(|path| !is_remote(path) && !is_trick(path));
        if resource.paths.len() < tricks {
            facts.note(Note::PathTrick);
        }
    }
    Ok(all)
}

/// The word for a descriptor's kind.
pub fn format(descriptor: &Descriptor) -> String {
    match &descriptor.camtrap_dp {
        Some(version) => format!("camtrap-dp/{version}"),
        None => "data-package".into(),
    }
}

/// Whether a path is an address on a network.
pub fn is_remote(path: &str) -> bool {
    path.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[derive(Default)]
struct Found {
    descriptor: Descriptor,
}

impl Sink for Found {
    fn take(&mut self, path: &[Step], item: Item<'_>) {
        match path {
            [Step::Key(key)] => match (key.as_str(), item) {
                ("profile", Item::Text(profile)) => {
                    self.descriptor.camtrap_dp =
                        self.descriptor.camtrap_dp.take().or_else(|| camtrap_version(profile));
                }
                ("title", Item::Text(title)) => self.descriptor.title = Some(title.to_owned()),
                ("name", Item::Text(name)) => {
                    self.descriptor.title.get_or_insert(name.to_owned());
                }
                _ => {}
            },
            [Step::Key(top), Step::At(_)]
                if top == "resources"
                    && item == Item::Open
                    && self.descriptor.resources.len() < MAX_RESOURCES =>
            {
                self.descriptor.resources.push(Resource::default());
            }
            [Step::Key(top), Step::At(at), Step::Key(key), rest @ ..] if top == "resources" => {
                let Some(resource) = self.descriptor.resources.get_mut(*at) else { return };
                match (key.as_str(), rest, item) {
                    ("name", [], Item::Text(name)) => resource.name = name.to_owned(),
                    ("path", [] | [Step::At(_)], Item::Text(path)) => {
                        resource.paths.push(path.to_owned());
                    }
                    ("hash", [], Item::Text(hash)) => resource.hash = Some(hash.to_owned()),
                    ("bytes", [], Item::Number(bytes)) if (0.0..=9e15).contains(&bytes) => {
                        resource.bytes = Some(bytes as u64);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

/// `…/camtrap-dp/1.0.2/camtrap-dp-profile.json`
fn camtrap_version(profile: &str) -> Option<String> {
    let rest = profile.split_once("camtrap-dp/")?.1;
    let version: String = rest
        .chars()
        .take_while(|&c| c != '/')
        .filter(|c| c.is_ascii_alphanumeric() || ".-".contains(*c))
        .take(32)
        .collect();
    Some(if version.is_empty() { "unknown".into() } else { version })
}

/// Reads a package inside an archive: its descriptor, and the facts of its tables.
pub fn read_packed(entries: &mut Entries<'_, '_>, name: &str, facts: &mut Facts) -> io::Result<()> {
    let mut found = Descriptor::default();
    entries.open(name, facts, &mut |stream, facts| {
        found = descriptor(stream, facts)?;
        Ok(())
    })?;
    let folder = name.strip_suffix("datapackage.json").unwrap_or_default();
    for resource in &found.resources {
        for path in &resource.paths {
            let mut own = Facts::default();
            let there =
                entries.open(&format!("{folder}{path}"), facts, &mut |stream, _| match path
                    .ends_with(".gz")
                {
                    true => table::read(super::unpack::gunzip(stream, PACKED_BYTES), &mut own),
                    false if path.ends_with(".csv") => table::read(stream, &mut own),
                    false => Ok(()),
                })?;
            if !there {
                facts.note(Note::ResourceMissing);
            }
            if let Some(rows) = own.counts.get("rows") {
                facts.count(&plain(&resource.name), *rows);
            }
            if let Some(span) = own.span {
                facts.include_time(span.first, span.utc);
                facts.include_time(span.last, span.utc);
            }
            facts.notes.extend(own.notes);
        }
    }
    facts.format = Some(format(&found));
    if let Some(title) = &found.title {
        facts.entitle(title);
    }
    Ok(())
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_descriptor_says() {
        let text = r#"{"profile":"https://x/camtrap-dp/1.0-rc.1/camtrap-dp-profile.json",
            "title":"T","resources":[{"name":"media","path":"media.csv","hash":"sha256:ab",
            "bytes":7,"schema":{"name":"other","path":"no"}},{"name":"x","path":["a","../b"]}]}"#;
        let mut facts = Facts::default();
        let all = descriptor(text.as_bytes(), &mut facts).unwrap();
        assert_eq!(all.camtrap_dp.as_deref(), Some("1.0-rc.1"));
        assert_eq!(all.resources[0].name, "media");
        assert_eq!((all.resources[0].bytes, all.resources[0].paths.len()), (Some(7), 1));
        assert_eq!(all.resources[1].paths, ["a"]);
        assert_eq!(facts.notes, [Note::PathTrick.into()]);
        let old =
            r#"{"resources":[{"name":"deployments"},{"name":"media"},{"name":"observations"}]}"#;
        let all = descriptor(old.as_bytes(), &mut facts).unwrap();
        assert_eq!(all.camtrap_dp.as_deref(), Some("unknown"));
    }
}
