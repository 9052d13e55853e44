use super::*;

fn hash(text: &str) -> Hash {
    Hash::of(text.as_bytes())
}

fn population() -> Vec<AnchoredRows> {
    let rows = |name: &str, rows| AnchoredRows { root: hash(name), rows };
    vec![rows("spring", 2_041), rows("summer", 30_000), rows("minutes", 7)]
}

/// The figures of `schemas/process.md`, computed by a Python program of twenty lines from the
/// definition above.
#[test]
fn the_draw_is_the_one_anybody_computes() {
    let digest = evidence_digest(&population());
    let says = |hash: Hash, hex: &str| assert_eq!(hash.to_string(), hex);
    says(digest, "138f981867f7bd5ceedb34c9fa34706ab3715802f80c4f9656cac932a5baad86");
    let seed = seed(LedgerId(hash("ledger")), digest, hash("root"), hash("nonce"));
    says(seed, "d7e4a7393725ff6a174885784fb7fa001483248c4c587cda782a12df78e660b6");
    assert_eq!(row_count(&population()), Some(32_048));
    let drawn = [
        20717, 21748, 2874, 10282, 13996, 26093, 24277, 314, 23673, 8970, 28536, 13569, 11264,
        22300, 18848, 1466, 10159, 26397, 28587, 12510, 1389, 4776, 8146, 22082, 27421, 22488,
        12377, 12835, 30596, 23562,
    ];
    assert_eq!(draw(seed, 32_048, 30), drawn);
    assert_eq!(draw(seed, 7, 7), [3, 5, 6, 1, 2, 0, 4]);
    assert_eq!(draw(seed, 7, 1_000), [3, 5, 6, 1, 2, 0, 4]);
    assert_eq!(draw(seed, 0, 3), [0_u64; 0]);
    says(
        beacon_nonce("drand 5000000", &[0x00, 0xff, 0x10]),
        "873470cabf3014bc8660182eeddde5bf6a3f4a5b3916cab3e7c1182cde6b09ca",
    );
}

#[test]
fn rows_are_found_in_their_anchors() {
    let population = population();
    assert_eq!(locate(&population, 0), Some((0, 0)));
    assert_eq!(locate(&population, 2_040), Some((0, 2_040)));
    assert_eq!(locate(&population, 2_041), Some((1, 0)));
    assert_eq!(locate(&population, 32_047), Some((2, 6)));
    assert_eq!(locate(&population, 32_048), None);
    assert_eq!(row_count(&[AnchoredRows { root: hash("x"), rows: u64::MAX }; 2]), None);
}

/// The bounds by Python's integers.
#[test]
fn the_bound_is_the_one_anybody_computes() {
    for (rows, n, bad, bound) in [
        (32_048, 30, 0, 3_044),
        (32_048, 30, 1, 4_760),
        (32_048, 30, 5, 10_220),
        (1_000_000, 1_000, 0, 2_989),
        (1_000_000, 1_000, 17, 25_386),
        (100, 30, 0, 8),
        (100, 100, 0, 0),
        (100, 100, 3, 3),
        (1, 1, 0, 0),
        (10, 10, 10, 10),
        (50, 20, 19, 49),
        (1 << 62, 1_000, 2, 28_971_923_807_906_866),
    ] {
        assert_eq!(bound_95(rows, n, bad), bound, "{bad} of {n} from {rows}");
    }
    assert_eq!(bound_95(10, 0, 0), 10);
    assert_eq!(bound_95(10, 11, 0), 10);
    assert_eq!(bound_95(10, 5, 6), 10);
}

/// Every set of n rows, one by one: in how many of them are at most k of the first K rows?
fn slow_bound(rows: u64, n: u64, bad: u64) -> u64 {
    let sets: Vec<u32> =
        (0..1_u32 << rows).filter(|set| u64::from(set.count_ones()) == n).collect();
    let could = |bad_rows: &u64| {
        let bad_rows = (1_u32 << bad_rows) - 1;
        let at_most = sets.iter().filter(|set| u64::from((*set & bad_rows).count_ones()) <= bad);
        20 * at_most.count() > sets.len()
    };
    (bad..=rows - (n - bad)).filter(could).max().unwrap_or(rows)
}

#[test]
fn small_bounds_are_those_of_counting() {
    for rows in 1..=11 {
        for n in 1..=rows {
            for bad in 0..n {
                assert_eq!(bound_95(rows, n, bad), slow_bound(rows, n, bad), "{bad}/{n}/{rows}");
            }
        }
    }
}

#[test]
fn more_bad_rows_never_make_the_bound_smaller() {
    for bad in 0..30 {
        assert!(bound_95(5_000, 30, bad) < bound_95(5_000, 30, bad + 1) || bad == 29);
        assert!(bound_95(5_000, 30, bad) >= bound_95(5_000, 300, bad));
    }
}
