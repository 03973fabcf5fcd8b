//! Waivers, VEX and policies on the command line: which files are read, what they do to the report, how a run ends.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plimsoll_test::registry::FakeRegistry;
use serde_json::{Value, json};

use crate::place::{DATABASE, Place, Run, findings};
use crate::samples::{DEMO, demo_place, image};

fn scan(place: &Place, arguments: &[&str]) -> Run {
    let first = ["scan", "demo.tar", "--db", DATABASE, "--no-cache"];
    place.run(&[&first[..], arguments].concat())
}

fn json(place: &Place, arguments: &[&str]) -> Value {
    scan(place, &[arguments, &["--format", "json", "--show-suppressed"]].concat()).code(0).json()
}

/// `id: by origin` of what is held back.
fn held(report: &Value) -> Vec<String> {
    let mut lines: Vec<String> = report["targets"][0]["suppressed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|held| {
            let text = |pointer: &str| held.pointer(pointer).unwrap().as_str().unwrap();
            format!("{}: {} {}", text("/finding/vulnerability/id"), text("/by"), text("/origin"))
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn files_of_waivers_in_the_working_directory_are_read() {
    let place = demo_place();
    place.write(".trivyignore", "# Not reachable\nCVE-2099-1001\nCVE-2001-1\n");
    place.write(".trivyignore.yaml", "vulnerabilities:\n  - id: CVE-2099-1002\n    statement: fine\n");
    place.write(".grype.yaml", "ignore:\n  - package: {name: bollard}\n");
    place.write(
        ".plimsoll.yaml",
        "waivers:\n  - package: hawser\n    reason: build only\n    expires: 2024-01-01\n",
    );
    let run = scan(&place, &["--format", "json", "--show-suppressed"]).code(0);
    let report = run.json();
    assert_eq!(
        held(&report),
        [
            "CVE-2099-1001: waiver .trivyignore:2",
            "CVE-2099-1002: waiver .trivyignore.yaml:2",
            "CVE-2099-1003: waiver .grype.yaml:2",
            "CVE-2099-1004: waiver .plimsoll.yaml:2",
        ]
    );
    assert_eq!(findings(&report).len(), 2);
    assert_eq!(report["summary"]["suppressed"], 4);
    run.says(&[
        "note: 2 waivers from .trivyignore\n",
        "note: 1 waiver from .trivyignore.yaml\n",
        "note: 1 waiver from .grype.yaml\n",
        "note: 1 waiver from .plimsoll.yaml\n",
        "note: .trivyignore:3: the waiver for CVE-2001-1 covers no finding\n",
    ]);
    scan(&place, &["--quiet"]).code(0).silent();
    scan(&place, &["--show-suppressed"]).code(0).matches("show-suppressed");
    // What is held back is counted, and shown on request only.
    let report = scan(&place, &["--quiet", "--format", "json"]).code(0).json();
    assert_eq!(
        (report["summary"]["suppressed"].as_u64(), report["targets"][0].get("suppressed")),
        (Some(4), None)
    );
    // Those that are named are read instead.
    place.write("other", "CVE-2099-1004\n");
    let report = json(&place, &["--quiet", "--ignorefile", "other"]);
    assert_eq!(held(&report), ["CVE-2099-1004: waiver other:1"]);
}

#[test]
fn an_expired_waiver_fails() {
    let place = demo_place();
    place.write(".trivyignore", "CVE-2099-1001 exp:2023-01-01\n");
    let run = scan(&place, &["--format", "json"]).code(1);
    assert_eq!(findings(&run.json()).len(), 6);
    run.says(&["policy: demo.tar: the waiver for CVE-2099-1001 (.trivyignore:1) expired on 2023-01-01; 1 finding is here again\n"]);
    scan(&place, &["--exit-code", "7"]).code(7);
    scan(&place, &["--exit-code", "0"]).code(0);
    place.write("p.yaml", "expiredWaivers: {exitCode: 0}\n");
    scan(&place, &["--policy", "p.yaml"]).code(0);
    place.write(".trivyignore", "CVE-2001-1 exp:2023-01-01\n");
    scan(&place, &[]).code(0).says(&["covers no finding"]);
}

#[test]
fn policies_decide_how_a_run_ends() {
    let place = demo_place();
    let kev = "rules:\n  - name: no-npm\n    expression: finding.package.ecosystem == 'npm'\n    reason: not here\n    exitCode: 9\n";
    for (policy, arguments, code) in [
        ("severity: critical", &[][..], 1),
        ("severity: critical", &["--exit-code", "6"], 6),
        ("severity: {limit: critical, exitCode: 4}", &["--exit-code", "6"], 4),
        ("severity: critical\nignoreStatus: [fixed]", &[], 0),
        ("maxRisk: 20", &["--exit-code", "6"], 0),
        ("maxRisk: 1", &[], 1),
        (kev, &[], 9),
        (kev, &["--severity", "low"], 0),
        ("", &["--max-risk", "20"], 0),
        ("", &["--max-risk", "1", "--exit-code", "8"], 8),
        ("", &["--fail-on-kev"], 0),
        // Support for Alpine 3.7 ended in 2019.
        ("", &["--exit-on-eol", "5"], 5),
        ("", &["--fail-on", "high"], 1),
        ("", &["--fail-on", "high", "--ignore-status", "fixed"], 0),
    ] {
        place.write("p.yaml", policy);
        scan(&place, &[&["--quiet", "--policy", "p.yaml"], arguments].concat()).code(code);
    }
    place.write("p.yaml", kev);
    scan(&place, &["--policy", "p.yaml"]).matches("policy-rule");
    // Without a file the policy is where the project keeps it.
    place.write(".plimsoll.yaml", "policy:\n  severity: {limit: critical, exitCode: 3}\n");
    scan(&place, &[]).code(3).says(&["note: the policy is from .plimsoll.yaml\n"]);
    place.write("plimsoll.yaml", "policy:\n  severity: {limit: critical, exitCode: 4}\n");
    scan(&place, &["--quiet"]).code(3);
    fs::remove_file(place.path(".plimsoll.yaml")).unwrap();
    scan(&place, &["--quiet"]).code(4);
    place.write("plimsoll.yaml", "policy: p.yaml\n");
    scan(&place, &["--quiet"]).code(9);
    for (policy, name) in [
        ("severity: dreadful\n", "policy-bad-word"),
        ("rules:\n  - name: a\n    expression: finding.id ==\n", "policy-bad-rule"),
    ] {
        place.write("p.yaml", policy);
        scan(&place, &["--policy", "p.yaml"]).code(2).matches(name);
    }
    fs::remove_file(place.path("plimsoll.yaml")).unwrap();
    scan(&place, &["--policy", "missing.yaml"]).code(2).says(&["missing.yaml"]);
    scan(&place, &["--ignorefile", "missing"]).code(2).says(&["missing"]);
    scan(&place, &["--ignore-status", "broken"]).code(2).says(&["expected one of affected"]);
}

#[test]
fn findings_are_sorted_as_asked() {
    let place = demo_place();
    let order = |arguments: &[&str]| -> Vec<String> {
        let report = scan(&place, &[arguments, &["--format", "json"]].concat()).code(0).json();
        let findings = report["targets"][0]["findings"].as_array().unwrap().iter();
        findings.map(|finding| finding["vulnerability"]["severity"].as_str().unwrap().to_owned()).collect()
    };
    let by_severity = order(&["--sort", "severity"]);
    assert!(by_severity.windows(2).all(|pair| {
        let place = |word: &String| {
            ["critical", "high", "medium", "low", "negligible", "unknown"].iter().position(|w| w == word)
        };
        place(&pair[0]) <= place(&pair[1])
    }));
    // Nobody says how bad the one in musl is, which counts for more than "low".
    let report = scan(&place, &["--format", "json"]).code(0).json();
    let scores: Vec<f64> = report["targets"][0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["risk"]["score"].as_f64().unwrap())
        .collect();
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    assert!(report["targets"][0]["risk"].as_f64().unwrap() >= scores[0]);
}

fn openvex_of(product: &str, id: &str) -> String {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": format!("https://example.org/{id}"),
        "author": "Example",
        "timestamp": "2023-01-01T00:00:00Z",
        "version": 1,
        "statements": [{
            "vulnerability": {"name": id},
            "products": [{"@id": product}],
            "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
        }],
    })
    .to_string()
}

#[test]
fn vex_comes_from_files_folders_and_repositories() {
    let place = demo_place();
    place.write("doc.json", openvex_of("pkg:npm/hawser", "CVE-2099-1004"));
    let id = "(https://example.org/CVE-2099-1004)";
    assert_eq!(
        held(&json(&place, &["--vex", "doc.json"])),
        [format!("CVE-2099-1004: vex_not_affected doc.json {id}")]
    );
    place.write("vex/a/one.json", openvex_of("pkg:npm/hawser", "CVE-2099-1004"));
    place.write("vex/two.json", openvex_of("pkg:pypi/bollard", "CVE-2099-1003"));
    place.write("vex/readme.txt", "no document");
    assert_eq!(held(&json(&place, &["--vex", "vex"])).len(), 2);
    // A repository: only what is about the image's packages is read.
    let index = json!({"updated_at": "2024-07-23T02:17:00Z", "packages": [
        {"id": "pkg:npm/hawser", "location": "pkg/npm/hawser/vex.json", "format": "openvex"},
        {"id": "pkg:npm/other", "location": "pkg/npm/other/vex.json", "format": "openvex"},
    ]});
    place.write("hub/vex-repository.json", "{\"name\": \"Hub\", \"versions\": []}");
    place.write("hub/0.1/index.json", index.to_string());
    place.write("hub/0.1/pkg/npm/hawser/vex.json", openvex_of("pkg:npm/hawser", "CVE-2099-1004"));
    place.write("hub/0.1/pkg/npm/other/vex.json", "not JSON");
    let expected = [format!("CVE-2099-1004: vex_not_affected hub/0.1/pkg/npm/hawser/vex.json {id}")];
    assert_eq!(held(&json(&place, &["--vex", "hub"])), expected);
    assert_eq!(held(&json(&place, &["--vex", "hub", "--vex", "vex/two.json"])).len(), 2);
    scan(&place, &["--vex", "repo"]).code(2).says(&["no VEX repository is installed in "]);
    place.write("cache/vex/hub/index.json", index.to_string());
    place.write("cache/vex/hub/pkg/npm/hawser/vex.json", openvex_of("pkg:npm/hawser", "CVE-2099-1004"));
    assert_eq!(held(&json(&place, &["--vex", "repo", "--cache-dir", "cache"])).len(), 1);
    for (location, says) in [("../../doc.json", "leads out of it"), ("missing.json", "which is not there")] {
        let index = json!({"packages": [{"id": "pkg:npm/hawser", "location": location}]});
        place.write("cache/vex/hub/index.json", index.to_string());
        scan(&place, &["--vex", "repo", "--cache-dir", "cache"]).code(2).says(&[says]);
    }
    scan(&place, &["--vex", "missing.json"]).code(2).says(&["missing.json"]);
    place.write("bad.json", "{");
    scan(&place, &["--vex", "bad.json"]).code(4).says(&["cannot read the VEX document bad.json"]);
    scan(&place, &["--vex", "oci"]).code(0).says(&["--vex oci is for images from a registry"]);
}

#[test]
fn vex_that_is_attached_to_an_image_is_found() {
    let place = Place::new();
    let fake = FakeRegistry::start().unwrap();
    let layers: Vec<Vec<u8>> = image(DEMO).layers.into_iter().map(|layer| layer.tar).collect();
    let parts: Vec<&[u8]> = layers.iter().map(Vec::as_slice).collect();
    let digest = fake.put_image("team/app", Some("1.0"), "amd64", &parts);
    let name = format!("{}/team/app:1.0", fake.host());
    let arguments = [
        "scan",
        &name,
        "--db",
        DATABASE,
        "--no-cache",
        "--format",
        "json",
        "--show-suppressed",
        "--vex",
        "oci",
    ];
    assert_eq!(held(&place.run(&arguments).code(0).json()), [""; 0]);

    // An attestation under cosign's tag, and a document in the list of referrers.
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://openvex.dev/ns/v0.2.0",
        "subject": [{"name": "team/app", "digest": {"sha256": "x"}}],
        "predicate": serde_json::from_str::<Value>(&openvex_of("pkg:npm/hawser", "CVE-2099-1004")).unwrap(),
    });
    let envelope = json!({
        "payloadType": "application/vnd.in-toto+json",
        "payload": STANDARD.encode(statement.to_string()),
        "signatures": [],
    })
    .to_string();
    let tag = format!("{}.att", digest.to_string().replace(':', "-"));
    let kind = "application/vnd.dsse.envelope.v1+json";
    let attestation = fake.put_artifact("team/app", Some(&tag), "", (kind, envelope.as_bytes()), None);
    let plain = openvex_of(&format!("pkg:oci/app@{digest}"), "CVE-2099-1003");
    let layer = ("application/openvex+json", plain.as_bytes());
    let document = fake.put_artifact("team/app", None, "application/vnd.openvex+json", layer, Some(&digest));
    fake.list_referrers(10);
    assert_eq!(
        held(&place.run(&arguments).code(0).silent().json()),
        [
            format!(
                "CVE-2099-1003: vex_not_affected attached to the image ({document}) (https://example.org/CVE-2099-1003)"
            ),
            format!(
                "CVE-2099-1004: vex_not_affected attached to the image ({attestation}) (https://example.org/CVE-2099-1004)"
            ),
        ]
    );
    // What is told of it as VEX takes away the same from the image, and nothing from another.
    for format in ["openvex", "csaf-vex"] {
        let first = ["scan", &name, "--db", DATABASE, "--no-cache"];
        let more = ["--vex", "oci", "--format", format, "--output", "back.json"];
        place.run(&[&first[..], &more].concat()).code(0);
        let more = ["--vex", "back.json", "--format", "json", "--show-suppressed"];
        assert_eq!(held(&place.run(&[&first[..], &more].concat()).code(0).json()).len(), 2, "{format}");
        fake.put_image("team/other", Some("1.0"), "amd64", &parts);
        let other = format!("{}/team/other:1.0", fake.host());
        let first = ["scan", &other, "--db", DATABASE, "--no-cache"];
        assert_eq!(held(&place.run(&[&first[..], &more].concat()).code(0).json()), [""; 0], "{format}");
    }
}

#[test]
fn what_is_held_back_is_told_as_vex() {
    let place = demo_place();
    place.write(".trivyignore", "CVE-2099-1001 # not reachable\n");
    let openvex = scan(&place, &["--quiet", "--format", "openvex"]).code(0).json();
    assert_eq!(openvex["statements"].as_array().unwrap().len(), 1);
    assert_eq!(openvex["statements"][0]["status"], "affected");
    let csaf = scan(&place, &["--quiet", "--format", "csaf-vex"]).code(0).json();
    assert_eq!(csaf["vulnerabilities"][0]["cve"], "CVE-2099-1001");
    // What was written is read again, and takes away the same.
    place.write(".trivyignore", "");
    place.write("doc.json", openvex_of("pkg:npm/hawser", "CVE-2099-1004"));
    for format in ["openvex", "csaf-vex"] {
        let written = scan(&place, &["--vex", "doc.json", "--format", format]).code(0).stdout;
        place.write("back.json", written);
        let report = json(&place, &["--vex", "back.json"]);
        assert_eq!(held(&report).len(), 1, "{format}");
        let reason = &report["targets"][0]["suppressed"][0]["reason"];
        assert_eq!(reason, "vulnerable_code_not_in_execute_path", "{format}");
    }
}

#[test]
fn policies_are_tried_on_saved_reports() {
    let place = demo_place();
    scan(&place, &["--format", "json", "--output", "report.json"]).code(0);
    let test = |policy: &str, arguments: &[&str]| {
        place.write("p.yaml", policy);
        place.run(&[&["policy", "test", "--policy", "p.yaml", "report.json"], arguments].concat())
    };
    test("severity: critical\nendOfLife: true\n", &[]).code(1).silent().matches("policy-test-denied");
    test("severity: {limit: critical, exitCode: 7}\n", &[]).code(7);
    test("severity: critical\n", &["--exit-code", "9"]).code(9);
    let ignoring = "severity: critical\nrules:\n  - name: old\n    expression: finding.severity == 'critical'\n    action: ignore\n";
    test(ignoring, &[]).code(0).silent().matches("policy-test-allowed");
    place.write("ignore", "CVE-2099-1001\nCVE-2099-9999\n");
    test("severity: critical\n", &["--ignorefile", "ignore"]).code(0);
    // As the scan itself ends.
    scan(&place, &["--policy", "p.yaml"]).code(1);
    place.write("report.json", "{}");
    test("", &[]).code(4).says(&["cannot read report.json"]);
}
