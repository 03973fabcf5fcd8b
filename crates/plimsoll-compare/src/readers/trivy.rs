//! Trivy JSON, schema version 2 (`pkg/types/report.go`, `pkg/fanal/types`).

use std::collections::BTreeMap;

use plimsoll_types::PackageUrl;
use serde::Deserialize;

use super::{Document, Found, Packages, Reader, each, json, others, severity};
use crate::normalise::{self, Identity};

pub(super) static READER: Reader =
    Reader { id: "trivy", title: "Trivy JSON", recognises: |shape| shape.trivy_schema.is_some(), read };

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Root {
    schema_version: u32,
    #[serde(rename = "Trivy")]
    trivy: Option<Trivy>,
    artifact_name: Option<String>,
    metadata: Option<Metadata>,
    results: Option<Vec<ScanResult>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Trivy {
    version: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    #[serde(rename = "ImageID")]
    image_id: Option<String>,
    repo_tags: Option<Vec<String>>,
    repo_digests: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScanResult {
    class: Option<String>,
    #[serde(rename = "Type")]
    kind: Option<String>,
    packages: Option<Vec<Package>>,
    vulnerabilities: Option<Vec<Vulnerability>>,
    experimental_modified_findings: Option<Vec<Modified>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Package {
    #[serde(rename = "ID")]
    id: Option<String>,
    name: Option<String>,
    identifier: Option<Identifier>,
    version: Option<String>,
    release: Option<String>,
    epoch: Option<u64>,
    src_name: Option<String>,
}

#[derive(Deserialize)]
struct Identifier {
    #[serde(rename = "PURL")]
    purl: Option<String>,
    #[serde(rename = "UID")]
    uid: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Vulnerability {
    #[serde(rename = "VulnerabilityID")]
    id: String,
    #[serde(rename = "VendorIDs")]
    vendor_ids: Option<Vec<String>>,
    #[serde(rename = "PkgID")]
    pkg_id: Option<String>,
    pkg_name: Option<String>,
    pkg_identifier: Option<Identifier>,
    installed_version: Option<String>,
    fixed_version: Option<String>,
    status: Option<String>,
    severity: Option<String>,
    data_source: Option<DataSource>,
}

#[derive(Deserialize)]
struct DataSource {
    #[serde(rename = "ID")]
    id: Option<String>,
}

/// What an ignore file or a VEX document took out of the findings.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Modified {
    #[serde(rename = "Type")]
    kind: Option<String>,
    status: Option<String>,
    statement: Option<String>,
    // A modified secret has another shape, so that this is read only when it is a vulnerability.
    finding: Option<serde_json::Value>,
}

fn read(bytes: &[u8]) -> Result<Document, String> {
    let root: Root = json(bytes)?;
    if root.schema_version != 2 {
        return Err(format!("its schema version is {}, and this reads version 2", root.schema_version));
    }
    let mut document = Document { tool: "Trivy".to_owned(), ..Document::default() };
    document.tool_version = root.trivy.and_then(|trivy| trivy.version).unwrap_or_default();
    document.targets.extend(root.artifact_name);
    if let Some(metadata) = root.metadata {
        document.targets.extend(each(metadata.repo_tags));
        document.image_ids.extend(metadata.image_id);
        for digest in each(metadata.repo_digests) {
            document.manifests.extend(digest.rsplit_once('@').map(|(_, digest)| digest.to_owned()));
        }
    }
    let mut packages = Packages::default();
    let (mut lists, mut silent) = (0, 0);
    for result in each(root.results) {
        if !matches!(result.class.as_deref(), None | Some("os-pkgs" | "lang-pkgs")) {
            continue;
        }
        // `null` and no list at all both mean that packages were not asked for.
        if result.packages.is_some() {
            lists += 1
        } else {
            silent += 1
        }
        let kind = normalise::kind(result.kind.as_deref().unwrap_or_default());
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for package in each(result.packages) {
            let version = full_version(&package, kind);
            let url = package.identifier.as_ref().and_then(|identifier| identifier.purl.as_deref());
            let identity = identity(kind, url, package.name.as_deref().unwrap_or_default(), &version);
            let place = packages.place(identity, package.src_name);
            let uid =
                package.identifier.and_then(|identifier| identifier.uid).map(|uid| format!("uid {uid}"));
            for key in [uid, package.id.map(|id| format!("id {id}"))].into_iter().flatten() {
                places.entry(key).or_insert(place);
            }
        }
        for vulnerability in each(result.vulnerabilities) {
            document.findings.push(found(vulnerability, None, kind, &places, &mut packages));
        }
        for modified in each(result.experimental_modified_findings) {
            if modified.kind.as_deref() != Some("vulnerability") {
                continue;
            }
            let Some(finding) = modified.finding else { continue };
            let vulnerability: Vulnerability =
                serde_json::from_value(finding).map_err(|error| format!("a modified finding: {error}"))?;
            let reason = [modified.status, modified.statement];
            let reason: Vec<String> = reason.into_iter().flatten().filter(|text| !text.is_empty()).collect();
            let reason = reason.join(": ").replace('_', " ");
            document.findings.push(found(vulnerability, Some(reason), kind, &places, &mut packages));
        }
    }
    document.complete_inventory = lists > 0 && silent == 0;
    document.packages = packages.list;
    Ok(document)
}

fn found(
    vulnerability: Vulnerability,
    suppressed: Option<String>,
    kind: &str,
    places: &BTreeMap<String, usize>,
    packages: &mut Packages,
) -> Found {
    let identifier = vulnerability.pkg_identifier.as_ref();
    let by_uid = identifier.and_then(|identifier| identifier.uid.as_deref()).map(|uid| format!("uid {uid}"));
    let by_id = vulnerability.pkg_id.map(|id| format!("id {id}"));
    let known = [by_uid, by_id].into_iter().flatten().find_map(|key| places.get(&key).copied());
    let package = known.unwrap_or_else(|| {
        let url = identifier.and_then(|identifier| identifier.purl.as_deref());
        let name = vulnerability.pkg_name.as_deref().unwrap_or_default();
        let version = vulnerability.installed_version.as_deref().unwrap_or_default();
        packages.place(identity(kind, url, name, version), None)
    });
    let not_affected = vulnerability.status.as_deref() == Some("not_affected");
    Found {
        id: vulnerability.id,
        others: others(each(vulnerability.vendor_ids)),
        package,
        severity: severity(vulnerability.severity.as_deref()),
        // Several are joined with commas.
        fixed: Some(
            vulnerability
                .fixed_version
                .unwrap_or_default()
                .split(',')
                .map(|version| version.trim().to_owned())
                .filter(|version| !version.is_empty())
                .collect(),
        ),
        sources: vulnerability.data_source.and_then(|source| source.id).into_iter().collect(),
        suppressed: suppressed.or_else(|| not_affected.then(|| "not affected".to_owned())),
    }
}

fn identity(kind: &str, url: Option<&str>, name: &str, version: &str) -> Identity {
    match url.and_then(|url| url.parse::<PackageUrl>().ok()) {
        Some(purl) => normalise::identity_of(&purl, version),
        None => {
            let (namespace, name) = match kind {
                "maven" => name.split_once(':').unwrap_or(("", name)),
                _ => ("", name),
            };
            let purl = PackageUrl {
                kind: kind.to_owned(),
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                ..PackageUrl::default()
            };
            normalise::identity_of(&purl, version)
        }
    }
}

/// A list of packages has a distribution's version in its parts, a finding has it whole.
fn full_version(package: &Package, kind: &str) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    let mut version = part(&package.version);
    if normalise::is_os(kind) && !version.is_empty() {
        let release = part(&package.release);
        if !release.is_empty() {
            version = format!("{version}-{release}");
        }
        if let Some(epoch) = package.epoch.filter(|&epoch| epoch > 0) {
            version = format!("{epoch}:{version}");
        }
    }
    version
}
