//! The command line: one file per command, its arguments beside its `run`.

mod add;
mod against;
mod anchor_peers;
mod attribute_text;
mod audit;
mod bundle;
mod card;
mod check;
mod check_manifest;
mod checkpoint;
mod claim;
mod clashes;
mod clock;
mod cosign_accept;
mod cosign_request;
mod cosigning;
mod demo;
mod disclose;
mod erase;
mod exceptions;
mod exit;
mod export;
mod export_camtrap;
mod failures;
mod filing;
mod fork;
mod frozen;
mod given_file;
mod gossip;
mod head;
mod held_copy;
mod init;
mod interrupt;
mod key;
mod keyring;
mod known;
mod lineage;
mod log;
mod mirror;
mod open_bundle;
mod output;
mod own_store;
mod pages;
mod passphrase;
mod process;
mod progress;
mod provenance;
mod receipt;
mod reindex;
mod release;
mod restore;
mod resume;
mod row_tables;
mod say;
#[cfg(feature = "serve")]
mod serve;
mod show;
mod since;
mod standing;
mod statement_text;
mod status;
mod submit;
mod sync;
mod sync_text;
mod trust;
mod voice;
mod watch;
mod witness;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::FalseyValueParser;
use clap::parser::ValueSource;
use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};

use exit::Exit;
use voice::{Answer, ColorChoice, Failure, Voice};

/// A signed record of a protected area's evidence that anyone can audit offline.
#[derive(Debug, Parser)]
#[command(name = "treering", version, disable_help_subcommand = true)]
#[command(arg_required_else_help = true)]
#[command(before_help = EXAMPLES, after_help = "Exit codes: treering help exit-codes")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

const EXAMPLES: &str = "\
Examples:
  treering init --name \"Val Trupchun\"         a ledger for the site, in this folder
  treering add evidence/2026-summer           record a season's files
  treering receipt evidence/IMG_0042.JPG      a small file that proves one photo
  treering check IMG_0042.JPG --receipt IMG_0042.JPG.receipt.json --card card.json
  treering audit /media/usb/val-trupchun      audit somebody else's ledger";

/// Flags that every command takes. `-h` leaves them out, so that a command's own fit a screen.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
struct Global {
    /// The store, instead of the .treering found from this folder upward
    #[arg(long, global = true, value_name = "DIR", env = "TREERING_STORE", hide_env_values = true)]
    #[arg(hide_short_help = true)]
    store: Option<PathBuf>,
    /// Answer with one JSON object; errors too
    #[arg(long, global = true, hide_short_help = true)]
    json: bool,
    /// No progress and no remarks beside the answer; twice: nothing but the exit code
    #[arg(short, long, global = true, action = ArgAction::Count, hide_short_help = true)]
    quiet: u8,
    /// Say more, for those who look for a fault
    #[arg(short, long, global = true, action = ArgAction::Count, hide_short_help = true)]
    verbose: u8,
    /// When to use colour
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_short_help = true
    )]
    color: ColorChoice,
    /// The file that holds the passphrase of the keys, instead of asking
    #[arg(long, global = true, value_name = "FILE", env = "TREERING_PASSPHRASE_FILE")]
    #[arg(hide_env_values = true, hide_short_help = true)]
    passphrase_file: Option<PathBuf>,
    /// Never ask anything; fail where an answer would be needed
    #[arg(long, global = true, env = "TREERING_NO_INPUT", hide_env_values = true)]
    #[arg(hide_short_help = true, value_parser = FalseyValueParser::new())]
    no_input: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Found a ledger: makes DIR/.treering with its keys
    Init(init::Args),
    /// Record files: hash them and anchor them with one signed statement
    Add(add::Args),
    /// What is recorded, and what needs care
    Status(status::Args),
    /// The statements of the ledger, newest last
    Log(log::Args),
    /// One statement, with everything it says
    Show(show::Args),
    /// Prove recorded files: writes a small file that anyone can check offline
    Receipt(receipt::Args),
    /// Check files against a receipt, or against a ledger held here
    Check(check::Args),
    /// Show some rows of an anchor, and of them some attributes
    Disclose(disclose::Args),
    /// Allow rows to be shown, as the authority over them
    Release(release::Args),
    /// Take a recorded file out of every manifest, for good, and say so in the ledger
    Erase(erase::Args),
    /// Audit a ledger from end to end as a stranger; changes nothing
    Audit(audit::Args),
    /// Keys: make, list, request, grant, revoke, rotate, import, export
    #[command(subcommand)]
    Key(key::Command),
    /// Facts about the site: shows them, or describes them anew
    Site(Box<process::site::Args>),
    /// Say which indicators evidence bears on
    Link(process::link::Args),
    /// Say what was found of an indicator
    Assess(process::assess::Args),
    /// Fair samples: draw, record, replay
    #[command(subcommand)]
    Sample(process::sample::Command),
    /// Recommend a step, as a member of the assessment group
    Recommend(process::recommend::Args),
    /// Check how a recommendation came about, as the reviewer
    Review(process::review::Args),
    /// Decide a step, as the committee
    Decide(process::decide::Args),
    /// Certificates: issue, suspend, withdraw, renew, midterm
    #[command(subcommand)]
    Certificate(process::certificate::Command),
    /// Concerns: raise, answer, close
    #[command(subcommand)]
    Concern(process::concern::Command),
    /// Climate claims: file, opinion, move, list
    #[command(subcommand)]
    Claim(claim::Command),
    /// Say that a statement no longer stands
    Correct(process::correct::Args),
    /// Sign any statement from a form that was filled in
    Say(Box<say::Args>),
    /// File a statement that was signed elsewhere
    Submit(submit::Args),
    /// The site card: what others need to recognise this ledger
    Card(card::Args),
    /// Ledgers and accreditors that this store believes
    #[command(subcommand)]
    Trust(trust::Command),
    /// The newest signed head, in a line that fits an SMS
    Head(head::Args),
    /// Ask witnesses to cosign the head now
    Checkpoint(checkpoint::Args),
    /// Write the request for a witness far away: on a stick, by mail
    CosignRequest(cosign_request::Args),
    /// Take up what witnesses sent back
    CosignAccept(cosign_accept::Args),
    /// Be a witness: cosign the heads of others
    #[command(subcommand)]
    Witness(witness::Command),
    /// Serve the public folders over HTTP; cosign, take statements
    #[cfg(feature = "serve")]
    Serve(serve::Args),
    /// Proofs in other formats
    #[command(subcommand)]
    Export(export::Command),
    /// Copies of other parties' ledgers: add, list, remove
    #[command(subcommand)]
    Mirror(mirror::Command),
    /// Bring mirrors up to date, from their sources or a bundle
    Sync(sync::Args),
    /// One file with what somebody lacks, for mail, a stick or a radio link
    Bundle(bundle::Args),
    /// Two histories of one ledger: list, show, check, resolve
    #[command(subcommand)]
    Fork(fork::Command),
    /// Record the heads held of others in one's own ledger
    AnchorPeers(anchor_peers::Args),
    /// Rebuild a lost site from a partner's copy
    Restore(restore::Args),
    /// Let a copied or restored store sign again
    Resume(resume::Args),
    /// Rebuild the index from the files
    Reindex(reindex::Args),
    /// A believable site, three seasons, an audit, and two frauds that show
    Demo(demo::Args),
    /// Completions for a shell
    Completions(pages::CompletionsArgs),
    /// Manual pages
    Man(pages::ManArgs),
    /// Help on a command, or on exit-codes
    Help(pages::HelpArgs),
}

/// What every command is given.
struct Context {
    voice: Voice,
    global: Global,
    /// The passphrase file was named on the command line, not in the environment.
    typed_passphrase_file: bool,
}

type Outcome = Result<Answer, Failure>;

/// Runs the program.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let parsed = command().try_get_matches_from(&args);
    let parsed = parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    let (cli, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(fault) => return explain_usage(&fault, &args),
    };
    Voice::set_color(cli.global.color);
    let voice =
        Voice { json: cli.global.json, quiet: cli.global.quiet, verbose: cli.global.verbose };
    interrupt::listen(voice);
    let typed = matches.value_source("passphrase_file") == Some(ValueSource::CommandLine);
    let context = Context { voice, global: cli.global, typed_passphrase_file: typed };
    let exit = match dispatch(&context, cli.command) {
        Ok(answer) => voice.answer(&answer),
        Err(failure) => {
            voice.failure(&failure);
            failure.exit
        }
    };
    ExitCode::from(exit.code())
}

fn dispatch(context: &Context, command: Command) -> Outcome {
    match command {
        Command::Init(args) => init::run(context, args),
        Command::Add(args) => add::run(context, args),
        Command::Status(args) => status::run(context, args),
        Command::Log(args) => log::run(context, args),
        Command::Show(args) => show::run(context, args),
        Command::Receipt(args) => receipt::run(context, args),
        Command::Check(args) => check::run(context, args),
        Command::Disclose(args) => disclose::run(context, args),
        Command::Release(args) => release::run(context, args),
        Command::Erase(args) => erase::run(context, args),
        Command::Audit(args) => audit::run(context, args),
        Command::Key(command) => key::run(context, command),
        Command::Site(args) => process::site::run(context, *args),
        Command::Link(args) => process::link::run(context, args),
        Command::Assess(args) => process::assess::run(context, args),
        Command::Sample(command) => process::sample::run(context, command),
        Command::Recommend(args) => process::recommend::run(context, args),
        Command::Review(args) => process::review::run(context, args),
        Command::Decide(args) => process::decide::run(context, args),
        Command::Certificate(command) => process::certificate::run(context, command),
        Command::Concern(command) => process::concern::run(context, command),
        Command::Claim(command) => claim::run(context, command),
        Command::Correct(args) => process::correct::run(context, args),
        Command::Say(args) => say::run(context, *args),
        Command::Submit(args) => submit::run(context, args),
        Command::Card(args) => card::run(context, args),
        Command::Trust(command) => trust::run(context, command),
        Command::Head(args) => head::run(context, args),
        Command::Checkpoint(args) => checkpoint::run(context, args),
        Command::CosignRequest(args) => cosign_request::run(context, args),
        Command::CosignAccept(args) => cosign_accept::run(context, args),
        Command::Witness(command) => witness::run(context, command),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(context, args),
        Command::Export(command) => export::run(context, command),
        Command::Mirror(command) => mirror::run(context, command),
        Command::Sync(args) => sync::run(context, args),
        Command::Bundle(args) => bundle::run(context, args),
        Command::Fork(command) => fork::run(context, command),
        Command::AnchorPeers(args) => anchor_peers::run(context, args),
        Command::Restore(args) => restore::run(context, args),
        Command::Resume(args) => resume::run(context, args),
        Command::Reindex(args) => reindex::run(context, args),
        Command::Demo(args) => demo::run(context, args),
        Command::Completions(args) => pages::completions(args),
        Command::Man(args) => pages::man(args),
        Command::Help(args) => pages::help(args),
    }
}

/// Help goes to standard output and is no error; wrong usage is explained, as JSON where that was
/// asked for.
fn explain_usage(fault: &clap::Error, args: &[OsString]) -> ExitCode {
    let wants_json = args.iter().any(|arg| arg == "--json");
    if fault.use_stderr() && wants_json {
        let failure = Failure::new(
            Exit::Usage,
            "the command cannot be understood",
            first_paragraph(&fault.to_string()),
            "treering help, or treering help COMMAND",
        );
        Voice { json: true, quiet: 0, verbose: 0 }.failure(&failure);
        return ExitCode::from(Exit::Usage.code());
    }
    let exit = if fault.use_stderr() { Exit::Usage } else { Exit::Done };
    let said = fault.print().and_then(|()| std::io::stdout().flush());
    let voice = Voice { json: false, quiet: 0, verbose: 0 };
    ExitCode::from(said.map_or_else(|fault| voice.unsaid(&fault, exit), |()| exit).code())
}

/// What clap complains of, on one line: its usage and its tips stand in paragraphs of their own.
fn first_paragraph(complaint: &str) -> String {
    let complaint = complaint.trim_start_matches("error: ");
    let lines = complaint.lines().map(str::trim).take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

/// Every page of help: what the command does, how it is written, examples, then the options.
const HELP_TEMPLATE: &str =
    "{about-with-newline}\n{usage-heading} {usage}\n\n{before-help}{all-args}{after-help}";

/// The command line as data, for parsing, pages and completions.
fn command() -> clap::Command {
    fn with_template(command: clap::Command) -> clap::Command {
        command.help_template(HELP_TEMPLATE).mut_subcommands(with_template)
    }
    with_template(Cli::command())
}
