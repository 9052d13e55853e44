//! Showing less of a manifest, or some rows of it with a proof, and always under the same root.
//!
//! A picture's own EXIF block still holds what its row keeps back: whoever gives away the file gives
//! away its position. That warning is the command line's to make.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};

use thiserror::Error;

use super::attribute::NAMES;
use super::manifest::{ManifestError, ManifestReader, ManifestRow, ManifestWriter, Totals};
use super::row::{Disclosure, Row};
use super::tree::prove_rows;
use crate::tlog::hash::{Hash, Position, Tree};
use crate::tlog::multi::Unprovable;

/// Names of attributes that a person chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(BTreeSet<&'static str>);

/// A name that the profile does not have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no attribute {0:?}; there are: {list}", list = NAMES.join(", "))]
pub struct UnknownName(pub String);

impl Names {
    /// No name: file hash and size only.
    pub fn none() -> Names {
        Names::default()
    }

    /// Every name of the profile.
    pub fn all() -> Names {
        Names(NAMES.into_iter().collect())
    }

    /// The names a person wrote.
    pub fn parse<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Names, UnknownName> {
        let known = |name: &str| NAMES.into_iter().find(|&known| known == name);
        let chosen = names.into_iter().map(|name| known(name).ok_or(UnknownName(name.to_owned())));
        Ok(Names(chosen.collect::<Result<_, _>>()?))
    }

    /// Whether this name is among them.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// The names, ascending.
    pub fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }

    fn keep(&self, show: &mut Vec<Disclosure>) {
        show.retain(|disclosure| self.contains(disclosure.name()));
    }
}

/// In which form a row goes into the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Shown, with these attributes of those that the original shows.
    Show(Names),
    /// As its hash, kept back.
    Withhold,
    /// As its hash, for good.
    Erase,
}

/// Why no copy was made.
#[derive(Debug, Error)]
pub enum RedactError {
    /// The original is not sound.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The copy could not be written.
    #[error("the copy cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Writes a copy of `manifest` in which each row shows what `choose` says, and no more than the
/// original does: a withheld row stays withheld or becomes erased, an erased one stays erased.
///
/// On an error `out` holds a manifest without its end, which no reader takes.
pub fn redact<R: BufRead, W: Write>(
    mut manifest: ManifestReader<R>,
    out: W,
    mut choose: impl FnMut(&ManifestRow) -> Choice,
) -> Result<(W, Totals), RedactError> {
    let mut copy = ManifestWriter::new(out)?;
    while let Some(original) = manifest.next_row()? {
        let hash = original.hash();
        let row = match (choose(&original), original) {
            (Choice::Erase, _) | (_, ManifestRow::Erased(_)) => ManifestRow::Erased(hash),
            (Choice::Withhold, _) | (_, ManifestRow::Withheld(_)) => ManifestRow::Withheld(hash),
            (Choice::Show(names), ManifestRow::Shown { row, mut show }) => {
                names.keep(&mut show);
                ManifestRow::Shown { row, show }
            }
        };
        copy.push(&row)?;
    }
    let original = manifest.totals().expect("manifest: read to its end");
    let (out, totals) = copy.finish()?;
    assert_eq!(totals.tree, original.tree, "manifest: a copy must keep the root");
    Ok((out, totals))
}

/// Some rows of a manifest, and the proof that they are in its tree: a receipt's evidence part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedRows {
    /// The tree over all rows of the manifest.
    pub tree: Tree,
    /// The rows, by position.
    pub rows: Vec<OpenedRow>,
    /// The hashes that `tlog::multi::check_inclusions` asks for.
    pub proof: Vec<Hash>,
}

/// One row, where it stands, and what of it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedRow {
    /// Its position among the manifest's rows.
    pub position: Position,
    /// The row.
    pub row: Row,
    /// The disclosures chosen, in canonical order.
    pub show: Vec<Disclosure>,
}

/// Why rows could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The manifest is not sound.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// No row was picked, or more than one proof may hold.
    #[error(transparent)]
    Unprovable(#[from] Unprovable),
}

/// Opens the shown rows that `pick` takes, with the attributes in `names`.
pub fn open_rows<R: BufRead>(
    mut manifest: ManifestReader<R>,
    names: &Names,
    mut pick: impl FnMut(&Row, &[Disclosure]) -> bool,
) -> Result<OpenedRows, OpenError> {
    let mut hashes: Vec<Hash> = Vec::new();
    let mut rows = Vec::new();
    while let Some(found) = manifest.next_row()? {
        let position = Position(hashes.len() as u64);
        hashes.push(found.hash());
        if let ManifestRow::Shown { row, mut show } = found
            && pick(&row, &show)
        {
            names.keep(&mut show);
            rows.push(OpenedRow { position, row, show });
        }
    }
    let positions: Vec<Position> = rows.iter().map(|row| row.position).collect();
    let proof = prove_rows(&hashes, &positions)?;
    Ok(OpenedRows { tree: proof.tree, rows, proof: proof.hashes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::attribute::Attribute;
    use crate::evidence::path::RowPath;
    use crate::statement::bodies::evidence::Access;
    use crate::tlog::multi::check_inclusions;

    fn manifest(count: u8) -> (Vec<u8>, Totals) {
        let mut next = 0u8;
        let mut random = move |slice: &mut [u8]| {
            for byte in slice {
                *byte = next;
                next = next.wrapping_add(1);
            }
        };
        let mut rows: Vec<ManifestRow> = (0..count)
            .map(|n| {
                let path = RowPath::new(format!("{n}.jpg").as_bytes()).unwrap();
                let attributes =
                    [Attribute::Path(path), Attribute::Zone(60), Attribute::GpsTime(n.into())];
                let (digest, size) = (Hash([n; 32]), 10 + u64::from(n));
                let (row, show) = Row::new(digest, size, &attributes, Access::Sealed, &mut random);
                ManifestRow::Shown { row, show }
            })
            .collect();
        rows.sort_by_key(ManifestRow::hash);
        let mut writer = ManifestWriter::new(Vec::new()).unwrap();
        rows.iter().for_each(|row| writer.push(row).unwrap());
        writer.finish().unwrap()
    }

    fn open(bytes: &[u8]) -> ManifestReader<&[u8]> {
        ManifestReader::new(bytes).unwrap()
    }

    /// The n of a shown row: its file's hash is n 32 times.
    fn number(row: &ManifestRow) -> Option<u8> {
        match row {
            ManifestRow::Shown { row, .. } => Some(row.sha256().0[0]),
            _ => None,
        }
    }

    #[test]
    fn a_copy_with_parts_kept_back_has_the_same_root() {
        let (bytes, whole) = manifest(9);
        let path = Names::parse(["path"]).unwrap();
        let choose = |row: &ManifestRow| match number(row).unwrap() {
            0..3 => Choice::Show(path.clone()),
            3..6 => Choice::Withhold,
            _ => Choice::Erase,
        };
        let (copy, totals) = redact(open(&bytes), Vec::new(), choose).unwrap();
        assert_eq!(totals.tree, whole.tree);
        assert_eq!((totals.shown, totals.withheld, totals.erased), (3, 3, 3));
        assert_eq!(totals.bytes, 10 + 11 + 12);
        assert_eq!(open(&copy).read_to_end().unwrap(), totals);
        // Nothing of what is kept back is in the bytes.
        let mut original = open(&bytes);
        while let Some(row) = original.next_row().unwrap() {
            let n = number(&row).unwrap();
            let ManifestRow::Shown { row, show } = row else { unreachable!() };
            let holds = |part: &[u8]| copy.windows(part.len()).any(|window| window == part);
            assert_eq!(holds(row.bytes()), n < 3);
            for disclosure in show {
                assert_eq!(holds(disclosure.bytes()), n < 3 && disclosure.name() == "path");
            }
        }
        // A copy of the copy shows no more than the copy, and the erased form wins.
        let (again, more) =
            redact(open(&copy), Vec::new(), |_| Choice::Show(Names::all())).unwrap();
        assert_eq!((&again, more), (&copy, totals));
        let (_, none) = redact(open(&copy), Vec::new(), |_| Choice::Withhold).unwrap();
        assert_eq!((none.shown, none.withheld, none.erased, none.bytes), (0, 6, 3, 0));
        let (_, gone) = redact(open(&copy), Vec::new(), |_| Choice::Erase).unwrap();
        assert_eq!((gone.erased, gone.tree), (9, whole.tree));
    }

    #[test]
    fn a_bad_original_makes_no_copy_that_reads() {
        let (bytes, _) = manifest(3);
        let mut out = Vec::new();
        let cut = &bytes[..bytes.len() - 1];
        assert!(redact(open(cut), &mut out, |_| Choice::Withhold).is_err());
        assert!(open(&out).read_to_end().is_err());
    }

    #[test]
    fn opened_rows_prove_themselves() {
        let (bytes, whole) = manifest(13);
        let names = Names::parse(["path", "zone"]).unwrap();
        let opened = open_rows(open(&bytes), &names, |row, _| row.sha256().0[0] % 5 == 2).unwrap();
        assert_eq!(opened.tree, whole.tree);
        assert_eq!(opened.rows.len(), 3);
        let leaves: Vec<_> = opened.rows.iter().map(|r| (r.position, r.row.hash())).collect();
        assert_eq!(check_inclusions(&leaves, whole.tree, &opened.proof), Ok(()));
        for opened in &opened.rows {
            let shown: Vec<&str> = opened.show.iter().map(Disclosure::name).collect();
            assert_eq!(shown, ["path", "zone"]);
            assert!(opened.show.iter().all(|d| opened.row.check(d).is_ok()));
        }
        assert!(matches!(
            open_rows(open(&bytes), &names, |_, _| false),
            Err(OpenError::Unprovable(Unprovable::NoLeaves))
        ));
    }

    #[test]
    fn names_are_those_of_the_profile() {
        assert_eq!(Names::parse(["position"]), Err(UnknownName("position".into())));
        assert!(UnknownName("x".into()).to_string().contains("camera_serial"));
        assert_eq!(Names::parse(NAMES), Ok(Names::all()));
        assert_eq!(Names::parse([]), Ok(Names::none()));
    }
}
