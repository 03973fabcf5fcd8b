//! The `db` commands, and databases that are none.

use std::fs;
use std::path::Path;

use plimsoll_test::images::{Content, Files, Packing};

use crate::place::{DATABASE, Place, findings, snapshot};
use crate::samples::{demo_place, fixture};

fn demo_feeds() -> String {
    fixture("demo").to_str().unwrap().to_owned()
}

#[test]
fn build_status_and_verify() {
    let place = Place::new();
    let feeds = demo_feeds();
    let build = place.run(&["db", "build", "--from", &feeds, "--output", "a.index"]).code(0).silent();
    // The number of bytes is the format's business.
    let text: Vec<String> = build
        .stdout
        .lines()
        .map(|line| match line.split_once(" bytes: ") {
            Some((before, file)) => format!("{} SIZE bytes: {file}", before.rsplit_once(' ').unwrap().0),
            None => line.to_owned(),
        })
        .collect();
    snapshot("db-build.txt", &format!("{}\n", text.join("\n")));
    let quiet =
        place.run(&["db", "build", "--quiet", "--from", &feeds, "--output", "b.index"]).code(0).silent();
    assert_eq!(quiet.stdout.lines().count(), 1);
    assert_eq!(fs::read(place.path("a.index")).unwrap(), fs::read(place.path("b.index")).unwrap());
    assert_eq!(place.names("."), ["a.index", "b.index", DATABASE, "home"]);

    let status = place.run(&["db", "status", "--db", "a.index"]).code(0).silent();
    let digest =
        status.stdout.lines().find_map(|line| line.strip_prefix("digest ")).unwrap().trim().to_owned();
    assert_eq!(digest.len(), "sha256:".len() + 64, "{digest}");
    snapshot("db-status.txt", &status.stdout.replace(&digest, "DIGEST"));
    place.run(&["db", "verify", "--db", "a.index"]).code(0).silent().matches("db-verify");
    let builtin = place.run(&["db", "status", "--db", "builtin"]).code(0).silent().stdout;
    assert!(builtin.starts_with("database    built-in\n"), "{builtin}");
    place.run(&["db", "verify", "--db", "builtin"]).code(0).silent();
}

#[test]
fn the_installed_database_is_used() {
    let place = demo_place();
    let feeds = demo_feeds();
    let scan = |arguments: &[&str]| {
        place.run(&[&["scan", "demo.tar", "--format", "json"], arguments].concat()).code(0).silent().json()
    };
    // Without one: the starter set.
    assert_eq!(scan(&[])["database"]["name"], "built-in");
    place.run(&["db", "build", "--from", &feeds]).code(0).silent();
    let report = scan(&[]);
    let name = report["database"]["name"].as_str().unwrap();
    assert!(Path::new(name).starts_with(place.path("home/.cache/plimsoll/db")), "{name}");
    assert_eq!(findings(&report).len(), 6);
    assert_eq!(scan(&["--db", "builtin"])["database"]["name"], "built-in");
    // Another cache folder, another database.
    assert_eq!(scan(&["--cache-dir", "elsewhere"])["database"]["name"], "built-in");
    place.run(&["db", "build", "--from", &feeds, "--cache-dir", "elsewhere"]).code(0).silent();
    assert_eq!(findings(&scan(&["--cache-dir", "elsewhere"])).len(), 6);
    assert!(
        place.run(&["db", "status", "--cache-dir", "elsewhere"]).code(0).stdout.contains("elsewhere/db/")
    );

    let mut command = place.command(&["db", "status"]);
    command.env("XDG_CACHE_HOME", place.path("home/.cache"));
    assert!(place.run_with(command, b"").code(0).stdout.contains("home/.cache/plimsoll/db/"));
    // Neither HOME nor a cache folder: no place for a database, but a scan works.
    let homeless = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.env_remove("HOME");
        place.run_with(command, b"")
    };
    let run = homeless(&["db", "build", "--from", &feeds]).code(2);
    snapshot("db-build-homeless.txt", &run.stderr);
    homeless(&["scan", "demo.tar"]).code(0).silent();
}

#[test]
fn feeds_come_in_many_forms() {
    let place = Place::new();
    let build = |from: &[&str]| {
        place.run(&[&["db", "build", "--output", "db.index", "--from"], from].concat()).code(0).silent();
        fs::read(place.path("db.index")).unwrap()
    };
    let feeds = demo_feeds();
    let expected = build(&[&feeds]);
    let (osv, secdb) = (format!("{feeds}/osv.ndjson"), format!("{feeds}/main.yaml"));
    assert!(build(&[&osv, &secdb]) == expected, "files");
    assert!(build(&[&secdb, &osv, &feeds]) == expected, "the same twice, in another order");
    let file = |path: &str| Content::Bytes(fs::read(path).unwrap());
    let files = Files([("f/osv.ndjson".into(), file(&osv)), ("f/main.yaml".into(), file(&secdb))].into());
    for (name, packing) in
        [("f.tar", Packing::Plain), ("f.tar.gz", Packing::Gzip), ("f.tar.zst", Packing::Zstd)]
    {
        files.write_tar(&place.path(name), packing).unwrap();
        assert!(build(&[name]) == expected, "{name}");
    }
    place.write("z/osv.ndjson.zst", Packing::Zstd.pack(&fs::read(&osv).unwrap()).unwrap());
    place.write("z/main.yaml.gz", Packing::Gzip.pack(&fs::read(&secdb).unwrap()).unwrap());
    assert!(build(&["z"]) == expected, "compressed files in a folder");
}

#[test]
fn feeds_that_are_none() {
    let place = Place::new();
    place.write("empty/README", "nothing here");
    place.write("torn.tar.gz", &Packing::Gzip.pack(&[7; 5000]).unwrap()[..20]);
    place.write("db.index", "the last database");
    for (name, from) in
        [("db-build-missing", "missing"), ("db-build-empty", "empty"), ("db-build-torn", "torn.tar.gz")]
    {
        place.run(&["db", "build", "--from", from, "--output", "db.index"]).code(4).matches(name);
        assert_eq!(fs::read_to_string(place.path("db.index")).unwrap(), "the last database");
    }
    let feeds = demo_feeds();
    let run = place.run(&["db", "build", "--from", &feeds, "--output", "db.index/x"]).code(4);
    run.says(&["error: ", "db.index"]);
    assert_eq!(place.names("."), ["db.index", DATABASE, "empty", "home", "torn.tar.gz"]);
}

/// A database that is installed and damaged is refused by name. The starter set does not take its place: with it a scan
/// would find little and call that complete.
#[test]
fn a_damaged_installed_database() {
    let place = demo_place();
    place.run(&["db", "build", "--from", &demo_feeds()]).code(0).silent();
    let scan = || place.run(&["scan", "demo.tar", "--no-cache", "--format", "json"]);
    let name = scan().code(0).json()["database"]["name"].as_str().unwrap().to_owned();
    let good = fs::read(&name).unwrap();
    let garbage = vec![0xa5; good.len()];
    for bytes in [&good[..good.len() / 2], &good[..good.len() - 1], &good[..8], b"", &garbage] {
        fs::remove_file(&name).unwrap();
        fs::write(&name, bytes).unwrap();
        for run in [scan(), place.run(&["db", "status"])] {
            let run = run.code(4).says(&["error: the advisory database cannot be used", &name]);
            assert_eq!(run.stdout, "");
        }
    }
}

#[test]
fn damaged_databases() {
    let place = demo_place();
    let good = fs::read(place.path(DATABASE)).unwrap();
    let scan = |name: &str| place.run(&["scan", "demo.tar", "--db", name, "--no-cache", "--format", "json"]);
    let expected = findings(&scan(DATABASE).code(0).json());
    // Cut short anywhere: refused, and the message names the file.
    for len in (0..good.len()).step_by(37).chain([good.len() - 1]) {
        place.write("cut.index", &good[..len]);
        scan("cut.index").code(4).says(&["error: the advisory database cannot be used", "cut.index"]);
    }
    // Bytes changed: `verify` always knows; a scan refuses or reads what it was given, but is never at a loss.
    for at in (0..good.len()).step_by(41) {
        let mut bytes = good.clone();
        bytes[at] ^= 0xff;
        place.write("bad.index", &bytes);
        let verify = place.run(&["db", "verify", "--db", "bad.index"]).code(4);
        assert!(verify.stderr.contains("bad.index"), "byte {at}: {}", verify.stderr);
        let run = scan("bad.index");
        assert!(run.code == 0 || run.code == 4, "byte {at}: {run:?}");
    }
    for (name, bytes) in [
        ("db-empty", &b""[..]),
        ("db-text", b"not a database at all, but a text that is longer than any header would be, for what it is worth"),
    ] {
        place.write("bad.index", bytes);
        place.run(&["db", "status", "--db", "bad.index"]).code(4).matches(name);
    }
    place.run(&["db", "status", "--db", "missing.index"]).code(4).matches("db-missing");
    place.run(&["db", "status", "--db", "home"]).code(4).matches("db-folder");
    assert_eq!(findings(&scan(DATABASE).code(0).json()), expected);
}
