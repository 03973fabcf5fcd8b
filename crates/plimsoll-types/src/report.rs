//! The result of a run: plain data that the formats render. They never decide.

use crate::{
    Detection, Digest, Distro, Finding, Package, Problem, Scanner, Suppressed, SuppressedDetection, Timestamp,
};

/// What a run scanned and found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Plimsoll's version.
    pub tool_version: String,
    /// When the report was made. Comes in from outside, so that the same input gives the same bytes.
    pub created: Timestamp,
    /// The advisory database that was used.
    pub database: DatabaseInfo,
    /// One entry per scanned target and platform, in the order asked for.
    pub targets: Vec<TargetReport>,
}

/// Which advisories were used and how old they are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DatabaseInfo {
    /// The database's name: a path, or `built-in` for the starter set.
    pub name: String,
    /// The digest of its content; empty for the starter set.
    pub digest: String,
    /// When it was built, or the date of the starter set's facts.
    pub built: Option<Timestamp>,
    /// How many advisories it holds.
    pub advisories: u64,
    /// Its sources.
    pub sources: Vec<DatabaseSource>,
}

/// One source in an advisory database.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DatabaseSource {
    /// The source's id, such as `osv`.
    pub id: String,
    /// How many advisories it gave.
    pub advisories: u64,
    /// The newest date found in it.
    pub newest: Option<Timestamp>,
    /// SHA-256 over the files that it was read from, as hexadecimal digits; empty when unknown.
    pub digest: String,
}

/// What kind of thing was scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetKind {
    /// A container image.
    #[default]
    Image,
    /// A directory or mounted root.
    Filesystem,
}

/// A platform as OCI image indexes name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Platform {
    /// Operating system, such as `linux`.
    pub os: String,
    /// Architecture, such as `arm64`.
    pub architecture: String,
    /// Variant, such as `v8`; empty when there is none.
    pub variant: String,
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() { Ok(()) } else { write!(f, "/{}", self.variant) }
    }
}

/// One layer of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerInfo {
    /// The digest of the blob as distributed; `None` where the source has no compressed form (`docker save`).
    pub digest: Option<Digest>,
    /// The digest of the uncompressed layer.
    pub diff_id: Digest,
    /// Bytes of the blob as distributed, 0 when unknown.
    pub size: u64,
    /// The command that made it, from the image's history; empty when unknown.
    pub created_by: String,
}

/// What an image says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageMetadata {
    /// The image id: the digest of its configuration.
    pub id: Option<Digest>,
    /// The digest of its manifest, where it has one.
    pub manifest: Option<Digest>,
    /// Tags it is known under at its source.
    pub tags: Vec<String>,
    /// The platform.
    pub platform: Platform,
    /// When it was built.
    pub created: Option<Timestamp>,
    /// Labels, sorted by key.
    pub labels: Vec<(String, String)>,
    /// Its layers from the base.
    pub layers: Vec<LayerInfo>,
    /// `User` of the configuration; empty for root.
    pub user: String,
    /// `ExposedPorts` of the configuration, such as `443/tcp`, sorted.
    pub exposed_ports: Vec<String>,
    /// `Entrypoint` and `Cmd` of the configuration, in that order.
    pub command: Vec<String>,
    /// The image that it was built on, as far as it is known.
    pub base: Option<BaseImage>,
}

/// The image that an image was built on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BaseImage {
    /// Its reference, as the image states it; empty when it does not.
    pub name: String,
    /// The digest of its manifest or index, as the image states it.
    pub digest: Option<Digest>,
    /// How many of the image's lowest layers are its, as the history shows.
    pub layers: Option<u32>,
}

/// How long a release of a distribution is supported.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lifecycle {
    /// The release as advisories file it, such as `Debian:11`.
    pub ecosystem: String,
    /// When it was released.
    pub released: Option<Timestamp>,
    /// When security support for everyone ends.
    pub ends: Option<Timestamp>,
    /// When paid or long-term support ends.
    pub extended_ends: Option<Timestamp>,
}

/// Something that is attached to an image in its registry or layout.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attached {
    /// Its digest.
    pub name: String,
    /// `signature`, `attestation`, or the artifact's type.
    pub kind: String,
    /// The predicate's type, for an attestation; empty elsewhere.
    pub predicate: String,
    /// Who built the image, by a provenance; empty elsewhere.
    pub builder: String,
    /// Whether its signature holds; `None` when it was not held against any key.
    pub verified: Option<bool>,
    /// The key that verifies it, why it does not hold, or that there is none; empty when there is nothing to say.
    pub note: String,
}

/// The result for one target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TargetReport {
    /// The target as the user named it.
    pub name: String,
    /// What kind it is.
    pub kind: TargetKind,
    /// What the image says of itself; `None` for a directory.
    pub image: Option<ImageMetadata>,
    /// The distribution, where one was recognised.
    pub distro: Option<Distro>,
    /// The id of the matching `DistroSpec`; empty when none is known.
    pub distro_id: String,
    /// Packages, sorted by ecosystem, name, version and location.
    pub packages: Vec<Package>,
    /// Findings, worst first, then by package and identifier.
    pub findings: Vec<Finding>,
    /// Findings that were held back, in the order of findings.
    pub suppressed: Vec<Suppressed>,
    /// What was looked for, sorted; empty when nobody says.
    pub scanners: Vec<Scanner>,
    /// Secrets, faults of configuration, malware, tampering: worst first, then by class and place.
    pub detections: Vec<Detection>,
    /// Detections that were held back, in the order of detections.
    pub suppressed_detections: Vec<SuppressedDetection>,
    /// What is attached to the image in its registry or layout, where it was asked.
    pub attached: Vec<Attached>,
    /// What could not be analysed, sorted.
    pub problems: Vec<Problem>,
    /// How long the distribution's release is supported, where the database says so.
    pub lifecycle: Option<Lifecycle>,
    /// The risk of the image as a whole, in hundredths, once policy has computed it.
    pub risk: Option<u32>,
}

impl TargetReport {
    /// True when everything of the target was analysed.
    pub fn complete(&self) -> bool {
        !self.problems.iter().any(|problem| problem.code.incomplete())
    }
}
