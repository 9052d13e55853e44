//! Forms of the family claim.

use super::{EVIDENCE, Field, Form, NOTE, Shape, Unit, may, must};
use crate::statement::bodies::claim::ClaimKind;
use crate::statement::bodies::claim::amounts::{Effect, Gas, GwpSet, OmissionReason, Pool};
use crate::statement::bodies::claim::filing::Mark;
use crate::statement::bodies::claim::moves::Verb;
use crate::statement::bodies::claim::opinion::{Activity, Assurance, OpinionKind};
use crate::statement::bodies::claim::terms::{Adjustment, NdcCoverage, Risk, Storage};

const GRAMS: Shape = Shape::Number(Unit::Grams);

const SERIALS: Field = may(
    "serials",
    Shape::Tables(&[
        must("registry", Shape::Text, "The registry", r#""…""#),
        may("prefix", Shape::Text, "What stands before the number", r#""VCS-1234-""#),
        must("first", Shape::Number(Unit::Count), "The first number", "1"),
        must("last", Shape::Number(Unit::Count), "The last number", "720"),
        must("count", Shape::Number(Unit::Count), "How many units: last - first + 1", "720"),
    ]),
    "Units of a registry, by their numbers",
    "",
);

pub(super) const FORMS: &[Form] = &[
    Form {
        kind: "claim.file",
        about: "what a site says its care did for the climate",
        fields: &[
            must("id", Shape::Id, "What people call it; never used twice", r#""larch-2025""#),
            must(
                "kind",
                Shape::Word(ClaimKind::WORDS),
                "What it is for; compensation needs an authorisation and an adjustment",
                r#""contribution""#,
            ),
            must(
                "effect",
                Shape::Word(Effect::WORDS),
                "What is counted: carbon taken up, or emissions avoided",
                r#""removal""#,
            ),
            must("title", Shape::Text, "Its title, for people", r#""Larch above Trupchun, 2025""#),
            may("text", Shape::Text, "What it says, for people", r#""…""#),
            may("claimant", Shape::Text, "Who makes it, if not the ledger's own party", r#""…""#),
            may("site_id", Shape::Number(Unit::Count), "SITE_ID of the site (WDPCA)", "2564"),
            must(
                "area",
                Shape::Area,
                "Where: \"file:\" and a GeoJSON file",
                r#""file:plots.geojson""#,
            ),
            must("area_m2", Shape::Number(Unit::SquareMetres), "How large", "1_250_000"),
            may("ecosystem", Shape::Text, "The ecosystem, by a typology", r#""T2.1""#),
            must(
                "period",
                Shape::Days,
                "When; until is the day after the last",
                "{ from = 2025-01-01, until = 2026-01-01 }",
            ),
            may(
                "crediting",
                Shape::Days,
                "The crediting period around it",
                "{ from = 2025-01-01, until = 2035-01-01 }",
            ),
            may(
                "vintages",
                Shape::Numbers(Unit::Year),
                "Years its units are named after",
                "[2025]",
            ),
            may("marks", Shape::Words(Mark::WORDS), "Exceptions it makes", r#"["beyond-site"]"#),
            must(
                "gwp",
                Shape::Word(GwpSet::WORDS),
                "Global warming potentials, 100 years, one set for all",
                r#""AR6""#,
            ),
            may("formula", Shape::Text, "The formula, as the methodology writes it", r#""…""#),
            EVIDENCE,
            may("supersedes", Shape::Statements, "Claims it stands in the place of", r#"["@9"]"#),
            must(
                "totals",
                Shape::Table(&[
                    must("baseline_g", GRAMS, "Without the project", "300_000_000"),
                    must("project_g", GRAMS, "With it", "1_400_000_000"),
                    must("leakage_g", GRAMS, "What it moved elsewhere", "100_000_000"),
                    must("deduction_g", GRAMS, "Taken off for uncertainty", "100_000_000"),
                    must(
                        "net_g",
                        GRAMS,
                        "removal: project - baseline - leakage - deduction; reduction: baseline - project - …",
                        "900_000_000",
                    ),
                    must("buffer_g", GRAMS, "Kept back, part of the net", "180_000_000"),
                    must("issuable_g", GRAMS, "net - buffer", "720_000_000"),
                ]),
                "The sums over all pools",
                "",
            ),
            must(
                "pools",
                Shape::Tables(&[
                    must(
                        "pool",
                        Shape::Word(Pool::WORDS),
                        "The pool or source",
                        r#""above-ground-biomass""#,
                    ),
                    must("gas", Shape::Word(Gas::WORDS), "The gas", r#""CO2""#),
                    must("baseline_g", GRAMS, "Without the project", "300_000_000"),
                    must("project_g", GRAMS, "With it", "1_400_000_000"),
                    must("leakage_g", GRAMS, "What it moved elsewhere", "100_000_000"),
                    may("note", Shape::Text, "An amount below nothing needs it", r#""…""#),
                ]),
                "One table for each pool and gas",
                "",
            ),
            must(
                "methodology",
                Shape::Table(&[
                    must("id", Shape::Text, "Its id", r#""VM0047""#),
                    must("version", Shape::Text, "Its version", r#""1.0""#),
                    must("document", Shape::Digest, "Its document", r#""file:VM0047.pdf""#),
                    may("author", Shape::Text, "The organisation that wrote it", r#""…""#),
                ]),
                "By which method",
                "",
            ),
            may(
                "omitted",
                Shape::Tables(&[
                    must("pool", Shape::Word(Pool::WORDS), "What was left out", r#""litter""#),
                    may("reason", Shape::Word(OmissionReason::WORDS), "Why", r#""small""#),
                    may("share_ppm", Shape::Number(Unit::Ppm), "How much of the net", "20_000"),
                    NOTE,
                ]),
                "What was left out: one table each",
                "",
            ),
            may(
                "uncertainty",
                Shape::Table(&[
                    must(
                        "half_width_ppm",
                        Shape::Number(Unit::PpmAny),
                        "Half the width of the interval, of the net",
                        "90_000",
                    ),
                    must(
                        "confidence_percent",
                        Shape::Number(Unit::Percent),
                        "Its confidence",
                        "90",
                    ),
                ]),
                "How sure the net is",
                "",
            ),
            may(
                "buffer",
                Shape::Table(&[
                    must("share_ppm", Shape::Number(Unit::Ppm), "Its share of the net", "200_000"),
                    may(
                        "floor_ppm",
                        Shape::Number(Unit::Ppm),
                        "The methodology's least",
                        "150_000",
                    ),
                ]),
                "What is kept back against reversal",
                "",
            ),
            may(
                "variables",
                Shape::Tables(&[
                    must("name", Shape::Text, "Its name in the formula", r#""dbh_sum""#),
                    must("value", Shape::Number(Unit::Any), "Its value", "48211"),
                    must("unit", Shape::Text, "Its unit", r#""mm""#),
                    EVIDENCE,
                ]),
                "The figures of the formula, each with its evidence",
                "",
            ),
            may(
                "durability",
                Shape::Table(&[
                    must(
                        "storage",
                        Shape::Word(Storage::WORDS),
                        "Where it is held",
                        r#""biomass""#,
                    ),
                    must("years", Shape::Number(Unit::Years), "For how long", "40"),
                    may(
                        "reversal_risk",
                        Shape::Word(Risk::WORDS),
                        "How likely a loss is",
                        r#""medium""#,
                    ),
                    may("insurer", Shape::Text, "Who makes good what the buffer cannot", r#""…""#),
                ]),
                "How long it is to last",
                "",
            ),
            may(
                "host_country",
                Shape::Table(&[
                    must("country", Shape::Country, "The country", r#""CHE""#),
                    must(
                        "ndc",
                        Shape::Word(NdcCoverage::WORDS),
                        "Whether its NDC covers it",
                        r#""unknown""#,
                    ),
                    may("authorisation", Shape::Digest, "Its letter", r#""file:letter.pdf""#),
                    may(
                        "adjustment",
                        Shape::Word(Adjustment::WORDS),
                        "The corresponding adjustment; none for a contribution",
                        r#""committed""#,
                    ),
                ]),
                "What the host country's books say",
                "",
            ),
            SERIALS,
        ],
    },
    Form {
        kind: "claim.opinion",
        about: "what a validation and verification body says to a claim",
        fields: &[
            must("claim", Shape::Statement, "The claim", r#""@50""#),
            must("activity", Shape::Word(Activity::WORDS), "Forward or back", r#""verification""#),
            must("opinion", Shape::Word(OpinionKind::WORDS), "What is said", r#""unmodified""#),
            must("assurance", Shape::Word(Assurance::WORDS), "How sure", r#""limited""#),
            must(
                "materiality_ppm",
                Shape::Number(Unit::Ppm),
                "From which error on it would be said otherwise",
                "50_000",
            ),
            must("body", Shape::Text, "The organisation that gives it", r#""…""#),
            may("accreditation", Shape::Text, "Its accreditation, by number", r#""…""#),
            may("standard", Shape::Text, "The standard followed", r#""ISO 14064-3:2019""#),
            must("day", Shape::Day, "The day it was given", "2026-05-20"),
            may("report", Shape::Digest, "The report", r#""file:report.pdf""#),
            EVIDENCE,
            NOTE,
        ],
    },
    Form {
        kind: "claim.move",
        about: "what becomes of the units of a claim",
        fields: &[
            must("claim", Shape::Statement, "The claim", r#""@50""#),
            must(
                "verb",
                Shape::Word(Verb::WORDS),
                "What happens; buffer comes before units leave",
                r#""issue""#,
            ),
            must("grams", GRAMS, "To how much", "900_000_000"),
            must("day", Shape::Day, "On which day", "2026-05-31"),
            may("holder", Shape::Text, "Who held it before, if not the party itself", r#""…""#),
            may("to", Shape::Text, "Who gets it: transfer, export", r#""…""#),
            may("vintage", Shape::Number(Unit::Year), "Of which year", "2025"),
            may("beneficiary", Shape::Text, "retire: for which organisation", r#""…""#),
            may("purpose", Shape::Text, "retire: for what", r#""…""#),
            may("kind", Shape::Word(ClaimKind::WORDS), "retire: as what", r#""contribution""#),
            may("reason", Shape::Text, "cancel, reverse: why", r#""…""#),
            may("replaces", Shape::Statement, "replace: the reversal it makes good", r#""@60""#),
            EVIDENCE,
            SERIALS,
        ],
    },
];
