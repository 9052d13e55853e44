//! Clocks, which are claims: those of signers (rule R06) and those of the devices that made the files
//! (rule R13).

use super::finding::{Outcome, Rule, Subject};
use super::findings::Findings;
use crate::statement::bodies::evidence::Anchor;
use crate::statement::envelope::Statement;
use crate::tlog::hash::Position;

/// Clocks are allowed to disagree by this much, in seconds: people set them by hand.
const SLACK_S: i64 = 3_600;
/// A device that names no zone may be this far from UTC, in seconds.
const ZONE_SPREAD_S: i64 = 14 * 3_600;
/// An anchor this much later than capture and the length of the deployment proves little, in seconds.
const LATE_ANCHOR_S: i64 = 60 * 86_400;
/// The longest deployment that a batch's own dates may claim, in seconds: a camera is visited once a year.
/// Without a ceiling, one old picture in a batch would excuse any delay.
const LONGEST_DEPLOYMENT_S: i64 = 366 * 86_400;
/// 2000-01-01 UTC. A clock before that was never set: 1970, 1980 and 1999 are where devices begin.
const CLOCKS_BEGIN_S: i64 = 946_684_800;

/// The clock of the statement before, as far as it can be one.
#[derive(Debug)]
pub struct Clocks {
    auditor_s: i64,
    before: Option<(Position, i64)>,
}

impl Clocks {
    /// No claim so far; the auditor's own clock, seconds since 1970 UTC.
    pub fn new(auditor_s: i64) -> Clocks {
        Clocks { auditor_s, before: None }
    }

    /// Rule R06, on an admitted statement. Its signer's clock is only asked not to be behind that of the
    /// statement before it, nor ahead of the auditor's.
    ///
    /// A clock that is ahead is no measure for the ones after it, and a step back is one step: a single
    /// clock in the year 2100 is told of once.
    pub fn check_signer(&mut self, position: Position, statement: &Statement, out: &mut Findings) {
        let issued_at = statement.header.issued_at;
        let mut warn = |code, what| {
            out.add(Rule::R06, Outcome::Warn, code, Subject::Statement(position), what);
        };
        if issued_at > self.auditor_s.saturating_add(SLACK_S) {
            let what =
                format!("statement {position}: its signer's clock is ahead of this computer's");
            return warn("clock-ahead", what);
        }
        if let Some((before, clock)) = self.before
            && issued_at < clock.saturating_sub(SLACK_S)
        {
            let what = format!(
                "statement {position}: its signer's clock is {} behind that of statement {before}",
                span(clock.saturating_sub(issued_at))
            );
            warn("clock-back", what);
        }
        self.before = Some((position, issued_at));
    }
}

/// A time span in the unit that people would use.
fn span(seconds: i64) -> String {
    match seconds {
        172_800.. => format!("{} days", seconds / 86_400),
        _ => format!("{} h", seconds / 3_600),
    }
}

/// Rule R13, on what the anchor says of its batch.
pub fn check_capture(
    position: Position,
    statement: &Statement,
    anchor: &Anchor,
    out: &mut Findings,
) {
    let Some(captured) = &anchor.captured else { return };
    out.judge(Rule::R13);
    let issued_at = statement.header.issued_at;
    let mut latest = i64::MIN;
    let mut deployment = 0;
    for (period, spread) in [(captured.utc, 0), (captured.local, ZONE_SPREAD_S)] {
        let Some(period) = period else { continue };
        let latest_allowed = issued_at.saturating_add(SLACK_S).saturating_add(spread);
        if period.last > latest_allowed {
            let what = format!(
                "statement {position}: a device says a file was captured after it was anchored; \
                 one of the clocks is wrong"
            );
            let subject = Subject::Statement(position);
            out.add(Rule::R13, Outcome::Fail, "captured-after-anchor", subject, what);
        }
        latest = latest.max(period.last);
        // The first of a period that begins with an unset clock is not known, so it has no length.
        if period.first >= CLOCKS_BEGIN_S {
            deployment = deployment.max(period.last.saturating_sub(period.first));
        }
    }
    // late ⟺ issued_at − latest capture > 60 days + min(deployment, 366 days)
    let late_by = issued_at.saturating_sub(latest);
    if late_by > LATE_ANCHOR_S + deployment.min(LONGEST_DEPLOYMENT_S) {
        let what = format!(
            "statement {position}: anchored {} days after the last capture; nothing shows what \
             happened to the files in between",
            late_by / 86_400
        );
        let subject = Subject::Statement(position);
        out.add(Rule::R13, Outcome::Warn, "anchored-late", subject, what);
    }
}
