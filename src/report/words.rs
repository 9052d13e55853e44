//! Numbers, sizes, times and hostile names as they stand on a screen.

use jiff::Timestamp;

use crate::evidence::path::hides_or_moves_text;

/// A count with thousands apart: 12,408.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count with its noun: "1 file", "12,408 files". The plural is the singular and an s.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A count with its noun and the verb after it: "1 file is", "12,408 files are".
pub fn are(number: u64, noun: &str) -> String {
    format!("{} {}", counted(number, noun), if number == 1 { "is" } else { "are" })
}

/// A number of bytes in the unit that suits it, decimal: 41.2 GB.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if number < 1_000 {
        return counted(number, "byte");
    }
    let mut scaled = number as f64 / 1_000.0;
    let mut unit = 0;
    // 999.95 would print as 1000.0.
    while scaled >= 999.95 && unit + 1 < UNITS.len() {
        scaled /= 1_000.0;
        unit += 1;
    }
    format!("{scaled:.1} {}", UNITS[unit])
}

/// A time of day in UTC for people: 2026-02-28 10:00 UTC. Seconds since 1970 beyond what a calendar
/// holds are shown as they are.
pub fn time(seconds: i64) -> String {
    match Timestamp::from_second(seconds) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        Err(_) => format!("{seconds} s after 1970"),
    }
}

/// A device's own clock, whose zone nobody knows: 2026-02-28 10:00, zone unknown.
pub fn device_time(seconds: i64) -> String {
    match Timestamp::from_second(seconds) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M, zone unknown").to_string(),
        Err(_) => format!("{seconds} s after 1970, zone unknown"),
    }
}

/// A time in records and JSON: RFC 3339, UTC. Beyond a calendar's reach, the number.
pub fn rfc3339(seconds: i64) -> String {
    match Timestamp::from_second(seconds) {
        Ok(time) => time.to_string(),
        Err(_) => seconds.to_string(),
    }
}

/// Text from outside, on one line and without control characters: names, titles, reasons.
pub fn safe(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' | '\\' => shown.extend(c.escape_default()),
            _ if hides_or_moves_text(c) => shown.extend(c.escape_unicode()),
            _ => shown.push(c),
        }
    }
    shown
}

/// [`safe`], for sentences that may hold a path of this system: a backslash stays one.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => shown.extend(c.escape_default()),
            _ if hides_or_moves_text(c) => shown.extend(c.escape_unicode()),
            _ => shown.push(c),
        }
    }
    shown
}

/// A page of text that may hold names from outside: its lines and tabs stay, nothing else in it can
/// move a terminal's cursor or change its colours.
pub fn page(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => shown.push(c),
            _ if hides_or_moves_text(c) => shown.extend(c.escape_unicode()),
            _ => shown.push(c),
        }
    }
    shown
}

/// The bytes of a file name on one line; bytes that are no UTF-8 as `\xNN`.
pub fn file_name(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        shown.push_str(&safe(chunk.valid()));
        shown.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(12_408), "12,408");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(0, "file"), "0 files");
        assert_eq!(bytes(0), "0 bytes");
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(1_000), "1.0 kB");
        assert_eq!(bytes(999_999), "1.0 MB");
        assert_eq!(bytes(41_200_000_000), "41.2 GB");
        assert_eq!(bytes(u64::MAX), "18.4 EB");
    }

    #[test]
    fn times_are_utc_or_say_they_are_not() {
        assert_eq!(time(1_772_272_800), "2026-02-28 10:00 UTC");
        assert_eq!(device_time(0), "1970-01-01 00:00, zone unknown");
        assert_eq!(rfc3339(1_772_272_800), "2026-02-28T10:00:00Z");
        assert_eq!(time(i64::MAX), "9223372036854775807 s after 1970");
    }

    #[test]
    fn hostile_names_stay_on_their_line() {
        assert_eq!(file_name(b"IMG\n0042.JPG"), "IMG\\n0042.JPG");
        assert_eq!(file_name(b"caf\xe9.jpg"), "caf\\xe9.jpg");
        assert_eq!(file_name("Olympus μ.JPG".as_bytes()), "Olympus μ.JPG");
        assert_eq!(safe("\u{202e}gpj.exe"), "\\u{202e}gpj.exe");
        assert_eq!(safe("\u{1b}[31mred"), "\\u{1b}[31mred");
        assert_eq!(safe("a\\nb"), "a\\\\nb");
        assert_eq!(page("a\tb\n\u{1b}[31mred\r\n"), "a\tb\n\\u{1b}[31mred\\u{d}\n");
    }
}
