//! What an audit says: rules, what became of each, and every exception by name.

use super::identity::Recognised;
use super::pins::Pin;
use super::portrait::Portrait;
pub use super::rule::{Rule, Severity};
use super::time::TimeLine;
use crate::statement::envelope::LedgerId;
use crate::tlog::hash::{Hash, Position, Tree, TreeSize};

/// What became of a rule, or what one finding says of it. Ordered from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Checked, and it holds.
    Pass,
    /// Checked; something is odd.
    Warn,
    /// Could not be checked. Never counted as a pass.
    CannotCheck,
    /// Checked, and it does not hold.
    Fail,
}

impl Outcome {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Warn => "warn",
            Outcome::CannotCheck => "cannot-check",
            Outcome::Fail => "fail",
        }
    }
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The ledger as a whole.
    Ledger,
    /// The statement at a position.
    Statement(Position),
    /// A published file, by its path in the public folder.
    Published(String),
    /// A manifest, by its evidence root.
    Manifest(Hash),
    /// An evidence file, by the bytes of its path.
    File(Vec<u8>),
}

/// One exception, named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// What it makes of the rule; never [`Outcome::Pass`].
    pub outcome: Outcome,
    /// A fixed word a program can rely on: `bundle-missing`, `file-differs` …
    pub code: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// The sentence for people.
    pub what: String,
}

/// Whether a rule had anything to judge. A rule that had nothing passes, and the report says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It was asked of something.
    Judged,
    /// The ledger holds nothing that it is about.
    NothingToJudge,
    /// The rule set leaves it out.
    SwitchedOff,
}

impl Reach {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Reach::Judged => "judged",
            Reach::NothingToJudge => "nothing-to-judge",
            Reach::SwitchedOff => "switched-off",
        }
    }
}

/// What became of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleResult {
    /// The rule.
    pub rule: Rule,
    /// Whether there was anything for it to judge.
    pub reach: Reach,
    /// The worst that was found.
    pub outcome: Outcome,
    /// Things that do not hold.
    pub fails: u64,
    /// Things that are odd.
    pub warnings: u64,
    /// Things that could not be checked.
    pub unchecked: u64,
}

/// The ledger in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerState {
    /// Chains, tree, signatures and authority hold.
    Consistent,
    /// Nothing was found against it, but some of these could not be checked.
    NotChecked,
    /// Some of them do not.
    Broken,
    /// It has fewer statements than a head held from before.
    Shortened,
    /// Two of its signed checkpoints cannot both be true.
    Forked,
    /// A signed checkpoint contradicts it, signed only by a log key that it has retired since.
    ForkedKeyRetired,
}

impl LedgerState {
    /// The fixed word.
    pub fn word(self) -> &'static str {
        match self {
            LedgerState::Consistent => "CONSISTENT",
            LedgerState::NotChecked => "NOT CHECKED",
            LedgerState::Broken => "BROKEN",
            LedgerState::Shortened => "SHORTENED",
            LedgerState::Forked => "FORKED",
            LedgerState::ForkedKeyRetired => "FORK, KEY SINCE RETIRED",
        }
    }
}

/// The whole audit in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All rules hold.
    Pass,
    /// Nothing wrong was found, but something could not be checked.
    Incomplete,
    /// Something does not hold.
    Fail,
    /// The ledger has forked.
    Fork,
}

impl Verdict {
    /// The fixed word; a fork is a FAIL with an exit code of its own.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Pass => "PASS",
            Verdict::Incomplete => "INCOMPLETE",
            Verdict::Fail | Verdict::Fork => "FAIL",
        }
    }
}

/// What became of the evidence files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileCounts {
    /// Rows of all anchors.
    pub anchored: u64,
    /// Files that are byte for byte the anchored ones.
    pub matching: u64,
    /// Files that are not.
    pub differing: u64,
    /// Rows whose file is not in the folder.
    pub missing: u64,
    /// Rows that were not shown to the auditor.
    pub withheld: u64,
    /// Rows that are shown, with no folder of files to compare them with.
    pub not_compared: u64,
    /// Rows whose contents the party erased and said so.
    pub erased: u64,
    /// Files that could not be read.
    pub unreadable: u64,
    /// Files in the folder that no row names.
    pub not_recorded: u64,
}

/// What the ledger holds, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatementCounts {
    /// Statements read.
    pub read: u64,
    /// Statements whose signatures hold and whose key might sign them.
    pub admitted: u64,
    /// Of these, of kinds this program does not understand.
    pub not_understood: u64,
    /// Of these, disputed after a key was compromised, and not affirmed.
    pub disputed: u64,
    /// Of these, disputed and then affirmed.
    pub affirmed: u64,
    /// Of these, superseded by a correction.
    pub superseded: u64,
    /// Of these, anchors of evidence.
    pub anchors: u64,
    /// Keys granted so far.
    pub keys_granted: u64,
    /// Of these, ended.
    pub keys_ended: u64,
}

/// Who the ledger is, as its statement 0 says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The id.
    pub ledger: LedgerId,
    /// The name.
    pub name: String,
    /// The kind of party.
    pub kind: String,
    /// The origin of its checkpoints.
    pub origin: String,
}

/// The whole result. It holds no time of day and no path of the auditor's machine, so the same input
/// gives the same report, byte for byte.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditReport {
    /// Who the ledger is; absent where statement 0 cannot be read.
    pub identity: Option<Identity>,
    /// By what the auditor knows that this is the ledger that was meant.
    pub recognised: Recognised,
    /// The size and root the checkpoint signs; absent where there is no readable checkpoint.
    pub head: Option<Tree>,
    /// The size of the largest held head it was compared with.
    pub compared_with: Option<TreeSize>,
    /// The ledger in one word.
    pub state: LedgerState,
    /// The audit in one word.
    pub verdict: Verdict,
    /// When, as far as believed witnesses say.
    pub time: TimeLine,
    /// The outside ledgers at hand that pin this one (rule R07).
    pub pins: Vec<Pin>,
    /// Every rule.
    pub rules: Vec<RuleResult>,
    /// Every exception kept.
    pub findings: Vec<Finding>,
    /// Exceptions counted but not kept.
    pub findings_not_listed: u64,
    /// Statements, counted.
    pub statements: StatementCounts,
    /// Evidence files, counted.
    pub files: FileCounts,
    /// What the ledger says besides.
    pub portrait: Portrait,
}

impl AuditReport {
    /// The documented exit code of the verdict.
    pub fn exit_code(&self) -> u8 {
        match self.verdict {
            Verdict::Pass => 0,
            Verdict::Fail => 3,
            Verdict::Incomplete => 4,
            Verdict::Fork => 5,
        }
    }
}
