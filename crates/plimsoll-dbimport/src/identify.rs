//! Whose identifiers are whose: the sources of other databases under our names for them, and what an identifier beside an advisory's own stands for.

use plimsoll_advisory::sources::text::{is_cve, is_id, leading_cve, reference};
use plimsoll_advisory::sources::{IdKind, PUBLISHERS, Publisher};
use plimsoll_types::{Reference, Severity};

/// Sources that others call by another name than we do. The words of a vendor and its advisories must have one name, so
/// that a finding finds the severity that its own vendor states.
const SOURCES: &[(&str, &str)] = &[
    ("alma", "almalinux"),
    ("azure", "azure-linux"),
    ("cbl-mariner", "azure-linux"),
    ("github", "ghsa"),
    ("govulndb", "go-vulndb"),
    ("mariner", "azure-linux"),
    ("opensuse-cvrf", "suse"),
    ("oracle-oval", "oracle"),
    ("redhat-csaf", "redhat"),
    ("redhat-oval", "redhat"),
    ("rhel", "redhat"),
    ("sles", "suse"),
    ("suse-cvrf", "suse"),
];

/// Our id of a source.
pub(crate) fn source(id: &str) -> &str {
    SOURCES.iter().find(|(theirs, _)| *theirs == id).map_or(id, |(_, ours)| ours)
}

/// Who publishes under an identifier.
pub(crate) fn publisher(id: &str) -> Option<&'static Publisher> {
    // Nine of ten are CVEs, which nobody in the table owns.
    if id.starts_with("CVE-") {
        return None;
    }
    PUBLISHERS.iter().find(|publisher| id.starts_with(publisher.prefix))
}

/// The source whose erratum an identifier names, when it names one.
pub(crate) fn erratum(id: &str) -> Option<&'static str> {
    publisher(id).filter(|publisher| publisher.kind == IdKind::Erratum).map(|publisher| publisher.source)
}

/// What an identifier beside an advisory's own is to it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    /// Another name of the same vulnerability.
    Alias(String),
    /// The erratum that brings the fix.
    FixedBy(Reference),
    /// Nothing that can be used.
    Nothing,
}

/// Sorts an identifier that stands beside an advisory's own.
pub(crate) fn beside(own: &str, other: String) -> Beside {
    if other == own || !is_id(&other) {
        return Beside::Nothing;
    }
    if is_cve(&other) {
        return Beside::Alias(other);
    }
    match publisher(&other) {
        Some(Publisher { kind: IdKind::Vulnerability, .. }) => Beside::Alias(other),
        _ => erratum_link(&other).map_or(Beside::Nothing, Beside::FixedBy),
    }
}

/// Where an erratum can be read.
fn erratum_link(id: &str) -> Option<Reference> {
    let (before, after) = match id.split('-').next()? {
        "DSA" | "DLA" | "DTSA" => ("https://security-tracker.debian.org/tracker/", ""),
        "RHSA" | "RHBA" | "RHEA" => ("https://access.redhat.com/errata/", ""),
        "ELSA" | "ELBA" | "ELEA" => ("https://linux.oracle.com/errata/", ".html"),
        "RLSA" | "RLBA" | "RLEA" | "RXSA" => ("https://errata.rockylinux.org/", ""),
        "USN" => ("https://ubuntu.com/security/notices/", ""),
        _ => return None,
    };
    reference("advisory", &format!("{before}{id}{after}"))
}

/// The CVE that a link is about, when its last part names one: that is how errata say what they fix.
pub(crate) fn cve_of_link(url: &str) -> Option<String> {
    let last = url.trim_end_matches('/').rsplit(['/', '=']).next()?;
    let cve = leading_cve(last)?;
    // `CVE-2021-3520.html` is one, `CVE-2021-3520-patch.diff` is not what an erratum covers.
    let rest = last.get(cve.len()..).unwrap_or_default();
    matches!(rest, "" | ".html" | ".htm" | ".json").then_some(cve)
}

/// A severity as trivy-db numbers it.
pub(crate) fn severity(number: i64) -> Option<Severity> {
    match number {
        1 => Some(Severity::Low),
        2 => Some(Severity::Medium),
        3 => Some(Severity::High),
        4 => Some(Severity::Critical),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_beside_an_advisory() {
        let alias = |id: &str| Beside::Alias(id.to_owned());
        for (own, other, expected) in [
            ("CVE-2021-1", "GHSA-aaaa-bbbb-cccc", Some(alias("GHSA-aaaa-bbbb-cccc"))),
            ("GHSA-aaaa-bbbb-cccc", "CVE-2021-44228", Some(alias("CVE-2021-44228"))),
            ("CVE-2021-1", "GO-2021-0001", Some(alias("GO-2021-0001"))),
            ("CVE-2021-1", "RUSTSEC-2021-0001", Some(alias("RUSTSEC-2021-0001"))),
            ("CVE-2021-1", "CVE-2021-1", None),
            ("CVE-2021-1", "not an id", None),
            ("CVE-2021-1", "temporary-name", None),
        ] {
            assert_eq!(beside(own, other.to_owned()), expected.unwrap_or(Beside::Nothing), "{other}");
        }
        for (other, link) in [
            ("DSA-5417-1", "https://security-tracker.debian.org/tracker/DSA-5417-1"),
            ("RHSA-2021:1234", "https://access.redhat.com/errata/RHSA-2021:1234"),
            ("ELSA-2021-1234", "https://linux.oracle.com/errata/ELSA-2021-1234.html"),
            ("RLSA-2021:1234", "https://errata.rockylinux.org/RLSA-2021:1234"),
        ] {
            let Beside::FixedBy(found) = beside("CVE-2021-1", other.to_owned()) else { panic!("{other}") };
            assert_eq!((found.kind.as_str(), found.url.as_str()), ("advisory", link));
        }
    }

    #[test]
    fn cves_of_links() {
        for (link, cve) in [
            ("https://www.suse.com/security/cve/CVE-2019-11091/", Some("CVE-2019-11091")),
            ("https://www.suse.com/security/cve/CVE-2019-11091.html", Some("CVE-2019-11091")),
            ("https://www.cve.org/CVERecord?id=CVE-2019-11091", Some("CVE-2019-11091")),
            ("https://example.org/CVE-2019-11091-poc", None),
            ("https://bugzilla.suse.com/1111331", None),
            ("", None),
        ] {
            assert_eq!(cve_of_link(link).as_deref(), cve, "{link}");
        }
    }

    #[test]
    fn the_table_of_sources_is_sorted_and_final() {
        assert!(SOURCES.is_sorted());
        assert!(SOURCES.iter().all(|(_, ours)| source(ours) == *ours));
        assert_eq!(source("debian"), "debian");
    }
}
