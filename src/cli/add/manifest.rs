//! The manifest of a batch, kept in the store and perhaps published.

use std::io::{self, BufReader};
use std::path::Path;

use crate::cli::exit::Exit;
use crate::cli::filing::Filing;
use crate::cli::voice::Failure;
use crate::evidence::attribute::NAMES;
use crate::evidence::batch::Part;
use crate::evidence::disclosure::{Choice, Names, redact};
use crate::evidence::draft::Draft;
use crate::evidence::manifest::ManifestReader;
use crate::statement::bodies::evidence::Access;
use crate::store::disk::{Access as FileAccess, Action, DiskError};
use crate::store::durable;
use crate::tlog::hash::Hash;

/// Writes the manifest durably, before the statement that names its root is signed.
pub fn store(filing: &Filing<'_>, part: &Part, draft: &mut Draft) -> Result<Hash, Failure> {
    let store = &filing.own.store;
    let (mut root, mut fault) = (None, None);
    let pending = store.manifests().join("pending");
    let written =
        durable::replace_with(&*filing.own.disk, &pending, FileAccess::Private, &mut |out| {
            match part.write_manifest(draft, out) {
                Ok((_, totals)) => {
                    root = Some(totals.tree.root);
                    Ok(())
                }
                Err(why) => {
                    fault = Some(why.to_string());
                    Err(io::Error::other("the manifest could not be written"))
                }
            }
        });
    match (written, root) {
        (Ok(()), Some(root)) => {
            let place = store.manifest(&root);
            let renamed = filing.own.disk.rename(&pending, &place);
            renamed.map_err(DiskError::refused(Action::Rename, &place))?;
            durable::sync_folder(&*filing.own.disk, &store.manifests())?;
            if part.access == Access::Public {
                publish(filing, &place, root)?;
            }
            Ok(root)
        }
        (Err(why), _) => match fault {
            Some(fault) => Err(Failure::new(
                Exit::Unexpected,
                "the manifest could not be written",
                fault,
                "make room on the disk, then run the same command; what was read is kept",
            )),
            None => Err(why.into()),
        },
        (Ok(()), None) => unreachable!("add: a manifest that was written has a root"),
    }
}

/// Attributes that a published manifest does not show: where exactly, with which very device, and free
/// text, which may name a place or a person. They stay committed to, and can be shown to one person in a receipt (--disclose).
pub const KEPT_BACK: [&str; 6] = ["box", "gps", "gps_time", "camera_serial", "series", "title"];

fn publish(filing: &Filing<'_>, place: &Path, root: Hash) -> Result<(), Failure> {
    let published: Vec<&str> = NAMES.into_iter().filter(|name| !KEPT_BACK.contains(name)).collect();
    let names = Names::parse(published).expect("add: the names of the profile are names");
    filing.own.folder.publish_manifest(&root, &mut |out| {
        let manifest = BufReader::new(filing.own.disk.open(place)?);
        let reader = ManifestReader::new(manifest).map_err(io::Error::other)?;
        redact(reader, out, |_| Choice::Show(names.clone())).map_err(io::Error::other)?;
        Ok(())
    })?;
    Ok(())
}
