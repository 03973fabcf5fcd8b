//! The VEX part of CycloneDX documents, 1.4 to 1.7, in JSON (CycloneDX specification, "vulnerabilities" and "BOM-Link").
//!
//! A vulnerability is a VEX statement when it carries an analysis with a state; a mere list of vulnerabilities states
//! nothing. What `affects` refers to is resolved to the component's package URL and CPE; a BOM-Link to another document
//! stands for the package URL that is its fragment, as producers write it, or for itself.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use serde::Deserialize;

use crate::json::{self, or_default};
use crate::openvex::hash_name;
use crate::sources::{SourceError, text};
use crate::vex::{self, Room, VexStatus};

/// A document, as far as it concerns VEX.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bom {
    /// Always `CycloneDX`.
    pub bom_format: String,
    /// The version of the specification, such as `1.6`.
    #[serde(default, deserialize_with = "or_default")]
    pub spec_version: String,
    /// The document's own name, `urn:uuid:…`.
    #[serde(default, deserialize_with = "or_default")]
    pub serial_number: String,
    /// Who made it, when, and what it is about.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Metadata,
    /// The components.
    #[serde(default, deserialize_with = "or_default")]
    pub components: Vec<Component>,
    /// The vulnerabilities.
    #[serde(default, deserialize_with = "or_default")]
    pub vulnerabilities: Vec<Vulnerability>,
}

/// Who made a document, when, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Metadata {
    /// When it was made.
    pub timestamp: Option<String>,
    /// The people who made it.
    #[serde(default, deserialize_with = "or_default")]
    pub authors: Vec<Named>,
    /// The organisation that made it.
    pub manufacturer: Option<Named>,
    /// The organisation that supplies the component.
    pub supplier: Option<Named>,
    /// The component that the document describes.
    pub component: Option<Component>,
}

/// A person or an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Named {
    /// The name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
}

/// A component.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Component {
    /// The name under which the document refers to it.
    #[serde(rename = "bom-ref", default, deserialize_with = "or_default")]
    pub bom_ref: String,
    /// The name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The version.
    #[serde(default, deserialize_with = "or_default")]
    pub version: String,
    /// The package URL.
    #[serde(default, deserialize_with = "or_default")]
    pub purl: String,
    /// The CPE.
    #[serde(default, deserialize_with = "or_default")]
    pub cpe: String,
    /// Hashes of the component.
    #[serde(default, deserialize_with = "or_default")]
    pub hashes: Vec<Hash>,
    /// What it is made of.
    #[serde(default, deserialize_with = "or_default")]
    pub components: Vec<Component>,
}

/// A hash of a component.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Hash {
    /// The algorithm, such as `SHA-256`.
    #[serde(default, deserialize_with = "or_default")]
    pub alg: String,
    /// The value in hexadecimal digits.
    #[serde(default, deserialize_with = "or_default")]
    pub content: String,
}

/// A vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Vulnerability {
    /// The identifier.
    #[serde(default, deserialize_with = "or_default")]
    pub id: String,
    /// The same vulnerability under other identifiers.
    #[serde(default, deserialize_with = "or_default")]
    pub references: Vec<VulnerabilityReference>,
    /// How it can be remedied.
    #[serde(default, deserialize_with = "or_default")]
    pub recommendation: String,
    /// When the record was last changed.
    pub updated: Option<String>,
    /// The judgement on it.
    pub analysis: Option<Analysis>,
    /// What it is about.
    #[serde(default, deserialize_with = "or_default")]
    pub affects: Vec<Affects>,
}

/// A vulnerability under another identifier.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct VulnerabilityReference {
    /// The identifier.
    #[serde(default, deserialize_with = "or_default")]
    pub id: String,
}

/// A judgement on a vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Analysis {
    /// `resolved`, `resolved_with_pedigree`, `exploitable`, `in_triage`, `false_positive` or `not_affected`.
    #[serde(default, deserialize_with = "or_default")]
    pub state: String,
    /// Why it is not affected, such as `code_not_reachable`.
    #[serde(default, deserialize_with = "or_default")]
    pub justification: String,
    /// What is done about it, such as `will_not_fix`.
    #[serde(default, deserialize_with = "or_default")]
    pub response: Vec<String>,
    /// The judgement in words.
    #[serde(default, deserialize_with = "or_default")]
    pub detail: String,
    /// When it was first issued (1.5 and later).
    pub first_issued: Option<String>,
    /// When it was last changed (1.5 and later).
    pub last_updated: Option<String>,
}

/// What a vulnerability is about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Affects {
    /// A `bom-ref` or a BOM-Link.
    #[serde(rename = "ref", default, deserialize_with = "or_default")]
    pub reference: String,
    /// The versions that it is about.
    #[serde(default, deserialize_with = "or_default")]
    pub versions: Vec<AffectedVersion>,
}

/// A version, or a range of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct AffectedVersion {
    /// A single version.
    #[serde(default, deserialize_with = "or_default")]
    pub version: String,
    /// A range in `vers` syntax.
    #[serde(default, deserialize_with = "or_default")]
    pub range: String,
    /// `affected` (also when empty), `unaffected` or `unknown`.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
}

/// Reads a document.
///
/// # Errors
///
/// When it is no CycloneDX document or is over a limit.
pub fn read(path: &str, bytes: &[u8]) -> Result<Bom, SourceError> {
    let bom: Bom = json::parse(path, bytes)?;
    if bom.bom_format != "CycloneDX" {
        return Err(SourceError::Shape {
            path: path.to_owned(),
            message: "'bomFormat' is not CycloneDX".to_owned(),
        });
    }
    Ok(bom)
}

impl Bom {
    /// The statements in the common form. Products are the components that a vulnerability refers to.
    ///
    /// # Errors
    ///
    /// When there are more than the limits allow.
    pub fn statements(&self, path: &str) -> Result<vex::Document, SourceError> {
        let mut room = Room::new(path);
        let components = self.by_reference();
        let metadata = &self.metadata;
        let made = text::date(metadata.timestamp.as_deref());
        let author = metadata
            .manufacturer
            .iter()
            .chain(&metadata.authors)
            .chain(&metadata.supplier)
            .map(|named| named.name.as_str())
            .find(|name| !name.trim().is_empty());
        let mut document = vex::Document {
            id: room.text(&self.serial_number)?,
            author: room.text(author.unwrap_or_default())?,
            timestamp: made,
            statements: Vec::new(),
        };
        for vulnerability in &self.vulnerabilities {
            let Some(analysis) = &vulnerability.analysis else { continue };
            let status = match analysis.state.as_str() {
                "resolved" | "resolved_with_pedigree" => VexStatus::Fixed,
                "exploitable" => VexStatus::Affected,
                "in_triage" => VexStatus::UnderInvestigation,
                "false_positive" | "not_affected" => VexStatus::NotAffected,
                _ => continue,
            };
            room.statement()?;
            let mut products = Vec::new();
            for affects in &vulnerability.affects {
                let ids = self.resolve(&components, &affects.reference);
                room.look(ids.len().saturating_mul(affects.versions.len().max(1)))?;
                room.products(&limited(ids, &affects.versions, status), &[], &mut products)?;
            }
            let action = match vulnerability.recommendation.trim() {
                "" => analysis.response.join(", "),
                text => text.to_owned(),
            };
            let name = vulnerability.id.trim();
            document.statements.push(vex::Statement {
                vulnerability: room.text(name)?,
                aliases: room
                    .aliases(name, vulnerability.references.iter().map(|other| other.id.as_str()))?,
                products,
                status,
                justification: room.text(&analysis.justification)?,
                impact: room.text(&analysis.detail)?,
                action: room.text(&action)?,
                timestamp: [&analysis.last_updated, &analysis.first_issued, &vulnerability.updated]
                    .into_iter()
                    .find_map(|time| text::date(time.as_deref()))
                    .or(made),
            });
        }
        Ok(document)
    }

    /// The components by the name under which the document refers to them.
    fn by_reference(&self) -> HashMap<&str, &Component> {
        let mut found = HashMap::new();
        let mut waiting: Vec<&Component> = self.metadata.component.iter().chain(&self.components).collect();
        while let Some(component) = waiting.pop() {
            if !component.bom_ref.is_empty() {
                found.entry(component.bom_ref.as_str()).or_insert(component);
            }
            waiting.extend(&component.components);
        }
        found
    }

    /// The identifiers of what a reference stands for.
    fn resolve(&self, components: &HashMap<&str, &Component>, reference: &str) -> Vec<String> {
        if let Some(component) = components.get(reference) {
            return identifiers(component);
        }
        let Some(link) = reference.strip_prefix("urn:cdx:") else { return vec![reference.to_owned()] };
        let Some((document, element)) = link.split_once('#') else { return vec![reference.to_owned()] };
        let element = percent_decode_str(element).decode_utf8_lossy().into_owned();
        let serial = document.split('/').next().unwrap_or_default();
        let own = self.serial_number.strip_prefix("urn:uuid:");
        if own.is_some_and(|own| own.eq_ignore_ascii_case(serial))
            && let Some(component) = components.get(element.as_str())
        {
            return identifiers(component);
        }
        if element.starts_with("pkg:") { vec![element] } else { vec![reference.to_owned()] }
    }
}

/// The identifiers of a component: package URL, CPE and hashes, or the reference when it has none.
fn identifiers(component: &Component) -> Vec<String> {
    let stated = [&component.purl, &component.cpe].into_iter().filter(|id| !id.is_empty()).cloned();
    let hashes = component
        .hashes
        .iter()
        .map(|hash| format!("{}:{}", hash_name(&hash.alg), hash.content.to_ascii_lowercase()));
    let ids: Vec<String> = stated.chain(hashes).collect();
    if ids.is_empty() { vec![component.bom_ref.clone()] } else { ids }
}

/// Limits package URLs without a version to the versions listed. A range cannot be put into a package URL: a statement
/// that takes a finding away is then left out, since without the range it would say more than its author did.
fn limited(ids: Vec<String>, versions: &[AffectedVersion], status: VexStatus) -> Vec<String> {
    let silences = matches!(status, VexStatus::NotAffected | VexStatus::Fixed);
    let named: Vec<&str> = versions
        .iter()
        .filter(|one| !one.version.is_empty() && one.status != "unknown")
        .filter(|one| silences || one.status != "unaffected")
        .map(|one| one.version.as_str())
        .collect();
    let mut out = Vec::new();
    for id in ids {
        let open = id.starts_with("pkg:") && !id.split(['?', '#']).next().unwrap_or_default().contains('@');
        if versions.is_empty() || !open {
            out.push(id);
        } else if !named.is_empty() {
            let at = id.find(['?', '#']).unwrap_or(id.len());
            let (name, rest) = id.split_at_checked(at).unwrap_or((&id, ""));
            out.extend(named.iter().map(|version| format!("{name}@{version}{rest}")));
        } else if !silences {
            out.push(id);
        }
    }
    out
}
