//! Findings beyond vulnerabilities, as users meet them: scanners, codes, deleted files, masks, manifests, attachments.

use plimsoll_test::registry::FakeRegistry;
use serde_json::{Value, json};

use crate::place::{DATABASE, Place};
use crate::samples::image;

/// `CLASS place` of each detection of the first target, sorted.
fn detections(report: &Value) -> Vec<String> {
    let mut all: Vec<String> = report["targets"][0]["detections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| {
            let place = &found["place"];
            let hidden = if place["hiddenBy"].is_null() { "" } else { " hidden" };
            format!("{} {}{hidden}", found["class"].as_str().unwrap(), place["name"].as_str().unwrap_or("-"))
        })
        .collect();
    all.sort();
    all
}

fn has(report: &Value, what: &str) {
    let all = detections(report);
    assert!(all.iter().any(|found| found == what), "{what} is not in {all:#?}");
}

const SCAN: &[&str] = &["--db", DATABASE, "--no-cache", "--quiet", "--format", "json", "--scanners", "all"];
/// The same with other scanners.
const SOME: &[&str] = &["--db", DATABASE, "--no-cache", "--quiet", "--format", "json"];

/// An image with a password in its history, its environment and a file that its second layer deletes.
fn leaky() -> Place {
    let place = Place::new();
    let text = "layer \"RUN |1 DB_PASSWORD=hunter2-prod-77 /bin/sh -c make\"\n\
                file root/.netrc \"machine a.example login u password Tr4kt0r-2019x\\n\"\n\
                file app/.env \"SMTP_PASSWORD=Gl4cier-Orchid-77\\n\"\n\
                layer \"RUN rm\"\n\
                whiteout root/.netrc\n";
    let run = json!({
        "Env": ["API_PASSWORD=hunter2-prod-77"],
        "Labels": {"deploy.password": "hunter2-prod-77"},
        "User": "1000",
    });
    place.archive("leaky.tar", image(text).run(run));
    place
}

#[test]
fn secrets_are_found_where_images_leak_and_shown_nowhere() {
    let place = leaky();
    let run = place.run(&[&["scan", "leaky.tar"][..], SCAN].concat()).code(0);
    let report = run.json();
    has(&report, "SEC-CREDFILE root/.netrc hidden");
    has(&report, "SEC-ENV API_PASSWORD");
    has(&report, "SEC-HISTORY 1");
    for format in ["json", "table", "sarif", "cyclonedx", "spdx-json"] {
        let first = [
            "scan",
            "leaky.tar",
            "--db",
            DATABASE,
            "--no-cache",
            "-o",
            &format!("{format}=out"),
            "--quiet",
            "--scanners",
            "all",
        ];
        place.run(&first).code(0);
        let text = std::fs::read_to_string(place.path("out")).unwrap();
        for secret in ["hunter2-prod-77", "Tr4kt0r-2019x", "Gl4cier-Orchid-77"] {
            assert!(!text.contains(secret), "{format} shows {secret}");
        }
    }
}

#[test]
fn scanners_are_switched_on_and_off() {
    let place = leaky();
    let classes = |scanners: &str| -> Vec<String> {
        let first = ["scan", "leaky.tar", "--scanners", scanners];
        detections(&place.run(&[&first[..], SOME].concat()).code(0).json())
    };
    assert_eq!(classes("vuln"), Vec::<String>::new());
    assert!(classes("secret").iter().all(|found| found.starts_with("SEC-")));
    assert!(!classes("secret").is_empty());
    assert!(classes("config").iter().all(|found| found.starts_with("CFG-") || found.starts_with("PRM-")));
    place
        .run(&["scan", "leaky.tar", "--scanners", "everything"])
        .code(2)
        .says(&["expected one of vuln, secret"]);
    // A threshold counts them, and a waiver by another tool's code takes one away.
    let first = ["scan", "leaky.tar", "--fail-on", "high", "--scanners", "secret"];
    place.run(&[&first[..], SOME].concat()).code(1);
}

#[test]
fn classes_are_listed_and_explained_by_any_of_their_names() {
    let place = Place::new();
    let listed = place.run(&["list", "rules"]).code(0);
    let count = listed.stdout.lines().count();
    assert!(count >= 60, "{count} classes");
    for name in
        ["CFG-ROOT", "cis-di-0001", "DL3002", "AVD-DS-0002", "SEC-TOKEN/github-pat", "RUN-PRIV", "MAL-YARA"]
    {
        let explained = place.run(&["explain", name]).code(0);
        for word in ["severity", "found by", "What to do:"] {
            assert!(explained.stdout.contains(word), "{name}: {}", explained.stdout);
        }
    }
    place.run(&["explain", "CFG-NOTHING"]).code(2);
}

#[test]
fn manifests_and_build_files_are_targets() {
    let place = Place::new();
    place.write(
        "deploy/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n    image: a:1\n    securityContext: {privileged: true}\n",
    );
    place.write(
        "deploy/Dockerfile",
        "FROM debian:12\nRUN curl -fsSL https://example.org/i.sh | sh\nUSER root\n",
    );
    place.write("deploy/compose.yaml", "services:\n  web:\n    image: a:1\n    network_mode: host\n");
    let report = place.run(&[&["scan", "deploy"][..], SCAN].concat()).code(0).json();
    has(&report, "RUN-PRIV pod.yaml");
    has(&report, "CFG-PIPESH Dockerfile");
    has(&report, "CFG-ROOT Dockerfile");
    has(&report, "RUN-NS compose.yaml");
    // One file by itself.
    let report = place.run(&[&["scan", "deploy/Dockerfile"][..], SCAN].concat()).code(0).json();
    has(&report, "CFG-PIPESH Dockerfile");
    assert!(!detections(&report).iter().any(|found| found.contains("pod.yaml")));
}

#[test]
fn rules_of_the_user_are_used_and_wrong_ones_are_told() {
    let place = Place::new();
    place.write("tree/notes.txt", "ticket ACME-11111111-key\n");
    let rule = "[[rule]]\nid = \"acme-key\"\nclass = \"SEC-TOKEN\"\ntitle = \"ACME key\"\nkeywords = [\"ACME-\"]\n\
                pattern = '''\\b(ACME-[0-9]{8}-key)\\b'''\nexamples = [\"ACME-12345678-key\"]\nnegatives = [\"ACME-x\"]\n";
    place.write("own.toml", rule);
    let first = ["scan", "tree", "--secret-config", "own.toml"];
    let report = place.run(&[&first[..], SCAN].concat()).code(0).json();
    has(&report, "SEC-TOKEN notes.txt");
    place.write("wrong.toml", rule.replace("[0-9]{8}", "[0-9"));
    place.run(&["scan", "tree", "--secret-config", "wrong.toml"]).code(2).says(&["wrong.toml", "acme-key"]);
    place.write("rules/own.yar", "rule own { strings: $a = \"ticket ACME\" condition: $a }\n");
    let first = ["scan", "tree", "--malware-rules", "rules"];
    place.run(&[&first[..], SCAN].concat()).code(0);
    place.write("rules/own.yar", "rule own { condition: nothing }\n");
    place.run(&["scan", "tree", "--malware-rules", "rules"]).code(2).says(&["own.yar:1"]);
}

#[test]
fn rules_that_were_compiled_need_no_sources() {
    let place = Place::new();
    place.write("tree/run.sh", "#!/bin/sh\necho ticket ACME\n");
    place.write("rules/own.yar", "rule own { strings: $a = \"ticket ACME\" condition: $a }\n");
    place.run(&["rules", "compile", "rules", "--output", "own.yar"]).code(2).says(&[".yarc"]);
    place.run(&["rules", "compile", "rules", "--output", "own.yarc"]).code(0).says(&["1 rules in own.yarc"]);
    let with = |rules: &str| {
        place.run(&[&["scan", "tree", "--malware-rules", rules][..], SCAN].concat()).code(0).json()
    };
    has(&with("own.yarc"), "MAL-YARA run.sh");
    assert_eq!(with("own.yarc")["targets"], with("rules")["targets"]);
    let both = ["rules", "compile", "rules", "own.yarc", "--output", "both.yarc"];
    place.run(&both).code(2).says(&["name their sources"]);
    place.write("damaged.yarc", "PLMYARA\u{1}");
    place.write("other.yarc", "YARA-X\0\0");
    for (file, told) in
        [("damaged.yarc", "compiled by another version"), ("other.yarc", "name their sources")]
    {
        place.run(&["scan", "tree", "--malware-rules", file]).code(2).says(&[file, told]);
    }
}

#[test]
fn what_is_attached_to_an_image_is_listed_and_held_against_keys() {
    let place = Place::new();
    let fake = FakeRegistry::start().unwrap();
    let layers: Vec<Vec<u8>> =
        image("layer\nfile a \"b\"").layers.into_iter().map(|layer| layer.tar).collect();
    let parts: Vec<&[u8]> = layers.iter().map(Vec::as_slice).collect();
    let digest = fake.put_image("team/app", Some("1.0"), "amd64", &parts);
    let name = format!("{}/team/app:1.0", fake.host());
    let report = place.run(&[&["scan", &name][..], SCAN].concat()).code(0).json();
    has(&report, "PRV-UNSIGNED -");
    assert!(report["targets"][0]["attached"].is_null());
    // A signature of somebody else's image under cosign's tag.
    let payload =
        json!({"critical": {"image": {"docker-manifest-digest": format!("sha256:{}", "0".repeat(64))}}});
    let kind = "application/vnd.dev.cosign.simplesigning.v1+json";
    let tag = format!("{}.sig", digest.to_string().replace(':', "-"));
    fake.put_artifact("team/app", Some(&tag), "", (kind, payload.to_string().as_bytes()), None);
    let report = place.run(&[&["scan", &name][..], SCAN].concat()).code(0).json();
    has(&report, "PRV-SIGNATURE -");
    let attached = &report["targets"][0]["attached"][0];
    assert_eq!((&attached["kind"], &attached["verified"]), (&json!("signature"), &json!(false)));
    place.write("no.pub", "nothing");
    let first = ["scan", &name, "--verify-key", "no.pub"];
    place.run(&[&first[..], SCAN].concat()).code(2).says(&["no.pub", "no public key"]);
}
