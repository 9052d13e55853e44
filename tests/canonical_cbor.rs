//! The CBOR module against a second opinion: a reader written from RFC 8949 section 4.2.1 and the
//! profile, byte by byte, without a CBOR library.

mod support;

use std::ops::Range;

use support::random::Random;
use treering::statement::cbor::{self, MAX_DEPTH};

/// The end of the canonical item that begins at `at`, if one does.
fn item(bytes: &[u8], at: usize, depth: usize) -> Option<usize> {
    let depth = depth.checked_sub(1)?;
    let initial = *bytes.get(at)?;
    let (major, short) = (initial >> 5, initial & 0x1F);
    if major == 7 {
        // false and true
        return matches!(short, 20 | 21).then_some(at + 1);
    }
    // The argument: itself below 24, else in the fewest of 1, 2, 4, 8 bytes.
    let (width, least) = match short {
        0..=23 => (0, 0),
        24 => (1, 24),
        25 => (2, 1 << 8),
        26 => (4, 1 << 16),
        27 => (8, 1 << 32),
        _ => return None,
    };
    let after = at + 1 + width;
    let argument = match width {
        0 => u64::from(short),
        _ => bytes.get(at + 1..after)?.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)),
    };
    if width > 0 && argument < least {
        return None;
    }
    let length = usize::try_from(argument).ok();
    match major {
        0 | 1 => (argument <= i64::MAX as u64).then_some(after),
        2 => bytes.get(after..after.checked_add(length?)?).map(|string| after + string.len()),
        3 => {
            let text = bytes.get(after..after.checked_add(length?)?)?;
            std::str::from_utf8(text).ok().map(|text| after + text.len())
        }
        4 => (0..argument).try_fold(after, |at, _| item(bytes, at, depth)),
        5 => {
            let mut earlier: Option<Range<usize>> = None;
            let mut at = after;
            for _ in 0..argument {
                let end = item(bytes, at, depth)?;
                // All text or all non-negative integers, ascending by their encodings.
                let type_holds = match &earlier {
                    None => matches!(bytes[at] >> 5, 0 | 3),
                    Some(earlier) => {
                        bytes[at] >> 5 == bytes[earlier.start] >> 5
                            && bytes[earlier.clone()] < bytes[at..end]
                    }
                };
                if !type_holds {
                    return None;
                }
                earlier = Some(at..end);
                at = item(bytes, end, depth)?;
            }
            Some(at)
        }
        _ => None,
    }
}

fn is_canonical(bytes: &[u8]) -> bool {
    item(bytes, 0, MAX_DEPTH) == Some(bytes.len())
}

/// The head of an item; now and then one byte wider than it need be.
fn head(random: &mut Random, major: u8, argument: u64) -> Vec<u8> {
    let least = match argument {
        0..=23 => 0,
        24..=0xFF => 1,
        0x100..=0xFFFF => 2,
        0x1_0000..=0xFFFF_FFFF => 3,
        _ => 4,
    };
    let wider = least < 4 && random.below(60) == 0;
    let wide = argument.to_be_bytes();
    match least + usize::from(wider) {
        0 => vec![major << 5 | argument as u8],
        step => {
            let width = 1 << (step - 1);
            [&[major << 5 | (23 + step as u8)], &wide[8 - width..]].concat()
        }
    }
}

fn number(random: &mut Random) -> u64 {
    let bits = random.below(65) as u32;
    random.next().checked_shr(64 - bits).unwrap_or(0)
}

/// Bytes much like canonical CBOR, with every mistake that an encoder can make.
fn cborish(random: &mut Random, depth: usize) -> Vec<u8> {
    let containers = if depth == 0 { 0 } else { 4 };
    match random.below(7 + containers) {
        0 => {
            let argument = number(random);
            head(random, 0, argument)
        }
        1 => {
            let argument = number(random);
            head(random, 1, argument)
        }
        2 => string(random, 2),
        3 | 4 => string(random, 3),
        5 => vec![0xF4 + random.below(2) as u8],
        6 => match random.below(12) {
            0 => vec![0xF6],
            1 => vec![0xF9, 0x3C, 0x00],
            2 => [vec![0xC1], cborish(random, depth)].concat(),
            3 => vec![0x5F, 0x41, 0x00, 0xFF],
            4 => vec![0xF8, 0x20],
            5 => [vec![0x9F], cborish(random, depth), vec![0xFF]].concat(),
            _ => vec![random.below(24) as u8],
        },
        7 | 8 => {
            let items: Vec<Vec<u8>> =
                (0..random.below(4)).map(|_| cborish(random, depth - 1)).collect();
            [head(random, 4, items.len() as u64), items.concat()].concat()
        }
        _ => {
            let by_number = random.below(4) == 0;
            let mut entries: Vec<(Vec<u8>, Vec<u8>)> = (0..random.below(4))
                .map(|_| {
                    let odd = random.below(40) == 0;
                    let argument = random.below(40) as u64;
                    let key = match by_number ^ odd {
                        true => head(random, 0, argument),
                        false => string(random, 3),
                    };
                    (key, cborish(random, depth - 1))
                })
                .collect();
            if random.below(20) != 0 {
                entries.sort();
                if random.below(10) != 0 {
                    entries.dedup_by(|later, earlier| later.0 == earlier.0);
                }
            }
            let count = head(random, 5, entries.len() as u64);
            let entries: Vec<Vec<u8>> = entries.into_iter().map(|(k, v)| [k, v].concat()).collect();
            [count, entries.concat()].concat()
        }
    }
}

fn string(random: &mut Random, major: u8) -> Vec<u8> {
    let length = if random.below(30) == 0 { random.below(300) } else { random.below(4) };
    let alphabet = if random.below(40) == 0 { 256 } else { 0x80 };
    let content: Vec<u8> = (0..length).map(|_| random.below(alphabet) as u8).collect();
    [head(random, major, length as u64), content].concat()
}

#[test]
fn what_decodes_encodes_to_the_same_bytes() {
    let mut random = Random::seeded(8949);
    let (mut canonical, mut other) = (0, 0);
    for _ in 0..40_000 {
        let mut bytes = cborish(&mut random, 6);
        match random.below(20) {
            0 => bytes.push(random.byte()),
            1 => drop(bytes.pop()),
            2 => {
                let at = random.below(bytes.len());
                bytes[at] = random.byte();
            }
            _ => {}
        }
        let decoded = cbor::decode_value(&bytes, 60_000);
        assert_eq!(decoded.is_ok(), is_canonical(&bytes), "{bytes:02x?}: {decoded:?}");
        match decoded {
            Ok(value) => {
                assert_eq!(cbor::encode(&value), bytes);
                canonical += 1;
            }
            Err(_) => other += 1,
        }
    }
    assert!(canonical > 10_000 && other > 5_000, "{canonical} canonical, {other} other");
}

#[test]
fn noise() {
    let mut random = Random::seeded(7049);
    for _ in 0..40_000 {
        let bytes: Vec<u8> = (0..random.below(12)).map(|_| random.byte()).collect();
        assert_eq!(
            cbor::decode_value(&bytes, 60_000).is_ok(),
            is_canonical(&bytes),
            "{bytes:02x?}"
        );
    }
}

#[test]
fn every_item_of_one_and_two_bytes() {
    for first in 0..=255 {
        assert_eq!(cbor::decode_value(&[first], 2).is_ok(), is_canonical(&[first]));
        for second in 0..=255 {
            let bytes = [first, second];
            assert_eq!(cbor::decode_value(&bytes, 2).is_ok(), is_canonical(&bytes), "{bytes:02x?}");
        }
    }
}

#[test]
fn the_depth_of_every_kind_of_nesting() {
    for levels in 1..=MAX_DEPTH + 2 {
        for wrap in [&b"\x81"[..], b"\xA1\x00", b"\xA1\x61a"] {
            let bytes = [wrap.repeat(levels - 1), vec![0x00]].concat();
            let decoded = cbor::decode_value(&bytes, 60_000);
            assert_eq!(decoded.is_ok(), levels <= MAX_DEPTH, "{levels} levels of {wrap:02x?}");
            assert_eq!(decoded.is_ok(), is_canonical(&bytes));
        }
    }
}

#[test]
fn the_edges_of_every_width() {
    for edge in [0x17, 0xFF, 0xFFFF, 0xFFFF_FFFF, i64::MAX as u64, u64::MAX] {
        for argument in [edge - 1, edge, edge.wrapping_add(1)] {
            for width in [1, 2, 4, 8] {
                for major in [0, 1] {
                    let head = major << 5 | (24 + u8::ilog2(width) as u8);
                    let wide = &argument.to_be_bytes()[8 - usize::from(width)..];
                    let bytes = [&[head], wide].concat();
                    let decoded = cbor::decode_value(&bytes, 9);
                    assert_eq!(decoded.is_ok(), is_canonical(&bytes), "{bytes:02x?}");
                }
            }
        }
    }
    let lowest = b"\x3B\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
    assert_eq!(cbor::decode_value(lowest, 9), Ok(cbor::Value::Integer(i64::MIN.into())));
}
