//! Help, completions, and the commands that look nothing up in an image.

use std::time::{Duration, Instant};

use crate::place::{Place, Run};

fn compare(scheme: &str, input: &str) -> Run {
    let place = Place::without_database();
    let command = place.command(&["compare-versions", scheme]);
    place.run_with(command, input.as_bytes())
}

#[test]
fn help() {
    let place = Place::without_database();
    for (name, arguments, code) in [
        ("help", &["--help"][..], 0),
        ("help-none", &[], 2),
        ("help-scan-short", &["scan", "-h"], 0),
        ("help-scan", &["scan", "--help"], 0),
        ("help-db", &["db", "--help"], 0),
        ("help-db-update", &["db", "update", "--help"], 0),
        ("help-db-import", &["db", "import", "--help"], 0),
        ("help-db-push", &["db", "push", "--help"], 0),
        ("help-db-search", &["db", "search", "--help"], 0),
        ("help-db-diff", &["db", "diff", "--help"], 0),
        ("help-db-export", &["db", "export", "--help"], 0),
        ("help-db-build", &["db", "build", "--help"], 0),
        ("help-db-status", &["db", "status", "--help"], 0),
        ("help-db-verify", &["db", "verify", "--help"], 0),
        ("help-compare", &["compare", "--help"], 0),
        ("help-policy", &["policy", "--help"], 0),
        ("help-policy-test", &["policy", "test", "--help"], 0),
        ("help-query", &["query", "--help"], 0),
        ("help-cis", &["cis", "--help"], 0),
        ("help-compare-versions", &["compare-versions", "--help"], 0),
        ("help-list", &["list", "--help"], 0),
        ("help-explain", &["explain", "--help"], 0),
        ("help-completion", &["completion", "--help"], 0),
    ] {
        let mut command = place.command(arguments);
        command.env_remove("PLIMSOLL_SKIP_DB_UPDATE");
        place.run_with(command, b"").code(code).matches(name);
    }
    let version = place.run(&["--version"]).code(0).silent();
    assert_eq!(version.stdout, format!("plimsoll {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_command_lines() {
    let place = Place::without_database();
    for (name, arguments) in [
        ("usage-unknown-command", &["scam"][..]),
        ("usage-unknown-flag", &["scan", "x.tar", "--sevirity", "high"]),
        ("usage-no-target", &["scan"]),
        ("usage-severity", &["scan", "x.tar", "--severity", "severe"]),
        ("usage-fail-on", &["scan", "x.tar", "--fail-on", "worst"]),
        ("usage-exit-code", &["scan", "x.tar", "--exit-code", "256"]),
        ("usage-platform", &["scan", "x.tar", "--platform", "linux/amd64/v8/x"]),
        ("usage-timeout", &["scan", "x.tar", "--timeout", "soon"]),
        ("usage-format", &["scan", "x.tar", "--format", "xml"]),
        ("usage-output", &["scan", "x.tar", "--output", "json="]),
        ("usage-output-twice", &["scan", "x.tar", "-o", "json=a", "-o", "table=a"]),
        ("usage-skip-dirs", &["scan", "x.tar", "--skip-dirs", "../etc"]),
        ("usage-password", &["scan", "x", "--password", "p"]),
        ("usage-username", &["scan", "x", "--username", "u"]),
        ("usage-token", &["scan", "x", "--username", "u", "--registry-token", "t"]),
        ("usage-db-build", &["db", "build"]),
        ("usage-db-push", &["db", "push"]),
        ("usage-db-max-age", &["scan", "x.tar", "--db-max-age", "old"]),
        ("usage-list", &["list", "everything"]),
        ("usage-explain", &["explain", "PRB-9999"]),
        ("usage-compare-versions", &["compare-versions", "klingon"]),
    ] {
        let mut command = place.command(arguments);
        command.env_remove("PLIMSOLL_SKIP_DB_UPDATE");
        let run = place.run_with(command, b"").code(2);
        assert_eq!(run.stdout, "", "{name}");
        run.matches(name);
    }
}

#[test]
fn registers() {
    let place = Place::without_database();
    for what in
        ["ecosystems", "distros", "analyzers", "formats", "targets", "sources", "grammars", "problems"]
    {
        let run = place.run(&["list", what]).code(0).silent();
        let ids: Vec<&str> = run.stdout.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert!(!ids.is_empty());
        for (place, id) in ids.iter().enumerate() {
            assert!(!id.is_empty() && !ids[..place].contains(id), "{what}: '{id}'");
        }
        run.matches(&format!("list-{what}"));
    }
}

#[test]
fn every_problem_is_explained() {
    let place = Place::without_database();
    let all = place.run(&["list", "problems"]).code(0).stdout;
    for line in all.lines() {
        let code = line.split(' ').next().unwrap();
        let explained = place.run(&["explain", code]).code(0).silent().stdout;
        assert!(explained.starts_with(&format!("{code}: ")) && explained.lines().count() >= 5, "{explained}");
    }
    place.run(&["explain", "prb-0001"]).code(0).matches("explain");
}

#[test]
fn completions_and_manual() {
    let place = Place::without_database();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = place.run(&["completion", shell]).code(0).silent().stdout;
        for word in ["plimsoll", "compare-versions", "fail-on", "require-complete"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let page = place.run(&["man"]).code(0).silent().stdout;
    assert!(page.contains(".TH plimsoll 1"), "{page}");
}

// Expected: Debian policy 5.6.12, PEP 440 and the manual pages of rpm; each as the real tool says it.
#[test]
fn versions_are_compared() {
    for (scheme, input, expected) in [
        ("debian", "1:1.2-3 1.3-1\n1.0~rc1 1.0\n1.0-1 1.0-1\n", ">\n<\n=\n"),
        ("deb", "1.10 1.9\n", ">\n"),
        ("dpkg", "1.10 1.9", ">\n"),
        ("DPKG", "1.0+b1 1.0\n", ">\n"),
        ("ubuntu", "0 0:0\n", "=\n"),
        ("almalinux", "1.0~1 1.0\n2:1-1 1:9-9\n", "<\n>\n"),
        ("rpm", "1.0^git1 1.0\n", ">\n"),
        ("alpine", "1.1.18-r3 1.1.18-r4\n1.2_rc1 1.2\n", "<\n<\n"),
        ("pypi", "1.0.0 1.0\n1.0.dev1 1.0a1\n1!0.1 9.9\n", "=\n<\n>\n"),
        ("npm", "1.0.0-alpha.1 1.0.0\n  1.0.0\t1.0.0  \r\n", "<\n=\n"),
        ("golang", "v1.2.3 1.2.10\n", "<\n"),
        ("maven", "1.0-rc1 1.0\n1.0.0 1\n", "<\n=\n"),
    ] {
        let run = compare(scheme, input).code(0).silent();
        assert_eq!(run.stdout, expected, "{scheme} {input:?}");
    }
    let place = Place::without_database();
    assert_eq!(place.run(&["compare-versions", "deb"]).code(0).silent().stdout, "");
}

#[test]
fn versions_that_cannot_be_compared() {
    // A question mark keeps every answer on the line of its question.
    let run = compare("debian", "1 2\n1 2 3\n1\n\n-1 x:y\n2 1\n").code(2);
    assert_eq!(run.stdout, "<\n?\n?\n?\n?\n>\n");
    run.matches("compare-versions-errors");
    let place = Place::without_database();
    let run = place
        .run_with(place.command(&["compare-versions", "pypi"]), b"1.0 \xff\n1.0 french-toast\n1.0 1.0\n");
    let run = run.code(2).says(&["line 1: not UTF-8", "line 2: "]);
    assert_eq!(run.stdout, "?\n?\n=\n");
}

#[test]
fn many_versions_are_compared_quickly() {
    const PAIRS: usize = 100_000;
    for scheme in ["dpkg", "rpm", "apk", "pep440", "semver", "maven"] {
        let input: String = (0..PAIRS).map(|n| format!("1.{}.0 1.{}.0\n", n, n + n % 2)).collect();
        let start = Instant::now();
        let run = compare(scheme, &input).code(0).silent();
        let took = start.elapsed();
        let expected: String = (0..PAIRS).map(|n| if n % 2 == 0 { "=\n" } else { "<\n" }).collect();
        assert!(run.stdout == expected, "{scheme}");
        // Without optimisation, on a busy machine; a release build takes a hundredth of it.
        assert!(took < Duration::from_secs(20), "{scheme} took {took:?}");
    }
}
