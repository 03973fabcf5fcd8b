//! Photon OS. Advisories are filed by release: `Photon OS:5.0`.

use plimsoll_types::{DistroSpec, MatchBy};

use super::{DistroEntry, major};

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "photon",
        title: "Photon OS",
        os_release_ids: &["photon"],
        package_ecosystem: "rpm",
        match_by: MatchBy::Source,
        advisory_ecosystem: |distro| {
            let major = major(distro)?;
            // `VERSION_ID` is 5.0, and so is the name of the release.
            let release = if distro.version == major { format!("{major}.0") } else { distro.version.clone() };
            Some(format!("Photon OS:{release}"))
        },
        vendors: &["vmware", "broadcom"],
        kernel: super::rpm_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "Photon OS",
};
