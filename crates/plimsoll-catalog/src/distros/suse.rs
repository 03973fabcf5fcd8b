//! SUSE Linux Enterprise and its micro variants. Advisories are filed by product and service pack:
//! `SUSE:Linux Enterprise Server 15 SP5`. OSV has many of them under a module (`Linux Enterprise Module for Basesystem
//! 15 SP5`) or with a phase of support added (`15 SP5-LTSS`); neither is in an image, so all of a service pack are one
//! here.

use plimsoll_types::{DistroSpec, MatchBy};

use super::DistroEntry;

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "suse",
        title: "SUSE Linux Enterprise",
        os_release_ids: &[
            "sles",
            "sled",
            "sles_sap",
            "sle_hpc",
            "sle-micro",
            "sle-micro-rancher",
            "sl-micro",
        ],
        package_ecosystem: "rpm",
        match_by: MatchBy::Binary,
        advisory_ecosystem: |distro| {
            let (major, minor) = distro.version.split_once('.').unwrap_or((&distro.version, ""));
            let number: u32 = major.parse().ok()?;
            let micro = distro.id.starts_with("sl-micro") || distro.id.starts_with("sle-micro");
            Some(match (micro, number) {
                (true, ..=5) => format!("SUSE:Linux Enterprise Micro {}", distro.version),
                (true, _) => format!("SUSE:Linux Micro {}", distro.version),
                // Service packs ended with 15.
                (false, 16..) => format!("SUSE:Linux Enterprise Server {}", distro.version),
                (false, _) if matches!(minor, "" | "0") => format!("SUSE:Linux Enterprise Server {major}"),
                (false, _) => format!("SUSE:Linux Enterprise Server {major} SP{minor}"),
            })
        },
        vendors: &["suse"],
        kernel: super::rpm_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "SUSE",
};
