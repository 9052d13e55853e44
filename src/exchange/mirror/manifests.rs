//! Manifests that their owner made public: fetched on request, held against the signed evidence root.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;

use super::fetch::Stopped;
use super::sync::Sync;
use crate::evidence::manifest::ManifestReader;
use crate::exchange::public_file::PublicFile;
use crate::exchange::source::{SourceError, Wanted};
use crate::exchange::tree::AuthenticTree;
use crate::statement::bodies::Body;
use crate::statement::envelope::Statement;
use crate::store::disk::{Access, Action, DiskError};
use crate::store::durable;
use crate::tlog::bundle::bundles_of;
use crate::tlog::hash::Hash;

impl Sync<'_> {
    /// Fetches what is not here yet of the manifests behind all anchors. Most are private: one that is
    /// not there is no fault.
    pub(super) fn manifests(&mut self, tree: &AuthenticTree<'_>) -> Result<u64, Stopped> {
        let folder = self.shelf.store.ledger(&self.record.name);
        let below = folder.join("manifests");
        let mut fetched = 0;
        for bundle in bundles_of(tree.tree().size) {
            for entry in tree.bundle(bundle)?.0 {
                let Ok(statement) = Statement::read(entry) else { continue };
                let Body::Anchor(anchor) = &statement.payload.body else { continue };
                if below.join(anchor.root.to_string()).is_file() {
                    continue;
                }
                if self.turn.ends() {
                    return Err(Stopped::Paused);
                }
                match self.manifest(&folder, anchor.root) {
                    Ok(there) => fetched += u64::from(there),
                    Err(Unfetched::Source(fault @ SourceError::Unreachable { .. })) => {
                        self.remarks.push(format!("manifests are not all here: {fault}"));
                        return Ok(fetched);
                    }
                    Err(Unfetched::Source(fault)) => self.remarks.push(fault.to_string()),
                    Err(Unfetched::Other) => {
                        let file = PublicFile::Manifest(anchor.root);
                        self.remarks.push(format!("{file} is not what its name says; not kept"));
                    }
                    Err(Unfetched::Disk(fault)) => return Err(fault.into()),
                }
            }
        }
        Ok(fetched)
    }

    /// Fetches one under a temporary name, reads it through, and only then gives it its own.
    fn manifest(&self, folder: &Path, root: Hash) -> Result<bool, Unfetched> {
        let disk = &*self.shelf.disk;
        let below = folder.join("manifests");
        durable::create_folders(disk, folder, &below, Access::Public)?;
        let path = below.join(root.to_string());
        let temporary = durable::temporary_name(&path);
        durable::remove(disk, &temporary)?;
        let mut fault = None;
        let written = disk.create_file(&temporary, Access::Public, &mut |sink: &mut dyn Write| {
            let wanted = Wanted::whole(PublicFile::Manifest(root));
            self.source.read(&wanted, sink).map(drop).map_err(|why| {
                fault = Some(why);
                io::Error::other("the source")
            })
        });
        let kept = match (written, fault) {
            (Ok(()), _) => reads_as(&temporary, root),
            (Err(_), Some(fault)) if fault.is_missing() => Ok(false),
            (Err(_), Some(fault)) => Err(Unfetched::Source(fault)),
            (Err(why), None) => Err(DiskError::refused(Action::Write, &path)(why).into()),
        };
        match kept {
            Ok(true) => {
                disk.rename(&temporary, &path)
                    .map_err(DiskError::refused(Action::Rename, &path))?;
                durable::sync_folder(disk, &below)?;
                Ok(true)
            }
            other => {
                durable::remove(disk, &temporary)?;
                other
            }
        }
    }
}

enum Unfetched {
    Source(SourceError),
    /// It has another root than its name.
    Other,
    Disk(DiskError),
}

impl From<DiskError> for Unfetched {
    fn from(fault: DiskError) -> Unfetched {
        Unfetched::Disk(fault)
    }
}

fn reads_as(path: &Path, root: Hash) -> Result<bool, Unfetched> {
    let file = File::open(path).map_err(DiskError::refused(Action::Read, path))?;
    let totals =
        ManifestReader::new(BufReader::new(file)).and_then(|mut reader| reader.read_to_end());
    match totals {
        Ok(totals) if totals.tree.root == root => Ok(true),
        _ => Err(Unfetched::Other),
    }
}
