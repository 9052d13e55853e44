//! `treering card`: what others need to recognise this ledger.

use std::path::{Path, PathBuf};

use askama::Template;
use qrcode::QrCode;
use qrcode::render::{svg, unicode};
use serde_json::json;

use super::exit::Exit;
use super::given_file::{self, Kind};
use super::output::{self, Overwrite};
use super::own_store::OwnStore;
use super::voice::{Answer, Failure};
use super::{Context, Outcome};
use crate::report::words::safe;
use crate::statement::card::{Card, CardRefused, MAX_CARD_BYTES};

/// Arguments of `treering card`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering card                          id, digits and QR code on the screen
  treering card -o card.json             the file that verifiers pin
  treering card --html card.html         a page to print and hand over")]
pub struct Args {
    /// Where to write the card
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Where to write a page to print
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    #[command(flatten)]
    overwrite: Overwrite,
}

/// The printable page.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>{{ card.name }}: site card</title>
<style>
  body { font: 12pt/1.5 Georgia, serif; max-width: 34em; margin: 2em auto; }
  .digits { font: bold 22pt/1.6 monospace; letter-spacing: 0.06em; }
  .mono { font: 9pt/1.5 monospace; overflow-wrap: anywhere; }
  svg { width: 5cm; height: 5cm; }
  dt { font-weight: bold; margin-top: 0.6em; }
  dd { margin: 0; }
</style>
</head>
<body>
<h1>{{ card.name }}</h1>
<p>Compare these thirty digits with the ones you are shown, by telephone or on paper, before you trust
this ledger.</p>
<p class="digits">{{ card.digits }}</p>
{{ qr|safe }}
<dl>
<dt>Ledger</dt><dd class="mono">{{ id }}</dd>
<dt>Kind</dt><dd>{{ card.kind }}</dd>
<dt>Origin</dt><dd class="mono">{{ card.origin }}</dd>
<dt>Log key at the founding</dt><dd class="mono">{{ card.log_vkey }}</dd>
<dt>Root key at the founding</dt><dd class="mono">{{ card.root }}</dd>
</dl>
<p>A card names a ledger. It does not say how long the ledger is: keep a head from time to time
(<span class="mono">treering head</span>) to notice if its end is cut off.</p>
</body>
</html>
"#
)]
struct Page<'a> {
    card: &'a Card,
    id: String,
    qr: String,
}

/// Shows or writes the card.
pub fn run(context: &Context, args: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let book = own.book()?;
    let card = Card::of(book.ledger(), book.authority().genesis());
    let mut text = String::new();
    if let Some(path) = &args.output {
        output::write(path, card.to_json(), args.overwrite)?;
        text.push_str(&format!("Wrote {}\n", path.display()));
    }
    if let Some(path) = &args.html {
        output::write(path, page(&card)?, args.overwrite)?;
        text.push_str(&format!("Wrote {}\n", path.display()));
    }
    if text.is_empty() {
        text = on_screen(&card)?;
    }
    let fields = json!({
        "id": card.ledger().to_string(),
        "name": card.name,
        "kind": card.kind,
        "origin": card.origin,
        "log_vkey": card.log_vkey,
        "root": card.root,
        "digits": card.digits,
    });
    Ok(Answer::new("card-shown", text, fields))
}

fn on_screen(card: &Card) -> Result<String, Failure> {
    let qr = qr(card)?.render::<unicode::Dense1x2>().quiet_zone(true).build();
    Ok(format!(
        "{} ({})\n\n  id       {}\n  digits   {}\n  origin   {}\n  log key  {}\n  root     {}\n\n{qr}\n\n\
         Others compare the digits with you, then pin the card: treering trust pin CARD --i-have-compared\n",
        safe(&card.name),
        safe(&card.kind),
        card.ledger(),
        card.digits,
        card.origin,
        card.log_vkey,
        card.root,
    ))
}

fn page(card: &Card) -> Result<String, Failure> {
    let qr = qr(card)?.render::<svg::Color<'_>>().build();
    // The drawing stands inside a page, without the XML declaration of a file of its own.
    let qr = qr.split_once("?>").map_or(qr.as_str(), |(_, drawing)| drawing).to_string();
    let page = Page { card, id: card.ledger().to_string(), qr };
    page.render().map_err(|why| {
        Failure::new(Exit::Unexpected, "the page cannot be made", why, "use -o instead")
    })
}

/// The whole id as a QR code.
fn qr(card: &Card) -> Result<QrCode, Failure> {
    let code = QrCode::new(format!("treering:{}", card.ledger()));
    code.map_err(|why| {
        Failure::new(Exit::Unexpected, "the QR code cannot be made", why, "use -o instead")
    })
}

/// Reads a card that somebody handed over.
pub fn read_card(path: &Path) -> Result<Card, Failure> {
    let bytes = given_file::read(path, Kind::Card, MAX_CARD_BYTES)?;
    Card::read(&bytes).map_err(|why| match why {
        CardRefused::Digits => Failure::new(
            Exit::Finding,
            format!("the card {} contradicts itself", path.display()),
            why,
            "do not use it: ask the site for its card again, and compare the digits by telephone",
        ),
        why => given_file::not_one(path, Kind::Card, &bytes, why),
    })
}
