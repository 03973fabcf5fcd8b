//! Counts over a report: packages, findings per severity, problems.

use plimsoll_types::{Report, Severity, Status, TargetReport};

/// Numbers of findings per severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SeverityCounts {
    /// Critical findings.
    pub critical: usize,
    /// High findings.
    pub high: usize,
    /// Medium findings.
    pub medium: usize,
    /// Low findings.
    pub low: usize,
    /// Negligible findings.
    pub negligible: usize,
    /// Findings whose severity no source says.
    pub unknown: usize,
}

impl SeverityCounts {
    const NOTHING: SeverityCounts =
        SeverityCounts { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, unknown: 0 };

    /// The number for one severity.
    pub fn get(&self, severity: Severity) -> usize {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
            Severity::Negligible => self.negligible,
            Severity::Unknown => self.unknown,
        }
    }

    /// The number of all findings.
    pub fn total(&self) -> usize {
        Severity::ALL.into_iter().map(|severity| self.get(severity)).sum()
    }

    /// The number of findings of this severity or a worse one.
    pub fn at_least(&self, severity: Severity) -> usize {
        Severity::ALL.into_iter().filter(|other| *other >= severity).map(|other| self.get(other)).sum()
    }

    fn slot(&mut self, severity: Severity) -> &mut usize {
        match severity {
            Severity::Critical => &mut self.critical,
            Severity::High => &mut self.high,
            Severity::Medium => &mut self.medium,
            Severity::Low => &mut self.low,
            Severity::Negligible => &mut self.negligible,
            Severity::Unknown => &mut self.unknown,
        }
    }
}

/// Counts for one target or for a whole report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Installed packages.
    pub packages: usize,
    /// Findings per severity, without those whose status is "not affected".
    pub findings: SeverityCounts,
    /// Those of `findings` for which a fix exists.
    pub fixable: usize,
    /// Those of `findings` that are known to be exploited.
    pub known_exploited: usize,
    /// Findings whose status is "not affected"; they count nowhere else.
    pub not_affected: usize,
    /// Findings that were held back; they count nowhere else.
    pub suppressed: usize,
    /// Secrets, faults of configuration, malware, tampering, per severity.
    pub detections: SeverityCounts,
    /// Detections that were held back; they count nowhere else.
    pub suppressed_detections: usize,
    /// Problems, also those that leave the scan complete.
    pub problems: usize,
    /// True when everything was analysed.
    pub complete: bool,
}

impl Counts {
    const NOTHING: Counts = Counts {
        packages: 0,
        findings: SeverityCounts::NOTHING,
        detections: SeverityCounts::NOTHING,
        suppressed_detections: 0,
        fixable: 0,
        known_exploited: 0,
        not_affected: 0,
        suppressed: 0,
        problems: 0,
        complete: true,
    };

    fn of(target: &TargetReport) -> Counts {
        let mut counts = Counts {
            packages: target.packages.len(),
            suppressed: target.suppressed.len(),
            suppressed_detections: target.suppressed_detections.len(),
            problems: target.problems.len(),
            complete: target.complete(),
            ..Counts::NOTHING
        };
        for finding in &target.findings {
            if finding.status == Status::NotAffected {
                counts.not_affected += 1;
                continue;
            }
            *counts.findings.slot(finding.vulnerability.severity) += 1;
            counts.fixable +=
                usize::from(finding.status == Status::Fixed || !finding.fixed_versions.is_empty());
            counts.known_exploited += usize::from(finding.vulnerability.known_exploited);
        }
        for detection in &target.detections {
            *counts.detections.slot(detection.severity) += 1;
        }
        counts
    }

    fn add(&mut self, other: &Counts) {
        self.packages += other.packages;
        for severity in Severity::ALL {
            *self.findings.slot(severity) += other.findings.get(severity);
            *self.detections.slot(severity) += other.detections.get(severity);
        }
        self.fixable += other.fixable;
        self.known_exploited += other.known_exploited;
        self.not_affected += other.not_affected;
        self.suppressed += other.suppressed;
        self.suppressed_detections += other.suppressed_detections;
        self.problems += other.problems;
        self.complete &= other.complete;
    }
}

/// The counts of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Over all targets.
    pub total: Counts,
    /// Per target, in the report's order.
    pub targets: Vec<Counts>,
}

/// Counts what a report holds.
pub fn summary(report: &Report) -> Summary {
    let targets: Vec<Counts> = report.targets.iter().map(Counts::of).collect();
    let mut total = Counts::NOTHING;
    for counts in &targets {
        total.add(counts);
    }
    Summary { total, targets }
}
