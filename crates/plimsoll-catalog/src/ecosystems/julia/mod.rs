//! Julia packages (the General registry).

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "julia",
        title: "Julia packages",
        purl_type: "julia",
        advisory_names: &["Julia"],
        versions: schemes::SEMVER,
        normalize_name: keep_name,
        os: false,
    },
    analyzers: &[],
};
