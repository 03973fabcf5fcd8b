//! Alpine Linux. Advisories are filed by branch: `Alpine:v3.20`; a pre-release of `edge` has none.

use plimsoll_types::{DistroSpec, MatchBy};

use super::DistroEntry;

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "alpine",
        title: "Alpine Linux",
        os_release_ids: &["alpine"],
        package_ecosystem: "apk",
        match_by: MatchBy::Source,
        advisory_ecosystem: |distro| {
            let mut parts = distro.version.split('.');
            let (major, minor) = (parts.next()?, parts.next()?);
            let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
            // edge calls itself 3.21.0_alpha20240807: its packages are ahead of every branch.
            if distro.version.contains('_') || !digits(major) || !digits(minor) {
                return Some("Alpine:edge".to_owned());
            }
            Some(format!("Alpine:v{major}.{minor}"))
        },
        kernel: super::apk_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "Alpine",
};
