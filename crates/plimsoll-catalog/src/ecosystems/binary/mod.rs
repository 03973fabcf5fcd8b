//! Programs that no package manager knows, recognised by what stands in their executables.

mod classifier;
mod pattern;
mod programs;

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "binary",
        title: "Programs recognised by their content",
        purl_type: "generic",
        advisory_names: &["CPE"],
        versions: schemes::GENERIC,
        normalize_name: keep_name,
        os: false,
    },
    analyzers: &[&classifier::Classifier],
};
