//! The configuration file, the environment, and which of them comes first.

use crate::place::{DATABASE, Place, Run, findings};
use crate::samples::demo_place;

fn run(place: &Place, environment: &[(&str, &str)], arguments: &[&str]) -> Run {
    let first = ["scan", "demo.tar", "--db", DATABASE, "--no-cache"];
    let mut command = place.command(&[&first[..], arguments].concat());
    command.envs(environment.iter().copied());
    place.run_with(command, b"")
}

fn count(run: Run) -> usize {
    findings(&run.code(0).silent().json()).len()
}

#[test]
fn command_line_before_environment_before_file() {
    let place = demo_place();
    let json = ["--format", "json"];
    assert_eq!(count(run(&place, &[], &json)), 6);
    place.write("plimsoll.yaml", "severity: [critical]\nformat: json\n");
    assert_eq!(count(run(&place, &[], &[])), 1);
    let low = findings(&run(&place, &[("PLIMSOLL_SEVERITY", "low")], &[]).code(0).json());
    assert_eq!(low, ["Capstan 2.10 CVE-2099-1002"]);
    let high =
        findings(&run(&place, &[("PLIMSOLL_SEVERITY", "low")], &["--severity", "high"]).code(0).json());
    assert_eq!(high, ["hawser 3.0.1 CVE-2099-1004"]);
    assert_eq!(count(run(&place, &[("PLIMSOLL_SEVERITY", "low,high")], &[])), 2);
}

#[test]
fn every_form_of_value() {
    let place = demo_place();
    for (text, expected) in [
        ("format: json", 6),
        ("format: \"json\"\nseverity: high\n", 1),
        ("format: json\nseverity:\n  - high\n  - critical\n", 2),
        ("format: json\nseverity: critical,high\n", 2),
        ("format: json\nignore-unfixed: true\n", 5),
        ("format: json\nignore-unfixed: false\n", 6),
        ("format: json\nignore-unfixed: yes\n", 5),
        ("format: json\nseverity: critical, high\n", 2),
        ("format: json\nskip-dirs: [app, usr]\n", 2),
        ("# only a remark\nformat: json\nparallel: 1\n", 6),
        ("mirrors: {}\nformat: json\n", 6),
    ] {
        place.write("plimsoll.yaml", text);
        assert_eq!(count(run(&place, &[], &[])), expected, "{text}");
    }
    for text in ["", "\n", "# only a remark\n"] {
        place.write("plimsoll.yaml", text);
        assert_eq!(count(run(&place, &[], &["--format", "json"])), 6, "{text:?}");
    }
    place.write("plimsoll.yaml", "exit-code: 7\n");
    run(&place, &[], &[]).code(7);
    run(&place, &[("PLIMSOLL_EXIT_CODE", "8")], &[]).code(8);
    run(&place, &[("PLIMSOLL_EXIT_CODE", "8")], &["--exit-code", "9"]).code(9);
}

#[test]
fn flags_in_the_environment() {
    let place = demo_place();
    for (name, value, expected) in [
        ("PLIMSOLL_IGNORE_UNFIXED", "true", 5),
        ("PLIMSOLL_IGNORE_UNFIXED", "false", 6),
        ("PLIMSOLL_IGNORE_UNFIXED", "1", 5),
        ("PLIMSOLL_IGNORE_UNFIXED", "no", 6),
        // Set to nothing is not set.
        ("PLIMSOLL_IGNORE_UNFIXED", "", 6),
        ("PLIMSOLL_SEVERITY", "", 6),
        ("PLIMSOLL_EXIT_CODE", "", 6),
        ("PLIMSOLL_SEVERITY", "critical, high", 2),
        ("PLIMSOLL_SKIP_DIRS", "app,usr", 2),
        ("PLIMSOLL_SKIP_FILES", "**/package.json", 5),
        ("PLIMSOLL_OUTPUT", "json", 6),
        // Not a flag's name: other programs' business.
        ("PLIMSOLL_TEST_DATA", "/nowhere", 6),
    ] {
        let arguments: &[&str] = if name == "PLIMSOLL_OUTPUT" { &[] } else { &["--format", "json"] };
        assert_eq!(count(run(&place, &[(name, value)], arguments)), expected, "{name}={value}");
    }
    run(&place, &[("PLIMSOLL_SEVERITY", "severe")], &[]).code(2).matches("environment-severity");
}

#[test]
fn a_file_named_by_the_user() {
    let place = demo_place();
    place.write("plimsoll.yaml", "severity: [nonsense]\n");
    place.write("conf/other.yaml", "format: json\nseverity: [critical]\n");
    assert_eq!(count(run(&place, &[], &["--config", "conf/other.yaml"])), 1);
    assert_eq!(count(run(&place, &[("PLIMSOLL_CONFIG", "conf/other.yaml")], &[])), 1);
    run(&place, &[], &["--config", "missing.yaml"]).code(2).matches("config-missing");
}

#[test]
fn files_that_are_not_understood() {
    let place = demo_place();
    for (name, text) in [
        ("config-unknown-key", "sevirity: [high]\n"),
        ("config-unknown-value", "severity: [severe]\n"),
        ("config-not-yaml", "severity: [high\n"),
        ("config-a-list", "- severity\n"),
        ("config-names-another", "config: other.yaml\n"),
        ("config-nested", "severity: {high: true}\n"),
        ("config-mirrors", "mirrors: [a, b]\n"),
        ("config-bool", "ignore-unfixed: perhaps\n"),
    ] {
        place.write("plimsoll.yaml", text);
        let run = run(&place, &[], &[]).code(2);
        assert_eq!(run.stdout, "", "{name}");
        crate::place::snapshot(&format!("{name}.txt"), &run.plain(&run.stderr));
    }
    place.write("plimsoll.yaml", b"\xff\xfe");
    run(&place, &[], &[]).code(2).says(&["plimsoll.yaml"]);
    place.write("plimsoll.yaml", "#".repeat((1 << 20) + 1));
    run(&place, &[], &[]).code(2).says(&["plimsoll.yaml", "larger than"]);
    // Only scan reads it.
    place.run(&["list", "formats"]).code(0).silent();
}
