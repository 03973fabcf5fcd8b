//! Faults of configuration: of an image and of how it was built, of its accounts and software sources, and of the manifests that say
//! how it is to run.

mod manifests;

use std::sync::Arc;

use plimsoll_analysis::{Analyzer, ImageRules};

/// The analyzers of this crate.
pub fn analyzers() -> Vec<Arc<dyn Analyzer>> {
    vec![Arc::new(manifests::Manifests)]
}

/// The rules of this crate over whole images.
pub fn image_rules() -> Vec<Box<dyn ImageRules>> {
    Vec::new()
}
