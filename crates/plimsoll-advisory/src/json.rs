//! Reading JSON documents as a whole, with limits that hold before anything is allocated by what a file says.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};

use crate::sources::{RefusalReason, Sink, SourceError};

/// The largest document that is read as a whole, in bytes. Red Hat's largest CSAF documents, of kernel updates, have some
/// 60 MB.
pub(crate) const MAX_BYTES: usize = 256 << 20;
/// The most objects of a document. An empty one takes two bytes in the file and some hundred in memory.
pub(crate) const MAX_OBJECTS: usize = 4_000_000;
/// The most values of a document. An empty text takes three bytes in the file and some fifty in memory.
const MAX_VALUES: usize = 20_000_000;
/// The largest single record, in bytes; and the most objects and values of one.
pub(crate) const MAX_RECORD_BYTES: usize = 32 << 20;
const MAX_RECORD_OBJECTS: usize = 1_000_000;
const MAX_RECORD_VALUES: usize = 4_000_000;

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
    if let Some(message) = too_many(bytes, MAX_OBJECTS, MAX_VALUES) {
        return Err(SourceError::Limit { path: path.to_owned(), message });
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|source| SourceError::NotUtf8 { path: path.to_owned(), source })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// What there is too much of in a JSON text: a few bytes of it can ask for many times as much memory.
fn too_many(bytes: &[u8], objects: usize, values: usize) -> Option<String> {
    // What stands inside strings counts too; a document has far fewer of either than the limit.
    let count = |wanted: u8| bytes.iter().filter(|byte| **byte == wanted).count();
    let (braces, commas) = (count(b'{'), count(b','));
    if braces > objects {
        Some(format!("{braces} objects are more than the limit of {objects}"))
    } else if commas > values {
        Some(format!("{commas} values are more than the limit of {values}"))
    } else {
        None
    }
}

/// Parses one record of a document that holds many. One that cannot be read or is over a limit is refused, so that it
/// spoils no other.
pub(crate) fn record<T: DeserializeOwned>(path: &str, place: &str, json: &str, out: &mut Sink) -> Option<T> {
    match single(path, json) {
        Ok(record) => Some(record),
        Err(SourceError::Json { source, .. }) => {
            out.refuse(path, place, RefusalReason::Malformed, &source.to_string());
            None
        }
        Err(SourceError::Limit { message, .. }) => {
            out.refuse(path, place, RefusalReason::TooLarge, &message);
            None
        }
        Err(_) => {
            out.refuse(path, place, RefusalReason::TooLarge, &format!("{} bytes", json.len()));
            None
        }
    }
}

/// Parses the text of one record, with the limits that hold for one.
pub(crate) fn single<T: DeserializeOwned>(path: &str, json: &str) -> Result<T, SourceError> {
    if json.len() > MAX_RECORD_BYTES {
        return Err(SourceError::TooLarge {
            path: path.to_owned(),
            size: json.len(),
            limit: MAX_RECORD_BYTES,
        });
    }
    if let Some(message) = too_many(json.as_bytes(), MAX_RECORD_OBJECTS, MAX_RECORD_VALUES) {
        return Err(SourceError::Limit { path: path.to_owned(), message });
    }
    serde_json::from_str(json).map_err(|source| SourceError::Json { path: path.to_owned(), source })
}

/// Takes `null` for "not stated", as several producers write it.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
