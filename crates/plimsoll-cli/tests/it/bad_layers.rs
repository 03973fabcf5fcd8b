//! Layers that no honest builder makes: what can be read of them is read, what cannot is a problem of the report, and
//! memory and time stay within bounds.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use plimsoll_test::images::{ImageText, LayerText, Member, Packing, pax_record};
use tar::{EntryType, Header};

use crate::place::{DATABASE, Place, Run, findings, packages, problems};
use crate::samples::image;

fn run(place: &Place, image: ImageText) -> Run {
    place.archive("image.tar", image);
    place.run(&["scan", "image.tar", "--db", DATABASE, "--no-cache", "--format", "json"])
}

/// Scans an image that can be scanned, and gives its packages and problems.
fn scan(image: ImageText) -> (Vec<String>, Vec<String>, bool) {
    let place = Place::new();
    let run = run(&place, image).code(0).silent();
    let report = run.json();
    assert_eq!(place.names("home"), [""; 0]);
    (packages(&report), problems(&report), report["complete"] == true)
}

/// An image with one layer out of these members.
fn members(members: &[Member<'_>]) -> ImageText {
    let mut tar = Vec::new();
    members.iter().for_each(|member| member.write(&mut tar));
    tar.extend_from_slice(&[0; 1024]);
    of(tar)
}

fn of(tar: Vec<u8>) -> ImageText {
    let layer = LayerText { tar, packing: Packing::Plain, created_by: String::new() };
    ImageText { layers: vec![layer], ..image("layer") }
}

const HAWSER: &[u8] = br#"{"name": "hawser", "version": "3.0.1"}"#;
const HAWSER_PATH: &[u8] = b"app/node_modules/hawser/package.json";

fn hawser() -> Member<'static> {
    Member { data: HAWSER, ..Member::new(HAWSER_PATH) }
}

#[test]
fn paths_that_leave_the_root() {
    let (found, told, complete) = scan(image(
        r#"layer
        file /app/node_modules/capstan/package.json "{\"name\": \"absolute\", \"version\": \"1.0.0\"}"
        file ../node_modules/up/package.json "{\"name\": \"up\", \"version\": \"1.0.0\"}"
        file app/../../node_modules/out/package.json "{\"name\": \"out\", \"version\": \"1.0.0\"}"
        file app/../node_modules/in/package.json "{\"name\": \"in\", \"version\": \"1.0.0\"}"
        file ./app/./node_modules//dot/package.json "{\"name\": \"dot\", \"version\": \"1.0.0\"}"
        hard etc/passwd = ../../../etc/passwd
        link etc/shadow -> ../../../../etc/shadow
        file .. "x"
        file / "x"
        file . "x""#,
    ));
    // An absolute name is one below the image's root, as every runtime unpacks it.
    assert_eq!(found, ["npm absolute 1.0.0", "npm dot 1.0.0", "npm in 1.0.0"]);
    for (problem, path) in told.iter().zip([
        "..",
        "../node_modules/up/package.json",
        "app/../../node_modules/out/package.json",
        "etc/passwd",
    ]) {
        assert!(problem.starts_with(&format!("PRB-0007 {path}: ")), "{problem}");
    }
    assert_eq!(told.len(), 4, "{told:#?}");
    // Some runtimes unpack such an entry inside the root, so something may be missing.
    assert!(!complete);
}

#[test]
fn links_that_lead_in_circles() {
    let (_, told, complete) = scan(image(
        r#"layer
        link etc/os-release -> ../usr/lib/os-release
        link usr/lib/os-release -> ../../etc/os-release
        link var/lib/dpkg -> dpkg
        link lib/apk -> /lib/apk/db
        link a -> b/c
        link b -> a
        file app/node_modules/hawser/package.json "{\"name\": \"hawser\", \"version\": \"3.0.1\"}""#,
    ));
    assert!(!complete);
    assert!(told.iter().any(|problem| problem.starts_with("PRB-0006 etc/os-release: ")), "{told:#?}");
    assert!(told.iter().all(|problem| problem.starts_with("PRB-0006 ")), "{told:#?}");

    // A chain that is long, and one that is endless in effect.
    for (count, reachable) in [(10, true), (10_000, false)] {
        let mut text =
            "layer\nfile real \"ID=alpine\\nVERSION_ID=3.7.3\\n\"\nlink etc/os-release -> /l0\n".to_owned();
        for n in 0..count {
            text.push_str(&format!("link l{n} -> /l{}\n", n + 1));
        }
        text.push_str(&format!("link l{count} -> /real\n"));
        let place = Place::new();
        let report = run(&place, image(&text)).code(0).silent().json();
        assert_eq!(
            report["targets"][0]["distroId"] == "alpine",
            reachable,
            "{count}: {:?}",
            problems(&report)
        );
    }
}

#[test]
fn databases_that_are_no_files() {
    const OS: &str = "layer\nfile etc/os-release \"ID=alpine\\nVERSION_ID=3.7.3\\n\"\n";
    for entry in [
        "device lib/apk/db/installed",
        "fifo lib/apk/db/installed",
        "dir lib/apk/db/installed",
        "link lib/apk/db/installed -> /dev/zero",
        "link lib/apk/db/installed -> /proc/self/mem",
        "hard lib/apk/db/installed = lib/apk/db/installed",
        "hard lib/apk/db/installed = nowhere",
    ] {
        let (found, told, complete) = scan(image(&format!("{OS}{entry}\n")));
        assert_eq!(found, [""; 0], "{entry}");
        assert!(!complete && !told.is_empty(), "{entry}: {told:#?}");
    }
    // Sparse: what the archive stores is not the content.
    let (found, told, complete) =
        scan(image(&format!("{OS}sparse lib/apk/db/installed 4096 \"P:musl\\nV:1.1.18-r3\\n\\n\"\n")));
    assert_eq!(found, [""; 0]);
    assert!(!complete);
    assert!(told.iter().any(|problem| problem.starts_with("PRB-0001 lib/apk/db/installed: ")), "{told:#?}");
}

#[test]
fn pax_headers_that_nobody_writes() {
    let extension = |kind: EntryType, data: &[u8]| {
        let mut tar = Vec::new();
        Member { kind, data, ..Member::new(b"pax") }.write(&mut tar);
        tar
    };
    let with = |extensions: &[Vec<u8>], member: Member<'_>| {
        let mut tar = extensions.concat();
        member.write(&mut tar);
        tar.extend_from_slice(&[0; 1024]);
        of(tar)
    };
    let x = |records: &[u8]| extension(EntryType::XHeader, records);
    let other = Member { data: HAWSER, ..Member::new(b"innocent") };
    // The name in the record is the one that counts; of several records, the last.
    for (extensions, member, expected) in [
        (vec![x(&pax_record("path", HAWSER_PATH))], other, 1),
        (vec![x(&[pax_record("path", b"a"), pax_record("path", HAWSER_PATH)].concat())], other, 1),
        (vec![x(&pax_record("path", b"a")), x(&pax_record("path", HAWSER_PATH))], other, 1),
        (vec![x(&pax_record("path", HAWSER_PATH)), x(&pax_record("path", b"a"))], other, 0),
        // An empty value takes the header's word back.
        (vec![x(&pax_record("path", b""))], hawser(), 1),
        // A global header is a member of its own to the programs that unpack layers.
        (vec![extension(EntryType::XGlobalHeader, &pax_record("path", HAWSER_PATH))], other, 0),
        (vec![extension(EntryType::XGlobalHeader, &pax_record("comment", b"x"))], hawser(), 1),
        (vec![x(&pax_record("SCHILY.xattr.user.x", b"\xff\x00\xfe"))], hawser(), 1),
        (vec![x(&pax_record("size", HAWSER.len().to_string().as_bytes()))], hawser(), 1),
        (vec![x(b"")], hawser(), 1),
    ] {
        let (found, told, _) = scan(with(&extensions, member));
        assert_eq!(found.len(), expected, "{extensions:?} {told:?}");
    }
    // Records that Go's archive/tar refuses, and with it every runtime.
    for records in [
        &b"x"[..],
        b"5 a=b",
        b"999999 path=x\n",
        b"-1 path=x\n",
        b"0 path=x\n",
        b"99999999999999999999999999 path=x\n",
        b"11 pathxxxx\n",
        &pax_record("size", b"-1"),
        &pax_record("size", b"99999999999999999999999999"),
        &pax_record("size", b"18446744073709551615"),
        &pax_record("size", b"seven"),
    ] {
        let image = with(&[x(records)], hawser());
        let diff_id = image.layers[0].diff_id().to_string();
        let place = Place::new();
        let run = run(&place, image);
        assert!(run.code == 4, "{:?}: {run:?}", String::from_utf8_lossy(records));
        run.says(&["error: cannot read layer ", &diff_id]);
    }
    // More extended headers than any member has.
    let endless: Vec<Vec<u8>> = (0..5000).map(|_| x(&pax_record("comment", &[b'x'; 400]))).collect();
    run(&Place::new(), with(&endless, hawser())).code(4).says(&["the extended headers are too large"]);
}

#[test]
fn names_that_are_not_text() {
    let bytes = |name: &[u8], package: &str| -> (Vec<u8>, Vec<u8>) {
        (
            [b"app/", name, b"/node_modules/x/package.json"].concat(),
            format!(r#"{{"name": "{package}", "version": "1.0.0"}}"#).into_bytes(),
        )
    };
    let files = [
        bytes(b"\xff\xfe", "not-utf8"),
        bytes(b"a\nb\tc\x1b[31m", "control"),
        bytes("\u{202e}gpj".as_bytes(), "right-to-left"),
        bytes(&[b'n'; 250], "long"),
        bytes(" ".as_bytes(), "blank"),
        bytes(b"<script>&amp;\"'", "markup"),
    ];
    let all: Vec<Member<'_>> =
        files.iter().map(|(name, data)| Member { data, ..Member::new(name) }).collect();
    let place = Place::new();
    place.archive("image.tar", members(&all));
    for format in ["json", "sarif", "cyclonedx", "spdx-json"] {
        let run = place.run(&["scan", "image.tar", "--no-cache", "--format", format]).code(0).silent();
        assert!(run.json().is_object(), "{format}");
    }
    let report = place.run(&["scan", "image.tar", "--no-cache", "--format", "json"]).code(0).json();
    let names: Vec<String> = packages(&report);
    assert_eq!(names.len(), 6, "{names:?}");
    assert_eq!(report["complete"], true);
    // Nothing of an image gets to the terminal as a command to it.
    let table = place.run(&["scan", "image.tar", "--no-cache", "--list-all-pkgs"]).code(0).silent().stdout;
    assert!(!table.chars().any(|c| c.is_control() && c != '\n'), "{table:?}");
}

#[test]
fn files_that_are_not_what_their_names_say() {
    for (path, content) in [
        ("app/node_modules/broken/package.json", &b"{\"name\": \"x\", "[..]),
        ("app/node_modules/broken/package.json", b"\xff\xfe\x00"),
        ("opt/broken.jar", b"PK\x03\x04 and then nothing that makes sense"),
        ("opt/app.deps.json", b"{"),
        ("app/vendor/composer/installed.json", b"[{"),
        ("var/lib/rpm/rpmdb.sqlite", b"SQLite format 3\0 but no more"),
        ("var/lib/rpm/Packages.db", b"RpmP"),
    ] {
        let (found, told, complete) =
            scan(members(&[Member { data: content, ..Member::new(path.as_bytes()) }, hawser()]));
        assert_eq!(found, ["npm hawser 3.0.1"], "{path}");
        assert!(!complete, "{path}");
        assert!(
            told.iter().any(|problem| problem.starts_with(&format!("PRB-0001 {path}: "))),
            "{path}: {told:#?}"
        );
    }
}

/// Runs with less memory than what the image becomes once decompressed.
fn scan_bounded(place: &Place, target: &str) -> Run {
    const KIB: u64 = 280_000;
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", &format!("ulimit -v {KIB}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_plimsoll")])
        .args(["scan", target, "--db", DATABASE, "--no-cache", "--format", "json", "--parallel", "2"])
        .current_dir(place.root())
        .env_clear()
        .env("HOME", place.path("home"));
    place.run_with(command, b"")
}

#[test]
fn a_bomb_is_read_in_bounded_memory() {
    const SIZE: usize = 300 << 20;
    // A file that its analyzer wants as a whole, and another one behind it.
    let mut header = Header::new_gnu();
    header.set_path("lib/apk/db/installed").unwrap();
    header.set_mode(0o644);
    header.set_size(SIZE as u64);
    header.set_cksum();
    let mut rest = Vec::new();
    hawser().write(&mut rest);
    // Pages of zeros that are only read cost this test no memory either.
    let mut tar = vec![0; 512 + SIZE + rest.len() + 1024];
    tar[..512].copy_from_slice(header.as_bytes());
    tar[512 + SIZE..][..rest.len()].copy_from_slice(&rest);
    let place = Place::new();
    place.archive("bomb.tar", of(tar).packed(Packing::Gzip));
    assert!(fs::metadata(place.path("bomb.tar")).unwrap().len() < 4 << 20);
    let start = Instant::now();
    let report = scan_bounded(&place, "bomb.tar").code(0).silent().json();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!(packages(&report), ["npm hawser 3.0.1"]);
    assert_eq!(report["complete"], false);
    let told = problems(&report);
    assert!(told.iter().any(|problem| problem.starts_with("PRB-0002 lib/apk/db/installed: ")), "{told:#?}");

    // In the middle of it the time is over: what was found until then is the report.
    let run = place
        .run(&["scan", "bomb.tar", "--no-cache", "--format", "json", "--timeout", "20ms"])
        .code(0)
        .silent();
    let report = run.json();
    assert_eq!(report["complete"], false);
    let told = problems(&report);
    assert!(told.iter().any(|problem| problem.starts_with("PRB-0011 ")), "{told:#?}");
}

#[test]
fn a_compressed_archive_of_nothing() {
    let place = Place::new();
    place.write("zeros.tar.zst", Packing::Zstd.pack(&vec![0; 300 << 20]).unwrap());
    let run = scan_bounded(&place, "zeros.tar.zst").code(4);
    run.says(&["zeros.tar.zst is not a container image"]);
}

#[test]
fn two_hundred_thousand_entries() {
    const COUNT: usize = 200_000;
    let mut tar = Vec::with_capacity((COUNT + 8) * 512);
    let mut block = Vec::new();
    Member::new(b"many/0000000").write(&mut block);
    for n in 0..COUNT {
        // The same header but for the number and the checksum, which is quicker than to make each anew.
        let digits = format!("{n:07}");
        let before: u32 = block[5..12].iter().map(|&byte| u32::from(byte)).sum();
        block[5..12].copy_from_slice(digits.as_bytes());
        let after: u32 = digits.bytes().map(u32::from).sum();
        let stated = std::str::from_utf8(&block[148..155]).unwrap();
        let sum = u32::from_str_radix(stated, 8).unwrap() + after - before;
        block[148..155].copy_from_slice(format!("{sum:07o}").as_bytes());
        tar.extend_from_slice(&block);
    }
    hawser().write(&mut tar);
    tar.extend_from_slice(&[0; 1024]);
    let place = Place::new();
    place.archive("many.tar", of(tar).packed(Packing::Gzip));
    let start = Instant::now();
    let report = scan_bounded(&place, "many.tar").code(0).silent().json();
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!(findings(&report), ["hawser 3.0.1 CVE-2099-1004"]);
    assert_eq!(report["complete"], true);
}

/// A mounted file system can hold what no archive can: files that block or never end.
#[test]
fn directories_with_odd_files() {
    let place = Place::new();
    place.write("root/etc/alpine-release", "3.7.3\n");
    place.write("root/app/node_modules/hawser/package.json", HAWSER);
    place
        .write("outside/app/node_modules/outside/package.json", r#"{"name": "outside", "version": "1.0.0"}"#);
    fs::create_dir_all(place.path("root/lib/apk/db")).unwrap();
    // Reading a pipe that nobody writes to would take for ever.
    assert!(Command::new("mkfifo").arg(place.path("root/lib/apk/db/installed")).status().unwrap().success());
    for (link, target) in [
        ("root/app/node_modules/endless", "."),
        ("root/app/node_modules/out", "../../../outside/app/node_modules/outside"),
        ("root/etc/os-release", "/etc/os-release"),
        ("root/var", "/dev"),
    ] {
        std::os::unix::fs::symlink(target, place.path(link)).unwrap();
    }
    let report = place
        .run(&["scan", "rootfs:root", "--db", DATABASE, "--format", "json", "--timeout", "20s"])
        .code(0)
        .silent()
        .json();
    assert_eq!(packages(&report), ["npm hawser 3.0.1"]);
    assert_eq!(
        report["targets"][0]["distro"]["id"], "alpine",
        "the machine's own os-release is none of its business"
    );
    let told = problems(&report);
    assert!(told.iter().any(|problem| problem.starts_with("PRB-0006 etc/os-release: ")), "{told:#?}");
    assert!(told.iter().all(|problem| !problem.starts_with("PRB-0011")), "{told:#?}");
    assert_eq!(report["complete"], false);
}
