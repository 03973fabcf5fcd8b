//! What advisories are limited to, and what is held back because of that.

use plimsoll_advisory::{Advisory, Affected, SeverityStatement};
use plimsoll_catalog::distro_spec;
use plimsoll_db::{Extras, Index, WriteOptions};
use plimsoll_match::{Context, Options};
use plimsoll_types::{
    Confidence, CvssVector, Distro, Epss, Lifecycle, MatchedBy, Severity, Status, SuppressedBy, Timestamp,
};

use super::{advisory, affected, distro, erratum, ids, index, match_in, match_with, package, with_source};

fn in_container(distro: &Distro) -> Context<'_> {
    Context { distro: Some((distro, distro_spec(distro).unwrap())), container: true, ..Context::default() }
}

/// The index of some advisories with more beside them.
fn index_with(advisories: Vec<Advisory>, extras: Extras) -> Index {
    let small = index(advisories);
    let mut records = Vec::new();
    let walked: Result<(), plimsoll_db::ReadError> = small.records(|record| {
        records.push(record);
        Ok(())
    });
    walked.unwrap();
    Index::from_bytes(plimsoll_db::write(records, extras, &WriteOptions::default()).unwrap()).unwrap()
}

#[test]
fn go_advisories_for_other_systems_are_held_back() {
    // As GO-2022-0493 and GO-2023-2185 are limited, `ecosystem_specific.imports[].goos`.
    let windows = Affected { oses: vec!["windows".into()], ..affected("Go", "stdlib", "i 0, f 1.20.11") };
    let arm = Affected { arches: vec!["arm64".into()], ..affected("Go", "stdlib", "i 0, f 1.20.11") };
    let everywhere = Affected {
        symbols: vec!["net/http.Request.Write".into()],
        ..affected("Go", "stdlib", "i 0, f 1.20.11")
    };
    let index = index(vec![
        advisory("go", "GO-1", &["CVE-2023-0001"], vec![windows]),
        advisory("go", "GO-2", &["CVE-2023-0002"], vec![arm]),
        advisory("go", "GO-3", &["CVE-2023-0003"], vec![everywhere]),
    ]);
    let packages = [package("golang", "stdlib", "1.20.10")];
    let context = Context { os: "linux", architecture: "amd64", ..Context::default() };
    let matched = match_with(&index, &context, &Options::default(), &packages);
    assert_eq!(ids(&matched.findings), ["CVE-2023-0003"]);
    assert_eq!(matched.findings[0].reasons[0].symbols, ["net/http.Request.Write"]);
    let held: Vec<_> = matched
        .suppressed
        .iter()
        .map(|held| {
            (held.finding.vulnerability.id.as_str(), held.by, held.origin.as_str(), held.reason.as_str())
        })
        .collect();
    assert_eq!(
        held,
        [
            ("CVE-2023-0001", SuppressedBy::NotApplicable, "GO-1", "only windows is affected"),
            ("CVE-2023-0002", SuppressedBy::NotApplicable, "GO-2", "only arm64 is affected"),
        ]
    );
    // Where the architecture is not known, nothing is held back for it.
    let matched = match_with(&index, &Context::default(), &Options::default(), &packages);
    assert_eq!(ids(&matched.findings), ["CVE-2023-0002", "CVE-2023-0003"]);
}

#[test]
fn commits_without_a_tag_are_less_sure() {
    let index = index(vec![advisory("go", "GO-1", &[], vec![affected("Go", "a.b/c", "i 0, f 1.2.4")])]);
    let confidence = |version: &str| {
        let matched = match_in(&index, None, &[package("golang", "a.b/c", version)]);
        matched.findings.first().map(|finding| finding.confidence)
    };
    // "The Go Modules Reference, Pseudo-versions": the three forms, and what only looks like one.
    let mut go = package("golang", "a.b/c", "v1.2.3");
    go.purl.kind = "golang".into();
    assert_eq!(confidence("v1.2.3"), Some(Confidence::High));
    for (version, expected) in [
        ("v1.2.4-0.20200101000000-0123456789ab", Confidence::Medium),
        ("v0.0.0-20200101000000-0123456789ab", Confidence::Medium),
        ("v1.2.3-pre.0.20200101000000-0123456789ab", Confidence::Medium),
        ("v1.2.3-rc1", Confidence::High),
    ] {
        let installed = plimsoll_types::Package { version: version.into(), ..go.clone() };
        let matched = match_in(&index, None, &[installed]);
        assert_eq!(matched.findings[0].confidence, expected, "{version}");
    }
    // The commit after the fix's tag is no finding.
    assert_eq!(confidence("v1.2.5-0.20200101000000-0123456789ab"), None);
}

#[test]
fn packages_of_third_parties_are_held_back() {
    let index = index(vec![advisory(
        "debian-tracker",
        "CVE-2024-1",
        &[],
        vec![affected("Debian:12", "containerd", "i 0, f 1.6.20")],
    )]);
    let debian = distro("debian", "12");
    let from = |vendor: &str| {
        let installed =
            plimsoll_types::Package { vendor: vendor.into(), ..package("deb", "containerd", "1.6.18~ds1-1") };
        match_with(&index, &in_container(&debian), &Options::default(), &[installed])
    };
    assert_eq!(
        ids(&from("Debian Go Packaging Team <team+pkg-go@tracker.debian.org>").findings),
        ["CVE-2024-1"]
    );
    assert_eq!(ids(&from("").findings), ["CVE-2024-1"]);
    let matched = from("Containerd team <help@docker.com>");
    assert_eq!(ids(&matched.findings), [""; 0]);
    assert_eq!(matched.suppressed[0].by, SuppressedBy::ThirdParty);
    assert!(matched.suppressed[0].reason.contains("help@docker.com"));
}

#[test]
fn a_kernel_in_a_container_is_held_back() {
    let index = index(vec![advisory(
        "debian-tracker",
        "CVE-2024-1",
        &[],
        vec![affected("Debian:12", "linux", "i 0, f 6.1.90-1")],
    )]);
    let debian = distro("debian", "12");
    let headers = [with_source(package("deb", "linux-libc-dev", "6.1.76-1"), "linux", "6.1.76-1")];
    let matched = match_with(&index, &in_container(&debian), &Options::default(), &headers);
    assert_eq!((matched.findings.len(), matched.suppressed[0].by), (0, SuppressedBy::NotApplicable));
    // A mounted root may be that of a whole machine.
    let machine = Context { container: false, ..in_container(&debian) };
    assert_eq!(match_with(&index, &machine, &Options::default(), &headers).findings.len(), 1);
}

#[test]
fn fixes_for_subscribers() {
    let index = index(vec![
        Advisory {
            id: "UBUNTU-CVE-2024-1".into(),
            source: "ubuntu".into(),
            aliases: vec!["CVE-2024-1".into()],
            affected: vec![
                Affected { status: Status::WillNotFix, ..affected("Ubuntu:20.04:LTS", "curl", "i 0") },
                affected("Ubuntu:Pro:20.04:LTS", "curl", "i 0, f 7.68.0-1ubuntu2.25+esm1"),
            ],
            ..Advisory::default()
        },
        advisory(
            "ubuntu",
            "UBUNTU-CVE-2024-2",
            &["CVE-2024-2"],
            vec![affected("Ubuntu:20.04:LTS", "curl", "i 0, f 7.68.0-1ubuntu2.25")],
        ),
    ]);
    let focal = distro("ubuntu", "20.04");
    let with = |version: &str| {
        match_with(&index, &in_container(&focal), &Options::default(), &[package("deb", "curl", version)])
    };
    let matched = with("7.68.0-1ubuntu2.24");
    assert_eq!(ids(&matched.findings), ["CVE-2024-1", "CVE-2024-2"]);
    let first = &matched.findings[0];
    assert_eq!((first.status, first.fixed_versions.len()), (Status::WillNotFix, 0));
    let notes: Vec<_> = first.reasons.iter().map(|reason| reason.note.as_str()).collect();
    assert_eq!(notes, ["", "fixed in 7.68.0-1ubuntu2.25+esm1 with a subscription"]);
    assert_eq!(matched.findings[1].fixed_versions, ["7.68.0-1ubuntu2.25"]);
    // A subscriber's package holds the fix, although the release itself has none.
    assert_eq!(ids(&with("7.68.0-1ubuntu2.25+esm1").findings), [""; 0]);
    assert_eq!(ids(&with("7.68.0-1ubuntu2.25").findings), ["CVE-2024-1"]);
}

#[test]
fn products_that_are_not_in_the_image() {
    let limited = |cpe: &str, fixed: &str| Affected {
        cpes: vec![cpe.into()],
        ..affected("Red Hat:enterprise_linux:9", "openssl", &format!("i 0, f {fixed}"))
    };
    let advisories = vec![
        erratum(
            "redhat",
            "RHSA-1",
            &["CVE-2024-1"],
            vec![limited("cpe:/o:redhat:enterprise_linux:9::baseos", "1:3.0.7-25.el9_3")],
        ),
        erratum(
            "redhat",
            "RHSA-2",
            &["CVE-2024-2"],
            vec![limited("cpe:/a:redhat:enterprise_linux:9::highavailability", "1:3.0.7-25.el9_3")],
        ),
    ];
    let extras = Extras {
        repositories: vec![(
            "rhel-9-for-x86_64-baseos-rpms".into(),
            vec!["cpe:/o:redhat:enterprise_linux:9::baseos".into()],
        )],
        ..Extras::default()
    };
    let index = index_with(advisories, extras);
    let installed = [package("rpm", "openssl", "1:3.0.7-24.el9")];
    let mut rhel = distro("rhel", "9.4");
    let matched = match_with(&index, &in_container(&rhel), &Options::default(), &installed);
    assert_eq!(ids(&matched.findings), ["CVE-2024-1", "CVE-2024-2"]);
    rhel.content_sets = vec!["rhel-9-for-x86_64-baseos-rpms".into()];
    let matched = match_with(&index, &in_container(&rhel), &Options::default(), &installed);
    assert_eq!(ids(&matched.findings), ["CVE-2024-1"]);
    assert_eq!(matched.suppressed[0].by, SuppressedBy::NotApplicable);
    assert_eq!(
        matched.suppressed[0].reason,
        "the image holds nothing of cpe:/a:redhat:enterprise_linux:9::highavailability"
    );
}

#[test]
fn lines_of_builds_have_fixes_of_their_own() {
    // As Oracle's OVAL has them for glibc on Oracle Linux 9.
    let index = index(vec![erratum(
        "oracle",
        "ELSA-1",
        &["CVE-2024-1"],
        vec![
            affected("Oracle Linux:9", "glibc", "i 0, f 2.34-60.0.3.el9"),
            affected("Oracle Linux:9:Ksplice", "glibc", "i 0, f 2:2.34-60.0.3.ksplice1.el9"),
        ],
    )]);
    let oracle = distro("ol", "9.4");
    let found = |version: &str| {
        let installed = [package("rpm", "glibc", version)];
        match_with(&index, &in_container(&oracle), &Options::default(), &installed).findings.len()
    };
    assert_eq!(found("2.34-60.0.2.el9"), 1);
    assert_eq!(found("2.34-60.0.3.el9"), 0);
    assert_eq!(found("2:2.34-60.0.2.ksplice1.el9"), 1);
    assert_eq!(found("2:2.34-60.0.3.ksplice1.el9"), 0);
}

#[test]
fn statements_on_source_packages_reach_their_binaries() {
    let of_source = Affected {
        arches: vec!["src".into()],
        status: Status::WillNotFix,
        ..affected("Red Hat:enterprise_linux:9", "openssl", "i 0")
    };
    let index = index(vec![advisory("redhat", "CVE-2024-1", &[], vec![of_source])]);
    let rhel = distro("rhel", "9.4");
    let binary = with_source(package("rpm", "openssl-libs", "1:3.0.7-24.el9"), "openssl", "1:3.0.7-24.el9");
    let other = with_source(package("rpm", "openssl", "1:3.0.7-24.el9"), "openssl-fips", "1:3.0.7-24.el9");
    let matched = match_with(&index, &in_container(&rhel), &Options::default(), &[binary, other]);
    let found: Vec<_> =
        matched.findings.iter().map(|f| (f.package, f.status, f.reasons[0].matched_by)).collect();
    assert_eq!(found, [(0, Status::WillNotFix, MatchedBy::SourceName)]);
}

#[test]
fn what_an_advisory_denies_is_told() {
    let denies = Affected { status: Status::NotAffected, ..affected("Alpine:v3.18", "curl", "i 0") };
    let index = index(vec![
        advisory("alpine-secdb", "CVE-2024-1", &[], vec![denies]),
        advisory("other", "X-1", &["CVE-2024-1"], vec![affected("Alpine:v3.18", "curl", "i 0, f 9")]),
    ]);
    let matched = match_in(&index, Some(&distro("alpine", "3.18.2")), &[package("apk", "curl", "8.0.0-r0")]);
    assert_eq!(matched.findings, []);
    let held = &matched.suppressed[0];
    assert_eq!((held.by, held.origin.as_str()), (SuppressedBy::AdvisoryNotAffected, "CVE-2024-1"));
}

#[test]
fn a_finding_is_no_surer_than_the_package_is() {
    let index = index(vec![advisory(
        "ghsa",
        "CVE-2021-44228",
        &[],
        vec![affected("Maven", "org.example:core", "i 2.0, f 2.15.0")],
    )]);
    for confidence in Confidence::ALL {
        let installed =
            plimsoll_types::Package { confidence, ..package("maven", "org.example:core", "2.14.1") };
        let matched = match_in(&index, None, &[installed]);
        assert_eq!(matched.findings[0].confidence, confidence);
    }
}

#[test]
fn binaries_are_matched_by_cpe() {
    let index = index(vec![advisory(
        "nvd",
        "CVE-2021-23017",
        &[],
        vec![affected("CPE", "f5:nginx", "i 0.6.18, f 1.20.1")],
    )]);
    let found = |version: &str, ecosystem: &str| {
        let installed = plimsoll_types::Package {
            cpes: vec![
                format!("cpe:2.3:a:f5:nginx:{version}:*:*:*:*:*:*:*"),
                format!("cpe:2.3:a:nginx:nginx:{version}:*:*:*:*:*:*:*"),
            ],
            ..package(ecosystem, "nginx", version)
        };
        match_in(&index, None, &[installed])
    };
    let matched = found("1.20.0", "binary");
    assert_eq!(ids(&matched.findings), ["CVE-2021-23017"]);
    assert_eq!(matched.findings[0].confidence, Confidence::Low);
    assert_eq!(matched.findings[0].reasons[0].matched_by, MatchedBy::Cpe);
    assert_eq!(ids(&found("1.20.1", "binary").findings), [""; 0]);
    // A package of a package manager is never matched by a CPE.
    assert_eq!(ids(&match_in(&index, None, &[package("npm", "f5:nginx", "1.20.0")]).findings), [""; 0]);
}

#[test]
fn whose_word_on_the_severity_counts() {
    let says = |source: &str, severity| SeverityStatement { source: source.into(), severity };
    let index = index(vec![
        Advisory {
            severities: vec![says("ghsa", Severity::Medium)],
            ..advisory("ghsa", "GHSA-1", &["CVE-2024-1"], vec![affected("npm", "thing", "i 0")])
        },
        Advisory {
            severities: vec![says("nvd", Severity::Critical)],
            cvss: vec![CvssVector {
                source: "nvd".into(),
                vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".into(),
            }],
            ..advisory("nvd", "CVE-2024-1", &[], vec![])
        },
    ]);
    let chosen = |order: &[&str]| {
        let options = Options {
            severity_sources: order.iter().map(|s| (*s).to_owned()).collect(),
            ..Options::default()
        };
        let matched = match_with(&index, &Context::default(), &options, &[package("npm", "thing", "1.0.0")]);
        let found = matched.findings[0].vulnerability.clone();
        assert_eq!(
            found.severities,
            [("ghsa".to_owned(), Severity::Medium), ("nvd".to_owned(), Severity::Critical)]
        );
        (found.severity, found.severity_source, found.score_tenths)
    };
    assert_eq!(chosen(&[]), (Severity::Medium, "ghsa".to_owned(), Some(98)));
    assert_eq!(chosen(&["nvd"]), (Severity::Critical, "nvd".to_owned(), Some(98)));
    assert_eq!(chosen(&["redhat", "nvd"]).1, "nvd");
    assert_eq!(chosen(&["auto", "nvd"]).1, "ghsa");
    assert_eq!(chosen(&["redhat"]).1, "ghsa");
}

#[test]
fn a_vendors_word_is_found_where_another_record_quotes_it() {
    // As trivy-db keeps it: the advisory by package, the severities of all vendors with the vulnerability.
    let says = |source: &str, severity| SeverityStatement { source: source.into(), severity };
    let index = index(vec![
        advisory("amazon", "CVE-2024-1", &[], vec![affected("Amazon Linux:2023", "curl", "i 0, f 9")]),
        Advisory {
            severities: vec![says("nvd", Severity::Critical), says("amazon", Severity::Medium)],
            cvss: vec![CvssVector {
                source: "nvd".into(),
                vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".into(),
            }],
            ..advisory("trivy-db", "CVE-2024-1", &[], vec![])
        },
    ]);
    let matched = match_in(&index, Some(&distro("amzn", "2023")), &[package("rpm", "curl", "8")]);
    let found = &matched.findings[0].vulnerability;
    assert_eq!((found.severity, found.severity_source.as_str()), (Severity::Medium, "amazon"));
}

#[test]
fn epss_and_the_end_of_support() {
    let extras = Extras {
        epss: vec![("CVE-2024-1000".into(), Epss { score: 12_345, percentile: 98_000 })],
        lifecycles: vec![Lifecycle {
            ecosystem: "Debian:10".into(),
            ends: Some(Timestamp::from_seconds(1_700_000_000)),
            ..Lifecycle::default()
        }],
        ..Extras::default()
    };
    let advisories = vec![erratum(
        "debian-dsa",
        "DSA-1-1",
        &["CVE-2024-1000"],
        vec![affected("Debian:10", "curl", "i 0, f 2")],
    )];
    let published = Timestamp::from_seconds(1_600_000_000);
    let advisories = advisories.into_iter().map(|a| Advisory { published: Some(published), ..a }).collect();
    let index = index_with(advisories, extras);
    let matched = match_in(&index, Some(&distro("debian", "10")), &[package("deb", "curl", "1")]);
    let found = &matched.findings[0];
    assert_eq!(found.vulnerability.epss, Some(Epss { score: 12_345, percentile: 98_000 }));
    // The erratum brought the fix.
    assert_eq!(found.fix_available, Some(published));
    assert_eq!(matched.lifecycle.and_then(|l| l.ends), Some(Timestamp::from_seconds(1_700_000_000)));
}

#[test]
fn a_record_from_elsewhere_links_two_advisories() {
    let index = index(vec![
        advisory("pypa", "PYSEC-1", &[], vec![affected("PyPI", "thing", "i 0")]),
        advisory("ghsa", "GHSA-1", &[], vec![affected("PyPI", "thing", "i 0")]),
        advisory("cve", "CVE-2024-1", &["PYSEC-1", "GHSA-1"], vec![]),
    ]);
    let matched = match_in(&index, None, &[package("pypi", "thing", "1")]);
    assert_eq!(ids(&matched.findings), ["CVE-2024-1"]);
    assert_eq!(matched.findings[0].vulnerability.aliases, ["GHSA-1", "PYSEC-1"]);
    assert_eq!(matched.findings[0].reasons.len(), 2);
}

#[test]
fn threads_change_nothing() {
    let index = index(
        (0..50)
            .map(|i| {
                advisory(
                    "s",
                    &format!("CVE-2024-{i:04}"),
                    &[],
                    vec![affected("npm", &format!("p{i}"), "i 0, f 2")],
                )
            })
            .collect(),
    );
    let packages: Vec<_> = (0..2_000)
        .map(|i| package("npm", &format!("p{}", i % 70), if i % 3 == 0 { "1.0.0" } else { "x" }))
        .collect();
    let with = |threads: usize| {
        let options = Options { threads, ..Options::default() };
        match_with(&index, &Context::default(), &options, &packages)
    };
    let expected = with(1);
    assert!(expected.findings.len() > 400 && expected.problems.len() > 400);
    for threads in [0, 2, 3, 8, 100] {
        assert_eq!(with(threads), expected, "{threads}");
    }
}

#[test]
fn aliases_in_a_circle_end() {
    let index = index(
        (0..200)
            .map(|i| {
                let next = format!("A-{}", (i + 1) % 200);
                advisory("s", &format!("A-{i}"), &[&next], vec![affected("npm", "thing", "i 0")])
            })
            .collect(),
    );
    let matched = match_in(&index, None, &[package("npm", "thing", "1.0.0")]);
    assert_eq!(matched.findings.len(), 1);
    assert_eq!(matched.findings[0].vulnerability.aliases.len(), 199);
}
