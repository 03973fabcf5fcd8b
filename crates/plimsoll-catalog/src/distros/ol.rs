//! Oracle Linux. OSV has none of its advisories; here they are filed by major release: `Oracle Linux:9`.

use plimsoll_types::{DistroSpec, MatchBy};

use super::{DistroEntry, major};

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "ol",
        title: "Oracle Linux",
        os_release_ids: &["ol"],
        package_ecosystem: "rpm",
        match_by: MatchBy::Binary,
        advisory_ecosystem: |distro| Some(format!("Oracle Linux:{}", major(distro)?)),
        // Builds for Ksplice and those with a FIPS validation have versions of their own.
        flavour: |version| match version {
            _ if version.contains(".ksplice") => Some("Ksplice"),
            _ if version.ends_with("_fips") => Some("FIPS"),
            _ => None,
        },
        vendors: &["oracle"],
        kernel: super::rpm_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "Oracle Linux",
};
