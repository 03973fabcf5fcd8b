//! Pub: `Version.compareTo` of Dart's pub_semver.
//!
//! Two things differ from Semantic Versioning 2.0.0. Build metadata is ordered, like a pre-release
//! but after the version without it (`1.0.0 < 1.0.0+1 < 1.0.0+2`). And an identifier is a number
//! when Dart's `int.tryParse` says so: leading zeros, a minus (`1.0.0--1`) and hexadecimal digits
//! behind `0x` are fine, more than 64 bits are not.
//!
//! Beyond pub_semver this takes a missing minor or patch number, which counts as 0.

use std::cmp::Ordering;

use crate::semver::{Core, check_identifiers, compare_core, parse_core};
use crate::{VersionError, VersionScheme};

/// The versions of Dart and Flutter packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pub;

/// The scheme as a value to refer to.
pub static PUB: Pub = Pub;

#[derive(Debug)]
struct Parsed<'a> {
    core: Core<'a>,
    prerelease: Option<&'a str>,
    build: Option<&'a str>,
}

fn parse(version: &str) -> Result<Parsed<'_>, &'static str> {
    let text = version.trim();
    let (text, build) = match text.split_once('+') {
        Some((text, build)) => (text, Some(build)),
        None => (text, None),
    };
    let (numbers, prerelease) = match text.split_once('-') {
        Some((numbers, prerelease)) => (numbers, Some(prerelease)),
        None => (text, None),
    };
    let (core, rest) = parse_core(numbers.as_bytes())?;
    if !rest.is_empty() {
        return Err("unexpected text after the numbers");
    }
    for identifiers in [prerelease, build].into_iter().flatten() {
        check_identifiers(identifiers.as_bytes())?;
    }
    Ok(Parsed { core, prerelease, build })
}

/// The value of an identifier that `int.tryParse` takes for a number.
fn number(identifier: &str) -> Option<i64> {
    match identifier.as_bytes() {
        [b'0'..=b'9' | b'-', ..] => {}
        _ => return None,
    }
    let (negative, magnitude) = match identifier.strip_prefix('-') {
        Some(magnitude) => (true, magnitude),
        None => (false, identifier),
    };
    let Some(hexadecimal) = magnitude.strip_prefix("0x").or_else(|| magnitude.strip_prefix("0X")) else {
        return identifier.parse().ok();
    };
    if !hexadecimal.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    // Hexadecimal digits may fill all 64 bits, the highest of which is the sign.
    let value = u64::from_str_radix(hexadecimal, 16).ok()?.cast_signed();
    Some(if negative { value.wrapping_neg() } else { value })
}

fn compare_identifier(a: &str, b: &str) -> Ordering {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

fn compare_identifiers(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(x), Some(y)) => compare_identifier(x, y),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

impl VersionScheme for Pub {
    fn id(&self) -> &'static str {
        "pub"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let x = parse(a).map_err(|reason| VersionError::new(self, a, reason))?;
        let y = parse(b).map_err(|reason| VersionError::new(self, b, reason))?;
        Ok(compare_core(&x.core, &y.core)
            .then_with(|| match (x.prerelease, y.prerelease) {
                (Some(x), Some(y)) => compare_identifiers(x, y),
                (x, y) => x.is_none().cmp(&y.is_none()),
            })
            .then_with(|| match (x.build, y.build) {
                (Some(x), Some(y)) => compare_identifiers(x, y),
                (x, y) => x.is_some().cmp(&y.is_some()),
            }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_order_holds() {
        // The list that the tests of pub_semver compare each with each.
        let ordered = [
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0-rc.1+build.1",
            "1.0.0",
            "1.0.0+0.3.7",
            "1.3.7+build",
            "1.3.7+build.2.b8f12d7",
            "1.3.7+build.11.e0f985a",
            "2.0.0",
            "2.1.0",
            "2.2.0",
            "2.11.0",
            "2.11.1",
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                assert_eq!(PUB.compare(a, b), Ok(i.cmp(&j)), "{a} {b}");
            }
        }
    }

    #[test]
    fn refuses_what_pub_semver_refuses() {
        for version in
            ["a", "1.2.3.4", "1.2.3-", "1.2.3+", "1.2.3-a..b", "1.2.3+a+b", "v1.2.3", "1.2.3a", "1.2.3-é"]
        {
            assert!(PUB.compare(version, "1.0.0").is_err(), "{version}");
        }
    }
}
