//! The way of an artifact when all goes well.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use plimsoll_db::Index;
use plimsoll_dbupdate::{Decision, Outcome, Rules, decide, in_place};
use plimsoll_test::registry::FakeRegistry;

use crate::place::{Place, asked, at, db_tar_gz, put};

#[test]
fn an_artifact_becomes_the_index() {
    let fake = FakeRegistry::start().unwrap();
    let layer = db_tar_gz(&["CVE-1", "CVE-2"], "2025-02-01T00:00:00Z");
    put(&fake, "aquasec/trivy-db", &layer);
    let place = Place::new();
    // Without a tag: that of the schema.
    let source = format!("{}/aquasec/trivy-db", fake.host());
    let (state, moved) = place.updated(&[&source]);
    assert_eq!((moved.bytes, moved.chunks), (layer.len() as u64, None));
    assert_eq!(place.ids(), ["CVE-1", "CVE-2"]);
    assert_eq!((state.origin.as_str(), state.form.as_str()), (format!("{source}:2").as_str(), "trivy-db"));
    assert_eq!(state.updated_at, Some(at("2025-02-01T00:00:00Z")));
    assert_eq!(state.next_update, Some(at("2025-02-02T00:00:00Z")));
    assert_eq!((state.downloaded_at, state.checked_at), (Some(place.now), Some(place.now)));
    assert_eq!(place.state(), state);
    assert_eq!(in_place(&place.index()).unwrap().digest, state.index_digest);
    assert_eq!(fs::metadata(place.index()).unwrap().permissions().mode() & 0o777, 0o444);
    assert_eq!(place.leftovers(), Vec::<String>::new());
    assert_eq!(place.partials(), Vec::<u64>::new());
}

#[test]
fn what_has_not_changed_is_not_fetched() {
    let fake = FakeRegistry::start().unwrap();
    put(&fake, "db", &db_tar_gz(&["CVE-1"], "2025-02-01T00:00:00Z"));
    let mut place = Place::new();
    let source = format!("{}/db:2", fake.host());
    place.updated(&[&source]);
    // Before the time has come, nobody is asked at all.
    let rules = Rules::default();
    let fresh = decide(in_place(&place.index()).as_ref(), Some(&place.state()), place.now, &rules);
    assert!(matches!(fresh.decision, Decision::Fresh { .. }), "{fresh:?}");
    // After it, one request without a body tells.
    place.now = at("2025-02-02T01:00:00Z");
    let due = decide(in_place(&place.index()).as_ref(), Some(&place.state()), place.now, &rules);
    assert_eq!(due.decision, Decision::Due);
    fake.forget_requests();
    let outcome = place.update(&[&source]).unwrap();
    assert!(
        matches!(&outcome, Outcome::Unchanged { state } if state.checked_at == Some(place.now)),
        "{outcome:?}"
    );
    assert_eq!(asked(&fake, "/db/"), ["HEAD /v2/db/manifests/2"]);
    // The next hour is free of requests again.
    let fresh = decide(in_place(&place.index()).as_ref(), Some(&place.state()), place.now, &rules);
    assert_eq!(fresh.decision, Decision::Fresh { until: at("2025-02-02T02:00:00Z") });
    // Asked for by force, or with an index that is not the one the state speaks of, it is fetched.
    place.force = true;
    place.updated(&[&source]);
    place.force = false;
    fs::remove_file(place.index()).unwrap();
    place.updated(&[&source]);
    assert_eq!(place.ids(), ["CVE-1"]);
}

#[test]
fn a_reader_keeps_what_it_has_opened() {
    let fake = FakeRegistry::start().unwrap();
    put(&fake, "db", &db_tar_gz(&["CVE-1"], "2025-02-01T00:00:00Z"));
    let place = Place::new();
    let source = format!("{}/db:2", fake.host());
    place.updated(&[&source]);
    let opened = Index::open(&place.index()).unwrap();
    put(&fake, "db", &db_tar_gz(&["CVE-1", "CVE-2"], "2025-02-01T06:00:00Z"));
    place.updated(&[&source]);
    assert_eq!(crate::place::ids(&opened), ["CVE-1"]);
    opened.verify().unwrap();
    assert_eq!(place.ids(), ["CVE-1", "CVE-2"]);
}

#[test]
fn a_mirror_that_was_left_behind_is_passed_over() {
    let (behind, newest) = (FakeRegistry::start().unwrap(), FakeRegistry::start().unwrap());
    put(&newest, "db", &db_tar_gz(&["CVE-1", "CVE-2"], "2025-02-01T00:00:00Z"));
    put(&behind, "db", &db_tar_gz(&["CVE-1"], "2025-01-31T00:00:00Z"));
    let mut place = Place::new();
    let (behind_name, newest_name) = (format!("{}/db:2", behind.host()), format!("{}/db:2", newest.host()));
    place.updated(&[&newest_name]);
    let outcome = place.update(&[&behind_name]).unwrap();
    assert!(matches!(outcome, Outcome::Unchanged { .. }), "{outcome:?}");
    assert_eq!(place.ids(), ["CVE-1", "CVE-2"]);
    put(&newest, "db", &db_tar_gz(&["CVE-3"], "2025-02-01T05:00:00Z"));
    let (state, _) = place.updated(&[&behind_name, &newest_name]);
    assert_eq!(state.origin, newest_name);
    // Unless somebody wants it so.
    place.force = true;
    place.updated(&[&behind_name]);
    assert_eq!(place.ids(), ["CVE-1"]);
    // A database from the future does not keep all others away.
    place.force = false;
    put(&newest, "db", &db_tar_gz(&["CVE-9"], "2099-01-01T00:00:00Z"));
    place.updated(&[&newest_name]);
    place.updated(&[&behind_name]);
    assert_eq!(place.ids(), ["CVE-1"]);
}
