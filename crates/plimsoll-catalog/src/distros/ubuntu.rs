//! Ubuntu. Advisories are filed by release, marked when it has long-term support: `Ubuntu:22.04:LTS`, `Ubuntu:23.10`.

use plimsoll_types::{DistroSpec, MatchBy};

use super::DistroEntry;

pub(super) static DISTRO: DistroEntry = DistroEntry {
    spec: &DistroSpec {
        id: "ubuntu",
        title: "Ubuntu",
        os_release_ids: &["ubuntu"],
        package_ecosystem: "deb",
        match_by: MatchBy::Source,
        advisory_ecosystem: |distro| {
            let (year, month) = distro.version.split_once('.')?;
            let (year, month) = (year.parse::<u32>().ok()?, month.get(..2)?);
            // Every April release of an even year has long-term support.
            let long_term = year % 2 == 0 && month == "04";
            Some(format!("Ubuntu:{year}.{month}{}", if long_term { ":LTS" } else { "" }))
        },
    },
    advisory_name: "Ubuntu",
};
