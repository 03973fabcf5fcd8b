//! The words of Plimsoll: packages, layers, findings, problems and the report that holds them.
//!
//! Plain data without behaviour of its own and without a serial form: the crates that own a format
//! (`plimsoll-report`, the layer facts in `plimsoll-analysis`, the index in `plimsoll-db`) decide how
//! it is written. Nothing here reads a file, a clock or the environment.

mod class;
pub mod classes;
mod detection;
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

pub use class::{Class, Method, Scanner};
pub use classes::{class, classes};
pub use detection::{Detection, Place, PlaceKind, Secret, SuppressedDetection};
pub use digest::{Algorithm, Digest, DigestError};
pub use distro::{Distro, DistroSpec, MatchBy};
pub use ecosystem::{EcosystemSpec, keep_name, lower_name, python_name};
pub use finding::{
    Confidence, CvssVector, Epss, Finding, MatchReason, MatchedBy, Reference, Risk, Status, Suppressed,
    SuppressedBy, Vulnerability,
};
pub use package::{Exposure, Location, Package, SourcePackage};
pub use problem::{Problem, ProblemCode};
pub use purl::{PackageUrl, PurlError};
pub use report::{
    Attached, BaseImage, DatabaseInfo, DatabaseSource, ImageMetadata, LayerInfo, Lifecycle, Platform, Report,
    TargetKind, TargetReport,
};
pub use severity::Severity;
pub use timestamp::Timestamp;
