//! Grype JSON (`grype/presenter/models/document.go`).

use plimsoll_types::PackageUrl;
use serde::Deserialize;

use super::{Document, Found, Packages, Reader, each, json, others, severity};
use crate::normalise::{self, Identity};

pub(super) static READER: Reader =
    Reader { id: "grype", title: "Grype JSON", recognises: |shape| shape.matches.is_some(), read };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Root {
    matches: Vec<Match>,
    ignored_matches: Option<Vec<Match>>,
    source: Option<Source>,
    descriptor: Option<Descriptor>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Match {
    vulnerability: Vulnerability,
    related_vulnerabilities: Option<Vec<Related>>,
    artifact: Artifact,
    applied_ignore_rules: Option<Vec<IgnoreRule>>,
}

#[derive(Deserialize)]
struct Vulnerability {
    id: String,
    namespace: Option<String>,
    severity: Option<String>,
    fix: Option<Fix>,
}

#[derive(Deserialize)]
struct Fix {
    versions: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Related {
    id: String,
}

#[derive(Deserialize)]
struct Artifact {
    name: String,
    version: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    purl: Option<String>,
    upstreams: Option<Vec<Upstream>>,
}

#[derive(Deserialize)]
struct Upstream {
    name: Option<String>,
}

#[derive(Deserialize)]
struct IgnoreRule {
    reason: Option<String>,
    #[serde(rename = "vex-status")]
    vex_status: Option<String>,
}

#[derive(Deserialize)]
struct Source {
    // A string for a directory, an object for an image.
    target: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Descriptor {
    name: Option<String>,
    version: Option<String>,
}

fn read(bytes: &[u8]) -> Result<Document, String> {
    let root: Root = json(bytes)?;
    let mut document = Document { tool: "Grype".to_owned(), ..Document::default() };
    if let Some(descriptor) = root.descriptor {
        if descriptor.name.is_some_and(|name| name != "grype" && !name.is_empty()) {
            document.notes.push("was not written by Grype itself".to_owned());
        }
        document.tool_version = descriptor.version.unwrap_or_default();
    }
    if let Some(target) = root.source.and_then(|source| source.target) {
        target_of(&target, &mut document);
    }
    let mut packages = Packages::default();
    let ignored = each(root.ignored_matches).map(|found| (found, true));
    for (found, ignored) in root.matches.into_iter().map(|found| (found, false)).chain(ignored) {
        let suppressed = ignored.then(|| {
            let reasons = each(found.applied_ignore_rules).filter_map(|rule| {
                let text = rule.vex_status.or(rule.reason).unwrap_or_default();
                Some(text.replace('_', " ")).filter(|text| !text.is_empty())
            });
            let mut reasons: Vec<String> = reasons.collect();
            reasons.dedup();
            if reasons.is_empty() { "ignored by a rule".to_owned() } else { reasons.join("; ") }
        });
        let identity = identity(&found.artifact);
        let source = each(found.artifact.upstreams).find_map(|upstream| upstream.name);
        document.findings.push(Found {
            id: found.vulnerability.id,
            others: others(each(found.related_vulnerabilities).map(|related| related.id)),
            package: packages.place(identity, source),
            severity: severity(found.vulnerability.severity.as_deref()),
            fixed: found.vulnerability.fix.map(|fix| fix.versions.unwrap_or_default()),
            sources: found.vulnerability.namespace.into_iter().collect(),
            suppressed,
        });
    }
    // Grype lists what it matched and nothing else.
    document.packages = packages.list;
    Ok(document)
}

fn identity(artifact: &Artifact) -> Identity {
    let version = artifact.version.as_deref().unwrap_or_default();
    match artifact.purl.as_deref().and_then(|url| url.parse::<PackageUrl>().ok()) {
        Some(purl) => normalise::identity_of(&purl, version),
        None => {
            let kind = normalise::kind(artifact.kind.as_deref().unwrap_or_default());
            normalise::identity(kind, "", &artifact.name, version)
        }
    }
}

fn target_of(target: &serde_json::Value, document: &mut Document) {
    let text = |value: Option<&serde_json::Value>| value.and_then(|value| value.as_str()).map(str::to_owned);
    let list = |key: &str| {
        let items = target.get(key).and_then(|value| value.as_array()).into_iter().flatten();
        items.filter_map(|item| item.as_str()).map(str::to_owned).collect::<Vec<_>>()
    };
    document.targets.extend(text(Some(target)));
    document.targets.extend(text(target.get("userInput")));
    document.targets.extend(list("tags"));
    document.image_ids.extend(text(target.get("imageID")));
    document.manifests.extend(text(target.get("manifestDigest")));
    for digest in list("repoDigests") {
        document.manifests.extend(digest.rsplit_once('@').map(|(_, digest)| digest.to_owned()));
    }
}
