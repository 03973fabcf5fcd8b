//! Secrets: keys, tokens and passwords in files, in archives, and in an image's configuration and history.

mod checks;
mod content;
mod engine;
pub mod files;
mod filters;
mod found;
mod image;
mod rule;
mod text;

use std::sync::Arc;

use plimsoll_analysis::{Analyzer, ImageRules};

pub use engine::Engine;
pub use found::Found;
pub use rule::{Rule, RuleError, parse as parse_rules};

/// The analyzers of this crate.
pub fn analyzers() -> Vec<Arc<dyn Analyzer>> {
    vec![Arc::new(content::Content::new(Engine::built_in()))]
}

/// The analyzer of files with these rules in place of those that come with Plimsoll.
pub fn analyzer(engine: Arc<Engine>) -> Arc<dyn Analyzer> {
    Arc::new(content::Content::new(engine))
}

/// The rules of this crate over whole images.
pub fn image_rules() -> Vec<Box<dyn ImageRules>> {
    vec![Box::new(image::SecretsInImage::new(Engine::built_in()))]
}

/// The rules over whole images with these rules in place of those that come with Plimsoll.
pub fn image_rules_with(engine: Arc<Engine>) -> Vec<Box<dyn ImageRules>> {
    vec![Box::new(image::SecretsInImage::new(engine))]
}
