//! C and C++ packages (Conan, ConanCenter).

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "conan",
        title: "Conan packages",
        purl_type: "conan",
        advisory_names: &["ConanCenter"],
        versions: schemes::CONAN,
        normalize_name: keep_name,
        os: false,
    },
    analyzers: &[],
};
