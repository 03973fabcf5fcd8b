//! `.trivyignore.yaml`: identifiers with paths, package URLs, a statement and an end, in a section for each kind of
//! finding. (Trivy documentation, "Filtering: By Finding IDs", experimental YAML form.)

use plimsoll_types::Scanner;
use plimsoll_yaml::Spanned;
use serde::Deserialize;

use super::{Criterion, Waiver, expiry, line_of, parse_yaml, place, purls};
use crate::PolicyError;

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    vulnerabilities: Option<Vec<Spanned<Entry>>>,
    misconfigurations: Option<Vec<Spanned<Entry>>>,
    secrets: Option<Vec<Spanned<Entry>>>,
    licenses: Option<Vec<Spanned<Entry>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    id: String,
    paths: Vec<String>,
    purls: Vec<String>,
    expired_at: Option<String>,
    statement: String,
}

pub(super) fn read(origin: &str, bytes: &[u8]) -> Result<Vec<Waiver>, PolicyError> {
    let file: File = parse_yaml(origin, bytes)?.unwrap_or_default();
    let mut waivers = Vec::new();
    // There are no sections for malware and tampering; who reads such a file knows them as faults of configuration.
    const CONFIGURATION: &[Scanner] = &[Scanner::Misconfiguration, Scanner::Malware, Scanner::Integrity];
    for (scanners, entries) in [
        (None, file.vulnerabilities),
        (Some(CONFIGURATION), file.misconfigurations),
        (Some(&[Scanner::Secret][..]), file.secrets),
        (Some(&[Scanner::License][..]), file.licenses),
    ] {
        for entry in entries.into_iter().flatten() {
            let line = line_of(&entry);
            let entry = checked(origin, line, entry.value)?;
            let mut criteria = vec![Criterion::Id(vec![entry.id.clone()])];
            criteria.extend(scanners.map(Criterion::Scanner));
            if !entry.paths.is_empty() {
                criteria.push(Criterion::Path(entry.paths));
            }
            if !entry.purls.is_empty() {
                criteria.push(Criterion::Purl(purls(origin, line, &entry.purls)?));
            }
            waivers.push(Waiver {
                criteria,
                reason: entry.statement,
                expires: entry.expired_at.map(|date| expiry(origin, line, &date)).transpose()?,
                origin: place(origin, line),
                title: entry.id,
            });
        }
    }
    Ok(waivers)
}

fn checked(origin: &str, line: u64, entry: Entry) -> Result<Entry, PolicyError> {
    if entry.id.trim().is_empty() {
        return Err(PolicyError::at(origin, line, "the entry has no id"));
    }
    Ok(entry)
}
