//! The writer: what it takes, what it refuses, and that a refusal changes nothing.

mod support;

use std::sync::Arc;

use support::park::{Park, grown, incarnation, ledger_of};
use support::publish::publish;
use support::{bodies, key};
use treering::ledger::book::Refusal;
use treering::ledger::read;
use treering::ledger::writer::{AppendError, LogKeyMissing, SignError};
use treering::statement::authority::Refused;
use treering::store::disk::RealDisk;
use treering::store::public::PublicFolder;
use treering::tlog::hash::{Hash, Tree, TreeSize};

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

/// A root distrusts a key from a tree on that it names. The writer must know that tree: it takes no
/// statement that an auditor would refuse.
#[test]
fn a_trusted_tree_that_cannot_be_compared_is_refused() {
    let ledger = ledger_of(3);
    let with_anchor = grown(ledger.clone(), "more", 1);
    let revocation = |trusted| {
        let mut ledger = with_anchor.clone();
        let root = ledger.root.clone();
        ledger.append(ledger.signed(&root, bodies::revoke_compromised(&key("anna"), trusted), &[]));
        ledger
    };
    let forged = revocation(Tree { root: Hash::of(b"another tree"), ..with_anchor.tree() });
    let honest = revocation(with_anchor.tree());
    assert!(forged.verdicts[4].is_err() && honest.verdicts[4].is_ok());

    let park = Park::with(&ledger, &[3]);
    let mut writer = park.open().unwrap();
    for together in [&forged, &honest] {
        // The tree of size 4 is not there while the batch is judged.
        let refused = park.append(&mut writer, &together.entries[3..]);
        let Err(AppendError::Refused { index: 1, refusal }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(refusal, Refusal::RootUnknown(TreeSize(4)));
    }
    park.append(&mut writer, &with_anchor.entries[3..]).unwrap();
    let refused = park.append(&mut writer, &forged.entries[4..]);
    let Err(AppendError::Refused { refusal, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(refusal, Refusal::Authority(Refused::TrustedWrong));
    park.append(&mut writer, &honest.entries[4..]).unwrap();
    park.assert_clean(honest.tree());

    // A ledger that another program wrote in one go has only the tiles of its size.
    let folder = tempfile::tempdir().unwrap();
    for (ledger, is_admitted) in [(&honest, true), (&forged, false)] {
        publish(ledger, folder.path());
        let folder = PublicFolder::new(Arc::new(RealDisk), folder.path());
        assert_eq!(read::book(&folder, ledger.id, TreeSize(5)).is_ok(), is_admitted);
    }
}

#[test]
fn an_empty_batch_changes_nothing() {
    let ledger = ledger_of(3);
    let park = Park::with(&ledger, &[3]);
    let mut writer = park.open().unwrap();
    let before = park.picture();
    let appended = park.append(&mut writer, &[]).unwrap();
    assert_eq!((appended.first.0, appended.checkpoint.tree()), (3, ledger.tree()));
    assert!(park.picture() == before);
    let more = grown(ledger, "more", 1);
    park.append(&mut writer, &more.entries[3..]).unwrap();
}

/// People add a batch a day, each with a process of its own. Without clearing up, 256 single
/// statements would leave 32,640 of them behind in partial bundles.
#[test]
fn partial_files_do_not_pile_up_over_many_openings() {
    let partial = |park: &Park| -> Vec<u64> {
        let path = |width: &u64| park.public().join(format!("tile/entries/000.p/{width}"));
        let tile = |width: &u64| park.public().join(format!("tile/0/000.p/{width}"));
        let widths = (1..256).filter(|width| path(width).is_file());
        widths.inspect(|width| assert!(tile(width).is_file())).collect()
    };
    let ledger = ledger_of(262);
    let park = Park::with(&ledger, &[2, 3, 4, 250, 251]);
    // Until the full one stands, readers of older checkpoints have nothing else.
    assert_eq!(partial(&park), [2, 3, 4, 250, 251]);
    for (size, left) in [(258, &[4, 250, 251][..]), (259, &[250, 251]), (260, &[251]), (262, &[])] {
        let mut writer = park.open().unwrap();
        let from = writer.book().tree().size.0 as usize;
        park.append(&mut writer, &ledger.entries[from..size]).unwrap();
        assert_eq!(partial(&park), left, "at {size}");
        park.assert_clean(ledger.tree_at(size as u64));
    }
}
