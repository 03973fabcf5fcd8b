//! Policy: what risk findings are, which of them are shown, and whether a target is within what its user allows. Pure
//! functions from a result, what is allowed and the time to a decision with its reasons: bytes come in, no file is read.

mod error;
mod filter;
mod judge;
pub mod policy;
pub mod purl;
pub mod risk;
pub mod rules;
pub mod vex;
pub mod waivers;
mod yaml;

pub use error::PolicyError;
pub use filter::{Filter, Sort};
pub use judge::{Decision, Judge, Verdict, Violation};
pub use policy::{Check, Policy};
pub use risk::{Hundredths, RiskModel};
