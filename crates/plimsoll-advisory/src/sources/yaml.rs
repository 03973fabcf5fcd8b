//! Reading YAML, up to a size.

use serde::de::DeserializeOwned;

use super::SourceError;

/// The largest document, in bytes: many times the largest that there is. A byte of it can ask for some forty in memory.
pub(super) const MAX_BYTES: usize = 16 << 20;

/// Parses one YAML document.
pub(super) fn parse<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, SourceError> {
    if text.len() > MAX_BYTES {
        return Err(SourceError::TooLarge { path: path.to_owned(), size: text.len(), limit: MAX_BYTES });
    }
    plimsoll_yaml::parse(text).map_err(|error| SourceError::Yaml {
        path: path.to_owned(),
        message: super::text::one_line(&error.to_string()),
    })
}
