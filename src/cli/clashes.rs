//! Names that another system would take for one, said while somebody can still rename a file.

use super::Context;
use crate::evidence::names::{Likeness, NameClash, clashes};
use crate::evidence::walk::Walk;

/// Warns of every clash among the files of a walk.
pub fn report_clashes(context: &Context, walked: &Walk) {
    for NameClash { likeness, first, second } in clashes(walked.files.iter().map(|file| &file.path))
    {
        let (alike, what) = match likeness {
            Likeness::Same => {
                context.voice.warn(&format!(
                    "two files are called {first}: they lie in different folders, and the record does \
                     not tell which is which"
                ));
                continue;
            }
            Likeness::Capitals => (format!("{first} and {second}"), "capitals"),
            // On a screen the two look the same.
            Likeness::Normalised => {
                let [first, second] = [first, second].map(|path| in_ascii(&path.to_string()));
                (format!("{first} and {second}"), "how their accents are coded")
            }
        };
        context
            .voice
            .warn(&format!("{alike} differ only in {what}; some systems take them for one file"));
    }
}

/// The text with every character beyond ASCII as its code, so that look-alikes are told apart.
fn in_ascii(text: &str) -> String {
    let coded = |c: char| match c.is_ascii() {
        true => c.to_string(),
        false => c.escape_unicode().to_string(),
    };
    text.chars().map(coded).collect()
}
