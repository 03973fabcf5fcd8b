//! The words of Plimsoll: packages, layers, findings, problems and the report that holds them.
//!
//! Plain data without behaviour of its own and without a serial form: the crates that own a format
//! (`plimsoll-report`, the layer facts in `plimsoll-analysis`, the index in `plimsoll-db`) decide how
//! it is written. Nothing here reads a file, a clock or the environment.

mod digest;
mod distro;
mod ecosystem;
mod finding;
mod package;
mod problem;
mod purl;
mod report;
mod severity;
mod timestamp;

pub use digest::{Algorithm, Digest, DigestError};
pub use distro::{Distro, DistroSpec, MatchBy};
pub use ecosystem::{EcosystemSpec, keep_name, lower_name};
pub use finding::{CvssVector, Finding, MatchReason, Reference, Status, Vulnerability};
pub use package::{Location, Package, SourcePackage};
pub use problem::{Problem, ProblemCode};
pub use purl::PackageUrl;
pub use report::{
    DatabaseInfo, DatabaseSource, ImageMetadata, LayerInfo, Platform, Report, TargetKind, TargetReport,
};
pub use severity::Severity;
pub use timestamp::Timestamp;
