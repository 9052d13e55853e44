use proptest::prelude::*;

use super::*;
use crate::statement::bodies::StatementRef;
use crate::statement::bodies::claim::ClaimKind;
use crate::statement::bodies::claim::amounts::{Gas, GwpSet, OmissionReason, Omitted};
use crate::statement::bodies::claim::area::Area;
use crate::statement::bodies::claim::moves::{Move, Verb};
use crate::statement::bodies::claim::terms::Methodology;
use crate::statement::bodies::day::Days;
use crate::tlog::hash::Hash;

fn pool(pool: Pool, baseline_g: i64, project_g: i64, leakage_g: i64) -> PoolAmounts {
    PoolAmounts { pool, gas: Gas::Co2, baseline_g, project_g, leakage_g, note: None }
}

/// A removal of 900 that adds up: 1,400 − 300 − 100 − 100.
fn claim() -> ClaimFile {
    ClaimFile {
        id: "c1".into(),
        kind: ClaimKind::Contribution,
        effect: Effect::Removal,
        title: "Larch".into(),
        text: None,
        claimant: None,
        site_id: None,
        area: Area(vec![]),
        area_m2: 1,
        ecosystem: None,
        period: Days {
            from: UtcDay::parse("2024-07-01").unwrap(),
            until: UtcDay::parse("2026-01-01").unwrap(),
        },
        crediting: None,
        vintages: vec![],
        marks: vec![],
        gwp: GwpSet::Ar6,
        pools: vec![pool(Pool::AboveGround, 200, 1_000, 100), pool(Pool::Soil, 100, 400, 0)],
        omitted: vec![],
        totals: Totals {
            baseline_g: 300,
            project_g: 1_400,
            leakage_g: 100,
            deduction_g: 100,
            net_g: 900,
            buffer_g: 180,
            issuable_g: 720,
        },
        uncertainty: None,
        buffer: None,
        methodology: Methodology {
            id: "VM0047".into(),
            version: "1.0".into(),
            document: Hash::of(b"m"),
            author: None,
        },
        formula: None,
        variables: vec![],
        evidence: vec![],
        durability: None,
        host_country: None,
        serials: vec![],
        supersedes: vec![],
    }
}

#[test]
fn a_claim_that_adds_up() {
    assert_eq!(check_net(&claim()), []);
    assert_eq!(check_pools(&claim()), []);
    // The same figures as emissions avoided have the other sign.
    let mut reduction = claim();
    reduction.effect = Effect::Reduction;
    assert_eq!(
        check_net(&reduction),
        [SumFault::Differs { term: Term::Net, stated: 900, follows: -1_300 }]
    );
}

#[test]
fn every_total_that_is_one_gram_off_is_found() {
    type Change = fn(&mut Totals);
    let changes: [(Change, &[Term]); 7] = [
        (|t| t.baseline_g += 1, &[Term::Net, Term::Baseline]),
        (|t| t.project_g += 1, &[Term::Net, Term::Project]),
        (|t| t.leakage_g += 1, &[Term::Net, Term::Leakage]),
        (|t| t.deduction_g += 1, &[Term::Net]),
        (|t| t.net_g += 1, &[Term::Net, Term::Issuable]),
        (|t| t.buffer_g += 1, &[Term::Issuable]),
        (|t| t.issuable_g += 1, &[Term::Issuable]),
    ];
    for (change, wrong) in changes {
        let mut claim = claim();
        change(&mut claim.totals);
        let faults: Vec<SumFault> =
            check_net(&claim).into_iter().chain(check_pools(&claim)).collect();
        let terms: Vec<Term> = faults
            .iter()
            .map(|fault| match fault {
                SumFault::Differs { term, .. } => *term,
                other => panic!("{other}"),
            })
            .collect();
        assert_eq!(terms, wrong);
    }
    let mut below = claim();
    below.totals.deduction_g = -100;
    below.totals.net_g = 1_100;
    below.totals.issuable_g = 920;
    let stated = -100;
    assert_eq!(check_net(&below), [SumFault::BelowNothing { term: Term::Deduction, stated }]);
}

#[test]
fn sums_beyond_64_bits_are_still_right() {
    let mut claim = claim();
    claim.pools = vec![pool(Pool::Soil, 0, i64::MAX, 0), pool(Pool::Litter, 0, i64::MAX, 0)];
    let follows = 2 * i128::from(i64::MAX);
    let faults = check_pools(&claim);
    assert!(faults.contains(&SumFault::Differs { term: Term::Project, stated: 1_400, follows }));
}

#[test]
fn pools_that_are_wrong() {
    let mut claim = claim();
    claim.pools.push(pool(Pool::Soil, 0, 0, 0));
    claim.pools.push(pool(Pool::Fire, 0, -5, 0));
    claim.totals.project_g -= 5;
    let omitted = |pool, reason| Omitted { pool, reason, share_ppm: None, note: None };
    claim.omitted =
        vec![omitted(Pool::Soil, Some(OmissionReason::Small)), omitted(Pool::Litter, None)];
    assert_eq!(
        check_pools(&claim),
        [
            SumFault::PoolTwice((Pool::Soil, Gas::Co2)),
            SumFault::NegativeWithoutNote(Pool::Fire),
            SumFault::OmittedAndCounted(Pool::Soil),
            SumFault::OmittedWithoutReason(Pool::Litter),
        ]
    );
}

#[test]
fn a_buffer_reaches_its_share_exactly() {
    let totals = claim().totals;
    assert!(buffer_reaches(&totals, 200_000));
    assert!(!buffer_reaches(&totals, 200_001));
}

#[test]
fn serial_blocks() {
    let block = |registry: &str, first, last, count| SerialBlock {
        registry: registry.into(),
        prefix: None,
        first,
        last,
        count,
    };
    assert_eq!(check_serials(&[block("A", 1, 10, 10), block("A", 11, 11, 1)]), []);
    assert_eq!(check_serials(&[block("A", 1, 10, 10), block("B", 1, 10, 10)]), []);
    assert_eq!(
        check_serials(&[block("A", 1, 10, 9), block("A", 10, 12, 3)]),
        [
            SerialFault::Count { first: 1, last: 10, count: 9 },
            SerialFault::Overlap { first: 10, last: 10 },
        ]
    );
    let backwards = [block("A", 10, 1, 0), block("A", 0, u64::MAX, 0)];
    assert_eq!(check_serials(&backwards).len(), 2);
}

#[test]
fn vintages_have_days_in_the_period() {
    let mut claim = claim();
    claim.vintages = vec![2023, 2024, 2025, 2026, u64::MAX];
    assert_eq!(vintages_outside(&claim), [2023, 2026, u64::MAX]);
}

fn a_move(verb: Verb, grams: i64) -> Move {
    Move {
        claim: StatementRef::here(Hash::of(b"claim")),
        verb,
        grams,
        day: UtcDay(20_000),
        holder: None,
        to: None,
        vintage: None,
        serials: vec![],
        beneficiary: None,
        purpose: None,
        kind: None,
        reason: None,
        replaces: None,
        evidence: vec![],
    }
}

#[test]
fn a_life_of_units() {
    let to = |verb, grams, to: &str| Move { to: Some(to.into()), ..a_move(verb, grams) };
    let by = |holder: &str, one: Move| Move { holder: Some(holder.into()), ..one };
    let moves = [
        a_move(Verb::Issue, 900),
        a_move(Verb::Buffer, 180),
        to(Verb::Transfer, 500, "Alpenverein"),
        by("Alpenverein", a_move(Verb::Retire, 200)),
        by("Alpenverein", to(Verb::Export, 100, "Registry B")),
        a_move(Verb::Reverse, 30),
        a_move(Verb::Cancel, 20),
        a_move(Verb::Replace, 50),
    ];
    let balance = Balance::after(&claim().totals, &moves).unwrap();
    assert!(balance.holds());
    assert_eq!((balance.issued(), balance.retired(), balance.exported()), (900, 200, 100));
    assert_eq!((balance.cancelled(), balance.buffered()), (100, 150));
    assert_eq!(balance.held_by(&None), 150);
    assert_eq!(balance.held_by(&Some("Alpenverein".into())), 200);
}

#[test]
fn moves_that_the_balance_does_not_allow() {
    let issued = [a_move(Verb::Issue, 900)];
    let buffered = [a_move(Verb::Issue, 900), a_move(Verb::Buffer, 180)];
    let fault = |before: &[Move], one: Move| {
        let totals = claim().totals;
        let mut balance = Balance::after(&totals, before).unwrap();
        let as_it_was = balance.clone();
        let fault = balance.apply(&totals, &one).unwrap_err();
        assert_eq!(balance, as_it_was);
        fault
    };
    assert_eq!(
        fault(&issued, a_move(Verb::Issue, 1)),
        MoveFault::MoreThanNet { wanted: 1, left: 0 }
    );
    assert_eq!(
        fault(&issued, a_move(Verb::Retire, 721)),
        MoveFault::BufferFirst { owed: 180, left: 179 }
    );
    assert_eq!(
        fault(&buffered, a_move(Verb::Retire, 721)),
        MoveFault::MoreThanHeld { holder: None, wanted: 721, held: 720 }
    );
    let lost = MoveFault::MoreThanBuffered { wanted: 181, buffered: 180 };
    assert_eq!(fault(&buffered, a_move(Verb::Reverse, 181)), lost);
    assert_eq!(fault(&buffered, a_move(Verb::Transfer, 1)), MoveFault::ToNobody);
    assert_eq!(fault(&buffered, a_move(Verb::Export, 1)), MoveFault::ToNobody);
    assert_eq!(fault(&[], a_move(Verb::Issue, 0)), MoveFault::Nothing(0));
    assert_eq!(fault(&[], a_move(Verb::Cancel, i64::MIN)), MoveFault::Nothing(i64::MIN));
}

/// The slow way: every unit of one gram has a place, and a move carries them one by one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Held(u8),
    Retired,
    Cancelled,
    Buffered,
    Exported,
}

fn slowly(units: &mut Vec<Place>, totals: &Totals, one: &Move) -> bool {
    let of = |holder: &Holder| Place::Held(holder.as_ref().map_or(0, |name| name.as_bytes()[0]));
    let (from, to) = match one.verb {
        Verb::Issue => {
            let room = usize::try_from(totals.net_g).unwrap_or(0) - units.len();
            let fits = one.grams as usize <= room;
            if fits {
                units.extend(std::iter::repeat_n(of(&one.holder), one.grams as usize));
            }
            return fits;
        }
        Verb::Buffer => (of(&one.holder), Place::Buffered),
        Verb::Transfer => (of(&one.holder), of(&one.to)),
        Verb::Retire => (of(&one.holder), Place::Retired),
        Verb::Cancel | Verb::Replace => (of(&one.holder), Place::Cancelled),
        Verb::Export => (of(&one.holder), Place::Exported),
        Verb::Reverse => (Place::Buffered, Place::Cancelled),
    };
    let at: Vec<usize> = (0..units.len()).filter(|at| units[*at] == from).collect();
    let enough = at.len() >= one.grams as usize;
    if enough && from != to {
        at.iter().take(one.grams as usize).for_each(|at| units[*at] = to);
    }
    enough && !(one.verb == Verb::Transfer && from == to)
}

fn random_move() -> impl Strategy<Value = Move> {
    let holder = prop_oneof![Just(None), Just(Some("a".to_string())), Just(Some("b".to_string()))];
    (0..Verb::ALL.len(), 1_i64..60, holder.clone(), holder).prop_map(|(verb, grams, holder, to)| {
        let to = to.or(Some("c".into()));
        Move { holder, to, ..a_move(Verb::ALL[verb], grams) }
    })
}

proptest! {
    #[test]
    fn random_moves_never_break_the_balance(
        moves in prop::collection::vec(random_move(), 0..80),
        net_g in 0_i64..400,
    ) {
        let totals = Totals { net_g, buffer_g: 0, ..claim().totals };
        let (mut balance, mut units) = (Balance::default(), Vec::new());
        for one in &moves {
            let before = balance.clone();
            let made = balance.apply(&totals, one).is_ok();
            prop_assert_eq!(made, slowly(&mut units, &totals, one));
            prop_assert!(balance.holds());
            prop_assert!(balance.issued() <= net_g);
            prop_assert!(balance.retired() >= before.retired());
            prop_assert!(balance.cancelled() >= before.cancelled());
            if !made {
                prop_assert_eq!(&balance, &before);
            }
        }
        let there = |place| units.iter().filter(|unit| **unit == place).count() as i64;
        prop_assert_eq!(balance.issued(), units.len() as i64);
        prop_assert_eq!(balance.retired(), there(Place::Retired));
        prop_assert_eq!(balance.cancelled(), there(Place::Cancelled));
        prop_assert_eq!(balance.buffered(), there(Place::Buffered));
        prop_assert_eq!(balance.exported(), there(Place::Exported));
        prop_assert_eq!(balance.held_by(&None), there(Place::Held(0)));
    }

    /// With any figures at all there is no overflow and no panic.
    #[test]
    fn any_totals_and_any_grams(
        net_g in any::<i64>(), buffer_g in any::<i64>(),
        moves in prop::collection::vec((0..Verb::ALL.len(), any::<i64>()), 0..20),
    ) {
        let totals = Totals { net_g, buffer_g, ..claim().totals };
        let mut balance = Balance::default();
        for (verb, grams) in moves {
            let to = Some("a".to_string());
            let _ = balance.apply(&totals, &Move { to, ..a_move(Verb::ALL[verb], grams) });
            prop_assert!(balance.holds());
        }
        let mut claim = claim();
        claim.totals = totals;
        let _ = (check_net(&claim), check_pools(&claim), buffer_reaches(&totals, u64::MAX));
    }
}
