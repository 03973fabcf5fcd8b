//! VEX: which vulnerabilities matter in which products, in one form for OpenVEX, CSAF VEX and CycloneDX.
//!
//! The four statuses are those of CISA's "Minimum Requirements for VEX" (2023), which all three forms share. What a
//! document names in several ways (a package URL and a CPE) becomes one [`Product`] for each: any of them is the product.

use plimsoll_types::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::sources::SourceError;
use crate::{csaf, cyclonedx_vex, json, openvex};

/// The most statements of a document.
pub const MAX_STATEMENTS: usize = 100_000;
/// How many bytes the identifiers and texts of a document's statements may take together. Forms name a product once and
/// refer to it often, so that a small file could otherwise unfold into a large list.
pub const MAX_STATED_BYTES: usize = 512 << 20;
/// The longest identifier of a product, in bytes; longer ones are left out.
const MAX_ID: usize = 2_048;
/// How much of a text is kept, in characters.
const MAX_TEXT: usize = 4_096;

/// One VEX document's statements, whatever its form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// The document's own identifier: OpenVEX `@id`, CSAF tracking id, CycloneDX serial number.
    pub id: String,
    /// Who states it.
    pub author: String,
    /// When it was issued or last changed.
    pub timestamp: Option<Timestamp>,
    /// The statements, in the document's order.
    pub statements: Vec<Statement>,
}

/// One status of one vulnerability in a number of products.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statement {
    /// The vulnerability, such as `CVE-2023-4911`.
    pub vulnerability: String,
    /// Other identifiers of the same vulnerability.
    pub aliases: Vec<String>,
    /// The products; empty when the document leaves it to its surroundings which product it is about (OpenVEX inside an
    /// attestation).
    pub products: Vec<Product>,
    /// The status.
    pub status: VexStatus,
    /// Why a product is not affected, as the form's label says it (`vulnerable_code_not_present`; CycloneDX has its own,
    /// such as `code_not_reachable`); may be empty.
    pub justification: String,
    /// The same in words; may be empty.
    pub impact: String,
    /// What to do about it; may be empty.
    pub action: String,
    /// When it was stated; the document's time where a statement has none of its own.
    pub timestamp: Option<Timestamp>,
}

/// A product under one of its identifiers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Product {
    /// The identifier as stated: a package URL, a CPE, `sha256:…`, or a name when there is nothing better.
    pub id: String,
    /// The parts of the product that the statement is about, each under every identifier that the document has for it;
    /// empty for the product as a whole.
    pub subcomponents: Vec<String>,
}

/// The status of a vulnerability in a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum VexStatus {
    /// The vulnerability does not matter there.
    NotAffected,
    /// It does; something should be done.
    Affected,
    /// The product contains a fix.
    Fixed,
    /// It is not known yet.
    #[default]
    UnderInvestigation,
}

impl VexStatus {
    /// All of them.
    pub const ALL: [VexStatus; 4] =
        [VexStatus::NotAffected, VexStatus::Affected, VexStatus::Fixed, VexStatus::UnderInvestigation];

    /// The word, such as `not_affected`.
    pub const fn word(self) -> &'static str {
        match self {
            VexStatus::NotAffected => "not_affected",
            VexStatus::Affected => "affected",
            VexStatus::Fixed => "fixed",
            VexStatus::UnderInvestigation => "under_investigation",
        }
    }
}

/// Reads a VEX document: OpenVEX, CSAF or CycloneDX, in JSON, told apart by what it holds.
///
/// # Errors
///
/// When the file is none of these, cannot be read, or is over a limit.
pub fn read(path: &str, bytes: &[u8]) -> Result<Document, SourceError> {
    #[derive(Deserialize)]
    struct Probe {
        #[serde(rename = "@context")]
        context: Option<IgnoredAny>,
        #[serde(rename = "bomFormat")]
        bom_format: Option<IgnoredAny>,
        document: Option<IgnoredAny>,
    }
    let probe: Probe = json::parse(path, bytes)?;
    if probe.bom_format.is_some() {
        cyclonedx_vex::read(path, bytes)?.statements(path)
    } else if probe.context.is_some() {
        openvex::read(path, bytes)?.statements(path)
    } else if probe.document.is_some() {
        csaf::read(path, bytes)?.statements(path)
    } else {
        Err(SourceError::Shape {
            path: path.to_owned(),
            message: "neither an OpenVEX, a CSAF nor a CycloneDX document".to_owned(),
        })
    }
}

/// What is left of [`MAX_STATED_BYTES`] and [`MAX_STATEMENTS`] while a document is unfolded.
pub(crate) struct Room<'a> {
    path: &'a str,
    bytes: usize,
    statements: usize,
}

impl<'a> Room<'a> {
    pub(crate) fn new(path: &'a str) -> Room<'a> {
        Room { path, bytes: MAX_STATED_BYTES, statements: MAX_STATEMENTS }
    }

    /// Takes room for one more statement.
    pub(crate) fn statement(&mut self) -> Result<(), SourceError> {
        self.statements = self
            .statements
            .checked_sub(1)
            .ok_or_else(|| self.full(format!("more than {MAX_STATEMENTS} statements")))?;
        self.take(size_of::<Statement>())
    }

    /// A product under each of `ids`, or none when there is no usable identifier.
    pub(crate) fn products(
        &mut self,
        ids: &[String],
        subcomponents: &[String],
        out: &mut Vec<Product>,
    ) -> Result<(), SourceError> {
        // What is looked at costs as much as what is kept: identifiers that are left out must not be free of charge, since
        // a document can refer to the same ones over and over.
        self.look(ids.len().saturating_add(subcomponents.len()))?;
        let parts: Vec<&String> = subcomponents.iter().filter(|id| usable(id)).collect();
        let size = parts
            .iter()
            .fold(size_of::<Product>(), |sum, part| sum.saturating_add(part.len()))
            .saturating_add(parts.len().saturating_mul(size_of::<String>()));
        for id in ids.iter().filter(|id| usable(id)) {
            self.take(size.saturating_add(id.len()))?;
            let subcomponents = parts.iter().map(|part| (*part).clone()).collect();
            out.push(Product { id: id.clone(), subcomponents });
        }
        Ok(())
    }

    /// The beginning of a text.
    pub(crate) fn text(&mut self, text: &str) -> Result<String, SourceError> {
        let text: String = text.trim().chars().take(MAX_TEXT).collect();
        self.take(text.len())?;
        Ok(text)
    }

    /// Identifiers of vulnerabilities without repetitions and without `main`.
    pub(crate) fn aliases<'b>(
        &mut self,
        main: &str,
        ids: impl IntoIterator<Item = &'b str>,
    ) -> Result<Vec<String>, SourceError> {
        let mut aliases = Vec::new();
        for id in ids.into_iter().map(str::trim).filter(|id| usable(id) && *id != main) {
            self.take(id.len().saturating_add(size_of::<String>()))?;
            aliases.push(id.to_owned());
        }
        Ok(crate::sources::text::unique(aliases))
    }

    /// Takes room for identifiers that are only looked at.
    pub(crate) fn look(&mut self, ids: usize) -> Result<(), SourceError> {
        self.take(ids.saturating_mul(size_of::<String>()))
    }

    fn take(&mut self, bytes: usize) -> Result<(), SourceError> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or_else(|| {
            self.full(format!("the statements take more than the limit of {MAX_STATED_BYTES} bytes"))
        })?;
        Ok(())
    }

    fn full(&self, message: String) -> SourceError {
        SourceError::Shape { path: self.path.to_owned(), message }
    }
}

/// Whether a product or a vulnerability may be called this.
fn usable(id: &str) -> bool {
    !id.trim().is_empty() && id.len() <= MAX_ID && !id.bytes().any(|byte| byte.is_ascii_control())
}
