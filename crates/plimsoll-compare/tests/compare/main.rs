//! Four scanners' reports of one image: what was planted in them is found, what is printed, and what becomes of damaged
//! reports.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod hostile;
mod output;
mod planted;

use plimsoll_compare::{Comparison, Input, compare};

/// The reports, in the order in which the tests give them.
pub const WEB: &[(&str, &str)] = &[
    ("plimsoll.json", include_str!("../fixtures/web/plimsoll.json")),
    ("trivy.json", include_str!("../fixtures/web/trivy.json")),
    ("grype.json", include_str!("../fixtures/web/grype.json")),
    ("clair.json", include_str!("../fixtures/web/clair.json")),
];

/// A CycloneDX document of the same image.
pub const CYCLONEDX: (&str, &str) = ("cyclonedx.json", include_str!("../fixtures/web/cyclonedx.json"));

/// Compares reports that must be sound.
pub fn compared(reports: &[(&str, &str)]) -> Comparison {
    let inputs: Vec<Input<'_>> =
        reports.iter().map(|(name, text)| Input { name, bytes: text.as_bytes() }).collect();
    compare(&inputs).unwrap_or_else(|error| panic!("{error}"))
}

/// The four reports.
pub fn web() -> Comparison {
    compared(WEB)
}
