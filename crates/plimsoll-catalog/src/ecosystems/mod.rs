//! The register of package ecosystems.

use plimsoll_analysis::Analyzer;
use plimsoll_types::EcosystemSpec;

mod alpm;
mod apk;
mod binary;
mod bitnami;
mod cargo;
mod cocoapods;
mod composer;
mod conan;
mod cran;
mod deb;
mod gem;
mod github_actions;
mod golang;
mod hackage;
mod hex;
mod julia;
mod maven;
mod npm;
mod nuget;
mod object_file;
mod portage;
mod r#pub;
mod pypi;
mod rpm;
mod swift;

/// One packaging world: what matching must know of it, and who finds its packages.
pub struct Ecosystem {
    /// What matching and reporting must know.
    pub spec: &'static EcosystemSpec,
    /// The analyzers that find its packages in files; none where only advisories and package lists name them so far.
    pub analyzers: &'static [&'static dyn Analyzer],
}

/// All of them, in alphabetical order of their ids.
pub const ECOSYSTEMS: &[&Ecosystem] = &[
    &alpm::ECOSYSTEM,
    &apk::ECOSYSTEM,
    &binary::ECOSYSTEM,
    &bitnami::ECOSYSTEM,
    &cargo::ECOSYSTEM,
    &cocoapods::ECOSYSTEM,
    &composer::ECOSYSTEM,
    &conan::ECOSYSTEM,
    &cran::ECOSYSTEM,
    &deb::ECOSYSTEM,
    &gem::ECOSYSTEM,
    &github_actions::ECOSYSTEM,
    &golang::ECOSYSTEM,
    &hackage::ECOSYSTEM,
    &hex::ECOSYSTEM,
    &julia::ECOSYSTEM,
    &maven::ECOSYSTEM,
    &npm::ECOSYSTEM,
    &nuget::ECOSYSTEM,
    &portage::ECOSYSTEM,
    &r#pub::ECOSYSTEM,
    &pypi::ECOSYSTEM,
    &rpm::ECOSYSTEM,
    &swift::ECOSYSTEM,
];
