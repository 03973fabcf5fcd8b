//! Packages: what is installed in an image.

use crate::{Confidence, EcosystemSpec, PackageUrl};

/// Where a package's evidence was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Location {
    /// The file, from the image's root without a leading slash; nested archives are joined with `!/`, as in
    /// `app.jar!/BOOT-INF/lib/a.jar`. Bytes that are not UTF-8 are shown as U+FFFD.
    pub path: String,
    /// The layer that brought the package, counted from the base, from 0; `None` for a directory target.
    pub layer: Option<u32>,
}

/// The source package from which a binary package was built.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct SourcePackage {
    /// Its name.
    pub name: String,
    /// Its full version; empty when unknown.
    pub version: String,
}

/// An installed package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The ecosystem it belongs to.
    pub ecosystem: &'static EcosystemSpec,
    /// The name as the ecosystem spells it, without namespace: `lodash`, `@babel/core`, `libc6`. For Maven
    /// `group:artifact`, or the bare artifact when the group is unknown.
    pub name: String,
    /// The full version as the ecosystem's grammar compares it (with epoch and release); empty when unknown.
    pub version: String,
    /// The architecture as the package manager spells it; empty when it has none.
    pub arch: String,
    /// The source package, where the package manager says so.
    pub source: Option<SourcePackage>,
    /// Licence expressions or names as declared.
    pub licenses: Vec<String>,
    /// Vendor or maintainer as declared; empty when unknown.
    pub vendor: String,
    /// The RPM modularity label (`nodejs:12:…`); empty when there is none.
    pub modularity: String,
    /// Where it was found, sorted; never empty.
    pub locations: Vec<Location>,
    /// Its package URL.
    pub purl: PackageUrl,
    /// Language packages whose files this operating-system package owns, as package URLs, sorted. They are matched
    /// once, as this package.
    pub contains: Vec<PackageUrl>,
    /// How the package was recognised: the analyzer's id, such as `python/dist-info`.
    pub found_by: String,
    /// CPE 2.3 names under which NVD may know it, for binaries recognised by their content; empty for others.
    pub cpes: Vec<String>,
    /// How the package is exposed in this image, sorted.
    pub exposure: Vec<Exposure>,
    /// How sure it is that name and version are right: medium for a jar without coordinates of its own.
    pub confidence: Confidence,
}

/// What makes a package easier to reach for an attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exposure {
    /// It is, or brings, the program that the image starts.
    EntryPoint,
    /// The program that the image starts needs it.
    EntryClosure,
    /// It owns a set-uid or set-gid file.
    SetUid,
}

impl Exposure {
    /// The word, such as `entry-point`.
    pub const fn word(self) -> &'static str {
        match self {
            Exposure::EntryPoint => "entry-point",
            Exposure::EntryClosure => "entry-closure",
            Exposure::SetUid => "set-uid",
        }
    }
}

impl Package {
    /// The name and version that advisories for source packages are written for: the source package's where known,
    /// else the package's own.
    pub fn source_or_self(&self) -> (&str, &str) {
        match &self.source {
            Some(source) if source.version.is_empty() => (&source.name, &self.version),
            Some(source) => (&source.name, &source.version),
            None => (&self.name, &self.version),
        }
    }
}
