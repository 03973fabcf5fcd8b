//! `plimsoll query` and `plimsoll cis`: over a report, inspect output and an engine that answers as Docker does.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;

use crate::place::{DATABASE, Place};
use crate::samples::demo_place;

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plimsoll-query/tests/fixtures");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// A place with the inspect output of a container that runs privileged with the engine's socket, its image and its host.
fn place() -> Place {
    let place = Place::without_database();
    let container = fixture("container.json")
        .replace("\"Privileged\": false", "\"Privileged\": true")
        .replace("\"Type\": \"volume\"", "\"Type\": \"bind\"")
        .replace("/var/lib/docker/volumes/data/_data", "/var/run/docker.sock");
    place.write("container.json", &container);
    place.write("image.json", fixture("image.json"));
    place.write("info.json", fixture("info.json"));
    place
}

const INSPECT: [&str; 6] =
    ["--inspect", "container.json", "--inspect", "image.json", "--inspect", "info.json"];

fn with<'a>(command: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [command, &INSPECT[..], more].concat()
}

#[test]
fn queries_are_answered_in_each_form() {
    let place = place();
    let sql = "SELECT name, privileged, capabilities, memory_limit, created FROM containers WHERE privileged = true";
    place.run(&with(&["query", sql], &[])).code(0).silent().matches("query-table");
    place.run(&with(&["query", sql], &["--format", "json"])).code(0).silent().matches("query-json");
    place.run(&with(&["query", sql], &["--format", "csv"])).code(0).silent().matches("query-csv");
    place
        .run(&["query", "SHOW COLUMNS FROM ports", "--inspect", "info.json"])
        .code(0)
        .silent()
        .matches("query-columns");
}

#[test]
fn reports_are_queried() {
    let place = demo_place();
    let scan = ["scan", "demo.tar", "--db", DATABASE, "--format", "json", "--output", "report.json"];
    place.run(&scan).code(0);
    let sql = "SELECT image_name, COUNT(*) AS vulnerabilities, MAX(severity) AS max_severity FROM scan_results \
               WHERE scan_time > NOW() - INTERVAL '7 DAYS' GROUP BY image_name ORDER BY vulnerabilities DESC";
    place.run(&["query", sql, "--report", "report.json"]).code(0).silent().matches("query-report");
    let report = std::fs::read(place.path("report.json")).unwrap();
    let command =
        place.command(&["query", "SELECT count(*) AS n FROM packages", "--report", "-", "--format", "csv"]);
    let piped = place.run_with(command, &report).code(0).silent();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    let packages = report["targets"][0]["packages"].as_array().unwrap().len();
    assert_eq!(piped.stdout, format!("n\n{packages}\n"));
}

#[test]
fn images_are_scanned_for_a_query() {
    let place = demo_place();
    let sql = "SELECT count(*) AS n, max(severity) AS worst FROM scan_results";
    let of = |input: &[&str]| {
        let mut command = place.command(&[&["query", sql, "--format", "csv"][..], input].concat());
        command.env("PLIMSOLL_DB", DATABASE);
        place.run_with(command, b"")
    };
    place.run(&["scan", "demo.tar", "--db", DATABASE, "--format", "json", "--output", "report.json"]).code(0);
    let reported = of(&["--report", "report.json"]).code(0).stdout;
    assert!(reported.starts_with("n,worst\n") && !reported.contains("\n0,"), "{reported}");
    assert_eq!(of(&["--image", "demo.tar"]).code(0).stdout, reported);
    let missing = of(&["--image", "demo.tar", "--image", "missing.tar"]);
    missing.code(4).says(&["missing.tar", "there is no answer"]);
}

#[test]
fn what_is_wrong_with_a_query_is_told() {
    let place = place();
    for (sql, code, told) in [
        ("DELETE FROM containers", 2, "error: DELETE is refused: tables are read only"),
        ("SELECT * FROM container", 2, "there is no table 'container'"),
        ("SELEC", 2, "SELEC is refused"),
        ("SELECT (", 2, "the query cannot be read"),
    ] {
        place.run(&with(&["query", sql], &[])).code(code).says(&[told]);
    }
    let endless = "SELECT count(*) FROM generate_series(1, 100000000000)";
    place
        .run(&with(&["query", endless], &["--timeout", "300ms"]))
        .code(4)
        .says(&["the query took longer than 300ms and was stopped"]);
    let many = "SELECT * FROM generate_series(1, 100)";
    let run = place.run(&with(&["query", many], &["--max-rows", "3"])).code(0);
    let run = run.says(&["warning: only the first 3 rows are shown (--max-rows)"]);
    assert!(run.stdout.ends_with("(3 rows, and more)\n"), "{}", run.stdout);
    place.run(&["query", "SELECT 1"]).code(0).says(&["the tables are empty"]);
    place.run(&["query", "SELECT 1", "--inspect", "gone.json"]).code(4).says(&["gone.json"]);
    place.write("torn.json", "[{");
    place
        .run(&["query", "SELECT 1", "--inspect", "torn.json"])
        .code(4)
        .says(&["torn.json", "not the output of docker inspect"]);
    place.run(&["query", "SELECT 1", "--inspect", "-", "--report", "-"]).code(2).says(&["once only"]);
    place.run(&["query", "SELECT 1", "--engine", "tcp://localhost:2375"]).code(2).says(&["unix://"]);
    place
        .run(&["query", "SELECT 1", "--engine", "unix://gone.sock"])
        .code(4)
        .says(&["cannot connect to gone.sock"]);
}

#[test]
fn a_host_is_audited() {
    let place = place();
    let some = ["--check", "CIS-4.1,CIS-4.4,CIS-5.4,CIS-5.5,CIS-5.16,cis-5.23,CIS-5.32"];
    place.run(&with(&["cis"], &some)).code(0).silent().matches("cis-table");
    place
        .run(&with(&["cis", "--format", "json"], &["--check", "CIS-5.5,CIS-5.23"]))
        .code(0)
        .silent()
        .matches("cis-json");
    place.run(&with(&["cis", "--exit-code", "7"], &some)).code(7).silent();
    place.run(&with(&["cis", "--exit-code", "7", "--check", "CIS-5.16"], &[])).code(0).silent();
    let all = place.run(&with(&["cis"], &["--level", "1"])).code(0).silent().stdout;
    assert!(!all.contains("CIS-5.30") && all.contains("CIS-5.29"), "{all}");
    let whole = place.run(&["cis", "--print-benchmark"]).code(0).silent().stdout;
    assert!(whole.contains("id: CIS-5.32"));
}

#[test]
fn benchmarks_of_users_are_held_against_the_input() {
    let place = place();
    place.write(
        "ours.yaml",
        "title: Ours\nversion: 3\nchecks:\n  - id: OURS-1\n    description: Nothing runs privileged\n    check: SELECT name FROM \
         containers WHERE privileged\n    remediation: Take it away.\n    severity: high\n  - id: OURS-2\n    check: SELECT nosuch \
         FROM containers\n  - id: CIS-DI-0001\n",
    );
    place.run(&with(&["cis", "--benchmark", "ours.yaml"], &[])).code(0).silent().matches("cis-ours");
    place
        .run(&with(&["cis", "--benchmark", "ours.yaml", "--check", "OURS-2", "--exit-code", "1"], &[]))
        .code(3)
        .says(&["some checks could not be answered"]);
    place.write("nope.yaml", "checks: [{id: NOPE-1}]");
    place
        .run(&with(&["cis", "--benchmark", "nope.yaml"], &[]))
        .code(2)
        .says(&["nope.yaml: check 'NOPE-1' has no SQL", "plimsoll list rules"]);
    place.run(&with(&["cis", "--check", "CIS-9.9"], &[])).code(2).says(&["has no check 'CIS-9.9'"]);
}

/// An engine with one container, one image, and a container that is gone between list and look. Gives the paths that were asked.
fn engine(place: &Place) -> std::thread::JoinHandle<Vec<String>> {
    let listener = UnixListener::bind(place.path("engine.sock")).unwrap();
    let id = |text: &str| {
        serde_json::from_str::<serde_json::Value>(text).unwrap()["Id"].as_str().unwrap().to_owned()
    };
    let (container, image) = (fixture("container.json"), fixture("image.json"));
    let (container_id, image_id) = (id(&container), id(&image));
    let answers: BTreeMap<String, String> = [
        ("/info".to_owned(), fixture("info.json")),
        (
            "/containers/json?all=1".to_owned(),
            format!(r#"[{{"Id":"{container_id}"}},{{"Id":"{}"}}]"#, "0".repeat(64)),
        ),
        (format!("/containers/{container_id}/json"), container),
        ("/images/json".to_owned(), format!(r#"[{{"Id":"{image_id}"}}]"#)),
        (format!("/images/{image_id}/json"), image),
    ]
    .into();
    std::thread::spawn(move || {
        let mut asked = Vec::new();
        // As many requests as there are answers, and the one for what is gone.
        for stream in listener.incoming().take(answers.len() + 1) {
            let mut stream = BufReader::new(stream.unwrap());
            let mut lines = Vec::new();
            loop {
                let mut line = String::new();
                stream.read_line(&mut line).unwrap();
                if line.trim().is_empty() {
                    break;
                }
                lines.push(line);
            }
            let path = lines[0].split(' ').nth(1).unwrap().to_owned();
            let stream = stream.get_mut();
            match answers.get(&path) {
                // Docker sends long answers in chunks.
                Some(body) => {
                    let (first, rest) = body.split_at(body.len() / 2);
                    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
                    write!(
                        stream,
                        "{head}{:x}\r\n{first}\r\n{:x}\r\n{rest}\r\n0\r\n\r\n",
                        first.len(),
                        rest.len()
                    )
                    .unwrap();
                }
                None => {
                    let body = r#"{"message":"No such container"}"#;
                    write!(stream, "HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n{body}", body.len())
                        .unwrap();
                }
            }
            asked.push(path);
        }
        asked
    })
}

#[test]
fn a_live_engine_is_read() {
    let place = Place::without_database();
    let server = engine(&place);
    let sql = "SELECT c.name, c.source, i.name AS image, h.name AS host FROM containers AS c JOIN images AS i ON i.id = c.image_id \
               CROSS JOIN hosts AS h";
    let run =
        place.run(&["query", sql, "--engine", "unix://engine.sock", "--format", "csv"]).code(0).silent();
    assert_eq!(run.stdout, "name,source,image,host\nweb,engine,shop/web:1.2,harbour\n");
    let asked = server.join().unwrap();
    assert_eq!(asked.len(), 6);
    assert_eq!(asked[..2], ["/info", "/containers/json?all=1"]);
}

#[test]
fn manifests_are_queried_and_audited() {
    let place = Place::without_database();
    place.write(
        "deploy/compose.yaml",
        "services:\n  web: {image: nginx, privileged: true}\n  db: {image: postgres, mem_limit: 1g}\n",
    );
    place.write("deploy/chart/broken.yaml", "apiVersion: v1\nkind: Pod\n{{- if .Values.web }}\n");
    place.write("values.yaml", "replicas: 3\n");
    let sql = "SELECT file, name FROM containers WHERE privileged = true";
    let run = place.run(&["query", sql, "--manifest", "deploy", "--format", "csv"]).code(0);
    assert_eq!(run.stdout, "file,name\ndeploy/compose.yaml,web\n");
    run.says(&["warning: deploy/chart/broken.yaml is left out: it is a template"]);
    place
        .run(&["query", sql, "--manifest", "values.yaml"])
        .code(4)
        .says(&["values.yaml describes no containers"]);
    let audit =
        place.run(&["cis", "--manifest", "deploy/compose.yaml", "--check", "CIS-5.5,CIS-5.11"]).code(0);
    for told in ["FAIL    CIS-5.5", "- web: image_name nginx", "FAIL    CIS-5.11", "- web"] {
        assert!(audit.stdout.contains(told), "{told}\n{}", audit.stdout);
    }
    assert!(!audit.stdout.contains("- db"), "{}", audit.stdout);
}
