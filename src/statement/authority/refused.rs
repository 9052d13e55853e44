//! Why a statement is refused.

use thiserror::Error;

use crate::statement::key::Scope;
use crate::statement::kind::KindName;
use crate::tlog::hash::Position;

/// Why a statement is not admitted at its position.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "each variant's sentence says what it is")]
pub enum Refused {
    #[error("the ledger does not begin with a genesis of its own")]
    NotAGenesis,
    #[error("a ledger has one genesis, at position 0")]
    SecondGenesis,
    #[error("the ledger was closed at position {0}")]
    Closed(Position),
    #[error(
        "who may sign cannot be judged from position {0} on: a statement there is of a kind or version that this program does not know"
    )]
    Undecidable(Position),
    #[error("it was filed in another ledger and copied here")]
    OtherLedger,
    #[error("its issuer is not the party that its key speaks for")]
    OtherIssuer,
    #[error("its key was not granted here")]
    NotGranted,
    #[error("the authority of its key ended at position {0}")]
    Ended(Position),
    #[error("the scope of its key ({scope}) does not cover {kind}")]
    OutOfScope { scope: Scope, kind: KindName },
    #[error("only the root in force signs {0}")]
    RootOnly(KindName),
    #[error("the root signs only what rules the ledger and its keys, not {0}")]
    NotForRoot(KindName),
    #[error(
        "a key that nobody granted here speaks only in the process, to dispute, or with an opinion on a claim, not with {0}"
    )]
    NotForVisitors(KindName),
    #[error("a key that nobody granted here shows itself in its first statement, and only there")]
    VisitorKey,
    #[error("only a key that nobody granted here shows itself or names an accreditor's grant")]
    NoVisitor,
    #[error("the second signatures are not exactly those this kind needs")]
    SecondSignatures,
    #[error("the key already has, or had, a role in this ledger")]
    KeyHasRole,
    #[error("the key holds no grant here, and no more of what it signed would be disputed")]
    NothingToRevoke,
    #[error(
        "`trusted` is required where the root revokes a compromised key or is recovered, and nowhere else"
    )]
    TrustedMisplaced,
    #[error("`trusted` does not name this ledger at an earlier size")]
    TrustedWrong,
    #[error("the key is not the next root that was sealed")]
    NotTheNextRoot,
    #[error("a recovery needs {threshold} of the guardians in force, and no one else")]
    Guardians { threshold: u64 },
}
