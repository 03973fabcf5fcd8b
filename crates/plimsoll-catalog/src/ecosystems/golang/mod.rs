//! Go modules, as built into executables.

mod build_info;

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "golang",
        title: "Go",
        purl_type: "golang",
        advisory_names: &["Go"],
        versions: schemes::GOLANG,
        normalize_name: keep_name,
        os: false,
    },
    analyzers: &[&build_info::BuildInfo],
};
