//! What the tests fill their tables with.

use plimsoll_query::inspect::{self, Origin};
use plimsoll_query::{Answer, Database, Limits, QueryError, Tables};
use plimsoll_types::{
    Confidence, Detection, Finding, ImageMetadata, LayerInfo, Location, Package, Place, PlaceKind, Platform,
    Report, Severity, Status, TargetReport, Timestamp, Vulnerability, classes,
};
use serde_json::Value;

pub const CONTAINER: &str = include_str!("../fixtures/container.json");
pub const IMAGE: &str = include_str!("../fixtures/image.json");
pub const INFO: &str = include_str!("../fixtures/info.json");

/// 2026-05-20T12:00:00Z.
pub fn now() -> Timestamp {
    "2026-05-20T12:00:00Z".parse().unwrap()
}

fn digest(digit: char) -> plimsoll_types::Digest {
    format!("sha256:{}", digit.to_string().repeat(64)).parse().unwrap()
}

fn package(ecosystem: &str, name: &str, version: &str, path: &str, layer: u32) -> Package {
    Package {
        ecosystem: plimsoll_catalog::ecosystem(ecosystem).unwrap(),
        name: name.to_owned(),
        version: version.to_owned(),
        arch: String::new(),
        source: None,
        licenses: vec!["MIT".to_owned()],
        vendor: String::new(),
        modularity: String::new(),
        locations: vec![Location { path: path.to_owned(), layer: Some(layer) }],
        purl: format!("pkg:{ecosystem}/{name}@{version}").parse().unwrap(),
        contains: Vec::new(),
        found_by: String::new(),
        cpes: Vec::new(),
        exposure: Vec::new(),
        confidence: Confidence::High,
    }
}

fn finding(id: &str, severity: Severity, package: usize, fixed: &[&str]) -> Finding {
    Finding {
        vulnerability: Vulnerability { id: id.to_owned(), severity, ..Vulnerability::default() },
        package,
        status: if fixed.is_empty() { Status::Affected } else { Status::Fixed },
        fixed_versions: fixed.iter().map(|version| (*version).to_owned()).collect(),
        ..Finding::default()
    }
}

/// A target with two packages, vulnerabilities of these severities in the first, and a detection.
pub fn target(name: &str, severities: &[Severity]) -> TargetReport {
    let mut findings: Vec<Finding> = severities
        .iter()
        .zip(1..)
        .map(|(severity, number)| finding(&format!("CVE-2026-{number:04}"), *severity, 0, &[]))
        .collect();
    if let Some(first) = findings.first_mut() {
        first.fixed_versions.push("2.0".to_owned());
    }
    let place = Place { kind: PlaceKind::Config, name: "User".to_owned(), ..Place::default() };
    let file = Place {
        kind: PlaceKind::File,
        name: "etc/shadow".to_owned(),
        layer: Some(1),
        line: Some(3),
        ..Place::default()
    };
    TargetReport {
        name: name.to_owned(),
        image: Some(ImageMetadata {
            id: Some(digest('a')),
            tags: vec![name.to_owned()],
            platform: Platform { os: "linux".into(), architecture: "amd64".into(), variant: String::new() },
            created: Some("2026-05-01T00:00:00Z".parse().unwrap()),
            layers: vec![
                LayerInfo { digest: None, diff_id: digest('b'), size: 0, created_by: "ADD rootfs".into() },
                LayerInfo {
                    digest: Some(digest('c')),
                    diff_id: digest('d'),
                    size: 12,
                    created_by: String::new(),
                },
            ],
            ..ImageMetadata::default()
        }),
        packages: vec![
            package("pypi", "keel", "1.0", "usr/lib/python3/keel-1.0.dist-info/METADATA", 1),
            package("npm", "mast", "3.2.1", "app/package-lock.json", 1),
        ],
        findings,
        detections: vec![
            Detection::new(classes::configuration::ROOT, place, "the configuration names no user"),
            Detection {
                severity: Severity::High,
                ..Detection::new(classes::configuration::EMPTYPW, file, "the user 'app' has no password")
            },
        ],
        scanners: plimsoll_types::Scanner::ALL.to_vec(),
        ..TargetReport::default()
    }
}

/// Tables of reports made at these times.
pub fn reports(of: &[(&str, &str, &[Severity])]) -> Tables {
    let mut tables = Tables::default();
    for (time, name, severities) in of {
        tables.add_report(&Report {
            tool_version: String::new(),
            created: time.parse().unwrap(),
            database: Default::default(),
            targets: vec![target(name, severities)],
        });
    }
    tables
}

pub fn inspected(texts: &[&str]) -> Tables {
    let mut tables = Tables::default();
    for text in texts {
        inspect::read(text.as_bytes(), Origin::File("inspect.json"), &mut tables).unwrap();
    }
    tables
}

pub fn database(tables: Tables) -> Database {
    Database::new(tables, now(), Limits::default()).unwrap()
}

/// The rows of an answer, their values as text joined by `|`.
pub fn lines(answer: &Answer) -> Vec<String> {
    let line = |row: &Vec<Value>| row.iter().map(plimsoll_query::render::text).collect::<Vec<_>>().join("|");
    answer.rows.iter().map(line).collect()
}

#[track_caller]
pub fn ask(database: &Database, sql: &str) -> Vec<String> {
    match database.query(sql) {
        Ok(answer) => lines(&answer),
        Err(error) => panic!("{sql}\n{error}"),
    }
}

#[track_caller]
pub fn refused(database: &Database, sql: &str) -> QueryError {
    match database.query(sql) {
        Ok(answer) => panic!("{sql}\n{:?}", answer.rows),
        Err(error) => error,
    }
}

/// Changes a document as a merge patch says (RFC 7396).
pub fn patch(document: &mut Value, change: &Value) {
    match (document, change) {
        (Value::Object(members), Value::Object(changes)) => {
            for (name, change) in changes {
                if change.is_null() {
                    members.remove(name);
                } else {
                    patch(members.entry(name.clone()).or_insert(Value::Null), change);
                }
            }
        }
        (document, Value::Object(_)) => {
            *document = Value::Object(Default::default());
            patch(document, change);
        }
        (document, change) => *document = change.clone(),
    }
}
