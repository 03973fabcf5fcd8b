//! Reports side by side: one row for each pair of vulnerability and package that any of them has, one cell for each
//! report, and the reason where a cell is not what the others are.

mod sides;
mod sources;
mod warnings;

use std::collections::BTreeMap;

use plimsoll_types::Severity;

use crate::measure::{self, Measured};
use crate::normalise::{self, Identity};
use crate::{CompareError, Input, MAX_REPORTS, readers};
use sides::{Item, Side};

/// Reports of one image, side by side.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The reports, in the order in which they were given.
    pub reports: Vec<ReportInfo>,
    /// What any of them has, sorted by package and vulnerability.
    pub pairs: Vec<Pair>,
    /// What makes the comparison doubtful.
    pub warnings: Vec<String>,
}

/// One of the reports.
#[derive(Debug, Clone)]
pub struct ReportInfo {
    /// Its name in the comparison: the tool's, with a number where a tool has several reports.
    pub name: String,
    /// The tool that wrote it.
    pub tool: String,
    /// The tool's version; empty when the report does not say.
    pub tool_version: String,
    /// The form's id.
    pub form: &'static str,
    /// The file.
    pub file: String,
    /// What was scanned, by its first name in the report.
    pub target: String,
    /// The number of different packages that it lists.
    pub packages: usize,
    /// Whether it lists packages without findings too.
    pub complete_inventory: bool,
    /// What was measured of it.
    pub measured: Measured,
}

/// A vulnerability in a package, as each report sees it.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The vulnerability: its CVE identifier where one is known.
    pub vulnerability: String,
    /// The package.
    pub package: Identity,
    /// One for each report, in their order.
    pub cells: Vec<Cell>,
    /// Differences that are none of whether it was found.
    pub remarks: Vec<Remark>,
}

/// What one report has of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Whether the report has it as a finding, by whatever name.
    pub found: bool,
    /// Why it is missing, or how it differs.
    pub reason: Option<Reason>,
    /// The reason in words; empty without one.
    pub detail: String,
    /// The identifiers under which the report lists it.
    pub ids: Vec<String>,
    /// The severity that the report gives.
    pub severity: Option<Severity>,
    /// The versions that fix it; `None` when the report does not speak of fixes.
    pub fixed_versions: Option<Vec<String>>,
}

/// Why a report differs from the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It lists the vulnerability under another identifier.
    Alias,
    /// It lists the vulnerability under another name of the package, such as the source package's.
    Name,
    /// It reads another version of the package.
    Version,
    /// It carries the finding only as set aside, or says that the package is not affected.
    Suppressed,
    /// It lists the package, and nothing of this vulnerability for it.
    NoAdvisory,
    /// It lists the package, but its findings and its database know nothing of the source that the others have it from.
    SourceMissing,
    /// It never found the package.
    PackageMissing,
    /// It does not have the finding, and lists packages with findings only, so that nothing more can be told.
    NotListed,
}

impl Reason {
    /// All of them.
    pub const ALL: [Reason; 8] = [
        Reason::Alias,
        Reason::Name,
        Reason::Version,
        Reason::Suppressed,
        Reason::NoAdvisory,
        Reason::SourceMissing,
        Reason::PackageMissing,
        Reason::NotListed,
    ];

    /// The word, such as `no-advisory`.
    pub const fn word(self) -> &'static str {
        match self {
            Reason::Alias => "alias",
            Reason::Name => "name",
            Reason::Version => "version",
            Reason::Suppressed => "suppressed",
            Reason::NoAdvisory => "no-advisory",
            Reason::SourceMissing => "source-missing",
            Reason::PackageMissing => "package-missing",
            Reason::NotListed => "not-listed",
        }
    }

    /// What the word means, for legends.
    pub const fn meaning(self) -> &'static str {
        match self {
            Reason::Alias => "listed under another identifier",
            Reason::Name => "listed under another name of the package",
            Reason::Version => "another version of the package was read",
            Reason::Suppressed => "set aside in the report, or said not to affect",
            Reason::NoAdvisory => "the package is listed, the vulnerability is not",
            Reason::SourceMissing => {
                "the package is listed, the others' advisory source is unknown to the report"
            }
            Reason::PackageMissing => "the package was not found",
            Reason::NotListed => "not in the report, which lists packages with findings only",
        }
    }
}

/// A difference in what is said of a finding that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What it is about.
    pub kind: RemarkKind,
    /// What each report says.
    pub text: String,
}

/// What a remark is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RemarkKind {
    /// The severities differ.
    Severity,
    /// The versions that fix it differ.
    Fix,
}

impl RemarkKind {
    /// The word, such as `severity`.
    pub const fn word(self) -> &'static str {
        match self {
            RemarkKind::Severity => "severity",
            RemarkKind::Fix => "fix",
        }
    }
}

impl Pair {
    /// How many reports found it.
    pub fn found_by(&self) -> usize {
        self.cells.iter().filter(|cell| cell.found).count()
    }

    /// Whether the reports differ over it in any way.
    pub fn differs(&self) -> bool {
        !self.remarks.is_empty() || self.cells.iter().any(|cell| !cell.found || cell.reason.is_some())
    }
}

impl Comparison {
    /// The place of the report that a person means: by its name, by the tool's, or `Anchore` for Grype, whose makers
    /// have no other scanner.
    pub fn report(&self, name: &str) -> Option<usize> {
        let wanted = scanner(name);
        let exact = |report: &ReportInfo| report.name.eq_ignore_ascii_case(name.trim());
        self.reports
            .iter()
            .position(exact)
            .or_else(|| self.reports.iter().position(|report| scanner(&report.tool) == wanted))
    }

    /// Says how long the scan of a report took. False when there is no such report.
    pub fn set_time(&mut self, name: &str, seconds: f64) -> bool {
        let place = self.report(name);
        let report = place.and_then(|place| self.reports.get_mut(place));
        report.map(|report| report.measured.seconds = Some(seconds)).is_some()
    }

    /// How many pairs both of two reports found, and how many either did.
    pub fn shared(&self, a: usize, b: usize) -> (usize, usize) {
        let found = |pair: &Pair, place: usize| pair.cells.get(place).is_some_and(|cell| cell.found);
        let count = |of: &dyn Fn(&Pair) -> bool| self.pairs.iter().filter(|pair| of(pair)).count();
        (count(&|pair| found(pair, a) && found(pair, b)), count(&|pair| found(pair, a) || found(pair, b)))
    }

    /// How many pairs were found by exactly `reports` of the reports.
    pub fn found_by(&self, reports: usize) -> usize {
        self.pairs.iter().filter(|pair| pair.found_by() == reports).count()
    }
}

/// A scanner's name as it is compared.
fn scanner(name: &str) -> String {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if letters.contains("anchore") { "grype".to_owned() } else { letters }
}

/// Lays reports side by side.
pub fn compare(inputs: &[Input<'_>]) -> Result<Comparison, CompareError> {
    if inputs.len() > MAX_REPORTS {
        let name = "the command line".to_owned();
        return Err(CompareError::TooMany { name, what: "reports", limit: MAX_REPORTS as u64 });
    }
    let mut reports = Vec::with_capacity(inputs.len());
    let mut documents = Vec::with_capacity(inputs.len());
    for input in inputs {
        let (reader, document) = readers::read(input)?;
        let earlier = reports.iter().filter(|report: &&ReportInfo| report.tool == document.tool).count();
        let number = if earlier == 0 { String::new() } else { format!(" {}", earlier + 1) };
        reports.push(ReportInfo {
            name: format!("{}{number}", document.tool),
            tool: document.tool.clone(),
            tool_version: document.tool_version.clone(),
            form: reader.id,
            file: input.name.to_owned(),
            target: document.targets.first().cloned().unwrap_or_default(),
            packages: document.packages.len(),
            complete_inventory: document.complete_inventory,
            measured: Measured::default(),
        });
        documents.push(document);
    }
    let warnings = warnings::warnings(&reports, &documents);
    let (sides, families) = sides::build(documents, inputs)?;
    let pairs = pairs(&reports, &sides, &families);
    let measured = measure::measure(&pairs, reports.len());
    for (report, measured) in reports.iter_mut().zip(measured) {
        report.measured = measured;
    }
    Ok(Comparison { reports, pairs, warnings })
}

/// A vulnerability in a package.
type Key = (Identity, String);

/// A row while it is made: for each report the identity under which it has the vulnerability.
type Row = Vec<Option<Identity>>;

/// The most rows of one vulnerability in one family of packages among which namesakes are looked for.
const MAX_FAMILY: usize = 64;

fn pairs(reports: &[ReportInfo], sides: &[Side], families: &sides::Families) -> Vec<Pair> {
    let mut rows: BTreeMap<Key, Row> = BTreeMap::new();
    for (place, side) in sides.iter().enumerate() {
        for (vulnerability, package) in side.items.keys() {
            let row = rows
                .entry((package.clone(), vulnerability.clone()))
                .or_insert_with(|| vec![None; sides.len()]);
            if let Some(cell) = row.get_mut(place) {
                *cell = Some(package.clone());
            }
        }
    }
    fold(&mut rows, sides, families);
    let mut pairs = Vec::with_capacity(rows.len());
    for ((package, vulnerability), row) in rows {
        // Where those that have it have it from.
        let finders = row.iter().zip(sides).filter_map(|(cell, side)| {
            let item = side.items.get(&(vulnerability.clone(), cell.clone()?))?;
            item.suppressed.is_none().then_some(item)
        });
        let words: Vec<&'static str> = finders.flat_map(|item| item.sources.iter().copied()).collect();
        let cells: Vec<Cell> = row
            .iter()
            .zip(sides)
            .map(|(listed, side)| {
                let item = listed.as_ref().and_then(|listed| {
                    side.items.get(&(vulnerability.clone(), listed.clone())).map(|item| (listed, item))
                });
                match item {
                    Some((listed, item)) => present(&vulnerability, &package, listed, item),
                    None => absent(&vulnerability, &package, side, families, &words),
                }
            })
            .collect();
        let remarks = remarks(reports, &package.kind, &cells);
        pairs.push(Pair { vulnerability, package, cells, remarks });
    }
    pairs
}

/// Puts rows together that are the same finding under two names or two versions of the package: none of the reports of
/// one row knows the package of the other.
fn fold(rows: &mut BTreeMap<Key, Row>, sides: &[Side], families: &sides::Families) {
    let mut groups: BTreeMap<(String, (String, String)), Vec<Key>> = BTreeMap::new();
    for (package, vulnerability) in rows.keys() {
        let group = groups.entry((vulnerability.clone(), families.of(package))).or_default();
        group.push((package.clone(), vulnerability.clone()));
    }
    let has = |row: &Row| row.iter().filter(|cell| cell.is_some()).count();
    for mut group in groups.into_values().filter(|group| (2..=MAX_FAMILY).contains(&group.len())) {
        // Stable: rows with as many reports stay in the order of their packages.
        group.sort_by_key(|key| std::cmp::Reverse(rows.get(key).map_or(0, has)));
        let mut in_group = vec![0_usize; sides.len()];
        for row in group.iter().filter_map(|key| rows.get(key)) {
            for (count, cell) in in_group.iter_mut().zip(row) {
                *count += usize::from(cell.is_some());
            }
        }
        for late in (1..group.len()).rev() {
            let (Some((before, [key, ..])), true) = (group.split_at_checked(late), late < group.len()) else {
                continue;
            };
            let Some(row) = rows.get(key).cloned() else { continue };
            if row.iter().zip(&in_group).any(|(cell, count)| cell.is_some() && *count != 1) {
                continue;
            }
            let host = before.iter().find(|host| {
                rows.get(*host).is_some_and(|other| {
                    sides.iter().zip(row.iter().zip(other)).all(|(side, cells)| match cells {
                        (Some(_), Some(_)) => false,
                        (Some(_), None) => !side.lists(&host.0),
                        (None, Some(_)) => !side.lists(&key.0),
                        (None, None) => true,
                    })
                })
            });
            let Some(host) = host else { continue };
            if let Some(other) = rows.get_mut(host) {
                for (cell, moved) in other.iter_mut().zip(&row) {
                    if moved.is_some() {
                        cell.clone_from(moved);
                    }
                }
                rows.remove(key);
            }
        }
    }
}

/// The cell of a report that has the finding.
fn present(vulnerability: &str, package: &Identity, listed: &Identity, item: &Item) -> Cell {
    let ids: Vec<String> = item.ids.iter().cloned().collect();
    let (reason, detail) = if let Some(why) = &item.suppressed {
        (Some(Reason::Suppressed), why.clone())
    } else if listed.name != package.name || listed.kind != package.kind {
        let version =
            if listed.version == package.version { String::new() } else { format!(" {}", listed.version) };
        (Some(Reason::Name), format!("listed for {}{version}", listed.name))
    } else if listed.version != package.version {
        (Some(Reason::Version), format!("reads version {}", or_none(&listed.version)))
    } else if !ids.iter().any(|id| crate::identities::canonical(id) == vulnerability) {
        (Some(Reason::Alias), format!("listed as {}", ids.join(", ")))
    } else {
        (None, String::new())
    };
    Cell {
        found: item.suppressed.is_none(),
        reason,
        detail,
        ids,
        severity: Some(item.severity),
        fixed_versions: item.fixed.as_ref().map(|fixed| fixed.iter().cloned().collect()),
    }
}

/// The cell of a report that does not have the finding for this package.
fn absent(
    vulnerability: &str,
    package: &Identity,
    side: &Side,
    families: &sides::Families,
    words: &[&'static str],
) -> Cell {
    let cell = |found: bool, reason: Reason, detail: String| Cell {
        found,
        reason: Some(reason),
        detail,
        ids: Vec::new(),
        severity: None,
        fixed_versions: None,
    };
    let family = families.of(package);
    let exact = side.lists(package);
    let namesake = side.elsewhere.get(&(vulnerability.to_owned(), family.clone()));
    let namesake = namesake.and_then(|names| names.iter().find(|identity| identity.name != package.name));
    if let Some(other) = namesake
        && let Some(item) = side.items.get(&(vulnerability.to_owned(), other.clone()))
    {
        let mut cell = match &item.suppressed {
            Some(why) => cell(false, Reason::Suppressed, format!("for {}: {why}", other.name)),
            None => cell(true, Reason::Name, format!("listed for {}", other.name)),
        };
        cell.ids = item.ids.iter().cloned().collect();
        cell.severity = Some(item.severity);
        cell.fixed_versions = item.fixed.as_ref().map(|fixed| fixed.iter().cloned().collect());
        return cell;
    }
    let lists = |as_what: String| {
        if sources::unknown_to(&side.sources, words) {
            let mut words: Vec<_> = words.iter().copied().filter(|word| *word != "OSV").collect();
            words.sort_unstable();
            words.dedup();
            let detail = format!("lists {as_what}; nothing in the report comes from {}", words.join(" or "));
            cell(false, Reason::SourceMissing, detail)
        } else {
            cell(false, Reason::NoAdvisory, format!("lists {as_what} and nothing of {vulnerability} for it"))
        }
    };
    if exact {
        return lists(format!("{} {}", package.name, package.version).trim_end().to_owned());
    }
    if let Some(versions) = side.versions(package) {
        return cell(false, Reason::Version, format!("reads version {versions}"));
    }
    if let Some(name) = side.families.get(&family) {
        return lists(name.clone());
    }
    if side.complete_inventory {
        cell(false, Reason::PackageMissing, format!("did not find {}", package.name))
    } else {
        cell(false, Reason::NotListed, format!("lists packages with findings only, and not {}", package.name))
    }
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

fn remarks(reports: &[ReportInfo], kind: &str, cells: &[Cell]) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let found = || reports.iter().zip(cells).filter(|(_, cell)| cell.found);
    let rated: Vec<(&str, Severity)> = found()
        .filter_map(|(report, cell)| Some((report.name.as_str(), cell.severity?)))
        .filter(|(_, severity)| *severity != Severity::Unknown)
        .collect();
    if rated.iter().any(|(_, severity)| Some(*severity) != rated.first().map(|(_, first)| *first)) {
        let texts: Vec<_> = rated.iter().map(|(name, severity)| format!("{name} {severity}")).collect();
        remarks.push(Remark { kind: RemarkKind::Severity, text: texts.join(", ") });
    }
    let fixes: Vec<(&str, &[String])> = found()
        .filter_map(|(report, cell)| Some((report.name.as_str(), cell.fixed_versions.as_deref()?)))
        .collect();
    let share = |a: &[String], b: &[String]| {
        (a.is_empty() && b.is_empty())
            || a.iter().any(|a| b.iter().any(|b| normalise::same_version(kind, a, b)))
    };
    let first = fixes.first().map(|(_, versions)| *versions).unwrap_or_default();
    if fixes.iter().any(|(_, versions)| !share(first, versions)) {
        let texts = fixes.iter().map(|(name, versions)| format!("{name} {}", or_none(&versions.join(", "))));
        remarks.push(Remark { kind: RemarkKind::Fix, text: texts.collect::<Vec<_>>().join("; ") });
    }
    remarks
}
