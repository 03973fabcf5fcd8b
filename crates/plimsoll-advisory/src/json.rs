//! Reading JSON documents as a whole, with limits that hold before anything is allocated by what a file says.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};

use crate::sources::SourceError;

/// The largest document that is read as a whole, in bytes. Red Hat's largest CSAF documents, of kernel updates, have some
/// 60 MB.
pub(crate) const MAX_BYTES: usize = 256 << 20;
/// The most objects of a document. An empty one takes two bytes in the file and some hundred in memory.
pub(crate) const MAX_OBJECTS: usize = 4_000_000;

/// Parses a document.
pub(crate) fn parse<T: DeserializeOwned>(path: &str, bytes: &[u8]) -> Result<T, SourceError> {
    serde_json::from_str(text(path, bytes)?)
        .map_err(|source| SourceError::Json { path: path.to_owned(), source })
}

/// The text of a document that is within the limits.
pub(crate) fn text<'a>(path: &str, bytes: &'a [u8]) -> Result<&'a str, SourceError> {
    if bytes.len() > MAX_BYTES {
        return Err(SourceError::TooLarge { path: path.to_owned(), size: bytes.len(), limit: MAX_BYTES });
    }
    // Braces inside strings count too; a document has far fewer of either than the limit.
    let objects = bytes.iter().filter(|byte| **byte == b'{').count();
    if objects > MAX_OBJECTS {
        return Err(SourceError::Shape {
            path: path.to_owned(),
            message: format!("{objects} objects are more than the limit of {MAX_OBJECTS}"),
        });
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|source| SourceError::NotUtf8 { path: path.to_owned(), source })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Takes `null` for "not stated", as several producers write it.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
