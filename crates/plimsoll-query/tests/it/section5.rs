//! Every check of section 5 against containers that pass and that fail it: a container and a host without faults, changed in one
//! place (`fixtures/section5.json`, merge patches after RFC 7396). The faults that other auditors miss or see where there are none
//! are among them.

use std::collections::BTreeMap;

use plimsoll_query::{Audit, Benchmark, Outcome, State, benchmark, render};
use serde::Deserialize;
use serde_json::Value;

use crate::place::{CONTAINER, IMAGE, INFO, database, inspected, patch};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    check: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    container: Value,
    #[serde(default)]
    image: Value,
    #[serde(default)]
    info: Value,
    /// What fails; nothing when the check passes.
    fails: Option<String>,
    /// What the failing rows say.
    says: Option<String>,
    /// What the reason for skipping says.
    skipped: Option<String>,
}

fn shipped() -> Benchmark {
    Benchmark::read(benchmark::SHIPPED.as_bytes()).unwrap()
}

fn changed(text: &str, change: &Value) -> String {
    let mut document: Value = serde_json::from_str(text).unwrap();
    if !change.is_null() {
        patch(&mut document, change);
    }
    document.to_string()
}

fn audit(container: &Value, image: &Value, info: &Value, check: &str) -> Outcome {
    let mut benchmark = shipped();
    benchmark.checks.retain(|known| check.is_empty() || known.id == check);
    let texts = [changed(CONTAINER, container), changed(IMAGE, image), changed(INFO, info)];
    let database = database(inspected(&[&texts[0], &texts[1], &texts[2]]));
    Audit::run(&benchmark, &database).outcomes.remove(0)
}

#[test]
fn a_container_without_faults_fails_nothing() {
    let database = database(inspected(&[CONTAINER, IMAGE, INFO]));
    let audit = Audit::run(&shipped(), &database);
    for outcome in &audit.outcomes {
        assert!(
            matches!(outcome.state, State::Pass | State::Skipped),
            "{} {} {:?}",
            outcome.check.id,
            outcome.reason,
            outcome.failures
        );
        if outcome.state == State::Skipped {
            assert!(!outcome.reason.is_empty());
        }
    }
    let section5 = audit.outcomes.iter().filter(|outcome| outcome.check.id.starts_with("CIS-5."));
    let skipped: Vec<_> =
        section5.filter(|o| o.state == State::Skipped).map(|o| o.check.id.as_str()).collect();
    assert_eq!(skipped, ["CIS-5.3", "CIS-5.23", "CIS-5.24"]);
}

#[test]
fn each_fault_is_found_and_nothing_else() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../fixtures/section5.json")).unwrap();
    let mut seen: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for case in cases {
        let outcome = audit(&case.container, &case.image, &case.info, &case.check);
        let expected = match (&case.fails, &case.skipped) {
            (Some(_), _) => State::Fail,
            (None, Some(_)) => State::Skipped,
            (None, None) => State::Pass,
        };
        let shown = format!("{} ({}) {}", case.check, case.about, case.container);
        assert_eq!(outcome.state, expected, "{shown}: {} {:?}", outcome.reason, outcome.failures);
        if let Some(name) = &case.fails {
            assert!(
                outcome.failures.iter().all(|failure| failure.name == *name),
                "{shown}: {:?}",
                outcome.failures
            );
        }
        if let Some(says) = &case.says {
            let told = outcome.failures.iter().flat_map(|failure| &failure.details);
            assert!(
                told.clone().any(|(_, value)| render::text(value).contains(says)),
                "{shown}: {:?}",
                outcome.failures
            );
        }
        if let Some(reason) = &case.skipped {
            assert!(outcome.reason.contains(reason), "{shown}: {}", outcome.reason);
        }
        let count = seen.entry(case.check).or_default();
        match expected {
            State::Fail => count.0 += 1,
            _ => count.1 += 1,
        }
    }
    // The container without faults is a case that passes for each.
    for number in 1..=32 {
        let id = format!("CIS-5.{number}");
        let (failing, other) = seen.get(&id).copied().unwrap_or_default();
        assert!(failing > 0 || (other > 0 && matches!(number, 23 | 24)), "{id} has no failing case");
    }
}

#[test]
fn without_containers_nothing_has_passed() {
    let audit = Audit::run(&shipped(), &database(Default::default()));
    assert_eq!(audit.count(State::Pass), 0);
    assert_eq!(audit.count(State::Skipped), audit.outcomes.len());
    let outcome = audit.outcomes.iter().find(|outcome| outcome.check.id == "CIS-5.5").unwrap();
    assert_eq!(outcome.reason, "there are no containers in the input");
}
