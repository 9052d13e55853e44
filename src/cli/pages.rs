//! `treering completions`, `treering man`, `treering help`.

use std::path::PathBuf;
use std::{fs, io};

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;
use serde_json::json;

use super::exit::{self, Exit};
use super::failures::unwritable;
use super::output::{self, Overwrite};
use super::voice::{Answer, Failure};
use super::{Outcome, command};
use crate::report::words::counted;

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
    #[command(flatten)]
    overwrite: Overwrite,
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
    fs::create_dir_all(&args.dir).map_err(|why| {
        let Failure { what, why, exit, .. } = unwritable(&args.dir, why);
        Failure::new(exit, what, why, "name a folder that you may write to")
    })?;
    let mut whole = command().disable_help_subcommand(true);
    whole.build();
    let mut pages = Vec::new();
    collect_pages(&whole, &mut pages).map_err(|why| unwritable(&args.dir, why))?;
    for (name, page) in &pages {
        output::write(&args.dir.join(name), page, args.overwrite)?;
    }
    let written = counted(pages.len() as u64, "manual page");
    let text = format!("Wrote {written} to {}\n", args.dir.display());
    Ok(Answer::new("man", text, json!({ "pages": pages.len() })))
}

/// The page of a command and those of the commands below it, each with the name of its file.
fn collect_pages(about: &Command, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    let page = Man::new(about.clone());
    let mut text = Vec::new();
    page.render(&mut text)?;
    pages.push((page.get_filename(), text));
    let below = about.get_subcommands().filter(|below| !below.is_hide_set());
    below.into_iter().try_for_each(|below| collect_pages(below, pages))
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
