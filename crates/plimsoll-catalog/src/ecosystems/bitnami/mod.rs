//! Components of Bitnami's images.

mod spdx;

use plimsoll_types::{EcosystemSpec, lower_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "bitnami",
        title: "Bitnami components",
        purl_type: "bitnami",
        advisory_names: &["Bitnami"],
        versions: schemes::BITNAMI,
        normalize_name: lower_name,
        os: false,
    },
    analyzers: &[&spdx::Spdx],
};
