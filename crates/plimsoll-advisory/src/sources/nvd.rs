//! The National Vulnerability Database: pages and yearly files of its API 2.0 (`{"vulnerabilities": [{"cve": …}]}`), and
//! files that hold one such `cve` or a list of them (`{"cve_items": […]}`).
//!
//! Every CVE is kept for what is known of it: description, CVSS of NVD itself and of others, weaknesses, links. A
//! rejected one is withdrawn. Its configurations become statements on products, in the ecosystem `CPE` and under the
//! name `vendor:product`, by these rules:
//!
//! - Only criteria that are vulnerable and name an application (part `a`) are taken. A criterion with a version and an
//!   update (`1.0`, `rc1`) is the version `1.0-rc1`. One that says "no version" (`-`) cannot be compared and is left out.
//! - A configuration of which all nodes must hold (`AND`) names beside the application what it must run on or with. It
//!   is left out when another node holds nothing but vulnerable hardware or operating systems (the flaw is in a device's
//!   firmware). When the other node names operating systems and all of them are known to Go, the statement is
//!   limited to those. Other conditions (a plug-in's host, a piece of hardware) are not looked at.
//! - A target software that is an operating system limits the statement to it as well.
//! - Negated nodes are left out.

use std::collections::{BTreeMap, HashSet};

use plimsoll_types::{CvssVector, Status, Timestamp};
use serde::Deserialize;

use super::cpe::Cpe;
use super::{RefusalReason, Sink, SourceError, SourceSpec, stream, text};
use crate::json;
use crate::{Advisory, Affected, Event, Range, SeverityStatement};

/// NVD.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: SOURCE,
    title: "NVD",
    description: "The National Vulnerability Database: CVSS, weaknesses and affected products of every CVE.",
    recognises: |path, head| {
        let has = |needle| super::contains(head, needle);
        super::has_extension(path, &["json"])
            && (has("\"NVD_CVE\"")
                || has("\"vulnStatus\"")
                || (has("\"sourceIdentifier\"") && has("\"lastModified\"")))
    },
    parse,
};

/// The id of the source, and of its own CVSS vectors.
const SOURCE: &str = "nvd";

/// The ecosystem of products.
pub(super) const ECOSYSTEM: &str = "CPE";

/// The most criteria of one CVE; the largest real ones have some thousands.
const MAX_CRITERIA: usize = 50_000;

#[derive(Deserialize)]
struct Item {
    cve: Cve,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cve {
    id: String,
    published: Option<String>,
    last_modified: Option<String>,
    vuln_status: Option<String>,
    #[serde(default)]
    descriptions: Vec<Text>,
    #[serde(default)]
    metrics: Metrics,
    #[serde(default)]
    weaknesses: Vec<Weakness>,
    #[serde(default)]
    configurations: Vec<Configuration>,
    #[serde(default)]
    references: Vec<Link>,
    cisa_exploit_add: Option<String>,
    cisa_vulnerability_name: Option<String>,
}

#[derive(Deserialize)]
struct Text {
    #[serde(default)]
    lang: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Metrics {
    cvss_metric_v31: Vec<Metric>,
    cvss_metric_v30: Vec<Metric>,
    cvss_metric_v40: Vec<Metric>,
    cvss_metric_v2: Vec<Metric>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    #[serde(default)]
    source: String,
    cvss_data: CvssData,
    base_severity: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CvssData {
    #[serde(default)]
    vector_string: String,
    base_severity: Option<String>,
}

#[derive(Deserialize)]
struct Weakness {
    #[serde(default)]
    description: Vec<Text>,
}

#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    operator: Option<String>,
    #[serde(default)]
    negate: Option<bool>,
    #[serde(default)]
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    #[serde(default)]
    negate: Option<bool>,
    #[serde(default)]
    cpe_match: Vec<Criterion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Criterion {
    #[serde(default)]
    vulnerable: bool,
    #[serde(default)]
    criteria: String,
    version_start_including: Option<String>,
    version_start_excluding: Option<String>,
    version_end_including: Option<String>,
    version_end_excluding: Option<String>,
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    url: String,
    #[serde(default)]
    tags: Vec<String>,
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let text = super::utf8(path, bytes)?;
    let head = bytes.get(..super::HEAD_BYTES).unwrap_or(bytes);
    // Pages of the API wrap each record, the yearly files of its mirrors do not.
    if super::contains(head, "\"vulnerabilities\"") {
        return stream::elements_of(path, text, "vulnerabilities", &mut |place, json| {
            if let Some(item) = json::record::<Item>(path, place, json, out) {
                convert(path, item.cve, out);
            }
        });
    }
    if super::contains(head, "\"cve_items\"") {
        return stream::elements_of(path, text, "cve_items", &mut |place, json| {
            if let Some(cve) = json::record(path, place, json, out) {
                convert(path, cve, out);
            }
        });
    }
    convert(path, json::single(path, text)?, out);
    Ok(())
}

fn convert(path: &str, cve: Cve, out: &mut Sink) {
    let id = cve.id.trim();
    if !text::is_cve(id) {
        out.refuse(path, id, RefusalReason::Malformed, "not a CVE identifier");
        return;
    }
    let mut advisory = Advisory {
        id: id.to_owned(),
        source: SOURCE.to_owned(),
        title: text::one_line(cve.cisa_vulnerability_name.as_deref().unwrap_or_default()),
        description: english(cve.descriptions),
        published: text::date(cve.published.as_deref()),
        modified: text::date(cve.last_modified.as_deref()),
        known_exploited: cve.cisa_exploit_add.is_some_and(|date| !date.is_empty()),
        ..Advisory::default()
    };
    if cve.vuln_status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("rejected")) {
        // Its date is not stated; what matters is that there is one.
        advisory.withdrawn = advisory.modified.or(advisory.published).or(Some(Timestamp::default()));
        out.keep(advisory);
        return;
    }
    metrics(cve.metrics, &mut advisory);
    let cwes = cve.weaknesses.into_iter().flat_map(|weakness| weakness.description).map(|text| text.value);
    advisory.cwes = text::unique(cwes.filter(|cwe| cwe.starts_with("CWE-")));
    let mut seen = HashSet::new();
    for link in cve.references {
        let has = |tag: &str| link.tags.iter().any(|known| known.eq_ignore_ascii_case(tag));
        advisory.public_exploit |= has("Exploit");
        let kind = if has("Exploit") {
            "evidence"
        } else if has("Patch") {
            "fix"
        } else if has("Vendor Advisory") || has("Third Party Advisory") || has("US Government Resource") {
            "advisory"
        } else if has("Issue Tracking") {
            "report"
        } else {
            "web"
        };
        let link = text::reference(kind, &link.url);
        // The CNA and the CVE program often name the same links.
        advisory.references.extend(link.filter(|link| seen.insert(link.url.clone())));
    }
    match configurations(cve.configurations) {
        Ok(affected) => advisory.affected = affected,
        Err(message) => {
            out.refuse(path, id, RefusalReason::TooLarge, message);
            return;
        }
    }
    out.keep(advisory);
}

/// The first English text.
fn english(texts: Vec<Text>) -> String {
    let english = texts.into_iter().find(|text| text.lang == "en" || text.lang.starts_with("en-"));
    english.map(|text| text.value.trim().to_owned()).unwrap_or_default()
}

/// Files the vectors, and NVD's own word on the severity: that of the newest version that it has assessed.
fn metrics(metrics: Metrics, advisory: &mut Advisory) {
    let Metrics { cvss_metric_v31, cvss_metric_v30, cvss_metric_v40, cvss_metric_v2 } = metrics;
    for metric in [cvss_metric_v31, cvss_metric_v30, cvss_metric_v40, cvss_metric_v2].into_iter().flatten() {
        let source = assessor(&metric.source);
        if source == SOURCE && advisory.severities.is_empty() {
            let word = metric.cvss_data.base_severity.as_deref().or(metric.base_severity.as_deref());
            let severity = word.and_then(text::severity_word);
            advisory
                .severities
                .extend(severity.map(|severity| SeverityStatement { source: source.clone(), severity }));
        }
        let vector = CvssVector { source, vector: metric.cvss_data.vector_string };
        if text::is_vector(&vector.vector) && advisory.cvss.len() < 64 && !advisory.cvss.contains(&vector) {
            advisory.cvss.push(vector);
        }
    }
}

/// Who assessed: an address such as `security-advisories@github.com`, or an identifier of an organisation.
fn assessor(source: &str) -> String {
    match source {
        "nvd@nist.gov" => SOURCE.to_owned(),
        "134c704f-9b21-4f2e-91b3-4a467353bcc0" => "cisa-adp".to_owned(),
        "af854a3a-2127-422b-91ae-364da2661108" => "cve".to_owned(),
        other => text::one_line(other).chars().take(80).collect(),
    }
}

/// The ranges that a product has already.
type Seen = HashSet<Vec<Event>>;

/// The statements of all configurations, joined by product and limit.
fn configurations(configurations: Vec<Configuration>) -> Result<Vec<Affected>, &'static str> {
    let criteria: usize =
        configurations.iter().flat_map(|one| &one.nodes).map(|node| node.cpe_match.len()).sum();
    if criteria > MAX_CRITERIA {
        return Err("too many criteria");
    }
    let mut products: BTreeMap<(String, Vec<String>), (Affected, Seen)> = BTreeMap::new();
    for configuration in configurations {
        if configuration.negate == Some(true) {
            continue;
        }
        let all = configuration.operator.as_deref() == Some("AND");
        let nodes: Vec<Vec<(Criterion, Cpe)>> = configuration
            .nodes
            .into_iter()
            .filter(|node| node.negate != Some(true))
            .map(|node| {
                let parsed =
                    node.cpe_match.into_iter().filter_map(|c| Cpe::parse(&c.criteria).map(|cpe| (c, cpe)));
                parsed.collect()
            })
            .collect();
        let Some(limit) = limit(all, &nodes) else { continue };
        for (criterion, cpe) in nodes.into_iter().flatten() {
            if !criterion.vulnerable || cpe.part != 'a' {
                continue;
            }
            let oses = match cpe.target_os() {
                // What runs on Windows and is limited to it says the same twice.
                Some(os) => vec![os.to_owned()],
                None => limit.clone(),
            };
            let package = format!("{}:{}", cpe.vendor, cpe.product);
            if text::is_name(&package) {
                let (affected, seen) = products.entry((package, oses)).or_default();
                statement(criterion, &cpe, affected, seen);
            }
        }
    }
    let affected = products.into_iter().filter_map(|((package, oses), (mut affected, _))| {
        let fixed = affected
            .ranges
            .iter()
            .flat_map(|range| &range.events)
            .any(|event| matches!(event, Event::Fixed(_)));
        affected.versions = text::unique(std::mem::take(&mut affected.versions));
        let empty = affected.ranges.is_empty() && affected.versions.is_empty();
        (!empty).then(|| Affected {
            ecosystem: ECOSYSTEM.to_owned(),
            package,
            oses,
            status: if fixed { Status::Fixed } else { Status::Affected },
            ..affected
        })
    });
    Ok(affected.collect())
}

/// The operating systems to which a configuration's applications are limited, empty for none; `None` when the
/// configuration is about a device.
fn limit(all: bool, nodes: &[Vec<(Criterion, Cpe)>]) -> Option<Vec<String>> {
    let mut oses = Vec::new();
    if !all {
        return Some(oses);
    }
    for node in nodes {
        if node.is_empty() || node.iter().any(|(_, cpe)| cpe.part == 'a') {
            continue;
        }
        if node.iter().all(|(criterion, _)| criterion.vulnerable) {
            return None;
        }
        let known: Option<Vec<&str>> = node.iter().map(|(_, cpe)| cpe.os()).collect();
        oses.extend(known.unwrap_or_default().into_iter().map(str::to_owned));
    }
    oses.sort();
    oses.dedup();
    Some(oses)
}

/// Adds what one criterion says. `seen` are the ranges that are there.
fn statement(criterion: Criterion, cpe: &Cpe, affected: &mut Affected, seen: &mut Seen) {
    let usable = |version: Option<String>| version.filter(|version| text::is_name(version));
    let from = match (usable(criterion.version_start_including), usable(criterion.version_start_excluding)) {
        (Some(version), _) => Some(version),
        (None, Some(version)) => Some(successor(&version)),
        (None, None) => None,
    };
    let end = match (usable(criterion.version_end_excluding), usable(criterion.version_end_including)) {
        (Some(version), _) => Some(Event::Fixed(version)),
        (None, Some(version)) => Some(Event::LastAffected(version)),
        (None, None) => None,
    };
    match cpe.version.as_str() {
        "-" => {}
        "*" => {
            let mut events = vec![Event::Introduced(from.unwrap_or_else(|| "0".to_owned()))];
            events.extend(end);
            if seen.insert(events.clone()) {
                affected.ranges.push(Range { events });
            }
        }
        version => {
            let version = match cpe.update.as_str() {
                "*" | "-" | "" => version.to_owned(),
                update => format!("{version}-{update}"),
            };
            if text::is_name(&version) {
                affected.versions.push(version);
            }
        }
    }
}

/// A version right after `version`, since ranges have no exclusive lower end. In the grammar for versions of unknown
/// kind a letter comes after the end of a version and before any number.
fn successor(version: &str) -> String {
    format!("{version}-a")
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use plimsoll_version::{GENERIC, VersionScheme};

    use super::*;

    #[test]
    fn successors() {
        for (version, next) in
            [("1.2", "1.2.1"), ("1.0-rc1", "1.0-rc2"), ("1.1.1k", "1.1.1l"), ("2024", "2024.1")]
        {
            assert_eq!(GENERIC.compare(version, &successor(version)), Ok(Ordering::Less), "{version}");
            assert_eq!(GENERIC.compare(&successor(version), next), Ok(Ordering::Less), "{version}");
        }
    }
}
