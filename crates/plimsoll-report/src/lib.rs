//! Report formats: how the plain data of a [`Report`](plimsoll_types::Report) is written for people and for tools.
//!
//! Formats render; they never decide. Output depends on the report and the options alone, so that the same report
//! gives the same bytes: times come from the report, and document identifiers are derived from its content.

pub mod formats;
mod identity;
mod image;
pub mod json_in;
mod license;
pub mod pretty_json;
mod summary;
pub mod text;
mod vex;
mod vulnerability;

pub use formats::{FORMATS, Format, RenderFn, format};
pub use summary::{Counts, SeverityCounts, Summary, summary};

use plimsoll_types::{Finding, Package, TargetReport};

/// How a report is rendered. Formats for tools look at `show_suppressed` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenderOptions {
    /// Columns that a line of text may take; fewer than 40 count as 40.
    pub width: usize,
    /// Whether text carries terminal colours. Meaning never depends on them.
    pub color: bool,
    /// Whether the table lists all packages beside the findings.
    pub list_all_packages: bool,
    /// Whether findings that were held back are shown, with what held them back. Their number always is.
    pub show_suppressed: bool,
}

impl Default for RenderOptions {
    fn default() -> RenderOptions {
        RenderOptions { width: 100, color: false, list_all_packages: false, show_suppressed: false }
    }
}

/// Why a report could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The output refused bytes. A broken pipe comes here with its own error kind.
    #[error("cannot write the report")]
    Write(#[from] std::io::Error),
    /// A finding points to a package that its target does not have.
    #[error("finding '{id}' of target '{target}' is about package {index}, which does not exist")]
    UnknownPackage {
        /// The target's name.
        target: String,
        /// The vulnerability's identifier.
        id: String,
        /// The index that leads nowhere.
        index: usize,
    },
}

impl From<serde_json::Error> for RenderError {
    fn from(error: serde_json::Error) -> RenderError {
        RenderError::Write(error.into())
    }
}

/// The package that a finding is about. A finding without one is refused: leaving it out would hide it.
fn package_of<'a>(target: &'a TargetReport, finding: &Finding) -> Result<&'a Package, RenderError> {
    target.packages.get(finding.package).ok_or_else(|| RenderError::UnknownPackage {
        target: target.name.clone(),
        id: finding.vulnerability.id.clone(),
        index: finding.package,
    })
}
