//! trivy-db, record by record. The fixture is written by the real bbolt from `fixtures/trivy/records.tsv`, in the shapes of trivy-db's own sources.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plimsoll_advisory::sources::RefusalReason;
use plimsoll_advisory::{Advisory, Affected, Event};
use plimsoll_dbimport::{Counts, ImportError, Item, Kind, Stop, recognise, trivy_db, trivy_db_from};
use plimsoll_types::{Severity, Status};

const SMALL: &[u8] = include_bytes!("fixtures/trivy/small.db");

fn import(bytes: &[u8]) -> Result<(Vec<Item>, Counts), ImportError> {
    let mut items = Vec::new();
    let counts = trivy_db_from(bytes, Path::new("trivy.db"), &mut |item| {
        items.push(item);
        Ok(())
    })?;
    Ok((items, counts))
}

fn advisories(items: &[Item]) -> impl Iterator<Item = &Advisory> {
    items.iter().filter_map(|item| if let Item::Advisory(advisory) = item { Some(advisory) } else { None })
}

fn range(affected: &Affected) -> String {
    let mut parts: Vec<String> = affected.versions.iter().map(|version| format!("={version}")).collect();
    for event in affected.ranges.iter().flat_map(|range| &range.events) {
        parts.push(match event {
            Event::Introduced(version) => format!("i {version}"),
            Event::Fixed(version) => format!("f {version}"),
            Event::LastAffected(version) => format!("la {version}"),
            Event::Limit(version) => format!("l {version}"),
        });
    }
    parts.join(" ")
}

/// `source id ecosystem package status range` of all statements on packages, but for the sixty of the fixture that are alike.
fn facts(items: &[Item]) -> Vec<String> {
    let mut lines = Vec::new();
    for advisory in advisories(items) {
        for affected in &advisory.affected {
            if !affected.package.starts_with("package-") {
                lines.push(format!(
                    "{} {} | {} | {} | {} | {}",
                    advisory.source,
                    advisory.id,
                    affected.ecosystem,
                    affected.package,
                    affected.status.word(),
                    range(affected)
                ));
            }
        }
    }
    lines.sort();
    lines
}

#[test]
fn every_shape_of_record() {
    let (items, counts) = import(SMALL).unwrap();
    assert_eq!(
        facts(&items),
        [
            "almalinux ALSA-2021:0735 | AlmaLinux:8 | nodejs | fixed | i 0 f 1:10.24.0-1.module_el8.4.0+2224+b07ac28e",
            "alpine CVE-2019-0190 | Alpine:v3.20 | openssl | not_affected | ",
            "alpine CVE-2024-5535 | Alpine:v3.20 | openssl | fixed | i 0 f 3.3.1-r1",
            "amazon CVE-2023-0286 | Amazon Linux:2023 | openssl | fixed | i 0 f 1:3.0.8-1.amzn2023.0.1",
            "archlinux CVE-2022-0778 | Arch Linux | openssl | fixed | i 1.1.1.m-1 f 1.1.1.n-1",
            "debian CVE-2007-6755 | Debian:12 | openssl | affected | i 0",
            "debian CVE-2010-0928 | Debian:12 | openssl | end_of_life | i 0",
            "debian CVE-2023-0464 | Debian:12 | openssl | fixed | i 0 f 3.0.9-1",
            "ghsa CVE-2021-23337 | npm | lodash | fixed | i 0 f 4.17.21",
            "ghsa CVE-2022-28346 | PyPI | django | fixed | i 2.2 f 2.2.28 i 3.2 f 3.2.13 i 4.0 f 4.0.4",
            "ghsa GHSA-0000-0000-0001 | npm | always | affected | i 0",
            "ghsa GHSA-aaaa-bbbb-cccc | Hex | xmerl | affected | i 0 la 1.3.20",
            "ghsa GHSA-mh6f-8j2x-4483 | npm | event-stream | affected | =3.3.6",
            "go-vulndb CVE-2022-41716 | Go | stdlib | fixed | i 0 f 1.18.8 i 1.19.0-0 f 1.19.3",
            "node-js-ecosystem-security-working-group CVE-2018-3728 | npm | hoek | fixed | i 0 la 4.2.0 i 5.0.0 f 5.0.3",
            "php-security-advisories-database CVE-2022-39261 | Packagist | twig/twig | fixed \
             | i 1.0.0 f 1.44.7 i 2.0.0 f 2.15.3 i 3.0.0 f 3.4.3",
            "redhat CVE-2023-0464 | Red Hat:enterprise_linux:8 | openssl | will_not_fix | i 0",
            "redhat RHSA-2021:0734 | Red Hat:enterprise_linux:8 | npm | fixed \
             | i 0 f 1:6.14.11-1.12.21.0.1.module+el8.3.0+10191+34fb5a07",
            "redhat RHSA-2021:1024 | Red Hat:enterprise_linux:8 | openssl | fixed | i 0 f 1:1.1.1g-15.el8_3",
            "redhat RHSA-2021:1024 | Red Hat:enterprise_linux:9 | openssl | fixed | i 0 f 1:1.1.1g-15.el8_3",
            "rocky CVE-2022-3602 | Rocky Linux:9 | openssl | fixed | i 0 f 1:3.0.1-43.el9_0",
            "rocky CVE-2022-3602 | Rocky Linux:9 | openssl | fixed | i 0 f 1:3.0.1-44.el9_0",
            "ruby-advisory-db CVE-2022-30122 | RubyGems | rack | fixed | i 1.2 f 2.0.9.1 i 2.1.a f 2.1.4.1 i 2.2.a f 2.2.3.1",
            "suse SUSE-SU-2021:0955-1 | SUSE:Linux Enterprise Server 15 SP3 | openssl | fixed | i 0 f 1.1.1d-11.20.1"
                .replace("| openssl |", "| libopenssl1_1 |")
                .as_str(),
            "ubuntu CVE-2023-0286 | Ubuntu:22.04:LTS | openssl | fixed | i 0 f 3.0.2-0ubuntu1.8",
            "ubuntu CVE-2023-99998 | Ubuntu:22.04:LTS | openssl | affected | i 0",
            "ubuntu CVE-2023-99999 | Ubuntu:22.04:LTS | openssl | affected | i 0",
        ]
    );
    assert_eq!(counts.unknown, ["cobol::COBOL Advisories"]);
    assert_eq!(counts.read, counts.kept + counts.refused());
    let refused: Vec<_> =
        counts.refusals.iter().map(|r| (r.path.as_str(), r.record.as_str(), r.reason)).collect();
    assert_eq!(
        refused,
        [
            ("Red Hat", "CVE-2023-9999", RefusalReason::UnknownRelease),
            ("Red Hat CPE/repository", "unknown-rpms", RefusalReason::NothingAffected),
            ("npm::GitHub Security Advisory npm", "GHSA-0000-0000-0002", RefusalReason::NothingAffected),
            ("npm::GitHub Security Advisory npm", "GHSA-0000-0000-0003", RefusalReason::Malformed),
            ("ubuntu 22.04", "CVE-2023-99997", RefusalReason::Malformed),
        ]
    );
}

#[test]
fn what_else_records_say() {
    let (items, _) = import(SMALL).unwrap();
    let find = |source: &str, id: &str| {
        let mut found = advisories(&items).filter(|advisory| advisory.source == source && advisory.id == id);
        found.next().unwrap_or_else(|| panic!("{source} {id}"))
    };
    let erratum = find("redhat", "RHSA-2021:1024");
    assert_eq!(erratum.covers, ["CVE-2021-3449", "CVE-2021-3450"]);
    let [eight, nine] = erratum.affected.as_slice() else { panic!() };
    // jboss_core_services names no release; the fixed version does.
    assert_eq!(
        eight.cpes,
        [
            "cpe:/o:redhat:enterprise_linux:8::baseos",
            "cpe:/a:redhat:enterprise_linux:8::appstream",
            "cpe:/a:redhat:jboss_core_services:1"
        ]
    );
    assert_eq!(nine.cpes, ["cpe:/o:redhat:enterprise_linux:9::baseos"]);
    assert_eq!(eight.arches, ["aarch64", "x86_64"]);
    // Of two vulnerabilities with a severity each, neither is the erratum's.
    assert_eq!(eight.severity, None);
    let modular = find("redhat", "RHSA-2021:0734");
    assert_eq!(
        (modular.affected[0].modularity.as_str(), modular.affected[0].severity),
        ("nodejs:12", Some(Severity::High))
    );
    assert_eq!(find("redhat", "CVE-2023-0464").affected[0].severity, Some(Severity::Low));
    assert!(find("redhat", "CVE-2023-0464").covers.is_empty());

    let debian = find("debian", "CVE-2023-0464");
    assert_eq!(debian.affected[0].severity, Some(Severity::Medium));
    assert_eq!(debian.references[0].url, "https://security-tracker.debian.org/tracker/DSA-5417-1");
    assert!(debian.aliases.is_empty());
    assert_eq!(find("ghsa", "CVE-2022-28346").aliases, ["GHSA-2gwj-7jmv-h26r", "PYSEC-2022-190"]);
    let go = find("go-vulndb", "CVE-2022-41716");
    assert_eq!(
        (go.affected[0].oses.as_slice(), go.affected[0].arches.as_slice()),
        (&["windows".to_owned()][..], &["amd64".to_owned()][..])
    );
    assert_eq!(go.aliases, ["GO-2022-1095"]);
    let rocky = find("rocky", "CVE-2022-3602");
    assert_eq!(rocky.affected.iter().map(|a| a.arches.concat()).collect::<Vec<_>>(), ["x86_64", "aarch64"]);
    assert_eq!(rocky.references.len(), 1);

    let detail = find("trivy-db", "CVE-2023-0464");
    assert!(detail.affected.is_empty());
    assert_eq!(detail.title, "openssl: Denial of service by excessive resource usage");
    assert_eq!(detail.description, "A security vulnerability has been identified.");
    assert_eq!(detail.cwes, ["CWE-295"]);
    let severities: Vec<_> = detail.severities.iter().map(|s| (s.source.as_str(), s.severity)).collect();
    assert_eq!(
        severities,
        [
            ("almalinux", Severity::Low),
            ("nvd", Severity::High),
            ("redhat", Severity::Low),
            ("ubuntu", Severity::Low)
        ]
    );
    let vectors: Vec<_> = detail.cvss.iter().map(|c| (c.source.as_str(), c.vector.as_str())).collect();
    assert_eq!(
        vectors,
        [
            ("nvd", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"),
            ("nvd", "AV:N/AC:L/Au:N/C:N/I:N/A:P"),
            ("redhat", "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:H")
        ]
    );
    assert_eq!(detail.references.len(), 1);
    assert_eq!(detail.published.unwrap().to_string(), "2023-03-22T17:15:13Z");
    assert_eq!(detail.modified.unwrap().to_string(), "2023-06-08T19:15:09Z");
    assert_eq!(find("trivy-db", "CVE-2000-0001").description.len(), 5 * 700 - 1);
    // The text of an erratum belongs to the erratum, and its links say what it fixes.
    let suse = advisories(&items).find(|a| a.source == "suse" && a.affected.is_empty()).unwrap();
    assert_eq!(
        (suse.id.as_str(), suse.covers.as_slice()),
        ("SUSE-SU-2021:0955-1", &["CVE-2021-3449".to_owned()][..])
    );
    assert_eq!(suse.severities[0].source, "suse");

    let repositories: BTreeMap<_, _> = items
        .iter()
        .filter_map(|item| {
            if let Item::Repository(r) = item { Some((r.repository.as_str(), r.cpes.len())) } else { None }
        })
        .collect();
    assert_eq!(
        repositories,
        BTreeMap::from([
            ("rhel-8-for-x86_64-appstream-rpms", 2),
            ("rhel-8-for-x86_64-baseos-rpms", 1),
            ("ubi8-container-8.4-203", 2)
        ])
    );
}

#[test]
fn a_consumer_may_stop() {
    let mut left = 5;
    let stopped = trivy_db_from(SMALL, Path::new("trivy.db"), &mut |_| {
        left -= 1;
        if left == 0 { Err(Stop("enough".into())) } else { Ok(()) }
    });
    let Err(ImportError::Stopped(stop)) = stopped else { panic!("{stopped:?}") };
    assert_eq!((left, stop.to_string().as_str()), (0, "enough"));
}

#[test]
fn files_that_are_no_such_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    assert!(matches!(trivy_db(&path, &mut |_| Ok(())), Err(ImportError::Open { .. })));
    assert_eq!(recognise(&path), None);
    for (bytes, kind) in [(&b""[..], None), (b"SQLite format 3\0", None), (SMALL, Some(Kind::TrivyDb))] {
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(recognise(&path), kind);
        assert_eq!(trivy_db(&path, &mut |_| Ok(())).is_ok(), kind.is_some());
    }
}

#[test]
fn every_prefix_and_damage() {
    for end in (0..SMALL.len()).step_by(97) {
        let _ = import(&SMALL[..end]);
    }
    let mut state = 7u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((state >> 33) % below as u64).unwrap()
    };
    for _ in 0..1_000 {
        let mut bytes = SMALL.to_vec();
        for _ in 0..=next(20) {
            let at = next(bytes.len());
            bytes[at] = u8::try_from(next(256)).unwrap();
        }
        if let Ok((_, counts)) = import(&bytes) {
            assert_eq!(counts.read, counts.kept + counts.refused());
        }
    }
}

/// The whole database of the test data: counts as bbolt 1.3.6 has them, and ten advisories as its records state them.
#[test]
fn a_whole_database() {
    let data = std::env::var_os("PLIMSOLL_TEST_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let Ok(file) = std::fs::File::open(data.join("trivy-db/trivy.db.zst")) else {
        println!("skipped: no test data");
        return;
    };
    let (items, counts) = import(&zstd::decode_all(file).unwrap()).unwrap();
    let mut parts: Vec<String> =
        counts.parts.iter().map(|part| format!("{}\t{}\t{}", part.name, part.packages, part.read)).collect();
    parts.sort();
    let expected: Vec<String> = include_str!("fixtures/trivy/real.tsv")
        .lines()
        .filter(|line| !line.starts_with("data-source"))
        .map(|line| line.rsplit_once('\t').unwrap().0.to_owned())
        .collect();
    assert_eq!(parts, expected);
    assert_eq!(counts.unknown_parts, 0);
    // Two constraints name versions that packaging 26.4 does not read either.
    let refused: Vec<_> = counts.refusals.iter().map(|refusal| refusal.detail.as_str()).collect();
    assert_eq!(refused, ["not a constraint: <0.2.0-n653", "not a constraint: <2019-09-12"]);

    let all = facts(&items);
    for line in [
        "almalinux ALSA-2022:7821 | AlmaLinux:8 | nodejs | fixed | i 0 f 1:18.9.1-1.module_el8.7.0+3343+ea2b7901",
        "alpine CVE-2018-10855 | Alpine:v3.7 | ansible | fixed | i 0 f 2.4.6.0-r0",
        "alpine CVE-2019-14697 | Alpine:v3.7 | musl | fixed | i 0 f 1.1.18-r4",
        "debian CVE-2021-44228 | Debian:11 | apache-log4j2 | fixed | i 0 f 2.15.0-1~deb11u1",
        "go-vulndb CVE-2014-7189 | Go | stdlib | fixed | i 1.1.0-0 f 1.3.2",
        "go-vulndb CVE-2026-34992 | Go | antrea.io/antrea | affected | i 1.11.0",
        "pypa CVE-2023-30861 | PyPI | flask | fixed | i 0 f 2.2.5 i 2.3.0 f 2.3.2",
        "pypa PYSEC-2023-1 | PyPI | adyen | fixed | i 2.2.0 f 7.1.0",
        "rustsec CVE-2021-38512 | crates.io | actix-http | fixed | i 0.0.0-0 f 2.2.1 i 3.0.0-0 f 3.0.0-beta.9",
        "rustsec RUSTSEC-2025-0056 | crates.io | adler | affected | i 0.0.0-0",
    ] {
        assert!(all.iter().any(|fact| fact == line), "{line}");
    }
    let statuses =
        advisories(&items).flat_map(|advisory| &advisory.affected).filter(|a| a.status == Status::Fixed);
    assert!(statuses.count() > 80_000);
}
