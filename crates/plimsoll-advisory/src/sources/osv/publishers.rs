//! Who publishes records of the OSV schema, told by their identifiers (OSV schema, "id, modified fields").

/// What a publisher's identifiers stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKind {
    /// One vulnerability each.
    Vulnerability,
    /// A publisher's own view of one CVE: what follows the prefix, or what the record names as upstream, is that CVE.
    View,
    /// An update of packages that fixes any number of vulnerabilities.
    Erratum,
}

/// Who publishes records under which identifiers.
#[derive(Debug)]
pub struct Publisher {
    /// How its identifiers begin.
    pub prefix: &'static str,
    /// The id of the source in [`Advisory::source`](crate::Advisory::source).
    pub source: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// What its identifiers stand for.
    pub kind: IdKind,
}

const fn publisher(
    prefix: &'static str,
    source: &'static str,
    title: &'static str,
    kind: IdKind,
) -> Publisher {
    Publisher { prefix, source, title, kind }
}

/// The publishers of OSV records (OSV schema, "id" field), longer prefixes before shorter ones.
pub const PUBLISHERS: &[Publisher] = &[
    publisher("ALBA-", "almalinux", "AlmaLinux Errata", IdKind::Erratum),
    publisher("ALEA-", "almalinux", "AlmaLinux Errata", IdKind::Erratum),
    publisher("ALPINE-CVE-", "alpine", "Alpine Security Tracker", IdKind::View),
    publisher("ALSA-", "almalinux", "AlmaLinux Errata", IdKind::Erratum),
    publisher("ASB-A-", "android", "Android Security Bulletins", IdKind::Vulnerability),
    publisher("AZL-", "azure-linux", "Azure Linux", IdKind::View),
    publisher("BELL-CVE-", "bellsoft", "BellSoft", IdKind::View),
    publisher("BIT-", "bitnami", "Bitnami", IdKind::Vulnerability),
    publisher("CGA-", "chainguard", "Chainguard Advisories", IdKind::View),
    publisher("CLEANSTART-", "cleanstart", "CleanStart", IdKind::Erratum),
    publisher("CLSA-", "tuxcare", "TuxCare", IdKind::Erratum),
    publisher("CURL-CVE-", "curl", "curl", IdKind::View),
    publisher("DEBIAN-CVE-", "debian", "Debian Security Tracker", IdKind::View),
    publisher("DHI-", "docker-hardened", "Docker Hardened Images", IdKind::View),
    publisher("DLA-", "debian-dla", "Debian LTS Advisories", IdKind::Erratum),
    publisher("DRUPAL-", "drupal", "Drupal Security Advisories", IdKind::Vulnerability),
    publisher("DSA-", "debian-dsa", "Debian Security Advisories", IdKind::Erratum),
    publisher("DTSA-", "debian-dtsa", "Debian Testing Advisories", IdKind::Erratum),
    publisher("ECHO-", "echo", "Echo", IdKind::View),
    publisher("EEF-CVE-", "eef", "Erlang Ecosystem Foundation", IdKind::View),
    publisher("ELA-", "debian-elts", "Debian Extended LTS Advisories", IdKind::Erratum),
    publisher("ELBA-", "oracle", "Oracle Linux Errata", IdKind::Erratum),
    publisher("ELEA-", "oracle", "Oracle Linux Errata", IdKind::Erratum),
    publisher("ELSA-", "oracle", "Oracle Linux Errata", IdKind::Erratum),
    publisher("GHSA-", "ghsa", "GitHub Advisory Database", IdKind::Vulnerability),
    publisher("GO-", "go-vulndb", "Go Vulnerability Database", IdKind::Vulnerability),
    publisher("HSEC-", "haskell", "Haskell Security Advisories", IdKind::Vulnerability),
    publisher("JLSEC-", "julia", "Julia Security Advisories", IdKind::Vulnerability),
    publisher("KUBE-", "kubernetes", "Kubernetes", IdKind::Vulnerability),
    publisher("LSN-", "ubuntu", "Ubuntu Security Notices", IdKind::Erratum),
    publisher("MAL-", "malicious-packages", "OpenSSF Malicious Packages", IdKind::Vulnerability),
    publisher("MGASA-", "mageia", "Mageia Advisories", IdKind::Erratum),
    publisher("MINI-", "minimos", "MinimOS", IdKind::View),
    publisher("OESA-", "openeuler", "openEuler Security Advisories", IdKind::Erratum),
    publisher("OSEC-", "opam", "OCaml Security Advisories", IdKind::Vulnerability),
    publisher("OSV-", "oss-fuzz", "OSS-Fuzz", IdKind::Vulnerability),
    publisher("PHSA-", "photon", "Photon OS Advisories", IdKind::Erratum),
    publisher("PSF-", "psf", "Python Software Foundation", IdKind::Vulnerability),
    publisher("PUB-A-", "android", "Android Security Bulletins", IdKind::Vulnerability),
    publisher("PYSEC-", "pypa", "PyPA Advisory Database", IdKind::Vulnerability),
    publisher("RHBA-", "redhat", "Red Hat Errata", IdKind::Erratum),
    publisher("RHEA-", "redhat", "Red Hat Errata", IdKind::Erratum),
    publisher("RHSA-", "redhat", "Red Hat Errata", IdKind::Erratum),
    publisher("RLBA-", "rocky", "Rocky Linux Errata", IdKind::Erratum),
    publisher("RLEA-", "rocky", "Rocky Linux Errata", IdKind::Erratum),
    publisher("RLSA-", "rocky", "Rocky Linux Errata", IdKind::Erratum),
    publisher("ROOT-", "root", "Root", IdKind::View),
    publisher("RSEC-", "rconsortium", "R Consortium Advisories", IdKind::Vulnerability),
    publisher("RUSTSEC-", "rustsec", "RustSec Advisory Database", IdKind::Vulnerability),
    publisher("RXSA-", "rocky", "Rocky Linux Errata", IdKind::Erratum),
    publisher("SUSE-", "suse", "SUSE Updates", IdKind::Erratum),
    publisher("UBUNTU-CVE-", "ubuntu", "Ubuntu CVE Tracker", IdKind::View),
    publisher("USN-", "ubuntu", "Ubuntu Security Notices", IdKind::Erratum),
    publisher("V8-", "v8", "V8", IdKind::Vulnerability),
    publisher("openSUSE-", "suse", "openSUSE Updates", IdKind::Erratum),
];
