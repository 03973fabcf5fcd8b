//! npm: `semver.compare(a, b, { loose: true })` of node-semver, the order in which npm itself compares.
//!
//! Loose mode takes a leading `v` or `=`, leading zeros, and a pre-release without its hyphen. Its
//! pattern also takes four numbers where the third has two digits or more, by giving the last digit
//! away: `1.2.30.4` is `1.2.3-0.4`. That is kept, because it is what npm does with such a version.
//!
//! Beyond node-semver this takes a missing minor or patch number, which OSV ranges leave out and
//! which counts as 0, and numbers of any length.

use std::cmp::Ordering;

use crate::semver::{Core, compare_core, compare_prerelease, loose_prerelease, parse_core};
use crate::{VersionError, VersionScheme};

/// The versions of npm packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Npm;

/// The scheme as a value to refer to.
pub static NPM: Npm = Npm;

#[derive(Debug)]
struct Parsed<'a> {
    core: Core<'a>,
    /// Empty for a release.
    prerelease: &'a [u8],
}

fn parse(version: &str) -> Result<Parsed<'_>, &'static str> {
    let is_mark = |c: char| matches!(c, 'v' | '=') || c.is_whitespace();
    let text = version.trim().trim_start_matches(is_mark).as_bytes();
    let (mut core, mut rest) = parse_core(text)?;
    if rest.first() == Some(&b'.') {
        // The pattern's patch number gives its last digit to the pre-release, if another is left.
        let [.., patch] = &mut core;
        let Some((_, kept @ [_, ..])) = patch.split_last() else {
            return Err("a fourth number");
        };
        *patch = kept;
        rest = text.get(text.len().saturating_sub(rest.len() + 1)..).unwrap_or_default();
    }
    Ok(Parsed { core, prerelease: loose_prerelease(rest)? })
}

impl VersionScheme for Npm {
    fn id(&self) -> &'static str {
        "npm"
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
    fn a_missing_number_counts_as_zero() {
        for (a, b) in [("1", "1.0.0"), ("v1.2", "=1.2.0"), ("0", "0.0.0"), ("1.2-rc.1", "1.2.0-rc.1")] {
            assert_eq!(NPM.compare(a, b), Ok(Ordering::Equal), "{a} {b}");
        }
    }

    #[test]
    fn refuses_what_node_semver_refuses() {
        // semver.parse(version, { loose: true }) of node-semver 7.8.6 is null for each.
        for version in [
            "a",
            "1.",
            "1..2",
            "1.2.3.4",
            "1.2.3+",
            "1.2.3+a+b",
            "1.2.3-a..b",
            "1.2.3-é",
            "latest",
            "v",
            "V1.2.3",
            "1.2.3 4",
            "1.2.x",
            "1.2.30.",
            "1.2.30.+b",
            "1.2.3_4",
        ] {
            assert!(NPM.compare(version, "1.0.0").is_err(), "{version}");
        }
    }
}
