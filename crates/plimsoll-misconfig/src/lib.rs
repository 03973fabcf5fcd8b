//! Faults of configuration: of an image and of how it was built, of its accounts and software sources, and of the manifests that say
//! how it is to run.

pub mod build;

mod evidence;
pub mod files;
mod image;
pub mod manifests;
pub mod rules;
pub mod shell;

use std::sync::Arc;

use plimsoll_analysis::{Analyzer, ImageRules};

/// The analyzers of this crate.
pub fn analyzers() -> Vec<Arc<dyn Analyzer>> {
    let mut all = files::analyzers();
    all.push(Arc::new(manifests::Manifests));
    all.push(Arc::new(manifests::Dockerfiles));
    all
}

/// The rules of this crate over whole images.
pub fn image_rules() -> Vec<Box<dyn ImageRules>> {
    vec![Box::new(image::ImageFaults)]
}
