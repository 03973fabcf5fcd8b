//! Secrets: keys, tokens and passwords in files, in archives, and in an image's configuration and history.

pub mod files;
mod found;

use std::sync::Arc;

use plimsoll_analysis::{Analyzer, ImageRules};

pub use found::Found;

/// The analyzers of this crate.
pub fn analyzers() -> Vec<Arc<dyn Analyzer>> {
    Vec::new()
}

/// The rules of this crate over whole images.
pub fn image_rules() -> Vec<Box<dyn ImageRules>> {
    Vec::new()
}
