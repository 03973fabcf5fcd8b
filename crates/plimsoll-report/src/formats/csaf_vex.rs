//! CSAF 2.0 (OASIS), profile 5 "VEX": statements on what was waived, is not affected or is fixed. A report that states
//! nothing is a document of the base profile, since the VEX profile asks for a vulnerability.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use plimsoll_types::Report;
use serde::Serialize;

use super::Format;
use crate::identity::{Purls, document_uuid};
use crate::text::clean;
use crate::vex::{self, Claim, State, Subject};
use crate::{RenderError, RenderOptions, pretty_json};

/// The register's entry.
pub(super) const FORMAT: Format =
    Format { id: "csaf-vex", title: "CSAF 2.0 VEX", media: "application/json", aliases: &["csaf"], render };

#[derive(Serialize)]
struct Csaf<'a> {
    document: Document<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_tree: Option<ProductTree>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vulnerabilities: Vec<Vulnerability<'a>>,
}

#[derive(Serialize)]
struct Document<'a> {
    category: &'static str,
    csaf_version: &'static str,
    notes: [Note; 1],
    publisher: Publisher,
    title: String,
    tracking: Tracking<'a>,
}

#[derive(Serialize)]
struct Publisher {
    category: &'static str,
    name: &'static str,
    namespace: &'static str,
}

#[derive(Serialize)]
struct Tracking<'a> {
    current_release_date: String,
    generator: Generator<'a>,
    id: String,
    initial_release_date: String,
    revision_history: [Revision; 1],
    status: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Generator<'a> {
    engine: Engine<'a>,
}

#[derive(Serialize)]
struct Engine<'a> {
    name: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
}

#[derive(Serialize)]
struct Revision {
    date: String,
    number: &'static str,
    summary: &'static str,
}

#[derive(Serialize)]
struct ProductTree {
    full_product_names: Vec<FullProductName>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    relationships: Vec<Relationship>,
}

#[derive(Serialize)]
struct FullProductName {
    name: String,
    product_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    product_identification_helper: Option<Helper>,
}

#[derive(Serialize)]
struct Helper {
    purl: String,
}

#[derive(Serialize)]
struct Relationship {
    category: &'static str,
    full_product_name: FullProductName,
    product_reference: String,
    relates_to_product_reference: String,
}

#[derive(Serialize)]
struct Vulnerability<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cve: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flags: Vec<Flag>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ids: Vec<Id<'a>>,
    notes: [Note; 1],
    product_status: BTreeMap<&'static str, BTreeSet<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remediations: Vec<Remediation<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    threats: Vec<Threat<'a>>,
}

#[derive(Serialize)]
struct Flag {
    label: &'static str,
    product_ids: BTreeSet<String>,
}

#[derive(Serialize)]
struct Id<'a> {
    system_name: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
struct Note {
    category: &'static str,
    text: String,
    title: &'static str,
}

#[derive(Serialize)]
struct Remediation<'a> {
    category: &'static str,
    details: &'a str,
    product_ids: BTreeSet<String>,
}

#[derive(Serialize)]
struct Threat<'a> {
    category: &'static str,
    details: &'a str,
    product_ids: BTreeSet<String>,
}

fn render(report: &Report, _: &RenderOptions, out: &mut dyn io::Write) -> Result<(), RenderError> {
    let purls = Purls::new(report);
    let claims = vex::claims(report, &purls)?;
    let mut tree = Tree::new(report);
    let mut vulnerabilities: Vec<(&str, Vulnerability<'_>)> = Vec::new();
    // Claims are sorted by vulnerability, so that those about one follow each other.
    for (claim, (aliases, subjects)) in &claims {
        if vulnerabilities.last().is_none_or(|(id, _)| *id != claim.vulnerability) {
            vulnerabilities.push((&claim.vulnerability, vulnerability(claim, aliases)));
        }
        let products: BTreeSet<String> = subjects.iter().map(|subject| tree.product(subject)).collect();
        if let Some((_, vulnerability)) = vulnerabilities.last_mut() {
            add(vulnerability, claim, products);
        }
    }
    let vex = !vulnerabilities.is_empty();
    let id = format!("plimsoll-{}", document_uuid(report, &purls, FORMAT.id)?);
    let names: Vec<_> = report.targets.iter().map(|target| clean(&target.name)).collect();
    let title = if names.is_empty() {
        "Nothing was scanned".to_owned()
    } else {
        format!("VEX of {}", names.join(", "))
    };
    let created = report.created.to_string();
    let document = Csaf {
        document: Document {
            category: if vex { "csaf_vex" } else { "csaf_base" },
            csaf_version: "2.0",
            notes: [Note {
                category: "summary",
                text: if vex {
                    "What is known of vulnerabilities that were waived, do not matter or are fixed."
                        .to_owned()
                } else {
                    "There is nothing to state.".to_owned()
                },
                title: "Summary",
            }],
            publisher: Publisher { category: "user", name: "Plimsoll", namespace: "urn:plimsoll" },
            title,
            tracking: Tracking {
                current_release_date: created.clone(),
                generator: Generator { engine: Engine { name: "plimsoll", version: &report.tool_version } },
                id,
                initial_release_date: created.clone(),
                revision_history: [Revision { date: created, number: "1", summary: "Made from a scan." }],
                status: "final",
                version: "1",
            },
        },
        product_tree: vex.then(|| tree.finish()),
        vulnerabilities: vulnerabilities.into_iter().map(|(_, vulnerability)| vulnerability).collect(),
    };
    pretty_json::write(&document, out)
}

/// The products as they are named: targets, packages, and packages as parts of targets.
struct Tree {
    targets: Vec<(String, Option<String>)>,
    products: BTreeMap<String, FullProductName>,
    relationships: BTreeMap<String, Relationship>,
}

impl Tree {
    fn new(report: &Report) -> Tree {
        let name = |target: &plimsoll_types::TargetReport| {
            let name = clean(&target.name).into_owned();
            if name.is_empty() { "(no name)".to_owned() } else { name }
        };
        let targets = report.targets.iter().map(|target| (name(target), vex::image_purl(target))).collect();
        Tree { targets, products: BTreeMap::new(), relationships: BTreeMap::new() }
    }

    /// The product id of a package as a part of its target, or of the package alone where the target, such as a
    /// directory, has no identifier of its own.
    fn product(&mut self, subject: &Subject) -> String {
        let helper = |purl: String| Some(Helper { purl });
        self.products.entry(subject.purl.clone()).or_insert_with(|| FullProductName {
            name: subject.purl.clone(),
            product_id: subject.purl.clone(),
            product_identification_helper: helper(subject.purl.clone()),
        });
        let target_id = format!("target-{}", subject.target + 1);
        let (name, purl) = self.targets.get(subject.target).cloned().unwrap_or_default();
        let Some(purl) = purl else { return subject.purl.clone() };
        self.products.entry(target_id.clone()).or_insert_with(|| FullProductName {
            name: name.clone(),
            product_id: target_id.clone(),
            product_identification_helper: helper(purl),
        });
        let id = format!("{target_id}:{}", subject.purl);
        self.relationships.entry(id.clone()).or_insert_with(|| Relationship {
            category: "default_component_of",
            full_product_name: FullProductName {
                name: format!("{} in {name}", subject.purl),
                product_id: id.clone(),
                product_identification_helper: None,
            },
            product_reference: subject.purl.clone(),
            relates_to_product_reference: target_id,
        });
        id
    }

    fn finish(self) -> ProductTree {
        ProductTree {
            full_product_names: self.products.into_values().collect(),
            relationships: self.relationships.into_values().collect(),
        }
    }
}

/// True for what the schema takes for a CVE identifier.
fn is_cve(id: &str) -> bool {
    let mut parts = id.split('-');
    let digits = |part: Option<&str>, least: usize, most: usize| {
        part.is_some_and(|part| {
            (least..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    parts.next() == Some("CVE")
        && digits(parts.next(), 4, 4)
        && digits(parts.next(), 4, 19)
        && parts.next().is_none()
}

fn vulnerability<'a>(claim: &'a Claim, aliases: &'a [String]) -> Vulnerability<'a> {
    let all = || std::iter::once(&claim.vulnerability).chain(aliases).map(String::as_str);
    let cve = all().find(|id| is_cve(id));
    let ids: BTreeSet<&str> = all().filter(|id| Some(*id) != cve && !id.is_empty()).collect();
    let system = |id: &'a str| id.split_once('-').map_or(id, |(prefix, _)| prefix);
    Vulnerability {
        cve,
        flags: Vec::new(),
        ids: ids
            .into_iter()
            .map(|text| Id {
                system_name: Some(system(text)).filter(|name| !name.is_empty()).unwrap_or("id"),
                text,
            })
            .collect(),
        notes: [Note {
            category: "general",
            text: format!("Stated of {}.", clean(&claim.vulnerability)),
            title: "Vulnerability",
        }],
        product_status: BTreeMap::new(),
        remediations: Vec::new(),
        threats: Vec::new(),
    }
}

/// Adds a claim to its vulnerability.
fn add<'a>(vulnerability: &mut Vulnerability<'a>, claim: &'a Claim, products: BTreeSet<String>) {
    // A product has one status only (CSAF 2.0, test 6.1.6); the first one, which takes the most away, stays.
    let taken: BTreeSet<String> = vulnerability.product_status.values().flatten().cloned().collect();
    let products: BTreeSet<String> = products.difference(&taken).cloned().collect();
    if products.is_empty() {
        return;
    }
    let status = match claim.state {
        State::NotAffected => "known_not_affected",
        State::Affected => "known_affected",
        State::Fixed => "fixed",
    };
    vulnerability.product_status.entry(status).or_default().extend(products.iter().cloned());
    match claim.state {
        State::NotAffected => {
            if !claim.justification.is_empty() {
                vulnerability.flags.push(Flag { label: claim.justification, product_ids: products.clone() });
            }
            if !claim.text.is_empty() {
                let (category, details) = ("impact", claim.text.as_str());
                vulnerability.threats.push(Threat { category, details, product_ids: products });
            }
        }
        State::Affected => {
            let (category, details) = ("no_fix_planned", claim.text.as_str());
            vulnerability.remediations.push(Remediation { category, details, product_ids: products });
        }
        State::Fixed => {}
    }
}
