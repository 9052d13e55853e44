//! What is written: a manifest with parts kept back, a receipt, or a public manifest that shows more.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use super::choice::Chosen;
use super::{Disclosed, not_here};
use crate::cli::add::manifest::KEPT_BACK;
use crate::cli::failures::{unreadable, unwritable};
use crate::cli::receipt;
use crate::cli::voice::Failure;
use crate::evidence::attribute::NAMES;
use crate::evidence::disclosure::{Choice, Names, open_rows, redact};
use crate::evidence::manifest::{ManifestReader, ManifestRow};
use crate::statement::receipt::Receipt;
use crate::store::disk::{Access, RealDisk};
use crate::store::durable;
use crate::tlog::hash::Hash;

/// What was written.
pub struct Written {
    /// Where.
    pub place: PathBuf,
    /// How long it is.
    pub bytes: u64,
}

impl Written {
    fn at(place: PathBuf) -> Result<Written, Failure> {
        let bytes = std::fs::metadata(&place).map_err(|why| unreadable(&place, why))?.len();
        Ok(Written { place, bytes })
    }
}

type Reader = ManifestReader<BufReader<File>>;

fn open(path: &Path) -> Result<Reader, Failure> {
    let file = File::open(path).map_err(|_| not_here(path))?;
    let reader = ManifestReader::new(BufReader::with_capacity(1 << 16, file));
    reader.map_err(|why| unreadable(path, why))
}

/// A manifest in which only what was chosen is shown.
pub fn manifest(
    disclosed: &Disclosed<'_>,
    chosen: &Chosen,
    names: &Names,
    out: &Path,
) -> Result<Written, Failure> {
    let root = disclosed.anchor.root;
    let place = if out.is_dir() { out.join(root.to_string()) } else { out.to_owned() };
    if let Ok(there) = File::open(&place)
        && ManifestReader::new(BufReader::new(there)).is_err()
    {
        return Err(unwritable(&place, "another file of this name is there"));
    }
    let original = disclosed.own.store.manifest(&root);
    let fill = &mut |writer: &mut dyn io::Write| {
        let mut index = 0;
        copy(&original, writer, |_| {
            let shown = chosen.contains(index) && !is_erased(disclosed, index);
            index += 1;
            if shown { Choice::Show(names.clone()) } else { hidden(disclosed, index - 1) }
        })
    };
    durable::replace_with(&RealDisk, &place, Access::Private, fill)
        .map_err(|why| unwritable(&place, why))?;
    Written::at(place)
}

fn is_erased(disclosed: &Disclosed<'_>, row: u64) -> bool {
    disclosed.erased.binary_search(&row).is_ok()
}

/// Erased rows say so in every copy; the others say nothing.
fn hidden(disclosed: &Disclosed<'_>, row: u64) -> Choice {
    if is_erased(disclosed, row) { Choice::Erase } else { Choice::Withhold }
}

fn copy(
    original: &Path,
    out: &mut dyn io::Write,
    choose: impl FnMut(&ManifestRow) -> Choice,
) -> io::Result<()> {
    let file = BufReader::with_capacity(1 << 16, File::open(original)?);
    let reader = ManifestReader::new(file).map_err(io::Error::other)?;
    redact(reader, out, choose).map(drop).map_err(io::Error::other)
}

/// A receipt of the rows chosen.
pub fn receipt(
    disclosed: &Disclosed<'_>,
    chosen: &Chosen,
    names: &Names,
    out: &Path,
) -> Result<Written, Failure> {
    if let Ok(there) = std::fs::read(out)
        && Receipt::read(&there).is_err()
    {
        return Err(unwritable(out, "another file of this name is there"));
    }
    let path = disclosed.own.store.manifest(&disclosed.anchor.root);
    let mut index = 0;
    let opened = open_rows(open(&path)?, names, |_, _| {
        index += 1;
        chosen.contains(index - 1) && !is_erased(disclosed, index - 1)
    });
    let opened = opened.map_err(|why| unreadable(&path, why))?;
    let checkpoint = disclosed.own.newest_head("disclose")?;
    let authority = disclosed.book.authority();
    let parts = vec![(disclosed.position, opened)];
    let receipt = receipt::over(disclosed.own, &checkpoint, authority, parts)?;
    std::fs::write(out, receipt.to_json()).map_err(|why| unwritable(out, why))?;
    Written::at(out.to_owned())
}

/// The public manifest, showing what it did and what was chosen now. Never less: what was public once
/// stays known.
pub fn publish(
    disclosed: &Disclosed<'_>,
    chosen: &Chosen,
    names: &Names,
) -> Result<Written, Failure> {
    let _lock = disclosed.own.lock("disclose")?;
    let root: Hash = disclosed.anchor.root;
    let public = disclosed.own.folder.path().join("manifests").join(root.to_string());
    let mut before = match public.is_file() {
        true => Some(open(&public)?),
        false => None,
    };
    let original = disclosed.own.store.manifest(&root);
    let fill = &mut |writer: &mut dyn io::Write| {
        let mut index = 0;
        copy(&original, writer, |_| {
            let known = before.as_mut().and_then(|before| before.next_row().ok().flatten());
            let shown_before = match &known {
                Some(ManifestRow::Shown { show, .. }) => Some(show.as_slice()),
                _ => None,
            };
            let (row, chosen_now) = (index, chosen.contains(index));
            index += 1;
            if is_erased(disclosed, row) || (shown_before.is_none() && !chosen_now) {
                return hidden(disclosed, row);
            }
            let was_shown = |name: &str| {
                shown_before.is_some_and(|show| show.iter().any(|shown| shown.name() == name))
            };
            let show = NAMES.into_iter().filter(|name| !KEPT_BACK.contains(name));
            let show = show.filter(|name| (chosen_now && names.contains(name)) || was_shown(name));
            Choice::Show(Names::parse(show).unwrap_or_default())
        })
    };
    disclosed.own.folder.publish_manifest(&root, fill)?;
    Written::at(public)
}
