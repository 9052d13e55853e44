//! The writer's book: it takes what a reader takes, and what it refuses leaves no trace in it.

mod support;

use support::bodies::unknown;
use support::story::tell;
use support::{Ledger, countersign, grant, key};
use treering::ledger::book::{Book, Refusal};
use treering::statement::chain::ChainFault;
use treering::statement::envelope::Statement;
use treering::statement::key::Role;
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::{TreeSize, leaf_hash};

/// An honest statement in all but what it says to have seen: its signer may speak, its kind asks
/// nothing more, so this comes to light last.
fn saw_another_history(reader: &Ledger, signer: &SecretKey, grants: bool) -> Statement {
    let newcomer = key("newcomer");
    let mut draft = match grants {
        true => reader.draft(signer, grant(&newcomer, Role::Recorder)),
        false => reader.draft(signer, unknown("dispute", 2)),
    };
    let mut seen = reader.tree();
    seen.root = leaf_hash(b"another history");
    draft.payload.chain.seen = Some(seen);
    if grants {
        countersign(&mut draft, Some(reader.id), &[&newcomer]);
    }
    draft.sign(signer).expect("reads back")
}

#[test]
fn a_refused_statement_leaves_no_trace() {
    let story = tell();
    let entries = &story.ledger.entries;
    let (root, next, log) =
        (story.ledger.root.clone(), story.ledger.next.clone(), story.ledger.log.clone());
    let mut reader = Ledger::begin(entries[0].clone(), root.clone(), next, log).expect("a genesis");
    let mut book = Book::found(&entries[0]).expect("a genesis");
    for (at, entry) in entries.iter().enumerate().skip(1) {
        let mut damaged = entry.bytes().to_vec();
        *damaged.last_mut().expect("a signature") ^= 1;
        let lies = [
            saw_another_history(&reader, &key("stranger"), false),
            saw_another_history(&reader, &root, true),
        ];
        let refused = entries[..at]
            .iter()
            .cloned()
            .chain(story.successor.entries.first().cloned())
            .chain([Statement::read(damaged).expect("only the signature differs")])
            .chain(lies.clone());
        let root_at = &mut |size: TreeSize| Some(reader.tree_at(size.0).root);
        let before = format!("{book:?}");
        for statement in refused {
            let judged = book.admit(&statement, root_at);
            assert!(judged.is_err(), "position {at}: {judged:?} of {statement:?}");
            assert_eq!(format!("{book:?}"), before, "position {at}: {judged:?}");
        }
        if at == 1 {
            for lie in &lies {
                let judged = book.admit(lie, root_at);
                let other_root = Refusal::Chain(ChainFault::SawOtherRoot { size: 1 });
                assert_eq!(judged, Err(other_root));
            }
        }
        let (position, signer) = book.admit(entry, root_at).expect("an honest story");
        reader.append(entry.clone());
        assert_eq!((position.0, Ok(signer)), (at as u64, reader.verdicts[at].clone()));
        assert_eq!(book.tree(), reader.tree());
    }
}
