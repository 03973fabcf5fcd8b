//! Cases by hand: boundaries of ranges, grouping, suppression, what is chosen and shown.

use plimsoll_advisory::{Advisory, Affected, SeverityStatement};
use plimsoll_types::{CvssVector, Package, ProblemCode, Reference, Severity, Status, Timestamp};

use super::{advisory, affected, distro, erratum, ids, index, match_in, package, with_source};

/// The ids found for one package of one ecosystem against one range.
fn found(ecosystem: &str, advisories: Affected, package: Package) -> bool {
    let index = index(vec![advisory("test", "CVE-2024-1", &[], vec![advisories])]);
    let matched = match_in(&index, None, &[package]);
    assert_eq!(matched.problems, [], "{ecosystem}");
    !matched.findings.is_empty()
}

#[test]
fn boundaries_of_ranges() {
    for (id, ecosystem, ranges, cases) in [
        // Just below, at and above each border, in the words of each grammar.
        (
            "pypi",
            "PyPI",
            "i 0, f 2.2.24, i 3.0, f 3.1.12",
            &[
                ("0", true),
                ("2.2.23", true),
                ("2.2.24rc1", true),
                ("2.2.24", false),
                ("2.2.24.0", false),
                ("2.2.24.post1", false),
                ("3.0rc1", false),
                ("3.0", true),
                ("3.1.11", true),
                ("3.1.12", false),
                ("4.0", false),
            ][..],
        ),
        (
            "pypi",
            "PyPI",
            "i 1.0, la 1.5",
            &[("0.9", false), ("1.0", true), ("1.5", true), ("1.5.0", true), ("1.5.post1", false)],
        ),
        (
            "cargo",
            "crates.io",
            "i 1.0.0-0, f 1.6.1",
            &[
                ("0.9.9", false),
                ("1.0.0-alpha", true),
                ("1.6.1-rc.1", true),
                ("1.6.0", true),
                ("1.6.1", false),
            ],
        ),
        (
            "golang",
            "Go",
            "i 0, f 1.18.6, i 1.19.0-0, f 1.19.1",
            &[
                ("1.18.5", true),
                ("1.18.6", false),
                ("1.19.0-rc.1", true),
                ("1.19.0", true),
                ("1.19.1", false),
            ],
        ),
        (
            "npm",
            "npm",
            "i 4.0.0, l 5.0.0",
            &[("3.9.9", false), ("4.0.0", true), ("4.99.99", true), ("5.0.0", false)],
        ),
        ("gem", "RubyGems", "i 0, f 1.10", &[("1.9", true), ("1.10.pre", true), ("1.10", false)]),
        ("pypi", "PyPI", "i 2.0", &[("1.9", false), ("2.0", true), ("99", true)]),
    ] {
        for (version, expected) in cases {
            let hit = found(ecosystem, affected(ecosystem, "thing", ranges), package(id, "thing", version));
            assert_eq!(hit, *expected, "{ecosystem} {version} in {ranges}");
        }
    }
}

#[test]
fn listed_versions_count_beside_ranges() {
    let listed = |version: &str| {
        let mut entry = affected("PyPI", "thing", "i 0, f 1.0");
        entry.versions = ["1.10", "0.9", "1.2", "1.9"].map(str::to_owned).to_vec();
        found("PyPI", entry, package("pypi", "thing", version))
    };
    for (version, expected) in [
        ("0.9", true),
        ("1.0", false),
        ("1.2", true),
        ("1.2.0", true),
        ("1.3", false),
        ("1.9", true),
        ("1.10.0", true),
        ("1.11", false),
    ] {
        assert_eq!(listed(version), expected, "{version}");
    }
}

#[test]
fn names_meet_in_their_normalised_form() {
    assert!(found("PyPI", affected("PyPI", "Foo_Bar.baz", "i 0"), package("pypi", "foo-bar-baz", "1")));
    assert!(!found("npm", affected("npm", "@babel/core", "i 0"), package("npm", "core", "1.0.0")));
    assert!(found("npm", affected("npm", "@babel/core", "i 0"), package("npm", "@babel/core", "1.0.0")));
    // The same name in another ecosystem is another package.
    assert!(!found("npm", affected("PyPI", "thing", "i 0"), package("npm", "thing", "1.0.0")));
}

#[test]
fn source_packages_of_debian() {
    let index = index(vec![erratum(
        "debian-dsa",
        "DSA-5343-1",
        &["CVE-2022-4304", "CVE-2023-0286"],
        vec![affected("Debian:11", "openssl", "i 0, f 1.1.1n-0+deb11u4")],
    )]);
    let debian = distro("debian", "11");
    let old = with_source(package("deb", "libssl1.1", "1.1.1n-0+deb11u3"), "openssl", "1.1.1n-0+deb11u3");
    let new = with_source(package("deb", "libssl1.1", "1.1.1n-0+deb11u4"), "openssl", "1.1.1n-0+deb11u4");
    // A binary rebuild: its own version is above the fix, its source's is not.
    let rebuilt =
        with_source(package("deb", "libssl1.1", "1.1.1n-0+deb11u4+b1"), "openssl", "1.1.1n-0+deb11u3");
    let binary_name = package("deb", "libssl1.1", "1.0");
    let matched = match_in(&index, Some(&debian), &[old, new, rebuilt, binary_name]);
    assert_eq!(matched.problems, []);
    let found: Vec<_> = matched.findings.iter().map(|f| (f.package, f.vulnerability.id.as_str())).collect();
    assert_eq!(
        found,
        [(0, "CVE-2022-4304"), (0, "CVE-2023-0286"), (2, "CVE-2022-4304"), (2, "CVE-2023-0286")]
    );
    let finding = &matched.findings[0];
    assert_eq!(finding.vulnerability.aliases, ["DSA-5343-1"]);
    assert_eq!(
        (finding.status, finding.fixed_versions.as_slice()),
        (Status::Fixed, &["1.1.1n-0+deb11u4".to_owned()][..])
    );
    let reason = &finding.reasons[0];
    assert_eq!((reason.advisory.as_str(), reason.source.as_str()), ("DSA-5343-1", "debian-dsa"));
    assert_eq!((reason.ecosystem.as_str(), reason.name.as_str()), ("Debian:11", "openssl"));
    assert_eq!((reason.version.as_str(), reason.range.as_str()), ("1.1.1n-0+deb11u3", "< 1.1.1n-0+deb11u4"));
}

#[test]
fn a_second_update_for_the_same_vulnerability() {
    let fix = |id, version| {
        let ranges = format!("i 0, f {version}");
        erratum("debian-dsa", id, &["CVE-2022-1"], vec![affected("Debian:11", "sox", &ranges)])
    };
    let index = index(vec![fix("DSA-1-1", "14.4-1"), fix("DSA-1-2", "14.4-2")]);
    let debian = distro("debian", "11.6");
    let at = |version: &str| {
        let matched = match_in(&index, Some(&debian), &[package("deb", "sox", version)]);
        let finding = matched.findings.into_iter().next()?;
        let reasons: Vec<String> = finding.reasons.into_iter().map(|reason| reason.advisory).collect();
        Some((finding.fixed_versions, reasons))
    };
    // Only the second one fixes it; it is the version to take and its advisory decides.
    assert_eq!(
        at("14.4-0").unwrap(),
        (vec!["14.4-2".to_owned()], vec!["DSA-1-2".to_owned(), "DSA-1-1".to_owned()])
    );
    assert_eq!(at("14.4-1").unwrap(), (vec!["14.4-2".to_owned()], vec!["DSA-1-2".to_owned()]));
    assert_eq!(at("14.4-2"), None);
}

#[test]
fn not_affected_takes_away_what_others_say() {
    let not = Affected { status: Status::NotAffected, ..affected("Alpine:v3.18", "curl", "i 0") };
    let index = index(vec![
        advisory("alpine-secdb", "CVE-2023-1", &[], vec![not]),
        advisory(
            "alpine",
            "ALPINE-CVE-2023-1",
            &["CVE-2023-1"],
            vec![affected("Alpine:v3.18", "curl", "i 0, f 9")],
        ),
        advisory(
            "alpine",
            "ALPINE-CVE-2023-2",
            &["CVE-2023-2"],
            vec![affected("Alpine:v3.18", "curl", "i 0, f 9")],
        ),
        // Another ecosystem's package of that name is judged by its own advisories.
        advisory("pypa", "PYSEC-2023-1", &["CVE-2023-1"], vec![affected("PyPI", "curl", "i 0, f 9")]),
    ]);
    let packages = [package("apk", "curl", "8.0-r0"), package("pypi", "curl", "8.0")];
    let matched = match_in(&index, Some(&distro("alpine", "3.18.4")), &packages);
    let found: Vec<_> = matched.findings.iter().map(|f| (f.package, f.vulnerability.id.as_str())).collect();
    assert_eq!(found, [(0, "CVE-2023-2"), (1, "CVE-2023-1")]);
}

#[test]
fn one_finding_per_vulnerability_and_package() {
    let django = |ranges| vec![affected("PyPI", "django", ranges)];
    let mut pypa = advisory(
        "pypa",
        "PYSEC-2021-98",
        &["CVE-2021-33203", "GHSA-68w8-qjq3-2gfm"],
        django("i 0, f 2.2.24, i 3.0, f 3.1.12"),
    );
    pypa.description = "Django before 2.2.24 …".into();
    pypa.references = vec![Reference { kind: "web".into(), url: "https://example.org/1".into() }];
    pypa.published = Some(Timestamp::from_seconds(50));
    let mut ghsa = advisory(
        "ghsa",
        "GHSA-68w8-qjq3-2gfm",
        &["CVE-2021-33203"],
        django("i 0, f 2.2.24, i 3.0, f 3.1.12"),
    );
    ghsa.title = "Path traversal in Django".into();
    ghsa.severities = vec![SeverityStatement { source: "ghsa".into(), severity: Severity::Medium }];
    ghsa.cvss = vec![CvssVector {
        source: "ghsa".into(),
        vector: "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:N/A:N".into(),
    }];
    ghsa.cwes = vec!["CWE-22".into()];
    ghsa.published = Some(Timestamp::from_seconds(40));
    ghsa.modified = Some(Timestamp::from_seconds(60));
    ghsa.references = vec![
        Reference { kind: "web".into(), url: "https://example.org/2".into() },
        Reference { kind: "fix".into(), url: "https://example.org/1".into() },
    ];
    let other = advisory("pypa", "PYSEC-2021-99", &["CVE-2021-1"], django("i 0, f 2.2.25"));
    let index = index(vec![other, pypa, ghsa]);
    let matched = match_in(&index, None, &[package("pypi", "Django", "2.2.20")]);
    assert_eq!(ids(&matched.findings), ["CVE-2021-33203", "CVE-2021-1"]);
    let finding = &matched.findings[0];
    let vulnerability = &finding.vulnerability;
    assert_eq!(vulnerability.aliases, ["GHSA-68w8-qjq3-2gfm", "PYSEC-2021-98"]);
    assert_eq!(vulnerability.title, "Path traversal in Django");
    assert_eq!(vulnerability.description, "Django before 2.2.24 …");
    assert_eq!((vulnerability.severity, vulnerability.severity_source.as_str()), (Severity::Medium, "ghsa"));
    assert_eq!(vulnerability.score_tenths, Some(49));
    assert_eq!(vulnerability.cwes, ["CWE-22"]);
    assert_eq!(vulnerability.published, Some(Timestamp::from_seconds(40)));
    assert_eq!(vulnerability.modified, Some(Timestamp::from_seconds(60)));
    let links: Vec<_> = vulnerability.references.iter().map(|r| r.url.as_str()).collect();
    assert_eq!(links, ["https://example.org/2", "https://example.org/1"]);
    // The fix of the installed line first, that of the next line after it.
    assert_eq!(finding.fixed_versions, ["2.2.24", "3.1.12"]);
    let reasons: Vec<_> = finding.reasons.iter().map(|r| (r.advisory.as_str(), r.range.as_str())).collect();
    assert_eq!(reasons, [("GHSA-68w8-qjq3-2gfm", "< 2.2.24"), ("PYSEC-2021-98", "< 2.2.24")]);
}

#[test]
fn the_package_to_take_satisfies_all_sources() {
    let fix = |source, id, ranges| advisory(source, id, &["CVE-2024-1"], vec![affected("npm", "a", ranges)]);
    let at = |advisories| {
        let matched = match_in(&index(advisories), None, &[package("npm", "a", "1.0.0")]);
        let finding = matched.findings.into_iter().next().unwrap();
        (finding.status, finding.fixed_versions)
    };
    let (low, high) = (fix("a", "A-1", "i 0, f 1.2.3"), fix("b", "B-1", "i 0, f 1.2.4"));
    assert_eq!(at(vec![low.clone(), high]), (Status::Fixed, vec!["1.2.4".to_owned()]));
    // One source knows of no fix: what the other says is shown all the same.
    assert_eq!(at(vec![low, fix("b", "B-1", "i 0")]), (Status::Fixed, vec!["1.2.3".to_owned()]));
    assert_eq!(at(vec![fix("b", "B-1", "i 0")]), (Status::Affected, vec![]));
    let mut ignored = fix("b", "B-1", "i 0");
    ignored.affected[0].status = Status::WillNotFix;
    assert_eq!(at(vec![ignored]), (Status::WillNotFix, vec![]));
}

#[test]
fn severity_is_chosen_by_who_is_nearest() {
    let vector = |text: &str| vec![CvssVector { source: "ghsa".into(), vector: text.into() }];
    let critical = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    let word = |severity| vec![SeverityStatement { source: "ghsa".into(), severity }];
    let base = || advisory("ghsa", "GHSA-1", &[], vec![affected("npm", "a", "i 0")]);
    let of = |advisories| {
        let matched = match_in(&index(advisories), None, &[package("npm", "a", "1.0.0")]);
        let vulnerability = matched.findings.into_iter().next().unwrap().vulnerability;
        (vulnerability.severity, vulnerability.severity_source, vulnerability.score_tenths)
    };
    assert_eq!(of(vec![base()]), (Severity::Unknown, String::new(), None));
    let scored = Advisory { cvss: vector(critical), ..base() };
    assert_eq!(of(vec![scored.clone()]), (Severity::Critical, "ghsa".to_owned(), Some(98)));
    let worded = Advisory { severities: word(Severity::Low), ..scored.clone() };
    assert_eq!(of(vec![worded.clone()]), (Severity::Low, "ghsa".to_owned(), Some(98)));
    let mut for_package = worded;
    for_package.affected[0].severity = Some(Severity::Medium);
    assert_eq!(of(vec![for_package]), (Severity::Medium, "ghsa".to_owned(), Some(98)));
    // CVSS 4 goes before 3, a vector that is none is passed over.
    let mut both = scored;
    both.cvss.extend(vector("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"));
    both.cvss.extend(vector("CVSS:4.0/AV:L"));
    assert_eq!(of(vec![both]), (Severity::High, "ghsa".to_owned(), Some(73)));
    let unknown = Advisory { severities: word(Severity::Unknown), ..base() };
    assert_eq!(of(vec![unknown]), (Severity::Unknown, String::new(), None));
}

#[test]
fn what_an_advisory_leaves_out_others_add() {
    let update = erratum(
        "debian-dsa",
        "DSA-1-1",
        &["CVE-2024-1", "CVE-2024-2"],
        vec![affected("Debian:12", "a", "i 0, f 2")],
    );
    let update = Advisory { title: "a - security update".into(), known_exploited: true, ..update };
    let mut elsewhere = advisory("pypa", "PYSEC-1", &["CVE-2024-1"], vec![affected("PyPI", "other", "i 0")]);
    elsewhere.title = "Overflow".into();
    elsewhere.description = "It overflows.".into();
    elsewhere.cvss = vec![CvssVector {
        source: "pypa".into(),
        vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H".into(),
    }];
    let exploited = Advisory { known_exploited: true, ..advisory("cisa-kev", "CVE-2024-2", &[], vec![]) };
    let index = index(vec![update, elsewhere, exploited]);
    let matched = match_in(&index, Some(&distro("debian", "12")), &[package("deb", "a", "1")]);
    assert_eq!(ids(&matched.findings), ["CVE-2024-1", "CVE-2024-2"]);
    let (first, second) = (&matched.findings[0].vulnerability, &matched.findings[1].vulnerability);
    assert_eq!(
        (first.severity, first.severity_source.as_str(), first.score_tenths),
        (Severity::High, "pypa", Some(75))
    );
    assert_eq!((first.title.as_str(), first.description.as_str()), ("Overflow", "It overflows."));
    // That one of the vulnerabilities of an erratum is exploited says nothing of the others.
    assert!(!first.known_exploited && second.known_exploited);
    assert_eq!(second.title, "a - security update");
    // Only what matched is a reason.
    assert_eq!(first.aliases, ["DSA-1-1"]);
    assert_eq!(matched.findings[0].reasons.len(), 1);
}

#[test]
fn modules_of_rpm_distributions() {
    let fix = |id, title: &str, version: &str| Advisory {
        title: title.into(),
        ..erratum(
            "almalinux",
            id,
            &[&format!("CVE-{id}")],
            vec![affected("AlmaLinux:8", "nodejs", &format!("i 0, f {version}"))],
        )
    };
    let index = index(vec![
        fix("2021-12", "nodejs:12 security update", "1:12.19.1-1.module_el8.3.0+2023+d7fde2ac"),
        fix("2021-14", "nodejs:14 security update", "1:14.15.4-2.module_el8.3.0+2027+64292c64"),
        fix("2021-99", "nodejs security update", "1:99.0-1.el8"),
    ]);
    let alma = distro("almalinux", "8.9");
    let at = |version: &str, label: &str| {
        let installed =
            Package { modularity: label.into(), arch: "x86_64".into(), ..package("rpm", "nodejs", version) };
        let matched = match_in(&index, Some(&alma), &[installed]);
        ids(&matched.findings).join(" ")
    };
    let label = |stream| format!("nodejs:{stream}:8030020201124152102:229f0a1c");
    let (old12, fixed12) =
        ("1:12.18.4-2.module_el8.2.0+2000+aaaaaaaa", "1:12.19.1-1.module_el8.3.0+2023+d7fde2ac");
    assert_eq!(at(old12, &label("12")), "CVE-2021-12");
    assert_eq!(at(fixed12, &label("12")), "");
    assert_eq!(at(fixed12, &label("14")), "CVE-2021-14");
    // Without a label the stream is not known: either may hold.
    assert_eq!(at(old12, ""), "CVE-2021-12 CVE-2021-14");
    // A package outside any module is held against plain updates only.
    assert_eq!(at("1:10.0-1.el8", ""), "CVE-2021-99");
}

#[test]
fn architectures_and_binary_names() {
    let mut limited = affected("AlmaLinux:9", "kernel", "i 0, f 5.14.0-70.el9");
    limited.arches = vec!["aarch64".into(), "s390x".into()];
    let index = index(vec![
        erratum("almalinux", "ALSA-1", &["CVE-2024-1"], vec![limited]),
        erratum(
            "almalinux",
            "ALSA-2",
            &["CVE-2024-2"],
            vec![affected("AlmaLinux:9", "openssl-libs", "i 0, f 1:3.0.7-2.el9")],
        ),
    ]);
    let alma = distro("almalinux", "9.3");
    let arch = |arch: &str| {
        let installed = Package { arch: arch.into(), ..package("rpm", "kernel", "5.14.0-1.el9") };
        !match_in(&index, Some(&alma), &[installed]).findings.is_empty()
    };
    assert!(arch("aarch64") && arch("noarch") && arch("") && !arch("x86_64"));
    // RPM advisories are written for binary packages, whatever their source; the epoch counts.
    let libs = |version| with_source(package("rpm", "openssl-libs", version), "openssl", "1:3.0.7-2.el9");
    let openssl = with_source(package("rpm", "openssl", "1:3.0.1-1.el9"), "openssl-libs", "1:3.0.1-1.el9");
    let matched = match_in(
        &index,
        Some(&alma),
        &[libs("1:3.0.1-1.el9"), libs("1:3.0.7-2.el9"), openssl, libs("3.0.7-9.el9")],
    );
    let found: Vec<_> = matched.findings.iter().map(|f| f.package).collect();
    assert_eq!(found, [0, 3]);
}

#[test]
fn what_cannot_be_matched_is_a_problem() {
    let index = index(vec![
        advisory("pypa", "PYSEC-1", &[], vec![affected("PyPI", "a", "i 0, f 2")]),
        advisory("ghsa", "GHSA-1", &[], vec![affected("PyPI", "a", "i 0, f 3")]),
    ]);
    let packages = [
        package("pypi", "a", "not a version"),
        package("pypi", "a", ""),
        package("pypi", "b", "not a version"),
        package("deb", "b", "1"),
    ];
    let matched = match_in(&index, Some(&distro("debian", "12")), &packages);
    assert_eq!(matched.findings, []);
    let problems: Vec<_> = matched.problems.iter().map(|p| (p.code, p.path.as_str(), p.layer)).collect();
    assert_eq!(
        problems,
        [(ProblemCode::UnorderableVersion, "opt/a", Some(1)), (ProblemCode::NoAdvisories, "", None)]
    );
    assert!(
        matched.problems[0].message.starts_with("a: 'not a version' is not a"),
        "{:?}",
        matched.problems[0]
    );
    assert_eq!(matched.problems[1].message, "the advisory database has no advisories for Debian:12");
    // Without packages of the system, its advisories are not missed.
    assert_eq!(match_in(&index, Some(&distro("debian", "12")), &packages[1..2]).problems, []);
    // And without a distribution, packages of a system match nothing.
    assert_eq!(match_in(&index, None, &packages[3..]), plimsoll_match::Matched::default());
}

#[test]
fn worst_first() {
    let of = |id: &str, name: &str, severity| Advisory {
        severities: vec![SeverityStatement { source: "s".into(), severity }],
        ..advisory("s", id, &[], vec![affected("npm", name, "i 0")])
    };
    let index = index(vec![
        of("CVE-2024-1", "a", Severity::Low),
        of("CVE-2024-2", "a", Severity::Critical),
        of("CVE-2024-3", "b", Severity::Critical),
        of("CVE-2024-0", "b", Severity::Critical),
        of("CVE-2024-4", "a", Severity::Unknown),
    ]);
    let matched = match_in(&index, None, &[package("npm", "b", "1.0.0"), package("npm", "a", "1.0.0")]);
    assert_eq!(
        ids(&matched.findings),
        ["CVE-2024-0", "CVE-2024-3", "CVE-2024-2", "CVE-2024-1", "CVE-2024-4"]
    );
}
