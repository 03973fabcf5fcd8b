//! A plain file on a web server.

use std::fs;

use plimsoll_dbupdate::Outcome;
use plimsoll_test::registry::{FakeRegistry, Fault};

use crate::place::{Place, asked, at, db_tar_gz, index_bytes, record};

#[test]
fn a_file_is_fetched_when_it_has_changed() {
    let fake = FakeRegistry::start().unwrap();
    let url = format!("http://{}/files/db.tar.gz", fake.host());
    fake.put_file("/files/db.tar.gz", &db_tar_gz(&["CVE-1"], "2025-02-01T00:00:00Z"));
    let mut place = Place::new();
    let (state, _) = place.updated(&[&url]);
    assert_eq!((state.origin.as_str(), state.form.as_str()), (url.as_str(), "trivy-db"));
    assert!(state.etag.starts_with("\"sha256:"), "{}", state.etag);
    fake.forget_requests();
    place.now = at("2025-02-02T00:00:00Z");
    let outcome = place.update(&[&url]).unwrap();
    assert!(matches!(outcome, Outcome::Unchanged { .. }), "{outcome:?}");
    let requests = fake.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].header("if-none-match"), Some(state.etag.as_str()));
    fake.put_file("/files/db.tar.gz", &db_tar_gz(&["CVE-2"], "2025-02-01T12:00:00Z"));
    place.updated(&[&url]);
    assert_eq!(place.ids(), ["CVE-2"]);
    assert_eq!((place.leftovers(), place.partials()), (vec![], vec![]));
}

#[test]
fn one_of_our_own_indexes() {
    let fake = FakeRegistry::start().unwrap();
    let index = index_bytes(vec![record("CVE-7", "")], Some(at("2025-01-30T00:00:00Z")));
    fake.put_file("/advisories.index", &index);
    let place = Place::new();
    let (state, moved) = place.updated(&[&format!("http://{}/advisories.index", fake.host())]);
    assert_eq!((state.form.as_str(), state.updated_at), ("index", Some(at("2025-01-30T00:00:00Z"))));
    assert_eq!(moved.bytes, index.len() as u64);
    assert_eq!(fs::read(place.index()).unwrap(), index);
}

#[test]
fn a_download_is_taken_up_when_the_file_is_still_the_same() {
    let fake = FakeRegistry::start().unwrap();
    let file = db_tar_gz(&["CVE-1"], "2025-02-01T00:00:00Z");
    fake.put_file("/db.tar.gz", &file);
    let url = format!("http://{}/db.tar.gz", fake.host());
    let place = Place::new();
    let break_off = || {
        fake.plan("GET /db.tar.gz", 1, Fault::Break(600_000));
        fake.plan("GET /db.tar.gz", 2, Fault::Status(503, vec![], String::new()));
        let message = place.failure(&[&url]);
        assert!(message.contains("503"), "{message}");
        fake.forget_requests();
    };
    break_off();
    let (_, moved) = place.updated(&[&url]);
    assert_eq!(moved.bytes, file.len() as u64 - 600_000);
    assert_eq!(fake.requests()[0].header("range"), Some("bytes=600000-"));
    // Another file in the meantime: the server sends all of it.
    fake.put_file("/db.tar.gz", &db_tar_gz(&["CVE-2"], "2025-02-01T01:00:00Z"));
    break_off();
    let newest = db_tar_gz(&["CVE-3"], "2025-02-01T02:00:00Z");
    fake.put_file("/db.tar.gz", &newest);
    let (_, moved) = place.updated(&[&url]);
    assert_eq!(moved.bytes, newest.len() as u64);
    assert_eq!(place.ids(), ["CVE-3"]);
    // A server that gives no entity tag: nothing says that the rest belongs to the beginning.
    fake.plan("GET /db.tar.gz", 1, Fault::Header("ETag".into(), String::new()));
    fs::remove_file(place.index()).unwrap();
    let (state, _) = place.updated(&[&url]);
    assert_eq!(state.etag, "");
    assert_eq!(asked(&fake, "/db.tar.gz").len(), 2);
}

#[test]
fn servers_that_do_not_give_it() {
    let fake = FakeRegistry::start().unwrap();
    let message = Place::new().failure(&[&format!("http://{}/missing", fake.host())]);
    assert!(message.contains("404"), "{message}");
    fake.put_file("/page", b"<html>please sign in</html>");
    let message = Place::new().failure(&[&format!("http://{}/page", fake.host())]);
    assert!(message.contains("it is neither a trivy.db"), "{message}");
    // Another machine, without encryption.
    let message = Place::new().failure(&["http://registry.invalid/db.tar.gz"]);
    assert!(message.contains("without encryption"), "{message}");
}
