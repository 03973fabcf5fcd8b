//! Bitnami: Semantic Versioning in which what follows the hyphen is a revision of the package, after the
//! version without it (`1.2.3 < 1.2.3-1 < 1.2.3-2`), as Bitnami's own go-version library defines it
//! and Trivy uses it.
//!
//! Identifiers of a revision are ordered as Semantic Versioning orders those of a pre-release, with one
//! difference: `r10`, as revisions are written in image tags, is the number 10. Beyond go-version
//! this takes a missing minor or patch number, which counts as 0.

use std::cmp::Ordering;

use crate::semver::{Core, check_identifiers, compare_core, compare_identifiers, parse_core};
use crate::{VersionError, VersionScheme, digits};

/// The versions of Bitnami packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bitnami;

/// The scheme as a value to refer to.
pub static BITNAMI: Bitnami = Bitnami;

#[derive(Debug)]
struct Parsed<'a> {
    core: Core<'a>,
    revision: Option<&'a [u8]>,
}

fn identifiers(revision: &[u8]) -> impl Iterator<Item = &[u8]> {
    revision.split(|byte| *byte == b'.').map(|identifier| match identifier.strip_prefix(b"r") {
        Some(number) if digits::all(number) => number,
        _ => identifier,
    })
}

fn parse(version: &str) -> Result<Parsed<'_>, &'static str> {
    let (core, rest) = parse_core(version.trim().as_bytes())?;
    let (rest, build) = match rest.iter().position(|byte| *byte == b'+') {
        None => (rest, None),
        Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..)),
    };
    if let Some(build) = build {
        check_identifiers(build)?;
    }
    let revision = match rest.split_first() {
        None => None,
        Some((b'-', revision)) => {
            check_identifiers(revision)?;
            let leading_zero = |id: &[u8]| matches!(id, [b'0', _, ..]) && digits::all(id);
            if revision.split(|byte| *byte == b'.').any(leading_zero) {
                return Err("a numeric identifier has a leading zero");
            }
            Some(revision)
        }
        Some(_) => return Err("unexpected text after the numbers"),
    };
    Ok(Parsed { core, revision })
}

impl VersionScheme for Bitnami {
    fn id(&self) -> &'static str {
        "bitnami"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let x = parse(a).map_err(|reason| VersionError::new(self, a, reason))?;
        let y = parse(b).map_err(|reason| VersionError::new(self, b, reason))?;
        Ok(compare_core(&x.core, &y.core).then_with(|| match (x.revision, y.revision) {
            (Some(x), Some(y)) => compare_identifiers(identifiers(x), identifiers(y)),
            (x, y) => x.is_some().cmp(&y.is_some()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_and_refuses_what_the_tests_of_go_version_say() {
        for (a, b, order) in [
            ("1.2.3", "1.4.5", Ordering::Less),
            ("2.2.3", "1.5.1", Ordering::Greater),
            ("2.2.3", "2.2.2", Ordering::Greater),
            ("1.0.0-1", "1.0.0-2", Ordering::Less),
            ("1.2.3-1", "1.2.3-1", Ordering::Equal),
            ("1.2.3", "1.2.3-1", Ordering::Less),
            ("1.2.3+foo", "1.2.3+bar", Ordering::Equal),
            ("1.2.0", "1.2.0-1+metadata", Ordering::Less),
        ] {
            assert_eq!(BITNAMI.compare(a, b), Ok(order), "{a} {b}");
            assert_eq!(BITNAMI.compare(b, a), Ok(order.reverse()), "{a} {b}");
        }
        for version in
            ["1.2.3-alpha.01", "1.2.beta", "foo", "1.2.3.4", "foo1.2.3", "1.7rc2", "1.0-", "v1.2.3"]
        {
            assert!(BITNAMI.compare(version, "1.0.0").is_err(), "{version}");
        }
        for version in
            ["1.2.3+test.01", "1.2.3-alpha.-1", "1.2.2147483648", "1.0.0-x-y-z.-", "1.2.0-x.Y.0+m-w-h"]
        {
            assert_eq!(BITNAMI.compare(version, version), Ok(Ordering::Equal), "{version}");
        }
    }

    #[test]
    fn a_revision_with_its_letter_is_a_number() {
        assert_eq!(BITNAMI.compare("1.2.3-r9", "1.2.3-r10"), Ok(Ordering::Less));
        assert_eq!(BITNAMI.compare("1.2.3", "1.2.3-r0"), Ok(Ordering::Less));
    }
}
