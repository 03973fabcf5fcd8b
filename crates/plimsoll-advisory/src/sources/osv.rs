//! OSV records (OSV schema 1.7), as JSON, JSON arrays, lines of JSON, or YAML.
//!
//! Who wrote a record is told by its identifier ([`PUBLISHERS`]). Decisions where the schema leaves room:
//!
//! - Ranges of type `SEMVER` and `ECOSYSTEM` are kept, `GIT` ranges are left out: images hold no commits.
//! - A range without `introduced` begins at the beginning; a range that only GitHub's
//!   `last_known_affected_version_range` closes is closed there; Go's `custom_ranges` are used where the range
//!   itself is just "everything".
//! - An erratum (ALSA, DSA, USN …) covers the CVEs that it names as `related`, `upstream` or alias. Bug fix and
//!   enhancement errata without CVEs are refused.
//! - RustSec's `unmaintained` and `notice` entries are refused; `unsound` ones are kept, since safe code can reach the
//!   memory error.
//! - Withdrawn records are kept with their date, so that the builder can count them.

use std::borrow::Cow;
use std::fmt;

use plimsoll_types::{CvssVector, Severity, Status};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{RefusalReason, Sink, SourceError, SourceSpec, text, yaml};
use crate::{Advisory, Affected, Event, Range, SeverityStatement};

/// OSV records.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: "osv",
    title: "OSV",
    description: "Records of the OSV schema, the common form of GitHub, Go, PyPA, RustSec, AlmaLinux and many more.",
    recognises,
    parse,
};

/// The largest single record, in bytes.
const MAX_RECORD_BYTES: usize = 16 << 20;
/// The most packages of one record. Empty entries take little room in a file and much in memory.
const MAX_AFFECTED: usize = 100_000;

/// What a publisher's identifiers stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKind {
    /// One vulnerability each.
    Vulnerability,
    /// A publisher's own view of one CVE: what follows the prefix, or what the record names as upstream, is that CVE.
    View,
    /// An update of packages that fixes any number of vulnerabilities.
    Erratum,
}

/// Who publishes records under which identifiers.
#[derive(Debug)]
pub struct Publisher {
    /// How its identifiers begin.
    pub prefix: &'static str,
    /// The id of the source in [`Advisory::source`].
    pub source: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// What its identifiers stand for.
    pub kind: IdKind,
}

const fn publisher(
    prefix: &'static str,
    source: &'static str,
    title: &'static str,
    kind: IdKind,
) -> Publisher {
    Publisher { prefix, source, title, kind }
}

/// The publishers of OSV records (OSV schema, "id" field), longer prefixes before shorter ones.
pub const PUBLISHERS: &[Publisher] = &[
    publisher("ALBA-", "almalinux", "AlmaLinux Errata", IdKind::Erratum),
    publisher("ALEA-", "almalinux", "AlmaLinux Errata", IdKind::Erratum),
    publisher("ALPINE-CVE-", "alpine", "Alpine Security Tracker", IdKind::View),
    publisher("ALSA-", "almalinux", "AlmaLinux Errata", IdKind::Erratum),
    publisher("AZL-", "azure-linux", "Azure Linux", IdKind::View),
    publisher("BELL-CVE-", "bellsoft", "BellSoft", IdKind::View),
    publisher("BIT-", "bitnami", "Bitnami", IdKind::Vulnerability),
    publisher("CGA-", "chainguard", "Chainguard Advisories", IdKind::View),
    publisher("DEBIAN-CVE-", "debian", "Debian Security Tracker", IdKind::View),
    publisher("DLA-", "debian-dla", "Debian LTS Advisories", IdKind::Erratum),
    publisher("DSA-", "debian-dsa", "Debian Security Advisories", IdKind::Erratum),
    publisher("DTSA-", "debian-dtsa", "Debian Testing Advisories", IdKind::Erratum),
    publisher("ECHO-", "echo", "Echo", IdKind::View),
    publisher("ELBA-", "oracle", "Oracle Linux Errata", IdKind::Erratum),
    publisher("ELEA-", "oracle", "Oracle Linux Errata", IdKind::Erratum),
    publisher("ELSA-", "oracle", "Oracle Linux Errata", IdKind::Erratum),
    publisher("GHSA-", "ghsa", "GitHub Advisory Database", IdKind::Vulnerability),
    publisher("GO-", "go-vulndb", "Go Vulnerability Database", IdKind::Vulnerability),
    publisher("HSEC-", "haskell", "Haskell Security Advisories", IdKind::Vulnerability),
    publisher("JLSEC-", "julia", "Julia Security Advisories", IdKind::Vulnerability),
    publisher("LSN-", "ubuntu", "Ubuntu Security Notices", IdKind::Erratum),
    publisher("MAL-", "malicious-packages", "OpenSSF Malicious Packages", IdKind::Vulnerability),
    publisher("MGASA-", "mageia", "Mageia Advisories", IdKind::Erratum),
    publisher("MINI-", "minimos", "MinimOS", IdKind::View),
    publisher("OESA-", "openeuler", "openEuler Security Advisories", IdKind::Erratum),
    publisher("OSV-", "oss-fuzz", "OSS-Fuzz", IdKind::Vulnerability),
    publisher("PSF-", "psf", "Python Software Foundation", IdKind::Vulnerability),
    publisher("PYSEC-", "pypa", "PyPA Advisory Database", IdKind::Vulnerability),
    publisher("RHBA-", "redhat", "Red Hat Errata", IdKind::Erratum),
    publisher("RHEA-", "redhat", "Red Hat Errata", IdKind::Erratum),
    publisher("RHSA-", "redhat", "Red Hat Errata", IdKind::Erratum),
    publisher("RLBA-", "rocky", "Rocky Linux Errata", IdKind::Erratum),
    publisher("RLEA-", "rocky", "Rocky Linux Errata", IdKind::Erratum),
    publisher("RLSA-", "rocky", "Rocky Linux Errata", IdKind::Erratum),
    publisher("RXSA-", "rocky", "Rocky Linux Errata", IdKind::Erratum),
    publisher("RSEC-", "rconsortium", "R Consortium Advisories", IdKind::Vulnerability),
    publisher("RUSTSEC-", "rustsec", "RustSec Advisory Database", IdKind::Vulnerability),
    publisher("SUSE-", "suse", "SUSE Updates", IdKind::Erratum),
    publisher("UBUNTU-CVE-", "ubuntu", "Ubuntu CVE Tracker", IdKind::View),
    publisher("USN-", "ubuntu", "Ubuntu Security Notices", IdKind::Erratum),
    publisher("V8-", "v8", "V8", IdKind::Vulnerability),
    publisher("openSUSE-", "suse", "openSUSE Updates", IdKind::Erratum),
];

/// How the identifiers of errata begin that announce bug fixes and enhancements.
const NOT_SECURITY: &[&str] = &["ALBA-", "ALEA-", "ELBA-", "ELEA-", "RHBA-", "RHEA-", "RLBA-", "RLEA-"];

fn recognises(path: &str, head: &[u8]) -> bool {
    let has = |needle: &str| head.windows(needle.len()).any(|window| window == needle.as_bytes());
    if super::has_extension(path, &["json", "jsonl", "ndjson"]) {
        let starts = head.iter().find(|byte| !byte.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(byte));
        matches!(starts, Some(b'{' | b'['))
            && !has("\"CVE_RECORD\"")
            && !has("\"document\"")
            && (has("\"affected\"")
                || has("\"schema_version\"")
                || (has("\"id\"") && (has("\"summary\"") || has("\"details\""))))
    } else if super::has_extension(path, &["yaml", "yml"]) {
        let key = |name: &str| super::has_key(head, name);
        key("id") && (key("modified") || key("affected") || key("details") || key("schema_version"))
    } else {
        false
    }
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let text = super::utf8(path, bytes)?;
    if super::has_extension(path, &["yaml", "yml"]) {
        if text.len() > MAX_RECORD_BYTES {
            return Err(too_large(path, text.len()));
        }
        convert(path, yaml::parse::<Record>(path, text)?, out);
        return Ok(());
    }
    if super::has_extension(path, &["jsonl", "ndjson"]) {
        for (number, line) in text.lines().enumerate() {
            if !line.trim().is_empty() {
                json_record(path, &format!("line {}", number.saturating_add(1)), line, out);
            }
        }
        return Ok(());
    }
    let error = |source| SourceError::Json { path: path.to_owned(), source };
    let start = text.trim_start();
    if start.starts_with('[') {
        let mut reader = serde_json::Deserializer::from_str(text);
        Elements { path, out }.deserialize(&mut reader).map_err(error)?;
        return reader.end().map_err(error);
    }
    // One record a file is the rule: the whole text is the record. Several after one another are read in turn.
    if text.len() <= MAX_RECORD_BYTES
        && let Ok(record) = serde_json::from_str::<Record>(text)
    {
        convert(path, record, out);
        return Ok(());
    }
    for (number, value) in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>().enumerate() {
        let value = value.map_err(error)?;
        json_record(path, &format!("record {}", number.saturating_add(1)), value.get(), out);
    }
    Ok(())
}

fn too_large(path: &str, size: usize) -> SourceError {
    SourceError::TooLarge { path: path.to_owned(), size, limit: MAX_RECORD_BYTES }
}

/// Parses one JSON record; a broken one is refused and the others are still read.
fn json_record(path: &str, place: &str, json: &str, out: &mut Sink) {
    if json.len() > MAX_RECORD_BYTES {
        out.refuse(path, place, RefusalReason::TooLarge, &format!("{} bytes", json.len()));
        return;
    }
    match serde_json::from_str::<Record>(json) {
        Ok(record) => convert(path, record, out),
        Err(error) => out.refuse(path, place, RefusalReason::Malformed, &error.to_string()),
    }
}

/// Reads a JSON array element by element, without holding the list of them.
struct Elements<'a> {
    path: &'a str,
    out: &'a mut Sink,
}

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut number = 0u64;
        while let Some(value) = list.next_element::<&RawValue>()? {
            number = number.saturating_add(1);
            json_record(self.path, &format!("record {number}"), value.get(), self.out);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Record {
    #[serde(default)]
    id: String,
    modified: Option<String>,
    published: Option<String>,
    withdrawn: Option<String>,
    aliases: Option<Vec<String>>,
    related: Option<Vec<String>>,
    upstream: Option<Vec<String>>,
    summary: Option<String>,
    details: Option<String>,
    severity: Option<Vec<SeverityEntry>>,
    affected: Option<Packages>,
    references: Option<Vec<ReferenceEntry>>,
    database_specific: Option<DatabaseSpecific>,
}

/// The packages of a record, up to [`MAX_AFFECTED`].
#[derive(Default)]
struct Packages(Vec<AffectedEntry>);

impl<'de> Deserialize<'de> for Packages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Packages, D::Error> {
        struct PackagesVisitor;
        impl<'de> Visitor<'de> for PackagesVisitor {
            type Value = Packages;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of affected packages")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Packages, A::Error> {
                let mut packages = Vec::new();
                while let Some(entry) = list.next_element()? {
                    if packages.len() >= MAX_AFFECTED {
                        return Err(A::Error::custom(format!("more than {MAX_AFFECTED} affected packages")));
                    }
                    packages.push(entry);
                }
                Ok(Packages(packages))
            }
        }
        deserializer.deserialize_seq(PackagesVisitor)
    }
}

/// The events of a range, in order. An entry has one key by the schema; unknown keys are left out.
#[derive(Default)]
struct Events(Vec<Event>);

impl<'de> Deserialize<'de> for Events {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Events, D::Error> {
        deserializer.deserialize_seq(EventsVisitor)
    }
}

struct EventsVisitor;

impl<'de> Visitor<'de> for EventsVisitor {
    type Value = Events;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Events, A::Error> {
        let mut events = Vec::new();
        while list.next_element_seed(EventSeed(&mut events))?.is_some() {}
        Ok(Events(events))
    }
}

/// Reads one event entry into a list.
struct EventSeed<'a>(&'a mut Vec<Event>);

impl<'de> DeserializeSeed<'de> for EventSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum EventKey {
    Introduced,
    Fixed,
    LastAffected,
    Limit,
    #[serde(other)]
    Other,
}

impl<'de> Visitor<'de> for EventSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<EventKey>()? {
            let make: fn(String) -> Event = match key {
                EventKey::Introduced => Event::Introduced,
                EventKey::Fixed => Event::Fixed,
                EventKey::LastAffected => Event::LastAffected,
                EventKey::Limit => Event::Limit,
                EventKey::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            // `*` is the schema's way to say "no limit".
            match map.next_value::<Option<String>>()?.map(make) {
                None => {}
                Some(Event::Limit(limit)) if limit == "*" => {}
                Some(event) => self.0.push(event),
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct SeverityEntry {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    score: String,
}

#[derive(Deserialize)]
struct AffectedEntry {
    package: Option<PackageEntry>,
    ranges: Option<Vec<RangeEntry>>,
    versions: Option<Vec<String>>,
    severity: Option<Vec<SeverityEntry>>,
    database_specific: Option<DatabaseSpecific>,
    ecosystem_specific: Option<EcosystemSpecific>,
}

#[derive(Deserialize)]
struct PackageEntry {
    #[serde(default)]
    ecosystem: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct RangeEntry {
    #[serde(rename = "type", default)]
    kind: String,
    events: Option<Events>,
    database_specific: Option<Box<DatabaseSpecific>>,
}

#[derive(Deserialize)]
struct ReferenceEntry {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    url: String,
}

/// What GitHub, RustSec and others add beyond the schema. The schema leaves the contents open, so that nothing in it
/// may make a record unreadable.
#[derive(Deserialize, Default)]
struct DatabaseSpecific {
    #[serde(default)]
    severity: Loose,
    #[serde(default)]
    cwe_ids: LooseList,
    #[serde(default)]
    informational: Loose,
    #[serde(default)]
    cvss: Loose,
    #[serde(default)]
    last_known_affected_version_range: Loose,
}

/// What Go, Debian and Ubuntu add.
#[derive(Deserialize, Default)]
struct EcosystemSpecific {
    custom_ranges: Option<Vec<RangeEntry>>,
    #[serde(default)]
    severity: Loose,
    #[serde(default)]
    urgency: Loose,
    #[serde(default)]
    ubuntu_priority: Loose,
}

/// A string; anything else counts as absent.
#[derive(Default)]
struct Loose(Option<String>);

/// A list of strings; anything else in it, or in its place, counts as absent.
#[derive(Default)]
struct LooseList(Vec<String>);

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Loose, D::Error> {
        Ok(match deserializer.deserialize_any(LooseVisitor)? {
            Found::Text(text) => Loose(Some(text.into_owned())),
            _ => Loose(None),
        })
    }
}

impl<'de> Deserialize<'de> for LooseList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LooseList, D::Error> {
        Ok(match deserializer.deserialize_any(LooseVisitor)? {
            Found::List(list) => LooseList(list),
            _ => LooseList(Vec::new()),
        })
    }
}

enum Found<'de> {
    Text(Cow<'de, str>),
    List(Vec<String>),
    Other,
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Found<'de>, E> {
        Ok(Found::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Found<'de>, E> {
        Ok(Found::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Found<'de>, E> {
        Ok(Found::Text(Cow::Owned(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Found<'de>, A::Error> {
        let mut texts = Vec::new();
        // Elements are looked at one level deep: a list within the list is skipped without recursion here.
        while let Some(element) = list.next_element::<Element>()? {
            texts.extend(element.0);
        }
        Ok(Found::List(texts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Found::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Found<'de>, E> {
        Ok(Found::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Found<'de>, E> {
        Ok(Found::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Found<'de>, E> {
        Ok(Found::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Found<'de>, E> {
        Ok(Found::Other)
    }

    fn visit_unit<E>(self) -> Result<Found<'de>, E> {
        Ok(Found::Other)
    }

    fn visit_none<E>(self) -> Result<Found<'de>, E> {
        Ok(Found::Other)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found<'de>, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

/// An element of a [`LooseList`].
struct Element(Option<String>);

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Element, D::Error> {
        struct ElementVisitor;
        impl<'de> Visitor<'de> for ElementVisitor {
            type Value = Element;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_str<E>(self, text: &str) -> Result<Element, E> {
                Ok(Element(Some(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Element, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Element(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Element, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Element(None))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Element, E> {
                Ok(Element(None))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Element, E> {
                Ok(Element(None))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Element, E> {
                Ok(Element(None))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Element, E> {
                Ok(Element(None))
            }

            fn visit_unit<E>(self) -> Result<Element, E> {
                Ok(Element(None))
            }
        }
        deserializer.deserialize_any(ElementVisitor)
    }
}

/// Turns a record into an advisory and sends it, or its refusal, to the sink.
fn convert(path: &str, record: Record, out: &mut Sink) {
    let id = record.id.trim();
    if !text::is_id(id) {
        out.refuse(path, id, RefusalReason::Malformed, "no usable id");
        return;
    }
    let publisher = PUBLISHERS.iter().find(|publisher| id.starts_with(publisher.prefix));
    let kind = publisher.map_or(IdKind::Vulnerability, |publisher| publisher.kind);
    let entries = record.affected.unwrap_or_default().0;
    let source = match publisher {
        Some(publisher) => publisher.source,
        None => source_of_ecosystem(entries.iter().find_map(|entry| entry.package.as_ref())),
    };
    let (aliases, covers) = identifiers(
        id,
        kind,
        record.aliases.unwrap_or_default(),
        record.related.unwrap_or_default(),
        record.upstream.unwrap_or_default(),
    );
    if covers.is_empty() && NOT_SECURITY.iter().any(|prefix| id.starts_with(prefix)) {
        out.refuse(path, id, RefusalReason::NotSecurity, "");
        return;
    }
    if let Some(word) = notice(&entries) {
        out.refuse(path, id, RefusalReason::Informational, word);
        return;
    }

    let mut advisory = Advisory {
        id: id.to_owned(),
        source: source.to_owned(),
        aliases,
        covers,
        title: text::one_line(record.summary.as_deref().unwrap_or_default()),
        description: record.details.map(|details| details.trim().to_owned()).unwrap_or_default(),
        published: text::date(record.published.as_deref()),
        modified: text::date(record.modified.as_deref()),
        withdrawn: text::date(record.withdrawn.as_deref()),
        ..Advisory::default()
    };
    for entry in record.references.unwrap_or_default() {
        advisory.references.extend(text::reference(&entry.kind, &entry.url));
    }
    for entry in record.severity.unwrap_or_default() {
        if let Some(severity) = severity_entry(source, &entry, &mut advisory.cvss) {
            advisory.severities.push(SeverityStatement { source: source.to_owned(), severity });
        }
    }
    let specific = record.database_specific.unwrap_or_default();
    advisory.cwes = text::unique(specific.cwe_ids.0.into_iter().filter(|cwe| cwe.starts_with("CWE-")));
    let mut stated = specific.severity.0.as_deref().and_then(severity_word);
    if kind == IdKind::Erratum
        && let Some((word, rest)) = advisory.title.split_once(": ")
        && let Some(severity) = severity_word(word)
    {
        stated = stated.or(Some(severity));
        advisory.title = rest.to_owned();
    }
    if stated.is_none() && publisher.is_some_and(|publisher| publisher.prefix == "MAL-") {
        // The records carry no severity; whoever installed such a package has run an attacker's code.
        stated = Some(Severity::Critical);
    }
    if let Some(severity) = stated {
        advisory.severities.push(SeverityStatement { source: source.to_owned(), severity });
    }

    let (entry_count, mut named) = (entries.len(), false);
    for entry in entries {
        match affected(source, entry, &mut advisory.cvss) {
            Ok(Some(affected)) => advisory.affected.push(affected),
            Ok(None) => named = true,
            Err(message) => {
                out.refuse(path, id, RefusalReason::Malformed, message);
                return;
            }
        }
    }
    if advisory.affected.is_empty() && advisory.withdrawn.is_none() {
        let detail = match (entry_count, named) {
            (0, _) => "no package",
            _ => "neither a version range nor versions",
        };
        out.refuse(path, id, RefusalReason::NothingAffected, detail);
        return;
    }
    out.keep(advisory);
}

/// The source of a record whose identifier does not tell: a bare CVE is published by whom it speaks of.
fn source_of_ecosystem(package: Option<&PackageEntry>) -> &'static str {
    let ecosystem = package.map(|package| package.ecosystem.as_str()).unwrap_or_default();
    match ecosystem.split(':').next().unwrap_or_default() {
        "Debian" => "debian",
        "Alpine" => "alpine",
        "Ubuntu" => "ubuntu",
        "Wolfi" | "Chainguard" => "chainguard",
        _ => "osv",
    }
}

/// Sorts the identifiers that a record names into other names of the same vulnerability, and vulnerabilities that it
/// covers.
fn identifiers(
    id: &str,
    kind: IdKind,
    aliases: Vec<String>,
    related: Vec<String>,
    upstream: Vec<String>,
) -> (Vec<String>, Vec<String>) {
    let clean = |list: Vec<String>| {
        list.into_iter().map(|id| id.trim().to_owned()).filter(|other| text::is_id(other) && other != id)
    };
    let cves = |list: Vec<String>| {
        list.into_iter().filter_map(|id| {
            let id = ["DEBIAN-", "UBUNTU-", "ALPINE-"]
                .iter()
                .find_map(|prefix| id.trim().strip_prefix(prefix))
                .unwrap_or(id.trim());
            text::is_cve(id).then(|| id.to_owned())
        })
    };
    match kind {
        IdKind::Erratum => {
            let (named, other): (Vec<_>, Vec<_>) =
                clean(aliases).partition(|alias| text::is_cve(alias.as_str()));
            let covers = cves(upstream).chain(named).chain(cves(related));
            (text::unique(other), text::unique(covers))
        }
        IdKind::View => {
            let own = id.find("CVE-").and_then(|at| id.get(at..)).filter(|cve| text::is_cve(cve));
            let same = own.map(str::to_owned).into_iter().chain(clean(aliases)).chain(cves(upstream));
            (text::unique(same), Vec::new())
        }
        IdKind::Vulnerability => {
            // `upstream` names the vulnerabilities that a downstream record answers; without a known publisher the
            // record may answer several, so that they are not the same as this one.
            (text::unique(clean(aliases)), text::unique(cves(upstream)))
        }
    }
}

/// The word under which RustSec files an entry that is no vulnerability, when all of the record is.
fn notice(entries: &[AffectedEntry]) -> Option<&'static str> {
    let word = |entry: &AffectedEntry| {
        let specific = entry.database_specific.as_ref()?;
        match specific.informational.0.as_deref()? {
            "unmaintained" => Some("unmaintained"),
            "notice" => Some("notice"),
            _ => None,
        }
    };
    let first = word(entries.first()?)?;
    entries.iter().all(|entry| word(entry).is_some()).then_some(first)
}

/// A severity in words, unless the word says that there is none yet.
fn severity_word(word: &str) -> Option<Severity> {
    // Debian appends asterisks to urgencies that it derived itself.
    word.trim().trim_end_matches('*').parse().ok().filter(|severity| *severity != Severity::Unknown)
}

/// Files a CVSS vector, or returns the severity that the entry states in words.
fn severity_entry(source: &str, entry: &SeverityEntry, cvss: &mut Vec<CvssVector>) -> Option<Severity> {
    match entry.kind.as_str() {
        "CVSS_V2" | "CVSS_V3" | "CVSS_V4" => {
            push_vector(source, &entry.score, cvss);
            None
        }
        _ => severity_word(&entry.score),
    }
}

/// Keeps a CVSS vector if it looks like one and is new; whether its metrics make sense is for the scorer to say.
fn push_vector(source: &str, vector: &str, cvss: &mut Vec<CvssVector>) {
    let vector = vector.trim();
    let plausible = vector.len() <= 512
        && vector.bytes().all(|byte| byte.is_ascii_graphic())
        && (vector.starts_with("CVSS:") || vector.starts_with("AV:") || vector.starts_with("(AV:"))
        && vector.contains("/A");
    // A record has a handful of vectors; past that, comparing each with all would be quadratic.
    if plausible && cvss.len() < 64 && !cvss.iter().any(|known| known.vector == vector) {
        cvss.push(CvssVector { source: source.to_owned(), vector: vector.to_owned() });
    }
}

/// Converts one affected package; `None` when there is nothing in it that a version could be compared with.
fn affected(
    source: &str,
    entry: AffectedEntry,
    cvss: &mut Vec<CvssVector>,
) -> Result<Option<Affected>, &'static str> {
    let specific = entry.database_specific.unwrap_or_default();
    let ecosystem_specific = entry.ecosystem_specific.unwrap_or_default();
    let mut severity = None;
    for entry in entry.severity.unwrap_or_default() {
        severity = severity.or(severity_entry(source, &entry, cvss));
    }
    if let Some(vector) = &specific.cvss.0 {
        push_vector(source, vector, cvss);
    }
    for word in [
        &specific.severity,
        &ecosystem_specific.severity,
        &ecosystem_specific.ubuntu_priority,
        &ecosystem_specific.urgency,
    ] {
        severity = severity.or(word.0.as_deref().and_then(severity_word));
    }
    let Some(package) = entry.package else { return Ok(None) };
    if package.ecosystem.is_empty() || package.name.is_empty() {
        return Ok(None);
    }
    if !text::is_ecosystem(&package.ecosystem) {
        return Err("the ecosystem is not a name");
    }
    if !text::is_name(&package.name) {
        return Err("the package's name is not a name");
    }

    let known = specific.last_known_affected_version_range.0.as_deref();
    let mut ranges = ranges(entry.ranges.unwrap_or_default(), known)?;
    if !ranges.iter().any(has_end)
        && let Some(custom) = ecosystem_specific.custom_ranges
    {
        let custom = self::ranges(custom, None)?;
        if custom.iter().any(has_end) {
            ranges = custom;
        }
    }
    let mut versions = entry.versions.unwrap_or_default();
    versions.retain(|version| !version.trim().is_empty());
    if versions.iter().any(|version| !text::is_ecosystem(version)) {
        return Err("a version is not a version");
    }
    if ranges.is_empty() && versions.is_empty() {
        return Ok(None);
    }
    let fixed = ranges.iter().flat_map(|range| &range.events).any(|event| matches!(event, Event::Fixed(_)));
    let status = match ecosystem_specific.urgency.0.as_deref() {
        _ if fixed => Status::Fixed,
        Some("end-of-life") => Status::EndOfLife,
        _ => Status::Affected,
    };
    Ok(Some(Affected {
        ecosystem: package.ecosystem,
        package: package.name,
        status,
        ranges,
        versions,
        severity,
        ..Affected::default()
    }))
}

/// Converts the ranges that speak of versions. `known` is GitHub's closing remark for ranges without an end.
fn ranges(entries: Vec<RangeEntry>, known: Option<&str>) -> Result<Vec<Range>, &'static str> {
    let mut ranges = Vec::new();
    for entry in entries {
        if !matches!(entry.kind.as_str(), "SEMVER" | "ECOSYSTEM") {
            continue;
        }
        let mut events = entry.events.unwrap_or_default().0;
        if events.iter().any(|event| !text::is_ecosystem(version(event))) {
            return Err("a version in a range is not a version");
        }
        if events.is_empty() {
            continue;
        }
        if !events.iter().any(|event| matches!(event, Event::Introduced(_))) {
            events.insert(0, Event::Introduced("0".to_owned()));
        }
        let mut range = Range { events };
        if !has_end(&range) {
            let own =
                entry.database_specific.and_then(|specific| specific.last_known_affected_version_range.0);
            range.events.extend(own.as_deref().or(known).and_then(last_known));
        }
        ranges.push(range);
    }
    Ok(ranges)
}

/// The event that GitHub's `last_known_affected_version_range` (`<= 1.2.3`, `< 1.2.3`, `= 1.2.3`) stands for. `< 1.2.3`
/// does not say that 1.2.3 is a fix, only that nothing is known of it.
fn last_known(range: &str) -> Option<Event> {
    let range = range.trim();
    let (make, version): (fn(String) -> Event, _) = if let Some(version) = range.strip_prefix("<=") {
        (Event::LastAffected, version)
    } else if let Some(version) = range.strip_prefix('<') {
        (Event::Limit, version)
    } else {
        (Event::LastAffected, range.strip_prefix('=')?)
    };
    let version = version.trim();
    text::is_name(version).then(|| make(version.to_owned()))
}

fn has_end(range: &Range) -> bool {
    range.events.iter().any(|event| !matches!(event, Event::Introduced(_)))
}

fn version(event: &Event) -> &str {
    match event {
        Event::Introduced(version)
        | Event::Fixed(version)
        | Event::LastAffected(version)
        | Event::Limit(version) => version,
    }
}
