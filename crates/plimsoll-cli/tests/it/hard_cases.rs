//! Cases that scanners get wrong because of how an image is made: what is in the merged tree, who owns it, where it is.
//! (Those of versions and advisories are in the table of `plimsoll-match`.)

use std::path::Path;

use plimsoll_test::images::ImageText;

use crate::place::{Place, findings, packages, problems};
use crate::samples::{fixture, image, shared_data};

/// A place with a database of `feeds`.
fn place(feeds: &[&Path]) -> Place {
    let place = Place::without_database();
    let mut arguments = vec!["db", "build", "--output", "db.index"];
    for feed in feeds {
        arguments.extend(["--from", feed.to_str().unwrap()]);
    }
    place.run(&arguments).code(0);
    place
}

/// What is found in `image` with the database of `place`; the problems where there are any.
#[track_caller]
fn found(place: &Place, image: ImageText) -> Vec<String> {
    place.archive("image.tar", image);
    let scan = ["scan", "image.tar", "--db", "db.index", "--no-cache", "--format", "json"];
    let report = place.run(&scan).code(0).json();
    let problems = problems(&report);
    assert_eq!(report["complete"], problems.is_empty());
    if problems.is_empty() { findings(&report) } else { problems }
}

const ALPINE: &str = "file etc/os-release \"ID=alpine\\nVERSION_ID=3.7.3\\n\"";
const MUSL: &str = "P:musl\\nV:1.1.18-r3\\nA:x86_64\\no:musl\\n\\n";
const FIXED: &str = "P:musl\\nV:1.1.18-r4\\nA:x86_64\\no:musl\\n\\n";

fn alpine(text: &str) -> ImageText {
    image(&text.replace("ALPINE", ALPINE).replace("MUSL", MUSL).replace("FIXED", FIXED))
}

/// Alpine's secdb, v3.7/main: musl 1.1.18-r4 fixes CVE-2019-14697.
#[test]
fn the_merged_tree_decides() {
    let place = place(&[&fixture("alpine")]);
    let vulnerable = ["musl 1.1.18-r3 CVE-2019-14697"];
    for (what, expected, text) in [
        ("as it is", &vulnerable[..], "layer\nALPINE\nfile lib/apk/db/installed \"MUSL\""),
        (
            "upgraded in an upper layer",
            &[],
            "layer\nALPINE\nfile lib/apk/db/installed \"MUSL\"\nlayer\nfile lib/apk/db/installed \"FIXED\"",
        ),
        (
            "downgraded in an upper layer",
            &vulnerable,
            "layer\nALPINE\nfile lib/apk/db/installed \"FIXED\"\nlayer\nfile lib/apk/db/installed \"MUSL\"",
        ),
        (
            "the database is deleted",
            &["PRB-0004 : the image is Alpine Linux but has no package database that could be read"],
            "layer\nALPINE\nfile lib/apk/db/installed \"MUSL\"\nlayer\nwhiteout lib/apk/db/installed",
        ),
        (
            "the database's folder is a link",
            &vulnerable,
            "layer\nALPINE\nlink lib/apk -> ../usr/share/apk\nfile usr/share/apk/db/installed \"MUSL\"",
        ),
        (
            "the folder is moved and linked in an upper layer",
            &vulnerable,
            "layer\nALPINE\nfile lib/apk/db/installed \"MUSL\"\n\
             layer\nwhiteout lib/apk\nlink lib/apk -> /opt/apk\nfile opt/apk/db/installed \"MUSL\"",
        ),
    ] {
        assert_eq!(found(&place, alpine(text)), expected, "{what}");
    }
}

/// A Python package that a Debian package brought is matched as that one: Debian fixes without a new version of it.
#[test]
fn a_package_of_the_distribution_is_matched_once() {
    let Some(debian_lists) = shared_data("advisories/debian-dsa-dla.tar.zst") else { return };
    let Some(pypa) = shared_data("advisories/pypa-yaml.tar.zst") else { return };
    let place = place(&[&debian_lists, &pypa]);
    let metadata = |folder: &str, name: &str, version: &str| {
        format!(
            "file {folder}/{name}-{version}.dist-info/METADATA \
             \"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n\"\n"
        )
    };
    let debian = |source: &str, version: &str| {
        format!(
            "layer\nfile etc/os-release \"ID=debian\\nVERSION_ID=\\\"11\\\"\\n\"\n\
             file var/lib/dpkg/status \"Package: python3-{source}\\nStatus: install ok installed\\n\
             Architecture: all\\nSource: {source}\\nVersion: {version}\\nDescription: d\\n\\n\"\n\
             file var/lib/dpkg/info/python3-{source}.list \"/.\\n/usr/lib/python3/dist-packages/{source}-1.4.4.dist-info\\n\
             /usr/lib/python3/dist-packages/{source}-1.4.4.dist-info/METADATA\\n\"\n"
        )
    };
    let owned = metadata("usr/lib/python3/dist-packages", "waitress", "1.4.4");
    let by_pip = metadata("usr/local/lib/python3.9/site-packages", "waitress", "1.4.4");
    // DSA-5138-1 {CVE-2022-24761} [bullseye] - waitress 1.4.4-1.1+deb11u1; PYSEC-2022-169: fixed 2.1.1.
    let ours = |found: Vec<String>| -> Vec<String> {
        found.into_iter().filter(|line| line.ends_with("CVE-2022-24761")).collect()
    };
    let fixed = debian("waitress", "1.4.4-1.1+deb11u1");
    let old = debian("waitress", "1.4.4-1.1");
    for (what, text, expected) in [
        ("fixed by Debian", format!("{fixed}{owned}"), vec![]),
        ("not fixed by Debian", format!("{old}{owned}"), vec!["python3-waitress 1.4.4-1.1 CVE-2022-24761"]),
        (
            "a second one by pip",
            format!("{fixed}{owned}layer\n{by_pip}"),
            vec!["waitress 1.4.4 CVE-2022-24761"],
        ),
        ("by pip alone", format!("layer\n{by_pip}"), vec!["waitress 1.4.4 CVE-2022-24761"]),
    ] {
        assert_eq!(ours(found(&place, image(&text))), expected, "{what}");
    }
}

/// Built images, where `PLIMSOLL_TEST_IMAGES` has them. What is installed there is pinned by their build: musl by Alpine
/// 3.7.3, npm's packages by their list and what they pull in. The expected findings are those that node-semver
/// (`satisfies` with `includePrerelease`) gives for `vulnerable_versions` of each record, over all installed packages.
#[test]
fn built_images() {
    let Some(images) = std::env::var_os("PLIMSOLL_TEST_IMAGES") else {
        return eprintln!("note: not checked, PLIMSOLL_TEST_IMAGES is not set");
    };
    for (name, feed, expected) in [
        (
            "alpine-3.7.3",
            "alpine-secdb",
            &["musl 1.1.18-r3 CVE-2019-14697", "musl-utils 1.1.18-r3 CVE-2019-14697"][..],
        ),
        ("debian-bullseye", "debian-dsa-dla", &[]),
        (
            "node-app",
            "node-security-wg",
            &[
                "handlebars 4.0.11 NSWG-ECO-519",
                "hoek 2.16.3 CVE-2018-3728",
                "jquery 1.12.4 NSWG-ECO-328",
                "lodash 4.17.4 CVE-2018-16487",
                "lodash 4.17.4 CVE-2018-3721",
                "mpath 0.3.0 CVE-2018-16490",
                "ws 1.1.0 NSWG-ECO-120",
            ],
        ),
    ] {
        let archive = Path::new(&images).join(format!("{name}.tar"));
        let Some(feed) = shared_data(&format!("advisories/{feed}.tar.zst")) else { continue };
        if !archive.exists() {
            eprintln!("note: not checked, there is no {}", archive.display());
            continue;
        }
        let place = place(&[&feed]);
        let scan = ["scan", archive.to_str().unwrap(), "--db", "db.index", "--no-cache", "--format", "json"];
        let report = place.run(&scan).code(0).json();
        assert!(packages(&report).len() > 10, "{name}");
        let mut found = findings(&report);
        found.sort();
        found.dedup();
        assert_eq!(found, expected, "{name}");
    }
}
