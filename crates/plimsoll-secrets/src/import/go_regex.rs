//! Go's regular expressions (RE2) in the spelling of the `regex` crate. The two agree but for a few spellings.

/// Spells a Go expression so that it means the same here.
pub(super) fn translate(go: &str) -> String {
    let mut out = String::with_capacity(go.len() + 8);
    let mut rest = go;
    let mut class = false;
    while let Some(c) = rest.chars().next() {
        let tail = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '\\' => {
                let next = tail.chars().next();
                match next {
                    // Everything up to `\E` is meant as it stands.
                    Some('Q') => {
                        let text = tail.get(1..).unwrap_or_default();
                        let end = text.find("\\E").unwrap_or(text.len());
                        out.push_str(&regex_syntax::escape(text.get(..end).unwrap_or_default()));
                        rest = text.get(end..).unwrap_or_default();
                        rest = rest.strip_prefix("\\E").unwrap_or(rest);
                        continue;
                    }
                    // Here these are ends of words.
                    Some(sign @ ('<' | '>')) => out.push(sign),
                    Some(next) => {
                        out.push('\\');
                        out.push(next);
                    }
                    None => out.push('\\'),
                }
                rest = tail.get(next.map_or(0, char::len_utf8)..).unwrap_or_default();
                continue;
            }
            '[' if !class => {
                class = true;
                out.push('[');
                // `[]a]` and `[^]a]` hold a bracket.
                let mut inner = tail;
                if let Some(after) = inner.strip_prefix('^') {
                    out.push('^');
                    inner = after;
                }
                if let Some(after) = inner.strip_prefix(']') {
                    out.push_str("\\]");
                    inner = after;
                }
                rest = inner;
                continue;
            }
            '[' if class => {
                if tail.starts_with(':')
                    && let Some(end) = tail.find(":]")
                {
                    out.push('[');
                    out.push_str(tail.get(..end + 2).unwrap_or_default());
                    rest = tail.get(end + 2..).unwrap_or_default();
                    continue;
                }
                out.push_str("\\[");
            }
            ']' if class => {
                class = false;
                out.push(']');
            }
            // Operations on sets, which Go does not have.
            '&' | '~' | '-' if class && tail.starts_with(c) => {
                out.push('\\');
                out.push(c);
            }
            '{' if !class && !is_count(tail) => out.push_str("\\{"),
            c => out.push(c),
        }
        rest = tail;
    }
    out
}

/// True for `3}`, `3,}` and `3,5}`.
fn is_count(tail: &str) -> bool {
    let Some(end) = tail.find('}') else { return false };
    let inner = tail.get(..end).unwrap_or_default();
    let (low, high) = inner.split_once(',').unwrap_or((inner, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !low.is_empty() && digits(low) && digits(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_that_differ() {
        for (go, here) in [
            (r"a{3,5}b{", r"a{3,5}b\{"),
            (r"\$\{[A-Z]+}", r"\$\{[A-Z]+}"),
            (r"${{x}}", r"$\{\{x}}"),
            (r"[[a-z]", r"[\[a-z]"),
            (r"[[:alpha:]&&]", r"[[:alpha:]\&&]"),
            (r"\<b\>", r"<b>"),
            (r"\Qa.b\E+", r"a\.b+"),
            (r"[^]x]", r"[^\]x]"),
            ("ends with \\", "ends with \\"),
        ] {
            assert_eq!(translate(go), here, "{go}");
        }
    }
}
