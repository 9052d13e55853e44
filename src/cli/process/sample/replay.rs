//! `treering sample replay`: a draw computed again from the ledger, and what its result supports.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::failures::usage;
use crate::cli::own_store::{OwnStore, find_statement};
use crate::cli::say::desk::population_at;
use crate::cli::statement_text::short_key;
use crate::cli::voice::{Answer, Failure};
use crate::cli::{Context, Outcome};
use crate::ledger::read;
use crate::report::words::{count, counted, safe};
use crate::statement::bodies::Body;
use crate::statement::bodies::process::sample::{Draw, Found, SampleResult};
use crate::statement::sample::{bound_95, drawn_rows, not_agreeing};
use crate::store::disk::{Disk, RealDisk};
use crate::store::public::PublicFolder;
use crate::tlog::hash::Hash;

/// Arguments of `treering sample replay`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering sample replay @30
  treering sample replay @30 --ledger /media/stick/park")]
pub struct Args {
    /// The draw
    draw: String,
    /// The ledger, by a copy of its public folder [default: the store's own]
    #[arg(long, value_name = "DIR")]
    ledger: Option<PathBuf>,
}

/// Replays.
pub fn run(context: &Context, args: Args) -> Outcome {
    let folder = match args.ledger {
        Some(path) => {
            let disk: Arc<dyn Disk> = Arc::new(RealDisk);
            PublicFolder::new(disk, path)
        }
        None => OwnStore::find(context)?.folder,
    };
    let ledger = read::ledger_in(&folder)?;
    let size = read::head_of(&folder)?.tree().size;
    let (position, statement) = find_statement(&folder, size, &args.draw)?;
    let Body::SampleDraw(draw) = &statement.payload.body else {
        return Err(usage(
            format!("@{position} is no draw"),
            format!("it is {}", statement.header.typ.kind),
            "treering log --kind sample.draw",
        ));
    };
    let rows = population_at(&folder, ledger, size, draw)?;
    let drawn = rows.and_then(|rows| drawn_rows(ledger, draw, &rows));
    let result = result_of(&folder, &statement.id(), size)?;
    let who = short_key(&statement.header.key);
    let mut text = format!(
        "{}: {} of {}, drawn by {who}, by {}\n",
        safe(&draw.indicator.id),
        count(draw.n),
        counted(draw.population.rows, "row"),
        match &draw.beacon {
            Some(beacon) => format!("the beacon {}", safe(&beacon.name)),
            None => "a number of its own".into(),
        }
    );
    let Some(drawn) = drawn else {
        text.push_str(
            "DIFFERS   the live evidence at the draw's checkpoint is not what the draw names\n",
        );
        let fields = json!({ "draw": position.0, "result": "DIFFERS" });
        return Ok(Answer::new("sample-replay", text, fields).with_exit(Exit::Finding));
    };
    let verdict = compare(&mut text, &drawn, result.as_ref());
    let support = result.as_ref().map(|(_, result)| support(&mut text, draw, result));
    for (number, (root, index)) in drawn.iter().enumerate().take(SHOWN) {
        text.push_str(&format!("  {:>4}  {} row {}\n", number + 1, &root.to_string()[..16], index));
    }
    if drawn.len() > SHOWN {
        text.push_str(&format!("  … {} more, with --json\n", count((drawn.len() - SHOWN) as u64)));
    }
    let fields = json!({
        "draw": position.0,
        "drawn_by": statement.header.key.to_string(),
        "population": draw.population.rows,
        "rows": drawn.iter().map(|(root, index)| json!([root.to_string(), index])).collect::<Vec<_>>(),
        "result": verdict,
        "recorded": result.as_ref().map(|(position, _)| *position),
        "not_agreeing": support.map(|(bad, _)| bad),
        "bound_95_rows": support.map(|(_, bound)| bound),
    });
    let exit = if verdict == "DIFFERS" { Exit::Finding } else { Exit::Done };
    Ok(Answer::new("sample-replay", text, fields).with_exit(exit))
}

/// Rows shown on the screen.
const SHOWN: usize = 30;

type Recorded = Option<(u64, SampleResult)>;

/// The newest result of a draw.
fn result_of(
    folder: &PublicFolder,
    draw: &Hash,
    size: crate::tlog::hash::TreeSize,
) -> Result<Recorded, Failure> {
    let mut newest = None;
    for statement in read::statements(folder, size) {
        let (position, statement) = statement?;
        if let Body::SampleResult(result) = &statement.payload.body
            && result.draw.id == *draw
        {
            newest = Some((position.0, result.clone()));
        }
    }
    Ok(newest)
}

fn compare(
    text: &mut String,
    drawn: &[(Hash, u64)],
    result: Option<&(u64, SampleResult)>,
) -> &'static str {
    text.push_str("MATCHES   these rows follow from the ledger and the draw\n");
    let Some((position, result)) = result else {
        text.push_str("NOT RECORDED   no result of this draw is in the ledger yet\n");
        return "MATCHES";
    };
    let recorded: Vec<(Hash, u64)> = result.rows.iter().map(|row| (row.root, row.index)).collect();
    match recorded == drawn {
        true => "MATCHES",
        false => {
            text.push_str(&format!("DIFFERS   the result @{position} is of other rows\n"));
            "DIFFERS"
        }
    }
}

/// What the result supports: rows that do not agree, and the bound on them.
fn support(text: &mut String, draw: &Draw, result: &SampleResult) -> (u64, u64) {
    let bad = not_agreeing(&result.rows);
    let bound = bound_95(draw.population.rows, draw.n, bad);
    let tally = Found::ALL.iter().filter_map(|word| {
        let number = result.rows.iter().filter(|row| row.found == *word).count();
        (number > 0).then(|| format!("{} {word}", count(number as u64)))
    });
    text.push_str(&format!("Found: {}\n", tally.collect::<Vec<_>>().join(", ")));
    // Rounded up: a bound may not be made smaller.
    let tenths = (u128::from(bound) * 1_000).div_ceil(u128::from(draw.population.rows.max(1)));
    text.push_str(&format!(
        "With 95 % confidence at most {} of {} ({}.{} %) do not agree.\n",
        count(bound),
        counted(draw.population.rows, "row"),
        tenths / 10,
        tenths % 10
    ));
    (bad, bound)
}
