//! SUSE and openSUSE (`suse.linux.enterprise.server.15.xml`, `opensuse.leap.15.6.xml`, with `-affected` and `-patch`
//! beside them).
//!
//! A definition is a CVE, or with class `patch` an erratum. Modules, extensions and phases of support of SUSE Linux
//! Enterprise (`Module for Basesystem 15 SP5`, `15 SP5-LTSS`) are filed under the service pack, since an image does not
//! say which of them a package came from.

use plimsoll_types::Status;

use super::criteria::Claim;
use super::document::{Definition, Operation};
use super::{Publisher, RefusalReason, Refused, Sink, SourceError, errata, nothing, text};
use crate::sources::SourceSpec;
use crate::{Advisory, Affected};

/// SUSE Linux Enterprise and openSUSE.
pub(in crate::sources) const SPEC: SourceSpec = SourceSpec {
    id: "suse-oval",
    title: "SUSE OVAL",
    description: "SUSE's vulnerabilities and errata of SUSE Linux Enterprise and openSUSE packages.",
    recognises: |path, head| {
        super::is_oval(path, head, &["oval:org.opensuse.security:"], &["Marcus Updateinfo to OVAL Converter"])
    },
    parse,
};

/// The id of the source, as OSV's records of the same publisher have it.
const SOURCE: &str = "suse";

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    super::parse(path, bytes, out, &Publisher { convert, opaque: |_| false })
}

fn convert(_: &str, definition: &Definition, claims: &[Claim<'_>]) -> Result<Vec<Advisory>, Refused> {
    let cves = super::cves(definition);
    let (id, covers) = match text::leading_cve(&definition.title) {
        Some(cve) => (cve, Vec::new()),
        None => match super::erratum_id(definition, &["SUSE-", "openSUSE-"]) {
            Some(id) if id.contains("-SU-") || !cves.is_empty() => (id, cves),
            Some(_) => return Err((RefusalReason::NotSecurity, String::new())),
            None => {
                return Err((
                    RefusalReason::Malformed,
                    "neither a CVE nor an erratum's identifier".to_owned(),
                ));
            }
        },
    };
    let mut advisory = super::advisory(SOURCE, &id, definition, covers);
    let of_definition: Vec<&str> = definition.platforms.iter().map(String::as_str).collect();
    let (mut known_release, mut packages) = (claims.is_empty(), errata::Packages::default());
    for claim in claims.iter().filter(|claim| !claim.negated) {
        let stated = &claim.conditions.platforms;
        let platforms = if stated.is_empty() { &of_definition } else { stated };
        let fixed = claim.bounds.iter().any(|(operation, _)| *operation == Operation::Less);
        let (status, range) = if claim.comment.ends_with(" is not affected") {
            (Status::NotAffected, Some(errata::always()))
        } else if fixed {
            (Status::Fixed, claim.range())
        } else {
            (Status::Affected, claim.range())
        };
        for ecosystem in platforms.iter().filter_map(|platform| ecosystem(platform)) {
            known_release = true;
            let Some(range) = &range else { continue };
            for name in claim.names.iter().filter(|name| text::is_name(name)) {
                packages.add(Affected {
                    ecosystem: ecosystem.clone(),
                    package: name.clone(),
                    status,
                    ranges: vec![range.clone()],
                    arches: claim.arches.iter().map(|arch| (*arch).to_owned()).collect(),
                    ..Affected::default()
                });
            }
        }
    }
    advisory.affected = packages.into_list();
    if advisory.affected.is_empty() {
        return Err(nothing(known_release, "no package with a version"));
    }
    Ok(vec![advisory])
}

/// The ecosystem of a product; `None` for products that are no distribution (SUSE Manager, OpenStack Cloud).
fn ecosystem(platform: &str) -> Option<String> {
    let platform = text::one_line(platform);
    let version = |rest: &str| {
        let version = rest.split([' ', '-']).next().unwrap_or_default();
        let plausible = version.starts_with(|c: char| c.is_ascii_digit())
            && version.len() <= 8
            && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        plausible.then(|| version.to_owned())
    };
    if platform.starts_with("openSUSE Tumbleweed") {
        return Some("openSUSE:Tumbleweed".to_owned());
    }
    for (name, ecosystem) in [
        ("openSUSE Leap Micro ", "openSUSE:Leap Micro"),
        ("openSUSE Leap ", "openSUSE:Leap"),
        ("SUSE Linux Enterprise Micro ", "SUSE:Linux Enterprise Micro"),
        ("SUSE Linux Micro ", "SUSE:Linux Micro"),
    ] {
        if let Some(rest) = platform.strip_prefix(name) {
            return version(rest).map(|version| format!("{ecosystem} {version}"));
        }
    }
    let rest = platform.strip_prefix("SUSE Linux Enterprise ")?;
    // `Server 15 SP1-LTSS`, `Module for Basesystem 15 SP1`, `Server for SAP Applications 12 SP5`, `Server 16.0`.
    let words: Vec<&str> = rest.split(' ').collect();
    let at = words.iter().rposition(|word| version(word).is_some())?;
    let release = version(words.get(at)?)?;
    let pack: String = words
        .get(at.saturating_add(1))
        .and_then(|word| word.strip_prefix("SP"))
        .map(|word| word.chars().take_while(char::is_ascii_digit).take(2).collect())
        .unwrap_or_default();
    Some(match pack.as_str() {
        "" => format!("SUSE:Linux Enterprise Server {release}"),
        pack => format!("SUSE:Linux Enterprise Server {release} SP{pack}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ecosystems() {
        for (platform, name) in [
            ("SUSE Linux Enterprise Server 15 SP1-LTSS", Some("SUSE:Linux Enterprise Server 15 SP1")),
            (
                "SUSE Linux Enterprise Module for Basesystem 15 SP5",
                Some("SUSE:Linux Enterprise Server 15 SP5"),
            ),
            ("SUSE Linux Enterprise Server 12-LTSS", Some("SUSE:Linux Enterprise Server 12")),
            ("SUSE Linux Enterprise Server 16.0", Some("SUSE:Linux Enterprise Server 16.0")),
            ("SUSE Linux Enterprise Micro 5.4", Some("SUSE:Linux Enterprise Micro 5.4")),
            ("SUSE Linux Micro 6.0", Some("SUSE:Linux Micro 6.0")),
            ("openSUSE Leap 15.6", Some("openSUSE:Leap 15.6")),
            ("openSUSE Leap Micro 5.3", Some("openSUSE:Leap Micro 5.3")),
            ("openSUSE Tumbleweed", Some("openSUSE:Tumbleweed")),
            ("SUSE Manager Server 4.3", None),
            ("SUSE Linux Enterprise Storage", None),
        ] {
            assert_eq!(ecosystem(platform).as_deref(), name, "{platform}");
        }
    }
}
