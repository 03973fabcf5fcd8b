//! Why an advisory database could not be had.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use plimsoll_db::{OpenError, ReadError};
use plimsoll_http::HttpError;
use plimsoll_registry::RegistryError;

use crate::chunks::ChunkError;
use crate::state::StateError;

/// Why an update did not come about. The index that was in place is untouched.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The folder of the index cannot be used.
    #[error("cannot use the folder '{}' of the advisory database", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Another process is at it, and took too long to be waited for.
    #[error("another process is updating the advisory database")]
    Busy,
    /// The state beside the index cannot be written.
    #[error(transparent)]
    State(#[from] StateError),
    /// There is no source to ask.
    #[error("no source of an advisory database is named")]
    NoSource,
    /// No source gave an index.
    #[error("{}", Failures(.0))]
    Failed(Vec<(String, FetchError)>),
}

/// What became of each source.
struct Failures<'a>(&'a [(String, FetchError)]);

impl fmt::Display for Failures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (origin, error)) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{origin}: {}", with_causes(error))?;
        }
        Ok(())
    }
}

/// An error and its causes in one line; a cause that only repeats what was said is left out.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// Why one source gave no index.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The registry did not give it.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The web server did not give it.
    #[error(transparent)]
    Web(#[from] HttpError),
    /// The download broke off. What came is kept and taken up by the next update.
    #[error("the download broke off after {position} bytes; the next update goes on from there")]
    Broken {
        /// How many bytes came.
        position: u64,
        /// The cause.
        source: io::Error,
    },
    /// The download took longer than the caller waits. What came is kept and taken up by the next update.
    #[error("the download takes too long; the next update goes on from byte {position}")]
    Stopped {
        /// How many bytes came.
        position: u64,
    },
    /// What came has another digest than promised.
    #[error("what came has the digest {actual}, not {expected}")]
    Digest {
        /// What was promised.
        expected: String,
        /// What it is.
        actual: String,
    },
    /// It is larger than a database may be.
    #[error("{what} has more than {limit} bytes")]
    TooLarge {
        /// What.
        what: String,
        /// How many bytes are taken.
        limit: u64,
    },
    /// Something on disk cannot be read.
    #[error("cannot read '{}'", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Something on disk cannot be written.
    #[error("cannot write '{}'", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// It is no advisory database in a form that is known.
    #[error("it is no advisory database that can be read: {0}")]
    Form(String),
    /// An archive is damaged.
    #[error("cannot unpack it")]
    Unpack(#[source] Box<dyn Error + Send + Sync>),
    /// It cannot be converted.
    #[error("cannot convert it")]
    Convert(#[source] Box<dyn Error + Send + Sync>),
    /// The index made of it cannot be opened.
    #[error("the index made of it cannot be used")]
    Open(#[from] OpenError),
    /// The index made of it is damaged.
    #[error("the index made of it is damaged")]
    Index(#[from] ReadError),
    /// It holds nothing.
    #[error("it holds no advisory")]
    Empty,
    /// Its chunks cannot be used.
    #[error(transparent)]
    Chunks(#[from] ChunkError),
}

impl FetchError {
    /// True when asking another source makes no sense: this machine is at fault.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            FetchError::Write { .. } | FetchError::Stopped { .. } => true,
            FetchError::Registry(error) => error.is_final(),
            FetchError::Web(error) => {
                matches!(
                    error,
                    HttpError::Offline { .. } | HttpError::Roots { .. } | HttpError::Setting { .. }
                )
            }
            FetchError::Chunks(error) => matches!(error, ChunkError::Store { .. } | ChunkError::Stopped),
            _ => false,
        }
    }
}

/// The error for a file that cannot be written.
pub(crate) fn writing(path: &Path) -> impl FnOnce(io::Error) -> FetchError {
    move |source| FetchError::Write { path: path.to_owned(), source }
}

/// The error for a file that cannot be read.
pub(crate) fn reading(path: &Path) -> impl FnOnce(io::Error) -> FetchError {
    move |source| FetchError::Read { path: path.to_owned(), source }
}
