//! Jars without coordinates of their own, with and without the index of jars. The digest in `trivy-java.db` is what sha1sum says
//! of `renamed.jar`.

use std::fs;

use serde_json::{Value, json};

use crate::place::{Place, Run};
use crate::samples::{fixture, image};

const JARS: [&str; 4] = ["renamed.jar", "keel-1.0.jar", "mast-1.0.jar", "ship-2.0.war"];

/// An image with jars, and advisories on artifacts that they could be.
fn place() -> Place {
    let place = Place::without_database();
    let mut tar = tar::Builder::new(Vec::new());
    for name in JARS {
        let bytes = fs::read(fixture("java").join(name)).unwrap();
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("opt/{name}"), bytes.as_slice()).unwrap();
    }
    let mut sample = image("layer\nfile etc/nothing \"\"");
    sample.layers[0].tar = tar.into_inner().unwrap();
    place.archive("jars.tar", sample);
    let advisories = [
        ("org.example.yard:hull", "CVE-2099-3001"),
        ("org.example.yard:keel", "CVE-2099-3002"),
        ("org.example.yard:mast", "CVE-2099-3003"),
        ("net.example:mast", "CVE-2099-3004"),
        ("org.example.fleet:ship", "CVE-2099-3005"),
    ];
    let feed: String = advisories.iter().map(|(name, id)| format!("{}\n", advisory(name, id))).collect();
    place.write("feed/osv.ndjson", feed);
    place.run(&["db", "build", "--from", "feed", "--output", "maven.index"]).code(0);
    place
}

fn advisory(name: &str, id: &str) -> Value {
    let ranges = json!([{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9.0"}]}]);
    json!({
        "schema_version": "1.7.0",
        "id": id.replace("CVE-2099", "GHSA-test-test"),
        "aliases": [id],
        "modified": "2023-02-01T00:00:00Z",
        "affected": [{"package": {"ecosystem": "Maven", "name": name}, "ranges": ranges}],
    })
}

/// A scan, which caches facts.
fn scan(place: &Place) -> Run {
    place.run(&["scan", "jars.tar", "--db", "maven.index", "--format", "json", "-q"]).code(0)
}

/// The packages of a report with their confidence where it is not high and how often they are there, sorted.
fn packages(report: &Value) -> Vec<String> {
    let packages = report["targets"][0]["packages"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let package = |package: &Value| {
        let (purl, confidence) = (text(&package["purl"]), text(&package["confidence"]));
        format!("{purl} {confidence} {}", package["locations"].as_array().unwrap().len())
    };
    let mut found: Vec<String> = packages.iter().map(package).collect();
    found.sort();
    found
}

/// The findings of a report with their confidence, sorted.
fn findings(report: &Value) -> Vec<String> {
    let findings = report["targets"][0]["findings"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let finding = |finding: &Value| {
        format!("{} {}", text(&finding["vulnerability"]["id"]), text(&finding["confidence"]))
    };
    let mut found: Vec<String> = findings.iter().map(finding).collect();
    found.sort();
    found
}

const WITHOUT: [&str; 4] = [
    "pkg:maven/keel@1.0 medium 1",
    "pkg:maven/mast@1.0 medium 1",
    "pkg:maven/org.example.fleet/ship@2.0 medium 1",
    "pkg:maven/renamed medium 2",
];

const WITH: [&str; 4] = [
    "pkg:maven/mast@1.0 medium 1",
    "pkg:maven/org.example.fleet/ship@2.0 medium 1",
    "pkg:maven/org.example.yard/hull@3.1  2",
    "pkg:maven/org.example.yard/keel@1.0 medium 1",
];

fn index() -> String {
    format!("home/.cache/plimsoll/db/jars-v{}.index", plimsoll_db::JAR_INDEX_FORMAT)
}

#[test]
fn jars_are_named_by_the_index_of_jars() {
    let place = place();
    let report = scan(&place).json();
    assert_eq!(packages(&report), WITHOUT);
    assert_eq!(findings(&report), ["CVE-2099-3005 medium"]);
    assert_eq!(
        place.run(&["db", "status", "--db", "maven.index", "--format", "json"]).json()["jars"],
        json!(null)
    );

    let database = fixture("java").join("trivy-java.db");
    let run = place.run(&["db", "import", database.to_str().unwrap()]).code(0).silent();
    assert!(run.stdout.starts_with("imported    4 jars\ninto "), "{}", run.stdout);
    let status = place.run(&["db", "status", "--db", "maven.index", "--format", "json"]).code(0).json();
    assert_eq!((&status["jars"]["known"], &status["jars"]["fault"]), (&json!(4), &json!(null)));
    assert!(status["jars"]["name"].as_str().unwrap().ends_with(&index()));
    let status = place.run(&["db", "status", "--db", "maven.index"]).code(0).silent().stdout;
    assert!(status.contains("jars        4\n") && status.contains(&index()), "{status}");

    // The facts are those of the first scan, which did not know of the index.
    let report = scan(&place).silent();
    place.write("report.json", &report.stdout);
    let report = report.json();
    assert_eq!(packages(&report), WITH);
    assert_eq!(findings(&report), ["CVE-2099-3001 high", "CVE-2099-3002 medium", "CVE-2099-3005 medium"]);
    let explained = |id: &str| place.run(&["explain", id, "--report", "report.json"]).code(0).silent().stdout;
    assert!(explained("CVE-2099-3001").contains("high: "));
    assert!(explained("CVE-2099-3002").contains("medium: the package has no coordinates of its own"));
}

#[test]
fn a_damaged_index_of_jars_is_told_of_and_not_used() {
    let place = place();
    let database = fixture("java").join("trivy-java.db");
    place.run(&["db", "import", database.to_str().unwrap(), "-q"]).code(0).silent();
    let bytes = fs::read(place.path(&index())).unwrap();
    let cases: [(&[u8], &str); 3] = [
        (&bytes[..bytes.len() - 1], "the index of jars is damaged"),
        (b"", "not an index of jars"),
        (b"PLIMJAVA\xff\0\0\0 from another time, and long enough", "the format 255"),
    ];
    for (bytes, fault) in cases {
        fs::remove_file(place.path(&index())).unwrap();
        place.write(&index(), bytes);
        let run = place.run(&["scan", "jars.tar", "--db", "maven.index", "--format", "json"]).code(0);
        let run = run.says(&["warning: ", "jars are named without it", fault]);
        assert_eq!(packages(&run.json()), WITHOUT);
        let status = place.run(&["db", "status", "--db", "maven.index"]).code(0).silent().stdout;
        assert!(status.contains(fault), "{status}");
    }
    // An import puts it right.
    place.run(&["db", "import", database.to_str().unwrap(), "-q"]).code(0).silent();
    assert_eq!(packages(&scan(&place).json()), WITH);
}

/// An archive as trivy-java-db is published in, with the database under a name.
fn archive(name: &str) -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let database = fs::read(fixture("java").join("trivy-java.db")).unwrap();
    for (name, bytes) in [(name, database.as_slice()), ("metadata.json", b"{\"Version\":1}")] {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

#[test]
fn a_database_of_jars_is_imported_in_every_form() {
    let place = Place::without_database();
    let packed = archive("trivy-java.db");
    place.write("javadb.tar.gz", &packed);
    fs::create_dir(place.path("folder")).unwrap();
    fs::copy(fixture("java").join("trivy-java.db"), place.path("folder/trivy-java.db")).unwrap();
    for path in ["javadb.tar.gz", "folder", "folder/trivy-java.db"] {
        let run = place.run(&["db", "import", path, "--cache-dir", "cache"]).code(0).silent();
        assert!(run.stdout.starts_with("imported    4 jars\n"), "{path}: {}", run.stdout);
        let name = index().rsplit('/').next().unwrap().to_owned();
        assert_eq!(place.names("cache/db"), [name], "{path}");
        fs::remove_dir_all(place.path("cache")).unwrap();
    }
    // What is none, or no whole one, is refused as before, and leaves nothing.
    for len in (0..packed.len()).step_by(packed.len() / 20) {
        place.write("torn.tar.gz", &packed[..len]);
        place.run(&["db", "import", "torn.tar.gz"]).code(4).says(&["was not imported"]);
    }
    place.write("other.tar.gz", archive("something.db"));
    place.run(&["db", "import", "other.tar.gz"]).code(4).says(&["neither trivy.db nor vulnerability.db"]);
    let rpm = fixture("almalinux/rpmdb.sqlite");
    place.run(&["db", "import", rpm.to_str().unwrap()]).code(4).says(&["no database of another scanner"]);
    let damaged = fs::read(fixture("java").join("trivy-java.db")).unwrap();
    place.write("damaged.db", &damaged[..1_000]);
    place.run(&["db", "import", "damaged.db"]).code(4).says(&["was not imported"]);
    assert!(!place.path(&index()).exists());
}
