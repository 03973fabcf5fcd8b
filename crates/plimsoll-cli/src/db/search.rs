//! `plimsoll db search`.

use std::collections::BTreeSet;
use std::fmt::Write;

use plimsoll_catalog::ecosystem_for_advisories;
use plimsoll_db::{End, FactRecord, Index, Record};
use plimsoll_dbupdate::record_json;
use serde_json::Value;

use crate::args::{Form, Which};
use crate::exit::{self, Exit};
use crate::output;

/// How many single versions of a fact are shown in the table.
const MAX_VERSIONS: usize = 5;

/// Prints advisories.
pub(super) fn search(
    query: &str,
    ecosystem: Option<&str>,
    which: &Which,
    form: Form,
) -> anyhow::Result<Exit> {
    let (index, info) = super::open_which(which)?;
    let found = find(&index, query, ecosystem)?;
    if found.is_empty() {
        exit::message("note", &format!("{} holds nothing on '{query}'", info.name));
    }
    let text = match form {
        Form::Table => table(&found)?,
        Form::Json => format!("{:#}\n", found.iter().map(record_json).collect::<Value>()),
    };
    output::standard(text.as_bytes())?;
    Ok(Exit::Success)
}

/// The advisories with an identifier, and what is said of a package, limited to an ecosystem where one is named.
fn find(index: &Index, query: &str, ecosystem: Option<&str>) -> anyhow::Result<Vec<Record>> {
    let wanted = |name: &str| {
        let limit = ecosystem.unwrap_or_default();
        let base = name.split(':').next().unwrap_or(name);
        let is_id = || ecosystem_for_advisories(name).is_some_and(|spec| spec.id.eq_ignore_ascii_case(limit));
        limit.is_empty() || name.eq_ignore_ascii_case(limit) || base.eq_ignore_ascii_case(limit) || is_id()
    };
    let mut by_identifier: BTreeSet<u32> = BTreeSet::new();
    for spelling in [query.to_owned(), query.to_uppercase()] {
        by_identifier.extend(index.by_identifier(&spelling)?);
    }
    let mut by_package: BTreeSet<u32> = BTreeSet::new();
    let mut packages: BTreeSet<(String, String)> = BTreeSet::new();
    for name in index.ecosystems()?.into_iter().filter(|name| wanted(name)) {
        let normal = ecosystem_for_advisories(name).map(|spec| (spec.normalize_name)(query));
        for package in [Some(query.to_owned()), normal].into_iter().flatten() {
            for fact in index.lookup(name, &package)? {
                by_package.insert(fact?.advisory);
                packages.insert((name.to_owned(), package.clone()));
            }
        }
    }
    let numbers: Vec<u32> = by_identifier.iter().chain(&by_package).copied().collect();
    let mut records = index.records_of(&numbers)?;
    let is_named = |record: &Record| {
        let mut names = std::iter::once(&record.id).chain(&record.aliases).chain(&record.covers);
        names.any(|name| name.eq_ignore_ascii_case(query))
    };
    for record in &mut records {
        let named = is_named(record);
        record.facts.retain(|fact| {
            wanted(&fact.ecosystem)
                && (named || packages.contains(&(fact.ecosystem.clone(), fact.package.clone())))
        });
    }
    // An advisory without packages adds to what others say of its identifier; in an ecosystem it says nothing.
    records.retain(|record| !record.facts.is_empty() || (ecosystem.is_none() && is_named(record)));
    Ok(records)
}

fn table(records: &[Record]) -> anyhow::Result<String> {
    let mut rows: Vec<[String; 6]> = Vec::new();
    for record in records {
        let severity = record.severities.first().map_or("", |(_, severity)| severity.word());
        let row = |fact: Option<&FactRecord>| {
            let text = |get: fn(&FactRecord) -> &str| fact.map_or("", get).to_owned();
            let severity = fact.and_then(|fact| fact.severity).map_or(severity, |severity| severity.word());
            [
                record.id.clone(),
                text(|fact| &fact.ecosystem),
                text(|fact| &fact.package),
                text(|fact| fact.status.word()),
                fact.map_or(String::new(), affected),
                severity.to_owned(),
            ]
        };
        if record.facts.is_empty() {
            rows.push(row(None));
        }
        rows.extend(record.facts.iter().map(|fact| row(Some(fact))));
    }
    if rows.is_empty() {
        return Ok(String::new());
    }
    let titles = ["ADVISORY", "ECOSYSTEM", "PACKAGE", "STATUS", "AFFECTED", "SEVERITY"];
    rows.insert(0, titles.map(str::to_owned));
    let rows: Vec<[String; 6]> = rows.into_iter().map(|row| row.map(|cell| exit::plain(&cell))).collect();
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            write!(line, "{cell:<width$}  ")?;
        }
        writeln!(text, "{}", line.trim_end())?;
    }
    Ok(text)
}

/// The affected versions in words.
fn affected(fact: &FactRecord) -> String {
    let interval = |interval: &plimsoll_db::Interval<String>| {
        let begin = if interval.introduced.is_empty() || interval.introduced == "0" {
            String::new()
        } else {
            format!(">= {}", interval.introduced)
        };
        let end = match &interval.end {
            End::Open => String::new(),
            End::Fixed(end) | End::Limit(end) => format!("< {end}"),
            End::LastAffected(end) => format!("<= {end}"),
        };
        match (begin.as_str(), end.as_str()) {
            ("", "") => "all".to_owned(),
            ("", one) | (one, "") => one.to_owned(),
            (begin, end) => format!("{begin}, {end}"),
        }
    };
    let mut parts: Vec<String> = fact.intervals.iter().map(interval).collect();
    parts.extend(fact.versions.iter().take(MAX_VERSIONS).map(|version| format!("= {version}")));
    if fact.versions.len() > MAX_VERSIONS {
        parts.push(format!("and {} more", fact.versions.len() - MAX_VERSIONS));
    }
    if parts.is_empty() { "all".to_owned() } else { parts.join(" || ") }
}
