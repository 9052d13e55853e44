//! `treering completions`, `treering man`, `treering help`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use serde_json::json;

use super::exit::{self, Exit};
use super::voice::{Answer, Failure};
use super::{Outcome, command};

/// Arguments of `treering completions`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering completions bash > ~/.local/share/bash-completion/completions/treering
  treering completions fish > ~/.config/fish/completions/treering.fish")]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Arguments of `treering man`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering man ~/.local/share/man/man1        then: man treering-add")]
pub struct ManArgs {
    /// The folder for the pages; it is made if need be
    dir: PathBuf,
}

/// Arguments of `treering help`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering help add
  treering help key grant
  treering help exit-codes")]
pub struct HelpArgs {
    /// A command, or exit-codes
    topic: Vec<String>,
}

/// Prints completions for a shell.
pub fn completions(args: CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "treering", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let fields = json!({ "shell": args.shell.to_string(), "script": &script });
    Ok(Answer::new("completions", script, fields))
}

/// Writes one manual page a command.
pub fn man(args: ManArgs) -> Outcome {
    let written = fs::create_dir_all(&args.dir)
        .and_then(|()| clap_mangen::generate_to(command(), &args.dir))
        .and_then(|()| count_pages(&args.dir));
    let pages = written.map_err(|fault| {
        Failure::new(
            Exit::Unexpected,
            format!("the manual pages cannot be written to {}", args.dir.display()),
            fault,
            "name a folder that can be written",
        )
    })?;
    let text = format!("Wrote {pages} manual pages to {}\n", args.dir.display());
    Ok(Answer::new("man", text, json!({ "pages": pages })))
}

/// The folder may hold the pages of other programs.
fn count_pages(dir: &Path) -> std::io::Result<usize> {
    let names = fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name()));
    let names: Vec<OsString> = names.collect::<std::io::Result<_>>()?;
    Ok(names.iter().filter(|name| name.as_encoded_bytes().starts_with(b"treering")).count())
}

/// Help on a command, or on a topic of its own.
pub fn help(args: HelpArgs) -> Outcome {
    if args.topic == ["exit-codes"] {
        return Ok(Answer::new("help", exit::HELP, json!({ "text": exit::HELP })));
    }
    let mut about = command();
    about.build();
    for name in &args.topic {
        let below = about.find_subcommand(name).cloned();
        about = below.ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                format!("there is no help on {name:?}"),
                "it is neither a command nor exit-codes",
                "treering help",
            )
        })?;
    }
    let text = about.render_long_help().to_string();
    let fields = json!({ "text": &text });
    Ok(Answer::new("help", text, fields))
}
