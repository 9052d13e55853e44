//! The rules of the audit, by the numbers they have in reports. What stands above a rule here is its
//! definition: `schemas/rules.md` is made from it.

use std::fmt;

/// How much a broken rule weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The ledger, the evidence or a claim is not what it says it is.
    Error,
    /// Worth a question, proves nothing.
    Warning,
}

impl Severity {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleFamily {
    /// The ledger: order, signatures, time.
    Ledger,
    /// What was anchored.
    Evidence,
    /// Climate claims and their units.
    Claims,
    /// The assurance process and who takes part in it.
    Process,
}

impl RuleFamily {
    /// Every family, in the order of reports.
    pub const ALL: [RuleFamily; 4] =
        [RuleFamily::Ledger, RuleFamily::Evidence, RuleFamily::Claims, RuleFamily::Process];

    /// The heading in reports.
    pub fn title(self) -> &'static str {
        match self {
            RuleFamily::Ledger => "Ledger",
            RuleFamily::Evidence => "Evidence",
            RuleFamily::Claims => "Climate claims",
            RuleFamily::Process => "Process and independence",
        }
    }
}

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $rule:ident, $family:ident, $severity:ident, $title:literal,
        $broken:literal;)+) => {
        /// A rule of the audit, by the number it has in reports.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[doc = $doc])+ $rule,)+
        }

        impl Rule {
            /// Every rule of this version, in the order of reports.
            pub const ALL: &'static [Rule] = &[$(Rule::$rule,)+];

            /// The number in reports.
            pub fn id(self) -> &'static str {
                match self { $(Rule::$rule => stringify!($rule),)+ }
            }

            /// The rule in a few words, as it reads when it holds.
            pub fn title(self) -> &'static str {
                match self { $(Rule::$rule => $title,)+ }
            }

            /// How it reads when it is broken.
            pub fn broken(self) -> &'static str {
                match self { $(Rule::$rule => $broken,)+ }
            }

            /// What it is about.
            pub fn family(self) -> RuleFamily {
                match self { $(Rule::$rule => RuleFamily::$family,)+ }
            }

            /// How much it weighs when it is broken.
            pub fn severity(self) -> Severity {
                match self { $(Rule::$rule => Severity::$severity,)+ }
            }

            /// The definition: the comment that stands above the rule, on one line.
            pub fn definition(self) -> &'static str {
                match self { $(Rule::$rule => concat!($($doc,)+).trim_start(),)+ }
            }
        }
    };
}

rules! {
    /// Each key's statements in a ledger are numbered without gap or repeat; each names the one before
    /// it, this ledger, and a true root where it names one.
    R01, Ledger, Error, "no statement of any key is missing, repeated or moved",
        "statements are missing, repeated or moved";

    /// The tree recomputed from the statements is the one the checkpoint signs, and every published
    /// tile belongs to it.
    R02, Ledger, Error, "the signed checkpoint covers exactly these statements",
        "the published files are not what the checkpoint signs";

    /// Each statement is canonical, signed strictly, by a key admitted for its kind where it stands.
    R03, Ledger, Error, "every statement is signed by a key that was allowed to",
        "statements are not signed by keys that were allowed to";

    /// A head held from before is a prefix of this ledger. Without one it cannot be said that nothing
    /// was cut from the end.
    R04, Ledger, Error, "nothing was cut or changed since a head held from before",
        "another history of this ledger was signed";

    /// No two signed checkpoints of this ledger contradict one another.
    R05, Ledger, Error, "no two signed checkpoints contradict one another",
        "another history of this ledger was signed";

    /// The clocks of signers do not run back, nor ahead of the auditor's.
    R06, Ledger, Warning, "the signers' clocks run forward",
        "the signers' clocks run back";

    /// Each evidence file is the one that was anchored; what is gone is accounted for.
    R10, Evidence, Error, "the evidence files are the ones that were anchored",
        "manifests or anchors are not what they say";

    /// Once the site is a candidate, each indicator of the catalogue in use rests on live evidence, or
    /// on a finding `not-applicable` that gives its reason.
    R11, Evidence, Error, "every indicator rests on evidence or is said not to apply",
        "indicators rest on no evidence";

    /// Evidence that a finding or a claim rests on was captured in the period it speaks of: at least
    /// in part, and for the greater part.
    R12, Evidence, Error, "evidence is of the period it stands for",
        "evidence is not of the period it stands for";

    /// Devices say that the files were captured before they were anchored, and not long before: a
    /// warning when the latest capture is older than 60 days and the length of the deployment together.
    /// That length is the span of captures, at most 366 days; a clock before 2000 gives none.
    R13, Evidence, Error, "files were captured before they were anchored",
        "devices say that files were captured after they were anchored";

    /// Evidence comes from the site, or says that it does not.
    R15, Evidence, Warning, "evidence comes from the site",
        "evidence does not come from the site";

    /// No indicator rests on evidence alone that is older than a term of the listing.
    R17, Evidence, Warning, "the evidence is of this term",
        "evidence is older than a term";

    /// The evidence of an indicator has more than one source.
    R18, Evidence, Warning, "evidence of an indicator has more than one source",
        "indicators rest on one source";

    /// Labels made by a model name the model and its version, and people looked at a sample of them.
    R19, Evidence, Warning, "machine labels name their model and were sampled by people",
        "machine labels cannot be traced";

    /// The net of a claim follows from its totals, and what may be issued from the net, to the gram.
    R20, Claims, Error, "claims add up",
        "claims do not add up";

    /// The totals of a claim are the sums over its pools; no pool counts twice; what is left out has a
    /// reason, and an amount below nothing a note.
    R21, Claims, Error, "pools add up to their totals",
        "pools do not add up to their totals";

    /// No two live claims, in any ledger at hand, count the same pool and gas in the same place at the
    /// same time, unless one supersedes the other.
    R22, Claims, Error, "no effect is claimed twice",
        "an effect is claimed twice";

    /// No serial number of a registry stands for two claims, and a block has as many as it says.
    R23, Claims, Error, "serial numbers stand for one claim each",
        "serial numbers stand for two claims";

    /// Units issued are held, retired, cancelled, buffered or exported, after every move; nothing
    /// leaves those that are retired or cancelled.
    R24, Claims, Error, "units balance after every move",
        "units do not balance";

    /// A retirement names a beneficiary, a purpose and the kind of claim it serves, and retires no more
    /// than is there.
    R25, Claims, Error, "retirements say for whom and what for",
        "retirements do not say for whom and what for";

    /// Vintages lie in the claim's period, and units are issued after it unless marked as ex-ante.
    R26, Claims, Error, "vintages lie in the period claimed",
        "vintages lie outside the period claimed";

    /// The area a claim states is the area of its polygons, and these lie in the site.
    R27, Claims, Error, "areas are as large as they are said to be",
        "areas are not as large as they are said to be";

    /// The net of a claim is plausible for its area, its years and its ecosystem.
    R28, Claims, Warning, "claims are plausible for their area",
        "claims are not plausible for their area";

    /// A contribution does not speak of offsetting, compensation or neutrality.
    R29, Claims, Warning, "contributions do not claim to offset",
        "contributions claim to offset";

    /// The listing is in force on every day on which it is claimed.
    R30, Process, Error, "the listing is in force where it is used",
        "the listing was used while it was not in force";

    /// The steps of the process come in their order, each by the role that takes it, and a decision
    /// rests on the same evidence as the recommendation and the check before it.
    R31, Process, Error, "the steps of the process come in their order",
        "the steps of the process do not come in their order";

    /// Whoever assesses, reviews or verifies neither recorded the evidence nor mentored the site nor
    /// has a financial tie to it, and has declared so.
    R32, Process, Error, "assessors, reviewers and verifiers are independent",
        "assessors, reviewers or verifiers are not independent";

    /// Assessor, reviewer and committee are different keys, and the reviewer of another organisation.
    R33, Process, Error, "assessor, reviewer and committee are different people",
        "assessor, reviewer and committee are not different people";

    /// A recommendation is signed by enough members of the assessment group.
    R34, Process, Error, "enough assessors recommended",
        "too few assessors recommended";

    /// A listed site is reviewed in the middle of its term.
    R35, Process, Warning, "the mid-term review took place in time",
        "the mid-term review did not take place in time";

    /// Concerns are answered in time, and not closed by the party they are about.
    R36, Process, Warning, "concerns were answered, and closed by others",
        "concerns were not answered, or closed by those they are about";

    /// A claim names its methodology by version and document, the same through a crediting period,
    /// and one set of warming potentials.
    R37, Claims, Error, "claims name their methodology, and keep it",
        "claims do not keep to a methodology";

    /// Each figure of a claim's formula points at evidence in a ledger at hand.
    R38, Claims, Error, "figures of claims point at evidence",
        "figures of claims point at no evidence";

    /// The buffer of a claim reaches the floor of its methodology, and is not retired for anybody.
    R39, Claims, Warning, "buffers reach their floor",
        "buffers do not reach their floor";

    /// A compensation is authorised by its host country and adjusted for; a contribution is not.
    R40, Claims, Error, "compensations are authorised and adjusted for",
        "compensations are not authorised or adjusted for";

    /// A claim whose uncertainty is large takes something off for it.
    R41, Claims, Warning, "large uncertainties are deducted",
        "large uncertainties are not deducted";

    /// A sample draws from the evidence that the ledger held at its size, and its result reports on the
    /// rows drawn, in their order.
    R42, Process, Error, "samples report on the rows that were drawn",
        "samples do not report on the rows that were drawn";
}

impl Rule {
    /// Whether it weighs statements against one another, and so needs all of them at once.
    pub fn weighs(self) -> bool {
        self.family() != RuleFamily::Ledger && !matches!(self, Rule::R10 | Rule::R13)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
