//! The last resort, for software whose versions follow no known grammar: alternating runs.
//!
//! A version is cut into runs of digits and runs of letters; everything else only separates.
//! Zeros before a word or the end do not count (`1.0-rc1` is `1.0.0-rc1`). Then, place by place,
//! words of a pre-release (`alpha`, `rc`) are before the end of the version, other letters
//! (`1.1.1k`) after it, and numbers after those.

use std::cmp::Ordering;

use crate::{VersionError, VersionScheme, digits};

/// Versions of unknown kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generic;

/// The scheme as a value to refer to.
pub static GENERIC: Generic = Generic;

/// The words of a pre-release, in their order; those of the same place are the same.
const PRERELEASES: [(&str, u8); 14] = [
    ("dev", 0),
    ("snapshot", 0),
    ("nightly", 0),
    ("canary", 0),
    ("alpha", 1),
    ("beta", 2),
    ("milestone", 3),
    ("preview", 4),
    ("pre", 4),
    ("prerelease", 4),
    ("ea", 4),
    ("rc", 5),
    ("cr", 5),
    ("candidate", 5),
];

#[derive(Debug, Clone, Copy)]
enum Run<'a> {
    Number(&'a [u8]),
    Word(&'a [u8]),
}

impl Run<'_> {
    fn compare(&self, other: &Run<'_>) -> Ordering {
        match (self, other) {
            (Run::Number(a), Run::Number(b)) => digits::compare(a, b),
            (Run::Number(_), Run::Word(_)) => Ordering::Greater,
            (Run::Word(_), Run::Number(_)) => Ordering::Less,
            (Run::Word(a), Run::Word(b)) => match (prerelease(a), prerelease(b)) {
                (Some(a), Some(b)) => a.cmp(&b),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => {
                    let lower = |byte: &u8| byte.to_ascii_lowercase();
                    a.iter().map(lower).cmp(b.iter().map(lower))
                }
            },
        }
    }

    fn compare_to_end(&self) -> Ordering {
        match self {
            Run::Word(word) if prerelease(word).is_some() => Ordering::Less,
            Run::Word(_) | Run::Number(_) => Ordering::Greater,
        }
    }
}

fn prerelease(word: &[u8]) -> Option<u8> {
    PRERELEASES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes())).map(|(_, order)| *order)
}

#[derive(Debug)]
struct Runs<'a> {
    rest: &'a [u8],
    /// Zeros that are still to be handed out, and the number behind them that makes them count.
    zeros: usize,
    number: Option<Run<'a>>,
}

impl<'a> Runs<'a> {
    /// The next run as it is written.
    fn read(&mut self) -> Option<Run<'a>> {
        // Bytes beyond ASCII are taken for letters.
        let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
        let start = self.rest.iter().position(|byte| byte.is_ascii_digit() || is_letter(byte));
        let text = self.rest.get(start.unwrap_or(self.rest.len())..)?;
        let is_number = text.first()?.is_ascii_digit();
        let length = if is_number {
            digits::leading(text)
        } else {
            text.iter().position(|byte| !is_letter(byte)).unwrap_or(text.len())
        };
        let (run, rest) = text.split_at(length);
        self.rest = rest;
        Some(if is_number { Run::Number(run) } else { Run::Word(run) })
    }
}

impl<'a> Iterator for Runs<'a> {
    type Item = Run<'a>;

    fn next(&mut self) -> Option<Run<'a>> {
        if self.number.is_none() {
            let mut zeros = 0;
            loop {
                match self.read()? {
                    Run::Number(run) if digits::is_zero(run) => zeros += 1,
                    number @ Run::Number(_) => {
                        (self.zeros, self.number) = (zeros, Some(number));
                        break;
                    }
                    word @ Run::Word(_) => return Some(word),
                }
            }
        }
        match self.zeros.checked_sub(1) {
            Some(left) => {
                self.zeros = left;
                Some(Run::Number(b"0"))
            }
            None => self.number.take(),
        }
    }
}

fn parse(version: &str) -> Result<Runs<'_>, &'static str> {
    let text = version.trim().as_bytes();
    if !text.iter().any(u8::is_ascii_digit) {
        return Err("it holds no digit");
    }
    let rest = match text {
        [b'v' | b'V', rest @ ..] if rest.first().is_some_and(u8::is_ascii_digit) => rest,
        _ => text,
    };
    Ok(Runs { rest, zeros: 0, number: None })
}

impl VersionScheme for Generic {
    fn id(&self) -> &'static str {
        "generic"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let mut x = parse(a).map_err(|reason| VersionError::new(self, a, reason))?;
        let mut y = parse(b).map_err(|reason| VersionError::new(self, b, reason))?;
        loop {
            let order = match (x.next(), y.next()) {
                (None, None) => return Ok(Ordering::Equal),
                (Some(run_x), Some(run_y)) => run_x.compare(&run_y),
                (Some(run_x), None) => run_x.compare_to_end(),
                (None, Some(run_y)) => run_y.compare_to_end().reverse(),
            };
            if order != Ordering::Equal {
                return Ok(order);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_the_versions_of_common_software() {
        for (a, b) in [
            ("1.1.1k", "1.1.1l"),
            ("1.1.1", "1.1.1a"),
            ("8.2p1", "8.10p1"),
            ("1.0-rc2", "1.0"),
            ("17.0.6+9", "17.0.6+10"),
            ("1.8.0_362", "1.8.0_372"),
            ("2.0-SNAPSHOT", "2.0.0-alpha.1"),
            ("1", "1.0.1"),
            ("1.0.0k", "1.0.1"),
        ] {
            assert_eq!(GENERIC.compare(a, b), Ok(Ordering::Less), "{a} {b}");
            assert_eq!(GENERIC.compare(b, a), Ok(Ordering::Greater), "{a} {b}");
        }
        assert_eq!(GENERIC.compare("v1.0", "1.0.0"), Ok(Ordering::Equal));
        assert!(GENERIC.compare("latest", "1.0").is_err());
    }
}
