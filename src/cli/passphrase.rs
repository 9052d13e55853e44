//! Passphrases: from a file, or asked without echo. Never in a flag or a variable.

use std::io::{ErrorKind, IsTerminal};
use std::path::Path;

use zeroize::Zeroizing;

use super::Context;
use super::exit::Exit;
use super::failures::{BEGIN_AGAIN, interrupted, usage};
use super::voice::Failure;
use crate::store::disk::{DiskError, RealDisk};
use crate::store::durable;
use crate::store::pem::Passphrase;

/// Ceiling of a passphrase file, in bytes: one line.
const FILE_BYTES_MAX: u64 = 4_096;

/// The passphrase that opens keys: from `--passphrase-file`, else asked at the terminal.
pub fn existing(context: &Context, key: &str) -> Result<Passphrase, Failure> {
    match &context.global.passphrase_file {
        Some(path) => from_file(path),
        None => ask(context, &format!("Passphrase of the key {key}: "), ""),
    }
}

/// The passphrase for keys that are being made, asked twice; or none, where a person wants none.
pub fn chosen(context: &Context, none: bool) -> Result<Option<Passphrase>, Failure> {
    if none && context.typed_passphrase_file {
        return Err(usage(
            "--no-passphrase and --passphrase-file exclude each other",
            "the new key is either protected or not",
            "leave one of them out",
        ));
    }
    if none {
        return Ok(None);
    }
    if let Some(path) = &context.global.passphrase_file {
        return from_file(path).map(Some);
    }
    let or = ", or leave the new keys open with --no-passphrase";
    let first = ask(context, "Choose a passphrase for the new keys: ", or)?;
    let second = ask(context, "The same again: ", or)?;
    if !first.is_same(&second) {
        let why = "the two passphrases differ";
        return Err(Failure::new(Exit::Key, "no key was made", why, "run the same command again"));
    }
    Ok(Some(first))
}

fn from_file(path: &Path) -> Result<Passphrase, Failure> {
    let refused = |why: &dyn std::fmt::Display| {
        Failure::new(
            Exit::Key,
            format!("the passphrase file {} cannot be used", path.display()),
            why,
            "name a file whose first line is the passphrase",
        )
    };
    let bytes = durable::read(&RealDisk, path, FILE_BYTES_MAX).map_err(|fault| match fault {
        DiskError::TooLong { .. } => refused(&"it is longer than one line"),
        DiskError::Refused { source, .. } => refused(&source),
        fault => refused(&fault),
    })?;
    let bytes = Zeroizing::new(bytes);
    let text = std::str::from_utf8(&bytes).map_err(|_| refused(&"it is not text"))?;
    let line = text.lines().next().unwrap_or_default();
    Passphrase::new(line.to_owned()).ok_or_else(|| refused(&"its first line is empty"))
}

/// Asks at the terminal; `or` is what else could be done where nobody can be asked.
fn ask(context: &Context, prompt: &str, or: &str) -> Result<Passphrase, Failure> {
    let cannot = |why: &str| {
        Failure::new(
            Exit::Key,
            "a passphrase is needed",
            why,
            format!("name a file with --passphrase-file, or run the command at a terminal{or}"),
        )
    };
    if context.global.no_input || !std::io::stdin().is_terminal() {
        return Err(cannot("nobody is at the keyboard to ask"));
    }
    let typed = rpassword::prompt_password(prompt).map_err(|why| match why.kind() {
        // Ctrl-C is a key like any other while it asks.
        ErrorKind::Interrupted => interrupted("stopped at the passphrase", BEGIN_AGAIN),
        _ => cannot(&why.to_string()),
    })?;
    Passphrase::new(typed).ok_or_else(|| cannot("it was empty"))
}
