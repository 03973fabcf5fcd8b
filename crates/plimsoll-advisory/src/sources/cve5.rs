//! Records of the CVE program (CVE Record Format 5), with the containers of the CNA that assigned the CVE and of the
//! authorised data publishers (ADP) that add to it, such as CISA's Vulnrichment.
//!
//! Every published record is kept for what it says of the CVE; a rejected one is withdrawn. Decisions:
//!
//! - CISA's container says with a `kev` entry that the CVE is known to be exploited. Its SSVC assessment `active` or
//!   `poc` says that an exploit is public, no more: `active` is an analyst's judgement, the catalogue is a decision.
//! - Products are free text; only those that name a package of a known collection (`collectionURL` and `packageName`, or
//!   `packageURL`) become statements. The default status counts where one version is excepted from `affected`.
//! - Go's records name import paths. Those of the standard library become statements on `stdlib` with their symbols;
//!   which module another path is in is not said, so that the Go vulnerability database has to tell.

use std::borrow::Cow;
use std::collections::HashSet;

use plimsoll_types::{CvssVector, Status, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{RefusalReason, Sink, SourceError, SourceSpec, text};
use crate::json;
use crate::{Advisory, Affected, Event, Range, SeverityStatement};

/// The CVE list.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: SOURCE,
    title: "CVE List",
    description: "The records of the CVE program, with CISA's additions on exploitation (Vulnrichment).",
    recognises: |path, head| {
        let has = |needle| super::contains(head, needle);
        super::has_extension(path, &["json"])
            && (has("\"CVE_RECORD\"")
                || (has("\"containers\"")
                    && (has("\"cna\"") || has("\"adp\""))
                    && has("\"providerMetadata\"")))
    },
    parse,
};

/// The id of the source.
const SOURCE: &str = "cve-list";

/// The most version statements of one product.
const MAX_VERSIONS: usize = 20_000;
/// The most products of one record, all containers together; each is held against all others.
const MAX_PRODUCTS: usize = 10_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    cve_metadata: Metadata,
    containers: Containers,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    cve_id: String,
    #[serde(default)]
    state: String,
    date_published: Option<String>,
    date_updated: Option<String>,
    date_rejected: Option<String>,
}

#[derive(Deserialize)]
struct Containers {
    cna: Container,
    #[serde(default)]
    adp: Vec<Container>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Container {
    title: String,
    provider_metadata: Provider,
    descriptions: Vec<Text>,
    affected: Vec<Product>,
    metrics: Vec<Metric>,
    problem_types: Vec<ProblemType>,
    references: Vec<Link>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Provider {
    short_name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Text {
    lang: String,
    value: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Metric {
    #[serde(rename = "cvssV3_1")]
    v31: Option<Cvss>,
    #[serde(rename = "cvssV3_0")]
    v30: Option<Cvss>,
    #[serde(rename = "cvssV4_0")]
    v40: Option<Cvss>,
    #[serde(rename = "cvssV2_0")]
    v2: Option<Cvss>,
    other: Option<Other>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Cvss {
    vector_string: String,
}

/// A metric of another kind; what it holds is up to its kind.
#[derive(Deserialize)]
struct Other {
    #[serde(rename = "type", default)]
    kind: String,
    content: Option<Box<RawValue>>,
}

/// The decision points of an SSVC assessment, one to an object.
#[derive(Deserialize)]
struct Ssvc {
    #[serde(default)]
    options: Vec<SsvcOption>,
}

#[derive(Deserialize)]
struct SsvcOption {
    #[serde(rename = "Exploitation")]
    exploitation: Option<String>,
}

/// A severity in words, as Apache (`text`) and Red Hat (`value`) state it.
#[derive(Deserialize)]
struct Words {
    text: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ProblemType {
    descriptions: Vec<Problem>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Problem {
    cwe_id: Option<String>,
    description: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Link {
    url: String,
    tags: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Product {
    vendor: String,
    #[serde(rename = "collectionURL")]
    collection_url: String,
    package_name: String,
    #[serde(rename = "packageURL")]
    package_url: String,
    default_status: String,
    versions: Vec<Version>,
    program_routines: Vec<Routine>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Routine {
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Version {
    version: String,
    status: String,
    version_type: String,
    less_than: Option<String>,
    less_than_or_equal: Option<String>,
    changes: Vec<Change>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Change {
    at: String,
    status: String,
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    convert(path, json::single(path, super::utf8(path, bytes)?)?, out);
    Ok(())
}

fn convert(path: &str, record: Record, out: &mut Sink) {
    let metadata = record.cve_metadata;
    let id = metadata.cve_id.trim();
    if !text::is_cve(id) {
        out.refuse(path, id, RefusalReason::Malformed, "not a CVE identifier");
        return;
    }
    let cna = record.containers.cna;
    let mut advisory = Advisory {
        id: id.to_owned(),
        source: SOURCE.to_owned(),
        title: text::one_line(&cna.title),
        description: english(&cna.descriptions),
        published: text::date(metadata.date_published.as_deref()),
        modified: text::date(metadata.date_updated.as_deref()),
        ..Advisory::default()
    };
    match metadata.state.as_str() {
        "PUBLISHED" => {}
        "REJECTED" => {
            let rejected = text::date(metadata.date_rejected.as_deref());
            advisory.withdrawn =
                rejected.or(advisory.modified).or(advisory.published).or(Some(Timestamp::default()));
            out.keep(advisory);
            return;
        }
        state => {
            out.refuse(path, id, RefusalReason::Informational, state);
            return;
        }
    }
    let mut seen = HashSet::new();
    for container in std::iter::once(cna).chain(record.containers.adp) {
        if let Err(message) = add(container, &mut advisory, &mut seen) {
            out.refuse(path, id, RefusalReason::TooLarge, message);
            return;
        }
    }
    advisory.cwes = text::unique(std::mem::take(&mut advisory.cwes));
    out.keep(advisory);
}

fn english(texts: &[Text]) -> String {
    let english =
        texts.iter().find(|text| text.lang.eq_ignore_ascii_case("en") || text.lang.starts_with("en-"));
    english.map(|text| text.value.trim().to_owned()).unwrap_or_default()
}

/// Adds what one container says. `seen` are the addresses of the links that are there.
fn add(
    container: Container,
    advisory: &mut Advisory,
    seen: &mut HashSet<String>,
) -> Result<(), &'static str> {
    let provider = text::one_line(&container.provider_metadata.short_name).to_ascii_lowercase();
    for metric in container.metrics {
        let Metric { v31, v30, v40, v2, other } = metric;
        for cvss in [v31, v30, v40, v2].into_iter().flatten() {
            let vector = CvssVector { source: provider.clone(), vector: cvss.vector_string };
            if text::is_vector(&vector.vector) && advisory.cvss.len() < 64 && !advisory.cvss.contains(&vector)
            {
                advisory.cvss.push(vector);
            }
        }
        if let Some(other) = other {
            self::other(&provider, other, advisory);
        }
    }
    for problem in container.problem_types.into_iter().flat_map(|kind| kind.descriptions) {
        let stated = problem.cwe_id.as_deref().filter(|id| !id.is_empty()).unwrap_or(&problem.description);
        advisory.cwes.extend(leading_cwe(stated));
    }
    for link in container.references {
        let has = |tag: &str| link.tags.iter().any(|known| known == tag);
        advisory.public_exploit |= has("exploit");
        let kind = if has("exploit") {
            "evidence"
        } else if has("patch") {
            "fix"
        } else if has("vendor-advisory") || has("third-party-advisory") {
            "advisory"
        } else if has("issue-tracking") {
            "report"
        } else {
            "web"
        };
        // The program's own container repeats the CNA's links.
        if let Some(link) = text::reference(kind, &link.url)
            && seen.insert(link.url.clone())
        {
            advisory.references.push(link);
        }
    }
    for product in container.affected {
        if product.versions.len() > MAX_VERSIONS {
            return Err("too many versions");
        }
        if let Some(affected) = affected(product)
            && !advisory.affected.contains(&affected)
        {
            if advisory.affected.len() >= MAX_PRODUCTS {
                return Err("too many products");
            }
            advisory.affected.push(affected);
        }
    }
    Ok(())
}

/// Reads SSVC, KEV and severities in words. What the content holds is up to its kind: one that is not as expected says
/// nothing.
fn other(provider: &str, other: Other, advisory: &mut Advisory) {
    let content = other.content.as_ref().map(|content| content.get()).unwrap_or_default();
    match other.kind.as_str() {
        "kev" => advisory.known_exploited = true,
        "ssvc" => {
            let options = serde_json::from_str::<Ssvc>(content).map(|ssvc| ssvc.options).unwrap_or_default();
            advisory.public_exploit |= options.iter().any(|option| {
                option.exploitation.as_deref().is_some_and(|word| {
                    word.eq_ignore_ascii_case("active") || word.eq_ignore_ascii_case("poc")
                })
            });
        }
        kind if kind.to_ascii_lowercase().contains("severity") => {
            let words = serde_json::from_str::<Words>(content).ok();
            let word = words.and_then(|words| words.text.or(words.value));
            if let Some(severity) = word.as_deref().and_then(text::severity_word) {
                advisory.severities.push(SeverityStatement { source: provider.to_owned(), severity });
            }
        }
        _ => {}
    }
}

/// `CWE-180` of `CWE-180: Incorrect Behavior Order`.
fn leading_cwe(text: &str) -> Option<String> {
    let digits = text.strip_prefix("CWE-")?.bytes().take_while(u8::is_ascii_digit).count();
    (1..=6).contains(&digits).then(|| text.chars().take(digits.saturating_add(4)).collect())
}

/// What a product says of a package that is known by its collection.
fn affected(product: Product) -> Option<Affected> {
    let (ecosystem, mut package) = match package_url(&product.package_url) {
        Some(found) => found,
        None => (collection(&product.collection_url)?, product.package_name.trim().to_owned()),
    };
    let mut symbols = Vec::new();
    if ecosystem == "Go" {
        let path = package;
        package = match product.vendor.as_str() {
            "Go standard library" => "stdlib",
            "Go toolchain" => "toolchain",
            _ => return None,
        }
        .to_owned();
        if package == "stdlib" && text::is_name(&path) {
            let names = product.program_routines.iter().filter(|routine| text::is_name(&routine.name));
            symbols = text::unique(names.map(|routine| format!("{path}.{}", routine.name)).take(1_000));
            if symbols.is_empty() {
                symbols.push(path);
            }
        }
    }
    if ecosystem == "Maven" {
        package = package.replacen('/', ":", 1);
    }
    if !text::is_name(&package) {
        return None;
    }
    let (ranges, versions) = versions(&product.versions, &product.default_status);
    if ranges.is_empty() && versions.is_empty() {
        return None;
    }
    let fixed = ranges.iter().flat_map(|range| &range.events).any(|event| matches!(event, Event::Fixed(_)));
    Some(Affected {
        ecosystem: ecosystem.to_owned(),
        package,
        status: if fixed { Status::Fixed } else { Status::Affected },
        ranges,
        versions,
        symbols,
        ..Affected::default()
    })
}

/// The affected ranges and single versions (CVE Record Format, "versions"): `lessThan` excludes its end and
/// `lessThanOrEqual` includes it, `*` means no end, and without either the version alone is meant.
fn versions(stated: &[Version], default: &str) -> (Vec<Range>, Vec<String>) {
    let (mut ranges, mut versions) = (Vec::new(), Vec::new());
    let usable =
        |version: &str| text::is_name(version) && !matches!(version, "*" | "-" | "n/a" | "unspecified");
    let comparable = stated.iter().filter(|one| one.version_type != "git");
    for one in comparable.clone().filter(|one| one.status == "affected") {
        let version = one.version.trim();
        let end = match (&one.less_than, &one.less_than_or_equal) {
            (Some(end), _) => Some((Event::Fixed as fn(String) -> Event, end.trim())),
            (None, Some(end)) => Some((Event::LastAffected as fn(String) -> Event, end.trim())),
            (None, None) => None,
        };
        let Some((make, end)) = end else {
            if usable(version) && version != "0" {
                versions.push(version.to_owned());
            }
            continue;
        };
        let from = if usable(version) { version } else { "0" };
        let mut events = vec![Event::Introduced(from.to_owned())];
        if usable(end) {
            events.push(make(end.to_owned()));
        } else if end != "*" {
            continue;
        }
        for change in one.changes.iter().filter(|change| usable(change.at.trim())) {
            let at = change.at.trim().to_owned();
            match change.status.as_str() {
                "affected" => events.push(Event::Introduced(at)),
                "unaffected" => events.push(Event::Fixed(at)),
                _ => {}
            }
        }
        ranges.push(Range { events });
    }
    // "Everything is affected but …": one exception is the version that fixes it. Several leave open what lies between
    // them.
    if default == "affected" && ranges.is_empty() && versions.is_empty() {
        let mut exceptions = comparable.filter(|one| one.status == "unaffected");
        if let (Some(one), None) = (exceptions.next(), exceptions.next())
            && usable(one.version.trim())
            && one.version.trim() != "0"
        {
            let fixed = Event::Fixed(one.version.trim().to_owned());
            ranges.push(Range { events: vec![Event::Introduced("0".to_owned()), fixed] });
        }
    }
    (ranges, text::unique(versions))
}

/// The ecosystem of a collection, by the domain in which its address is: some have several hosts, for people and for
/// machines.
fn collection(url: &str) -> Option<&'static str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let dot = host.rmatch_indices('.').nth(1).map_or(0, |(at, _)| at.saturating_add(1));
    Some(match host.get(dot..)? {
        "npmjs.org" | "npmjs.com" => "npm",
        "pypi.org" => "PyPI",
        "rubygems.org" => "RubyGems",
        "crates.io" => "crates.io",
        "maven.org" | "sonatype.com" | "mvnrepository.com" => "Maven",
        "apache.org" if host.contains("maven") || path.starts_with("maven") => "Maven",
        "go.dev" | "golang.org" => "Go",
        "packagist.org" => "Packagist",
        "nuget.org" => "NuGet",
        "hex.pm" => "Hex",
        "pub.dev" => "Pub",
        _ => return None,
    })
}

/// The ecosystem and name in a package URL without a version (`pkg:npm/%40babel/core`).
fn package_url(url: &str) -> Option<(&'static str, String)> {
    let (kind, rest) = url.strip_prefix("pkg:")?.split_once('/')?;
    let ecosystem = match kind {
        "npm" => "npm",
        "pypi" => "PyPI",
        "gem" => "RubyGems",
        "cargo" => "crates.io",
        "maven" => "Maven",
        "composer" => "Packagist",
        "nuget" => "NuGet",
        "hex" => "Hex",
        "pub" => "Pub",
        _ => return None,
    };
    let name = rest.split(['@', '?', '#']).next().unwrap_or_default();
    Some((ecosystem, percent_decoded(name)?.into_owned()))
}

fn percent_decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'%' {
            let hex = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(hex, 16).ok()?);
            rest = tail.get(2..)?;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages() {
        assert_eq!(package_url("pkg:npm/%40babel/core"), Some(("npm", "@babel/core".to_owned())));
        assert_eq!(package_url("pkg:maven/org.x/y@1?z"), Some(("Maven", "org.x/y".to_owned())));
        assert_eq!(package_url("pkg:npm/%4"), None);
        assert_eq!(package_url("pkg:generic/x"), None);
        assert_eq!(collection("https://www.npmjs.com/package"), Some("npm"));
        assert_eq!(collection("https://maven.apache.org/maven2/"), Some("Maven"));
        assert_eq!(collection("https://pypi.org"), Some("PyPI"));
        assert_eq!(collection("https://example.org"), None);
        assert_eq!(collection("https://httpd.apache.org"), None);
        assert_eq!(leading_cwe("CWE-79 Cross Site Scripting"), Some("CWE-79".to_owned()));
        assert_eq!(leading_cwe("CWE-é"), None);
    }
}
