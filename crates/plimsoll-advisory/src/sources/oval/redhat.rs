//! Red Hat's OVAL v2 (`rhel-9.oval.xml`, `rhel-9-including-unpatched.oval.xml`, and the like of layered products).
//!
//! Errata (`patch`) have fixes. Definitions `oval:com.redhat.cve:` have packages that are affected and not fixed; why
//! not is in `affected/resolution`, by component. Definitions `oval:com.redhat.unaffected:` name packages that are not
//! affected. A package counts as one of a module where the definition asks for the module.

use std::collections::HashMap;

use plimsoll_types::Status;

use super::criteria::Claim;
use super::document::Definition;
use super::{Publisher, RefusalReason, Refused, Sink, SourceError, errata, nothing, text};
use crate::sources::SourceSpec;
use crate::{Advisory, Affected};

/// Red Hat Enterprise Linux.
pub(in crate::sources) const SPEC: SourceSpec = SourceSpec {
    id: "redhat-oval",
    title: "Red Hat OVAL",
    description: "Red Hat's errata, and the vulnerabilities of its packages that are not fixed.",
    recognises: |path, head| {
        super::is_oval(path, head, &["oval:com.redhat."], &["Red Hat OVAL Patch Definition Merger"])
    },
    parse,
};

/// The id of the source, as OSV's records of the same publisher have it.
const SOURCE: &str = "redhat";
/// The most packages times products of one definition; every package is given all products.
const MAX_LIMITS: usize = 500_000;

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    super::parse(path, bytes, out, &Publisher { convert, opaque: |_| false })
}

fn convert(_: &str, definition: &Definition, claims: &[Claim<'_>]) -> Result<Vec<Advisory>, Refused> {
    let mut covers = super::cves(definition);
    let unaffected = definition.id.starts_with("oval:com.redhat.unaffected:");
    let erratum = !unaffected && definition.class == "patch";
    let id = if erratum {
        let id = super::erratum_id(definition, &["RHSA-", "RHBA-", "RHEA-"]);
        if id.as_ref().is_some_and(|id| !id.starts_with("RHSA-")) && covers.is_empty() {
            return Err((RefusalReason::NotSecurity, String::new()));
        }
        id
    } else {
        std::mem::take(&mut covers).into_iter().next()
    };
    let Some(id) = id else {
        return Err((RefusalReason::Malformed, "neither an erratum's identifier nor a CVE".to_owned()));
    };
    let mut advisory = super::advisory(SOURCE, &id, definition, covers);
    advisory.title = title(&definition.title, &id);
    let names = claims.iter().fold(0usize, |sum, claim| sum.saturating_add(claim.names.len()));
    if names.saturating_mul(definition.cpes.len()) > MAX_LIMITS {
        return Err((RefusalReason::TooLarge, format!("more than {MAX_LIMITS} packages and products")));
    }
    if let Some(cpe) = definition.cpes.iter().find(|cpe| !text::is_name(cpe)) {
        return Err((RefusalReason::Malformed, format!("'{cpe}' is no CPE")));
    }
    let resolutions: HashMap<&str, Status> = definition
        .resolutions
        .iter()
        .flat_map(|(state, components)| components.iter().map(|name| (name.as_str(), status(state))))
        .collect();
    let severity = advisory.severities.first().map(|statement| statement.severity);
    let of_definition: Vec<&str> = definition.platforms.iter().map(String::as_str).collect();
    let (mut known_release, mut packages) = (claims.is_empty(), errata::Packages::default());
    for claim in claims.iter().filter(|claim| !claim.negated && claim.bounds.is_empty() != erratum) {
        let stated = &claim.conditions.platforms;
        let platforms = if stated.is_empty() { &of_definition } else { stated };
        let module = claim.conditions.modules.first().copied().unwrap_or_default();
        for release in platforms.iter().filter_map(|platform| release(platform)) {
            known_release = true;
            for name in claim.names.iter().filter(|name| text::is_name(name)) {
                let (status, range) = if unaffected {
                    (Status::NotAffected, Some(errata::always()))
                } else if erratum {
                    (Status::Fixed, claim.range())
                } else {
                    let of_module = format!("{module}/{name}");
                    let found =
                        resolutions.get(of_module.as_str()).or_else(|| resolutions.get(name.as_str()));
                    (found.copied().unwrap_or(Status::Affected), claim.range())
                };
                let Some(range) = range else { continue };
                packages.add(Affected {
                    ecosystem: format!("Red Hat:enterprise_linux:{release}"),
                    package: name.clone(),
                    status,
                    ranges: vec![range],
                    arches: claim.arches.iter().map(|arch| (*arch).to_owned()).collect(),
                    modularity: module.to_owned(),
                    severity: severity.filter(|_| !erratum),
                    cpes: definition.cpes.clone(),
                    fix_date: advisory.published.filter(|_| erratum),
                    ..Affected::default()
                });
            }
        }
    }
    advisory.affected = packages.into_list();
    if advisory.affected.is_empty() {
        return Err(nothing(known_release, "no package of Red Hat Enterprise Linux"));
    }
    Ok(vec![advisory])
}

/// `9` of `Red Hat Enterprise Linux 9`.
fn release(platform: &str) -> Option<&str> {
    let release = platform.trim().strip_prefix("Red Hat Enterprise Linux ")?.trim();
    (matches!(release.len(), 1..=2) && release.bytes().all(|byte| byte.is_ascii_digit())).then_some(release)
}

/// What a resolution's state means.
fn status(state: &str) -> Status {
    match state.trim().to_ascii_lowercase().as_str() {
        "will not fix" => Status::WillNotFix,
        "fix deferred" => Status::FixDeferred,
        "under investigation" => Status::UnderInvestigation,
        "out of support scope" => Status::EndOfLife,
        "not affected" => Status::NotAffected,
        _ => Status::Affected,
    }
}

/// `zlib security update` of `RHSA-2022:4584: zlib security update (Important)`.
fn title(title: &str, id: &str) -> String {
    let title = title.strip_prefix("Unaffected components for:").unwrap_or(title).trim();
    let rest = title.strip_prefix(id).unwrap_or(title).trim_start_matches(':').trim();
    match rest.rsplit_once(" (") {
        Some((before, word)) if errata::severity(word.trim_end_matches(')')).is_some() => before.to_owned(),
        _ => rest.to_owned(),
    }
}
