//! Gentoo packages (Portage). A package's name is its category and its own: `dev-libs/openssl`.

mod contents;

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "portage",
        title: "Gentoo packages",
        purl_type: "ebuild",
        advisory_names: &[],
        versions: schemes::PORTAGE,
        normalize_name: keep_name,
        os: true,
    },
    analyzers: &[&contents::Contents],
};
