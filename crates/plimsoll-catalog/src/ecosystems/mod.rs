//! The register of package ecosystems.

use plimsoll_analysis::Analyzer;
use plimsoll_types::EcosystemSpec;

mod apk;
mod binary;
mod cargo;
mod composer;
mod deb;
mod gem;
mod golang;
mod maven;
mod npm;
mod nuget;
mod object_file;
mod pypi;
mod rpm;

/// One packaging world: what matching must know of it, and who finds its packages.
pub struct Ecosystem {
    /// What matching and reporting must know.
    pub spec: &'static EcosystemSpec,
    /// The analyzers that find its packages in files.
    pub analyzers: &'static [&'static dyn Analyzer],
}

/// All of them, in alphabetical order of their ids.
pub const ECOSYSTEMS: &[&Ecosystem] = &[
    &apk::ECOSYSTEM,
    &binary::ECOSYSTEM,
    &cargo::ECOSYSTEM,
    &composer::ECOSYSTEM,
    &deb::ECOSYSTEM,
    &gem::ECOSYSTEM,
    &golang::ECOSYSTEM,
    &maven::ECOSYSTEM,
    &npm::ECOSYSTEM,
    &nuget::ECOSYSTEM,
    &pypi::ECOSYSTEM,
    &rpm::ECOSYSTEM,
];
