//! Java packages (Maven coordinates) found in jar files and their relatives.

mod archive;
mod file_name;
mod identity;
mod known;
mod manifest;
mod pom;

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "maven",
        title: "Java",
        purl_type: "maven",
        advisory_names: &["Maven"],
        versions: schemes::MAVEN,
        normalize_name: keep_name,
        os: false,
    },
    analyzers: &[&archive::Archives],
};
