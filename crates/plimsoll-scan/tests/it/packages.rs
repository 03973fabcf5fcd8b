//! What is found: through links, over layers, and who owns it. Expected by what a container made of the image would see.

use std::fs;

use plimsoll_scan::Skip;
use plimsoll_test::images::{Layout, Packing};
use tempfile::tempdir;

use crate::{Scan, TEXT, TOLD, archive, comparable, image, layout, told};

const DEBIAN: &str = r#"file etc/os-release "ID=debian\nVERSION_ID=\"12\"\n""#;
const STATUS: &str = r#""Package: libssl3\nStatus: install ok installed\nVersion: 3.0.1-1\nArchitecture: amd64\nSource: openssl\n\n""#;
const ALPINE: &str = r#"file etc/os-release "ID=alpine\nVERSION_ID=3.20.3\n""#;
const INSTALLED: &str = r#""P:busybox\nV:1.36.1-r29\nA:x86_64\no:busybox\nF:bin\nR:busybox\n\n""#;

fn check(text: &str, expected: &[&str]) {
    let text = text
        .replace("STATUS", STATUS)
        .replace("DEBIAN", DEBIAN)
        .replace("ALPINE", ALPINE)
        .replace("INSTALLED", INSTALLED);
    assert_eq!(told(&Scan::default().text(&text)), expected, "{text}");
}

#[test]
fn every_form_gives_the_same_packages() {
    let folder = tempdir().unwrap();
    let image = image(TEXT);
    let expected = Scan::default().image(&image).unwrap();
    assert_eq!(told(&expected), TOLD);
    let expected = comparable(expected);
    for packing in Packing::ALL {
        for layers in Packing::ALL {
            let image = image.clone().packed(layers);
            let path = archive(&folder, &image, packing);
            assert_eq!(comparable(Scan::default().path(&path).unwrap()), expected, "saved, {packing:?}");
            Layout::default().files(std::slice::from_ref(&image)).unwrap().write_tar(&path, packing).unwrap();
            assert_eq!(
                comparable(Scan::default().path(&path).unwrap()),
                expected,
                "layout in tar, {packing:?}"
            );
            assert_eq!(comparable(Scan::default().image(&image).unwrap()), expected, "layout, {layers:?}");
        }
    }
    for threads in [1, 3, 16] {
        assert_eq!(comparable(Scan { threads, ..Scan::default() }.image(&image).unwrap()), expected);
    }
}

#[test]
fn dpkg_databases_behind_links() {
    let told = |location: &str, layer: usize| {
        vec![
            "distro debian 12".to_owned(),
            format!("deb libssl3 3.0.1-1 {location}@{layer}"),
            "CVE-2022-0778 in libssl3: fixed in 3.0.2-1".to_owned(),
        ]
    };
    for (text, location, layer) in [
        ("layer\n DEBIAN\n file var/lib/dpkg/status STATUS", "var/lib/dpkg/status", 0),
        ("layer\n DEBIAN\n file x STATUS\n hard var/lib/dpkg/status = x", "var/lib/dpkg/status", 0),
        ("layer\n DEBIAN\n file x STATUS\n link var/lib/dpkg/status -> /x", "var/lib/dpkg/status", 0),
        (
            "layer\n DEBIAN\n file data/dpkg/status STATUS\n link var/lib/dpkg -> ../../data/dpkg",
            "var/lib/dpkg/status",
            0,
        ),
        ("layer\n DEBIAN\n file data/lib/dpkg/status STATUS\n link var -> data", "var/lib/dpkg/status", 0),
        // The link is older than what it leads to, and the other way round.
        (
            "layer\n DEBIAN\n link var/lib/dpkg -> /data\n layer\n file data/status STATUS",
            "var/lib/dpkg/status",
            1,
        ),
        (
            "layer\n DEBIAN\n file data/status STATUS\n layer\n link var/lib/dpkg -> /data",
            "var/lib/dpkg/status",
            0,
        ),
        // The file has lost the name under which its layer stored it.
        (
            "layer\n DEBIAN\n file x STATUS\n hard var/lib/dpkg/status = x\n layer\n whiteout x",
            "var/lib/dpkg/status",
            0,
        ),
        // A hard link to a file of a lower layer.
        ("layer\n DEBIAN\n file x STATUS\n layer\n hard var/lib/dpkg/status = x", "var/lib/dpkg/status", 0),
        // The directory with the file of each package is a link, and so is a file in it.
        (
            "layer\n DEBIAN\n file data/libssl3 STATUS\n link var/lib/dpkg/status.d -> /data",
            "var/lib/dpkg/status.d/libssl3",
            0,
        ),
        (
            "layer\n DEBIAN\n file data/x STATUS\n link var/lib/dpkg/status.d/libssl3 -> /data/x",
            "var/lib/dpkg/status.d/libssl3",
            0,
        ),
    ] {
        let text = text.replace("STATUS", STATUS).replace("DEBIAN", DEBIAN);
        for packing in Packing::ALL {
            let report = Scan::default().image(&image(&text).packed(packing)).unwrap();
            assert_eq!(crate::told(&report), told(location, layer), "{text}");
        }
    }
}

#[test]
fn os_release_and_apk_databases_behind_links() {
    let told = [
        "distro alpine 3.20.3",
        "apk busybox 1.36.1-r29 LOCATION",
        "CVE-2021-28831 in busybox: fixed in 1.40.0-r0",
    ];
    for (text, location) in [
        ("layer\n ALPINE\n file lib/apk/db/installed INSTALLED", "lib/apk/db/installed@0"),
        // Known under one of its two well-known names only, whichever is real.
        (
            "layer\n ALPINE\n file usr/lib/apk/db/installed INSTALLED\n link lib -> usr/lib",
            "usr/lib/apk/db/installed@0",
        ),
        (
            "layer\n ALPINE\n file lib/apk/db/installed INSTALLED\n link usr/lib/apk -> /lib/apk",
            "lib/apk/db/installed@0",
        ),
        ("layer\n ALPINE\n file db/installed INSTALLED\n link lib/apk/db -> /db", "lib/apk/db/installed@0"),
        (
            "layer\n file x/release \"ID=alpine\\nVERSION_ID=3.20.3\\n\"\n link etc/os-release -> /x/release
             file lib/apk/db/installed INSTALLED",
            "lib/apk/db/installed@0",
        ),
        (
            "layer\n link etc/os-release -> ../usr/lib/os-release\n file lib/apk/db/installed INSTALLED
             layer\n file usr/lib/os-release \"ID=alpine\\nVERSION_ID=3.20.3\\n\"",
            "lib/apk/db/installed@0",
        ),
    ] {
        check(text, &told.map(|line| line.replace("LOCATION", location)).each_ref().map(String::as_str));
    }
}

#[test]
fn broken_links_are_problems_where_they_matter() {
    check(
        "layer\n DEBIAN\n link var/lib/dpkg/status -> /gone",
        &[
            "distro debian 12",
            "PRB-0004  : the image is Debian but has no package database that could be read",
            "PRB-0006 var/lib/dpkg/status : the link's target is not in the image",
        ],
    );
    check(
        "layer\n DEBIAN\n link var/lib/dpkg -> dpkg",
        &[
            "distro debian 12",
            "PRB-0004  : the image is Debian but has no package database that could be read",
            "PRB-0006 var/lib/dpkg/status : too many links, or links in a circle",
        ],
    );
    // Nobody cares for this one.
    check(
        "layer\n DEBIAN\n file var/lib/dpkg/status STATUS\n link etc/mtab -> /proc/mounts\n link x/package.json -> gone",
        &[
            "distro debian 12",
            "deb libssl3 3.0.1-1 var/lib/dpkg/status@0",
            "CVE-2022-0778 in libssl3: fixed in 3.0.2-1",
        ],
    );
}

#[test]
fn what_a_later_layer_takes_away_is_gone() {
    let npm = |path: &str, name: &str| {
        format!(
            "file {path}/package.json \"{{\\\"name\\\":\\\"{name}\\\",\\\"version\\\":\\\"1.0.0\\\"}}\"\n"
        )
    };
    let base = format!("layer\n{}{}", npm("app/node_modules/a", "a"), npm("other", "b"));
    let b = "npm b 1.0.0 other/package.json@0";
    check(&format!("{base}layer\n file app \"a program\""), &[b]);
    check(&format!("{base}layer\n link app -> /other"), &[b]);
    check(&format!("{base}layer\n whiteout app"), &[b]);
    check(&format!("{base}layer\n opaque app"), &[b]);
    check(&format!("{base}layer\n whiteout app/node_modules/a/package.json"), &[b]);
    check(&format!("{base}layer\n opaque ."), &[]);
    check(
        &format!("{base}layer\n whiteout app\n layer\n{}", npm("app/node_modules/a", "a")),
        &["npm a 1.0.0 app/node_modules/a/package.json@2", b],
    );
    check(
        &format!("{base}layer\n file app\n layer\n whiteout app\n dir app\n{}", npm("app/x", "x")),
        &[b, "npm x 1.0.0 app/x/package.json@2"],
    );
    check(
        "layer\n DEBIAN\n file var/lib/dpkg/status STATUS\n layer\n whiteout var/lib/dpkg",
        &[
            "distro debian 12",
            "PRB-0004  : the image is Debian but has no package database that could be read",
        ],
    );
    check(
        "layer\n file lib/apk/db/installed INSTALLED",
        &[
            "apk busybox 1.36.1-r29 lib/apk/db/installed@0",
            "PRB-0005  : 1 packages are installed but no file says of which distribution",
        ],
    );
}

#[test]
fn packages_belong_to_the_layer_that_brought_them() {
    let paragraph = |name: &str, version: &str| {
        format!(
            "Package: {name}\\nStatus: install ok installed\\nVersion: {version}\\nArchitecture: amd64\\n\\n"
        )
    };
    let status =
        |paragraphs: &[String]| format!("layer\n file var/lib/dpkg/status \"{}\"\n", paragraphs.concat());
    let (a1, a2, b, c) = (paragraph("a", "1"), paragraph("a", "2"), paragraph("b", "1"), paragraph("c", "1"));
    let base = format!("layer\n {DEBIAN}\n");
    let lines = |text: &str| {
        let mut lines = told(&Scan::default().text(text));
        lines.remove(0);
        lines.iter().map(|line| line.replace("var/lib/dpkg/status", "")).collect::<Vec<_>>()
    };
    // Each layer has the whole database again.
    let (one, two) = (status(&[a1.clone(), b.clone()]), status(&[a1.clone(), b.clone(), c.clone()]));
    assert_eq!(lines(&format!("{base}{one}{two}")), ["deb a 1 @1", "deb b 1 @1", "deb c 1 @2"]);
    // Another version is another package, also when it comes back.
    let updated = status(&[a2, b.clone(), c]);
    assert_eq!(lines(&format!("{base}{one}{updated}{two}")), ["deb a 1 @3", "deb b 1 @1", "deb c 1 @2"]);
    // Taken away and installed again.
    let without = status(&[b]);
    assert_eq!(lines(&format!("{base}{one}{without}{one}")), ["deb a 1 @3", "deb b 1 @1"]);
    // The database was deleted between.
    let deleted = "layer\n whiteout var/lib/dpkg\n";
    assert_eq!(lines(&format!("{base}{one}{deleted}{one}")), ["deb a 1 @3", "deb b 1 @3"]);
    // A layer that does not touch the database does not matter.
    assert_eq!(
        lines(&format!("{base}{one}layer\n file x\n{two}")),
        ["deb a 1 @1", "deb b 1 @1", "deb c 1 @3"]
    );
}

/// A program that a Debian package brings is told as that package; one built from source is told by itself, with the
/// names under which NVD knows it.
#[test]
fn programs_are_told_once() {
    let status = r#"file var/lib/dpkg/status "Package: nginx\nStatus: install ok installed\nVersion: 1.22.1-9\nArchitecture: all\n\n""#;
    let list = r#"file var/lib/dpkg/info/nginx.list "/.\n/usr\n/usr/sbin/nginx\n""#;
    let program = |path: &str, version: &str| {
        format!(r#"file {path} "\x7fELF\x02\x01\x01\x00nginx version: nginx/{version}\x0a""#)
    };
    check(
        &format!("layer\n{DEBIAN}\n{status}\n{list}\n{}", program("usr/sbin/nginx", "1.22.1")),
        &["distro debian 12", "deb nginx 1.22.1-9 var/lib/dpkg/status@0 contains pkg:generic/nginx@1.22.1"],
    );
    let both = format!(
        "layer\n{DEBIAN}\n{status}\n{list}\n{}\nlayer\n{}",
        program("usr/sbin/nginx", "1.22.1"),
        program("usr/local/sbin/nginx", "1.25.1")
    );
    check(
        &both,
        &[
            "distro debian 12",
            "binary nginx 1.25.1 usr/local/sbin/nginx@1",
            "deb nginx 1.22.1-9 var/lib/dpkg/status@0 contains pkg:generic/nginx@1.22.1",
        ],
    );
    let report = Scan::default().text(&both);
    let program = report.packages.iter().find(|package| package.ecosystem.id == "binary").unwrap();
    assert_eq!(
        program.cpes,
        ["cpe:2.3:a:f5:nginx:1.25.1:*:*:*:*:*:*:*", "cpe:2.3:a:nginx:nginx:1.25.1:*:*:*:*:*:*:*"]
    );
}

/// A Python package whose files belong to a Debian package is told as that package.
#[test]
fn packages_of_the_system_own_language_packages() {
    let status = r#"file var/lib/dpkg/status "Package: python3-x\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: all\n\n""#;
    let list = |path: &str| format!("file var/lib/dpkg/info/python3-x.list \"/.\\n/usr\\n{path}\\n\"");
    let info = |path: &str| format!("file {path} \"Name: x\\nVersion: 1.0\\n\"");
    let owned = ["distro debian 12", "deb python3-x 1.0-1 var/lib/dpkg/status@0 contains pkg:pypi/x@1.0"];
    let python = "usr/lib/python3/dist-packages/x-1.0.egg-info";
    for text in [
        format!("layer\n{DEBIAN}\n{status}\n{}\n{}", list(&format!("/{python}")), info(python)),
        // The list, the package and the files may come from any layers.
        format!("layer\n{DEBIAN}\n{status}\nlayer\n{}\nlayer\n{}", list(&format!("/{python}")), info(python)),
        format!("layer\n{DEBIAN}\n{status}\n{}\nlayer\n{}", info(python), list(&format!("/{python}"))),
        // The package names its files below /lib, which is a link.
        format!(
            "layer\n{DEBIAN}\n{status}\nlink lib -> usr/lib\n{}\n{}",
            list("/lib/python3/dist-packages/x-1.0.egg-info"),
            info(python)
        ),
    ] {
        check(&text, &owned);
    }
    // Deleted lists own nothing, and lists of packages that are gone neither.
    let both =
        ["distro debian 12", "deb python3-x 1.0-1 var/lib/dpkg/status@0", &format!("pypi x 1.0 {python}@0")];
    check(
        &format!(
            "layer\n{DEBIAN}\n{status}\n{}\n{}\nlayer\nwhiteout var/lib/dpkg/info",
            list(&format!("/{python}")),
            info(python)
        ),
        &both,
    );
    check(
        &format!(
            "layer\n{DEBIAN}\n{status}\n{}\nfile var/lib/dpkg/info/other.list \"/{python}\\n\"",
            info(python)
        ),
        &both,
    );
    // A second copy that nobody owns stays.
    let copy = "opt/venv/x-1.0.dist-info/METADATA";
    check(
        &format!(
            "layer\n{DEBIAN}\n{status}\n{}\n{}\nlayer\n{}",
            list(&format!("/{python}")),
            info(python),
            info(copy)
        ),
        &[owned[0], owned[1], &format!("pypi x 1.0 {copy}@1")],
    );
}

#[test]
fn paths_can_be_skipped() {
    let skip = |directories: &[&str], files: &[&str]| {
        let own = |list: &[&str]| list.iter().map(|&pattern| pattern.to_owned()).collect::<Vec<_>>();
        Scan { skip: Skip::new(&own(directories), &own(files)).unwrap(), ..Scan::default() }
    };
    let without =
        |word: &str| -> Vec<&str> { TOLD.iter().copied().filter(|line| !line.contains(word)).collect() };
    assert_eq!(told(&skip(&["/app"], &[]).text(TEXT)), without("lodash"));
    assert_eq!(told(&skip(&["**/node_modules"], &[]).text(TEXT)), without("lodash"));
    assert_eq!(told(&skip(&[], &["app/**/package.json"]).text(TEXT)), without("lodash"));
    assert_eq!(told(&skip(&[], &["srv/*"]).text(TEXT)), without("linked"));
    assert_eq!(told(&skip(&["usr/lib"], &["none"]).text(TEXT)), without("requests"));
    // Problems of what is skipped are skipped too.
    let broken = format!("{TEXT}\n file app/package.json \"{{\"\n link etc/centos-release -> gone");
    assert_eq!(
        told(&skip(&["app", "etc/centos-release"], &["etc/centos-release"]).text(&broken)),
        without("lodash")
    );
    assert_eq!(told(&Scan::default().text(&broken)).len(), TOLD.len() + 2);
}

#[test]
fn one_layer_twice_and_empty_layers() {
    check("", &[]);
    check("layer\n layer\n layer gzip", &[]);
    let base = format!("layer\n {DEBIAN}\n file var/lib/dpkg/status {STATUS}\n");
    let twice = format!("{base}layer\n whiteout var/lib/dpkg\n{base}layer\n");
    for packing in Packing::ALL {
        let report = Scan::default().image(&image(&twice).packed(packing)).unwrap();
        assert_eq!(
            told(&report),
            [
                "distro debian 12",
                "deb libssl3 3.0.1-1 var/lib/dpkg/status@2",
                "CVE-2022-0778 in libssl3: fixed in 3.0.2-1"
            ]
        );
    }
}

/// The same files in a directory, where links are links of the directory's root.
#[test]
fn directories_are_scanned_like_images() {
    let folder = tempdir().unwrap();
    let root = folder.path();
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("usr/lib/os-release", "ID=debian\nVERSION_ID=12\n");
    write(
        "data/dpkg/status",
        "Package: libssl3\nStatus: install ok installed\nVersion: 3.0.1-1\nArchitecture: amd64\nSource: openssl\n\n",
    );
    write("app/package.json", r#"{"name":"lodash","version":"4.17.20"}"#);
    fs::create_dir_all(root.join("etc")).unwrap();
    fs::create_dir_all(root.join("var/lib")).unwrap();
    std::os::unix::fs::symlink("../usr/lib/os-release", root.join("etc/os-release")).unwrap();
    std::os::unix::fs::symlink("/data/dpkg", root.join("var/lib/dpkg")).unwrap();
    let report = Scan::default().run(|scanner| scanner.directory("here", root)).0.unwrap();
    assert_eq!(
        told(&report),
        [
            "distro debian 12",
            "deb libssl3 3.0.1-1 var/lib/dpkg/status",
            "npm lodash 4.17.20 app/package.json",
            "CVE-2022-0778 in libssl3: fixed in 3.0.2-1",
            "CVE-2021-23337 in lodash: fixed in 4.17.21",
        ]
    );
    assert!(report.image.is_none() && report.complete());
    let none = Scan::default().run(|scanner| scanner.directory("here", &root.join("none"))).0;
    assert!(none.unwrap_err().to_string().contains("none"));
}

#[test]
fn reports_describe_the_image() {
    let folder = tempdir().unwrap();
    let image = image(TEXT).tag("example.org/app:1");
    let report = Scan::default().path(&layout(&folder, &image)).unwrap();
    let metadata = report.image.unwrap();
    assert_eq!(metadata.tags, ["example.org/app:1"]);
    assert_eq!(metadata.layers.len(), 3);
    assert_eq!((report.name.as_str(), report.distro_id.as_str()), ("target", "debian"));
}
