//! Semantic Versioning 2.0.0, read as loosely as advisories are written.
//!
//! The order is that of the specification. Beyond its grammar this takes what node-semver takes
//! in loose mode (a leading `v` or `=`, leading zeros, a pre-release without its hyphen), and a
//! missing minor or patch number, which OSV ranges leave out and which counts as 0. A fourth number
//! is refused.

use std::cmp::Ordering;

use crate::{VersionError, VersionScheme, digits};

/// The versions of crates, Swift packages, and everything else that follows Semantic Versioning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Semver;

/// The scheme as a value to refer to.
pub static SEMVER: Semver = Semver;

/// Major, minor and patch number. A missing one is the empty run of digits, which has the value 0.
pub(crate) type Core<'a> = [&'a [u8]; 3];

pub(crate) fn compare_core(a: &Core<'_>, b: &Core<'_>) -> Ordering {
    digits::compare(a[0], b[0])
        .then_with(|| digits::compare(a[1], b[1]))
        .then_with(|| digits::compare(a[2], b[2]))
}

/// Reads one to three numbers with dots between, and returns what follows them.
pub(crate) fn parse_core(version: &[u8]) -> Result<(Core<'_>, &[u8]), &'static str> {
    let mut core: Core<'_> = [&[]; 3];
    let mut rest = version;
    for (position, number) in core.iter_mut().enumerate() {
        if position > 0 {
            match rest.strip_prefix(b".") {
                Some(after_dot) => rest = after_dot,
                None => break,
            }
        }
        let (run, after) = digits::split(rest);
        if run.is_empty() {
            return Err(if position == 0 {
                "it does not start with a digit"
            } else {
                "a dot without a number"
            });
        }
        *number = run;
        rest = after;
    }
    Ok((core, rest))
}

fn is_identifier(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// Checks a series of identifiers with dots between, none of them empty.
pub(crate) fn check_identifiers(text: &[u8]) -> Result<(), &'static str> {
    if text.split(|byte| *byte == b'.').all(is_identifier) {
        Ok(())
    } else {
        Err("an identifier is empty or holds an unexpected character")
    }
}

/// Orders one identifier: numbers before words, numbers by value, words by bytes.
pub(crate) fn compare_identifier(a: &[u8], b: &[u8]) -> Ordering {
    match (digits::all(a), digits::all(b)) {
        (true, true) => digits::compare(a, b),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

/// Orders two series of identifiers: by the first difference, then the shorter one first.
pub(crate) fn compare_identifiers<'a>(
    mut a: impl Iterator<Item = &'a [u8]>,
    mut b: impl Iterator<Item = &'a [u8]>,
) -> Ordering {
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

#[derive(Debug)]
struct Parsed<'a> {
    core: Core<'a>,
    /// Empty for a release.
    prerelease: &'a [u8],
}

fn parse(version: &str) -> Result<Parsed<'_>, &'static str> {
    let trimmed = version.trim().as_bytes();
    let marks = trimmed.iter().position(|byte| !matches!(byte, b'v' | b'V' | b'=' | b' ' | b'\t'));
    let (core, rest) = parse_core(trimmed.get(marks.unwrap_or(trimmed.len())..).unwrap_or_default())?;
    let prerelease = loose_prerelease(rest)?;
    Ok(Parsed { core, prerelease })
}

/// Reads what follows the numbers as node-semver does in loose mode, where the hyphen before the
/// pre-release may be missing. Returns the pre-release; build metadata is only checked.
pub(crate) fn loose_prerelease(rest: &[u8]) -> Result<&[u8], &'static str> {
    let (prerelease, build) = match rest.iter().position(|byte| *byte == b'+') {
        None => (rest, None),
        Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..)),
    };
    if let Some(build) = build {
        check_identifiers(build)?;
    }
    let prerelease = match prerelease.strip_prefix(b"-") {
        // As node-semver reads "1.2.3-" in loose mode: the hyphen itself is the identifier.
        Some([] | [b'.', ..]) | None => prerelease,
        Some(identifiers) => identifiers,
    };
    if !prerelease.is_empty() {
        check_identifiers(prerelease)?;
    }
    Ok(prerelease)
}

/// Orders two pre-releases; the empty one is a release and comes last.
pub(crate) fn compare_prerelease(a: &[u8], b: &[u8]) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (false, false) => compare_identifiers(a.split(|c| *c == b'.'), b.split(|c| *c == b'.')),
        (release_a, release_b) => release_a.cmp(&release_b),
    }
}

impl VersionScheme for Semver {
    fn id(&self) -> &'static str {
        "semver"
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
    fn a_missing_number_counts_as_zero_and_build_metadata_does_not_count() {
        for (a, b) in [("1", "1.0.0"), ("v1.2", "=1.2.0"), ("1.2.3+a", "1.2.3+b"), ("1.2-rc.1", "1.2.0-rc.1")]
        {
            assert_eq!(SEMVER.compare(a, b), Ok(Ordering::Equal), "{a} {b}");
        }
        // OSV: "0" is before every version, and "-0" the first pre-release of all.
        assert_eq!(SEMVER.compare("1.0.0-0", "1.0.0-alpha"), Ok(Ordering::Less));
        assert_eq!(SEMVER.compare("0", "0.0.1"), Ok(Ordering::Less));
    }

    #[test]
    fn refuses_what_is_no_semantic_version() {
        for version in
            ["a", "1.", "1..2", "1.2.3.4", "1.2.3+", "1.2.3+a+b", "1.2.3-a..b", "1.2.3-é", "latest", "v"]
        {
            assert!(SEMVER.compare(version, "1.0.0").is_err(), "{version}");
        }
    }
}
