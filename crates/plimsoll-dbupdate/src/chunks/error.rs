//! Why an index cannot be published or put together.

use std::io;
use std::path::PathBuf;

use plimsoll_db::{ReadError, WriteError};
use plimsoll_registry::RegistryError;

/// Why an index cannot be published in chunks, or put together from them.
#[derive(Debug, thiserror::Error)]
pub enum ChunkError {
    /// The manifest or the configuration cannot be understood.
    #[error("the description of the chunks cannot be understood: {0}")]
    Description(String),
    /// The chunks are of another version.
    #[error("the chunks are of version {found}; version {known} is understood")]
    Version {
        /// Theirs.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// A chunk is not what it should be.
    #[error("the chunk {digest} is damaged: {reason}")]
    Chunk {
        /// The chunk.
        digest: String,
        /// What is wrong.
        reason: String,
    },
    /// A chunk broke off.
    #[error("the chunk {digest} broke off; those that came before it are kept")]
    Broken {
        /// The chunk.
        digest: String,
        /// The cause.
        source: io::Error,
    },
    /// Fetching took longer than the caller waits.
    #[error("the download takes too long; the chunks that came are kept for the next update")]
    Stopped,
    /// The registry does not give or take one.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// A file cannot be written or read.
    #[error("cannot use '{}'", path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The index that is to be published is damaged.
    #[error(transparent)]
    Index(#[from] ReadError),
    /// The index cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Something cannot be put into its serial form.
    #[error("cannot serialise the database: {0}")]
    Serial(String),
}
