//! Answers to a submission: `POST /statements` takes one signed statement, and says what became of it.
//!
//! ```text
//! 200 {"schema":"treering.submission/1","result":"ACCEPTED","new":true,"id":"6ab2…","position":42,
//!      "proof":"c2sp.org/tlog-proof@v1\nindex 42\n…"}
//! 422 {"schema":"treering.submission/1","result":"REFUSED","id":"…","why":"…","checkpoint":"…",
//!      "last":{"statement":"0oRY…","proof":"c2sp.org/tlog-proof@v1\n…"}}
//! ```
//!
//! An acceptance is the ledger's word, signed: position, inclusion proof and a checkpoint that covers it
//! stand in one C2SP tlog-proof, so a later drop is a fork and no denial. A refusal carries the newest
//! checkpoint and the last statement of the same key that the ledger holds, with its proof: whoever
//! signs can see from verified bytes where its chain stands here.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::statement::envelope::{MAX_STATEMENT_BYTES, Statement};
use crate::tlog::hash::{Hash, Position};
use crate::tlog::proof::{LOG_PROOF_BYTES_MAX, LogProof};

/// The schema's name.
pub const SCHEMA: &str = "treering.submission/1";

/// The longest answer: a statement in base64, two proofs and a checkpoint, escaped as JSON.
pub const ANSWER_BYTES_MAX: usize = 2 * (2 * MAX_STATEMENT_BYTES + 3 * LOG_PROOF_BYTES_MAX);

/// What became of a submitted statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submission {
    /// It is in the ledger, durably.
    Accepted {
        /// The statement's id.
        id: Hash,
        /// False if it was there before.
        new: bool,
        /// Position, inclusion proof and the signed checkpoint that covers it.
        proof: LogProof,
    },
    /// The ledger does not take it.
    Refused {
        /// The statement's id.
        id: Hash,
        /// Why, in a sentence.
        why: String,
        /// The newest checkpoint.
        checkpoint: String,
        /// The last statement here of the same key, and the proof that it is here.
        last: Option<(Vec<u8>, LogProof)>,
    },
}

/// An answer is not one, or does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AnswerError {
    /// Not JSON of this schema.
    #[error("it is not an answer to a submission: {0}")]
    Form(String),
    /// A proof in it cannot be read, or is of another position.
    #[error("the proof in it cannot be read")]
    Proof,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    schema: String,
    result: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<LastForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LastForm {
    statement: String,
    proof: String,
}

impl Submission {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Submission::Accepted { .. } => 200,
            Submission::Refused { .. } => 422,
        }
    }

    /// The answer as JSON.
    pub fn print(&self) -> String {
        let form = match self {
            Submission::Accepted { id, new, proof } => Form {
                new: Some(*new),
                position: Some(proof.position.0),
                proof: Some(proof.to_string()),
                ..empty("ACCEPTED", id)
            },
            Submission::Refused { id, why, checkpoint, last } => Form {
                why: Some(why.clone()),
                checkpoint: Some(checkpoint.clone()),
                last: last.as_ref().map(|(statement, proof)| LastForm {
                    statement: STANDARD.encode(statement),
                    proof: proof.to_string(),
                }),
                ..empty("REFUSED", id)
            },
        };
        // Strings and numbers always have a JSON form.
        serde_json::to_string(&form).unwrap_or_default() + "\n"
    }

    /// Reads an answer. Nothing in it is checked.
    pub fn parse(bytes: &[u8]) -> Result<Submission, AnswerError> {
        let malformed = |why: &str| AnswerError::Form(why.into());
        let form: Form =
            serde_json::from_slice(bytes).map_err(|why| AnswerError::Form(why.to_string()))?;
        if form.schema != SCHEMA {
            return Err(malformed("it has another schema"));
        }
        let id = Hash::from_hex(&form.id).ok_or_else(|| malformed("its id is none"))?;
        let proof = |text: &str| LogProof::parse(text.as_bytes()).map_err(|_| AnswerError::Proof);
        match form {
            Form { result, new: Some(new), position: Some(at), proof: Some(text), .. }
                if result == "ACCEPTED" =>
            {
                let proof = proof(&text)?;
                match proof.position == Position(at) {
                    true => Ok(Submission::Accepted { id, new, proof }),
                    false => Err(AnswerError::Proof),
                }
            }
            Form { result, why: Some(why), checkpoint: Some(checkpoint), last, .. }
                if result == "REFUSED" =>
            {
                let last = last.map(|last| {
                    let statement = STANDARD.decode(&last.statement);
                    let statement =
                        statement.map_err(|_| malformed("its statement is not base64"))?;
                    Ok((statement, proof(&last.proof)?))
                });
                Ok(Submission::Refused { id, why, checkpoint, last: last.transpose()? })
            }
            _ => Err(malformed("fields are missing")),
        }
    }
}

fn empty(result: &str, id: &Hash) -> Form {
    Form {
        schema: SCHEMA.into(),
        result: result.into(),
        id: id.to_string(),
        new: None,
        position: None,
        proof: None,
        why: None,
        checkpoint: None,
        last: None,
    }
}

/// What came of sending a statement.
#[derive(Debug)]
pub enum Sent {
    /// An answer.
    Answer(Box<Submission>),
    /// Another status, with the beginning of the body: nothing is known of the statement, or the
    /// receiver said why it could not judge it.
    Other(u16, String),
}

/// Sends a statement to `<url>/statements`.
///
/// # Errors
/// Why nothing came back that could be read. The statement may have been taken all the same: sending it
/// again is safe.
pub fn send(url: &str, statement: &Statement) -> Result<Sent, String> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(std::time::Duration::from_secs(60)))
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(concat!("treering/", env!("CARGO_PKG_VERSION")))
        .build();
    let agent: ureq::Agent = config.into();
    let url = format!("{}/statements", url.trim_end_matches('/'));
    let sent = agent.post(&url).content_type("application/cose").send(statement.bytes());
    let mut answer = sent.map_err(|why| why.to_string())?;
    let status = answer.status().as_u16();
    let limited = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX as u64);
    let body = limited.read_to_vec().map_err(|why| why.to_string())?;
    match status {
        200 | 422 => match Submission::parse(&body) {
            Ok(submission) => Ok(Sent::Answer(Box::new(submission))),
            Err(why) => Err(why.to_string()),
        },
        _ => {
            let text: String = String::from_utf8_lossy(&body).trim().chars().take(200).collect();
            Ok(Sent::Other(status, text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::checkpoint::{Checkpoint, Origin, SignedCheckpoint};
    use crate::tlog::ed25519::SecretKey;
    use crate::tlog::hash::{Tree, TreeSize, leaf_hash};

    fn proof(position: u64) -> LogProof {
        let tree = Tree { size: TreeSize(1), root: leaf_hash(b"x") };
        let checkpoint = Checkpoint::new(Origin::new("example.park/ledger").unwrap(), tree);
        let line = checkpoint.sign(&SecretKey::from_seed(&[1; 32]));
        let checkpoint = SignedCheckpoint::new(checkpoint, vec![line]).unwrap();
        LogProof::new(Position(position), vec![], checkpoint)
    }

    #[test]
    fn answers_read_back() {
        let id = leaf_hash(b"x");
        for answer in [
            Submission::Accepted { id, new: true, proof: proof(0) },
            Submission::Refused { id, why: "why".into(), checkpoint: "c".into(), last: None },
            Submission::Refused {
                id,
                why: "\u{1b}[31m\"why\"".into(),
                checkpoint: "c\n".into(),
                last: Some((b"statement".to_vec(), proof(7))),
            },
        ] {
            assert_eq!(Submission::parse(answer.print().as_bytes()), Ok(answer));
        }
    }

    #[test]
    fn answers_that_are_none() {
        let text = Submission::Accepted { id: leaf_hash(b"x"), new: true, proof: proof(0) }.print();
        for (from, to) in [
            ("submission/1", "submission/2"),
            ("ACCEPTED", "TAKEN"),
            ("\"new\":true,", ""),
            ("\"position\":0", "\"position\":1"),
            ("\"new\"", "\"newer\""),
            ("tlog-proof@v1", "tlog-proof@v2"),
        ] {
            assert!(Submission::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
        }
        assert!(Submission::parse(b"<html>").is_err());
    }
}
