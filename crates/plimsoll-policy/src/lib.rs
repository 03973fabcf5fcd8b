//! Policy: which findings are shown, and whether a target is within what its user allows. Pure functions from a result
//! to a decision with its reasons.

use std::collections::BTreeSet;

use plimsoll_types::{Finding, Severity, Status, TargetReport};

/// Which findings are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// The severities to show; empty for all.
    pub severities: BTreeSet<Severity>,
    /// Leave out what no version fixes.
    pub ignore_unfixed: bool,
}

impl Filter {
    /// True when `finding` is shown.
    pub fn keeps(&self, finding: &Finding) -> bool {
        (self.severities.is_empty() || self.severities.contains(&finding.vulnerability.severity))
            && !(self.ignore_unfixed && finding.fixed_versions.is_empty())
    }

    /// Takes out of `target` what is not shown.
    pub fn apply(&self, target: &mut TargetReport) {
        target.findings.retain(|finding| self.keeps(finding));
    }
}

/// What a target must keep to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gate {
    /// Shown findings of this severity or worse violate the policy.
    pub fail_on: Option<Severity>,
}

impl Gate {
    /// Why `target` violates the policy, one reason a line; none when it is within.
    pub fn violations(&self, target: &TargetReport) -> Vec<String> {
        let Some(threshold) = self.fail_on else { return Vec::new() };
        let worse = |finding: &&Finding| {
            finding.vulnerability.severity >= threshold && finding.status != Status::NotAffected
        };
        match target.findings.iter().filter(worse).count() {
            0 => Vec::new(),
            // "unknown or worse" would read oddly for a threshold that takes everything.
            count if threshold == Severity::Unknown => vec![format!("{}: {count} findings", target.name)],
            count => vec![format!("{}: {count} findings of severity {threshold} or worse", target.name)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_types::Vulnerability;

    fn finding(severity: Severity, fixed: &[&str], status: Status) -> Finding {
        Finding {
            vulnerability: Vulnerability { id: "CVE-2000-1".into(), severity, ..Vulnerability::default() },
            status,
            fixed_versions: fixed.iter().map(|version| (*version).to_owned()).collect(),
            ..Finding::default()
        }
    }

    fn target(findings: Vec<Finding>) -> TargetReport {
        TargetReport { name: "image".into(), findings, ..TargetReport::default() }
    }

    #[test]
    fn filters_by_severity_and_fix() {
        let mut report = target(vec![
            finding(Severity::High, &["2"], Status::Fixed),
            finding(Severity::High, &[], Status::Affected),
            finding(Severity::Low, &["2"], Status::Fixed),
        ]);
        Filter { severities: [Severity::High].into(), ignore_unfixed: false }.apply(&mut report);
        assert_eq!(report.findings.len(), 2);
        Filter { severities: BTreeSet::new(), ignore_unfixed: true }.apply(&mut report);
        assert_eq!(report.findings.len(), 1);
    }

    #[test]
    fn the_gate_counts_from_its_threshold_up() {
        let report = target(vec![
            finding(Severity::Medium, &[], Status::Affected),
            finding(Severity::Critical, &[], Status::NotAffected),
        ]);
        let gate = |severity| Gate { fail_on: Some(severity) }.violations(&report);
        assert_eq!(gate(Severity::Medium), ["image: 1 findings of severity medium or worse"]);
        assert_eq!(gate(Severity::High), Vec::<String>::new());
        assert_eq!(Gate::default().violations(&report), Vec::<String>::new());
    }
}
