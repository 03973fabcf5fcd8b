//! Secrets: keys, tokens and passwords in files, in archives, and in an image's configuration and history.

mod checks;
mod content;
mod engine;
pub mod files;
mod filters;
mod found;
mod image;
mod import;
mod pattern;
mod rule;
mod text;

use std::sync::Arc;

use plimsoll_analysis::{Analyzer, ImageRules};

pub use engine::Engine;
pub use found::Found;
pub use image::{mask_command, mask_value};
pub use import::{Allow, Config, analyzer, engine, image_rules as image_rules_for};
pub use rule::{Rule, RuleError, parse as parse_rules};

/// The analyzers of this crate.
pub fn analyzers() -> Vec<Arc<dyn Analyzer>> {
    vec![Arc::new(content::Content::new(None))]
}

/// The rules of this crate over whole images.
pub fn image_rules() -> Vec<Box<dyn ImageRules>> {
    vec![Box::new(image::SecretsInImage::new(None))]
}

/// The rules that come with Plimsoll, in no order of importance.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    Engine::built_in_ref().rules().iter()
}
