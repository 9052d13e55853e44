//! `treering sample draw`: which rows, so that neither side chose.

use std::path::PathBuf;

use serde_json::json;
use toml::{Table, Value as Toml};

use super::list;
use crate::cli::failures::{unwritable, usage};
use crate::cli::keyring::random;
use crate::cli::say::desk::{Desk, SignArgs};
use crate::cli::say::entry::Entry;
use crate::cli::say::filling::from_hex;
use crate::cli::say::{form, say};
use crate::cli::voice::Failure;
use crate::cli::{Context, Outcome};
use crate::report::words::{count, counted};
use crate::statement::bodies::cited::Indicator;
use crate::statement::bodies::process::sample::MAX_DRAWN;
use crate::statement::evidence_book::rows_of;
use crate::statement::sample::{beacon_nonce, draw, evidence_digest, row_count, seed};
use crate::tlog::hash::Hash;

/// Arguments of `treering sample draw`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering sample draw --indicator 3.7.1 --n 30 --key ben
  treering sample draw --indicator 3.7.1 --n 30 --ledger /media/stick/park --keys . -o draw.statement
  treering sample draw --indicator 3.7.1 --n 30 --beacon \"drand 5000000:d7e4…\"")]
#[command(after_help = "\
The site fixed the rows when it signed its checkpoint; the number that picks among them is drawn now, or \
comes from a public beacon. Send the list to the site: it answers with a folder of the files.")]
pub struct Args {
    /// The indicator whose evidence is sampled
    #[arg(long, value_name = "ID")]
    indicator: String,
    /// How many rows, 1 to 1,000
    #[arg(long, value_name = "N")]
    n: u64,
    /// A public beacon and the value it published, in hexadecimal
    #[arg(long, value_name = "NAME:HEX")]
    beacon: Option<String>,
    /// Where to write the list of drawn rows [default: sample-<digits of the seed>.csv]
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
    #[command(flatten)]
    sign: SignArgs,
}

/// What was drawn, for after it is signed.
struct Drawn {
    rows: Vec<list::DrawnRow>,
    list: PathBuf,
    population: u64,
}

/// Draws.
pub fn run(context: &Context, args: Args) -> Outcome {
    let mut drawn = None;
    let answer = say(context, &args.sign, form("sample.draw"), "sample", |desk| {
        let (table, what) = prepare(&args, desk)?;
        drawn = Some(what);
        Ok(table)
    });
    let (mut answer, Some(drawn)) = (answer?, drawn) else {
        return Err(usage("nothing was drawn", "nothing was signed", "run it again"));
    };
    list::write(&drawn.list, &drawn.rows)?;
    let shown = drawn.rows.iter().filter(|row| row.known.sha256.is_some()).count();
    answer.text.push_str(&format!(
        "Wrote {}: {} of {}; {} can be told by their files\n\
         next: send the list to the site; fill in its last column, then treering sample record DRAW --from {}\n",
        drawn.list.display(),
        count(drawn.rows.len() as u64),
        counted(drawn.population, "row"),
        count(shown as u64),
        drawn.list.display()
    ));
    answer.json["schema"] = json!("treering.sample-drawn/1");
    answer.json["list"] = json!(drawn.list.display().to_string());
    answer.json["population"] = json!(drawn.population);
    answer.json["rows"] = drawn
        .rows
        .iter()
        .map(|row| json!({ "anchor": row.anchor.0, "root": row.root.to_string(), "index": row.index }))
        .collect();
    Ok(answer)
}

fn prepare(args: &Args, desk: &Desk<'_>) -> Result<(Table, Drawn), Failure> {
    let (Some(past), Some(book), Some(folder)) = (desk.past()?, desk.book(), &desk.folder) else {
        return Err(usage(
            "there is nothing to draw from",
            "the ledger is not at hand, only its card",
            "take a copy of it: --ledger DIR",
        ));
    };
    if !(1..=MAX_DRAWN).contains(&args.n) {
        let why = format!("{} rows are asked for", args.n);
        return Err(usage("a draw has 1 to 1,000 rows", why, "--n 30"));
    }
    let catalogue = desk.catalogue()?;
    let ids = catalogue.check([args.indicator.as_str()]).map_err(|unknown| {
        usage(
            "there is no such indicator",
            unknown,
            "name one of them, or its file: --catalogue FILE",
        )
    })?;
    let indicator = Indicator { catalogue: catalogue.digest(), id: ids[0].clone() };
    let live = past.evidence.bearing_on(&past.standings, book.authority(), &indicator);
    let anchored = rows_of(&live);
    let population = row_count(&anchored).filter(|rows| *rows > 0).ok_or_else(|| {
        usage(
            format!("there is nothing to draw from for {}", indicator.id),
            "no live evidence here bears on it",
            "treering link REF --indicator ID, by the site",
        )
    })?;
    let digest = evidence_digest(&anchored);
    let n = args.n.min(population);
    let mut entry = Entry::default()
        .with("indicator", indicator.id)
        .number("n", i64::try_from(n).ok())
        .with("checkpoint", "now");
    let nonce = match &args.beacon {
        Some(beacon) => {
            let named = beacon.rsplit_once(':');
            let read = named.and_then(|(name, hex)| Some((name, hex, from_hex(hex)?)));
            let Some((name, hex, value)) = read.filter(|(_, _, value)| !value.is_empty()) else {
                return Err(usage(
                    format!("{beacon:?} names no beacon"),
                    "--beacon takes a name and the value it published: NAME:HEX",
                    "two lower-case hexadecimal digits a byte",
                ));
            };
            let table = [("name", name), ("value", hex)];
            let table = table.map(|(field, text)| (field.into(), Toml::String(text.into())));
            entry = entry.value("beacon", Toml::Table(Table::from_iter(table)));
            beacon_nonce(name, &value)
        }
        None => {
            let mut nonce = [0; Hash::LENGTH];
            random(&mut nonce);
            entry = entry.with("nonce", Hash(nonce).to_string());
            Hash(nonce)
        }
    };
    let rows_value = Toml::Integer(i64::try_from(population).unwrap_or(i64::MAX));
    let told = [
        ("digest".to_string(), Toml::String(digest.to_string())),
        ("rows".to_string(), rows_value),
    ];
    entry = entry.value("population", Toml::Table(Table::from_iter(told)));
    let seed = seed(desk.ledger, digest, desk.seen.root, nonce);
    let picked = draw(seed, population, n);
    let rows = list::drawn(&live, &picked, |root| {
        let private = desk.store().map(|store| store.manifest(root));
        let public = folder.path().join("manifests").join(root.to_string());
        private.into_iter().chain([public]).find(|path| path.is_file())
    })?;
    let default = || format!("sample-{}.csv", &seed.to_string()[..8]).into();
    let list = args.list.clone().unwrap_or_else(default);
    if list.exists() {
        return Err(unwritable(&list, "another file of this name is there"));
    }
    Ok((entry.table(), Drawn { rows, list, population }))
}
