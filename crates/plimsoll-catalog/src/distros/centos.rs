//! CentOS Linux and CentOS Stream. Neither has advisories of its own: it is built from the same sources as Red Hat
//! Enterprise Linux, so those of Red Hat are taken.

use plimsoll_types::{DistroSpec, MatchBy};

use super::{DistroEntry, major};

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "centos",
        title: "CentOS",
        os_release_ids: &["centos"],
        package_ecosystem: "rpm",
        match_by: MatchBy::Binary,
        advisory_ecosystem: |distro| Some(format!("Red Hat:enterprise_linux:{}", major(distro)?)),
        vendors: &["centos"],
        kernel: super::rpm_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "",
};
