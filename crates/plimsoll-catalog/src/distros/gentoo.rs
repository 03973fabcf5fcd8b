//! Gentoo. A rolling distribution: its advisories name no release, and `VERSION_ID` is the version of the package that
//! brings `os-release`. OSV has none of them; here they are filed as `Gentoo`.

use plimsoll_types::{DistroSpec, MatchBy};

use super::DistroEntry;

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "gentoo",
        title: "Gentoo",
        os_release_ids: &["gentoo"],
        package_ecosystem: "portage",
        match_by: MatchBy::Binary,
        advisory_ecosystem: |_| Some("Gentoo".to_owned()),
        ..DistroSpec::PLAIN
    },
    advisory_name: "Gentoo",
};
