//! What can be wrong with a file that says what is allowed.

/// Why a policy, an ignore file or a waiver cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The file does not say what its form asks for.
    #[error("{origin}:{line}: {message}")]
    Invalid {
        /// The file.
        origin: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong there.
        message: String,
    },
    /// The file is larger than any that people write.
    #[error("{origin}: {size} bytes are more than the limit of {limit}")]
    TooLarge {
        /// The file.
        origin: String,
        /// Its size.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// The file is not UTF-8.
    #[error("{origin}: not UTF-8 text")]
    Encoding {
        /// The file.
        origin: String,
    },
}

impl PolicyError {
    pub(crate) fn at(origin: &str, line: u64, message: impl Into<String>) -> PolicyError {
        PolicyError::Invalid { origin: origin.to_owned(), line, message: message.into() }
    }
}
