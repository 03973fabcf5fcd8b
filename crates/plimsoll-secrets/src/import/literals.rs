//! The texts of which every match of an expression contains one.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::rule::is_usable_keyword;

/// The most texts that a rule may be looked for by.
const MAX: usize = 64;

/// The best set of texts, in lower case, of which every match contains one, in any case; `None` when there is none that is of use.
pub(super) fn required(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let set = walk(hir, 0)?;
    set.iter().all(|text| is_usable_keyword(text)).then_some(set)
}

/// How much a set is worth: its shortest text counts.
fn worth(set: &[Vec<u8>]) -> usize {
    if set.is_empty() || set.len() > MAX || !set.iter().all(|text| is_usable_keyword(text)) {
        return 0;
    }
    set.iter().map(Vec::len).min().unwrap_or(0) * 100 - set.len()
}

fn walk(hir: &Hir, depth: u8) -> Option<Vec<Vec<u8>>> {
    if depth > 50 {
        return None;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => None,
        HirKind::Literal(literal) => best(vec![literal.0.to_ascii_lowercase()]),
        HirKind::Class(class) => letter(class).map(|letter| vec![vec![letter]]),
        HirKind::Repetition(repetition) if repetition.min >= 1 => walk(&repetition.sub, depth + 1),
        HirKind::Repetition(_) => None,
        HirKind::Capture(capture) => walk(&capture.sub, depth + 1),
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(walk(branch, depth + 1)?);
                if all.len() > MAX {
                    return None;
                }
            }
            all.sort();
            all.dedup();
            Some(all)
        }
        HirKind::Concat(parts) => {
            let mut sets: Vec<Vec<Vec<u8>>> = Vec::new();
            let mut run: Vec<u8> = Vec::new();
            for part in parts {
                let exact = match part.kind() {
                    HirKind::Literal(literal) => Some(literal.0.to_ascii_lowercase()),
                    HirKind::Class(class) => letter(class).map(|letter| vec![letter]),
                    _ => None,
                };
                match exact {
                    Some(text) => run.extend(text),
                    None => {
                        sets.extend(best(vec![std::mem::take(&mut run)]));
                        sets.extend(walk(part, depth + 1));
                    }
                }
            }
            sets.extend(best(vec![run]));
            sets.into_iter().max_by_key(|set| worth(set))
        }
    }
}

fn best(mut set: Vec<Vec<u8>>) -> Option<Vec<Vec<u8>>> {
    for text in &mut set {
        // Long texts are cut: a keyword has a limit.
        text.truncate(crate::rule::MAX_KEYWORD);
    }
    set.iter().all(|text| !text.is_empty()).then_some(set)
}

/// The one letter of a class, without regard to case: `[aA]`, as `(?i)a` becomes.
fn letter(class: &Class) -> Option<u8> {
    let bytes: Vec<u8> = match class {
        Class::Bytes(class) => {
            class.ranges().iter().flat_map(|range| range.start()..=range.end()).take(3).collect()
        }
        Class::Unicode(class) => {
            let letters = class.ranges().iter().flat_map(|range| range.start()..=range.end());
            letters.take(3).map(|letter| u8::try_from(letter).ok()).collect::<Option<_>>()?
        }
    };
    match bytes[..] {
        [one] => Some(one.to_ascii_lowercase()),
        [a, b] if a.eq_ignore_ascii_case(&b) => Some(a.to_ascii_lowercase()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Pattern;

    #[test]
    fn texts_of_expressions() {
        let texts = |pattern: &str| -> Option<Vec<String>> {
            let set = required(&Pattern::new(pattern).hir().unwrap())?;
            Some(set.into_iter().map(|text| String::from_utf8(text).unwrap()).collect())
        };
        assert_eq!(texts(r"\b(ghp_[0-9a-zA-Z]{36})\b").unwrap(), ["ghp_"]);
        assert_eq!(texts(r"(?i)[a-z]{0,9}foobar[_-]?key\s*=\s*([a-z0-9]{20})").unwrap(), ["foobar"]);
        assert_eq!(texts(r"(?:sk_live_|rk_live_)[a-z0-9]{20}").unwrap().len(), 2);
        assert_eq!(texts(r"[a-z]{20}"), None);
        assert_eq!(texts(r"(?:abcd|[0-9]+)x"), None);
        assert_eq!(texts(r"https?://x"), Some(vec!["://x".to_owned()]));
    }
}
