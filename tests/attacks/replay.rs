//! Statements carried from the place where they were signed to another.

use treering::statement::authority::{Authority, Refused};
use treering::statement::bodies::Body;
use treering::statement::chain::ChainFault;
use treering::statement::envelope::{Issuer, LedgerId, Statement};
use treering::statement::key::Role;
use treering::tlog::checkpoint::Origin;
use treering::tlog::hash::Position;

use crate::support::bodies::{anchor, unknown};
use crate::support::{Fault, Ledger, genesis_draft, key};

/// What authority alone says: a reader without chains (of a receipt, say) has nothing else.
fn refused_by_authority(ledger: &Ledger, statement: &Statement) -> Refused {
    let mut keys = ledger.keys.clone();
    keys.learn(statement);
    let signed = statement.check_signatures(&keys, ledger.id).expect("its signatures hold");
    let mut authority = ledger.authority.clone();
    let position = Position(ledger.entries.len() as u64);
    authority.admit(position, signed, &mut |_| None).expect_err("must be refused")
}

#[test]
fn a_granted_keys_statement_in_another_ledger() {
    let (mut here, mut there) = (Ledger::found("here"), Ledger::found("there"));
    let anna = here.granted("anna", Role::Recorder);
    there.granted("anna", Role::Recorder);
    let copied = there.signed(&anna, anchor("spring"), &[]);
    assert_eq!(here.judge(&copied), Err(Fault::Chain(ChainFault::OtherLedger)));
    assert_eq!(refused_by_authority(&here, &copied), Refused::OtherLedger);
}

#[test]
fn a_visitors_statement_in_another_ledger() {
    let (here, there) = (Ledger::found("here"), Ledger::found("there"));
    let copied = there.signed(&key("stranger"), unknown("dispute", 2), &[]);
    assert_eq!(here.judge(&copied), Err(Fault::Chain(ChainFault::OtherLedger)));
    assert_eq!(refused_by_authority(&here, &copied), Refused::OtherLedger);
}

#[test]
fn the_genesis_once_more() {
    let ledger = Ledger::found("site");
    assert_eq!(refused_by_authority(&ledger, &ledger.entries[0]), Refused::SecondGenesis);
    let other = Ledger::found("other");
    assert_eq!(refused_by_authority(&ledger, &other.entries[0]), Refused::SecondGenesis);
}

#[test]
fn a_ledger_that_begins_with_something_else() {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let statement = ledger.signed(&anna, anchor("spring"), &[]);
    let id = LedgerId(statement.id());
    let signed = statement.check_signatures(&ledger.keys, id).expect("its signature holds");
    assert_eq!(Authority::found(signed).unwrap_err(), Refused::NotAGenesis);
}

#[test]
fn a_genesis_in_the_name_of_another_ledger() {
    let victim = Ledger::found("victim");
    let (root, log) = (key("mallory/root"), key("mallory/log key"));
    let Body::Genesis(mut genesis) = Ledger::found("mallory").at(Position(0)).payload.body.clone()
    else {
        panic!("statement 0 is a genesis");
    };
    let name = Issuer::Ledger(victim.id);
    genesis.origin = Origin::new(&name.to_string()).expect("an origin");
    let mut draft = genesis_draft(genesis, &log);
    draft.issuer = name;
    let statement = draft.sign(&root).expect("reads back");
    let refused = Ledger::begin(statement, root, key("mallory/next root"), log).err();
    assert_eq!(refused, Some(Fault::Refused(Refused::NotAGenesis)));
}

#[test]
fn the_same_statement_twice() {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let at = ledger.file(&anna, anchor("spring"));
    let again = ledger.at(at).clone();
    assert_eq!(ledger.judge(&again), Err(Fault::Chain(ChainFault::Repeat { found: 0 })));
}
