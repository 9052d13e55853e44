//! Hashes and sizes that a data package gives for its files (Data Package 1.0, "Data Resource"):
//! SHA-256 is checked when the file is read; MD5, the standard's default, is named as not checked.

use super::{Expected, Field, at_path, folder_of, inside};
use crate::evidence::formats::note::Note;
use crate::evidence::formats::package::Descriptor;
use crate::evidence::walk::Found;
use crate::tlog::hash::Hash;

/// Notes for every named file what the descriptor promises of it.
pub fn read(field: &mut Field, files: &[Found], index: usize, descriptor: &Descriptor) {
    let folder = folder_of(&files[index]);
    for resource in &descriptor.resources {
        for path in &resource.paths {
            let file = inside(folder, path).and_then(|path| at_path(files, &path));
            let Some(file) = file else {
                // The tables of Camtrap DP are looked for, and noted, where they are read.
                if descriptor.camtrap_dp.is_none() {
                    field.note(index, Note::ResourceMissing, None);
                }
                continue;
            };
            // A hash or length over several parts is of none of them.
            if resource.paths.len() > 1 {
                continue;
            }
            let sha256 = resource.hash.as_deref().and_then(sha256);
            if resource.hash.is_some() && sha256.is_none() {
                field.note(file, Note::HashNotChecked, None);
            }
            if sha256.is_some() || resource.bytes.is_some() {
                field.tie_mut(file).expected = Some(Expected { sha256, bytes: resource.bytes });
            }
        }
    }
}

/// `sha256:` and 64 hexadecimal digits.
fn sha256(text: &str) -> Option<Hash> {
    let digits = text.trim().strip_prefix("sha256:")?.to_ascii_lowercase();
    Hash::from_hex(&digits)
}
