//! What goes into an index and comes out of it: advisories with their facts, ranges already resolved to intervals.

use std::cmp::Ordering;

use plimsoll_types::{CvssVector, Reference, Severity, Status, Timestamp};
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
#[derive(Debug, Clone, PartialEq, Eq)]
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
