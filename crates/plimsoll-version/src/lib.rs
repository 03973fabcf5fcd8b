//! Version grammars: how each packaging world orders its version strings.
//!
//! Pure functions: no I/O, no clock, no environment. Any two strings either compare or are
//! refused with an error; none makes a grammar panic. Each grammar follows the tool that its
//! world uses, and is proven against a table which that tool produced (`tests/tables/`).
//!
//! Three rules hold in every grammar, whatever its tool does:
//!
//! - the empty string is refused, because a missing version must never be ordered by accident;
//! - numbers have no upper limit, they compare as runs of digits;
//! - both strings are read to their end, so that a malformed one is refused even where the
//!   first number already decides.

use std::cmp::Ordering;
use std::fmt::Debug;

mod apk;
mod bitnami;
mod composer;
mod conan;
mod cran;
mod digits;
mod dpkg;
mod generic;
mod golang;
mod hackage;
mod hex;
mod maven;
mod npm;
mod nuget;
mod pacman;
mod pep440;
mod portage;
mod pub_semver;
mod rpm;
mod rubygems;
mod semver;

pub use apk::{APK, Apk};
pub use bitnami::{BITNAMI, Bitnami};
pub use composer::{COMPOSER, Composer};
pub use conan::{CONAN, Conan};
pub use cran::{CRAN, Cran};
pub use dpkg::{DPKG, Dpkg};
pub use generic::{GENERIC, Generic};
pub use golang::{GOLANG, Golang};
pub use hackage::{HACKAGE, Hackage};
pub use hex::{HEX, Hex};
pub use maven::{MAVEN, Maven};
pub use npm::{NPM, Npm};
pub use nuget::{NUGET, Nuget};
pub use pacman::{PACMAN, Pacman};
pub use pep440::{PEP440, Pep440};
pub use portage::{PORTAGE, Portage};
pub use pub_semver::{PUB, Pub};
pub use rpm::{RPM, Rpm};
pub use rubygems::{RUBYGEMS, Rubygems};
pub use semver::{SEMVER, Semver};

/// How one packaging world orders its versions.
///
/// Implementations are stateless values; a package's ecosystem carries a reference to its scheme.
pub trait VersionScheme: Sync + Debug {
    /// The scheme's name in messages and in `plimsoll compare-versions`, such as `dpkg`.
    fn id(&self) -> &'static str;

    /// Orders `a` against `b`.
    ///
    /// # Errors
    ///
    /// When one of the two is not a version in this grammar.
    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError>;
}

/// A string that is not a version in the grammar it was held against.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{version}' is not a {scheme} version: {reason}")]
pub struct VersionError {
    /// The string that was refused.
    pub version: String,
    /// The scheme's id.
    pub scheme: &'static str,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl VersionError {
    #[cold]
    pub(crate) fn new(scheme: &dyn VersionScheme, version: &str, reason: &'static str) -> VersionError {
        VersionError { version: version.to_owned(), scheme: scheme.id(), reason }
    }
}

/// Every scheme, ordered by id.
pub const SCHEMES: &[&'static dyn VersionScheme] = &[
    &Apk, &Bitnami, &Composer, &Conan, &Cran, &Dpkg, &Generic, &Golang, &Hackage, &Hex, &Maven, &Npm, &Nuget,
    &Pacman, &Pep440, &Portage, &Pub, &Rpm, &Rubygems, &Semver,
];

/// The scheme with that id, such as `dpkg`; `None` for an unknown id.
#[must_use]
pub fn scheme(id: &str) -> Option<&'static dyn VersionScheme> {
    SCHEMES.iter().copied().find(|scheme| scheme.id() == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scheme_is_found_by_its_id_and_the_register_is_sorted() {
        let ids: Vec<&str> = SCHEMES.iter().map(|scheme| scheme.id()).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        assert_eq!(ids, sorted);
        assert_eq!(ids.len(), 20);
        for id in ids {
            assert_eq!(scheme(id).unwrap().id(), id);
        }
        assert!(scheme("cargo").is_none());
    }

    #[test]
    fn an_error_names_version_scheme_and_reason() {
        let error = scheme("dpkg").unwrap().compare("1.0", "x:1").unwrap_err();
        assert_eq!(error.to_string(), "'x:1' is not a dpkg version: epoch is not a number");
        assert_eq!(error.scheme, "dpkg");
    }

    #[test]
    fn the_empty_string_is_refused_everywhere() {
        for scheme in SCHEMES {
            for empty in ["", " ", "\t\n"] {
                assert!(scheme.compare(empty, "1").is_err(), "{}", scheme.id());
                assert!(scheme.compare("1", empty).is_err(), "{}", scheme.id());
            }
        }
    }
}
