//! VEX on the way in: statements are held against findings. "Not affected" and "fixed" hold a finding back; "affected"
//! and "under investigation" are noted on it.
//!
//! A later statement overrides an earlier one about the same finding (OpenVEX 0.2.0, "Updating Statements with
//! Inherited Data"); of two at the same time the one read last counts.

mod attestation;
mod cpe;
mod product;

use std::collections::HashMap;

use plimsoll_advisory::vex::{Document, Statement, VexStatus};
use plimsoll_types::{Finding, Status, Suppressed, SuppressedBy, TargetReport};

use crate::waivers::VexMark;
use product::Image;

pub use attestation::{AttestationError, unwrap as unwrap_attestation};

/// A VEX document, and what it may speak of.
#[derive(Debug, Clone)]
pub struct VexDocument {
    /// The document.
    pub document: Document,
    /// Where it was found: a file, or the digest of an artifact.
    pub origin: String,
    /// The number of the target that it is attached to; `None` when it may speak of all.
    pub target: Option<usize>,
}

/// All VEX documents of a run, found by what they are about.
#[derive(Debug, Default)]
pub(crate) struct Index<'a> {
    by_id: HashMap<String, Vec<(&'a VexDocument, &'a Statement)>>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(documents: &'a [VexDocument]) -> Index<'a> {
        let mut by_id: HashMap<String, Vec<(&VexDocument, &Statement)>> = HashMap::new();
        for document in documents {
            for statement in &document.document.statements {
                let mut names: Vec<String> = std::iter::once(&statement.vulnerability)
                    .chain(&statement.aliases)
                    .map(|name| name.to_ascii_uppercase())
                    .collect();
                names.sort_unstable();
                names.dedup();
                for name in names {
                    by_id.entry(name).or_default().push((document, statement));
                }
            }
        }
        Index { by_id }
    }

    /// Holds the statements against the findings of target number `number`: moves what they take away to the target's
    /// suppressed findings, notes on the others what is said, and gives what is said of each that stays.
    pub(crate) fn apply(&self, number: usize, target: &mut TargetReport) -> Vec<Option<VexMark>> {
        if self.by_id.is_empty() {
            return vec![None; target.findings.len()];
        }
        let image = Image::of(target);
        let verdicts: Vec<Option<(&VexDocument, &Statement)>> =
            target.findings.iter().map(|finding| self.verdict(number, finding, target, &image)).collect();
        let mut marks = Vec::with_capacity(target.findings.len());
        let mut kept = Vec::with_capacity(target.findings.len());
        for (mut finding, verdict) in std::mem::take(&mut target.findings).into_iter().zip(verdicts) {
            let by = match verdict.map(|(_, statement)| statement.status) {
                Some(VexStatus::NotAffected) => Some(SuppressedBy::VexNotAffected),
                Some(VexStatus::Fixed) => Some(SuppressedBy::VexFixed),
                _ => None,
            };
            match (verdict, by) {
                (Some((document, statement)), Some(by)) => target.suppressed.push(Suppressed {
                    finding,
                    by,
                    origin: origin(document),
                    reason: reason(statement),
                    expires: None,
                }),
                (verdict, _) => {
                    if let Some((document, statement)) = verdict {
                        note(&mut finding, document, statement);
                    }
                    marks.push(verdict.map(|(_, statement)| VexMark {
                        status: statement.status,
                        justification: statement.justification.clone(),
                    }));
                    kept.push(finding);
                }
            }
        }
        target.findings = kept;
        marks
    }

    /// The statement that counts for a finding.
    fn verdict(
        &self,
        number: usize,
        finding: &Finding,
        target: &TargetReport,
        image: &Image,
    ) -> Option<(&'a VexDocument, &'a Statement)> {
        let package = target.packages.get(finding.package)?;
        let vulnerability = &finding.vulnerability;
        let names = std::iter::once(&vulnerability.id).chain(&vulnerability.aliases);
        names
            .filter_map(|name| self.by_id.get(&name.to_ascii_uppercase()))
            .flatten()
            .filter(|(document, _)| document.target.is_none_or(|target| target == number))
            .filter(|(document, statement)| {
                // A document attached to an image need not say which image it is about.
                (statement.products.is_empty() && document.target.is_some())
                    || statement.products.iter().any(|product| image.covers(product, package, target))
            })
            // The last of equal ones.
            .max_by_key(|(_, statement)| statement.timestamp)
            .copied()
    }
}

fn origin(document: &VexDocument) -> String {
    let id = &document.document.id;
    if id.is_empty() || document.origin.contains(id.as_str()) {
        document.origin.clone()
    } else {
        format!("{} ({id})", document.origin)
    }
}

/// The justification and the impact statement of a statement.
fn reason(statement: &Statement) -> String {
    match (statement.justification.as_str(), statement.impact.as_str()) {
        ("", impact) => impact.to_owned(),
        (justification, "") => justification.to_owned(),
        (justification, impact) => format!("{justification}: {impact}"),
    }
}

/// Notes on a finding what a statement that does not take it away says.
fn note(finding: &mut Finding, document: &VexDocument, statement: &Statement) {
    let open = finding.fixed_versions.is_empty();
    match statement.status {
        VexStatus::UnderInvestigation if open && finding.status == Status::Affected => {
            finding.status = Status::UnderInvestigation;
        }
        VexStatus::Affected if matches!(finding.status, Status::NotAffected | Status::UnderInvestigation) => {
            finding.status = if open { Status::Affected } else { Status::Fixed };
        }
        _ => {}
    }
    if let Some(reason) = finding.reasons.first_mut() {
        if !reason.note.is_empty() {
            reason.note.push_str("; ");
        }
        reason.note.push_str(&format!("VEX {}: {}", origin(document), statement.status.word()));
        if !statement.action.is_empty() {
            reason.note.push_str(&format!(", {}", statement.action));
        }
    }
}
