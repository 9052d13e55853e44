//! The writer: what it takes, what it refuses, and that a refusal changes nothing.

mod support;

use support::key;
use support::park::{Park, grown, incarnation, ledger_of};
use treering::ledger::writer::{AppendError, LogKeyMissing, SignError};

/// A passphrase mistyped, a stick left at home, another key of the same name: the batch is not in the
/// ledger, nothing was written, and the same writer takes it once the key is there.
#[test]
fn without_the_log_key_nothing_is_written() {
    let ledger = ledger_of(3);
    let park = Park::with(&ledger, &[3]);
    let more = grown(ledger, "more", 2);
    let batch = &more.entries[3..];
    let mut writer = park.open().unwrap();
    let before = park.picture();
    let missing = LogKeyMissing { why: "the stick is not here".into() };
    for answer in [Err(missing), Ok(key("another key"))] {
        let refused = writer.append(batch, &mut |_| answer.clone(), incarnation(batch));
        let is_missing = matches!(refused, Err(AppendError::Sign(SignError::Key(_))));
        assert!(is_missing, "{refused:?}");
        assert!(park.picture() == before, "something was written");
    }
    park.append(&mut writer, batch).unwrap();
    park.assert_clean(more.tree());
}
