//! What goes into an index and comes out of it: advisories with their facts, ranges already resolved to intervals.

use std::cmp::Ordering;

use plimsoll_types::{CvssVector, Epss, Lifecycle, Reference, Severity, Status, Timestamp};
use plimsoll_version::{VersionError, VersionScheme};

/// One advisory to be stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// The source's own identifier.
    pub id: String,
    /// The source's id.
    pub source: String,
    /// Other identifiers of the same vulnerability.
    pub aliases: Vec<String>,
    /// The vulnerabilities that an erratum fixes; empty when the advisory is about one vulnerability.
    pub covers: Vec<String>,
    /// Severities in the words of those who state them (source id, severity).
    pub severities: Vec<(String, Severity)>,
    /// CVSS vectors.
    pub cvss: Vec<CvssVector>,
    /// Weaknesses, such as `CWE-79`.
    pub cwes: Vec<String>,
    /// First publication.
    pub published: Option<Timestamp>,
    /// Last change.
    pub modified: Option<Timestamp>,
    /// True when the source says that the vulnerability is being exploited.
    pub known_exploited: bool,
    /// True when the source names a public exploit.
    pub public_exploit: bool,
    /// Title, description and references.
    pub prose: Prose,
    /// What is affected. May be empty: such an advisory only adds to what others say of its identifier.
    pub facts: Vec<FactRecord>,
}

/// The text of an advisory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prose {
    /// One line; empty when the source has none.
    pub title: String,
    /// The description; empty when the source has none.
    pub description: String,
    /// Links.
    pub references: Vec<Reference>,
}

/// What an advisory says of one package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FactRecord {
    /// The ecosystem as OSV spells it, with the release where there is one.
    pub ecosystem: String,
    /// The package's normalised name.
    pub package: String,
    /// What the source says of it.
    pub status: Status,
    /// A severity that holds for this package only.
    pub severity: Option<Severity>,
    /// Affected intervals, sorted by the ecosystem's grammar.
    pub intervals: Vec<Interval<String>>,
    /// Affected versions outside the intervals, sorted by the ecosystem's grammar. A fact with neither intervals
    /// nor versions holds for every version.
    pub versions: Vec<String>,
    /// The architectures to which it is limited; empty for all.
    pub arches: Vec<String>,
    /// The RPM module and stream (`nodejs:12`) to which it is limited; empty for none.
    pub modularity: String,
    /// The operating systems to which it is limited, as Go's `GOOS` spells them; empty for all.
    pub oses: Vec<String>,
    /// The CPEs of products to which it is limited; empty for all.
    pub cpes: Vec<String>,
    /// The affected functions, or import paths; empty when the source does not say.
    pub symbols: Vec<String>,
    /// Since when a fix is available, to the day.
    pub fix_date: Option<Timestamp>,
}

/// What an index holds beside advisories.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extras {
    /// EPSS by CVE identifier. Of two with the same identifier the last one stands.
    pub epss: Vec<(String, Epss)>,
    /// Support periods of distributions' releases. Of two on the same release the first one stands.
    pub lifecycles: Vec<Lifecycle>,
    /// Red Hat's repositories (content sets) and the CPEs of the products to which they belong.
    pub repositories: Vec<(String, Vec<String>)>,
    /// For sources, SHA-256 over the files that they were read from, as hexadecimal digits.
    pub source_digests: Vec<(String, String)>,
}

/// An affected interval on the version line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval<S> {
    /// The first affected version; empty for "from the beginning".
    pub introduced: S,
    /// Where it ends.
    pub end: End<S>,
}

/// The end of an affected interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End<S> {
    /// It has none: no version is known to be fixed.
    Open,
    /// This version fixes it and is not affected.
    Fixed(S),
    /// This version is the last affected one.
    LastAffected(S),
    /// This version is not affected, but is no fix either (another line of development begins).
    Limit(S),
}

impl<S: AsRef<str>> Interval<S> {
    /// Whether `version` lies in the interval.
    ///
    /// # Errors
    ///
    /// When one of the versions is not one in this grammar.
    pub fn contains(&self, version: &str, versions: &dyn VersionScheme) -> Result<bool, VersionError> {
        let introduced = self.introduced.as_ref();
        let begun = if introduced.is_empty() {
            if matches!(self.end, End::Open) {
                // The version must still be one, although there is nothing to hold it against.
                versions.compare(version, version)?;
            }
            true
        } else {
            versions.compare(version, introduced)? != Ordering::Less
        };
        Ok(begun
            && match &self.end {
                End::Open => true,
                End::Fixed(end) | End::Limit(end) => {
                    versions.compare(version, end.as_ref())? == Ordering::Less
                }
                End::LastAffected(end) => versions.compare(version, end.as_ref())? != Ordering::Greater,
            })
    }
}
