use std::fs;

use super::*;
use crate::tlog::hash::leaf_hash;

const OLDEST: Order = Order::OldestFirst;
const NEWEST: Order = Order::NewestFirst;
const ROUNDS: usize = 120;

fn statement(position: u64) -> IndexedStatement {
    let files = (0..position % 4).map(|row| (row, leaf_hash(&[(position % 7 + row) as u8])));
    IndexedStatement {
        position: Position(position),
        id: leaf_hash(&position.to_be_bytes()),
        kind: if position.is_multiple_of(3) { "evidence.anchor" } else { "affirm" }.into(),
        party: format!("treering:{}", position % 2),
        time: 1_000 - 10 * position as i64,
        indicators: ["1.1", "1.10"][..position as usize % 3]
            .iter()
            .map(|i| i.to_string())
            .collect(),
        evidence: (!position.is_multiple_of(4)).then(|| IndexedEvidence {
            root: leaf_hash(&[position as u8]),
            files: files.collect(),
        }),
    }
}

fn statements(range: std::ops::Range<u64>) -> Vec<IndexedStatement> {
    range.map(statement).collect()
}

fn tree(size: u64) -> Tree {
    Tree { size: TreeSize(size), root: leaf_hash(&size.to_be_bytes()) }
}

fn filled(path: &Path, size: u64) -> Index {
    let index = Index::open(path).unwrap();
    index.append(&statements(0..size), tree(size)).unwrap();
    index
}

#[test]
fn answers_what_was_taken_in() {
    let folder = tempfile::tempdir().unwrap();
    let index = filled(&folder.path().join("index"), 30);
    assert_eq!(index.watermark().unwrap(), tree(30));
    let id = statement(12).id;
    assert_eq!(index.position_of(&id).unwrap(), Some(Position(12)));
    assert_eq!(index.position_of(&leaf_hash(b"absent")).unwrap(), None);
    let digits = &id.to_string()[..9];
    assert_eq!(index.ids_beginning(digits, 5).unwrap(), [(id, Position(12))]);
    assert_eq!(index.ids_beginning("", 100).unwrap().len(), 30);
    assert_eq!(index.ids_beginning("xyz", 5).unwrap(), []);

    let kind = Facet::Kind("evidence.anchor");
    let first = index.positions(&kind, OLDEST, 3).unwrap();
    assert_eq!(first, [0, 3, 6].map(Position));
    assert_eq!(index.positions(&kind, NEWEST, 2).unwrap(), [27, 24].map(Position));
    assert_eq!(index.positions(&Facet::Kind("evidence"), OLDEST, 9).unwrap(), []);
    // "1.1" is not a beginning of "1.10".
    let either = index.positions(&Facet::Indicator("1.1"), OLDEST, 4).unwrap();
    assert_eq!(either, [1, 2, 4, 5].map(Position));
    let longer = index.positions(&Facet::Indicator("1.10"), OLDEST, 3).unwrap();
    assert_eq!(longer, [2, 5, 8].map(Position));
    assert_eq!(index.values(FacetName::Indicator).unwrap(), ["1.1", "1.10"]);
    assert_eq!(index.values(FacetName::Kind).unwrap(), ["affirm", "evidence.anchor"]);
    assert_eq!(index.values(FacetName::Party).unwrap(), ["treering:0", "treering:1"]);
    assert_eq!(index.positions(&Facet::Party("treering:1"), OLDEST, 9_999).unwrap().len(), 15);
}

#[test]
fn times_sort_as_numbers_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let index = Index::open(&path).unwrap();
    let times = [5, -1, 0, i64::MIN, i64::MAX, -7];
    let all: Vec<_> = times
        .iter()
        .enumerate()
        .map(|(at, time)| IndexedStatement { time: *time, ..statement(at as u64) })
        .collect();
    index.append(&all, tree(6)).unwrap();
    let within = |range| index.positions(&Facet::Time(range), OLDEST, 9).unwrap();
    assert_eq!(within(i64::MIN..=i64::MAX), [3, 5, 1, 2, 0, 4].map(Position));
    assert_eq!(within(-1..=0), [1, 2].map(Position));
    assert_eq!(within(-7..=-7), [5].map(Position));
    #[allow(clippy::reversed_empty_ranges)]
    let reversed = within(1..=0);
    assert_eq!(reversed, []);
}

#[test]
fn one_file_may_stand_in_several_statements() {
    let folder = tempfile::tempdir().unwrap();
    let index = filled(&folder.path().join("index"), 30);
    let sha256 = leaf_hash(&[3]);
    let expected: Vec<EvidenceFound> = statements(0..30)
        .iter()
        .filter_map(|statement| statement.evidence.as_ref().map(|all| (statement.position, all)))
        .flat_map(|(position, all)| {
            let rows = all.files.iter().filter(|(_, file)| *file == sha256);
            rows.map(move |(row, _)| EvidenceFound { position, row: *row, root: all.root })
        })
        .collect();
    assert!(expected.len() > 2);
    assert_eq!(index.evidence(&sha256).unwrap(), expected);
}

#[test]
fn grown_and_rebuilt_answer_alike() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    // More than one transaction's worth, in uneven pieces, closed and opened between.
    for (from, to) in [(0, 1), (1, 3), (3, 150), (150, 151), (151, 400)] {
        let index = Index::open(&path).unwrap();
        index.append(&statements(from..to), tree(to)).unwrap();
    }
    let grown = Index::open(&path).unwrap().all_answers().unwrap();
    let rebuilt = Index::rebuild(&path).unwrap();
    assert_eq!(rebuilt.watermark().unwrap(), Tree::empty());
    rebuilt.append(&statements(0..400), tree(400)).unwrap();
    assert_eq!(rebuilt.all_answers().unwrap(), grown);
    rebuilt.check().unwrap();
    assert!(grown.len() > 400 * 4);
}

#[test]
fn only_the_next_statements_are_taken_in() {
    let folder = tempfile::tempdir().unwrap();
    let index = filled(&folder.path().join("index"), 5);
    for (range, size) in [(6..8, 8), (4..8, 8), (5..8, 9), (5..8, 7), (5..5, 6)] {
        let refused = index.append(&statements(range), tree(size)).unwrap_err();
        assert!(matches!(refused, IndexError::NotNext { .. }), "{refused}");
    }
    index.append(&statements(5..8), tree(8)).unwrap();
}

/// What a killed process leaves of statements beyond the watermark is not shown, and taking them in
/// again gives what an undisturbed index has.
#[test]
fn half_an_append_is_not_seen() {
    let folder = tempfile::tempdir().unwrap();
    let index = filled(&folder.path().join("index"), 10);
    let before = index.all_answers().unwrap();
    let puts: Vec<Put> = statements(10..14).iter().flat_map(puts_of).collect();
    index.commit(&puts[..puts.len() - 3], index.mark().unwrap()).unwrap();
    index.check().unwrap();
    assert_eq!(index.all_answers().unwrap(), before);
    assert_eq!(index.position_of(&statement(10).id).unwrap(), None);
    index.append(&statements(10..14), tree(14)).unwrap();
    let undisturbed = filled(&folder.path().join("other"), 14);
    assert_eq!(index.all_answers().unwrap(), undisturbed.all_answers().unwrap());
}

/// A damaged index gives an error, or what it held at an earlier watermark, or is found out by the
/// sum over its rows.
#[test]
fn damage_is_an_error_and_rebuilding_cures_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let index = Index::open(&path).unwrap();
    let mut honest = vec![index.all_answers().unwrap()];
    for size in (300..=1_500).step_by(300) {
        index.append(&statements(size - 300..size), tree(size)).unwrap();
        honest.push(index.all_answers().unwrap());
    }
    drop(index);
    let db = path.join("db");
    let whole = fs::read(&db).unwrap();
    let (mut errors, mut earlier, mut silent) = (0, 0, 0);
    for round in 0..ROUNDS {
        let mut bytes = whole.clone();
        let (from, to) = (bytes.len() * round / ROUNDS, bytes.len() * (round + 1) / ROUNDS);
        match round % 3 {
            0 => bytes[(from + to) / 2] ^= 0x55,
            1 => bytes[from..to].fill(0xff),
            _ => bytes.truncate(from),
        }
        let damaged = folder.path().join("damaged");
        fs::create_dir_all(damaged.join("blobs")).unwrap();
        fs::copy(path.join("conf"), damaged.join("conf")).unwrap();
        fs::write(damaged.join("db"), bytes).unwrap();
        match Index::open(&damaged).and_then(|index| index.all_answers()) {
            Ok(lines) => {
                let sound = Index::open(&damaged).and_then(|index| index.check());
                if !honest.contains(&lines) {
                    assert!(sound.is_err(), "round {round}: {} lines", lines.len());
                    silent += 1;
                }
                earlier += usize::from(lines.len() < honest[5].len());
            }
            Err(IndexError::Damaged { .. }) => errors += 1,
            Err(other) => panic!("{other}"),
        }
        let rebuilt = Index::rebuild(&damaged).unwrap();
        assert_eq!(rebuilt.watermark().unwrap(), Tree::empty());
        drop(rebuilt);
        fs::remove_dir_all(&damaged).unwrap();
    }
    println!("{errors} errors, {earlier} earlier states, {silent} with rows missing and found out");
    assert!(errors > 0 && earlier > 0);
}

#[test]
fn another_version_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let index = filled(&path, 3);
    index.ask(|open| open.tables[META].insert("format", "treering/index/v9")).unwrap();
    drop(index);
    assert!(matches!(Index::open(&path), Err(IndexError::Damaged { .. })));
}

#[test]
fn a_second_opener_is_told_that_it_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let _first = filled(&path, 3);
    assert!(matches!(Index::open(&path), Err(IndexError::Busy { .. })));
}

#[test]
fn a_panic_inside_is_an_error_and_the_last_word() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index");
    let index = filled(&path, 3);
    let panicked = index.ask(|_| -> sled::Result<()> { panic!("as sled would") }).unwrap_err();
    assert!(panicked.to_string().contains("as sled would"), "{panicked}");
    assert!(matches!(index.watermark(), Err(IndexError::Damaged { .. })));
    drop(index);
    Index::rebuild(&path).unwrap();
}
