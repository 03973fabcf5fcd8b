//! `.trivyignore.yaml`: identifiers with paths, package URLs, a statement and an end, in a section for each kind of
//! finding. (Trivy documentation, "Filtering: By Finding IDs", experimental YAML form.)

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{Criterion, OtherWaiver, Section, Waiver, expiry, line_of, parse_yaml, place, purls};
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

pub(super) fn read(origin: &str, bytes: &[u8]) -> Result<(Vec<Waiver>, Vec<OtherWaiver>), PolicyError> {
    let file: File = parse_yaml(origin, bytes)?.unwrap_or_default();
    let mut waivers = Vec::new();
    for entry in file.vulnerabilities.into_iter().flatten() {
        let line = line_of(&entry);
        let entry = checked(origin, line, entry.value)?;
        let mut criteria = vec![Criterion::Id(vec![entry.id.clone()])];
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
    let mut others = Vec::new();
    for (section, entries) in [
        (Section::Misconfigurations, file.misconfigurations),
        (Section::Secrets, file.secrets),
        (Section::Licenses, file.licenses),
    ] {
        for entry in entries.into_iter().flatten() {
            let line = line_of(&entry);
            let entry = checked(origin, line, entry.value)?;
            others.push(OtherWaiver {
                section,
                id: entry.id,
                paths: entry.paths,
                reason: entry.statement,
                expires: entry.expired_at.map(|date| expiry(origin, line, &date)).transpose()?,
                origin: place(origin, line),
            });
        }
    }
    Ok((waivers, others))
}

fn checked(origin: &str, line: u64, entry: Entry) -> Result<Entry, PolicyError> {
    if entry.id.trim().is_empty() {
        return Err(PolicyError::at(origin, line, "the entry has no id"));
    }
    Ok(entry)
}
