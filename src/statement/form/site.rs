//! Forms of the families site and evidence.

use super::{Form, Shape, Unit, may, must};

pub(super) const FORMS: &[Form] = &[
    Form {
        kind: "site.describe",
        about: "what the site is; replaces what was said before",
        fields: &[
            may("site_id", Shape::Number(Unit::Count), "SITE_ID (WDPCA, formerly WDPAID)", "2564"),
            may("site_pid", Shape::Text, "SITE_PID, the parcel", r#""2564_A""#),
            may("countries", Shape::Countries, "Countries", r#"["CHE"]"#),
            may("area_m2", Shape::Number(Unit::SquareMetres), "How large", "170_300_000"),
            may("boundary", Shape::Digest, "The boundary file", r#""file:boundary.geojson""#),
            may(
                "iucn_category",
                Shape::Word(&["Ia", "Ib", "II", "III", "IV", "V", "VI"]),
                "IUCN protected area category",
                r#""Ia""#,
            ),
            may("governance", Shape::Text, "Who governs it, in your words", r#""…""#),
            may("names", Shape::Names, "Its names by language", ""),
        ],
    },
    Form {
        kind: "catalogue.publish",
        about: "the indicators in use, by the digest of their file",
        fields: &[
            must("standard", Shape::Text, "The standard", r#""IUCN Green List""#),
            must("version", Shape::Text, "Its version", r#""1.1""#),
            may("jurisdiction", Shape::Text, "Where an adapted catalogue applies", r#""FRA""#),
            may("language", Shape::Text, "Language of its texts (BCP 47)", r#""fr""#),
            must("catalogue", Shape::Digest, "The file", r#""file:catalogue.json""#),
            may("parent", Shape::Digest, "What it was adapted from", r#""file:parent.json""#),
        ],
    },
    Form {
        kind: "evidence.link",
        about: "evidence bears on indicators, said afterwards",
        fields: &[
            must("statement", Shape::Statement, "The anchor", r#""@12""#),
            must("indicators", Shape::Indicators, "The indicators", r#"["3.4.1", "3.7.1"]"#),
            may(
                "off_site",
                Shape::Text,
                "Why evidence from outside the site bears on them",
                r#""…""#,
            ),
        ],
    },
    Form {
        kind: "evidence.erase",
        about: "rows whose contents the party deleted",
        fields: &[
            must("anchor", Shape::Statement, "The anchor", r#""@12""#),
            must("rows", Shape::Numbers(Unit::Count), "Rows of its manifest", "[0, 4]"),
            must("ground", Shape::Text, "The ground; no personal data", r#""…""#),
        ],
    },
    Form {
        kind: "correction",
        about: "a statement no longer stands as it was said",
        fields: &[
            must("statement", Shape::Statement, "The statement", r#""@12""#),
            may("replaced_by", Shape::Statement, "What stands in its place", r#""@13""#),
            must("reason", Shape::Text, "Why, for people", r#""…""#),
        ],
    },
];
