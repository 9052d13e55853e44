//! The family claim.

use super::{is_evidence, is_kind, refuse};
use crate::cli::failures::usage;
use crate::cli::say::desk::{Desk, read_document};
use crate::cli::statement_text::assurance::tonnes;
use crate::cli::voice::Failure;
use crate::evidence::boundary;
use crate::evidence::polygons::{Shape, negligible_m2};
use crate::statement::bodies::Body;
use crate::statement::bodies::claim::ClaimKind;
use crate::statement::bodies::claim::filing::{ClaimFile, Mark};
use crate::statement::bodies::claim::moves::{Move, Verb};
use crate::statement::bodies::claim::terms::Adjustment;
use crate::statement::claim_arithmetic::{
    Balance, MoveFault, SumFault, buffer_reaches, check_net, check_pools, check_serials,
    vintages_outside,
};
use crate::statement::standing::Standing;
use crate::tlog::hash::{Hash, Position};

/// Words that a contribution should not use (rule R29).
const COMPENSATING: [&str; 6] =
    ["offset", "neutral", "compensat", "net zero", "net-zero", "carbon free"];

pub fn file(desk: &Desk<'_>, claim: &ClaimFile) -> Result<Vec<String>, Failure> {
    sums(claim)?;
    area(claim)?;
    let mut remarks = inside_the_site(desk, claim)?;
    accounts(claim)?;
    evidence(desk, claim)?;
    is_new(desk, claim)?;
    for earlier in &claim.supersedes {
        is_kind(desk, "supersedes", earlier, &["claim.file"])?;
    }
    remarks.extend(words(claim));
    Ok(remarks)
}

/// R20, R21, R23, R26, R39.
fn sums(claim: &ClaimFile) -> Result<(), Failure> {
    const EQUATION: &str = "net_g = project_g - baseline_g - leakage_g - deduction_g for a removal, \
                            baseline_g - project_g - leakage_g - deduction_g for a reduction; \
                            issuable_g = net_g - buffer_g; totals are sums over the pools";
    let faults = check_net(claim).into_iter().chain(check_pools(claim));
    if let Some(fault) = faults.into_iter().next() {
        let field = match &fault {
            SumFault::Differs { term, .. } | SumFault::BelowNothing { term, .. } => {
                format!("totals.{}", term.field())
            }
            SumFault::PoolTwice(_) | SumFault::NegativeWithoutNote(_) => "pools".into(),
            SumFault::OmittedAndCounted(_) | SumFault::OmittedWithoutReason(_) => "omitted".into(),
        };
        return refuse("the claim", &field, fault, EQUATION);
    }
    if claim.totals.net_g <= 0 {
        let why = format!("{} is nothing to claim", tonnes(claim.totals.net_g));
        return refuse("the claim", "totals.net_g", why, "file it when there is something");
    }
    if claim.totals.issuable_g < 0 {
        return refuse(
            "the claim",
            "totals.buffer_g",
            "more than the net would be kept back",
            "a buffer is part of the net: at most net_g",
        );
    }
    if let Some(fault) = check_serials(&claim.serials).into_iter().next() {
        return refuse("the claim", "serials", fault, "count = last - first + 1, no number twice");
    }
    if let Some(year) = vintages_outside(claim).first() {
        let why = format!("no day of {year} is in the period");
        return refuse("the claim", "vintages", why, "name years of the period");
    }
    if let Some(crediting) = &claim.crediting
        && (claim.period.from < crediting.from || crediting.until < claim.period.until)
    {
        let why = "the period is not inside the crediting period";
        return refuse("the claim", "crediting", why, "it has to hold the whole period");
    }
    let Some(buffer) = &claim.buffer else { return Ok(()) };
    let floor = buffer.floor_ppm.unwrap_or(0);
    if buffer.share_ppm < floor {
        let why = format!("{} ppm are less than the methodology's {floor}", buffer.share_ppm);
        return refuse("the claim", "buffer.share_ppm", why, "keep back at least the floor");
    }
    match buffer_reaches(&claim.totals, buffer.share_ppm) {
        true => Ok(()),
        false => refuse(
            "the claim",
            "totals.buffer_g",
            format!("it is less than {} ppm of the net", buffer.share_ppm),
            "buffer_g is at least net_g times share_ppm / 1_000_000, rounded up",
        ),
    }
}

/// The shape, and R27.
fn area(claim: &ClaimFile) -> Result<(), Failure> {
    let found = shape(claim)?.square_metres();
    let off = found.abs_diff(claim.area_m2);
    match u128::from(off) * 100 > u128::from(found) * 5 {
        false => Ok(()),
        true => refuse(
            "the claim",
            "area_m2",
            format!("{} m2 are said, the polygons have {found} m2", claim.area_m2),
            format!("area_m2 = {found}, or other polygons"),
        ),
    }
}

fn shape(claim: &ClaimFile) -> Result<Shape, Failure> {
    Shape::of(&claim.area).or_else(|fault| {
        refuse(
            "the claim",
            "area",
            format!("the polygons cross themselves or one another: {fault}"),
            "mend the shape (in QGIS: Fix geometries), and export it anew",
        )
    })
}

/// R27: inside the site, unless it says that it is not.
fn inside_the_site(desk: &Desk<'_>, claim: &ClaimFile) -> Result<Vec<String>, Failure> {
    if claim.marks.contains(&Mark::BeyondSite) {
        return Ok(Vec::new());
    }
    let Some(site) = desk.site()? else {
        return Ok(vec![
            "not compared with the site's boundary: the ledger describes no site".into(),
        ]);
    };
    let Some(path) = site.boundary.as_ref().and_then(|digest| desk.document(digest)) else {
        return Ok(vec![
            "not compared with the site's boundary: its file is not here (treering site --boundary FILE)"
                .into(),
        ]);
    };
    let bytes = read_document(&path, boundary::MAX_BYTES)?;
    if site.boundary != Some(Hash::of(&bytes)) {
        return Err(usage(
            format!("{} is not the boundary that was described", path.display()),
            "its digest is another one",
            "put the file back: treering site --boundary FILE",
        ));
    }
    let limits = boundary::read(&bytes).ok().and_then(|limits| Shape::of(&limits).ok());
    let Some(limits) = limits else { return Ok(Vec::new()) };
    let shape = shape(claim)?;
    let outside = shape.outside_of(&limits);
    match outside > negligible_m2(shape.square_metres()) {
        false => Ok(Vec::new()),
        true => refuse(
            "the claim",
            "area",
            format!("{outside} m2 of it lie outside the site's boundary"),
            "cut it at the boundary, or say so: marks = [\"beyond-site\"]",
        ),
    }
}

/// R40.
fn accounts(claim: &ClaimFile) -> Result<(), Failure> {
    let host = claim.host_country.as_ref();
    let authorised = host.is_some_and(|host| host.authorisation.is_some());
    let adjustment = host.and_then(|host| host.adjustment);
    match claim.kind {
        ClaimKind::Compensation if !authorised => refuse(
            "the claim",
            "host_country.authorisation",
            "compensation needs the host country's authorisation",
            "add its letter, or claim a contribution",
        ),
        ClaimKind::Compensation
            if !matches!(
                adjustment,
                Some(Adjustment::Committed | Adjustment::Pending | Adjustment::Completed)
            ) =>
        {
            refuse(
                "the claim",
                "host_country.adjustment",
                "compensation needs a corresponding adjustment",
                "committed, pending or completed; or claim a contribution",
            )
        }
        ClaimKind::Contribution
            if adjustment.is_some_and(|adjustment| adjustment != Adjustment::NotRequired) =>
        {
            refuse(
                "the claim",
                "host_country.adjustment",
                "a contribution carries no corresponding adjustment",
                "leave it out, or claim compensation",
            )
        }
        _ => Ok(()),
    }
}

/// R38.
fn evidence(desk: &Desk<'_>, claim: &ClaimFile) -> Result<(), Failure> {
    is_evidence(desk, &claim.evidence)?;
    for variable in &claim.variables {
        if variable.evidence.is_empty() {
            return refuse(
                "the claim",
                &format!("variables.{}", variable.name),
                "it points at no evidence",
                "record where it was read (treering add), and name that: evidence = [\"@12\"]",
            );
        }
        is_evidence(desk, &variable.evidence)?;
    }
    Ok(())
}

/// The id was not used for another claim that stands.
fn is_new(desk: &Desk<'_>, claim: &ClaimFile) -> Result<(), Failure> {
    let Some(past) = desk.past()? else { return Ok(()) };
    for (at, statement) in past.statements.iter().enumerate() {
        let Body::ClaimFile(earlier) = &statement.payload.body else { continue };
        let at = Position(at as u64);
        if earlier.id == claim.id && desk.standing(at, statement)? == Standing::Good {
            return refuse(
                "the claim",
                "id",
                format!("@{at} has the id {} already", claim.id),
                format!(
                    "choose another id, or withdraw that one: treering correct @{at} --reason …"
                ),
            );
        }
    }
    Ok(())
}

/// R29.
fn words(claim: &ClaimFile) -> Vec<String> {
    if claim.kind != ClaimKind::Contribution {
        return Vec::new();
    }
    let said = format!("{} {}", claim.title, claim.text.as_deref().unwrap_or("")).to_lowercase();
    let found = COMPENSATING.iter().find(|word| said.contains(**word));
    let remark = |word: &&str| {
        format!(
            "the claim is a contribution, but its words say {word:?}: an audit will remark on it"
        )
    };
    found.map(remark).into_iter().collect()
}

/// R24, R25, R26, R39.
pub fn moved(desk: &Desk<'_>, moved: &Move) -> Result<(), Failure> {
    let what = "the move";
    is_kind(desk, "claim", &moved.claim, &["claim.file"])?;
    needs(moved)?;
    is_evidence(desk, &moved.evidence)?;
    let Some((_, statement)) = desk.statement(&moved.claim)? else { return Ok(()) };
    let Body::ClaimFile(claim) = &statement.payload.body else { return Ok(()) };
    if moved.verb == Verb::Issue
        && moved.day < claim.period.until
        && !claim.marks.contains(&Mark::ExAnte)
    {
        return refuse(
            what,
            "day",
            format!("the claim's period lasts until {}", claim.period.until),
            "issue when it is over, or file the claim with marks = [\"ex-ante\"]",
        );
    }
    if moved
        .vintage
        .is_some_and(|year| !claim.vintages.is_empty() && !claim.vintages.contains(&year))
    {
        return refuse(what, "vintage", "the claim has no such vintage", "name one it has");
    }
    let before = moves_of(desk, &moved.claim.id)?;
    let balance = Balance::after(&claim.totals, before.iter().map(|(_, one)| *one));
    let mut balance = balance.map_err(|(place, fault)| {
        usage(
            "the claim's moves do not balance already",
            format!("@{}: {fault}", before[place].0),
            "correct that move first: treering correct",
        )
    })?;
    balance.apply(&claim.totals, moved).or_else(|fault| {
        let next = match &fault {
            MoveFault::MoreThanHeld { held, .. } => format!("at most {held} can move"),
            MoveFault::MoreThanNet { left, .. } => format!("at most {left} can be issued"),
            MoveFault::MoreThanBuffered { buffered, .. } => {
                format!("at most {buffered}; cancel or replace the rest")
            }
            MoveFault::BufferFirst { owed, .. } => {
                format!("treering claim move CLAIM buffer --grams {owed}")
            }
            MoveFault::ToNobody | MoveFault::ToItself => "name who gets it: --to NAME".into(),
            MoveFault::Nothing(_) => "move something".into(),
        };
        let field =
            if matches!(fault, MoveFault::ToNobody | MoveFault::ToItself) { "to" } else { "grams" };
        refuse(what, field, fault, next)
    })
}

/// What a verb needs beside grams and a day.
fn needs(moved: &Move) -> Result<(), Failure> {
    let missing = |field: &str, why: &str| refuse("the move", field, why, "fill it in");
    match moved.verb {
        Verb::Retire if moved.beneficiary.is_none() => {
            missing("beneficiary", "a retirement says for which organisation it is")
        }
        Verb::Retire if moved.purpose.is_none() => {
            missing("purpose", "a retirement says what it is used for")
        }
        Verb::Retire if moved.kind.is_none() => {
            missing("kind", "a retirement says as what it is used: contribution, compensation")
        }
        Verb::Cancel | Verb::Reverse if moved.reason.is_none() => {
            missing("reason", "whoever takes units out says why")
        }
        Verb::Replace if moved.replaces.is_none() => {
            missing("replaces", "a replacement names the reversal it makes good")
        }
        _ => Ok(()),
    }
}

/// The moves of a claim that stand, in order.
pub fn moves_of<'d>(
    desk: &'d Desk<'_>,
    claim: &Hash,
) -> Result<Vec<(Position, &'d Move)>, Failure> {
    let Some(past) = desk.past()? else { return Ok(Vec::new()) };
    let mut moves = Vec::new();
    for (at, statement) in past.statements.iter().enumerate() {
        let at = Position(at as u64);
        if let Body::ClaimMove(one) = &statement.payload.body
            && one.claim.id == *claim
            && one.claim.ledger.is_none()
            && matches!(desk.standing(at, statement)?, Standing::Good | Standing::Affirmed)
        {
            moves.push((at, &**one));
        }
    }
    Ok(moves)
}
