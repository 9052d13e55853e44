//! The audit: a public folder read from end to end as a stranger, with nothing of what wrote it.
//!
//! It never stops at the first finding, changes nothing, and gives the same report for the same
//! input, byte for byte. It knows no keys, no index and no set-up.

pub mod anchors;
pub mod checkpoints;
pub mod evidence;
pub mod finding;
pub mod findings;
pub mod folder;
pub mod identity;
pub mod pins;
pub mod portrait;
pub mod record;
pub mod rule;
pub mod rule_set;
pub mod time;

mod bundles;
mod clocks;
mod cosigned;
mod earlier_roots;
mod files;
mod reading;
pub mod rules;
mod strays;
mod tiles;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anchors::AnchorBook;
use checkpoints::HeldHead;
use evidence::{EvidenceSources, Progress};
use finding::{AuditReport, FileCounts, Identity, LedgerState, Outcome, StatementCounts, Verdict};
use findings::Findings;
use folder::PublicFolder;
use identity::{Known, Recognised};
use pins::{Peer, Pin};
use portrait::Portrait;
use record::Record;
use rule_set::RuleSet;
use rules::Weighed;
use time::{TimeBounds, TimeKeeper, TimeLine};

use crate::evidence::catalogue::Catalogue;
use crate::evidence::polygons::{Boundary, Shape};
use crate::evidence::walk::Interrupted;
use crate::statement::authority::Authority;
use crate::statement::bodies::Body;
use crate::statement::envelope::LedgerId;
use crate::tlog::bundle::Bundle;
use crate::tlog::hash::{Tree, TreeSize};
use crate::tlog::policy::Policy;
use crate::tlog::tile::TILE_WIDTH;

/// What an audit is given.
#[derive(Debug)]
pub struct AuditInput {
    /// The public folder.
    pub folder: PathBuf,
    /// The auditor's clock, seconds since 1970 UTC.
    pub clock_s: i64,
    /// The ledger that the folder must hold, where it has been asked for by its id.
    pub expected: Option<LedgerId>,
    /// What is known beforehand of the ledger that the folder should hold.
    pub known: Known,
    /// Heads of this ledger from before.
    pub held: Vec<HeldHead>,
    /// The witnesses to believe.
    pub policy: Option<Policy>,
    /// Where evidence files and manifests are.
    pub evidence: EvidenceSources,
    /// Outside ledgers that may pin this one.
    pub peers: Vec<Peer>,
    /// The rules to judge by.
    pub rules: RuleSet,
    /// The catalogues at hand, the one to take where the ledger publishes none first.
    pub catalogues: Vec<Catalogue>,
    /// The boundary of the site, if the file at hand is the one the ledger names.
    pub boundary: Option<Boundary>,
}

impl AuditInput {
    /// A public folder, and nothing to compare it with.
    pub fn of(folder: impl Into<PathBuf>, clock_s: i64) -> AuditInput {
        AuditInput {
            folder: folder.into(),
            clock_s,
            expected: None,
            known: Known::default(),
            held: Vec::new(),
            policy: None,
            evidence: EvidenceSources::default(),
            peers: Vec::new(),
            rules: RuleSet::built_in(),
            catalogues: vec![Catalogue::built_in().clone()],
            boundary: None,
        }
    }
}

/// Audits one ledger.
pub fn audit(input: &AuditInput, progress: &Progress<'_>) -> Result<AuditReport, Interrupted> {
    let mut reports = audit_several(std::slice::from_ref(input), progress)?;
    Ok(reports.pop().expect("audit: a report for every input"))
}

/// Audits several ledgers, one after the other, and then what they say of one another. The reports are in
/// the order of the inputs.
pub fn audit_several(
    inputs: &[AuditInput],
    progress: &Progress<'_>,
) -> Result<Vec<AuditReport>, Interrupted> {
    let mut examined = Vec::new();
    for input in inputs {
        examined.push(Examined::of(input, progress)?);
    }
    let mut outs: Vec<Findings> =
        examined.iter_mut().map(|one| std::mem::take(&mut one.out)).collect();
    let weighed: Vec<Weighed<'_>> = examined.iter().map(Examined::weighed).collect();
    let mut portraits = rules::judge(&weighed, &mut outs);
    let read: Vec<LedgerId> = examined.iter().filter_map(|one| one.record.ledger()).collect();
    for (one, portrait) in examined.iter_mut().zip(&mut portraits) {
        one.complete(portrait, &read);
    }
    let results = examined.into_iter().zip(outs).zip(portraits);
    Ok(results.map(|((one, out), portrait)| one.report(out, portrait)).collect())
}

/// One ledger once it is read: all but what its statements say of one another.
struct Examined<'i> {
    input: &'i AuditInput,
    out: Findings,
    record: Record,
    anchors: AnchorBook,
    authority: Option<Authority>,
    bounds: TimeBounds,
    witnesses: BTreeMap<String, Vec<i64>>,
    identity: Option<Identity>,
    recognised: Recognised,
    head: Option<Tree>,
    compared_with: Option<TreeSize>,
    pins: Vec<Pin>,
    state: LedgerState,
    time: TimeLine,
    statements: StatementCounts,
    files: FileCounts,
}

impl<'i> Examined<'i> {
    fn of(input: &'i AuditInput, progress: &Progress<'_>) -> Result<Examined<'i>, Interrupted> {
        let folder = PublicFolder::new(&input.folder);
        let mut out = Findings::default();
        input.rules.note_switched_off(&mut out);

        let head = checkpoints::read_head(&folder, &mut out);
        let size = match &head {
            Some(head) => head.tree().size,
            None => size_of_bundles(&folder),
        };
        let mut read = reading::read_ledger(&folder, size, input.clock_s, &mut out, progress)?;
        let (expected, authority) = (input.expected, read.authority.as_ref());
        let recognised =
            identity::recognise(read.ledger, authority, expected, &input.known, &mut out);
        let published =
            head.as_ref().and_then(|head| checkpoints::check_head(&read, head, &mut out));
        // What witnesses said counts only for checkpoints that are this ledger's.
        let mut time = TimeKeeper::under(input.policy.as_ref());
        cosigned::check_cosigned(&folder, &mut read, published, &mut time, &mut out);
        let compared_with =
            checkpoints::check_held(&folder, &mut read, published, &input.held, &mut out);
        let pins = pins::find_pins(&folder, &mut read, published, &input.peers, &mut out);
        if let Some(head) = head.as_ref().filter(|_| published.is_some() && published == read.tree)
        {
            time.take_up(head);
        }
        strays::report_strays(&folder, size, &mut out);
        let (files, restated, anchors) =
            evidence::check_evidence(&folder, size, &read, &input.evidence, &mut out, progress)?;

        let mut statements = read.counts;
        statements.disputed = restated.disputed;
        statements.affirmed = restated.affirmed;
        statements.superseded = restated.superseded;
        let identity = read.authority.as_ref().map(|authority| Identity {
            ledger: authority.ledger(),
            name: authority.genesis().name.clone(),
            kind: authority.genesis().kind.clone(),
            origin: authority.genesis().origin.to_string(),
        });
        let (time, bounds, witnesses) = time.finish();
        let state = checkpoints::state(&out, recognised.faults);
        Ok(Examined {
            input,
            record: read.record,
            anchors,
            authority: read.authority,
            bounds,
            witnesses,
            identity,
            recognised,
            head: head.map(|head| head.tree()),
            compared_with,
            pins,
            state,
            time,
            statements,
            files,
            out,
        })
    }

    fn weighed(&self) -> Weighed<'_> {
        Weighed {
            record: &self.record,
            anchors: &self.anchors,
            catalogues: &self.input.catalogues,
            authority: self.authority.as_ref(),
            bounds: &self.bounds,
            known: &self.input.known,
            figures: &self.input.rules.figures,
            clock_s: self.input.clock_s,
            boundary: self.boundary(),
        }
    }

    /// The boundary counts if it is the file that the site names.
    fn boundary(&self) -> Option<&Shape> {
        let boundary = self.input.boundary.as_ref()?;
        let named = self.record.live().filter_map(|said| match &said.body {
            Body::SiteDescribe(site) => Some(site.boundary),
            _ => None,
        });
        (named.last().flatten() == Some(boundary.digest)).then_some(&boundary.shape)
    }

    /// What only the whole audit knows.
    fn complete(&mut self, portrait: &mut Portrait, read: &[LedgerId]) {
        let own = self.record.ledger();
        portrait.read_beside = read.iter().copied().filter(|id| Some(*id) != own).collect();
        let rules = &self.input.rules;
        portrait.rule_set = Some((rules.figures.name.clone(), rules.digest));
        portrait.months = self.record.months().clone();
        portrait.witnesses = std::mem::take(&mut self.witnesses);
    }

    fn report(self, out: Findings, portrait: Portrait) -> AuditReport {
        let rules = out.results();
        let worst = rules.iter().map(|rule| rule.outcome).max().unwrap_or(Outcome::CannotCheck);
        AuditReport {
            identity: self.identity,
            recognised: self.recognised,
            head: self.head,
            compared_with: self.compared_with,
            state: self.state,
            verdict: match (self.state, worst) {
                (LedgerState::Forked | LedgerState::ForkedKeyRetired, _) => Verdict::Fork,
                (_, Outcome::Fail) => Verdict::Fail,
                (_, Outcome::CannotCheck) => Verdict::Incomplete,
                _ if self.time == TimeLine::NotMet => Verdict::Incomplete,
                (_, Outcome::Warn | Outcome::Pass) => Verdict::Pass,
            },
            time: self.time,
            pins: self.pins,
            rules,
            findings_not_listed: out.not_kept(),
            findings: out.into_sorted(),
            statements: self.statements,
            files: self.files,
            portrait,
        }
    }
}

/// How many statements the bundles hold, where no checkpoint says it.
fn size_of_bundles(folder: &PublicFolder) -> TreeSize {
    let exists = |bundle: Bundle| folder.has(&bundle.path());
    let full = |index| Bundle::new(index, TILE_WIDTH);
    let whole = (0..).take_while(|index| full(*index).is_some_and(exists)).count() as u64;
    let widths = full(whole).map(|bundle| folder.partial_widths(&bundle.path()));
    let rest = widths.and_then(|widths| widths.last().copied()).unwrap_or_default();
    TreeSize(whole * u64::from(TILE_WIDTH) + u64::from(rest))
}
