//! trivy-db, schema 2 (github.com/aquasecurity/trivy-db: `pkg/db`, `pkg/types`, `pkg/vulnsrc`).
//!
//! A top-level bucket holds what one source says of one release or language: package → vulnerability → JSON. `vulnerability` holds what is known
//! of each vulnerability, merged from all sources; it is handed out under the source [`DETAILS_SOURCE`], except for errata (`SUSE-SU-…`), whose text
//! belongs to their own advisory and whose links say what they fix. Decisions where the database leaves room:
//!
//! - A record without a fix is affected, with the status it states; `{}` is such a record too.
//! - `FixedVersion` `0` means that no version was ever affected.
//! - A Red Hat erratum covers the CVEs of its entries, and becomes one statement for each release of which it names products. A severity is the
//!   package's own only where the entry speaks of one CVE.
//! - Vendor identifiers of the same vulnerability (`GHSA-…`, `GO-…`) are aliases; those of errata are links.

mod buckets;
mod records;
mod redhat;

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;

use plimsoll_advisory::sources::RefusalReason;
use plimsoll_advisory::sources::text::{date, is_cve, is_id, is_name, one_line, reference, unique};
use plimsoll_advisory::{Advisory, Affected, Event, Range, RepositoryCpes, SeverityStatement};
use plimsoll_archive::ReadAt;
use plimsoll_types::{CvssVector, Status};

use crate::bolt::{Bolt, BoltError, Bucket, Entry};
use crate::constraint::{self, Grammar, Stated};
use crate::counts::Refused;
use crate::identify::{self, Beside};
use crate::{Counts, ImportError, Item, Stop, Take};

use buckets::Top;
use records::{DataSource, Detail, EntryRecord, Record};
use redhat::Products;

pub use records::{Metadata, TRIVY_SCHEMA};

/// The source of texts that the database has merged from several.
pub const DETAILS_SOURCE: &str = "trivy-db";

/// The longest JSON text of a record.
const MAX_FACT: usize = 1 << 20;
/// The longest JSON text of a vulnerability's details.
const MAX_DETAIL: usize = 4 << 20;
/// The most top-level buckets whose source is remembered.
const MAX_SOURCES: usize = 10_000;
/// The most entries of a record, identifiers beside its own, and links.
const MAX_LIST: usize = 10_000;

/// Imports a trivy-db file (`trivy.db`).
///
/// # Errors
///
/// When the file is no such database, is damaged, or `take` wants no more. Single records that cannot be read are counted and left out.
pub fn trivy_db(path: &Path, take: &mut Take<'_>) -> Result<Counts, ImportError> {
    let file = File::open(path).map_err(|source| ImportError::Open { path: path.to_owned(), source })?;
    trivy_db_from(file, path, take)
}

/// Imports a trivy-db file from anything that can be read at any offset; `path` is what errors call it.
///
/// # Errors
///
/// As [`trivy_db`].
pub fn trivy_db_from<R: ReadAt>(reader: R, path: &Path, take: &mut Take<'_>) -> Result<Counts, ImportError> {
    let import = || -> Result<Import<'_, '_>, Fault> {
        let bolt = Bolt::open(reader)?;
        let mut import = Import {
            counts: Counts::default(),
            take,
            sources: BTreeMap::new(),
            products: Products::default(),
        };
        import.sources(&bolt)?;
        import.products(&bolt)?;
        if let ControlFlow::Break(fault) = bolt.root().walk(&mut |name, entry| import.top(name, entry))? {
            return Err(fault);
        }
        Ok(import)
    };
    match import() {
        Ok(import) if import.counts.parts.is_empty() => Err(ImportError::Schema {
            path: path.to_owned(),
            message: "it has none of the buckets of trivy-db".to_owned(),
        }),
        Ok(import) => Ok(import.counts),
        Err(Fault::Bolt(source)) => Err(ImportError::Bolt { path: path.to_owned(), source }),
        Err(Fault::Stopped(stop)) => Err(ImportError::Stopped(stop)),
    }
}

/// Why an import ends.
#[derive(Debug)]
enum Fault {
    Bolt(BoltError),
    Stopped(Stop),
}

impl From<BoltError> for Fault {
    fn from(error: BoltError) -> Fault {
        Fault::Bolt(error)
    }
}

type Flow = ControlFlow<Fault>;

/// What a record became.
type Read = Result<Item, Refused>;

/// Goes on unless the walk through an inner bucket failed or was stopped.
fn flow(result: Result<Flow, BoltError>) -> Flow {
    result.unwrap_or_else(|error| ControlFlow::Break(Fault::Bolt(error)))
}

struct Import<'a, 't> {
    counts: Counts,
    take: &'a mut Take<'t>,
    /// Our source id of each top-level bucket.
    sources: BTreeMap<String, String>,
    products: Products,
}

/// A bucket of packages and what holds for all of it.
struct Origin<'a> {
    source: &'a str,
    ecosystem: &'a str,
    grammar: Grammar,
    /// Whether packages are those of a programming language: versions are then said in constraints.
    language: bool,
}

/// One record's place.
#[derive(Clone, Copy)]
struct Key<'a> {
    package: &'a str,
    id: &'a str,
}

fn malformed(detail: impl Into<String>) -> Refused {
    (RefusalReason::Malformed, detail.into())
}

impl Import<'_, '_> {
    /// Reads where the buckets' advisories come from.
    fn sources<R: ReadAt>(&mut self, bolt: &Bolt<R>) -> Result<(), BoltError> {
        let read = bolt.root().get(b"data-source", |entry| {
            let Entry::Bucket(bucket) = entry else { return Ok(()) };
            let walked: Result<ControlFlow<()>, BoltError> = bucket.walk(&mut |name, entry| {
                if let (Ok(name), Entry::Value(value)) = (std::str::from_utf8(name), entry)
                    && value.len() <= MAX_FACT
                    && let Ok(source) = serde_json::from_slice::<DataSource>(value)
                    && !source.id.is_empty()
                    && is_name(&source.id)
                    && self.sources.len() < MAX_SOURCES
                {
                    self.sources.insert(name.to_owned(), identify::source(&source.id).to_owned());
                }
                ControlFlow::Continue(())
            });
            walked.map(|_| ())
        })?;
        read.unwrap_or(Ok(()))
    }

    /// Reads Red Hat's list of products.
    fn products<R: ReadAt>(&mut self, bolt: &Bolt<R>) -> Result<(), BoltError> {
        let read = bolt.root().get(b"Red Hat CPE", |entry| {
            let Entry::Bucket(bucket) = entry else { return Ok(()) };
            let read = bucket.get(b"cpe", |entry| {
                let Entry::Bucket(bucket) = entry else { return Ok(()) };
                let walked: Result<ControlFlow<()>, BoltError> = bucket.walk(&mut |place, entry| {
                    let place = std::str::from_utf8(place).ok().and_then(|place| place.parse().ok());
                    if let (Some(place), Entry::Value(value)) = (place, entry)
                        && value.len() <= MAX_FACT
                        && let Ok(cpe) = serde_json::from_slice::<String>(value)
                        && is_name(&cpe)
                    {
                        self.products.add(place, cpe);
                    }
                    ControlFlow::Continue(())
                });
                walked.map(|_| ())
            })?;
            read.unwrap_or(Ok(()))
        })?;
        read.unwrap_or(Ok(()))
    }

    /// One top-level bucket.
    fn top<R: ReadAt>(&mut self, name: &[u8], entry: Entry<'_, R>) -> Flow {
        let Entry::Bucket(bucket) = entry else {
            self.counts.unknown(&String::from_utf8_lossy(name));
            return ControlFlow::Continue(());
        };
        let Ok(name) = std::str::from_utf8(name) else {
            self.counts.unknown(&String::from_utf8_lossy(name));
            return ControlFlow::Continue(());
        };
        match buckets::top(name) {
            Top::Packages(ecosystem) => {
                self.counts.part(name);
                let source = self.source_of(name);
                let grammar = Grammar::of(&ecosystem);
                let language = name.contains("::");
                let origin = Origin { source: &source, ecosystem: &ecosystem, grammar, language };
                self.packages(bucket, &mut |import, key, value| import.fact(&origin, key, value))
            }
            Top::RedHat => {
                self.counts.part(name);
                let source = self.source_of(name);
                self.packages(bucket, &mut |import, key, value| import.red_hat(&source, key, value))
            }
            Top::Vulnerabilities => {
                self.counts.part(name);
                flow(bucket.walk(&mut |id, entry| {
                    self.record(id, entry, &mut |import, id, value| import.detail(id, value))
                }))
            }
            Top::Internal if name == "Red Hat CPE" => self.repositories(bucket),
            Top::Internal => ControlFlow::Continue(()),
            Top::Unknown => {
                self.counts.unknown(name);
                ControlFlow::Continue(())
            }
        }
    }

    /// The source of a bucket; where the database does not say, the bucket's own name has to do.
    fn source_of(&self, bucket: &str) -> String {
        if let Some(source) = self.sources.get(bucket) {
            return source.clone();
        }
        let name = match bucket.split_once("::") {
            Some((_, name)) => name,
            None => bucket.split(' ').next().unwrap_or(bucket),
        };
        let slug: String = name
            .chars()
            .take(64)
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        identify::source(if bucket == "Red Hat" { "redhat" } else { &slug }).to_owned()
    }

    /// Walks package → vulnerability → record.
    fn packages<R: ReadAt>(
        &mut self,
        bucket: Bucket<'_, R>,
        read: &mut dyn FnMut(&mut Self, Key<'_>, &[u8]) -> Read,
    ) -> Flow {
        flow(bucket.walk(&mut |package, entry| {
            let Entry::Bucket(records) = entry else {
                self.counts
                    .refuse(&String::from_utf8_lossy(package), malformed("a package that is no bucket"));
                return ControlFlow::Continue(());
            };
            self.counts.package();
            let package = std::str::from_utf8(package).ok().filter(|package| is_name(package));
            flow(records.walk(&mut |id, entry| {
                self.record(id, entry, &mut |import, id, value| {
                    let package = package.ok_or_else(|| malformed("the package's name is not a name"))?;
                    read(import, Key { package, id }, value)
                })
            }))
        }))
    }

    /// One key with its record.
    fn record<R: ReadAt>(
        &mut self,
        id: &[u8],
        entry: Entry<'_, R>,
        read: &mut dyn FnMut(&mut Self, &str, &[u8]) -> Read,
    ) -> Flow {
        let item = match (std::str::from_utf8(id), entry) {
            (Ok(id), Entry::Value(value)) if is_id(id) => read(self, id, value),
            (_, Entry::Bucket(_)) => Err(malformed("a record that is a bucket")),
            _ => Err(malformed("no usable id")),
        };
        self.hand_out(id, item)
    }

    fn hand_out(&mut self, id: &[u8], item: Read) -> Flow {
        match item {
            Ok(item) => {
                self.counts.keep();
                if let Err(stop) = (self.take)(item) {
                    return ControlFlow::Break(Fault::Stopped(stop));
                }
            }
            Err(refused) => self.counts.refuse(&String::from_utf8_lossy(id), refused),
        }
        ControlFlow::Continue(())
    }

    /// What a source says of a package of a distribution or a language.
    fn fact(&mut self, origin: &Origin<'_>, key: Key<'_>, value: &[u8]) -> Read {
        let record = json::<Record>(value, MAX_FACT)?;
        let mut advisory =
            Advisory { id: key.id.to_owned(), source: origin.source.to_owned(), ..Advisory::default() };
        let (modularity, package) = redhat::module(key.package);
        let base = || Affected {
            ecosystem: origin.ecosystem.to_owned(),
            package: package.to_owned(),
            modularity: modularity.to_owned(),
            ..Affected::default()
        };
        let entries = record.entries.unwrap_or_default();
        if entries.len() > MAX_LIST {
            return Err((RefusalReason::TooLarge, "too many entries".to_owned()));
        }
        identifiers(&mut advisory, record.vendor_ids);
        if origin.language {
            let mut affected = base();
            affected.arches = list(record.arches);
            affected.oses = list(record.oses);
            affected.severity = record.severity.and_then(identify::severity);
            let stated = Stated {
                vulnerable: record.vulnerable_versions.unwrap_or_default(),
                patched: record.patched_versions.unwrap_or_default(),
                unaffected: record.unaffected_versions.unwrap_or_default(),
            };
            constraint::fill(&mut affected, &stated, origin.grammar).map_err(malformed)?;
            if affected.ranges.is_empty() && affected.versions.is_empty() {
                return Err((RefusalReason::NothingAffected, String::new()));
            }
            advisory.affected.push(affected);
        } else if entries.is_empty() {
            let mut affected = base();
            affected.arches = list(record.arches);
            affected.severity = record.severity.and_then(identify::severity);
            let fixed = record.fixed_version.unwrap_or_default();
            versions(&mut affected, &fixed, record.affected_version.as_deref(), record.status)?;
            advisory.affected.push(affected);
        } else {
            for entry in entries {
                let mut affected = base();
                identifiers(&mut advisory, entry.vendor_ids);
                affected.arches = list(entry.arches);
                affected.severity = entry.severity.and_then(identify::severity);
                let fixed = entry.fixed_version.unwrap_or_default();
                versions(&mut affected, &fixed, entry.affected_version.as_deref(), entry.status)?;
                advisory.affected.push(affected);
            }
        }
        Ok(Item::Advisory(advisory))
    }

    /// What Red Hat says of a package: each entry for other products.
    fn red_hat(&mut self, source: &str, key: Key<'_>, value: &[u8]) -> Read {
        let record = json::<Record>(value, MAX_FACT)?;
        let (modularity, package) = redhat::module(key.package);
        let is_erratum = !is_cve(key.id);
        let mut advisory =
            Advisory { id: key.id.to_owned(), source: source.to_owned(), ..Advisory::default() };
        let entries = record.entries.unwrap_or_default();
        if entries.len() > MAX_LIST {
            return Err((RefusalReason::TooLarge, "too many entries".to_owned()));
        }
        let mut covers = Vec::new();
        for entry in entries {
            let EntryRecord {
                vendor_ids,
                arches,
                status,
                fixed_version,
                affected_version,
                cves,
                affected: places,
                ..
            } = entry;
            let cves = cves.unwrap_or_default();
            let places = places.unwrap_or_default();
            if cves.len() > MAX_LIST || places.len() > MAX_LIST {
                return Err((RefusalReason::TooLarge, "too many vulnerabilities or products".to_owned()));
            }
            let severity = match cves.as_slice() {
                [only] => only.severity.and_then(identify::severity),
                _ => None,
            };
            if is_erratum {
                covers.extend(cves.into_iter().filter_map(|cve| cve.id).filter(|cve| is_cve(cve)));
            }
            identifiers(&mut advisory, vendor_ids);
            let arches = list(arches);
            let fixed = fixed_version.unwrap_or_default();
            let (releases, _) = self.products.by_release(&places, &fixed);
            for (release, cpes) in releases {
                let mut affected = Affected {
                    ecosystem: format!("Red Hat:enterprise_linux:{release}"),
                    package: package.to_owned(),
                    modularity: modularity.to_owned(),
                    arches: arches.clone(),
                    severity,
                    cpes,
                    ..Affected::default()
                };
                versions(&mut affected, &fixed, affected_version.as_deref(), status)?;
                advisory.affected.push(affected);
            }
        }
        if advisory.affected.is_empty() {
            return Err((RefusalReason::UnknownRelease, "no product of a known release".to_owned()));
        }
        advisory.covers = unique(covers);
        Ok(Item::Advisory(advisory))
    }

    /// What is known of a vulnerability or an erratum.
    fn detail(&mut self, id: &str, value: &[u8]) -> Read {
        let detail = json::<Detail>(value, MAX_DETAIL)?;
        let erratum = identify::erratum(id);
        let links = detail.references.unwrap_or_default();
        let mut advisory = Advisory {
            id: id.to_owned(),
            source: erratum.unwrap_or(DETAILS_SOURCE).to_owned(),
            title: one_line(detail.title.as_deref().unwrap_or_default()),
            description: detail.description.map(trimmed).unwrap_or_default(),
            cwes: unique(
                detail
                    .cwe_ids
                    .unwrap_or_default()
                    .into_iter()
                    .filter(|cwe| cwe.starts_with("CWE-") && is_name(cwe)),
            ),
            references: links.iter().take(MAX_LIST).filter_map(|url| reference("web", url)).collect(),
            published: date(detail.published_date.as_deref()),
            modified: date(detail.last_modified_date.as_deref()),
            ..Advisory::default()
        };
        if erratum.is_some() {
            advisory.covers = unique(links.iter().filter_map(|url| identify::cve_of_link(url)));
        }
        for (vendor, number) in detail.vendor_severity.unwrap_or_default() {
            if let Some(severity) = identify::severity(number)
                && is_name(&vendor)
            {
                let source = identify::source(&vendor).to_owned();
                advisory.severities.push(SeverityStatement { source, severity });
            }
        }
        for (vendor, vectors) in detail.cvss.unwrap_or_default() {
            if !is_name(&vendor) {
                continue;
            }
            let source = identify::source(&vendor);
            for vector in [vectors.v4, vectors.v3, vectors.v2].into_iter().flatten() {
                advisory.cvss.extend(cvss_vector(source, &vector));
            }
        }
        Ok(Item::Advisory(advisory))
    }

    /// Which products repositories and image builds belong to.
    fn repositories<R: ReadAt>(&mut self, bucket: Bucket<'_, R>) -> Flow {
        flow(bucket.walk(&mut |kind, entry| {
            let kind = match (kind, entry) {
                (b"repository", Entry::Bucket(bucket)) => ("Red Hat CPE/repository", bucket),
                (b"nvr", Entry::Bucket(bucket)) => ("Red Hat CPE/nvr", bucket),
                _ => return ControlFlow::Continue(()),
            };
            let (part, bucket) = kind;
            self.counts.part(part);
            flow(bucket.walk(&mut |name, entry| {
                let item = self.repository(name, entry);
                self.hand_out(name, item)
            }))
        }))
    }

    fn repository<R: ReadAt>(&self, name: &[u8], entry: Entry<'_, R>) -> Read {
        let (Ok(name), Entry::Value(value)) = (std::str::from_utf8(name), entry) else {
            return Err(malformed("no repository"));
        };
        if !is_name(name) {
            return Err(malformed("the repository's name is not a name"));
        }
        let places: Vec<i64> = json(value, MAX_FACT)?;
        let cpes =
            places.iter().filter_map(|place| self.products.get(*place)).map(|product| product.cpe.clone());
        let cpes = unique(cpes);
        if cpes.is_empty() {
            return Err((RefusalReason::NothingAffected, "no known product".to_owned()));
        }
        Ok(Item::Repository(RepositoryCpes { repository: name.to_owned(), cpes }))
    }
}

/// Reads JSON; `null` is what an empty record is in Go.
fn json<T: serde::de::DeserializeOwned + Default>(value: &[u8], limit: usize) -> Result<T, Refused> {
    if value.len() > limit {
        return Err((RefusalReason::TooLarge, format!("{} bytes", value.len())));
    }
    let record: Option<T> = serde_json::from_slice(value).map_err(|error| malformed(error.to_string()))?;
    Ok(record.unwrap_or_default())
}

fn trimmed(text: String) -> String {
    let trimmed = text.trim();
    if trimmed.len() == text.len() { text } else { trimmed.to_owned() }
}

/// A list of short names, such as architectures.
fn list(names: Option<Vec<String>>) -> Vec<String> {
    let mut names = names.unwrap_or_default();
    names.truncate(64);
    names.retain(|name| is_name(name));
    names
}

/// Files identifiers that stand beside an advisory's own.
fn identifiers(advisory: &mut Advisory, ids: Option<Vec<String>>) {
    for id in ids.into_iter().flatten().take(MAX_LIST) {
        match identify::beside(&advisory.id, id) {
            // An erratum is no vulnerability: what it names is what it fixes.
            Beside::Alias(id) if identify::erratum(&advisory.id).is_some() => advisory.covers.push(id),
            Beside::Alias(id) => advisory.aliases.push(id),
            Beside::FixedBy(link) if !advisory.references.contains(&link) => advisory.references.push(link),
            Beside::FixedBy(_) | Beside::Nothing => {}
        }
    }
}

/// Says which versions of a distribution's package are affected.
fn versions(
    affected: &mut Affected,
    fixed: &str,
    since: Option<&str>,
    status: Option<i64>,
) -> Result<(), Refused> {
    let fixed = fixed.trim();
    if fixed == "0" {
        affected.status = Status::NotAffected;
        return Ok(());
    }
    affected.status = if fixed.is_empty() { records::status(status) } else { Status::Fixed };
    if affected.status == Status::NotAffected {
        return Ok(());
    }
    let since = since.map(str::trim).filter(|since| !since.is_empty()).unwrap_or("0");
    if !is_name(since) || (!fixed.is_empty() && !is_name(fixed)) {
        return Err(malformed("a version is not a version"));
    }
    let mut range = Range { events: vec![Event::Introduced(since.to_owned())] };
    if !fixed.is_empty() {
        range.events.push(Event::Fixed(fixed.to_owned()));
    }
    affected.ranges.push(range);
    Ok(())
}

/// A CVSS vector, if the text looks like one; whether its metrics make sense is for the scorer to say.
fn cvss_vector(source: &str, vector: &str) -> Option<CvssVector> {
    let vector = vector.trim();
    let plausible = vector.len() <= 512
        && vector.bytes().all(|byte| byte.is_ascii_graphic())
        && ["CVSS:", "AV:", "(AV:"].iter().any(|start| vector.starts_with(start));
    plausible.then(|| CvssVector { source: source.to_owned(), vector: vector.to_owned() })
}
