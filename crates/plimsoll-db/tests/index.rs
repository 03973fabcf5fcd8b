//! The index as its users see it: what is written comes back, and damage never goes unnoticed or causes a panic.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used)]

use plimsoll_db::{
    Builder, End, Extras, FactRecord, Index, Installation, Interval, OpenError, Prose, ReadError, Record,
    WriteError, WriteOptions, install, write,
};
use plimsoll_types::{CvssVector, Epss, Lifecycle, Reference, Severity, Status, Timestamp};
use xxhash_rust::xxh3::xxh3_64;

const HEADER: usize = 80;
const SECTIONS: usize = 18;
const TABLE_END: usize = HEADER + SECTIONS * 32;

fn text(s: &str) -> String {
    s.to_owned()
}

fn fact(ecosystem: &str, package: &str, fixed: &str) -> FactRecord {
    FactRecord {
        ecosystem: text(ecosystem),
        package: text(package),
        status: Status::Fixed,
        intervals: vec![Interval { introduced: String::new(), end: End::Fixed(text(fixed)) }],
        ..FactRecord::default()
    }
}

fn records() -> Vec<Record> {
    let mut records = vec![
        Record {
            id: text("CVE-2019-14697"),
            source: text("alpine-secdb"),
            facts: vec![fact("Alpine:v3.7", "musl", "1.1.18-r4"), fact("Alpine:v3.10", "musl", "1.1.22-r3")],
            ..Record::default()
        },
        Record {
            id: text("PYSEC-2021-98"),
            source: text("pypa"),
            aliases: vec![text("CVE-2021-33203"), text("GHSA-68w8-qjq3-2gfm")],
            cvss: vec![CvssVector {
                source: text("pypa"),
                vector: text("CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:N/A:N"),
            }],
            severities: vec![(text("pypa"), Severity::Medium)],
            cwes: vec![text("CWE-22")],
            published: Some(Timestamp::from_seconds(1_623_000_000)),
            modified: Some(Timestamp::from_seconds(1_624_000_000)),
            known_exploited: true,
            prose: Prose {
                title: text("Path traversal"),
                description: text("Django before 2.2.24 … has a potential directory traversal."),
                references: vec![Reference { kind: text("web"), url: text("https://example.org/d") }],
            },
            facts: vec![FactRecord {
                ecosystem: text("PyPI"),
                package: text("django"),
                status: Status::Fixed,
                severity: Some(Severity::High),
                intervals: vec![
                    Interval { introduced: String::new(), end: End::Fixed(text("2.2.24")) },
                    Interval { introduced: text("3.0"), end: End::LastAffected(text("3.1.11")) },
                    Interval { introduced: text("3.2"), end: End::Limit(text("3.3")) },
                    Interval { introduced: text("4.0"), end: End::Open },
                ],
                versions: vec![text("3.1.12rc1"), text("3.1.13")],
                arches: vec![text("x86_64"), text("aarch64")],
                modularity: text("django:1.6"),
                oses: vec![text("linux")],
                cpes: vec![text("cpe:/o:redhat:enterprise_linux:9::baseos")],
                symbols: vec![text("django.db.Query"), text("django.http")],
                fix_date: Some(Timestamp::from_seconds(19_000 * 86_400)),
            }],
            public_exploit: true,
            ..Record::default()
        },
        Record {
            id: text("ALSA-2021:2363"),
            source: text("almalinux"),
            covers: vec![text("CVE-2021-33516"), text("CVE-2021-33203")],
            facts: vec![fact("AlmaLinux:8", "gupnp", "1.0.6-2.el8_4")],
            ..Record::default()
        },
    ];
    for i in 0..40 {
        records.push(Record {
            id: format!("RUSTSEC-2024-{i:04}"),
            source: text("rustsec"),
            prose: Prose { title: format!("Memory error number {i}"), ..Prose::default() },
            facts: vec![fact("crates.io", &format!("crate-{}", i % 7), &format!("0.{i}.0"))],
            ..Record::default()
        });
    }
    records
}

fn extras() -> Extras {
    Extras {
        epss: vec![
            (text("CVE-2021-33203"), Epss { score: 97_565, percentile: 99_999 }),
            (text("CVE-2019-14697"), Epss { score: 43, percentile: 12_345 }),
            (text("not a CVE"), Epss { score: 1, percentile: 1 }),
        ],
        lifecycles: vec![Lifecycle {
            ecosystem: text("Alpine:v3.7"),
            released: Some(Timestamp::from_seconds(1_512_000_000)),
            ends: Some(Timestamp::from_seconds(1_572_566_400)),
            extended_ends: None,
        }],
        repositories: vec![
            (text("rhel-9-for-x86_64-baseos-rpms"), vec![text("cpe:/o:redhat:enterprise_linux:9::baseos")]),
            (text("rhel-8-for-x86_64-baseos-rpms"), vec![text("cpe:/o:redhat:enterprise_linux:8::baseos")]),
        ],
        source_digests: vec![(text("pypa"), "0a".repeat(32))],
    }
}

fn options() -> WriteOptions {
    WriteOptions { built: Some(Timestamp::from_seconds(1_700_000_000)), digest: true }
}

fn bytes() -> Vec<u8> {
    write(records(), extras(), &options()).unwrap()
}

/// Reads everything there is, so that no record goes untouched.
fn read_all(index: &Index) {
    let _ = index.info();
    let _ = index.ecosystems();
    let _ = index.has_ecosystem("PyPI");
    for number in 0..index.advisory_count().min(100) {
        let _ = index.advisory(number);
        let _ = index.prose(number);
    }
    for (ecosystem, package) in
        [("PyPI", "django"), ("Alpine:v3.7", "musl"), ("crates.io", "crate-3"), ("", "")]
    {
        let Ok(facts) = index.lookup(ecosystem, package) else { continue };
        for fact in facts.take(1000).flatten() {
            let _ = fact.intervals().map(|intervals| intervals.for_each(drop));
            let _ = fact.versions().map(|versions| versions.for_each(drop));
            let _ = (fact.qualifiers(), fact.version(1), index.advisory(fact.advisory));
        }
    }
    let _ = index.extras();
    let _ = index.records(|record| if record.id.is_empty() { index.info().map(drop) } else { Ok(()) });
    for id in ["CVE-2021-33203", "PYSEC-2021-98", "x"] {
        let _ = (index.epss(id), index.lifecycle(id), index.repository_cpes(id));
        let _ = index.by_identifier(id).map(|numbers| numbers.for_each(drop));
    }
}

#[test]
fn what_is_written_comes_back() {
    let index = Index::from_bytes(bytes()).unwrap();
    index.verify().unwrap();
    assert_eq!(index.advisory_count(), 43);
    assert_eq!(
        index.ecosystems().unwrap(),
        ["AlmaLinux:8", "Alpine:v3.10", "Alpine:v3.7", "PyPI", "crates.io"]
    );
    assert!(index.has_ecosystem("Alpine:v3.7").unwrap());
    assert!(!index.has_ecosystem("Alpine:v3.8").unwrap());

    let facts: Vec<_> = index.lookup("PyPI", "django").unwrap().map(Result::unwrap).collect();
    let [fact] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!((fact.status, fact.severity), (Status::Fixed, Some(Severity::High)));
    let intervals: Vec<_> = fact.intervals().unwrap().map(Result::unwrap).collect();
    assert_eq!(
        intervals,
        [
            Interval { introduced: "", end: End::Fixed("2.2.24") },
            Interval { introduced: "3.0", end: End::LastAffected("3.1.11") },
            Interval { introduced: "3.2", end: End::Limit("3.3") },
            Interval { introduced: "4.0", end: End::Open },
        ]
    );
    assert_eq!(fact.versions().unwrap().map(Result::unwrap).collect::<Vec<_>>(), ["3.1.12rc1", "3.1.13"]);
    assert_eq!(fact.version(1).unwrap(), Some("3.1.13"));
    assert_eq!(fact.version(2).unwrap(), None);
    let qualifiers = fact.qualifiers().unwrap();
    assert_eq!(qualifiers.arches, ["aarch64", "x86_64"]);
    assert_eq!(qualifiers.oses, ["linux"]);
    assert_eq!(qualifiers.cpes, ["cpe:/o:redhat:enterprise_linux:9::baseos"]);
    assert_eq!(qualifiers.symbols, ["django.db.Query", "django.http"]);
    assert_eq!(qualifiers.modularity, "django:1.6");
    assert_eq!(fact.fix_date, Some(Timestamp::from_seconds(19_000 * 86_400)));
    assert!(!fact.holds_always() && !fact.is_unqualified());

    let advisory = index.advisory(fact.advisory).unwrap();
    assert_eq!((advisory.id, advisory.source), ("PYSEC-2021-98", "pypa"));
    assert_eq!(advisory.aliases, ["CVE-2021-33203", "GHSA-68w8-qjq3-2gfm"]);
    assert_eq!(advisory.cwes, ["CWE-22"]);
    assert_eq!(advisory.cvss, [("pypa", "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:N/A:N")]);
    assert_eq!(advisory.severities, [("pypa", Severity::Medium)]);
    assert_eq!(advisory.modified, Some(Timestamp::from_seconds(1_624_000_000)));
    assert!(advisory.known_exploited && advisory.public_exploit);
    let prose = index.prose(fact.advisory).unwrap();
    assert_eq!(prose, records()[1].prose);

    let fixed = |release: &str| {
        let fact = index.lookup(release, "musl").unwrap().next().unwrap().unwrap();
        let interval = fact.intervals().unwrap().next().unwrap().unwrap();
        assert_eq!(index.prose(fact.advisory).unwrap(), Prose::default());
        interval.end
    };
    assert_eq!(fixed("Alpine:v3.7"), End::Fixed("1.1.18-r4"));
    assert_eq!(fixed("Alpine:v3.10"), End::Fixed("1.1.22-r3"));
    assert_eq!(index.lookup("Alpine:v3.7", "mus").unwrap().count(), 0);
    assert_eq!(index.lookup("crates.io", "crate-3").unwrap().count(), 6);

    let named: Vec<_> = index
        .by_identifier("CVE-2021-33203")
        .unwrap()
        .map(|number| index.advisory(number).unwrap().id)
        .collect();
    assert_eq!(named, ["ALSA-2021:2363", "PYSEC-2021-98"]);
    assert_eq!(index.by_identifier("CVE-2021-3320").unwrap().count(), 0);
}

#[test]
fn info_names_the_sources_and_their_age() {
    let info = Index::from_bytes(bytes()).unwrap().info().unwrap();
    assert_eq!((info.name.as_str(), info.advisories), ("built-in", 43));
    assert_eq!(info.built, Some(Timestamp::from_seconds(1_700_000_000)));
    assert!(info.digest.starts_with("sha256:") && info.digest.len() == 71);
    let sources: Vec<_> =
        info.sources.iter().map(|s| (s.id.as_str(), s.advisories, s.newest.is_some())).collect();
    assert_eq!(
        sources,
        [("almalinux", 1, false), ("alpine-secdb", 1, false), ("pypa", 1, true), ("rustsec", 40, false)]
    );
    let unnamed = write(records(), Extras::default(), &WriteOptions::default()).unwrap();
    let info = Index::from_bytes(unnamed).unwrap().info().unwrap();
    assert_eq!((info.digest.as_str(), info.built), ("", None));
}

#[test]
fn what_is_not_an_advisory_comes_back() {
    let index = Index::from_bytes(bytes()).unwrap();
    assert_eq!(index.epss("CVE-2019-14697").unwrap(), Some(Epss { score: 43, percentile: 12_345 }));
    assert_eq!(index.epss("CVE-2019-14698").unwrap(), None);
    assert_eq!(index.epss("PYSEC-2021-98").unwrap(), None);
    assert_eq!(index.epss_count(), 2);
    assert_eq!(index.lifecycle("Alpine:v3.7").unwrap().as_ref(), extras().lifecycles.first());
    assert_eq!(index.lifecycle("Alpine:v3.8").unwrap(), None);
    let cpes = index.repository_cpes("rhel-8-for-x86_64-baseos-rpms").unwrap();
    assert_eq!(cpes, ["cpe:/o:redhat:enterprise_linux:8::baseos"]);
    assert!(index.repository_cpes("rhel-7-server-rpms").unwrap().is_empty());
    let info = index.info().unwrap();
    let digests: Vec<_> = info.sources.iter().map(|source| source.digest.len()).collect();
    assert_eq!(digests, [0, 0, 64, 0]);
}

#[test]
fn records_come_back_as_they_were_written() {
    let index = Index::from_bytes(bytes()).unwrap();
    let mut found = Vec::new();
    let walked: Result<(), ReadError> = index.records(|record| {
        found.push(record);
        Ok(())
    });
    walked.unwrap();
    let mut expected = records();
    expected.sort_by(|a, b| (&a.source, &a.id).cmp(&(&b.source, &b.id)));
    for record in &mut expected {
        // Ordered by key, and lists of what it is limited to by their text.
        record.facts.sort_by(|a, b| (&a.ecosystem, &a.package).cmp(&(&b.ecosystem, &b.package)));
        record.facts.iter_mut().for_each(|fact| fact.arches.sort());
    }
    assert_eq!(found, expected);
    // And so an index can be made again from itself, to the byte from then on.
    let again = write(found.clone(), index.extras().unwrap(), &options()).unwrap();
    assert!(write(found, index.extras().unwrap(), &options()).unwrap() == again);
    assert_eq!(Index::from_bytes(again).unwrap().extras().unwrap(), index.extras().unwrap());
}

#[test]
fn some_records_come_back_alone() {
    let index = Index::from_bytes(bytes()).unwrap();
    let mut all = Vec::new();
    let walked: Result<(), ReadError> = index.records(|record| {
        all.push(record);
        Ok(())
    });
    walked.unwrap();
    for record in &all {
        let numbers: Vec<u32> = index.by_identifier(&record.id).unwrap().collect();
        let found = index.records_of(&numbers).unwrap();
        assert_eq!(found.len(), numbers.len());
        assert!(found.contains(record), "{}", record.id);
    }
    let numbers: Vec<u32> = (0..index.advisory_count()).rev().chain([0]).collect();
    assert_eq!(index.records_of(&numbers).unwrap(), all, "each once, in order");
    assert_eq!(index.records_of(&[]).unwrap(), []);
    assert!(index.records_of(&[index.advisory_count()]).is_err());
}

#[test]
fn parts_of_one_advisory_are_joined() {
    let part = |package: &str, aliases: &[&str], title: &str, modified: i64| Record {
        id: text("CVE-2024-0001"),
        source: text("s"),
        aliases: aliases.iter().copied().map(text).collect(),
        severities: vec![(text("nvd"), Severity::High)],
        modified: Some(Timestamp::from_seconds(modified)),
        prose: Prose { title: text(title), ..Prose::default() },
        facts: vec![fact("Debian:12", package, "1")],
        ..Record::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.index");
    let mut builder = Builder::new(Installation::create(&path).unwrap(), options()).unwrap();
    for record in [part("a", &["B"], "", 5), part("b", &["A"], "first", 7), part("a", &["A"], "second", 6)] {
        builder.record(&record).unwrap();
    }
    assert_eq!((builder.advisories(), builder.facts()), (1, 3));
    builder.finish(Extras::default()).unwrap().finish().unwrap();
    let index = Index::open(&path).unwrap();
    index.verify().unwrap();
    let advisory = index.advisory(0).unwrap();
    assert_eq!(advisory.aliases, ["A", "B"]);
    assert_eq!(advisory.severities, [("nvd", Severity::High)]);
    assert_eq!(advisory.modified, Some(Timestamp::from_seconds(7)));
    assert_eq!(index.prose(0).unwrap().title, "first");
    // A fact that is stated twice is one.
    assert_eq!(index.lookup("Debian:12", "a").unwrap().count(), 1);
    assert_eq!(index.by_identifier("A").unwrap().collect::<Vec<_>>(), [0]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn an_index_that_is_given_up_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.index");
    install(&bytes(), &path).unwrap();
    let mut builder = Builder::new(Installation::create(&path).unwrap(), options()).unwrap();
    builder.record(&records()[0]).unwrap();
    drop(builder);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(Index::open(&path).unwrap().advisory_count(), 43);
}

#[test]
fn the_order_of_the_input_does_not_matter() {
    let mut reversed = records();
    reversed.reverse();
    assert!(write(reversed, extras(), &options()).unwrap() == bytes());
}

#[test]
fn an_empty_index_works() {
    let index = Index::from_bytes(write(Vec::new(), Extras::default(), &options()).unwrap()).unwrap();
    index.verify().unwrap();
    assert_eq!(index.lookup("PyPI", "django").unwrap().count(), 0);
    assert_eq!(index.info().unwrap().advisories, 0);
}

#[test]
fn long_lists_and_much_prose_come_back() {
    let mut long = fact("PyPI", "long", "1");
    long.versions = (0..70_000).map(|i| format!("1.{i}")).collect();
    let prose = |i: usize| Prose {
        title: format!("Title {i}"),
        description: format!("sentence {i} ").repeat(400),
        references: vec![Reference { kind: text("web"), url: format!("https://example.org/{i}") }],
    };
    let mut records =
        vec![Record { id: text("A"), source: text("s"), facts: vec![long], ..Record::default() }];
    records.extend((0..300).map(|i| Record {
        id: format!("B-{i:03}"),
        source: text("s"),
        prose: prose(i),
        ..Record::default()
    }));
    let bytes = write(records, Extras::default(), &options()).unwrap();
    assert!(bytes.len() < 1_600_000, "the text is not compressed: {}", bytes.len());
    let index = Index::from_bytes(bytes).unwrap();
    index.verify().unwrap();
    let count: usize =
        index.lookup("PyPI", "long").unwrap().map(|f| f.unwrap().versions().unwrap().len()).sum();
    assert_eq!(count, 70_000);
    let mut reader = index.prose_reader();
    for i in [0usize, 1, 299, 150, 151] {
        assert_eq!(reader.read(i as u32 + 1).unwrap(), prose(i));
    }
}

#[test]
fn names_that_break_the_key_are_refused() {
    let record = Record {
        id: text("A"),
        source: text("s"),
        facts: vec![fact("PyPI", "a\u{1f}b", "1")],
        ..Record::default()
    };
    assert!(matches!(write(vec![record], Extras::default(), &options()), Err(WriteError::BadName { .. })));
}

#[test]
fn every_cut_is_refused() {
    let bytes = bytes();
    let step = |at: usize| if at < TABLE_END + 64 { 1 } else { 7 };
    let mut at = 0;
    while at < bytes.len() {
        assert!(Index::from_bytes(bytes[..at].to_vec()).is_err(), "cut at {at}");
        at += step(at);
    }
    let mut longer = bytes;
    longer.extend_from_slice(&[0; 8]);
    assert!(matches!(Index::from_bytes(longer), Err(OpenError::Damaged { .. })));
    assert!(matches!(Index::from_bytes(b"SQLite format 3\0".to_vec()), Err(OpenError::NotAnIndex { .. })));
}

#[test]
fn another_version_is_named() {
    let mut bytes = bytes();
    bytes[8] = 1;
    assert!(matches!(Index::from_bytes(bytes), Err(OpenError::Version { found: 1, .. })));
}

/// The places to damage: around every section border, and 1,000 more all over the file.
fn places(bytes: &[u8]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..TABLE_END).collect();
    for section in 0..SECTIONS {
        let entry = HEADER + section * 32;
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
        let (start, len) = (word(entry + 8), word(entry + 16));
        for border in [start, start + len] {
            places.extend(border.saturating_sub(9)..(border + 9).min(bytes.len()));
        }
    }
    places.extend((0..1000).map(|i| i * bytes.len() / 1000));
    places.sort_unstable();
    places.dedup();
    places
}

/// The damage done below reaches every section only when each of them holds something.
#[test]
fn no_section_of_the_fixture_is_empty() {
    let bytes = bytes();
    let count = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    assert_eq!(count, SECTIONS);
    let places = places(&bytes);
    for section in 0..SECTIONS {
        let entry = HEADER + section * 32;
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
        let (id, start, len) = (word(entry) & 0xffff_ffff, word(entry + 8), word(entry + 16));
        assert_eq!(id, section + 1);
        assert!(len > 0, "section {id} is empty");
        let inside = places.iter().filter(|place| (start..start + len).contains(place)).count();
        assert!(inside >= len.min(18), "section {id} is damaged in {inside} places only");
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let good = bytes();
    for at in places(&good) {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] ^= change;
            if let Ok(index) = Index::from_bytes(bytes) {
                read_all(&index);
                assert!(index.verify().is_err(), "byte {at} changed by {change:#x} goes unnoticed");
            }
        }
    }
}

/// As above, with the checksums made to fit: what someone would offer who wants the reader to fail.
#[test]
fn no_made_up_file_causes_a_panic() {
    let good = bytes();
    std::panic::set_hook(Box::new(|_| ()));
    let outcome = std::panic::catch_unwind(|| {
        let mut opened = 0;
        for at in places(&good) {
            for change in [0x01, 0x7f, 0xff] {
                let mut bytes = good.clone();
                bytes[at] ^= change;
                sign(&mut bytes);
                if let Ok(index) = Index::from_bytes(bytes) {
                    opened += 1;
                    read_all(&index);
                    let _ = index.verify();
                }
            }
        }
        opened
    });
    let _ = std::panic::take_hook();
    assert!(outcome.unwrap() > 1000);
}

fn sign(bytes: &mut [u8]) {
    for section in 0..SECTIONS {
        let entry = HEADER + section * 32;
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
        let (start, len) = (word(entry + 8), word(entry + 16));
        let Some(content) = bytes.get(start..start.saturating_add(len)) else { continue };
        let checksum = xxh3_64(content).to_le_bytes();
        bytes[entry + 24..entry + 32].copy_from_slice(&checksum);
    }
    bytes[32..64].fill(0);
    bytes[64..72].fill(0);
    let checksum = xxh3_64(&bytes[..TABLE_END]).to_le_bytes();
    bytes[64..72].copy_from_slice(&checksum);
}

#[test]
fn installs_beside_then_renames() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db").join("advisories.db");
    install(&write(Vec::new(), Extras::default(), &options()).unwrap(), &path).unwrap();
    let old = Index::open(&path).unwrap();
    install(&bytes(), &path).unwrap();
    let new = Index::open(&path).unwrap();
    // Who has the old file open keeps it.
    assert_eq!((old.advisory_count(), new.advisory_count()), (0, 43));
    new.verify().unwrap();
    assert_eq!(new.info().unwrap().name, path.display().to_string());
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o444);
    }
    // A folder in the place of the file: nothing is left beside it.
    let taken = folder.path().join("taken");
    std::fs::create_dir_all(taken.join("x")).unwrap();
    assert!(install(&bytes(), &taken).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    assert!(matches!(Index::open(&taken), Err(OpenError::Io { .. })));
    assert!(matches!(Index::open(&folder.path().join("none")), Err(OpenError::Io { .. })));
}
