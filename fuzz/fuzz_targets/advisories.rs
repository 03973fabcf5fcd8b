//! Advisory sources, all of the register: records read are kept or refused, and what is kept can be filed.
//!
//! The first byte chooses a line of [`FILES`], and so the source and the file's name. With `PLIMSOLL_FUZZ_SOURCE=osv` in
//! the environment all bytes are the file, so that a folder of fixtures is a corpus as it stands:
//! `PLIMSOLL_FUZZ_SOURCE=osv cargo +nightly fuzz run advisories CORPUS crates/plimsoll-advisory/tests/fixtures/osv`

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use plimsoll_advisory::sources::{self, SOURCES, Sink};

/// Every source with a name under which its files come, once for each form that a name tells.
const FILES: &[(&str, &str)] = &[
    ("alma-errata", "8/errata.full.json"),
    ("alpine-secdb", "v3.18/main.json"),
    ("alpine-secdb", "v3.5/main.yaml"),
    ("arch", "all.json"),
    ("azure-oval", "azurelinux-3.0-oval.xml"),
    ("bodhi", "page.json"),
    ("cisa-kev", "known_exploited_vulnerabilities.csv"),
    ("cisa-kev", "known_exploited_vulnerabilities.json"),
    ("cve-list", "CVE-2023-0001.json"),
    ("debian-dla", "DLA/list"),
    ("debian-dsa", "DSA/list"),
    ("debian-tracker", "debian.json"),
    ("endoflife", "debian.json"),
    ("epss", "epss_scores.csv"),
    ("node-security-wg", "vuln/core/1.json"),
    ("nvd", "nvd.json"),
    ("oracle-oval", "com.oracle.elsa-2024.xml"),
    ("osv", "a.json"),
    ("osv", "a.ndjson"),
    ("osv", "a.yaml"),
    ("photon", "cve_data_photon5.0.json"),
    ("php-security-advisories", "symfony/http-kernel/CVE-2020-1.yaml"),
    ("redhat-csaf", "rhsa-2024_1431.json"),
    ("redhat-oval", "rhel-9.oval.xml"),
    ("redhat-repositories", "repository-to-cpe.json"),
    ("rocky-apollo", "page.json"),
    ("ruby-advisory-db", "gems/rack/CVE-2020-1.yml"),
    ("suse-csaf", "suse-su-2024_0577-1.json"),
    ("suse-oval", "suse.linux.enterprise.server.15.xml"),
    ("ubuntu-oval", "com.ubuntu.jammy.cve.oval.xml"),
    ("updateinfo", "9/updateinfo.xml"),
    ("wolfi-advisories", "a.advisories.yaml"),
];

/// The source that is asked for, if one is.
static CHOSEN: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("PLIMSOLL_FUZZ_SOURCE").ok());

fn check(sink: &Sink) {
    let kept = sink.advisories.len() + sink.epss.len() + sink.lifecycles.len() + sink.repositories.len();
    assert_eq!(sink.kept(), kept as u64);
    for advisory in &sink.advisories {
        assert!(!advisory.id.is_empty() && !advisory.source.is_empty(), "{advisory:?}");
        let named = advisory.aliases.iter().chain(&advisory.covers).chain([&advisory.id]);
        assert!(named.clone().all(|id| id.bytes().all(|byte| byte.is_ascii_graphic())), "{advisory:?}");
        for affected in &advisory.affected {
            for name in [&affected.ecosystem, &affected.package] {
                assert!(!name.is_empty() && !name.chars().any(char::is_control), "{advisory:?}");
            }
        }
    }
}

fuzz_target!(
    init: {
        for source in SOURCES {
            assert!(FILES.iter().any(|(id, _)| *id == source.id), "{} is in no line of FILES", source.id);
        }
    },
    |data: &[u8]| {
        let (line, content) = match (CHOSEN.as_deref(), data) {
            (Some(wanted), content) => {
                let mut lines = FILES.iter().filter(|(id, _)| *id == wanted);
                let first = lines.clone().next().unwrap_or_else(|| panic!("there is no source {wanted}"));
                let fits = |name: &str| sources::recognise(name, content).is_some_and(|found| found.id == wanted);
                (lines.find(|(_, name)| fits(name)).unwrap_or(first), content)
            }
            (None, [number, content @ ..]) => (&FILES[usize::from(*number) % FILES.len()], content),
            _ => return,
        };
        let Some(source) = sources::by_id(line.0) else { return };
        let mut sink = Sink::new();
        let _ = sources::parse(source, line.1, content, &mut sink);
        check(&sink);
        let mut sink = Sink::new();
        if sources::read(line.1, content, &mut sink).is_none() {
            assert_eq!(sink.read(), 0);
        }
        check(&sink);
    }
);
