//! Text for terminals: what is safe to print, how wide it is (UAX #11), and how it is cut and wrapped to fit.

use std::borrow::Cow;

use unicode_width::UnicodeWidthChar;

/// True for characters that can make a terminal act or a line read as something else: control characters, bidirectional
/// controls (UAX #9), invisible and format characters, line separators, tags.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// `text` on one line and safe to print: white space becomes single blanks, whatever is deceptive becomes U+FFFD.
pub fn clean(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let fine = |byte: u8| (0x21..0x7f).contains(&byte);
    if text.bytes().all(fine) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut marks = 0;
    for c in text.chars() {
        // Marks stacked without end spill over the neighbouring lines.
        marks = if columns_of(c) == 0 && !is_deceptive(c) { marks + 1 } else { 0 };
        if matches!(c, ' ' | '\t' | '\n' | '\r') {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else if is_deceptive(c) {
            out.push('\u{fffd}');
        } else if marks <= 4 {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn columns_of(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// The columns that `text` takes. Summed over characters, which never gives less than a terminal uses.
pub fn columns(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(columns_of).sum() }
}

/// The longest start of `text` that fits into `limit` columns, as an index.
fn fitting(text: &str, limit: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += columns_of(c);
        if used > limit {
            return at;
        }
    }
    text.len()
}

/// `text`, cut at its end to fit into `limit` columns.
pub fn cut_end(text: &str, limit: usize) -> Cow<'_, str> {
    if columns(text) <= limit {
        return Cow::Borrowed(text);
    }
    let Some(limit) = limit.checked_sub(1) else { return Cow::Borrowed("") };
    let (start, _) = text.split_at(fitting(text, limit));
    Cow::Owned(format!("{}…", start.trim_end()))
}

/// `path`, cut at its start to fit into `limit` columns, at a slash where that does not cost too much: the end of a path
/// says more than its start.
pub fn cut_path(path: &str, limit: usize) -> Cow<'_, str> {
    if columns(path) <= limit {
        return Cow::Borrowed(path);
    }
    let Some(limit) = limit.checked_sub(1) else { return Cow::Borrowed("") };
    let (mut used, mut from) = (0, path.len());
    for (at, c) in path.char_indices().rev() {
        used += columns_of(c);
        if used > limit {
            break;
        }
        from = at;
    }
    let (_, end) = path.split_at(from);
    let end = match end.find('/') {
        Some(slash) if slash < end.len() / 2 => end.split_at(slash).1,
        _ => end,
    };
    Cow::Owned(format!("…{end}"))
}

/// `text` in lines of at most `limit` columns, broken at blanks; a word that is too long is broken anywhere.
pub fn wrap(text: &str, limit: usize) -> Vec<String> {
    let limit = limit.max(2);
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0);
    for mut word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut width = columns(word);
        if used > 0 && used + 1 + width <= limit {
            line.push(' ');
            line.push_str(word);
            used += 1 + width;
            continue;
        }
        if used > 0 {
            lines.push(std::mem::take(&mut line));
        }
        while width > limit {
            let (start, rest) = word.split_at(fitting(word, limit));
            lines.push(start.to_owned());
            width -= columns(start);
            word = rest;
        }
        line.push_str(word);
        used = width;
    }
    if used > 0 || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// A number with its thousands set apart, as in `12,345`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 package`, `2 packages`.
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number as u64), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_deceptive_is_left() {
        assert_eq!(clean(" a\tb\r\n  c "), "a b c");
        assert_eq!(
            clean("x\u{1b}[31mred\u{9b}1m\u{202e}gpj\u{200b}"),
            "x\u{fffd}[31mred\u{fffd}1m\u{fffd}gpj\u{fffd}"
        );
        assert_eq!(clean("plain"), "plain");
        assert_eq!(clean("e\u{301}"), "e\u{301}");
        assert_eq!(clean(&format!("e{}!", "\u{301}".repeat(1000))), format!("e{}!", "\u{301}".repeat(4)));
    }

    #[test]
    fn cuts_fit() {
        assert_eq!(cut_end("abcdef", 6), "abcdef");
        assert_eq!(cut_end("abcdef", 4), "abc…");
        assert_eq!(cut_end("漢字漢字", 4), "漢…");
        assert_eq!(cut_end("abc", 0), "");
        assert_eq!(cut_path("usr/lib/python3/site-packages/x", 18), "…/site-packages/x");
        assert_eq!(cut_path("a-name-without-any-slash", 8), "…y-slash");
        assert_eq!(cut_path("abc", 0), "");
    }

    #[test]
    fn wrapped_lines_fit_and_lose_nothing() {
        let text = "the quick brown 漢字漢字漢字漢字 foxjumpsoverthelazydog and rests";
        for limit in 2..40 {
            let lines = wrap(text, limit);
            assert!(
                lines.iter().all(|line| columns(line) <= limit && !line.is_empty()),
                "{limit}: {lines:?}"
            );
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }
        assert_eq!(wrap("", 10), [""]);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 12, 123, 1234, 1_234_567].map(grouped), ["0", "12", "123", "1,234", "1,234,567"]);
    }
}
