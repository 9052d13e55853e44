//! A statement's bytes with what they mean beside them: the form of `tests/golden/`.
//!
//! ```text
//! d2                                  # tag 18, COSE_Sign1
//! 84                                  # array of 4
//!   58 b6                             # protected: 182 bytes
//!     a5                              # map of 5
//!       01                            # 1 alg:
//!       27                            # -8
//! ```
//!
//! Everything before a `#` is the bytes, in order, so the file is also the statement.

use std::fmt::Write;

/// Where comments begin, if the bytes before them leave room.
const COMMENT_COLUMN: usize = 48;
/// Bytes of a long string on one line.
const BYTES_A_LINE: usize = 32;

/// The bytes of a file in this form.
pub fn read(text: &str) -> Vec<u8> {
    let digits: String = text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default())
        .flat_map(|line| line.chars().filter(|c| !c.is_whitespace()))
        .collect();
    assert!(digits.len().is_multiple_of(2), "an odd number of hexadecimal digits");
    let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("ASCII"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal digits")).collect()
}

/// A statement in this form. The bytes are those of a statement that was read.
pub fn statement(bytes: &[u8]) -> String {
    let mut page = Page { out: String::new(), rest: bytes, depth: 0 };
    page.line(1, "tag 18, COSE_Sign1");
    page.line(1, "array of 4");
    page.depth = 1;
    page.layer("protected", Names::Header);
    page.line(1, "unprotected: {}");
    page.layer("payload", Names::Text);
    page.string("signature: 64 bytes");
    assert!(page.rest.is_empty(), "bytes after the signature");
    page.out
}

/// What the integer keys of a map are called.
#[derive(Clone, Copy)]
enum Names {
    Header,
    Claims,
    Text,
}

impl Names {
    fn of(self, label: u64) -> &'static str {
        match (self, label) {
            (Names::Header, 1) => " alg",
            (Names::Header, 3) => " content type",
            (Names::Header, 4) => " kid",
            (Names::Header, 15) => " CWT claims",
            (Names::Header, 16) => " typ",
            (Names::Claims, 1) => " iss",
            (Names::Claims, 2) => " sub",
            (Names::Claims, 6) => " iat",
            _ => "",
        }
    }
}

struct Page<'a> {
    out: String,
    rest: &'a [u8],
    depth: usize,
}

impl Page<'_> {
    /// Writes the next `count` bytes with a comment.
    fn line(&mut self, count: usize, comment: &str) {
        let (bytes, rest) = self.rest.split_at(count);
        self.rest = rest;
        let mut line = "  ".repeat(self.depth);
        bytes.iter().for_each(|byte| write!(line, "{byte:02x}").expect("memory"));
        if !comment.is_empty() {
            line = format!("{line:<width$}  # {comment}", width = COMMENT_COLUMN);
        }
        self.out.push_str(&line);
        self.out.push('\n');
    }

    /// Major type, argument and length of the head that comes next.
    fn head(&self) -> (u8, u64, usize) {
        let (major, short) = (self.rest[0] >> 5, self.rest[0] & 0x1F);
        let width = match short {
            0..=23 => return (major, short.into(), 1),
            24 => 1,
            25 => 2,
            26 => 4,
            _ => 8,
        };
        let argument =
            self.rest[1..=width].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        (major, argument, 1 + width)
    }

    /// A byte string that holds CBOR itself.
    fn layer(&mut self, name: &str, names: Names) {
        let (_, length, head) = self.head();
        self.line(head, &format!("{name}: {length} bytes"));
        self.depth += 1;
        self.item(names, "");
        self.depth -= 1;
    }

    /// A byte or text string, in lines of a readable length.
    fn string(&mut self, comment: &str) {
        let (_, length, head) = self.head();
        let mut left = length as usize;
        if left <= BYTES_A_LINE {
            return self.line(head + left, comment);
        }
        self.line(head, comment);
        self.depth += 1;
        while left > 0 {
            let now = left.min(BYTES_A_LINE);
            self.line(now, "");
            left -= now;
        }
        self.depth -= 1;
    }

    fn item(&mut self, names: Names, after: &str) {
        let (major, argument, head) = self.head();
        match major {
            0 => self.line(head, &format!("{argument}{}{after}", names.of(argument))),
            1 => self.line(head, &format!("-{}{after}", argument + 1)),
            2 => self.string(&format!("{argument} bytes{after}")),
            3 => {
                let text = &self.rest[head..head + argument as usize];
                let text = std::str::from_utf8(text).expect("text is UTF-8");
                self.string(&format!("{text:?}{after}"));
            }
            4 => {
                self.line(head, &format!("array of {argument}{after}"));
                self.depth += 1;
                (0..argument).for_each(|_| self.item(Names::Text, ""));
                self.depth -= 1;
            }
            5 => {
                self.line(head, &format!("map of {argument}{after}"));
                self.depth += 1;
                for _ in 0..argument {
                    let (major, label, _) = self.head();
                    self.item(names, ":");
                    let claims = matches!((names, major, label), (Names::Header, 0, 15));
                    self.item(if claims { Names::Claims } else { Names::Text }, "");
                }
                self.depth -= 1;
            }
            _ => self.line(head, if argument == 21 { "true" } else { "false" }),
        }
    }
}
