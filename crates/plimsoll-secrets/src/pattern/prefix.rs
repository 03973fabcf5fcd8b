//! With which texts the matches of an expression begin, without regard to case.

use regex_syntax::hir::{Class, Hir, HirKind};

/// The most texts that are followed, and the most bytes of one.
const MAX_TEXTS: usize = 512;
const MAX_LEN: usize = 64;
/// The most bytes of a class that are told apart.
const MAX_CLASS: usize = 10;
/// How deep an expression is followed.
const MAX_DEPTH: u8 = 50;

/// The beginning of a match.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Beginning {
    text: Vec<u8>,
    /// True when what follows in the expression follows right behind it.
    open: bool,
}

/// True when every match begins with one of `keywords`.
pub(super) fn all_begin(hir: &Hir, keywords: &[Vec<u8>]) -> bool {
    let keywords: Vec<Vec<u8>> = keywords.iter().map(|word| word.to_ascii_lowercase()).collect();
    let beginnings = beginnings(hir, 0);
    !beginnings.is_empty()
        && beginnings.iter().all(|begin| keywords.iter().any(|word| begin.text.starts_with(word)))
}

/// The beginnings of all matches; a closed empty one stands for anything.
fn beginnings(hir: &Hir, depth: u8) -> Vec<Beginning> {
    let anything = || vec![Beginning { text: Vec::new(), open: false }];
    let nothing = || Beginning { text: Vec::new(), open: true };
    if depth > MAX_DEPTH {
        return anything();
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![nothing()],
        HirKind::Literal(literal) => {
            let text = literal.0.iter().take(MAX_LEN).map(u8::to_ascii_lowercase).collect();
            vec![Beginning { text, open: literal.0.len() <= MAX_LEN }]
        }
        HirKind::Class(class) => match bytes(class) {
            Some(bytes) => bytes.into_iter().map(|byte| Beginning { text: vec![byte], open: true }).collect(),
            None => anything(),
        },
        HirKind::Repetition(repetition) => {
            let mut all = beginnings(&repetition.sub, depth + 1);
            if repetition.max != Some(1) {
                all.iter_mut().for_each(|begin| begin.open = false);
            }
            if repetition.min == 0 {
                all.push(nothing());
            }
            all
        }
        HirKind::Capture(capture) => beginnings(&capture.sub, depth + 1),
        HirKind::Alternation(branches) => {
            let all: Vec<Beginning> =
                branches.iter().flat_map(|branch| beginnings(branch, depth + 1)).collect();
            if all.len() > MAX_TEXTS { anything() } else { all }
        }
        HirKind::Concat(parts) => {
            let mut all = vec![nothing()];
            for part in parts {
                if all.iter().all(|begin| !begin.open) {
                    break;
                }
                let next = beginnings(part, depth + 1);
                let mut joined = Vec::new();
                for begin in &all {
                    if !begin.open {
                        joined.push(begin.clone());
                        continue;
                    }
                    joined.extend(next.iter().map(|next| {
                        let text = [&begin.text[..], &next.text].concat();
                        Beginning { open: next.open && text.len() < MAX_LEN, text }
                    }));
                }
                joined.sort();
                joined.dedup();
                if joined.len() > MAX_TEXTS {
                    // What is known so far holds still.
                    all.iter_mut().for_each(|begin| begin.open = false);
                    break;
                }
                all = joined;
            }
            all
        }
    }
}

/// The bytes of a class, small letters for both cases; `None` when they are many.
fn bytes(class: &Class) -> Option<Vec<u8>> {
    let Class::Bytes(class) = class else { return None };
    let mut bytes = Vec::new();
    for range in class.ranges() {
        for byte in range.start()..=range.end() {
            bytes.push(byte.to_ascii_lowercase());
            if bytes.len() > 2 * MAX_CLASS {
                return None;
            }
        }
    }
    bytes.sort_unstable();
    bytes.dedup();
    (bytes.len() <= MAX_CLASS).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use crate::pattern::Pattern;

    #[test]
    fn matches_that_begin_with_keywords_are_known() {
        let begins = |pattern: &str, keywords: &[&str]| {
            let keywords: Vec<Vec<u8>> = keywords.iter().map(|word| word.as_bytes().to_vec()).collect();
            Pattern::new(pattern).hints(&keywords).begins
        };
        assert!(begins(r"\b(napi_[0-9a-z]{64})\b", &["napi_"]));
        assert!(begins(
            "(?i)(?:secret|api[_.-]?key)s?=(x+)",
            &["secret", "api_key", "apikey", "api.key", "api-key"]
        ));
        assert!(begins("gh[opsu]_[0-9A-Za-z]{36}", &["gho_", "ghp_", "ghs_", "ghu_"]));
        assert!(begins("(?i)tokens?", &["token"]));
        assert!(!begins("(?i)(?:secret|api[_.-]?key)=(x+)", &["secret", "api_key"]));
        assert!(!begins("x?secret", &["secret"]));
        assert!(!begins("[a-z]*secret", &["secret"]));
        assert!(!begins("(?:secret)?=", &["secret"]));
        assert!(!begins("(?:se){2}cret", &["sesecret"]), "what is repeated is followed once only");
    }
}
