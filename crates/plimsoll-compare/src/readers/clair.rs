//! Clair v4: claircore's `VulnerabilityReport`, as `clairctl report --out json` and the matcher's API give it.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_types::Severity;
use serde::Deserialize;

use super::{Document, Found, Packages, Reader, each, json, others, repeated, severity};
use crate::{identities, normalise};

pub(super) static READER: Reader = Reader {
    id: "clair",
    title: "Clair JSON",
    recognises: |shape| {
        shape.package_vulnerabilities.is_some()
            || (shape.manifest_hash.is_some() && shape.vulnerabilities.is_some())
    },
    read,
};

type Map<T> = Option<BTreeMap<String, T>>;

#[derive(Deserialize)]
struct Root {
    manifest_hash: Option<String>,
    packages: Map<Package>,
    distributions: Map<Distribution>,
    environments: Map<Option<Vec<Environment>>>,
    vulnerabilities: Map<Vulnerability>,
    package_vulnerabilities: Map<Option<Vec<String>>>,
    enrichments: Map<Option<Vec<serde_json::Value>>>,
}

#[derive(Deserialize)]
struct Package {
    name: Option<String>,
    version: Option<String>,
    source: Option<SourcePackage>,
}

#[derive(Deserialize)]
struct SourcePackage {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Distribution {
    did: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Environment {
    package_db: Option<String>,
}

#[derive(Deserialize)]
struct Vulnerability {
    name: Option<String>,
    updater: Option<String>,
    links: Option<String>,
    normalized_severity: Option<String>,
    severity: Option<String>,
    fixed_in_version: Option<String>,
}

fn read(bytes: &[u8]) -> Result<Document, String> {
    let root: Root = json(bytes)?;
    let mut document = Document { tool: "Clair".to_owned(), complete_inventory: true, ..Document::default() };
    document.manifests.extend(root.manifest_hash.filter(|hash| !hash.is_empty()));
    let distribution = root.distributions.unwrap_or_default().into_values().find_map(|distribution| {
        [distribution.did, distribution.name]
            .into_iter()
            .flatten()
            .map(|word| kind_of_distribution(&word))
            .find(|kind| !kind.is_empty())
    });
    let environments = root.environments.unwrap_or_default();
    let mut packages = Packages::default();
    let mut places = BTreeMap::new();
    for (id, package) in root.packages.unwrap_or_default() {
        let database = environments.get(&id).and_then(Option::as_ref);
        let database =
            database.into_iter().flatten().find_map(|environment| environment.package_db.as_deref());
        let kind = database.map_or("", kind_of_database);
        let kind = if kind.is_empty() { distribution.unwrap_or_default() } else { kind };
        let name = package.name.unwrap_or_default();
        let identity = normalise::identity(kind, "", &name, package.version.as_deref().unwrap_or_default());
        // Old versions carry the source's version in its name: `util-linux (2.33.1-0.1)`.
        let source = package.source.and_then(|source| source.name);
        let source = source.map(|name| name.split(" (").next().unwrap_or_default().to_owned());
        places.insert(id, packages.place(identity, source));
    }
    let vulnerabilities = root.vulnerabilities.unwrap_or_default();
    let scores = scores(root.enrichments.unwrap_or_default());
    let mut named = BTreeSet::new();
    for (id, found) in root.package_vulnerabilities.unwrap_or_default() {
        for number in each(found) {
            let Some(&package) = places.get(&id) else {
                return Err(format!("vulnerability {number} is about package {id}, which does not exist"));
            };
            let Some(vulnerability) = vulnerabilities.get(&number) else {
                return Err(format!("package {id} has vulnerability {number}, which does not exist"));
            };
            if document.findings.len() > crate::MAX_ENTRIES {
                return Err(format!("more than {} findings", crate::MAX_ENTRIES));
            }
            // Its other names are taken once: they are joined over the whole report.
            let first = named.insert(number.clone());
            document.findings.push(finding(vulnerability, first, scores.get(&number).copied(), package));
        }
    }
    document.packages = packages.list;
    Ok(document)
}

fn finding(vulnerability: &Vulnerability, first: bool, score: Option<f64>, package: usize) -> Found {
    let name = vulnerability.name.as_deref().unwrap_or_default();
    // The name may go on: `RHSA-2024:1234: bash security update (Moderate)`, `CVE-2019-1010 on Ubuntu 18.04 …`.
    let id = repeated(name.split_whitespace().next().unwrap_or_default().trim_end_matches(':'));
    let mut names = if first { identities::mentioned(name) } else { Vec::new() };
    // The links of a CVE may lead to neighbours; those of an advisory name what it is about.
    if first && !identities::is_cve(&identities::canonical(&id)) {
        names.extend(identities::mentioned(vulnerability.links.as_deref().unwrap_or_default()));
    }
    let mut rating = severity(vulnerability.normalized_severity.as_deref());
    if rating == Severity::Unknown {
        rating = match score {
            Some(score) => Severity::from_cvss_score(score),
            None => severity(vulnerability.severity.as_deref()),
        };
    }
    Found {
        id,
        others: others(names.into_iter()),
        package,
        severity: rating,
        fixed: Some(fixed(vulnerability.fixed_in_version.as_deref().unwrap_or_default())),
        sources: vulnerability.updater.iter().map(|name| repeated(name)).collect(),
        suppressed: None,
    }
}

/// Distributions give a version, OSV's ecosystems a query string such as `fixed=2.0.1&introduced=0`.
fn fixed(text: &str) -> Vec<String> {
    let text = text.trim();
    let version = if text.contains('=') {
        text.split('&').find_map(|pair| pair.strip_prefix("fixed=")).unwrap_or_default()
    } else {
        text
    };
    Some(repeated(version)).filter(|version| !version.is_empty() && version != "0").into_iter().collect()
}

/// The highest CVSS base score of each vulnerability that the enrichments name.
fn scores(enrichments: BTreeMap<String, Option<Vec<serde_json::Value>>>) -> BTreeMap<String, f64> {
    let mut scores: BTreeMap<String, f64> = BTreeMap::new();
    let ours = enrichments.into_iter().filter(|(kind, _)| kind.contains("enricher=clair.cvss"));
    for message in ours.flat_map(|(_, messages)| each(messages)) {
        for (id, ratings) in message.as_object().into_iter().flatten() {
            for rating in ratings.as_array().into_iter().flatten() {
                let score = rating.get("baseScore").and_then(serde_json::Value::as_f64);
                if let Some(score) = score.filter(|score| (0.0..=10.0).contains(score)) {
                    let highest = scores.entry(id.clone()).or_insert(score);
                    *highest = highest.max(score);
                }
            }
        }
    }
    scores
}

/// The package type that a package database holds: language packages have a prefix (`python:usr/lib/…`), and so do the
/// newer RPM databases (`sqlite:var/lib/rpm`).
fn kind_of_database(database: &str) -> &'static str {
    let known = database.split_once(':').map_or("", |(prefix, _)| normalise::kind(prefix));
    match database {
        _ if !known.is_empty() => known,
        _ if database.contains("lib/dpkg/") => "deb",
        _ if database.contains("apk/db/") => "apk",
        _ if database.contains("lib/rpm") || database.contains("sysimage/rpm") => "rpm",
        _ => "",
    }
}

fn kind_of_distribution(word: &str) -> &'static str {
    let word = word.trim().to_ascii_lowercase();
    let first = word.split_whitespace().next().unwrap_or_default();
    match normalise::kind(&word) {
        "" if word.starts_with("red hat") || word.starts_with("suse") => "rpm",
        "" => normalise::kind(first),
        known => known,
    }
}
