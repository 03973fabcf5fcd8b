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
pub(crate) const GENERIC: &dyn VersionScheme = &plimsoll_version::GENERIC;
