//! Expected files in `tests/snapshots`. Run with `PLIMSOLL_UPDATE_SNAPSHOTS=1` to write them anew, then read the change.

use std::path::Path;

use plimsoll_report::{FORMATS, RenderOptions};
use plimsoll_types::Report;

use crate::{rendered, samples};

fn check(name: &str, got: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    if std::env::var_os("PLIMSOLL_UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, got).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(expected == got, "{name} differs; got:\n{got}");
}

fn extension(id: &str) -> &str {
    if id == "table" { "txt" } else { "json" }
}

fn check_all(name: &str, report: &Report) {
    for format in FORMATS {
        let options = RenderOptions { list_all_packages: true, ..RenderOptions::default() };
        let file = format!("{name}.{}.{}", format.id, extension(format.id));
        check(&file, &rendered(format.id, report, &options));
    }
}

#[test]
fn an_image_without_findings() {
    check_all("clean", &samples::clean());
}

#[test]
fn an_image_with_findings_and_problems() {
    check_all("usual", &samples::usual());
}

#[test]
fn an_image_that_was_judged() {
    let report = samples::judged();
    for format in FORMATS {
        let options = RenderOptions { show_suppressed: true, ..RenderOptions::default() };
        let file = format!("judged.{}.{}", format.id, extension(format.id));
        check(&file, &rendered(format.id, &report, &options));
    }
    check("judged-without.table.txt", &rendered("table", &report, &RenderOptions::default()));
}

#[test]
fn nothing_scanned() {
    check("empty.table.txt", &rendered("table", &samples::empty(), &RenderOptions::default()));
    check("empty.cyclonedx.json", &rendered("cyclonedx", &samples::empty(), &RenderOptions::default()));
}

#[test]
fn a_narrow_table_in_colour() {
    let options =
        RenderOptions { width: 60, color: true, list_all_packages: false, ..RenderOptions::default() };
    check(
        "usual-60-color.table.txt",
        &rendered("table", &samples::usual(), &options).replace('\u{1b}', "<ESC>"),
    );
}

#[test]
fn a_very_narrow_table() {
    let options =
        RenderOptions { width: 1, color: false, list_all_packages: true, ..RenderOptions::default() };
    check("usual-narrowest.table.txt", &rendered("table", &samples::usual(), &options));
}
