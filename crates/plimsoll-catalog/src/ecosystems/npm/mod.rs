//! Node.js packages (npm).

mod package_json;

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "npm",
        title: "Node.js packages",
        purl_type: "npm",
        advisory_names: &["npm"],
        versions: schemes::NPM,
        normalize_name: keep_name,
        os: false,
    },
    analyzers: &[&package_json::PackageJson],
};
