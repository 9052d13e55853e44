//! Drawings for a page that may be printed in black: parts are told apart by pattern, and each is named
//! beside it. Every text in them is escaped; no style, only attributes, as the page's policy asks.

use std::fmt::Write;

use qrcode::QrCode;
use qrcode::render::svg;

use super::escaped;
use crate::report::audit::facts::{Files, IndicatorFacts, Ledger, Process, Units};
use crate::report::audit::words::tonnes;
use crate::report::words::count;

/// The patterns that fill parts of drawings.
pub const PATTERNS: &str = concat!(
    "<svg width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>",
    "<pattern id=\"p-solid\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\">",
    "<rect width=\"4\" height=\"4\" fill=\"#2f4f3a\"/></pattern>",
    "<pattern id=\"p-hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">",
    "<rect width=\"6\" height=\"6\" fill=\"#fff\"/>",
    "<path d=\"M0 6L6 0M-1 1L1 -1M5 7L7 5\" stroke=\"#111\" stroke-width=\"1.2\"/></pattern>",
    "<pattern id=\"p-cross\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">",
    "<rect width=\"6\" height=\"6\" fill=\"#fff\"/>",
    "<path d=\"M0 0L6 6M0 6L6 0\" stroke=\"#7d0f12\" stroke-width=\"1.3\"/></pattern>",
    "<pattern id=\"p-dots\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\">",
    "<rect width=\"5\" height=\"5\" fill=\"#fff\"/><circle cx=\"2.5\" cy=\"2.5\" r=\"1.1\" fill=\"#111\"/></pattern>",
    "<pattern id=\"p-lines\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\">",
    "<rect width=\"4\" height=\"4\" fill=\"#fff\"/><path d=\"M0 2H4\" stroke=\"#111\"/></pattern>",
    "<pattern id=\"p-none\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\">",
    "<rect width=\"4\" height=\"4\" fill=\"#fff\"/></pattern>",
    "</defs></svg>"
);

/// A part of a bar: its name, its size, the size in words, its pattern.
struct Part<'a> {
    name: &'a str,
    size: i128,
    said: String,
    pattern: &'a str,
}

/// One bar, cut into its parts, with a legend under it. Nothing where there is nothing.
fn bar(label: &str, parts: &[Part<'_>]) -> String {
    const WIDTH: i128 = 440;
    let parts: Vec<&Part<'_>> = parts.iter().filter(|part| part.size > 0).collect();
    let total: i128 = parts.iter().map(|part| part.size).sum();
    if total == 0 {
        return String::new();
    }
    let lines = parts.len().div_ceil(2);
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {}\" width=\"{WIDTH}\" role=\"img\" aria-label=\"{}\">",
        26 + 18 * lines,
        escaped(label)
    );
    let mut from = 0;
    for (at, part) in parts.iter().enumerate() {
        let to = from + part.size;
        let (x, end) = (from * WIDTH / total, to * WIDTH / total);
        // What is there is seen, however small.
        let width = (end - x).max(2);
        let _ = write!(
            out,
            "<rect x=\"{x}\" y=\"1\" width=\"{width}\" height=\"18\" fill=\"url(#p-{})\" stroke=\"#111\"/>",
            part.pattern
        );
        let (column, line) = (at % 2, at / 2);
        let (x, y) = (column * 220, 26 + line * 18);
        let _ = write!(
            out,
            "<rect x=\"{}\" y=\"{y}\" width=\"12\" height=\"11\" fill=\"url(#p-{})\" stroke=\"#111\"/>\
             <text x=\"{}\" y=\"{}\">{} {}</text>",
            x + 1,
            part.pattern,
            x + 18,
            y + 10,
            escaped(&part.said),
            escaped(part.name)
        );
        from = to;
    }
    out.push_str("</svg>");
    out
}

/// What became of the evidence files.
pub fn files(files: &Files) -> String {
    let part = |name, number: u64, pattern| Part {
        name,
        size: i128::from(number),
        said: count(number),
        pattern,
    };
    bar(
        "evidence files",
        &[
            part("MATCHES", files.matches, "solid"),
            part("DIFFERS", files.differs, "cross"),
            part("MISSING", files.missing, "none"),
            part("UNREADABLE", files.unreadable, "lines"),
            part("NOT CHECKED", files.not_checked, "none"),
            part("WITHHELD", files.withheld, "hatch"),
            part("ERASED", files.erased, "dots"),
        ],
    )
}

/// Where the units of a claim are.
pub fn units(units: &Units) -> String {
    let part = |name, grams: i64, pattern| Part {
        name,
        size: i128::from(grams),
        said: tonnes(grams),
        pattern,
    };
    bar(
        "units issued",
        &[
            part("held", units.held_g, "lines"),
            part("retired", units.retired_g, "solid"),
            part("cancelled", units.cancelled_g, "cross"),
            part("buffered", units.buffered_g, "hatch"),
            part("exported", units.exported_g, "dots"),
        ],
    )
}

/// One square for each indicator of a criterion.
pub fn indicators(indicators: &[IndicatorFacts]) -> String {
    const SIDE: usize = 15;
    let mut out = format!(
        "<svg class=\"mini\" viewBox=\"0 0 {width} 14\" width=\"{width}\" height=\"14\" role=\"img\" \
         aria-label=\"indicators\">",
        width = indicators.len().max(1) * SIDE
    );
    for (at, one) in indicators.iter().enumerate() {
        let not_applicable = one
            .assessed
            .as_ref()
            .or(one.self_assessed.as_ref())
            .is_some_and(|found| found.verdict == "not-applicable");
        let pattern = match (one.covered, not_applicable && one.anchors == 0) {
            (true, false) => "solid",
            (true, true) => "hatch",
            (false, _) => "none",
        };
        let _ = write!(
            out,
            "<rect x=\"{}\" y=\"1\" width=\"12\" height=\"12\" fill=\"url(#p-{pattern})\" stroke=\"#111\">\
             <title>{}</title></rect>",
            at * SIDE + 1,
            escaped(&one.id)
        );
    }
    out.push_str("</svg>");
    out
}

/// The way to the list: the stations, the ones passed filled, with the day of each.
pub fn process(process: &Process) -> String {
    const WAY: [&str; 4] = ["registered", "application", "candidate", "listed"];
    const OFF: [&str; 3] = ["suspended", "withdrawn", "expired"];
    let off =
        OFF.iter().copied().filter(|phase| process.steps.iter().any(|step| step.phase == *phase));
    let stations: Vec<&str> = WAY.iter().copied().chain(off).collect();
    let width = stations.len() * 130;
    let mut out = format!(
        "<svg viewBox=\"0 0 {width} 62\" width=\"{width}\" role=\"img\" aria-label=\"stations of the process\">\
         <path d=\"M20 18H{}\" stroke=\"#111\" stroke-width=\"2\"/>",
        width - 110
    );
    for (at, station) in stations.iter().enumerate() {
        let step = process.steps.iter().rfind(|step| step.phase == *station);
        let passed = step.is_some() || *station == "registered";
        let now = process.phase == *station;
        let x = at * 130 + 20;
        let _ = write!(
            out,
            "<circle cx=\"{x}\" cy=\"18\" r=\"{}\" fill=\"{}\" stroke=\"#111\" stroke-width=\"2\"/>",
            if now { 12 } else { 8 },
            if passed { "#111" } else { "#fff" }
        );
        if now {
            let _ = write!(out, "<circle cx=\"{x}\" cy=\"18\" r=\"5\" fill=\"#fff\"/>");
        }
        let _ = write!(
            out,
            "<text x=\"{label}\" y=\"44\"{weight}>{station}</text><text x=\"{label}\" y=\"58\">{day}</text>",
            label = x - 12,
            weight = if now { " font-weight=\"bold\"" } else { "" },
            day = step.map(|step| step.day.to_string()).unwrap_or_default()
        );
    }
    out.push_str("</svg>");
    out
}

/// The ledger's id with size and root, for a telephone: `treering:ID?size=N&root=ROOT`.
pub fn qr(ledger: &Ledger) -> String {
    let Some(id) = &ledger.id else { return String::new() };
    let head = match (ledger.size, &ledger.root) {
        (Some(size), Some(root)) => format!("?size={size}&root={root}"),
        _ => String::new(),
    };
    let Ok(code) = QrCode::new(format!("treering:{id}{head}")) else { return String::new() };
    let drawing = code.render::<svg::Color<'_>>().min_dimensions(150, 150).build();
    // It stands inside a page, without the XML declaration of a file of its own.
    drawing.split_once("?>").map_or(drawing.as_str(), |(_, svg)| svg).to_string()
}
