//! Actions of GitHub workflows, named by their repository: `actions/checkout`. GitHub does not tell case apart.

use plimsoll_types::{EcosystemSpec, lower_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "github-actions",
        title: "GitHub Actions",
        purl_type: "github",
        advisory_names: &["GitHub Actions"],
        versions: schemes::SEMVER,
        normalize_name: lower_name,
        os: false,
    },
    analyzers: &[],
};
