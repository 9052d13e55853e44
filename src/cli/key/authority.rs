//! `treering key revoke`: ends a key's authority, by the root or by the key itself.

use serde_json::json;

use super::{RootArgs, as_root, granted_key, open_root};
use crate::cli::exit::Exit;
use crate::cli::failures::usage;
use crate::cli::filing::Filing;
use crate::cli::keyring::Keyring;
use crate::cli::own_store::OwnStore;
use crate::cli::voice::{Answer, Failure};
use crate::cli::{Context, Outcome};
use crate::ledger::read::root_at;
use crate::statement::bodies::Body;
use crate::statement::bodies::key::{Revoke, RevokeReason};
use crate::tlog::hash::{Tree, TreeSize};

/// Arguments of `treering key revoke`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering key revoke anna --reason left --root /media/stick
  treering key revoke 5f0c22ab --reason compromised --trusted 120 --root /media/stick
  treering key revoke recorder --reason superseded --by-itself")]
#[command(after_help = "\
What a key signed before stays admitted. Only the root's `compromised` makes what it signed from \
--trusted on disputed, until the root or a supervisor affirms it.")]
pub struct RevokeArgs {
    /// The key's name here, or 8 or more digits of its thumbprint
    key: String,
    /// Why
    #[arg(long, value_parser = ["lost", "left", "compromised", "superseded"])]
    reason: String,
    /// With compromised: the size of the ledger up to which the key is trusted
    #[arg(long, value_name = "SIZE")]
    trusted: Option<u64>,
    /// Sign with the key itself instead of the root
    #[arg(long, conflicts_with_all = ["root", "output", "trusted"])]
    by_itself: bool,
    #[command(flatten)]
    root: RootArgs,
}

/// Revokes.
pub fn revoke(context: &Context, args: RevokeArgs) -> Outcome {
    let own = OwnStore::find(context)?;
    let keyring = Keyring::at(context, &own.store.keys());
    let id = granted_key(&own, &keyring, &args.key)?;
    let reason = RevokeReason::ALL.into_iter().find(|reason| reason.word() == args.reason);
    let reason = reason.expect("clap takes only the words of the list");
    let book = own.book()?;
    let grant = book.authority().grant_of(&id).ok_or_else(|| {
        usage(
            format!("{} holds no grant here", args.key),
            "there is nothing to end",
            "treering key list",
        )
    })?;
    if grant.ended.is_some() && reason != RevokeReason::Compromised {
        return Err(usage(
            format!("the grant of {} was ended before", args.key),
            "there is nothing to end",
            "treering key list; if others got hold of the key, --reason compromised",
        ));
    }
    let trusted = match (reason, args.trusted, args.by_itself) {
        (RevokeReason::Compromised, Some(size), false) => Some(tree_at(&own, TreeSize(size))?),
        (RevokeReason::Compromised, None, false) => {
            return Err(usage(
                "a compromised key needs a size up to which it is trusted",
                "what it signed after that becomes disputed",
                "add --trusted SIZE; treering log shows what was signed when",
            ));
        }
        (_, Some(_), _) => {
            return Err(usage(
                "--trusted goes with --reason compromised",
                "no other reason reaches back",
                "leave it out",
            ));
        }
        _ => None,
    };
    let body = Body::Revoke(Revoke { key: grant.key, reason, trusted });
    let what = format!("the revocation of key {} ({})", &id.to_string()[..16], reason.word());
    if !args.by_itself {
        let root = open_root(context, &args.root, book.ledger())?;
        return as_root(context, &root, &args.root, book.ledger(), body.into(), &what);
    }
    let key = keyring.list()?.into_iter().find(|key| key.id() == id).ok_or_else(|| {
        Failure::new(
            Exit::Key,
            "the key is not here",
            "only its holder can do that",
            "leave --by-itself out",
        )
    })?;
    let mut filing = Filing::begin(context, "key revoke")?;
    let filed = filing.sign_and_file(&key, body.into(), false)?;
    let text = format!("Filed {what}, as statement {}.\n", filed.first);
    Ok(Answer::new("key-filed", text, json!({ "position": filed.first.0 })))
}

fn tree_at(own: &OwnStore, size: TreeSize) -> Result<Tree, Failure> {
    let head = own.head()?.tree().size;
    let root = root_at(&own.folder, size, head).filter(|_| size.0 > 0);
    match root {
        Some(root) => Ok(Tree { size, root }),
        None => Err(usage(
            format!("the ledger had no size {size}"),
            format!("it has {head} statements"),
            "give a size between 1 and that",
        )),
    }
}
