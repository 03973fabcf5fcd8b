//! R packages (CRAN).

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "cran",
        title: "R packages",
        purl_type: "cran",
        advisory_names: &["CRAN"],
        versions: schemes::CRAN,
        normalize_name: keep_name,
        os: false,
    },
    analyzers: &[],
};
