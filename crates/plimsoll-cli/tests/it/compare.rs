//! `plimsoll compare`: the reports of four scanners, the selection matrix, and what becomes of files that are neither.

use std::path::Path;

use crate::place::{DATABASE, Place};
use crate::samples::demo_place;

/// A selection matrix as people write it.
const MATRIX: &str = "\
criteria:
  - {name: 扫描速度, weight: 0.3, scores: {Trivy: 9, Clair: 7, Anchore: 6}}
  - {name: CVE覆盖, weight: 0.4, scores: {Trivy: 8, Clair: 9, Anchore: 8}}
  - {name: 集成难度, weight: 0.3, scores: {Trivy: 9, Clair: 6, Anchore: 7}}
";

const REPORTS: [&str; 4] = ["plimsoll.json", "trivy.json", "grype.json", "clair.json"];

/// A place with the four reports of the library's fixtures and the matrix.
fn place() -> Place {
    let place = Place::without_database();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plimsoll-compare/tests/fixtures/web");
    for name in REPORTS {
        place.write(name, std::fs::read(folder.join(name)).unwrap());
    }
    place.write("matrix.yaml", MATRIX);
    place
}

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["compare"], &REPORTS[..], more].concat()
}

// By hand: Trivy 0.3·9 + 0.4·8 + 0.3·9 = 8.6, Clair 0.3·7 + 0.4·9 + 0.3·6 = 7.5, Anchore 0.3·6 + 0.4·8 + 0.3·7 = 7.1.
#[test]
fn the_matrix_is_weighed_beside_the_reports() {
    let place = place();
    let times = ["--matrix", "matrix.yaml", "--time", "trivy=12.5", "--time", "Anchore=30s"];
    let run = place.run(&with(&[&times[..], &["--format", "json"]].concat())).code(0).silent();
    let document = run.json();
    let scanners = document["matrix"]["scanners"].as_array().unwrap();
    let totals: Vec<_> = scanners
        .iter()
        .map(|s| (s["name"].as_str().unwrap(), s["total"].as_f64().unwrap(), s["rank"].as_u64().unwrap()))
        .collect();
    assert_eq!(totals, [("Trivy", 8.6, 1), ("Clair", 7.5, 2), ("Anchore", 7.1, 3)]);
    assert_eq!(scanners[2]["report"], "Grype");
    let speed = &document["matrix"]["criteria"][0];
    assert_eq!((speed["name"].as_str(), speed["measurement"].as_str()), (Some("扫描速度"), Some("seconds")));
    assert_eq!(speed["scores"][0]["measured"], 12.5);
    assert_eq!(speed["scores"][2]["measured"], 30.0);
    // 13 and 9 of 15 pairs.
    let coverage = &document["matrix"]["criteria"][1]["scores"];
    assert_eq!((&coverage[0]["measured"], &coverage[1]["measured"]), (&0.8667.into(), &0.6.into()));
    place.run(&with(&times)).code(0).silent().matches("compare-matrix");
}

#[test]
fn a_matrix_alone_is_weighed() {
    let place = place();
    let run = place.run(&["compare", "--matrix", "matrix.yaml"]).code(0).silent();
    let total = run.stdout.lines().find(|line| line.starts_with("TOTAL")).unwrap();
    assert_eq!(total.split_whitespace().collect::<Vec<_>>(), ["TOTAL", "8.6", "7.5", "7.1"]);
    run.matches("compare-matrix-alone");
    // The same weights, written otherwise.
    place.write("tens.yaml", MATRIX.replace("0.3,", "3,").replace("0.4,", "4,"));
    let run = place.run(&["compare", "--matrix", "tens.yaml"]).code(0).silent();
    assert!(
        run.stdout.contains("8.6") && run.stdout.contains("note: the weights sum to 10"),
        "{}",
        run.stdout
    );
}

#[test]
fn differences_alone() {
    let place = place();
    let all = place.run(&with(&[])).code(0).silent().stdout;
    let differences = place.run(&with(&["--only-differences"])).code(0).silent();
    assert!(all.contains("CVE-2024-28085") && !differences.stdout.contains("CVE-2024-28085"));
    differences.matches("compare-differences");
}

#[test]
fn other_images_are_warned_of() {
    let place = place();
    let report = std::fs::read_to_string(place.path("trivy.json")).unwrap();
    place.write(
        "other.json",
        report.replace("web:1.4", "api:2.0").replace(&"03".repeat(32), &"aa".repeat(32)),
    );
    let run = place.run(&["compare", "grype.json", "other.json"]).code(0);
    run.says(&[
        "warning: Grype and Trivy are about images with different digests",
        "targets with different names",
    ]);
}

#[test]
fn reports_that_plimsoll_writes_can_be_compared() {
    let place = demo_place();
    let scan = [
        "scan",
        "demo.tar",
        "--db",
        DATABASE,
        "--no-cache",
        "-o",
        "json=own.json",
        "-o",
        "cyclonedx=own.cdx",
    ];
    place.run(&scan).code(0);
    let findings = findings(&std::fs::read(place.path("own.json")).unwrap());
    let run = place.run(&["compare", "own.json", "own.cdx", "--format", "json"]).code(0).silent();
    let document = run.json();
    let pairs = document["pairs"].as_array().unwrap();
    assert!(findings > 0 && pairs.len() == findings, "{pairs:#?}");
    assert!(pairs.iter().all(|pair| pair["foundBy"] == 2 && pair["differs"] == false), "{pairs:#?}");
    assert_eq!(document["reports"][0]["packages"], document["reports"][1]["packages"]);
}

fn findings(report: &[u8]) -> usize {
    let report: serde_json::Value = serde_json::from_slice(report).unwrap();
    report["targets"][0]["findings"].as_array().unwrap().len()
}

// Expected: docs/schemas/report-v1.schema.json.
#[test]
fn the_fixture_of_our_own_form_is_what_its_schema_says() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas/report-v1.schema.json");
    let schema: serde_json::Value = serde_json::from_slice(&std::fs::read(schema).unwrap()).unwrap();
    let report = serde_json::from_slice(&std::fs::read(place().path("plimsoll.json")).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&report)
        .map(|error| format!("{}: {error:.200}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn files_that_cannot_be_used() {
    let place = place();
    place.write("cut.json", &std::fs::read(place.path("clair.json")).unwrap()[..500]);
    place.write("other.json", "{\"a\": 1}");
    place.write("text.yaml", "criteria: many\n");
    place.write("weightless.yaml", "criteria: [{name: x, weight: 0, scores: {Trivy: 1}}]\n");
    place.write("twice.yaml", "criteria: [{name: x, weight: 1, scores: {Trivy: 1, Trivy: 2}}]\n");
    for (arguments, code, parts) in [
        (&["trivy.json", "missing.json"][..], 4, &["missing.json", "No such file"][..]),
        (&["trivy.json", "cut.json"], 4, &["cut.json: not JSON: EOF"]),
        (
            &["trivy.json", "other.json"],
            4,
            &["other.json: not a report that can be compared; there is Clair JSON"],
        ),
        (&["trivy.json", "."], 4, &["cannot read ."]),
        (&["--matrix", "missing.yaml"], 4, &["missing.yaml"]),
        (&["--matrix", "text.yaml"], 2, &["the matrix text.yaml is not valid"]),
        (&["--matrix", "weightless.yaml"], 2, &["weightless.yaml: the weights of the matrix sum to 0"]),
        (&["--matrix", "twice.yaml"], 2, &["the matrix twice.yaml is not valid"]),
        (&["trivy.json"], 2, &["name two or more"]),
        (&[], 2, &["REPORT"]),
        (&["trivy.json", "grype.json", "--time", "trivy"], 2, &["expected a report's name, = and seconds"]),
        (
            &["trivy.json", "grype.json", "--time", "clair=3"],
            2,
            &["--time names 'clair'; there is Trivy, Grype"],
        ),
    ] {
        let run = place.run(&[&["compare"], arguments].concat()).code(code).says(parts);
        assert_eq!(run.stdout, "", "{arguments:?}");
    }
}
