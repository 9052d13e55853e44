//! Evidence that others have a say over is shown only within their release.

use std::path::Path;

use super::Disclosed;
use super::choice::Chosen;
use crate::cli::clock;
use crate::cli::exit::Exit;
use crate::cli::failures::{unreadable, usage};
use crate::cli::voice::Failure;
use crate::evidence::disclosure::Names;
use crate::evidence::release::{MAX_BYTES, Release, Wanted};
use crate::report::words::safe;

/// Checks the release that an anchor with an authority asks for.
pub fn check(
    disclosed: &Disclosed<'_>,
    chosen: &Chosen,
    names: &Names,
    release: Option<&Path>,
    for_everybody: bool,
) -> Result<(), Failure> {
    let Some(care) = &disclosed.anchor.care else {
        return match release {
            None => Ok(()),
            Some(path) => Err(usage(
                format!("{} is not needed", path.display()),
                format!("statement {} names no authority", disclosed.position),
                "leave --release out",
            )),
        };
    };
    let refuse = |why: String| {
        Failure::new(
            Exit::Finding,
            format!(
                "statement {} is shown only with the signature of its authority ({})",
                disclosed.position,
                safe(&care.label)
            ),
            why,
            format!(
                "ask whoever holds the key {} for one (treering release {})",
                &care.authority.to_string()[..16],
                disclosed.statement.id()
            ),
        )
    };
    let Some(path) = release else {
        return Err(refuse("no release was given (--release FILE)".into()));
    };
    let bytes = std::fs::read(path).map_err(|why| unreadable(path, why))?;
    if bytes.len() > MAX_BYTES {
        return Err(refuse(format!("{} is longer than a release can be", path.display())));
    }
    let release = Release::read(&bytes)
        .map_err(|why| refuse(format!("{} does not hold: {why}", path.display())))?;
    let wanted = Wanted {
        ledger: disclosed.book.ledger(),
        anchor: disclosed.statement.id(),
        authority: care.authority,
        rows: chosen.rows.as_ref(),
        attributes: names,
        for_everybody,
        today: clock::now().to_zoned(jiff::tz::TimeZone::UTC).date(),
    };
    release.covers(&wanted).map_err(|why| refuse(format!("the release does not allow this: {why}")))
}
