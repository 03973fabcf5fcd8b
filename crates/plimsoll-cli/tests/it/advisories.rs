//! Findings held against published advisories. Each distribution or ecosystem is looked at twice: with an excerpt of
//! its feed that lies in the repository, and with the whole feed where `PLIMSOLL_TEST_DATA` has it.
//!
//! The expected findings were worked out without Plimsoll: those for Debian by comparing every version with `dpkg
//! --compare-versions`, those for AlmaLinux with `rpm.vercmp`, those for PyPI by a reading of the OSV schema's
//! evaluation with Python's `packaging`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use plimsoll_archive::Decoder;
use plimsoll_test::images::{ImageText, LayerText, Packing};
use serde_json::Value;

use crate::place::{Place, findings, lines, packages, problems};
use crate::samples::{fixture, fixture_text, image, shared_data};

/// Builds a database of a feed at `db.index`.
fn database(place: &Place, feed: &Path) {
    place.run(&["db", "build", "--from", feed.to_str().unwrap(), "--output", "db.index"]).code(0);
}

fn scan(place: &Place, target: &str) -> Value {
    place.run(&["scan", target, "--db", "db.index", "--no-cache", "--format", "json"]).code(0).silent().json()
}

/// Fails with what is too much and what is missing.
#[track_caller]
fn assert_same(found: &[String], expected: &[String]) {
    let without = |all: &[String], others: &[String]| -> Vec<String> {
        all.iter().filter(|line| !others.contains(line)).cloned().collect()
    };
    assert_eq!((without(found, expected), without(expected, found)), (vec![], vec![]), "too much, missing");
    assert_eq!(found, expected);
}

fn sorted(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = lines(text).map(str::to_owned).collect();
    lines.sort();
    lines
}

#[track_caller]
fn assert_complete(report: &Value) {
    assert_eq!(report["complete"], true, "{:?}", problems(report));
}

// ---- Alpine

/// Packages of Alpine 3.7.3 as its installed database has them: name, version, origin.
const ALPINE_3_7_3: &[(&str, &str, &str)] = &[
    ("musl", "1.1.18-r3", "musl"),
    ("busybox", "1.27.2-r11", "busybox"),
    ("libressl2.6-libcrypto", "2.6.5-r0", "libressl"),
    ("libressl2.6-libssl", "2.6.5-r0", "libressl"),
    ("ssl_client", "1.27.2-r11", "busybox"),
    ("musl-utils", "1.1.18-r3", "musl"),
    ("libc-utils", "0.7.1-r0", "libc-dev"),
];

fn alpine(release: &str, packages: &[(&str, &str, &str)]) -> ImageText {
    let installed: String = packages
        .iter()
        .map(|(name, version, origin)| format!("P:{name}\\nV:{version}\\nA:x86_64\\no:{origin}\\n\\n"))
        .collect();
    image(&format!(
        "layer gzip\nfile etc/os-release \"ID=alpine\\nVERSION_ID={release}\\n\"\nfile lib/apk/db/installed \"{installed}\""
    ))
}

#[test]
fn alpine_secdb() {
    let place = Place::without_database();
    database(&place, &fixture("alpine"));
    place.archive("3.7.tar", alpine("3.7.3", ALPINE_3_7_3));
    let report = scan(&place, "3.7.tar");
    assert_complete(&report);
    assert_eq!(findings(&report), ["musl 1.1.18-r3 CVE-2019-14697", "musl-utils 1.1.18-r3 CVE-2019-14697"]);
    for finding in report["targets"][0]["findings"].as_array().unwrap() {
        assert_eq!(finding["fixedVersions"], serde_json::json!(["1.1.18-r4"]));
    }
    let fixed: Vec<_> = ALPINE_3_7_3
        .iter()
        .map(|&(name, version, origin)| (name, if origin == "musl" { "1.1.18-r4" } else { version }, origin))
        .collect();
    place.archive("fixed.tar", alpine("3.7.3", &fixed));
    assert_eq!(findings(&scan(&place, "fixed.tar")), [""; 0]);
    // The same packages in a release for which the feed says other things: 3.10 fixed musl in 1.1.22-r3.
    place.archive("3.10.tar", alpine("3.10.9", &[("musl", "1.1.22-r3", "musl")]));
    assert_eq!(findings(&scan(&place, "3.10.tar")), [""; 0]);
    place.archive("3.10-old.tar", alpine("3.10.0", &[("musl", "1.1.22-r2", "musl")]));
    assert_eq!(findings(&scan(&place, "3.10-old.tar")), ["musl 1.1.22-r2 CVE-2019-14697"]);
}

/// A root file system as the only layer of an image, compressed as it is.
fn minirootfs(archive: &Path) -> ImageText {
    let packed = std::fs::read(archive).unwrap();
    let mut tar = Vec::new();
    Decoder::new(&packed[..]).unwrap().read_to_end(&mut tar).unwrap();
    let layer =
        LayerText { tar, packing: Packing::Gzip, created_by: "ADD rootfs.tar.gz / # buildkit".to_owned() };
    ImageText { layers: vec![layer], ..image("layer") }
}

#[test]
fn alpine_secdb_on_real_root_file_systems() {
    let Some(feed) = shared_data("advisories/alpine-secdb.tar.zst") else { return };
    let Some(images) = shared_data("images") else { return };
    let place = Place::without_database();
    database(&place, &feed);
    for (release, expected) in [
        ("3.7.3", &["musl 1.1.18-r3 CVE-2019-14697", "musl-utils 1.1.18-r3 CVE-2019-14697"][..]),
        ("3.6.5", &[]),
        ("3.10.9", &[]),
    ] {
        let archive = images.join(format!("alpine-minirootfs-{release}-x86_64.tar.gz"));
        place.archive("image.tar", minirootfs(&archive));
        let report = scan(&place, "image.tar");
        assert_complete(&report);
        assert_eq!(findings(&report), expected, "{release}");
        assert_eq!(packages(&report).len(), if release == "3.10.9" { 14 } else { 13 }, "{release}");
        assert_eq!(report["targets"][0]["distro"]["version"], release);
    }

    // The names and versions in /lib/apk/db/installed, by `awk -F: '/^P:/{p=$2} /^V:/{v=$2} /^$/{print p,v}'`.
    let saved = images.join("alpine-3.10-docker-save.tar.gz");
    let report = scan(&place, saved.to_str().unwrap());
    assert_complete(&report);
    assert_eq!(report["targets"][0]["image"]["tags"], serde_json::json!(["alpine:3.10"]));
    assert_eq!(
        packages(&report),
        [
            "apk alpine-baselayout 3.1.2-r0",
            "apk alpine-keys 2.1-r2",
            "apk apk-tools 2.10.4-r2",
            "apk busybox 1.30.1-r3",
            "apk ca-certificates-cacert 20190108-r0",
            "apk libc-utils 0.7.1-r0",
            "apk libcrypto1.1 1.1.1d-r2",
            "apk libssl1.1 1.1.1d-r2",
            "apk libtls-standalone 2.9.1-r0",
            "apk musl 1.1.22-r3",
            "apk musl-utils 1.1.22-r3",
            "apk scanelf 1.2.3-r0",
            "apk ssl_client 1.30.1-r3",
            "apk zlib 1.2.11-r1",
        ]
    );
}

// ---- PyPI

/// An image with the packages of `pypi/packages.txt` as `pip` leaves them.
fn python_web() -> ImageText {
    let mut text = "layer gzip \"RUN pip install -r requirements.txt\"\n".to_owned();
    for line in lines(&fixture_text("pypi/packages.txt")) {
        let (name, version) = line.split_once(' ').unwrap();
        text.push_str(&format!(
            "file usr/local/lib/python3.8/site-packages/{name}-{version}.dist-info/METADATA \
             \"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n\\nName: not-a-header\\n\"\n"
        ));
    }
    image(&text)
}

/// The findings by the package's normal name, as the expected tables have it (PEP 503).
fn normal_findings(report: &Value) -> Vec<String> {
    let mut found = findings(report);
    for line in &mut found {
        let (name, rest) = line.split_once(' ').unwrap();
        *line = format!("{} {rest}", name.to_lowercase().replace(['_', '.'], "-"));
    }
    found.sort();
    found
}

#[test]
fn pypa_advisories() {
    let place = Place::without_database();
    database(&place, &fixture("pypi/feed"));
    place.archive("web.tar", python_web());
    let report = scan(&place, "web.tar");
    assert_complete(&report);
    assert_eq!(packages(&report).len(), 20);
    assert_same(&normal_findings(&report), &sorted(&fixture_text("pypi/expected.txt")));
}

#[test]
fn all_pypa_advisories() {
    let Some(feed) = shared_data("advisories/pypa-yaml.tar.zst") else { return };
    let place = Place::without_database();
    database(&place, &feed);
    place.archive("web.tar", python_web());
    let expected = sorted(&fixture_text("pypi/expected-full.txt"));
    assert_same(&normal_findings(&scan(&place, "web.tar")), &expected);

    let Some(images) = std::env::var_os("PLIMSOLL_TEST_IMAGES") else {
        return eprintln!("note: not checked, PLIMSOLL_TEST_IMAGES is not set");
    };
    // Debian's own packages are not in this feed, so what is found are pip's. Two of the twenty have no wheel, and
    // were not installed there.
    let mut report = scan(&place, Path::new(&images).join("python-web.tar").to_str().unwrap());
    let target = &mut report["targets"][0];
    let pip: Vec<String> = packages_of(target, "pypi");
    target["findings"].as_array_mut().unwrap().retain(|finding| finding["package"]["ecosystem"] == "pypi");
    let installed = |line: &&String| pip.contains(&line.split(' ').next().unwrap().to_owned());
    let expected: Vec<String> = expected.iter().filter(installed).cloned().collect();
    assert!(pip.len() >= 18 && expected.len() > 90, "{pip:?}");
    assert_same(&normal_findings(&report), &expected);
}

fn packages_of(target: &Value, ecosystem: &str) -> Vec<String> {
    let packages = target["packages"].as_array().unwrap().iter();
    let of = packages.filter(|package| package["ecosystem"] == ecosystem);
    of.map(|package| package["name"].as_str().unwrap().to_lowercase()).collect()
}

// ---- Debian

/// The root file systems that `debian/packages.txt` describes, by their names there.
fn debian_roots() -> BTreeMap<String, ImageText> {
    let mut status: BTreeMap<String, String> = BTreeMap::new();
    for line in lines(&fixture_text("debian/packages.txt")) {
        let words: Vec<&str> = line.split(' ').collect();
        let [root, package, version, source, source_version] = words[..] else { panic!("{line}") };
        let source = match (source == package, source_version) {
            (true, "-") => String::new(),
            (_, "-") => format!("Source: {source}\\n"),
            _ => format!("Source: {source} ({source_version})\\n"),
        };
        status.entry(root.to_owned()).or_default().push_str(&format!(
            "Package: {package}\\nStatus: install ok installed\\nArchitecture: amd64\\n{source}Version: {version}\\n\
             Description: a package\\n of several lines\\n\\n"
        ));
    }
    let root = |status: String| {
        image(&format!(
            "layer\nfile usr/lib/os-release \"PRETTY_NAME=\\\"Debian GNU/Linux 11 (bullseye)\\\"\\nID=debian\\nVERSION_ID=\\\"11\\\"\\n\
             VERSION_CODENAME=bullseye\\n\"\nlink etc/os-release -> ../usr/lib/os-release\n\
             file var/lib/dpkg/status \"{status}\""
        ))
    };
    status.into_iter().map(|(name, status)| (name, root(status))).collect()
}

fn debian(feed: &Path, expected: &str) {
    let place = Place::without_database();
    database(&place, feed);
    let versions: BTreeMap<String, String> = lines(&fixture_text("debian/packages.txt"))
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            (format!("{} {}", words[0], words[1]), words[2].to_owned())
        })
        .collect();
    let mut found = Vec::new();
    for (name, root) in debian_roots() {
        let file = format!("{name}.tar");
        place.archive(&file, root);
        let report = scan(&place, &file);
        assert_complete(&report);
        assert_eq!(packages(&report).len(), 11);
        for finding in findings(&report) {
            let words: Vec<&str> = finding.split(' ').collect();
            assert_eq!(versions[&format!("{name} {}", words[0])], words[1]);
            found.push(format!("{name} {} {}", words[0], words[2]));
        }
    }
    found.sort();
    assert_same(&found, &sorted(&fixture_text(expected)));
}

#[test]
fn debian_security_advisories() {
    debian(&fixture("debian/DSA"), "debian/expected.txt");
}

#[test]
fn all_debian_security_advisories() {
    let Some(feed) = shared_data("advisories/debian-dsa-dla.tar.zst") else { return };
    debian(&feed, "debian/expected-full.txt");
}

// ---- AlmaLinux

fn almalinux(feed: &Path, expected: &str) {
    let place = Place::without_database();
    database(&place, feed);
    for (name, text) in [
        ("etc/os-release", "ID=almalinux\nVERSION_ID=8.10\nID_LIKE=\"rhel centos fedora\"\n".as_bytes()),
        ("var/lib/rpm/rpmdb.sqlite", &std::fs::read(fixture("almalinux/rpmdb.sqlite")).unwrap()),
    ] {
        place.write(&format!("root/{name}"), text);
    }
    let report = scan(&place, "rootfs:root");
    assert_complete(&report);
    // What `rpm -qa` says of the same database.
    let mut listed: Vec<String> = report["targets"][0]["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let text = |key: &str| package[key].as_str().unwrap_or("-");
            format!("{} {} {}", text("name"), text("version"), text("modularity"))
        })
        .collect();
    listed.sort();
    assert_same(&listed, &sorted(&fixture_text("almalinux/packages.txt")));
    assert_same(&findings(&report), &sorted(&fixture_text(expected)));
}

#[test]
fn almalinux_errata() {
    almalinux(&fixture("almalinux/feed"), "almalinux/expected.txt");
}

#[test]
fn all_almalinux_errata() {
    let Some(feed) = shared_data("advisories/almalinux-osv.tar.zst") else { return };
    almalinux(&feed, "almalinux/expected-full.txt");
}
