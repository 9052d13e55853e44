//! `treering add --watch DIR`: records what arrives from a base station, batch by batch.
//!
//! ```text
//! look      list DIR every few seconds                             names, sizes, times of change
//! wait      until what is new has not changed for the quiet period  a card being copied is left alone
//! record    the new files as one batch, like any other `add`        one line is said of it
//! ```
//!
//! Whatever was recorded is known by its hash, so a watch that was stopped, or a computer that lost power,
//! goes on with the same command: what lay there then is looked at once more and nothing is recorded twice.
//! Memory is some forty bytes for each file ever seen.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::exit::Exit;
use super::failures::{unreadable, usage};
use super::interrupt;
use super::voice::{Answer, Failure};
use super::{Context, Outcome, clock};
use crate::report::words::{count, counted, safe, time};
use crate::tlog::hash::Hash;

/// Files of one batch: more wait for the next. Bounds what a batch keeps in memory.
const MAX_BATCH: usize = 10_000;

/// How often the folder is looked at: often enough that Ctrl-C and new files are not waited for.
const LOOK: Duration = Duration::from_secs(5);

/// Arguments of `add` about watching.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Watching")]
pub struct WatchArgs {
    /// Record what arrives in this folder, until Ctrl-C
    #[arg(long, value_name = "DIR", conflicts_with_all = ["paths", "dry_run"])]
    watch: Option<PathBuf>,
    /// A batch begins when nothing has changed for this long: 30s, 2m, 1h [default: 2m]
    #[arg(long, value_name = "TIME", requires = "watch")]
    quiet_period: Option<String>,
    /// Record what is there once it is quiet, then end
    #[arg(long, requires = "watch")]
    once: bool,
}

impl WatchArgs {
    /// Whether watching is meant. (clap asks for no folder where paths are named instead.)
    pub fn is_asked(&self) -> bool {
        self.watch.is_some() || self.quiet_period.is_some() || self.once
    }
}

/// Eight bytes of a file's place, size and time of change: enough to know it again.
type Mark = u64;

/// What is known of the folder.
#[derive(Default)]
struct Seen {
    /// Recorded, or found not to be recordable.
    done: HashSet<Mark>,
    /// New, with the moment since which it has been as it is.
    waiting: HashMap<Mark, Instant>,
}

/// Watches a folder; `record` is `add` with these paths and this title.
pub fn run(
    context: &Context,
    args: &WatchArgs,
    mut record: impl FnMut(Vec<PathBuf>, String) -> Outcome,
) -> Outcome {
    let folder = args.watch.clone().ok_or_else(|| {
        usage(
            "there is no folder to watch",
            "--quiet-period and --once are about --watch DIR",
            "add --watch DIR, or leave them out",
        )
    })?;
    let quiet = quiet_period(args.quiet_period.as_deref())?;
    if !folder.is_dir() {
        return Err(usage(
            format!("{} is no folder", safe(&folder.display().to_string())),
            "a watch looks at a folder into which files arrive",
            "name the folder (--watch DIR)",
        ));
    }
    context.voice.note(&format!(
        "Watching {}; files are recorded once nothing has changed for {}. Ctrl-C ends it; nothing is lost.",
        folder.display(),
        words(quiet)
    ));
    let mut seen = Seen::default();
    let (mut batches, mut files, mut worst) = (0, 0, Exit::Done);
    while !told_to_stop() {
        match seen.next_batch(&folder, quiet)? {
            Look::Batch(batch) => {
                let title = format!("Arrived by {}", time(clock::now_s()));
                let paths = batch.iter().map(|(path, _)| path.clone()).collect();
                match record(paths, title) {
                    Ok(answer) => {
                        worst = worst.graver(answer.exit);
                        seen.done.extend(batch.iter().map(|(_, mark)| *mark));
                        let recorded = answer.json["recorded"].as_u64().unwrap_or_default();
                        batches += u64::from(recorded > 0);
                        files += recorded;
                        say(context, &answer, batch.len() as u64);
                    }
                    Err(failure) if failure.exit == Exit::Interrupted => break,
                    // Another command is at work, or a stick is out: the files wait.
                    Err(failure) if failure.exit == Exit::Locked => {
                        context.voice.warn(&format!("{}: {}", failure.what, failure.why));
                    }
                    Err(failure) => return Err(failure),
                }
            }
            Look::Quiet if args.once => break,
            Look::Quiet | Look::Arriving => {}
        }
        pause(LOOK.min(quiet.max(Duration::from_millis(50))));
    }
    let text = format!(
        "Stopped watching: {} in {} recorded.\n",
        counted(files, "file"),
        counted(batches, "batch").replace("batchs", "batches")
    );
    let fields =
        json!({ "watched": folder.display().to_string(), "batches": batches, "recorded": files });
    Ok(Answer::new("add-watched", text, fields)
        .and_next("the same command goes on where this one stopped")
        .with_exit(worst))
}

/// One line for a batch.
fn say(context: &Context, answer: &Answer, looked_at: u64) {
    let recorded = answer.json["recorded"].as_u64().unwrap_or_default();
    let now = time(clock::now_s());
    let line = match answer.json["position"].as_u64() {
        Some(position) => format!(
            "{now}  recorded {} as statement {position}{}",
            counted(recorded, "file"),
            match answer.exit {
                Exit::Done => String::new(),
                _ => "; not all could be read (treering add names them)".into(),
            }
        ),
        None => format!("{now}  nothing new among {}", counted(looked_at, "file")),
    };
    context.voice.note(&line);
}

enum Look {
    /// These have been quiet.
    Batch(Vec<(PathBuf, Mark)>),
    /// Something has changed lately.
    Arriving,
    /// Nothing is new.
    Quiet,
}

impl Seen {
    fn next_batch(&mut self, folder: &Path, quiet: Duration) -> Result<Look, Failure> {
        let now = Instant::now();
        let (mut batch, mut present) = (Vec::new(), HashMap::new());
        let mut latest: Option<Instant> = None;
        for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
            if told_to_stop() {
                return Ok(Look::Quiet);
            }
            let entry = match entry {
                Ok(entry) => entry,
                Err(why) if why.depth() == 0 => return Err(unreadable(folder, why)),
                // It was there a moment ago; the next look will tell.
                Err(_) => continue,
            };
            if !entry.file_type().is_file() {
                continue;
            }
            let Ok(metadata) = entry.metadata() else { continue };
            let mark = mark(entry.path(), &metadata);
            if self.done.contains(&mark) {
                continue;
            }
            let since = *self.waiting.get(&mark).unwrap_or(&now);
            present.insert(mark, since);
            latest = latest.max(Some(since));
            if batch.len() < MAX_BATCH {
                batch.push((entry.into_path(), mark));
            }
        }
        // What changed has another mark; the old one is forgotten.
        self.waiting = present;
        Ok(match latest {
            None => Look::Quiet,
            Some(latest) if now.duration_since(latest) >= quiet => Look::Batch(batch),
            Some(_) => Look::Arriving,
        })
    }
}

fn mark(path: &Path, metadata: &fs::Metadata) -> Mark {
    let changed = metadata.modified().ok();
    let changed = changed.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let nanos = changed.map_or(0, |changed| changed.as_nanos());
    let parts =
        [path.as_os_str().as_encoded_bytes(), &metadata.len().to_be_bytes(), &nanos.to_be_bytes()];
    u64::from_be_bytes(*Hash::of_parts(&parts).0.first_chunk().expect("a digest has 32 bytes"))
}

fn told_to_stop() -> bool {
    interrupt::flag().load(Ordering::Relaxed)
}

/// Waits, and wakes at Ctrl-C.
fn pause(whole: Duration) {
    let end = Instant::now() + whole;
    while !told_to_stop() && Instant::now() < end {
        thread::sleep(Duration::from_millis(50).min(end - Instant::now().min(end)));
    }
}

fn quiet_period(text: Option<&str>) -> Result<Duration, Failure> {
    let Some(text) = text else { return Ok(Duration::from_secs(120)) };
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number = digits.parse::<u64>().ok().filter(|number| *number <= 100_000);
    let seconds = match (number, &text[digits.len()..]) {
        (Some(number), "s") => Some(number),
        (Some(number), "m") => Some(number * 60),
        (Some(number), "h") => Some(number * 3_600),
        _ => None,
    };
    match seconds {
        Some(seconds) if seconds <= 86_400 => Ok(Duration::from_secs(seconds)),
        _ => Err(usage(
            format!("{} is no time to wait", safe(text)),
            "it is a number with s, m or h, up to a day",
            "write it as 30s, 2m or 1h",
        )),
    }
}

fn words(quiet: Duration) -> String {
    match quiet.as_secs() {
        seconds if seconds % 3_600 == 0 && seconds > 0 => format!("{} h", count(seconds / 3_600)),
        seconds if seconds % 60 == 0 && seconds > 0 => format!("{} min", count(seconds / 60)),
        seconds => format!("{} s", count(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_to_wait() {
        let of = |text| quiet_period(Some(text)).ok();
        assert_eq!(of("0s"), Some(Duration::ZERO));
        assert_eq!(of("2m"), Some(Duration::from_secs(120)));
        assert_eq!(of("24h"), Some(Duration::from_secs(86_400)));
        for bad in ["", "5", "m", "-1s", "2 m", "25h", "1.5m", "99999999999999999999s", "5d", "٣s"]
        {
            assert_eq!(of(bad), None, "{bad:?}");
        }
        assert_eq!(quiet_period(None).unwrap(), Duration::from_secs(120));
    }

    #[test]
    fn a_batch_is_what_has_been_quiet() {
        let folder = tempfile::tempdir().unwrap();
        let (mut seen, quiet) = (Seen::default(), Duration::from_millis(200));
        let look = |seen: &mut Seen| seen.next_batch(folder.path(), quiet).unwrap();
        assert!(matches!(look(&mut seen), Look::Quiet));
        fs::write(folder.path().join("a"), "1").unwrap();
        assert!(matches!(look(&mut seen), Look::Arriving));
        thread::sleep(quiet);
        // One that still grows keeps all waiting.
        fs::write(folder.path().join("b"), "1").unwrap();
        assert!(matches!(look(&mut seen), Look::Arriving));
        thread::sleep(quiet);
        fs::write(folder.path().join("b"), "12").unwrap();
        assert!(matches!(look(&mut seen), Look::Arriving));
        thread::sleep(quiet);
        let Look::Batch(batch) = look(&mut seen) else { panic!("both are quiet") };
        assert_eq!(batch.len(), 2);
        seen.done.extend(batch.iter().map(|(_, mark)| *mark));
        assert!(matches!(look(&mut seen), Look::Quiet));
        // A file that changes afterwards is new again.
        fs::write(folder.path().join("a"), "changed").unwrap();
        assert!(matches!(look(&mut seen), Look::Arriving));
    }
}
