//! `treering checkpoint`: asks the witnesses of trust.policy to cosign the head, now.

use std::fmt::Write;
use std::thread;

use serde_json::{Value, json};

use super::cosigning::Cosigning;
use super::exit::Exit;
use super::failures::usage;
use super::own_store::OwnStore;
use super::voice::{Answer, Failure};
use super::witness::incarnation;
use super::{Context, Outcome, clock, frozen};
use crate::exchange::asking::{AskError, Http, Lines, Reply, ask};
use crate::report::words::{rfc3339, safe, time};
use crate::store::heads::{GuardedHead, HeadError};
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::TreeSize;
use crate::tlog::policy::PolicyWitness;

/// Witnesses asked at once, at most; a policy with more asks them in turns.
const AT_ONCE: usize = 32;

/// How far ahead of this computer's clock a witness's time may be before that is said.
const AHEAD_S: u64 = 300;

/// Arguments of `treering checkpoint`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering checkpoint                                    every witness of trust.policy that has an address
  treering checkpoint --witness https://w.example.org    this one")]
#[command(after_help = "\
A witness is sent the signed head and a proof that it extends the one before, and nothing else. Without a \
network: treering cosign-request.")]
pub struct Args {
    /// Ask the witness at this address; several times for several [default: those of trust.policy]
    #[arg(long, value_name = "URL")]
    witness: Vec<String>,
}

/// Whom to ask, and from where.
struct Asked {
    name: String,
    url: String,
    from: TreeSize,
}

/// Asks.
pub fn run(context: &Context, args: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    frozen::check(&own)?;
    let cosigning = Cosigning::of_own(&own, "checkpoint")?;
    let guarded = GuardedHead::open(own.head_places("checkpoint")?, cosigning.book.ledger())?;
    let asked = whom(&cosigning, &args)?;
    let sent = cosigning.to_send()?;
    let keys = cosigning.witness_keys();
    for asked in &asked {
        context.voice.note(&format!("Asking {} at {}", asked.name, asked.url));
    }
    let prove = |old| cosigning.proof_from(old).map_err(|why| why.to_string());
    let mut replies: Vec<Result<Reply, AskError>> = Vec::new();
    for some in asked.chunks(AT_ONCE) {
        replies.extend(thread::scope(|scope| {
            let ask_one = |asked: &Asked| {
                let http = Http::to(&asked.url);
                ask(&http, &sent, asked.from, &keys, &prove)
            };
            let threads: Vec<_> =
                some.iter().map(|asked| scope.spawn(move || ask_one(asked))).collect();
            // A panic of ours is no answer of theirs.
            threads
                .into_iter()
                .map(|thread| {
                    thread
                        .join()
                        .unwrap_or_else(|_| Err(AskError::Unreachable("it failed here".into())))
                })
                .collect::<Vec<_>>()
        }));
    }
    // What was cosigned is kept even where another witness raises the alarm.
    let mut lines = Vec::new();
    let (mut ahead, mut proofs) = (None, Vec::new());
    for reply in &replies {
        match reply {
            Ok(Reply::Lines(got)) => lines.extend(got.known.iter().map(|(line, ..)| line.clone())),
            Ok(Reply::Ahead { there, shown }) => {
                ahead = ahead.max(Some(*there));
                proofs.extend(shown.as_deref().filter(|shown| is_ours(&cosigning, shown)));
            }
            Err(_) => {}
        }
    }
    if !lines.is_empty() {
        let _lock = own.lock("checkpoint")?;
        cosigning.keep(&sent, &lines)?;
        cosigning.forget_requests(&own)?;
    }
    // A larger tree under our own log key: another copy has signed, and from here on this one must not,
    // whatever is run next. A number alone stops this command only: anybody can name one.
    if let Some(largest) = proofs.into_iter().max_by_key(|proof| proof.tree().size) {
        let _lock = own.lock("checkpoint")?;
        let places = own.head_places("checkpoint")?;
        places.remember_elsewhere(cosigning.book.ledger(), largest.tree(), incarnation())?;
    }
    if let Some(there) = ahead {
        return Err(HeadError::from(guarded.seen_elsewhere(there)).into());
    }
    tell(&cosigning, &asked, &replies)
}

/// Whether a checkpoint is of this ledger's log, under its key, and larger than the head.
fn is_ours(cosigning: &Cosigning, shown: &SignedCheckpoint) -> bool {
    shown.origin() == cosigning.head.origin()
        && shown.tree().size > cosigning.head.tree().size
        && shown.note().check(&cosigning.log_keys()).is_ok()
}

fn whom(cosigning: &Cosigning, args: &Args) -> Result<Vec<Asked>, Failure> {
    let url_of = |witness: &PolicyWitness| witness.url.as_ref().map(ToString::to_string);
    let bare = |url: &str| url.trim_end_matches('/').to_owned();
    let known = |url: &str| {
        let all = cosigning.witnesses().iter();
        all.clone().find(|witness| url_of(witness).is_some_and(|known| bare(&known) == bare(url)))
    };
    let of = |witness: &PolicyWitness, url: String| -> Result<Asked, Failure> {
        Ok(Asked {
            name: safe(&witness.name.to_string()),
            url,
            from: cosigning.last_by(&witness.key)?,
        })
    };
    let mut asked = Vec::new();
    for url in &args.witness {
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            let why = "an address begins with https:// or http://";
            return Err(usage(
                format!("{} is no address", safe(url)),
                why,
                "copy it from the witness",
            ));
        }
        asked.push(match known(url) {
            Some(witness) => of(witness, url.clone())?,
            None => Asked { name: "a witness".into(), url: url.clone(), from: TreeSize(0) },
        });
    }
    if args.witness.is_empty() {
        for witness in cosigning.witnesses() {
            if let Some(url) = url_of(witness) {
                asked.push(of(witness, url)?);
            }
        }
    }
    if asked.is_empty() {
        let why = match &cosigning.policy {
            None => "there is no trust.policy in this store",
            Some(_) => "no witness in trust.policy has an address",
        };
        return Err(usage(
            "no witness is known to ask",
            why,
            "treering trust policy --witness 'VKEY URL', or treering cosign-request for one without a network",
        ));
    }
    Ok(asked)
}

fn tell(cosigning: &Cosigning, asked: &[Asked], replies: &[Result<Reply, AskError>]) -> Outcome {
    let size = cosigning.head.tree().size;
    let now = clock::cosignature_time()?.seconds();
    let mut text = format!("The head at size {size}\n\n");
    let (mut rows, mut exit) = (Vec::<Value>::new(), Exit::Done);
    for (asked, reply) in asked.iter().zip(replies) {
        let (line, row) = match reply {
            Ok(Reply::Lines(lines)) => {
                if !lines.forged.is_empty() {
                    exit = exit.graver(Exit::Finding);
                }
                of_lines(lines, now)
            }
            Ok(Reply::Ahead { there, .. }) => {
                (format!("it holds size {there}"), json!({ "result": "AHEAD", "size": there.0 }))
            }
            Err(why) => {
                let why = why.to_string();
                (format!("not cosigned: {why}"), json!({ "result": "NOT COSIGNED", "why": why }))
            }
        };
        let _ = writeln!(text, "  {}  {}", asked.name, safe(&line));
        let mut row = row;
        row["said"] = json!(safe(&line));
        row["witness"] = json!(asked.name);
        row["url"] = json!(asked.url);
        rows.push(row);
    }
    let witnessed = cosigning.witnessed()?;
    let waiting = witnessed.as_ref().and_then(|witnessed| witnessed.waits());
    let sentence = match &witnessed {
        Some(witnessed) => witnessed.sentence(),
        None => "no: this store has no trust.policy that names witnesses".into(),
    };
    let _ = writeln!(text, "\n  Witnessed  {sentence}");
    if waiting.is_some() || witnessed.is_none() {
        exit = exit.graver(Exit::Incomplete);
    }
    let fields = json!({
        "size": size.0,
        "root": cosigning.head.tree().root.to_string(),
        "witnesses": rows,
        "waiting": waiting.unwrap_or(0),
        "by_quorum": witnessed.and_then(|witnessed| witnessed.by_quorum).map(|(size, at)| json!({
            "size": size.0, "time": rfc3339(i64::try_from(at.seconds()).unwrap_or(i64::MAX)),
        })),
    });
    let next = match exit {
        Exit::Done => "treering receipt FILE: from now on it says by when",
        _ => "run the same command later; treering cosign-request for a witness without a network",
    };
    Ok(Answer::new("checkpoint", text, fields).and_next(next).with_exit(exit))
}

fn of_lines(lines: &Lines, now: u64) -> (String, Value) {
    let mut said = Vec::new();
    for (_, key, at) in &lines.known {
        let seconds = at.seconds();
        let at = time(i64::try_from(seconds).unwrap_or(i64::MAX));
        said.push(format!("cosigned at {at}"));
        if seconds > now.saturating_add(AHEAD_S) {
            said.push(format!("its clock ({}) is ahead of this computer's", key.name()));
        }
    }
    for forged in &lines.forged {
        said.push(format!("DIFFERS: the line under {forged} does not match; it is not kept"));
    }
    for unknown in &lines.unknown {
        said.push(format!("a line by {unknown}, whom trust.policy does not name; it is not kept"));
    }
    if lines.malformed > 0 {
        said.push("something that is no signature line".into());
    }
    if said.is_empty() {
        said.push("not cosigned: an empty answer".into());
    }
    let result = match (lines.known.is_empty(), lines.forged.is_empty()) {
        (_, false) => "DIFFERS",
        (false, true) => "COSIGNED",
        (true, true) => "NOT COSIGNED",
    };
    let row = json!({
        "result": result,
        "time": lines.known.first().and_then(|(.., at)| i64::try_from(at.seconds()).ok()).map(rfc3339),
        "unknown": lines.unknown,
        "forged": lines.forged,
    });
    (said.join("; "), row)
}
