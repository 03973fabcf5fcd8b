//! Pods for Apple's platforms. OSV has no name for them; here it is the one that others use.

use plimsoll_types::{EcosystemSpec, keep_name};

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "cocoapods",
        title: "CocoaPods",
        purl_type: "cocoapods",
        advisory_names: &["CocoaPods"],
        versions: schemes::SEMVER,
        normalize_name: keep_name,
        os: false,
    },
    analyzers: &[],
};
