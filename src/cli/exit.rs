//! Exit codes, decided once.

/// How a command ended, as `treering help exit-codes` documents it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; all that was asked was checked and holds.
    Done,
    /// An unexpected failure: a disk, a bug.
    Unexpected,
    /// Wrong usage.
    Usage,
    /// A finding: a file, entry or signature does not match.
    Finding,
    /// Nothing wrong was found, but something could not be checked.
    Incomplete,
    /// Two signed checkpoints of this ledger cannot both be true.
    Fork,
    /// There is no store here, or no such ledger in it.
    NoLedger,
    /// Another process holds the store.
    Locked,
    /// A key is missing, locked or of the wrong kind.
    Key,
    /// This store may be a copy; it must not sign.
    MayBeCopy,
    /// Stopped by the person at the keyboard.
    Interrupted,
}

impl Exit {
    /// The number a shell sees.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Unexpected => 1,
            Exit::Usage => 2,
            Exit::Finding => 3,
            Exit::Incomplete => 4,
            Exit::Fork => 5,
            Exit::NoLedger => 10,
            Exit::Locked => 11,
            Exit::Key => 12,
            Exit::MayBeCopy => 13,
            Exit::Interrupted => 130,
        }
    }

    /// The exit of a code that an audit computed.
    pub fn of_verdict(code: u8) -> Exit {
        match code {
            0 => Exit::Done,
            3 => Exit::Finding,
            4 => Exit::Incomplete,
            5 => Exit::Fork,
            _ => Exit::Unexpected,
        }
    }

    /// Where several apply: a fork, then a finding, then something unchecked, then done.
    pub fn graver(self, other: Exit) -> Exit {
        let weight = |exit| match exit {
            Exit::Done => 0,
            Exit::Incomplete => 1,
            Exit::Finding => 2,
            Exit::Fork => 3,
            _ => 4,
        };
        if weight(other) > weight(self) { other } else { self }
    }
}

/// `treering help exit-codes`
pub const HELP: &str = "\
Exit codes

    0  done; all that was asked was checked and holds
    1  unexpected failure (disk, bug)
    2  wrong usage
    3  finding: a file, entry or signature does not match
    4  incomplete: nothing wrong found, but something could not be checked
       (missing file, too few witnesses under the policy, no head to compare with)
    5  fork: two signed checkpoints of this ledger cannot both be true
   10  no ledger here
   11  locked by another process
   12  key problem
   13  must not sign: this store may be a copy (treering resume)
  130  interrupted

A program should take any other code as a failure.
";
