//! The families site and evidence.

use super::refuse;
use crate::cli::say::desk::{Desk, read_catalogue, read_document};
use crate::cli::say::filling::Filled;
use crate::cli::voice::Failure;
use crate::evidence::polygons::Shape;
use crate::evidence::{boundary, catalogue};
use crate::statement::bodies::Body;
use crate::statement::bodies::evidence::Correction;
use crate::statement::bodies::site::{CataloguePublish, Describe};
use crate::statement::standing::Standing;
use crate::tlog::hash::{Hash, Position};

pub fn describe(desk: &Desk<'_>, site: &Describe, filled: &Filled) -> Result<(), Failure> {
    let what = "the description";
    let Some(path) = filled.files.get("boundary") else { return Ok(()) };
    let bytes = read_document(path, boundary::MAX_BYTES)?;
    let limits = boundary::read(&bytes)
        .or_else(|why| refuse(what, "boundary", why, "export it as GeoJSON (RFC 7946, WGS 84)"))?;
    let shape = Shape::of(&limits).or_else(|fault| {
        let why = format!("the boundary crosses itself: {fault}");
        refuse(what, "boundary", why, "mend the shape, and export it anew")
    })?;
    let found = shape.square_metres();
    if let Some(said) = site.area_m2
        && u128::from(found.abs_diff(said)) * 100 > u128::from(found) * 5
    {
        let why = format!("{said} m2 are said, the boundary holds {found} m2");
        return refuse(what, "area_m2", why, format!("area_m2 = {found}, or another boundary"));
    }
    if site.boundary != Some(Hash::of(&bytes)) {
        return refuse(what, "boundary", "the file changed while it was read", "run it again");
    }
    desk.keep(bytes)
}

pub fn catalogue(
    desk: &Desk<'_>,
    published: &CataloguePublish,
    filled: &Filled,
) -> Result<(), Failure> {
    let what = "the catalogue";
    let same_edition = |other: &CataloguePublish| {
        (&other.standard, &other.version, &other.jurisdiction, &other.language)
            == (
                &published.standard,
                &published.version,
                &published.jurisdiction,
                &published.language,
            )
    };
    for (at, statement) in
        desk.past()?.into_iter().flat_map(|past| past.statements.iter().enumerate())
    {
        let Body::CataloguePublish(earlier) = &statement.payload.body else { continue };
        let at = Position(at as u64);
        let stands = desk.standing(at, statement)? == Standing::Good;
        if stands && same_edition(earlier) && earlier.catalogue != published.catalogue {
            return refuse(
                what,
                "catalogue",
                format!("@{at} published other texts as the same version"),
                "give the changed texts another version",
            );
        }
    }
    let Some(path) = filled.files.get("catalogue") else { return Ok(()) };
    let read = read_catalogue(path)?;
    if let Some(parent) = read.parent()
        && published.parent != Some(parent)
    {
        let why = format!("the file says it was adapted from {parent}");
        return refuse(what, "parent", why, format!("parent = \"{parent}\""));
    }
    let bytes = read_document(path, catalogue::MAX_BYTES)?;
    if published.catalogue != Hash::of(&bytes) {
        return refuse(what, "catalogue", "the file changed while it was read", "run it again");
    }
    desk.keep(bytes)
}

pub fn correction(desk: &Desk<'_>, correction: &Correction) -> Result<(), Failure> {
    let what = "the correction";
    let Some((position, statement)) = desk.statement(&correction.statement)? else { return Ok(()) };
    let kind = &statement.header.typ.kind;
    if kind.family().rules_authority() {
        return refuse(
            what,
            "statement",
            format!("@{position} is {kind}; what rules authority is not corrected"),
            "the root revokes, rotates or is recovered: treering key",
        );
    }
    if statement.header.issuer != crate::statement::envelope::Issuer::Ledger(desk.ledger) {
        return refuse(
            what,
            "statement",
            format!("@{position} is another party's; only they correct it"),
            "say that it is not true: treering say dispute",
        );
    }
    match desk.standing(position, statement)? {
        Standing::Superseded { .. } => {
            refuse(what, "statement", format!("@{position} was corrected before"), "nothing to do")
        }
        _ => Ok(()),
    }
}
