//! pacman: `alpm_pkg_vercmp` of libalpm, `[epoch:]version[-pkgrel]`.
//!
//! The order of the parts descends from an old `rpmvercmp`: no tildes or carets, and the number of
//! separators between two segments counts. A package release counts only where both versions have
//! one, so that `1.0` is equal to `1.0-1` and to `1.0-2`, which are not equal to each other.

use std::cmp::Ordering;

use crate::{VersionError, VersionScheme, digits};

/// The versions of Arch Linux packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pacman;

/// The scheme as a value to refer to.
pub static PACMAN: Pacman = Pacman;

#[derive(Debug)]
struct Parsed<'a> {
    /// Empty when it is missing, which counts as 0.
    epoch: &'a [u8],
    version: &'a [u8],
    release: Option<&'a [u8]>,
}

fn parse(version: &str) -> Result<Parsed<'_>, &'static str> {
    let text = version.as_bytes().trim_ascii();
    if text.is_empty() {
        return Err("it is empty");
    }
    if text.contains(&0) {
        return Err("it holds a NUL");
    }
    let (number, after) = digits::split(text);
    let (epoch, rest) = match after.split_first() {
        Some((b':', rest)) => (number, rest),
        _ => (&[][..], text),
    };
    let (version, release) = match rest.iter().rposition(|byte| *byte == b'-') {
        None => (rest, None),
        Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..)),
    };
    Ok(Parsed { epoch, version, release })
}

/// Splits off what `bytes` starts with as long as `belongs`.
fn split_while(bytes: &[u8], belongs: fn(&u8) -> bool) -> (&[u8], &[u8]) {
    bytes.split_at(bytes.iter().position(|byte| !belongs(byte)).unwrap_or(bytes.len()))
}

fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !a.is_empty() && !b.is_empty() {
        let (separators_a, rest_a) = split_while(a, |byte| !byte.is_ascii_alphanumeric());
        let (separators_b, rest_b) = split_while(b, |byte| !byte.is_ascii_alphanumeric());
        (a, b) = (rest_a, rest_b);
        let Some(first) = a.first().filter(|_| !b.is_empty()) else { break };
        if separators_a.len() != separators_b.len() {
            return separators_a.len().cmp(&separators_b.len());
        }
        let order = if first.is_ascii_digit() {
            let (number_a, rest_a) = digits::split(a);
            let (number_b, rest_b) = digits::split(b);
            (a, b) = (rest_a, rest_b);
            // A number is after a word.
            if number_b.is_empty() { Ordering::Greater } else { digits::compare(number_a, number_b) }
        } else {
            let (word_a, rest_a) = split_while(a, u8::is_ascii_alphabetic);
            let (word_b, rest_b) = split_while(b, u8::is_ascii_alphabetic);
            (a, b) = (rest_a, rest_b);
            if word_b.is_empty() { Ordering::Less } else { word_a.cmp(word_b) }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    // At most one has something left: a word (`1.0rc`) makes it the earlier one, all else the later.
    let rank = |rest: &[u8]| match rest.first() {
        Some(byte) if byte.is_ascii_alphabetic() => -1,
        Some(_) => 1,
        None => 0,
    };
    rank(a).cmp(&rank(b))
}

impl VersionScheme for Pacman {
    fn id(&self) -> &'static str {
        "pacman"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let x = parse(a).map_err(|reason| VersionError::new(self, a, reason))?;
        let y = parse(b).map_err(|reason| VersionError::new(self, b, reason))?;
        Ok(digits::compare(x.epoch, y.epoch).then_with(|| compare_part(x.version, y.version)).then_with(
            || match (x.release, y.release) {
                (Some(release_x), Some(release_y)) => compare_part(release_x, release_y),
                _ => Ordering::Equal,
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_release_is_equal_to_any() {
        // vercmp(8) says so; libalpm 13.0.2 does so.
        assert_eq!(PACMAN.compare("1.0", "1.0-1"), Ok(Ordering::Equal));
        assert_eq!(PACMAN.compare("1.0", "1.0-2"), Ok(Ordering::Equal));
        assert_eq!(PACMAN.compare("1.0-1", "1.0-2"), Ok(Ordering::Less));
    }
}
