//! Words, strings and signs of programming languages: enough to see what is assigned to what in PHP, Python, JavaScript, HCL.

use super::Text;

/// How a language is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Language {
    /// What begins a comment up to the end of the line.
    pub(crate) line: &'static [&'static str],
    /// True when `/* … */` is a comment.
    pub(crate) block: bool,
    /// True when `"""` and `'''` hold strings over several lines.
    pub(crate) triple: bool,
    /// True when a string may go over lines.
    pub(crate) long: bool,
    /// True when a single quote begins a string.
    pub(crate) single: bool,
}

/// PHP.
pub(crate) const PHP: Language =
    Language { line: &["//", "#"], block: true, triple: false, long: true, single: true };
/// Python.
pub(crate) const PYTHON: Language =
    Language { line: &["#"], block: false, triple: true, long: false, single: true };
/// JavaScript.
pub(crate) const JAVASCRIPT: Language =
    Language { line: &["//"], block: true, triple: false, long: false, single: true };
/// HashiCorp's configuration language.
pub(crate) const HCL: Language =
    Language { line: &["//", "#"], block: true, triple: false, long: false, single: false };

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name, a number or a keyword; in PHP with its `$`.
    Word,
    /// A string, without its quotes.
    String,
    /// Any other character.
    Sign,
}

/// A token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'a> {
    /// What it is.
    pub(crate) kind: Kind,
    /// Where and what.
    pub(crate) text: Text<'a>,
}

impl Token<'_> {
    /// True for the sign `sign`.
    pub(crate) fn is_sign(&self, sign: u8) -> bool {
        self.kind == Kind::Sign && self.text.bytes() == [sign]
    }

    /// True for the word `word`.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.bytes() == word.as_bytes()
    }

    /// True for a string.
    pub(crate) fn is_string(&self) -> bool {
        self.kind == Kind::String
    }
}

/// The most tokens of a file.
const MAX_TOKENS: usize = 400_000;

/// The tokens of a text.
pub(crate) fn tokens<'a>(text: Text<'a>, language: &Language) -> Vec<Token<'a>> {
    let bytes = text.bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if tokens.len() >= MAX_TOKENS {
            break;
        }
        let rest = text.from(at);
        let line_end = || memchr::memchr(b'\n', rest.bytes()).unwrap_or(rest.len());
        if byte.is_ascii_whitespace() {
            at += 1;
        } else if language.line.iter().any(|mark| rest.bytes().starts_with(mark.as_bytes())) {
            at += line_end();
        } else if language.block && rest.bytes().starts_with(b"/*") {
            at += rest.find("*/").map_or(rest.len(), |end| end + 2);
        } else if byte == b'"' || (byte == b'\'' && language.single) {
            let triple = if byte == b'"' { "\"\"\"" } else { "'''" };
            if language.triple && rest.bytes().starts_with(triple.as_bytes()) {
                let body = rest.from(3);
                let end = body.find(triple).unwrap_or(body.len());
                tokens.push(Token { kind: Kind::String, text: body.part(0, end) });
                at += (end + 6).min(rest.len());
            } else {
                let body = rest.from(1);
                let end = string_end(body, byte, language.long);
                tokens.push(Token { kind: Kind::String, text: body.part(0, end) });
                at += end + 2;
            }
        } else if is_word(byte) {
            let end = rest.bytes().iter().position(|b| !is_word(*b)).unwrap_or(rest.len());
            tokens.push(Token { kind: Kind::Word, text: rest.part(0, end) });
            at += end;
        } else {
            tokens.push(Token { kind: Kind::Sign, text: rest.part(0, 1) });
            at += 1;
        }
    }
    tokens
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn string_end(body: Text<'_>, quote: u8, long: bool) -> usize {
    let mut escaped = false;
    for (at, &byte) in body.bytes().iter().enumerate() {
        if !escaped && (byte == quote || (byte == b'\n' && !long)) {
            return at;
        }
        escaped = !escaped && byte == b'\\';
    }
    body.len()
}

/// Names and the strings that are given to them: `name = "text"`, `name: "text"`, `'name' => "text"`, `$x['name'] = "text"`. The
/// string stands for itself: what is put together from parts is left out.
pub(crate) fn assignments<'a>(tokens: &[Token<'a>]) -> Vec<(Text<'a>, Text<'a>)> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if !token.is_string() {
            continue;
        }
        let sign = |back: usize, sign: u8| {
            at.checked_sub(back).and_then(|at| tokens.get(at)).is_some_and(|token| token.is_sign(sign))
        };
        let name_at = if sign(1, b'>') && sign(2, b'=') {
            3
        } else if (sign(1, b'=') && !sign(2, b'=') && !sign(2, b'!')) || sign(1, b':') {
            2
        } else {
            continue;
        };
        let name_at = if sign(name_at, b']') { name_at + 1 } else { name_at };
        let Some(name) = at.checked_sub(name_at).and_then(|at| tokens.get(at)) else { continue };
        let joined =
            tokens.get(at + 1).is_some_and(|next| [b'.', b'+', b'%'].iter().any(|sign| next.is_sign(*sign)));
        if name.kind != Kind::Sign && !joined {
            found.push((name.text, token.text));
        }
    }
    found
}
