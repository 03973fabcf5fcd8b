//! What is printed, held against expected files.

use std::path::Path;

use plimsoll_compare::{Criterion, Matrix, render};
use unicode_width::UnicodeWidthStr;

use crate::{WEB, compared, web};

#[track_caller]
fn snapshot(name: &str, got: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    if std::env::var_os("PLIMSOLL_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, got).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == got, "{} differs; got:\n{got}", path.display());
}

fn json(only_differences: bool) -> serde_json::Value {
    let mut bytes = Vec::new();
    render::json::render(&web(), None, only_differences, &mut bytes).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn the_table() {
    let text = render::table::render(&web(), None, false);
    snapshot("web.table.txt", &text);
    assert!(text.lines().all(|line| line == line.trim_end()));
    let differences = render::table::render(&web(), None, true);
    assert!(text.contains("CVE-2024-28085") && !differences.contains("CVE-2024-28085"));
    assert_eq!(text.lines().count(), differences.lines().count() + 1);
}

#[test]
fn the_json() {
    let mut bytes = Vec::new();
    render::json::render(&web(), None, false, &mut bytes).unwrap();
    snapshot("web.json", std::str::from_utf8(&bytes).unwrap());
    let (all, differences) = (json(false), json(true));
    assert_eq!(all["agreement"], differences["agreement"]);
    assert_eq!(all["pairs"].as_array().unwrap().len(), differences["pairs"].as_array().unwrap().len() + 1);
}

#[test]
fn reports_that_agree_say_so() {
    let comparison = compared(&[WEB[1], WEB[1]]);
    let alike: Vec<_> = comparison.pairs.iter().filter(|pair| pair.differs()).collect();
    // What both set aside is no agreement on a finding.
    assert_eq!(alike.len(), 1);
    let empty = r#"{"SchemaVersion":2,"ArtifactName":"a","Results":[]}"#;
    let text = render::table::render(&compared(&[("a", empty), ("b", empty)]), None, false);
    assert!(text.ends_with("No report has findings\n"), "{text}");
}

#[test]
fn columns_line_up_by_what_a_terminal_shows() {
    let scores = |a, b| vec![("Trivy".to_owned(), Some(a)), ("扫描器".to_owned(), Some(b))];
    let criterion =
        |name: &str, weight| Criterion { name: name.to_owned(), weight, scores: scores(9.0, 10.0) };
    let matrix = Matrix { criteria: vec![criterion("扫描速度", 0.5), criterion("cost", 0.5)] };
    let comparison = compared(&[]);
    let text = render::table::render(&comparison, Some(&matrix.weigh(&comparison).unwrap()), false);
    let rows: Vec<&str> = text.lines().skip(1).take(3).collect();
    let ends: Vec<usize> = rows[1..].iter().map(|row| row[..row.find("0.50").unwrap()].width()).collect();
    assert_eq!(ends[0], ends[1], "{text}");
    assert!(rows[1..].iter().all(|row| row.width() == ends[0] + "0.50".len() + rest(row)), "{text}");
    let head = rows[0][..rows[0].find("扫描器").unwrap() + "扫描器".len()].width();
    let score = rows[1][..rows[1].find("10").unwrap() + 2].width();
    assert_eq!(head, score, "{text}");
}

/// The columns of a row after its weight.
fn rest(row: &str) -> usize {
    row[row.find("0.50").unwrap() + 4..].width()
}

#[test]
fn hostile_names_cannot_act_on_a_terminal() {
    let report = WEB[1].1.replace("libssl3", "lib\\u001b[31m\\nssl\\u202e3");
    let text = render::table::render(&compared(&[("a", &report), WEB[2]]), None, false);
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
}
