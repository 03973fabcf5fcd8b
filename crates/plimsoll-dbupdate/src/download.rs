//! Downloads that are taken up where they broke off, in this run or in a later one: a partial file beside the index,
//! and ranges (RFC 9110, section 14).

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use plimsoll_archive::{Hasher, HashingReader};
use plimsoll_types::{Algorithm, Digest};

use crate::error::{FetchError, reading, writing};

/// Told as a download goes on: bytes so far, and how many there will be where that is known. It may break the download off;
/// what has come is kept for the next update.
pub type Progress<'a> = &'a dyn Fn(u64, Option<u64>) -> ControlFlow<()>;

/// How often a transfer is taken up again in one run before it is left to the next.
const MAX_RESUMES: u32 = 5;

/// How much is read at a time.
const PIECE: usize = 256 << 10;

/// What a server sends: the bytes from some position on, and the number of all bytes where it is known.
pub(crate) struct Part<'a> {
    /// Where the bytes begin; not behind the position that was asked for.
    pub start: u64,
    /// The number of all bytes.
    pub total: Option<u64>,
    /// The bytes.
    pub reader: Box<dyn Read + 'a>,
}

/// A download into a partial file.
pub(crate) struct Download<'a> {
    /// The partial file.
    pub path: &'a Path,
    /// The number of bytes, where it is promised.
    pub size: Option<u64>,
    /// The digest, where it is promised.
    pub digest: Option<&'a Digest>,
    /// The most bytes that are taken.
    pub limit: u64,
    pub progress: Progress<'a>,
}

/// What a download did.
#[derive(Debug)]
pub(crate) struct Downloaded {
    /// The digest of the whole.
    pub digest: Digest,
    /// How many bytes came over the line this time.
    pub moved: u64,
}

impl Download<'_> {
    /// Downloads what is missing. `open` asks for the bytes from a position on.
    pub(crate) fn run<'r>(
        &self,
        open: &mut dyn FnMut(u64) -> Result<Part<'r>, FetchError>,
    ) -> Result<Downloaded, FetchError> {
        if let Some(parent) = self.path.parent() {
            fs::create_dir_all(parent).map_err(writing(parent))?;
        }
        if self.size.is_some_and(|size| size > self.limit) {
            return Err(self.too_large());
        }
        let had = fs::metadata(self.path).map_or(0, |metadata| metadata.len());
        let moved = self.fill(open)?;
        let digest = digest_of(self.path)?;
        let Some(expected) = self.digest.filter(|expected| **expected != digest) else {
            return Ok(Downloaded { digest, moved });
        };
        // The beginning may be of an earlier run that a full disk or a power cut has damaged: once more, all of it.
        self.discard();
        if had > 0 {
            let again = self.fill(open)?;
            let digest = digest_of(self.path)?;
            if digest == *expected {
                return Ok(Downloaded { digest, moved: moved.saturating_add(again) });
            }
            self.discard();
        }
        Err(FetchError::Digest { expected: expected.to_string(), actual: digest.to_string() })
    }

    fn fill<'r>(&self, open: &mut dyn FnMut(u64) -> Result<Part<'r>, FetchError>) -> Result<u64, FetchError> {
        let mut file =
            File::options().create(true).append(true).open(self.path).map_err(writing(self.path))?;
        let mut position = file.metadata().map_err(reading(self.path))?.len();
        let mut moved = 0;
        for attempt in 0..=MAX_RESUMES {
            if self.size.is_some_and(|size| position > size) {
                file.set_len(0).map_err(writing(self.path))?;
                position = 0;
            }
            if self.size == Some(position) && position > 0 {
                return Ok(moved);
            }
            let mut part = match open(position) {
                Ok(part) => part,
                // What has come is kept, which is more worth knowing than how the last attempt ended.
                Err(error) if moved > 0 && !error.is_final() => {
                    return Err(FetchError::Broken { position, source: io::Error::other(error) });
                }
                Err(error) => return Err(error),
            };
            if part.start > position {
                return Err(FetchError::Form(
                    "the server sends another part than the one asked for".to_owned(),
                ));
            }
            if part.start < position {
                file.set_len(part.start).map_err(writing(self.path))?;
                position = part.start;
            }
            let before = position;
            let outcome = self.copy(&mut part, &mut file, &mut position);
            moved += position - before;
            match outcome {
                Ok(()) => {
                    let whole = self.size.or(part.total);
                    if whole.is_none_or(|whole| whole == position) {
                        return Ok(moved);
                    }
                    if attempt == MAX_RESUMES {
                        return Err(FetchError::Broken {
                            position,
                            source: io::ErrorKind::UnexpectedEof.into(),
                        });
                    }
                }
                Err(FetchError::Broken { .. }) if attempt < MAX_RESUMES && position > before => {}
                Err(error) => return Err(error),
            }
        }
        Ok(moved)
    }

    fn copy(&self, part: &mut Part<'_>, file: &mut File, position: &mut u64) -> Result<(), FetchError> {
        let mut piece = vec![0; PIECE];
        let total = self.size.or(part.total);
        loop {
            let n = match part.reader.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(FetchError::Broken { position: *position, source }),
            };
            if position.saturating_add(n as u64) > self.limit {
                self.discard();
                return Err(self.too_large());
            }
            if let Err(source) = file.write_all(piece.get(..n).unwrap_or_default()) {
                // What is there of it keeps a full disk full.
                self.discard();
                return Err(FetchError::Write { path: self.path.to_owned(), source });
            }
            *position += n as u64;
            if (self.progress)(*position, total).is_break() && total.is_none_or(|total| total > *position) {
                return Err(FetchError::Stopped { position: *position });
            }
        }
    }

    fn too_large(&self) -> FetchError {
        FetchError::TooLarge { what: "the download".to_owned(), limit: self.limit }
    }

    fn discard(&self) {
        // The next download begins anew when it finds something else than it wants.
        let _ = fs::remove_file(self.path);
    }
}

/// The digest of a file.
pub(crate) fn digest_of(path: &Path) -> Result<Digest, FetchError> {
    let file = File::open(path).map_err(reading(path))?;
    let mut reader = HashingReader::new(file, Algorithm::Sha256);
    io::copy(&mut reader, &mut io::sink()).map_err(reading(path))?;
    Ok(reader.finish().0)
}

/// The digest of a text, to name a file after it.
pub(crate) fn name_of(text: &str) -> String {
    let mut hasher = Hasher::new(Algorithm::Sha256);
    hasher.update(text.as_bytes());
    hasher.finish().hex().to_owned()
}

/// Removes partial files other than `keep` (and what lies beside it under the same name): only the newest is taken up.
pub(crate) fn remove_others(folder: &Path, keep: &str) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path: PathBuf = entry.path();
        if path.file_stem().is_none_or(|stem| stem != keep) {
            let _ = fs::remove_file(path);
        }
    }
}
