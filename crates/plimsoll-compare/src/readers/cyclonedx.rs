//! CycloneDX JSON with vulnerabilities (ECMA-424), as Trivy, Grype and Plimsoll write it.

use std::collections::BTreeMap;

use plimsoll_types::PackageUrl;
use serde::Deserialize;

use super::{Document, Found, Packages, Reader, each, json, others, repeated, severity};
use crate::normalise;

pub(super) static READER: Reader =
    Reader { id: "cyclonedx", title: "CycloneDX JSON", recognises: |shape| shape.bom.is_some(), read };

#[derive(Deserialize)]
struct Root {
    metadata: Option<Metadata>,
    components: Option<Vec<Component>>,
    vulnerabilities: Option<Vec<Vulnerability>>,
}

#[derive(Deserialize)]
struct Metadata {
    // A list of tools until 1.4, an object with components since 1.5.
    tools: Option<Tools>,
    component: Option<Component>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Tools {
    List(Vec<Tool>),
    Object { components: Option<Vec<Tool>> },
}

#[derive(Deserialize)]
struct Tool {
    name: Option<String>,
    version: Option<String>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(rename = "bom-ref")]
    reference: Option<String>,
    name: Option<String>,
    version: Option<String>,
    purl: Option<String>,
    components: Option<Vec<Component>>,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: Option<String>,
    source: Option<Source>,
    references: Option<Vec<Reference>>,
    ratings: Option<Vec<Rating>>,
    analysis: Option<Analysis>,
    affects: Option<Vec<Affected>>,
}

#[derive(Deserialize)]
struct Source {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    id: Option<String>,
}

#[derive(Deserialize)]
struct Rating {
    severity: Option<String>,
}

#[derive(Deserialize)]
struct Analysis {
    state: Option<String>,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(rename = "ref")]
    reference: String,
}

fn read(bytes: &[u8]) -> Result<Document, String> {
    let root: Root = json(bytes)?;
    if root.vulnerabilities.is_none() {
        return Err("it has no list of vulnerabilities".to_owned());
    }
    let mut document =
        Document { tool: "CycloneDX".to_owned(), complete_inventory: true, ..Document::default() };
    if let Some(metadata) = root.metadata {
        let tool = match metadata.tools {
            Some(Tools::List(tools)) => tools.into_iter().next(),
            Some(Tools::Object { components }) => each(components).next(),
            None => None,
        };
        if let Some(Tool { name, version }) = tool {
            document.tool =
                name.filter(|name| !name.trim().is_empty()).map_or(document.tool, |name| titled(&name));
            document.tool_version = version.unwrap_or_default();
        }
        if let Some(component) = metadata.component {
            document.targets.extend(component.name);
            // The version of an image is its digest where the writer knows one.
            document.manifests.extend(component.version.filter(|version| version.starts_with("sha256:")));
        }
    }
    let mut packages = Packages::default();
    let mut places = BTreeMap::new();
    let mut waiting: Vec<Component> = root.components.unwrap_or_default();
    while let Some(component) = waiting.pop() {
        waiting.extend(each(component.components));
        let Some(purl) = component.purl.as_deref().and_then(|url| url.parse::<PackageUrl>().ok()) else {
            continue;
        };
        let identity = normalise::identity_of(&purl, component.version.as_deref().unwrap_or_default());
        // Syft names the source package in a qualifier: `upstream=openssl%403.0.11-1`.
        let source = purl.qualifier("upstream").map(|text| text.split('@').next().unwrap_or(text).to_owned());
        let place = packages.place(identity, source);
        if let Some(reference) = component.reference {
            places.insert(reference, place);
        }
    }
    for vulnerability in each(root.vulnerabilities) {
        let id = repeated(vulnerability.id.as_deref().unwrap_or_default());
        let sources: Vec<String> =
            vulnerability.source.and_then(|source| source.name).iter().map(|name| repeated(name)).collect();
        let mut names = others(each(vulnerability.references).filter_map(|reference| reference.id));
        let ratings = each(vulnerability.ratings).map(|rating| severity(rating.severity.as_deref()));
        let rating = ratings.max().unwrap_or_default();
        let state = vulnerability.analysis.and_then(|analysis| analysis.state);
        let set_aside = |state: &String| {
            matches!(
                state.as_str(),
                "not_affected" | "false_positive" | "resolved" | "resolved_with_pedigree"
            )
        };
        let suppressed = state.filter(set_aside).map(|state| state.replace('_', " "));
        for affected in each(vulnerability.affects) {
            // A BOM-Link names a component of a document: `urn:cdx:serial/version#bom-ref`.
            let reference =
                match affected.reference.strip_prefix("urn:cdx:").and_then(|link| link.split_once('#')) {
                    Some((_, reference)) => reference,
                    None => affected.reference.as_str(),
                };
            // What is not a package, such as the image itself, is nothing to compare.
            let Some(&package) = places.get(reference) else { continue };
            if document.findings.len() > crate::MAX_ENTRIES {
                return Err(format!("more than {} findings", crate::MAX_ENTRIES));
            }
            document.findings.push(Found {
                id: id.clone(),
                // Once is enough: names are joined over the whole report.
                others: std::mem::take(&mut names),
                package,
                severity: rating,
                fixed: None,
                sources: sources.clone(),
                suppressed: suppressed.clone(),
            });
        }
    }
    document.packages = packages.list;
    Ok(document)
}

/// A tool's name as people write it.
fn titled(name: &str) -> String {
    let mut letters = name.trim().chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
