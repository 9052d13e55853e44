//! `treering log`: the statements of the ledger, newest last.

use serde_json::json;

use super::failures::usage;
use super::own_store::OwnStore;
use super::statement_text::{self, summary};
use super::voice::Answer;
use super::{Context, Outcome};
use crate::ledger::read;
use crate::report::words::time;
use crate::statement::kind::{KINDS, KindName};

/// Arguments of `treering log`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering log
  treering log --kind evidence.anchor
  treering show @3")]
pub struct Args {
    /// Only statements of this kind or family, such as evidence.anchor or key
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
}

/// Lists the statements.
pub fn run(context: &Context, args: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    if let Some(kind) = &args.kind
        && KindName::new(kind).is_err()
    {
        let what = format!("{kind:?} is neither a kind nor a family");
        return Err(usage(
            what,
            "kinds look like evidence.anchor, families like key",
            "treering log",
        ));
    }
    let known = KINDS.iter().any(|(family, kinds)| {
        args.kind
            .as_ref()
            .is_none_or(|word| word == family.word() || kinds.contains(&word.as_str()))
    });
    let wanted = |kind: &KindName| {
        args.kind.as_ref().is_none_or(|word| word == kind.as_str() || word == kind.family().word())
    };
    let size = own.head()?.tree().size;
    let (mut text, mut entries) = (String::new(), Vec::new());
    for statement in read::statements(&own.folder, size) {
        let (position, statement) = statement?;
        let header = &statement.header;
        if !wanted(&header.typ.kind) {
            continue;
        }
        text.push_str(&format!(
            "@{:<5} {}  {}  {:<21} {}\n",
            position,
            &statement.id().to_string()[..8],
            time(header.issued_at),
            header.typ.kind.as_str(),
            summary(&statement)
        ));
        if context.voice.json {
            entries.push(statement_text::json(position, &statement));
        }
    }
    // A ledger may hold kinds that this program does not know: those are asked for by name, too.
    if text.is_empty() && !known {
        let what = format!("{:?} is neither a kind nor a family", args.kind.unwrap_or_default());
        let kinds = KINDS.iter().flat_map(|(_, kinds)| kinds.iter().copied()).collect::<Vec<_>>();
        return Err(usage(
            what,
            "no statement here is of it, and this program knows none such",
            format!("one of: {}", kinds.join(", ")),
        ));
    }
    if text.is_empty() {
        text = "No statement of this kind.\n".into();
    }
    Ok(Answer::new("log", text, json!({ "size": size.0, "statements": entries })))
}
