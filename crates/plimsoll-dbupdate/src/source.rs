//! Where advisory databases come from: a repository in a registry, a file on a web server, a file on disk.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use plimsoll_http::Url;
use plimsoll_registry::Reference;

/// The databases that are used when nobody says otherwise, in the order in which they are asked.
pub const DEFAULT_SOURCES: [&str; 2] =
    ["mirror.gcr.io/aquasec/trivy-db:2", "ghcr.io/aquasecurity/trivy-db:2"];

/// The tag of a trivy-db repository: its schema version.
const TRIVY_DB_TAG: &str = "2";

/// Where an advisory database comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// An artifact in a registry.
    Registry(Reference),
    /// A file on a web server.
    Web(Url),
    /// A file or folder on disk.
    Disk(PathBuf),
}

/// A text that names no source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no place of an advisory database: {reason}")]
pub struct SourceError {
    /// The text.
    pub text: String,
    /// What is wrong.
    pub reason: String,
}

impl Source {
    /// The sources that are used when nobody says otherwise.
    pub fn defaults() -> Vec<Source> {
        DEFAULT_SOURCES.iter().filter_map(|text| text.parse().ok()).collect()
    }
}

impl FromStr for Source {
    type Err = SourceError;

    /// Reads `file:PATH`, `https://…`, or a reference; `oci://` before a reference is taken off.
    fn from_str(text: &str) -> Result<Source, SourceError> {
        let text = text.trim();
        let invalid = |reason: String| SourceError { text: text.chars().take(300).collect(), reason };
        if let Some(path) = text.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(invalid("it names no file".to_owned()));
            }
            return Ok(Source::Disk(PathBuf::from(path)));
        }
        if text.starts_with("http://") || text.starts_with("https://") {
            // The URL's own message leaves out what may be secret in it; the text itself would not.
            let url: Url = text.parse().map_err(|error| SourceError {
                text: text.split_once("://").map_or("", |(scheme, _)| scheme).to_owned() + "://…",
                reason: format!("{error}"),
            })?;
            return Ok(Source::Web(url));
        }
        let name = text.strip_prefix("oci://").unwrap_or(text);
        let reference: Reference = name.parse().map_err(|error| invalid(format!("{error}")))?;
        // A database that is named without a tag means the schema that is understood.
        let last = name.rsplit('/').next().unwrap_or_default();
        if !last.contains([':', '@']) && reference.repository().ends_with("trivy-db") {
            let tagged = format!("{name}:{TRIVY_DB_TAG}").parse();
            return tagged.map(Source::Registry).map_err(|error| invalid(format!("{error}")));
        }
        Ok(Source::Registry(reference))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Registry(reference) => write!(f, "{reference}"),
            Source::Web(url) => write!(f, "{url}"),
            Source::Disk(path) => write!(f, "file:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        let shown = |text: &str| text.parse::<Source>().map(|source| source.to_string());
        for (text, expected) in [
            ("ghcr.io/aquasecurity/trivy-db:2", "ghcr.io/aquasecurity/trivy-db:2"),
            ("ghcr.io/aquasecurity/trivy-db", "ghcr.io/aquasecurity/trivy-db:2"),
            ("oci://localhost:5000/mirror/trivy-db", "localhost:5000/mirror/trivy-db:2"),
            ("localhost:5000/advisories", "localhost:5000/advisories:latest"),
            ("https://example.com/db.tar.gz", "https://example.com/db.tar.gz"),
            ("file:///var/db.tar.gz", "file:/var/db.tar.gz"),
            ("file:db.tar.gz", "file:db.tar.gz"),
        ] {
            assert_eq!(shown(text).unwrap(), expected, "{text}");
        }
        for bad in ["", "file:", "a/UPPER", "https://", "a b"] {
            assert!(shown(bad).is_err(), "{bad}");
        }
        let secret = shown("https://user:secret@exa mple/").unwrap_err().to_string();
        assert!(!secret.contains("secret"), "{secret}");
        assert_eq!(Source::defaults().len(), 2);
    }
}
