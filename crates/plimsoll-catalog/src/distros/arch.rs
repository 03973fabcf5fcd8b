//! Arch Linux. A rolling distribution: its advisories name no release. OSV has none of them; here they are filed as
//! `Arch Linux`.

use plimsoll_types::{DistroSpec, MatchBy};

use super::DistroEntry;

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "arch",
        title: "Arch Linux",
        os_release_ids: &["arch"],
        package_ecosystem: "alpm",
        match_by: MatchBy::Binary,
        advisory_ecosystem: |_| Some("Arch Linux".to_owned()),
        ..DistroSpec::PLAIN
    },
    advisory_name: "Arch Linux",
};
