//! What goes wrong: whatever it is, the index in place stays, and the message says what to do about it.

use std::fs;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use plimsoll_dbupdate::{Decision, Outcome, Rules, State, UpdateError, decide, in_place};
use plimsoll_test::registry::{FakeRegistry, Fault};

use crate::place::{Place, asked, at, convert, db_tar_gz, metadata, put, tar_gz, trivy_db};

/// A place that has an index of `CVE-0` from a registry, which serves a newer one now.
fn with_index() -> (Place, FakeRegistry, String, String) {
    let fake = FakeRegistry::start().unwrap();
    put(&fake, "db", &db_tar_gz(&["CVE-0"], "2025-01-31T00:00:00Z"));
    let place = Place::new();
    let source = format!("{}/db:2", fake.host());
    place.updated(&[&source]);
    let layer = put(&fake, "db", &db_tar_gz(&["CVE-1"], "2025-02-01T00:00:00Z"));
    fake.forget_requests();
    (place, fake, source, layer.to_string())
}

#[track_caller]
fn is_untouched(place: &Place, message: &str) {
    assert_eq!(place.ids(), ["CVE-0"]);
    plimsoll_db::Index::open(&place.index()).unwrap().verify().unwrap();
    assert_eq!(place.leftovers(), Vec::<String>::new());
    let state = place.state();
    assert_eq!((state.failed_at, state.failure.as_str()), (Some(place.now), message));
    assert!(state.is_about(&in_place(&place.index()).unwrap().digest));
    let rules = Rules { min_interval: Duration::ZERO, ..Rules::default() };
    let soon = decide(in_place(&place.index()).as_ref(), Some(&state), at("2025-02-01T06:05:00Z"), &rules);
    assert!(matches!(soon.decision, Decision::Waiting { .. }), "{soon:?}");
}

#[test]
fn a_download_is_taken_up_by_the_next_update() {
    let (place, fake, source, layer) = with_index();
    // It breaks off and what is left is never given, however often it is asked for.
    fake.plan(&layer, 1, Fault::Break(600_000));
    fake.plan(&layer, 99, Fault::Status(503, vec![], String::new()));
    let message = place.failure(&[&source]);
    assert!(
        message.contains("broke off after 600000 bytes; the next update goes on from there"),
        "{message}"
    );
    is_untouched(&place, &message);
    assert_eq!(place.partials(), [600_000]);

    let fake_two = FakeRegistry::start().unwrap();
    let bytes = fake.blob(&layer).unwrap();
    put(&fake_two, "mirror/db", &bytes);
    let (state, moved) = place.updated(&[&format!("{}/mirror/db:2", fake_two.host())]);
    assert_eq!(moved.bytes, bytes.len() as u64 - 600_000);
    assert_eq!((place.ids(), state.failed_at), (vec!["CVE-1".to_owned()], None));
    let ranges: Vec<String> =
        fake_two.requests().iter().filter_map(|request| request.header("range").map(str::to_owned)).collect();
    assert_eq!(ranges, ["bytes=600000-"]);
    assert_eq!(place.partials(), Vec::<u64>::new());
}

#[test]
fn a_download_that_takes_too_long_is_put_off() {
    let (mut place, fake, source, layer) = with_index();
    place.stop_after = 500_000;
    let second = FakeRegistry::start().unwrap();
    let message = place.failure(&[&source, &format!("{}/db:2", second.host())]);
    assert!(message.contains("the download takes too long; the next update goes on from byte "), "{message}");
    is_untouched(&place, &message);
    assert!(second.requests().is_empty(), "another one would take as long");
    let had = place.partials()[0];
    assert!((500_000..1_000_000).contains(&had), "{had}");
    place.stop_after = u64::MAX;
    let (_, moved) = place.updated(&[&source]);
    assert_eq!(moved.bytes, fake.blob(&layer).unwrap().len() as u64 - had);
}

#[test]
fn a_registry_without_ranges_sends_all_of_it_again() {
    let (place, fake, source, layer) = with_index();
    fake.plan(&layer, 1, Fault::Break(600_000));
    fake.plan(&layer, 4, Fault::Status(503, vec![], String::new()));
    place.failure(&[&source]);
    fake.ignore_ranges();
    place.updated(&[&source]);
    assert_eq!(place.ids(), ["CVE-1"]);
}

#[test]
fn another_database_is_begun_anew() {
    let (place, fake, source, layer) = with_index();
    fake.plan(&layer, 1, Fault::Break(600_000));
    fake.plan(&layer, 99, Fault::Status(503, vec![], String::new()));
    place.failure(&[&source]);
    // The registry has a still newer one in the meantime.
    put(&fake, "db", &db_tar_gz(&["CVE-2"], "2025-02-01T01:00:00Z"));
    fake.forget_requests();
    place.updated(&[&source]);
    assert_eq!(place.ids(), ["CVE-2"]);
    assert!(fake.requests().iter().all(|request| request.header("range").is_none()));
    assert_eq!(place.partials(), Vec::<u64>::new());
}

#[test]
fn a_partial_download_that_is_damaged() {
    let (mut place, fake, source, layer) = with_index();
    let hex = layer.strip_prefix("sha256:").unwrap();
    let partial = place.path("db/partial").join(format!("{hex}.part"));
    let whole = fake.blob(&layer).unwrap();
    for damaged in [vec![0; 1000], vec![7; whole.len()], [whole.as_slice(), b"more"].concat()] {
        crate::place::write(&partial, &damaged);
        place.updated(&[&source]);
        assert_eq!(place.ids(), ["CVE-1"]);
        place.force = true;
    }
}

#[test]
fn a_busy_mirror_is_passed_over() {
    let (place, fake, source, _) = with_index();
    let busy = FakeRegistry::start().unwrap();
    let busy_name = format!("{}/db:2", busy.host());
    let hour = vec![("Retry-After".to_owned(), "3600".to_owned())];
    let body = r#"{"errors": [{"code": "TOOMANYREQUESTS", "message": "slow down"}]}"#;
    busy.plan("/manifests/", 99, Fault::Status(429, hour, body.to_owned()));
    let (state, _) = place.updated(&[&busy_name, &source]);
    assert_eq!((state.origin, place.ids()), (source.clone(), vec!["CVE-1".to_owned()]));
    assert_eq!(asked(&busy, "/manifests/").len(), 1, "who asks for an hour is not asked again");

    // A few seconds are waited for; after that the next one is asked, too.
    put(&fake, "db", &db_tar_gz(&["CVE-2"], "2025-02-01T02:00:00Z"));
    for status in [429, 500, 502, 503] {
        let fault = FakeRegistry::start().unwrap();
        fault.plan("/manifests/", 99, Fault::Status(status, vec![], String::new()));
        let name = format!("{}/db:2", fault.host());
        let message = Place::new().failure(&[&name]);
        assert!(message.contains(&status.to_string()) && message.contains(&name), "{message}");
        let place = Place::new();
        place.updated(&[&name, &source]);
        assert_eq!(place.ids(), ["CVE-2"]);
    }
    // Nobody there.
    let gone = FakeRegistry::start().unwrap().host();
    let place = Place::new();
    place.updated(&[&format!("{gone}/db:2"), &source]);
    // All of them fail: each is named.
    let place = Place::new();
    let message = place.failure(&[&format!("{gone}/db:2"), &busy_name]);
    for part in [gone.as_str(), "cannot connect", &busy_name, "429: slow down"] {
        assert!(message.contains(part), "no '{part}' in: {message}");
    }
    assert!(!place.index().exists());
}

#[test]
fn other_bytes_than_promised() {
    let (place, fake, source, layer) = with_index();
    let mut other = fake.blob(&layer).unwrap();
    other[1000] ^= 1;
    fake.plan(&layer, 1, Fault::Body(other));
    let message = place.failure(&[&source]);
    assert!(message.contains(&format!("not {layer}")), "{message}");
    is_untouched(&place, &message);
    assert_eq!(place.partials(), Vec::<u64>::new(), "nothing of it is gone on with");
    place.updated(&[&source]);
}

#[test]
fn what_cannot_be_used() {
    let gz =
        |bytes: &[u8]| tar_gz(&[("trivy.db", bytes), ("metadata.json", &metadata("2025-02-01T00:00:00Z"))]);
    let whole = gz(&trivy_db(&["CVE-1"]));
    let old = br#"{"Version":1,"UpdatedAt":"2025-02-01T00:00:00Z"}"#;
    let two = [("trivy.db", &trivy_db(&["CVE-1"])[..]), ("a/trivy.db", b"x")];
    for (layer, expected) in [
        (whole[..whole.len() / 2].to_vec(), "cannot unpack it"),
        (tar_gz(&[("readme", b"hello")]), "the archive holds neither trivy.db nor vulnerability.db"),
        (tar_gz(&two), "more than one database"),
        (tar_gz(&[("trivy.db", &trivy_db(&["CVE-1"])), ("metadata.json", old)]), "a trivy-db of schema 1"),
        (tar_gz(&[("trivy.db", &trivy_db(&["CVE-1"])), ("metadata.json", b"{")]), "metadata.json"),
        (b"not an archive".to_vec(), "it is neither a trivy.db"),
        (gz(&trivy_db(&[])), "it holds no advisory"),
    ] {
        let (place, fake, source, _) = with_index();
        put(&fake, "db", &layer);
        let message = place.failure(&[&source]);
        assert!(message.contains(expected), "no '{expected}' in: {message}");
        is_untouched(&place, &message);
    }
    // The converter fails, or makes something that is no index.
    let (place, _fake, source, _) = with_index();
    let error = place.update_with(&[&source], &mut |_| Err("the bucket 'x' is damaged".into())).unwrap_err();
    assert!(error.to_string().ends_with("cannot convert it: the bucket 'x' is damaged"), "{error}");
    is_untouched(&place, &error.to_string());
    let mut half = |conversion: &plimsoll_dbupdate::Conversion<'_>| {
        convert(conversion)?;
        let bytes = fs::read(conversion.out)?;
        fs::write(conversion.out, &bytes[..bytes.len() - 1])?;
        Ok(())
    };
    let error = place.update_with(&[&source], &mut half).unwrap_err();
    assert!(error.to_string().contains("the index made of it cannot be used"), "{error}");
    is_untouched(&place, &error.to_string());
    let mut changed = |conversion: &plimsoll_dbupdate::Conversion<'_>| {
        convert(conversion)?;
        let mut bytes = fs::read(conversion.out)?;
        let last = bytes.len() - 100;
        bytes[last] ^= 1;
        fs::write(conversion.out, &bytes)?;
        Ok(())
    };
    let error = place.update_with(&[&source], &mut changed).unwrap_err();
    assert!(error.to_string().contains("the index made of it"), "{error}");
    is_untouched(&place, &error.to_string());
}

#[test]
fn artifacts_that_are_no_database() {
    let fake = FakeRegistry::start().unwrap();
    fake.put_image("app", Some("2"), "amd64", &[b"one", b"two"]);
    let message = Place::new().failure(&[&format!("{}/app:2", fake.host())]);
    assert!(message.contains("no advisory database that can be read: an artifact of the type"), "{message}");
    let message = Place::new().failure(&[&format!("{}/missing:2", fake.host())]);
    assert!(message.contains("404"), "{message}");
}

#[test]
fn limits_hold() {
    let (mut place, _fake, source, _) = with_index();
    place.limits.download = 100_000;
    let message = place.failure(&[&source]);
    assert!(message.contains("the download has more than 100000 bytes"), "{message}");
    is_untouched(&place, &message);
    place.limits = plimsoll_dbupdate::Limits { unpacked: 100_000, ..plimsoll_dbupdate::Limits::default() };
    let message = place.failure(&[&source]);
    assert!(message.contains("100000"), "{message}");
    is_untouched(&place, &message);
}

#[test]
fn a_disk_that_is_full() {
    let (place, fake, source, layer) = with_index();
    // A device on which every write fails as it does on a full disk.
    let hex = layer.strip_prefix("sha256:").unwrap();
    let partial = place.path("db/partial").join(format!("{hex}.part"));
    fs::create_dir_all(place.path("db/partial")).unwrap();
    std::os::unix::fs::symlink("/dev/full", &partial).unwrap();
    let second = FakeRegistry::start().unwrap();
    let message = place.failure(&[&source, &format!("{}/db:2", second.host())]);
    assert!(message.contains("cannot write") && message.contains("No space left on device"), "{message}");
    assert!(message.contains(partial.to_str().unwrap()), "{message}");
    is_untouched(&place, &message);
    assert!(second.requests().is_empty(), "another source does not make room");
    // With room again it works.
    put(&fake, "db", &db_tar_gz(&["CVE-1"], "2025-02-01T00:00:00Z"));
    place.updated(&[&source]);
    assert_eq!(place.ids(), ["CVE-1"]);
}

#[test]
fn a_folder_that_cannot_be_used() {
    let place = Place::new();
    fs::write(place.path("db"), "a file").unwrap();
    let error = place.update(&["localhost:1/db:2"]).unwrap_err();
    assert!(matches!(error, UpdateError::Folder { .. }), "{error}");
    let error = place.update(&[]).unwrap_err();
    assert!(matches!(error, UpdateError::NoSource), "{error}");
}

#[test]
fn two_updates_at_once_download_once() {
    let fake = FakeRegistry::start().unwrap();
    let layer = put(&fake, "db", &db_tar_gz(&["CVE-1"], "2025-02-01T00:00:00Z")).to_string();
    // Slow enough that all have begun before the first one is done.
    fake.plan(&layer, 1, Fault::Slow(200_000, Duration::from_millis(60)));
    let place = Place::new();
    let source = format!("{}/db:2", fake.host());
    let barrier = Barrier::new(4);
    let outcomes: Vec<Outcome> = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    place.update(&[&source]).unwrap()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(asked(&fake, &layer).len(), 1);
    let updated = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Updated { .. })).count();
    let others = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::ByAnother { .. })).count();
    assert_eq!((updated, others), (1, 3), "{outcomes:?}");
    assert_eq!(place.ids(), ["CVE-1"]);
}

#[test]
fn who_has_no_patience_goes_on_without() {
    let (mut place, _fake, source, _) = with_index();
    place.patience = Duration::ZERO;
    let lock = fs::File::options().write(true).open(place.path("db/update.lock")).unwrap();
    lock.lock().unwrap();
    let error = place.update(&[&source]).unwrap_err();
    assert!(matches!(error, UpdateError::Busy), "{error}");
    assert_eq!(place.ids(), ["CVE-0"]);
    assert_eq!(place.state().failed_at, None, "being late is no failure");
    drop(lock);
    place.updated(&[&source]);
}

#[test]
fn a_state_that_is_damaged_is_begun_anew() {
    let (place, _fake, source, _) = with_index();
    fs::write(State::path_for(&place.index()), "{\"version\": 1").unwrap();
    place.updated(&[&source]);
    assert_eq!(place.ids(), ["CVE-1"]);
    assert_eq!(place.state().origin, source);
}

#[test]
fn what_was_left_behind_is_removed() {
    let (place, _fake, source, _) = with_index();
    crate::place::write(&place.path("db/.update-dead/trivy.db"), b"half");
    place.updated(&[&source]);
    assert_eq!(place.leftovers(), Vec::<String>::new());
}
