//! Chainguard. A rolling distribution: its advisories name no release.

use plimsoll_types::{DistroSpec, MatchBy};

use super::DistroEntry;

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "chainguard",
        title: "Chainguard OS",
        os_release_ids: &["chainguard"],
        package_ecosystem: "apk",
        match_by: MatchBy::Source,
        advisory_ecosystem: |_| Some("Chainguard".to_owned()),
        kernel: super::apk_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "Chainguard",
};
