//! Red Hat Enterprise Linux and its universal base images. OSV files errata by CPE, product and repository:
//! `Red Hat:enterprise_linux:9::appstream`. Which repository a package came from is not in an image, so all of a
//! release are one here: `Red Hat:enterprise_linux:9`.

use plimsoll_types::{DistroSpec, MatchBy};

use super::{DistroEntry, major};

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "redhat",
        title: "Red Hat Enterprise Linux",
        os_release_ids: &["rhel"],
        package_ecosystem: "rpm",
        match_by: MatchBy::Binary,
        advisory_ecosystem: |distro| Some(format!("Red Hat:enterprise_linux:{}", major(distro)?)),
        vendors: &["red hat"],
        kernel: super::rpm_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "Red Hat",
};
