//! Debian packages (dpkg), also used by Ubuntu and distroless images.

mod status;

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "deb",
        title: "Debian packages",
        purl_type: "deb",
        advisory_names: &[],
        versions: schemes::DPKG,
        normalize_name: keep_name,
        os: true,
    },
    analyzers: &[&status::Status, &status::StatusDirectory, &status::FileLists],
};
