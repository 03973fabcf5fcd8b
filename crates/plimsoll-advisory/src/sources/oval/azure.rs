//! Azure Linux and CBL-Mariner (repository AzureLinuxVulnerabilityData).
//!
//! A definition is one CVE in one source package. The file's name has the release, and so have the versions
//! (`.azl3`, `.cm2`). `patchable` says what the comparison means: `true` that the version is the fix, `false` that all
//! up to it are affected and there is none, `Not Applicable` that the package is not affected after all.

use plimsoll_types::Status;

use super::criteria::Claim;
use super::document::{Definition, Operation};
use super::{Publisher, RefusalReason, Refused, Sink, SourceError, errata, nothing, text};
use crate::sources::SourceSpec;
use crate::{Advisory, Affected};

/// Azure Linux.
pub(in crate::sources) const SPEC: SourceSpec = SourceSpec {
    id: "azure-oval",
    title: "Azure Linux OVAL",
    description: "Microsoft's vulnerabilities of Azure Linux and CBL-Mariner packages, fixed and not fixed.",
    recognises: |path, head| {
        let names = ["Azure Linux OVAL Definition Generator", "CBL-Mariner OVAL Definition Generator"];
        super::is_oval(
            path,
            head,
            &["oval:com.microsoft.azurelinux:", "oval:com.microsoft.cbl-mariner:"],
            &names,
        )
    },
    parse,
};

/// The id of the source, as OSV's records of the same publisher have it.
const SOURCE: &str = "azure-linux";

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    super::parse(path, bytes, out, &Publisher { convert, opaque: |_| false })
}

fn convert(path: &str, definition: &Definition, claims: &[Claim<'_>]) -> Result<Vec<Advisory>, Refused> {
    let Some(id) = super::cves(definition).into_iter().next() else {
        return Err((RefusalReason::Malformed, "no CVE".to_owned()));
    };
    let of_file = release_of_file(path);
    let mut advisory = super::advisory(SOURCE, &id, definition, Vec::new());
    // The texts only say again which package it is. Findings in other packages borrow a text where their own advisory
    // has none, and must not get this one.
    for text in [&mut advisory.title, &mut advisory.description] {
        if text.strip_prefix(id.as_str()).is_some_and(|rest| rest.starts_with(" affecting package ")) {
            text.clear();
        }
    }
    let severity = advisory.severities.first().map(|statement| statement.severity);
    let (mut known_release, mut packages) = (claims.is_empty(), errata::Packages::default());
    for claim in claims.iter().filter(|claim| !claim.negated) {
        let tagged = || claim.bounds.iter().find_map(|(_, version)| release_of_version(version));
        let Some(release) = of_file.or_else(tagged) else { continue };
        known_release = true;
        let fixed = claim.bounds.iter().any(|(operation, _)| *operation == Operation::Less);
        let (status, range) = match definition.patchable.trim() {
            "Not Applicable" => (Status::NotAffected, Some(errata::always())),
            _ if fixed => (Status::Fixed, claim.range()),
            _ => (Status::Affected, claim.range()),
        };
        let Some(range) = range else { continue };
        for name in claim.names.iter().filter(|name| text::is_name(name)) {
            packages.add(Affected {
                ecosystem: format!("Azure Linux:{release}"),
                package: name.clone(),
                status,
                ranges: vec![range.clone()],
                severity,
                ..Affected::default()
            });
        }
    }
    advisory.affected = packages.into_list();
    if advisory.affected.is_empty() {
        return Err(nothing(known_release, "no package with a version"));
    }
    Ok(vec![advisory])
}

/// `3` of `azurelinux-3.0-oval.xml`, `1` of `cbl-mariner-1.0-oval.xml`.
fn release_of_file(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?;
    let rest = name.strip_prefix("azurelinux-").or_else(|| name.strip_prefix("cbl-mariner-"))?;
    major(rest)
}

/// `3` of `2.6.7-3.azl3`, `1` of `5.10.188.1-1.cm1`.
fn release_of_version(version: &str) -> Option<&str> {
    let (_, tag) = version.trim().rsplit_once('.')?;
    major(tag.strip_prefix("azl").or_else(|| tag.strip_prefix("cm"))?)
}

fn major(text: &str) -> Option<&str> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    (1..=2).contains(&digits).then(|| text.get(..digits)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases() {
        assert_eq!(release_of_file("oval/azurelinux-3.0-oval.xml"), Some("3"));
        assert_eq!(release_of_file("cbl-mariner-1.0-oval.xml"), Some("1"));
        assert_eq!(release_of_file("azurelinux-oval.xml"), None);
        assert_eq!(release_of_version("0:2.6.7-3.azl3"), Some("3"));
        assert_eq!(release_of_version("0:2.6.7-3.cm2"), Some("2"));
        assert_eq!(release_of_version("0:2.6.7-3.el8"), None);
    }
}
