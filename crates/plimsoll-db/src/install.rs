//! Puts a finished index in its place: written beside, made durable, then renamed.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Why an index could not be put in its place. What was there before is untouched.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the advisory database '{}'", path.display())]
pub struct InstallError {
    /// The path asked for.
    pub path: PathBuf,
    /// The cause.
    pub source: io::Error,
}

/// Writes `bytes` to `path` so that a reader sees either the old file or the whole new one, read-only. Readers that
/// have the old file mapped keep it.
///
/// # Errors
///
/// When the folder cannot be made or written, or the disk is full; nothing half-written stays behind.
pub fn install(bytes: &[u8], path: &Path) -> Result<(), InstallError> {
    replace(bytes, path).map_err(|source| InstallError { path: path.to_owned(), source })
}

fn replace(bytes: &[u8], path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".plimsoll-db-").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o444))?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The rename itself must survive a power cut. Some file systems cannot sync a folder: not an error.
    if let Ok(folder) = fs::File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}
