//! Plimsoll's own JSON (`docs/schemas/report-v1.schema.json`).

use plimsoll_types::PackageUrl;
use serde::Deserialize;

use super::{Document, Found, Packages, Reader, each, json, others, severity};
use crate::normalise;

pub(super) static READER: Reader = Reader {
    id: "plimsoll",
    title: "Plimsoll JSON",
    recognises: |shape| shape.schema.is_some() && shape.targets.is_some(),
    read,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Root {
    schema_version: u32,
    tool: Option<Tool>,
    database: Option<Database>,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Tool {
    version: Option<String>,
}

#[derive(Deserialize)]
struct Database {
    sources: Option<Vec<Source>>,
}

#[derive(Deserialize)]
struct Source {
    id: String,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    image: Option<Image>,
    packages: Vec<Package>,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Image {
    id: Option<String>,
    manifest: Option<String>,
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Package {
    ecosystem: String,
    name: String,
    version: Option<String>,
    purl: Option<String>,
    source: Option<SourcePackage>,
}

#[derive(Deserialize)]
struct SourcePackage {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    package: PackageReference,
    status: Option<String>,
    fixed_versions: Option<Vec<String>>,
    vulnerability: Vulnerability,
    reasons: Option<Vec<Reason>>,
}

#[derive(Deserialize)]
struct PackageReference {
    index: usize,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: String,
    aliases: Option<Vec<String>>,
    severity: Option<String>,
}

#[derive(Deserialize)]
struct Reason {
    advisory: Option<String>,
    source: Option<String>,
    ecosystem: Option<String>,
}

fn read(bytes: &[u8]) -> Result<Document, String> {
    let root: Root = json(bytes)?;
    if root.schema_version != 1 {
        return Err(format!("its version is {}, and this reads version 1", root.schema_version));
    }
    let mut document =
        Document { tool: "Plimsoll".to_owned(), complete_inventory: true, ..Document::default() };
    document.tool_version = root.tool.and_then(|tool| tool.version).unwrap_or_default();
    document.sources =
        each(root.database.and_then(|database| database.sources)).map(|source| source.id).collect();
    if root.targets.len() > 1 {
        document.notes.push(format!("holds {} targets, which are compared as one", root.targets.len()));
    }
    let mut packages = Packages::default();
    for target in root.targets {
        document.targets.push(target.name);
        if let Some(image) = target.image {
            document.targets.extend(each(image.tags));
            document.image_ids.extend(image.id);
            document.manifests.extend(image.manifest);
        }
        let mut places = Vec::with_capacity(target.packages.len().min(1 << 16));
        for package in target.packages {
            let version = package.version.unwrap_or_default();
            let identity = match package.purl.as_deref().and_then(|url| url.parse::<PackageUrl>().ok()) {
                Some(purl) => normalise::identity_of(&purl, &version),
                None => normalise::identity(&package.ecosystem, "", &package.name, &version),
            };
            places.push(packages.place(identity, package.source.map(|source| source.name)));
        }
        for finding in target.findings {
            let Some(&package) = places.get(finding.package.index) else {
                return Err(format!(
                    "{} is about package {}, which does not exist",
                    finding.vulnerability.id, finding.package.index
                ));
            };
            let mut sources = Vec::new();
            for reason in each(finding.reasons) {
                sources.extend(reason.source);
                sources.extend(reason.ecosystem);
                sources.extend(reason.advisory);
            }
            document.findings.push(Found {
                id: finding.vulnerability.id,
                others: others(each(finding.vulnerability.aliases)),
                package,
                severity: severity(finding.vulnerability.severity.as_deref()),
                fixed: Some(finding.fixed_versions.unwrap_or_default()),
                sources,
                suppressed: (finding.status.as_deref() == Some("not_affected"))
                    .then(|| "not affected".to_owned()),
            });
        }
    }
    document.packages = packages.list;
    Ok(document)
}
