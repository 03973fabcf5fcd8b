//! The chunks that are at hand: a folder of files named by their digests.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use plimsoll_archive::sha256;
use plimsoll_types::{Algorithm, Digest};

use super::ChunkError;

/// A folder of chunks. Files are written beside and renamed, and are never changed.
#[derive(Debug, Clone)]
pub struct ChunkStore {
    folder: PathBuf,
}

impl ChunkStore {
    /// The store in `folder`, which is made with the first chunk.
    pub fn new(folder: &Path) -> ChunkStore {
        ChunkStore { folder: folder.to_owned() }
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        self.folder.join(hex.get(..2).unwrap_or_default()).join(hex)
    }

    /// A chunk's bytes; `None` when it is not at hand, or is damaged.
    pub fn get(&self, digest: &Digest) -> Option<Vec<u8>> {
        if digest.algorithm() != Algorithm::Sha256 {
            return None;
        }
        let bytes = fs::read(self.path(digest)).ok()?;
        (sha256(&bytes) == *digest).then_some(bytes)
    }

    /// Stores a chunk.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written.
    pub fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<(), ChunkError> {
        let path = self.path(digest);
        write_file(&path, bytes).map_err(|source| ChunkError::Store { path: path.clone(), source })
    }

    /// Removes all chunks but those with these hexadecimal digits.
    pub fn retain(&self, keep: &BTreeSet<String>) {
        let Ok(folders) = fs::read_dir(&self.folder) else { return };
        let files = folders.flatten().filter_map(|folder| fs::read_dir(folder.path()).ok()).flatten();
        for file in files.flatten() {
            if !file.file_name().to_str().is_some_and(|name| keep.contains(name)) {
                // What cannot be removed takes room, nothing else.
                let _ = fs::remove_file(file.path());
            }
        }
    }
}

/// Writes a file: beside it, then in its place.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".chunk-").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
