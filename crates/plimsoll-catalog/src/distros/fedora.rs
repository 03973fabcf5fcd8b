//! Fedora. OSV has none of its advisories; here they are filed as `Fedora:42`.

use plimsoll_types::{DistroSpec, MatchBy};

use super::{DistroEntry, major};

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "fedora",
        title: "Fedora Linux",
        os_release_ids: &["fedora"],
        package_ecosystem: "rpm",
        match_by: MatchBy::Binary,
        advisory_ecosystem: |distro| Some(format!("Fedora:{}", major(distro)?)),
        vendors: &["fedora"],
        kernel: super::rpm_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "Fedora",
};
