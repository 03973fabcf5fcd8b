//! What was changed in an image: files of packages, permissions, odd entries, histories. Expected by `dpkg --verify`, `rpm -V` and
//! by what was changed; roots that nobody touched give nothing.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use plimsoll_archive::Decoder;
use plimsoll_archive::tar::{Kind, Reader};
use plimsoll_test::images::{ImageText, LayerText, Member, Packing};
use plimsoll_types::TargetReport;
use serde_json::json;
use tempfile::tempdir;

use crate::{Scan, archive, image};

/// The families of findings that this is about.
const FAMILIES: [&str; 2] = ["TMP-", "PRM-"];

/// The findings in lines: severity, class with rule, layer, place.
fn found(report: &TargetReport) -> Vec<String> {
    let mut out: Vec<String> = report
        .detections
        .iter()
        .filter(|found| FAMILIES.iter().any(|family| found.class.code.starts_with(family)))
        .map(|found| {
            let layer = found.place.layer.map_or("-".to_owned(), |layer| layer.to_string());
            format!("{} {} {layer} {}", found.severity.word(), found.id(), found.place)
        })
        .collect();
    out.sort();
    out
}

fn root(name: &str) -> LayerText {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/roots").join(name);
    inflate(&path)
}

fn inflate(path: &Path) -> LayerText {
    let mut tar = Vec::new();
    Decoder::new(fs::File::open(path).unwrap()).unwrap().read_to_end(&mut tar).unwrap();
    LayerText { tar, packing: Packing::Plain, created_by: "ADD root.tar / # buildkit".to_owned() }
}

/// An image of the root `base` and the layers of `text`.
fn on(base: &LayerText, text: &str) -> ImageText {
    let mut image = image(text);
    image.layers.insert(0, base.clone());
    image
}

/// The content of a file of a layer.
fn content(layer: &LayerText, path: &str) -> (Vec<u8>, u32) {
    let mut reader = Reader::new(&layer.tar[..], None, u64::MAX);
    while let Some(entry) = reader.next_entry().unwrap() {
        if reader.path().strip_prefix(b"./").unwrap_or(reader.path()) == path.as_bytes() {
            assert_eq!(entry.kind, Kind::File, "{path}");
            return (reader.read_data().unwrap(), entry.mode);
        }
    }
    panic!("there is no {path}");
}

/// `image` with a layer that has `path` with one byte changed.
fn flip(image: &ImageText, path: &str) -> ImageText {
    let (mut bytes, mode) = content(&image.layers[0], path);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let mut tar = Vec::new();
    Member { data: &bytes, mode, ..Member::new(path.as_bytes()) }.write(&mut tar);
    tar.extend_from_slice(&[0; 1024]);
    let mut image = image.clone();
    image.layers.push(LayerText { tar, packing: Packing::Gzip, created_by: "RUN patch".to_owned() });
    image
}

// `dpkg --root ROOT --verify` says nothing of the root, and of a copy with the same changes:
//
//   ??5??????   /usr/bin/anchorctl            (the other package's, since the first one's is diverted)
//   ??5??????   /bin/anchor-old
//   ??5?????? c /etc/anchor.conf
//   ??5?????? c /etc/pam.d/anchor
//   ??5??????   /usr/bin/anchor
//   ??5??????   /usr/lib/x86_64-linux-gnu/libanchor.so.1
//   missing     /usr/share/doc/anchor/changelog
//   ??5??????   /usr/share/doc/anchor/copyright
//
// It does not look at diverted files; md5sum does.
#[test]
fn changed_files_of_debian_packages() {
    let base = root("deb.tar.gz");
    let untouched = on(&base, "");
    assert_eq!(found(&Scan::default().image(&untouched).unwrap()), [""; 0]);
    let image = on(
        &base,
        r##"layer "COPY . /"
            mode 755 file usr/bin/anchor "#!/bin/sh\necho anchor\nx"
            mode 755 file bin/anchor-old "#!/bin/sh\necho 0ld\n"
            mode 755 file usr/bin/anchorctl "#!/bin/sh\necho buoy kt1\n"
            mode 755 file usr/bin/anchorctl.anchor "#!/bin/sh\necho kt1\n"
            file usr/lib/x86_64-linux-gnu/libanchor.so.1 "\x7fELF 1ibrary\n"
            file etc/anchor.conf "x"
            file etc/pam.d/anchor "x"
            file usr/share/doc/anchor/copyright "x"
            whiteout usr/share/doc/anchor/changelog"##,
    );
    let expected = [
        "critical TMP-PKGFILE 1 usr/bin/anchor",
        "critical TMP-PKGFILE 1 usr/bin/anchor-old",
        "critical TMP-PKGFILE 1 usr/bin/anchorctl",
        "critical TMP-PKGFILE 1 usr/bin/anchorctl.anchor",
        "critical TMP-PKGFILE 1 usr/lib/x86_64-linux-gnu/libanchor.so.1",
        "low TMP-CONF 1 etc/pam.d/anchor",
        "low TMP-PKGFILE 1 usr/share/doc/anchor/copyright",
    ];
    for layers in Packing::ALL {
        let image = image.clone().packed(layers);
        assert_eq!(found(&Scan::default().image(&image).unwrap()), expected, "{layers:?}");
        let folder = tempdir().unwrap();
        for packing in Packing::ALL {
            let path = archive(&folder, &image, packing);
            assert_eq!(found(&Scan::default().path(&path).unwrap()), expected, "{layers:?} in {packing:?}");
        }
    }
    // From the cache it is the same.
    let cache = tempdir().unwrap();
    for _ in 0..2 {
        assert_eq!(found(&Scan::cached(cache.path()).image(&image).unwrap()), expected);
    }
    let report = Scan::default().image(&image).unwrap();
    let library =
        report.detections.iter().find(|found| found.place.name.ends_with("libanchor.so.1")).unwrap();
    assert_eq!(
        library.message,
        "/usr/lib/x86_64-linux-gnu/libanchor.so.1 is not what anchor 1.0-1 installed: it was changed in layer 1 (COPY . /)"
    );
    // As `md5sum` says of both.
    assert_eq!(
        library.evidence,
        "MD5 48916e221a03a0b7cbeb6e119dda47c7 expected, 83de837128b79624297ffbeb1f756355 found"
    );
    assert_eq!(report.packages[library.package.unwrap()].name, "anchor");
}

#[test]
fn who_changes_the_database_too_is_high() {
    let base = root("deb.tar.gz");
    let (status, _) = content(&base, "var/lib/dpkg/status");
    let (sums, _) = content(&base, "var/lib/dpkg/info/anchor.md5sums");
    let text = |text: &[u8]| String::from_utf8_lossy(text).replace('\n', "\\n").replace('"', "\\\"");
    // Another version with other digests: an upgrade. The file that was not upgraded stays what it is.
    let upgraded = text(&status).replace("Version: 1.0-1", "Version: 1.0-2");
    let image = on(
        &base,
        &format!(
            "layer \"RUN apt\"\n file var/lib/dpkg/status \"{upgraded}\"\n mode 755 file usr/bin/anchor \"#!/bin/sh\\n\""
        ),
    );
    let report = Scan::default().image(&image).unwrap();
    assert_eq!(found(&report), ["high TMP-PKGFILE 1 usr/bin/anchor"]);
    // The digest (`printf '#!/bin/sh\n' | md5sum`) was edited, so that it fits; the version was not.
    let digest = "3e2b31c72181b87149ff995e7202c0e3";
    let edited: String = text(&sums)
        .split("\\n")
        .map(|line| match line.ends_with("  usr/bin/anchor") {
            true => format!("{digest}  usr/bin/anchor\\n"),
            false if line.is_empty() => String::new(),
            false => format!("{line}\\n"),
        })
        .collect();
    let image = on(
        &base,
        &format!(
            "layer \"RUN x\"\n file var/lib/dpkg/info/anchor.md5sums \"{edited}\"\n mode 755 file usr/bin/anchor \"#!/bin/sh\\n\""
        ),
    );
    let report = Scan::default().image(&image).unwrap();
    assert_eq!(found(&report), ["high TMP-PKGDB 1 var/lib/dpkg/info/anchor.md5sums"]);
}

// `rpm --root ROOT -V` says nothing of the root, and of a copy with the same changes:
//
//   S.5......  c /etc/harbor.conf
//   S.5......  c /etc/pam.d/harbor
//   .M5......    /usr/bin/harbor
//   ....L....    /usr/lib64/libharbor.so
//   ..5......    /usr/lib64/libharbor.so.1
//   S.5......  d /usr/share/doc/harbor/README
#[test]
fn changed_files_of_rpm_packages() {
    let base = root("rpm.tar.gz");
    assert_eq!(found(&Scan::default().image(&on(&base, "")).unwrap()), [""; 0]);
    let image = on(
        &base,
        r##"layer zstd "COPY . /"
            mode 4755 file usr/bin/harbor "#!/bin/sh\nECHO harbor\n"
            file usr/lib64/libharbor.so.1 "a 1ibrary\n"
            link usr/lib64/libharbor.so -> /tmp/evil.so
            file etc/harbor.conf "x"
            file etc/pam.d/harbor "x"
            file var/log/harbor.log "x"
            file usr/share/harbor/cache "x"
            file usr/share/doc/harbor/README "x""##,
    );
    assert_eq!(
        found(&Scan::default().image(&image).unwrap()),
        [
            "critical TMP-PKGFILE 1 usr/bin/harbor",
            "critical TMP-PKGFILE 1 usr/lib64/libharbor.so",
            "critical TMP-PKGFILE 1 usr/lib64/libharbor.so.1",
            "high PRM-SUID 1 usr/bin/harbor",
            "low TMP-CONF 1 etc/pam.d/harbor",
            "low TMP-PKGFILE 1 usr/share/doc/harbor/README",
        ]
    );
}

// The digests in the database are apk's own; what was changed is known. A link's digest is that of its target.
#[test]
fn changed_files_of_alpine() {
    let folder = std::env::var_os("PLIMSOLL_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    for version in ["3.6.5", "3.7.3", "3.10.9", "3.18.9", "3.20.3"] {
        let path = folder.join(format!("images/alpine-minirootfs-{version}-x86_64.tar.gz"));
        if !path.exists() {
            eprintln!("skipped: there is no {}", path.display());
            return;
        }
        let base = inflate(&path);
        let image = on(&base, "");
        assert_eq!(found(&Scan::default().image(&image).unwrap()), [""; 0], "{version}");
        let library = if version == "3.6.5" { "lib/libz.so.1.2.11" } else { "lib/ld-musl-x86_64.so.1" };
        for file in ["bin/busybox", "sbin/apk", library] {
            let report = Scan::default().image(&flip(&image, file)).unwrap();
            assert_eq!(found(&report), [format!("critical TMP-PKGFILE 1 {file}")], "{version}");
        }
        let image =
            on(&base, "layer\n link lib/libc.musl-x86_64.so.1 -> /tmp/evil.so\n file etc/init.d/x \"\"");
        let report = Scan::default().image(&image).unwrap();
        assert_eq!(found(&report), ["critical TMP-PKGFILE 1 lib/libc.musl-x86_64.so.1"], "{version}");
    }
}

// A large layer whose paths speak of another package manager has no digests of the right kind: that is told, not passed over.
#[test]
fn what_cannot_be_compared_is_told() {
    let base = root("deb.tar.gz");
    let image = on(
        &base,
        "layer\n file etc/apk/world x\n file usr/bin/0 0123456789abcdef x 1100000\n mode 755 file usr/bin/anchor changed",
    );
    assert_eq!(found(&Scan::default().image(&image).unwrap()), ["low TMP-PKGFILE/not-compared 1 image"]);
}

#[test]
fn directories_are_compared_too() {
    let folder = tempdir().unwrap();
    for (path, text) in [
        ("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n"),
        (
            "var/lib/dpkg/status",
            "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n",
        ),
        ("var/lib/dpkg/info/a.list", "/usr/bin/a\n/usr/bin/b\n"),
        // `printf a | md5sum`, and that of nothing.
        (
            "var/lib/dpkg/info/a.md5sums",
            "0cc175b9c0f1b6a831c399e269772661  usr/bin/a\nd41d8cd98f00b204e9800998ecf8427e  usr/bin/b\n",
        ),
        ("usr/bin/a", "a"),
        ("usr/bin/b", "b"),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let (report, _) = Scan::default().run(|scanner| scanner.directory("target", folder.path()));
    assert_eq!(found(&report.unwrap()), ["high TMP-PKGFILE - usr/bin/b"]);
}

#[test]
fn what_is_upgraded_by_a_language_is_one_finding() {
    let npm = "usr/share/nodejs/npm";
    let sums: String =
        (0..60).map(|n| format!("d41d8cd98f00b204e9800998ecf8427e  {npm}/lib/{n}.js\\n")).collect();
    let base = format!(
        "layer\n file etc/os-release \"ID=debian\\nVERSION_ID=12\\n\"\n file var/lib/dpkg/status \"Package: npm\\nStatus: install ok installed\\nVersion: 9.2.0~ds1-1\\nArchitecture: all\\n\\n\"\n file var/lib/dpkg/info/npm.md5sums \"{sums}\"\n"
    );
    let changed: String = (0..60).map(|n| format!(" file {npm}/lib/{n}.js x\n")).collect();
    let manifest = |version: &str| {
        format!(
            " file {npm}/package.json \"{{\\\"name\\\":\\\"npm\\\",\\\"version\\\":\\\"{version}\\\"}}\"\n"
        )
    };
    let scan = |version: &str| {
        let text = format!("{base}layer \"RUN npm i -g npm\"\n{changed}{}", manifest(version));
        found(&Scan::default().text(&text))
    };
    assert_eq!(scan("10.8.1"), [format!("low TMP-PKGFILE/upgraded 1 {npm}")]);
    // With the version that the package has, nobody upgraded it: fifty findings and one for the rest.
    assert_eq!(scan("9.2.0").len(), 51);
}

#[test]
fn programs_of_nobody_and_with_rights() {
    let base = root("deb.tar.gz");
    let image = on(
        &base,
        r##"layer "RUN x"
            mode 755 file usr/bin/own "#!/bin/sh\n"
            mode 755 file usr/bin/data "no program"
            mode 755 file usr/local/bin/mine "#!/bin/sh\n"
            mode 755 file usr/lib/jvm/java/bin/java "\x7fELF"
            mode 755 file usr/lib/jvm/java/bin/javac "\x7fELF"
            mode 755 file usr/lib/jvm/java/lib/a.so "\x7fELF"
            mode 755 file usr/lib/jvm/java/lib/b.so "\x7fELF"
            mode 4755 file opt/way-back "\x7fELF"
            mode 4755 file usr/local/bin/bash "\x7fELF"
            mode 2755 file usr/local/bin/group "\x7fELF"
            mode 4644 file usr/local/bin/nobody-runs "\x7fELF"
            mode 777 dir usr/local/bin
            mode 777 file usr/local/bin/inside "x"
            mode 1777 dir etc/sticky
            mode 666 file etc/cron.d/job "x"
            mode 666 file srv/data "x"
            mode 666 file etc/passwd "x"
            mode 644 file etc/shadow "x"
            mode 440 file etc/sudoers "x"
            mode 644 file etc/ssh/ssh_host_rsa_key "x"
            mode 644 file etc/ssh/ssh_host_rsa_key.pub "x"
            mode 664 file etc/group "x"
            mode 640 file root/.ssh/id_rsa "x""##,
    );
    assert_eq!(
        found(&Scan::default().image(&image).unwrap()),
        [
            "high PRM-PASSWD 1 etc/passwd",
            "high PRM-PASSWD 1 etc/shadow",
            "high PRM-PASSWD 1 etc/ssh/ssh_host_rsa_key",
            "high PRM-PASSWD 1 root/.ssh/id_rsa",
            "high PRM-SUID 1 opt/way-back",
            "high PRM-SUID 1 usr/local/bin/bash",
            "high PRM-SUID 1 usr/local/bin/group",
            "low TMP-UNOWNED 1 usr/bin/own",
            "low TMP-UNOWNED/tree 1 usr/lib/jvm/java",
            "medium PRM-PASSWD 1 etc/group",
            "medium PRM-WORLD 1 etc/cron.d/job",
            "medium PRM-WORLD 1 usr/local/bin",
        ]
    );
}

#[test]
fn odd_entries_and_hidden_programs() {
    let report = Scan::default().text(
        r##"layer
            file ../outside "x"
            file a/../b "x"
            link c -> ../../etc/shadow
            device dev/sda
            file twice "one"
            file twice "other"
            file usr/bin/same "one"
            file usr/bin/same "two"
            file usr/bin/equal "one"
            file usr/bin/equal "one"
            file "usr/bin/ls\xe2\x80\xae" "x"
            file tmp/.x/run "#!/bin/sh\n"
            file tmp/.x/data "x"
            file "srv/.../run" "#!/bin/sh\n"
            file "srv/.. /run" "#!/bin/sh\n"
            mode 755 file dev/shm/x "x"
            file dev/.udev "x""##,
    );
    assert_eq!(
        found(&report),
        [
            "high TMP-LAYER/path 0 ../outside",
            "low TMP-LAYER/link 0 c",
            "medium TMP-HIDDEN 0 dev/shm/x",
            "medium TMP-HIDDEN 0 srv/.. /run",
            "medium TMP-HIDDEN 0 srv/.../run",
            "medium TMP-HIDDEN 0 tmp/.x/run",
            "medium TMP-LAYER/device 0 dev/sda",
            "medium TMP-LAYER/duplicate 0 twice",
            "medium TMP-LAYER/duplicate 0 usr/bin/same",
            "medium TMP-LAYER/name 0 usr/bin/ls\u{202e}",
            "medium TMP-LAYER/path 0 b",
        ]
    );
    let mut trailing = image("layer\n file a \"x\"\n");
    trailing.layers[0].tar.extend_from_slice(&[0; 512]);
    assert_eq!(found(&Scan::default().image(&trailing).unwrap()), [""; 0]);
    trailing.layers[0].tar.extend_from_slice(b"more");
    assert_eq!(found(&Scan::default().image(&trailing).unwrap()), ["medium TMP-LAYER/trailing 0 image"]);
}

#[test]
fn residue_and_the_user_that_runs() {
    let text = r##"layer
            file app/.git/objects/pack "x" x 1000
            file opt/big "x" x 6000000
            dir usr/local/bin
        layer
            whiteout app/.git
            whiteout opt/big"##;
    let report = Scan::default().text(text);
    assert_eq!(found(&report), ["low TMP-RESIDUE - image"]);
    assert_eq!(
        report.detections.iter().find(|found| found.class.code == "TMP-RESIDUE").unwrap().evidence,
        "git repositories: 1 kB in 1 files of layer 0, such as /app/.git/objects/pack; /opt: 6.0 MB in 1 files of layer 0"
    );
    let owned = image("layer\n mode 775 dir opt/bin\n dir opt/lib\n")
        .run(json!({ "User": "1000:0", "Env": ["PATH=/opt/bin:/opt/lib"] }));
    assert_eq!(found(&Scan::default().image(&owned).unwrap()), ["medium PRM-PATH 0 opt/bin"]);
    // By its name, which the image's own list of accounts knows.
    let named = image(
        "layer\n file etc/passwd \"app:x:0:7::/:/bin/sh\\nrun:x:8:0::/:/bin/sh\\n\"\n mode 775 dir opt/bin\n",
    );
    for (user, expected) in [("app", 0), ("run", 1), ("nobody-knows", 0), ("8:9", 0), ("", 0)] {
        let named = named.clone().run(json!({ "User": user, "Env": ["PATH=/opt/bin"] }));
        assert_eq!(found(&Scan::default().image(&named).unwrap()).len(), expected, "{user}");
    }
}

/// The image of `text` with this history: the comment, the command, and whether it made no layer.
fn with_history(text: &str, steps: &[(&str, &str, bool)]) -> Vec<String> {
    let folder = tempdir().unwrap();
    let path = archive(&folder, &image(text), Packing::Plain);
    let mut image = crate::open(&path);
    let mut raw: serde_json::Value = serde_json::from_slice(&image.config.raw).unwrap();
    raw["history"] = steps
        .iter()
        .map(|(comment, command, empty)| json!({ "created_by": command, "comment": comment, "empty_layer": empty }))
        .collect();
    image.config = plimsoll_image::Config::parse(raw.to_string().as_bytes(), "test").unwrap();
    let (report, _) = Scan::default().run(|scanner| scanner.image("target", &image));
    found(&report.unwrap())
}

#[test]
fn histories_that_layers_contradict() {
    const KIT: &str = "buildkit.dockerfile.v0";
    const CLASSIC: &str = "/bin/sh -c #(nop)  ";
    let layer = "layer\n file a\n";
    let check = |text: &str, steps: &[(&str, &str, bool)], expected: &[&str]| {
        assert_eq!(with_history(text, steps), expected, "{steps:?}");
    };
    // None at all is legal, and so is what other builders write.
    check(layer, &[], &[]);
    check(layer, &[("", "bazel build ...", false)], &[]);
    check(layer, &[("", "ENV A=b", false)], &[]);
    check(layer, &[(KIT, "COPY a a # buildkit", false), (KIT, "ENV A=b", true)], &[]);
    check(
        layer,
        &[(KIT, "COPY a a", false), (KIT, "COPY b b", false)],
        &["medium TMP-HISTORY/count - image"],
    );
    check(layer, &[(KIT, "ENV A=b", false)], &["medium TMP-HISTORY/setting 0 history step 1"]);
    let step = format!("{CLASSIC}CMD [\"sh\"]");
    check(layer, &[("", &step, false)], &["medium TMP-HISTORY/setting 0 history step 1"]);
    // An old engine writes a layer for it that has nothing in it.
    check("layer", &[("", &step, false)], &[]);
    check(
        "layer\n file a\nlayer\n whiteout a\n",
        &[(KIT, "COPY a a", false), (KIT, "COPY b b", false)],
        &["medium TMP-HISTORY/copy 1 history step 2"],
    );
    check("layer\n file a\nlayer\n whiteout a\n", &[(KIT, "COPY a a", false), (KIT, "RUN rm a", false)], &[]);
    check(
        "layer",
        &[(KIT, "RUN /bin/sh -c apk add curl # buildkit", false)],
        &["low TMP-HISTORY/install 0 history step 1"],
    );
}

#[test]
fn times_in_the_future() {
    // The test's images were created on 2024-05-06; their files are of 1970.
    let at = |now: &str| {
        let now = now.parse().unwrap();
        found(&Scan { now, ..Scan::default() }.text("layer\n file a\n"))
    };
    assert_eq!(at("2024-05-07T00:00:00Z"), [""; 0]);
    assert_eq!(at("2024-05-04T08:00:00Z"), [""; 0]);
    assert_eq!(at("2024-05-04T07:00:00Z"), ["negligible TMP-TIME - config created"]);
}
