//! Version grammars: how each packaging world orders its version strings.
//!
//! Pure functions: no I/O, no clock, no environment. Any two strings either compare or are
//! refused with an error; none makes a grammar panic. Each grammar follows the tool that its
//! world uses, and is proven against a table which that tool produced (`tests/tables/`).

use std::cmp::Ordering;
use std::fmt::Debug;

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
