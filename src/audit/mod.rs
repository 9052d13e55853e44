//! The audit: a public folder read from end to end as a stranger, with nothing of what wrote it.
//!
//! It never stops at the first finding, changes nothing, and gives the same report for the same
//! input, byte for byte. It knows no keys, no index and no set-up.

pub mod checkpoints;
pub mod evidence;
pub mod finding;
pub mod findings;
pub mod folder;
pub mod identity;
pub mod pins;
pub mod time;

mod bundles;
mod clocks;
mod cosigned;
mod earlier_roots;
mod files;
mod reading;
mod strays;
mod tiles;

use std::path::PathBuf;

use checkpoints::HeldHead;
use evidence::{EvidenceSources, Progress};
use finding::{AuditReport, Identity, LedgerState, Outcome, Verdict};
use findings::Findings;
use folder::PublicFolder;
use identity::Known;
use pins::Peer;
use time::{TimeKeeper, TimeLine};

use crate::evidence::walk::Interrupted;
use crate::statement::envelope::LedgerId;
use crate::tlog::bundle::Bundle;
use crate::tlog::hash::TreeSize;
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
        }
    }
}

/// Audits one ledger.
pub fn audit(input: &AuditInput, progress: &Progress<'_>) -> Result<AuditReport, Interrupted> {
    let folder = PublicFolder::new(&input.folder);
    let mut out = Findings::default();

    let head = checkpoints::read_head(&folder, &mut out);
    let size = match &head {
        Some(head) => head.tree().size,
        None => size_of_bundles(&folder),
    };
    let mut read = reading::read_ledger(&folder, size, input.clock_s, &mut out, progress)?;
    let (expected, authority) = (input.expected, read.authority.as_ref());
    let recognised = identity::recognise(read.ledger, authority, expected, &input.known, &mut out);
    let published = head.as_ref().and_then(|head| checkpoints::check_head(&read, head, &mut out));
    // What witnesses said counts only for checkpoints that are this ledger's.
    let mut time = TimeKeeper::under(input.policy.as_ref());
    cosigned::check_cosigned(&folder, &mut read, published, &mut time, &mut out);
    let compared_with =
        checkpoints::check_held(&folder, &mut read, published, &input.held, &mut out);
    let pins = pins::find_pins(&folder, &mut read, published, &input.peers, &mut out);
    if let Some(head) = head.as_ref().filter(|_| published.is_some() && published == read.tree) {
        time.take_up(head);
    }
    strays::report_strays(&folder, size, &mut out);
    let (files, restated) =
        evidence::check_evidence(&folder, size, &read, &input.evidence, &mut out, progress)?;

    let mut statements = read.counts;
    statements.disputed = restated.disputed;
    statements.affirmed = restated.affirmed;
    statements.superseded = restated.superseded;
    let state = checkpoints::state(&out, recognised.faults);
    let identity = read.authority.as_ref().map(|authority| Identity {
        ledger: authority.ledger(),
        name: authority.genesis().name.clone(),
        kind: authority.genesis().kind.clone(),
        origin: authority.genesis().origin.to_string(),
    });
    let time = time.line();
    let rules = out.results();
    let worst = rules.iter().map(|rule| rule.outcome).max().unwrap_or(Outcome::CannotCheck);
    Ok(AuditReport {
        identity,
        recognised,
        head: head.map(|head| head.tree()),
        compared_with,
        state,
        verdict: match (state, worst) {
            (LedgerState::Forked | LedgerState::ForkedKeyRetired, _) => Verdict::Fork,
            (_, Outcome::Fail) => Verdict::Fail,
            (_, Outcome::CannotCheck) => Verdict::Incomplete,
            _ if time == TimeLine::NotMet => Verdict::Incomplete,
            (_, Outcome::Warn | Outcome::Pass) => Verdict::Pass,
        },
        time,
        pins,
        rules,
        findings_not_listed: out.not_kept(),
        findings: out.into_sorted(),
        statements,
        files,
    })
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
