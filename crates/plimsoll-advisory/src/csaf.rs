//! CSAF 2.0 documents (OASIS Common Security Advisory Framework 2.0), as far as advisories and VEX need them.
//!
//! [`read`] gives the document as it is written; [`Document::products`] the index of its product tree, which resolves a
//! product id to the platform, the package and the RPM module that it stands for ([`Resolved`]); and
//! [`Document::statements`] what a CSAF VEX says in the common form of [`crate::vex`].
//!
//! Keys that are not used are skipped, `null` counts as absent, and words of the standard's lists are kept as strings:
//! producers deviate from them, and a word that is not known must not cost the rest of the document.

mod products;
mod statements;

pub use products::{Products, Resolved, RpmPackage, split_nevra};

use serde::Deserialize;

use crate::json::{self, or_default};
use crate::sources::SourceError;

/// The deepest nesting of branches in a product tree. The standard's own limit is 30 (section 3.1.2.1).
pub const MAX_BRANCH_DEPTH: usize = 32;
/// The most products of a document: those of branches, full product names and relationships together.
pub const MAX_PRODUCTS: usize = 2_000_000;

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Document {
    /// What the document says of itself.
    pub document: Meta,
    /// The products that it speaks of.
    #[serde(default, deserialize_with = "or_default")]
    pub product_tree: ProductTree,
    /// The vulnerabilities.
    #[serde(default, deserialize_with = "or_default")]
    pub vulnerabilities: Vec<Vulnerability>,
}

/// What a document says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Meta {
    /// The profile: `csaf_security_advisory`, `csaf_vex`, …
    #[serde(default, deserialize_with = "or_default")]
    pub category: String,
    /// Always `2.0`.
    #[serde(default, deserialize_with = "or_default")]
    pub csaf_version: String,
    /// The title.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// Who publishes it.
    #[serde(default, deserialize_with = "or_default")]
    pub publisher: Publisher,
    /// The severity of all of it, in the publisher's words.
    #[serde(default, deserialize_with = "or_default")]
    pub aggregate_severity: AggregateSeverity,
    /// Texts.
    #[serde(default, deserialize_with = "or_default")]
    pub notes: Vec<Note>,
    /// Links.
    #[serde(default, deserialize_with = "or_default")]
    pub references: Vec<Reference>,
    /// Identifier, state and dates.
    #[serde(default, deserialize_with = "or_default")]
    pub tracking: Tracking,
}

/// Who publishes a document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Publisher {
    /// `vendor`, `coordinator`, `user`, …
    #[serde(default, deserialize_with = "or_default")]
    pub category: String,
    /// The name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// A URL under the publisher's control.
    #[serde(default, deserialize_with = "or_default")]
    pub namespace: String,
}

/// A severity in the publisher's words.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct AggregateSeverity {
    /// The word.
    #[serde(default, deserialize_with = "or_default")]
    pub text: String,
    /// Where its meaning is defined.
    #[serde(default, deserialize_with = "or_default")]
    pub namespace: String,
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Note {
    /// `description`, `summary`, `details`, `general`, `faq`, `legal_disclaimer`, `other`.
    #[serde(default, deserialize_with = "or_default")]
    pub category: String,
    /// The heading.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// The text.
    #[serde(default, deserialize_with = "or_default")]
    pub text: String,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Reference {
    /// `self` or `external`.
    #[serde(default, deserialize_with = "or_default")]
    pub category: String,
    /// What it leads to.
    #[serde(default, deserialize_with = "or_default")]
    pub summary: String,
    /// The URL.
    #[serde(default, deserialize_with = "or_default")]
    pub url: String,
}

/// Identifier, state and dates of a document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Tracking {
    /// The identifier.
    #[serde(default, deserialize_with = "or_default")]
    pub id: String,
    /// `draft`, `interim` or `final`; Red Hat also writes `deleted`.
    #[serde(default, deserialize_with = "or_default")]
    pub status: String,
    /// The version of the document.
    #[serde(default, deserialize_with = "or_default")]
    pub version: String,
    /// First publication.
    pub initial_release_date: Option<String>,
    /// Last change.
    pub current_release_date: Option<String>,
    /// Other identifiers of the document.
    #[serde(default, deserialize_with = "or_default")]
    pub aliases: Vec<String>,
}

/// The products that a document speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ProductTree {
    /// Products by vendor, family, architecture, …
    #[serde(default, deserialize_with = "or_default")]
    pub branches: Vec<Branch>,
    /// Products without a place in the tree.
    #[serde(default, deserialize_with = "or_default")]
    pub full_product_names: Vec<Product>,
    /// Products made of two others, such as a package in a distribution.
    #[serde(default, deserialize_with = "or_default")]
    pub relationships: Vec<Relationship>,
    /// Named sets of products.
    #[serde(default, deserialize_with = "or_default")]
    pub product_groups: Vec<ProductGroup>,
}

/// A node of the product tree.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Branch {
    /// `vendor`, `product_family`, `product_name`, `product_version`, `product_version_range`, `architecture`, …
    #[serde(default, deserialize_with = "or_default")]
    pub category: String,
    /// The name; of a `product_version_range` a range in `vers` syntax.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The product that ends here.
    pub product: Option<Product>,
    /// What is below.
    #[serde(default, deserialize_with = "or_default")]
    pub branches: Vec<Branch>,
}

/// A product.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Product {
    /// The name for people.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    /// The identifier inside the document.
    #[serde(default, deserialize_with = "or_default")]
    pub product_id: String,
    /// How it is called outside.
    #[serde(default, deserialize_with = "or_default")]
    pub product_identification_helper: Helper,
}

/// How a product is called outside of a document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Helper {
    /// The CPE, 2.2 or 2.3.
    #[serde(default, deserialize_with = "or_default")]
    pub cpe: String,
    /// The package URL.
    #[serde(default, deserialize_with = "or_default")]
    pub purl: String,
    /// Hashes of its files.
    #[serde(default, deserialize_with = "or_default")]
    pub hashes: Vec<FileHashes>,
}

/// The hashes of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct FileHashes {
    /// The file's name.
    #[serde(default, deserialize_with = "or_default")]
    pub filename: String,
    /// The hashes.
    #[serde(default, deserialize_with = "or_default")]
    pub file_hashes: Vec<FileHash>,
}

/// A hash of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct FileHash {
    /// The algorithm, such as `sha256`.
    #[serde(default, deserialize_with = "or_default")]
    pub algorithm: String,
    /// The value in hexadecimal digits.
    #[serde(default, deserialize_with = "or_default")]
    pub value: String,
}

/// A product made of two others.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Relationship {
    /// `default_component_of`, `installed_on`, …
    #[serde(default, deserialize_with = "or_default")]
    pub category: String,
    /// The product that results.
    #[serde(default, deserialize_with = "or_default")]
    pub full_product_name: Product,
    /// The part.
    #[serde(default, deserialize_with = "or_default")]
    pub product_reference: String,
    /// The whole.
    #[serde(default, deserialize_with = "or_default")]
    pub relates_to_product_reference: String,
}

/// A named set of products.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ProductGroup {
    /// The identifier inside the document.
    #[serde(default, deserialize_with = "or_default")]
    pub group_id: String,
    /// Its members.
    #[serde(default, deserialize_with = "or_default")]
    pub product_ids: Vec<String>,
}

/// A vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Vulnerability {
    /// The CVE identifier; empty when there is none.
    #[serde(default, deserialize_with = "or_default")]
    pub cve: String,
    /// Other identifiers.
    #[serde(default, deserialize_with = "or_default")]
    pub ids: Vec<Id>,
    /// The title.
    #[serde(default, deserialize_with = "or_default")]
    pub title: String,
    /// The weakness.
    pub cwe: Option<Cwe>,
    /// Texts.
    #[serde(default, deserialize_with = "or_default")]
    pub notes: Vec<Note>,
    /// Links.
    #[serde(default, deserialize_with = "or_default")]
    pub references: Vec<Reference>,
    /// When it became public.
    pub release_date: Option<String>,
    /// Which products are in which state.
    #[serde(default, deserialize_with = "or_default")]
    pub product_status: ProductStatus,
    /// CVSS scores.
    #[serde(default, deserialize_with = "or_default")]
    pub scores: Vec<Score>,
    /// What can be done.
    #[serde(default, deserialize_with = "or_default")]
    pub remediations: Vec<Remediation>,
    /// What it means for products.
    #[serde(default, deserialize_with = "or_default")]
    pub threats: Vec<Threat>,
    /// Why products are not affected.
    #[serde(default, deserialize_with = "or_default")]
    pub flags: Vec<Flag>,
}

/// An identifier that is no CVE.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Id {
    /// Whose.
    #[serde(default, deserialize_with = "or_default")]
    pub system_name: String,
    /// The identifier.
    #[serde(default, deserialize_with = "or_default")]
    pub text: String,
}

/// A weakness.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Cwe {
    /// Such as `CWE-79`.
    #[serde(default, deserialize_with = "or_default")]
    pub id: String,
}

/// The states of products, by product id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ProductStatus {
    /// The first affected versions.
    #[serde(default, deserialize_with = "or_default")]
    pub first_affected: Vec<String>,
    /// The first fixed versions.
    #[serde(default, deserialize_with = "or_default")]
    pub first_fixed: Vec<String>,
    /// Fixed.
    #[serde(default, deserialize_with = "or_default")]
    pub fixed: Vec<String>,
    /// Affected.
    #[serde(default, deserialize_with = "or_default")]
    pub known_affected: Vec<String>,
    /// Not affected.
    #[serde(default, deserialize_with = "or_default")]
    pub known_not_affected: Vec<String>,
    /// The last affected versions.
    #[serde(default, deserialize_with = "or_default")]
    pub last_affected: Vec<String>,
    /// The versions to update to; SUSE lists its fixes here.
    #[serde(default, deserialize_with = "or_default")]
    pub recommended: Vec<String>,
    /// Not known yet.
    #[serde(default, deserialize_with = "or_default")]
    pub under_investigation: Vec<String>,
}

/// CVSS scores of some products.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Score {
    /// The products.
    #[serde(default, deserialize_with = "or_default")]
    pub products: Vec<String>,
    /// CVSS 2.
    pub cvss_v2: Option<Cvss>,
    /// CVSS 3.0 or 3.1.
    pub cvss_v3: Option<Cvss>,
    /// CVSS 4.0, which some producers add although it came with CSAF 2.1.
    pub cvss_v4: Option<Cvss>,
}

impl Score {
    /// The vectors, the newest version of CVSS first.
    pub fn vectors(&self) -> impl Iterator<Item = &str> {
        [&self.cvss_v4, &self.cvss_v3, &self.cvss_v2]
            .into_iter()
            .flatten()
            .map(|cvss| cvss.vector.as_str())
            .filter(|vector| !vector.is_empty())
    }
}

/// A CVSS score.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Cvss {
    /// The vector.
    #[serde(rename = "vectorString", default, deserialize_with = "or_default")]
    pub vector: String,
}

/// What can be done about a vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Remediation {
    /// `vendor_fix`, `none_available`, `no_fix_planned`, `workaround`, `mitigation`.
    #[serde(default, deserialize_with = "or_default")]
    pub category: String,
    /// In words.
    #[serde(default, deserialize_with = "or_default")]
    pub details: String,
    /// Since when.
    pub date: Option<String>,
    /// More.
    #[serde(default, deserialize_with = "or_default")]
    pub url: String,
    /// For which products.
    #[serde(default, deserialize_with = "or_default")]
    pub product_ids: Vec<String>,
    /// For which groups of products.
    #[serde(default, deserialize_with = "or_default")]
    pub group_ids: Vec<String>,
}

/// What a vulnerability means for products.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Threat {
    /// `impact`, `exploit_status`, `target_set`.
    #[serde(default, deserialize_with = "or_default")]
    pub category: String,
    /// In words.
    #[serde(default, deserialize_with = "or_default")]
    pub details: String,
    /// Since when.
    pub date: Option<String>,
    /// For which products.
    #[serde(default, deserialize_with = "or_default")]
    pub product_ids: Vec<String>,
    /// For which groups of products.
    #[serde(default, deserialize_with = "or_default")]
    pub group_ids: Vec<String>,
}

/// Why products are not affected.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Flag {
    /// One of the five labels that OpenVEX has too, such as `vulnerable_code_not_present`.
    #[serde(default, deserialize_with = "or_default")]
    pub label: String,
    /// For which products.
    #[serde(default, deserialize_with = "or_default")]
    pub product_ids: Vec<String>,
    /// For which groups of products.
    #[serde(default, deserialize_with = "or_default")]
    pub group_ids: Vec<String>,
}

/// Reads a document.
///
/// # Errors
///
/// When it is no CSAF document or is over a limit.
pub fn read(path: &str, bytes: &[u8]) -> Result<Document, SourceError> {
    let document: Document = json::parse(path, bytes)?;
    let version = document.document.csaf_version.as_str();
    if version != "2.0" && version != "2.1" {
        return Err(SourceError::Shape {
            path: path.to_owned(),
            message: format!(
                "'{}' is not a version of CSAF that is read",
                version.chars().take(20).collect::<String>()
            ),
        });
    }
    Ok(document)
}
