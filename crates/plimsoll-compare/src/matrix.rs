//! A selection matrix: criteria with weights, and the scores that somebody gave each scanner. The weighted totals stand
//! beside what was measured on the reports at hand.

use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::Comparison;

/// The most criteria, and the most scanners of one criterion.
const MAX_ENTRIES: usize = 100;

/// Weights that sum to 1 within this are taken as they are.
const TOLERANCE: f64 = 1e-6;

/// A selection matrix as it stands in a file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// The criteria, in the file's order.
    pub criteria: Vec<Criterion>,
}

/// One criterion.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Its name, in any language.
    pub name: String,
    /// Its weight against the others.
    pub weight: f64,
    /// The score of each scanner, in the file's order; `None` for one that is named without a score.
    #[serde(deserialize_with = "scores")]
    pub scores: Vec<(String, Option<f64>)>,
}

/// A map in the order of its keys in the file.
fn scores<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Option<f64>)>, D::Error> {
    struct Scores;
    impl<'de> Visitor<'de> for Scores {
        type Value = Vec<(String, Option<f64>)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a score for each scanner")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut scores: Self::Value = Vec::new();
            while let Some((name, score)) = map.next_entry::<String, Option<f64>>()? {
                if scores.iter().any(|(known, _)| *known == name) {
                    return Err(de::Error::custom(format_args!("'{name}' has two scores")));
                }
                if scores.len() >= MAX_ENTRIES {
                    return Err(de::Error::custom(format_args!("more than {MAX_ENTRIES} scores")));
                }
                scores.push((name, score));
            }
            Ok(scores)
        }
    }
    deserializer.deserialize_map(Scores)
}

/// Why a matrix cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MatrixError {
    /// No criterion.
    #[error("the matrix has no criteria")]
    Empty,
    /// Too many criteria.
    #[error("the matrix has more than {MAX_ENTRIES} criteria")]
    TooMany,
    /// Two criteria of one name.
    #[error("the criterion '{0}' stands in the matrix twice")]
    Twice(String),
    /// A weight that is no weight.
    #[error("the weight of '{0}' is not a number from 0 up")]
    Weight(String),
    /// Only weights of 0.
    #[error("the weights of the matrix sum to 0")]
    Weightless,
    /// A score that is no score.
    #[error("the score of {scanner} for '{criterion}' is not a number from 0 up")]
    Score {
        /// The criterion.
        criterion: String,
        /// The scanner.
        scanner: String,
    },
}

/// What can be measured on reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measurement {
    /// The share of all pairs that was found.
    Coverage,
    /// Seconds of the scan.
    Seconds,
    /// Findings that no other scanner has.
    Unique,
    /// Findings that another scanner speaks against.
    FalseAlarms,
}

impl Measurement {
    /// The word for documents.
    pub const fn word(self) -> &'static str {
        match self {
            Measurement::Coverage => "coverage",
            Measurement::Seconds => "seconds",
            Measurement::Unique => "unique",
            Measurement::FalseAlarms => "false-alarm-candidates",
        }
    }

    /// The measurement that a criterion's name asks for, in English or Chinese; `None` for what no report can show.
    pub fn of(name: &str) -> Option<Measurement> {
        const NAMES: &[(&str, Measurement)] = &[
            ("误报", Measurement::FalseAlarms),
            ("誤報", Measurement::FalseAlarms),
            ("false", Measurement::FalseAlarms),
            ("独有", Measurement::Unique),
            ("unique", Measurement::Unique),
            ("覆盖", Measurement::Coverage),
            ("覆蓋", Measurement::Coverage),
            ("coverage", Measurement::Coverage),
            ("检出", Measurement::Coverage),
            ("detection", Measurement::Coverage),
            ("速度", Measurement::Seconds),
            ("耗时", Measurement::Seconds),
            ("时间", Measurement::Seconds),
            ("speed", Measurement::Seconds),
            ("duration", Measurement::Seconds),
            ("scan time", Measurement::Seconds),
        ];
        let name = name.to_lowercase();
        NAMES.iter().find(|(part, _)| name.contains(part)).map(|(_, measurement)| *measurement)
    }

    /// Whether more of it is better.
    const fn more_is_better(self) -> bool {
        matches!(self, Measurement::Coverage | Measurement::Unique)
    }
}

/// A matrix with its totals.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighted {
    /// The scanners, in the order in which the file names them.
    pub scanners: Vec<Scanner>,
    /// The criteria, in the file's order.
    pub criteria: Vec<Row>,
    /// What was done to the matrix, and where the reports speak against it.
    pub notes: Vec<String>,
}

/// A scanner of the matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Scanner {
    /// Its name in the matrix.
    pub name: String,
    /// The place of its report among those compared.
    pub report: Option<usize>,
    /// The weighted mean of the scores that it has; `None` when it has none with a weight.
    pub total: Option<f64>,
    /// The share of the weight for which it has scores, between 0 and 1.
    pub scored: f64,
    /// Its place by the total, from 1; equal totals share one.
    pub rank: Option<usize>,
}

/// A criterion of the matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Its weight; all of them sum to 1.
    pub weight: f64,
    /// What of it the reports show.
    pub measurement: Option<Measurement>,
    /// For each scanner the score.
    pub scores: Vec<Option<f64>>,
    /// For each scanner what was measured.
    pub measured: Vec<Option<f64>>,
}

impl Matrix {
    /// Weighs the scores and sets them beside the reports.
    pub fn weigh(&self, comparison: &Comparison) -> Result<Weighted, MatrixError> {
        self.check()?;
        let sum: f64 = self.criteria.iter().map(|criterion| criterion.weight).sum();
        if sum <= 0.0 || !sum.is_finite() {
            return Err(MatrixError::Weightless);
        }
        let mut notes = Vec::new();
        let normal = (sum - 1.0).abs() <= TOLERANCE;
        if !normal {
            notes.push(format!("the weights sum to {}, so each was divided by that", number(sum)));
        }
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in self.criteria.iter().flat_map(|criterion| &criterion.scores) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let reports: Vec<Option<usize>> = names.iter().map(|name| comparison.report(name)).collect();
        let criteria: Vec<Row> = self
            .criteria
            .iter()
            .map(|criterion| {
                let measurement = Measurement::of(&criterion.name);
                let score = |name: &&str| criterion.scores.iter().find(|(known, _)| known == name)?.1;
                Row {
                    name: criterion.name.clone(),
                    weight: if normal { criterion.weight } else { criterion.weight / sum },
                    measurement,
                    scores: names.iter().map(score).collect(),
                    measured: reports
                        .iter()
                        .map(|place| measured(comparison, (*place)?, measurement?))
                        .collect(),
                }
            })
            .collect();
        let scanners = scanners(&names, &reports, &criteria, &mut notes);
        contradictions(&names, &criteria, &mut notes);
        Ok(Weighted { scanners, criteria, notes })
    }

    fn check(&self) -> Result<(), MatrixError> {
        if self.criteria.is_empty() {
            return Err(MatrixError::Empty);
        }
        if self.criteria.len() > MAX_ENTRIES {
            return Err(MatrixError::TooMany);
        }
        for (place, criterion) in self.criteria.iter().enumerate() {
            let name = || criterion.name.clone();
            if self.criteria.iter().take(place).any(|earlier| earlier.name == criterion.name) {
                return Err(MatrixError::Twice(name()));
            }
            let sound = |value: f64| value.is_finite() && (0.0..=1e9).contains(&value);
            if !sound(criterion.weight) {
                return Err(MatrixError::Weight(name()));
            }
            if let Some((scanner, _)) =
                criterion.scores.iter().find(|(_, score)| score.is_some_and(|score| !sound(score)))
            {
                return Err(MatrixError::Score { criterion: name(), scanner: scanner.clone() });
            }
        }
        Ok(())
    }
}

fn scanners(
    names: &[&str],
    reports: &[Option<usize>],
    criteria: &[Row],
    notes: &mut Vec<String>,
) -> Vec<Scanner> {
    let mut scanners: Vec<Scanner> = names
        .iter()
        .zip(reports)
        .enumerate()
        .map(|(place, (name, report))| {
            let (mut points, mut weight) = (0.0, 0.0);
            for row in criteria {
                if let Some(score) = row.scores.get(place).copied().flatten() {
                    points += row.weight * score;
                    weight += row.weight;
                }
            }
            let total = (weight > 0.0)
                .then(|| if (weight - 1.0).abs() <= TOLERANCE { points } else { points / weight });
            Scanner { name: (*name).to_owned(), report: *report, total, scored: weight.min(1.0), rank: None }
        })
        .collect();
    for (scanner, name) in scanners.iter().zip(names) {
        let missing = (1.0 - scanner.scored) > TOLERANCE;
        if missing && scanner.total.is_some() {
            notes.push(format!(
                "{name} has no score for some criteria; its total is over {} % of the weight",
                number(scanner.scored * 100.0)
            ));
        } else if missing {
            notes.push(format!("{name} has no score that counts"));
        }
    }
    let totals: Vec<Option<f64>> = scanners.iter().map(|scanner| scanner.total).collect();
    for scanner in &mut scanners {
        let better = |own: f64| totals.iter().flatten().filter(|other| **other > own + TOLERANCE).count();
        scanner.rank = scanner.total.map(|total| better(total) + 1);
    }
    scanners
}

/// Notes where two scanners are scored one way round and were measured the other.
fn contradictions(names: &[&str], criteria: &[Row], notes: &mut Vec<String>) {
    for row in criteria {
        let Some(measurement) = row.measurement else { continue };
        let entries: Vec<(&str, f64, f64)> = names
            .iter()
            .zip(row.scores.iter().zip(&row.measured))
            .filter_map(|(name, (score, measured))| Some((*name, (*score)?, (*measured)?)))
            .collect();
        for (place, (name, score, value)) in entries.iter().enumerate() {
            for (other, other_score, other_value) in entries.iter().skip(place + 1) {
                let (by_score, by_value) = (score - other_score, value - other_value);
                let by_value = if measurement.more_is_better() { by_value } else { -by_value };
                if by_score * by_value < 0.0 {
                    let (high, low) = if by_score > 0.0 { (name, other) } else { (other, name) };
                    notes.push(format!(
                        "{}: {high} is scored above {low}, and measured below it on these reports",
                        row.name
                    ));
                }
            }
        }
    }
}

fn measured(comparison: &Comparison, place: usize, measurement: Measurement) -> Option<f64> {
    let measured = comparison.reports.get(place)?.measured;
    // A report by itself covers all of itself.
    let several = comparison.reports.len() > 1;
    match measurement {
        Measurement::Coverage => measured.coverage().filter(|_| several),
        Measurement::Seconds => measured.seconds,
        Measurement::Unique => several.then_some(measured.unique as f64),
        Measurement::FalseAlarms => several.then_some(measured.false_alarm_candidates as f64),
    }
}

/// A number with at most two decimals and none that say nothing: `8.6`, `7`.
pub fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text.is_empty() || text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Given<'a> = (&'a str, f64, &'a [(&'a str, Option<f64>)]);

    fn matrix(criteria: &[Given<'_>]) -> Matrix {
        let criterion = |(name, weight, scores): &Given<'_>| Criterion {
            name: (*name).to_owned(),
            weight: *weight,
            scores: scores.iter().map(|(name, score)| ((*name).to_owned(), *score)).collect(),
        };
        Matrix { criteria: criteria.iter().map(criterion).collect() }
    }

    fn none() -> Comparison {
        crate::compare(&[]).unwrap()
    }

    fn totals(weighted: &Weighted) -> Vec<String> {
        weighted.scanners.iter().map(|scanner| scanner.total.map_or("-".into(), number)).collect()
    }

    // By hand: 0.3·9 + 0.4·8 + 0.3·9 = 8.6; 0.3·7 + 0.4·9 + 0.3·6 = 7.5; 0.3·6 + 0.4·8 + 0.3·7 = 7.1.
    #[test]
    fn totals_are_weighted_means() {
        let scores = |a, b, c| [("Trivy", Some(a)), ("Clair", Some(b)), ("Anchore", Some(c))];
        let rows = [scores(9.0, 7.0, 6.0), scores(8.0, 9.0, 8.0), scores(9.0, 6.0, 7.0)];
        for factor in [1.0, 10.0, 0.5] {
            let matrix = matrix(&[
                ("扫描速度", 0.3 * factor, &rows[0]),
                ("CVE覆盖", 0.4 * factor, &rows[1]),
                ("集成难度", 0.3 * factor, &rows[2]),
            ]);
            let weighted = matrix.weigh(&none()).unwrap();
            assert_eq!(totals(&weighted), ["8.6", "7.5", "7.1"]);
            assert_eq!(
                weighted.scanners.iter().map(|s| s.rank).collect::<Vec<_>>(),
                [Some(1), Some(2), Some(3)]
            );
            assert_eq!(weighted.notes.len(), usize::from(factor != 1.0), "{:?}", weighted.notes);
            let measurements: Vec<_> = weighted.criteria.iter().map(|row| row.measurement).collect();
            assert_eq!(measurements, [Some(Measurement::Seconds), Some(Measurement::Coverage), None]);
        }
    }

    // By hand: A (0.5·8 + 0.2·5) / 0.7 = 7.142…; B 0.5·6 + 0.3·9 + 0.2·5 = 6.7.
    #[test]
    fn missing_scores_count_neither_way() {
        let matrix = matrix(&[
            ("x", 0.5, &[("A", Some(8.0)), ("B", Some(6.0)), ("C", None)]),
            ("y", 0.3, &[("A", None), ("B", Some(9.0))]),
            ("z", 0.2, &[("B", Some(5.0)), ("A", Some(5.0))]),
        ]);
        let weighted = matrix.weigh(&none()).unwrap();
        assert_eq!(totals(&weighted), ["7.14", "6.7", "-"]);
        assert_eq!(
            weighted.notes,
            [
                "A has no score for some criteria; its total is over 70 % of the weight",
                "C has no score that counts"
            ]
        );
        assert_eq!(weighted.scanners.iter().map(|s| s.rank).collect::<Vec<_>>(), [Some(1), Some(2), None]);
    }

    #[test]
    fn what_is_no_matrix_is_refused() {
        let a: &[(&str, Option<f64>)] = &[("A", Some(1.0))];
        for (criteria, expected) in [
            (vec![], MatrixError::Empty),
            (vec![("x", 0.0, a)], MatrixError::Weightless),
            (vec![("x", f64::NAN, a)], MatrixError::Weight("x".into())),
            (vec![("x", -1.0, a)], MatrixError::Weight("x".into())),
            (vec![("x", f64::INFINITY, a)], MatrixError::Weight("x".into())),
            (vec![("x", 1.0, a), ("x", 1.0, a)], MatrixError::Twice("x".into())),
            (
                vec![("x", 1.0, &[("A", Some(-3.0))][..])],
                MatrixError::Score { criterion: "x".into(), scanner: "A".into() },
            ),
        ] {
            assert_eq!(matrix(&criteria).weigh(&none()), Err(expected));
        }
        assert_eq!(matrix(&vec![("x", 1.0, a); 101]).weigh(&none()), Err(MatrixError::TooMany));
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            [8.600_000_000_000_001, 7.0, 0.0, 100.0, 0.001, 12.344].map(number),
            ["8.6", "7", "0", "100", "0", "12.34"]
        );
    }
}
