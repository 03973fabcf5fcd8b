//! OVAL definitions (OVAL Language 5.11) as Oracle, Microsoft, Canonical, Red Hat and SUSE publish them for their
//! distributions: an engine that reads documents and their logic, and one file for each publisher that says what its
//! definitions mean.
//!
//! A record is a definition. One whose logic refers to something that is not in the file is refused as a whole, since
//! what is left of it could say the opposite. `inventory` definitions (on which release does this file apply) are
//! refused as notices.

mod azure;
mod criteria;
mod document;
mod oracle;
mod redhat;
mod suse;
mod ubuntu;

pub(super) use azure::SPEC as AZURE;
pub(super) use oracle::SPEC as ORACLE;
pub(super) use redhat::SPEC as REDHAT;
pub(super) use suse::SPEC as SUSE;
pub(super) use ubuntu::SPEC as UBUNTU;

use criteria::Claim;
use document::{Definition, Items};

use super::{RefusalReason, Sink, SourceError, errata, text, utf8};
use crate::{Advisory, SeverityStatement};

/// Why the logic of a definition cannot be read.
#[derive(Debug)]
enum SourceFault {
    /// Something that it refers to is missing.
    Missing(String),
    /// It is over a limit.
    TooMany(String),
}

/// Why a definition is not kept.
type Refused = (RefusalReason, String);

/// Makes advisories of a definition of the file at a path.
type Convert =
    fn(path: &str, definition: &Definition, claims: &[Claim<'_>]) -> Result<Vec<Advisory>, Refused>;

/// What a publisher's definitions mean.
struct Publisher {
    /// Makes advisories of a definition.
    convert: Convert,
    /// The comments of tests that are claims although they are not about packages.
    opaque: fn(comment: &str) -> bool,
}

/// Whether a file is an OVAL document of the publisher whose identifiers begin with one of `prefixes`, or whose
/// generator has one of `names`.
fn is_oval(path: &str, head: &[u8], prefixes: &[&str], names: &[&str]) -> bool {
    let has = |needle: &str| head.windows(needle.len()).any(|window| window == needle.as_bytes());
    super::has_extension(path, &["xml", "oval"])
        && has("<oval_definitions")
        && (prefixes.iter().any(|prefix| has(prefix)) || names.iter().any(|name| has(name)))
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink, publisher: &Publisher) -> Result<(), SourceError> {
    let document = utf8(path, bytes)?;
    let items = Items::read(path, document)?;
    document::definitions(path, document, &mut |definition| match definition {
        Ok(definition) => match convert(path, &items, &definition, publisher) {
            Ok(advisories) => advisories.into_iter().for_each(|advisory| out.keep(advisory)),
            Err((reason, detail)) => out.refuse(path, &definition.id, reason, &detail),
        },
        Err((id, message)) => out.refuse(path, &id, RefusalReason::TooLarge, &message),
    })
}

fn convert(
    path: &str,
    items: &Items,
    definition: &Definition,
    publisher: &Publisher,
) -> Result<Vec<Advisory>, Refused> {
    if !text::is_id(&definition.id) {
        return Err((RefusalReason::Malformed, "no usable id".to_owned()));
    }
    if definition.class == "inventory" {
        return Err((RefusalReason::Informational, "it says on which release the file applies".to_owned()));
    }
    let claims =
        match &definition.criteria {
            Some(node) => criteria::claims(items, node, publisher.opaque, definition.platforms.len())
                .map_err(|fault| match fault {
                    SourceFault::Missing(message) => (RefusalReason::Malformed, message),
                    SourceFault::TooMany(message) => (RefusalReason::TooLarge, message),
                })?,
            None => Vec::new(),
        };
    (publisher.convert)(path, definition, &claims)
}

/// What every publisher's advisory has: texts, links, severity, dates. `covers` are an erratum's CVEs; vectors and
/// weaknesses are taken where the definition is about one vulnerability only.
fn advisory(source: &str, id: &str, definition: &Definition, covers: Vec<String>) -> Advisory {
    let mut advisory = Advisory {
        id: id.to_owned(),
        source: source.to_owned(),
        title: definition.title.clone(),
        description: definition.description.clone(),
        published: errata::date(&definition.issued),
        modified: errata::date(&definition.updated),
        ..Advisory::default()
    };
    for reference in &definition.references {
        let kind = if text::is_cve(&reference.id) { "web" } else { "advisory" };
        advisory.references.extend(text::reference(kind, &reference.url));
    }
    if let Some(severity) = errata::severity(&definition.severity) {
        advisory.severities.push(SeverityStatement { source: source.to_owned(), severity });
    }
    if covers.len() <= 1 {
        for cve in definition.cves.iter().take(16) {
            // SUSE quotes NVD beside its own rating.
            let of = if cve.text.ends_with("at NVD") { "nvd" } else { source };
            advisory.cvss.extend(cve.vectors.iter().filter_map(|vector| errata::cvss(of, vector)));
            advisory.cwes.extend(errata::cwes(&cve.cwe));
        }
        advisory.cwes = text::unique(std::mem::take(&mut advisory.cwes));
    }
    advisory.covers = covers;
    advisory
}

/// The CVEs that a definition refers to, in references and in its advisory part.
fn cves(definition: &Definition) -> Vec<String> {
    let references = definition.references.iter().map(|reference| reference.id.as_str());
    let named = definition.cves.iter().map(|cve| cve.text.as_str());
    text::unique(references.chain(named).filter_map(text::leading_cve))
}

/// The identifier of an erratum: that of its reference with one of `prefixes`, or else the word its title begins with.
fn erratum_id(definition: &Definition, prefixes: &[&str]) -> Option<String> {
    let has_prefix = |id: &&str| prefixes.iter().any(|prefix| id.starts_with(prefix)) && text::is_id(id);
    let references = definition.references.iter().map(|reference| reference.id.as_str());
    let word = definition.title.split([' ', ',']).next().unwrap_or_default().trim_end_matches(':');
    references.chain([word]).find(has_prefix).map(str::to_owned)
}

/// Nothing of a definition is about a package of a known release in an image.
fn nothing(known_release: bool, detail: &str) -> Refused {
    if known_release {
        (RefusalReason::NothingAffected, detail.to_owned())
    } else {
        (RefusalReason::UnknownRelease, "its releases are not known".to_owned())
    }
}
