//! The ground of an erasure: a word that says which right or duty, and nothing about anybody.

use super::target::Target;
use crate::cli::failures::usage;
use crate::cli::voice::Failure;

/// Words for the usual grounds. A statement is for ever; a word of this list says nothing it should not.
pub const GROUNDS: [(&str, &str); 9] = [
    ("consent-withdrawn", "somebody who is shown or named takes back their consent"),
    ("erasure-request", "somebody asks for it and has the right to"),
    ("objection", "somebody objects, and nothing weighs more"),
    ("unlawful", "it should never have been recorded"),
    ("no-longer-needed", "what it was kept for is done"),
    ("legal-duty", "a law asks for it"),
    ("court-order", "a court asks for it"),
    ("authority", "the community with authority over it asks for it"),
    ("safety", "it endangers people, animals or places"),
];

/// The list under the help.
pub const HELP: &str = "\
Grounds: consent-withdrawn, erasure-request, objection, unlawful, no-longer-needed, legal-duty, \
court-order, authority, safety; or a few words of your own (200 bytes).
The file itself is never touched: deleting it is yours to do.";

/// Ceiling of a ground, in bytes: a sentence.
const MAX_BYTES: usize = 200;

/// Digits in a row that may be a telephone number or an identity card.
const TELLING_DIGITS: usize = 7;

/// The ground as it will be signed, if it seems to say nothing personal.
pub fn check(ground: &str, targets: &[Target]) -> Result<String, Failure> {
    let ground = ground.trim();
    if GROUNDS.iter().any(|(word, _)| *word == ground) {
        return Ok(ground.to_owned());
    }
    let refuse = |why: String| {
        Err(usage(
            "this ground cannot be signed",
            why,
            "choose a word such as consent-withdrawn (treering erase --help lists them)",
        ))
    };
    if ground.is_empty() || ground.len() > MAX_BYTES || ground.contains(char::is_control) {
        return refuse(format!("it is not one line of 1 to {MAX_BYTES} bytes"));
    }
    if ground.contains('@') {
        return refuse(
            "it looks like an e-mail address; what is signed here stays for ever".into(),
        );
    }
    let digits = ground.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '/'));
    let mut run = 0;
    for c in digits {
        run = if c.is_ascii_digit() { run + 1 } else { 0 };
        if run >= TELLING_DIGITS {
            return refuse("it holds a long number; what is signed here stays for ever".into());
        }
    }
    let lower = ground.to_lowercase();
    let told = targets.iter().flat_map(|target| &target.telling).find(|part| lower.contains(*part));
    match told {
        Some(part) => refuse(format!("it holds {part:?}, a part of the file's own name")),
        None => Ok(ground.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_sentences_pass_and_names_do_not() {
        assert_eq!(check(" safety ", &[]).unwrap(), "safety");
        assert_eq!(check("Art. 17(1)(b) GDPR", &[]).unwrap(), "Art. 17(1)(b) GDPR");
        for bad in
            ["", "\u{7}", "asked by anna@example.org", "call 079 123 45 67", &"x".repeat(201)]
        {
            assert!(check(bad, &[]).is_err(), "{bad:?}");
        }
        let target = Target { telling: vec!["muller".into()], ..Target::for_tests() };
        assert!(check("Mr Muller asked", &[target]).is_err());
    }
}
