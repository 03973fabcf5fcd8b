//! Plimsoll's own form: the key `waivers` of `.plimsoll.yaml`. `docs/policy.md` describes it.

use plimsoll_yaml::Spanned;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Criterion, Waiver, expiry, line_of, parse_yaml, place, purls};
use crate::PolicyError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    waivers: Option<Vec<Spanned<Entry>>>,
    /// Read elsewhere.
    #[serde(rename = "policy")]
    _policy: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    ids: Vec<String>,
    #[serde(default)]
    package: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    ecosystem: Option<String>,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    purls: Vec<String>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    expires: Option<String>,
}

pub(super) fn read(origin: &str, bytes: &[u8]) -> Result<Vec<Waiver>, PolicyError> {
    let Some(file) = parse_yaml::<File>(origin, bytes)? else { return Ok(Vec::new()) };
    file.waivers.into_iter().flatten().map(|entry| waiver(origin, entry)).collect()
}

fn waiver(origin: &str, entry: Spanned<Entry>) -> Result<Waiver, PolicyError> {
    let line = line_of(&entry);
    let entry = entry.value;
    let ids: Vec<String> = entry.id.into_iter().chain(entry.ids).collect();
    let mut criteria = Vec::new();
    let mut title = ids.join(", ");
    if !ids.is_empty() {
        criteria.push(Criterion::Id(ids));
    }
    if let Some(name) = entry.package {
        if title.is_empty() {
            title.clone_from(&name);
        }
        criteria.push(Criterion::Name(name));
    }
    if !entry.purls.is_empty() {
        if title.is_empty() {
            title = entry.purls.join(", ");
        }
        criteria.push(Criterion::Purl(purls(origin, line, &entry.purls)?));
    }
    if !entry.paths.is_empty() {
        if title.is_empty() {
            title = entry.paths.join(", ");
        }
        criteria.push(Criterion::Path(entry.paths));
    }
    if criteria.is_empty() {
        let reason = "a waiver says what it is for: id, ids, package, purls or paths";
        return Err(PolicyError::at(origin, line, reason));
    }
    criteria.extend(entry.version.map(Criterion::Version));
    criteria.extend(entry.ecosystem.map(|id| Criterion::Ecosystem(vec![id])));
    if entry.reason.trim().is_empty() {
        return Err(PolicyError::at(origin, line, format!("the waiver for {title} gives no reason")));
    }
    Ok(Waiver {
        criteria,
        reason: entry.reason.trim().to_owned(),
        expires: entry.expires.map(|date| expiry(origin, line, &date)).transpose()?,
        origin: place(origin, line),
        title,
    })
}
