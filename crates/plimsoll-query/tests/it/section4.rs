//! Section 4 over reports, where detections decide, and over images that an engine describes.

use plimsoll_query::{Audit, Benchmark, Decision, State, Tables, benchmark};
use plimsoll_types::Severity::{Critical, Low};

use crate::place::{IMAGE, database, inspected, reports};

fn audit(tables: Tables) -> Audit {
    Audit::run(&Benchmark::read(benchmark::SHIPPED.as_bytes()).unwrap(), &database(tables))
}

fn state(audit: &Audit, id: &str) -> (State, Vec<String>) {
    let outcome = audit.outcomes.iter().find(|outcome| outcome.check.id == id).unwrap();
    (outcome.state, outcome.failures.iter().map(|failure| failure.name.clone()).collect())
}

#[test]
fn detections_decide_about_scanned_images() {
    let audit = audit(reports(&[("2026-05-19T08:00:00Z", "shop/web:1.2", &[Critical, Low])]));
    let web = || vec!["shop/web:1.2".to_owned()];
    assert_eq!(state(&audit, "CIS-4.1"), (State::Fail, web()));
    assert_eq!(state(&audit, "CIS-4.4"), (State::Fail, web()));
    for passed in ["CIS-4.3", "CIS-4.6", "CIS-4.7", "CIS-4.8", "CIS-4.9", "CIS-4.10", "CIS-4.11", "CIS-4.12"]
    {
        assert_eq!(state(&audit, passed), (State::Pass, vec![]), "{passed}");
    }
    // Nobody looked for signatures, and which bases are trusted is not Plimsoll's to say.
    assert_eq!(state(&audit, "CIS-4.5").0, State::Skipped);
    assert_eq!(state(&audit, "CIS-4.2").0, State::Skipped);
    let rule = audit.outcomes.iter().find(|outcome| outcome.check.id == "CIS-4.7").unwrap();
    assert!(matches!(rule.check.decision, Decision::Rule(class) if class.code == "CFG-UPDATE"));
    assert!(!rule.check.remediation.is_empty());
}

#[test]
fn images_of_an_engine_are_looked_at_by_their_configuration() {
    let faulty =
        IMAGE.replace("1000:1000", "0:0").replace("\"CMD\", \"/usr/bin/shop\", \"--health\"", "\"NONE\"");
    let bad = audit(inspected(&[&faulty]));
    let web = || vec!["shop/web:1.2".to_owned()];
    assert_eq!(state(&bad, "CIS-4.1"), (State::Fail, web()));
    assert_eq!(state(&bad, "CIS-4.6"), (State::Fail, web()));
    let good = audit(inspected(&[IMAGE]));
    assert_eq!(state(&good, "CIS-4.1"), (State::Pass, vec![]));
    assert_eq!(state(&good, "CIS-4.6"), (State::Pass, vec![]));
    // Nothing was scanned, so what scans decide was not decided.
    for skipped in ["CIS-4.3", "CIS-4.4", "CIS-4.7", "CIS-4.8", "CIS-4.9", "CIS-4.10", "CIS-4.11", "CIS-4.12"]
    {
        assert_eq!(state(&good, skipped).0, State::Skipped, "{skipped}");
    }
}

#[test]
fn what_a_scan_did_not_look_for_has_not_passed() {
    let mut tables = reports(&[
        ("2026-05-19T08:00:00Z", "shop/web:1.2", &[Critical]),
        ("2026-05-19T09:00:00Z", "shop/api:3", &[]),
    ]);
    for image in &mut tables.images {
        image.scanners = vec!["vuln".to_owned()];
    }
    let audit = audit(tables);
    // What was found was found.
    assert_eq!(state(&audit, "CIS-4.4"), (State::Fail, vec!["shop/web:1.2".to_owned()]));
    for skipped in ["CIS-4.3", "CIS-4.6", "CIS-4.7", "CIS-4.8", "CIS-4.9", "CIS-4.10", "CIS-4.11", "CIS-4.12"]
    {
        assert_eq!(state(&audit, skipped), (State::Skipped, vec![]), "{skipped}");
    }
    let secrets = audit.outcomes.iter().find(|outcome| outcome.check.id == "CIS-4.10").unwrap();
    assert_eq!(secrets.reason, "shop/api:3 and 1 more: scanned without --scanners secret");
}
