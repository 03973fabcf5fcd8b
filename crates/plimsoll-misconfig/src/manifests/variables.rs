//! Variables in Compose files (Compose specification, "Interpolation"). What they will be is not in the file, so each takes the value
//! that it has when nobody sets it; one without a default stays, as `${NAME}`, for what is not known.

/// How deep defaults may hold variables of their own.
const MAX_DEPTH: usize = 16;

/// How many braces of a text may be open to its end before the others are taken for text, too: to find out takes all of the rest.
const MAX_UNCLOSED: usize = 16;

/// True when a text still depends on a variable.
pub(super) fn is_open(text: &str) -> bool {
    text.contains("${")
}

/// The text with the defaults of its variables in their places. It never grows by more than two characters for a variable.
pub(super) fn fill(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    add(text, 0, &mut out);
    out
}

fn add(text: &str, depth: usize, out: &mut String) {
    let mut rest = text;
    let mut unclosed = 0;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let variable = after.strip_prefix('{').filter(|_| unclosed < MAX_UNCLOSED);
        let inner = variable.and_then(braced);
        if variable.is_some() && inner.is_none() {
            unclosed += 1;
        }
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((inside, after)) = inner {
            if !substitute(inside, depth, out) {
                out.push_str("${");
                out.push_str(inside);
                out.push('}');
            }
            rest = after;
        } else {
            let (name, after) = after.split_at(name_end(after));
            if name.is_empty() {
                out.push('$');
            } else {
                unknown(name, out);
            }
            rest = after;
        }
    }
    out.push_str(rest);
}

fn unknown(name: &str, out: &mut String) {
    out.push_str("${");
    out.push_str(name);
    out.push('}');
}

/// Where the name of a variable at the beginning of a text ends.
fn name_end(text: &str) -> usize {
    let first = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    if first { end } else { 0 }
}

/// What stands before the brace that closes one that is open, and what follows it.
fn braced(text: &str) -> Option<(&str, &str)> {
    let mut open = 1usize;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '{' if before == '$' => open += 1,
            '}' => {
                open -= 1;
                if open == 0 {
                    return Some((&text[..at], &text[at + 1..]));
                }
            }
            _ => {}
        }
        before = c;
    }
    None
}

/// Adds what `${inside}` is when the variable is not set; false when it is no variable.
fn substitute(inside: &str, depth: usize, out: &mut String) -> bool {
    let (name, rest) = inside.split_at(name_end(inside));
    if name.is_empty() {
        return false;
    }
    let default = |word: &str, out: &mut String| {
        if depth < MAX_DEPTH { add(word, depth + 1, out) } else { unknown(name, out) }
    };
    match rest.strip_prefix(':').unwrap_or(rest).split_at_checked(1) {
        Some(("-", word)) => default(word, out),
        // The word stands for a variable that is set, which it is not.
        Some(("+", _)) => {}
        Some(("?", _)) => unknown(name, out),
        None if rest.is_empty() => unknown(name, out),
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_take_their_defaults() {
        for (text, filled) in [
            ("plain", "plain"),
            ("${TAG:-1.2}", "1.2"),
            ("nginx:${TAG-latest}@x", "nginx:latest@x"),
            ("${A:-${B:-c}}/d", "c/d"),
            ("${A:-{x}}", "{x}"),
            ("${A:-}", ""),
            ("a${A:+set}b${A+set}c", "abc"),
            ("${A:?say it: now}:/data", "${A}:/data"),
            ("$HOME/x and ${USER}", "${HOME}/x and ${USER}"),
            ("$$HOME costs 5$", "$HOME costs 5$"),
            ("$${A:-b}", "${A:-b}"),
            ("${A:-$$x}", "$x"),
            ("${", "${"),
            ("${A:-b", "${A:-b"),
            ("${1:-b}$1", "${1:-b}$1"),
            ("${A!b}", "${A!b}"),
            ("${Ä:-b}", "${Ä:-b}"),
        ] {
            assert_eq!(fill(text), filled, "{text}");
        }
        assert!(is_open(&fill("${A}")) && !is_open(&fill("${A:-1}")));
        // Deep ones end, and damage does no harm.
        let deep = format!("{}x{}", "${A:-".repeat(5_000), "}".repeat(5_000));
        assert_eq!(fill(&deep), "${A}");
        for end in 0..40 {
            let _ = fill(&deep[..end]);
        }
        let open = "${".repeat(1 << 20);
        assert_eq!(fill(&open), open);
    }
}
