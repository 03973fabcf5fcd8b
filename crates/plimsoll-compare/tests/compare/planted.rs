//! Every kind of difference is planted in the fixtures; what is expected of each pair was written down before the
//! comparison existed, from what the reports say.

use plimsoll_compare::{Comparison, Pair, RemarkKind};

use crate::{CYCLONEDX, WEB, compared, web};

fn pair<'a>(comparison: &'a Comparison, vulnerability: &str, package: &str) -> &'a Pair {
    let found: Vec<&Pair> = comparison
        .pairs
        .iter()
        .filter(|pair| pair.vulnerability == vulnerability && pair.package.name == package)
        .collect();
    assert_eq!(found.len(), 1, "{vulnerability} in {package}");
    found[0]
}

/// The cells of a pair in a word each: `found`, `found alias`, `no-advisory`, …
fn words(pair: &Pair) -> Vec<String> {
    let word = |cell: &plimsoll_compare::Cell| match (cell.found, cell.reason) {
        (true, None) => "found".to_owned(),
        (true, Some(reason)) => format!("found {}", reason.word()),
        (false, Some(reason)) => reason.word().to_owned(),
        (false, None) => panic!("a cell without a finding and without a reason"),
    };
    pair.cells.iter().map(word).collect()
}

#[test]
fn every_planted_difference_has_its_reason() {
    let comparison = web();
    let names: Vec<&str> = comparison.reports.iter().map(|report| report.name.as_str()).collect();
    assert_eq!(names, ["Plimsoll", "Trivy", "Grype", "Clair"]);
    let expected: &[(&str, &str, [&str; 4])] = &[
        // The same identifier, package and version everywhere; the epoch stands in three places.
        ("CVE-2024-28085", "bsdutils", ["found", "found", "found", "found"]),
        ("CVE-2024-5535", "libssl3", ["found", "found", "found", "found"]),
        ("CVE-2024-5535", "openssl", ["found", "found", "found", "found"]),
        // Grype and Clair know it by GitHub's identifier.
        (
            "CVE-2021-44228",
            "org.apache.logging.log4j:log4j-core",
            ["found", "found", "found alias", "found alias"],
        ),
        ("CVE-2023-39325", "golang.org/x/net", ["found", "found", "found alias", "found alias"]),
        // Clair has Debian's bulletin.
        ("CVE-2024-2961", "libc6", ["found", "found", "found", "found alias"]),
        // Clair lists the source package.
        ("CVE-2024-0553", "libgnutls30", ["found", "found", "found", "found name"]),
        // Grype guesses the group of the archive; Clair never found it.
        ("CVE-2022-1471", "org.yaml:snakeyaml", ["found", "found", "found name", "package-missing"]),
        // Grype reads 7.22.1 where others read 7.22.0.
        ("CVE-2023-45133", "@babel/traverse", ["found", "found", "found version", "package-missing"]),
        // Clair lists the package and nothing for it. The names differ in case.
        ("CVE-2024-22195", "jinja2", ["found", "found", "found alias", "no-advisory"]),
        // The Go database is nowhere in Grype's report; Clair has OSV, which carries it.
        ("CVE-2022-41723", "golang.org/x/net", ["found", "found", "source-missing", "no-advisory"]),
        // Set aside by VEX in Trivy's report, by a rule in Grype's.
        ("CVE-2011-3374", "apt", ["found", "suppressed", "suppressed", "found"]),
        // Trivy alone, and against all others.
        ("CVE-2019-1010022", "libc6", ["no-advisory", "found", "no-advisory", "no-advisory"]),
        // Grype alone finds the program.
        ("CVE-2023-41056", "redis", ["package-missing", "package-missing", "found", "package-missing"]),
        // Grype lists packages with findings only.
        ("CVE-2016-2781", "coreutils", ["found", "found", "not-listed", "found"]),
    ];
    for (vulnerability, package, expected) in expected {
        let pair = pair(&comparison, vulnerability, package);
        assert_eq!(words(pair), *expected, "{vulnerability} in {package}");
        for cell in &pair.cells {
            assert_eq!(cell.detail.is_empty(), cell.reason.is_none(), "{vulnerability} in {package}");
        }
    }
    assert_eq!(comparison.pairs.len(), expected.len());
    assert_eq!(comparison.warnings, [""; 0]);
}

#[test]
fn severities_and_fixes_that_differ_are_remarked() {
    let comparison = web();
    let remarks: Vec<(&str, &str, RemarkKind, &str)> = comparison
        .pairs
        .iter()
        .flat_map(|pair| {
            let of = |remark| (pair.vulnerability.as_str(), pair.package.name.as_str(), remark);
            pair.remarks.iter().map(of)
        })
        .map(|(vulnerability, package, remark)| (vulnerability, package, remark.kind, remark.text.as_str()))
        .collect();
    // Clair says unknown for CVE-2024-5535; its enrichment has a base score of 9.1.
    let rated = "Plimsoll medium, Trivy critical, Grype critical, Clair critical";
    let fixes = "Plimsoll 2.36-9+deb12u6; Trivy 2.36-9+deb12u6; Grype 2.36-9+deb12u6; Clair 2.36-9+deb12u7";
    assert_eq!(
        remarks,
        [
            ("CVE-2024-2961", "libc6", RemarkKind::Fix, fixes),
            ("CVE-2024-5535", "libssl3", RemarkKind::Severity, rated),
            ("CVE-2024-5535", "openssl", RemarkKind::Severity, rated),
            (
                "CVE-2023-39325",
                "golang.org/x/net",
                RemarkKind::Severity,
                "Plimsoll high, Trivy high, Grype medium, Clair high"
            ),
        ]
    );
}

// By hand, from the table above: 15 pairs; Plimsoll lacks 2, Trivy 2, Grype 4, Clair 6.
#[test]
fn measures_are_counts_of_the_pairs() {
    let comparison = web();
    let measured: Vec<_> = comparison
        .reports
        .iter()
        .map(|report| report.measured)
        .map(|m| (m.found, m.union, m.unique, m.false_alarm_candidates))
        .collect();
    assert_eq!(measured, [(13, 15, 0, 0), (13, 15, 1, 1), (11, 15, 1, 0), (9, 15, 0, 0)]);
    assert_eq!([4, 3, 2, 1].map(|reports| comparison.found_by(reports)), [7, 4, 2, 2]);
    assert_eq!(comparison.shared(0, 1), (12, 14));
    assert_eq!(comparison.shared(2, 3), (7, 13));
    assert_eq!(comparison.reports[2].measured.coverage(), Some(11.0 / 15.0));
}

#[test]
fn the_order_of_the_reports_changes_their_columns_only() {
    let forward = web();
    let reversed: Vec<_> = WEB.iter().rev().copied().collect();
    let backward = compared(&reversed);
    let all = |comparison: &Comparison| -> Vec<(String, String, Vec<String>)> {
        let pair = |pair: &Pair| (pair.vulnerability.clone(), pair.package.name.clone(), words(pair));
        comparison.pairs.iter().map(pair).collect()
    };
    let turned = all(&backward).into_iter().map(|(vulnerability, package, mut words)| {
        words.reverse();
        (vulnerability, package, words)
    });
    assert_eq!(all(&forward), turned.collect::<Vec<_>>());
}

#[test]
fn a_report_agrees_with_itself() {
    for report in WEB.iter().chain([&CYCLONEDX]) {
        let comparison = compared(&[*report, *report]);
        assert!(!comparison.pairs.is_empty(), "{}", report.0);
        for pair in &comparison.pairs {
            let [first, second] = pair.cells.as_slice() else { panic!("two cells") };
            assert_eq!(first, second, "{}", report.0);
        }
        assert_eq!(comparison.reports[1].name, format!("{} 2", comparison.reports[0].name));
    }
}

#[test]
fn cyclonedx_is_read_like_the_rest() {
    let comparison = compared(&[WEB[2], CYCLONEDX]);
    let second = &comparison.reports[1];
    assert_eq!(
        (second.name.as_str(), second.form, second.tool_version.as_str()),
        ("Grype 2", "cyclonedx", "0.104.0")
    );
    assert_eq!(words(pair(&comparison, "CVE-2024-5535", "libssl3")), ["found", "found"]);
    let log4j = pair(&comparison, "CVE-2021-44228", "org.apache.logging.log4j:log4j-core");
    assert_eq!(words(log4j), ["found alias", "found alias"]);
    assert_eq!(log4j.cells[1].severity, Some(plimsoll_types::Severity::Critical));
    assert_eq!(log4j.cells[1].fixed_versions, None);
    // The document knows libssl3 alone: the finding of its sister package is the same one.
    assert_eq!(words(pair(&comparison, "CVE-2024-5535", "openssl")), ["found", "found name"]);
    assert_eq!(words(pair(&comparison, "CVE-2011-3374", "apt")), ["suppressed", "suppressed"]);
    assert_eq!(comparison.warnings, [""; 0]);
}

#[test]
fn reports_of_other_images_are_told() {
    let other = WEB[1].1.replace("shop/web:1.4", "shop/web:1.5").replace(&"03".repeat(32), &"07".repeat(32));
    let comparison = compared(&[WEB[0], ("other.json", &other)]);
    let id = |digits: &str| format!("sha256:{}", digits.repeat(32));
    assert_eq!(comparison.warnings, [
        format!("Plimsoll and Trivy are about images with different digests: {} and {}", id("03"), id("07")),
        "Plimsoll and Trivy are about targets with different names: registry.example.org/shop/web:1.4 and \
         registry.example.org/shop/web:1.5"
            .to_owned(),
    ]);
    // Another name for the same image is none.
    let renamed = WEB[1].1.replace("registry.example.org/shop/web:1.4", "mirror/web:old");
    assert_eq!(compared(&[WEB[0], ("renamed.json", &renamed)]).warnings, [""; 0]);
    // Without a digest, names are compared as registries complete them.
    let named = |name: &str| format!(r#"{{"SchemaVersion":2,"ArtifactName":"{name}","Results":[]}}"#);
    let warnings = |a: &str, b: &str| compared(&[("a", &named(a)), ("b", &named(b))]).warnings.len();
    assert_eq!(warnings("alpine", "docker.io/library/alpine:latest"), 0);
    assert_eq!(warnings("alpine:3.19", "alpine:3.20"), 1);
    assert_eq!(warnings("alpine:3.19", ""), 0);
}
