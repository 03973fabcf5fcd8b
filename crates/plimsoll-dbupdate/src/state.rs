//! What is known of the index in place: where it came from and when. A small JSON file beside the index.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use plimsoll_types::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of the file. A reader takes no other.
const VERSION: u32 = 1;

/// The largest file that is read.
const MAX_SIZE: u64 = 1 << 20;

/// What is known of the index in place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// Where the index came from: a repository, a URL or a file; empty when no update has ever gone well.
    pub origin: String,
    /// What came from there, such as `trivy-db`.
    pub form: String,
    /// The digest of the manifest or file.
    pub digest: String,
    /// The entity tag that a web server gave; empty when it gave none.
    pub etag: String,
    /// When the content was put together, as it says itself.
    pub updated_at: Option<Timestamp>,
    /// When the next one is to be expected, as it says itself.
    pub next_update: Option<Timestamp>,
    /// When it was fetched, by this machine's clock.
    pub downloaded_at: Option<Timestamp>,
    /// When the origin was last asked with success, by this machine's clock.
    pub checked_at: Option<Timestamp>,
    /// When an update last failed; `None` once one has gone well.
    pub failed_at: Option<Timestamp>,
    /// Why, in words.
    pub failure: String,
    /// The digest of the index that was made of it. A state with another one than the index in place says nothing of
    /// that.
    pub index_digest: String,
    /// The digest of an index that was about to take the place of that one. An update that was cut off after that leaves
    /// it here, so that what it has put in place is not taken for something that a person has built.
    pub incoming: String,
    /// Whether the index may be replaced without being asked: true for what an update has fetched, false for what a
    /// person has imported.
    pub automatic: bool,
}

/// Why the state cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file cannot be read.
    #[error("cannot read '{}'", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is damaged, or of another version.
    #[error("'{}' cannot be understood: {reason}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The file cannot be written.
    #[error("cannot write '{}'", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

#[derive(Serialize, Deserialize)]
struct Raw {
    version: u32,
    #[serde(default)]
    origin: String,
    #[serde(default)]
    form: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    etag: String,
    updated_at: Option<String>,
    next_update: Option<String>,
    downloaded_at: Option<String>,
    checked_at: Option<String>,
    failed_at: Option<String>,
    #[serde(default)]
    failure: String,
    #[serde(default)]
    index_digest: String,
    #[serde(default)]
    incoming: String,
    #[serde(default)]
    automatic: bool,
}

impl State {
    /// Where the state of an index lies.
    pub fn path_for(index: &Path) -> PathBuf {
        index.with_extension("state.json")
    }

    /// Whether the state speaks of the index with this digest.
    pub fn is_about(&self, digest: &str) -> bool {
        !digest.is_empty() && (self.index_digest == digest || self.incoming == digest)
    }

    /// Reads the state of an index; `None` when there is none.
    ///
    /// # Errors
    ///
    /// When the file is there but cannot be read or understood.
    pub fn load(index: &Path) -> Result<Option<State>, StateError> {
        let path = State::path_for(index);
        let read = || -> io::Result<Option<Vec<u8>>> {
            let file = match fs::File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            };
            let mut bytes = Vec::new();
            io::Read::read_to_end(&mut io::Read::take(file, MAX_SIZE), &mut bytes)?;
            Ok(Some(bytes))
        };
        match read() {
            Ok(None) => Ok(None),
            Ok(Some(bytes)) => State::parse(&bytes)
                .map(Some)
                .map_err(|reason| StateError::Form { path: path.clone(), reason }),
            Err(source) => Err(StateError::Read { path: path.clone(), source }),
        }
    }

    fn parse(bytes: &[u8]) -> Result<State, String> {
        let raw: Raw = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if raw.version != VERSION {
            return Err(format!("it has version {}, not {VERSION}", raw.version));
        }
        let time = |text: Option<String>| {
            text.map(|text| text.parse::<Timestamp>().map_err(|_| format!("'{text}' is not a time")))
                .transpose()
        };
        Ok(State {
            origin: raw.origin,
            form: raw.form,
            digest: raw.digest,
            etag: raw.etag,
            updated_at: time(raw.updated_at)?,
            next_update: time(raw.next_update)?,
            downloaded_at: time(raw.downloaded_at)?,
            checked_at: time(raw.checked_at)?,
            failed_at: time(raw.failed_at)?,
            failure: raw.failure,
            index_digest: raw.index_digest,
            incoming: raw.incoming,
            automatic: raw.automatic,
        })
    }

    /// Writes the state of an index: beside it, then in its place.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written.
    pub fn save(&self, index: &Path) -> Result<(), StateError> {
        let path = State::path_for(index);
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let raw = Raw {
            version: VERSION,
            origin: self.origin.clone(),
            form: self.form.clone(),
            digest: self.digest.clone(),
            etag: self.etag.clone(),
            updated_at: time(self.updated_at),
            next_update: time(self.next_update),
            downloaded_at: time(self.downloaded_at),
            checked_at: time(self.checked_at),
            failed_at: time(self.failed_at),
            failure: self.failure.clone(),
            index_digest: self.index_digest.clone(),
            incoming: self.incoming.clone(),
            automatic: self.automatic,
        };
        let write = || -> io::Result<()> {
            let mut bytes = serde_json::to_vec_pretty(&raw)?;
            bytes.push(b'\n');
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let mut file = tempfile::Builder::new()
                .prefix(".plimsoll-state-")
                .suffix(".tmp")
                .tempfile_in(folder.unwrap_or(Path::new(".")))?;
            file.write_all(&bytes)?;
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
            }
            file.persist(&path).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(|source| StateError::Write { path: path.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        State {
            origin: "registry.example.com/db:2".into(),
            form: "trivy-db".into(),
            digest: "sha256:00".into(),
            etag: "\"x\"".into(),
            updated_at: Some("2025-02-01T00:00:00Z".parse().unwrap()),
            next_update: Some("2025-02-02T00:00:00Z".parse().unwrap()),
            downloaded_at: Some("2025-02-01T01:00:00Z".parse().unwrap()),
            checked_at: None,
            failed_at: None,
            failure: String::new(),
            index_digest: "sha256:11".into(),
            incoming: String::new(),
            automatic: true,
        }
    }

    #[test]
    fn is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let index = folder.path().join("advisories-v1.index");
        assert_eq!(State::load(&index).unwrap(), None);
        state().save(&index).unwrap();
        assert_eq!(State::load(&index).unwrap(), Some(state()));
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["advisories-v1.state.json"]);
        let missing = folder.path().join("missing/advisories-v1.index");
        assert!(state().save(&missing).unwrap_err().to_string().contains("advisories-v1.state.json"));
    }

    #[test]
    fn a_damaged_one_is_no_state() {
        let folder = tempfile::tempdir().unwrap();
        let index = folder.path().join("a.index");
        state().save(&index).unwrap();
        let path = State::path_for(&index);
        let bytes = fs::read(&path).unwrap();
        // The last byte is the newline.
        for len in 0..bytes.len() - 1 {
            fs::write(&path, &bytes[..len]).unwrap();
            let error = State::load(&index).unwrap_err();
            assert!(matches!(error, StateError::Form { .. }), "{len}: {error}");
        }
        let text = String::from_utf8(bytes).unwrap();
        for (from, to) in [("\"version\": 1", "\"version\": 2"), ("2025-02-01T00", "yesterday")] {
            fs::write(&path, text.replace(from, to)).unwrap();
            assert!(State::load(&index).is_err(), "{to}");
        }
    }
}
