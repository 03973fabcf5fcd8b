//! The other way: the chunks that are not at hand are fetched, and the index is put together from all of them.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use plimsoll_archive::sha256;
use plimsoll_db::{Builder, Extras, Record, WriteOptions};
use plimsoll_registry::{Artifact, RegistryError};
use plimsoll_types::Digest;

use super::form;
use super::manifest::{self, Description, Part};
use super::{ChunkError, ChunkStore};
use crate::download::Progress;

/// How many chunks are fetched at the same time.
const THREADS: usize = 4;

/// The largest configuration that is read.
const MAX_CONFIG: u64 = 1 << 20;

/// Where chunks come from.
pub trait Origin: Sync {
    /// A blob; one that has more than `limit` bytes is cut off behind them. Its digest is for the caller to verify.
    ///
    /// # Errors
    ///
    /// When it cannot be had.
    fn blob(&self, digest: &Digest, limit: u64) -> Result<Vec<u8>, ChunkError>;
}

impl Origin for Artifact {
    fn blob(&self, digest: &Digest, limit: u64) -> Result<Vec<u8>, ChunkError> {
        let mut all = self.layers.iter().chain(&self.config);
        let layer = all.find(|layer| layer.digest == *digest);
        let layer = layer.ok_or_else(|| ChunkError::Description(format!("it does not name {digest}")))?;
        let broken = |source: io::Error| match source.downcast::<RegistryError>() {
            Ok(error) => ChunkError::Registry(error),
            Err(source) => ChunkError::Broken { digest: digest.to_string(), source },
        };
        let mut bytes = Vec::new();
        let reader = layer.open().map_err(broken)?;
        reader.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(broken)?;
        Ok(bytes)
    }
}

/// What was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PullReport {
    /// Chunks of the database.
    pub chunks: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Chunks that were not at hand.
    pub moved_chunks: u64,
    /// Their bytes.
    pub moved_bytes: u64,
}

/// The chunks that a manifest names, and what the artifact says of itself.
pub(crate) struct Plan {
    pub description: Description,
    pub parts: Vec<Part>,
}

impl Plan {
    pub(crate) fn new(origin: &dyn Origin, config: &Digest, parts: Vec<Part>) -> Result<Plan, ChunkError> {
        let bytes = verified(origin, config, MAX_CONFIG)?;
        Ok(Plan { description: Description::parse(&bytes)?, parts })
    }

    fn of(artifact: &Artifact) -> Result<Plan, ChunkError> {
        let config = artifact.config.as_ref();
        let config = config.ok_or_else(|| ChunkError::Description("it has no configuration".to_owned()))?;
        let layers = artifact.layers.iter();
        let parts = layers.map(|layer| manifest::part(&layer.media_type, &layer.digest, layer.size));
        Plan::new(artifact, &config.digest, parts.collect::<Result<_, _>>()?)
    }
}

fn verified(origin: &dyn Origin, digest: &Digest, limit: u64) -> Result<Vec<u8>, ChunkError> {
    let bytes = origin.blob(digest, limit)?;
    let damaged = |reason: String| ChunkError::Chunk { digest: digest.to_string(), reason };
    if bytes.len() as u64 > limit {
        return Err(damaged(format!("it has more than {limit} bytes")));
    }
    let actual = sha256(&bytes);
    if actual != *digest {
        return Err(damaged(format!("what came has the digest {actual}")));
    }
    Ok(bytes)
}

/// Fetches what is not in `store` and writes the index to `out`, a new file. The chunks that came are kept even when not
/// all did, so that the next time less is to be fetched.
pub(crate) fn pull_plan(
    plan: &Plan,
    origin: &dyn Origin,
    store: &ChunkStore,
    out: &Path,
    progress: Progress<'_>,
) -> Result<PullReport, ChunkError> {
    let mut report = PullReport::default();
    let mut seen = BTreeSet::new();
    let mut missing: Vec<&Part> = Vec::new();
    for part in &plan.parts {
        report.chunks += 1;
        report.bytes = report.bytes.saturating_add(part.size);
        if seen.insert(part.digest.hex().to_owned()) && store.get(&part.digest).is_none() {
            missing.push(part);
        }
    }
    report.moved_chunks = missing.len() as u64;
    report.moved_bytes = missing.iter().fold(0, |sum: u64, part| sum.saturating_add(part.size));
    fetch(&missing, origin, store, report.moved_bytes, progress)?;
    build(plan, store, out)?;
    store.retain(&seen);
    Ok(report)
}

fn fetch(
    missing: &[&Part],
    origin: &dyn Origin,
    store: &ChunkStore,
    total: u64,
    progress: Progress<'_>,
) -> Result<(), ChunkError> {
    let (next, done) = (AtomicUsize::new(0), AtomicU64::new(0));
    let stop = AtomicBool::new(false);
    let failure: Mutex<Option<ChunkError>> = Mutex::new(None);
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let Some(part) = missing.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
            let fetched = verified(origin, &part.digest, part.size);
            match fetched.and_then(|bytes| store.put(&part.digest, &bytes)) {
                Ok(()) => {
                    done.fetch_add(part.size, Ordering::Relaxed);
                }
                Err(error) => {
                    stop.store(true, Ordering::Relaxed);
                    failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS.min(missing.len())).map(|_| scope.spawn(work)).collect();
        while workers.iter().any(|worker| !worker.is_finished()) {
            if progress(done.load(Ordering::Relaxed), Some(total)).is_break() {
                stop.store(true, Ordering::Relaxed);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let left = next.load(Ordering::Relaxed) < missing.len();
    match failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None if left => Err(ChunkError::Stopped),
        None => Ok(()),
    }
}

fn build(plan: &Plan, store: &ChunkStore, out: &Path) -> Result<(), ChunkError> {
    let writing = |source: io::Error| ChunkError::Store { path: out.to_owned(), source };
    let file = BufWriter::with_capacity(1 << 20, File::create(out).map_err(writing)?);
    let options = WriteOptions { built: plan.description.built, digest: true };
    let mut builder = Builder::new(file, options)?;
    let mut extras = Extras::default();
    let mut last: Option<(String, String)> = None;
    for part in &plan.parts {
        let damaged = |reason: String| ChunkError::Chunk { digest: part.digest.to_string(), reason };
        let sealed = store.get(&part.digest);
        let sealed = sealed.ok_or_else(|| damaged("it is gone from the folder".to_owned()))?;
        let mut take = |record: Record| {
            let key = (record.source.clone(), record.id.clone());
            if last.as_ref().is_some_and(|last| *last >= key) {
                return Err(damaged("its records are not in order".to_owned()));
            }
            last = Some(key);
            Ok(builder.record(&record)?)
        };
        form::open(&sealed, part.kind, &mut extras, &mut take, &damaged)?;
    }
    builder.finish(extras)?.flush().map_err(writing)
}

/// Fetches the index that `artifact` is, in as far as its chunks are not in `store`, and writes it to `out`.
///
/// # Errors
///
/// When a chunk cannot be had or is damaged, or the index cannot be written.
pub fn pull(
    artifact: &Artifact,
    store: &ChunkStore,
    out: &Path,
    progress: Progress<'_>,
) -> Result<(Description, PullReport), ChunkError> {
    let plan = Plan::of(artifact)?;
    let report = pull_plan(&plan, artifact, store, out, progress)?;
    Ok((plan.description, report))
}
