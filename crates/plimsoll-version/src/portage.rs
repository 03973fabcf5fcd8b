//! Gentoo: `1.2.3b_rc1_p2-r3`, the Package Manager Specification's chapter on version comparison, as
//! `portage.versions.vercmp` does it.
//!
//! From the second number on, one that begins with a zero makes the two compare as fractions
//! (`1.05 < 1.1`). A letter is after the version without it, suffixes are ordered
//! `_alpha < _beta < _pre < _rc < nothing < _p`, and a missing revision is `-r0`.

use std::cmp::Ordering;

use crate::{VersionError, VersionScheme, digits};

/// The versions of Gentoo packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portage;

/// The scheme as a value to refer to.
pub static PORTAGE: Portage = Portage;

#[derive(Debug)]
struct Parsed<'a> {
    /// Numbers with dots between.
    numbers: &'a [u8],
    letter: Option<u8>,
    /// Each with its underscore before it; all of them known.
    suffixes: &'a [u8],
    /// Empty when it is missing, which counts as 0.
    revision: &'a [u8],
}

/// In their order. The place of a missing suffix is that of `p`, and its number is below all others.
const SUFFIXES: [&[u8]; 5] = [b"alpha", b"beta", b"pre", b"rc", b"p"];

/// The order of a suffix (`rc1`, without its underscore) and its number; `None` for an unknown one.
fn suffix(text: &[u8]) -> Option<(usize, &[u8])> {
    let at = text.iter().position(|byte| !byte.is_ascii_lowercase()).unwrap_or(text.len());
    let (name, number) = text.split_at(at);
    let rank = SUFFIXES.iter().position(|suffix| *suffix == name)?;
    (digits::leading(number) == number.len()).then_some((rank, number))
}

/// The suffixes behind their underscores.
fn suffixes(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'_').skip(1)
}

fn parse(version: &str) -> Result<Parsed<'_>, &'static str> {
    let text = version.trim().as_bytes();
    let end = text.iter().position(|byte| !byte.is_ascii_digit() && *byte != b'.').unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    if !numbers.split(|byte| *byte == b'.').all(digits::all) {
        return Err("it does not start with numbers that have single dots between");
    }
    let (letter, rest) = match rest.split_first() {
        Some((letter, rest)) if letter.is_ascii_lowercase() => (Some(*letter), rest),
        _ => (None, rest),
    };
    let end = rest.iter().position(|byte| *byte == b'-').unwrap_or(rest.len());
    let (names, rest) = rest.split_at(end);
    if !(names.is_empty() || names.starts_with(b"_")) {
        return Err("unexpected character");
    }
    if !suffixes(names).all(|name| suffix(name).is_some()) {
        return Err("unknown suffix");
    }
    let revision = match rest.strip_prefix(b"-r") {
        Some(revision) if digits::all(revision) => revision,
        None if rest.is_empty() => rest,
        _ => return Err("a hyphen without a revision"),
    };
    Ok(Parsed { numbers, letter, suffixes: names, revision })
}

fn without_trailing_zeros(run: &[u8]) -> &[u8] {
    let end = run.iter().rposition(|digit| *digit != b'0').map_or(0, |at| at + 1);
    run.get(..end).unwrap_or_default()
}

fn compare_numbers(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (a.split(|byte| *byte == b'.'), b.split(|byte| *byte == b'.'));
    let mut order = digits::compare(a.next().unwrap_or_default(), b.next().unwrap_or_default());
    while order == Ordering::Equal {
        order = match (a.next(), b.next()) {
            (None, None) => break,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(x), Some(y)) if x.first() == Some(&b'0') || y.first() == Some(&b'0') => {
                without_trailing_zeros(x).cmp(without_trailing_zeros(y))
            }
            (Some(x), Some(y)) => digits::compare(x, y),
        };
    }
    order
}

fn compare_suffixes(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (suffixes(a), suffixes(b));
    loop {
        let (x, y) = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (x, y) => (x.and_then(suffix), y.and_then(suffix)),
        };
        let rank = |suffix: Option<(usize, _)>| suffix.map_or(SUFFIXES.len() - 1, |(rank, _)| rank);
        let order = rank(x).cmp(&rank(y)).then_with(|| match (x, y) {
            (Some((_, x)), Some((_, y))) => digits::compare(x, y),
            (x, y) => x.is_some().cmp(&y.is_some()),
        });
        if order != Ordering::Equal {
            return order;
        }
    }
}

impl VersionScheme for Portage {
    fn id(&self) -> &'static str {
        "portage"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let x = parse(a).map_err(|reason| VersionError::new(self, a, reason))?;
        let y = parse(b).map_err(|reason| VersionError::new(self, b, reason))?;
        Ok(compare_numbers(x.numbers, y.numbers)
            .then_with(|| x.letter.cmp(&y.letter))
            .then_with(|| compare_suffixes(x.suffixes, y.suffixes))
            .then_with(|| digits::compare(x.revision, y.revision)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_portage_refuses() {
        // portage.versions.ververify of portage 3.0.83 says no to each.
        for version in [
            "a",
            "1.",
            "1..2",
            ".1",
            "1.0ab",
            "1.0A",
            "1.0_foo",
            "1.0_",
            "1.0_p1a",
            "1.0-r",
            "1.0-1",
            "1.0-r1-r2",
            "1.0_p-1",
            "1.0-r1_p1",
            "1.0a1",
            "1.0.a",
            "v1.0",
            "1.0_é",
        ] {
            assert!(PORTAGE.compare(version, "1.0").is_err(), "{version}");
        }
    }
}
