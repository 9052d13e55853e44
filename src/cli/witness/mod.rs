//! `treering witness`: this store cosigns the heads of others' logs, each only if it extends what was
//! cosigned before.

mod cosign;
mod init;
mod log;
mod resume;
mod status;

use std::sync::Arc;

use super::exit::Exit;
use super::keyring::{Keyring, random};
use super::own_store::OwnStore;
use super::voice::Failure;
use super::{Context, Outcome};
use crate::exchange::witness::{Witness, WitnessError, WitnessPlaces};
use crate::store::lock::Holder;
use crate::store::outside::{Incarnation, OutsideError, StateFolder};
use crate::tlog::witness::Declined;

/// `treering witness …`
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make this store a witness: a name and a key of its own
    Init(init::Args),
    /// The logs that this witness watches
    #[command(subcommand)]
    Log(log::Command),
    /// Cosign a request that came as a file
    Cosign(cosign::Args),
    /// What was cosigned, and when
    Status(status::Args),
    /// Let a copied or restored witness cosign again
    Resume(resume::Args),
}

/// Does what was asked.
pub fn run(context: &Context, command: Command) -> Outcome {
    match command {
        Command::Init(args) => init::run(context, args),
        Command::Log(command) => log::run(context, command),
        Command::Cosign(args) => cosign::run(context, args),
        Command::Status(args) => status::run(context, args),
        Command::Resume(args) => resume::run(context, args),
    }
}

impl From<WitnessError> for Failure {
    fn from(fault: WitnessError) -> Failure {
        let next = fault.next_step();
        let exit = match &fault {
            WitnessError::MustNotSign { .. } => Exit::MayBeCopy,
            WitnessError::Declined(Declined::Contradicts { .. })
            | WitnessError::TwoTrees { .. }
            | WitnessError::Frozen(_)
            | WitnessError::Contradiction { .. } => Exit::Fork,
            WitnessError::Declined(Declined::OtherSize(_)) => Exit::Incomplete,
            WitnessError::Declined(_) => Exit::Finding,
            WitnessError::NoWitness | WitnessError::OtherKey => Exit::Key,
            WitnessError::WitnessAlready | WitnessError::OwnName => Exit::Usage,
            WitnessError::Outside(OutsideError::Lock(_)) => Exit::Locked,
            _ => Exit::Unexpected,
        };
        let what = match &fault {
            WitnessError::MustNotSign { .. } => "this witness must not sign now",
            WitnessError::Declined(_) | WitnessError::Frozen(_) => "the checkpoint is not cosigned",
            _ => "the witness cannot be used",
        };
        Failure::new(exit, what, fault, next)
    }
}

/// Where the witness of a store and its outside records lie.
pub fn places(own: &OwnStore, command: &str) -> Result<WitnessPlaces, Failure> {
    let state = StateFolder::from_environment()?;
    let holder = Holder::this_process(command);
    Ok(WitnessPlaces::new(Arc::clone(&own.disk), own.store.clone(), state, holder))
}

/// The witness with its key, which may ask for a passphrase.
pub fn open(context: &Context, own: &OwnStore, command: &str) -> Result<Witness, Failure> {
    let places = places(own, command)?;
    let public = places.identity()?.public();
    let keyring = Keyring::at(context, &own.store.keys());
    let key = keyring.find(&public)?.ok_or_else(|| {
        Failure::new(
            Exit::Key,
            "the witness's key is not here",
            format!("{} holds no such key", own.store.keys().display()),
            "put its second copy back",
        )
    })?;
    Ok(Witness::open(places, keyring.open(&key)?)?)
}

/// A fresh incarnation.
pub fn incarnation() -> Incarnation {
    let mut bytes = [0; Incarnation::LENGTH];
    random(&mut bytes);
    Incarnation(bytes)
}
