//! Signs that reports are not of the same image.

use std::collections::BTreeSet;

use super::ReportInfo;
use crate::readers::Document;

pub(super) fn warnings(reports: &[ReportInfo], documents: &[Document]) -> Vec<String> {
    let mut warnings = Vec::new();
    let all: Vec<(&ReportInfo, &Document)> = reports.iter().zip(documents).collect();
    for (report, document) in &all {
        warnings.extend(document.notes.iter().map(|note| format!("{}: the report {note}", report.file)));
    }
    for (place, (report, document)) in all.iter().enumerate() {
        // The first that differs says enough.
        for (earlier, other) in all.iter().take(place) {
            let digests = digests(document, other);
            if digests == Some(false) {
                warnings.push(format!(
                    "{} and {} are about images with different digests: {} and {}",
                    earlier.name,
                    report.name,
                    shown(other, document),
                    shown(document, other)
                ));
            }
            let (names, others) = (names(document), self::names(other));
            if digests != Some(true) && !names.is_empty() && !others.is_empty() && names.is_disjoint(&others)
            {
                warnings.push(format!(
                    "{} and {} are about targets with different names: {} and {}",
                    earlier.name, report.name, earlier.target, report.target
                ));
            }
            if warnings.len() > 2 * reports.len() {
                return warnings;
            }
        }
    }
    warnings
}

/// Whether the digests say that two reports are of the same image; `None` when they say nothing.
fn digests(a: &Document, b: &Document) -> Option<bool> {
    let same = |a: &BTreeSet<String>, b: &BTreeSet<String>| {
        (!a.is_empty() && !b.is_empty()).then(|| !a.is_disjoint(b))
    };
    // An image has one configuration, but a manifest for each way in which it is stored.
    same(&a.image_ids, &b.image_ids).or_else(|| same(&a.manifests, &b.manifests))
}

fn shown<'a>(document: &'a Document, other: &Document) -> &'a str {
    let ids = !document.image_ids.is_empty() && !other.image_ids.is_empty();
    let digests = if ids { &document.image_ids } else { &document.manifests };
    digests.first().map_or("", String::as_str)
}

/// Names of a target without what registries leave out.
fn names(document: &Document) -> BTreeSet<String> {
    let normal = |name: &String| {
        let name = name.trim();
        let name =
            name.strip_prefix("docker.io/").or_else(|| name.strip_prefix("index.docker.io/")).unwrap_or(name);
        let name = name.strip_prefix("library/").unwrap_or(name);
        let name = name.split_once("@sha256:").map_or(name, |(name, _)| name);
        let last = name.rsplit('/').next().unwrap_or(name);
        if last.contains(':') || last.contains('.') { name.to_owned() } else { format!("{name}:latest") }
    };
    document.targets.iter().filter(|name| !name.trim().is_empty()).map(normal).collect()
}
