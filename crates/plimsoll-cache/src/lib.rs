//! The cache on disk: sealed entries of bytes, filed by the digest of the content that they are about.
//!
//! Layout below the cache folder: `layers-v1/<algorithm>/<first two digits>/<digest>/<key>`. Every entry carries a magic
//! number, its length and a checksum; one that is damaged, cut short or of an unknown form is a miss, never an error.
//! Entries are written beside and renamed into place, and are never changed: any number of processes may use the cache
//! at once without a lock.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use plimsoll_types::Digest;
use xxhash_rust::xxh3::xxh3_64;

/// The name of the bucket. Raise the number when entries change their form; older buckets are removed by
/// [`Cache::prune`].
const BUCKET: &str = "layers-v1";
/// What every bucket's name begins with.
const BUCKET_PREFIX: &str = "layers-v";
const MAGIC: &[u8; 8] = b"PLIMSC01";
/// Magic, checksum of the rest, length of the content once decompressed.
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
        let folder = self.folder(digest);
        let failed = |source| CacheError { path: folder.join(key), source };
        // Others have no business in what was found in somebody's images.
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(failed)?;
        let sealed = seal(content).map_err(failed)?;
        let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(&folder).map_err(failed)?;
        file.write_all(&sealed).map_err(failed)?;
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

/// Level 1: what is cached is written once and read many times, and the level costs least where it hurts most, in the
/// first scan.
fn seal(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = vec![0; HEADER];
    out.extend_from_slice(&zstd::bulk::compress(content, 1)?);
    out[16..24].copy_from_slice(&(content.len() as u64).to_le_bytes());
    out[..8].copy_from_slice(MAGIC);
    let sum = xxh3_64(&out[16..]);
    out[8..16].copy_from_slice(&sum.to_le_bytes());
    Ok(out)
}

fn unseal(sealed: &[u8]) -> Option<Vec<u8>> {
    let number = |at: usize| Some(u64::from_le_bytes(*sealed.get(at..)?.first_chunk::<8>()?));
    if sealed.get(..8)? != MAGIC || number(8)? != xxh3_64(sealed.get(16..)?) {
        return None;
    }
    let len = number(16)?;
    if len > MAX_ENTRY {
        return None;
    }
    // The length is the entry's own word: memory grows as the content comes, not before.
    let mut content = Vec::with_capacity(usize::try_from(len.min(MAX_AT_ONCE)).ok()?);
    let decoder = zstd::stream::read::Decoder::with_buffer(sealed.get(HEADER..)?).ok()?;
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
