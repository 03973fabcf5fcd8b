//! Rust crates, as recorded in executables by cargo-auditable.

mod auditable;

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "cargo",
        title: "Rust",
        purl_type: "cargo",
        advisory_names: &["crates.io"],
        versions: schemes::SEMVER,
        normalize_name: keep_name,
        os: false,
    },
    analyzers: &[&auditable::Auditable],
};
