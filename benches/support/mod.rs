//! What the benches share: paired timing, statements, and a ledger on disk that is made once.

#![allow(dead_code, reason = "every bench uses its own part of this")]

pub mod anchors;
pub mod ledger_on_disk;
pub mod paired;

#[path = "../../tests/support/mod.rs"]
pub mod memory;

use std::path::PathBuf;
use std::str::FromStr;

use treering::evidence::bulk_sha256::BulkSha256;

/// `bench-data` in the target folder: kept between runs, gone with `cargo clean`.
pub fn data_folder() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    target.with_file_name("bench-data")
}

/// A number from the environment, or the usual one.
pub fn number_from_env<T: FromStr>(name: &str, usual: T) -> T {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text:?}")),
        Err(_) => usual,
    }
}

/// What a rate depends on: processor cores, and whether SHA-256 has instructions of its own.
pub fn machine() -> String {
    let sha = match BulkSha256::new() {
        BulkSha256::Sha2(_) => "with",
        BulkSha256::Ring(_) => "without",
    };
    format!("{} cores, {sha} SHA instructions", rayon::current_num_threads())
}

/// 1,000,000
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
