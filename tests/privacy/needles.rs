//! A withheld value in every spelling in which it could stand in a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Byte strings to look for, each with what it would give away.
#[derive(Default)]
pub struct Needles(Vec<(String, Vec<u8>)>);

impl Needles {
    /// A text: as it is, in other cases, in UTF-16, and its plain hash.
    pub fn text(&mut self, what: &str, text: &str) {
        for spelling in [text.to_owned(), text.to_lowercase(), text.to_uppercase()] {
            let wide: Vec<u8> = spelling.encode_utf16().flat_map(u16::to_le_bytes).collect();
            self.bytes(what, spelling.as_bytes());
            self.bytes(what, &wide);
            let hash = Sha256::digest(spelling.as_bytes());
            self.bytes(&format!("a plain hash of {what}"), &hash);
        }
    }

    /// A position in millionths of a degree: as numbers, as text of every length, in degrees and minutes.
    pub fn degrees(&mut self, what: &str, millionths: u32) {
        let degrees = f64::from(millionths) / 1e6;
        let minutes = degrees.fract() * 60.0;
        let seconds = minutes.fract() * 60.0;
        let texts = [
            millionths.to_string(),
            format!("{degrees:.6}"),
            format!("{degrees:.5}"),
            format!("{degrees:.4}"),
            format!("{degrees:.3}"),
            format!("{}°{:02}'", degrees.trunc(), minutes.trunc()),
            format!("{}° {}' {:.1}\"", degrees.trunc(), minutes.trunc(), seconds),
            format!("{:.0}{:06.3}", degrees.trunc(), minutes),
        ];
        for text in texts {
            self.bytes(what, text.as_bytes());
            self.bytes(&format!("a plain hash of {what}"), &Sha256::digest(text.as_bytes()));
        }
        // CBOR, and four bytes in either order.
        self.bytes(what, &[&[0x1a][..], &millionths.to_be_bytes()].concat());
        self.bytes(what, &millionths.to_le_bytes());
        self.bytes(what, &(degrees as f32).to_le_bytes());
        self.bytes(what, &degrees.to_le_bytes());
        self.bytes(what, &degrees.to_be_bytes());
    }

    /// Bytes: as they are, in hexadecimal and in base64, wherever in it they begin.
    pub fn bytes(&mut self, what: &str, bytes: &[u8]) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut spellings = vec![bytes.to_vec()];
        if bytes.len() >= 4 {
            spellings.push(hex.to_uppercase().into_bytes());
            spellings.push(hex.into_bytes());
        }
        if bytes.len() >= 5 {
            for before in 0..3usize {
                let padded = [&vec![0; before][..], bytes].concat();
                let whole = STANDARD.encode(&padded);
                // Characters that share bits with what is before and after are left out.
                let from = (before * 8).div_ceil(6);
                let to = padded.len() * 8 / 6;
                spellings.push(whole.as_bytes()[from..to].to_vec());
            }
        }
        self.0.extend(spellings.into_iter().map(|spelling| (what.to_owned(), spelling)));
    }

    /// What of it stands in a file's bytes.
    pub fn found_in(&self, hay: &[u8]) -> Vec<&str> {
        let mut by_first: BTreeMap<u8, Vec<&(String, Vec<u8>)>> = BTreeMap::new();
        for needle in &self.0 {
            by_first.entry(needle.1[0]).or_default().push(needle);
        }
        let mut found = Vec::new();
        for at in 0..hay.len() {
            for (what, bytes) in by_first.get(&hay[at]).into_iter().flatten() {
                if hay[at..].starts_with(bytes) && !found.contains(&what.as_str()) {
                    found.push(what.as_str());
                }
            }
        }
        found
    }

    /// The files below a folder, or the file, in which any of it stands: in their bytes or their names.
    pub fn search(&self, places: &[PathBuf]) -> Vec<String> {
        let mut leaks = Vec::new();
        for place in places {
            for entry in walkdir::WalkDir::new(place).sort_by_file_name() {
                let entry = entry.expect("the folder can be listed");
                let mut found = self.found_in(entry.path().file_name().unwrap().as_encoded_bytes());
                let bytes = match entry.file_type().is_file() {
                    true => fs::read(entry.path()).expect("a file"),
                    false => Vec::new(),
                };
                found.extend(self.found_in(&bytes));
                let name = |what: &str| format!("{}: {what}", entry.path().display());
                leaks.extend(found.into_iter().map(name));
            }
        }
        leaks
    }
}

/// SHA-256 of a file.
pub fn sha256(path: &Path) -> Vec<u8> {
    Sha256::digest(fs::read(path).expect("a file")).to_vec()
}
