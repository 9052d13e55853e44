//! Reading a manifest, row after row, believing nothing: order, counts, disclosures and root are
//! computed from the rows and compared with what the file says.

use std::io::BufRead;

use super::{
    ErasedItem, Header, MAX_ITEM_BYTES, ManifestError, ManifestRow, ShownItem, Totals, Trailer,
    VERSION, WithheldItem,
};
use crate::evidence::attribute::{NAMES, PROFILE};
use crate::evidence::row::{Disclosure, Row, canonical_order};
use crate::evidence::sequence::{Items, SequenceError};
use crate::statement::cbor::{self, DecodeError};
use crate::tlog::frontier::Frontier;
use crate::tlog::hash::{Hash, Position};

/// Reads a manifest from a stream in memory that does not grow with it.
///
/// Rows come before the root is known: nothing a row says counts until [`ManifestReader::totals`]
/// is there and its tree is the one that a statement signs.
pub struct ManifestReader<R> {
    items: Items<R>,
    last: Option<Hash>,
    frontier: Frontier,
    totals: Totals,
    at_end: bool,
}

impl<R: BufRead> ManifestReader<R> {
    /// Reads the header.
    pub fn new(reader: R) -> Result<ManifestReader<R>, ManifestError> {
        let mut items = Items::new(reader, MAX_ITEM_BYTES);
        let totals = Totals::new();
        let no_manifest = ManifestError::Header(DecodeError::Malformed);
        let header = match items.next_item() {
            Ok(item) => item.ok_or(no_manifest)?,
            Err(SequenceError::Io(error)) => {
                let error = SequenceError::Io(error);
                return Err(ManifestError::Sequence { rows: totals.tree.size, error });
            }
            // Any other kind of file fails here, in one way or another.
            Err(_) => return Err(no_manifest),
        };
        let header: Header = cbor::decode(header, MAX_ITEM_BYTES).map_err(ManifestError::Header)?;
        if header.v != VERSION {
            return Err(ManifestError::UnknownVersion(header.v));
        }
        if header.profile != PROFILE {
            return Err(ManifestError::UnknownProfile(header.profile));
        }
        Ok(ManifestReader { items, last: None, frontier: Frontier::new(), totals, at_end: false })
    }

    /// The next row; `None` when the trailer has been read and agrees with all rows.
    pub fn next_row(&mut self) -> Result<Option<ManifestRow>, ManifestError> {
        if self.at_end {
            return Ok(None);
        }
        let rows = self.totals.tree.size;
        let position = Position(rows.0);
        let sequence = |error| ManifestError::Sequence { rows, error };
        let item = self.items.next_item().map_err(sequence)?;
        let item = item.ok_or(ManifestError::Truncated(rows))?;
        let row = match read_item(item, position)? {
            Item::Row(row) => row,
            Item::Trailer(trailer) => {
                self.totals.tree = self.frontier.tree();
                let found = Trailer::of(&self.totals);
                if trailer != found {
                    let (said, found) = (trailer.words(), found.words());
                    return Err(ManifestError::TotalsDiffer { said, found });
                }
                match self.items.next_item() {
                    Ok(None) => {}
                    Err(SequenceError::Io(error)) => return Err(sequence(error.into())),
                    Ok(Some(_)) | Err(_) => return Err(ManifestError::AfterEnd),
                }
                self.at_end = true;
                return Ok(None);
            }
        };
        let hash = row.hash();
        if self.last >= Some(hash) {
            return Err(ManifestError::Order(position));
        }
        self.last = Some(hash);
        self.frontier.push(hash);
        self.totals.count(&row).ok_or(ManifestError::TooManyBytes)?;
        Ok(Some(row))
    }

    /// Where in the stream the next item begins.
    pub fn offset(&self) -> u64 {
        self.items.offset()
    }

    /// What the manifest holds, once its end has been read.
    pub fn totals(&self) -> Option<Totals> {
        self.at_end.then_some(self.totals)
    }

    /// Reads what is left, for whoever only wants to know that the whole file is sound.
    pub fn read_to_end(&mut self) -> Result<Totals, ManifestError> {
        while self.next_row()?.is_some() {}
        Ok(self.totals)
    }
}

/// The row whose item stands next in `reader`, for whoever knows where it begins. That it is a row of the
/// manifest is for its hash to show.
pub fn read_one(reader: impl BufRead, position: Position) -> Result<ManifestRow, ManifestError> {
    let rows = crate::tlog::hash::TreeSize(position.0);
    let mut items = Items::new(reader, MAX_ITEM_BYTES);
    let item = items.next_item().map_err(|error| ManifestError::Sequence { rows, error })?;
    match read_item(item.ok_or(ManifestError::Truncated(rows))?, position)? {
        Item::Row(row) => Ok(row),
        Item::Trailer(_) => Err(ManifestError::Truncated(rows)),
    }
}

enum Item {
    Row(ManifestRow),
    Trailer(Trailer),
}

/// The item that would stand at this position. Its kind shows in its first key.
fn read_item(bytes: &[u8], position: Position) -> Result<Item, ManifestError> {
    let item = |error| ManifestError::Item { row: position, error };
    let read = cbor::decode_item(bytes, MAX_ITEM_BYTES).map_err(item)?;
    let first_key = match &read {
        cbor::Item::Map(entries) => entries.first().map(|(key, _)| key),
        _ => None,
    };
    let Some(cbor::Item::Text(kind)) = first_key else {
        return Err(item(DecodeError::Shape("not a map with text keys".into())));
    };
    Ok(match *kind {
        "row" => {
            let shown: ShownItem = cbor::from_item(&read).map_err(item)?;
            Item::Row(read_shown(shown, position)?)
        }
        "withheld" => {
            let WithheldItem { withheld } = cbor::from_item(&read).map_err(item)?;
            Item::Row(ManifestRow::Withheld(withheld))
        }
        "erased" => {
            let ErasedItem { erased } = cbor::from_item(&read).map_err(item)?;
            Item::Row(ManifestRow::Erased(erased))
        }
        _ => Item::Trailer(cbor::from_item(&read).map_err(item)?),
    })
}

fn read_shown(item: ShownItem, position: Position) -> Result<ManifestRow, ManifestError> {
    let in_row = |error| ManifestError::Row { row: position, error };
    let row = Row::read(&item.row).map_err(in_row)?;
    if let Some(name) = row.names().into_iter().find(|name| !NAMES.contains(name)) {
        return Err(ManifestError::NotOfProfile { row: position, name: name.to_owned() });
    }
    let mut show: Vec<Disclosure> = Vec::with_capacity(item.show.len());
    for bytes in &item.show {
        let disclosure = Disclosure::read(bytes).map_err(in_row)?;
        row.check(&disclosure).map_err(in_row)?;
        let before = show.last().map(Disclosure::name);
        if before.is_some_and(|before| canonical_order(before, disclosure.name()).is_ge()) {
            return Err(ManifestError::ShowOrder(position));
        }
        show.push(disclosure);
    }
    Ok(ManifestRow::Shown { row, show })
}
