//! The steps of the demonstration.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use walkdir::WalkDir;

use super::evidence::{self, SITE, Season};
use crate::cli::exit::Exit;
use crate::cli::failures::{unwritable, usage};
use crate::cli::voice::{Answer, Failure};
use crate::cli::{Context, Outcome};
use crate::store::outside::STATE_VARIABLE;

/// Arguments of `treering demo`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering demo
  treering demo /tmp/a-reserve")]
pub struct Args {
    /// The folder to make [default: treering-demo]
    dir: Option<PathBuf>,
}

/// The photo that gets a receipt, and in the tampered copy another byte.
const PHOTO: &str = "2026-winter/camera-traps/CT03-prazel/IMG_0503.JPG";

/// The indicators of each season, as a site might see them.
const INDICATORS: [(Season, &[&str]); 3] = [
    (Season::Summer, &["1.1.2", "2.1.3", "3.7.1"]),
    (Season::Autumn, &["1.2.4", "3.7.1"]),
    (Season::Winter, &["3.7.3", "4.1.2"]),
];

/// What the demonstration has in its folder.
struct Demo<'a> {
    context: &'a Context,
    program: PathBuf,
    dir: PathBuf,
}

/// Runs the demonstration.
pub fn run(context: &Context, args: Args) -> Outcome {
    let dir = args.dir.unwrap_or_else(|| "treering-demo".into());
    if fs::read_dir(&dir).is_ok_and(|mut names| names.next().is_some()) {
        return Err(usage(
            format!("{} is not empty", dir.display()),
            "the demonstration makes a folder of its own and changes nothing else",
            "name another folder: treering demo DIR",
        ));
    }
    fs::create_dir_all(&dir).map_err(|why| unwritable(&dir, why))?;
    let absolute = |path: &Path| path.canonicalize().map_err(|why| unwritable(path, why));
    let program = std::env::current_exe().map_err(|why| unwritable(&dir, why))?;
    let demo = Demo { context, program, dir: absolute(&dir)? };
    demo.found()?;
    demo.record()?;
    demo.prove()?;
    demo.tamper()?;
    let text = format!(
        "\nEverything lies in {}:\n\
         \x20 site            the reserve: evidence, and .treering with its ledger\n\
         \x20 root-stick, other-stick   the root keys, which a real site keeps apart\n\
         \x20 visitor         what a verifier gets: a photo, its receipt, the card, a policy\n\
         \x20 tampered-copy   the copy in which one byte was changed, twice\n\
         \x20 state           this demonstration's records outside the store\n\
         The reserve, its animals and its people are invented.\n",
        dir.display()
    );
    Ok(Answer::new("demo", text, json!({ "dir": demo.dir.display().to_string() })))
}

impl Demo<'_> {
    /// A site, its keys on two sticks.
    fn found(&self) -> Result<(), Failure> {
        self.say("A reserve founds its ledger. The root keys go to two sticks, kept apart.");
        for folder in ["site", "root-stick", "other-stick", "visitor"] {
            self.make_folder(folder)?;
        }
        let arguments = [
            "init",
            "site",
            "--name",
            SITE,
            "--country",
            "CHE",
            "--root-to",
            "root-stick",
            "--next-to",
            "other-stick",
            "--no-passphrase",
        ];
        self.treering(&arguments, Exit::Done)
    }

    /// Three seasons of evidence.
    fn record(&self) -> Result<(), Failure> {
        for (season, indicators) in INDICATORS {
            let folder = season.folder();
            self.say(&format!("The season {folder} comes in: cards, a collar, papers."));
            for file in evidence::season(season) {
                let path = self.dir.join("site").join(&file.path);
                let parent = path.parent().unwrap_or(&path);
                let written =
                    fs::create_dir_all(parent).and_then(|()| fs::write(&path, &file.bytes));
                written.map_err(|why| unwritable(&path, why))?;
            }
            let place = format!("site/{folder}");
            let mut arguments = vec!["add", "--store", "site/.treering", &place];
            arguments.extend(["--title", season.title(), "--access", "public"]);
            for id in indicators {
                arguments.extend(["--indicator", id]);
            }
            self.treering(&arguments, Exit::Done)?;
        }
        self.say("The same command again records nothing twice.");
        let place = format!("site/{}", Season::Winter.folder());
        self.treering(&["add", "--store", "site/.treering", &place], Exit::Done)
    }

    /// A receipt for one photo, checked by somebody who has only that and the card; then an audit.
    fn prove(&self) -> Result<(), Failure> {
        self.say("A verifier gets one photo with its receipt, and the site's card.");
        let photo = format!("site/{PHOTO}");
        let own = ["--store", "site/.treering"];
        self.treering(&[&["card", "-o", "visitor/card.json"], &own[..]].concat(), Exit::Done)?;
        let receipt =
            ["receipt", &photo, "-o", "visitor/lynx.receipt.json", "--disclose", "captured"];
        self.treering(&[&receipt[..], &own].concat(), Exit::Done)?;
        self.copy_file(&photo, "visitor/lynx.jpg")?;
        self.write("visitor/no-witnesses.policy", NO_WITNESSES)?;
        self.say(
            "No witness has cosigned this ledger, so nothing outside it says when. The policy file \
             says \"quorum none\": the verifier knows that and asks for none. Without a policy the \
             time would be NOT CHECKED and the exit code 4.",
        );
        let check = ["check", "visitor/lynx.jpg", "--receipt", "visitor/lynx.receipt.json"];
        let pinned = ["--card", "visitor/card.json", "--policy", "visitor/no-witnesses.policy"];
        self.treering(&[&check[..], &pinned].concat(), Exit::Done)?;
        self.say("The whole ledger is audited, every file read.");
        self.treering(&["audit", "site"], Exit::Done)
    }

    /// Two frauds, one byte each.
    fn tamper(&self) -> Result<(), Failure> {
        self.say("Somebody copies everything and changes one byte of the photo.");
        self.copy_folder("site", "tampered-copy")?;
        let photo = format!("tampered-copy/{PHOTO}");
        self.flip_byte(&photo)?;
        self.treering(&["audit", "tampered-copy"], Exit::Finding)?;
        self.say("The photo is put back. Now one byte of one tile of the ledger is changed.");
        self.copy_file(&format!("site/{PHOTO}"), &photo)?;
        let tile = self.newest_tile()?;
        self.flip_byte(&tile)?;
        self.treering(&["audit", "tampered-copy"], Exit::Finding)
    }

    fn say(&self, text: &str) {
        if self.context.voice.quiet == 0 && !self.context.voice.json {
            let _ = writeln!(io::stdout(), "\n# {text}");
        }
    }

    /// Runs the program itself, as a person would, and holds it to its exit code.
    fn treering(&self, arguments: &[&str], expected: Exit) -> Result<(), Failure> {
        if self.context.voice.quiet == 0 && !self.context.voice.json {
            let _ = writeln!(io::stdout(), "$ treering {}", typed(arguments));
            let _ = io::stdout().flush();
        }
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(&self.dir).env(STATE_VARIABLE, self.dir.join("state"));
        command.env_remove("TREERING_STORE").env_remove("TREERING_PASSPHRASE_FILE");
        if self.context.voice.quiet > 0 || self.context.voice.json {
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        }
        let status = command.status().map_err(|why| unwritable(&self.program, why))?;
        if expected != Exit::Done && self.context.voice.quiet == 0 && !self.context.voice.json {
            let _ = writeln!(io::stdout(), "(exit code {})", status.code().unwrap_or_default());
        }
        match status.code() == Some(i32::from(expected.code())) {
            true => Ok(()),
            false => Err(Failure::new(
                Exit::Unexpected,
                format!("the demonstration stopped at: treering {}", typed(arguments)),
                format!("it ended with {status}, not with exit code {}", expected.code()),
                "this should not happen; keep the folder and report it",
            )),
        }
    }

    fn make_folder(&self, name: &str) -> Result<(), Failure> {
        let path = self.dir.join(name);
        fs::create_dir_all(&path).map_err(|why| unwritable(&path, why))
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.dir.join(name);
        fs::write(&path, text).map_err(|why| unwritable(&path, why))
    }

    fn copy_file(&self, from: &str, to: &str) -> Result<(), Failure> {
        let to = self.dir.join(to);
        fs::copy(self.dir.join(from), &to).map(|_| ()).map_err(|why| unwritable(&to, why))
    }

    fn copy_folder(&self, from: &str, to: &str) -> Result<(), Failure> {
        let (from, to) = (self.dir.join(from), self.dir.join(to));
        for entry in WalkDir::new(&from) {
            let entry = entry.map_err(|why| unwritable(&to, why))?;
            let relative = entry.path().strip_prefix(&from).map_err(|why| unwritable(&to, why))?;
            let target = to.join(relative);
            let copied = match entry.file_type().is_dir() {
                true => fs::create_dir_all(&target),
                false => fs::copy(entry.path(), &target).map(|_| ()),
            };
            copied.map_err(|why| unwritable(&target, why))?;
        }
        Ok(())
    }

    /// Changes one bit in the middle of a file.
    fn flip_byte(&self, name: &str) -> Result<(), Failure> {
        let path = self.dir.join(name);
        let flipped = fs::read(&path).and_then(|mut bytes| {
            let middle = bytes.len() / 2;
            if let Some(byte) = bytes.get_mut(middle) {
                *byte ^= 1;
            }
            fs::write(&path, bytes)
        });
        flipped.map_err(|why| unwritable(&path, why))
    }

    /// The widest level-0 tile of the copied ledger.
    fn newest_tile(&self) -> Result<String, Failure> {
        let tiles = self.dir.join("tampered-copy/.treering/ledgers");
        let mut found: Vec<(u64, PathBuf)> = WalkDir::new(&tiles)
            .into_iter()
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_file())
            .filter(|entry| entry.path().iter().any(|part| part == "0"))
            .filter_map(|entry| Some((entry.metadata().ok()?.len(), entry.into_path())))
            .collect();
        found.sort();
        let (_, tile) = found.pop().ok_or_else(|| unwritable(&tiles, "it holds no tile"))?;
        Ok(tile.display().to_string())
    }
}

const NO_WITNESSES: &str = "\
# A policy names the witnesses whose word one believes about when a ledger had which size
# (C2SP tlog-policy). This one names none: it asks for no outside word at all.
quorum none
";

/// Arguments as a person would type them.
fn typed(arguments: &[&str]) -> String {
    let quoted = arguments.iter().map(|argument| match argument.contains(' ') {
        true => format!("\"{argument}\""),
        false => (*argument).to_string(),
    });
    quoted.collect::<Vec<_>>().join(" ")
}
