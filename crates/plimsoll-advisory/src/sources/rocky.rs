//! Rocky Linux's advisories as Apollo's interface gives them (RESF Apollo, `/api/v3/advisories/` and the older `/v2`).
//!
//! Version 3 lists packages with product, module and repository; version 2 lists file names by product. Advisories of
//! the cloud group (`Rocky Linux SIG Cloud 9`) are about builds of their own, with versions above those of the release,
//! and are filed apart under `Rocky Linux:9:SIG Cloud`. Only security advisories are kept.

use std::collections::BTreeMap;

use plimsoll_types::Status;
use serde::Deserialize;

use super::errata::{self, MAX_PACKAGES, Packages};
use super::{RefusalReason, Sink, SourceError, SourceSpec, records, text, utf8};
use crate::json;
use crate::{Advisory, Affected, SeverityStatement};

/// Rocky Linux advisories.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: "rocky-apollo",
    title: "Rocky Linux Apollo",
    description: "Rocky Linux's advisories as its errata service gives them, with modules and architectures.",
    recognises,
    parse,
};

/// The id of the source, as OSV's records of the same publisher have it.
const SOURCE: &str = "rocky";

fn recognises(path: &str, head: &[u8]) -> bool {
    let has = |needle: &str| head.windows(needle.len()).any(|window| window == needle.as_bytes());
    let of_rocky = ["RLSA-", "RLBA-", "RLEA-", "RXSA-"].iter().any(|prefix| has(prefix));
    super::has_extension(path, &["json"])
        && of_rocky
        && !has("\"schema_version\"")
        && (has("\"advisories\"") || (has("\"synopsis\"") && (has("\"cves\"") || has("\"topic\""))))
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let document = utf8(path, bytes)?;
    // One advisory by itself has a name; a page of them has not.
    if let Ok(record) = json::single::<Record>(path, document)
        && record.name.is_some()
    {
        keep(path, record, out);
        return Ok(());
    }
    records::each(path, document, "advisories", out, &mut keep)
}

fn keep(path: &str, record: Record, out: &mut Sink) {
    let id = record.name.clone().unwrap_or_default();
    match convert(record) {
        Ok(advisory) => out.keep(advisory),
        Err((reason, detail)) => out.refuse(path, &id, reason, &detail),
    }
}

#[derive(Deserialize)]
struct Record {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    synopsis: Option<String>,
    #[serde(default)]
    description: Option<String>,
    /// `Security`, or in version 2 `TYPE_SECURITY` under `type`.
    #[serde(default, alias = "type")]
    kind: Option<String>,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default, alias = "publishedAt")]
    published_at: Option<String>,
    #[serde(default)]
    updated_at: Option<String>,
    #[serde(default)]
    cves: Option<Vec<Cve>>,
    #[serde(default)]
    fixes: Option<Vec<Fix>>,
    #[serde(default)]
    packages: Option<Vec<Package>>,
    #[serde(default)]
    rpms: Option<BTreeMap<String, Files>>,
}

#[derive(Deserialize)]
struct Cve {
    /// `cve` in version 3.
    #[serde(default, alias = "cve")]
    name: Option<String>,
    #[serde(default, alias = "cvss3ScoringVector")]
    cvss3_scoring_vector: Option<String>,
    #[serde(default)]
    cwe: Option<String>,
}

#[derive(Deserialize)]
struct Fix {
    /// `sourceLink` in version 2.
    #[serde(default, alias = "sourceLink")]
    source: Option<String>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    nevra: String,
    #[serde(default)]
    product_name: Option<String>,
    #[serde(default)]
    module_name: Option<String>,
    #[serde(default)]
    module_stream: Option<String>,
}

/// The files of a product: `{"nvras": […]}`, or a list of `{"nevra": …}`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Files {
    Names { nvras: Vec<String> },
    List(Vec<File>),
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    nevra: String,
}

fn convert(record: Record) -> Result<Advisory, (RefusalReason, String)> {
    let id = record.name.as_deref().unwrap_or_default().trim().to_owned();
    if !text::is_id(&id) {
        return Err((RefusalReason::Malformed, "no usable id".to_owned()));
    }
    let kind = record.kind.as_deref().unwrap_or_default();
    let security = match kind.trim_start_matches("TYPE_") {
        "" => id.starts_with("RLSA-") || id.starts_with("RXSA-"),
        word => word.eq_ignore_ascii_case("security"),
    };
    if !security {
        return Err((RefusalReason::NotSecurity, kind.to_owned()));
    }
    let published = record.published_at.as_deref().and_then(errata::date);
    let mut list: Vec<(String, String, String)> = Vec::new();
    for package in record.packages.unwrap_or_default() {
        let module = match (&package.module_name, &package.module_stream) {
            (Some(name), Some(stream)) if text::is_name(name) && text::is_name(stream) => {
                format!("{name}:{stream}")
            }
            _ => String::new(),
        };
        list.push((package.product_name.unwrap_or_default(), package.nevra, module));
    }
    // A page of version 3 has no `rpms`; a record with both would say everything twice.
    if list.is_empty() {
        for (product, files) in record.rpms.unwrap_or_default() {
            let names: Vec<String> = match files {
                Files::Names { nvras } => nvras,
                Files::List(list) => list.into_iter().map(|file| file.nevra).collect(),
            };
            list.extend(names.into_iter().map(|name| (product.clone(), name, String::new())));
        }
    }
    if list.len() > MAX_PACKAGES {
        return Err((RefusalReason::TooLarge, format!("{} packages", list.len())));
    }
    let (mut packages, mut known_release, mut any) = (Packages::default(), false, false);
    for (product, file, module) in &list {
        let Some((name, version, arch)) = errata::nevra(file) else {
            return Err((RefusalReason::Malformed, format!("{file} is no package with a version")));
        };
        if matches!(arch, "src" | "nosrc") {
            continue;
        }
        any = true;
        let Some(ecosystem) = ecosystem(product, &version) else { continue };
        known_release = true;
        packages.add(Affected {
            ecosystem,
            package: name.to_owned(),
            status: Status::Fixed,
            ranges: vec![errata::before(&version)],
            arches: vec![arch.to_owned()],
            modularity: if errata::is_modular(&version) { module.clone() } else { String::new() },
            fix_date: published,
            ..Affected::default()
        });
    }
    let synopsis = text::one_line(record.synopsis.as_deref().unwrap_or_default());
    let mut advisory = Advisory {
        source: SOURCE.to_owned(),
        title: errata::title_and_word(&synopsis).0.to_owned(),
        description: record.description.unwrap_or_default().trim().to_owned(),
        published,
        modified: record.updated_at.as_deref().and_then(errata::date),
        affected: packages.into_list(),
        ..Advisory::default()
    };
    if advisory.affected.is_empty() {
        return Err(errata::nothing_affected(any && !known_release));
    }
    let word = record.severity.as_deref().unwrap_or_default().trim_start_matches("SEVERITY_");
    if let Some(severity) = errata::severity(word) {
        advisory.severities.push(SeverityStatement { source: SOURCE.to_owned(), severity });
    }
    let cves = record.cves.unwrap_or_default();
    for cve in &cves {
        advisory.covers.extend(cve.name.as_deref().and_then(text::leading_cve));
        advisory.cwes.extend(errata::cwes(cve.cwe.as_deref().unwrap_or_default()));
        // Of several vulnerabilities no vector is that of the advisory.
        if cves.len() == 1 {
            let vector = cve.cvss3_scoring_vector.as_deref().unwrap_or_default();
            advisory.cvss.extend(errata::cvss(SOURCE, vector));
        }
    }
    advisory.covers = text::unique(std::mem::take(&mut advisory.covers));
    advisory.cwes = text::unique(std::mem::take(&mut advisory.cwes));
    advisory.references.extend(text::reference("advisory", &format!("https://errata.rockylinux.org/{id}")));
    for fix in record.fixes.unwrap_or_default() {
        advisory.references.extend(text::reference("report", fix.source.as_deref().unwrap_or_default()));
    }
    advisory.id = id;
    Ok(advisory)
}

/// `Rocky Linux:10` of `Rocky Linux 10 aarch64`; of the cloud group `Rocky Linux:9:SIG Cloud`. Without a product the
/// package's own release tells.
fn ecosystem(product: &str, version: &str) -> Option<String> {
    let rest = match product.trim() {
        "" => return errata::el_major(version).map(|major| format!("Rocky Linux:{major}")),
        product => product.strip_prefix("Rocky Linux ")?,
    };
    let (rest, group) = match rest.strip_prefix("SIG Cloud ") {
        Some(rest) => (rest, ":SIG Cloud"),
        None => (rest, ""),
    };
    let major = rest.split([' ', '.']).next().unwrap_or_default();
    let plausible = matches!(major.len(), 1..=2) && major.bytes().all(|byte| byte.is_ascii_digit());
    plausible.then(|| format!("Rocky Linux:{major}{group}"))
}
