//! openSUSE. Advisories are filed by product: `openSUSE:Leap 15.6`, `openSUSE:Tumbleweed`.

use plimsoll_types::{DistroSpec, MatchBy};

use super::DistroEntry;

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "opensuse",
        title: "openSUSE",
        os_release_ids: &["opensuse-leap", "opensuse-leap-micro", "opensuse-tumbleweed", "opensuse"],
        package_ecosystem: "rpm",
        match_by: MatchBy::Binary,
        advisory_ecosystem: |distro| match distro.id.as_str() {
            // Tumbleweed's version is the date of a snapshot.
            "opensuse-tumbleweed" => Some("openSUSE:Tumbleweed".to_owned()),
            _ if distro.version.is_empty() => None,
            "opensuse-leap-micro" => Some(format!("openSUSE:Leap Micro {}", distro.version)),
            _ => Some(format!("openSUSE:Leap {}", distro.version)),
        },
        vendors: &["opensuse", "suse"],
        kernel: super::rpm_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "openSUSE",
};
