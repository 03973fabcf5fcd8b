//! Go: module versions (golang.org/x/mod/semver) and the tool chain's own (`go1.21.3`, `1.22rc1`).
//!
//! A tool chain version stands for the semantic version under which the Go vulnerability database
//! files the standard library: `go1.22` is `1.22.0` and `go1.22rc1` is `1.22.0-rc.1`. What a
//! distributor appends (`go1.21.3-acme`, `go1.21.3 X:boringcrypto`) does not count. Build metadata,
//! with it `+incompatible`, does not count either, and the leading `v` may be missing.

use std::cmp::Ordering;

use crate::semver::{Core, check_identifiers, compare_core, compare_identifiers, parse_core};
use crate::{VersionError, VersionScheme, digits};

/// The versions of Go modules and of the Go standard library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Golang;

/// The scheme as a value to refer to.
pub static GOLANG: Golang = Golang;

#[derive(Debug)]
enum Prerelease<'a> {
    /// `rc1` of a tool chain version: a word, and a number that may be missing.
    Toolchain(&'a [u8], &'a [u8]),
    /// `rc.1` of a module version: any number of identifiers.
    Module(&'a [u8]),
    /// A release.
    None,
}

/// The identifiers of a pre-release, of either spelling.
struct Identifiers<'a>(Prerelease<'a>);

impl<'a> Iterator for Identifiers<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (identifier, left) = match self.0 {
            Prerelease::None => return None,
            Prerelease::Toolchain(word, []) => (word, Prerelease::None),
            Prerelease::Toolchain(word, number) => (word, Prerelease::Module(number)),
            Prerelease::Module(text) => match text.iter().position(|byte| *byte == b'.') {
                None => (text, Prerelease::None),
                Some(at) => (text.get(..at)?, Prerelease::Module(text.get(at + 1..)?)),
            },
        };
        self.0 = left;
        Some(identifier)
    }
}

#[derive(Debug)]
struct Parsed<'a> {
    core: Core<'a>,
    prerelease: Prerelease<'a>,
}

fn parse(version: &str) -> Result<Parsed<'_>, &'static str> {
    let text = version.trim().as_bytes();
    let (text, toolchain) = match text.strip_prefix(b"go") {
        Some(rest) => {
            let end =
                rest.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'-' | b'+')).unwrap_or(rest.len());
            (rest.get(..end).unwrap_or_default(), true)
        }
        None => (text.strip_prefix(b"v").unwrap_or(text), false),
    };
    let (core, rest) = parse_core(text)?;
    let (rest, build) = match rest.iter().position(|byte| *byte == b'+') {
        None => (rest, None),
        Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..)),
    };
    if let Some(build) = build {
        check_identifiers(build)?;
    }
    let prerelease = match rest.split_first() {
        None => Prerelease::None,
        Some((b'-', identifiers)) if !toolchain => {
            check_identifiers(identifiers)?;
            Prerelease::Module(identifiers)
        }
        Some(_) => {
            let at = rest.iter().position(|byte| !byte.is_ascii_lowercase()).unwrap_or(rest.len());
            let (word, number) = rest.split_at(at);
            if word.is_empty() || digits::leading(number) != number.len() {
                return Err("neither a module version nor a tool chain version");
            }
            Prerelease::Toolchain(word, number)
        }
    };
    Ok(Parsed { core, prerelease })
}

fn compare_prerelease(a: Prerelease<'_>, b: Prerelease<'_>) -> Ordering {
    match (&a, &b) {
        (Prerelease::None, Prerelease::None) => Ordering::Equal,
        (Prerelease::None, _) => Ordering::Greater,
        (_, Prerelease::None) => Ordering::Less,
        _ => compare_identifiers(Identifiers(a), Identifiers(b)),
    }
}

impl VersionScheme for Golang {
    fn id(&self) -> &'static str {
        "golang"
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
    fn tool_chain_versions_meet_the_semantic_versions_of_the_vulnerability_database() {
        for (a, b) in [
            ("go1.22", "1.22.0"),
            ("go1.22rc1", "1.22.0-rc.1"),
            ("1.22beta2", "v1.22.0-beta.2"),
            ("go1.21.3 X:boringcrypto", "1.21.3"),
            ("go1.21.3-acme", "1.21.3"),
            ("v2.0.0+incompatible", "2.0.0"),
        ] {
            assert_eq!(GOLANG.compare(a, b), Ok(Ordering::Equal), "{a} {b}");
        }
        for (a, b) in [
            ("go1.22rc9", "go1.22rc10"),
            ("go1.22beta2", "go1.22rc1"),
            ("go1.22rc1", "go1.22"),
            ("1.22.0-0", "go1.22rc1"),
            ("go1.9.7", "go1.10"),
            ("v0.0.0-20200101000000-0123456789ab", "v0.0.1"),
        ] {
            assert_eq!(GOLANG.compare(a, b), Ok(Ordering::Less), "{a} {b}");
            assert_eq!(GOLANG.compare(b, a), Ok(Ordering::Greater), "{a} {b}");
        }
    }

    #[test]
    fn refuses_development_builds_and_broken_versions() {
        for version in
            ["(devel)", "devel go1.22-abc", "go", "v", "v1.2.3.4", "v1.2.3-", "v1.2.3-a..b", "1.22rc1x"]
        {
            assert!(GOLANG.compare(version, "v1.0.0").is_err(), "{version}");
        }
    }
}
