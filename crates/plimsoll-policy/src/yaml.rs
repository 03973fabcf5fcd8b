//! Reading YAML (1.2), up to a size.

use serde::de::DeserializeOwned;

use crate::PolicyError;

/// The largest file that is read.
pub(crate) const MAX_SIZE: usize = 4 << 20;

/// The text of a file that is not too large.
pub(crate) fn text<'a>(origin: &str, bytes: &'a [u8]) -> Result<&'a str, PolicyError> {
    if bytes.len() > MAX_SIZE {
        return Err(PolicyError::TooLarge { origin: origin.to_owned(), size: bytes.len(), limit: MAX_SIZE });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| PolicyError::Encoding { origin: origin.to_owned() })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Parses one YAML document; `None` for a file in which nothing is said.
pub(crate) fn parse<T: DeserializeOwned>(origin: &str, bytes: &[u8]) -> Result<Option<T>, PolicyError> {
    let text = text(origin, bytes)?;
    let says_nothing = |line: &str| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line == "---"
    };
    if text.lines().all(says_nothing) {
        return Ok(None);
    }
    plimsoll_yaml::parse(text).map(Some).map_err(|error| PolicyError::at(origin, error.line, error.message))
}
