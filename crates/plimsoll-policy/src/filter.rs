//! Which findings are shown.

use std::collections::BTreeSet;

use plimsoll_types::{Detection, Finding, Severity, Status, TargetReport};

/// Which findings are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// The severities to show; empty for all.
    pub severities: BTreeSet<Severity>,
    /// Leave out what no version fixes.
    pub ignore_unfixed: bool,
    /// Leave out what has one of these statuses.
    pub ignore_statuses: BTreeSet<Status>,
}

impl Filter {
    /// True when `finding` is shown.
    pub fn keeps(&self, finding: &Finding) -> bool {
        (self.severities.is_empty() || self.severities.contains(&finding.vulnerability.severity))
            && !(self.ignore_unfixed && finding.fixed_versions.is_empty())
            && !self.ignore_statuses.contains(&finding.status)
    }

    /// True when `detection` is shown. Whether a version fixes it is nothing that can be asked of it.
    pub fn keeps_detection(&self, detection: &Detection) -> bool {
        self.severities.is_empty() || self.severities.contains(&detection.severity)
    }

    /// Takes out of `target` what is not shown.
    pub fn apply(&self, target: &mut TargetReport) {
        target.findings.retain(|finding| self.keeps(finding));
        target.detections.retain(|detection| self.keeps_detection(detection));
    }
}

/// By what findings are sorted, the worst first. Package and identifier decide between equal ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// By risk, then by severity.
    #[default]
    Risk,
    /// By severity, then by risk.
    Severity,
}

impl Sort {
    /// Sorts the findings of `target`, and those that were held back.
    pub fn apply(self, target: &mut TargetReport) {
        let order = |a: &Finding, b: &Finding| {
            let score = |finding: &Finding| finding.risk.as_ref().map_or(0, |risk| risk.score);
            let risk = score(b).cmp(&score(a));
            let severity = b.vulnerability.severity.cmp(&a.vulnerability.severity);
            match self {
                Sort::Risk => risk.then(severity),
                Sort::Severity => severity.then(risk),
            }
            .then_with(|| a.package.cmp(&b.package))
            .then_with(|| a.vulnerability.id.cmp(&b.vulnerability.id))
        };
        target.findings.sort_by(order);
        target.suppressed.sort_by(|a, b| order(&a.finding, &b.finding));
    }
}
