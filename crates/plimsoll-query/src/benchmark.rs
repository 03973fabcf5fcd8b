//! Benchmarks: files (YAML, or JSON as a part of it) with checks, each by a query or by a built-in rule. `docs/cis.md` defines the
//! members.

use std::collections::BTreeSet;

use plimsoll_types::{Class, Scanner, Severity, class};
use serde::Deserialize;

use crate::tables::TABLES;

/// The benchmark that ships: sections 4 and 5 of the CIS Docker Benchmark, by its identifiers, in words of our own.
pub const SHIPPED: &str = include_str!("../benchmarks/cis-docker.yaml");

/// The most bytes of a benchmark.
pub const MAX_BYTES: u64 = 4 << 20;

/// The most checks of a benchmark.
const MAX_CHECKS: usize = 2_000;

/// Why a benchmark cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BenchmarkError {
    /// It is not UTF-8.
    #[error("it is not UTF-8")]
    NotText,
    /// It is larger than it may be.
    #[error("it is larger than {MAX_BYTES} bytes")]
    TooLarge,
    /// It is no YAML, or not of this shape.
    #[error("line {line}: {message}")]
    Yaml {
        /// The line, from 1.
        line: u64,
        /// What is wrong there.
        message: String,
    },
    /// It has no checks.
    #[error("it has no checks")]
    Empty,
    /// It has too many checks.
    #[error("it has more than {MAX_CHECKS} checks")]
    TooMany,
    /// A check's member does not hold what it should.
    #[error("check '{id}': {message}")]
    Check {
        /// The check's id, or its number where it has none.
        id: String,
        /// What is wrong with it.
        message: String,
    },
    /// A check without SQL has an id that is no built-in rule's.
    #[error("check '{0}' has no SQL, and there is no built-in rule of that name")]
    NoRule(String),
}

impl BenchmarkError {
    /// What can be done about it, where there is something to say.
    pub fn hint(&self) -> Option<&'static str> {
        matches!(self, BenchmarkError::NoRule(_)).then_some(
            "give the check a query (`check: SELECT …`), or the code or alias of a built-in rule (`rule: CFG-ROOT`); \
             `plimsoll list rules` shows them",
        )
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBenchmark {
    #[serde(default)]
    title: String,
    #[serde(default)]
    version: String,
    checks: Vec<RawCheck>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCheck {
    id: String,
    #[serde(default)]
    description: String,
    check: Option<String>,
    rule: Option<String>,
    #[serde(default)]
    remediation: String,
    severity: Option<String>,
    level: Option<u8>,
    #[serde(default)]
    requires: Vec<String>,
    #[serde(default)]
    scanners: Vec<String>,
    applies: Option<String>,
    not_applicable: Option<String>,
    manual: Option<String>,
}

/// How a check is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// By a query that gives what fails.
    Query(String),
    /// By a built-in rule: what it found fails.
    Rule(&'static Class),
    /// Not by Plimsoll; the text says why.
    Manual(String),
}

/// A check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its id, unique in the benchmark.
    pub id: String,
    /// What is wanted, in a sentence.
    pub description: String,
    /// How it is decided.
    pub decision: Decision,
    /// What to do when it fails.
    pub remediation: String,
    /// How bad a failure is.
    pub severity: Severity,
    /// The benchmark's level (profile) that the check belongs to.
    pub level: Option<u8>,
    /// Tables that must have rows, or the check cannot be decided.
    pub requires: Vec<String>,
    /// What the scans of images must have looked for, or that nothing was found proves nothing.
    pub scanners: Vec<Scanner>,
    /// A query that must give a row, or the check does not apply.
    pub applies: Option<String>,
    /// Why it does not apply, then.
    pub not_applicable: String,
}

/// A benchmark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Benchmark {
    /// What it is.
    pub title: String,
    /// Its version.
    pub version: String,
    /// Its checks, in its own order.
    pub checks: Vec<Check>,
}

impl Benchmark {
    /// Reads a benchmark. Queries are not tried here: that wants a database.
    ///
    /// # Errors
    ///
    /// When it is no benchmark, or a check names what there is not.
    pub fn read(bytes: &[u8]) -> Result<Benchmark, BenchmarkError> {
        if bytes.len() as u64 > MAX_BYTES {
            return Err(BenchmarkError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| BenchmarkError::NotText)?;
        let raw = parse(text)?;
        if raw.checks.is_empty() {
            return Err(BenchmarkError::Empty);
        }
        if raw.checks.len() > MAX_CHECKS {
            return Err(BenchmarkError::TooMany);
        }
        let mut ids = BTreeSet::new();
        let mut checks = Vec::with_capacity(raw.checks.len());
        for (number, check) in raw.checks.into_iter().enumerate() {
            let check = check.check(number)?;
            if !ids.insert(check.id.to_ascii_lowercase()) {
                return Err(BenchmarkError::Check { id: check.id, message: "stands there twice".to_owned() });
            }
            checks.push(check);
        }
        Ok(Benchmark { title: raw.title, version: raw.version, checks })
    }
}

fn parse(text: &str) -> Result<RawBenchmark, BenchmarkError> {
    plimsoll_yaml::parse(text)
        .map_err(|error| BenchmarkError::Yaml { line: error.line, message: error.message })
}

impl RawCheck {
    fn check(self, number: usize) -> Result<Check, BenchmarkError> {
        let id = self.id.trim().to_owned();
        let shown: String = if id.is_empty() {
            format!("number {}", number.saturating_add(1))
        } else {
            id.chars().take(80).collect()
        };
        let wrong = |message: String| BenchmarkError::Check { id: shown.clone(), message };
        if id.is_empty() {
            return Err(wrong("it has no id".to_owned()));
        }
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let (query, rule, manual) = (filled(self.check), filled(self.rule), filled(self.manual));
        // The class whose words are used where the file has none of its own.
        let named = class(rule.as_deref().unwrap_or(&id).trim());
        let missing = || {
            BenchmarkError::NoRule(rule.clone().unwrap_or_else(|| shown.clone()).chars().take(80).collect())
        };
        let decision = match (query, rule.as_ref(), manual) {
            (Some(query), None, None) => Decision::Query(query),
            (None, _, None) => Decision::Rule(named.ok_or_else(missing)?),
            (None, None, Some(reason)) => Decision::Manual(reason.trim().to_owned()),
            _ => return Err(wrong("it has more than one of check, rule and manual".to_owned())),
        };
        if let Some(table) =
            self.requires.iter().find(|name| TABLES.iter().all(|table| table.name != name.as_str()))
        {
            let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
            let shown: String = table.chars().take(80).collect();
            return Err(wrong(format!(
                "requires: there is no table '{shown}'; there is {}",
                names.join(", ")
            )));
        }
        let mut scanners = Vec::new();
        for word in &self.scanners {
            let Some(scanner) = Scanner::ALL.into_iter().find(|scanner| scanner.word() == word) else {
                let known: Vec<&str> = Scanner::ALL.iter().map(|scanner| scanner.word()).collect();
                let shown: String = word.chars().take(80).collect();
                return Err(wrong(format!("scanners: there is no '{shown}'; there is {}", known.join(", "))));
            };
            scanners.push(scanner);
        }
        if let Decision::Rule(class) = &decision {
            scanners.push(class.scanner);
        }
        let severity = match self.severity {
            Some(word) => word.parse::<Severity>().map_err(|error| wrong(format!("severity: {error}")))?,
            None => named.map_or(Severity::Medium, |class| class.severity),
        };
        let or = |own: &str, class: Option<&str>| {
            let own = own.trim();
            if own.is_empty() { class.unwrap_or_default().to_owned() } else { own.to_owned() }
        };
        Ok(Check {
            description: or(&self.description, Some(named.map_or(id.as_str(), |class| class.title))),
            remediation: or(&self.remediation, named.map(|class| class.remedy)),
            decision,
            severity,
            level: self.level,
            requires: self.requires,
            scanners,
            applies: filled(self.applies),
            not_applicable: filled(self.not_applicable)
                .unwrap_or_else(|| "it does not apply here".to_owned()),
            id,
        })
    }
}
