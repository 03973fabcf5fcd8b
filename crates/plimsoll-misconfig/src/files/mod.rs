//! Analyzers over single files. What can be judged from a file alone is a detection; what depends on others is stated as an attribute
//! for the rules over the image.

pub mod accounts;
pub mod certificates;
pub mod logins;
mod passwords;
pub mod sources;
pub mod ssh;
pub mod system;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use plimsoll_analysis::{Analyzer, DetectionFact, Output};
use plimsoll_types::{Class, Severity};

/// The analyzers.
pub fn analyzers() -> Vec<Arc<dyn Analyzer>> {
    vec![
        Arc::new(accounts::Accounts),
        Arc::new(certificates::Certificates),
        Arc::new(logins::Logins),
        Arc::new(sources::Sources),
        Arc::new(ssh::Ssh),
        Arc::new(system::System),
    ]
}

/// The largest file that is read: what people write is far smaller.
const MAX_FILE: u64 = 4 << 20;
/// The most detections in one file.
const MAX_FOUND: usize = 200;
/// The longest line that is looked at.
const MAX_LINE: usize = 16 << 10;

/// The lines of a file with their numbers from 1, as text; those that are absurdly long are left out.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (u32, std::borrow::Cow<'_, str>)> {
    bytes
        .split(|&byte| byte == b'\n')
        .zip(1_u32..)
        .filter(|(line, _)| line.len() <= MAX_LINE)
        .map(|(line, number)| (number, String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line))))
}

/// States a detection on a line, with what shows it; nothing once there are too many.
fn found<'a>(
    out: &'a mut Output,
    class: &'static Class,
    rule: &str,
    line: u32,
    message: impl Into<String>,
) -> Option<&'a mut DetectionFact> {
    if out.facts.len() >= MAX_FOUND {
        return None;
    }
    let fact = out.detect(class, message);
    fact.rule = rule.to_owned();
    fact.line = line;
    Some(fact)
}

/// Fills in what shows a detection.
fn show(fact: Option<&mut DetectionFact>, evidence: &str, severity: Option<Severity>) {
    if let Some(fact) = fact {
        fact.evidence = crate::evidence::text(evidence);
        fact.severity = severity.map_or("", Severity::word).to_owned();
    }
}
