//! Tampering and weak programs: files that are not what their package installed, permissions, how programs were hardened, age.

mod elf;
mod expected;
mod hardening;
mod lifecycle;
mod permissions;
mod shown;
mod tampering;
mod typosquat;

use std::sync::Arc;

use plimsoll_analysis::{Analyzer, ImageRules};

pub use permissions::capabilities::Capabilities;

/// The analyzers of this crate.
pub fn analyzers() -> Vec<Arc<dyn Analyzer>> {
    vec![
        Arc::new(expected::Sums),
        Arc::new(expected::dpkg::Md5Sums),
        Arc::new(expected::dpkg::Conffiles),
        Arc::new(expected::dpkg::Diversions),
        Arc::new(expected::apk::Sums),
        Arc::new(expected::rpm::Sums),
        Arc::new(hardening::Hardening),
    ]
}

/// The rules of this crate over whole images.
pub fn image_rules() -> Vec<Box<dyn ImageRules>> {
    vec![
        Box::new(tampering::packages::PackageFiles),
        Box::new(tampering::unowned::Unowned),
        Box::new(tampering::entries::Entries),
        Box::new(tampering::history::History),
        Box::new(tampering::residue::Residue),
        Box::new(permissions::Permissions),
        Box::new(hardening::HardeningRules),
        Box::new(lifecycle::LifecycleRules),
        Box::new(typosquat::TyposquatRules),
    ]
}
