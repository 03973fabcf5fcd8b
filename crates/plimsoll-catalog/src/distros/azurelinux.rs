//! Azure Linux, the successor of CBL-Mariner. Advisories are filed by major release: `Azure Linux:3`.

use plimsoll_types::{DistroSpec, MatchBy};

use super::{DistroEntry, major};

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "azurelinux",
        title: "Azure Linux",
        os_release_ids: &["azurelinux"],
        package_ecosystem: "rpm",
        match_by: MatchBy::Source,
        advisory_ecosystem: |distro| Some(format!("Azure Linux:{}", major(distro)?)),
        vendors: &["microsoft"],
        kernel: super::rpm_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "Azure Linux",
};
