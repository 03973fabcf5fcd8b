//! Advisories: the model, and one parser per source under `sources/`.
//!
//! Parsers turn bytes into [`Advisory`] values; they never touch the network or a disk. Nothing is lost without a
//! count: what a parser refuses it reports with the reason.

mod model;
pub mod sources;

pub use model::{Advisory, Affected, Event, Range, SeverityStatement};
