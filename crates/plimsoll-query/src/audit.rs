//! Audits: a benchmark held against a database. A check that finds something fails; one that cannot be decided is skipped and says
//! why, since a check that looked at nothing has not passed.

use std::fmt::Write as _;

use plimsoll_types::Severity;
use serde_json::{Map, Value, json};

use crate::benchmark::{Benchmark, Check, Decision};
use crate::engine::{Database, QueryError};
use crate::render::{plain, text};

/// How many failing rows a check lists.
pub const MOST_ROWS: usize = 100;

/// What became of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Something fails it.
    Fail,
    /// Its query could not be answered.
    Error,
    /// It could not be decided, or does not apply.
    Skipped,
    /// Nothing fails it.
    Pass,
}

impl State {
    /// All of them, the worst first.
    pub const ALL: [State; 4] = [State::Fail, State::Error, State::Skipped, State::Pass];

    /// The word, such as `fail`.
    pub const fn word(self) -> &'static str {
        match self {
            State::Fail => "fail",
            State::Error => "error",
            State::Skipped => "skipped",
            State::Pass => "pass",
        }
    }
}

/// Something that fails a check.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What it is called: the row's `name`, `container_name` or `image_name`, else its first value.
    pub name: String,
    /// The row's other values, by column.
    pub details: Vec<(String, Value)>,
}

/// A check's outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The check.
    pub check: Check,
    /// What became of it.
    pub state: State,
    /// Why it was skipped or could not be answered; empty otherwise.
    pub reason: String,
    /// What fails it.
    pub failures: Vec<Failure>,
    /// True when more than [`MOST_ROWS`] fail it.
    pub truncated: bool,
}

/// The outcome of a benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// The benchmark's title.
    pub title: String,
    /// The benchmark's version.
    pub version: String,
    /// The outcome of each check, in the benchmark's order.
    pub outcomes: Vec<Outcome>,
}

/// The columns that say what a row is about, the first that is there counts.
const NAMES: [&str; 4] = ["name", "container_name", "image_name", "id"];

/// The images that were scanned, on which built-in rules rest, and what their scans looked for.
const SCANNED: &str = "SELECT name, scanners FROM images WHERE scan_time IS NOT NULL ORDER BY name";

impl Audit {
    /// Holds a benchmark against a database.
    pub fn run(benchmark: &Benchmark, database: &Database) -> Audit {
        let outcomes = benchmark.checks.iter().map(|check| outcome(check, database)).collect();
        Audit { title: benchmark.title.clone(), version: benchmark.version.clone(), outcomes }
    }

    /// How many checks have a state.
    pub fn count(&self, state: State) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.state == state).count()
    }

    /// The worst severity among the checks that fail.
    pub fn worst(&self) -> Option<Severity> {
        let failing = self.outcomes.iter().filter(|outcome| outcome.state == State::Fail);
        failing.map(|outcome| outcome.check.severity).max()
    }
}

fn outcome(check: &Check, database: &Database) -> Outcome {
    let mut outcome = Outcome {
        check: check.clone(),
        state: State::Pass,
        reason: String::new(),
        failures: Vec::new(),
        truncated: false,
    };
    let (state, reason) = match decide(check, database, &mut outcome) {
        Ok(None) if outcome.failures.is_empty() => (State::Pass, String::new()),
        Ok(None) => (State::Fail, String::new()),
        Ok(Some(reason)) => (State::Skipped, reason),
        Err(error) => (State::Error, error.to_string()),
    };
    outcome.state = state;
    outcome.reason = reason;
    outcome
}

/// Fills in what fails a check; gives the reason when it cannot be decided.
fn decide(check: &Check, database: &Database, outcome: &mut Outcome) -> Result<Option<String>, QueryError> {
    if let Decision::Manual(reason) = &check.decision {
        return Ok(Some(reason.clone()));
    }
    for table in &check.requires {
        // The names were held against the register when the benchmark was read.
        if database.query(&format!("SELECT 1 FROM {table} LIMIT 1"))?.rows.is_empty() {
            return Ok(Some(format!("there are no {table} in the input")));
        }
    }
    // A built-in rule always rests on a scanner.
    let scanned = match check.scanners.is_empty() {
        true => Vec::new(),
        false => database.query(SCANNED)?.rows,
    };
    if matches!(check.decision, Decision::Rule(_)) && scanned.is_empty() {
        return Ok(Some("there are no scanned images in the input".to_owned()));
    }
    if let Some(query) = &check.applies
        && database.query(query)?.rows.is_empty()
    {
        return Ok(Some(check.not_applicable.clone()));
    }
    let answer = match &check.decision {
        Decision::Query(query) => database.query(query)?,
        Decision::Rule(class) => database.query(&format!(
            "SELECT image_name AS name, place, line, message FROM findings WHERE code = '{}' \
             ORDER BY image_name, place, line, message",
            class.code
        ))?,
        Decision::Manual(_) => return Ok(None),
    };
    let named = NAMES.iter().find_map(|name| answer.columns.iter().position(|column| column.name == *name));
    let named = named.unwrap_or(0);
    outcome.truncated = answer.truncated || answer.rows.len() > MOST_ROWS;
    outcome.failures = answer
        .rows
        .into_iter()
        .take(MOST_ROWS)
        .map(|row| {
            let mut failure = Failure { name: String::new(), details: Vec::new() };
            for (position, (column, value)) in answer.columns.iter().zip(row).enumerate() {
                if position == named {
                    failure.name = text(&value);
                } else if !value.is_null() {
                    failure.details.push((column.name.clone(), value));
                }
            }
            failure
        })
        .collect();
    Ok(unseen(check, &scanned).filter(|_| outcome.failures.is_empty()))
}

/// Which of the scanned images were scanned without looking for what the check is about, in words.
fn unseen(check: &Check, scanned: &[Vec<Value>]) -> Option<String> {
    let lacks = |row: &&Vec<Value>| {
        let looked = row.get(1).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        check.scanners.iter().any(|scanner| !looked.iter().any(|word| word == scanner.word()))
    };
    let mut images = scanned.iter().filter(lacks).filter_map(|row| row.first());
    let first = text(images.next()?);
    let more = match images.count() {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let words: Vec<&str> = check.scanners.iter().map(|scanner| scanner.word()).collect();
    Some(format!("{first}{more}: scanned without --scanners {}", words.join(",")))
}

impl Audit {
    /// The audit as text for people: what fails first, with what to do, then what could not be decided, then what passed.
    pub fn table(&self) -> String {
        let mut out = String::new();
        let title = [self.title.as_str(), self.version.as_str()].join(" ");
        if !title.trim().is_empty() {
            let _ = writeln!(out, "{}\n", plain(title.trim()));
        }
        for state in State::ALL {
            for outcome in self.outcomes.iter().filter(|outcome| outcome.state == state) {
                outcome.lines(&mut out);
            }
        }
        let counts: Vec<String> = [State::Pass, State::Fail, State::Skipped, State::Error]
            .iter()
            .map(|state| format!("{} {}", self.count(*state), counted(*state)))
            .collect();
        let _ = writeln!(out, "\n{} checks: {}", self.outcomes.len(), counts.join(", "));
        out
    }

    /// The audit as JSON (`docs/cis.md`).
    pub fn json(&self) -> String {
        let checks: Vec<Value> = self.outcomes.iter().map(Outcome::json).collect();
        let summary: Map<String, Value> =
            State::ALL.iter().map(|state| (state.word().to_owned(), self.count(*state).into())).collect();
        let document =
            json!({ "title": self.title, "version": self.version, "checks": checks, "summary": summary });
        format!("{document:#}\n")
    }
}

fn counted(state: State) -> &'static str {
    match state {
        State::Fail => "failed",
        State::Error => "in error",
        State::Skipped => "skipped",
        State::Pass => "passed",
    }
}

impl Outcome {
    fn lines(&self, out: &mut String) {
        let check = &self.check;
        let state = self.state.word().to_ascii_uppercase();
        let _ = writeln!(
            out,
            "{state:<8}{:<12}{:<12}{}",
            plain(&check.id),
            check.severity.word(),
            plain(&check.description)
        );
        let mut line = |text: &str| {
            let _ = writeln!(out, "        {}", plain(text.trim()));
        };
        if !self.reason.is_empty() {
            line(&self.reason);
        }
        for failure in &self.failures {
            let details: Vec<String> =
                failure.details.iter().map(|(name, value)| format!("{name} {}", text(value))).collect();
            match details.is_empty() {
                true => line(&format!("- {}", failure.name)),
                false => line(&format!("- {}: {}", failure.name, details.join(", "))),
            }
        }
        if self.truncated {
            line("- and more");
        }
        if self.state == State::Fail && !check.remediation.is_empty() {
            line(&format!(
                "What to do: {}",
                check.remediation.split_whitespace().collect::<Vec<_>>().join(" ")
            ));
        }
    }

    fn json(&self) -> Value {
        let check = &self.check;
        let failures: Vec<Value> = self
            .failures
            .iter()
            .map(|failure| {
                let details: Map<String, Value> = failure.details.iter().cloned().collect();
                json!({ "name": failure.name, "details": details })
            })
            .collect();
        let by = match &check.decision {
            Decision::Query(_) => json!("query"),
            Decision::Rule(class) => json!(class.code),
            Decision::Manual(_) => Value::Null,
        };
        json!({
            "id": check.id,
            "description": check.description,
            "level": check.level,
            "severity": check.severity.word(),
            "decidedBy": by,
            "state": self.state.word(),
            "reason": self.reason,
            "failures": failures,
            "truncated": self.truncated,
            "remediation": check.remediation,
        })
    }
}
