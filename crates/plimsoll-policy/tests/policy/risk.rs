//! Risk: the examples of `docs/risk.md`, computed by hand from the tables there.

use plimsoll_policy::risk::{Hundredths, RiskModel};
use plimsoll_policy::{Judge, Policy};
use plimsoll_types::{CvssVector, Epss, Exposure, Finding, ImageMetadata, Severity, Status, TargetReport};

use crate::samples::{NOW, finding, report, time};

/// A target with one finding in the package that `exposure` is set for.
fn target(finding: Finding, exposure: &[Exposure], user: &str, ports: &[&str]) -> TargetReport {
    let mut target = report().targets.remove(0);
    target.lifecycle = None;
    target.packages[0].exposure = exposure.to_vec();
    target.findings = vec![finding];
    target.image = Some(ImageMetadata {
        user: user.into(),
        exposed_ports: ports.iter().map(|port| (*port).into()).collect(),
        ..ImageMetadata::default()
    });
    target
}

fn scores(mut target: TargetReport) -> [u32; 5] {
    RiskModel::default().apply(&mut target, time(NOW));
    let risk = target.findings[0].risk.as_ref().unwrap();
    assert_eq!(risk.reasons.len(), 4);
    [risk.cvss, risk.exploitability, risk.patch_availability, risk.exposure, risk.score]
}

/// Rows of the table "Examples" of `docs/risk.md`, in its order.
#[test]
fn the_examples_of_the_documentation() {
    let scored = |severity, tenths, status, fixed: &str| {
        let mut finding = finding("CVE-2000-1", "", severity, 0, status, fixed);
        finding.vulnerability.score_tenths = tenths;
        finding
    };
    // 1. Log4Shell in the program that an image starts as root with a port open.
    let mut log4shell = scored(Severity::Critical, Some(100), Status::Fixed, "2.15.0");
    log4shell.vulnerability.known_exploited = true;
    log4shell.vulnerability.severity_source = "nvd".into();
    log4shell.vulnerability.cvss = vec![CvssVector {
        source: "nvd".into(),
        vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H".into(),
    }];
    let one = target(log4shell.clone(), &[Exposure::EntryPoint], "", &["8080/tcp"]);
    assert_eq!(scores(one), [1000, 100, 150, 150, 817]);
    // 2. The same in a library that nothing starts, without root and ports.
    assert_eq!(scores(target(log4shell.clone(), &[], "1000", &[])), [1000, 100, 150, 0, 667]);
    // 3. The same before there was a fix.
    let mut unfixed = log4shell;
    unfixed.fixed_versions.clear();
    unfixed.status = Status::Affected;
    assert_eq!(
        scores(target(unfixed, &[Exposure::EntryPoint], "", &["8080/tcp"])),
        [1000, 100, 100, 150, 1150]
    );
    // 4. A critical one with an EPSS of 0.1 %.
    let mut unlikely = scored(Severity::Critical, Some(98), Status::Fixed, "2");
    unlikely.vulnerability.epss = Some(Epss { score: 100, percentile: 40_000 });
    assert_eq!(scores(target(unlikely.clone(), &[], "", &[])), [980, 22, 150, 25, 169]);
    // 5. The same with a public exploit.
    unlikely.vulnerability.public_exploit = true;
    assert_eq!(scores(target(unlikely, &[], "", &[])), [980, 70, 150, 25, 482]);
    // 6. A word without a vector, which the vendor will not fix, in a set-uid program.
    let word = scored(Severity::High, None, Status::WillNotFix, "");
    assert_eq!(scores(target(word, &[Exposure::SetUid], "app", &[])), [800, 40, 95, 50, 387]);
    // 7. Nobody knows how bad it is, on a release that gets no fixes any more.
    let unknown = scored(Severity::Unknown, None, Status::EndOfLife, "");
    assert_eq!(scores(target(unknown, &[Exposure::EntryClosure], "0:0", &[])), [400, 40, 80, 75, 275]);
}

#[test]
fn a_finding_that_does_not_matter_has_no_risk() {
    let mut target =
        target(finding("CVE-2000-1", "", Severity::Critical, 0, Status::NotAffected, ""), &[], "", &[]);
    RiskModel::default().apply(&mut target, time(NOW));
    let risk = target.findings[0].risk.as_ref().unwrap();
    assert_eq!((risk.score, risk.patch_availability), (0, 100));
}

#[test]
fn exploitability_never_falls_as_epss_rises() {
    let mut last = 0;
    for score in (0..=100_000).step_by(10) {
        let mut finding = finding("CVE-2000-1", "", Severity::Critical, 0, Status::Affected, "");
        finding.vulnerability.epss = Some(Epss { score, percentile: 0 });
        let [_, exploitability, ..] = scores(target(finding, &[], "1", &[]));
        assert!(exploitability >= last && exploitability <= 100, "{score}: {exploitability}");
        last = exploitability;
    }
    assert_eq!(last, 95);
}

#[test]
fn the_end_of_life_of_the_release_counts_for_its_packages() {
    let unfixed = |package| finding("CVE-2000-1", "", Severity::Medium, package, Status::Affected, "");
    let mut report = report();
    let target = &mut report.targets[0];
    target.findings = vec![unfixed(0), unfixed(1)];
    // Extended support lasts until 2028: someone still gets fixes.
    RiskModel::default().apply(target, time(NOW));
    let factors = |target: &TargetReport| -> Vec<u32> {
        target.findings.iter().map(|finding| finding.risk.as_ref().unwrap().patch_availability).collect()
    };
    assert_eq!(factors(target), [100, 100]);
    RiskModel::default().apply(target, time("2029-01-01"));
    assert_eq!(factors(target), [80, 100]);
}

#[test]
fn an_image_is_as_bad_as_its_worst_finding_and_a_bit_more() {
    let model = RiskModel::default();
    let of = |scores: &[u32]| {
        let findings: Vec<Finding> = scores
            .iter()
            .map(|score| Finding {
                risk: Some(plimsoll_types::Risk { score: *score, ..plimsoll_types::Risk::default() }),
                ..Finding::default()
            })
            .collect();
        model.image_risk(&findings)
    };
    assert_eq!(of(&[]), 0);
    assert_eq!(of(&[817]), 817);
    // 2 % of 500 is 10.
    assert_eq!(of(&[300, 817, 200]), 827);
    // The tail ends at 3.00.
    assert_eq!(of(&[500; 10_000]), 800);
    // More findings are never less risk.
    assert!(of(&[100, 100, 500]) >= of(&[100, 500]));
}

#[test]
fn constants_are_checked() {
    let check = |text: &str| Policy::read("p.yaml", text.as_bytes()).map(|policy| policy.risk);
    let model = check("risk:\n  exposure: {root: 0.5}\n  exploitability:\n    unknown: 1\n").unwrap();
    assert_eq!(model.exposure.root, Hundredths(50));
    assert_eq!(model.exploitability.unknown, Hundredths(100));
    assert_eq!(model.exposure.ports, RiskModel::default().exposure.ports);
    for (text, message) in [
        (
            "risk:\n  patchAvailability: {endOfLife: 0}\n",
            "p.yaml:2: risk.patchAvailability.endOfLife is 0.00: the risk is divided by it: it is from 0.1 to 10",
        ),
        (
            "risk:\n  patchAvailability: {fixed: 0.9}\n",
            "p.yaml:2: risk.patchAvailability.subscription is 1.20: the further away a fix is, the less it divides the risk by",
        ),
        (
            "\nrisk:\n  exploitability: {epssSpan: 0.9}\n",
            "p.yaml:3: risk.exploitability.epssSpan is 1.10: nothing is above exploitability.knownExploited",
        ),
        (
            "risk:\n  severityScores: {high: 11}\n",
            "p.yaml:2: risk.severityScores.high is 11.00: a CVSS score is from 0 to 10",
        ),
        (
            "risk:\n  image: {tailShare: 2}\n",
            "p.yaml:2: risk.image.tailShare is 2.00: a share is from 0 to 1",
        ),
    ] {
        assert_eq!(check(text).unwrap_err().to_string(), message);
    }
    for text in
        ["risk: {exposure: {root: -1}}", "risk: {exposure: {rooot: 1}}", "risk: {image: {tailShare: .nan}}"]
    {
        let error = check(text).unwrap_err().to_string();
        assert!(error.starts_with("p.yaml:1: "), "{error}");
    }
}

#[test]
fn findings_are_sorted_by_risk() {
    let mut report = report();
    report.targets[0].findings[1].vulnerability.known_exploited = true;
    let mut sorted = report.clone();
    Judge::default().judge(&mut sorted, time(NOW));
    let ids = |report: &plimsoll_types::Report| -> Vec<(String, usize)> {
        let findings = &report.targets[0].findings;
        findings.iter().map(|finding| (finding.vulnerability.id.clone(), finding.package)).collect()
    };
    let by_risk = [
        ("CVE-2023-3817".to_owned(), 0),
        ("CVE-2023-5363".to_owned(), 0),
        ("CVE-2023-39325".to_owned(), 3),
        ("CVE-2023-39325".to_owned(), 4),
        ("CVE-2022-40897".to_owned(), 1),
    ];
    assert_eq!(ids(&sorted), by_risk);
    let judge = Judge { sort: plimsoll_policy::Sort::Severity, ..Judge::default() };
    judge.judge(&mut report, time(NOW));
    assert_eq!(ids(&report)[3], by_risk[0]);
}
