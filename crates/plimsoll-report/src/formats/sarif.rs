//! SARIF 2.1.0 (OASIS, errata 01), within what GitHub code scanning reads of it: findings as results, vulnerabilities as
//! rules, problems as notifications.

mod detections;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::io;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use plimsoll_types::{
    Finding, Package, Problem, ProblemCode, Report, Severity, Status, Suppressed, TargetReport, Vulnerability,
};
use serde::Serialize;

use super::Format;
use crate::identity::{Purls, fingerprint};
use crate::text::{clean, cut_end};
use crate::vulnerability::{headline, is_web_address, page};
use crate::{RenderError, RenderOptions, package_of, pretty_json};

/// The register's entry.
pub(super) const FORMAT: Format = Format {
    id: "sarif",
    title: "SARIF 2.1.0",
    media: "application/sarif+json",
    aliases: &["sarif-2.1.0"],
    render,
};

/// Code scanning shows this many characters of a description.
const LONGEST_DESCRIPTION: usize = 1024;
/// Code scanning takes this many tags per rule.
const MOST_TAGS: usize = 20;
/// Code scanning shows the first location of a result; a package at a thousand places needs no thousand of them.
const MOST_LOCATIONS: usize = 10;

fn render(report: &Report, options: &RenderOptions, out: &mut dyn io::Write) -> Result<(), RenderError> {
    pretty_json::write(&log(report, &Purls::new(report), options.show_suppressed)?, out)
}

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<ResultEntry<'a>>,
    properties: RunProperties<'a>,
}

#[derive(Serialize)]
struct RunProperties<'a> {
    complete: bool,
    targets: Vec<&'a str>,
    database: &'a str,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    version: &'a str,
    rules: Vec<Rule<'a>>,
    notifications: Vec<NotificationRule>,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    name: &'static str,
    short_description: Message,
    full_description: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    help_uri: Option<String>,
    help: Help,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    precision: &'static str,
    #[serde(rename = "security-severity")]
    security_severity: String,
    tags: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotificationRule {
    id: &'static str,
    short_description: Message,
    default_configuration: Configuration,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    end_time_utc: String,
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    descriptor: Descriptor,
    level: &'static str,
    message: Message,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    locations: Vec<Location>,
}

#[derive(Serialize)]
struct Descriptor {
    id: &'static str,
    index: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultEntry<'a> {
    rule_id: &'a str,
    rule_index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    level: &'static str,
    message: Message,
    locations: Vec<Location>,
    partial_fingerprints: Fingerprints,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions: Option<[Suppression; 1]>,
    properties: Properties<'a>,
}

/// What is worth knowing of a result beside what the format has members for.
#[derive(Serialize)]
#[serde(untagged)]
enum Properties<'a> {
    Finding(ResultProperties<'a>),
    Detection(DetectionProperties<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DetectionProperties<'a> {
    target: &'a str,
    scanner: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    rule: &'a str,
    severity: &'static str,
    confidence: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden_by: Option<u32>,
    #[serde(skip_serializing_if = "str::is_empty")]
    resource: &'a str,
}

/// Why a result is held back (section 3.35).
#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    status: &'static str,
    justification: String,
    properties: SuppressionProperties,
}

#[derive(Serialize)]
struct SuppressionProperties {
    by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

#[derive(Serialize)]
struct Fingerprints {
    /// The only one that code scanning looks at.
    #[serde(rename = "primaryLocationLineHash")]
    line_hash: String,
    #[serde(rename = "plimsollFinding/v1")]
    finding: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultProperties<'a> {
    target: &'a str,
    purl: &'a str,
    severity: &'static str,
    status: &'static str,
    fixed_versions: &'a [String],
    known_exploited: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    epss: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<f64>,
    confidence: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snippet: Option<Message>,
}

impl Region {
    /// A line, as a whole.
    fn line(start_line: u32) -> Region {
        Region { start_line, start_column: None, end_line: None, snippet: None }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    name: String,
    fully_qualified_name: String,
    kind: &'static str,
}

fn log<'a>(report: &'a Report, purls: &'a Purls, show_suppressed: bool) -> Result<Log<'a>, RenderError> {
    let (rules, index_of) = rules(report, show_suppressed);
    let mut results = Vec::with_capacity(report.targets.iter().map(|target| target.findings.len()).sum());
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (target, purls) in purls.with(report) {
        let held = target.suppressed.iter().filter(|_| show_suppressed);
        let shown = target.findings.iter().map(|finding| (finding, None));
        for (finding, held) in shown.chain(held.map(|held| (&held.finding, Some(held)))) {
            let package = package_of(target, finding)?;
            let purl = purls.get(finding.package).map_or("", String::as_str);
            let id = finding.vulnerability.id.as_str();
            let rule_index = index_of.get(id).copied().unwrap_or_default();
            results.push(ResultEntry {
                rule_id: id,
                rule_index,
                kind: (finding.status == Status::NotAffected).then_some("notApplicable"),
                level: if finding.status == Status::NotAffected {
                    "none"
                } else {
                    level(finding.vulnerability.severity)
                },
                message: message(target, package, finding),
                locations: locations(target, package, purl),
                partial_fingerprints: fingerprints(target, package, finding, &mut seen),
                suppressions: held.map(|held| [suppression(held)]),
                properties: Properties::Finding(ResultProperties {
                    target: &target.name,
                    purl,
                    severity: finding.vulnerability.severity.word(),
                    status: finding.status.word(),
                    fixed_versions: &finding.fixed_versions,
                    known_exploited: finding.vulnerability.known_exploited,
                    epss: finding.vulnerability.epss.map(|epss| f64::from(epss.score) / 100_000.0),
                    risk: finding.risk.as_ref().map(|risk| f64::from(risk.score) / 100.0),
                    confidence: finding.confidence.word(),
                }),
            });
        }
        let held = target.suppressed_detections.iter().filter(|_| show_suppressed);
        let shown = target.detections.iter().map(|detection| (detection, None));
        for (detection, held) in shown.chain(held.map(|held| (&held.detection, Some(held)))) {
            let rule = index_of.get(detection.class.code).copied().unwrap_or_default();
            results.push(detections::result(target, detection, held, rule, &mut seen));
        }
    }
    Ok(Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "Plimsoll",
                    version: &report.tool_version,
                    rules,
                    notifications: ProblemCode::ALL.into_iter().map(notification_rule).collect(),
                },
            },
            invocations: [Invocation {
                end_time_utc: report.created.to_string(),
                // There is a report, so the scan was done; what it could not analyse is told in the notifications.
                execution_successful: true,
                tool_execution_notifications: report
                    .targets
                    .iter()
                    .flat_map(|target| target.problems.iter().map(|problem| notification(target, problem)))
                    .collect(),
            }],
            column_kind: "utf16CodeUnits",
            results,
            properties: RunProperties {
                complete: report.targets.iter().all(TargetReport::complete),
                targets: report.targets.iter().map(|target| target.name.as_str()).collect(),
                database: &report.database.name,
            },
        }],
    })
}

fn suppression(held: &Suppressed) -> Suppression {
    let reason = clean(&held.reason);
    let origin = clean(&held.origin);
    Suppression {
        // It is stated outside the scanned image.
        kind: "external",
        status: "accepted",
        justification: if reason.is_empty() { origin.into_owned() } else { format!("{origin}: {reason}") },
        properties: SuppressionProperties {
            by: held.by.word(),
            expires: held.expires.map(|end| end.to_string()),
        },
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Negligible | Severity::Unknown => "note",
    }
}

/// The score by which code scanning sorts into its own severities, in tenths.
fn security_severity(vulnerability: &Vulnerability) -> u8 {
    vulnerability.score_tenths.unwrap_or_else(|| severity_score(vulnerability.severity))
}

/// The score that stands for a severity, in tenths.
fn severity_score(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 95,
        Severity::High => 80,
        Severity::Medium => 55,
        Severity::Low => 20,
        Severity::Negligible => 1,
        Severity::Unknown => 0,
    }
}

/// One rule per vulnerability, told by its worst finding, and where it is in the list.
fn rules(report: &Report, show_suppressed: bool) -> (Vec<Rule<'_>>, HashMap<&str, usize>) {
    let mut worst: Vec<&Vulnerability> = Vec::new();
    let mut index_of: HashMap<&str, usize> = HashMap::new();
    let badness = |vulnerability: &Vulnerability| (vulnerability.severity, security_severity(vulnerability));
    let shown = report.targets.iter().flat_map(|target| &target.findings);
    let held = report.targets.iter().flat_map(|target| &target.suppressed).map(|held| &held.finding);
    for finding in shown.chain(held.filter(|_| show_suppressed)) {
        let vulnerability = &finding.vulnerability;
        let index = *index_of.entry(&vulnerability.id).or_insert(worst.len());
        match worst.get_mut(index) {
            Some(held) if badness(vulnerability) > badness(held) => *held = vulnerability,
            Some(_) => {}
            None => worst.push(vulnerability),
        }
    }
    let mut rules: Vec<Rule<'_>> = worst.into_iter().map(rule).collect();
    let shown = report.targets.iter().flat_map(|target| &target.detections);
    let held = report.targets.iter().flat_map(|target| &target.suppressed_detections);
    for found in shown.chain(held.filter(|_| show_suppressed).map(|held| &held.detection)) {
        index_of.entry(found.class.code).or_insert_with(|| {
            rules.push(detections::rule(found.class));
            rules.len() - 1
        });
    }
    (rules, index_of)
}

fn rule(vulnerability: &Vulnerability) -> Rule<'_> {
    let id = &vulnerability.id;
    let headline = clean(headline(vulnerability));
    let description = vulnerability.description.trim();
    let short = if headline.is_empty() { id.clone() } else { format!("{id}: {headline}") };
    let full = if description.is_empty() { short.as_str() } else { description };
    let score = security_severity(vulnerability);
    Rule {
        id,
        name: "VulnerablePackage",
        short_description: Message { text: cut_end(&short, LONGEST_DESCRIPTION).into_owned() },
        full_description: Message { text: cut_characters(full, LONGEST_DESCRIPTION) },
        help_uri: page(vulnerability).map(|url| url.into_owned()),
        help: help(vulnerability, &short, description),
        default_configuration: Configuration { level: level(vulnerability.severity) },
        properties: RuleProperties {
            precision: "very-high",
            security_severity: format!("{}.{}", score / 10, score % 10),
            tags: tags(vulnerability),
        },
    }
}

fn cut_characters(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some(_) => text.chars().take(limit - 1).chain(['…']).collect(),
    }
}

fn tags(vulnerability: &Vulnerability) -> Vec<String> {
    let mut tags =
        vec!["vulnerability".to_owned(), "security".to_owned(), vulnerability.severity.word().to_owned()];
    if vulnerability.known_exploited {
        tags.push("known-exploited".to_owned());
    }
    // The spelling by which code scanning knows weaknesses.
    tags.extend(vulnerability.cwes.iter().map(|cwe| format!("external/cwe/{}", cwe.to_ascii_lowercase())));
    tags.truncate(MOST_TAGS);
    tags
}

fn help(vulnerability: &Vulnerability, short: &str, description: &str) -> Help {
    let mut text = format!("{short}\nSeverity: {}", vulnerability.severity);
    let mut markdown = format!("**{}**\n\n", escape_markdown(short));
    markdown.push_str("| Severity | Score | Known to be exploited | Aliases |\n| --- | --- | --- | --- |\n");
    let score = match vulnerability.score_tenths {
        Some(tenths) => format!("{}.{}", tenths / 10, tenths % 10),
        None => "unknown".to_owned(),
    };
    let exploited = if vulnerability.known_exploited { "yes" } else { "no" };
    let aliases = vulnerability.aliases.join(", ");
    markdown.push_str(&format!(
        "| {} | {score} | {exploited} | {} |\n",
        vulnerability.severity,
        escape_markdown(&aliases)
    ));
    text.push_str(&format!("\nScore: {score}\nKnown to be exploited: {exploited}"));
    if !aliases.is_empty() {
        text.push_str(&format!("\nAliases: {aliases}"));
    }
    if !description.is_empty() {
        text.push_str(&format!("\n\n{description}"));
        markdown.push_str(&format!("\n{description}\n"));
    }
    let links: BTreeSet<&str> = vulnerability
        .references
        .iter()
        .map(|reference| reference.url.as_str())
        .filter(|url| is_web_address(url))
        .collect();
    if !links.is_empty() {
        text.push_str("\n\nReferences:");
        markdown.push_str("\nReferences:\n\n");
        for link in links {
            text.push_str(&format!("\n- {link}"));
            markdown.push_str(&format!("- <{link}>\n"));
        }
    }
    Help { text, markdown }
}

fn escape_markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Text from an image, for a plain message: on one line, and with the brackets escaped that would make a link
/// (SARIF, section 3.11.6).
fn plain(text: &str) -> Cow<'_, str> {
    let text = clean(text);
    if !text.contains(['\\', '[', ']']) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if matches!(c, '\\' | '[' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    Cow::Owned(out)
}

fn message(target: &TargetReport, package: &Package, finding: &Finding) -> Message {
    let vulnerability = &finding.vulnerability;
    let version = if package.version.is_empty() { "of unknown version" } else { &package.version };
    let verb = if finding.status == Status::NotAffected { "is not affected by" } else { "is affected by" };
    let mut text = format!(
        "{} {} {verb} {} (severity: {}).",
        plain(&package.name),
        plain(version),
        vulnerability.id,
        vulnerability.severity
    );
    let headline = clean(headline(vulnerability));
    if !headline.is_empty() {
        text.push_str(&format!(" {}", plain(headline.trim_end_matches('.'))));
        text.push('.');
    }
    let fixed = finding.fixed_versions.join(", ");
    let fixed = plain(&fixed);
    text.push_str(&format!("\nPackage: {}\nInstalled version: {}\n", plain(&package.name), plain(version)));
    text.push_str(&match finding.status {
        _ if !fixed.is_empty() => format!("Fixed version: {fixed}\n"),
        Status::Fixed => "Fixed version: not stated\n".to_owned(),
        status => format!("Fixed version: none, status {}\n", status.word().replace('_', " ")),
    });
    text.push_str(&format!("Target: {}", plain(&target.name)));
    Message { text }
}

/// What a path segment may hold as it is in a relative reference (RFC 3986); the colon is encoded, since in the
/// first segment it would end a scheme.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path inside the image as a relative URI; empty and dot segments are left out.
fn relative_uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !matches!(*segment, "" | "." | "..")) {
        if !uri.is_empty() {
            uri.push('/');
        }
        uri.extend(utf8_percent_encode(segment, SEGMENT));
    }
    uri
}

fn locations(target: &TargetReport, package: &Package, purl: &str) -> Vec<Location> {
    let mut uris: Vec<String> = package
        .locations
        .iter()
        .take(MOST_LOCATIONS)
        .map(|location| relative_uri(&location.path))
        .filter(|uri| !uri.is_empty())
        .collect();
    if uris.is_empty() {
        // Code scanning refuses a result without a location.
        let name = relative_uri(&target.name);
        uris.push(if name.is_empty() { "image".to_owned() } else { name });
    }
    let location = |uri| Location {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri },
            region: Some(Region::line(1)),
        },
        logical_locations: vec![LogicalLocation {
            name: package.name.clone(),
            fully_qualified_name: format!("{}/{purl}", target.name),
            kind: "package",
        }],
    };
    uris.into_iter().map(location).collect()
}

/// The target's name without tag and digest, and its platform: what stays the same from one build to the next.
fn lasting_name(target: &TargetReport) -> String {
    let name = target.name.split_once('@').map_or(target.name.as_str(), |(name, _)| name);
    let name = match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') && target.image.is_some() => repository,
        _ => name,
    };
    match &target.image {
        Some(image) => format!("{name} {}", image.platform),
        None => name.to_owned(),
    }
}

/// Fingerprints leave the versions out, so that an alert stays the same one while the package stays vulnerable.
fn fingerprints(
    target: &TargetReport,
    package: &Package,
    finding: &Finding,
    seen: &mut HashMap<String, usize>,
) -> Fingerprints {
    let path = package.locations.first().map_or("", |location| &location.path);
    let hash = fingerprint(&[
        &lasting_name(target),
        &finding.vulnerability.id,
        package.ecosystem.id,
        &package.name,
        &package.arch,
        path,
    ]);
    // Several versions of a package may stand in one file; they are told apart by their order.
    let count = seen.entry(hash.clone()).or_default();
    *count += 1;
    Fingerprints { line_hash: format!("{hash}:{count}"), finding: format!("{hash}:{count}") }
}

fn notification_level(code: ProblemCode) -> &'static str {
    if code.incomplete() { "error" } else { "warning" }
}

fn notification_rule(code: ProblemCode) -> NotificationRule {
    NotificationRule {
        id: code.code(),
        short_description: Message { text: code.title().to_owned() },
        default_configuration: Configuration { level: notification_level(code) },
    }
}

fn notification(target: &TargetReport, problem: &Problem) -> Notification {
    let mut text = format!("{}: {}", plain(&target.name), problem.code.title());
    if !problem.path.is_empty() {
        text.push_str(&format!(" ({})", plain(&problem.path)));
    }
    text.push_str(&format!(": {}", plain(&problem.message)));
    if !problem.analyzer.is_empty() {
        text.push_str(&format!(" [{}]", problem.analyzer).replace('[', "\\[").replace(']', "\\]"));
    }
    let uri = relative_uri(&problem.path);
    let location = (!uri.is_empty()).then(|| Location {
        physical_location: PhysicalLocation { artifact_location: ArtifactLocation { uri }, region: None },
        logical_locations: Vec::new(),
    });
    let index = ProblemCode::ALL.iter().position(|code| *code == problem.code).unwrap_or_default();
    Notification {
        descriptor: Descriptor { id: problem.code.code(), index },
        level: notification_level(problem.code),
        message: Message { text },
        locations: location.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_relative_uris() {
        for (path, uri) in [
            ("usr/lib/a.so", "usr/lib/a.so"),
            ("/a//b/./../c", "a/b/c"),
            ("app.jar!/BOOT-INF/lib/a b.jar", "app.jar%21/BOOT-INF/lib/a%20b.jar"),
            ("C:/x", "C%3A/x"),
            ("größe", "gr%C3%B6%C3%9Fe"),
            ("..", ""),
        ] {
            assert_eq!(relative_uri(path), uri);
        }
    }

    #[test]
    fn image_data_makes_no_links() {
        assert_eq!(plain("[x](http://e)\n\u{1b}"), "\\[x\\](http://e) \u{fffd}");
        assert_eq!(escape_markdown("<b>|`[x]"), "\\<b\\>\\|\\`\\[x\\]");
    }

    #[test]
    fn long_descriptions_are_cut() {
        assert_eq!(cut_characters("abc", 3), "abc");
        assert_eq!(cut_characters("äbcd", 3), "äb…");
    }
}
