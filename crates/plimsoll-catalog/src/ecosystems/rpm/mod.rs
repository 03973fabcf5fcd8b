//! RPM packages.

mod database;
mod manifest;

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "rpm",
        title: "RPM packages",
        purl_type: "rpm",
        advisory_names: &[],
        versions: schemes::RPM,
        normalize_name: keep_name,
        os: true,
    },
    analyzers: &[&database::Database, &manifest::Manifest],
};
