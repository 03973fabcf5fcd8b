//! The parsers of the advisory sources, against short excerpts of the real feeds.

// Helpers outside `#[test]` functions may fail the test too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cves;
mod feeds;
mod limits;

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll_advisory::sources::{self, RefusalReason, SOURCES, Sink};
use plimsoll_advisory::{Advisory, Event};
use plimsoll_types::{Severity, Status};

/// The fixtures of a source: paths inside its folder and their bytes, sorted.
fn fixtures(source: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(source);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            // Debian's lists are told apart by their contents when the folder says nothing.
            (name, std::fs::read(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn read(source: &str, file: &str) -> Sink {
    let (path, bytes) = fixtures(source).into_iter().find(|(path, _)| path == file).unwrap();
    let mut sink = Sink::new();
    let found = sources::read(&path, &bytes, &mut sink).unwrap();
    assert_eq!(found.id, source);
    assert_eq!(sink.read(), sink.kept() + sink.refused());
    sink
}

fn one(source: &str, file: &str) -> Advisory {
    let mut sink = read(source, file);
    assert_eq!((sink.kept(), sink.refused()), (1, 0), "{:?}", sink.refusals());
    sink.advisories.remove(0)
}

/// `0..1.2.3` for each range, in the source's order.
fn ranges(affected: &plimsoll_advisory::Affected) -> String {
    let event = |event: &Event| match event {
        Event::Introduced(version) => format!(">={version}"),
        Event::Fixed(version) => format!("<{version}"),
        Event::LastAffected(version) => format!("<={version}"),
        Event::Limit(version) => format!("limit {version}"),
    };
    let range =
        |range: &plimsoll_advisory::Range| range.events.iter().map(event).collect::<Vec<_>>().join(" ");
    affected.ranges.iter().map(range).collect::<Vec<_>>().join(" | ")
}

/// `ecosystem/package status ranges` for each package.
fn affected(advisory: &Advisory) -> Vec<String> {
    advisory
        .affected
        .iter()
        .map(|one| format!("{}/{} {} {}", one.ecosystem, one.package, one.status.word(), ranges(one)))
        .collect()
}

#[test]
fn the_register_is_sound() {
    let mut ids: Vec<_> = SOURCES.iter().map(|source| source.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), SOURCES.len());
    for source in SOURCES {
        assert!(!source.title.is_empty() && source.description.ends_with('.'), "{}", source.id);
        assert_eq!(sources::by_id(source.id).map(|found| found.title), Some(source.title));
        let fixtures = fixtures(source.id);
        assert!(!fixtures.is_empty(), "{}", source.id);
        for (path, bytes) in fixtures {
            assert_eq!(sources::recognise(&path, &bytes).map(|found| found.id), Some(source.id), "{path}");
        }
    }
}

/// So that the order of the register does not matter: a file that two sources would take is one that the second never
/// sees, and that the first may misread.
#[test]
fn no_source_takes_the_files_of_another() {
    for source in SOURCES {
        for (path, bytes) in fixtures(source.id) {
            let head = &bytes[..bytes.len().min(sources::HEAD_BYTES)];
            // Debian's lists are told apart by their folder where the first line does not say.
            for path in [path.clone(), format!("feed/{}/{path}", source.id)] {
                let takers: Vec<_> = SOURCES
                    .iter()
                    .filter(|other| (other.recognises)(&path, head))
                    .map(|other| other.id)
                    .collect();
                assert_eq!(takers, [source.id], "{path}");
            }
            let marked = [b"\xef\xbb\xbf", bytes.as_slice()].concat();
            assert_eq!(sources::recognise(&path, &marked).map(|found| found.id), Some(source.id), "{path}");
            let (mut plain, mut with_mark) = (Sink::new(), Sink::new());
            let read =
                (sources::read(&path, &bytes, &mut plain), sources::read(&path, &marked, &mut with_mark));
            assert!(
                read.0.is_some() && plain.advisories == with_mark.advisories,
                "{path} with a byte order mark"
            );
        }
    }
}

#[test]
fn other_files_are_skipped() {
    for (path, bytes) in [
        ("README.md", "# Advisories\nid: x\naffected: y\n"),
        ("LICENSE", "[license] DSA-1 x"),
        ("package.json", "{\"name\": \"x\", \"version\": \"1\"}"),
        ("index/modules.json", "[{\"path\":\"x\",\"vulns\":[{\"id\":\"GO-2020-0001\",\"modified\":\"\"}]}]"),
        ("csaf.json", "{\"document\":{\"category\":\"csaf_vex\"},\"affected\":[]}"),
        ("empty.json", ""),
        ("workflow.yaml", "name: PHP\non: push\n"),
        ("list", ""),
    ] {
        assert_eq!(sources::recognise(path, bytes.as_bytes()).map(|source| source.id), None, "{path}");
    }
}

#[test]
fn every_prefix_and_flipped_bytes_do_not_panic() {
    for source in SOURCES {
        for (path, bytes) in fixtures(source.id) {
            for end in 0..=bytes.len() {
                let mut sink = Sink::new();
                let _ = sources::parse(source, &path, &bytes[..end], &mut sink);
            }
            for at in (0..bytes.len()).step_by((bytes.len() / 300).max(11)) {
                for value in [b'{', b'"', b'\n', 0xff] {
                    let mut broken = bytes.clone();
                    broken[at] = value;
                    let mut sink = Sink::new();
                    let _ = sources::parse(source, &path, &broken, &mut sink);
                    sources::read(&path, &broken, &mut sink);
                }
            }
        }
    }
}

#[test]
fn almalinux_errata() {
    let advisory = one("osv", "ALSA-2021-2363.json");
    assert_eq!((advisory.id.as_str(), advisory.source.as_str()), ("ALSA-2021:2363", "almalinux"));
    assert_eq!(advisory.covers, ["CVE-2021-33516"]);
    assert!(advisory.aliases.is_empty());
    assert_eq!(advisory.title, "gupnp security update");
    assert_eq!(advisory.severities[0].severity, Severity::High);
    assert_eq!(
        affected(&advisory),
        ["AlmaLinux:8/gupnp fixed >=0 <1.0.6-2.el8_4", "AlmaLinux:8/gupnp-devel fixed >=0 <1.0.6-2.el8_4"]
    );
    assert_eq!(advisory.published.unwrap().to_string(), "2021-06-09T12:54:08Z");

    // A bug fix erratum is no vulnerability, unless it names one.
    let sink = read("osv", "ALBA-2021-1099.json");
    assert_eq!(sink.refused_by_reason(), &BTreeMap::from([(RefusalReason::NotSecurity, 1)]));
    assert_eq!(sink.refusals()[0].record, "ALBA-2021:1099");
    assert_eq!(one("osv", "ALBA-2019-3693.json").covers, ["CVE-2018-18074"]);
}

#[test]
fn go() {
    let advisory = one("osv", "GO-2023-2102.json");
    assert_eq!(advisory.source, "go-vulndb");
    assert_eq!(advisory.aliases, ["CVE-2023-39325", "GHSA-4374-p667-p6c8"]);
    assert!(advisory.covers.is_empty());
    assert_eq!((advisory.published, advisory.modified), (None, None));
    assert_eq!(
        affected(&advisory),
        ["Go/stdlib fixed >=0 <1.20.10 >=1.21.0-0 <1.21.3", "Go/golang.org/x/net fixed >=0 <0.17.0"]
    );
    assert_eq!(advisory.references[0].kind, "report");

    // The record's own range is "everything"; the real one stands in custom_ranges.
    let advisory = one("osv", "GO-2024-2428.json");
    assert_eq!(ranges(&advisory.affected[0]), ">=0 <1.9.0");

    // In the forms that the database has: beside a range that says something the custom ranges are additional (but for
    // those without an end), in the place of "everything" they are the range.
    for (range, custom, expected) in [
        ("0.7.2", r#"{"introduced":"0"},{"fixed":"0.7.1"}"#, ">=0.7.2 | >=0 <0.7.1"),
        ("0.7.2", r#"{"introduced":"0.5.0"}"#, ">=0.7.2"),
        ("0", r#"{"introduced":"12.0.0"}"#, ">=12.0.0"),
        ("0", r#"{"introduced":"0"}"#, ">=0"),
    ] {
        let record = format!(
            r#"{{"id":"GO-2026-1","affected":[{{"package":{{"ecosystem":"Go","name":"example.com/m"}},
                "ranges":[{{"type":"SEMVER","events":[{{"introduced":"{range}"}}]}}],
                "ecosystem_specific":{{"custom_ranges":[{{"type":"ECOSYSTEM","events":[{custom}]}}]}}}}]}}"#
        );
        let mut sink = Sink::new();
        sources::read("GO-2026-1.json", record.as_bytes(), &mut sink);
        assert_eq!(ranges(&sink.advisories[0].affected[0]), expected, "{custom}");
    }
}

#[test]
fn rustsec() {
    let advisory = one("osv", "RUSTSEC-2023-0090.json");
    assert_eq!(advisory.source, "rustsec");
    // The same vector stands in two places.
    assert_eq!(advisory.cvss.len(), 1);
    assert_eq!(advisory.cvss[0].vector, "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H");
    assert_eq!(ranges(&advisory.affected[0]), ">=0.0.0-0 <4.0.1 >=5.0.0 <5.0.1 >=6.0.0 <6.0.1");

    let sink = read("osv", "RUSTSEC-2016-0004.json");
    assert_eq!(sink.refused_by_reason(), &BTreeMap::from([(RefusalReason::Informational, 1)]));
    assert_eq!(sink.refusals()[0].detail, "unmaintained");
    assert_eq!(one("osv", "RUSTSEC-2019-0011.json").id, "RUSTSEC-2019-0011");
}

#[test]
fn pypa_yaml() {
    let advisory = one("osv", "PYSEC-2018-28.yaml");
    assert_eq!(advisory.source, "pypa");
    assert_eq!(advisory.aliases, ["CVE-2018-18074", "GHSA-x84v-xcm2-53pg"]);
    assert_eq!(affected(&advisory), ["PyPI/requests fixed >=0 <2.20.0"]);
    // 0.12.01 is a version, not a number.
    assert_eq!(advisory.affected[0].versions, ["0.0.1", "0.10.0", "0.12.01", "2.19.1"]);
    assert!(advisory.description.starts_with("The Requests package"));
    assert_eq!(advisory.modified.unwrap().to_string(), "2021-06-16T00:03:24Z");
}

#[test]
fn github_records_one_a_line() {
    let sink = read("osv", "ghsa.ndjson");
    assert_eq!((sink.kept(), sink.refused()), (2, 3));
    let [first, second] = &sink.advisories[..] else { panic!() };
    assert_eq!(
        (first.source.as_str(), first.aliases.as_slice()),
        ("ghsa", ["CVE-2020-7598".to_owned()].as_slice())
    );
    assert_eq!(first.severities[0].severity, Severity::Medium);
    assert_eq!(first.cwes, ["CWE-1321"]);
    assert_eq!(first.references.len(), 1);
    assert_eq!(affected(first), ["npm/minimist fixed >=0 <0.2.1", "npm/minimist fixed >=1.0.0 <1.2.3"]);
    // What else stands in database_specific cannot spoil a record.
    assert!(second.severities.is_empty() && second.cwes.is_empty());
    assert_eq!(affected(second), ["npm/left affected >=0 <=1.2.3", "npm/right affected >=2.0.0 limit 3.0.0"]);
    let refused: Vec<_> =
        sink.refusals().iter().map(|refusal| (refusal.record.as_str(), refusal.reason)).collect();
    assert_eq!(
        refused,
        [
            ("GHSA-0000-0000-0002", RefusalReason::NothingAffected),
            ("line 5", RefusalReason::Malformed),
            ("no id at all", RefusalReason::Malformed)
        ]
    );
}

#[test]
fn distribution_records_in_an_array() {
    let sink = read("osv", "distributions.json");
    let [debian, bare, ubuntu, malicious] = &sink.advisories[..] else { panic!("{:?}", sink.refusals()) };
    assert_eq!(
        (debian.source.as_str(), debian.aliases.as_slice()),
        ("debian", ["CVE-2023-4911".to_owned()].as_slice())
    );
    assert!(debian.covers.is_empty());
    assert_eq!(debian.affected[0].severity, None);
    assert_eq!((bare.source.as_str(), bare.affected[0].severity), ("debian", Some(Severity::Negligible)));
    assert_eq!(bare.affected[0].status, Status::Affected);
    // What it names as related beside `upstream` is another matter.
    assert_eq!(ubuntu.covers, ["CVE-2023-4911"]);
    assert_eq!(ubuntu.severities[0].severity, Severity::High);
    assert_eq!(ranges(&ubuntu.affected[0]), ">=0 <2.35-0ubuntu3.4");
    assert_eq!(malicious.severities[0].severity, Severity::Critical);
    assert_eq!(malicious.affected[0].versions, ["4.4.2"]);
}

#[test]
fn alpine_secdb_yaml() {
    let sink = read("alpine-secdb", "v3.5-main.yaml");
    assert_eq!(sink.refused(), 0, "{:?}", sink.refusals());
    let found: Vec<_> = sink
        .advisories
        .iter()
        .map(|advisory| format!("{}: {}", advisory.id, affected(advisory).join(", ")))
        .collect();
    assert_eq!(
        found,
        [
            "CVE-2017-15710: Alpine:v3.5/apache2 fixed >=0 <2.4.33-r0",
            "CVE-2017-17434: Alpine:v3.5/rsync fixed >=0 <3.1.2-r7",
            "CVE-2017-8903: Alpine:v3.5/xen fixed >=0 <4.7.2-r1",
            "CVE-2018-11763: Alpine:v3.5/apache2 fixed >=0 <2.4.35-r0",
            "CVE-2018-1312: Alpine:v3.5/apache2 fixed >=0 <2.4.33-r0",
            "CVE-2019-1234: Alpine:v3.5/rsync fixed >=0 <1.10",
            "CVE-2021-22897: Alpine:v3.5/curl not_affected >=0",
            "XSA-210: Alpine:v3.5/xen fixed >=0 <4.7.2-r1",
            "XSA-285: Alpine:v3.5/xen fixed >=0 <4.7.2-r1",
        ]
    );
    assert!(sink.advisories.iter().all(|advisory| advisory.source == "alpine-secdb"));
    let xen = &sink.advisories[2];
    assert!(xen.aliases.is_empty());
    assert_eq!(xen.references[0].url, "https://xenbits.xen.org/xsa/advisory-213.html");
}

#[test]
fn alpine_secdb_json() {
    let sink = read("alpine-secdb", "v3.18-main.json");
    assert_eq!((sink.kept(), sink.refused()), (4, 1));
    let socks = sink.advisories.iter().find(|advisory| advisory.id == "CVE-2023-38545").unwrap();
    assert_eq!(
        affected(socks),
        ["Alpine:v3.18/curl fixed >=0 <8.4.0-r0", "Alpine:v3.18/libcurl4 fixed >=0 <8.4.0-r0"]
    );
    assert_eq!(socks.aliases, ["GHSA-7xw9-w465-6x42"]);

    let wolfi = one("alpine-secdb", "wolfi.json");
    assert_eq!(
        (wolfi.source.as_str(), affected(&wolfi)),
        ("wolfi-secdb", vec!["Wolfi/zlib fixed >=0 <1.2.13-r0".to_owned()])
    );

    let chainguard = read("alpine-secdb", "chainguard.json");
    let said: Vec<_> = chainguard
        .advisories
        .iter()
        .map(|one| format!("{} {}: {}", one.source, one.id, affected(one).join(", ")))
        .collect();
    assert_eq!(
        said,
        [
            "chainguard-secdb CVE-2023-48795: Chainguard/acme fixed >=0 <0.2.1-r1",
            "chainguard-secdb CVE-2024-0727: Chainguard/acme not_affected >=0",
        ]
    );
    let wolfi = one("alpine-secdb", "wolfi-packages-first.yaml");
    assert_eq!(
        (wolfi.source.as_str(), affected(&wolfi)),
        ("wolfi-secdb", vec!["Wolfi/zlib not_affected >=0".to_owned()])
    );

    let mut sink = Sink::new();
    let text = b"reponame: main\nurlprefix: https://example.org\npackages: []\n";
    assert!(sources::read("x.yaml", text, &mut sink).is_some());
    assert_eq!(sink.refused_by_reason(), &BTreeMap::from([(RefusalReason::Malformed, 1)]));
}

#[test]
fn debian_security_advisories() {
    let sink = read("debian-dsa", "list");
    let ids: Vec<_> = sink.advisories.iter().map(|advisory| advisory.id.as_str()).collect();
    assert_eq!(ids, ["DSA-5376-1", "DSA-5356-2", "DSA-2653-1", "DSA-136"]);
    let [apache, sox, icinga, openssl] = &sink.advisories[..] else { panic!() };
    assert_eq!(apache.covers, ["CVE-2006-20001", "CVE-2022-36760", "CVE-2022-37436"]);
    assert_eq!(apache.title, "apache2 - security update");
    assert_eq!(apache.published.unwrap().to_string(), "2023-03-20T00:00:00Z");
    assert_eq!(affected(apache), ["Debian:11/apache2 fixed >=0 <2.4.56-1~deb11u1"]);
    assert_eq!(apache.references[0].url, "https://security-tracker.debian.org/tracker/DSA-5376-1");
    assert!(sox.covers.is_empty());
    assert_eq!(
        affected(icinga),
        ["Debian:6/icinga fixed >=0 <1.0.2-2+squeeze1", "Debian:7/icinga not_affected >=0"]
    );
    assert_eq!(openssl.covers, ["CVE-2002-0655", "CVE-2002-0656"]);
    assert_eq!(
        affected(openssl),
        [
            "Debian:3.0/openssl094 fixed >=0 <0.9.4-6.woody.2",
            "Debian:3.0/openssl fixed >=0 <0.9.6c-2.woody.1"
        ]
    );
    let refused: Vec<_> =
        sink.refusals().iter().map(|refusal| (refusal.record.as_str(), refusal.reason)).collect();
    assert_eq!(
        refused,
        [
            ("DSA-2907-1", RefusalReason::NothingAffected),
            ("DSA-9999-1", RefusalReason::UnknownRelease),
            ("line 21", RefusalReason::Malformed)
        ]
    );
}

#[test]
fn debian_lts_advisories() {
    let sink = read("debian-dla", "list");
    let [firmware, puppet] = &sink.advisories[..] else { panic!() };
    assert_eq!(firmware.source, "debian-dla");
    assert_eq!(
        affected(firmware),
        ["Debian:10/firmware-nonfree fixed >=0 <20190114+really20220913-0+deb10u1"]
    );
    assert_eq!(affected(puppet), ["Debian:7/puppet end_of_life >=0", "Debian:8/puppet affected >=0"]);
    // The list of the tracker itself is known by its place.
    for (path, id) in [("data/DSA/list", "debian-dsa"), ("DLA/list", "debian-dla")] {
        assert_eq!(sources::recognise(path, b"[01 Apr 2023] x").map(|source| source.id), Some(id));
    }
}

#[test]
fn hostile_files_are_refused_with_a_reason() {
    let bomb = {
        let mut text =
            String::from("id: X-1\nmodified: a\naffected: []\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let list = vec![format!("*a{}", i - 1); 10].join(", ");
            text.push_str(&format!("a{i}: &a{i} [{list}]\n"));
        }
        // The unknown keys above are skipped; this one is read.
        text.push_str("aliases: *a11\n");
        text
    };
    let deep = |open: &str, close: &str| {
        format!(
            "{{\"id\":\"X-1\",\"affected\":[],\"database_specific\":{{\"severity\":{}{}}}}}",
            open.repeat(200_000),
            close.repeat(200_000)
        )
    };
    let packages = format!("{{\"id\":\"X-1\",\"affected\":[{}{{}}]}}", "{},".repeat(100_001));
    let flow = format!("id: X-1\nmodified: x\naffected: {}\n", "[".repeat(100_000));
    for (path, text) in [
        ("bomb.yaml", bomb.as_str()),
        ("flow.yaml", &flow),
        ("deep.json", &deep("[", "]")),
        ("map.json", &deep("{\"a\":", "")),
        ("packages.json", &packages),
        ("double.yaml", "id: X-1\nid: X-2\nmodified: x\naffected: []\n"),
        ("double.json", "{\"id\":\"X-1\",\"id\":\"X-2\",\"affected\":[]}"),
        ("nothing.json", "{\"id\":\"X-1\",\"affected\":[]}"),
        (
            "name.json",
            "{\"id\":\"X-1\",\"affected\":[{\"package\":{\"ecosystem\":\"npm\",\"name\":\"a\\u0007\"},\"versions\":[\"1\"]}]}",
        ),
        ("two.json", "{\"id\":\"X-1\",\"affected\":[]} {\"id\":"),
    ] {
        let mut sink = Sink::new();
        let start = std::time::Instant::now();
        assert!(sources::read(path, text.as_bytes(), &mut sink).is_some(), "{path} is not recognised");
        assert!(sink.kept() == 0 && sink.refused() >= 1, "{path}: {:?}", sink.advisories);
        assert!(start.elapsed().as_secs() < 10, "{path} takes {:?}", start.elapsed());
    }
    let mut sink = Sink::new();
    sources::read("latin.json", b"{\"id\":\"X-1\",\"affected\":[],\"summary\":\"caf\xe9\"}", &mut sink);
    assert_eq!(sink.refusals()[0].reason, RefusalReason::Malformed);
    assert!(sink.refusals()[0].detail.contains("not UTF-8"), "{}", sink.refusals()[0].detail);
}

#[test]
fn ruby_gems() {
    let advisory = one("ruby-advisory-db", "CVE-2016-0752.yml");
    assert_eq!((advisory.id.as_str(), advisory.source.as_str()), ("CVE-2016-0752", "ruby-advisory-db"));
    assert_eq!(advisory.aliases, ["GHSA-xrr4-p6fq-hjg7", "OSVDB-133583"]);
    assert_eq!(advisory.severities[0].severity, Severity::High);
    assert_eq!(advisory.published.unwrap().to_string(), "2016-01-25T00:00:00Z");
    assert_eq!(advisory.references.len(), 2);
    // "~> 3.2.22.1" ends before the first pre-release of 3.2.23; from there on nothing is patched until the unaffected 4.1.0.
    assert_eq!(affected(&advisory), ["RubyGems/actionpack fixed >=0 <3.2.22.1 | >=3.2.23.a limit 4.1.0"]);

    let advisory = one("ruby-advisory-db", "CVE-2019-15224.yml");
    assert_eq!(affected(&advisory), ["RubyGems/rest-client affected >=1.6.9.0.1 limit 1.6.14"]);
}

#[test]
fn php_packages() {
    let advisory = one("php-security-advisories", "2015-08-06.yaml");
    assert_eq!(advisory.id, "friendsofphp-cakephp-cakephp-2015-08-06");
    assert_eq!(advisory.published.unwrap().to_string(), "2015-08-06T22:08:00Z");
    assert_eq!(affected(&advisory), ["Packagist/cakephp/cakephp fixed >=2.0.0 <2.0.99 | >=2.7.0 <2.7.2"]);
    let advisory = one("php-security-advisories", "CVE-2024-50340.yaml");
    assert_eq!(advisory.id, "CVE-2024-50340");
    assert_eq!(advisory.title, "Ability to change environment from query");
    assert_eq!(affected(&advisory), ["Packagist/symfony/runtime fixed >=5.4.0 <5.4.46 | >=7.1.0.1 <=7.1.6"]);
}

#[test]
fn node_security_working_group() {
    let advisory = one("node-security-wg", "410.json");
    assert_eq!((advisory.id.as_str(), advisory.aliases.len()), ("NSWG-ECO-410", 0));
    assert_eq!(affected(&advisory), ["npm/merge-options affected >=0 <=1.0.0"]);
    assert_eq!(advisory.cvss[0].vector, "CVSS:3.0/AV:N/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:L");
    let advisory = one("node-security-wg", "1.json");
    assert_eq!(
        (advisory.id.as_str(), advisory.aliases.as_slice()),
        ("CVE-2014-7205", ["NSWG-ECO-1".to_owned()].as_slice())
    );
    assert_eq!(affected(&advisory), ["npm/bassmaster fixed >=0 <1.5.2"]);
    assert!(advisory.description.ends_with("or greater."));
    assert!(sources::recognise("npm/index.json", b"{\"1\":{\"title\":\"\",\"module_name\":\"\"}}").is_none());
}

#[test]
fn wolfi_packages() {
    let sink = read("wolfi-advisories", "vault-env.advisories.yaml");
    let found: Vec<_> = sink
        .advisories
        .iter()
        .map(|advisory| format!("{} {}", advisory.id, affected(advisory).join(", ")))
        .collect();
    assert_eq!(
        found,
        [
            "CGA-2frv-x8p8-mg3r Wolfi/vault-env fixed >=0 <1.22.0-r4",
            "CGA-7hp5-3j49-7jhp Wolfi/vault-env not_affected >=0",
            "CGA-xxxx-xxxx-0001 Wolfi/vault-env will_not_fix >=0",
            "CGA-xxxx-xxxx-0002 Wolfi/vault-env not_affected >=0",
        ]
    );
    assert_eq!(sink.advisories[0].aliases, ["CVE-2025-58181", "GHSA-j5w8-q4qc-rx2x"]);
    assert_eq!(sink.advisories[0].published.unwrap().to_string(), "2025-11-22T16:55:04Z");
    assert_eq!(sink.advisories[1].description, "Only affects Windows");
    assert_eq!(sink.refusals()[0].reason, RefusalReason::NothingAffected);
}
