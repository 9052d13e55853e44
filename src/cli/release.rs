//! `treering release`: the authority over some evidence allows rows of it to be shown.

use std::path::PathBuf;

use jiff::civil::Date;
use serde_json::json;

use super::card::read_card;
use super::failures::{unwritable, usage};
use super::keyring::Keyring;
use super::own_store::OwnStore;
use super::voice::{Answer, Failure};
use super::{Context, Outcome};
use crate::evidence::disclosure::Names;
use crate::evidence::release::Terms;
use crate::evidence::row_set::RowSet;
use crate::report::words::safe;
use crate::statement::envelope::LedgerId;
use crate::statement::key::KeyId;
use crate::store::keys::Purpose;
use crate::tlog::hash::Hash;

/// Arguments of `treering release`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering release 4904a0f4…  --card card.json --key elders --from /media/stick \\
      --attributes captured,species --to everybody --until 2027-12-31 -o release.txt
  treering disclose @3 --all --attributes species --release release.txt -o for-anna    at the site")]
#[command(after_help = "\
For evidence that was recorded with --authority. The signature lets treering show the rows; it is a rule \
and no lock: whoever holds a manifest can show it with other means.")]
pub struct Args {
    /// The id of the anchoring statement, all 64 digits (treering show)
    #[arg(value_name = "ANCHOR")]
    anchor: String,
    /// The card of the ledger [default: the store's own ledger]
    #[arg(long, value_name = "CARD")]
    card: Option<PathBuf>,
    /// The rows, such as 0,3,7-12 [default: all]
    #[arg(long, value_name = "N,N-M")]
    rows: Option<String>,
    /// Attributes that may be shown; none unless named
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    attributes: Vec<String>,
    /// To whom: everybody, or words
    #[arg(long, value_name = "WHOM")]
    to: String,
    /// The last day [default: no end]
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// The authority's key
    #[arg(long, value_name = "NAME")]
    key: String,
    /// The folder of the key [default: the store's keys]
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Where to write it
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
}

/// Signs a release.
pub fn run(context: &Context, args: Args) -> Outcome {
    let anchor = Hash::from_hex(&args.anchor).ok_or_else(|| {
        usage(
            format!("{} is no whole id", safe(&args.anchor)),
            "what is signed must name the statement with all 64 digits",
            "treering show @POSITION prints it",
        )
    })?;
    let ledger = match &args.card {
        Some(card) => read_card(card)?.ledger(),
        None => OwnStore::find(context)?.ledger()?,
    };
    let terms = terms(&args, ledger, anchor)?;
    let folder = match &args.from {
        Some(from) => from.clone(),
        None => OwnStore::find(context)?.store.keys(),
    };
    let keyring = Keyring::at(context, &folder);
    let key = keyring.named(&args.key)?;
    if !matches!(key.purpose(), Purpose::Roles(_)) {
        return Err(usage(
            format!("the key {} is for {}", args.key, key.purpose()),
            "a release is signed by the key that the evidence names, never by a root or log key",
            "treering key new NAME --for supervisor makes one",
        ));
    }
    let release = terms.sign(&keyring.open(&key)?);
    std::fs::write(&args.output, release.to_string())
        .map_err(|why| unwritable(&args.output, why))?;
    let id = KeyId::of(&release.key);
    let text = format!("Signed with key {id}:\n{release}Wrote {}.\n", args.output.display());
    let fields = json!({ "release": args.output.display().to_string(), "key": id.to_string() });
    Ok(Answer::new("release", text, fields)
        .and_next("hand it to the site; they run treering disclose REF --release FILE"))
}

fn terms(args: &Args, ledger: LedgerId, anchor: Hash) -> Result<Terms, Failure> {
    let refuse = |why: String, next: &str| usage("this cannot be released", why, next);
    let rows = args.rows.as_deref().map(RowSet::parse).transpose();
    let rows = rows.map_err(|why| refuse(why.to_string(), "write rows as 0,3,7-12"))?;
    let attributes = Names::parse(args.attributes.iter().map(String::as_str));
    let attributes =
        attributes.map_err(|why| refuse(why.to_string(), "name some of these attributes"))?;
    if !Terms::is_recipient(&args.to) {
        return Err(refuse("--to is not one line of 1 to 200 bytes".into(), "--to everybody"));
    }
    let until = args.until.as_deref().map(|day| {
        day.parse::<Date>()
            .map_err(|_| refuse(format!("{} is no date", safe(day)), "write it as 2027-12-31"))
    });
    Ok(Terms { ledger, anchor, rows, attributes, to: args.to.clone(), until: until.transpose()? })
}
