//! `treering say`: any statement that people make, from a form that was filled in.
//!
//! ```text
//! template    the form, as TOML
//! filling     the form filled in, as the fields of a statement
//! judging     what is refused before it is signed
//! signing     which key, as what, into which ledger or file
//! desk        what is at hand for all of that
//! entry       a form filled in by a command's flags
//! ```

pub mod desk;
pub mod entry;
pub mod filling;
pub mod judging;
pub mod signing;
mod template;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::PathBuf;

use serde_json::json;
use toml::Table;

use super::failures::{unreadable, usage};
use super::voice::{Answer, Failure};
use super::{Context, Outcome};
use crate::statement::form::{Form, form_of, forms};
use crate::statement::kind::KindName;
use desk::{Desk, SignArgs};

/// The ceiling of a filled-in form, in bytes: a statement is shorter, remarks take the rest.
const FORM_BYTES_MAX: u64 = 1 << 20;

/// Arguments of `treering say`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering say                                               the kinds there are
  treering say claim.file --template > claim.toml            a form to fill in
  treering say claim.file --from claim.toml                  signed and filed
  treering say concern.raise --from concern.toml --keys . --card card.json -o concern.statement")]
pub struct Args {
    /// The kind of statement
    kind: Option<String>,
    /// The filled-in form, or - for standard input
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Print the form
    #[arg(long, conflicts_with = "from")]
    template: bool,
    #[command(flatten)]
    sign: SignArgs,
}

/// Prints a form, or signs one that was filled in.
pub fn run(context: &Context, args: Args) -> Outcome {
    let Some(kind) = &args.kind else { return Ok(list()) };
    let form = form_of(kind).ok_or_else(|| {
        let names: Vec<&str> = forms().map(|form| form.kind).collect();
        usage(
            format!("there is no form for {kind:?}"),
            format!("there are {}", names.join(", ")),
            "treering say lists them; evidence is recorded with treering add, keys with treering key",
        )
    })?;
    if args.template {
        let text = template::template(form);
        let fields = json!({ "kind": form.kind, "template": text });
        return Ok(Answer::new("say-template", text, fields));
    }
    let Some(from) = &args.from else {
        return Err(usage(
            format!("nothing is filled in for {kind}"),
            "the fields are read from a file",
            format!("treering say {kind} --template > form.toml, then --from form.toml"),
        ));
    };
    let table = read_form(from)?;
    say(context, &args.sign, form, "say", |_| Ok(table))
}

fn list() -> Answer {
    let lines = forms().map(|form| format!("{:<21} {}\n", form.kind, form.about));
    let kinds: Vec<_> =
        forms().map(|form| json!({ "kind": form.kind, "about": form.about })).collect();
    Answer::new("say-kinds", lines.collect::<String>(), json!({ "kinds": kinds }))
        .and_next("treering say KIND --template > form.toml")
}

/// A filled-in form, or `-` for standard input.
pub fn read_form(from: &PathBuf) -> Result<Table, Failure> {
    let mut text = String::new();
    let read = match from.to_str() {
        Some("-") => std::io::stdin().take(FORM_BYTES_MAX).read_to_string(&mut text),
        _ => fs::File::open(from)
            .and_then(|file| file.take(FORM_BYTES_MAX).read_to_string(&mut text)),
    };
    read.map_err(|why| unreadable(from, why))?;
    let mut table: Table = text.parse().map_err(|why: toml::de::Error| {
        let place = why.span().map_or(0, |span| text[..span.start].matches('\n').count() + 1);
        usage(
            format!("{} cannot be read as a form", from.display()),
            format!("line {place}: {}", why.message()),
            "texts stand in quotes, lists in [ ], every field once",
        )
    })?;
    // The examples in a template are believable: nobody shall sign them by oversight.
    match table.remove(FILLED_IN) {
        None | Some(toml::Value::Boolean(true)) => Ok(table),
        Some(_) => Err(usage(
            format!("{} is not filled in", from.display()),
            format!("it still says {FILLED_IN} = false"),
            "put your own values in the place of the examples, then delete that line",
        )),
    }
}

/// The line of a template that whoever fills it in deletes.
const FILLED_IN: &str = "filled_in";

/// Signs what was filled in.
pub fn say(
    context: &Context,
    args: &SignArgs,
    form: &Form,
    command: &'static str,
    table: impl FnOnce(&Desk<'_>) -> Result<Table, Failure>,
) -> Outcome {
    say_all(context, args, &[form], command, |desk| Ok(vec![table(desk)?]))
}

/// [`say`], of several forms filled in, of the first of several kinds that the key signs. All are judged
/// before the first is signed.
pub fn say_all(
    context: &Context,
    args: &SignArgs,
    forms: &[&Form],
    command: &'static str,
    tables: impl FnOnce(&Desk<'_>) -> Result<Vec<Table>, Failure>,
) -> Outcome {
    let mut desk = Desk::open(context, args, command)?;
    let kinds: Vec<KindName> = forms.iter().map(|form| form.kind_name()).collect();
    let signer = signing::choose(&desk, &kinds)?;
    desk.signs_as(&signer);
    let form = forms.iter().find(|form| form.kind == signer.kind.as_str());
    let form = form.expect("say: a signer signs one of the kinds asked for");
    let mut bodies = Vec::new();
    let mut remarks = BTreeSet::new();
    for table in tables(&desk)? {
        let filled = filling::fill(&desk, form, &table)?;
        remarks.extend(judging::judge(&desk, &filled)?);
        bodies.push(filled.body);
    }
    for remark in remarks {
        context.voice.warn(&remark);
    }
    signing::speak(desk, signer, bodies, command)
}

/// The form of a kind in our own table.
pub fn form(kind: &'static str) -> &'static Form {
    form_of(kind).expect("say: every command's kind has a form")
}
