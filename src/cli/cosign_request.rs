//! `treering cosign-request`: what a witness is sent, as a file for a stick or a mail.

use std::path::PathBuf;

use serde_json::json;

use super::cosigning::Cosigning;
use super::failures::{unreadable, usage};
use super::output::{self, Overwrite};
use super::own_store::OwnStore;
use super::voice::{Answer, Failure};
use super::{Context, Outcome};
use crate::tlog::hash::TreeSize;
use crate::tlog::witness::AddCheckpoint;

/// Arguments of `treering cosign-request`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering cosign-request -o request.txt                  hand it over; the witness runs
                                                          treering witness cosign request.txt -o cosigned.txt
  treering cosign-accept cosigned.txt                     when it comes back")]
pub struct Args {
    /// The ledger, by the name of its folder [default: the one that is signed here]
    name: Option<String>,
    /// Where to write the request [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    overwrite: Overwrite,
    /// The size that the witness cosigned last [default: what is known of those in trust.policy]
    #[arg(long, value_name = "SIZE")]
    old: Option<u64>,
    /// The witness it is for, by its word in trust.policy; needed where they cosigned different sizes
    #[arg(long, value_name = "WORD", conflicts_with = "old")]
    witness: Option<String>,
}

/// Writes the request.
pub fn run(context: &Context, args: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let cosigning = match &args.name {
        Some(name) => Cosigning::named(&own, name, "cosign-request")?,
        None => Cosigning::of_own(&own, "cosign-request")?,
    };
    let size = cosigning.head.tree().size;
    let old = old_size(&cosigning, &args)?;
    if old > size {
        return Err(usage(
            format!("there is no proof from size {old}"),
            format!("the ledger has {size} statements"),
            "if a witness really holds more, another copy of this store has signed: treering resume",
        ));
    }
    let sent = cosigning.to_send()?;
    let proof =
        cosigning.proof_from(old).map_err(|why| unreadable(cosigning.folder.path(), why))?;
    let lines = sent.note().signatures().to_vec();
    let request = AddCheckpoint::new(old, proof, sent.checkpoint().clone(), lines)
        .map_err(|why| unreadable(cosigning.folder.path(), why))?
        .to_string();
    {
        let _lock = own.lock("cosign-request")?;
        cosigning.remember_request(&own, &sent)?;
    }
    let fields = json!({
        "old": old.0, "size": size.0, "root": sent.tree().root.to_string(), "request": &request,
    });
    let Some(path) = &args.output else {
        return Ok(Answer::new("cosign-request", request, fields));
    };
    output::write(path, &request, args.overwrite)?;
    output::warn_among_evidence(context, &own, path);
    let from = match old.0 {
        0 => "for a witness that never cosigned this ledger".to_string(),
        old => format!("for a witness that cosigned size {old} last"),
    };
    let text = format!("Wrote {}: the head at size {size}, {from}.\n", path.display());
    let next = format!(
        "hand it over; they run treering witness cosign {} -o OUT, and you treering cosign-accept OUT",
        path.display()
    );
    Ok(Answer::new("cosign-request", text, fields).and_next(&next))
}

/// Where the proof begins.
fn old_size(cosigning: &Cosigning, args: &Args) -> Result<TreeSize, Failure> {
    if let Some(old) = args.old {
        return Ok(TreeSize(old));
    }
    let mut sizes = Vec::new();
    for witness in cosigning.witnesses() {
        let word = witness.name.to_string();
        if args.witness.as_ref().is_none_or(|wanted| *wanted == word) {
            sizes.push((word, cosigning.last_by(&witness.key)?));
        }
    }
    match (sizes.as_slice(), &args.witness) {
        ([], Some(word)) => Err(usage(
            format!("trust.policy names no witness {word}"),
            "the word is the one after `witness` in that file",
            "leave --witness out, or say --old SIZE",
        )),
        ([], None) => Ok(TreeSize(0)),
        ([(_, size), rest @ ..], _) if rest.iter().all(|(_, other)| other == size) => Ok(*size),
        (several, _) => {
            let each: Vec<String> =
                several.iter().map(|(word, size)| format!("{word} {size}")).collect();
            Err(usage(
                "the witnesses cosigned different sizes last",
                each.join(", "),
                "say for which one with --witness WORD, or from where with --old SIZE",
            ))
        }
    }
}
