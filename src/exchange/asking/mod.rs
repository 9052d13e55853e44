//! Asking witnesses to cosign the head of a ledger: the log's side of C2SP tlog-witness.
//!
//! ```text
//! POST <url>/add-checkpoint      old 40, proof 40 → 42, checkpoint          what we think it has
//!   200   — w1.example kTz0…     lines; those of the witness we know are checked and kept
//!   409   41                     it has another size: asked once more, from there
//! ```
//!
//! A witness may be wrong, of another make, or hostile. So: only the log's own lines are sent; an
//! answer has a ceiling; nothing is believed but a signature that matches; a size that it names is
//! asked from once or twice and never for ever; and a size above ours is no answer but an alarm, for
//! it may be that another copy of this store has signed (`Reply::Ahead`).

use std::time::Duration;

use thiserror::Error;

use crate::tlog::checkpoint::{Origin, SignedCheckpoint};
use crate::tlog::cosignature::CosignatureTime;
use crate::tlog::hash::{Hash, TreeSize};
use crate::tlog::note::{NoteError, SignatureLine, VerifierKey};
use crate::tlog::witness::{AddCheckpoint, parse_size};

/// The longest answer that is read: a hundred of the longest lines known are smaller.
pub const ANSWER_BYTES_MAX: usize = 512 * 1_024;

/// How often one witness is asked for one checkpoint: from where we think it is, from where it says it
/// is, and once more, for it may have moved in between.
const TRIES: u32 = 3;

/// The time that one request may take, from the look-up of the name to the last byte.
const PATIENCE: Duration = Duration::from_secs(30);

/// Signature lines for a checkpoint, sorted by what we know of who made them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Lines by known witnesses; each matches. With the key and the time.
    pub known: Vec<(SignatureLine, VerifierKey, CosignatureTime)>,
    /// Names and key ids of lines by others, which were not checked.
    pub unknown: Vec<String>,
    /// Names and key ids of lines under a known witness's name and id that do not match.
    pub forged: Vec<String>,
    /// Lines that are no signature lines.
    pub malformed: usize,
}

/// What a witness answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Lines.
    Lines(Lines),
    /// It has cosigned a larger tree than ours. Nothing may be signed here until that is explained.
    Ahead {
        /// The size it named.
        there: TreeSize,
        /// The newest checkpoint of ours that it gives out, if it does. Not checked: signed by our own
        /// log key it would be proof, the number alone is only somebody's word.
        shown: Option<Box<SignedCheckpoint>>,
    },
}

/// Why a witness did not cosign.
#[derive(Debug, Error)]
pub enum AskError {
    /// Not reached, or the connection failed.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// The answer is longer than any should be.
    #[error("its answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    /// A refusal; the text is the witness's own.
    #[error("it answered {status}: {text}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The beginning of the body.
        text: String,
    },
    /// It keeps naming other sizes.
    #[error("it answered 409 {TRIES} times; the last time it named {0}")]
    Unsteady(String),
    /// The proof from the size it named cannot be made.
    #[error("the proof from size {size} cannot be made: {why}")]
    Unprovable {
        /// The size.
        size: TreeSize,
        /// Why not.
        why: String,
    },
    /// The request cannot be put together.
    #[error(transparent)]
    Note(#[from] NoteError),
}

/// Carries one request to a witness: status and body of its answer.
pub trait Carrier {
    /// Sends the body to `<url>/add-checkpoint`.
    fn post(&self, body: &str) -> Result<(u16, Vec<u8>), AskError>;

    /// What `<url>/<SHA-256 of origin>/checkpoint` gives out; nothing where there is nothing.
    fn newest(&self, origin: &Origin) -> Option<Vec<u8>>;
}

/// Over HTTP.
#[derive(Debug)]
pub struct Http {
    agent: ureq::Agent,
    url: String,
}

impl Http {
    /// A witness by its submission prefix.
    pub fn to(url: &str) -> Http {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            // A redirect would carry the request to somebody whom the policy does not name.
            .max_redirects(0)
            .user_agent(concat!("treering/", env!("CARGO_PKG_VERSION")))
            .build();
        Http { agent: config.into(), url: url.trim_end_matches('/').to_owned() }
    }
}

impl Carrier for Http {
    fn post(&self, body: &str) -> Result<(u16, Vec<u8>), AskError> {
        let unreachable = |why: ureq::Error| AskError::Unreachable(why.to_string());
        let url = format!("{}/add-checkpoint", self.url);
        let sent = self.agent.post(&url).content_type("text/plain; charset=utf-8").send(body);
        let mut answer = sent.map_err(unreachable)?;
        let status = answer.status().as_u16();
        let limited = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX as u64);
        match limited.read_to_vec() {
            Ok(bytes) => Ok((status, bytes)),
            Err(ureq::Error::BodyExceedsLimit(_)) => Err(AskError::TooLong),
            Err(why) => Err(unreachable(why)),
        }
    }

    fn newest(&self, origin: &Origin) -> Option<Vec<u8>> {
        let origin = Hash::of(origin.as_str().as_bytes());
        let mut answer = self.agent.get(format!("{}/{origin}/checkpoint", self.url)).call().ok()?;
        let limited = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX as u64);
        limited.read_to_vec().ok().filter(|_| answer.status().as_u16() == 200)
    }
}

/// Asks one witness for its cosignature. `checkpoint` bears the log's own lines and no others; `from` is
/// the size that the witness is thought to have; `prove` makes the proof from a size up to the
/// checkpoint's.
pub fn ask(
    carrier: &dyn Carrier,
    checkpoint: &SignedCheckpoint,
    from: TreeSize,
    witnesses: &[VerifierKey],
    prove: &dyn Fn(TreeSize) -> Result<Vec<Hash>, String>,
) -> Result<Reply, AskError> {
    let ours = checkpoint.tree().size;
    let mut old = from.min(ours);
    let mut named = String::new();
    for _ in 0..TRIES {
        let proof = match old.0 {
            0 => Vec::new(),
            _ => prove(old).map_err(|why| AskError::Unprovable { size: old, why })?,
        };
        let lines = checkpoint.note().signatures().to_vec();
        let request = AddCheckpoint::new(old, proof, checkpoint.checkpoint().clone(), lines)?;
        let (status, body) = carrier.post(&request.to_string())?;
        match status {
            200 => return Ok(Reply::Lines(sort(&body, checkpoint, witnesses))),
            409 => {
                let size = size_in(&body);
                let Some(there) = size else { return Err(refused(status, &body)) };
                if there > ours {
                    let shown = carrier.newest(checkpoint.origin());
                    let shown = shown.and_then(|bytes| SignedCheckpoint::parse(&bytes).ok());
                    return Ok(Reply::Ahead { there, shown: shown.map(Box::new) });
                }
                named = there.to_string();
                old = there;
            }
            _ => return Err(refused(status, &body)),
        }
    }
    Err(AskError::Unsteady(named))
}

/// The size in the body of a 409: digits and a line end. Some witnesses send none.
fn size_in(body: &[u8]) -> Option<TreeSize> {
    parse_size(str::from_utf8(body).ok()?.strip_suffix('\n')?)
}

fn refused(status: u16, body: &[u8]) -> AskError {
    let text: String = String::from_utf8_lossy(body).trim().chars().take(200).collect();
    let text = if text.is_empty() { "without a word".into() } else { text };
    AskError::Refused { status, text }
}

/// Sorts the lines of an answer by who made them. What is not a line spoils nothing but itself.
pub fn sort(answer: &[u8], checkpoint: &SignedCheckpoint, witnesses: &[VerifierKey]) -> Lines {
    let mut lines = Lines::default();
    for line in answer.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line = str::from_utf8(line).ok().and_then(|line| SignatureLine::parse(line).ok());
        let Some(line) = line else {
            lines.malformed += 1;
            continue;
        };
        let whose = format!("{}+{}", line.name(), line.id());
        let mut keys =
            witnesses.iter().filter(|key| (key.name(), key.id()) == (line.name(), line.id()));
        let Some(key) = keys.next() else {
            lines.unknown.push(whose);
            continue;
        };
        match key.check(checkpoint.note().text(), line.signature()) {
            Ok(Some(time)) => lines.known.push((line, key.clone(), time)),
            _ => lines.forged.push(whose),
        }
    }
    lines
}

#[cfg(test)]
mod tests;
