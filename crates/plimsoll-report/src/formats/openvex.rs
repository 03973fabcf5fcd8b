//! OpenVEX 0.2.0: statements on what was waived, is not affected or is fixed.

use std::io;

use plimsoll_types::Report;
use serde::Serialize;

use super::Format;
use crate::identity::{Purls, document_uuid};
use crate::vex::{self, Claim, State, Subject};
use crate::{RenderError, RenderOptions, pretty_json};

/// The register's entry.
pub(super) const FORMAT: Format = Format {
    id: "openvex",
    title: "OpenVEX 0.2.0",
    media: "application/vnd.openvex+json",
    aliases: &["openvex-json"],
    render,
};

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "@id")]
    id: String,
    author: &'static str,
    role: &'static str,
    timestamp: String,
    version: u32,
    tooling: String,
    statements: Vec<Statement<'a>>,
}

#[derive(Serialize)]
struct Statement<'a> {
    /// The document's: some readers look for it here alone.
    timestamp: &'a str,
    vulnerability: Vulnerability<'a>,
    products: Vec<Product<'a>>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_notes: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impact_statement: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action_statement: Option<&'a str>,
}

#[derive(Serialize)]
struct Vulnerability<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    aliases: &'a [String],
}

#[derive(Serialize)]
struct Product<'a> {
    #[serde(rename = "@id")]
    id: &'a str,
    identifiers: Identifiers<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subcomponents: Vec<Subcomponent<'a>>,
}

#[derive(Serialize)]
struct Subcomponent<'a> {
    #[serde(rename = "@id")]
    id: &'a str,
    identifiers: Identifiers<'a>,
}

#[derive(Serialize)]
struct Identifiers<'a> {
    purl: &'a str,
}

fn render(report: &Report, _: &RenderOptions, out: &mut dyn io::Write) -> Result<(), RenderError> {
    let purls = Purls::new(report);
    let claims = vex::claims(report, &purls)?;
    let images: Vec<Option<String>> = report.targets.iter().map(vex::image_purl).collect();
    let created = report.created.to_string();
    let statements = claims
        .iter()
        .map(|(claim, (aliases, subjects))| statement(&created, claim, aliases, subjects, &images))
        .collect();
    let document = Document {
        context: "https://openvex.dev/ns/v0.2.0",
        id: document_uuid(report, &purls, FORMAT.id)?.urn().to_string(),
        author: "Plimsoll",
        role: "Scanner",
        timestamp: created.clone(),
        version: 1,
        tooling: format!("plimsoll {}", report.tool_version),
        statements,
    };
    pretty_json::write(&document, out)
}

fn statement<'a>(
    timestamp: &'a str,
    claim: &'a Claim,
    aliases: &'a [String],
    subjects: &'a [Subject],
    images: &'a [Option<String>],
) -> Statement<'a> {
    let mut products: Vec<Product<'a>> = Vec::new();
    for subject in subjects {
        let Some(image) = images.get(subject.target).and_then(Option::as_deref) else {
            // What has no identifier of its own, such as a directory, is told by its packages.
            if !products.iter().any(|product| product.id == subject.purl) {
                products.push(product(&subject.purl));
            }
            continue;
        };
        let at = products.iter().position(|product| product.id == image).unwrap_or(products.len());
        if at == products.len() {
            products.push(product(image));
        }
        if let Some(product) = products.get_mut(at)
            && !product.subcomponents.iter().any(|part| part.id == subject.purl)
        {
            product
                .subcomponents
                .push(Subcomponent { id: &subject.purl, identifiers: Identifiers { purl: &subject.purl } });
        }
    }
    let text = Some(claim.text.as_str()).filter(|text| !text.is_empty());
    Statement {
        timestamp,
        vulnerability: Vulnerability { name: &claim.vulnerability, aliases },
        products,
        status: match claim.state {
            State::NotAffected => "not_affected",
            State::Affected => "affected",
            State::Fixed => "fixed",
        },
        status_notes: text.filter(|_| claim.state == State::Fixed),
        justification: Some(claim.justification).filter(|word| !word.is_empty()),
        impact_statement: text.filter(|_| claim.state == State::NotAffected),
        action_statement: text.filter(|_| claim.state == State::Affected),
    }
}

fn product(purl: &str) -> Product<'_> {
    Product { id: purl, identifiers: Identifiers { purl }, subcomponents: Vec::new() }
}
