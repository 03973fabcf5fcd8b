//! Dart and Flutter packages (Pub).

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "pub",
        title: "Dart packages",
        purl_type: "pub",
        advisory_names: &["Pub"],
        versions: schemes::PUB,
        normalize_name: keep_name,
        os: false,
    },
    analyzers: &[],
};
