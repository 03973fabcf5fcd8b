//! Artifacts: manifests that are not of images (image-spec v1.1, "Guidelines for Artifact Usage"), such as advisory
//! databases.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

use plimsoll_image::{ArtifactManifest, Blob, Descriptor};
use plimsoll_types::Digest;

use crate::place::Place;
use crate::registry::digest_of;
use crate::{RegistryBlob, RegistryError};

/// A manifest that is not of an image.
pub struct Artifact {
    /// The digest of the manifest, which was verified.
    pub digest: Digest,
    /// What kind it is: the manifest's `artifactType`, or else the media type of its configuration.
    pub artifact_type: String,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// Its configuration, where it has one.
    pub config: Option<ArtifactLayer>,
    /// Its content.
    pub layers: Vec<ArtifactLayer>,
}

/// A part of an artifact's content.
pub struct ArtifactLayer {
    /// Its media type.
    pub media_type: String,
    /// Its digest, which the reader verifies.
    pub digest: Digest,
    /// The number of its bytes.
    pub size: u64,
    /// Annotations, such as a file name (`org.opencontainers.image.title`).
    pub annotations: BTreeMap<String, String>,
    blob: RegistryBlob,
}

impl ArtifactLayer {
    /// Opens it as a stream that has exactly the bytes that the manifest says.
    ///
    /// # Errors
    ///
    /// When the registry does not give it.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        self.blob.open()
    }

    /// Its content of at most `limit` bytes, verified.
    ///
    /// # Errors
    ///
    /// When the registry does not give it, it is larger, or it has another digest.
    pub fn read(&self, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open()?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
        let wrong = |reason: String| {
            io::Error::new(io::ErrorKind::InvalidData, format!("blob {} {reason}", self.digest))
        };
        if bytes.len() as u64 > limit {
            return Err(wrong(format!("has more than {limit} bytes")));
        }
        let actual = digest_of(self.digest.algorithm(), &bytes);
        if actual == self.digest { Ok(bytes) } else { Err(wrong(format!("has the digest {actual}"))) }
    }

    /// Opens it from byte number `position` on, as [`ArtifactLayer::open`] does from the beginning: for a transfer that
    /// is taken up again.
    ///
    /// # Errors
    ///
    /// When the registry does not give it.
    pub fn open_from(&self, position: u64) -> Result<impl Read + Send + use<>, RegistryError> {
        self.blob.stream(position)
    }
}

impl Artifact {
    /// Reads the manifest of an artifact.
    pub(crate) fn parse(
        bytes: &[u8],
        digest: Digest,
        place: &Arc<Place>,
        what: &str,
    ) -> Result<Artifact, RegistryError> {
        let manifest = ArtifactManifest::parse(bytes, what)?;
        let part = |part: Descriptor| ArtifactLayer {
            blob: RegistryBlob::new(Arc::clone(place), part.digest.clone(), part.size),
            media_type: part.media_type,
            digest: part.digest,
            size: part.size,
            annotations: part.annotations,
        };
        Ok(Artifact {
            digest,
            artifact_type: manifest.artifact_type,
            annotations: manifest.annotations,
            config: manifest.config.map(part),
            layers: manifest.layers.into_iter().map(part).collect(),
        })
    }
}
