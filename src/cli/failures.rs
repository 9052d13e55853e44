//! Every floor's errors as what, why and next, with the exit code each has.

use super::exit::Exit;
use super::voice::Failure;
use crate::exchange::mirror::SyncError;
use crate::exchange::source::SourceError;
use crate::exchange::tree::TreeError;
use crate::ledger::book::Refusal;
use crate::ledger::growth::GrowthError;
use crate::ledger::indexing::IndexingError;
use crate::ledger::read::LedgerUnreadable;
use crate::ledger::writer::{AppendError, OpenError, SignError};
use crate::statement::chain::ChainFault;
use crate::store::chain_file::ChainFileError;
use crate::store::disk::DiskError;
use crate::store::forks::ForksError;
use crate::store::heads::HeadError;
use crate::store::held::HeldError;
use crate::store::index::IndexError;
use crate::store::keys::KeyFileError;
use crate::store::layout::LayoutError;
use crate::store::lock::LockError;
use crate::store::mirrors::MirrorsError;
use crate::store::outside::OutsideError;
use crate::store::public::PublicError;

/// Work was stopped by the person at the keyboard.
pub fn interrupted(what: impl Into<String>, next: &str) -> Failure {
    Failure::new(Exit::Interrupted, what, "it was told to stop (Ctrl-C)", next)
}

/// What to do after a stop that kept what was done.
pub const GO_ON: &str = "run the same command to go on where it stopped";
/// What to do after a stop of work that keeps nothing.
pub const BEGIN_AGAIN: &str = "run the same command to begin again";

/// Wrong usage that clap cannot see.
pub fn usage(what: impl Into<String>, why: impl ToString, next: impl Into<String>) -> Failure {
    Failure::new(Exit::Usage, what, why, next)
}

/// A file that was named cannot be read.
pub fn unreadable(path: &std::path::Path, why: impl ToString) -> Failure {
    let what = format!("{} cannot be read", path.display());
    Failure::new(Exit::Unexpected, what, why, "check the name and that you may read it")
}

/// A file that was named cannot be written.
pub fn unwritable(path: &std::path::Path, why: impl ToString) -> Failure {
    let what = format!("{} cannot be written", path.display());
    Failure::new(Exit::Unexpected, what, why, "name a place that you may write to (-o FILE)")
}

// A disk that refuses is exit 1 and a lock that is held exit 11, however deep in an error they sit: so
// each kind of error hands those it carries on, instead of giving them its own words.

impl From<DiskError> for Failure {
    fn from(fault: DiskError) -> Failure {
        let what = match &fault {
            DiskError::Refused { .. } => "the disk refuses",
            DiskError::TooLong { .. } | DiskError::OtherBytes { .. } => {
                "a file of the store is not what it should be"
            }
        };
        let exit = match &fault {
            DiskError::Refused { .. } => Exit::Unexpected,
            DiskError::TooLong { .. } | DiskError::OtherBytes { .. } => Exit::Finding,
        };
        let next = fault.next_step();
        Failure::new(exit, what, fault, next)
    }
}

impl From<LockError> for Failure {
    fn from(fault: LockError) -> Failure {
        let next = fault.next_step();
        match fault {
            LockError::Held { .. } => {
                Failure::new(Exit::Locked, "the store is in use", fault, next)
            }
            LockError::Disk(fault) => {
                Failure::new(Exit::Unexpected, "the store cannot be locked", fault, next)
            }
        }
    }
}

impl From<LayoutError> for Failure {
    fn from(fault: LayoutError) -> Failure {
        let exit = match fault {
            LayoutError::Lock(fault) => return fault.into(),
            LayoutError::Disk(fault) => return fault.into(),
            LayoutError::NotFound { .. } | LayoutError::NotAStore { .. } => Exit::NoLedger,
            LayoutError::Exists { .. } => Exit::Usage,
        };
        let next = fault.next_step();
        Failure::new(exit, "the store cannot be used", fault, next)
    }
}

impl From<OutsideError> for Failure {
    fn from(fault: OutsideError) -> Failure {
        let exit = match fault {
            OutsideError::Lock(fault) => return fault.into(),
            OutsideError::Disk(fault) => return fault.into(),
            // What cannot be remembered outside cannot tell this store from a copy.
            OutsideError::Damaged(_) => Exit::MayBeCopy,
            OutsideError::NoFolder | OutsideError::InsideStore { .. } => Exit::Usage,
        };
        let next = fault.next_step();
        Failure::new(exit, "the record outside the store cannot be used", fault, next)
    }
}

impl From<HeadError> for Failure {
    fn from(fault: HeadError) -> Failure {
        let exit = match fault {
            HeadError::Outside(fault) => return fault.into(),
            HeadError::Disk(fault) => return fault.into(),
            HeadError::MustNotSign(_) | HeadError::Damaged(_) | HeadError::Shorter { .. } => {
                Exit::MayBeCopy
            }
            HeadError::Contradicts { .. } => Exit::Fork,
            HeadError::NotLarger { .. } | HeadError::Exists(_) => Exit::Unexpected,
        };
        let next = fault.next_step();
        let what = match &fault {
            HeadError::Damaged(_) => "the store's own head is damaged, and nothing is signed",
            _ => "this store must not sign now",
        };
        Failure::new(exit, what, fault, next)
    }
}

impl From<ChainFileError> for Failure {
    fn from(fault: ChainFileError) -> Failure {
        match fault {
            ChainFileError::Outside(fault) => fault.into(),
            ChainFileError::Disk(fault) => fault.into(),
            fault => {
                let next = fault.next_step();
                Failure::new(Exit::Key, "the key must not sign now", fault, next)
            }
        }
    }
}

impl From<KeyFileError> for Failure {
    fn from(fault: KeyFileError) -> Failure {
        match fault {
            KeyFileError::Disk(fault) => fault.into(),
            fault => {
                let next = fault.next_step();
                Failure::new(Exit::Key, "the key cannot be used", fault, next)
            }
        }
    }
}

impl From<PublicError> for Failure {
    fn from(fault: PublicError) -> Failure {
        match fault {
            PublicError::Disk(fault) if !fault.is_not_found() => fault.into(),
            // A file of a ledger that is gone is damage to it, and no trouble with the disk.
            fault => Failure::new(Exit::Finding, CANNOT_BE_READ, fault, NEXT_AUDIT),
        }
    }
}

impl From<LedgerUnreadable> for Failure {
    fn from(fault: LedgerUnreadable) -> Failure {
        let exit = match fault {
            LedgerUnreadable::Public(fault) => return fault.into(),
            LedgerUnreadable::NoLedger(_) => Exit::NoLedger,
            LedgerUnreadable::Statement(..) | LedgerUnreadable::Refused(..) => Exit::Finding,
        };
        Failure::new(exit, CANNOT_BE_READ, fault, NEXT_AUDIT)
    }
}

const CANNOT_BE_READ: &str = "the ledger cannot be read";
const NEXT_AUDIT: &str = "treering audit names what is damaged";

impl From<OpenError> for Failure {
    fn from(fault: OpenError) -> Failure {
        match fault {
            OpenError::Head(fault) => fault.into(),
            OpenError::Unreadable(fault) => fault.into(),
            OpenError::Public(fault) => fault.into(),
            OpenError::Sign(fault) => fault.into(),
            fault @ OpenError::NotWhatWasSigned { .. } => Failure::new(
                Exit::MayBeCopy,
                "this store must not sign now",
                fault,
                "put the newest copy of the public folder back, or ask who holds more: treering resume",
            ),
            fault @ OpenError::NotUnderstood(_) => Failure::new(
                Exit::Incomplete,
                "this program is too old for the ledger",
                fault,
                "use a newer treering; reading goes on up to there",
            ),
        }
    }
}

impl From<SignError> for Failure {
    fn from(fault: SignError) -> Failure {
        match fault {
            SignError::Key(fault) => Failure::new(
                Exit::Key,
                "the checkpoint cannot be signed",
                fault,
                "bring the log key back (treering key import), then run the same command",
            ),
            SignError::Disk(fault) => fault.into(),
            SignError::Note(fault) => {
                Failure::new(Exit::Unexpected, "the checkpoint cannot be signed", fault, NEXT_AGAIN)
            }
        }
    }
}

const NEXT_AGAIN: &str = "run the same command again; nothing acknowledged is lost";

impl From<AppendError> for Failure {
    fn from(fault: AppendError) -> Failure {
        match fault {
            AppendError::Refused { refusal, .. } => refusal.into(),
            AppendError::Disk(fault) => fault.into(),
            AppendError::Head(fault) => fault.into(),
            AppendError::Sign(fault) => fault.into(),
            AppendError::Growth(GrowthError::Present(fault)) => fault.into(),
            fault => Failure::new(Exit::Unexpected, "nothing was recorded", fault, NEXT_AGAIN),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        let next = match &refusal {
            Refusal::Signature(_) => "ask for the file again; it was changed after it was signed",
            Refusal::Chain(ChainFault::Gap { .. }) => {
                "submit what the same key signed before; if that is lost, connect the key here: the next \
                 command that signs with it files all of it"
            }
            Refusal::Chain(_) => "have it signed again where its key is",
            _ => "treering key list shows who may sign what",
        };
        Failure::new(Exit::Finding, "the ledger does not take the statement", refusal, next)
    }
}

impl From<IndexError> for Failure {
    fn from(fault: IndexError) -> Failure {
        let exit = match fault {
            IndexError::Disk(fault) => return fault.into(),
            IndexError::Busy { .. } => Exit::Locked,
            IndexError::Damaged { .. } | IndexError::NotNext { .. } => Exit::Unexpected,
        };
        let next = fault.next_step();
        Failure::new(exit, "the index cannot be used", fault, next)
    }
}

impl From<IndexingError> for Failure {
    fn from(fault: IndexingError) -> Failure {
        match fault {
            IndexingError::Index(fault) => fault.into(),
            IndexingError::Ledger(fault) => fault.into(),
            IndexingError::Interrupted => interrupted(
                "the index is not whole yet",
                "treering reindex; commands that read work without it, only slower",
            ),
            fault @ (IndexingError::Manifest(..) | IndexingError::OtherManifest(..)) => {
                Failure::new(
                    Exit::Finding,
                    "the index cannot be made",
                    fault,
                    "put the manifest back from its second copy; treering audit names what is damaged",
                )
            }
        }
    }
}

impl From<MirrorsError> for Failure {
    fn from(fault: MirrorsError) -> Failure {
        match fault {
            MirrorsError::Lock(fault) => fault.into(),
            MirrorsError::Disk(fault) => fault.into(),
            fault @ MirrorsError::Taken(_) => {
                usage("the mirror cannot have this name", fault, "choose another: --as NAME")
            }
            fault @ MirrorsError::Source => {
                usage("this is no source", fault, "name a folder, or an address")
            }
            fault @ MirrorsError::Damaged(_) => Failure::new(
                Exit::Unexpected,
                "the record of a mirror is damaged",
                fault,
                "remove that file and add the mirror again; what was held is remembered elsewhere",
            ),
        }
    }
}

impl From<HeldError> for Failure {
    fn from(fault: HeldError) -> Failure {
        match fault {
            HeldError::Disk(fault) => fault.into(),
            fault => Failure::new(
                Exit::Unexpected,
                "what was held of the ledger cannot be used",
                fault,
                "put the file back from a backup; deleting it forgets what shows a rewritten history",
            ),
        }
    }
}

impl From<ForksError> for Failure {
    fn from(fault: ForksError) -> Failure {
        match fault {
            ForksError::Disk(fault) => fault.into(),
            fault @ (ForksError::NotFound(_) | ForksError::Reason) => {
                usage("the fork cannot be looked at", fault, "treering fork list")
            }
            fault => Failure::new(
                Exit::Unexpected,
                "a fork proof in this store is damaged",
                fault,
                "put the file back from a backup: it may be the only proof",
            ),
        }
    }
}

impl From<SyncError> for Failure {
    fn from(fault: SyncError) -> Failure {
        match fault {
            SyncError::Mirrors(fault) => fault.into(),
            SyncError::Held(fault) => fault.into(),
            SyncError::Forks(fault) => fault.into(),
            SyncError::Disk(fault) => fault.into(),
        }
    }
}

impl From<SourceError> for Failure {
    fn from(fault: SourceError) -> Failure {
        TreeError::from(fault).into()
    }
}

impl From<TreeError> for Failure {
    fn from(fault: TreeError) -> Failure {
        let (exit, next) = match &fault {
            TreeError::Source(SourceError::NoSource(_)) => {
                (Exit::Usage, "name the public folder of a ledger, or its address")
            }
            TreeError::Source(SourceError::Missing { .. }) => (
                Exit::Incomplete,
                "name the folder or address that holds the file called checkpoint",
            ),
            TreeError::Source(_) => (Exit::Incomplete, "try again, or use another copy"),
            _ => (Exit::Finding, "ask whoever runs the source; another copy may be whole"),
        };
        Failure::new(exit, "the source does not give the ledger", fault, next)
    }
}
