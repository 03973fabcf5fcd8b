//! Policies: thresholds, rules, and what is wrong with those that are wrong.

use plimsoll_policy::{Filter, Judge, Policy, Verdict};
use plimsoll_types::{Problem, ProblemCode, Status, TargetReport, Timestamp};

use crate::samples::{NOW, held, report, shown, time};

fn policy(text: &str) -> Policy {
    Policy::read("p.yaml", text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn judged_with(text: &str, change: impl FnOnce(&mut TargetReport)) -> (TargetReport, Verdict) {
    let mut report = report();
    change(&mut report.targets[0]);
    let verdict = Judge { policy: policy(text), ..Judge::default() }.judge(&mut report, time(NOW));
    (report.targets.remove(0), verdict)
}

fn violations(text: &str) -> Vec<String> {
    violations_with(text, |_| {})
}

fn violations_with(text: &str, change: impl FnOnce(&mut TargetReport)) -> Vec<String> {
    let (_, verdict) = judged_with(text, change);
    let name = "registry.example.org/shop/web:1.4: ";
    verdict
        .violations()
        .map(|violation| violation.to_string().strip_prefix(name).unwrap().to_owned())
        .collect()
}

#[test]
fn thresholds() {
    let kev = |target: &mut TargetReport| target.findings[2].vulnerability.known_exploited = true;
    assert_eq!(violations(""), [""; 0]);
    assert_eq!(violations("severity: high"), ["3 findings of severity high or worse"]);
    assert_eq!(violations("severity: important"), ["3 findings of severity high or worse"]);
    assert_eq!(violations("severity: critical"), [""; 0]);
    assert_eq!(violations("severity: unknown\nignoreUnfixed: true"), ["4 findings"]);
    assert_eq!(violations("severity: unknown\nignoreStatus: [will_not_fix, fixed]"), [""; 0]);
    assert_eq!(violations("knownExploited: true"), [""; 0]);
    let found = "known to be exploited: CVE-2022-40897 in setuptools 58.1.0";
    assert_eq!(violations_with("knownExploited: true", kev), [found]);
    assert_eq!(violations_with("knownExploited: false", kev), [""; 0]);
    // 5.50 × 1.00 / 1.50
    assert_eq!(violations_with("maxRisk: 3.67", kev), [""; 0]);
    assert_eq!(
        violations_with("maxRisk: 3.66", kev),
        ["risk above 3.66: CVE-2022-40897 in setuptools 58.1.0"]
    );
    assert_eq!(violations_with("maxImageRisk: 3", kev), ["the image's risk is 3.86, above 3.00"]);
    // From 1 May to 1 August.
    assert_eq!(violations("maxImageAge: 92d"), [""; 0]);
    assert_eq!(violations("maxImageAge: 91"), ["the image is 92 days old, more than 91"]);
    assert_eq!(violations("maxImageAge: 13w"), ["the image is 92 days old, more than 91"]);
    assert_eq!(violations("endOfLife: true"), ["Debian:12 is past its end of life since 2026-06-10"]);
    assert_eq!(violations("endOfLife: extended"), [""; 0]);
    assert_eq!(violations("endOfLife: false"), [""; 0]);
    let late = |target: &mut TargetReport| target.findings[0].fix_available = Some(time("2026-06-01"));
    let text = "a fix has been there for more than 60 days: CVE-2023-5363 in libssl3 3.0.11-1~deb12u2";
    assert_eq!(violations_with("fixAvailableForDays: 60", late), [text]);
    assert_eq!(violations_with("fixAvailableForDays: 61", late), [""; 0]);
    let many = "risk above 0.00: CVE-2023-3817 in libssl3 3.0.11-1~deb12u2, CVE-2023-5363 in libssl3 3.0.11-1~deb12u2, \
                CVE-2023-39325 in golang.org/x/net 0.7.0, CVE-2023-39325 in golang.org/x/net 0.7.0, \
                CVE-2022-40897 in setuptools 58.1.0";
    assert_eq!(violations("maxRisk: 0"), [many]);
}

#[test]
fn what_is_not_known_is_noted() {
    let unknown = |target: &mut TargetReport| {
        target.lifecycle = None;
        // As reproducible builds have it.
        target.image.as_mut().unwrap().created = Some(Timestamp::from_seconds(0));
    };
    let (_, verdict) = judged_with("endOfLife: true\nmaxImageAge: 1", unknown);
    assert_eq!(verdict.violations().count(), 0);
    assert_eq!(
        verdict.notes,
        [
            "registry.example.org/shop/web:1.4: the image does not say when it was built",
            "registry.example.org/shop/web:1.4: the database does not say how long the distribution's release is supported"
        ]
    );
}

#[test]
fn exit_codes_are_per_check() {
    let code = |text: &str| judged_with(text, |_| {}).1.exit_code(1);
    assert_eq!(code("severity: critical"), None);
    assert_eq!(code("severity: high"), Some(1));
    assert_eq!(code("severity: {limit: high, exitCode: 7}"), Some(7));
    assert_eq!(code("severity: {limit: high, exitCode: 7}\nendOfLife: {limit: true, exitCode: 9}"), Some(9));
    assert_eq!(code("severity: {limit: high, exitCode: 0}"), Some(0));
    let incomplete = |target: &mut TargetReport| {
        target.problems.push(Problem {
            code: ProblemCode::UnreadableFile,
            analyzer: String::new(),
            path: "a".into(),
            layer: None,
            message: "x".into(),
        });
    };
    let (_, verdict) = judged_with("requireComplete: true", incomplete);
    assert_eq!((verdict.exit_code(1), verdict.incomplete()), (None, true));
    let (_, verdict) = judged_with("requireComplete: {limit: true, exitCode: 6}", incomplete);
    assert_eq!((verdict.exit_code(1), verdict.incomplete()), (Some(6), false));
}

fn rule(expression: &str, action: &str) -> String {
    format!(
        "rules:\n  - name: r\n    expression: >-\n      {expression}\n    action: {action}\n    reason: because\n    exitCode: 5\n"
    )
}

#[test]
fn rules_see_findings_images_and_the_time() {
    for (expression, expected) in [
        ("finding.severity == 'high'", &["CVE-2023-39325 3", "CVE-2023-39325 4", "CVE-2023-5363 0"][..]),
        ("finding.severity_rank >= 4 && finding.package.ecosystem == 'deb'", &["CVE-2023-5363 0"]),
        ("'GHSA-r9hx-vwmv-q579' in finding.aliases", &["CVE-2022-40897 1"]),
        ("finding.aliases.exists(a, a.startsWith('GHSA-4374'))", &["CVE-2023-39325 3", "CVE-2023-39325 4"]),
        ("!finding.fixed && finding.status == 'will_not_fix'", &["CVE-2023-3817 0"]),
        ("finding.package.paths.exists(p, p.startsWith('app/tool'))", &["CVE-2023-39325 4"]),
        ("finding.package.name.matches('^lib.*[0-9]$') && finding.risk > 2.7", &["CVE-2023-3817 0"]),
        (
            "finding.package.source == 'openssl' && finding.cvss < 1.0 && finding.epss < 0.5",
            &["CVE-2023-3817 0", "CVE-2023-5363 0"],
        ),
        ("'entry-closure' in finding.package.exposure", &["CVE-2023-3817 0", "CVE-2023-5363 0"]),
        ("image.age_days > 92", &[]),
        (
            "image.age_days == 92 && image.user == '1000:1000' && !image.root && size(image.ports) == 0 && image.eol \
          && image.distro.id == 'debian' && image.name.contains('shop') && now > '2026-07-31' && finding.package.layer == 0 \
          && finding.package.purl.startsWith('pkg:pypi/')",
            &["CVE-2022-40897 1"],
        ),
        ("finding.kev || finding.public_exploit || finding.epss_known", &[]),
    ] {
        let (target, verdict) = judged_with(&rule(expression, "ignore"), |_| {});
        let mut ids: Vec<String> =
            held(&target).iter().map(|line| line.split(':').next().unwrap().to_owned()).collect();
        ids.sort();
        assert_eq!(ids, expected, "{expression}");
        assert_eq!(verdict.violations().count(), 0);
        assert_eq!(target.findings.len() + target.suppressed.len(), 5);
    }
}

#[test]
fn rules_deny_warn_and_ignore() {
    let text = rule("finding.status == 'will_not_fix'", "deny");
    assert_eq!(violations(&text), ["rule 'r': because: CVE-2023-3817 in libssl3 3.0.11-1~deb12u2"]);
    assert_eq!(judged_with(&text, |_| {}).1.exit_code(1), Some(5));
    let (target, verdict) = judged_with(&text.replace("deny", "warn"), |_| {});
    assert_eq!(verdict.exit_code(1), None);
    assert_eq!(
        verdict.decisions[0].warnings,
        ["registry.example.org/shop/web:1.4: rule 'r': because: CVE-2023-3817 in libssl3 3.0.11-1~deb12u2"]
    );
    assert_eq!(shown(&target).len(), 5);
    let (target, _) = judged_with(&text.replace("deny", "ignore"), |_| {});
    assert_eq!(held(&target), ["CVE-2023-3817 0: policy, p.yaml:2 (r), because"]);
    // What is not shown does not fail.
    let mut report = report();
    let filter = Filter { ignore_statuses: [Status::WillNotFix].into(), ..Filter::default() };
    let judge = Judge { policy: policy(&text), filter, ..Judge::default() };
    assert_eq!(judge.judge(&mut report, time(NOW)).exit_code(1), None);
}

#[test]
fn a_rule_that_cannot_be_evaluated_is_a_fault_of_the_policy() {
    // Fine for the sample that policies are tried on, wrong for a finding with aliases.
    let text = rule("size(finding.aliases) == 0 || finding.aliases[1] == 'x'", "ignore");
    let (target, verdict) = judged_with(&text, |_| {});
    assert_eq!(verdict.exit_code(1), Some(2));
    let message = verdict.violations().next().unwrap().to_string();
    assert!(
        message.contains("the rule 'r' (p.yaml:2) cannot be evaluated for CVE-2022-40897: "),
        "{message}"
    );
    assert_eq!(target.findings.len(), 3, "it holds for those without aliases");
}

#[test]
fn wrong_policies_say_where() {
    for (text, message) in [
        ("severity: dreadful", "p.yaml:1: 'dreadful' is not a severity"),
        ("\nseverity: {limit: bad}", "p.yaml:2: 'bad' is not a severity"),
        ("\nsevertiy: high", "p.yaml:2: "),
        ("maxImageAge: soon", "p.yaml:1: "),
        ("ignoreStatus: [broken]", "p.yaml:1: "),
        ("severity: {limit: high, exitCode: 300}", "p.yaml:1: "),
        (
            "rules:\n  - name: a\n    expression: 'true'\n  - name: a\n    expression: 'true'\n",
            "p.yaml:4: there are two rules 'a'",
        ),
        (
            "rules:\n  - name: a\n    expression: 'finding.severty == \"high\"'\n",
            "p.yaml:3: rule 'a': No such key: severty",
        ),
        (
            "rules:\n  - name: a\n    expression: 'findings.id == \"x\"'\n",
            "p.yaml:3: rule 'a': Undeclared reference to 'findings'",
        ),
        (
            "rules:\n  - name: a\n    expression: finding.id\n",
            "p.yaml:3: rule 'a': it gives string instead of true or false",
        ),
        (
            "rules:\n  - name: a\n    expression: 'finding.id =='\n",
            "p.yaml:3: rule 'a': 1:14: Syntax error: ",
        ),
        ("rules:\n  - name: a\n    expression: 'true'\n    action: explode\n", "p.yaml:4: "),
        ("- severity\n", "p.yaml:1: "),
    ] {
        let error = Policy::read("p.yaml", text.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(message), "{text}: {error}");
    }
}

#[test]
fn policies_lie_under_a_key_too() {
    let text = "waivers: []\npolicy:\n  severity: high\n";
    assert!(policy(text).severity.is_some());
    assert!(Policy::read_wrapped("p.yaml", text.as_bytes()).unwrap().is_some());
    assert!(Policy::read_wrapped("p.yaml", b"waivers: []\n").unwrap().is_none());
    let error = Policy::read("p.yaml", b"policy:\n  colour: red\n").unwrap_err().to_string();
    assert!(error.starts_with("p.yaml:2: "), "{error}");
}

/// What people with time on their hands write.
#[test]
fn hostile_expressions_end() {
    let nested =
        |open: &str, close: &str, times: usize| format!("{}true{}", open.repeat(times), close.repeat(times));
    for expression in [
        nested("(", ")", 1_000),
        nested("[", "]", 500),
        nested("!", "", 2_000),
        nested("{1:", "}", 400),
        format!("{}1 > 0", "-".repeat(2_000)),
        format!("{} == 1", vec!["1"; 900].join("+")),
        vec!["true"; 340].join("||"),
        format!("{}.a", "finding.".repeat(200)),
        "finding.aliases.map(a, finding.aliases.map(b, finding.aliases.map(c, a + b + c))) == []".into(),
        "finding.id.matches('(a*)*b') || finding.id.matches('((a{100}){100}){100}')".into(),
        "1 / 0 == 1".into(),
        "9223372036854775807 + 1 > 0".into(),
        "-9223372036854775808 / -1 > 0".into(),
        "[1][5] == 1".into(),
        "'\\U0001F600'.size() == 1 && b'\\xff' == b''".into(),
        "x".repeat(3_000),
        "a.b.c.d(e, f)".into(),
        "\u{0}".into(),
        "'".into(),
        "/* */ // \n true".into(),
        "has(finding.nothing)".into(),
        "dyn(finding) == dyn(image)".into(),
        "finding == finding".into(),
        "type(1) == type(finding)".into(),
    ] {
        let rule = plimsoll_policy::rules::Rule {
            name: "r".into(),
            expression: expression.clone(),
            on: Default::default(),
            action: plimsoll_policy::rules::Action::Deny,
            reason: String::new(),
            exit_code: None,
            origin: String::new(),
        };
        if let Err(plimsoll_policy::rules::RuleError::Panic) = rule.check() {
            println!("caught a panic of {expression:.60}");
        }
    }
}

/// No beginning of a policy, and no byte changed in it, does harm.
#[test]
fn damaged_policies_are_refused_or_read() {
    let text = "policy:\n  severity: {limit: high, exitCode: 3}\n  maxImageAge: 12w\n  endOfLife: extended\n  \
                risk: {exposure: {root: 0.5}}\n  rules:\n    - name: a\n      expression: 'finding.kev'\n      \
                action: warn\n";
    Policy::read("p.yaml", text.as_bytes()).unwrap();
    for end in 0..text.len() {
        let _ = Policy::read("p.yaml", &text.as_bytes()[..end]);
        for byte in [0, b'{', b'-', b':', 0xff] {
            let mut bytes = text.as_bytes().to_vec();
            bytes[end] = byte;
            let _ = Policy::read("p.yaml", &bytes);
        }
    }
}
