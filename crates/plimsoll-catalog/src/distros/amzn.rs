//! Amazon Linux. OSV has none of its advisories; here they are filed as `Amazon Linux:2023`.

use plimsoll_types::{DistroSpec, MatchBy};

use super::{DistroEntry, major};

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "amzn",
        title: "Amazon Linux",
        os_release_ids: &["amzn"],
        package_ecosystem: "rpm",
        match_by: MatchBy::Binary,
        advisory_ecosystem: |distro| {
            // The first Amazon Linux counted its releases by year and month, 2018.03; the third is called 2023.
            let major = major(distro)?;
            let first = distro.version.contains('.') && major.len() == 4;
            Some(format!("Amazon Linux:{}", if first { "1" } else { major }))
        },
        vendors: &["amazon"],
        kernel: super::rpm_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "Amazon Linux",
};
