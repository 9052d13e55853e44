//! What is refused before it is signed: statements that are in form, and wrong.
//!
//! An audit of a foreign ledger finds the same things by its rules; here they never come to be signed.
//! What needs the ledger is judged where it is at hand, and said where it is not.

mod claim;
mod process;
mod site;

pub use claim::moves_of;

use super::desk::Desk;
use super::filling::Filled;
use crate::cli::exit::Exit;
use crate::cli::voice::Failure;
use crate::statement::bodies::cited::Evidence;
use crate::statement::bodies::{Body, StatementRef};
use crate::statement::standing::Standing;

/// Judges what is to be signed; remarks are for the person, and refuse nothing.
pub fn judge(desk: &Desk<'_>, filled: &Filled) -> Result<Vec<String>, Failure> {
    let body = &filled.body;
    let mut remarks = Vec::new();
    if desk.past()?.is_none() {
        remarks.push(
            "the ledger is not at hand: nothing that is named here was looked up in it".into(),
        );
    }
    match body {
        Body::SiteDescribe(site) => site::describe(desk, site, filled)?,
        Body::CataloguePublish(catalogue) => site::catalogue(desk, catalogue, filled)?,
        Body::Link(link) => {
            is_kind(desk, "statement", &link.statement, &["evidence.anchor"])?;
        }
        Body::Erase(erase) => {
            is_kind(desk, "anchor", &erase.anchor, &["evidence.anchor"])?;
        }
        Body::Correction(correction) => {
            site::correction(desk, correction)?;
        }
        Body::ClaimFile(claim) => remarks.extend(claim::file(desk, claim)?),
        Body::ClaimOpinion(opinion) => {
            is_kind(desk, "claim", &opinion.claim, &["claim.file"])?;
        }
        Body::ClaimMove(moved) => claim::moved(desk, moved)?,
        other => process::judge(desk, other)?,
    }
    Ok(remarks)
}

/// A statement that is refused by one of its fields.
fn refuse<T>(
    body: &str,
    field: &str,
    why: impl ToString,
    next: impl Into<String>,
) -> Result<T, Failure> {
    Err(Failure::new(Exit::Usage, format!("{body} is not signed: {field}"), why, next))
}

/// The statement named is here, of one of these kinds, and nothing speaks against it.
fn is_kind(
    desk: &Desk<'_>,
    field: &str,
    reference: &StatementRef,
    kinds: &[&str],
) -> Result<(), Failure> {
    let Some((position, statement)) = desk.statement(reference)? else { return Ok(()) };
    let found = &statement.header.typ.kind;
    if !kinds.contains(&found.as_str()) {
        return refuse(
            "the statement",
            field,
            format!("@{position} is {found}, not {}", kinds.join(" or ")),
            format!("treering log --kind {}", kinds[0]),
        );
    }
    match desk.standing(position, statement)? {
        Standing::Good | Standing::Affirmed => Ok(()),
        Standing::Superseded { .. } => refuse(
            "the statement",
            field,
            format!("@{position} was corrected and stands no more"),
            format!("treering show @{position} tells what stands in its place"),
        ),
        Standing::Disputed => refuse(
            "the statement",
            field,
            format!("@{position} is disputed: its key was called compromised"),
            "have the root or a supervisor affirm it first",
        ),
    }
}

/// Evidence that is named is here and live, and has the rows.
fn is_evidence(desk: &Desk<'_>, evidence: &[Evidence]) -> Result<(), Failure> {
    for (at, one) in evidence.iter().enumerate() {
        let field = format!("evidence[{at}]");
        is_kind(desk, &field, &one.statement, &["evidence.anchor"])?;
        if let Some((position, statement)) = desk.statement(&one.statement)?
            && let Body::Anchor(anchor) = &statement.payload.body
            && one.rows.last().is_some_and(|last| *last >= anchor.rows)
        {
            let why = format!("@{position} has the rows 0 to {}", anchor.rows - 1);
            return refuse("the statement", &field, why, "name rows that are there");
        }
    }
    Ok(())
}
