//! What the reports at hand show of each scanner, in numbers.

use crate::diff::{Pair, Reason};

/// What was measured of one report.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Measured {
    /// Pairs of vulnerability and package that it found.
    pub found: usize,
    /// Pairs that any of the reports found.
    pub union: usize,
    /// Pairs that it alone found.
    pub unique: usize,
    /// Of these, those that another report speaks against: it lists the package in that version and nothing for it, or
    /// sets the finding aside, while it has advisories of the same source.
    pub false_alarm_candidates: usize,
    /// Seconds that the scan took, where somebody said so.
    pub seconds: Option<f64>,
}

impl Measured {
    /// The share of all pairs that it found, between 0 and 1; `None` where no report found anything.
    pub fn coverage(&self) -> Option<f64> {
        (self.union > 0).then(|| self.found as f64 / self.union as f64)
    }
}

/// Measures each of `reports` reports.
pub(crate) fn measure(pairs: &[Pair], reports: usize) -> Vec<Measured> {
    let mut measured = vec![Measured::default(); reports];
    let union = pairs.iter().filter(|pair| pair.found_by() > 0).count();
    for (place, measured) in measured.iter_mut().enumerate() {
        measured.union = union;
        for pair in pairs {
            if !pair.cells.get(place).is_some_and(|cell| cell.found) {
                continue;
            }
            measured.found += 1;
            if reports > 1 && pair.found_by() == 1 {
                measured.unique += 1;
                let against =
                    |reason: Option<Reason>| matches!(reason, Some(Reason::NoAdvisory | Reason::Suppressed));
                let others = pair.cells.iter().filter(|cell| !cell.found);
                measured.false_alarm_candidates += usize::from(others.into_iter().any(|c| against(c.reason)));
            }
        }
    }
    measured
}
