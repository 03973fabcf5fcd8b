//! Waivers in each of their forms, with samples in the shape that people publish.

use plimsoll_policy::waivers::{Form, Waivers};
use plimsoll_policy::{Judge, Verdict};
use plimsoll_types::TargetReport;

use crate::samples::{held, judged, shown};

fn read(form: Form, text: &str) -> Result<Waivers, String> {
    let mut waivers = Waivers::default();
    waivers.read(form, "file", text.as_bytes()).map_err(|error| error.to_string())?;
    Ok(waivers)
}

fn waived(form: Form, text: &str) -> (TargetReport, Verdict) {
    judged(&Judge { waivers: read(form, text).unwrap(), ..Judge::default() })
}

const ALL: [&str; 5] =
    ["CVE-2022-40897 1", "CVE-2023-3817 0", "CVE-2023-39325 3", "CVE-2023-39325 4", "CVE-2023-5363 0"];

/// What of [`ALL`] is held back.
fn gone(form: Form, text: &str) -> Vec<&'static str> {
    let left = shown(&waived(form, text).0);
    ALL.into_iter().filter(|line| !left.iter().any(|kept| kept == line)).collect()
}

#[test]
fn trivyignore() {
    let text = "\
# Accept the risk
CVE-2023-3817

# Until the next
# base image
ghsa-r9hx-vwmv-q579 exp:2026-12-31
CVE-2023-39325 exp:2026-08-01  # today is too late
AVD-DS-0002
generic-unwanted-rule
";
    let (target, verdict) = waived(Form::TrivyIgnore, text);
    assert_eq!(
        held(&target),
        [
            "CVE-2022-40897 1: waiver, file:6, Until the next base image",
            "CVE-2023-3817 0: waiver, file:2, Accept the risk",
        ]
    );
    assert_eq!(target.suppressed.iter().filter_map(|held| held.expires).count(), 1);
    let violations: Vec<String> = verdict.violations().map(ToString::to_string).collect();
    assert_eq!(
        violations,
        ["registry.example.org/shop/web:1.4: the waiver for CVE-2023-39325 (file:7) expired on 2026-08-01; \
          2 findings are here again"]
    );
    assert_eq!(verdict.exit_code(1), Some(1));
    assert_eq!(
        verdict.notes,
        [
            "file:8: the waiver for AVD-DS-0002 covers no finding",
            "file:9: the waiver for generic-unwanted-rule covers no finding"
        ]
    );
    assert_eq!(
        read(Form::TrivyIgnore, "CVE-1\nCVE-2 exp:soon\n").unwrap_err(),
        "file:2: 'soon' is no date such as 2026-12-31"
    );
    assert!(read(Form::TrivyIgnore, "").unwrap().list().is_empty());
    assert_eq!(gone(Form::TrivyIgnore, "\u{feff}CVE-2023-3817\r\n"), ["CVE-2023-3817 0"]);
}

#[test]
fn trivyignore_yaml() {
    let text = "\
vulnerabilities:
  - id: CVE-2022-40897
    paths:
      - \"usr/local/lib/python3.9/site-packages/setuptools-58.1.0.dist-info/METADATA\"
    statement: Accept the risk
  - id: CVE-2023-3817
    purls:
      - \"pkg:deb/debian/libssl3\"
  - id: CVE-2023-5363
    purls:
      - \"pkg:deb/debian/libssl1.1\"
  - id: CVE-2023-39325
    paths: [\"app/s*\"]
    expired_at: 2026-09-01
misconfigurations:
  - id: AVD-DS-0001
    paths:
      - \"docs/Dockerfile\"
    statement: The image needs it
secrets:
  - id: aws-access-key-id
licenses:
  - id: GPL-3.0
    expired_at: 2030-01-01
";
    let (target, verdict) = waived(Form::TrivyIgnoreYaml, text);
    assert_eq!(
        held(&target),
        [
            "CVE-2022-40897 1: waiver, file:2, Accept the risk",
            "CVE-2023-3817 0: waiver, file:6, ",
            "CVE-2023-39325 3: waiver, file:12, ",
        ]
    );
    let unused = |line: u64, id: &str| format!("file:{line}: the waiver for {id} covers no finding");
    assert_eq!(
        verdict.notes,
        [
            unused(9, "CVE-2023-5363"),
            unused(16, "AVD-DS-0001"),
            unused(21, "aws-access-key-id"),
            unused(23, "GPL-3.0")
        ]
    );
    for (text, message) in [
        ("vulnerabilities:\n  - statement: x\n", "file:2: the entry has no id"),
        (
            "vulnerabilities:\n  - id: CVE-1\n    purls: [libssl3]\n",
            "file:2: 'libssl3' is not a package URL: it has no scheme",
        ),
        (
            "vulnerabilities:\n  - id: CVE-1\n    expired_at: 2026-13-01\n",
            "file:2: '2026-13-01' is no date such as 2026-12-31",
        ),
    ] {
        assert_eq!(read(Form::TrivyIgnoreYaml, text).unwrap_err(), message);
    }
    // A section without entries, as people leave them behind.
    assert_eq!(
        gone(Form::TrivyIgnoreYaml, "vulnerabilities:\n- id: CVE-2023-3817\nsecrets:\nlicenses:\n"),
        ["CVE-2023-3817 0"]
    );
}

#[test]
fn grype() {
    for (rule, expected) in [
        ("vulnerability: CVE-2023-3817", &["CVE-2023-3817 0"][..]),
        (
            "vulnerability: GHSA-4374-p667-p6c8\n    include-aliases: true\n    reason: not reachable",
            &ALL[2..4],
        ),
        ("fix-state: wont-fix", &["CVE-2023-3817 0"]),
        ("fix-state: not-fixed", &[]),
        ("fix-state: fixed", &[ALL[0], ALL[2], ALL[3], ALL[4]]),
        ("package:\n      name: libssl3", &[ALL[1], ALL[4]]),
        ("package:\n      name: libssl.*", &[ALL[1], ALL[4]]),
        // The whole name, not a part of it.
        ("package:\n      name: ssl", &[]),
        (
            "package:\n      name: libssl3\n      version: 3.0.11-1~deb12u2\n      type: deb",
            &[ALL[1], ALL[4]],
        ),
        ("package:\n      version: 9", &[]),
        ("package:\n      type: go-module", &ALL[2..4]),
        ("package:\n      type: python", &ALL[..1]),
        ("package:\n      language: go\n      location: \"/app/server\"", &[ALL[2]]),
        ("package:\n      location: \"/usr/local/**\"", &ALL[..1]),
        ("package:\n      upstream-name: openssl", &[ALL[1], ALL[4]]),
        ("namespace: debian:distro:debian:12\n    package: {type: deb}", &[ALL[1], ALL[4]]),
        ("namespace: debian:distro:debian:11", &[]),
        ("namespace: github:language:python", &ALL[..1]),
        ("namespace: nvd:cpe", &[]),
        ("match-type: exact-indirect-match", &[ALL[1], ALL[4]]),
        ("match-type: cpe-match", &[]),
        // Nothing said of these by any VEX document.
        ("vex-status: affected", &[]),
        ("reason: a rule without a criterion holds for nothing", &[]),
    ] {
        let text = format!("check-for-app-update: false\nignore:\n  - {rule}\n");
        assert_eq!(gone(Form::Grype, &text), expected, "{rule}");
    }
    for (rule, message) in [
        ("fix-state: maybe", "file:2: 'maybe' is no fix-state"),
        ("match-type: fuzzy", "file:2: 'fuzzy' is no match-type"),
        (
            "package: {name: \"lib(\"}",
            "file:2: the package name is no regular expression: error: unclosed group",
        ),
    ] {
        assert_eq!(read(Form::Grype, &format!("ignore:\n  - {rule}\n")).unwrap_err(), message);
    }
    let huge = format!("ignore:\n  - package: {{name: \"{}\"}}\n", "(a{1000}){1000}");
    assert!(read(Form::Grype, &huge).unwrap_err().contains("no regular expression"));
    assert!(read(Form::Grype, "ignore:\n  - vulnerabilty: CVE-1\n").unwrap_err().starts_with("file:2: "));
}

#[test]
fn own() {
    for (waiver, expected) in [
        ("id: CVE-2023-3817", &["CVE-2023-3817 0"][..]),
        ("ids: [CVE-2023-3817, GHSA-r9hx-vwmv-q579]", &ALL[..2]),
        ("package: SetupTools", &ALL[..1]),
        ("package: libssl3\n    version: 3.0.11-1~deb12u2", &[ALL[1], ALL[4]]),
        ("package: libssl3\n    version: 3.0.12", &[]),
        ("purls: [\"pkg:golang/golang.org/x/net\"]\n    paths: [app/tool]", &[ALL[3]]),
        ("id: CVE-2023-5363\n    purls: [\"pkg:deb/debian/libssl3?distro=debian-12\"]", &[ALL[4]]),
        ("id: CVE-2023-5363\n    purls: [\"pkg:deb/debian/libssl3?distro=debian-11\"]", &[]),
        (
            "id: CVE-2023-5363\n    purls: [\"pkg:deb/debian/libssl3@3.0.11-1~deb12u2\"]\n    ecosystem: deb",
            &[ALL[4]],
        ),
        ("id: CVE-2023-5363\n    ecosystem: rpm", &[]),
    ] {
        let text = format!("waivers:\n  - {waiver}\n    reason: \"because\"\n    expires: 2026-12-31\n");
        assert_eq!(gone(Form::Plimsoll, &text), expected, "{waiver}");
    }
    for (text, message) in [
        ("waivers:\n  - id: CVE-1\n", "file:2: the waiver for CVE-1 gives no reason"),
        (
            "waivers:\n  - reason: x\n",
            "file:2: a waiver says what it is for: id, ids, package, purls or paths",
        ),
        (
            "\nwaivers:\n  - id: CVE-1\n    reason: x\n    expires: tomorrow\n",
            "file:3: 'tomorrow' is no date such as 2026-12-31",
        ),
    ] {
        assert_eq!(read(Form::Plimsoll, text).unwrap_err(), message);
    }
    assert!(read(Form::Plimsoll, "waiver:\n  - id: CVE-1\n").unwrap_err().starts_with("file:1: "));
    assert!(read(Form::Plimsoll, "policy:\n  severity: high\n").unwrap().list().is_empty());
}

/// An active waiver counts, whether an expired one for the same finding comes before it or behind it.
#[test]
fn a_waiver_that_holds_goes_before_one_that_expired() {
    let text = "CVE-2023-3817 exp:2020-01-01\nCVE-2023-3817 exp:2030-01-01\n";
    let (target, verdict) = waived(Form::TrivyIgnore, text);
    assert_eq!(target.suppressed.len(), 1);
    assert_eq!(verdict.violations().count(), 0);
    assert_eq!(verdict.notes, ["file:1: the waiver for CVE-2023-3817 covers no finding"]);
}

#[test]
fn forms_are_told_apart() {
    for (name, text, form) in [
        (".trivyignore", "CVE-1", Form::TrivyIgnore),
        ("a/.trivyignore.yaml", "vulnerabilities:", Form::TrivyIgnoreYaml),
        (".grype.yaml", "", Form::Grype),
        (".plimsoll.yaml", "", Form::Plimsoll),
        ("ignore.txt", "CVE-1", Form::TrivyIgnore),
        ("scan.yml", "a: b\nignore:\n  - vulnerability: x", Form::Grype),
        ("scan.yml", "waivers: []", Form::Plimsoll),
        ("scan.yml", "vulnerabilities: []", Form::TrivyIgnoreYaml),
    ] {
        assert_eq!(Form::of(name, text.as_bytes()), form, "{name}");
    }
}

/// No beginning of a file, and no byte changed in it, does harm.
#[test]
fn damaged_files_are_refused_or_read() {
    let samples = [
        (Form::TrivyIgnore, "# x\nCVE-2023-1 exp:2030-01-01 # y\n"),
        (
            Form::TrivyIgnoreYaml,
            "vulnerabilities:\n  - id: CVE-1\n    paths: ['**/a']\n    purls: ['pkg:deb/debian/a@1?arch=x#b']\n",
        ),
        (Form::Grype, "ignore:\n  - vulnerability: CVE-1\n    package: {name: 'a.*', location: '/**'}\n"),
        (Form::Plimsoll, "waivers:\n  - id: CVE-1\n    reason: x\n    expires: 2030-01-01\n"),
    ];
    for (form, text) in samples {
        for end in 0..text.len() {
            let _ = read(form, &text[..end]);
            let mut bytes = text.as_bytes().to_vec();
            bytes[end] = 0xff;
            assert!(Waivers::default().read(form, "file", &bytes).is_err());
        }
    }
    let large = vec![b'#'; (4 << 20) + 1];
    assert!(matches!(
        Waivers::default().read(Form::TrivyIgnore, "file", &large),
        Err(plimsoll_policy::PolicyError::TooLarge { .. })
    ));
}
