//! Who assesses, reviews, decides and verifies is independent of the site and of one another (R32, R33).

use std::collections::{BTreeMap, BTreeSet};

use super::process::role_of;
use super::weighed::{About, Weighed, about};
use crate::audit::findings::Findings;
use crate::audit::record::Said;
use crate::audit::rule::Rule;
use crate::statement::bodies::Body;
use crate::statement::bodies::StatementRef;
use crate::statement::bodies::process::decision::Decision;
use crate::statement::bodies::process::record::{Conflict, Tie};
use crate::statement::key::{KeyId, Role};

/// Judges the parties of one ledger.
pub(super) fn judge(weighed: &Weighed<'_>, out: &mut Findings) {
    let declared = declarations(weighed);
    if weighed.figures.R32.on {
        for said in weighed.record.live() {
            let independent = matches!(
                role_of(&said.body),
                Some(Role::Assessor | Role::Reviewer | Role::Verifier)
            );
            if independent {
                let mut about = about(Rule::R32, said, out);
                without_ties(weighed, said, &declared, &mut about);
            }
        }
        verifiers(weighed, out);
    }
    for said in weighed.record.live() {
        if let Body::Decision(decision) = &said.body {
            four_eyes(weighed, said, decision, &declared, out);
        }
    }
}

type Declared<'a> = BTreeMap<KeyId, Vec<(&'a Said, &'a Conflict)>>;

fn declarations<'a>(weighed: &Weighed<'a>) -> Declared<'a> {
    let mut declared = Declared::new();
    for said in weighed.record.live() {
        if let Body::Conflict(conflict) = &said.body {
            declared.entry(said.key).or_default().push((said, conflict));
        }
    }
    declared
}

/// R32: neither recorded the evidence nor is tied to the site, and said so before.
fn without_ties(
    weighed: &Weighed<'_>,
    said: &Said,
    declared: &Declared<'_>,
    about: &mut About<'_>,
) {
    if weighed.record.anchoring_keys().contains(&said.key) {
        about.fail("recorded-the-evidence", "its key also recorded evidence of the site");
    }
    let claim = match &said.body {
        Body::ClaimOpinion(opinion) => weighed.record.resolve(&opinion.claim),
        _ => None,
    };
    let claim = claim.and_then(|claim| match &claim.body {
        Body::ClaimFile(claim) => Some(claim.id.as_str()),
        _ => None,
    });
    let of_key = declared.get(&said.key).into_iter().flatten();
    let mut said_so = of_key
        .filter(|(at, conflict)| {
            let of_it = conflict.claim.is_none() || conflict.claim.as_deref() == claim;
            at.position < said.position && of_it
        })
        .peekable();
    if said_so.peek().is_none() {
        about.fail("not-declared", "its signer had not declared its ties to the site, or none");
    }
    for (at, conflict) in said_so {
        for tie in &conflict.ties {
            let at = at.position;
            match tie {
                Tie::Personal | Tie::Other => {
                    about.warn("tied", format!("its signer declared a tie at {at}: {tie}"));
                }
                _ => about.fail("tied", format!("its signer declared a tie at {at}: {tie}")),
            }
        }
    }
}

/// R32: the verifying body neither wrote the methodology nor makes the claim, nor verifies too often.
fn verifiers(weighed: &Weighed<'_>, out: &mut Findings) {
    let most = weighed.figures.R32.verifications_in_a_row;
    let mut row: Option<(&str, u64)> = None;
    for said in weighed.record.live() {
        let Body::ClaimOpinion(opinion) = &said.body else { continue };
        let mut about = about(Rule::R32, said, out);
        let body = opinion.body.as_str();
        if let Some(Body::ClaimFile(claim)) =
            weighed.record.resolve(&opinion.claim).map(|claim| &claim.body)
        {
            if claim.methodology.author.as_deref() == Some(body) {
                about.fail("wrote-the-methodology", "its body also wrote the methodology");
            }
            if claim.claimant.as_deref() == Some(body) {
                about.fail("makes-the-claim", "its body also makes the claim");
            }
        }
        let times = match row {
            Some((before, times)) if before == body => times + 1,
            _ => 1,
        };
        row = Some((body, times));
        if times > most {
            about.fail("too-often", format!("its body gave the last {times} opinions here"));
        }
    }
}

/// R33: assessors, reviewer and committee have no key in common, and the reviewer is of another
/// organisation than the assessors.
fn four_eyes(
    weighed: &Weighed<'_>,
    said: &Said,
    decision: &Decision,
    declared: &Declared<'_>,
    out: &mut Findings,
) {
    let signer = |reference: &StatementRef| weighed.record.resolve(reference).map(|at| at.key);
    let assessors: BTreeSet<KeyId> = decision.recommendations.iter().filter_map(signer).collect();
    let reviewer = decision.review.as_ref().and_then(signer);
    if assessors.is_empty() && reviewer.is_none() {
        return;
    }
    let mut about = about(Rule::R33, said, out);
    if assessors.contains(&said.key) || reviewer == Some(said.key) {
        about.fail("decides-on-itself", "its key also recommended or reviewed the step");
    }
    let Some(reviewer) = reviewer else { return };
    if assessors.contains(&reviewer) {
        about.fail("reviews-itself", "the reviewer's key also recommended the step");
    }
    let organisation = |key: &KeyId| {
        let conflicts = declared.get(key).into_iter().flatten();
        conflicts.filter_map(|(_, conflict)| conflict.organisation.as_deref()).next_back()
    };
    let Some(of_reviewer) = organisation(&reviewer) else {
        return about.cannot_check(
            "organisation-unknown",
            "the reviewer has not declared its organisation",
        );
    };
    for assessor in &assessors {
        match organisation(assessor) {
            Some(same) if same == of_reviewer => {
                about
                    .fail("same-organisation", format!("reviewer and assessor are both of {same}"));
            }
            Some(_) => {}
            None => about.cannot_check(
                "organisation-unknown",
                "an assessor has not declared its organisation",
            ),
        }
    }
}
