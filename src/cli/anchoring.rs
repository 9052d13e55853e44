//! The anchors of one `treering add`: what is said of a part of the batch, and what a sealed one keeps
//! to itself.

use crate::evidence::field::Field;
use crate::evidence::summary::Summary;
use crate::statement::bodies::Body;
use crate::statement::bodies::evidence::{Access, Anchor, Indicators};
use crate::tlog::hash::Hash;

/// The grid on which a public anchor tells where its files were made, millionths of a degree: a
/// tenth of a degree, some eleven kilometres, GBIF's step for highly sensitive species.
const PLACE_STEP: i64 = 100_000;

/// What the anchors of one command have in common.
pub struct Anchoring<'a> {
    /// What the batch is.
    pub title: &'a str,
    /// What it bears on.
    pub indicators: Option<Indicators>,
    /// What ties its files together.
    pub field: &'a Field,
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
        let step = self.field.place_step(PLACE_STEP);
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
            access,
        })
    }
}
