//! .NET packages (NuGet).

mod deps_json;

use plimsoll_types::{EcosystemSpec, lower_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "nuget",
        title: ".NET packages",
        purl_type: "nuget",
        advisory_names: &["NuGet"],
        versions: schemes::NUGET,
        normalize_name: lower_name,
        os: false,
    },
    analyzers: &[&deps_json::DepsJson],
};
