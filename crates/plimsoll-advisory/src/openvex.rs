//! OpenVEX 0.2.0 documents (OpenVEX specification, `openvex_json_schema_0.2.0`), and those of 0.0.1, in which
//! vulnerabilities and products are plain strings.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

use crate::json::{self, or_default};
use crate::sources::{SourceError, text};
use crate::vex::{self, Room, VexStatus};

/// How `@context` begins.
pub const CONTEXT: &str = "https://openvex.dev/ns";

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Document {
    /// The context, such as `https://openvex.dev/ns/v0.2.0`.
    #[serde(rename = "@context")]
    pub context: String,
    /// The document's IRI.
    #[serde(rename = "@id", default, deserialize_with = "or_default")]
    pub id: String,
    /// Who states it.
    #[serde(default, deserialize_with = "or_default")]
    pub author: String,
    /// The author's role.
    #[serde(default, deserialize_with = "or_default")]
    pub role: String,
    /// When it was issued.
    pub timestamp: Option<String>,
    /// When it was last changed.
    pub last_updated: Option<String>,
    /// The statements.
    #[serde(default, deserialize_with = "or_default")]
    pub statements: Vec<Statement>,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Statement {
    /// The vulnerability.
    pub vulnerability: Vulnerability,
    /// When it was first known to be true.
    pub timestamp: Option<String>,
    /// When it was last changed.
    pub last_updated: Option<String>,
    /// The products; may be left to what carries the document.
    #[serde(default, deserialize_with = "or_default")]
    pub products: Vec<Component>,
    /// Parts of all products; in 0.0.1 only.
    #[serde(default, deserialize_with = "or_default")]
    pub subcomponents: Vec<Component>,
    /// The status.
    pub status: Status,
    /// How the status was determined.
    #[serde(default, deserialize_with = "or_default")]
    pub status_notes: String,
    /// Why the products are not affected, one of five labels.
    #[serde(default, deserialize_with = "or_default")]
    pub justification: String,
    /// The same in words.
    #[serde(default, deserialize_with = "or_default")]
    pub impact_statement: String,
    /// What to do.
    #[serde(default, deserialize_with = "or_default")]
    pub action_statement: String,
}

/// The four statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not affected.
    NotAffected,
    /// Affected.
    Affected,
    /// Fixed.
    Fixed,
    /// Not known yet.
    #[default]
    UnderInvestigation,
}

/// A vulnerability; 0.0.1 writes its name alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Vulnerability {
    /// Its IRI.
    pub id: String,
    /// Its main identifier, such as `CVE-2023-4911`.
    pub name: String,
    /// Other identifiers.
    pub aliases: Vec<String>,
}

/// A product or a part of one; 0.0.1 writes its identifier alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Component {
    /// Its IRI, often a package URL.
    pub id: String,
    /// Further identifiers: package URL, CPE 2.2, CPE 2.3.
    pub identifiers: Vec<String>,
    /// Hashes as `sha256:…`.
    pub hashes: Vec<String>,
    /// Parts that the statement is about.
    pub subcomponents: Vec<Component>,
}

impl Component {
    /// Every identifier, the IRI first.
    pub fn ids(&self) -> Vec<String> {
        let own = Some(&self.id).filter(|id| !id.is_empty());
        text::unique(own.into_iter().chain(&self.identifiers).chain(&self.hashes).cloned())
    }
}

/// Reads a document.
///
/// # Errors
///
/// When it is no OpenVEX document or is over a limit.
pub fn read(path: &str, bytes: &[u8]) -> Result<Document, SourceError> {
    let document: Document = json::parse(path, bytes)?;
    if !document.context.starts_with(CONTEXT) {
        return Err(SourceError::Shape {
            path: path.to_owned(),
            message: format!("'@context' does not begin with {CONTEXT}"),
        });
    }
    Ok(document)
}

impl Document {
    /// The statements in the common form.
    ///
    /// # Errors
    ///
    /// When there are more than the limits allow.
    pub fn statements(&self, path: &str) -> Result<vex::Document, SourceError> {
        let mut room = Room::new(path);
        let time = |updated: &Option<String>, first: &Option<String>| {
            text::date(updated.as_deref()).or_else(|| text::date(first.as_deref()))
        };
        let issued = time(&self.last_updated, &self.timestamp);
        let mut document = vex::Document {
            id: room.text(&self.id)?,
            author: room.text(&self.author)?,
            timestamp: issued,
            statements: Vec::new(),
        };
        for statement in &self.statements {
            room.statement()?;
            let vulnerability = &statement.vulnerability;
            // The IRI is often the only name in documents that were written by hand.
            let name = Some(vulnerability.name.trim())
                .filter(|name| !name.is_empty())
                .or_else(|| vulnerability.id.rsplit('/').next())
                .unwrap_or_default();
            let shared: Vec<String> = statement.subcomponents.iter().flat_map(Component::ids).collect();
            let mut products = Vec::new();
            for product in &statement.products {
                let mut parts: Vec<String> = product.subcomponents.iter().flat_map(Component::ids).collect();
                let parts = if parts.is_empty() {
                    &shared
                } else {
                    parts.extend(shared.iter().cloned());
                    &parts
                };
                room.products(&product.ids(), parts, &mut products)?;
            }
            let impact = Some(statement.impact_statement.as_str())
                .filter(|text| !text.trim().is_empty())
                .unwrap_or(&statement.status_notes);
            document.statements.push(vex::Statement {
                vulnerability: room.text(name)?,
                aliases: room.aliases(name, vulnerability.aliases.iter().map(String::as_str))?,
                products,
                status: match statement.status {
                    Status::NotAffected => VexStatus::NotAffected,
                    Status::Affected => VexStatus::Affected,
                    Status::Fixed => VexStatus::Fixed,
                    Status::UnderInvestigation => VexStatus::UnderInvestigation,
                },
                justification: room.text(&statement.justification)?,
                impact: room.text(impact)?,
                action: room.text(&statement.action_statement)?,
                timestamp: time(&statement.last_updated, &statement.timestamp).or(issued),
            });
        }
        Ok(document)
    }
}

/// A string, or the object that newer versions write in its place.
struct StringOr<T>(std::marker::PhantomData<T>);

impl<'de, T: Deserialize<'de> + From<String>> Visitor<'de> for StringOr<T> {
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string or an object")
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::from(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

#[derive(Default, Deserialize)]
struct VulnerabilityObject {
    #[serde(rename = "@id", default, deserialize_with = "or_default")]
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    aliases: Vec<String>,
}

impl From<String> for VulnerabilityObject {
    fn from(name: String) -> Self {
        VulnerabilityObject { name, ..Self::default() }
    }
}

impl<'de> Deserialize<'de> for Vulnerability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let VulnerabilityObject { id, name, aliases } =
            deserializer.deserialize_any(StringOr(std::marker::PhantomData))?;
        Ok(Vulnerability { id, name, aliases })
    }
}

#[derive(Default, Deserialize)]
struct ComponentObject {
    #[serde(rename = "@id", default, deserialize_with = "or_default")]
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    identifiers: Identifiers,
    #[serde(default, deserialize_with = "or_default")]
    hashes: std::collections::BTreeMap<String, String>,
    #[serde(default, deserialize_with = "or_default")]
    subcomponents: Vec<Component>,
}

#[derive(Default, Deserialize)]
struct Identifiers {
    purl: Option<String>,
    cpe22: Option<String>,
    cpe23: Option<String>,
}

impl From<String> for ComponentObject {
    fn from(id: String) -> Self {
        ComponentObject { id, ..Self::default() }
    }
}

impl<'de> Deserialize<'de> for Component {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ComponentObject { id, identifiers, hashes, subcomponents } =
            deserializer.deserialize_any(StringOr(std::marker::PhantomData))?;
        Ok(Component {
            id,
            identifiers: [identifiers.purl, identifiers.cpe22, identifiers.cpe23]
                .into_iter()
                .flatten()
                .collect(),
            hashes: hashes
                .into_iter()
                .map(|(name, value)| format!("{}:{}", hash_name(&name), value.to_ascii_lowercase()))
                .collect(),
            subcomponents,
        })
    }
}

/// How digests name the algorithm that the SHA-2 family's labels stand for: `sha-256` is `sha256`.
pub(crate) fn hash_name(label: &str) -> String {
    let label = label.to_ascii_lowercase();
    match label.as_str() {
        "sha-1" => "sha1".to_owned(),
        "sha-256" => "sha256".to_owned(),
        "sha-384" => "sha384".to_owned(),
        "sha-512" => "sha512".to_owned(),
        _ => label,
    }
}
