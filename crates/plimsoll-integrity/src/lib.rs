//! Tampering and weak programs: files that are not what their package installed, permissions, how programs were hardened, age.

mod elf;
mod hardening;
mod lifecycle;
mod typosquat;

use std::sync::Arc;

use plimsoll_analysis::{Analyzer, ImageRules};

/// The analyzers of this crate.
pub fn analyzers() -> Vec<Arc<dyn Analyzer>> {
    vec![Arc::new(hardening::Hardening)]
}

/// The rules of this crate over whole images.
pub fn image_rules() -> Vec<Box<dyn ImageRules>> {
    vec![
        Box::new(hardening::HardeningRules),
        Box::new(lifecycle::LifecycleRules),
        Box::new(typosquat::TyposquatRules),
    ]
}
