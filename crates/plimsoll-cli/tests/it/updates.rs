//! Updates of the advisory database: by themselves before a scan, when asked for, and from a disk. The registry is on this
//! machine; the database in it is the trivy.db that the tests of the importer hold against the real library.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use plimsoll_test::registry::{Auth, FakeRegistry, Fault};
use plimsoll_types::Timestamp;
use serde_json::{Value, json};

use crate::place::{DATABASE, Place, Run};
use crate::samples::{demo_place, fixture};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const DAY: i64 = 86_400;

/// The time so many seconds ago.
fn ago(seconds: i64) -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    Timestamp::from_seconds(now - seconds)
}

fn small_db() -> Vec<u8> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../plimsoll-dbimport/tests/fixtures/trivy/small.db");
    fs::read(path).unwrap()
}

fn metadata(updated: i64, next: i64) -> String {
    let (updated, next) = (ago(updated).to_string(), ago(next).to_string());
    json!({"Version": 2, "NextUpdate": next, "UpdatedAt": updated}).to_string()
}

/// The file that a trivy-db artifact holds, made and due so many seconds ago.
fn db_tar_gz(updated: i64, next: i64) -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (name, bytes) in [("trivy.db", small_db()), ("metadata.json", metadata(updated, next).into_bytes())] {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// Serves a database under `db:2`, and gives its name.
fn serve(fake: &FakeRegistry, updated: i64, next: i64) -> String {
    let layer = db_tar_gz(updated, next);
    let digest = fake.put_blob(&layer).to_string();
    let config = fake.put_blob(b"{}").to_string();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": "application/vnd.aquasec.trivy.config.v1+json",
        "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": config, "size": 2},
        "layers": [{
            "mediaType": "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip",
            "digest": digest,
            "size": layer.len(),
        }],
    });
    fake.put_manifest("db", Some("2"), MANIFEST, manifest.to_string().as_bytes());
    format!("{}/db:2", fake.host())
}

/// A scan that may update.
fn scan(place: &Place, arguments: &[&str]) -> Run {
    place.run_with(scan_command(place, arguments), b"")
}

fn scan_command(place: &Place, arguments: &[&str]) -> Command {
    let mut command =
        place.command(&[&["scan", "demo.tar", "--no-cache", "--format", "json"], arguments].concat());
    command.env_remove("PLIMSOLL_SKIP_DB_UPDATE");
    command
}

fn database(run: &Run) -> String {
    let name = run.json()["database"]["name"].as_str().unwrap().to_owned();
    name.rsplit('/').next().unwrap().to_owned()
}

fn installed() -> String {
    format!("advisories-v{}.index", plimsoll_db::FORMAT_VERSION)
}

fn status(place: &Place) -> Value {
    place.run(&["db", "status", "--format", "json"]).code(0).silent().json()
}

#[test]
fn an_update_is_fetched_once() {
    let fake = FakeRegistry::start().unwrap();
    let name = serve(&fake, 3_600, -DAY);
    let place = demo_place();
    let run = place.run(&["db", "update", "--db-repository", &name]).code(0).silent();
    assert!(run.stdout.starts_with(&format!("updated from {name}\nfetched ")), "{}", run.stdout);
    let said = status(&place);
    assert_eq!(
        (said["state"].as_str(), said["origin"]["name"].as_str()),
        (Some("fresh"), Some(name.as_str()))
    );
    assert_eq!(said["origin"]["form"], "trivy-db");
    assert!(said["advisories"].as_u64().unwrap() > 50, "{said}");
    let age = said["ageSeconds"].as_u64().unwrap();
    assert!((3_600..7_200).contains(&age), "{age}");
    let text = place.run(&["db", "status"]).code(0).silent().stdout;
    for part in [
        format!("origin      {name} (trivy-db)\n"),
        "age         1 hour\n".to_owned(),
        "next update ".to_owned(),
    ] {
        assert!(text.contains(&part), "no '{part}' in:\n{text}");
    }
    place.run(&["db", "verify"]).code(0).silent();
    let run = place.run(&["db", "update", "--db-repository", &name]).code(0).silent();
    assert!(run.stdout.starts_with(&format!("already the newest of {name}\n")), "{}", run.stdout);
    let run = place.run(&["db", "update", "--force", "--quiet", "--db-repository", &name]).code(0).silent();
    assert_eq!(run.stdout, "");
    // A scan asks nobody until the time has come.
    fake.forget_requests();
    assert_eq!(database(&scan(&place, &["--db-repository", &name]).code(0).silent()), installed());
    assert_eq!(fake.requests(), []);
}

#[test]
fn a_scan_updates_when_it_is_time() {
    let fake = FakeRegistry::start().unwrap();
    let name = serve(&fake, 3_600, -DAY);
    let place = demo_place();
    // Not when it may not, and not for a database that was named.
    for arguments in [
        &["--skip-db-update"][..],
        &["--skip-update"],
        &["--offline"],
        &["--db", DATABASE],
        &["--db", "builtin"],
    ] {
        scan(&place, &[&["--db-repository", &name], arguments].concat()).code(0).silent();
        assert_eq!(fake.requests(), [], "{arguments:?}");
    }
    let run = scan(&place, &["--db-repository", &name, "--require-fresh-db"]).code(0).silent();
    assert_eq!(database(&run), installed());
    assert!(!fake.requests().is_empty());

    // From the environment and the configuration file, and several: the first does not have it.
    let empty = FakeRegistry::start().unwrap();
    let list = format!("{}/db:2,{name}", empty.host());
    let place = demo_place();
    let mut command = scan_command(&place, &[]);
    command.env("PLIMSOLL_DB_REPOSITORY", &list).env("PLIMSOLL_CACHE_DIR", "elsewhere");
    assert_eq!(database(&place.run_with(command, b"").code(0).silent()), installed());
    assert_eq!(place.names("elsewhere/db").len(), 4, "{:?}", place.names("elsewhere/db"));
    assert!(!empty.requests().is_empty());
    place.write("plimsoll.yaml", format!("db-repository: [\"{name}\"]\ncache-dir: third\n"));
    place.run(&["db", "update"]).code(0).silent();
    assert!(place.names("third/db").contains(&installed()));
}

#[test]
fn who_the_user_is_stays_with_the_image() {
    let fake = FakeRegistry::start().unwrap();
    let name = serve(&fake, 3_600, -DAY);
    let place = demo_place();
    fake.set_auth(Auth::Basic { user: "ann".into(), password: "secret".into() });
    let arguments = ["--db-repository", &name, "--username", "ann", "--password", "secret"];
    scan(&place, &arguments).code(0).says(&["warning: the advisory database was not updated", "401"]);
    assert!(fake.requests().iter().all(|request| request.header("authorization").is_none()));
    // Those who update by hand say who they are there.
    place.run(&[&["db", "update"], &arguments[..]].concat()).code(0).silent();
}

#[test]
fn an_update_without_a_scan() {
    let fake = FakeRegistry::start().unwrap();
    let name = serve(&fake, 3_600, -DAY);
    let place = Place::without_database();
    let run = place.run(&["scan", "--download-db-only", "--db-repository", &name]).code(0).silent();
    assert!(run.stdout.starts_with("updated from "), "{}", run.stdout);
    assert!(place.names("home/.cache/plimsoll/db").contains(&installed()));
}

#[test]
fn no_database_and_no_network() {
    let fake = FakeRegistry::start().unwrap();
    let name = format!("{}/db:2", fake.host());
    let place = demo_place();
    let run = scan(&place, &["--db-repository", &name]).code(0);
    let run = run
        .says(&["warning: the advisory database was not updated, the small built-in one is used: ", "404"]);
    assert_eq!(database(&run), "built-in");
    // It is not tried again at once: a scan in a loop should not ask each time.
    fake.forget_requests();
    let run = scan(&place, &["--db-repository", &name]).code(0);
    run.says(&["is not tried again before", "the small built-in one is used", "404"]);
    assert_eq!(fake.requests(), []);
    scan(&place, &["--db-repository", &name, "--quiet"]).code(0).silent();
    let run = scan(&place, &["--db-repository", &name, "--require-fresh-db"]).code(4);
    run.says(&[
        "error: there is no advisory database but the built-in one, and --require-fresh-db is set",
        "db update",
    ]);
    // Asked for, it is tried, and then it is an error.
    let run = place.run(&["db", "update", "--db-repository", &name]).code(4);
    run.says(&["error: the advisory database was not updated: 127.0.0.1", "404"]);
    let mut command = place.command(&["db", "update", "--db-repository", &name]);
    command.env("PLIMSOLL_OFFLINE", "1");
    place.run_with(command, b"").code(4).says(&["the network is switched off"]);
    place
        .run(&["db", "update", "--db-repository", "a b"])
        .code(2)
        .says(&["'a b' is no place of an advisory database"]);
}

#[test]
fn a_failed_update_ends_no_scan() {
    for (age, expected) in [(2 * DAY, 0), (9 * DAY, 4)] {
        let fake = FakeRegistry::start().unwrap();
        let name = serve(&fake, age, age - DAY);
        let place = demo_place();
        place.run(&["db", "update", "--db-repository", &name]).code(0);
        // As if it had been fetched two hours ago: it is time to ask again.
        let state = place.path("home/.cache/plimsoll/db").join(installed()).with_extension("state.json");
        let mut said: Value = serde_json::from_slice(&fs::read(&state).unwrap()).unwrap();
        said["downloaded_at"] = json!(ago(7_200).to_string());
        said["checked_at"] = said["downloaded_at"].clone();
        fs::write(&state, said.to_string()).unwrap();
        fake.plan("/manifests/", 99, Fault::Status(503, vec![], String::new()));
        let old = "THE ADVISORY DATABASE IS 9 DAYS OLD";
        let run = scan(&place, &["--db-repository", &name]).code(0);
        let run =
            run.says(&["warning: the advisory database was not updated, the one at hand is used: ", "503"]);
        assert_eq!(database(&run), installed());
        assert_eq!(run.stderr.contains(old), expected == 4, "{}", run.stderr);
        let run = scan(&place, &["--db-repository", &name, "--require-fresh-db"]).code(expected);
        assert_eq!(run.stderr.contains("9 days old, more than 7 days"), expected == 4, "{}", run.stderr);
        let run =
            scan(&place, &["--db-repository", &name, "--require-fresh-db", "--db-max-age", "10d"]).code(0);
        assert!(!run.stderr.contains(old), "{}", run.stderr);
        scan(
            &place,
            &["--db-repository", &name, "--skip-db-update", "--require-fresh-db", "--db-max-age", "1d"],
        )
        .code(4);
        assert_eq!(status(&place)["state"], "waiting");
    }
}

#[test]
fn times_that_cannot_be() {
    // Made two years from now, and good for a hundred.
    let fake = FakeRegistry::start().unwrap();
    let name = serve(&fake, -730 * DAY, -36_500 * DAY);
    let place = demo_place();
    place.run(&["db", "update", "--db-repository", &name]).code(0).silent();
    let run = scan(&place, &["--db-repository", &name]).code(0);
    let run = run.says(&[
        "warning: the advisory database is of ",
        "this machine's clock says",
        "one of them is wrong",
    ]);
    assert_eq!(database(&run), installed());
    let run = scan(&place, &["--db-repository", &name, "--require-fresh-db"]).code(4);
    run.says(&["the age of the advisory database is not known"]);
    let fake = FakeRegistry::start().unwrap();
    let name = serve(&fake, 3_600, -36_500 * DAY);
    let place = demo_place();
    place.run(&["db", "update", "--db-repository", &name]).code(0).silent();
    scan(&place, &["--db-repository", &name])
        .code(0)
        .says(&["which is not believed; it is asked about daily"]);
}

#[test]
fn a_database_of_ones_own_is_left_alone() {
    let fake = FakeRegistry::start().unwrap();
    let name = serve(&fake, 3_600, -DAY);
    let place = demo_place();
    let feeds = fixture("demo");
    place.run(&["db", "build", "--from", feeds.to_str().unwrap()]).code(0).silent();
    assert_eq!(
        scan(&place, &["--db-repository", &name]).code(0).silent().json()["database"]["advisories"],
        6
    );
    assert_eq!(status(&place)["state"], "own");
    // Imported: left alone too, but its age is told.
    place.write("folder/trivy.db", small_db());
    place.write("folder/metadata.json", metadata(30 * DAY, 29 * DAY));
    place.run(&["db", "import", "folder"]).code(0).silent();
    scan(&place, &["--db-repository", &name])
        .code(0)
        .says(&["THE ADVISORY DATABASE IS 30 DAYS OLD", "db import"]);
    assert_eq!(fake.requests(), []);
    // Unless somebody wants another one.
    place.run(&["db", "update", "--db-repository", &name]).code(0).silent();
    assert_eq!(status(&place)["state"], "fresh");
}

#[test]
fn what_is_imported_must_be_a_database() {
    let place = Place::new();
    place.write("text", "hello");
    let run = place.run(&["db", "import", "text"]).code(4);
    run.says(&["error: the advisory database was not imported: file:", "it is neither a trivy.db"]);
    place.run(&["db", "import", "missing"]).code(4).says(&["missing"]);
    let cut = &small_db()[..20_000];
    place.write("cut.db", cut);
    place.run(&["db", "import", "cut.db"]).code(4).says(&["cannot convert it"]);
    assert!(!place.path("home/.cache/plimsoll/db").join(installed()).exists());
    place.run(&["db", "import", DATABASE]).code(0).silent();
    assert_eq!(
        fs::read(place.path("home/.cache/plimsoll/db").join(installed())).unwrap(),
        fs::read(place.path(DATABASE)).unwrap()
    );
}

#[test]
fn databases_travel_in_chunks() {
    let fake = FakeRegistry::start().unwrap();
    let place = Place::new();
    let target = format!("{}/team/advisories:1", fake.host());
    let run = place.run(&["db", "push", &target, "--db", DATABASE, "--valid-for", "6h"]).code(0).silent();
    assert!(run.stdout.starts_with(&format!("published {target} as sha256:")), "{}", run.stdout);
    let run = place.run(&["db", "push", &target, "--db", DATABASE, "--valid-for", "6h"]).code(0).silent();
    assert!(run.stdout.contains("sent      0 bytes, 0 of "), "{}", run.stdout);
    let run = place.run(&["db", "update", "--db-repository", &target]).code(0).silent();
    assert!(run.stdout.contains(" chunks, 100 % of "), "{}", run.stdout);
    let index = place.path("home/.cache/plimsoll/db").join(installed());
    let findings = |name: &str| {
        let run = place.run(&["db", "export", "--db", name]).code(0).silent();
        run.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(findings(index.to_str().unwrap()), findings(DATABASE));
    place.run(&["db", "push", "oci:folder", "--db", DATABASE]).code(0).silent();
    place.run(&["db", "import", "folder", "--cache-dir", "other"]).code(0).silent();
    place.run(&["db", "diff", DATABASE, &format!("other/db/{}", installed())]).code(0).silent();
    place.run(&["db", "push", "oci:", "--db", DATABASE]).code(2).says(&["names no folder"]);
    place.run(&["db", "push", "a b", "--db", DATABASE]).code(2).says(&["'a b' is not an image reference"]);
    fake.plan("POST", 9, Fault::Status(403, vec![], String::new()));
    fake.plan("HEAD", 99, Fault::Status(404, vec![], String::new()));
    place.run(&["db", "push", &target, "--db", DATABASE]).code(4).says(&["was not published", "403"]);
}

#[test]
fn advisories_are_searched_compared_and_exported() {
    let place = Place::new();
    for (name, arguments) in [
        ("db-search-package", &["capstan"][..]),
        ("db-search-identifier", &["cve-2099-1001"]),
        ("db-search-json", &["CVE-2099-1001", "--format", "json"]),
        ("db-search-nothing", &["anchor"]),
    ] {
        place.run(&[&["db", "search", "--db", DATABASE], arguments].concat()).code(0).matches(name);
    }
    let lines = |arguments: &[&str]| {
        place.run(&[&["db", "search", "--db", DATABASE], arguments].concat()).code(0).stdout.lines().count()
    };
    // As advisories spell it, as packages do, in any case, and by release.
    for ecosystem in ["PyPI", "pypi"] {
        assert!(lines(&["Capstan", "--ecosystem", ecosystem]) > 1, "{ecosystem}");
    }
    assert_eq!(lines(&["capstan", "--ecosystem", "npm"]), 0);
    assert!(lines(&["musl", "--ecosystem", "Alpine"]) > 1);
    assert!(lines(&["musl", "--ecosystem", "alpine:v3.7"]) > 1);
    assert_eq!(lines(&["musl", "--ecosystem", "Alpine:v9.9"]), 0);

    let feed = fs::read_to_string(fixture("demo").join("osv.ndjson")).unwrap();
    let changed = feed.replacen("runs whatever it is given", "runs nearly everything", 1);
    let without_last: Vec<&str> = changed.lines().take(changed.lines().count() - 1).collect();
    place.write("feeds/osv.ndjson", without_last.join("\n"));
    place.run(&["db", "build", "--from", "feeds", "--output", "other.index"]).code(0).silent();
    place.run(&["db", "diff", DATABASE, "other.index"]).code(0).silent().matches("db-diff");
    let said = place.run(&["db", "diff", DATABASE, DATABASE, "--format", "json"]).code(0).silent().json();
    assert_eq!(said, json!({"schemaVersion": 1, "sources": [], "unchanged": 6}));
    place.run(&["db", "diff", DATABASE, "missing.index"]).code(4).says(&["missing.index"]);

    let exported = place.run(&["db", "export", "--db", DATABASE]).code(0).silent().stdout;
    assert_eq!(exported.lines().count(), 6);
    place.run(&["db", "export", "--db", DATABASE, "--output", "all.ndjson"]).code(0).silent();
    assert_eq!(fs::read_to_string(place.path("all.ndjson")).unwrap(), exported);
    place
        .run(&["db", "export", "--db", DATABASE, "--output", "no/where"])
        .code(4)
        .says(&["cannot write no/where"]);
}
