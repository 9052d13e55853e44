//! Forms of the family process.

use super::{EVIDENCE, Field, Form, NOTE, Shape, Unit, may, must};
use crate::statement::bodies::process::assessment::Verdict;
use crate::statement::bodies::process::certificate::MidtermOutcome;
use crate::statement::bodies::process::concern::{About, CloseOutcome};
use crate::statement::bodies::process::decision::{Advice, CheckOutcome, DecisionOutcome, Step};
use crate::statement::bodies::process::record::{Consent, Group, Method, Mode, Tie};

const STEP: Shape = Shape::Word(Step::WORDS);
const PERIOD: &str = "{ from = 2026-05-01, until = 2026-05-03 }";
const CAPACITIES: &[&str] = &[
    "recorder",
    "supervisor",
    "assessor",
    "reviewer",
    "committee",
    "verifier",
    "mentor",
    "accreditor",
    "witness",
];

const ASSESSMENT: &[Field] = &[
    must("indicator", Shape::Indicator, "The indicator, by its id in the catalogue", r#""3.7.1""#),
    must("verdict", Shape::Word(Verdict::WORDS), "What was found", r#""met""#),
    EVIDENCE,
    may("samples", Shape::Statements, "Results of samples it rests on", r#"["@31"]"#),
    may("period", Shape::Days, "The period it speaks of", PERIOD),
    may(
        "note",
        Shape::Text,
        "Why, for people; not-applicable needs it; no personal data",
        r#""…""#,
    ),
];

const DOSSIER: &str = "All evidence of the catalogue, as the ledger stands now";
const CERTIFICATE: Field = must(
    "certificate",
    Shape::Statement,
    "The certificate: the statement that issued it",
    r#""@40""#,
);
const TERM: &str = "{ from = 2026-07-01, until = 2031-07-01 }";
const CONDITIONS: Field =
    may("conditions", Shape::Texts, "What is to be done, for people", r#"["…"]"#);

pub(super) const FORMS: &[Form] = &[
    Form {
        kind: "assess.self",
        about: "what the site finds of itself, indicator by indicator",
        fields: ASSESSMENT,
    },
    Form {
        kind: "assess.indicator",
        about: "what an assessor finds of one indicator",
        fields: ASSESSMENT,
    },
    Form {
        kind: "assess.recommend",
        about: "what a member of the assessment group recommends",
        fields: &[
            must("step", STEP, "The step", r#""listing""#),
            must("outcome", Shape::Word(Advice::WORDS), "What is recommended", r#""for""#),
            must("dossier", Shape::Dossier, DOSSIER, r#""now""#),
            may("findings", Shape::Statements, "The findings it rests on", r#"["@20", "@21"]"#),
            CONDITIONS,
            NOTE,
        ],
    },
    Form {
        kind: "consultation.record",
        about: "stakeholders and rights-holders were heard",
        fields: &[
            may("step", STEP, "The step it belongs to", r#""listing""#),
            must("period", Shape::Days, "When; until is the day after the last", PERIOD),
            must("method", Shape::Word(Method::WORDS), "How", r#""meeting""#),
            must("groups", Shape::Words(Group::WORDS), "Whom", r#"["communities", "science"]"#),
            may("participants", Shape::Number(Unit::Count), "How many people took part", "24"),
            may("consent", Shape::Word(Consent::WORDS), "If consent was asked for", r#""given""#),
            EVIDENCE,
            NOTE,
            may(
                "care",
                Shape::Table(&[
                    must(
                        "authority",
                        Shape::Text,
                        "The community or body whose word is needed before the evidence is released",
                        r#""…""#,
                    ),
                    may("labels", Shape::Texts, "Local Contexts labels, ascending", r#"["TK A"]"#),
                ]),
                "Authority over the evidence named above (CARE)",
                "",
            ),
        ],
    },
    Form {
        kind: "visit.record",
        about: "the site was visited",
        fields: &[
            may("step", STEP, "The step it belongs to", r#""listing""#),
            must("period", Shape::Days, "When; until is the day after the last", PERIOD),
            must("mode", Shape::Word(Mode::WORDS), "How", r#""in-place""#),
            may("with", Shape::Keys, "Keys of others who took part: whole thumbprints", "[]"),
            EVIDENCE,
            NOTE,
        ],
    },
    Form {
        kind: "conflict.declare",
        about: "the ties of whoever signs it; an empty list declares that there are none",
        fields: &[
            must("capacity", Shape::Word(CAPACITIES), "As what you take part", r#""assessor""#),
            may("organisation", Shape::Text, "For which organisation", r#""…""#),
            may(
                "claim",
                Shape::Id,
                "The claim it concerns; leave out for the assessment",
                r#""…""#,
            ),
            must("ties", Shape::Words(Tie::WORDS), "The ties to site or claim", "[]"),
            NOTE,
        ],
    },
    Form {
        kind: "sample.draw",
        about: "rows drawn so that neither side chose (made by: treering sample draw)",
        fields: &[
            must("indicator", Shape::Indicator, "The indicator", r#""3.7.1""#),
            must("n", Shape::Number(Unit::CountFromOne), "How many rows, 1 to 1,000", "30"),
            may(
                "nonce",
                Shape::Digest,
                "32 bytes drawn after the checkpoint; or a beacon",
                r#""…""#,
            ),
            must("checkpoint", Shape::Tree, "The state of the ledger", r#""now""#),
            must(
                "population",
                Shape::Table(&[
                    must("digest", Shape::Digest, "Digest of the evidence drawn from", r#""…""#),
                    must("rows", Shape::Number(Unit::CountFromOne), "All rows of it", "32048"),
                ]),
                "What is drawn from",
                "",
            ),
            may(
                "beacon",
                Shape::Table(&[
                    must("name", Shape::Text, "Which beacon, which round", r#""drand 5000000""#),
                    must("value", Shape::Bytes, "What it published, in hexadecimal", r#""00ff10""#),
                ]),
                "A public beacon in place of the nonce",
                "",
            ),
        ],
    },
    Form {
        kind: "sample.result",
        about: "what was found in the drawn rows (made by: treering sample record)",
        fields: &[
            must("draw", Shape::Statement, "The draw", r#""@30""#),
            must(
                "rows",
                Shape::FoundRows,
                "Every drawn row in order: evidence root, index, what was found",
                r#"[["…", 0, "agree"]]"#,
            ),
        ],
    },
    Form {
        kind: "review.check",
        about: "a reviewer looked at how a recommendation came about",
        fields: &[
            must("step", STEP, "The step", r#""listing""#),
            must("outcome", Shape::Word(CheckOutcome::WORDS), "What was found", r#""followed""#),
            must("dossier", Shape::Dossier, DOSSIER, r#""now""#),
            must("recommendations", Shape::Statements, "What was looked at", r#"["@33", "@34"]"#),
            may("points", Shape::Texts, "What is to be done first, for people", r#"["…"]"#),
            NOTE,
        ],
    },
    Form {
        kind: "decision",
        about: "the committee decides",
        fields: &[
            must("step", STEP, "The step", r#""listing""#),
            must("outcome", Shape::Word(DecisionOutcome::WORDS), "The decision", r#""accepted""#),
            must("day", Shape::Day, "The day of the decision", "2026-06-12"),
            may("dossier", Shape::Dossier, DOSSIER, r#""now""#),
            may("recommendations", Shape::Statements, "Recommendations before it", r#"["@33"]"#),
            may("review", Shape::Statement, "The reviewer's check before it", r#""@35""#),
            may("concerns", Shape::Statements, "Concerns it answers to", r#"["@37"]"#),
            CONDITIONS,
            NOTE,
        ],
    },
    Form {
        kind: "certificate.issue",
        about: "the site is listed for a term",
        fields: &[
            must("decision", Shape::Statement, "The decision it carries out", r#""@39""#),
            must("term", Shape::Days, "The term; until is the first day without it", TERM),
            may("number", Shape::Text, "The number on the paper", r#""…""#),
        ],
    },
    Form {
        kind: "certificate.suspend",
        about: "the listing rests; said again with until it ends there",
        fields: &[
            CERTIFICATE,
            may("decision", Shape::Statement, "The decision it carries out", r#""@44""#),
            must("from", Shape::Day, "The first day", "2027-01-01"),
            may("until", Shape::Day, "The day after the last", "2027-06-01"),
            must("reason", Shape::Text, "Why, for people", r#""…""#),
        ],
    },
    Form {
        kind: "certificate.withdraw",
        about: "the listing ends",
        fields: &[
            CERTIFICATE,
            may("decision", Shape::Statement, "The decision it carries out", r#""@44""#),
            must("from", Shape::Day, "The first day without it", "2027-01-01"),
            must("reason", Shape::Text, "Why, for people", r#""…""#),
        ],
    },
    Form {
        kind: "certificate.renew",
        about: "the listing goes on for another term",
        fields: &[
            CERTIFICATE,
            must("decision", Shape::Statement, "The decision it carries out", r#""@44""#),
            must("term", Shape::Days, "The new term", TERM),
        ],
    },
    Form {
        kind: "review.midterm",
        about: "the site was looked at in the middle of its term",
        fields: &[
            CERTIFICATE,
            must("outcome", Shape::Word(MidtermOutcome::WORDS), "What was found", r#""confirmed""#),
            must("day", Shape::Day, "The day of the review", "2028-11-30"),
            may("dossier", Shape::Dossier, DOSSIER, r#""now""#),
            CONDITIONS,
            NOTE,
        ],
    },
    Form {
        kind: "concern.raise",
        about: "something is not as it should be",
        fields: &[
            must("about", Shape::Word(About::WORDS), "What it is about", r#""site""#),
            must("concern", Shape::Text, "The concern, for people; no personal data", r#""…""#),
            may("statements", Shape::Statements, "The statements it is about", r#"["@20"]"#),
            may("indicators", Shape::IndicatorList, "The indicators it bears on", r#"["3.5.1"]"#),
            EVIDENCE,
        ],
    },
    Form {
        kind: "concern.answer",
        about: "what those it is about say to a concern",
        fields: &[
            must("concern", Shape::Statement, "The concern", r#""@37""#),
            must("answer", Shape::Text, "The answer, for people; no personal data", r#""…""#),
            EVIDENCE,
        ],
    },
    Form {
        kind: "concern.close",
        about: "a concern was handled; not by the party it is about",
        fields: &[
            must("concern", Shape::Statement, "The concern", r#""@37""#),
            must("outcome", Shape::Word(CloseOutcome::WORDS), "What came of it", r#""resolved""#),
            must("reason", Shape::Text, "Why, for people; no personal data", r#""…""#),
        ],
    },
    Form {
        kind: "dispute",
        about: "a statement is not true, says the signer",
        fields: &[
            must("statement", Shape::Statement, "The statement", r#""@20""#),
            must("reason", Shape::Text, "Why, for people; no personal data", r#""…""#),
            EVIDENCE,
        ],
    },
    Form {
        kind: "statement.refused",
        about: "another ledger did not take this statement; here it is",
        fields: &[
            must("ledger", Shape::Ledger, "The ledger that refused it, by its id", r#""…""#),
            must(
                "statement",
                Shape::Bytes,
                "The statement: \"file:\" and its file",
                r#""file:finding.statement""#,
            ),
            must("reason", Shape::Text, "What the other party said, for people", r#""…""#),
            may(
                "checkpoint",
                Shape::Tree,
                "The checkpoint that came with it",
                r#"{ size = 1, root = "…" }"#,
            ),
        ],
    },
];
