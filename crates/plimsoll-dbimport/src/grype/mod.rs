//! Grype's database, model 6 (github.com/anchore/grype: `schema/grype/db/sql`, `schema/grype/db/blob/json`, 6.1.11).
//!
//! SQLite: "handles" are what is searched, and each has a JSON blob. A vulnerability is one provider's view of it, so that its name and provider
//! make the identity of an advisory here; its text comes first, then what it says of packages. What is said of CPEs (NVD) is left out: images hold
//! packages. Tables and columns came with the revisions, so that those that are missing are passed over.

mod records;
mod systems;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use plimsoll_advisory::sources::text::{is_cve, is_id, is_name, reference, unique};
use plimsoll_advisory::sources::{IdKind, RefusalReason};
use plimsoll_advisory::{Advisory, Affected, EpssScore, SeverityStatement};
use plimsoll_types::{CvssVector, Epss, Lifecycle, Severity, Status, Timestamp};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use crate::constraint::{self, Grammar, Stated};
use crate::counts::Refused;
use crate::sqlite::{self, text, time};
use crate::{Counts, ImportError, Item, Stop, Take, identify};

use records::{KevBlob, PackageBlob, RangeRecord, VulnerabilityBlob};
use systems::{Release, System};

/// The model of the database that is read here.
pub const GRYPE_MODEL: i64 = 6;

/// The most operating systems.
const MAX_SYSTEMS: usize = 100_000;
/// The most ranges and identifiers of a record.
const MAX_LIST: usize = 10_000;

/// Imports Grype's database (`vulnerability.db`).
///
/// # Errors
///
/// When the file is no such database, is damaged, or `take` wants no more. Single records that cannot be read are counted and left out.
pub fn grype_db(path: &Path, take: &mut Take<'_>) -> Result<Counts, ImportError> {
    let schema = |message: String| ImportError::Schema { path: path.to_owned(), message };
    let failed = |fault: Fault| match fault {
        Fault::Sqlite(source) => ImportError::Sqlite { path: path.to_owned(), source: Box::new(source) },
        Fault::Stopped(stop) => ImportError::Stopped(stop),
    };
    // SQLite's own words for a file that is not there say nothing of the reason.
    std::fs::File::open(path).map_err(|source| ImportError::Open { path: path.to_owned(), source })?;
    let connection = sqlite::open(path).map_err(|error| failed(error.into()))?;
    let tables = sqlite::tables(&connection).map_err(|error| failed(error.into()))?;
    for table in ["db_metadata", "blobs", "vulnerability_handles", "packages", "affected_package_handles"] {
        if !tables.contains(table) {
            return Err(schema(format!("it has no table {table}")));
        }
    }
    let model = connection
        .query_row("SELECT model FROM db_metadata LIMIT 1", [], |row| row.get::<_, i64>(0))
        .map_err(|error| failed(error.into()))?;
    if model != GRYPE_MODEL {
        return Err(schema(format!("its model is {model}, not {GRYPE_MODEL}")));
    }
    let mut import = Import {
        connection: &connection,
        tables,
        counts: Counts::default(),
        take,
        systems: BTreeMap::new(),
        grammars: BTreeMap::new(),
        unknown: BTreeSet::new(),
    };
    import.run().map_err(failed)?;
    Ok(import.counts)
}

/// Why an import ends.
enum Fault {
    Sqlite(rusqlite::Error),
    Stopped(Stop),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Fault {
        Fault::Sqlite(error)
    }
}

struct Import<'a, 't> {
    connection: &'a Connection,
    tables: BTreeSet<String>,
    counts: Counts,
    take: &'a mut Take<'t>,
    /// The releases by the numbers of their rows; `None` for those that are not filed by themselves.
    systems: BTreeMap<i64, Option<Release>>,
    grammars: BTreeMap<String, Grammar>,
    unknown: BTreeSet<String>,
}

/// What a record became.
type Read = Result<Item, Refused>;

fn malformed(detail: impl Into<String>) -> Refused {
    (RefusalReason::Malformed, detail.into())
}

impl Import<'_, '_> {
    fn run(&mut self) -> Result<(), Fault> {
        self.read_systems()?;
        self.rows(
            "vulnerability_handles",
            "SELECT v.name, v.provider_id, v.status, v.withdrawn_date, v.published_date, v.modified_date, b.value
             FROM vulnerability_handles v LEFT JOIN blobs b ON b.id = v.blob_id ORDER BY v.id",
            &mut |_, row| vulnerability(row),
        )?;
        for (table, affected) in [("affected_package_handles", true), ("unaffected_package_handles", false)] {
            let query = format!(
                "SELECT v.name, v.provider_id, v.status, v.withdrawn_date, p.ecosystem, p.name, h.operating_system_id, b.value
                 FROM {table} h CROSS JOIN vulnerability_handles v ON v.id = h.vulnerability_id
                 CROSS JOIN packages p ON p.id = h.package_id LEFT JOIN blobs b ON b.id = h.blob_id ORDER BY h.id"
            );
            self.rows(table, &query, &mut |import, row| import.package(row, affected))?;
        }
        self.rows(
            "known_exploited_vulnerability_handles",
            "SELECT h.cve, b.value FROM known_exploited_vulnerability_handles h LEFT JOIN blobs b ON b.id = h.blob_id ORDER BY h.id",
            &mut |_, row| exploited(row),
        )?;
        let date = match self.tables.contains("epss_metadata") {
            true => self
                .connection
                .query_row("SELECT date FROM epss_metadata LIMIT 1", [], |row| Ok(time(row, 0)))
                .ok()
                .flatten(),
            false => None,
        };
        self.rows(
            "epss_handles",
            "SELECT cve, epss, percentile FROM epss_handles ORDER BY id",
            &mut |_, row| epss(row, date),
        )?;
        self.rows("cwe_handles", "SELECT cve, cwe FROM cwe_handles ORDER BY id", &mut |_, row| weakness(row))
    }

    /// Reads a table row by row, where there is one.
    fn rows(
        &mut self,
        table: &str,
        query: &str,
        read: &mut dyn FnMut(&mut Self, &Row<'_>) -> Read,
    ) -> Result<(), Fault> {
        if !self.tables.contains(table) {
            return Ok(());
        }
        self.counts.part(table);
        let mut statement = self.connection.prepare(query)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            match read(self, row) {
                Ok(item) => {
                    self.counts.keep();
                    (self.take)(item).map_err(Fault::Stopped)?;
                }
                Err(refused) => self.counts.refuse(text(row, 0), refused),
            }
        }
        Ok(())
    }

    /// Reads the operating systems and hands out how long they are supported.
    fn read_systems(&mut self) -> Result<(), Fault> {
        if !self.tables.contains("operating_systems") {
            return Ok(());
        }
        let mut statement = self.connection.prepare("SELECT * FROM operating_systems ORDER BY id")?;
        let place = |name: &str| statement.column_index(name).ok();
        let [id, name, major, minor, label, channel, ends] =
            ["id", "name", "major_version", "minor_version", "label_version", "channel", "eol_date"]
                .map(place);
        let mut lifecycles: BTreeMap<String, Timestamp> = BTreeMap::new();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let get =
                |place: Option<usize>| place.map(|place| text(row, place).to_owned()).unwrap_or_default();
            let system = System {
                name: get(name),
                major: get(major),
                minor: get(minor),
                label: get(label),
                channel: get(channel),
            };
            let Some(Ok(id)) = id.map(|place| row.get::<_, i64>(place)) else { continue };
            if self.systems.len() >= MAX_SYSTEMS {
                break;
            }
            let parts = [&system.name, &system.major, &system.minor, &system.channel];
            let release = systems::release(&system)
                .filter(|_| parts.iter().all(|part| part.is_empty() || is_name(part)));
            if let Some(release) = release.as_ref().filter(|release| release.cpes.is_empty())
                && let Some(ends) = ends.and_then(|place| time(row, place))
            {
                let latest = lifecycles.entry(release.ecosystem.clone()).or_insert(ends);
                *latest = ends.max(*latest);
            }
            self.systems.insert(id, release);
        }
        for (ecosystem, ends) in lifecycles {
            let lifecycle = Lifecycle { ecosystem, ends: Some(ends), ..Lifecycle::default() };
            (self.take)(Item::Lifecycle(lifecycle)).map_err(Fault::Stopped)?;
        }
        Ok(())
    }

    /// What a provider says of a package.
    fn package(&mut self, row: &Row<'_>, is_affected: bool) -> Read {
        let (mut advisory, provider) = identity(row)?;
        let (kind, name) = (text(row, 4), text(row, 5));
        if !is_name(name) {
            return Err(malformed("the package's name is not a name"));
        }
        let unknown = |detail: String| (RefusalReason::UnknownRelease, detail);
        let release = match row.get_ref(6) {
            Ok(ValueRef::Integer(id)) => match self.systems.get(&id) {
                Some(Some(release)) => release.clone(),
                _ => return Err(unknown(format!("operating system {id}"))),
            },
            _ => match systems::ecosystem(kind) {
                Some(ecosystem) => Release { ecosystem: ecosystem.to_owned(), cpes: Vec::new() },
                None => {
                    if self.unknown.len() < MAX_SYSTEMS && self.unknown.insert(kind.to_owned()) {
                        self.counts.unknown(kind);
                    }
                    return Err(unknown(format!("packages of the type {kind}")));
                }
            },
        };
        let blob: PackageBlob = records::blob(text(row, 7)).map_err(malformed)?;
        let qualifiers = blob.qualifiers.unwrap_or_default();
        let ranges = blob.ranges.unwrap_or_default();
        if ranges.len() > MAX_LIST {
            return Err((RefusalReason::TooLarge, "too many ranges".to_owned()));
        }
        same_or_covered(&mut advisory, blob.cves.unwrap_or_default());
        let mut base = Affected {
            ecosystem: release.ecosystem,
            package: name.to_owned(),
            modularity: qualifiers.rpm_modularity.filter(|module| is_name(module)).unwrap_or_default(),
            cpes: release.cpes,
            ..Affected::default()
        };
        base.cpes.extend(qualifiers.platform_cpes.into_iter().flatten().filter(|cpe| is_name(cpe)));
        // `src` and `binary-no-arch-specified` name no architecture.
        base.arches.extend(
            qualifiers
                .architecture
                .filter(|arch| is_name(arch) && arch != "src" && !arch.contains("no-arch")),
        );
        for import in qualifiers.go_imports.into_iter().flatten() {
            let symbols = import.symbols.unwrap_or_default();
            if symbols.is_empty() {
                base.symbols.push(import.path.clone());
            }
            base.symbols.extend(symbols.iter().map(|symbol| format!("{}.{symbol}", import.path)));
        }
        base.symbols.retain(|symbol| is_name(symbol));
        let grammar = match self.grammars.get(&base.ecosystem) {
            Some(grammar) => *grammar,
            None => {
                let grammar = Grammar::of(&base.ecosystem);
                self.grammars.insert(base.ecosystem.clone(), grammar);
                grammar
            }
        };
        if ranges.is_empty() && !is_affected {
            advisory.affected.push(Affected { status: Status::NotAffected, ..base.clone() });
        }
        for range in ranges {
            let mut affected = base.clone();
            fill(&mut affected, &mut advisory, range, is_affected, grammar).map_err(malformed)?;
            // Ranges that differ in nothing else are one statement.
            match advisory.affected.last_mut() {
                Some(last) if last.status == affected.status && last.fix_date == affected.fix_date => {
                    last.ranges.append(&mut affected.ranges);
                    last.versions.append(&mut affected.versions);
                }
                _ => advisory.affected.push(affected),
            }
        }
        if advisory.affected.is_empty() {
            return Err((RefusalReason::NothingAffected, format!("no range ({provider})")));
        }
        Ok(Item::Advisory(advisory))
    }
}

/// The advisory that a row belongs to: name, provider, status and withdrawal are its first columns.
fn identity<'a>(row: &'a Row<'_>) -> Result<(Advisory, &'a str), Refused> {
    let (name, provider) = (text(row, 0), text(row, 1));
    if !is_id(name) || !is_name(provider) {
        return Err(malformed("no usable name or provider"));
    }
    let mut advisory = Advisory {
        id: name.to_owned(),
        source: identify::source(provider).to_owned(),
        ..Advisory::default()
    };
    advisory.withdrawn = time(row, 3);
    if text(row, 2).eq_ignore_ascii_case("rejected") && advisory.withdrawn.is_none() {
        // That it was is known, when is not.
        advisory.withdrawn = Some(Timestamp::from_seconds(0));
    }
    Ok((advisory, provider))
}

/// Files the identifiers beside an advisory's own: other names of one vulnerability, or what an erratum fixes.
fn same_or_covered(advisory: &mut Advisory, ids: Vec<String>) {
    let single = is_cve(&advisory.id)
        || identify::publisher(&advisory.id).is_some_and(|publisher| publisher.kind != IdKind::Erratum);
    let ids = ids.into_iter().take(MAX_LIST).filter(|id| is_id(id) && *id != advisory.id);
    if single {
        let ids: Vec<String> = ids.collect();
        advisory.aliases = unique(std::mem::take(&mut advisory.aliases).into_iter().chain(ids));
    } else {
        let ids: Vec<String> = ids.filter(|id| is_cve(id)).collect();
        advisory.covers = unique(std::mem::take(&mut advisory.covers).into_iter().chain(ids));
    }
}

/// Says which versions a range holds and what became of them.
fn fill(
    affected: &mut Affected,
    advisory: &mut Advisory,
    range: RangeRecord,
    is_affected: bool,
    grammar: Grammar,
) -> Result<(), String> {
    let fix = range.fix.unwrap_or_default();
    let state = fix.state.unwrap_or_default().replace(['_', ' '], "-").to_ascii_lowercase();
    let fixed = fix.version.filter(|version| state == "fixed" && is_name(version));
    let constraint = range.version.unwrap_or_default().constraint.unwrap_or_default();
    let not_affected = !is_affected || state == "not-affected";
    if not_affected && constraint.trim().is_empty() {
        affected.status = Status::NotAffected;
        return Ok(());
    }
    // What is not affected begins with the fix: taking that away again would be wrong.
    let patched = fixed.into_iter().filter(|_| !not_affected).collect();
    let stated = Stated { vulnerable: vec![constraint], patched, unaffected: Vec::new() };
    constraint::fill(affected, &stated, grammar)?;
    affected.status = match state.as_str() {
        _ if not_affected => Status::NotAffected,
        "wont-fix" => Status::WillNotFix,
        _ => affected.status,
    };
    let detail = fix.detail.unwrap_or_default();
    affected.fix_date =
        detail.available.and_then(|available| available.date).and_then(|date| sqlite::time_of(&date));
    for link in detail.references.into_iter().flatten().take(64) {
        if let Some(link) = reference("advisory", &link.url)
            && !advisory.references.contains(&link)
        {
            advisory.references.push(link);
        }
    }
    Ok(())
}

/// A provider's text on a vulnerability.
fn vulnerability(row: &Row<'_>) -> Read {
    let (mut advisory, _) = identity(row)?;
    let blob: VulnerabilityBlob = records::blob(text(row, 6)).map_err(malformed)?;
    advisory.published = time(row, 4);
    advisory.modified = time(row, 5);
    advisory.description = blob.description.map(|text| text.trim().to_owned()).unwrap_or_default();
    for link in blob.refs.into_iter().flatten().take(MAX_LIST) {
        let kind = link.tags.into_iter().flatten().next().unwrap_or_default();
        advisory.references.extend(reference(if is_name(&kind) { &kind } else { "web" }, &link.url));
    }
    same_or_covered(&mut advisory, blob.aliases.unwrap_or_default());
    for severity in blob.severities.into_iter().flatten().take(64) {
        let source = match severity.source.as_deref().unwrap_or_default() {
            "nvd@nist.gov" => "nvd".to_owned(),
            _ => advisory.source.clone(),
        };
        let vector = severity.value.vector.filter(|vector| {
            vector.len() <= 512
                && vector.bytes().all(|byte| byte.is_ascii_graphic())
                && ["CVSS:", "AV:", "(AV:"].iter().any(|start| vector.starts_with(start))
        });
        if let Some(vector) = vector {
            advisory.cvss.push(CvssVector { source, vector });
        } else if let Some(word) = severity.value.word.and_then(|word| word.parse::<Severity>().ok())
            && word != Severity::Unknown
        {
            advisory.severities.push(SeverityStatement { source, severity: word });
        }
    }
    Ok(Item::Advisory(advisory))
}

fn cve(row: &Row<'_>) -> Result<String, Refused> {
    let cve = text(row, 0).to_ascii_uppercase();
    if is_cve(&cve) { Ok(cve) } else { Err(malformed("not a CVE")) }
}

fn exploited(row: &Row<'_>) -> Read {
    let blob: KevBlob = records::blob(text(row, 1)).map_err(malformed)?;
    Ok(Item::Advisory(Advisory {
        id: cve(row)?,
        source: "cisa-kev".to_owned(),
        // The day on which it entered the catalogue.
        modified: blob.date_added.and_then(|date| sqlite::time_of(&date)),
        references: blob
            .urls
            .into_iter()
            .flatten()
            .take(64)
            .filter_map(|url| reference("web", &url))
            .collect(),
        known_exploited: true,
        ..Advisory::default()
    }))
}

fn epss(row: &Row<'_>, date: Option<Timestamp>) -> Read {
    let share = |column: usize| match row.get_ref(column) {
        Ok(ValueRef::Real(share)) if (0.0..=1.0).contains(&share) => Some((share * 100_000.0).round() as u32),
        Ok(ValueRef::Integer(share @ 0..=1)) => u32::try_from(share).ok().map(|share| share * 100_000),
        _ => None,
    };
    let (Some(score), Some(percentile)) = (share(1), share(2)) else {
        return Err(malformed("not a share of one"));
    };
    Ok(Item::Epss(EpssScore { cve: cve(row)?, epss: Epss { score, percentile }, date }))
}

fn weakness(row: &Row<'_>) -> Read {
    let cwe = text(row, 1);
    if !cwe.starts_with("CWE-") || !is_name(cwe) {
        return Err((RefusalReason::NothingAffected, "no weakness".to_owned()));
    }
    let (id, source, cwes) = (cve(row)?, "nvd".to_owned(), vec![cwe.to_owned()]);
    Ok(Item::Advisory(Advisory { id, source, cwes, ..Advisory::default() }))
}
