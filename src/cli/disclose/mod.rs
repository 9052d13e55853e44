//! `treering disclose`: some rows of an anchor, and of them some attributes, for somebody to check alone.
//!
//! Two forms. A *manifest* with everything else kept back: all rows stand in it, most only as their hash, so
//! its root is the one that was signed; for `treering audit --manifests` and `treering check --manifest`. A
//! *receipt*: only the rows chosen, with the statements and proofs they rest on; for `treering check
//! --receipt`, with nothing else at hand than a card.

mod authority;
mod choice;
mod cleaned;
mod output;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::add::manifest::KEPT_BACK;
use super::exit::Exit;
use super::failures::usage;
use super::own_store::OwnStore;
use super::voice::{Answer, Failure};
use super::{Context, Outcome, standing};
use crate::evidence::disclosure::Names;
use crate::ledger::book::Book;
use crate::report::words::{bytes, count, counted, safe};
use crate::statement::bodies::Body;
use crate::statement::bodies::evidence::Anchor;
use crate::statement::envelope::Statement;
use crate::tlog::hash::Position;
use choice::Chosen;

/// Arguments of `treering disclose`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering disclose @3 --rows 0,7-12 --attributes captured,species -o for-anna.manifest
  treering disclose @3 --file IMG_0042.JPG --form receipt -o for-anna.json
  treering disclose @3 --all --attributes captured --publish
  treering disclose @3 --file IMG_0042.JPG --cleaned for-the-press -o for-the-press.manifest")]
pub struct Args {
    /// The anchor: @position, or 8 or more digits of its id
    reference: String,
    /// Rows to show, such as 0,7-12
    #[arg(long, value_name = "N,N-M")]
    rows: Vec<String>,
    /// A file to show, by its path or the end of it
    #[arg(long, value_name = "NAME")]
    file: Vec<String>,
    /// Show all rows
    #[arg(long, conflicts_with_all = ["rows", "file"])]
    all: bool,
    /// Attributes to show of them; without any, file hash and size only
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    attributes: Vec<String>,
    /// What to write
    #[arg(long, value_enum, default_value = "manifest")]
    form: Form,
    /// Where to write it; in a folder a manifest is named by its root
    #[arg(short, long, value_name = "OUT", required_unless_present = "publish")]
    output: Option<PathBuf>,
    /// Show it to everybody: in the ledger's public folder. This cannot be taken back
    #[arg(long, conflicts_with_all = ["output", "form"])]
    publish: bool,
    /// The release that the authority over this evidence signed
    #[arg(long, value_name = "FILE")]
    release: Option<PathBuf>,
    /// Also write copies of the chosen JPEGs without position, serial number and other notes
    #[arg(long, value_name = "DIR")]
    cleaned: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// All rows, those not chosen as their hash
    Manifest,
    /// The rows chosen, with the proofs they rest on
    Receipt,
}

/// An anchor of one's own, with what was later said of it.
struct Disclosed<'a> {
    own: &'a OwnStore,
    book: &'a Book,
    position: Position,
    statement: &'a Statement,
    anchor: &'a Anchor,
    erased: Vec<u64>,
}

/// Shows the rows.
pub fn run(context: &Context, args: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let names = Names::parse(args.attributes.iter().map(String::as_str))
        .map_err(|why| usage("no row can show that", why, "treering disclose --help"))?;
    let (position, statement) = own.resolve(&args.reference)?;
    let Body::Anchor(anchor) = &statement.payload.body else {
        return Err(usage(
            format!("statement {position} anchors no files"),
            format!("it is of the kind {}", statement.header.typ.kind),
            "treering log lists the statements",
        ));
    };
    let book = own.book()?;
    let erased = standing::of(&own.folder, &book, position, &statement)?.erased;
    let disclosed =
        Disclosed { own: &own, book: &book, position, statement: &statement, anchor, erased };
    let wanted = choice::wanted(&args, anchor)?;
    if args.publish
        && let Some(name) = KEPT_BACK.iter().find(|name| names.contains(name))
    {
        return Err(usage(
            format!("{name} is never published"),
            "it may give away a place, a device or a person, and what is published cannot be taken back",
            "give it to one person: -o FILE instead of --publish",
        ));
    }
    let chosen = choice::choose(&disclosed, &wanted)?;
    authority::check(&disclosed, &chosen, &names, args.release.as_deref(), args.publish)?;
    let written = match (&args.output, args.form) {
        (None, _) => output::publish(&disclosed, &chosen, &names)?,
        (Some(out), Form::Manifest) => output::manifest(&disclosed, &chosen, &names, out)?,
        (Some(out), Form::Receipt) => output::receipt(&disclosed, &chosen, &names, out)?,
    };
    for warning in chosen.warnings(&names) {
        context.voice.warn(&warning);
    }
    let cleaned = match &args.cleaned {
        Some(folder) => Some((folder, cleaned::write(&disclosed, &chosen, folder)?)),
        None => None,
    };
    Ok(answer(&disclosed, &chosen, &names, &args, &written, cleaned))
}

fn answer(
    disclosed: &Disclosed<'_>,
    chosen: &Chosen,
    names: &Names,
    args: &Args,
    written: &output::Written,
    cleaned: Option<(&PathBuf, cleaned::Cleaned)>,
) -> Answer {
    let place = written.place.display();
    let shown = match names.iter().collect::<Vec<_>>() {
        names if names.is_empty() => "size and SHA-256".to_string(),
        names => format!("size, SHA-256, {}", names.join(", ")),
    };
    let rest = disclosed.anchor.rows - chosen.shown;
    let mut text = format!(
        "Disclosed {} of {} rows of statement {} ({}) in {place} ({}).\n\
         \u{20} shown of each  {shown}\n",
        count(chosen.shown),
        count(disclosed.anchor.rows),
        disclosed.position,
        safe(&disclosed.anchor.title),
        bytes(written.bytes),
    );
    if rest > 0 {
        let _ =
            writeln!(text, "  hidden         {}, and every other attribute", counted(rest, "row"));
    }
    let mut exit = Exit::Done;
    if let Some((folder, cleaned)) = &cleaned {
        let _ = writeln!(
            text,
            "  cleaned        {} in {}, without what the cameras noted",
            counted(cleaned.written, "copy").replace("copys", "copies"),
            folder.display()
        );
        for why in &cleaned.left_out {
            let _ = writeln!(text, "  not cleaned    {why}");
            exit = Exit::Incomplete;
        }
    }
    let next = match (&cleaned, args.publish, args.form) {
        (Some((folder, cleaned)), ..) if cleaned.written > 0 => format!(
            "treering add {} --derived-from @{}#{} --software treering@{}, then receipts for the copies",
            folder.display(),
            disclosed.position,
            chosen.rows_text(),
            env!("CARGO_PKG_VERSION"),
        ),
        (_, true, _) => "treering audit shows what others now see".into(),
        (_, _, Form::Manifest) => format!(
            "hand it over with the files and a copy of the ledger; they run\n      \
             treering check FILE --manifest {place} --copy LEDGER --card CARD"
        ),
        (_, _, Form::Receipt) => format!(
            "hand it over with the files and the site's card; they run\n      \
             treering check FILE --receipt {place} --card CARD"
        ),
    };
    let fields = json!({
        "disclosure": place.to_string(),
        "bytes": written.bytes,
        "statement": disclosed.position.0,
        "root": disclosed.anchor.root.to_string(),
        "rows_shown": chosen.shown,
        "rows_hidden": rest,
        "attributes": names.iter().collect::<Vec<_>>(),
        "with_position_inside": chosen.with_position,
        "with_serial_inside": chosen.with_serial,
        "published": args.publish,
        "cleaned": cleaned.as_ref().map(|(_, cleaned)| cleaned.written),
    });
    Answer::new("disclose", text, fields).and_next(&next).with_exit(exit)
}

/// An erased row cannot be shown any more.
fn refuse_erased(disclosed: &Disclosed<'_>, row: u64) -> Failure {
    Failure::new(
        Exit::Finding,
        format!("row {row} of statement {} was erased", disclosed.position),
        "the ledger says so, and its content is gone from here",
        "leave it out; treering show prints how the statement stands",
    )
}

fn not_here(path: &Path) -> Failure {
    Failure::new(
        Exit::Incomplete,
        "the manifest of this anchor is not here",
        format!("{} is missing", path.display()),
        "put it back from its second copy: nothing else can show its rows",
    )
}
