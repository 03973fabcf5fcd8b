//! Saved reports are read back as they were.

use plimsoll_report::RenderOptions;
use plimsoll_report::json_in::{Lookups, ReadError, read};
use plimsoll_types::{EcosystemSpec, PackageUrl, Report};

use crate::{rendered, samples};

fn ecosystem(id: &str) -> Option<&'static EcosystemSpec> {
    [&samples::DEB, &samples::RPM, &samples::APK, &samples::NPM, &samples::MAVEN, &samples::GOLANG]
        .into_iter()
        .find(|spec| spec.id == id)
}

/// The package URLs of a sample: taking them apart is not what is tested here.
fn read_with(text: &[u8], known: &Report) -> Result<Report, ReadError> {
    let purls: Vec<PackageUrl> = known
        .targets
        .iter()
        .flat_map(|target| &target.packages)
        .flat_map(|package| std::iter::once(&package.purl).chain(&package.contains))
        .cloned()
        .collect();
    let purl = |text: &str| purls.iter().find(|purl| purl.to_string() == text).cloned();
    read(text, Lookups { ecosystem: &ecosystem, purl: &purl })
}

#[test]
fn reports_are_read_back_as_they_were() {
    let options = RenderOptions { show_suppressed: true, ..RenderOptions::default() };
    for (name, report) in samples::all() {
        if name == "licenses" {
            continue;
        }
        let text = rendered("json", &report, &options);
        let back = read_with(text.as_bytes(), &report).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(rendered("json", &back, &options), without_sources(&text), "{name}");
    }
}

/// The database's sources are not read back: no policy asks for them.
fn without_sources(text: &str) -> String {
    let mut value: serde_json::Value = serde_json::from_str(text).unwrap();
    let start = text.find("\"sources\": [").unwrap();
    let rest = &text[start..];
    if value["database"]["sources"].as_array_mut().unwrap().is_empty() {
        return text.to_owned();
    }
    let end = rest.find("\n    ]").unwrap() + "\n    ]".len();
    format!("{}\"sources\": []{}", &text[..start], &rest[end..])
}

#[test]
fn the_finding_itself_is_the_same() {
    let report = samples::judged();
    let options = RenderOptions { show_suppressed: true, ..RenderOptions::default() };
    let back = read_with(rendered("json", &report, &options).as_bytes(), &report).unwrap();
    assert_eq!(back.targets, report.targets);
}

#[test]
fn what_is_no_report_is_refused() {
    let report = samples::judged();
    let text = rendered("json", &report, &RenderOptions::default());
    for end in (0..text.len() - 2).step_by(7) {
        assert!(read_with(&text.as_bytes()[..end], &report).is_err());
    }
    for (from, to, message) in [
        (
            "\"schemaVersion\": 1",
            "\"schemaVersion\": 2",
            "schema version 2 is not known; this release reads version 1",
        ),
        (
            "\"name\": \"plimsoll\"",
            "\"name\": \"other\"",
            "/tool/name: 'other' is no tool whose reports are read",
        ),
        (
            "\"severity\": \"critical\"",
            "\"severity\": \"dreadful\"",
            "/targets/0/findings/0: 'dreadful' is no severity",
        ),
        ("\"index\": 2", "\"index\": 77", "/targets/0/findings/0: '77' is no index of a package"),
        (
            "\"ecosystem\": \"maven\"",
            "\"ecosystem\": \"mvn\"",
            "/targets/0/packages/2: 'mvn' is no ecosystem",
        ),
        ("\"score\": 10.0", "\"score\": -1", "/targets/0/findings/0: '-1' is no number in its range"),
        ("\"created\": \"2026", "\"created\": \"x", "/created: 'x-08-01T12:00:00Z' is no time"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert_eq!(read_with(changed.as_bytes(), &report).unwrap_err().to_string(), message);
    }
    assert!(read_with(b"[]", &report).is_err());
    assert!(read_with(b"{}", &report).is_err());
}
