//! Artifacts: manifests that are not of images (image-spec v1.1, "Guidelines for Artifact Usage"), such as advisory
//! databases.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;

use plimsoll_image::Blob;
use plimsoll_types::Digest;
use serde::Deserialize;

use crate::place::Place;
use crate::{RegistryBlob, RegistryError};

/// The most layers that an artifact may have.
const MAX_LAYERS: usize = 1024;

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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawManifest {
    artifact_type: Option<String>,
    config: Option<RawDescriptor>,
    layers: Option<Vec<RawDescriptor>>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDescriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    #[serde(default)]
    size: u64,
    annotations: Option<BTreeMap<String, String>>,
}

impl Artifact {
    /// Reads the manifest of an artifact.
    pub(crate) fn parse(
        bytes: &[u8],
        digest: Digest,
        place: &Arc<Place>,
        what: &str,
    ) -> Result<Artifact, RegistryError> {
        let invalid = |reason: String| plimsoll_image::ImageError::Document {
            what: format!("the manifest of {what}"),
            reason,
        };
        let raw: RawManifest = serde_json::from_slice(bytes).map_err(|error| invalid(error.to_string()))?;
        let layers = raw.layers.ok_or_else(|| invalid("it has no layers".to_owned()))?;
        if layers.len() > MAX_LAYERS {
            return Err(
                invalid(format!("{} layers are more than the limit of {MAX_LAYERS}", layers.len())).into()
            );
        }
        let part = |raw: RawDescriptor| -> Result<ArtifactLayer, RegistryError> {
            let digest: Digest = raw.digest.parse().map_err(|error| invalid(format!("{error}")))?;
            Ok(ArtifactLayer {
                media_type: raw.media_type,
                blob: RegistryBlob::new(Arc::clone(place), digest.clone(), raw.size),
                digest,
                size: raw.size,
                annotations: raw.annotations.unwrap_or_default(),
            })
        };
        let layers = layers.into_iter().map(part).collect::<Result<Vec<_>, _>>()?;
        let config = raw.config.map(part).transpose()?;
        let said = config.as_ref().map(|config| config.media_type.clone());
        let artifact_type = raw.artifact_type.or(said).unwrap_or_default();
        let annotations = raw.annotations.unwrap_or_default();
        Ok(Artifact { digest, artifact_type, annotations, config, layers })
    }
}
