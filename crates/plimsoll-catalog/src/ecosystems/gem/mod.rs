//! Ruby gems (RubyGems).

mod gemspec;

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "gem",
        title: "Ruby gems",
        purl_type: "gem",
        advisory_names: &["RubyGems"],
        versions: schemes::RUBYGEMS,
        normalize_name: keep_name,
        os: false,
    },
    analyzers: &[&gemspec::Gemspec],
};
