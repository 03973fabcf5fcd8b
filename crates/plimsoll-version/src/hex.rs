//! Hex: Elixir's `Version`, which is Semantic Versioning 2.0.0 to the letter.
//!
//! Beyond it this takes a missing minor or patch number, which OSV ranges leave out (`0`) and which
//! counts as 0.

use std::cmp::Ordering;

use crate::semver::{Core, check_identifiers, compare_core, compare_prerelease, parse_core};
use crate::{VersionError, VersionScheme, digits};

/// The versions of Erlang and Elixir packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hex;

/// The scheme as a value to refer to.
pub static HEX: Hex = Hex;

#[derive(Debug)]
struct Parsed<'a> {
    core: Core<'a>,
    /// Empty for a release.
    prerelease: &'a [u8],
}

fn has_leading_zero(run: &[u8]) -> bool {
    matches!(run, [b'0', _, ..])
}

fn parse(version: &str) -> Result<Parsed<'_>, &'static str> {
    let (core, rest) = parse_core(version.trim().as_bytes())?;
    if core.iter().any(|number| has_leading_zero(number)) {
        return Err("a number has a leading zero");
    }
    let (rest, build) = match rest.iter().position(|byte| *byte == b'+') {
        None => (rest, None),
        Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..)),
    };
    if let Some(build) = build {
        check_identifiers(build)?;
    }
    let prerelease = match rest.split_first() {
        None => rest,
        Some((b'-', identifiers)) => {
            check_identifiers(identifiers)?;
            if identifiers.split(|byte| *byte == b'.').any(|id| digits::all(id) && has_leading_zero(id)) {
                return Err("a numeric identifier has a leading zero");
            }
            identifiers
        }
        Some(_) => return Err("unexpected text after the numbers"),
    };
    Ok(Parsed { core, prerelease })
}

impl VersionScheme for Hex {
    fn id(&self) -> &'static str {
        "hex"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let x = parse(a).map_err(|reason| VersionError::new(self, a, reason))?;
        let y = parse(b).map_err(|reason| VersionError::new(self, b, reason))?;
        Ok(compare_core(&x.core, &y.core).then_with(|| compare_prerelease(x.prerelease, y.prerelease)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_elixir_refuses() {
        // Version.parse of Elixir 1.14.0 says :error to each.
        for version in [
            "a",
            "01.0.0",
            "1.02.3",
            "1.2.3.4",
            "1.2.3-",
            "1.2.3-01",
            "1.2.3-a..b",
            "1.2.3+",
            "v1.2.3",
            "1.2.3rc1",
            "1.2.3+a+b",
            "1.2.3-é",
        ] {
            assert!(HEX.compare(version, "1.0.0").is_err(), "{version}");
        }
        for version in ["1.2.3-0a", "1.2.3--", "1.2.3+01", "0.0.0-0"] {
            assert_eq!(HEX.compare(version, version), Ok(Ordering::Equal), "{version}");
        }
    }
}
