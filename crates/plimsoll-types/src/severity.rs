//! Severity words.

use std::fmt;
use std::str::FromStr;

/// How bad a finding is, from worst to least in descending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Severity {
    /// No source says.
    #[default]
    Unknown,
    /// Hardly exploitable or of no consequence ("unimportant", "none").
    Negligible,
    /// Low.
    Low,
    /// Medium ("moderate").
    Medium,
    /// High ("important").
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// All of them, worst first.
    pub const ALL: [Severity; 6] = [
        Severity::Critical,
        Severity::High,
        Severity::Medium,
        Severity::Low,
        Severity::Negligible,
        Severity::Unknown,
    ];

    /// The lower-case word, such as `critical`.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Unknown => "unknown",
            Severity::Negligible => "negligible",
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }

    /// The rating of a CVSS base score (CVSS v3.1 and v4.0, "Qualitative Severity Rating Scale").
    pub fn from_cvss_score(score: f64) -> Severity {
        match score {
            s if s >= 9.0 => Severity::Critical,
            s if s >= 7.0 => Severity::High,
            s if s >= 4.0 => Severity::Medium,
            s if s > 0.0 => Severity::Low,
            _ => Severity::Negligible,
        }
    }
}

/// A word that is no severity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a severity")]
pub struct SeverityError(pub String);

impl FromStr for Severity {
    type Err = SeverityError;

    /// Reads the word in any case, with the synonyms that vendors use.
    fn from_str(s: &str) -> Result<Severity, SeverityError> {
        Ok(match s.trim().to_ascii_lowercase().as_str() {
            "critical" => Severity::Critical,
            "high" | "important" => Severity::High,
            "medium" | "moderate" => Severity::Medium,
            "low" => Severity::Low,
            "negligible" | "unimportant" | "none" => Severity::Negligible,
            "unknown" | "unspecified" | "not yet assigned" => Severity::Unknown,
            _ => return Err(SeverityError(s.chars().take(80).collect())),
        })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip_and_order() {
        for severity in Severity::ALL {
            assert_eq!(severity.word().parse::<Severity>().unwrap(), severity);
        }
        assert!(Severity::ALL.is_sorted_by(|a, b| a > b));
        assert_eq!("Important".parse::<Severity>().unwrap(), Severity::High);
        assert!("dreadful".parse::<Severity>().is_err());
    }
}
