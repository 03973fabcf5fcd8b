//! Debian: `[epoch:]upstream[-revision]`, as `dpkg --compare-versions` orders it (deb-version(7)).
//!
//! Like dpkg, this takes versions that the policy forbids but that dpkg only warns about: those
//! that do not start with a digit, or hold characters such as `_`.

use std::cmp::Ordering;

use crate::{VersionError, VersionScheme, digits};

/// The versions of Debian and Ubuntu packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dpkg;

/// The scheme as a value to refer to.
pub static DPKG: Dpkg = Dpkg;

#[derive(Debug)]
struct Parsed<'a> {
    epoch: &'a [u8],
    upstream: &'a [u8],
    revision: &'a [u8],
}

/// dpkg keeps the epoch in an `int`.
const MAX_EPOCH: &[u8] = b"2147483647";

fn parse(version: &str) -> Result<Parsed<'_>, &'static str> {
    let rest = version.as_bytes().trim_ascii();
    if rest.is_empty() {
        return Err("it is empty");
    }
    if rest.iter().any(u8::is_ascii_whitespace) {
        return Err("it holds a space");
    }
    let (epoch, rest) = match split_at_byte(b':', rest) {
        None => (&[][..], rest),
        Some((epoch, rest)) => {
            if epoch.is_empty() {
                return Err("epoch is empty");
            }
            if !digits::all(epoch) {
                return Err("epoch is not a number");
            }
            if digits::compare(epoch, MAX_EPOCH) == Ordering::Greater {
                return Err("epoch is too big");
            }
            if rest.is_empty() {
                return Err("nothing after the epoch");
            }
            (epoch, rest)
        }
    };
    let (upstream, revision) = match rest.iter().rposition(|byte| *byte == b'-') {
        None => (rest, &[][..]),
        Some(at) => {
            let (upstream, revision) = (rest.get(..at), rest.get(at + 1..));
            (upstream.unwrap_or_default(), revision.filter(|r| !r.is_empty()).ok_or("revision is empty")?)
        }
    };
    if upstream.is_empty() {
        return Err("version number is empty");
    }
    Ok(Parsed { epoch, upstream, revision })
}

fn split_at_byte(needle: u8, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == needle)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

/// The weight of a character: a tilde is before the end, which is before letters, which are
/// before everything else. A digit weighs like the end, because there the non-digits end.
fn weight(byte: Option<&u8>) -> i32 {
    match byte {
        None | Some(b'0'..=b'9') => 0,
        Some(b'~') => -1,
        Some(letter) if letter.is_ascii_alphabetic() => i32::from(*letter),
        Some(other) => i32::from(*other) + 256,
    }
}

fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        loop {
            let order = weight(a.first()).cmp(&weight(b.first()));
            if order != Ordering::Equal {
                return order;
            }
            // Equal weights: either both are the same non-digit, or the non-digits ended on both sides.
            match (a.split_first(), b.split_first()) {
                (Some((x, rest_a)), Some((_, rest_b))) if !x.is_ascii_digit() => (a, b) = (rest_a, rest_b),
                _ => break,
            }
        }
        let (number_a, rest_a) = digits::split(a);
        let (number_b, rest_b) = digits::split(b);
        let order = digits::compare(number_a, number_b);
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
    Ordering::Equal
}

impl VersionScheme for Dpkg {
    fn id(&self) -> &'static str {
        "dpkg"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let x = parse(a).map_err(|reason| VersionError::new(self, a, reason))?;
        let y = parse(b).map_err(|reason| VersionError::new(self, b, reason))?;
        Ok(digits::compare(x.epoch, y.epoch)
            .then_with(|| compare_part(x.upstream, y.upstream))
            .then_with(|| compare_part(x.revision, y.revision)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_dpkg_calls_an_error_and_takes_what_it_warns_about() {
        for version in ["1.0-", ":1", "a:1", "1:", "1 2", "99999999999:1", "2147483648:1", "0:-1"] {
            assert!(DPKG.compare(version, "1").is_err(), "{version}");
        }
        for version in ["a", "1:a", "1.0_x", "1.0--1", "2147483647:1", " 1.0 ", "1:2:3"] {
            assert_eq!(DPKG.compare(version, version), Ok(Ordering::Equal), "{version}");
        }
    }
}
