//! Rocky Linux. Errata are filed by major release: `Rocky Linux:9`.

use plimsoll_types::{DistroSpec, MatchBy};

use super::{DistroEntry, major};

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "rocky",
        title: "Rocky Linux",
        os_release_ids: &["rocky"],
        package_ecosystem: "rpm",
        match_by: MatchBy::Binary,
        advisory_ecosystem: |distro| Some(format!("Rocky Linux:{}", major(distro)?)),
        vendors: &["rocky"],
        kernel: super::rpm_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "Rocky Linux",
};
