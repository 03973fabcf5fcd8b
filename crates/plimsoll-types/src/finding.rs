//! Findings: what is wrong with an image.

use crate::{Severity, Timestamp};

/// What a source says of a package in the face of a vulnerability. The words are those of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Status {
    /// Affected; no fix is known.
    #[default]
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

/// How likely a vulnerability is to be exploited in the next 30 days (FIRST, Exploit Prediction Scoring System).
/// Both numbers are in hundred-thousandths, the resolution in which EPSS publishes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epss {
    /// The probability: 0 to 100 000.
    pub score: u32,
    /// The share of vulnerabilities with this score or a lower one: 0 to 100 000.
    pub percentile: u32,
}

/// What is known of a vulnerability, merged over the advisories that speak of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// True when a source names a public exploit.
    pub public_exploit: bool,
    /// EPSS, where the database has it.
    pub epss: Option<Epss>,
    /// What each source says of the severity, sorted by source.
    pub severities: Vec<(String, Severity)>,
}

/// How sure it is that a finding is about this package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Confidence {
    /// A guess worth a look: the package was recognised by its content and matched by a CPE.
    Low,
    /// The package's name or version is not certain: a jar without coordinates, a build without a version.
    Medium,
    /// Name and version are from the package manager or the package's own metadata.
    #[default]
    High,
}

impl Confidence {
    /// All of them, the surest first.
    pub const ALL: [Confidence; 3] = [Confidence::High, Confidence::Medium, Confidence::Low];

    /// The word, such as `high`.
    pub const fn word(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// The risk of a finding: `CVSS × Exploitability / PatchAvailability + ExposureFactor`, each in hundredths. `docs/risk.md`
/// defines the factors.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Risk {
    /// The result, in hundredths.
    pub score: u32,
    /// The CVSS base score, in hundredths.
    pub cvss: u32,
    /// How likely exploitation is, in hundredths.
    pub exploitability: u32,
    /// How much a patch takes off, in hundredths; never 0.
    pub patch_availability: u32,
    /// What the image adds, in hundredths.
    pub exposure: u32,
    /// Why each factor is what it is, one line each.
    pub reasons: Vec<String>,
}

/// Why a finding is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// The functions that are affected, where the source says so: `net/http.Request.Write`, or an import path alone.
    pub symbols: Vec<String>,
    /// How the name was found: `name`, `source-name` or `cpe`.
    pub matched_by: MatchedBy,
    /// What the source says of the package.
    pub status: Option<Status>,
    /// A remark on the match: that the fix needs a subscription, that the version was read from a build's time.
    pub note: String,
}

/// By what a package was found among the advisories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum MatchedBy {
    /// The package's own name.
    #[default]
    Name,
    /// The name of the source package from which it was built.
    SourceName,
    /// The vendor and product of a CPE.
    Cpe,
}

impl MatchedBy {
    /// The word, such as `source-name`.
    pub const fn word(self) -> &'static str {
        match self {
            MatchedBy::Name => "name",
            MatchedBy::SourceName => "source-name",
            MatchedBy::Cpe => "cpe",
        }
    }
}

/// A vulnerability in a package of the image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// How sure it is that the package is meant.
    pub confidence: Confidence,
    /// Since when a fix is available, where a source says so.
    pub fix_available: Option<Timestamp>,
    /// The risk, once policy has computed it.
    pub risk: Option<Risk>,
}

/// A finding that is not shown among the others, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// What held it back.
    pub by: SuppressedBy,
    /// Where that is stated: a file, a document's id, an advisory.
    pub origin: String,
    /// The reason given; for VEX the justification and the impact statement.
    pub reason: String,
    /// When it ends, where it does.
    pub expires: Option<Timestamp>,
}

/// What can hold a finding back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuppressedBy {
    /// An entry of an ignore file.
    Waiver,
    /// A VEX statement "not affected".
    VexNotAffected,
    /// A VEX statement "fixed".
    VexFixed,
    /// A rule of the policy.
    Policy,
    /// An advisory that says that the package is not affected.
    AdvisoryNotAffected,
    /// The package comes from a third party, so that the distribution's advisories do not speak of it.
    ThirdParty,
    /// The advisory is limited to a platform, a repository or a stream that the image does not have.
    NotApplicable,
}

impl SuppressedBy {
    /// All of them.
    pub const ALL: [SuppressedBy; 7] = [
        SuppressedBy::Waiver,
        SuppressedBy::VexNotAffected,
        SuppressedBy::VexFixed,
        SuppressedBy::Policy,
        SuppressedBy::AdvisoryNotAffected,
        SuppressedBy::ThirdParty,
        SuppressedBy::NotApplicable,
    ];

    /// The word, such as `waiver`.
    pub const fn word(self) -> &'static str {
        match self {
            SuppressedBy::Waiver => "waiver",
            SuppressedBy::VexNotAffected => "vex_not_affected",
            SuppressedBy::VexFixed => "vex_fixed",
            SuppressedBy::Policy => "policy",
            SuppressedBy::AdvisoryNotAffected => "advisory_not_affected",
            SuppressedBy::ThirdParty => "third_party",
            SuppressedBy::NotApplicable => "not_applicable",
        }
    }
}
