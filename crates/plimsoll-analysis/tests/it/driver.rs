//! The driver: who is offered which file, what becomes of faults, and the limits.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use plimsoll_analysis::{
    AnalyzeError, Analyzer, Driver, Evidence, Fact, File, Interest, LayerError, LayerFacts, Limits,
    MemoryBudget, OddityKind, Output, PackageFact, SumKind,
};
use plimsoll_archive::ReadAt;
use plimsoll_test::images::{ImageText, Member};
use plimsoll_types::{Algorithm, ProblemCode};

use crate::layer;

/// States a package for each file: its path and what it holds.
struct Teller {
    id: &'static str,
    interest: Interest,
}

impl Analyzer for Teller {
    fn id(&self) -> &'static str {
        self.id
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        self.interest
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        out.package(PackageFact {
            name: file.path().to_string(),
            version: text.clone(),
            ..PackageFact::default()
        });
        match &*text {
            "panic" => panic!("as asked for"),
            "malformed" => Err(AnalyzeError::malformed("as asked for")),
            "unreadable" => Err(io::Error::other("the disk is on fire").into()),
            "flood" => {
                (0..1000).for_each(|n| out.problem(format!("fault {n}")));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

static BY_NAME: Teller =
    Teller { id: "test/name", interest: Interest { names: &["wanted"], ..Interest::NONE } };
static BY_PATH: Teller = Teller {
    id: "test/path",
    interest: Interest { paths: &["etc/wanted"], children_of: &["var/list"], ..Interest::NONE },
};
static BY_SUFFIX: Teller = Teller {
    id: "test/suffix",
    interest: Interest {
        suffixes: &[".jar", ".deps.json"],
        wants: |path| !path.starts_with(b"tmp/"),
        ..Interest::NONE
    },
};
static BY_MAGIC: Teller =
    Teller { id: "test/magic", interest: Interest { magics: &[b"\x7fELF"], ..Interest::NONE } };
static SMALL: Teller =
    Teller { id: "test/small", interest: Interest { names: &["wanted"], max_size: 10, ..Interest::NONE } };
static LARGE: Teller = Teller {
    id: "test/large",
    interest: Interest { names: &["large"], max_size: 1 << 20, ..Interest::NONE },
};

fn driver() -> Driver {
    Driver::of(vec![&BY_NAME, &BY_PATH, &BY_SUFFIX, &BY_MAGIC])
}

fn facts(driver: &Driver, text: &str) -> LayerFacts {
    layer(driver, &ImageText::parse(text).unwrap().layers[0].tar).unwrap()
}

/// What was stated, a line a fact or problem.
fn told(facts: &LayerFacts) -> Vec<String> {
    let mut out = Vec::new();
    for file in &facts.files {
        for fact in &file.facts {
            let Fact::Package(package) = fact else { panic!("{fact:?}") };
            out.push(format!("{}: {} {}", file.analyzer, package.name, package.version.escape_debug()));
        }
        out.extend(
            file.problems.iter().map(|fault| format!("{}: {}: {}", file.analyzer, fault.code, fault.message)),
        );
    }
    out.extend(
        facts.problems.iter().map(|(path, fault)| format!("{path}: {}: {}", fault.code, fault.message)),
    );
    out
}

#[test]
fn each_file_is_offered_once_to_those_who_want_it() {
    let facts = facts(
        &driver(),
        "layer
           file wanted a
           file etc/wanted b
           file etc/wanted.jar c
           file var/list/one d
           file var/list/deeper/two no
           file lib/App.JAR e
           file lib/app.deps.json f
           file lib/deps.json no
           file tmp/skipped.jar no
           file bin/program \\x7fELF
           file tmp/program.jar \\x7fELF.
           file bin/other ELF
           dir wanted.jar
           link opt/wanted -> /wanted
           hard srv/wanted = wanted
           fifo run/wanted
           device dev/wanted",
    );
    assert_eq!(
        told(&facts),
        [
            "test/magic: bin/program \\u{7f}ELF",
            "test/name: etc/wanted b",
            "test/path: etc/wanted b",
            "test/suffix: etc/wanted.jar c",
            "test/suffix: lib/App.JAR e",
            "test/suffix: lib/app.deps.json f",
            "test/magic: tmp/program.jar \\u{7f}ELF.",
            "test/path: var/list/one d",
            "test/name: wanted a",
        ]
    );
}

#[test]
fn of_one_path_twice_the_last_counts() {
    for (text, expected) in [
        ("layer\n file a/wanted old\n file a/wanted new", vec!["test/name: a/wanted new"]),
        ("layer\n file a/wanted old\n file ./a/b/../wanted new", vec!["test/name: a/wanted new"]),
        ("layer\n file a/wanted old\n link a/wanted -> x", vec![]),
        ("layer\n link a/wanted -> x\n file a/wanted new", vec!["test/name: a/wanted new"]),
        ("layer\n file a/wanted same\n file a/wanted same", vec!["test/name: a/wanted same"]),
    ] {
        assert_eq!(told(&facts(&driver(), text)), expected, "{text}");
    }
}

#[test]
fn unsafe_paths_are_left_out_and_reported() {
    let long = "x".repeat(5000);
    let facts = facts(
        &driver(),
        &format!(
            "layer
               file ../wanted a
               file a/../../wanted b
               hard c/wanted = ../../etc/shadow
               file /d/wanted d
               file {long}/wanted e
               pax file {}\\x00/wanted f",
            "n".repeat(120)
        ),
    );
    let told = told(&facts);
    assert_eq!(told[0], "test/name: d/wanted d");
    assert_eq!(told[1], "../wanted: PRB-0007: the entry was left out: the path leaves the image's root");
    assert_eq!(told[2], "a/../../wanted: PRB-0007: the entry was left out: the path leaves the image's root");
    assert_eq!(told[3], "c/wanted: PRB-0007: the entry was left out: the path leaves the image's root");
    assert_eq!(
        told[4],
        format!("{}: PRB-0007: the entry was left out: the path is longer than 4096 bytes", &long[..4096])
    );
    assert!(told[5].ends_with("PRB-0007: the entry was left out: the path holds a NUL byte"), "{}", told[5]);
    assert_eq!(told.len(), 6);
    assert_eq!(facts.index.nodes().len(), 1);
}

#[test]
fn a_failing_analyzer_touches_no_other() {
    let driver = Driver::of(vec![&BY_NAME, &SMALL, &BY_PATH]);
    let facts = facts(
        &driver,
        "layer
           file a/wanted panic
           file b/wanted malformed
           file c/wanted unreadable
           file d/wanted \"more than ten bytes\"
           file etc/wanted fine",
    );
    assert_eq!(
        told(&facts),
        [
            "test/name: a/wanted panic",
            "test/name: PRB-0003: the analyzer stopped with an internal error",
            "test/small: a/wanted panic",
            "test/small: PRB-0003: the analyzer stopped with an internal error",
            "test/name: b/wanted malformed",
            "test/name: PRB-0001: as asked for",
            "test/small: b/wanted malformed",
            "test/small: PRB-0001: as asked for",
            "test/name: c/wanted unreadable",
            "test/name: PRB-0001: cannot read the file: the disk is on fire",
            "test/small: c/wanted unreadable",
            "test/small: PRB-0001: cannot read the file: the disk is on fire",
            "test/name: d/wanted more than ten bytes",
            "test/small: PRB-0002: 19 bytes are more than the limit of 10",
            "test/name: etc/wanted fine",
            "test/path: etc/wanted fine",
            "test/small: etc/wanted fine",
        ]
    );
}

#[test]
fn floods_of_problems_are_cut() {
    let told_of_file = told(&facts(&driver(), "layer\n file wanted flood"));
    assert_eq!(told_of_file.len(), 1 + 20 + 1);
    assert!(told_of_file[21].contains("PRB-0010: more than 20 faults in this file"), "{}", told_of_file[21]);
    let text: String = (0..1500).map(|n| format!("file ../{n}\n")).collect();
    let facts = facts(&driver(), &format!("layer\n{text}"));
    assert_eq!(facts.problems.len(), 1001);
    assert_eq!(facts.problems[1000].1.code, ProblemCode::LimitReached.code());
}

#[test]
fn sparse_files_are_a_problem_when_wanted() {
    let facts =
        facts(&driver(), "layer\n sparse a/wanted 100000 end\n sparse b/other 100000 end\n file c/wanted x");
    assert_eq!(told(&facts), ["test/name: c/wanted x", "a/wanted: PRB-0001: a sparse file is not read"]);
    assert_eq!(facts.index.get(b"b/other").unwrap().size, 100_003);
}

/// Files larger than the reader's buffer come from memory or, where the stream can be read at any place, from there.
#[test]
fn large_files_are_read_whole_within_the_limit() {
    let driver = Driver::of(vec![&LARGE]);
    let fine = "0123456789".repeat(60_000);
    let text = format!("layer\n file a/large {fine}\n file b/large 0123456789 x 200000\n file c/large end");
    let tar = &ImageText::parse(&text).unwrap().layers[0].tar;
    let memory = MemoryBudget::new(1000);
    let stop = AtomicBool::new(false);
    let limits = Limits { layer_bytes: 1 << 40, memory: &memory, stop: &stop };
    for random in [None, Some(tar as &dyn ReadAt)] {
        let (facts, ..) = driver.layer(&tar[..], random, Algorithm::Sha512, driver.all(), &limits).unwrap();
        let told = told(&facts);
        assert_eq!(told[0], format!("test/large: a/large {fine}"));
        let problem = told.iter().find(|line| line.contains("PRB-0002")).unwrap();
        assert!(problem.contains("2000000 bytes are more than the limit of 1048576"), "{problem}");
        assert!(told.contains(&"test/large: c/large end".to_owned()));
    }
}

#[test]
fn nobody_is_asked_who_is_not_selected() {
    let driver = driver();
    let tar = &ImageText::parse("layer\n file etc/wanted a\n sparse b/wanted 10 x").unwrap().layers[0].tar;
    let (memory, stop) = (MemoryBudget::new(1000), AtomicBool::new(false));
    let limits = Limits { layer_bytes: 1 << 40, memory: &memory, stop: &stop };
    let (facts, ..) = driver.layer(&tar[..], None, Algorithm::Sha256, 0b10, &limits).unwrap();
    assert_eq!(told(&facts), ["test/path: etc/wanted a"]);
    assert_eq!(facts.index.nodes().len(), 2);
}

/// Never ends, and sets the flag when it has been read for a while.
struct Endless<'a> {
    header: Vec<u8>,
    read: u64,
    stop: &'a AtomicBool,
}

impl Read for Endless<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.read > 10 << 20 {
            self.stop.store(true, Ordering::Relaxed);
        }
        let head = self.header.get(self.read as usize..).unwrap_or_default();
        let n = if head.is_empty() { buf.len() } else { head.len().min(buf.len()) };
        if head.is_empty() {
            buf.fill(0)
        } else {
            buf[..n].copy_from_slice(&head[..n])
        }
        self.read += n as u64;
        Ok(n)
    }
}

/// Inside one file and behind the archive's end as well as between files.
#[test]
fn a_stop_is_heeded_everywhere() {
    let mut huge = Vec::new();
    Member { data: b"x", ..Member::new(b"a") }.write(&mut huge);
    let mut header = tar_header_of_a_terabyte();
    huge.append(&mut header);
    for header in [huge, Vec::new()] {
        let (memory, stop) = (MemoryBudget::new(1000), AtomicBool::new(false));
        let limits = Limits { layer_bytes: u64::MAX, memory: &memory, stop: &stop };
        let endless = Endless { header, read: 0, stop: &stop };
        let driver = driver();
        let result = driver.layer(endless, None, Algorithm::Sha256, driver.all(), &limits);
        assert!(matches!(result, Err(LayerError::Stopped)));
    }
}

fn tar_header_of_a_terabyte() -> Vec<u8> {
    let mut out = Vec::new();
    Member::new(b"huge").write(&mut out);
    out[124..136].copy_from_slice(b"\x80\0\0\0\0\0\x01\0\0\0\0\0");
    out[148..156].fill(b' ');
    let sum: u32 = out.iter().map(|&byte| u32::from(byte)).sum();
    out[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    out
}

#[test]
fn a_layer_longer_than_the_limit_is_an_error() {
    let tar = &ImageText::parse("layer\n file a x x 100000").unwrap().layers[0].tar;
    let (memory, stop) = (MemoryBudget::new(1000), AtomicBool::new(false));
    let limits = Limits { layer_bytes: 50_000, memory: &memory, stop: &stop };
    let driver = driver();
    let error = driver.layer(&tar[..], None, Algorithm::Sha256, driver.all(), &limits).unwrap_err();
    assert_eq!(error.to_string(), "the tar stream is longer than the limit of 50000 bytes");
}

#[test]
fn damage_is_an_error_and_no_short_result() {
    let driver = driver();
    let tar = &ImageText::parse("layer\n file wanted x x 3000\n file b").unwrap().layers[0].tar;
    for len in (0..tar.len()).step_by(7).filter(|len| len % 512 != 0) {
        let result = layer(&driver, &tar[..len]);
        // What lies behind the last header is padding and the end of the archive.
        let harmless = (3512..3584).contains(&len) || len > 4096;
        assert!(result.is_err() || harmless, "cut at {len}");
    }
    assert!(layer(&driver, b"this is no archive").is_err());
}

#[test]
fn an_empty_layer_has_nothing() {
    assert_eq!(layer(&driver(), b"").unwrap(), LayerFacts::default());
    assert_eq!(layer(&driver(), &[0; 1024]).unwrap(), LayerFacts::default());
    assert_eq!(told(&facts(&driver(), "layer\n dir .\n dir /\n dir ./")), [""; 0]);
}

#[test]
fn a_layer_of_many_entries_is_read_in_good_time() {
    let mut tar = Vec::new();
    for n in 0..20_000 {
        Member { data: b"x", ..Member::new(format!("dir/{n}/wanted").as_bytes()) }.write(&mut tar);
    }
    let begun = Instant::now();
    let facts = layer(&driver(), &tar).unwrap();
    assert_eq!(facts.files.len(), 20_000);
    assert!(facts.files.is_sorted_by(|a, b| a.path < b.path));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

/// Wants the digests of what lies in `usr`.
struct Summing;

impl Analyzer for Summing {
    fn id(&self) -> &'static str {
        "test/sums"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest { wants: |_| false, ..Interest::NONE }
    }

    fn sums(&self) -> Option<fn(&[u8]) -> bool> {
        Some(|path| path.starts_with(b"usr/"))
    }

    fn analyze(&self, _: &File<'_>, _: &mut Output) -> Result<(), AnalyzeError> {
        panic!("it is shown nothing")
    }
}

#[test]
fn digests_are_made_of_what_is_wanted_however_it_is_read() {
    let text = "layer
        file usr/empty
        file usr/small abc
        file usr/large 0123456789 x 100000
        file usr/library.so 0123456789 x 100000
        file usr/twice first
        file usr/twice again
        sparse usr/sparse 100000 abc
        link usr/link -> small
        file srv/other abc";
    let image = ImageText::parse(text).unwrap();
    let tar = &image.layers[0].tar;
    // Alone, and beside one who wants a large file as a whole.
    for others in [Vec::new(), vec![&LARGE as &'static dyn Analyzer]] {
        let driver = Driver::of([vec![&Summing as &'static dyn Analyzer], others].concat());
        let (memory, stop) = (MemoryBudget::new(1 << 20), AtomicBool::new(false));
        let limits = Limits { layer_bytes: 1 << 40, memory: &memory, stop: &stop };
        for random in [None, Some(tar as &dyn ReadAt)] {
            let (facts, ..) =
                driver.layer(&tar[..], random, Algorithm::Sha256, driver.all(), &limits).unwrap();
            for (path, content) in [
                ("usr/empty", Some(&b""[..])),
                ("usr/small", Some(b"abc")),
                ("usr/large", Some(&b"0123456789".repeat(100_000))),
                ("usr/library.so", Some(&b"0123456789".repeat(100_000))),
                ("usr/twice", Some(b"again")),
                ("usr/sparse", None),
                ("usr/link", None),
                ("srv/other", None),
            ] {
                let node = facts.index.get(path.as_bytes()).unwrap();
                for kind in [SumKind::Md5, SumKind::Sha1, SumKind::Sha256] {
                    assert_eq!(
                        facts.evidence.sums.get(node, kind).map(<[u8]>::to_vec),
                        content.map(|content| kind.of(content)),
                        "{path} {kind:?}"
                    );
                }
            }
            let odd: Vec<_> =
                facts.evidence.oddities.iter().map(|odd| (odd.kind, odd.path.to_string())).collect();
            assert_eq!(odd, [(OddityKind::Duplicate, "usr/twice".to_owned())]);
        }
        // Who does not ask for it pays nothing for it.
        let (facts, ..) =
            driver.layer(&tar[..], None, Algorithm::Sha256, driver.all() & !1, &limits).unwrap();
        assert_eq!(facts.evidence, Evidence::default());
    }
}
