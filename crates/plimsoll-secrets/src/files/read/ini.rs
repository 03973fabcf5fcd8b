//! Sections, keys and values: INI files, Java properties, simple TOML, shell-like assignments.

use super::Text;

/// How a file of the kind is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// What a comment line begins with.
    pub(crate) comments: &'static [u8],
    /// What parts a key from its value; the first of them in the line does.
    pub(crate) separators: &'static [u8],
    /// True when `[…]` begins a section.
    pub(crate) sections: bool,
    /// True when an indented line goes on with the value before.
    pub(crate) indented: bool,
    /// What begins a comment after a value, when white space stands before it.
    pub(crate) trailing: &'static [u8],
}

/// `key = value` in `[sections]`, comments with `#` and `;`.
pub(crate) const INI: Style =
    Style { comments: b"#;", separators: b"=", sections: true, indented: false, trailing: b"" };

/// As Python's `configparser` reads it: `:` does as well, and indented lines go on with the value.
pub(crate) const CONFIGPARSER: Style =
    Style { comments: b"#;", separators: b"=:", sections: true, indented: true, trailing: b"" };

/// Java properties.
pub(crate) const PROPERTIES: Style =
    Style { comments: b"#!", separators: b"=:", sections: false, indented: false, trailing: b"" };

/// The lines of TOML that credential files are made of.
pub(crate) const TOML: Style =
    Style { comments: b"#", separators: b"=", sections: true, indented: false, trailing: b"#" };

/// A key and its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    /// What stands between the brackets of its section; empty before the first.
    pub(crate) section: Text<'a>,
    /// The key without quotes.
    pub(crate) key: Text<'a>,
    /// The value without quotes; empty where there is none.
    pub(crate) value: Text<'a>,
}

/// The most entries of a file.
const MAX_ENTRIES: usize = 20_000;

/// The entries of a file.
pub(crate) fn entries<'a>(text: Text<'a>, style: &Style) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = Vec::new();
    let mut section = text.part(0, 0);
    for raw in text.lines() {
        let line = raw.trim();
        let Some(&first) = line.bytes().first() else { continue };
        if style.comments.contains(&first) {
            continue;
        }
        if entries.len() >= MAX_ENTRIES {
            break;
        }
        let indented = raw.bytes().first().is_some_and(|b| *b == b' ' || *b == b'\t');
        if style.indented
            && indented
            && let Some(&last) = entries.last()
        {
            entries.push(Entry { value: line, ..last });
            continue;
        }
        if style.sections && first == b'[' {
            if let Some(end) = memchr::memrchr(b']', line.bytes()) {
                section = line.part(1, end).trim();
                if section.bytes().first() == Some(&b'[') {
                    section = section.from(1);
                }
            }
            continue;
        }
        let quoted = matches!(first, b'"' | b'\'');
        let from =
            if quoted { memchr::memchr(first, line.from(1).bytes()).map_or(0, |at| at + 2) } else { 0 };
        let at =
            line.from(from).bytes().iter().position(|b| style.separators.contains(b)).map(|at| at + from);
        let (key, value) = match at {
            Some(at) => (line.part(0, at), line.from(at + 1)),
            None => (line, line.from(line.len())),
        };
        entries.push(Entry { section, key: key.trim().unquote(), value: clean(value.trim(), style) });
    }
    entries
}

/// The value without quotes and the comment behind it.
fn clean<'a>(value: Text<'a>, style: &Style) -> Text<'a> {
    if let Some(&quote @ (b'"' | b'\'')) = value.bytes().first()
        && let Some(end) = closing(value.from(1), quote)
    {
        let rest = value.from(end + 2).trim();
        if rest.is_empty() || rest.bytes().first().is_some_and(|b| b"#;,".contains(b)) {
            return value.part(1, end + 1);
        }
    }
    if style.trailing.is_empty() {
        return value;
    }
    let mut space = false;
    for (at, byte) in value.bytes().iter().enumerate() {
        if space && style.trailing.contains(byte) {
            return value.part(0, at).trim();
        }
        space = byte.is_ascii_whitespace();
    }
    value
}

/// Where the quote closes that was opened before `text`.
pub(crate) fn closing(text: Text<'_>, quote: u8) -> Option<usize> {
    let mut escaped = false;
    text.bytes().iter().position(|&byte| {
        let closes = !escaped && byte == quote;
        escaped = !escaped && byte == b'\\' && quote == b'"';
        closes
    })
}

/// How many entries of a section are looked through for what stands beside another.
const MAX_BESIDE: usize = 500;

/// The value of `key` in the section of `of`.
pub(crate) fn beside<'a>(entries: &[Entry<'a>], of: &Entry<'a>, key: &str) -> Option<Text<'a>> {
    let section = of.section.range();
    // Entries stand in the order of the file, so a section's are together.
    let first = entries.partition_point(|entry| entry.section.range().start < section.start);
    entries
        .iter()
        .skip(first)
        .take_while(|entry| entry.section.range() == section)
        .take(MAX_BESIDE)
        .find(|entry| entry.key.is(key) && !entry.value.is_empty())
        .map(|entry| entry.value)
}
