//! What people are asked for, kind by kind: one table from which come the templates that are filled in,
//! the reader of what was filled in, and the JSON Schema of the view for programs.
//!
//! The fields are those of [`super::bodies`], under the same names; golden statements are held to both.

mod claim;
mod process;
mod site;

use super::kind::KindName;

/// A kind of statement as a form.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// The kind.
    pub kind: &'static str,
    /// What it says, for people.
    pub about: &'static str,
    /// Its fields: single values first, then tables.
    pub fields: &'static [Field],
}

/// One field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name, in statements and in templates.
    pub name: &'static str,
    /// What may stand there.
    pub shape: Shape,
    /// Whether it has to.
    pub required: bool,
    /// What it is, for people.
    pub about: &'static str,
    /// Something believable, as TOML.
    pub example: &'static str,
}

/// What may stand in a field.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Words for people.
    Text,
    /// Several of them.
    Texts,
    /// Words for people by BCP 47 language tag.
    Names,
    /// An id: 1 to 64 letters, digits, dots, dashes and underscores.
    Id,
    /// One of a list of words.
    Word(&'static [&'static str]),
    /// Some of a list of words, ascending, each once.
    Words(&'static [&'static str]),
    /// ISO 3166-1 alpha-3.
    Country,
    /// Several of them, ascending.
    Countries,
    /// A whole number of a unit.
    Number(Unit),
    /// Several of them, ascending, each once.
    Numbers(Unit),
    /// A day, UTC.
    Day,
    /// A period of days, half-open.
    Days,
    /// SHA-256 of a file.
    Digest,
    /// Bytes.
    Bytes,
    /// Thumbprints of keys, ascending.
    Keys,
    /// A ledger, by id.
    Ledger,
    /// A statement.
    Statement,
    /// Several of them.
    Statements,
    /// Anchors with their evidence roots.
    Evidence,
    /// One indicator of a catalogue.
    Indicator,
    /// Several, each with its catalogue.
    IndicatorList,
    /// Several of one catalogue.
    Indicators,
    /// The whole body of evidence.
    Dossier,
    /// A ledger's size and root.
    Tree,
    /// Polygons.
    Area,
    /// Drawn rows with what was found.
    FoundRows,
    /// A table of fields.
    Table(&'static [Field]),
    /// Several of them.
    Tables(&'static [Field]),
}

/// What a whole number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Grams of CO2 equivalent, below nothing too.
    Grams,
    /// Square metres.
    SquareMetres,
    /// Millionths of a whole, at most the whole.
    Ppm,
    /// Millionths of a whole, more than the whole too.
    PpmAny,
    /// Percent of confidence.
    Percent,
    /// A calendar year.
    Year,
    /// Years.
    Years,
    /// Things.
    Count,
    /// Things, at least one.
    CountFromOne,
    /// Whatever the field beside it says.
    Any,
}

impl Unit {
    /// The unit in words.
    pub fn words(self) -> &'static str {
        match self {
            Unit::Grams => "grams CO2e (1 t = 1_000_000 g)",
            Unit::SquareMetres => "square metres (1 ha = 10_000 m2)",
            Unit::Ppm | Unit::PpmAny => "millionths (1 % = 10_000 ppm)",
            Unit::Percent => "percent",
            Unit::Year => "a year",
            Unit::Years => "years",
            Unit::Count | Unit::CountFromOne => "a count",
            Unit::Any => "in the unit named beside it",
        }
    }

    /// The least and the greatest.
    pub fn range(self) -> (i64, i64) {
        match self {
            Unit::Grams | Unit::Any => (i64::MIN, i64::MAX),
            Unit::SquareMetres | Unit::PpmAny | Unit::Count | Unit::Years => (0, i64::MAX),
            Unit::Ppm => (0, 1_000_000),
            Unit::Percent => (50, 99),
            Unit::Year => (1, 9_999),
            Unit::CountFromOne => (1, i64::MAX),
        }
    }
}

/// Every form, in the order people are shown them.
pub fn forms() -> impl Iterator<Item = &'static Form> {
    site::FORMS.iter().chain(process::FORMS).chain(claim::FORMS)
}

/// The form of a kind, if people fill it in.
pub fn form_of(kind: &str) -> Option<&'static Form> {
    forms().find(|form| form.kind == kind)
}

impl Form {
    /// The kind's name.
    pub fn kind_name(&self) -> KindName {
        KindName::new(self.kind).expect("form: the names in our own table are well formed")
    }
}

const fn must(
    name: &'static str,
    shape: Shape,
    about: &'static str,
    example: &'static str,
) -> Field {
    Field { name, shape, required: true, about, example }
}

const fn may(
    name: &'static str,
    shape: Shape,
    about: &'static str,
    example: &'static str,
) -> Field {
    Field { name, shape, required: false, about, example }
}

const EVIDENCE: Field = may(
    "evidence",
    Shape::Evidence,
    "The evidence: anchors in the ledger; of some rows only: { statement = \"@12\", rows = [0, 4] }",
    r#"["@12"]"#,
);
const NOTE: Field = may("note", Shape::Text, "For people; no personal data", r#""…""#);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::kind::{Family, KINDS};

    #[test]
    fn every_kind_of_process_and_claim_has_one_form() {
        for (family, kinds) in &KINDS {
            if matches!(family, Family::Process | Family::Claim | Family::Site) {
                for kind in *kinds {
                    assert_eq!(forms().filter(|form| form.kind == *kind).count(), 1, "{kind}");
                }
            }
        }
        assert!(form_of("key.grant").is_none());
    }

    fn check_order(fields: &[Field]) {
        let is_table = |field: &Field| matches!(field.shape, Shape::Table(_) | Shape::Tables(_));
        assert!(fields.is_sorted_by_key(is_table), "{:?}", fields.iter().map(|f| f.name));
        for field in fields {
            assert!(!field.about.is_empty() && !field.about.ends_with('.'), "{}", field.name);
            if let Shape::Table(inner) | Shape::Tables(inner) = field.shape {
                check_order(inner);
            }
        }
    }

    /// In TOML what stands after a table belongs to it.
    #[test]
    fn single_values_come_before_tables() {
        forms().for_each(|form| check_order(form.fields));
    }
}
