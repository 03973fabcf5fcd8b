//! Benchmarks of users: what they may say, and what is wrong with those that say something else.

use plimsoll_query::{Audit, Benchmark, BenchmarkError, Decision, State, benchmark};
use plimsoll_types::Severity;

use crate::place::{CONTAINER, database, inspected, reports};

fn read(text: &str) -> Result<Benchmark, BenchmarkError> {
    Benchmark::read(text.as_bytes())
}

#[test]
fn the_form_of_the_documentation_is_read() {
    let text = "\
checks:
  - id: MINE-1
    description: No container runs privileged
    check: SELECT * FROM containers WHERE privileged = true
    remediation: Take it away.
    severity: HIGH
  - id: CIS-DI-0001
";
    let mine = read(text).unwrap();
    assert_eq!(mine.checks[0].severity, Severity::High);
    let built_in = &mine.checks[1];
    assert!(matches!(built_in.decision, Decision::Rule(class) if class.code == "CFG-ROOT"));
    assert_eq!(built_in.description, "the image runs as root");
    assert!(built_in.remediation.contains("USER"), "{}", built_in.remediation);
    let json = r#"{"title": "t", "version": 1.5, "checks": [{"id": "A", "check": "SELECT 1 WHERE false", "level": 2}]}"#;
    let json = read(json).unwrap();
    assert_eq!((json.version.as_str(), json.checks[0].level), ("1.5", Some(2)));

    let privileged = CONTAINER.replace("\"Privileged\": false", "\"Privileged\": true");
    let mut tables = reports(&[("2026-05-19T08:00:00Z", "shop/web:1.2", &[])]);
    tables.containers = inspected(&[&privileged]).containers;
    let audit = Audit::run(&mine, &database(tables));
    assert_eq!(audit.count(State::Fail), 2);
    assert_eq!(audit.outcomes[0].failures[0].name, "web");
    assert_eq!(audit.outcomes[1].failures[0].name, "shop/web:1.2");
    let shown = audit.table();
    assert!(shown.contains("FAIL    CIS-DI-0001 medium      the image runs as root"), "{shown}");
    assert!(shown.contains("What to do: Make a user in the image"), "{shown}");
    assert!(shown.ends_with("\n2 checks: 0 passed, 2 failed, 0 skipped, 0 in error\n"), "{shown}");
    let json: serde_json::Value = serde_json::from_str(&audit.json()).unwrap();
    assert_eq!(json["checks"][1]["decidedBy"], "CFG-ROOT");
    assert_eq!(json["summary"]["fail"], 2);
}

#[test]
fn a_query_that_cannot_be_answered_is_an_error_of_its_check_alone() {
    let text = "\
checks:
  - {id: A, check: SELECT nosuch FROM containers}
  - {id: B, check: DELETE FROM containers}
  - {id: C, check: SELECT name FROM containers WHERE privileged}
  - {id: D, check: SELECT 1, applies: SELECT 1 WHERE false, not_applicable: not here}
";
    let audit = Audit::run(&read(text).unwrap(), &database(inspected(&[CONTAINER])));
    let states: Vec<_> = audit.outcomes.iter().map(|outcome| outcome.state).collect();
    assert_eq!(states, [State::Error, State::Error, State::Pass, State::Skipped]);
    assert!(audit.outcomes[1].reason.starts_with("DELETE is refused"), "{}", audit.outcomes[1].reason);
    assert_eq!(audit.outcomes[3].reason, "not here");
}

#[test]
fn what_is_wrong_is_told() {
    for (text, told) in [
        ("checks: []", "it has no checks"),
        ("checks: [{id: NOPE-1}]", "check 'NOPE-1' has no SQL, and there is no built-in rule of that name"),
        ("checks: [{id: A, rule: NOPE}]", "check 'NOPE' has no SQL"),
        ("checks: [{id: A, check: SELECT 1}, {id: a, check: SELECT 1}]", "check 'a': stands there twice"),
        ("checks: [{id: '', check: SELECT 1}]", "check 'number 1': it has no id"),
        (
            "checks: [{id: A, check: SELECT 1, severity: dire}]",
            "check 'A': severity: 'dire' is not a severity",
        ),
        ("checks: [{id: A, check: SELECT 1, manual: x}]", "more than one of check, rule and manual"),
        ("checks: [{id: A, check: SELECT 1, requires: [container]}]", "there is no table 'container'"),
        ("checks:\n  - id: A\n    chekc: SELECT 1\n", "line 3"),
        ("checks: 7", "line 1"),
        ("{", "line 1"),
        ("", "line 1"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(told), "{text}: {error}");
    }
    assert!(read("checks: [{id: NOPE-1}]").unwrap_err().hint().unwrap().contains("plimsoll list rules"));
    assert_eq!(Benchmark::read(b"checks: \xff"), Err(BenchmarkError::NotText));
}

#[test]
fn bombs_are_refused() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, of) in ["b", "c", "d", "e", "f", "g", "h"].iter().zip(["a", "b", "c", "d", "e", "f", "g"]) {
        bomb.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{of}"); 9].join(", ")));
    }
    bomb.push_str("checks: *h\n");
    assert!(matches!(read(&bomb), Err(BenchmarkError::Yaml { .. })));
    assert!(matches!(read(&"[".repeat(10_000)), Err(BenchmarkError::Yaml { .. })));
    assert!(matches!(read(&" ".repeat(5 << 20)), Err(BenchmarkError::TooLarge)));
    let many: String = (0..2_001).map(|n| format!("  - {{id: A{n}, check: SELECT 1}}\n")).collect();
    assert_eq!(read(&format!("checks:\n{many}")), Err(BenchmarkError::TooMany));
}

#[test]
fn every_beginning_of_the_shipped_benchmark_is_read_or_refused() {
    let text = benchmark::SHIPPED;
    // The file as a whole is read for each beginning, so that not every one can be tried.
    for end in (0..text.len()).step_by(7) {
        let _ = Benchmark::read(&text.as_bytes()[..end]);
    }
    let whole = read(text).unwrap();
    let ids: Vec<&str> = whole.checks.iter().map(|check| check.id.as_str()).collect();
    let expected: Vec<String> =
        (1..=12).map(|n| format!("CIS-4.{n}")).chain((1..=32).map(|n| format!("CIS-5.{n}"))).collect();
    assert_eq!(ids, expected);
    for check in &whole.checks {
        assert!(
            check.level.is_some() && !check.description.is_empty() && !check.remediation.is_empty(),
            "{}",
            check.id
        );
    }
}
