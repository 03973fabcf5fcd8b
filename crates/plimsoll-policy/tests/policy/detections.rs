//! What judges detections: waivers, rules, filters and thresholds.

use plimsoll_policy::waivers::{Form, Waivers};
use plimsoll_policy::{Check, Filter, Judge, Policy, Verdict};
use plimsoll_types::{Detection, Place, PlaceKind, Report, Severity, SuppressedBy, TargetReport, class};

use crate::samples;

fn place(kind: PlaceKind, name: &str) -> Place {
    Place { kind, name: name.into(), layer: Some(2), ..Place::default() }
}

/// A report with a fault of configuration and one in a file, and no vulnerability.
fn report() -> Report {
    let mut report = samples::report();
    let target = &mut report.targets[0];
    target.findings.clear();
    let root = class("CFG-ROOT").unwrap();
    let mut file = Detection::new(root, place(PlaceKind::File, "srv/app/deploy.yaml"), "runs as root");
    file.rule = "run-as-user".into();
    file.severity = Severity::High;
    target.detections =
        vec![file, Detection::new(root, place(PlaceKind::Config, "User"), "no user is named")];
    report
}

fn judge(judge: &Judge) -> (TargetReport, Verdict) {
    let mut report = report();
    let verdict = judge.judge(&mut report, samples::time("2026-08-01"));
    (report.targets.remove(0), verdict)
}

fn waived(form: Form, text: &str) -> (Vec<String>, Verdict) {
    let mut waivers = Waivers::default();
    waivers.read(form, "file", text.as_bytes()).unwrap();
    let (target, verdict) = judge(&Judge { waivers, ..Judge::default() });
    let held = target.suppressed_detections.iter().map(|held| {
        assert_eq!(held.by, SuppressedBy::Waiver);
        format!("{} {}: {} {}", held.detection.id(), held.detection.place, held.origin, held.reason)
    });
    (held.collect(), verdict)
}

#[test]
fn waivers_cover_detections_by_code_by_other_names_by_rule_and_by_path() {
    let both = ["CFG-ROOT/run-as-user srv/app/deploy.yaml: file:1 ", "CFG-ROOT config User: file:1 "];
    for id in ["CFG-ROOT", "cfg-root", "DS002", "AVD-DS-0002", "CIS-DI-0001", "DL3002"] {
        assert_eq!(waived(Form::TrivyIgnore, id).0, both, "{id}");
    }
    for id in ["run-as-user", "CFG-ROOT/run-as-user"] {
        assert_eq!(waived(Form::TrivyIgnore, id).0, both[..1], "{id}");
    }
    assert!(waived(Form::TrivyIgnore, "CFG-ROO").0.is_empty());
    let own = "waivers:\n  - {id: CFG-ROOT, paths: ['srv/**'], reason: a test}\n";
    assert_eq!(waived(Form::Plimsoll, own).0, ["CFG-ROOT/run-as-user srv/app/deploy.yaml: file:2 a test"]);
    let section = "misconfigurations:\n  - {id: AVD-DS-0002, paths: [srv/app/deploy.yaml], statement: s}\n";
    assert_eq!(
        waived(Form::TrivyIgnoreYaml, section).0,
        ["CFG-ROOT/run-as-user srv/app/deploy.yaml: file:2 s"]
    );
    // The section says which kind of finding is meant.
    for section in ["secrets", "licenses", "vulnerabilities"] {
        let text = format!("{section}:\n  - {{id: nothing}}\n");
        assert!(waived(Form::TrivyIgnoreYaml, &text).0.is_empty(), "{section}");
    }
    assert!(waived(Form::TrivyIgnoreYaml, "secrets:\n  - {id: CFG-ROOT}\n").0.is_empty());
}

#[test]
fn a_waiver_that_expired_fails_the_run() {
    let (held, verdict) = waived(Form::TrivyIgnore, "run-as-user exp:2026-07-01");
    assert!(held.is_empty());
    let messages: Vec<String> = verdict.violations().map(|violation| violation.message.clone()).collect();
    assert_eq!(
        messages,
        ["the waiver for run-as-user (file:1) expired on 2026-07-01; 1 finding is here again"]
    );
}

#[test]
fn thresholds_and_filters_count_detections() {
    let failing = |policy: Policy, filter: Filter| {
        let (target, verdict) = judge(&Judge { policy, filter, ..Judge::default() });
        let messages: Vec<String> = verdict.violations().map(|violation| violation.message.clone()).collect();
        (target.detections.len(), messages)
    };
    let at = |severity| Policy { severity: Some(Check::new(severity)), ..Policy::default() };
    assert_eq!(
        failing(at(Severity::High), Filter::default()),
        (2, vec!["1 findings of severity high or worse".to_owned()])
    );
    assert_eq!(failing(at(Severity::Critical), Filter::default()), (2, vec![]));
    // What is not shown does not fail.
    let medium = Filter { severities: [Severity::Medium].into(), ..Filter::default() };
    assert_eq!(failing(at(Severity::High), medium), (1, vec![]));
    let any = Policy { any_finding: Some(Check::new(())), ..Policy::default() };
    assert_eq!(failing(any, Filter::default()), (2, vec!["2 findings".to_owned()]));
    // That no version fixes it is no reason to leave a secret out.
    let unfixed = Filter { ignore_unfixed: true, ..Filter::default() };
    assert_eq!(failing(Policy::default(), unfixed).0, 2);
}

#[test]
fn rules_on_detections_see_them_and_rules_on_vulnerabilities_do_not() {
    let text = "\
rules:
  - {name: no-root, on: detections, expression: 'detection.class == \"CFG-ROOT\" && detection.kind == \"config\"', exitCode: 9}
  - {name: not-there, on: detections, expression: 'detection.path.startsWith(\"srv/\")', action: ignore, reason: elsewhere}
  - {name: all, expression: 'true', exitCode: 7}
";
    let policy = Policy::read("policy.yaml", text.as_bytes()).unwrap();
    let (target, verdict) = judge(&Judge { policy, ..Judge::default() });
    let violations: Vec<(String, Option<u8>)> =
        verdict.violations().map(|violation| (violation.message.clone(), violation.exit_code)).collect();
    assert_eq!(violations, [("rule 'no-root': CFG-ROOT (config User)".to_owned(), Some(9))]);
    assert_eq!(target.detections.len(), 1);
    let held = &target.suppressed_detections[0];
    assert_eq!((held.by, held.reason.as_str()), (SuppressedBy::Policy, "elsewhere"));
    let wrong = "rules:\n  - {name: r, on: detections, expression: 'finding.fixed'}\n";
    assert!(Policy::read("policy.yaml", wrong.as_bytes()).is_err());
}
