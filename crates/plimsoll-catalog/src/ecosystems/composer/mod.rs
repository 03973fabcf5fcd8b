//! PHP packages (Composer, Packagist).

mod installed_json;

use plimsoll_types::{EcosystemSpec, lower_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "composer",
        title: "PHP packages",
        purl_type: "composer",
        advisory_names: &["Packagist"],
        versions: schemes::COMPOSER,
        normalize_name: lower_name,
        os: false,
    },
    analyzers: &[&installed_json::InstalledJson],
};
