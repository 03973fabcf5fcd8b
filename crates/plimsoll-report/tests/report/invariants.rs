//! What must hold for any report in any format.

use std::collections::HashSet;
use std::io;

use plimsoll_report::{FORMATS, RenderError, RenderOptions, summary};
use plimsoll_types::{Severity, Status};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::{rendered, samples};

fn parsed(id: &str, report: &plimsoll_types::Report) -> Value {
    serde_json::from_str(&rendered(id, report, &RenderOptions::default())).unwrap()
}

fn strings<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == key => found.push(text),
                    _ => strings(member, key, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| strings(item, key, found)),
        _ => {}
    }
}

#[test]
fn the_same_report_gives_the_same_bytes_and_another_one_another_identity() {
    for format in FORMATS {
        for (name, report) in samples::all() {
            let options = RenderOptions::default();
            let first = rendered(format.id, &report, &options);
            assert_eq!(first, rendered(format.id, &report, &options), "{} of '{name}'", format.id);
        }
    }
    let (one, mut other) = (samples::usual(), samples::usual());
    other.targets[0].findings.pop();
    for (id, key) in
        [("cyclonedx", "serialNumber"), ("cyclonedx-1.6", "serialNumber"), ("spdx-json", "documentNamespace")]
    {
        assert_ne!(parsed(id, &one)[key], parsed(id, &other)[key]);
    }
    assert_ne!(parsed("cyclonedx", &one)["serialNumber"], parsed("cyclonedx-1.6", &one)["serialNumber"]);
}

#[test]
fn no_output_carries_what_a_terminal_acts_upon() {
    let hostile = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    for format in FORMATS {
        let options = RenderOptions { list_all_packages: true, ..RenderOptions::default() };
        let text = rendered(format.id, &samples::rich(), &options);
        assert_eq!(text.find(hostile), None, "{}", format.id);
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{}", format.id);
    }
}

#[test]
fn table_lines_fit_every_width() {
    for width in (0..=130).chain([200, 1000]) {
        for (name, report) in samples::all() {
            if name == "licenses" && width % 20 != 0 {
                continue;
            }
            let options =
                RenderOptions { width, color: false, list_all_packages: true, ..RenderOptions::default() };
            for line in rendered("table", &report, &options).lines() {
                assert!(line.width() <= width.max(40), "width {width}, '{name}': {line:?}");
                assert_eq!(line, line.trim_end(), "blanks at the end of a line of '{name}', width {width}");
            }
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    for (_, report) in samples::all() {
        for width in [40, 80, 120] {
            let plain =
                RenderOptions { width, color: false, list_all_packages: true, ..RenderOptions::default() };
            let mut text = rendered("table", &report, &RenderOptions { color: true, ..plain });
            while let Some(start) = text.find('\u{1b}') {
                let end = start + text[start..].find('m').unwrap();
                text.replace_range(start..=end, "");
            }
            assert_eq!(text, rendered("table", &report, &plain));
        }
    }
}

#[test]
fn the_table_shows_every_identifier_and_fixed_version() {
    let report = samples::usual();
    for width in [40, 60, 80, 100, 140] {
        let text = rendered("table", &report, &RenderOptions { width, ..RenderOptions::default() });
        let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for finding in &report.targets[0].findings {
            assert!(joined.contains(&finding.vulnerability.id), "{}", finding.vulnerability.id);
            for version in &finding.fixed_versions {
                assert!(joined.contains(version), "{version} at width {width}:\n{text}");
            }
        }
    }
}

#[test]
fn references_inside_documents_lead_somewhere() {
    for (name, report) in samples::all() {
        for id in ["cyclonedx", "cyclonedx-1.6"] {
            let bom = parsed(id, &report);
            let mut refs = Vec::new();
            strings(&bom, "bom-ref", &mut refs);
            let known: HashSet<&str> = refs.iter().copied().collect();
            assert_eq!(known.len(), refs.len(), "{id} of '{name}' has equal bom-refs");
            let mut used = Vec::new();
            strings(&bom, "ref", &mut used);
            for dependency in bom["dependencies"].as_array().unwrap() {
                used.extend(
                    dependency["dependsOn"].as_array().unwrap().iter().map(|to| to.as_str().unwrap()),
                );
            }
            assert!(used.iter().all(|to| known.contains(to)), "{id} of '{name}'");
            let packages: usize = report.targets.iter().map(|target| target.packages.len()).sum();
            assert!(used.len() >= packages, "{id} of '{name}'");
        }

        let spdx = parsed("spdx-json", &report);
        let mut ids = Vec::new();
        strings(&spdx, "SPDXID", &mut ids);
        let known: HashSet<&str> = ids.iter().copied().collect();
        assert_eq!(known.len(), ids.len(), "'{name}' has equal SPDX identifiers");
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        assert!(ids.iter().all(|id| id.strip_prefix("SPDXRef-").unwrap().chars().all(fits)));
        for relationship in spdx["relationships"].as_array().unwrap() {
            for end in ["spdxElementId", "relatedSpdxElement"] {
                let end = relationship[end].as_str().unwrap();
                assert!(known.contains(end) || end == "NONE", "{end}");
            }
        }

        let sarif = parsed("sarif", &report);
        let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
        for result in sarif["runs"][0]["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
        }
    }
}

#[test]
fn spdx_licence_expressions_are_valid_and_explained() {
    for (name, report) in samples::all() {
        let document = parsed("spdx-json", &report);
        let mut explained = Vec::new();
        strings(&document, "licenseId", &mut explained);
        let explained: HashSet<&str> = explained.into_iter().collect();
        let mut declared = Vec::new();
        strings(&document, "licenseDeclared", &mut declared);
        for text in declared.into_iter().filter(|text| *text != "NOASSERTION") {
            let mode = spdx::ParseMode { allow_deprecated: true, ..spdx::ParseMode::STRICT };
            let expression =
                spdx::Expression::parse_mode(text, mode).unwrap_or_else(|e| panic!("'{name}': {text}: {e}"));
            for part in expression.requirements() {
                let license = part.req.license.to_string();
                assert!(
                    !license.starts_with("LicenseRef-") || explained.contains(license.as_str()),
                    "{license}"
                );
            }
        }
    }
}

#[test]
fn sarif_is_what_code_scanning_asks_for() {
    let report = samples::rich();
    let sarif = parsed("sarif", &report);
    let run = &sarif["runs"][0];
    for rule in run["tool"]["driver"]["rules"].as_array().unwrap() {
        for part in ["shortDescription", "fullDescription", "help"] {
            let text = rule[part]["text"].as_str().unwrap();
            assert!(!text.is_empty());
            assert!(part == "help" || text.chars().count() <= 1024);
        }
        let severity: f64 = rule["properties"]["security-severity"].as_str().unwrap().parse().unwrap();
        assert!((0.0..=10.0).contains(&severity));
        assert!(rule["properties"]["tags"].as_array().unwrap().len() <= 20);
    }
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), report.targets.iter().map(|target| target.findings.len()).sum::<usize>());
    for result in results {
        let location = &result["locations"][0]["physicalLocation"];
        let uri = location["artifactLocation"]["uri"].as_str().unwrap();
        assert!(
            !uri.is_empty() && !uri.starts_with('/') && !uri.contains(':') && !uri.contains(".."),
            "{uri}"
        );
        assert_eq!(location["region"]["startLine"], 1);
    }
    let prints: Vec<_> =
        results.iter().map(|r| r["partialFingerprints"]["primaryLocationLineHash"].clone()).collect();
    assert_eq!(prints.iter().map(Value::to_string).collect::<HashSet<_>>().len(), prints.len());
    let notifications = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    assert_eq!(notifications.len(), report.targets.iter().map(|target| target.problems.len()).sum::<usize>());
}

#[test]
fn sarif_fingerprints_outlive_an_upgrade_that_fixes_nothing() {
    let print = |report: &plimsoll_types::Report| {
        parsed("sarif", report)["runs"][0]["results"][0]["partialFingerprints"].to_string()
    };
    let before = samples::usual();
    let mut after = samples::usual();
    after.targets[0].packages[2].version = "2.14.2".into();
    after.targets[0].name = "registry.example.org/shop/web:1.5".into();
    assert_eq!(print(&before), print(&after));
    after.targets[0].packages[2].locations[0].path = "elsewhere.jar".into();
    assert_ne!(print(&before), print(&after));
}

#[test]
fn counts_are_right() {
    let report = samples::usual();
    let counts = summary(&report);
    let total = counts.total;
    assert_eq!((total.packages, total.problems, total.complete), (4, 2, false));
    assert_eq!((total.findings.total(), total.fixable, total.known_exploited), (5, 4, 1));
    assert_eq!(Severity::ALL.map(|severity| total.findings.get(severity)), [1, 1, 2, 0, 1, 0]);
    assert_eq!(total.findings.at_least(Severity::High), 2);
    assert_eq!(counts.targets, [total]);

    let rich = samples::rich();
    let total = summary(&rich).total;
    let findings = || rich.targets.iter().flat_map(|target| &target.findings);
    assert_eq!(total.findings.total() + total.not_affected, findings().count());
    assert_eq!(
        total.not_affected,
        findings().filter(|finding| finding.status == Status::NotAffected).count()
    );
}

#[test]
fn a_finding_about_no_package_is_refused_by_every_format() {
    let mut report = samples::usual();
    report.targets[0].findings[0].package = 99;
    for format in FORMATS {
        let result = (format.render)(&report, &RenderOptions::default(), &mut Vec::new());
        assert!(matches!(result, Err(RenderError::UnknownPackage { index: 99, .. })), "{}", format.id);
    }
}

#[test]
fn a_closed_pipe_is_told_as_such() {
    struct Closed;
    impl io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for report in [samples::empty(), samples::rich()] {
        for format in FORMATS {
            match (format.render)(&report, &RenderOptions::default(), &mut Closed) {
                Err(RenderError::Write(error)) => {
                    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{}", format.id)
                }
                other => panic!("{}: {other:?}", format.id),
            }
        }
    }
}

#[test]
fn equal_packages_and_findings_cost_no_more_than_others() {
    // Everything that is made unique or joined by name meets the same name here. The limit is generous, since tests run
    // without optimisation and beside others; trying every number for every name would take far longer.
    let mut report = samples::clean();
    let target = &mut report.targets[0];
    let problem = samples::usual().targets[0].problems[0].clone();
    for i in 0..5_000 {
        target.packages.push(target.packages[0].clone());
        let vulnerability = samples::vulnerability("CVE-2024-1", Severity::High, "title");
        target.findings.push(samples::finding(vulnerability, i, Status::Fixed, &["2"]));
        target.problems.push(problem.clone());
    }
    let start = std::time::Instant::now();
    for format in FORMATS {
        let options = RenderOptions { list_all_packages: true, ..RenderOptions::default() };
        (format.render)(&report, &options, &mut io::sink()).unwrap();
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

/// Prints how long each format takes: `cargo test -p plimsoll-report --release -- --ignored --nocapture speed`.
#[test]
#[ignore = "a measurement"]
fn speed() {
    let report = samples::large(10_000);
    for format in FORMATS {
        let options = RenderOptions { list_all_packages: true, ..RenderOptions::default() };
        let mut out = Vec::with_capacity(64 << 20);
        let start = std::time::Instant::now();
        (format.render)(&report, &options, &mut out).unwrap();
        println!("{:16} {:>8.1?} {:>10} bytes", format.id, start.elapsed(), out.len());
    }
}
