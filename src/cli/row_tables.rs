//! Rows of a manifest opened by its table where there is one, and else by reading all of it.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use super::failures::unreadable;
use super::own_store::OwnStore;
use super::voice::Failure;
use crate::evidence::disclosure::{Names, OpenedRows, open_rows};
use crate::evidence::manifest::ManifestReader;
use crate::evidence::row_table::{RowTable, RowTableError, WORTHWHILE_ROWS, write_table};
use crate::statement::bodies::evidence::Anchor;
use crate::store::disk::Access;
use crate::store::durable;
use crate::tlog::hash::{Position, TreeSize};

/// The private manifest of an anchor, or, of a mirrored ledger, the one that its owner made public.
fn at_hand(own: &OwnStore, anchor: &Anchor) -> PathBuf {
    let private = own.store.manifest(&anchor.root);
    let public = || own.folder.path().join("manifests").join(anchor.root.to_string());
    Some(private).filter(|path| path.is_file()).unwrap_or_else(public)
}

/// Opens rows of an anchor's private manifest, with the attributes in `names`.
pub fn open(
    own: &OwnStore,
    anchor: &Anchor,
    positions: &[Position],
    names: &Names,
) -> Result<OpenedRows, Failure> {
    let manifest = at_hand(own, anchor);
    if anchor.rows > WORTHWHILE_ROWS {
        let by_table = || {
            let mut table =
                RowTable::open(&own.store.row_table(&anchor.root), TreeSize(anchor.rows))?;
            table.open_rows(&manifest, &anchor.root, positions, names)
        };
        match by_table() {
            Ok(opened) => return Ok(opened),
            Err(RowTableError::Unprovable(why)) => return Err(unreadable(&manifest, why)),
            Err(_) => {}
        }
        // The next receipt will be quick; that a table cannot be kept is no fault of this one.
        if make(own, anchor).is_ok()
            && let Ok(opened) = by_table()
        {
            return Ok(opened);
        }
    }
    let mut index = 0;
    let opened = open_rows(reader(&manifest)?, names, |_, _| {
        index += 1;
        positions.binary_search(&Position(index - 1)).is_ok()
    });
    opened.map_err(|why| unreadable(&manifest, why))
}

/// Makes the table of an anchor's private manifest, if it is large enough to need one.
pub fn make(own: &OwnStore, anchor: &Anchor) -> Result<(), Failure> {
    if anchor.rows <= WORTHWHILE_ROWS {
        return Ok(());
    }
    let manifest = at_hand(own, anchor);
    let place = own.store.row_table(&anchor.root);
    let folder = place.parent().unwrap_or(&place);
    durable::create_folders(&*own.disk, own.store.path(), folder, Access::Private)?;
    let length = std::fs::metadata(&manifest).map_err(|why| unreadable(&manifest, why))?.len();
    // Made anew at need, so not worth an fsync; renamed last, so never half of one under its name.
    let unfinished = durable::temporary_name(&place);
    let written = File::create(&unfinished).map_err(RowTableError::from).and_then(|file| {
        let out = BufWriter::with_capacity(1 << 16, file);
        let file = BufReader::with_capacity(1 << 16, File::open(&manifest)?);
        write_table(ManifestReader::new(file)?, length, out)
    });
    match written {
        Ok((_, tree)) if tree.root == anchor.root => {
            std::fs::rename(&unfinished, &place).map_err(|why| unreadable(&place, why))
        }
        Ok(_) => {
            let _ = std::fs::remove_file(&unfinished);
            Err(unreadable(&manifest, "its rows have another root than the one that was signed"))
        }
        Err(why) => {
            let _ = std::fs::remove_file(&unfinished);
            Err(unreadable(&manifest, why))
        }
    }
}

fn reader(path: &Path) -> Result<ManifestReader<BufReader<File>>, Failure> {
    let file = File::open(path).map_err(|why| unreadable(path, why))?;
    let reader = ManifestReader::new(BufReader::with_capacity(1 << 16, file));
    reader.map_err(|why| unreadable(path, why))
}
