//! Puts a finished index in its place: written beside, made durable, then renamed.

use std::fs;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Why an index could not be put in its place. What was there before is untouched.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the advisory database '{}'", path.display())]
pub struct InstallError {
    /// The path asked for.
    pub path: PathBuf,
    /// The cause.
    pub source: io::Error,
}

/// A file that will take the place of an index once it is complete: what a [`Builder`](crate::Builder) writes to.
#[derive(Debug)]
pub struct Installation {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl Installation {
    /// Begins a file beside `path`. Nothing of it stays when it is dropped before [`Installation::finish`].
    ///
    /// # Errors
    ///
    /// When the folder cannot be made or written.
    pub fn create(path: &Path) -> Result<Installation, InstallError> {
        let begin = || {
            let folder = folder_of(path);
            fs::create_dir_all(folder)?;
            tempfile::Builder::new().prefix(".plimsoll-db-").suffix(".tmp").tempfile_in(folder)
        };
        match begin() {
            Ok(file) => {
                Ok(Installation { file: BufWriter::with_capacity(1 << 20, file), path: path.to_owned() })
            }
            Err(source) => Err(InstallError { path: path.to_owned(), source }),
        }
    }

    /// Makes the file durable and read-only and puts it in its place, so that a reader sees either the old file or the
    /// whole new one. Readers that have the old file mapped keep it.
    ///
    /// # Errors
    ///
    /// When the file cannot be written to its end; the old one then stays.
    pub fn finish(self) -> Result<(), InstallError> {
        let Installation { file, path } = self;
        let finish = || {
            let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                file.as_file().set_permissions(fs::Permissions::from_mode(0o444))?;
            }
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            // The rename itself must survive a power cut. Some file systems cannot sync a folder: not an error.
            if let Ok(folder) = fs::File::open(folder_of(&path)) {
                let _ = folder.sync_all();
            }
            Ok(())
        };
        finish().map_err(|source| InstallError { path: path.clone(), source })
    }
}

impl Write for Installation {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Installation {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.file.seek(place)
    }
}

/// Writes `bytes` to `path` so that a reader sees either the old file or the whole new one, read-only. Readers that
/// have the old file mapped keep it.
///
/// # Errors
///
/// When the folder cannot be made or written, or the disk is full; nothing half-written stays behind.
pub fn install(bytes: &[u8], path: &Path) -> Result<(), InstallError> {
    let mut installation = Installation::create(path)?;
    match installation.write_all(bytes) {
        Ok(()) => installation.finish(),
        Err(source) => Err(InstallError { path: path.to_owned(), source }),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
