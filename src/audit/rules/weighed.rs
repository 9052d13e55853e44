//! What a rule is given.

use crate::audit::anchors::AnchorBook;
use crate::audit::finding::{Outcome, Rule, Subject};
use crate::audit::findings::Findings;
use crate::audit::identity::Known;
use crate::audit::record::{Record, Said};
use crate::audit::rule_set::Figures;
use crate::audit::time::TimeBounds;
use crate::evidence::catalogue::Catalogue;
use crate::evidence::polygons::Shape;
use crate::statement::authority::Authority;
use crate::statement::bodies::Body;
use crate::statement::bodies::claim::filing::ClaimFile;
use crate::statement::bodies::site::Describe;

/// One ledger as rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Weighed<'a> {
    /// What it says.
    pub record: &'a Record,
    /// Its anchors, and what they bear on.
    pub anchors: &'a AnchorBook,
    /// The catalogues at hand.
    pub catalogues: &'a [Catalogue],
    /// Who may sign what in it; absent where statement 0 cannot be read.
    pub authority: Option<&'a Authority>,
    /// By when it had which sizes, on the word of witnesses.
    pub bounds: &'a TimeBounds,
    /// Whom the auditor believes.
    pub known: &'a Known,
    /// The figures to judge by.
    pub figures: &'a Figures,
    /// The auditor's clock, seconds since 1970 UTC.
    pub clock_s: i64,
    /// The boundary of the site, where it is at hand and is the one the ledger names.
    pub boundary: Option<&'a Shape>,
}

impl<'a> Weighed<'a> {
    /// The live claims, by position.
    pub fn claims(self) -> impl Iterator<Item = (&'a Said, &'a ClaimFile)> {
        self.record.live().filter_map(|said| match &said.body {
            Body::ClaimFile(claim) => Some((said, &**claim)),
            _ => None,
        })
    }

    /// What the site says of itself last.
    pub fn site(self) -> Option<&'a Describe> {
        let described = self.record.live().filter_map(|said| match &said.body {
            Body::SiteDescribe(site) => Some(site),
            _ => None,
        });
        described.last()
    }
}

/// Findings of one rule about one statement.
pub(super) struct About<'a> {
    pub(super) rule: Rule,
    pub(super) said: &'a Said,
    pub(super) out: &'a mut Findings,
}

impl About<'_> {
    /// It does not hold.
    pub(super) fn fail(&mut self, code: &'static str, what: impl AsRef<str>) {
        self.add(Outcome::Fail, code, what.as_ref());
    }

    /// Something is odd.
    pub(super) fn warn(&mut self, code: &'static str, what: impl AsRef<str>) {
        self.add(Outcome::Warn, code, what.as_ref());
    }

    /// It cannot be said.
    pub(super) fn cannot_check(&mut self, code: &'static str, what: impl AsRef<str>) {
        self.add(Outcome::CannotCheck, code, what.as_ref());
    }

    fn add(&mut self, outcome: Outcome, code: &'static str, what: &str) {
        let position = self.said.position;
        let sentence = format!("statement {position}: {what}");
        self.out.add(self.rule, outcome, code, Subject::Statement(position), sentence);
    }
}

/// Notes that a rule is asked of a statement, and says who hears what it finds.
pub(super) fn about<'a>(rule: Rule, said: &'a Said, out: &'a mut Findings) -> About<'a> {
    out.judge(rule);
    About { rule, said, out }
}
