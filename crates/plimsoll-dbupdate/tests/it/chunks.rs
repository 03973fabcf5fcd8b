//! Databases in chunks: what is published comes back byte for byte, and only what has changed moves.

use std::fs;
use std::time::Duration;

use plimsoll_db::{Extras, Index, Record, WriteOptions};
use plimsoll_dbupdate::{Layout, Outcome, PushReport, RegistrySink, diff, push, record_json};
use plimsoll_test::registry::{FakeRegistry, Fault};
use plimsoll_types::{Epss, Lifecycle, Timestamp};

use crate::place::{Place, asked, at, record};

/// How many advisories the databases of these tests have: enough for some dozens of chunks.
const COUNT: usize = 8_000;

fn extras() -> Extras {
    let epss = |n: u32| (format!("CVE-{}-{:04}", 2000 + n % 25, n), Epss { score: n, percentile: n * 2 });
    Extras {
        epss: (0..5_000).map(epss).collect(),
        lifecycles: vec![Lifecycle {
            ecosystem: "Debian:12".into(),
            released: Some(Timestamp::from_seconds(1)),
            ends: Some(Timestamp::from_seconds(2)),
            extended_ends: None,
        }],
        repositories: vec![("rhel-8-baseos".into(), vec!["cpe:/o:redhat:enterprise_linux:8".into()])],
        source_digests: vec![("debian".into(), "ab".repeat(32))],
    }
}

fn records() -> Vec<Record> {
    (0..COUNT).map(|n| record(&format!("CVE-2020-{n:05}"), &format!("the title of number {n}"))).collect()
}

fn index_of(records: Vec<Record>, extras: Extras) -> Vec<u8> {
    let options = WriteOptions { built: Some(at("2025-02-01T00:00:00Z")), digest: true };
    plimsoll_db::write(records, extras, &options).unwrap()
}

fn publish(place: &Place, name: &str, index: &[u8]) -> PushReport {
    let reference = name.parse().unwrap();
    let mut sink = RegistrySink { registry: &place.registry, reference: &reference };
    let index = Index::from_bytes(index.to_vec()).unwrap();
    push(&index, Some(at("2025-02-01T12:00:00Z")), &mut sink).unwrap()
}

#[test]
fn only_what_has_changed_moves() {
    let fake = FakeRegistry::start().unwrap();
    let mut place = Place::new();
    let name = format!("{}/plimsoll/advisories:1", fake.host());
    let first = index_of(records(), extras());
    let pushed = publish(&place, &name, &first);
    assert_eq!((pushed.moved_chunks, pushed.moved_bytes), (pushed.chunks, pushed.bytes));
    // 25 years of EPSS, the tables, and about one chunk for each 256 records.
    let of_records = pushed.chunks - 26;
    assert!((15..60).contains(&of_records), "{of_records} chunks of records");
    let again = publish(&place, &name, &first);
    assert_eq!((again.digest.clone(), again.moved_chunks), (pushed.digest.clone(), 0));

    let (state, moved) = place.updated(&[&name]);
    let report = moved.chunks.unwrap();
    assert_eq!((report.chunks, report.bytes), (pushed.chunks, pushed.bytes));
    assert_eq!((report.moved_chunks, report.moved_bytes), (pushed.chunks, pushed.bytes));
    assert!(fs::read(place.index()).unwrap() == first, "the index is the one that was published");
    assert_eq!((state.form.as_str(), state.next_update), ("chunks", Some(at("2025-02-01T12:00:00Z"))));

    // One advisory changes, one comes, one goes, and one has a new score.
    let mut changed = records();
    changed[2_000].prose.title.push_str(", corrected");
    changed[6_000] = record("CVE-2021-00001", "a new one");
    let mut more = extras();
    more.epss[7].1.score += 1;
    let second = index_of(changed, more);
    let pushed = publish(&place, &name, &second);
    assert!((2..=8).contains(&pushed.moved_chunks), "{pushed:?}");
    fake.forget_requests();
    place.now = at("2025-02-01T13:00:00Z");
    let (_, moved) = place.updated(&[&name]);
    let report = moved.chunks.unwrap();
    assert_eq!((report.moved_chunks, report.moved_bytes), (pushed.moved_chunks, pushed.moved_bytes));
    assert!(report.moved_bytes * 4 < report.bytes, "{report:?}");
    // The chunks and the configuration, which is the same.
    assert_eq!(asked(&fake, "/blobs/").len() as u64, pushed.moved_chunks + 1);
    assert!(fs::read(place.index()).unwrap() == second);

    let differs = diff(&Index::from_bytes(first).unwrap(), &Index::from_bytes(second).unwrap()).unwrap();
    let debian = &differs.sources["debian"];
    assert_eq!(debian.added, ["CVE-2021-00001"]);
    assert_eq!(debian.removed, ["CVE-2020-06000"]);
    assert_eq!(debian.changed, ["CVE-2020-02000"]);
    assert_eq!((differs.sources.len(), differs.unchanged), (1, COUNT as u64 - 2));
}

#[test]
fn a_small_database_has_few_chunks() {
    let fake = FakeRegistry::start().unwrap();
    let place = Place::new();
    let name = format!("{}/small:1", fake.host());
    let index = index_of(vec![record("CVE-1", "x"), record("CVE-2", "y")], Extras::default());
    assert!(publish(&place, &name, &index).chunks <= 3);
    place.updated(&[&name]);
    assert!(fs::read(place.index()).unwrap() == index);
    // No advisory at all is not taken for a database.
    publish(&place, &name, &index_of(vec![], Extras::default()));
    assert!(place.failure(&[&name]).contains("it holds no advisory"));
    assert_eq!(place.ids(), ["CVE-1", "CVE-2"]);
}

#[test]
fn an_update_that_stops_half_way_is_gone_on_with() {
    let fake = FakeRegistry::start().unwrap();
    let place = Place::new();
    let name = format!("{}/db:1", fake.host());
    let index = index_of(records(), extras());
    let pushed = publish(&place, &name, &index);
    let last = fake.manifest("db", "1").unwrap();
    let last: serde_json::Value = serde_json::from_slice(&last).unwrap();
    let chunk = last["layers"][10]["digest"].as_str().unwrap().to_owned();
    fake.plan(&chunk, 2, Fault::Status(503, vec![], String::new()));
    let message = place.failure(&[&name]);
    assert!(message.contains("503"), "{message}");
    assert!(!place.index().exists());
    fake.forget_requests();
    let (_, moved) = place.updated(&[&name]);
    let report = moved.chunks.unwrap();
    assert!(report.moved_chunks < pushed.chunks, "{report:?}");
    assert!(fs::read(place.index()).unwrap() == index);
    // Other bytes than the digest says are no chunk; the index in place stays.
    let mut changed = records();
    changed[0].prose.title.clear();
    publish(&place, &name, &index_of(changed, extras()));
    fake.plan("GET /v2/db/blobs/", 99, Fault::Body(b"something else".to_vec()));
    let message = place.failure(&[&name]);
    assert!(message.contains("is damaged") || message.contains("bytes in the registry"), "{message}");
    assert!(fs::read(place.index()).unwrap() == index);
    // A chunk at hand that a disk has damaged is fetched again.
    let place = Place { force: true, ..place };
    let hex = chunk.strip_prefix("sha256:").unwrap();
    let path = place.path("db/chunks-v1").join(&hex[..2]).join(hex);
    fs::write(&path, b"damaged").unwrap();
    let fake = FakeRegistry::start().unwrap();
    let name = format!("{}/db:1", fake.host());
    publish(&place, &name, &index);
    let (_, moved) = place.updated(&[&name]);
    assert_eq!(moved.chunks.unwrap().moved_chunks, 1);
}

#[test]
fn chunks_that_take_too_long_are_put_off() {
    let fake = FakeRegistry::start().unwrap();
    let mut place = Place::new();
    let name = format!("{}/db:1", fake.host());
    let index = index_of(records(), extras());
    let pushed = publish(&place, &name, &index);
    // Each chunk takes a while, so that patience ends before the last one has come.
    fake.plan("GET /v2/db/blobs/", 999, Fault::Slow(1 << 20, Duration::from_millis(20)));
    place.stop_after = 0;
    let message = place.failure(&[&name]);
    assert!(message.contains("the chunks that came are kept"), "{message}");
    place.stop_after = u64::MAX;
    let (_, moved) = place.updated(&[&name]);
    assert!(moved.chunks.unwrap().moved_chunks < pushed.chunks);
    assert!(fs::read(place.index()).unwrap() == index);
}

#[test]
fn chunks_that_are_out_of_order_are_refused() {
    let fake = FakeRegistry::start().unwrap();
    let place = Place::new();
    let name = format!("{}/db:1", fake.host());
    publish(&place, &name, &index_of(records(), Extras::default()));
    let manifest = fake.manifest("db", "1").unwrap();
    let mut manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    manifest["layers"].as_array_mut().unwrap().swap(0, 1);
    fake.put_manifest("db", Some("1"), crate::place::MANIFEST, manifest.to_string().as_bytes());
    assert!(place.failure(&[&name]).contains("its records are not in order"));
    manifest["layers"][0]["mediaType"] = "application/vnd.plimsoll.advisories.records.v2+zstd".into();
    fake.put_manifest("db", Some("1"), crate::place::MANIFEST, manifest.to_string().as_bytes());
    assert!(place.failure(&[&name]).contains("no kind of chunk that is known"));
}

#[test]
fn a_folder_of_chunks_is_an_image_layout() {
    let place = Place::new();
    let folder = place.path("layout");
    let index = index_of(records(), extras());
    let report = push(&Index::from_bytes(index.clone()).unwrap(), None, &mut Layout::new(&folder)).unwrap();
    assert_eq!(fs::read(folder.join("oci-layout")).unwrap(), br#"{"imageLayoutVersion":"1.0.0"}"#);
    let source = format!("file:{}", folder.display());
    place.updated(&[&source]);
    assert!(fs::read(place.index()).unwrap() == index);
    // A chunk that is missing or damaged is told by its name.
    let place = Place::new();
    let manifest = folder.join("blobs/sha256").join(report.digest.hex());
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(manifest).unwrap()).unwrap();
    let hex = manifest["layers"][3]["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap().to_owned();
    fs::write(folder.join("blobs/sha256").join(&hex), b"damaged").unwrap();
    let message = place.failure(&[&source]);
    assert!(message.contains(&hex) && message.contains("is damaged"), "{message}");
    fs::remove_file(folder.join("blobs/sha256").join(&hex)).unwrap();
    assert!(place.failure(&[&source]).contains(&hex));
    for (name, text) in [("index.json", "{"), ("index.json", r#"{"schemaVersion":2,"manifests":[]}"#)] {
        fs::write(folder.join(name), text).unwrap();
        assert!(place.failure(&[&source]).contains("the description of the chunks cannot be understood"));
    }
    let again = Place::new().update(&[&source]);
    assert!(!matches!(again, Ok(Outcome::Updated { .. })));
}

#[test]
fn records_are_shown_without_what_is_empty() {
    let shown = record_json(&record("CVE-1", "a title"));
    let expected = serde_json::json!({
        "id": "CVE-1",
        "source": "debian",
        "title": "a title",
        "affected": [{
            "ecosystem": "Debian:12", "package": "zlib", "status": "fixed", "ranges": [{"fixed": "1:1.2"}],
        }],
    });
    assert_eq!(shown, expected);
}
