//! Everything on one axis of time: statements by month, what witnesses cosigned, and the latest batches with
//! camera claim, recorded claim and "not later than".

use std::fmt::Write;

use super::escaped;
use crate::report::audit::facts::{Batch, Facts};
use crate::statement::bodies::day::UtcDay;

/// Batches that are drawn, the latest; the table has the others.
const DRAWN: usize = 40;
/// Witnesses that are drawn; the table has the others.
const LANES: usize = 12;

const LEFT: i128 = 150;
const WIDTH: i128 = 900;
const DAY_S: i64 = 86_400;

/// The stretch of time that is drawn.
struct Axis {
    from_s: i64,
    until_s: i64,
}

impl Axis {
    /// From the first recorded statement, or the first camera up to two years before it, to the audit.
    /// Clocks beyond that are drawn at the edge.
    fn of(facts: &Facts) -> Option<Axis> {
        let first = facts.months.keys().next()?;
        let mut parts = first.rsplitn(2, '-');
        let (month, year) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let start = UtcDay::of_civil(year, month, 1)?.0.checked_mul(DAY_S)?;
        let until_s = facts.run.as_of.0.max(start.saturating_add(30 * DAY_S));
        let earliest = start.saturating_sub(2 * 365 * DAY_S);
        let cameras = latest(&facts.batches).iter().filter_map(|batch| batch.captured_first);
        let from_s = cameras.map(|time| time.0).min().unwrap_or(start).clamp(earliest, start);
        // A century and more is no time line but a wrong clock.
        let sane = until_s.checked_sub(from_s)? <= 150 * 366 * DAY_S;
        sane.then_some(Axis { from_s, until_s })
    }

    fn x(&self, second: i64) -> i128 {
        let second = second.clamp(self.from_s, self.until_s);
        let span = i128::from(self.until_s - self.from_s).max(1);
        LEFT + i128::from(second - self.from_s) * (WIDTH - LEFT - 12) / span
    }

    /// First days of months, as many as fit.
    fn ticks(&self) -> Vec<(i128, String)> {
        let months = (self.until_s - self.from_s) / (30 * DAY_S) + 1;
        let every = [1, 3, 6, 12, 24, 60, 120, 240];
        let every = every.into_iter().find(|every| months / every <= 9).unwrap_or(600);
        let (year, month, _) = UtcDay::of_second(self.from_s).civil();
        let first = year.saturating_mul(12) + i64::from(month) - 1;
        let mut ticks = Vec::new();
        let mut at = first.div_euclid(every) * every;
        while ticks.len() < 12 {
            let (year, month) = (at.div_euclid(12), at.rem_euclid(12) + 1);
            let day = u8::try_from(month).ok().and_then(|month| UtcDay::of_civil(year, month, 1));
            let Some(second) = day.and_then(|day| day.0.checked_mul(DAY_S)) else { break };
            if second > self.until_s {
                break;
            }
            if second >= self.from_s {
                let name = match every >= 12 {
                    true => format!("{year}"),
                    false => format!("{year}-{month:02}"),
                };
                ticks.push((self.x(second), name));
            }
            at += every;
        }
        ticks
    }
}

fn latest(batches: &[Batch]) -> &[Batch] {
    &batches[batches.len().saturating_sub(DRAWN)..]
}

/// The drawing; nothing where the clocks span no time that could be drawn.
pub fn draw(facts: &Facts) -> String {
    let Some(axis) = Axis::of(facts) else { return String::new() };
    let batches = latest(&facts.batches);
    let lanes = facts.witnesses.len().min(LANES);
    let (bars, lane, row) = (56, 20, 17);
    let lanes_at = bars + 14;
    let rows_at = lanes_at + lane * lanes.max(1) + 14;
    let bottom = rows_at + row * batches.len();
    let height = bottom + 44;
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" role=\"img\" aria-label=\"time line\">"
    );
    for (x, name) in axis.ticks() {
        let _ = write!(
            out,
            "<path d=\"M{x} 4V{bottom}\" stroke=\"#bbb\" stroke-dasharray=\"2 3\"/>\
             <text x=\"{x}\" y=\"{}\">{name}</text>",
            bottom + 14
        );
    }
    months(facts, &axis, bars, &mut out);
    witnesses(facts, &axis, lanes_at, lane, &mut out);
    for (at, batch) in batches.iter().enumerate() {
        one_batch(batch, &axis, rows_at + at * row + 9, &mut out);
    }
    legend(bottom + 34, &mut out);
    out.push_str("</svg>");
    out
}

fn months(facts: &Facts, axis: &Axis, bars: usize, out: &mut String) {
    let most = facts.months.values().copied().max().unwrap_or(1).max(1);
    let _ = write!(
        out,
        "<text x=\"0\" y=\"{}\">statements a month</text><text x=\"0\" y=\"{}\">(at most {most})</text>\
         <path d=\"M{LEFT} {bars}H{WIDTH}\" stroke=\"#111\"/>",
        bars - 18,
        bars - 4
    );
    for (month, number) in &facts.months {
        let mut parts = month.rsplitn(2, '-');
        let (Some(month), Some(year)) = (parts.next(), parts.next()) else { continue };
        let (Ok(month), Ok(year)) = (month.parse::<u8>(), year.parse::<i64>()) else { continue };
        let next = if month == 12 { (year.saturating_add(1), 1) } else { (year, month + 1) };
        let second = |(year, month)| {
            UtcDay::of_civil(year, month, 1).and_then(|day| day.0.checked_mul(DAY_S))
        };
        let (Some(from), Some(until)) = (second((year, month)), second(next)) else { continue };
        let (x, end) = (axis.x(from), axis.x(until));
        let tall = (u128::from(*number) * 46).div_ceil(u128::from(most));
        let _ = write!(
            out,
            "<rect x=\"{x}\" y=\"{}\" width=\"{}\" height=\"{tall}\" fill=\"#555\"><title>{year}-{month:02}: {number}</title></rect>",
            bars as u128 - tall,
            (end - x - 1).max(2)
        );
    }
}

fn witnesses(facts: &Facts, axis: &Axis, at: usize, lane: usize, out: &mut String) {
    if facts.witnesses.is_empty() {
        let _ = write!(
            out,
            "<text x=\"0\" y=\"{y}\">witnesses</text><text x=\"{LEFT}\" y=\"{y}\">none believed: no time here is bounded from outside</text>",
            y = at + 12
        );
    }
    for (number, witness) in facts.witnesses.iter().take(LANES).enumerate() {
        let y = at + number * lane + 8;
        let name: String = match witness.name.chars().count() > 22 {
            true => witness.name.chars().take(21).chain(['…']).collect(),
            false => witness.name.clone(),
        };
        let _ = write!(
            out,
            "<text x=\"0\" y=\"{}\">{}</text><path d=\"M{LEFT} {y}H{}\" stroke=\"#999\"/>",
            y + 4,
            escaped(&name),
            WIDTH - 12
        );
        // More dots than pixels would only make the page heavy.
        let mut last = None;
        for x in witness.cosigned.iter().map(|time| axis.x(time.0)) {
            if last.replace(x) != Some(x) {
                let _ = write!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"4\" fill=\"#111\"/>");
            }
        }
    }
}

fn one_batch(batch: &Batch, axis: &Axis, y: usize, out: &mut String) {
    let recorded = axis.x(batch.recorded.0);
    let _ = write!(out, "<text x=\"0\" y=\"{}\">batch {}</text>", y + 4, batch.position);
    if let (Some(first), Some(last)) = (batch.captured_first, batch.captured_last) {
        let (x, end) = (axis.x(first.0), axis.x(last.0));
        let _ = write!(
            out,
            "<rect x=\"{x}\" y=\"{}\" width=\"{}\" height=\"8\" fill=\"url(#p-hatch)\" stroke=\"#111\" stroke-width=\".6\"/>",
            y - 4,
            (end - x).max(3)
        );
    }
    if let Some(bound) = batch.not_later_than {
        let x = axis.x(bound.0);
        let _ = write!(
            out,
            "<path d=\"M{recorded} {y}H{x}\" stroke=\"#111\" stroke-dasharray=\"3 2\"/>\
             <path d=\"M{x} {}l5 5l-5 5l-5 -5z\" fill=\"#fff\" stroke=\"#111\" stroke-width=\"1.5\"/>",
            y - 5
        );
    }
    let _ =
        write!(out, "<path d=\"M{recorded} {}v12\" stroke=\"#111\" stroke-width=\"2.5\"/>", y - 6);
}

fn legend(y: usize, out: &mut String) {
    let _ = write!(
        out,
        "<rect x=\"{LEFT}\" y=\"{}\" width=\"22\" height=\"8\" fill=\"url(#p-hatch)\" stroke=\"#111\" stroke-width=\".6\"/>\
         <text x=\"{}\" y=\"{y}\">camera says (claim)</text>\
         <path d=\"M{} {}v12\" stroke=\"#111\" stroke-width=\"2.5\"/><text x=\"{}\" y=\"{y}\">recorded (claim)</text>\
         <path d=\"M{} {}l5 5l-5 5l-5 -5z\" fill=\"#fff\" stroke=\"#111\" stroke-width=\"1.5\"/><text x=\"{}\" y=\"{y}\">not later than (witnesses)</text>\
         <circle cx=\"{}\" cy=\"{}\" r=\"4\" fill=\"#111\"/><text x=\"{}\" y=\"{y}\">cosigned</text>",
        y - 8,
        LEFT + 28,
        LEFT + 160,
        y - 10,
        LEFT + 168,
        LEFT + 290,
        y - 9,
        LEFT + 300,
        LEFT + 480,
        y - 4,
        LEFT + 490
    );
}
