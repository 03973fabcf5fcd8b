//! The version schemes under the names that the ecosystems use.

use plimsoll_version::VersionScheme;

pub(crate) const APK: &dyn VersionScheme = &plimsoll_version::APK;
pub(crate) const DPKG: &dyn VersionScheme = &plimsoll_version::DPKG;
pub(crate) const RPM: &dyn VersionScheme = &plimsoll_version::RPM;
pub(crate) const SEMVER: &dyn VersionScheme = &plimsoll_version::SEMVER;
pub(crate) const PEP440: &dyn VersionScheme = &plimsoll_version::PEP440;
pub(crate) const MAVEN: &dyn VersionScheme = &plimsoll_version::MAVEN;
pub(crate) const GOLANG: &dyn VersionScheme = &plimsoll_version::GOLANG;
pub(crate) const RUBYGEMS: &dyn VersionScheme = &plimsoll_version::RUBYGEMS;
pub(crate) const COMPOSER: &dyn VersionScheme = &plimsoll_version::COMPOSER;
pub(crate) const NUGET: &dyn VersionScheme = &plimsoll_version::NUGET;
pub(crate) const NPM: &dyn VersionScheme = &plimsoll_version::NPM;
pub(crate) const PUB: &dyn VersionScheme = &plimsoll_version::PUB;
pub(crate) const HEX: &dyn VersionScheme = &plimsoll_version::HEX;
pub(crate) const CONAN: &dyn VersionScheme = &plimsoll_version::CONAN;
pub(crate) const CRAN: &dyn VersionScheme = &plimsoll_version::CRAN;
pub(crate) const HACKAGE: &dyn VersionScheme = &plimsoll_version::HACKAGE;
pub(crate) const PACMAN: &dyn VersionScheme = &plimsoll_version::PACMAN;
pub(crate) const PORTAGE: &dyn VersionScheme = &plimsoll_version::PORTAGE;
pub(crate) const BITNAMI: &dyn VersionScheme = &plimsoll_version::BITNAMI;
pub(crate) const GENERIC: &dyn VersionScheme = &plimsoll_version::GENERIC;
