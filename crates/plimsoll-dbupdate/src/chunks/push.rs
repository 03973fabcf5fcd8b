//! Publishing: an index is cut into chunks, and those that the registry or folder lacks are put there.

use plimsoll_archive::sha256;
use plimsoll_db::Index;
use plimsoll_registry::{Reference, Registry};
use plimsoll_types::{Digest, Timestamp};

use super::ChunkError;
use super::cut::{Cut, Cutter};
use super::form::{self, Kind};
use super::manifest::{self, Description, MANIFEST_TYPE, RawDescriptor};

/// Where chunks are published.
pub trait Sink {
    /// Whether a blob is there already.
    ///
    /// # Errors
    ///
    /// When that cannot be found out.
    fn has(&mut self, digest: &Digest) -> Result<bool, ChunkError>;

    /// Puts a blob there.
    ///
    /// # Errors
    ///
    /// When it is not taken.
    fn put(&mut self, digest: &Digest, bytes: &[u8]) -> Result<(), ChunkError>;

    /// Puts the manifest there, after all that it names.
    ///
    /// # Errors
    ///
    /// When it is not taken.
    fn manifest(&mut self, media_type: &str, bytes: &[u8]) -> Result<Digest, ChunkError>;
}

/// Publishes in a registry.
pub struct RegistrySink<'a> {
    /// The registry.
    pub registry: &'a Registry,
    /// The repository, and the tag under which the manifest goes.
    pub reference: &'a Reference,
}

impl Sink for RegistrySink<'_> {
    fn has(&mut self, digest: &Digest) -> Result<bool, ChunkError> {
        Ok(self.registry.blob_exists(self.reference, digest)?)
    }

    fn put(&mut self, digest: &Digest, bytes: &[u8]) -> Result<(), ChunkError> {
        Ok(self.registry.push_blob(self.reference, digest, bytes)?)
    }

    fn manifest(&mut self, media_type: &str, bytes: &[u8]) -> Result<Digest, ChunkError> {
        Ok(self.registry.push_manifest(self.reference, media_type, bytes)?)
    }
}

/// What publishing did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushReport {
    /// The digest of the manifest.
    pub digest: Digest,
    /// Chunks of the database.
    pub chunks: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Chunks that were not there yet.
    pub moved_chunks: u64,
    /// Their bytes.
    pub moved_bytes: u64,
}

struct Pusher<'a> {
    sink: &'a mut dyn Sink,
    layers: Vec<RawDescriptor>,
    report: PushReport,
}

impl Pusher<'_> {
    fn blob(&mut self, bytes: &[u8]) -> Result<bool, ChunkError> {
        let digest = sha256(bytes);
        if self.sink.has(&digest)? {
            return Ok(false);
        }
        self.sink.put(&digest, bytes)?;
        Ok(true)
    }

    fn chunk(&mut self, kind: Kind, bytes: &[u8], first: &str, last: &str) -> Result<(), ChunkError> {
        let moved = u64::from(self.blob(bytes)?);
        let len = bytes.len() as u64;
        self.report.chunks += 1;
        self.report.bytes += len;
        self.report.moved_chunks += moved;
        self.report.moved_bytes += moved * len;
        self.layers.push(RawDescriptor::of_chunk(kind, bytes, first, last));
        Ok(())
    }

    fn cut(&mut self, cut: Option<Cut>) -> Result<(), ChunkError> {
        match cut {
            Some(Cut { bytes, first, last }) => self.chunk(Kind::Records, &bytes, &first, &last),
            None => Ok(()),
        }
    }
}

/// Publishes an index. `next_update` is what readers are told of the next one.
///
/// # Errors
///
/// When the index is damaged or something is not taken; the tag then stays where it was.
pub fn push(
    index: &Index,
    next_update: Option<Timestamp>,
    sink: &mut dyn Sink,
) -> Result<PushReport, ChunkError> {
    let description = Description {
        built: index.info()?.built,
        next_update,
        advisories: u64::from(index.advisory_count()),
    };
    let report = PushReport { digest: sha256(b""), chunks: 0, bytes: 0, moved_chunks: 0, moved_bytes: 0 };
    let mut pusher = Pusher { sink, layers: Vec::new(), report };
    let mut cutter = Cutter::new(description.advisories);
    index.records(|record| -> Result<(), ChunkError> {
        let done = cutter.add(record)?;
        pusher.cut(done)
    })?;
    let last = cutter.finish()?;
    pusher.cut(last)?;
    for side in form::side_chunks(index.extras()?)? {
        pusher.chunk(side.kind, &side.bytes, &side.name, &side.name)?;
    }
    let config = description.to_json()?;
    pusher.blob(&config)?;
    let manifest = manifest::manifest(&config, std::mem::take(&mut pusher.layers), description.built)?;
    let mut report = pusher.report;
    report.digest = pusher.sink.manifest(MANIFEST_TYPE, &manifest)?;
    Ok(report)
}
