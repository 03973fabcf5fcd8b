//! Where an image comes from: signatures, attestations, labels; and the licences of its packages.
//!
//! Nothing here fetches anything: what is attached to an image is given to [`statements`] by whoever knows the registry or the layout.

mod attachment;
mod judge;
mod key;
mod labels;
pub mod license;

use std::sync::Arc;

use plimsoll_analysis::{Analyzer, ImageRules};

pub use attachment::{AttachedLayer, Attachment, Kind, Statement, Verdict, is_read, statements};
pub use judge::{describe, judge, no_place, not_signed};
pub use key::{KeyError, PublicKey};

/// The analyzers of this crate.
pub fn analyzers() -> Vec<Arc<dyn Analyzer>> {
    Vec::new()
}

/// The rules of this crate over whole images.
pub fn image_rules() -> Vec<Box<dyn ImageRules>> {
    vec![Box::new(labels::LabelRules), Box::new(license::LicenseRules)]
}
