//! The built-in starter set: facts typed in by hand on vulnerabilities that are exploited or famous and matter in
//! containers, so that a first run without a database already finds the worst.
//!
//! The facts stand in `data/starter.txt`, in a form made for reviewing: an entry begins with an unindented line
//! `id severity [exploited]`; indented lines give `title`, `cvss`, `alias` and the affected packages as
//! `ecosystem package ranges`. Lines that begin with `#` are remarks.

use plimsoll_types::{CvssVector, Reference, Status};

use crate::sources::text;
use crate::{Advisory, Affected, Event, Range, SeverityStatement};

/// The source's id in [`Advisory::source`].
pub const STARTER_SOURCE: &str = "starter";

/// The day up to which the set knows facts, as RFC 3339.
pub const STARTER_DATE: &str = "2025-12-31T00:00:00Z";

const DATA: &str = include_str!("../data/starter.txt");

/// The starter set. The crate's tests make sure that every line of it can be read.
pub fn starter() -> Vec<Advisory> {
    let mut advisories = Vec::new();
    for entry in entries(DATA) {
        advisories.extend(entry.ok());
    }
    advisories
}

/// A line of the set that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
struct LineError {
    line: usize,
    message: String,
}

/// The entries of `data`, or for each the first line that is wrong with it.
fn entries(data: &str) -> Vec<Result<Advisory, LineError>> {
    let mut entries: Vec<Result<Advisory, LineError>> = Vec::new();
    for (number, line) in data.lines().enumerate() {
        let error = |message: &str| LineError { line: number.saturating_add(1), message: message.to_owned() };
        let words = line.trim();
        if words.is_empty() || line.starts_with('#') {
            continue;
        }
        if !line.starts_with(' ') {
            entries.push(head(words).map_err(|message| error(&message)));
            continue;
        }
        match entries.last_mut() {
            None => entries.push(Err(error("a statement before the first entry"))),
            Some(Err(_)) => {}
            Some(Ok(advisory)) => {
                if let Err(message) = statement(advisory, words) {
                    let failed = error(&message);
                    entries.pop();
                    entries.push(Err(failed));
                }
            }
        }
    }
    entries
}

/// `CVE-2021-44228 critical exploited`.
fn head(line: &str) -> Result<Advisory, String> {
    let mut words = line.split_whitespace();
    let id = words.next().filter(|id| text::is_id(id)).ok_or("no id")?;
    let severity = words.next().ok_or("no severity")?.parse().map_err(|error| format!("{error}"))?;
    let known_exploited = match words.next() {
        None => false,
        Some("exploited") => true,
        Some(word) => return Err(format!("'{word}' is not 'exploited'")),
    };
    if let Some(word) = words.next() {
        return Err(format!("'{word}' is too much"));
    }
    let mut advisory = Advisory {
        id: id.to_owned(),
        source: STARTER_SOURCE.to_owned(),
        severities: vec![SeverityStatement { source: STARTER_SOURCE.to_owned(), severity }],
        known_exploited,
        ..Advisory::default()
    };
    link(&mut advisory, id);
    Ok(advisory)
}

/// An indented line.
fn statement(advisory: &mut Advisory, line: &str) -> Result<(), String> {
    let (word, rest) = line.split_once(' ').ok_or("a word without a statement")?;
    let rest = rest.trim();
    match word {
        "title" => advisory.title = text::one_line(rest),
        "cvss" => {
            advisory.cvss.push(CvssVector { source: STARTER_SOURCE.to_owned(), vector: rest.to_owned() });
        }
        "alias" => {
            for alias in rest.split_whitespace() {
                if !text::is_id(alias) {
                    return Err(format!("'{alias}' is not an id"));
                }
                advisory.aliases.push(alias.to_owned());
                link(advisory, alias);
            }
        }
        ecosystem => {
            let (package, alternatives) = rest.split_once(' ').ok_or("no range")?;
            advisory.affected.push(affected(ecosystem, package, alternatives)?);
        }
    }
    Ok(())
}

/// `>=2.4 <2.12.2 | =3.0.1`.
fn affected(ecosystem: &str, package: &str, alternatives: &str) -> Result<Affected, String> {
    let mut affected =
        Affected { ecosystem: ecosystem.to_owned(), package: package.to_owned(), ..Affected::default() };
    for alternative in alternatives.split('|') {
        let mut events = Vec::new();
        for bound in alternative.split_whitespace() {
            let (make, version): (fn(String) -> Event, _) = if let Some(version) = bound.strip_prefix(">=") {
                (Event::Introduced, version)
            } else if let Some(version) = bound.strip_prefix("<=") {
                (Event::LastAffected, version)
            } else if let Some(version) = bound.strip_prefix('<') {
                affected.status = Status::Fixed;
                (Event::Fixed, version)
            } else if let Some(version) = bound.strip_prefix('=') {
                affected.versions.push(version.to_owned());
                continue;
            } else {
                return Err(format!("'{bound}' is not a bound"));
            };
            events.push(make(version.to_owned()));
        }
        if !events.is_empty() {
            if !matches!(events.first(), Some(Event::Introduced(_))) {
                events.insert(0, Event::Introduced("0".to_owned()));
            }
            affected.ranges.push(Range { events });
        }
    }
    if affected.ranges.is_empty() && affected.versions.is_empty() {
        return Err("no range".to_owned());
    }
    Ok(affected)
}

/// Links to where an identifier is described.
fn link(advisory: &mut Advisory, id: &str) {
    let address = if id.starts_with("CVE-") {
        "https://nvd.nist.gov/vuln/detail/"
    } else if id.starts_with("GHSA-") {
        "https://github.com/advisories/"
    } else if id.starts_with("GO-") {
        "https://pkg.go.dev/vuln/"
    } else if id.starts_with("RUSTSEC-") {
        "https://rustsec.org/advisories/"
    } else {
        return;
    };
    let end = if id.starts_with("RUSTSEC-") { ".html" } else { "" };
    advisory.references.push(Reference { kind: "advisory".to_owned(), url: format!("{address}{id}{end}") });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use plimsoll_types::{Severity, Timestamp};

    use super::*;

    #[test]
    fn every_line_can_be_read() {
        let errors: Vec<_> = entries(DATA).into_iter().filter_map(Result::err).collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert!(starter().len() >= 120, "{}", starter().len());
        assert!(STARTER_DATE.parse::<Timestamp>().is_ok());
    }

    #[test]
    fn entries_are_sane() {
        let mut ids = BTreeSet::new();
        for advisory in starter() {
            let id = &advisory.id;
            for id in std::iter::once(id).chain(&advisory.aliases) {
                assert!(ids.insert(id.clone()), "{id} is there twice");
                let known = ["CVE-", "GHSA-", "PYSEC-", "GO-", "RUSTSEC-"];
                assert!(known.iter().any(|prefix| id.starts_with(prefix)), "{id}");
                assert!(!id.starts_with("CVE-") || text::is_cve(id), "{id}");
                assert!(!id.starts_with("GHSA-") || id.len() == "GHSA-jfh8-c2jp-5v3q".len(), "{id}");
            }
            assert!(!advisory.title.is_empty() && !advisory.title.ends_with('.'), "{id}");
            assert!(advisory.title.len() <= 120, "{id}");
            assert!(!advisory.affected.is_empty() && !advisory.references.is_empty(), "{id}");
            assert!(advisory.severities.iter().all(|one| one.severity >= Severity::Medium), "{id}");
            for cvss in &advisory.cvss {
                assert!(cvss.vector.starts_with("CVSS:3.") || cvss.vector.starts_with("AV:"), "{id}");
                assert!(cvss.vector.contains("/C:") && cvss.vector.contains("/A:"), "{id}");
            }
            for affected in &advisory.affected {
                let ecosystem = affected.ecosystem.as_str();
                let release = |prefix: &str| {
                    ecosystem.strip_prefix(prefix).is_some_and(|number| {
                        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
                    })
                };
                assert!(
                    ["Maven", "npm", "PyPI", "Go", "RubyGems", "Packagist", "NuGet", "crates.io"]
                        .contains(&ecosystem)
                        || release("Debian:")
                        || release("Alpine:v3."),
                    "{id}: {ecosystem}"
                );
                assert!(text::is_name(&affected.package), "{id}");
                assert_eq!(
                    ecosystem == "Maven",
                    affected.package.contains(':'),
                    "{id}: {}",
                    affected.package
                );
                for range in &affected.ranges {
                    assert!(
                        matches!(
                            range.events.as_slice(),
                            [Event::Introduced(from), Event::Fixed(to) | Event::LastAffected(to)]
                                if text::is_name(from) && text::is_name(to) && from != to
                        ),
                        "{id}: {range:?}"
                    );
                }
                assert!(affected.versions.iter().all(|version| text::is_name(version)), "{id}");
            }
        }
    }

    #[test]
    fn log4shell() {
        let all = starter();
        let log4shell = all.iter().find(|advisory| advisory.id == "CVE-2021-44228").unwrap();
        assert!(log4shell.known_exploited);
        assert_eq!(log4shell.aliases, ["GHSA-jfh8-c2jp-5v3q"]);
        assert_eq!(log4shell.severities[0].severity, Severity::Critical);
        let [package] = &log4shell.affected[..] else { panic!() };
        assert_eq!(package.package, "org.apache.logging.log4j:log4j-core");
        assert_eq!(package.status, Status::Fixed);
        assert_eq!(package.ranges.len(), 3);
        assert_eq!(
            package.ranges[2].events,
            [Event::Introduced("2.13.0".into()), Event::Fixed("2.15.0".into())]
        );
        let colors = all.iter().find(|advisory| advisory.id == "GHSA-5rqg-jm4f-cqx7").unwrap();
        assert_eq!(colors.affected[0].versions, ["1.4.1", "1.4.2", "1.4.44-liberty-2"]);
        assert!(colors.affected[0].ranges.is_empty());
    }

    #[test]
    fn wrong_lines_are_named() {
        for (data, message) in [
            ("  title x\n", "line 1: a statement before the first entry"),
            ("CVE-2021-44228\n", "line 1: no severity"),
            ("CVE-2021-44228 dreadful\n", "line 1: 'dreadful' is not a severity"),
            ("CVE-2021-44228 high maybe\n", "line 1: 'maybe' is not 'exploited'"),
            ("# x\nCVE-2021-44228 high\n  npm x 1.2\n", "line 3: '1.2' is not a bound"),
            ("CVE-2021-44228 high\n  npm x\n", "line 2: no range"),
            ("CVE-2021-44228 high\n  npm x |\n", "line 2: no range"),
        ] {
            let found = entries(data);
            assert_eq!(found[0].as_ref().unwrap_err().to_string(), message);
        }
    }
}
