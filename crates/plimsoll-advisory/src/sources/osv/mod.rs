//! OSV records (OSV schema 1.7), as JSON, JSON arrays, lines of JSON, or YAML.
//!
//! Who wrote a record is told by its identifier ([`PUBLISHERS`]). Decisions where the schema leaves room:
//!
//! - Ranges of type `SEMVER` and `ECOSYSTEM` are kept, `GIT` ranges are left out: images hold no commits.
//! - A range without `introduced` begins at the beginning; a range that only GitHub's
//!   `last_known_affected_version_range` closes is closed there; Go's `custom_ranges` take the place of a
//!   range that is just "everything", and come beside any other.
//! - An erratum (ALSA, DSA, USN …) covers the CVEs that it names as `upstream` or alias; those that it names as `related`
//!   count when it names no others, and nowhere else. Bug fix and enhancement errata without CVEs are refused.
//! - RustSec's `unmaintained` and `notice` entries are refused; `unsound` ones are kept, since safe code can reach the
//!   memory error.
//! - A malicious package without a range or a version is malicious in all of them, and critical.
//! - Go's imports and RustSec's functions become symbols; platforms limit a statement when all of it is limited.
//! - A Red Hat product in the name of the ecosystem (`Red Hat:enterprise_linux:9::appstream`) becomes the release and the
//!   CPE of the repository; SUSE's modules and phases of support become the service pack that they belong to.
//! - Withdrawn records are kept with their date, so that the builder can count them.

mod loose;
mod platforms;
mod publishers;
mod record;

use plimsoll_types::{CvssVector, Severity, Status};
use serde_json::value::RawValue;

use super::text::severity_word;
use super::{RefusalReason, Sink, SourceError, SourceSpec, stream, text, yaml};
use crate::json;
use crate::{Advisory, Affected, Event, Folded, Range, SeverityStatement, fold_ecosystem};

pub use publishers::{IdKind, PUBLISHERS, Publisher};

use record::{AffectedEntry, PackageEntry, RangeEntry, Record, SeverityEntry};

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

/// The source of the records on malicious packages.
const MALICIOUS: &str = "malicious-packages";

/// How the identifiers of errata begin that announce bug fixes and enhancements.
const NOT_SECURITY: &[&str] = &["ALBA-", "ALEA-", "ELBA-", "ELEA-", "RHBA-", "RHEA-", "RLBA-", "RLEA-"];

fn recognises(path: &str, head: &[u8]) -> bool {
    let has = |needle: &str| head.windows(needle.len()).any(|window| window == needle.as_bytes());
    if super::has_extension(path, &["json", "jsonl", "ndjson"]) {
        let starts = head.iter().find(|byte| !byte.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(byte));
        // Others with `affected` or `schema_version` in them: Arch's groups, AlmaLinux's errata, ends of life.
        let of_another = (has("\"AVG-") && has("\"issues\""))
            || has("\"updateinfo_id\"")
            || (has("\"issued_date\"") && has("\"data\""))
            || has("\"bs_repo_id\"")
            || (has("\"generated_at\"") && has("\"result\""));
        matches!(starts, Some(b'{' | b'['))
            && !has("\"CVE_RECORD\"")
            && !has("\"document\"")
            && !of_another
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
    if super::has_extension(path, &["jsonl", "ndjson"]) {
        lines(path, bytes, out);
        return Ok(());
    }
    let text = super::utf8(path, bytes)?;
    if super::has_extension(path, &["yaml", "yml"]) {
        if text.len() > MAX_RECORD_BYTES {
            return Err(too_large(path, text.len()));
        }
        convert(path, yaml::parse::<Record>(path, text)?, out);
        return Ok(());
    }
    let error = |source| SourceError::Json { path: path.to_owned(), source };
    let start = text.trim_start();
    if start.starts_with('[') {
        return stream::elements(path, text, &mut |place, json| json_record(path, place, json, out));
    }
    // One record a file is the rule: the whole text is the record. Several after one another are read in turn.
    if text.len() <= MAX_RECORD_BYTES
        && let Ok(record) = json::single::<Record>(path, text)
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

/// Records one a line. A line that is not UTF-8 spoils no other.
fn lines(path: &str, bytes: &[u8], out: &mut Sink) {
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let place = format!("line {}", number.saturating_add(1));
        match std::str::from_utf8(line).map(str::trim) {
            Ok("") => {}
            Ok(line) => json_record(path, &place, line, out),
            Err(error) => out.refuse(path, &place, RefusalReason::Malformed, &error.to_string()),
        }
    }
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
    if let Some(record) = json::record(path, place, json, out) {
        convert(path, record, out);
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
        // "A demonstration of the validity of a vulnerability claim".
        advisory.public_exploit |= entry.kind == "EVIDENCE";
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
    if stated.is_none() && source == MALICIOUS {
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
        "Red Hat" => "redhat",
        "SUSE" | "openSUSE" => "suse",
        "Azure Linux" => "azure-linux",
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
            let mut covers = text::unique(cves(upstream).chain(named));
            if covers.is_empty() {
                // AlmaLinux says it with the only field that there was before `upstream`.
                covers = text::unique(cves(related));
            }
            (text::unique(other), covers)
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

/// Keeps a CVSS vector if it looks like one and is new.
fn push_vector(source: &str, vector: &str, cvss: &mut Vec<CvssVector>) {
    let vector = vector.trim();
    // A record has a handful of vectors; past that, comparing each with all would be quadratic.
    if text::is_vector(vector) && cvss.len() < 64 && !cvss.iter().any(|known| known.vector == vector) {
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

    let Folded { ecosystem, cpe } = fold_ecosystem(&package.ecosystem);
    let platforms = platforms::platforms(ecosystem_specific.imports, ecosystem_specific.affects);
    let known = specific.last_known_affected_version_range.0.as_deref();
    let mut ranges = ranges(entry.ranges.unwrap_or_default(), known)?;
    if let Some(custom) = ecosystem_specific.custom_ranges {
        let mut custom = self::ranges(custom, None)?;
        if !ranges.iter().all(is_everything) {
            // The custom ranges are additional ones. One without an end is only the beginning of what the range ends.
            custom.retain(has_end);
            ranges.append(&mut custom);
        } else if !custom.iter().all(is_everything) {
            ranges = custom;
        }
    }
    let mut versions = entry.versions.unwrap_or_default();
    versions.retain(|version| !version.trim().is_empty());
    if versions.iter().any(|version| !text::is_ecosystem(version)) {
        return Err("a version is not a version");
    }
    if ranges.is_empty() && versions.is_empty() {
        if source != MALICIOUS {
            return Ok(None);
        }
        ranges.push(Range { events: vec![Event::Introduced("0".to_owned())] });
    }
    let fixed = ranges.iter().flat_map(|range| &range.events).any(|event| matches!(event, Event::Fixed(_)));
    let status = match ecosystem_specific.urgency.0.as_deref() {
        _ if fixed => Status::Fixed,
        Some("end-of-life") => Status::EndOfLife,
        _ => Status::Affected,
    };
    Ok(Some(Affected {
        ecosystem,
        package: package.name,
        status,
        ranges,
        versions,
        severity,
        cpes: cpe.into_iter().collect(),
        symbols: platforms.symbols,
        oses: platforms.oses,
        arches: platforms.arches,
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

/// Whether a range holds for every version.
fn is_everything(range: &Range) -> bool {
    matches!(range.events.as_slice(), [Event::Introduced(version)] if version == "0")
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
