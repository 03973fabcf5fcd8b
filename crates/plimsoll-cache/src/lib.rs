//! The cache on disk: sealed entries of bytes, filed by the digest of the content that they are about.
//!
//! Layout below the cache folder: `layers-v2/<algorithm>/<first two digits>/<digest>/<key>`. Every entry carries a magic
//! number, its length and a checksum; one that is damaged, cut short or of an unknown form is a miss, never an error.
//! Entries are written beside and renamed into place, and are never changed: any number of processes may use the cache
//! at once without a lock.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use plimsoll_types::Digest;
use xxhash_rust::xxh3::Xxh3;

/// The name of the bucket. Raise the number when entries change their form; older buckets are removed by
/// [`Cache::prune`].
const BUCKET: &str = "layers-v2";
/// What every bucket's name begins with.
const BUCKET_PREFIX: &str = "layers-v";
const MAGIC: &[u8; 8] = b"PLIMSC02";
/// Magic, checksum (of what follows the header, then of the length), length of the content once decompressed.
const HEADER: usize = 24;
/// The largest entry that is read, decompressed.
const MAX_ENTRY: u64 = 4 << 30;
/// The most memory that is taken on an entry's word.
const MAX_AT_ONCE: u64 = 16 << 20;
/// Only one process a day looks for what can go.
const PRUNE_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
/// A temporary file that is older than this belongs to nobody any more.
const STALE: Duration = Duration::from_secs(60 * 60);

/// A cache folder.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
}

/// An entry could not be written. The scan goes on without; the user is told.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to the cache at {}", path.display())]
pub struct CacheError {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

impl Cache {
    /// The cache in the folder `root`, which is made when the first entry is written.
    pub fn new(root: &Path) -> Cache {
        Cache { root: root.to_owned() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// All readable entries about the content with `digest` whose key begins with `prefix`, in the order of their keys.
    pub fn entries(&self, digest: &Digest, prefix: &str) -> Vec<Vec<u8>> {
        let Ok(listing) = fs::read_dir(self.folder(digest)) else { return Vec::new() };
        let mut names: Vec<_> = listing
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.starts_with(prefix) && !name.starts_with('.'))
            .collect();
        names.sort();
        names.iter().filter_map(|name| self.get(digest, name)).collect()
    }

    /// The entry `key` about the content with `digest`.
    pub fn get(&self, digest: &Digest, key: &str) -> Option<Vec<u8>> {
        let path = self.folder(digest).join(key);
        let sealed = fs::read(&path).ok()?;
        let content = unseal(&sealed)?;
        // What was used lately is kept longest. A cache that cannot be written to just keeps its times.
        if let Ok(file) = fs::File::options().append(true).open(&path) {
            let _ = file.set_modified(SystemTime::now());
        }
        Some(content)
    }

    /// Files `content` as the entry `key` about the content with `digest`. `key` is a file name made by the caller.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written to or the disk is full; nothing is left behind then.
    pub fn put(&self, digest: &Digest, key: &str, content: &[u8]) -> Result<(), CacheError> {
        self.put_with(digest, key, |out| out.write_all(content))
    }

    /// The same for content that `write` gives piece by piece, so that it never lies in memory as a whole.
    ///
    /// # Errors
    ///
    /// The same, and those of `write`.
    pub fn put_with(
        &self,
        digest: &Digest,
        key: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CacheError> {
        let folder = self.folder(digest);
        let failed = |source| CacheError { path: folder.join(key), source };
        // Others have no business in what was found in somebody's images.
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
        let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(&folder).map_err(failed)?;
        seal(file.as_file_mut(), write).map_err(failed)?;
        file.persist(folder.join(key)).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// Removes what was not used for longest until the cache has no more than `max_bytes`, and everything of older
    /// forms. Does nothing when that was done within a day.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written to.
    pub fn prune(&self, max_bytes: u64) -> Result<(), CacheError> {
        let stamp = self.root.join("pruned");
        let age = |path: &Path| fs::metadata(path).ok()?.modified().ok()?.elapsed().ok();
        if !self.root.is_dir() || age(&stamp).is_some_and(|age| age < PRUNE_INTERVAL) {
            return Ok(());
        }
        fs::write(&stamp, b"").map_err(|source| CacheError { path: stamp, source })?;
        for entry in fs::read_dir(&self.root).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if name.to_str().is_some_and(|name| name.starts_with(BUCKET_PREFIX) && name != BUCKET) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let mut files = Vec::new();
        let mut folders = vec![self.root.join(BUCKET)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let Ok(metadata) = entry.metadata() else { continue };
                if metadata.is_dir() {
                    folders.push(entry.path());
                } else if let Ok(used) = metadata.modified() {
                    let left_over = entry.file_name().as_encoded_bytes().starts_with(b".new-");
                    if left_over && used.elapsed().is_ok_and(|age| age > STALE) {
                        let _ = fs::remove_file(entry.path());
                    } else {
                        files.push((used, metadata.len(), entry.path()));
                    }
                }
            }
        }
        let mut total: u64 = files.iter().map(|(_, len, _)| len).sum();
        files.sort();
        for (_, len, path) in files {
            if total <= max_bytes {
                break;
            }
            if fs::remove_file(&path).is_ok() {
                total -= len;
                // The folder goes with its last entry; a folder that still has one stays.
                let _ = path.parent().map(fs::remove_dir);
            }
        }
        Ok(())
    }

    fn folder(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        let first = hex.get(..2).unwrap_or("00");
        self.root.join(BUCKET).join(digest.algorithm().name()).join(first).join(hex)
    }
}

/// Lets `seen` look at what is written.
struct Tee<W, F> {
    inner: W,
    seen: F,
}

impl<W: Write, F: FnMut(&[u8])> Write for Tee<W, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        (self.seen)(bytes.get(..n).unwrap_or(bytes));
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// How much is handed to the compressor at once.
const PIECE: usize = 64 * 1024;

/// Level 1: what is cached is written once and read many times, and the level costs least where it hurts most, in the
/// first scan.
fn seal(file: &mut fs::File, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    file.write_all(&[0; HEADER])?;
    let (mut sum, mut len) = (Xxh3::new(), 0_u64);
    let packed = Tee { inner: &mut *file, seen: |bytes: &[u8]| sum.update(bytes) };
    let encoder = zstd::stream::write::Encoder::new(packed, 1)?;
    // Serialisers write a few bytes at a time.
    let content = Tee { inner: encoder, seen: |bytes: &[u8]| len = len.saturating_add(bytes.len() as u64) };
    let mut content = io::BufWriter::with_capacity(PIECE, content);
    write(&mut content)?;
    content.into_inner().map_err(io::IntoInnerError::into_error)?.inner.finish()?;
    let mut header = Vec::with_capacity(HEADER);
    header.extend_from_slice(MAGIC);
    header.extend_from_slice(&checksum(sum, len).to_le_bytes());
    header.extend_from_slice(&len.to_le_bytes());
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&header)
}

/// The length is known at the end only, so it is what the checksum covers last.
fn checksum(mut sum: Xxh3, len: u64) -> u64 {
    sum.update(&len.to_le_bytes());
    sum.digest()
}

fn unseal(sealed: &[u8]) -> Option<Vec<u8>> {
    let number = |at: usize| Some(u64::from_le_bytes(*sealed.get(at..)?.first_chunk::<8>()?));
    let (len, packed) = (number(16)?, sealed.get(HEADER..)?);
    let mut sum = Xxh3::new();
    sum.update(packed);
    if sealed.get(..8)? != MAGIC || number(8)? != checksum(sum, len) {
        return None;
    }
    if len > MAX_ENTRY {
        return None;
    }
    // The length is the entry's own word: memory grows as the content comes, not before.
    let mut content = Vec::with_capacity(usize::try_from(len.min(MAX_AT_ONCE)).ok()?);
    let decoder = zstd::stream::read::Decoder::with_buffer(packed).ok()?;
    decoder.take(len.saturating_add(1)).read_to_end(&mut content).ok()?;
    (content.len() as u64 == len).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(n: u8) -> Digest {
        Digest::from_bytes(plimsoll_types::Algorithm::Sha256, &[n; 32]).unwrap()
    }

    #[test]
    fn gives_back_what_was_put() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(&folder.path().join("made/when/needed"));
        assert_eq!(cache.get(&digest(1), "a"), None);
        for key in ["pack-b", "pack-a", "link"] {
            cache.put(&digest(1), key, key.as_bytes()).unwrap();
        }
        assert_eq!(cache.get(&digest(1), "link").unwrap(), b"link");
        assert_eq!(cache.entries(&digest(1), "pack-"), [b"pack-a".to_vec(), b"pack-b".to_vec()]);
        assert_eq!(cache.get(&digest(2), "link"), None);
    }

    #[test]
    fn damaged_entries_are_misses() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        cache.put(&digest(1), "a", &b"content ".repeat(100)).unwrap();
        let path = cache.folder(&digest(1)).join("a");
        let whole = fs::read(&path).unwrap();
        for len in 0..whole.len() {
            fs::write(&path, &whole[..len]).unwrap();
            assert_eq!(cache.get(&digest(1), "a"), None, "cut at {len}");
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, damaged).unwrap();
            assert_eq!(cache.get(&digest(1), "a"), None, "flipped at {at}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_is_an_error_that_names_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Cache::new(&file.path().join("cache")).put(&digest(1), "a", b"x").unwrap_err();
        assert!(error.to_string().contains(file.path().to_str().unwrap()));
    }

    #[test]
    fn content_can_come_in_pieces_and_a_failure_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        let numbers = 0..100_000_u32;
        let put = cache.put_with(&digest(1), "a", |out| {
            numbers.clone().try_for_each(|number| out.write_all(&number.to_le_bytes()))
        });
        put.unwrap();
        let whole: Vec<u8> = numbers.flat_map(u32::to_le_bytes).collect();
        assert_eq!(cache.get(&digest(1), "a").unwrap(), whole);
        let put = cache.put_with(&digest(2), "a", |out| {
            out.write_all(&whole)?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert_eq!(put.unwrap_err().source.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read_dir(cache.folder(&digest(2))).unwrap().count(), 0);
    }

    #[test]
    fn prunes_what_was_unused_for_longest_once_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        fs::create_dir_all(folder.path().join("layers-v0/x")).unwrap();
        let noise: Vec<u8> =
            (0..100_000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
        for n in 0..4 {
            cache.put(&digest(n), "a", &noise).unwrap();
            let file = fs::File::options().append(true).open(cache.folder(&digest(n)).join("a")).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(1000 - u64::from(n))).unwrap();
        }
        assert!(cache.get(&digest(0), "a").is_some(), "being used makes it the youngest");
        let one = fs::metadata(cache.folder(&digest(0)).join("a")).unwrap().len();
        cache.prune(2 * one).unwrap();
        let left: Vec<_> = (0..4).filter(|n| cache.get(&digest(*n), "a").is_some()).collect();
        assert_eq!(left, [0, 3]);
        assert!(!folder.path().join("layers-v0").exists());
        cache.prune(0).unwrap();
        assert!(cache.get(&digest(3), "a").is_some(), "not twice a day");
    }
}
