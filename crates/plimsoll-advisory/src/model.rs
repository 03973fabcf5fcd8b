//! What one source says in one advisory. Close to the OSV schema (1.7), which is the common denominator of the sources.

use plimsoll_types::{CvssVector, Epss, Reference, Severity, Status, Timestamp};

/// One source's statement about one vulnerability, or about the several that an erratum fixes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Advisory {
    /// The source's own identifier, such as `DSA-5417-1`, `PYSEC-2019-16`, `CVE-2019-14697`.
    pub id: String,
    /// The id of the source, such as `pypa`, `debian-dsa`, `alpine-secdb`.
    pub source: String,
    /// Other identifiers of the *same* vulnerability.
    pub aliases: Vec<String>,
    /// The vulnerabilities that an erratum fixes, where the advisory is about a package update and not about one
    /// vulnerability (DSA, ALSA): one finding is made for each. Empty otherwise.
    pub covers: Vec<String>,
    /// One line; empty when the source has none.
    pub title: String,
    /// The description; empty when the source has none.
    pub description: String,
    /// Severities as the source states them in words.
    pub severities: Vec<SeverityStatement>,
    /// CVSS vectors.
    pub cvss: Vec<CvssVector>,
    /// Weaknesses, such as `CWE-79`.
    pub cwes: Vec<String>,
    /// Links.
    pub references: Vec<Reference>,
    /// First publication.
    pub published: Option<Timestamp>,
    /// Last change.
    pub modified: Option<Timestamp>,
    /// When the source took it back; such an advisory matches nothing.
    pub withdrawn: Option<Timestamp>,
    /// True when the source says that the vulnerability is being exploited.
    pub known_exploited: bool,
    /// True when the source names a public exploit.
    pub public_exploit: bool,
    /// What is affected.
    pub affected: Vec<Affected>,
}

/// A severity in the source's words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeverityStatement {
    /// The source's id.
    pub source: String,
    /// The severity.
    pub severity: Severity,
}

/// One package that an advisory speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Affected {
    /// The ecosystem as OSV spells it, with the release where there is one: `PyPI`, `Alpine:v3.7`, `Debian:11`,
    /// `AlmaLinux:8`.
    pub ecosystem: String,
    /// The package's name as the source spells it.
    pub package: String,
    /// What the source says of it. `Fixed` when `ranges` name fixed versions.
    pub status: Status,
    /// The affected ranges; the package is affected when any of them holds its version.
    pub ranges: Vec<Range>,
    /// Affected versions listed one by one; they count beside the ranges.
    pub versions: Vec<String>,
    /// The architectures to which it is limited; empty for all.
    pub arches: Vec<String>,
    /// The RPM module and stream (`nodejs:12`) to which it is limited; empty for none.
    pub modularity: String,
    /// A severity that holds for this package only.
    pub severity: Option<Severity>,
    /// The operating systems to which it is limited, as Go's `GOOS` spells them; empty for all.
    pub oses: Vec<String>,
    /// The CPEs of products to which it is limited (`cpe:/o:redhat:enterprise_linux:9::baseos`); empty for all.
    pub cpes: Vec<String>,
    /// The affected functions, `import/path.Symbol`, or import paths; empty when the source does not say.
    pub symbols: Vec<String>,
    /// Since when a fix is available; `None` when the source does not say.
    pub fix_date: Option<Timestamp>,
}

/// A range as OSV writes it: events on the version line, in the source's order (OSV schema, "affected[].ranges[]").
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Range {
    /// The events. Versions are strings of the ecosystem's grammar.
    pub events: Vec<Event>,
}

/// A point on the version line at which something changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// Affected from this version on; `0` means from the beginning.
    Introduced(String),
    /// No longer affected from this version on.
    Fixed(String),
    /// Affected up to and including this version.
    LastAffected(String),
    /// Nothing from this version on is affected, whatever was introduced.
    Limit(String),
}

/// EPSS of one vulnerability on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpssScore {
    /// The vulnerability, `CVE-2021-44228`.
    pub cve: String,
    /// The scores.
    pub epss: Epss,
    /// The day for which they were computed.
    pub date: Option<Timestamp>,
}

/// The products to which a Red Hat repository (content set) belongs, as `repository-to-cpe.json` maps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryCpes {
    /// The content set, such as `rhel-9-for-x86_64-baseos-rpms`.
    pub repository: String,
    /// CPEs in the URI form of CPE 2.2.
    pub cpes: Vec<String>,
}
