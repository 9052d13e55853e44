//! What the anchor of a batch says.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::cli::failures::usage;
use crate::cli::voice::Failure;
use crate::evidence::catalogue::Catalogue;
use crate::evidence::field::Field;
use crate::evidence::summary::Summary;
use crate::statement::bodies::Body;
use crate::statement::bodies::evidence::{Access, Anchor, Indicators};
use crate::tlog::hash::Hash;

/// The grid on which a public anchor tells where its files were made, millionths of a degree: a
/// tenth of a degree, some eleven kilometres, GBIF's step for highly sensitive species.
const PLACE_STEP: i64 = 100_000;

/// Said before an hour of reading: a statement holds no book, and a batch without a title is not found
/// again.
pub fn check_title(title: Option<&str>) -> Result<(), Failure> {
    /// As many bytes as three file names may have, of which a title is made where none is given.
    const BYTES_MAX: usize = 800;
    match title {
        Some(title) if title.trim().is_empty() || title.len() > BYTES_MAX => Err(usage(
            "the batch cannot be called so",
            format!("a title has 1 to {BYTES_MAX} bytes, this one {}", title.len()),
            "say in a few words what it is, or leave --title out",
        )),
        _ => Ok(()),
    }
}

/// The ids, checked against the catalogue and named with its digest.
pub fn indicators(ids: &[String]) -> Result<Option<Indicators>, Failure> {
    if ids.is_empty() {
        return Ok(None);
    }
    let catalogue = Catalogue::built_in();
    let ids = catalogue.check(ids.iter().map(String::as_str)).map_err(|why| {
        usage("an indicator is not in the catalogue", why, "choose one of its ids, such as 3.7.1")
    })?;
    Ok(Some(Indicators { catalogue: catalogue.digest(), ids }))
}

/// What the anchors of one command have in common.
pub struct Anchoring<'a> {
    /// What the batch is.
    pub title: &'a str,
    /// What it bears on.
    pub indicators: Option<Indicators>,
    /// What ties its files together.
    pub field: &'a Field,
    /// Species in any of its parts: a place that one of them shares is told as roughly everywhere.
    pub species: BTreeSet<String>,
}

impl Anchoring<'_> {
    /// The anchor of one part of the batch; `deployment` counts from 0.
    pub fn body(
        &self,
        root: Hash,
        rows: u64,
        summary: &Summary,
        access: Access,
        deployment: Option<u32>,
    ) -> Body {
        // A sealed anchor says neither how much there is of what, nor where.
        let public = access == Access::Public;
        let captured = summary.captured.clone();
        let has_times = captured.utc.is_some() || captured.local.is_some();
        // What the files say of where, else what their deployment's table says.
        let of_table = || Some(self.field.place(deployment?)?.into());
        let positions = summary.positions.or_else(of_table);
        let step = self.field.place_step(PLACE_STEP, &self.species);
        // By number: the id of a deployment is often the name of a place.
        let title = match deployment {
            None => self.title.to_owned(),
            Some(number) => {
                format!("{}, deployment {} of {}", self.title, number + 1, self.field.groups())
            }
        };
        Body::Anchor(Anchor {
            title,
            evidence: if deployment.is_some() { "camtrap-dp" } else { "files" }.into(),
            root,
            rows,
            bytes: public.then_some(summary.bytes),
            media: public.then(|| summary.media_types.clone()),
            captured: has_times.then_some(captured),
            indicators: self.indicators.clone(),
            place: positions.filter(|_| public).and_then(|positions| positions.on_grid(step?)),
            derived_from: None,
            care: None,
            access,
        })
    }
}

/// The names of the paths.
pub fn default_title(paths: &[PathBuf]) -> String {
    let name = |path: &PathBuf| {
        let whole = path.canonicalize().unwrap_or_else(|_| path.clone());
        whole.file_name().unwrap_or(whole.as_os_str()).to_string_lossy().into_owned()
    };
    let names: Vec<String> = paths.iter().take(3).map(name).collect();
    match paths.len() {
        0..=3 => names.join(", "),
        more => format!("{} and {} more", names.join(", "), more - 3),
    }
}
