//! Haskell packages (Hackage).

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "hackage",
        title: "Haskell packages",
        purl_type: "hackage",
        advisory_names: &["Hackage"],
        versions: schemes::HACKAGE,
        normalize_name: keep_name,
        os: false,
    },
    analyzers: &[],
};
