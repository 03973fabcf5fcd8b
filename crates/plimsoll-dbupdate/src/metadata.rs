//! `metadata.json` beside a trivy.db (trivy-db, `pkg/metadata`): when it was made and how long it is good.

use plimsoll_types::Timestamp;
use serde::Deserialize;

/// The schema that is understood.
const SCHEMA: u32 = 2;

/// What a trivy-db says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Metadata {
    /// When it was made.
    pub updated_at: Option<Timestamp>,
    /// When the next one is to be expected.
    pub next_update: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    version: u32,
    next_update: Option<String>,
    updated_at: Option<String>,
}

impl Metadata {
    /// Reads the file. A time that is none is left out: it only decides when to ask again.
    ///
    /// # Errors
    ///
    /// When it is no such file, or of a schema that is not understood; the text says why.
    pub fn parse(bytes: &[u8]) -> Result<Metadata, String> {
        let raw: Raw = serde_json::from_slice(bytes).map_err(|error| format!("metadata.json: {error}"))?;
        if raw.version != SCHEMA {
            return Err(format!("it is a trivy-db of schema {}; schema {SCHEMA} is understood", raw.version));
        }
        // Go writes the year 1 for a time that is not set.
        let time = |text: Option<String>| {
            text.and_then(|text| text.parse::<Timestamp>().ok()).filter(|time| time.seconds() > 0)
        };
        Ok(Metadata { updated_at: time(raw.updated_at), next_update: time(raw.next_update) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The form is that of a published metadata.json.
    const REAL: &str = r#"{"Version":2,"NextUpdate":"2025-02-02T00:34:38.124547129Z","UpdatedAt":"2025-02-01T00:34:38.124547469Z","DownloadedAt":"0001-01-01T00:00:00Z"}"#;

    #[test]
    fn is_read() {
        let metadata = Metadata::parse(REAL.as_bytes()).unwrap();
        assert_eq!(metadata.updated_at.unwrap().to_string(), "2025-02-01T00:34:38Z");
        assert_eq!(metadata.next_update.unwrap().to_string(), "2025-02-02T00:34:38Z");
        let unset = r#"{"Version":2,"NextUpdate":"0001-01-01T00:00:00Z","UpdatedAt":"soon"}"#;
        assert_eq!(Metadata::parse(unset.as_bytes()).unwrap(), Metadata::default());
        assert!(Metadata::parse(br#"{"Version":1}"#).unwrap_err().contains("schema 1"));
        for len in 0..REAL.len() {
            assert!(Metadata::parse(&REAL.as_bytes()[..len]).is_err(), "{len}");
        }
    }
}
