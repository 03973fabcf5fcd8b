//! Advisories: the model, and one parser per source under `sources/`.
//!
//! Parsers turn bytes into [`Advisory`] values; they never touch the network or a disk. Nothing is lost without a
//! count: what a parser refuses it reports with the reason.

pub mod csaf;
pub mod cyclonedx_vex;
mod ecosystem;
mod json;
mod lifecycles;
mod model;
pub mod openvex;
pub mod sources;
mod starter;
pub mod vex;

pub use ecosystem::{Folded, fold_ecosystem};
pub use lifecycles::lifecycles;
pub use model::{Advisory, Affected, EpssScore, Event, Range, RepositoryCpes, SeverityStatement};
pub use starter::{STARTER_DATE, STARTER_SOURCE, starter};
