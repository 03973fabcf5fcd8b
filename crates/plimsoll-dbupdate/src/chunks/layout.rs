//! Chunks in a folder: an OCI image layout (image-spec v1.1, "OCI Image Layout Specification"), which other tools can copy
//! to and from registries.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use plimsoll_archive::sha256;
use plimsoll_types::Digest;
use serde::{Deserialize, Serialize};

use super::ChunkError;
use super::manifest::{self, ARTIFACT_TYPE, MANIFEST_TYPE, RawDescriptor};
use super::pull::{Origin, Plan};
use super::push::Sink;
use super::store::write_file;

/// The most bytes of an index or a manifest.
const MAX_DOCUMENT: u64 = 8 << 20;

/// A folder that is, or becomes, an image layout with one artifact.
#[derive(Debug, Clone)]
pub struct Layout {
    folder: PathBuf,
}

/// Whether a folder is an image layout.
pub fn is_layout(folder: &Path) -> bool {
    folder.join("oci-layout").is_file()
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawIndex {
    schema_version: u32,
    #[serde(default)]
    media_type: String,
    manifests: Vec<RawEntry>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEntry {
    #[serde(flatten)]
    descriptor: RawDescriptor,
    #[serde(default)]
    artifact_type: String,
}

impl Layout {
    /// The layout in `folder`, which is made when something is published in it.
    pub fn new(folder: &Path) -> Layout {
        Layout { folder: folder.to_owned() }
    }

    fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.folder.join("blobs").join(digest.algorithm().name()).join(digest.hex())
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), ChunkError> {
        write_file(path, bytes).map_err(|source| ChunkError::Store { path: path.to_owned(), source })
    }

    fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ChunkError> {
        let failed = |source| ChunkError::Store { path: path.to_owned(), source };
        let mut bytes = Vec::new();
        let file = fs::File::open(path).map_err(failed)?;
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }

    /// The digest of the manifest in the folder, and what it names.
    pub(crate) fn plan(&self) -> Result<(Digest, Plan), ChunkError> {
        let invalid = |reason: String| ChunkError::Description(reason);
        let bytes = Layout::read(&self.folder.join("index.json"), MAX_DOCUMENT)?;
        let index: RawIndex = serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
        // Tools that copy layouts do not all keep the artifact's type in the index.
        let mut entries = index.manifests.iter().filter(|entry| {
            entry.artifact_type == ARTIFACT_TYPE
                || (entry.artifact_type.is_empty() && entry.descriptor.media_type == MANIFEST_TYPE)
        });
        let entry =
            entries.next().ok_or_else(|| invalid("the folder holds no advisory database".to_owned()))?;
        if entries.next().is_some() {
            return Err(invalid("the folder holds more than one advisory database".to_owned()));
        }
        let digest: Digest = entry.descriptor.digest.parse().map_err(|error| invalid(format!("{error}")))?;
        let bytes = Layout::read(&self.blob_path(&digest), MAX_DOCUMENT)?;
        let actual = sha256(&bytes);
        if actual != digest {
            return Err(invalid(format!("its manifest has the digest {actual}, not {digest}")));
        }
        let (config, parts) = manifest::parse(&bytes)?;
        Ok((digest, Plan::new(self, &config, parts)?))
    }
}

impl Origin for Layout {
    fn blob(&self, digest: &Digest, limit: u64) -> Result<Vec<u8>, ChunkError> {
        Layout::read(&self.blob_path(digest), limit)
    }
}

impl Sink for Layout {
    fn has(&mut self, digest: &Digest) -> Result<bool, ChunkError> {
        Ok(fs::read(self.blob_path(digest)).is_ok_and(|bytes| sha256(&bytes) == *digest))
    }

    fn put(&mut self, digest: &Digest, bytes: &[u8]) -> Result<(), ChunkError> {
        self.write(&self.blob_path(digest), bytes)
    }

    fn manifest(&mut self, media_type: &str, bytes: &[u8]) -> Result<Digest, ChunkError> {
        let digest = sha256(bytes);
        self.put(&digest, bytes)?;
        let entry = RawEntry {
            descriptor: RawDescriptor::new(media_type, bytes),
            artifact_type: ARTIFACT_TYPE.to_owned(),
        };
        let index = RawIndex {
            schema_version: 2,
            media_type: "application/vnd.oci.image.index.v1+json".to_owned(),
            manifests: vec![entry],
        };
        let index = serde_json::to_vec(&index).map_err(|error| ChunkError::Serial(error.to_string()))?;
        self.write(&self.folder.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        self.write(&self.folder.join("index.json"), &index)?;
        Ok(digest)
    }
}
