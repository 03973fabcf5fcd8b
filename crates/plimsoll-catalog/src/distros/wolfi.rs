//! Wolfi. A rolling distribution: its advisories name no release.

use plimsoll_types::{DistroSpec, MatchBy};

use super::DistroEntry;

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "wolfi",
        title: "Wolfi",
        os_release_ids: &["wolfi"],
        package_ecosystem: "apk",
        match_by: MatchBy::Source,
        advisory_ecosystem: |_| Some("Wolfi".to_owned()),
        kernel: super::apk_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "Wolfi",
};
