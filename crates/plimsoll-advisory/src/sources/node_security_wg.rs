//! The vulnerability database of the Node.js security working group: npm packages (`vuln/npm/<number>.json`), frozen
//! since 2019, and Node.js itself (`vuln/core/<number>.json`), which is kept up.
//!
//! No npm package stands for Node.js, so that what is said of it becomes a statement on the product, in the ecosystem
//! `CPE`. `index.json` repeats the other files.

use std::cmp::Ordering;

use plimsoll_types::{CvssVector, Status};
use plimsoll_version::{SEMVER, VersionScheme};
use serde::Deserialize;

use super::intervals::{Interval, MAX_INTERVALS};
use super::{RefusalReason, Sink, SourceError, SourceSpec, text};
use crate::json;
use crate::{Advisory, Affected, Event, SeverityStatement};

/// The id of the source.
const SOURCE: &str = "node-security-wg";

/// The database of the Node.js security working group.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: SOURCE,
    title: "Node.js Security Working Group",
    description: "The working group's advisories on Node.js itself, and its old ones on npm packages.",
    recognises,
    parse,
};

fn recognises(path: &str, head: &[u8]) -> bool {
    let has = |needle: &str| super::contains(head, needle);
    super::has_extension(path, &["json"])
        && path.rsplit('/').next() != Some("index.json")
        && head.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
        && ((has("\"module_name\"") && (has("\"title\"") || has("\"vulnerable_versions\""))) || is_core(head))
}

/// Whether a file is about Node.js itself.
fn is_core(head: &[u8]) -> bool {
    ["\"cve\"", "\"vulnerable\"", "\"patched\""].iter().all(|key| super::contains(head, key))
}

#[derive(Deserialize)]
struct Record {
    id: u64,
    title: Option<String>,
    overview: Option<String>,
    recommendation: Option<String>,
    updated_at: Option<String>,
    publish_date: Option<String>,
    #[serde(default)]
    module_name: String,
    cves: Option<Vec<String>>,
    vulnerable_versions: Option<String>,
    patched_versions: Option<String>,
    references: Option<Vec<String>>,
    cvss_vector: Option<String>,
}

/// A record on Node.js itself. Its number is the file's name.
#[derive(Deserialize)]
struct Core {
    #[serde(default)]
    cve: Vec<String>,
    vulnerable: Option<String>,
    patched: Option<String>,
    #[serde(rename = "ref")]
    link: Option<String>,
    description: Option<String>,
    overview: Option<String>,
    severity: Option<String>,
    cvss: Option<String>,
}

/// Reads a record on Node.js itself.
fn core(path: &str, text: &str, out: &mut Sink) -> Result<(), SourceError> {
    let record: Core = json::single(path, text)?;
    let name = path.rsplit('/').next().unwrap_or(path);
    let number = format!("NSWG-COR-{}", name.split('.').next().unwrap_or_default());
    let mut cves = text::unique(record.cve.iter().filter_map(|cve| text::leading_cve(cve.trim())));
    let (id, aliases, covers) = match cves.len() {
        0 => (number, Vec::new(), Vec::new()),
        1 => (cves.remove(0), vec![number], Vec::new()),
        _ => (number, Vec::new(), cves),
    };
    if !text::is_id(&id) || !aliases.iter().all(|alias| text::is_id(alias)) {
        out.refuse(path, &id, RefusalReason::Malformed, "no number");
        return Ok(());
    }
    let vulnerable = record.vulnerable.as_deref().unwrap_or_default();
    let Some(intervals) = intervals(vulnerable) else {
        out.refuse(path, &id, RefusalReason::Malformed, &format!("not a version range: {vulnerable}"));
        return Ok(());
    };
    let patched = record.patched.as_deref().and_then(self::intervals).unwrap_or_default();
    let mut affected = Affected {
        ecosystem: super::nvd::ECOSYSTEM.to_owned(),
        package: "nodejs:node.js".to_owned(),
        ..Affected::default()
    };
    for interval in intervals {
        for (part, fixed) in unpatched(interval, &patched) {
            if fixed {
                affected.status = Status::Fixed;
            }
            affected.ranges.push(part.range(successor, if fixed { Event::Fixed } else { Event::Limit }));
        }
    }
    if affected.ranges.is_empty() {
        out.refuse(path, &id, RefusalReason::NothingAffected, vulnerable);
        return Ok(());
    }
    let vector = record.cvss.map(|vector| {
        let vector = vector.trim();
        if vector.starts_with("CVSS:") { vector.to_owned() } else { format!("CVSS:{vector}") }
    });
    let severity = record.severity.as_deref().and_then(text::severity_word);
    out.keep(Advisory {
        id,
        source: SOURCE.to_owned(),
        aliases,
        covers,
        title: text::one_line(record.description.as_deref().unwrap_or_default()),
        description: record.overview.map(|text| text.trim().to_owned()).unwrap_or_default(),
        severities: severity
            .map(|severity| SeverityStatement { source: SOURCE.to_owned(), severity })
            .into_iter()
            .collect(),
        cvss: vector
            .filter(|vector| text::is_vector(vector))
            .map(|vector| CvssVector { source: SOURCE.to_owned(), vector })
            .into_iter()
            .collect(),
        references: record.link.and_then(|link| text::reference("web", &link)).into_iter().collect(),
        affected: vec![affected],
        ..Advisory::default()
    });
    Ok(())
}

/// What a patch leaves of a vulnerable interval, and whether a patch ends it: "22.x", patched in "^22.22.2", is
/// affected before the patch; "<= 10", patched in "^8.11.4 || >= 10.9.0", before each patch from the end of the line of
/// the one before. A patch that is written as a single version begins one for the rest of its line.
fn unpatched(interval: Interval, patched: &[Interval]) -> Vec<(Interval, bool)> {
    let mut parts = Vec::new();
    let mut fixes: Vec<&Interval> = patched.iter().filter(|fix| fix.lower.is_some()).collect();
    // The sort is stable, and all versions are ones that the grammar accepts.
    fixes.sort_by(|a, b| match (&a.lower, &b.lower) {
        (Some(a), Some(b)) => SEMVER.compare(&a.version, &b.version).unwrap_or(Ordering::Equal),
        _ => Ordering::Equal,
    });
    let mut rest = interval;
    for fix in fixes {
        let Some(lower) = &fix.lower else { continue };
        let mut before = rest.clone();
        before.to(&SEMVER, &lower.version, !lower.inclusive);
        let ends_here = before.upper.as_ref().is_some_and(|upper| upper.version == lower.version);
        if !ends_here || before.is_empty(&SEMVER) {
            continue;
        }
        parts.push((before, true));
        let line = fix.single().and_then(|version| Partial::of(version)?.next(1));
        match (line, &fix.upper) {
            (Some(next), _) => rest.from(&SEMVER, &next, true),
            (None, Some(upper)) => rest.from(&SEMVER, &upper.version, !upper.inclusive),
            (None, None) => return parts,
        }
    }
    if !rest.is_empty(&SEMVER) {
        parts.push((rest, false));
    }
    parts
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    if !super::contains(bytes, "\"module_name\"") && is_core(bytes) {
        return core(path, super::utf8(path, bytes)?, out);
    }
    let record: Record = json::single(path, super::utf8(path, bytes)?)?;
    let number = format!("NSWG-ECO-{}", record.id);
    let mut cves =
        text::unique(record.cves.unwrap_or_default().iter().filter_map(|cve| text::leading_cve(cve.trim())));
    // One CVE is the same vulnerability; several are vulnerabilities that the record covers.
    let (id, aliases, covers) = match cves.len() {
        0 => (number, Vec::new(), Vec::new()),
        1 => (cves.remove(0), vec![number], Vec::new()),
        _ => (number, Vec::new(), cves),
    };
    if !text::is_name(&record.module_name) {
        out.refuse(path, &id, RefusalReason::Malformed, "no package");
        return Ok(());
    }
    let vulnerable = record.vulnerable_versions.as_deref().unwrap_or_default();
    let Some(intervals) = intervals(vulnerable) else {
        out.refuse(path, &id, RefusalReason::Malformed, &format!("not a version range: {vulnerable}"));
        return Ok(());
    };
    let patched = record.patched_versions.as_deref().and_then(self::intervals).unwrap_or_default();

    let mut affected =
        Affected { ecosystem: "npm".to_owned(), package: record.module_name, ..Affected::default() };
    let alone = intervals.len() == 1;
    for mut interval in intervals {
        if interval.is_empty(&SEMVER) {
            continue;
        }
        // "<= 1.5.1" with "patched: >= 1.5.2" names the fix where "<= 1.5.1" alone would not. Only where no version
        // lies between: what is said of the versions must not change.
        if alone
            && let [fix] = patched.as_slice()
            && let (Some(fix), Some(upper)) = (&fix.lower, &interval.upper)
            && fix.inclusive
            && upper.inclusive
            && !upper.version.contains('-')
            && Partial::of(&upper.version).and_then(|upper| upper.next(3)).as_deref()
                == Some(fix.version.as_str())
        {
            interval.upper = Some(super::intervals::Bound { version: fix.version.clone(), inclusive: false });
        }
        match interval.single() {
            Some(version) => affected.versions.push(version.to_owned()),
            None => affected.ranges.push(
                interval.range(successor, if patched.is_empty() { Event::Limit } else { Event::Fixed }),
            ),
        }
    }
    if affected.ranges.is_empty() && affected.versions.is_empty() {
        out.refuse(path, &id, RefusalReason::NothingAffected, vulnerable);
        return Ok(());
    }
    if affected.ranges.iter().flat_map(|range| &range.events).any(|event| matches!(event, Event::Fixed(_))) {
        affected.status = Status::Fixed;
    }
    let description: Vec<String> = [record.overview, record.recommendation]
        .into_iter()
        .flatten()
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .collect();
    let cvss = record.cvss_vector.filter(|vector| {
        vector.starts_with("CVSS:")
            && vector.len() <= 512
            && vector.bytes().all(|byte| byte.is_ascii_graphic())
    });
    out.keep(Advisory {
        id,
        source: SOURCE.to_owned(),
        aliases,
        covers,
        title: text::one_line(record.title.as_deref().unwrap_or_default()),
        description: description.join("\n\n"),
        cvss: cvss.map(|vector| CvssVector { source: SOURCE.to_owned(), vector }).into_iter().collect(),
        references: record
            .references
            .unwrap_or_default()
            .iter()
            .filter_map(|url| text::reference("web", url))
            .collect(),
        published: text::date(record.publish_date.as_deref()),
        modified: text::date(record.updated_at.as_deref()),
        affected: vec![affected],
        ..Advisory::default()
    });
    Ok(())
}

/// An npm range (node-semver, "Ranges"): alternatives separated by `||`, each of comparators that hold together.
fn intervals(range: &str) -> Option<Vec<Interval>> {
    let mut intervals = Vec::new();
    for alternative in range.split("||") {
        if intervals.len() >= MAX_INTERVALS {
            return None;
        }
        intervals.push(comparators(alternative)?);
    }
    Some(intervals)
}

fn comparators(text: &str) -> Option<Interval> {
    let mut interval = Interval::default();
    let mut operator = String::new();
    if text.split_whitespace().count() > MAX_INTERVALS {
        return None;
    }
    for word in text.split_whitespace() {
        let at = word.find(|c: char| !matches!(c, '<' | '>' | '=' | '~' | '^')).unwrap_or(word.len());
        let (sign, version) = word.split_at_checked(at)?;
        operator.push_str(sign);
        if version.is_empty() {
            continue;
        }
        comparator(&mut interval, &operator, version)?;
        operator.clear();
    }
    operator.is_empty().then_some(interval)
}

/// Adds one comparator, such as `>=1.2`, `~1.2.3`, `1.x`.
fn comparator(interval: &mut Interval, operator: &str, version: &str) -> Option<()> {
    let version = version.trim_start_matches(['v', 'V']);
    let partial = Partial::of(version)?;
    let (low, next) = (partial.low()?, partial.next(partial.given)?);
    match (operator, partial.given) {
        ("" | "=" | ">=" | "<=" | "~" | "^", 0) => {}
        ("" | "=", 3) => {
            interval.from(&SEMVER, &low, true);
            interval.to(&SEMVER, &low, true);
        }
        ("" | "=", _) => {
            interval.from(&SEMVER, &low, true);
            interval.to(&SEMVER, &next, false);
        }
        (">=", _) => interval.from(&SEMVER, &low, true),
        ("<", _) => interval.to(&SEMVER, &low, false),
        (">", 3) => interval.from(&SEMVER, &low, false),
        (">", _) => interval.from(&SEMVER, &next, true),
        ("<=", 3) => interval.to(&SEMVER, &low, true),
        ("<=", _) => interval.to(&SEMVER, &next, false),
        ("~" | "~>", given) => {
            interval.from(&SEMVER, &low, true);
            interval.to(&SEMVER, &partial.next(given.min(2))?, false);
        }
        ("^", given) => {
            interval.from(&SEMVER, &low, true);
            let leading =
                partial.numbers.iter().position(|number| *number != 0).map_or(3, |at| at.saturating_add(1));
            interval.to(&SEMVER, &partial.next(leading.min(given))?, false);
        }
        _ => return None,
    }
    Some(())
}

/// A version of which only the first numbers may be given.
struct Partial<'a> {
    numbers: [u64; 3],
    given: usize,
    suffix: &'a str,
}

impl Partial<'_> {
    fn of(version: &str) -> Option<Partial<'_>> {
        let end = version.find(['-', '+']).unwrap_or(version.len());
        let (numbers, suffix) = version.split_at_checked(end)?;
        let mut partial = Partial { numbers: [0; 3], given: 0, suffix };
        for (place, number) in numbers.split('.').enumerate() {
            if matches!(number, "x" | "X" | "*") {
                break;
            }
            *partial.numbers.get_mut(place)? = number.parse().ok()?;
            partial.given = place.saturating_add(1);
        }
        Some(partial)
    }

    /// The lowest version that it stands for.
    fn low(&self) -> Option<String> {
        let [major, minor, patch] = self.numbers;
        let low = format!("{major}.{minor}.{patch}{}", if self.given == 3 { self.suffix } else { "" });
        SEMVER.compare(&low, &low).ok()?;
        Some(low)
    }

    /// The first version in which the number at `place` (counted from 1) is greater.
    fn next(&self, place: usize) -> Option<String> {
        let [major, minor, patch] = self.numbers;
        Some(match place {
            0 | 1 => format!("{}.0.0", major.checked_add(1)?),
            2 => format!("{major}.{}.0", minor.checked_add(1)?),
            _ => format!("{major}.{minor}.{}", patch.checked_add(1)?),
        })
    }
}

/// The version right after `version` in SemVer: after a release the first prerelease of the next patch, after a
/// prerelease the same with one more identifier.
fn successor(version: &str) -> String {
    if version.contains('-') {
        return format!("{version}.0");
    }
    match Partial::of(version).and_then(|partial| partial.next(3)) {
        Some(next) => format!("{next}-0"),
        None => version.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected bounds are those that node-semver prints for `new Range(text)`.
    #[test]
    fn ranges() {
        let show = |text: &str| {
            intervals(text).map(|intervals| {
                let show = |interval: Interval| {
                    interval
                        .range(successor, Event::Fixed)
                        .events
                        .iter()
                        .map(|event| match event {
                            Event::Introduced(version) => format!(">={version}"),
                            Event::Fixed(version) => format!("<{version}"),
                            Event::LastAffected(version) => format!("<={version}"),
                            Event::Limit(version) => format!("limit {version}"),
                        })
                        .collect::<Vec<_>>()
                        .join(" ")
                };
                intervals.into_iter().map(show).collect::<Vec<_>>().join(" || ")
            })
        };
        for (text, expected) in [
            ("<=1.5.1", ">=0 <=1.5.1"),
            ("<  2.0.0", ">=0 <2.0.0"),
            ("<0.1.1 || < 1.0.0 > 0.2.0", ">=0 <0.1.1 || >=0.2.1-0 <1.0.0"),
            (">= 1.0.0 <= 1.2.0 || ~2.1.4", ">=1.0.0 <=1.2.0 || >=2.1.4 <2.2.0"),
            ("*", ">=0"),
            ("<=v1.2.3", ">=0 <=1.2.3"),
            ("1.x", ">=1.0.0 <2.0.0"),
            ("~1.2", ">=1.2.0 <1.3.0"),
            ("^0.2.3", ">=0.2.3 <0.3.0"),
            ("^1.2.3", ">=1.2.3 <2.0.0"),
            ("^0.0.3", ">=0.0.3 <0.0.4"),
            (">1.2", ">=1.3.0"),
            ("<=1.2", ">=0 <1.3.0"),
            ("=1.0.0-rc.1", ">=1.0.0-rc.1 <=1.0.0-rc.1"),
        ] {
            assert_eq!(show(text).as_deref(), Some(expected), "{text}");
        }
        for wrong in ["<", "latest", "<<1.0.0", "1.2.3.4", "99999999999999999999.0.0"] {
            assert_eq!(show(wrong), None, "{wrong}");
        }
        assert_eq!(successor("1.0.0-rc.1"), "1.0.0-rc.1.0");
    }

    #[test]
    fn patches_end_their_line() {
        let left = |vulnerable: &str, patched: &str| {
            let patched = intervals(patched).unwrap();
            let mut parts = Vec::new();
            for interval in intervals(vulnerable).unwrap() {
                for (part, fixed) in unpatched(interval, &patched) {
                    let end = if fixed { Event::Fixed } else { Event::Limit };
                    parts.push(format!("{:?}", part.range(successor, end).events));
                }
            }
            parts
                .join(" ")
                .replace("Introduced", "I")
                .replace("Fixed", "F")
                .replace("Limit", "L")
                .replace('"', "")
        };
        for (vulnerable, patched, expected) in [
            // CVE-2018-12115, NSWG-COR-26 and CVE-2020-8277 as they stand in the feed.
            (
                "<= 10",
                "^6.14.4 || ^8.11.4 || >= 10.9.0",
                "[I(0), F(6.14.4)] [I(7.0.0), F(8.11.4)] [I(9.0.0), F(10.9.0)]",
            ),
            ("5.x || 4.x", "^5.10.0 || 4.4.2", "[I(5.0.0), F(5.10.0)] [I(4.0.0), F(4.4.2)]"),
            ("15.x", "^12.19.1 || ^14.15.1 || 15.2.1", "[I(15.0.0), F(15.2.1)]"),
            ("4.x", "^5.10.0", "[I(4.0.0), L(5.0.0)]"),
            ("<= 10", "", "[I(0), L(11.0.0)]"),
        ] {
            assert_eq!(left(vulnerable, patched), expected, "{vulnerable}, patched {patched}");
        }
    }
}
