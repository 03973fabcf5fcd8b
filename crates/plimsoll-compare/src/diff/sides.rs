//! One report as the comparison sees it: its findings by vulnerability and package, and what it knows of packages.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use plimsoll_types::Severity;

use super::sources;
use crate::identities::{Identities, Statement};
use crate::normalise::{self, Identity, Spellings};
use crate::readers::Document;
use crate::{CompareError, Input};

/// The most findings of a report after advisories about several vulnerabilities were taken apart.
const MAX_ITEMS: usize = 1_000_000;

/// The most fixed versions of a finding that are kept.
const MAX_FIXES: usize = 32;

/// What a report says of a vulnerability in a package.
#[derive(Debug, Default)]
pub(super) struct Item {
    /// The identifiers under which it stands in the report.
    pub(super) ids: BTreeSet<String>,
    pub(super) severity: Severity,
    pub(super) fixed: Option<BTreeSet<String>>,
    /// Where the report has it from, in the words of [`sources`].
    pub(super) sources: BTreeSet<&'static str>,
    /// Why it is set aside; `None` when any finding of it is not.
    pub(super) suppressed: Option<String>,
}

/// A report.
#[derive(Debug, Default)]
pub(super) struct Side {
    pub(super) items: BTreeMap<(String, Identity), Item>,
    /// The packages of a vulnerability, by family.
    pub(super) elsewhere: BTreeMap<(String, (String, String)), BTreeSet<Identity>>,
    /// The versions of each package, by type and name.
    packages: BTreeMap<(String, String), BTreeSet<String>>,
    /// The first package of each family.
    pub(super) families: BTreeMap<(String, String), String>,
    pub(super) complete_inventory: bool,
    /// The advisory sources that the report is seen to know.
    pub(super) sources: BTreeSet<&'static str>,
}

impl Side {
    /// Whether the report lists the package in this version.
    pub(super) fn lists(&self, package: &Identity) -> bool {
        let key = (package.kind.clone(), package.name.clone());
        self.packages.get(&key).is_some_and(|versions| versions.contains(&package.version))
    }

    /// The versions in which the report lists the package.
    pub(super) fn versions(&self, package: &Identity) -> Option<String> {
        let versions = self.packages.get(&(package.kind.clone(), package.name.clone()))?;
        let shown: Vec<&str> = versions.iter().map(|version| super::or_none(version)).take(5).collect();
        let more = if versions.len() > 5 { ", …" } else { "" };
        Some(format!("{}{more}", shown.join(", ")))
    }
}

/// Which packages belong together: binary packages by the source package that any of the reports names, Java archives by
/// their artifact.
#[derive(Debug, Default)]
pub(super) struct Families {
    sources: BTreeMap<(String, String), String>,
}

impl Families {
    /// The family of a package: its type and a name.
    pub(super) fn of(&self, package: &Identity) -> (String, String) {
        let key = (package.kind.clone(), package.name.clone());
        let name = self.sources.get(&key).unwrap_or(&package.name);
        (package.kind.clone(), normalise::base_name(&package.kind, name).to_owned())
    }
}

/// Makes a side of each document, with names that all of them share.
pub(super) fn build(
    mut documents: Vec<Document>,
    inputs: &[Input<'_>],
) -> Result<(Vec<Side>, Families), CompareError> {
    let mut spellings = Spellings::default();
    let mut families = Families::default();
    for listed in documents.iter_mut().flat_map(|document| &mut document.packages) {
        spellings.settle(&mut listed.identity);
        if let Some(source) = &listed.source {
            let key = (listed.identity.kind.clone(), listed.identity.name.clone());
            families.sources.entry(key).or_insert_with(|| source.clone());
        }
    }
    let findings = documents.iter().flat_map(|document| &document.findings);
    let identities =
        Identities::new(findings.map(|found| Statement { id: &found.id, others: &found.others }));
    let sides = documents
        .into_iter()
        .zip(inputs)
        .map(|(document, input)| side(document, input, &identities, &families));
    Ok((sides.collect::<Result<_, _>>()?, families))
}

fn side(
    document: Document,
    input: &Input<'_>,
    identities: &Identities,
    families: &Families,
) -> Result<Side, CompareError> {
    let mut side = Side { complete_inventory: document.complete_inventory, ..Side::default() };
    side.sources.extend(document.sources.iter().flat_map(|source| sources::words(source)));
    for listed in &document.packages {
        let Identity { kind, name, version } = &listed.identity;
        side.packages.entry((kind.clone(), name.clone())).or_default().insert(version.clone());
        side.families.entry(families.of(&listed.identity)).or_insert_with(|| name.clone());
    }
    let items: usize = document.findings.iter().map(|found| identities.count(&found.id)).sum();
    if items > MAX_ITEMS {
        let name = input.name.to_owned();
        return Err(CompareError::TooMany { name, what: "findings", limit: MAX_ITEMS as u64 });
    }
    for found in document.findings {
        let Some(listed) = document.packages.get(found.package) else { continue };
        if found.id.trim().is_empty() {
            continue;
        }
        let mut words: BTreeSet<&'static str> =
            found.sources.iter().flat_map(|source| sources::words(source)).collect();
        words.extend(sources::words_of_id(&found.id));
        side.sources.extend(&words);
        for vulnerability in identities.vulnerabilities(&found.id) {
            let key = (vulnerability.clone(), families.of(&listed.identity));
            side.elsewhere.entry(key).or_default().insert(listed.identity.clone());
            let item = match side.items.entry((vulnerability, listed.identity.clone())) {
                Entry::Vacant(place) => {
                    place.insert(Item { suppressed: found.suppressed.clone(), ..Item::default() })
                }
                Entry::Occupied(place) => {
                    let item = place.into_mut();
                    if found.suppressed.is_none() {
                        item.suppressed = None;
                    }
                    item
                }
            };
            item.ids.insert(found.id.trim().to_owned());
            item.severity = item.severity.max(found.severity);
            item.sources.extend(&words);
            if let Some(fixed) = &found.fixed {
                item.fixed.get_or_insert_default().extend(fixed.iter().take(MAX_FIXES).cloned());
            }
        }
    }
    Ok(side)
}
