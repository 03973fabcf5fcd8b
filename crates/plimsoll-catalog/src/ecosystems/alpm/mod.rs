//! Arch Linux packages (pacman, libalpm).

mod local_db;

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "alpm",
        title: "Arch Linux packages",
        purl_type: "alpm",
        advisory_names: &[],
        versions: schemes::PACMAN,
        normalize_name: keep_name,
        os: true,
    },
    analyzers: &[&local_db::LocalDb, &local_db::FileLists],
};
