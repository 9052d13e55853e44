//! `treering link`: evidence bears on indicators, said afterwards.

use toml::Value as Toml;

use crate::cli::say::desk::SignArgs;
use crate::cli::say::entry::Entry;
use crate::cli::say::{form, say_all};
use crate::cli::{Context, Outcome};

/// Arguments of `treering link`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering link @3 @4 --indicator 3.7.1 --indicator 4.1.1
  treering link @9 --indicator 3.4.1 --off-site \"the herd winters in the next valley\"")]
pub struct Args {
    /// The anchors: @position, or 8 or more digits of an id
    #[arg(required = true, value_name = "REF")]
    references: Vec<String>,
    /// An indicator they bear on
    #[arg(long, required = true, value_name = "ID")]
    indicator: Vec<String>,
    /// Why evidence from outside the site bears on them
    #[arg(long, value_name = "WHY")]
    off_site: Option<String>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Links.
pub fn run(context: &Context, args: Args) -> Outcome {
    let entry = |reference: &String| {
        let ids = args.indicator.iter().cloned().map(Toml::String).collect();
        let entry = Entry::default().with("statement", reference.as_str());
        entry.value("indicators", Toml::Array(ids)).maybe("off_site", &args.off_site).table()
    };
    say_all(context, &args.sign, &[form("evidence.link")], "link", |_| {
        Ok(args.references.iter().map(entry).collect())
    })
}
