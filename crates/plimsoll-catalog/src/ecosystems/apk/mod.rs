//! Alpine packages (apk-tools), also used by Wolfi and Chainguard.

mod installed_db;

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "apk",
        title: "Alpine packages",
        purl_type: "apk",
        advisory_names: &[],
        versions: schemes::APK,
        normalize_name: keep_name,
        os: true,
    },
    analyzers: &[&installed_db::InstalledDb],
};
