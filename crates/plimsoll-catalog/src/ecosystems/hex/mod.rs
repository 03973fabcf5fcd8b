//! Erlang and Elixir packages (Hex).

use plimsoll_types::{EcosystemSpec, lower_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "hex",
        title: "Erlang and Elixir packages",
        purl_type: "hex",
        advisory_names: &["Hex"],
        versions: schemes::HEX,
        normalize_name: lower_name,
        os: false,
    },
    analyzers: &[],
};
