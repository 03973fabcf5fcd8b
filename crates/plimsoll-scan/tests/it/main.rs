//! Whole scans of images made from short texts: packages, findings and problems, whatever form the image has, whatever is
//! cached, whatever is wrong.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cache;
mod exposure;
mod faults;
mod integrity;
mod misconfig;
mod packages;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use plimsoll_cache::Cache;
use plimsoll_db::{End, Extras, FactRecord, Index, Interval, Record, WriteOptions};
use plimsoll_image::sources::{self, Request};
use plimsoll_image::{Image, PlatformChoice};
use plimsoll_scan::{DEFAULT_LAYER_LIMIT, NoProgress, Options, ScanError, Scanner, Skip};
use plimsoll_test::images::{ImageText, Layout, Packing, docker_save};
use plimsoll_types::{Severity, Status, TargetReport};
use tempfile::{TempDir, tempdir};

/// An image whose packages come from each kind of source, over three layers.
const TEXT: &str = r#"
    layer gzip
      dir etc
      file etc/os-release "ID=debian\nVERSION_ID=\"12\"\n"
      file var/lib/dpkg/status "Package: libssl3\nStatus: install ok installed\nVersion: 3.0.1-1\nArchitecture: amd64\nSource: openssl\n\n"
      file app/node_modules/lodash/package.json "{\"name\":\"lodash\",\"version\":\"4.17.20\"}"
      file app/node_modules/gone/package.json "{\"name\":\"gone\",\"version\":\"1.0.0\"}"
    layer gzip
      link opt/current -> ../app
      file usr/lib/python3/dist-packages/requests-2.0.0.dist-info/METADATA "Name: requests\nVersion: 2.0.0\n"
      whiteout app/node_modules/gone
    layer gzip
      link usr/share/METADATA -> nothing
      file data/status.json "{\"name\":\"linked\",\"version\":\"2.0.0\"}"
      link srv/package.json -> ../data/status.json
"#;

/// What [`TEXT`] gives.
const TOLD: &[&str] = &[
    "distro debian 12",
    "deb libssl3 3.0.1-1 var/lib/dpkg/status@0",
    "npm linked 2.0.0 srv/package.json@2",
    "npm lodash 4.17.20 app/node_modules/lodash/package.json@0",
    "pypi requests 2.0.0 usr/lib/python3/dist-packages/requests-2.0.0.dist-info/METADATA@1",
    "CVE-2022-0778 in libssl3: fixed in 3.0.2-1",
    "CVE-2021-23337 in lodash: fixed in 4.17.21",
];

fn image(text: &str) -> ImageText {
    ImageText::parse(text).unwrap()
}

/// A tiny advisory index.
fn index() -> Index {
    let record = |id: &str, ecosystem: &str, package: &str, fixed: &str| Record {
        id: id.to_owned(),
        source: "test".to_owned(),
        severities: vec![("test".to_owned(), Severity::High)],
        facts: vec![FactRecord {
            ecosystem: ecosystem.to_owned(),
            package: package.to_owned(),
            status: Status::Fixed,
            intervals: vec![Interval { introduced: String::new(), end: End::Fixed(fixed.to_owned()) }],
            ..FactRecord::default()
        }],
        ..Record::default()
    };
    let records = vec![
        record("CVE-2022-0778", "Debian:12", "openssl", "3.0.2-1"),
        record("CVE-2021-23337", "npm", "lodash", "4.17.21"),
        record("CVE-2021-28831", "Alpine:v3.20", "busybox", "1.40.0-r0"),
    ];
    let bytes = plimsoll_db::write(records, Extras::default(), &WriteOptions::default()).unwrap();
    Index::from_bytes(bytes).unwrap()
}

/// How to scan; [`Scan::default`] is without a cache and with two threads.
struct Scan<'a> {
    cache: Option<&'a Path>,
    threads: usize,
    skip: Skip,
    limit: u64,
    stop: bool,
    now: plimsoll_types::Timestamp,
}

impl Default for Scan<'_> {
    fn default() -> Self {
        Scan {
            cache: None,
            threads: 2,
            skip: Skip::default(),
            limit: DEFAULT_LAYER_LIMIT,
            stop: false,
            now: plimsoll_types::Timestamp::default(),
        }
    }
}

impl<'a> Scan<'a> {
    fn cached(cache: &'a Path) -> Scan<'a> {
        Scan { cache: Some(cache), ..Scan::default() }
    }

    /// Scans with a scanner of its own; the text is the failure to write to the cache.
    fn run<T>(self, scan: impl FnOnce(&Scanner<'_>) -> T) -> (T, Option<String>) {
        let (index, stop) = (index(), AtomicBool::new(self.stop));
        let options = Options {
            threads: self.threads,
            skip: self.skip,
            layer_limit: self.limit,
            matching: plimsoll_match::Options::default(),
            scanners: plimsoll_types::Scanner::ALL.into_iter().collect(),
            now: self.now,
            settings: Vec::new(),
        };
        let scanner = Scanner::new(options, self.cache.map(Cache::new), &index, &stop, &NoProgress);
        let result = scan(&scanner);
        (result, scanner.cache_failure().map(|error| error.to_string()))
    }

    fn path(self, path: &Path) -> Result<TargetReport, ScanError> {
        let image = open(path);
        self.run(|scanner| scanner.image("target", &image)).0
    }

    /// Scans the image as an OCI layout.
    fn image(self, image: &ImageText) -> Result<TargetReport, ScanError> {
        let folder = tempdir().unwrap();
        self.path(&layout(&folder, image))
    }

    fn text(self, text: &str) -> TargetReport {
        self.image(&image(text)).unwrap()
    }
}

fn layout(folder: &TempDir, image: &ImageText) -> PathBuf {
    let path = folder.path().join("layout");
    Layout::default().files(std::slice::from_ref(image)).unwrap().write_to(&path).unwrap();
    path
}

fn archive(folder: &TempDir, image: &ImageText, packing: Packing) -> PathBuf {
    let path = folder.path().join("archive");
    docker_save(std::slice::from_ref(image)).unwrap().write_tar(&path, packing).unwrap();
    path
}

fn open(path: &Path) -> Image {
    let platform = PlatformChoice::Default;
    let request = Request { path, selector: "", platform: &platform, machine: "amd64" };
    (sources::recognise(path).unwrap().open)(&request).unwrap().remove(0)
}

/// A report in lines: the distribution, packages with their locations, findings, problems.
fn told(report: &TargetReport) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(distro) = &report.distro {
        out.push(format!("distro {} {}", distro.id, distro.version));
    }
    for package in &report.packages {
        let mut line = format!("{} {} {}", package.ecosystem.id, package.name, package.version);
        for location in &package.locations {
            line += &format!(" {}", location.path);
            if let Some(layer) = location.layer {
                line += &format!("@{layer}");
            }
        }
        for purl in &package.contains {
            line += &format!(" contains {purl}");
        }
        out.push(line);
    }
    for finding in &report.findings {
        let package = &report.packages[finding.package].name;
        out.push(format!(
            "{} in {package}: fixed in {}",
            finding.vulnerability.id,
            finding.fixed_versions.join(", ")
        ));
    }
    for problem in &report.problems {
        let layer = problem.layer.map(|layer| format!("@{layer}")).unwrap_or_default();
        out.push(format!(
            "{} {}{layer} {}: {}",
            problem.code.code(),
            problem.path,
            problem.analyzer,
            problem.message
        ));
    }
    out
}

/// Everything of a report but what the form of the image decides.
fn comparable(mut report: TargetReport) -> String {
    report.image = None;
    format!("{report:#?}")
}
