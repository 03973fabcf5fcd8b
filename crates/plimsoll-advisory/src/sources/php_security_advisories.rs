//! The PHP security advisories database (FriendsOfPHP, `<vendor>/<package>/<id>.yaml`; its README, "Contributing").

use std::collections::BTreeMap;

use plimsoll_types::Status;
use plimsoll_version::{COMPOSER, VersionScheme};
use serde::Deserialize;

use super::intervals::{Interval, MAX_INTERVALS};
use super::{RefusalReason, Sink, SourceError, SourceSpec, text, yaml};
use crate::{Advisory, Affected, Event};

/// The id of the source.
const SOURCE: &str = "php-security-advisories";

/// The PHP security advisories database.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: SOURCE,
    title: "PHP Security Advisories Database",
    description: "The advisories on Composer packages that FriendsOfPHP collects.",
    recognises: |path, head| {
        super::has_extension(path, &["yaml", "yml"])
            && super::has_key(head, "title")
            && super::has_key(head, "branches")
    },
    parse,
};

#[derive(Deserialize)]
struct Record {
    title: Option<String>,
    link: Option<String>,
    cve: Option<String>,
    #[serde(default)]
    reference: String,
    branches: Option<BTreeMap<String, Branch>>,
}

#[derive(Deserialize)]
struct Branch {
    time: Option<String>,
    versions: Option<Vec<String>>,
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let record: Record = yaml::parse(path, super::utf8(path, bytes)?)?;
    let package = record.reference.strip_prefix("composer://").unwrap_or_default().trim();
    let cve = record.cve.as_deref().and_then(|cve| text::leading_cve(cve.trim()));
    // Records without a CVE have no identifier but their place.
    let stem = path.rsplit('/').next().and_then(|name| name.rsplit_once('.')).map_or(path, |(stem, _)| stem);
    let id = cve.unwrap_or_else(|| format!("friendsofphp-{}-{stem}", package.replace('/', "-")));
    if !text::is_name(package) || !text::is_id(&id) {
        out.refuse(path, "", RefusalReason::Malformed, "no Composer package");
        return Ok(());
    }
    let branches = record.branches.unwrap_or_default();
    if branches.len() > MAX_INTERVALS {
        out.refuse(path, &id, RefusalReason::TooLarge, "too many branches");
        return Ok(());
    }
    let mut affected =
        Affected { ecosystem: "Packagist".to_owned(), package: package.to_owned(), ..Affected::default() };
    let mut published = None;
    for branch in branches.into_values() {
        let time = text::date(branch.time.as_deref());
        published = match (published, time) {
            (Some(known), Some(time)) => Some(std::cmp::min(known, time)),
            (known, time) => known.or(time),
        };
        let constraints = branch.versions.unwrap_or_default();
        let Some(interval) = interval(&constraints) else {
            let detail = format!("not version constraints: {}", constraints.join(", "));
            out.refuse(path, &id, RefusalReason::Malformed, &detail);
            return Ok(());
        };
        if constraints.is_empty() || interval.is_empty(&COMPOSER) {
            continue;
        }
        match interval.single() {
            Some(version) => affected.versions.push(version.to_owned()),
            None => affected.ranges.push(interval.range(successor, Event::Fixed)),
        }
    }
    let fixed = affected.ranges.iter().flat_map(|range| &range.events);
    if fixed.into_iter().any(|event| matches!(event, Event::Fixed(_))) {
        affected.status = Status::Fixed;
    }
    if affected.ranges.is_empty() && affected.versions.is_empty() {
        out.refuse(path, &id, RefusalReason::NothingAffected, "");
        return Ok(());
    }
    let title = text::one_line(record.title.as_deref().unwrap_or_default());
    out.keep(Advisory {
        // Symfony's titles begin with the CVE.
        title: title.strip_prefix(&format!("{id}: ")).unwrap_or(&title).to_owned(),
        id,
        source: SOURCE.to_owned(),
        references: record.link.iter().filter_map(|url| text::reference("web", url)).collect(),
        published,
        affected: vec![affected],
        ..Advisory::default()
    });
    Ok(())
}

/// Constraints that hold together: `>=2.0.0`, `<2.0.99`.
fn interval(constraints: &[String]) -> Option<Interval> {
    let mut interval = Interval::default();
    if constraints.len() > MAX_INTERVALS {
        return None;
    }
    for constraint in constraints {
        let constraint = constraint.trim();
        let at = constraint.find(|c: char| c.is_ascii_alphanumeric())?;
        let (operator, version) = constraint.split_at_checked(at)?;
        COMPOSER.compare(version, version).ok()?;
        match operator.trim() {
            ">=" => interval.from(&COMPOSER, version, true),
            ">" => interval.from(&COMPOSER, version, false),
            "<=" => interval.to(&COMPOSER, version, true),
            "<" => interval.to(&COMPOSER, version, false),
            "=" | "==" | "" => {
                interval.from(&COMPOSER, version, true);
                interval.to(&COMPOSER, version, true);
            }
            _ => return None,
        }
    }
    Some(interval)
}

/// The version right after `version`: Composer fills up to four numbers.
fn successor(version: &str) -> String {
    let numbers = version.split('.').count();
    format!("{version}{}.1", ".0".repeat(3usize.saturating_sub(numbers)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints() {
        let show = |constraints: &[&str]| {
            let constraints: Vec<_> = constraints.iter().map(|text| (*text).to_owned()).collect();
            interval(&constraints)
                .map(|interval| format!("{:?}", interval.range(successor, Event::Fixed).events))
        };
        assert_eq!(show(&[">=2", "<2.0.4"]).as_deref(), Some("[Introduced(\"2\"), Fixed(\"2.0.4\")]"));
        assert_eq!(
            show(&[">0.7.1", "<=1.0"]).as_deref(),
            Some("[Introduced(\"0.7.1.1\"), LastAffected(\"1.0\")]")
        );
        assert_eq!(show(&["<2.1"]).as_deref(), Some("[Introduced(\"0\"), Fixed(\"2.1\")]"));
        assert_eq!(show(&["~2.1"]), None);
        assert_eq!(show(&[""]), None);
        assert_eq!(successor("2"), "2.0.0.1");
    }
}
