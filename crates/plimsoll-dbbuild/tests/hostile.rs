//! Feeds that mean harm, or are broken: a build ends soon and in bounded memory, says what it left out and why, and keeps
//! every good record that lies beside a bad one. When it cannot go on, the old index stays.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use plimsoll_advisory::sources::RefusalReason;
use plimsoll_db::{End, Index};
use plimsoll_dbbuild::{BuildError, BuildOptions, BuildReport, DropReason, Limits, build};
use plimsoll_types::Timestamp;

/// Far above what any of these builds takes, also on a busy machine without optimisation.
const SOON: Duration = Duration::from_secs(120);

const GOOD: &str = r#"{"schema_version": "1.7.0", "id": "PYSEC-2024-1", "modified": "2024-05-01T00:00:00Z",
    "affected": [{"package": {"ecosystem": "PyPI", "name": "good"},
    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2.3"}]}]}]}"#;

/// A record of the OSV schema on one package with these members of its `affected` entry, and `more` beside that.
fn osv(id: &str, package: &str, members: &str, more: &str) -> String {
    format!(
        r#"{{"schema_version": "1.7.0", "id": "{id}", "modified": "2024-05-01T00:00:00Z"{more},
            "affected": [{{"package": {{"ecosystem": "PyPI", "name": "{package}"}}{members}}}]}}"#
    )
}

fn events(events: &str) -> String {
    format!(r#", "ranges": [{{"type": "ECOSYSTEM", "events": [{events}]}}]"#)
}

fn options() -> BuildOptions {
    BuildOptions::new(Timestamp::from_seconds(1_700_000_000))
}

fn folder_of(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join("feed").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

/// Builds from these files with a good record beside them, which must be in the index.
fn build_beside(files: &[(&str, &[u8])]) -> (BuildReport, Index) {
    let mut all = files.to_vec();
    all.push(("good.json", GOOD.as_bytes()));
    let folder = folder_of(&all);
    let output = folder.path().join("out.db");
    let start = Instant::now();
    let report = build(&[folder.path().join("feed")], &output, &options()).unwrap();
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    assert!(start.elapsed() < SOON, "{names:?} take {:?}", start.elapsed());
    let index = Index::open(&output).unwrap();
    index.verify().unwrap();
    assert_eq!(index.lookup("PyPI", "good").unwrap().count(), 1, "{names:?} cost the good record");
    (report, index)
}

/// The refusals of a report: file, record, reason.
fn refusals(report: &BuildReport) -> Vec<(&str, &str, RefusalReason)> {
    report.refusals.iter().map(|one| (one.path.as_str(), one.record.as_str(), one.reason)).collect()
}

fn intervals(index: &Index, package: &str) -> Vec<String> {
    let facts = index.lookup("PyPI", package).unwrap().map(Result::unwrap);
    let mut all = Vec::new();
    for fact in facts {
        for interval in fact.intervals().unwrap().map(Result::unwrap) {
            let end = match interval.end {
                End::Open => "..".to_owned(),
                End::Fixed(version) => format!("..{version})"),
                End::LastAffected(version) => format!("..{version}]"),
                End::Limit(version) => format!("..{version}|"),
            };
            all.push(format!("{}{end}", interval.introduced));
        }
        all.extend(fact.versions().unwrap().map(Result::unwrap).map(str::to_owned));
    }
    all
}

/// A ustar header (POSIX.1-2017, `pax`, "ustar Interchange Format").
fn tar_header(name: &str, kind: u8, size: usize) -> [u8; 512] {
    let mut header = [0u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
    header[136..148].copy_from_slice(b"00000000000\0");
    header[148..156].fill(b' ');
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in files {
        out.extend_from_slice(&tar_header(name, b'0', content.len()));
        out.extend_from_slice(content);
        out.resize(out.len().next_multiple_of(512), 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut out);
    for (name, content) in files {
        let (mut entry, config) = archive.new_file(name).start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(content).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    out
}

#[test]
fn gigantic_records() {
    let list = |count: usize, item: &dyn Fn(usize) -> String| {
        let mut text = String::new();
        for number in 0..count {
            let separator = if number == 0 { "" } else { "," };
            write!(text, "{separator}{}", item(number)).unwrap();
        }
        text
    };
    let fixed = events(r#"{"introduced": "0"}, {"fixed": "2"}"#);
    let description = osv("PYSEC-1-1", "a", &fixed, &format!(r#", "details": "{}""#, "x".repeat(100 << 20)));
    let shorter = osv("PYSEC-1-2", "b", &fixed, &format!(r#", "details": "{}""#, "x".repeat(15 << 20)));
    let links = list(200_000, &|n| format!(r#"{{"type": "WEB", "url": "https://e.org/{n}"}}"#));
    let links = osv("PYSEC-1-3", "c", &fixed, &format!(r#", "references": [{links}]"#));
    let packages = list(1_000_000, &|_| "{}".to_owned());
    let packages = format!(r#"{{"schema_version": "1.7.0", "id": "PYSEC-1-4", "affected": [{packages}]}}"#);
    let many = list(300_000, &|n| format!(r#"{{"introduced": "{n}"}},{{"fixed": "{n}.1"}}"#));
    let many = osv("PYSEC-1-5", "e", &events(&many), "");
    let long = "1".repeat(1 << 20);
    let version =
        osv("PYSEC-1-6", "f", &events(&format!(r#"{{"introduced": "0"}}, {{"fixed": "{long}"}}"#)), "");
    let aliases = list(200_000, &|n| format!(r#""CVE-2024-{n:07}""#));
    let aliases = osv("PYSEC-1-7", "g", &fixed, &format!(r#", "aliases": [{aliases}]"#));
    let versions = list(200_000, &|n| format!(r#""1.{n}""#));
    let some = list(500, &|n| format!(r#"{{"introduced": "{n}.5"}},{{"fixed": "{n}.6"}}"#));
    let both = osv("PYSEC-1-8", "h", &format!(r#", "versions": [{versions}]{}"#, events(&some)), "");
    let values = format!(
        r#"{{"schema_version": "1.7.0", "id": "PYSEC-1-9", "aliases": [{}""]}}"#,
        "\"\",".repeat(4_100_000)
    );

    let (report, index) = build_beside(&[
        ("1.json", description.as_bytes()),
        ("2.json", shorter.as_bytes()),
        ("3.json", links.as_bytes()),
        ("4.json", packages.as_bytes()),
        ("5.json", many.as_bytes()),
        ("6.json", version.as_bytes()),
        ("7.json", aliases.as_bytes()),
        ("8.json", both.as_bytes()),
        ("9.json", values.as_bytes()),
    ]);
    assert_eq!(
        refusals(&report),
        [
            ("1.json", "record 1", RefusalReason::TooLarge),
            ("4.json", "record 1", RefusalReason::TooLarge),
            ("6.json", "PYSEC-1-6", RefusalReason::Malformed),
            ("9.json", "record 1", RefusalReason::TooLarge),
        ]
    );
    let dropped: Vec<_> = report.dropped.iter().map(|one| (one.reason, one.example.as_str())).collect();
    assert_eq!(dropped, [(DropReason::TooLarge, "PYSEC-1-7"), (DropReason::TooLarge, "PYSEC-1-5")]);
    assert_eq!(report.advisories, 4);
    let number = index.by_identifier("PYSEC-1-2").unwrap().next().unwrap();
    assert_eq!(index.prose(number).unwrap().description.len(), 1 << 20);
    let number = index.by_identifier("PYSEC-1-3").unwrap().next().unwrap();
    assert!((10_000..200_000).contains(&index.prose(number).unwrap().references.len()));
    assert!(index.lookup("PyPI", "h").unwrap().next().unwrap().unwrap().versions().unwrap().len() > 199_000);
}

#[test]
fn deep_nesting() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    let json = format!(r#"{{"schema_version": "1.7.0", "id": "A-1", "affected": {}}}"#, deep("[", "]"));
    let inside =
        format!(r#"{{"schema_version": "1.7.0", "id": "A-2", "affected": [], "x": {}}}"#, deep("[", "]"));
    let flow = format!("id: A-3\nmodified: x\naffected: {}\n", deep("[", "]"));
    let mut block = String::from("id: A-4\nmodified: x\naffected:\n");
    for depth in 0..1_000 {
        writeln!(block, "{}- ", "  ".repeat(depth)).unwrap();
    }
    let mut laughs = String::from("id: A-5\nmodified: x\na0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n");
    for i in 1..15 {
        writeln!(laughs, "a{i}: &a{i} [{}]", vec![format!("*a{}", i - 1); 10].join(", ")).unwrap();
    }
    laughs.push_str("aliases: *a14\n");
    let mut merged = String::from("id: A-6\nmodified: x\nb0: &b0 {k: v}\n");
    for i in 1..400 {
        writeln!(merged, "b{i}: &b{i} {{<<: [*b{0}, *b{0}], k{i}: v}}", i - 1).unwrap();
    }
    merged.push_str("database_specific: *b399\naffected: []\n");
    let cycle = "id: A-7\nmodified: x\naffected: &a [*a]\n";
    let xml = format!("<updates><update type=\"security\">{}", "<a>".repeat(200_000));
    let entities = "<?xml version=\"1.0\"?><!DOCTYPE updates [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>\
                    <updates><update type=\"security\"><id>ALAS2-1-1</id><title>&b;</title></update></updates>";
    let criteria = format!(
        "<oval_definitions><generator>Red Hat OVAL Patch Definition Merger</generator><definitions>\
         <definition id=\"oval:com.redhat.rhsa:def:1\" class=\"patch\">{}{}</definition></definitions></oval_definitions>",
        "<criteria>".repeat(200),
        "</criteria>".repeat(200)
    );
    let (report, _) = build_beside(&[
        ("1.json", json.as_bytes()),
        ("2.json", inside.as_bytes()),
        ("3.yaml", flow.as_bytes()),
        ("4.yaml", block.as_bytes()),
        ("5.yaml", laughs.as_bytes()),
        ("6.yaml", merged.as_bytes()),
        ("7.yaml", cycle.as_bytes()),
        ("8.xml", xml.as_bytes()),
        ("9.xml", entities.as_bytes()),
        ("A.xml", criteria.as_bytes()),
    ]);
    let files: Vec<&str> = report.refusals.iter().map(|one| one.path.as_str()).collect();
    let names =
        ["1.json", "2.json", "3.yaml", "4.yaml", "5.yaml", "6.yaml", "7.yaml", "8.xml", "9.xml", "A.xml"];
    assert_eq!(files, names, "{:?}", report.refusals);
    assert!(report.refusals.iter().all(|one| !one.detail.is_empty() || !one.record.is_empty()));
    assert_eq!(report.advisories, 1);
}

#[test]
fn impossible_ranges_and_contradictions() {
    // What they mean by the algorithm of the OSV schema ("Evaluation"): events sorted by version, the last one decides.
    let cases = [
        ("a", r#"{"introduced": "2"}, {"fixed": "1"}"#, &["2.."][..]),
        ("b", r#"{"limit": "2"}"#, &["..2|"]),
        ("c", r#"{"introduced": "1"}, {"fixed": "1"}"#, &[]),
        ("d", r#"{"introduced": "2"}, {"last_affected": "1"}"#, &["2.."]),
        ("e", r#"{"introduced": "1"}, {"introduced": "2"}, {"fixed": "3"}"#, &["1..3)"]),
        ("f", r#"{"introduced": "1"}, {"last_affected": "1"}"#, &["1..1]"]),
        ("g", r#"{"introduced": "0"}, {"limit": "0"}"#, &["..0|"]),
        ("h", r#"{"introduced": "0"}, {"fixed": "x y"}"#, &[]),
        ("i", r#"{"introduced": "0", "fixed": "1"}, {}"#, &["..1)"]),
        ("j", "", &[]),
    ];
    let files: Vec<(String, String)> = cases
        .iter()
        .map(|(name, list, _)| {
            (format!("{name}.json"), osv(&format!("PYSEC-2-{name}"), name, &events(list), ""))
        })
        .collect();
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    let (report, index) = build_beside(&files);
    for (name, list, expected) in cases {
        assert_eq!(intervals(&index, name), expected, "{list}");
    }
    assert_eq!(refusals(&report), [("j.json", "PYSEC-2-j", RefusalReason::NothingAffected)]);
    let dropped: Vec<_> = report.dropped.iter().map(|one| (one.reason, one.count)).collect();
    assert_eq!(dropped, [(DropReason::UnorderableRange, 1), (DropReason::NoVersions, 1)]);
}

#[test]
fn identifiers_and_names() {
    let fixed = events(r#"{"introduced": "0"}, {"fixed": "2"}"#);
    let bad_ids = [
        "",
        " ",
        "x",
        "../../etc/passwd-1",
        "A-1\\u0000",
        "A-1\\u001f",
        "A\\n-1",
        "A-\\u202e1",
        "C:-1\\\\x y",
    ];
    let mut files: Vec<(String, String)> = bad_ids
        .iter()
        .chain([&*"A-".repeat(100)].iter())
        .enumerate()
        .map(|(at, id)| (format!("id{at:02}.json"), osv(id, "p", &fixed, "")))
        .collect();
    let bad_names = ["a\\u001fb", "a\\u0000", "a b", "\\u0085", "a\\n", ""];
    files.extend(
        bad_names
            .iter()
            .chain([&*"n".repeat(2_000)].iter())
            .enumerate()
            .map(|(at, name)| (format!("name{at}.json"), osv(&format!("PYSEC-3-{at}"), name, &fixed, ""))),
    );
    let count = files.len();
    // Names that only look odd are names: nothing is done with them but comparing.
    files.push(("path.json".to_owned(), osv("PYSEC-3-9", "../../etc/passwd", &fixed, "")));
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    let (report, index) = build_beside(&files);
    assert_eq!((report.refusals.len(), report.advisories), (count, 2), "{:?}", report.refusals);
    assert_eq!(index.by_identifier("PYSEC-3-9").unwrap().count(), 1);
}

#[test]
fn bytes_that_are_no_text() {
    let mut latin = GOOD.replace("PYSEC-2024-1", "PYSEC-4-1").into_bytes();
    let at = latin.windows(4).position(|window| window == b"good").unwrap();
    latin[at] = 0xe9;
    let marked = format!("\u{feff}{}", osv("PYSEC-4-2", "marked", &events(r#"{"introduced": "0"}"#), ""));
    let line = |id: &str| osv(id, "line", &events(r#"{"introduced": "0"}"#), "").replace('\n', " ");
    let mut lines = line("PYSEC-4-3").into_bytes();
    lines.extend_from_slice(b"\n\xff\xfe{}\n\0\0\0\n\n");
    lines.extend_from_slice(line("PYSEC-4-4").as_bytes());
    let mut nulls = GOOD.replace("PYSEC-2024-1", "PYSEC-4-5").replace("good", "nulls").into_bytes();
    nulls.extend_from_slice(&[0; 4096]);
    let utf16: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let list = "\u{feff}[03 Oct 2023] DSA-5514-1 glibc - security update\n\t{CVE-2023-4911}\n\t[bullseye] - glibc 2.31-13\n";
    let (report, index) = build_beside(&[
        ("1.json", &latin),
        ("2.json", marked.as_bytes()),
        ("3.ndjson", &lines),
        ("4.json", &nulls),
        ("5.json", &utf16),
        ("6.json", b""),
        ("DSA/list", list.as_bytes()),
    ]);
    assert_eq!(
        refusals(&report),
        [
            ("1.json", "", RefusalReason::Malformed),
            ("3.ndjson", "line 2", RefusalReason::Malformed),
            ("3.ndjson", "line 3", RefusalReason::Malformed),
            ("4.json", "", RefusalReason::Malformed),
        ]
    );
    // UTF-16 and nothing at all are no file of a known form.
    assert_eq!(report.unrecognised, 2);
    assert_eq!(index.lookup("PyPI", "line").unwrap().count(), 2);
    assert_eq!(index.lookup("PyPI", "marked").unwrap().count(), 1);
    assert_eq!(index.lookup("Debian:11", "glibc").unwrap().count(), 1);
}

#[test]
fn files_that_pretend_to_be_another_source() {
    let (report, index) = build_beside(&[
        // An OSV record with the marks of everybody else's files in its text.
        (
            "1.json",
            osv("PYSEC-5-1", "a", &events(r#"{"introduced": "0"}"#), r#", "details": "CVE_RECORD NVD_CVE catalogVersion""#)
                .as_bytes(),
        ),
        // Marks without what they stand for.
        ("2.json", br#"{"catalogVersion": 1, "vulnerabilities": {"a": "CVE-2024-0001"}}"#),
        ("3.json", br#"{"dataType": "CVE_RECORD", "affected": [], "id": "A-1", "schema_version": "1.7.0"}"#),
        ("4.json", br#"[{"name": "AVG-1", "packages": 3, "issues": "x"}]"#),
        ("5.xml", b"<oval_definitions>oval:com.redhat. oval:com.ubuntu. oval:org.opensuse.security:</oval_definitions>"),
        ("6.xml", b"<updates><update ></updates>"),
        ("7.csv", b"cve,epss,percentile\nnot a cve,0.1,0.1\nCVE-2024-0001,2,0\nCVE-2024-0001,nan,inf\n\"\n"),
        ("8.yaml", b"gem: [a]\ntitle: {b: c}\nid: x\naffected: y\n"),
    ]);
    let mut files: Vec<&str> = report.refusals.iter().map(|one| one.path.as_str()).collect();
    files.dedup();
    assert_eq!(files, ["2.json", "3.json", "4.json", "6.xml", "7.csv", "8.yaml"], "{:?}", report.refusals);
    assert_eq!(index.lookup("PyPI", "a").unwrap().count(), 1);
    assert_eq!(index.epss_count(), 0);
}

#[test]
fn contradicting_duplicates_give_the_same_index_in_any_order() {
    let fixed = |version: &str| events(&format!(r#"{{"introduced": "0"}}, {{"fixed": "{version}"}}"#));
    let text = |word: &str| {
        format!(r#", "summary": "{word}", "details": "{word} {word}", "aliases": ["CVE-2024-{word}"]"#)
    };
    let mut feed: Vec<(String, Vec<u8>)> = Vec::new();
    for (at, word) in ["1111", "2222", "3333", "1111"].iter().enumerate() {
        // The same identifier in four files, and from another publisher.
        feed.push((
            format!("{at}/PYSEC-6-1.json"),
            osv("PYSEC-6-1", "dup", &fixed(&format!("{at}.1")), &text(word)).into(),
        ));
        feed.push((
            format!("{at}/GHSA.json"),
            osv("GHSA-6666-6666-6666", "dup", &fixed("9"), &text(word)).into(),
        ));
        feed.push((
            format!("{at}/epss.csv"),
            format!("#model_version:v1,score_date:2025-06-0{}T00:00:00Z\ncve,epss,percentile\nCVE-2024-1111,0.{word},0.5\n", at % 2 + 1)
                .into(),
        ));
        feed.push((
            format!("{at}/debian.json"),
            format!(r#"[{{"cycle": "12", "releaseDate": "2023-06-10", "eol": "20{at}6-06-10"}}]"#).into(),
        ));
        feed.push((
            format!("{at}/repository-to-cpe.json"),
            format!(r#"{{"data": {{"r-rpms": {{"cpes": ["cpe:/o:redhat:enterprise_linux:{at}"]}}}}}}"#)
                .into(),
        ));
    }
    for at in 0..300 {
        let name = format!("many/{at}.json");
        feed.push((
            name,
            osv(&format!("PYSEC-7-{at}"), &format!("p{}", at % 40), &fixed("3"), &text("5555")).into(),
        ));
    }
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.db");
    let mut expected: Option<Vec<u8>> = None;
    let mut state = 7u64;
    for round in 0..9 {
        let archive = folder.path().join(format!("{round}.tar"));
        let files: Vec<(&str, &[u8])> =
            feed.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        fs::write(&archive, tar(&files)).unwrap();
        let threads = NonZeroUsize::new([1, 2, 8][round % 3]).unwrap();
        let report = build(&[archive], &output, &BuildOptions { threads, ..options() }).unwrap();
        assert_eq!(report.refusals, []);
        let bytes = fs::read(&output).unwrap();
        match &expected {
            None => expected = Some(bytes),
            Some(expected) => {
                assert!(&bytes == expected, "round {round} with {threads} threads gives another index")
            }
        }
        // Fisher and Yates, with numbers that are the same on every machine.
        for at in (1..feed.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            feed.swap(at, (state >> 33) as usize % (at + 1));
        }
    }
    let index = Index::open(&output).unwrap();
    assert_eq!(index.by_identifier("PYSEC-6-1").unwrap().count(), 1);
    assert_eq!(index.lookup("PyPI", "dup").unwrap().count(), 5);
    // Of two scores the later day's counts.
    assert_eq!(index.epss("CVE-2024-1111").unwrap().unwrap().score, 22_220);
}

#[test]
fn cyclic_and_million_fold_aliases() {
    let mut lines = String::new();
    let range = events(r#"{"introduced": "0"}"#);
    for at in 0..1_000 {
        let next = (at + 1) % 1_000;
        let more = format!(r#", "aliases": ["PYSEC-8-{next}", "PYSEC-8-{at}", "CVE-2024-88888"]"#);
        lines.push_str(&osv(&format!("PYSEC-8-{at}"), "cycle", &range, &more).replace('\n', " "));
        lines.push('\n');
    }
    let many = "\"CVE-2024-99999\",".repeat(600_000);
    let same = osv("PYSEC-8-same", "same", &range, &format!(r#", "aliases": [{many}"CVE-2024-99998"]"#));
    let (report, index) = build_beside(&[("cycle.ndjson", lines.as_bytes()), ("same.json", same.as_bytes())]);
    assert_eq!((report.advisories, report.refusals.len()), (1_002, 0));
    assert_eq!(index.by_identifier("CVE-2024-88888").unwrap().count(), 1_000);
    let number = index.by_identifier("PYSEC-8-same").unwrap().next().unwrap();
    assert_eq!(index.advisory(number).unwrap().aliases, ["CVE-2024-99998", "CVE-2024-99999"]);
}

#[test]
fn many_refusals_are_counted_and_few_are_listed() {
    let lines = "{}\n".repeat(2_000);
    let files: Vec<String> = (0..50).map(|at| format!("{at:02}.ndjson")).collect();
    let head = format!("{}\n{lines}", osv("PYSEC-9-1", "x", "", "").replace('\n', " "));
    let files: Vec<(&str, &[u8])> = files.iter().map(|name| (name.as_str(), head.as_bytes())).collect();
    let (report, _) = build_beside(&files);
    let form = report.forms.iter().find(|form| form.id == "osv").unwrap();
    assert_eq!(form.refused[&RefusalReason::Malformed], 100_000);
    assert_eq!(report.refusals.len(), 1_000);
    assert!(report.refusals.iter().all(|one| one.path == "00.ndjson"));
}

#[test]
fn archives_inside_archives_are_refused_by_name() {
    let inner = tar(&[("a.json", GOOD.as_bytes())]);
    let squeezed = zstd::bulk::compress(GOOD.as_bytes(), 3).unwrap();
    let outer = [
        ("inner.tar", inner.as_slice()),
        ("inner.zip", &zip(&[("a.json", GOOD.as_bytes())])),
        ("b.json.zst", &squeezed),
        ("c.json", GOOD.as_bytes()),
    ];
    for (name, bytes) in [("outer.tar", tar(&outer)), ("outer.zip", zip(&outer))] {
        let folder = folder_of(&[(name, &bytes)]);
        let report = build(&[folder.path().join("feed")], &folder.path().join("out.db"), &options()).unwrap();
        let names: Vec<&str> = report.refusals.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(names, ["inner.tar", "inner.zip", "b.json.zst"]);
        assert!(report.refusals.iter().all(|one| one.detail.contains("archive inside an archive")));
        assert_eq!(report.advisories, 1);
    }
}

/// Builds over an index that is there already, which must stay when the build fails.
fn fails(feed: &Path, limits: Limits) -> BuildError {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.db");
    let good = folder_of(&[("good.json", GOOD.as_bytes())]);
    build(&[good.path().join("feed")], &output, &options()).unwrap();
    let before = fs::read(&output).unwrap();
    let start = Instant::now();
    let error = build(&[feed.to_owned()], &output, &BuildOptions { limits, ..options() }).unwrap_err();
    assert!(start.elapsed() < SOON, "{:?} take {:?}", feed, start.elapsed());
    assert_eq!(fs::read(&output).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something is left beside the index");
    error
}

#[test]
fn bombs_end_at_the_limits() {
    let limits = Limits { file: 1 << 20, total: 8 << 20, files: 1_000 };
    let zeros = vec![b' '; 4 << 20];
    // One member over the limit is refused and counted; the others are still read.
    for (name, bytes) in [
        ("bomb.zip", zip(&[("a.json", &zeros), ("good.json", GOOD.as_bytes())])),
        ("bomb.tar", tar(&[("a.json", &zeros), ("good.json", GOOD.as_bytes())])),
        (
            "bomb.tar.zst",
            zstd::bulk::compress(&tar(&[("a.json", &zeros), ("good.json", GOOD.as_bytes())]), 3).unwrap(),
        ),
    ] {
        let folder = folder_of(&[(name, &bytes)]);
        let report = build(
            &[folder.path().join("feed")],
            &folder.path().join("out.db"),
            &BuildOptions { limits, ..options() },
        )
        .unwrap();
        assert_eq!(refusals(&report), [("a.json", "", RefusalReason::TooLarge)], "{name}");
        assert_eq!(report.advisories, 1);
    }
    // A stream of one file without an end.
    let endless = zstd::bulk::compress(&vec![b' '; 64 << 20], 1).unwrap();
    let folder = folder_of(&[("a.json.zst", &endless), ("good.json", GOOD.as_bytes())]);
    let report = build(
        &[folder.path().join("feed")],
        &folder.path().join("out.db"),
        &BuildOptions { limits, ..options() },
    )
    .unwrap();
    assert_eq!((refusals(&report), report.advisories), (vec![("a.json", "", RefusalReason::TooLarge)], 1));
    // Many members that are each within the limit, and a header that announces more than there is.
    let part = vec![b' '; 1 << 20];
    let names: Vec<String> = (0..20).map(|at| format!("{at}.txt")).collect();
    let parts: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), part.as_slice())).collect();
    let mut lying = tar_header("a.json", b'0', 700 << 10).to_vec();
    lying.extend_from_slice(GOOD.as_bytes());
    let small: Vec<(&str, &[u8])> = vec![("x.txt", b"x"); 2_000];
    for (name, bytes) in [
        ("many.tar", tar(&parts)),
        ("many.tar.zst", zstd::bulk::compress(&tar(&parts), 3).unwrap()),
        ("many.zip", zip(&parts)),
        ("lying.tar", lying),
        ("files.tar", tar(&small)),
        ("cut.zip", zip(&parts)[..1000].to_vec()),
        ("cut.tar.zst", zstd::bulk::compress(&tar(&parts), 3).unwrap()[..100].to_vec()),
        ("no.zip", b"PK\x03\x04".to_vec()),
    ] {
        let folder = folder_of(&[(name, &bytes)]);
        let error = fails(&folder.path().join("feed"), limits);
        assert!(
            matches!(&error, BuildError::Archive { .. } | BuildError::Limit { .. } | BuildError::Read { .. }),
            "{error}"
        );
        assert!(error.to_string().contains(name), "{error}");
    }
    let folder = folder_of(&[("readme.txt", b"nothing here")]);
    assert!(matches!(fails(&folder.path().join("feed"), limits), BuildError::Empty));
}

#[cfg(unix)]
#[test]
fn folders_that_lead_back_to_themselves() {
    use std::os::unix::fs::symlink;
    let folder = folder_of(&[("a/good.json", GOOD.as_bytes())]);
    let feed = folder.path().join("feed");
    symlink(&feed, feed.join("a/loop")).unwrap();
    symlink("self", feed.join("self")).unwrap();
    symlink("/etc/passwd", feed.join("passwd.json")).unwrap();
    let report = build(std::slice::from_ref(&feed), &folder.path().join("out.db"), &options()).unwrap();
    assert_eq!((report.advisories, report.unrecognised), (1, 0));
    // Links in archives are no files either.
    let mut bytes = tar_header("link.json", b'2', 0).to_vec();
    bytes.extend_from_slice(&tar_header("hard.json", b'1', 0));
    bytes.extend_from_slice(&tar_header("device.json", b'3', 0));
    bytes.extend_from_slice(&tar(&[("../../good.json", GOOD.as_bytes())]));
    fs::write(feed.join("a/x.tar"), bytes).unwrap();
    let report = build(std::slice::from_ref(&feed), &folder.path().join("out.db"), &options()).unwrap();
    assert_eq!((report.advisories, report.unrecognised), (1, 0));
    // Folders without end.
    let mut deep: PathBuf = feed.join("deep");
    for _ in 0..80 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    assert!(matches!(fails(&feed, Limits::default()), BuildError::Limit { .. }));
}
