//! Ubuntu. Advisories are filed by release, marked when it has long-term support: `Ubuntu:22.04:LTS`, `Ubuntu:23.10`.
//! Fixes of its extended maintenance (ESM), which need a subscription, are filed apart: `Ubuntu:Pro:20.04:LTS`.

use plimsoll_types::{Distro, DistroSpec, MatchBy};

use super::DistroEntry;

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "ubuntu",
        title: "Ubuntu",
        os_release_ids: &["ubuntu"],
        package_ecosystem: "deb",
        match_by: MatchBy::Source,
        advisory_ecosystem: |distro| {
            let (release, long_term) = release(distro)?;
            Some(format!("Ubuntu:{release}{}", if long_term { ":LTS" } else { "" }))
        },
        subscription_ecosystem: |distro| {
            let (release, long_term) = release(distro)?;
            long_term.then(|| format!("Ubuntu:Pro:{release}:LTS"))
        },
        foreign: super::DEB_THIRD_PARTIES,
        kernel: super::deb_kernel,
        ..DistroSpec::PLAIN
    },
    advisory_name: "Ubuntu",
};

/// `22.04`, and whether it has long-term support: every April release of an even year has.
fn release(distro: &Distro) -> Option<(String, bool)> {
    let (year, month) = distro.version.split_once('.')?;
    let (year, month) = (year.parse::<u32>().ok()?, month.get(..2)?);
    Some((format!("{year}.{month}"), year % 2 == 0 && month == "04"))
}
