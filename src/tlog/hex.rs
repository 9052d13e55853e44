//! Bytes as hexadecimal digits: lower case, two for each byte, one spelling for each content.

use std::fmt;

/// Bytes that print as their digits.
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Exactly `N` bytes from `2 N` digits; none for any other spelling.
pub fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let digits = text.as_bytes();
    if digits.len() != 2 * N {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spelling_is_exact() {
        assert_eq!(from_hex(&Hex(&[0, 0x9f, 255]).to_string()), Some([0, 0x9f, 255]));
        assert_eq!(from_hex::<1>("9F"), None);
        assert_eq!(from_hex::<1>("9"), None);
        assert_eq!(from_hex::<1>("09f"), None);
        assert_eq!(from_hex::<1>("+9"), None);
    }
}
