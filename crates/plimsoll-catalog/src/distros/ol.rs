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
        vendors: &["oracle"],
        kernel: super::rpm_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "Oracle Linux",
};
