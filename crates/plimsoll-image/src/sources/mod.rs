//! The register of image sources that lie on a disk.

mod archive;
mod attached;
mod docker;
mod layout;
mod store;

use std::path::Path;

pub use attached::LayoutArtifacts;

use crate::{Image, ImageError, PlatformChoice};

/// What a source is asked for.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The file or folder.
    pub path: &'a Path,
    /// The tag or digest asked for; empty for whatever there is.
    pub selector: &'a str,
    /// The platforms asked for.
    pub platform: &'a PlatformChoice,
    /// The architecture of this machine as OCI spells it.
    pub machine: &'a str,
}

/// A place where images come from.
pub struct ImageSource {
    /// The prefix that forces it, such as `oci`.
    pub id: &'static str,
    /// One line for people.
    pub description: &'static str,
    /// Whether a path without a prefix looks like its own.
    pub recognises: fn(&Path) -> bool,
    /// Opens the images asked for: one, or several when the source holds several or all platforms are asked for.
    pub open: fn(&Request<'_>) -> Result<Vec<Image>, ImageError>,
}

/// All of them, in the order in which a path without a prefix is held against them.
pub const SOURCES: &[ImageSource] = &[layout::SOURCE, archive::SOURCE];

/// The source with this prefix.
pub fn source(id: &str) -> Option<&'static ImageSource> {
    SOURCES.iter().find(|source| source.id == id)
}

/// The source that a path without a prefix belongs to.
pub fn recognise(path: &Path) -> Option<&'static ImageSource> {
    SOURCES.iter().find(|source| (source.recognises)(path))
}
