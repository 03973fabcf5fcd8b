//! The Ruby advisory database (rubysec, `gems/<gem>/<id>.yml` and `rubies/<engine>/<id>.yml`; its README, "Schema").
//!
//! A record says which versions are patched and which were never affected; what lies between is affected. Those on an
//! interpreter become statements on the product, in the ecosystem `CPE`, since no gem stands for it. A record's
//! `platform` limits it to the gems built for that platform.

use plimsoll_types::{Severity, Status};
use plimsoll_version::{RUBYGEMS, VersionScheme};
use serde::Deserialize;

use super::intervals::{Interval, MAX_INTERVALS, between};
use super::{RefusalReason, Sink, SourceError, SourceSpec, text, yaml};
use crate::{Advisory, Affected, Event, SeverityStatement};

/// The id of the source.
const SOURCE: &str = "ruby-advisory-db";

/// The Ruby advisory database.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: SOURCE,
    title: "Ruby Advisory Database",
    description: "The advisories on Ruby gems and on Ruby itself that rubysec collects.",
    recognises: |path, head| {
        super::has_extension(path, &["yml", "yaml"])
            && (super::has_key(head, "gem") || super::has_key(head, "engine"))
            && (super::has_key(head, "title") || super::has_key(head, "url"))
    },
    parse,
};

#[derive(Deserialize)]
struct Record {
    #[serde(default)]
    gem: String,
    #[serde(default)]
    engine: String,
    platform: Option<String>,
    cve: Option<String>,
    ghsa: Option<String>,
    osvdb: Option<String>,
    url: Option<String>,
    title: Option<String>,
    date: Option<String>,
    description: Option<String>,
    cvss_v2: Option<f64>,
    cvss_v3: Option<f64>,
    cvss_v4: Option<f64>,
    unaffected_versions: Option<Vec<String>>,
    patched_versions: Option<Vec<String>>,
    related: Option<Related>,
}

#[derive(Deserialize)]
struct Related {
    url: Option<Vec<String>>,
}

/// Why an interval is safe.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Safe {
    Patched,
    Unaffected,
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let record: Record = yaml::parse(path, super::utf8(path, bytes)?)?;
    let cve = record.cve.as_deref().and_then(|cve| text::leading_cve(&format!("CVE-{}", cve.trim())));
    let ghsa = record.ghsa.as_deref().map(|ghsa| format!("GHSA-{}", ghsa.trim()));
    let osvdb = record.osvdb.as_deref().map(|number| format!("OSVDB-{}", number.trim()));
    let mut ids: Vec<String> =
        cve.into_iter().chain(ghsa).chain(osvdb).filter(|id| text::is_id(id)).collect();
    let subject = match record.engine.as_str() {
        _ if text::is_name(&record.gem) => Some(("RubyGems", record.gem.as_str())),
        "ruby" => Some((super::nvd::ECOSYSTEM, "ruby-lang:ruby")),
        "jruby" => Some((super::nvd::ECOSYSTEM, "jruby:jruby")),
        "mruby" => Some((super::nvd::ECOSYSTEM, "mruby:mruby")),
        "truffleruby" => Some((super::nvd::ECOSYSTEM, "oracle:truffleruby")),
        _ => None,
    };
    let Some((ecosystem, package)) = subject.filter(|_| !ids.is_empty()) else {
        let missing = if ids.is_empty() { "no id" } else { "neither a gem nor a known interpreter" };
        out.refuse(path, "", RefusalReason::Malformed, missing);
        return Ok(());
    };
    let id = ids.remove(0);

    let lists = [
        (record.patched_versions.unwrap_or_default(), Safe::Patched),
        (record.unaffected_versions.unwrap_or_default(), Safe::Unaffected),
    ];
    let mut safe = Vec::new();
    for (requirements, kind) in lists {
        for requirement in requirements {
            let Some(interval) = requirement_interval(&requirement) else {
                out.refuse(path, &id, RefusalReason::Malformed, &format!("not a requirement: {requirement}"));
                return Ok(());
            };
            safe.push((if ecosystem == "RubyGems" { before_prereleases(interval) } else { interval }, kind));
        }
    }
    if safe.len() > MAX_INTERVALS {
        out.refuse(path, &id, RefusalReason::TooLarge, "too many requirements");
        return Ok(());
    }
    let mut affected =
        Affected { ecosystem: ecosystem.to_owned(), package: package.to_owned(), ..Affected::default() };
    // Gems name JRuby's platform after Java.
    affected.arches.extend(record.platform.map(|platform| match platform.trim() {
        "jruby" => "java".to_owned(),
        platform => platform.to_owned(),
    }));
    affected.arches.retain(|platform| text::is_name(platform) && platform != "ruby");
    for (interval, end) in between(&RUBYGEMS, safe) {
        let fixed = end == Some(Safe::Patched);
        if fixed && interval.upper.as_ref().is_some_and(|upper| !upper.inclusive) {
            affected.status = Status::Fixed;
        }
        match interval.single() {
            Some(version) => affected.versions.push(version.to_owned()),
            None => affected
                .ranges
                .push(interval.range(successor, if fixed { Event::Fixed } else { Event::Limit })),
        }
    }
    if affected.ranges.is_empty() && affected.versions.is_empty() {
        out.refuse(path, &id, RefusalReason::NothingAffected, "");
        return Ok(());
    }

    let score = record.cvss_v3.or(record.cvss_v4).or(record.cvss_v2);
    let links =
        record.url.into_iter().chain(record.related.and_then(|related| related.url).unwrap_or_default());
    out.keep(Advisory {
        id,
        source: SOURCE.to_owned(),
        aliases: ids,
        title: text::one_line(record.title.as_deref().unwrap_or_default()),
        description: record.description.map(|text| text.trim().to_owned()).unwrap_or_default(),
        severities: score
            .filter(|score| (0.0..=10.0).contains(score))
            .map(|score| SeverityStatement {
                source: SOURCE.to_owned(),
                severity: Severity::from_cvss_score(score),
            })
            .into_iter()
            .collect(),
        references: links.filter_map(|url| text::reference("web", &url)).collect(),
        published: text::date(record.date.as_deref()),
        affected: vec![affected],
        ..Advisory::default()
    });
    Ok(())
}

/// A requirement as `Gem::Requirement` reads it: `~> 4.2.11, >= 4.2.11.1`.
fn requirement_interval(requirement: &str) -> Option<Interval> {
    let mut interval = Interval::default();
    if requirement.split(',').count() > MAX_INTERVALS {
        return None;
    }
    for part in requirement.split(',') {
        let part = part.trim();
        let at = part.find(|c: char| c.is_ascii_alphanumeric())?;
        let (operator, version) = part.split_at_checked(at)?;
        let version = version.trim();
        // A version that Gem would not read cannot be compared.
        RUBYGEMS.compare(version, version).ok()?;
        match operator.trim() {
            "=" | "" => {
                interval.from(&RUBYGEMS, version, true);
                interval.to(&RUBYGEMS, version, true);
            }
            ">=" => interval.from(&RUBYGEMS, version, true),
            ">" => interval.from(&RUBYGEMS, version, false),
            "<=" => interval.to(&RUBYGEMS, version, true),
            "<" => interval.to(&RUBYGEMS, version, false),
            "~>" => {
                interval.from(&RUBYGEMS, version, true);
                interval.to(&RUBYGEMS, &bump(version)?, false);
            }
            _ => return None,
        }
    }
    Some(interval)
}

/// `~> 1.2` compares `version.release` with its end, so that a pre-release of 2 is outside: it ends at `2.a`, which stands
/// before them all. Only gems have versions of this form.
fn before_prereleases(mut interval: Interval) -> Interval {
    if let (Some(_), Some(upper)) = (&interval.lower, &mut interval.upper)
        && !upper.inclusive
        && upper.version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        upper.version.push_str(".a");
    }
    interval
}

/// `Gem::Version#bump`: without prerelease segments, the last segment dropped and the one before raised by one.
fn bump(version: &str) -> Option<String> {
    let mut segments: Vec<u64> = Vec::new();
    for segment in version.split(['.', '-']) {
        match segment.parse::<u64>() {
            Ok(number) => segments.push(number),
            Err(_) if segment.starts_with(|c: char| c.is_ascii_alphabetic()) => break,
            Err(_) => return None,
        }
    }
    if segments.len() > 1 {
        segments.pop();
    }
    let last = segments.last_mut()?;
    *last = last.checked_add(1)?;
    Some(segments.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
}

/// A version after `version` and before any that is likely to exist: `1.6.9` → `1.6.9.0.1`.
fn successor(version: &str) -> String {
    format!("{version}.0.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements() {
        let show = |requirement: &str| {
            requirement_interval(requirement)
                .map(|interval| interval.range(successor, Event::Fixed).events)
                .map(|events| format!("{events:?}"))
        };
        // `ruby -e 'puts Gem::Version.new("4.2.11").bump'` prints 4.3.
        assert_eq!(bump("4.2.11").as_deref(), Some("4.3"));
        assert_eq!(bump("5").as_deref(), Some("6"));
        assert_eq!(bump("2.0.0.rc1").as_deref(), Some("2.1"));
        assert_eq!(bump("2.0.0-rc1").as_deref(), Some("2.1"));
        assert_eq!(
            show("~> 4.2.11, >= 4.2.11.1").as_deref(),
            Some("[Introduced(\"4.2.11.1\"), Fixed(\"4.3\")]")
        );
        assert_eq!(show("= 1.0").as_deref(), Some("[Introduced(\"1.0\"), LastAffected(\"1.0\")]"));
        assert_eq!(show("> 1.0").as_deref(), Some("[Introduced(\"1.0.0.1\")]"));
        for wrong in ["", "none", ">= ", "!= 1.0", "~> 99999999999999999999999.1", ">= 1 2"] {
            assert_eq!(show(wrong), None, "{wrong}");
        }
    }
}
