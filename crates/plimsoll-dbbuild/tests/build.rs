//! Builds from small feeds on disk: every form of input gives the same index, and nothing is lost without a count.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use plimsoll_advisory::sources::RefusalReason;
use plimsoll_advisory::{Advisory, Affected, Event, Range};
use plimsoll_db::{End, Index, Interval};
use plimsoll_dbbuild::{BuildError, BuildOptions, BuildReport, DropReason, build, compile};
use plimsoll_types::{Status, Timestamp};

/// A record of the OSV schema.
fn osv(id: &str, ecosystem: &str, package: &str, events: &str, more: &str) -> String {
    format!(
        r#"{{"schema_version": "1.7.0", "id": "{id}", "modified": "2024-05-01T00:00:00Z", "summary": "About {id}",
            "affected": [{{"package": {{"ecosystem": "{ecosystem}", "name": "{package}"}},
            "ranges": [{{"type": "ECOSYSTEM", "events": [{events}]}}]}}]{more}}}"#
    )
}

const FIXED: &str = r#"{"introduced": "0"}, {"fixed": "1.2.3"}"#;

fn feed() -> Vec<(&'static str, String)> {
    vec![
        ("README.md", "An example.".to_owned()),
        ("a/PYSEC-2024-1.json", osv("PYSEC-2024-1", "PyPI", "Django_X", FIXED, "")),
        (
            "a/PYSEC-2024-2.json",
            osv("PYSEC-2024-2", "PyPI", "other", FIXED, r#", "withdrawn": "2024-06-01T00:00:00Z""#),
        ),
        (
            "b/RUSTSEC-2024-1.json",
            osv("RUSTSEC-2024-1", "crates.io", "time", FIXED, r#", "aliases": ["CVE-2024-1"]"#),
        ),
        ("b/OSV-1.json", osv("OSV-1", "Klingon", "x", FIXED, "")),
        (
            "b/GHSA-1.json",
            osv(
                "GHSA-jfh8-c2jp-5v3q",
                "PyPI",
                "bad",
                r#"{"introduced": "0"}, {"fixed": "not a version"}"#,
                "",
            ),
        ),
        ("broken.json", r#"{"schema_version": "1.7.0", "id": "#.to_owned()),
    ]
}

fn options() -> BuildOptions {
    BuildOptions::new(Timestamp::from_seconds(1_700_000_000))
}

fn write_folder(folder: &Path) -> PathBuf {
    let root = folder.join("feed");
    for (name, content) in feed() {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    root
}

/// A ustar archive (POSIX.1-2017, `pax`, "ustar Interchange Format").
fn tar(files: &[(&str, String)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in files {
        let mut header = [0u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..108].copy_from_slice(b"0000644\0");
        header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        header[136..148].copy_from_slice(b"00000000000\0");
        header[148..156].fill(b' ');
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(content.as_bytes());
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

fn zip(files: &[(&str, String)]) -> Vec<u8> {
    use std::io::Write as _;
    let mut out = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut out);
    for (name, content) in files {
        let (mut entry, config) = archive.new_file(name).start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(content.as_bytes()).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    out
}

fn build_one(input: &Path, output: &Path) -> (BuildReport, Vec<u8>) {
    let report = build(&[input.to_owned()], output, &options()).unwrap();
    (report, fs::read(output).unwrap())
}

#[test]
fn every_form_of_input_gives_the_same_index() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.db");
    let root = write_folder(folder.path());
    let (report, bytes) = build_one(&root, &output);
    let tar = tar(&feed());
    let archives = folder.path().join("archives");
    fs::create_dir(&archives).unwrap();
    for (name, content) in [
        ("feed.tar", tar.clone()),
        ("feed.tar.zst", zstd::bulk::compress(&tar, 3).unwrap()),
        ("feed.zip", zip(&feed())),
    ] {
        let path = archives.join(name);
        fs::write(&path, content).unwrap();
        let (other_report, other) = build_one(&path, &output);
        assert!(other == bytes, "{name} gives another index than the folder");
        assert_eq!(other_report.forms, report.forms, "{name}");
        assert_eq!(other_report.sources, report.sources, "{name}");
    }
    // A folder of archives; the same records again change nothing but the counts of what was read.
    let (again, other) = build_one(&archives, &output);
    assert!(other == bytes);
    assert_eq!(again.forms[0].files, 3 * report.forms[0].files);
    for threads in [1, 5] {
        let options = BuildOptions { threads: NonZeroUsize::new(threads).unwrap(), ..options() };
        build(std::slice::from_ref(&root), &output, &options).unwrap();
        assert!(fs::read(&output).unwrap() == bytes, "{threads} threads give another index");
    }
    let single = folder.path().join("one.json.zst");
    let record = osv("PYSEC-2024-1", "PyPI", "Django_X", FIXED, "");
    fs::write(&single, zstd::bulk::compress(record.as_bytes(), 3).unwrap()).unwrap();
    assert_eq!(build_one(&single, &output).0.advisories, 1);
}

#[test]
fn everything_left_out_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.db");
    let (report, bytes) = build_one(&write_folder(folder.path()), &output);
    assert_eq!((report.advisories, report.facts, report.bytes), (2, 2, bytes.len() as u64));
    assert_eq!(report.unrecognised, 1);
    let [form] = report.forms.as_slice() else { panic!("{:?}", report.forms) };
    assert_eq!((form.id.as_str(), form.files, form.kept, form.read()), ("osv", 6, 5, 6));
    assert_eq!(form.refused[&RefusalReason::Malformed], 1);
    assert_eq!(report.refusals[0].path, "broken.json");
    let sources: Vec<_> = report
        .sources
        .iter()
        .map(|s| (s.id.as_str(), s.read, s.withdrawn, s.advisories, s.unmatchable, s.facts))
        .collect();
    assert_eq!(
        sources,
        [
            ("ghsa", 1, 0, 0, 1, 0),
            ("oss-fuzz", 1, 0, 0, 1, 0),
            ("pypa", 2, 1, 1, 0, 1),
            ("rustsec", 1, 0, 1, 0, 1)
        ]
    );
    let dropped: Vec<_> = report.dropped.iter().map(|d| (d.reason, d.ecosystem.as_str(), d.count)).collect();
    assert_eq!(
        dropped,
        [(DropReason::UnknownEcosystem, "Klingon", 1), (DropReason::UnorderableRange, "PyPI", 1),]
    );
    assert!(report.dropped[1].example.contains("not a version"), "{:?}", report.dropped[1]);
    assert_eq!(report.ecosystems, [("PyPI".to_owned(), 1), ("crates.io".to_owned(), 1)]);

    let index = Index::open(&output).unwrap();
    index.verify().unwrap();
    assert_eq!(index.info().unwrap().built, Some(Timestamp::from_seconds(1_700_000_000)));
    // The name is filed under its normalised form; the withdrawn advisory is not there at all.
    assert_eq!(index.lookup("PyPI", "django-x").unwrap().len(), 1);
    assert_eq!(index.lookup("PyPI", "other").unwrap().len(), 0);
    assert_eq!(index.by_identifier("PYSEC-2024-2").unwrap().count(), 0);
}

#[test]
fn a_failed_build_leaves_the_old_index_alone() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.db");
    fs::write(&output, "old").unwrap();
    let root = write_folder(folder.path());
    let inputs = [root.clone()];
    let fails = |inputs: &[PathBuf], options: &BuildOptions| {
        let error = build(inputs, &output, options).unwrap_err();
        assert_eq!(fs::read(&output).unwrap(), b"old");
        error
    };
    let limited = |change: fn(&mut BuildOptions)| {
        let mut options = options();
        change(&mut options);
        options
    };
    let error = fails(&inputs, &limited(|options| options.limits.files = 3));
    assert!(matches!(error, BuildError::Limit { what: "files", .. }), "{error}");
    let error = fails(&inputs, &limited(|options| options.limits.total = 300));
    assert!(matches!(error, BuildError::Limit { what: "bytes", .. }), "{error}");
    let error = fails(&[folder.path().join("none")], &options());
    assert!(matches!(error, BuildError::Read { .. }), "{error}");
    let error = fails(&[root.join("README.md")], &options());
    assert!(matches!(error, BuildError::Empty), "{error}");
    // An archive that is cut off would give an index that lacks the rest.
    let whole = tar(&feed());
    let packed = zstd::bulk::compress(&whole, 3).unwrap();
    for (name, content) in [
        ("cut.tar", &whole[..1700]),
        ("cut.tar.zst", &packed[..packed.len() - 9]),
        ("cut.zip", &zip(&feed())[..900]),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let error = fails(&[path], &options());
        assert!(matches!(error, BuildError::Archive { .. }), "{name}: {error}");
    }
}

#[test]
fn a_file_over_the_limit_is_refused_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.db");
    let mut files = feed();
    files.push(("c/big.json", osv("PYSEC-2024-9", "PyPI", "big", FIXED, &" ".repeat(5000))));
    let options =
        BuildOptions { limits: plimsoll_dbbuild::Limits { file: 4000, ..Default::default() }, ..options() };
    for (name, content) in [("feed.tar", tar(&files)), ("feed.zip", zip(&files))] {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let report = build(&[path], &output, &options).unwrap();
        assert_eq!(report.advisories, 2);
        let refused: Vec<_> =
            report.refusals.iter().filter(|r| r.reason == RefusalReason::TooLarge).collect();
        assert_eq!(refused.len(), 1);
        assert_eq!(refused[0].path, "c/big.json");
    }
}

fn affected(ecosystem: &str, package: &str, events: &[Event]) -> Affected {
    Affected {
        ecosystem: ecosystem.into(),
        package: package.into(),
        ranges: vec![Range { events: events.to_vec() }],
        ..Affected::default()
    }
}

fn introduced(version: &str) -> Event {
    Event::Introduced(version.into())
}

fn fixed(version: &str) -> Event {
    Event::Fixed(version.into())
}

fn facts(
    advisories: Vec<Advisory>,
    ecosystem: &str,
    package: &str,
) -> Vec<(String, Vec<String>, Vec<String>)> {
    let index = Index::from_bytes(compile(advisories, None).unwrap()).unwrap();
    index.verify().unwrap();
    let show = |interval: Interval<&str>| match interval.end {
        End::Open => format!("{}..", interval.introduced),
        End::Fixed(end) => format!("{}..{end})", interval.introduced),
        End::LastAffected(end) => format!("{}..{end}]", interval.introduced),
        End::Limit(end) => format!("{}..{end}|", interval.introduced),
    };
    let facts = index.lookup(ecosystem, package).unwrap();
    facts
        .map(|fact| {
            let fact = fact.unwrap();
            (
                fact.qualifiers().unwrap().modularity.to_owned(),
                fact.intervals().unwrap().map(|i| show(i.unwrap())).collect(),
                fact.versions().unwrap().map(|v| v.unwrap().to_owned()).collect(),
            )
        })
        .collect()
}

fn advisory(id: &str, affected: Vec<Affected>) -> Advisory {
    Advisory { id: id.into(), source: "test".into(), affected, ..Advisory::default() }
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn ranges_follow_the_grammar_of_their_ecosystem() {
    // Out of order as text and as listed: 2.10 is newer than 2.9 to pip.
    let mut django =
        affected("PyPI", "Django", &[fixed("2.10"), introduced("2.9"), introduced("0"), fixed("2.2.24")]);
    django.versions = strings(&["2.9", "1.10rc1", "2.10", "2.11.0", "2.11", "rubbish", "2.3"]);
    let found = facts(vec![advisory("A", vec![django])], "PyPI", "django");
    // Versions inside the intervals are not repeated; 2.11.0 and 2.11 are the same version.
    assert_eq!(
        found,
        [(String::new(), strings(&["..2.2.24)", "2.9..2.10)"]), strings(&["2.3", "2.10", "2.11"]))]
    );

    let debian = affected("Debian:11", "openssl", &[introduced("0"), fixed("1.1.1n-0+deb11u4")]);
    let found = facts(vec![advisory("DSA-1-1", vec![debian.clone(), debian])], "Debian:11", "openssl");
    assert_eq!(found, [(String::new(), strings(&["..1.1.1n-0+deb11u4)"]), vec![])]);
}

#[test]
fn only_not_affected_may_go_without_a_version() {
    let silent = Affected { ecosystem: "PyPI".into(), package: "a".into(), ..Affected::default() };
    let not_affected = Affected { status: Status::NotAffected, ..silent.clone() };
    let nothing = affected("PyPI", "a", &[fixed("1.0")]);
    assert_eq!(facts(vec![advisory("A", vec![silent, nothing])], "PyPI", "a"), []);
    assert_eq!(
        facts(vec![advisory("A", vec![not_affected])], "PyPI", "a"),
        [(String::new(), vec![], vec![])]
    );
}

#[test]
fn module_streams_come_from_the_title_of_an_erratum() {
    let fix = "1:12.19.1-1.module_el8.3.0+2023+d7fde2ac";
    let modular = affected("AlmaLinux:8", "nodejs", &[introduced("0"), fixed(fix)]);
    let titled = |title: &str| Advisory { title: title.into(), ..advisory("ALSA-1", vec![modular.clone()]) };
    let streams = |title: &str| -> Vec<String> {
        facts(vec![titled(title)], "AlmaLinux:8", "nodejs").into_iter().map(|fact| fact.0).collect()
    };
    assert_eq!(streams("nodejs:12 security update"), ["nodejs:12"]);
    assert_eq!(streams("virt:rhel and virt-devel:rhel security update"), ["virt:rhel", "virt-devel:rhel"]);
    assert_eq!(streams("nodejs security update"), [""]);
    let plain = affected("AlmaLinux:8", "kernel", &[introduced("0"), fixed("4.18.0-553.el8")]);
    let titled =
        Advisory { title: "kernel:4.18.0 security update".into(), ..advisory("ALSA-2", vec![plain]) };
    assert_eq!(facts(vec![titled], "AlmaLinux:8", "kernel")[0].0, "");
}

#[test]
fn compiling_in_memory_is_quick_and_needs_no_packages() {
    let exploited = Advisory { known_exploited: true, ..advisory("CVE-2024-1", vec![]) };
    let mut list: Vec<Advisory> = (0..120)
        .map(|i| {
            advisory(
                &format!("CVE-2020-{i:04}"),
                vec![affected("PyPI", "a", &[introduced("0"), fixed("1.2")])],
            )
        })
        .collect();
    list.push(exploited);
    let index = Index::from_bytes(compile(list, Some(Timestamp::from_seconds(5))).unwrap()).unwrap();
    assert_eq!(index.lookup("PyPI", "a").unwrap().len(), 120);
    let number = index.by_identifier("CVE-2024-1").unwrap().next().unwrap();
    assert!(index.advisory(number).unwrap().known_exploited);
    assert_eq!(index.info().unwrap().digest, "");
}
