//! Debian. Advisories are filed by release number: `Debian:12`.

use plimsoll_types::{DistroSpec, MatchBy};

use super::DistroEntry;

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "debian",
        title: "Debian",
        os_release_ids: &["debian"],
        package_ecosystem: "deb",
        match_by: MatchBy::Source,
        advisory_ecosystem: |distro| {
            let major: String = distro.version.chars().take_while(char::is_ascii_digit).collect();
            if !major.is_empty() {
                return Some(format!("Debian:{major}"));
            }
            // Testing and unstable carry a codename but no number.
            let number = match distro.codename.as_str() {
                "buster" => 10,
                "bullseye" => 11,
                "bookworm" => 12,
                "trixie" => 13,
                "forky" => 14,
                _ => return None,
            };
            Some(format!("Debian:{number}"))
        },
        foreign: super::DEB_THIRD_PARTIES,
        kernel: super::deb_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "Debian",
};
