//! `treering trust`: ledgers and accreditors that this store believes.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::card::read_card;
use super::exit::Exit;
use super::failures::usage;
use super::own_store::OwnStore;
use super::voice::{Answer, Failure};
use super::{Context, Outcome, clock};
use crate::report::words::{safe, time};
use crate::store::trust::{PinnedLedger, Trust, TrustError};

mod policy;

/// `treering trust …`
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Believe that a card is the site's, after comparing its digits with the site
    Pin(PinArgs),
    /// Believe the grants of an accreditor whose card is pinned
    Accredit(AccreditArgs),
    /// What is believed
    List(ListArgs),
    /// Which witnesses are believed, and how many are enough: shows trust.policy, or makes the first
    Policy(policy::PolicyArgs),
}

/// Arguments of `treering trust pin`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering trust pin card.json                        shows the digits to compare
  treering trust pin card.json --i-have-compared      once the site has read out the same")]
pub struct PinArgs {
    /// The card
    card: PathBuf,
    /// Say that you compared the thirty digits with the site, by telephone or on paper
    #[arg(long)]
    i_have_compared: bool,
}

/// Arguments of `treering trust accredit`.
#[derive(Debug, clap::Args)]
pub struct AccreditArgs {
    /// The card of the accreditor's ledger
    card: PathBuf,
}

/// Arguments of `treering trust list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {}

impl From<TrustError> for Failure {
    fn from(fault: TrustError) -> Failure {
        let next = fault.next_step();
        let exit = match fault {
            TrustError::Disk(fault) => return fault.into(),
            // People edit this file: what they mistyped is no finding about a ledger.
            TrustError::Unreadable { .. } => {
                let what = "the trust settings cannot be read";
                return Failure::new(Exit::Unexpected, what, fault, next);
            }
            TrustError::NotPinned(_) | TrustError::Card(_) | TrustError::Differs { .. } => {
                Exit::Finding
            }
        };
        Failure::new(exit, "the trust settings do not take this", fault, next)
    }
}

/// Pins, accredits, lists.
pub fn run(context: &Context, command: Command) -> Outcome {
    let own = OwnStore::find(context)?;
    let path = own.store.trust_toml();
    match command {
        Command::Pin(args) => {
            let card = read_card(&args.card)?;
            if !args.i_have_compared {
                return Err(usage(
                    "the card is not pinned",
                    format!("nobody has said that these digits are the site's: {}", card.digits),
                    "compare them with the site by telephone or on paper, then add --i-have-compared",
                ));
            }
            let _lock = own.lock("trust pin")?;
            let mut trust = Trust::read(&*own.disk, &path)?;
            trust.pin(PinnedLedger::of_card(&card, clock::now())?)?;
            trust.write(&*own.disk, &path)?;
            let text = format!("Pinned {} ({}).\n", safe(&card.name), card.ledger());
            Ok(Answer::new("trust-pinned", text, json!({ "pinned": card.ledger().to_string() })))
        }
        Command::Accredit(args) => {
            let card = read_card(&args.card)?;
            let _lock = own.lock("trust accredit")?;
            let mut trust = Trust::read(&*own.disk, &path)?;
            trust.accredit(card.ledger(), clock::now())?;
            trust.write(&*own.disk, &path)?;
            let text = format!(
                "This store believes the grants of {} ({}).\n",
                safe(&card.name),
                card.ledger()
            );
            Ok(Answer::new(
                "trust-accredited",
                text,
                json!({ "accredited": card.ledger().to_string() }),
            ))
        }
        Command::Policy(args) => policy::run(&own, args),
        Command::List(_) => {
            let trust = Trust::read(&*own.disk, &path)?;
            Ok(list(&trust))
        }
    }
}

fn list(trust: &Trust) -> Answer {
    let (mut text, mut ledgers) = (String::new(), Vec::<Value>::new());
    for pinned in trust.pinned() {
        let since = trust.accreditors().find(|(id, _)| *id == pinned.id).map(|(_, since)| since);
        let compared = time(pinned.compared.as_second());
        text.push_str(&format!("{}  {}\n  compared {compared}\n", pinned.id, safe(&pinned.name)));
        if let Some(since) = since {
            text.push_str(&format!("  accreditor, believed since {}\n", time(since.as_second())));
        }
        ledgers.push(json!({
            "id": pinned.id.to_string(), "name": pinned.name, "origin": pinned.origin.to_string(),
            "compared": pinned.compared.to_string(),
            "accreditor_since": since.map(|since| since.to_string()),
        }));
    }
    if text.is_empty() {
        text = "Nothing is pinned. treering trust pin CARD --i-have-compared\n".into();
    }
    Answer::new("trust", text, json!({ "pinned": ledgers }))
}
