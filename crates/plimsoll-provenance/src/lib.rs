//! Where an image comes from: signatures, attestations, labels; and the licences of its packages.

use std::sync::Arc;

use plimsoll_analysis::{Analyzer, ImageRules};

/// The analyzers of this crate.
pub fn analyzers() -> Vec<Arc<dyn Analyzer>> {
    Vec::new()
}

/// The rules of this crate over whole images.
pub fn image_rules() -> Vec<Box<dyn ImageRules>> {
    Vec::new()
}
