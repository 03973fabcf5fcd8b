//! Cache entries: one that somebody changed is a miss, also when its checksum was made to fit.

#![no_main]

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use plimsoll_cache::Cache;
use plimsoll_types::{Algorithm, Digest};
use tempfile::TempDir;
use xxhash_rust::xxh3::xxh3_64;

struct Place {
    _folder: TempDir,
    cache: Cache,
    digest: Digest,
    entry: PathBuf,
}

static PLACE: LazyLock<Place> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = Cache::new(folder.path());
    let digest = Digest::from_bytes(Algorithm::Sha256, &[7; 32]).expect("a digest");
    cache.put(&digest, "key", b"content").expect("an entry");
    let mut entry = folder.path().to_owned();
    while entry.is_dir() {
        entry = fs::read_dir(&entry).expect("a folder").next().expect("something").expect("an entry").path();
    }
    Place { _folder: folder, cache, digest, entry }
});

fuzz_target!(|data: &[u8]| {
    let place = &*PLACE;
    fs::write(&place.entry, data).expect("written");
    let _ = place.cache.get(&place.digest, "key");
    let _ = place.cache.entries(&place.digest, "k");
    // Magic and checksum made good, so that what is behind them is reached.
    let mut sealed = b"PLIMSC01".to_vec();
    sealed.extend_from_slice(&xxh3_64(data).to_le_bytes());
    sealed.extend_from_slice(data);
    fs::write(&place.entry, sealed).expect("written");
    if let Some(content) = place.cache.get(&place.digest, "key") {
        assert_eq!(content.len().to_le_bytes(), data[..8]);
    }
});
