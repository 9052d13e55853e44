//! Rust source as words and signs, without comments and literals; and the paths in it.

/// A word, `::`, or any other single sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Counted from 1.
    pub line: usize,
    pub text: String,
}

impl Token {
    pub fn is_word(&self) -> bool {
        self.text.starts_with(begins_word)
    }
}

fn begins_word(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn goes_on(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// The tokens of a source. A literal leaves nothing, so two words around one stay two.
pub fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let skipped = literal_or_comment(rest);
        let length = match skipped {
            Some(length) => length,
            None if rest.starts_with("::") => 2,
            None if begins_word(first) => rest.find(|c| !goes_on(c)).unwrap_or(rest.len()),
            None => first.len_utf8(),
        };
        let (text, after) = rest.split_at(length);
        if skipped.is_none() && !first.is_whitespace() {
            tokens.push(Token { line, text: text.into() });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    tokens
}

/// The length of the comment, text, character or number that stands here, if one does.
fn literal_or_comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(rest.find(|c| !goes_on(c)).unwrap_or(rest.len()));
    }
    // b"…", c"…", r"…", br#"…"#; but r#word is a word.
    let after_prefix = rest.trim_start_matches(['b', 'c', 'r']);
    let prefix = rest.len() - after_prefix.len();
    let raw = rest[..prefix].ends_with('r');
    let hashes = after_prefix.len() - after_prefix.trim_start_matches('#').len();
    if prefix > 2 || (hashes > 0 && !raw) {
        return None;
    }
    match after_prefix[hashes..].chars().next()? {
        '"' if raw => {
            let (open, close) = (prefix + hashes + 1, format!("\"{}", "#".repeat(hashes)));
            let length = rest[open..].find(&close);
            Some(length.map_or(rest.len(), |length| open + length + close.len()))
        }
        '"' => Some(prefix + quoted(after_prefix, '"')),
        '\'' if !raw && is_character(after_prefix) => Some(prefix + quoted(after_prefix, '\'')),
        _ => None,
    }
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest[at..];
        let step = match () {
            () if here.starts_with("/*") => {
                depth += 1;
                2
            }
            () if here.starts_with("*/") => {
                depth -= 1;
                2
            }
            () => here.chars().next().map_or(1, char::len_utf8),
        };
        at += step;
        if depth == 0 {
            break;
        }
    }
    at
}

/// `'a'` and `'\n'` are characters, `'a` a lifetime.
fn is_character(rest: &str) -> bool {
    let mut chars = rest.chars().skip(1);
    chars.next() == Some('\\') || chars.next() == Some('\'')
}

/// The length of a text in quotes, which begins here.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A path as it is meant: `use a::{b, c::*}` has two, `a::b` and `a::c::*`. What `super` and `self`
/// stand for is filled in, so a path inside the crate begins with `crate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodePath {
    /// Of its last segment.
    pub line: usize,
    pub segments: Vec<String>,
}

impl CodePath {
    /// The crate's module that the path leads into, if it stays in the crate.
    pub fn in_crate(&self) -> Option<&str> {
        let inside = self.segments[0] == "crate";
        inside.then(|| self.segments.get(1).map_or("*", String::as_str))
    }

    /// Whether it names this, something in it, or something that holds it.
    pub fn meets(&self, other: &str) -> bool {
        let own = self.segments.iter().map(String::as_str).filter(|part| *part != "*");
        own.zip(other.split("::")).all(|(one, other)| one == other)
    }

    /// Fills in what `super` and `self` stand for in this module.
    fn seen_from(self, module: &[&str]) -> CodePath {
        let CodePath { line, mut segments } = self;
        if segments.len() > 1 {
            // `a::{self, b}`
            segments.pop_if(|last| last == "self");
        }
        let steps = segments.iter().take_while(|part| matches!(part.as_str(), "self" | "super"));
        let (steps, up) =
            steps.fold((0, 0), |(steps, up), step| (steps + 1, up + usize::from(step == "super")));
        if steps > 0 {
            let base = ["crate"].iter().chain(&module[..module.len().saturating_sub(up)]);
            segments.splice(..steps, base.map(|part| part.to_string()));
        }
        CodePath { line, segments }
    }
}

/// The paths in a file whose module, from the crate on, is `module`. A word alone counts only where
/// `use` brings it in.
pub fn paths(tokens: &[Token], module: &[&str]) -> Vec<CodePath> {
    let mut found = Vec::new();
    // Modules written inside the file, each with the depth of braces around it.
    let mut inner: Vec<(usize, &str)> = Vec::new();
    let mut depth = 0;
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let mut at = 0;
    while at < tokens.len() {
        match text(at) {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inner.retain(|(outside, _)| *outside < depth);
            }
            "mod" if text(at + 2) == "{" => inner.push((depth, text(at + 1))),
            _ => {}
        }
        if !tokens[at].is_word() || matches!(text(at), "use" | "mod") {
            at += 1;
            continue;
        }
        let in_use = at.checked_sub(1).is_some_and(|before| text(before) == "use");
        let mut trees = Vec::new();
        at = tree(tokens, at, &[], &mut trees);
        let here: Vec<&str> = module.iter().copied().chain(inner.iter().map(|(_, m)| *m)).collect();
        let meant = trees.into_iter().filter(|path| in_use || path.segments.len() > 1);
        found.extend(meant.map(|path| path.seen_from(&here)));
    }
    found
}

/// Reads one path, with the groups at its end, from the word at `at` on; gives where it ends.
fn tree(tokens: &[Token], at: usize, before: &[String], found: &mut Vec<CodePath>) -> usize {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let mut segments = before.to_vec();
    segments.push(tokens[at].text.clone());
    let (mut line, mut at) = (tokens[at].line, at + 1);
    while text(at) == "::" {
        at += 1;
        match text(at) {
            "{" => {
                at += 1;
                while !matches!(text(at), "}" | "") {
                    at = match text(at) {
                        "," => at + 1,
                        "as" => at + 2,
                        _ => tree(tokens, at, &segments, found),
                    };
                }
                return at + 1;
            }
            "*" => {}
            _ if tokens.get(at).is_some_and(Token::is_word) => {}
            // `::<T>`: what follows is a path of its own.
            _ => break,
        }
        segments.push(tokens[at].text.clone());
        line = tokens[at].line;
        at += 1;
    }
    found.push(CodePath { line, segments });
    at
}
