//! Builds an index of all real feeds at hand and looks for known facts in it. Does nothing where the data is absent.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

use plimsoll_db::Index;
use plimsoll_dbbuild::{BuildOptions, build};
use plimsoll_types::{Status, Timestamp};

use super::{distro, match_in, package, with_source};

/// The folder of the feeds: below `PLIMSOLL_TEST_DATA`, else beside the checkout.
fn feeds() -> Option<PathBuf> {
    let data = match std::env::var_os("PLIMSOLL_TEST_DATA") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
    };
    Some(data.join("advisories")).filter(|folder| folder.is_dir())
}

/// The index of all feeds, built once; `None` where there are none.
pub fn real_index() -> Option<&'static Index> {
    static INDEX: OnceLock<Option<Index>> = OnceLock::new();
    INDEX.get_or_init(|| feeds().map(|feeds| build_and_open(&feeds))).as_ref()
}

fn build_and_open(feeds: &Path) -> Index {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("advisories.db");
    let start = Instant::now();
    let options = BuildOptions::new(Timestamp::from_seconds(1_700_000_000));
    let report = build(&[feeds.to_owned()], &output, &options).unwrap();
    println!("built in {:?}: {} bytes", start.elapsed(), report.bytes);
    for form in &report.forms {
        println!(
            "{}: {} files, {} of {} records kept {:?}",
            form.id,
            form.files,
            form.kept,
            form.read(),
            form.refused
        );
    }
    for source in &report.sources {
        println!("{source:?}");
    }
    for dropped in &report.dropped {
        println!("{dropped:?}");
    }
    println!("{:?}, {} files not recognised", report.ecosystems, report.unrecognised);

    let start = Instant::now();
    // The file stays open when its folder is removed.
    let index = Index::open(&output).unwrap();
    println!("opened in {:?}", start.elapsed());
    let start = Instant::now();
    index.verify().unwrap();
    println!("verified in {:?}", start.elapsed());
    index
}

#[test]
fn known_facts_of_real_feeds() {
    let Some(index) = real_index() else { return };
    let check = |release: Option<(&str, &str)>, installed, id: &str, expected: Option<&str>| {
        let distro = release.map(|(id, version)| distro(id, version));
        let matched = match_in(index, distro.as_ref(), &[installed]);
        assert_eq!(matched.problems, [], "{id}");
        let finding = matched.findings.iter().find(|f| f.vulnerability.id == id);
        let fixed = finding.map(|finding| finding.fixed_versions.first().map_or("", String::as_str));
        assert_eq!(fixed, expected, "{id}");
        if let Some(finding) = finding {
            assert_eq!(finding.status, Status::Fixed);
            assert!(!finding.reasons.is_empty());
        }
    };
    // Alpine's secdb, v3.7/main: musl, 1.1.18-r4.
    let alpine = Some(("alpine", "3.7.3"));
    let musl = |version| with_source(package("apk", "musl-utils", version), "musl", version);
    check(alpine, musl("1.1.18-r3"), "CVE-2019-14697", Some("1.1.18-r4"));
    check(alpine, musl("1.1.18-r4"), "CVE-2019-14697", None);
    // PYSEC-2021-98.
    check(None, package("pypi", "Django", "2.2.23"), "CVE-2021-33203", Some("2.2.24"));
    check(None, package("pypi", "django", "3.1.11"), "CVE-2021-33203", Some("3.1.12"));
    check(None, package("pypi", "Django", "2.2.24"), "CVE-2021-33203", None);
    // DSA-5343-1.
    let debian = Some(("debian", "11"));
    let libssl = |version| with_source(package("deb", "libssl1.1", version), "openssl", version);
    check(debian, libssl("1.1.1n-0+deb11u3"), "CVE-2023-0286", Some("1.1.1n-0+deb11u4"));
    check(debian, libssl("1.1.1n-0+deb11u4"), "CVE-2023-0286", None);
    // ALSA-2021:2363.
    let alma = Some(("almalinux", "8.4"));
    check(alma, package("rpm", "gupnp", "1.0.6-1.el8"), "CVE-2021-33516", Some("1.0.6-2.el8_4"));
    check(alma, package("rpm", "gupnp", "1.0.6-2.el8_4"), "CVE-2021-33516", None);
    // GO-2022-0969.
    check(None, package("golang", "stdlib", "1.18.5"), "CVE-2022-27664", Some("1.18.6"));
    check(None, package("golang", "stdlib", "1.19.0"), "CVE-2022-27664", Some("1.19.1"));
    check(None, package("golang", "stdlib", "1.19.1"), "CVE-2022-27664", None);
    // RUSTSEC-2021-0003.
    check(None, package("cargo", "smallvec", "0.6.13"), "CVE-2021-25900", Some("0.6.14"));
    check(None, package("cargo", "smallvec", "1.6.0"), "CVE-2021-25900", Some("1.6.1"));
    check(None, package("cargo", "smallvec", "1.6.1"), "CVE-2021-25900", None);
    // ruby-advisory-db, gems/actionpack/CVE-2020-8164.yml: patched in ~> 5.2.4.3 and >= 6.0.3.1.
    if index.has_ecosystem("RubyGems").unwrap() {
        check(None, package("gem", "actionpack", "5.2.4.2"), "CVE-2020-8164", Some("5.2.4.3"));
        check(None, package("gem", "actionpack", "6.0.3"), "CVE-2020-8164", Some("6.0.3.1"));
        check(None, package("gem", "actionpack", "5.2.4.3"), "CVE-2020-8164", None);
    }

    // KEV knows CVE-2021-44228 among others; of DSA-5020-1 it says so through the CVE.
    let log4j = with_source(package("deb", "liblog4j2-java", "2.13.3-1"), "apache-log4j2", "2.13.3-1");
    let matched = match_in(index, Some(&distro("debian", "11")), &[log4j]);
    let exploited: Vec<_> = matched
        .findings
        .iter()
        .map(|f| (f.vulnerability.id.as_str(), f.vulnerability.known_exploited))
        .collect();
    assert!(exploited.contains(&("CVE-2021-44228", true)), "{exploited:?}");
    assert!(exploited.contains(&("CVE-2021-45105", false)), "{exploited:?}");

    // Speed, in whatever profile the test is built.
    let packages: Vec<_> = (0..10_000)
        .map(|i| match i % 4 {
            0 => package("pypi", ["django", "pillow", "nothing", "requests"][i / 4 % 4], &format!("2.2.{i}")),
            1 => package("cargo", ["smallvec", "tokio", "serde", "none"][i / 4 % 4], &format!("1.0.{i}")),
            2 => libssl("1.1.1n-0+deb11u3"),
            _ => package("deb", &format!("package-{i}"), "1.0-1"),
        })
        .collect();
    let start = Instant::now();
    let matched = match_in(index, Some(&distro("debian", "11")), &packages);
    println!(
        "matched {} packages in {:?}: {} findings",
        packages.len(),
        start.elapsed(),
        matched.findings.len()
    );
    let start = Instant::now();
    for i in 0..100_000 {
        let name = ["django", "pillow", "nothing", "requests"][i % 4];
        assert_eq!(index.lookup("PyPI", name).unwrap().len() == 0, name == "nothing");
    }
    println!("100,000 lookups in {:?}", start.elapsed());
}
