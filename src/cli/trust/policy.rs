//! `treering trust policy`: shows trust.policy, or helps to make the first one. It is a C2SP tlog-policy,
//! written and changed by people; this command never changes one that is there.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::cli::Outcome;
use crate::cli::check::read_policy;
use crate::cli::failures::usage;
use crate::cli::own_store::OwnStore;
use crate::cli::voice::{Answer, Failure};
use crate::report::words::safe;
use crate::store::disk::Access;
use crate::store::durable;
use crate::tlog::checkpoint::log_vkey;
use crate::tlog::note::VerifierKey;
use crate::tlog::policy::Policy;

/// Arguments of `treering trust policy`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering trust policy                                              shows it
  treering trust policy --witness 'example.org/witness+8c1f0a2b+BG… https://w.example.org' \\
                        --witness 'ngo.example/witness+1d2e3f40+BA…' --quorum any")]
pub struct PolicyArgs {
    /// A witness to believe: its verifier key, and its address if it has one
    #[arg(long, value_name = "VKEY [URL]")]
    witness: Vec<String>,
    /// How many of them are enough: all, any, none, or a number
    #[arg(long, value_name = "HOW-MANY", default_value = "all", requires = "witness")]
    quorum: String,
}

/// Shows or makes the policy.
pub fn run(own: &OwnStore, args: PolicyArgs) -> Outcome {
    let path = own.store.trust_policy();
    if args.witness.is_empty() {
        return match path.is_file() {
            true => Ok(show(own, &read_policy(&path)?)),
            false => Ok(Answer::new(
                "trust",
                "No witness is believed: there is no trust.policy in this store.\n",
                json!({ "policy": null, "witnesses": [] }),
            )
            .and_next("treering trust policy --witness 'VKEY URL'")),
        };
    }
    if path.exists() {
        return Err(usage(
            "there is a trust.policy already",
            "people write it, and no program changes what they wrote",
            format!("edit {}; schemas/store.md names the format", path.display()),
        ));
    }
    let text = write(own, &args)?;
    // What was typed may still be refused as a whole: a key twice, a number larger than there are.
    let policy = Policy::parse(text.as_bytes())
        .map_err(|why| usage("this makes no policy", why, "change --witness or --quorum"))?;
    let _lock = own.lock("trust policy")?;
    durable::replace(&*own.disk, &path, Access::Public, text.as_bytes())?;
    let mut answer = show(own, &policy);
    answer.text = format!("Wrote {}\n{}", path.display(), answer.text);
    Ok(answer.and_next("treering checkpoint, to have the head cosigned"))
}

/// The text of a first policy.
fn write(own: &OwnStore, args: &PolicyArgs) -> Result<String, Failure> {
    let (book, head) = (own.book()?, own.head()?);
    let log = log_vkey(head.origin(), book.authority().log_keys_in_force().required);
    let mut text = format!(
        "# Written by treering trust policy; change it as you like (C2SP tlog-policy).\nlog {log}\n"
    );
    let mut words = Vec::new();
    for (number, witness) in (1..).zip(&args.witness) {
        let mut parts = witness.split_whitespace();
        let (key, url, more) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        VerifierKey::parse(key).map_err(|why| {
            let what = format!("{} is no verifier key", safe(key));
            usage(what, why, "copy the line that treering witness init printed over there")
        })?;
        if more.is_some() {
            let why = "one --witness has a key and an address";
            return Err(usage(
                "too many words for one witness",
                why,
                "say --witness once for each",
            ));
        }
        let word = format!("w{number}");
        let _ = writeln!(
            text,
            "{}",
            ["witness", &word, key, url.unwrap_or_default()].join(" ").trim_end()
        );
        words.push(word);
    }
    match args.quorum.as_str() {
        "none" => text.push_str("quorum none\n"),
        how_many => {
            let _ =
                writeln!(text, "group witnesses {how_many} {}\nquorum witnesses", words.join(" "));
        }
    }
    Ok(text)
}

fn show(own: &OwnStore, policy: &Policy) -> Answer {
    let mut text = String::new();
    let mut rows = Vec::<Value>::new();
    for witness in policy.witnesses() {
        let url = witness.url.as_ref().map(ToString::to_string);
        let _ = writeln!(
            text,
            "{}  {}\n  {}",
            safe(&witness.name.to_string()),
            witness.key.name(),
            url.as_deref().map_or("no address: by file".into(), safe)
        );
        rows.push(json!({
            "word": witness.name.to_string(), "vkey": witness.key.to_string(), "url": url,
        }));
    }
    if rows.is_empty() {
        text.push_str("The policy names no witness.\n");
    }
    let path = own.store.trust_policy().display().to_string();
    Answer::new("trust", text, json!({ "policy": path, "witnesses": rows }))
}
