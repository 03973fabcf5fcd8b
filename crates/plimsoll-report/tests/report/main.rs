//! Tests of the report formats: expected files, official schemas, and what must hold for any report.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod invariants;
mod reading;
mod samples;
mod schemas;
mod snapshots;

use plimsoll_report::{RenderOptions, format};
use plimsoll_types::Report;

/// A report in one format, as text.
fn rendered(id: &str, report: &Report, options: &RenderOptions) -> String {
    let mut out = Vec::new();
    (format(id).unwrap().render)(report, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
