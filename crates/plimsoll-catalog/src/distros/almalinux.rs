//! AlmaLinux. Errata are filed by major release: `AlmaLinux:8`.

use plimsoll_types::{DistroSpec, MatchBy};

use super::{DistroEntry, major};

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "almalinux",
        title: "AlmaLinux",
        os_release_ids: &["almalinux"],
        package_ecosystem: "rpm",
        match_by: MatchBy::Binary,
        advisory_ecosystem: |distro| Some(format!("AlmaLinux:{}", major(distro)?)),
        vendors: &["almalinux"],
        kernel: super::rpm_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "AlmaLinux",
};
