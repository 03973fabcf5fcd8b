//! Why an image cannot be opened.

use std::io;
use std::path::PathBuf;

use plimsoll_types::{Digest, Platform};

/// Why an image cannot be opened. Every message names the path, digest or reference and the reason.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The target is of no known kind.
    #[error("{} is not a container image: {reason}", path.display())]
    NotAnImage {
        /// The target.
        path: PathBuf,
        /// What was looked for.
        reason: String,
    },
    /// A JSON document is not one, or not the one that it should be.
    #[error("{what} is not valid: {reason}")]
    Document {
        /// Which document, such as `manifest sha256:…`.
        what: String,
        /// What is wrong.
        reason: String,
    },
    /// Bytes do not have the digest under which they are filed.
    #[error("{what} has the digest {actual}, not {expected}")]
    DigestMismatch {
        /// What was read.
        what: String,
        /// What was promised.
        expected: Digest,
        /// What it is.
        actual: Digest,
    },
    /// A blob that the image needs is missing.
    #[error("{what} is missing from {}", path.display())]
    Missing {
        /// What is missing, such as `layer sha256:…`.
        what: String,
        /// Where it should be.
        path: PathBuf,
    },
    /// A media type that is not an image's.
    #[error("{what} has the media type '{media_type}', which is not supported")]
    MediaType {
        /// What has it.
        what: String,
        /// The media type.
        media_type: String,
    },
    /// No image for the platform.
    #[error("{name} has no image for {wanted}; it has {}", list(available))]
    NoPlatform {
        /// The target.
        name: String,
        /// The platform asked for.
        wanted: Platform,
        /// What there is.
        available: Vec<Platform>,
    },
    /// No image under the name asked for, or several and no name given.
    #[error("{}: {reason}", path.display())]
    Selection {
        /// The layout or archive.
        path: PathBuf,
        /// What was asked for and what there is.
        reason: String,
    },
}

fn list(platforms: &[Platform]) -> String {
    if platforms.is_empty() {
        return "none".to_owned();
    }
    platforms.iter().map(Platform::to_string).collect::<Vec<_>>().join(", ")
}
