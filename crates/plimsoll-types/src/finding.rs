//! Findings: what is wrong with an image.

use crate::{Severity, Timestamp};

/// What a source says of a package in the face of a vulnerability. The words are those of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Affected; no fix is known.
    Affected,
    /// Affected; a fixed version exists.
    Fixed,
    /// Affected; the vendor will not fix it.
    WillNotFix,
    /// Affected; the vendor has put the fix off.
    FixDeferred,
    /// The vendor has not decided yet.
    UnderInvestigation,
    /// Affected; the release is past its end of life.
    EndOfLife,
    /// Not affected.
    NotAffected,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 7] = [
        Status::Affected,
        Status::Fixed,
        Status::WillNotFix,
        Status::FixDeferred,
        Status::UnderInvestigation,
        Status::EndOfLife,
        Status::NotAffected,
    ];

    /// The word, such as `will_not_fix`.
    pub const fn word(self) -> &'static str {
        match self {
            Status::Affected => "affected",
            Status::Fixed => "fixed",
            Status::WillNotFix => "will_not_fix",
            Status::FixDeferred => "fix_deferred",
            Status::UnderInvestigation => "under_investigation",
            Status::EndOfLife => "end_of_life",
            Status::NotAffected => "not_affected",
        }
    }
}

/// A CVSS vector as a source states it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CvssVector {
    /// Who states it: an advisory source's id, or `nvd`.
    pub source: String,
    /// The vector, such as `CVSS:3.1/AV:N/…`; CVSS 2 vectors have no prefix.
    pub vector: String,
}

/// A link to more about a vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// OSV's reference type in lower case (`advisory`, `fix`, `web`, …); empty when unknown.
    pub kind: String,
    /// The address.
    pub url: String,
}

/// What is known of a vulnerability, merged over the advisories that speak of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vulnerability {
    /// The identifier to show: the CVE where there is one.
    pub id: String,
    /// All other identifiers, sorted.
    pub aliases: Vec<String>,
    /// A line for people; empty when no source has one.
    pub title: String,
    /// The description; empty when no source has one.
    pub description: String,
    /// The severity chosen for this package.
    pub severity: Severity,
    /// Whose severity that is: an advisory source's id; empty when unknown.
    pub severity_source: String,
    /// CVSS vectors, sorted.
    pub cvss: Vec<CvssVector>,
    /// The base score that goes with `severity`, where a vector gives one: 0.0 to 10.0, in tenths.
    pub score_tenths: Option<u8>,
    /// Weaknesses, such as `CWE-79`, sorted.
    pub cwes: Vec<String>,
    /// Links, in the sources' order.
    pub references: Vec<Reference>,
    /// When it was first published.
    pub published: Option<Timestamp>,
    /// When the advisory last changed.
    pub modified: Option<Timestamp>,
    /// True when a source says that it is being exploited (CISA KEV).
    pub known_exploited: bool,
}

/// Why a finding is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchReason {
    /// The advisory that matched, such as `DSA-5417-1`.
    pub advisory: String,
    /// The advisory source's id, such as `debian-dsa`.
    pub source: String,
    /// The ecosystem in which the advisory files it, such as `Debian:11`.
    pub ecosystem: String,
    /// The name that matched: the package's own or its source package's.
    pub name: String,
    /// The version that was compared.
    pub version: String,
    /// The affected range that holds the version, such as `>= 1.0, < 1.2.3`.
    pub range: String,
}

/// A vulnerability in a package of the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The vulnerability.
    pub vulnerability: Vulnerability,
    /// The package: an index into the target's packages.
    pub package: usize,
    /// What the source says of it.
    pub status: Status,
    /// The versions that fix it, the one to take first; empty when there is none.
    pub fixed_versions: Vec<String>,
    /// Why it matched: one reason per advisory that did, the deciding one first; never empty.
    pub reasons: Vec<MatchReason>,
}
