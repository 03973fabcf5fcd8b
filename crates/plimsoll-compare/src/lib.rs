//! Holds scanners' reports of one image against each other: where they agree, what only one has, and why.
//!
//! Pure: bytes in, a result out. Readers ([`readers`]) turn each report form into the same plain data, [`normalise`] and
//! `identities` give packages and vulnerabilities names that do not depend on who wrote them, and [`diff`] lays the
//! reports side by side. A selection [`matrix`] sets a scanner's scores beside what was measured on the reports.

pub mod diff;
mod identities;
pub mod matrix;
mod measure;
pub mod normalise;
pub mod readers;
pub mod render;

pub use diff::{Cell, Comparison, Pair, Reason, Remark, RemarkKind, ReportInfo, compare};
pub use matrix::{Criterion, Matrix, MatrixError, Weighted};
pub use measure::Measured;

/// The most bytes of a report that are read.
pub const MAX_REPORT_BYTES: u64 = 512 << 20;

/// The most reports that are compared at once.
pub const MAX_REPORTS: usize = 16;

/// The most packages, and the most findings, of one report.
pub(crate) const MAX_ENTRIES: usize = 1_000_000;

/// The most other names of one vulnerability that are looked at; an advisory about more has them from a hostile hand.
pub(crate) const MAX_NAMES: usize = 1_000;

/// A report to be compared: what it is called, and its bytes.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The file's name, for messages.
    pub name: &'a str,
    /// What the file holds.
    pub bytes: &'a [u8],
}

/// Why reports could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// A file that no reader knows.
    #[error("{name}: not a report that can be compared; there is {known}")]
    Unrecognised {
        /// The file.
        name: String,
        /// The forms that there are.
        known: String,
    },
    /// A file that is not JSON.
    #[error("{name}: not JSON: {reason}")]
    NotJson {
        /// The file.
        name: String,
        /// What is wrong, with line and column.
        reason: String,
    },
    /// A report that does not hold what its form promises.
    #[error("{name}: not a sound {form} report: {reason}")]
    Malformed {
        /// The file.
        name: String,
        /// The form that it claims to have.
        form: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// More than can be compared.
    #[error("{name}: more than {limit} {what}")]
    TooMany {
        /// The file, or what was asked for.
        name: String,
        /// Of what there are too many.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}
