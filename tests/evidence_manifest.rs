//! Manifests: the bytes of schemas/manifest.md, round trips, and files made or changed to deceive.

use proptest::prelude::*;
use treering::evidence::attribute::Attribute;
use treering::evidence::formats::exif::{ClockTime, Place};
use treering::evidence::manifest::{
    ManifestError, ManifestReader, ManifestRow, ManifestWriter, Totals,
};
use treering::evidence::path::RowPath;
use treering::evidence::row::{Disclosure, Row};
use treering::statement::bodies::evidence::Access;
use treering::statement::cbor::{self, Value};
use treering::tlog::hash::{Hash, TreeSize};
use treering::tlog::merkle::root_of;

const PAGE: &str = include_str!("../schemas/manifest.md");
const CDDL: &str = include_str!("../schemas/manifest.cddl");

/// 0, 1, 2, … : chance made repeatable.
fn counting() -> impl FnMut(&mut [u8]) + Send {
    let mut next = 0u64;
    move |slice: &mut [u8]| {
        for byte in slice {
            *byte = next as u8;
            next += 1;
        }
    }
}

fn page_example() -> Vec<u8> {
    let block = PAGE.split("```hex\n").nth(1).unwrap().split("```").next().unwrap();
    let digits: String = block
        .lines()
        .flat_map(|line| line.split('#').next().unwrap().chars())
        .filter(|c| !c.is_whitespace())
        .collect();
    (0..digits.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&digits[i..i + 2], 16).unwrap())
        .collect()
}

fn example_rows() -> Vec<ManifestRow> {
    let attributes = [
        Attribute::Path(RowPath::new(b"cam3/IMG_0001.JPG").unwrap()),
        Attribute::Captured(ClockTime { seconds: 1_772_215_920, ms: None }),
        Attribute::Gps(Place { latitude: 46_661_234, longitude: 10_191_234 }),
    ];
    let (row, mut show) =
        Row::new(Hash::of(b"test"), 4, &attributes, Access::Public, &mut counting());
    show.retain(|disclosure| disclosure.name() != "gps");
    vec![
        ManifestRow::Erased(Hash([0; 32])),
        ManifestRow::Shown { row, show },
        ManifestRow::Withheld(Hash([0xff; 32])),
    ]
}

fn write(rows: &[ManifestRow]) -> (Vec<u8>, Totals) {
    let mut writer = ManifestWriter::new(Vec::new()).unwrap();
    rows.iter().for_each(|row| writer.push(row).unwrap());
    writer.finish().unwrap()
}

fn read(bytes: &[u8]) -> Result<(Vec<ManifestRow>, Totals), ManifestError> {
    let mut reader = ManifestReader::new(bytes)?;
    let mut rows = Vec::new();
    while let Some(row) = reader.next_row()? {
        assert_eq!(reader.totals(), None, "nothing is sure before the end");
        rows.push(row);
    }
    Ok((rows, reader.totals().unwrap()))
}

/// Some rows as `add` would make them, with one attribute each.
fn some_rows(count: u64, access: Access) -> Vec<ManifestRow> {
    let mut random = counting();
    let mut rows: Vec<ManifestRow> = (0..count)
        .map(|n| {
            let path = Attribute::Path(RowPath::new(format!("{n}.jpg").as_bytes()).unwrap());
            let digest = Hash::of(&n.to_be_bytes());
            let (row, show) = Row::new(digest, n, &[path], access, &mut random);
            ManifestRow::Shown { row, show }
        })
        .collect();
    rows.sort_by_key(ManifestRow::hash);
    rows
}

#[test]
fn golden_bytes_as_the_page_tells_them() {
    let (bytes, totals) = write(&example_rows());
    assert_eq!(bytes, page_example());
    let (rows, read_totals) = read(&bytes).unwrap();
    assert_eq!((rows, read_totals), (example_rows(), totals));
    assert_eq!((totals.shown, totals.withheld, totals.erased, totals.bytes), (1, 1, 1, 4));
    assert!(!totals.is_complete());
}

#[test]
fn every_item_is_as_the_cddl_says() {
    let mut rows =
        [example_rows(), some_rows(2, Access::Sealed), vec![with_every_attribute()]].concat();
    rows.sort_by_key(ManifestRow::hash);
    for item in items(&write(&rows).0) {
        cddl::validate_cbor_from_slice(CDDL, &item, None).unwrap_or_else(|e| panic!("{e}"));
    }
}

#[test]
fn the_cddl_refuses_what_the_reader_refuses() {
    let refused = |item: &[u8]| cddl::validate_cbor_from_slice(CDDL, item, None).is_err();
    for wrong in [
        map(&[("v", Value::Integer(2)), ("profile", text("treering/files/v1"))]),
        map(&[("withheld", Value::Bytes(vec![0; 31]))]),
        map(&[("row", Value::Bytes(vec![0xa0])), ("show", Value::Array(vec![]))]),
    ] {
        assert!(refused(&cbor::encode(&wrong)), "{wrong:?}");
    }
    // Every disclosure, alone in a shown row, and then with another name's value.
    let ManifestRow::Shown { row, show } = with_every_attribute() else { unreachable!() };
    let item = |disclosure: Vec<u8>| {
        let show = Value::Array(vec![Value::Bytes(disclosure)]);
        cbor::encode(&map(&[("row", Value::Bytes(row.bytes().to_vec())), ("show", show)]))
    };
    for disclosure in &show {
        assert!(!refused(&item(disclosure.bytes().to_vec())), "{}", disclosure.name());
        let Ok(Value::Array(mut parts)) = cbor::decode_value(disclosure.bytes(), 1_000) else {
            unreachable!()
        };
        parts[3] = Value::Bool(true);
        assert!(refused(&item(cbor::encode(&parts))), "{}", disclosure.name());
        parts.pop();
        assert!(refused(&item(cbor::encode(&parts))), "{}", disclosure.name());
    }
}

fn with_every_attribute() -> ManifestRow {
    let attributes = [
        Attribute::Path(RowPath::new(b"caf\xe9\n/1.jpg").unwrap()),
        Attribute::MediaType("image/jpeg".into()),
        Attribute::Captured(ClockTime { seconds: -1, ms: Some(999) }),
        Attribute::Zone(-34_200),
        Attribute::Gps(Place { latitude: -90_000_000, longitude: 180_000_000 }),
        Attribute::GpsTime(1_772_190_720),
        Attribute::CameraMake("RECONYX".into()),
        Attribute::CameraModel("HYPERFIRE 2".into()),
        Attribute::CameraSerial("H2X-0042".into()),
        Attribute::Deployment("D12".into()),
        Attribute::MediaId("m-1".into()),
        Attribute::Species(vec!["Capra ibex".into(), "Vulpes vulpes".into()]),
    ];
    let (row, show) = Row::new(Hash([5; 32]), 1, &attributes, Access::Sealed, &mut counting());
    ManifestRow::Shown { row, show }
}

fn map(entries: &[(&str, Value)]) -> Value {
    Value::Map(entries.iter().map(|(key, value)| (text(key), value.clone())).collect())
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn the_root_is_the_same_whatever_form_rows_stand_in() {
    let rows = some_rows(20, Access::Sealed);
    let leaves: Vec<Hash> = rows.iter().map(ManifestRow::hash).collect();
    let (bytes, whole) = write(&rows);
    assert_eq!(whole.tree.root, root_of(&leaves));
    assert_eq!(whole.bytes, (0..20).sum::<u64>());
    assert!(whole.is_complete());
    assert_eq!(read(&bytes).unwrap(), (rows.clone(), whole));
    let partly: Vec<ManifestRow> = rows
        .into_iter()
        .enumerate()
        .map(|(n, row)| match (n % 3, row) {
            (0, row) => ManifestRow::Withheld(row.hash()),
            (1, ManifestRow::Shown { row, .. }) => ManifestRow::Shown { row, show: vec![] },
            (_, row) => ManifestRow::Erased(row.hash()),
        })
        .collect();
    assert_eq!(write(&partly).1.tree, whole.tree);
    assert_eq!(read(&write(&partly).0).unwrap().0, partly);
}

#[test]
fn an_empty_manifest_has_the_empty_tree() {
    let (bytes, totals) = write(&[]);
    assert_eq!(totals.tree.size, TreeSize(0));
    assert_eq!(read(&bytes).unwrap(), (vec![], totals));
}

/// Cut anywhere, a manifest is refused; before its first byte it is none.
#[test]
fn attack_truncated_at_every_byte() {
    let (bytes, _) = write(&some_rows(3, Access::Public));
    for end in 0..bytes.len() {
        assert!(read(&bytes[..end]).is_err(), "cut at {end}");
    }
    let items = items(&bytes);
    let without_end = items[..items.len() - 1].concat();
    assert!(matches!(read(&without_end), Err(ManifestError::Truncated(TreeSize(3)))));
}

/// One bit of any byte changed: refused, each time.
#[test]
fn attack_flipped_at_every_byte() {
    let (bytes, _) = write(&example_rows());
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(read(&flipped).is_err(), "byte {at}, bit {bit}");
        }
    }
}

fn items(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = treering::evidence::sequence::Items::new(bytes, 1 << 20);
    let mut items = Vec::new();
    while let Some(item) = reader.next_item().unwrap() {
        items.push(item.to_vec());
    }
    items
}

/// The manifest of three rows with its items (0 is the header, 4 the trailer) rearranged.
fn rearranged(change: impl Fn(&mut Vec<Vec<u8>>)) -> ManifestError {
    let mut items = items(&write(&some_rows(3, Access::Public)).0);
    change(&mut items);
    read(&items.concat()).unwrap_err()
}

#[test]
fn attack_rows_reordered_repeated_dropped_or_added() {
    use ManifestError::*;
    assert!(matches!(rearranged(|items| items.swap(1, 2)), Order(_)));
    assert!(matches!(rearranged(|items| items.insert(2, items[1].clone())), Order(_)));
    assert!(matches!(rearranged(|items| drop(items.remove(1))), TotalsDiffer { .. }));
    let added = cbor::encode(&map(&[("withheld", Value::Bytes(vec![0; 32]))]));
    assert!(matches!(rearranged(|items| items.insert(1, added.clone())), TotalsDiffer { .. }));
    assert!(matches!(rearranged(|items| drop(items.remove(0))), Header(_)));
    assert!(matches!(rearranged(|items| items.insert(1, items[0].clone())), Item { .. }));
}

#[test]
fn attack_a_trailer_that_says_otherwise() {
    let trailer = |root: &[u8], rows: i128, bytes: i128| {
        cbor::encode(&map(&[
            ("root", Value::Bytes(root.to_vec())),
            ("rows", Value::Integer(rows)),
            ("bytes", Value::Integer(bytes)),
        ]))
    };
    let root = write(&some_rows(3, Access::Public)).1.tree.root;
    for wrong in [
        trailer(&[0; 32], 3, 3),
        trailer(root.as_bytes(), 2, 3),
        trailer(root.as_bytes(), 4, 3),
        trailer(root.as_bytes(), 3, 2),
        trailer(root.as_bytes(), 3, i128::from(i64::MAX)),
    ] {
        let error = rearranged(|items| items[4] = wrong.clone());
        assert!(matches!(error, ManifestError::TotalsDiffer { .. }), "{error}");
    }
    let short = trailer(&root.as_bytes()[..31], 3, 3);
    let error = rearranged(|items| items[4] = short.clone());
    assert!(matches!(error, ManifestError::Item { .. }), "{error}");
    for after in [&b"\0"[..], b"\xff", &trailer(root.as_bytes(), 3, 3)] {
        let error = rearranged(|items| items.push(after.to_vec()));
        assert!(matches!(error, ManifestError::AfterEnd), "{error}");
    }
}

#[test]
fn attack_items_too_large_or_in_another_spelling() {
    let large = cbor::encode(&map(&[("withheld", Value::Bytes(vec![0; 70_000]))]));
    let error = rearranged(|items| items[1] = large.clone());
    assert!(matches!(error, ManifestError::Sequence { .. }), "{error}");
    // A promise of 2^63 bytes.
    let error = rearranged(|items| {
        items[1] = b"\xa1\x68withheld\x5b\x7f\xff\xff\xff\xff\xff\xff\xff".to_vec()
    });
    assert!(matches!(error, ManifestError::Sequence { .. }), "{error}");
    // The length of the hash in two bytes, a map as an array, a tag, an unknown field.
    let erased = [&b"\xa1\x66erased\x58\x20"[..], &[0; 32]].concat();
    for other in [
        [&b"\xa1\x66erased\x59\x00\x20"[..], &[0; 32]].concat(),
        [&b"\x81\x58\x20"[..], &[0; 32]].concat(),
        [&b"\xc1"[..], &erased].concat(),
        [&b"\xa2\x61a\x00"[..], &erased[1..]].concat(),
        b"\xa0".to_vec(),
        b"\x00".to_vec(),
    ] {
        let error = rearranged(|items| items[1] = other.clone());
        assert!(matches!(error, ManifestError::Item { .. }), "{other:02x?}: {error}");
    }
    assert!(matches!(
        rearranged(|items| items[1] = erased.clone()),
        ManifestError::TotalsDiffer { .. }
    ));
}

/// A shown row with these bytes for its row and disclosures, alone in a manifest.
fn alone(row: &[u8], show: &[&[u8]]) -> ManifestError {
    let show = show.iter().map(|bytes| Value::Bytes(bytes.to_vec())).collect();
    let item =
        cbor::encode(&map(&[("row", Value::Bytes(row.to_vec())), ("show", Value::Array(show))]));
    let header = items(&write(&[]).0)[0].clone();
    read(&[header, item].concat()).unwrap_err()
}

#[test]
fn attack_disclosures_that_are_not_the_rows_own() {
    use ManifestError::{NotOfProfile, Row as InRow, ShowOrder, Truncated};
    let attributes =
        [Attribute::Zone(3_600), Attribute::MediaId("m".into()), Attribute::GpsTime(0)];
    let make = |digest: u8| {
        let mut random = counting();
        Row::new(Hash([digest; 32]), 1, &attributes, Access::Public, &mut random)
    };
    let (row, show) = make(1);
    let show: Vec<&[u8]> = show.iter().map(Disclosure::bytes).collect();
    // In order it is taken, and only the end is missing.
    assert!(matches!(alone(row.bytes(), &show), Truncated(TreeSize(1))));
    assert!(matches!(alone(row.bytes(), &[]), Truncated(TreeSize(1))));
    assert!(matches!(alone(row.bytes(), &[show[1], show[0]]), ShowOrder(_)));
    assert!(matches!(alone(row.bytes(), &[show[0], show[0]]), ShowOrder(_)));
    // Another salt, another value, another row's.
    let mut salted = show[0].to_vec();
    salted[25] ^= 1;
    assert!(matches!(alone(row.bytes(), &[&salted]), InRow { .. }));
    let mut other = show[0].to_vec();
    *other.last_mut().unwrap() ^= 1;
    assert!(matches!(alone(row.bytes(), &[&other]), InRow { .. }));
    let (second, _) = Row::new(Hash([2; 32]), 1, &attributes[1..], Access::Public, &mut counting());
    assert!(matches!(alone(second.bytes(), &[show[0]]), InRow { .. }));
    // Bytes that are no row, and a row under a name the profile does not have.
    assert!(matches!(alone(show[0], &[]), InRow { .. }));
    let lens = Attribute::read("lens", text("50 mm")).unwrap();
    let (foreign, _) = Row::new(Hash([3; 32]), 1, &[lens], Access::Public, &mut counting());
    assert!(matches!(alone(foreign.bytes(), &[]), NotOfProfile { .. }));
}

/// Two row hashes joined are 64 bytes, and so is a node's input: neither a manifest with that node
/// as a row, nor one with those bytes as a row, has the root of the honest one at its size.
#[test]
fn attack_second_preimage_of_rows_and_nodes() {
    let rows = some_rows(4, Access::Public);
    let honest = write(&rows).1.tree;
    let leaves: Vec<Hash> = rows.iter().map(ManifestRow::hash).collect();
    let mut nodes = [
        treering::tlog::hash::node_hash(leaves[0], leaves[1]),
        treering::tlog::hash::node_hash(leaves[2], leaves[3]),
    ];
    nodes.sort();
    let forged = write(&nodes.map(ManifestRow::Withheld)).1.tree;
    // Only the signed number of rows tells a tree from its own upper part.
    assert_ne!(forged, honest);
    assert_ne!(forged.size, honest.size);
    let joined = [leaves[0].0, leaves[1].0].concat();
    assert!(matches!(alone(&joined, &[]), ManifestError::Row { .. }));
}

#[test]
fn other_versions_profiles_and_files_are_named() {
    let header =
        |v, profile| cbor::encode(&map(&[("v", Value::Integer(v)), ("profile", text(profile))]));
    assert!(matches!(read(&header(2, "treering/files/v1")), Err(ManifestError::UnknownVersion(2))));
    let other = read(&header(1, "treering/files/v2"));
    assert!(matches!(other, Err(ManifestError::UnknownProfile(name)) if name.ends_with("v2")));
    for bytes in [&b""[..], b"{\"v\": 1}", b"\xff\xd8\xff\xe0\0\x10JFIF", b"PK\x03\x04", b"\xa0"] {
        assert!(matches!(read(bytes), Err(ManifestError::Header(_))), "{bytes:02x?}");
    }
}

#[test]
fn a_reader_that_fails_is_told_from_a_bad_manifest() {
    struct Fails;
    impl std::io::Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the card was pulled"))
        }
    }
    let (bytes, _) = write(&some_rows(3, Access::Public));
    for length in [0, 30, 200] {
        let stream = std::io::Read::chain(&bytes[..length], Fails);
        let mut reader = match ManifestReader::new(std::io::BufReader::new(stream)) {
            Ok(reader) => reader,
            Err(error) => {
                assert!(matches!(error, ManifestError::Sequence { .. }), "{error}");
                continue;
            }
        };
        let error = reader.read_to_end().unwrap_err();
        assert!(error.to_string().contains("the card was pulled"), "{error}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_refused_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(read(&bytes).is_err());
        let header = items(&write(&[]).0)[0].clone();
        prop_assert!(read(&[header, bytes].concat()).is_err());
    }

    #[test]
    fn manifests_of_any_size_come_back(count in 0u64..60, sealed in any::<bool>()) {
        let rows = some_rows(count, if sealed { Access::Sealed } else { Access::Public });
        let (bytes, totals) = write(&rows);
        prop_assert_eq!(read(&bytes).unwrap(), (rows, totals));
    }
}
