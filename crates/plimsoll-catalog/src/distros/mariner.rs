//! CBL-Mariner, which was renamed to Azure Linux with release 3. Advisories are filed under the new name:
//! `Azure Linux:2`.

use plimsoll_types::{DistroSpec, MatchBy};

use super::{DistroEntry, major};

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "mariner",
        title: "CBL-Mariner",
        os_release_ids: &["mariner"],
        package_ecosystem: "rpm",
        match_by: MatchBy::Source,
        advisory_ecosystem: |distro| Some(format!("Azure Linux:{}", major(distro)?)),
        vendors: &["microsoft"],
        kernel: super::rpm_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "Azure Linux",
};
