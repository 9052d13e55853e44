//! `treering key list`: the keys here and what the ledger lets them sign.

use std::fmt::Write;

use comfy_table::{Table, presets};
use serde_json::{Value, json};

use super::key_json;
use crate::cli::keyring::Keyring;
use crate::cli::own_store::OwnStore;
use crate::cli::voice::Answer;
use crate::cli::{Context, Outcome};
use crate::statement::authority::{Authority, EndReason, GrantRecord};
use crate::statement::key::KeyId;
use crate::store::keys::{KeyFile, KeyFileError};

/// Arguments of `treering key list`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Lists the keys.
pub fn run(context: &Context, _: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let keys = Keyring::at(context, &own.store.keys()).list()?;
    let book = own.book()?;
    let authority = book.authority();
    let mut text = format!("Keys in {}\n", own.store.keys().display());
    let (mut here, mut here_table) = (Vec::<Value>::new(), columns());
    for key in &keys {
        let standing = standing(authority, key);
        let lock = match key.is_encrypted() {
            Ok(true) => "passphrase".to_string(),
            Ok(false) => "no passphrase".to_string(),
            Err(KeyFileError::NoSecret { .. }) => "its secret half is not here".to_string(),
            Err(why) => why.to_string(),
        };
        here_table.add_row([
            key.name().to_string(),
            short(&key.id()),
            key.purpose().to_string(),
            lock.clone(),
            standing.clone(),
        ]);
        let mut entry = key_json(key);
        entry["standing"] = json!(standing);
        entry["protection"] = json!(lock);
        here.push(entry);
    }
    push_table(&mut text, &here_table);
    let elsewhere: Vec<(KeyId, &GrantRecord)> =
        authority.grants().filter(|(id, _)| !keys.iter().any(|key| key.id() == *id)).collect();
    if !elsewhere.is_empty() {
        text.push_str("Keys granted in this ledger and kept elsewhere\n");
    }
    let (mut others, mut others_table) = (Vec::<Value>::new(), columns());
    for (id, grant) in elsewhere {
        others_table.add_row([short(&id), granted(grant)]);
        others.push(
            json!({ "key": id.to_string(), "role": grant.role.word(), "standing": granted(grant) }),
        );
    }
    push_table(&mut text, &others_table);
    let _ = writeln!(text, "Root in force: {}", short(&KeyId::of(&authority.root().key)));
    let fields = json!({
        "keys": here,
        "elsewhere": others,
        "root": KeyId::of(&authority.root().key).to_string(),
    });
    Ok(Answer::new("keys", text, fields))
}

/// Columns without lines around them.
fn columns() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}

fn push_table(text: &mut String, table: &Table) {
    for line in table.lines() {
        let _ = writeln!(text, " {}", line.trim_end());
    }
}

fn short(key: &KeyId) -> String {
    key.to_string()[..16].to_string()
}

fn standing(authority: &Authority, key: &KeyFile) -> String {
    let id = key.id();
    if id == KeyId::of(&authority.root().key) {
        "the root in force".into()
    } else if id.sealed() == authority.root().next {
        "the next root".into()
    } else if authority.log_keys_in_force().required == key.public() {
        "signs checkpoints".into()
    } else if let Some(grant) = authority.grant_of(&id) {
        granted(grant)
    } else if authority.log_keys().any(|log| log == key.public()) {
        "signed checkpoints before".into()
    } else if authority.roots().iter().any(|term| term.key == key.public()) {
        "was the root".into()
    } else {
        "not granted".into()
    }
}

fn granted(grant: &GrantRecord) -> String {
    match grant.ended {
        None => format!("{} since statement {}: {}", grant.role, grant.granted, grant.scope),
        Some(ending) => {
            let why = match ending.reason {
                EndReason::ByRoot(reason) => reason.word(),
                EndReason::ByItself(reason) => reason.word(),
                EndReason::RootSetAside => "its root was set aside",
            };
            format!("{} from statement {} to {}: {why}", grant.role, grant.granted, ending.at)
        }
    }
}
