//! Manifests that are not of images (image-spec v1.1, "Guidelines for Artifact Usage"): signatures, attestations,
//! databases.

use std::collections::BTreeMap;

use plimsoll_types::Digest;
use serde::Deserialize;

use crate::ImageError;
use crate::model::{Descriptor, RawDescriptor, null_is_empty};

/// The most layers that an artifact may have.
const MAX_LAYERS: usize = 1024;

/// The most artifacts that are read of what is attached to one image.
pub const MAX_ATTACHED: usize = 256;

/// The manifest of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactManifest {
    /// What kind it is: the manifest's `artifactType`, or else the media type of its configuration.
    pub artifact_type: String,
    /// Its configuration, where it has one.
    pub config: Option<Descriptor>,
    /// Its content.
    pub layers: Vec<Descriptor>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawArtifact {
    artifact_type: Option<String>,
    config: Option<RawDescriptor>,
    layers: Option<Vec<RawDescriptor>>,
    #[serde(default, deserialize_with = "null_is_empty")]
    annotations: BTreeMap<String, String>,
}

impl ArtifactManifest {
    /// Reads the manifest of an artifact, which `what` names in errors.
    ///
    /// # Errors
    ///
    /// When it is not JSON, is no manifest, or has more layers than any artifact.
    pub fn parse(bytes: &[u8], what: &str) -> Result<ArtifactManifest, ImageError> {
        let invalid =
            |reason: String| ImageError::Document { what: format!("the manifest of {what}"), reason };
        let raw: RawArtifact = serde_json::from_slice(bytes).map_err(|error| invalid(error.to_string()))?;
        let layers = raw.layers.ok_or_else(|| invalid("it has no layers".to_owned()))?;
        if layers.len() > MAX_LAYERS {
            return Err(invalid(format!("{} layers are more than the limit of {MAX_LAYERS}", layers.len())));
        }
        let part = |raw: RawDescriptor| raw.read().map_err(invalid);
        let layers = layers.into_iter().map(part).collect::<Result<Vec<_>, _>>()?;
        let config = raw.config.map(part).transpose()?;
        let said = config.as_ref().map(|config| config.media_type.clone());
        let artifact_type = raw.artifact_type.or(said).unwrap_or_default();
        Ok(ArtifactManifest { artifact_type, config, layers, annotations: raw.annotations })
    }
}

/// The tag under which clients keep what is attached to `digest` where there is no list of referrers: `sha256-<hex>`.
/// Cosign appends `.sig`, `.att` and `.sbom` to it.
pub fn attachment_tag(digest: &Digest) -> String {
    digest.to_string().replacen(':', "-", 1)
}

/// True for the tags that [`attachment_tag`] gives, with and without cosign's endings.
pub(crate) fn is_attachment_tag(tag: &str) -> bool {
    let stem = [".sig", ".att", ".sbom"].iter().find_map(|ending| tag.strip_suffix(ending)).unwrap_or(tag);
    stem.replacen('-', ":", 1).parse::<Digest>().is_ok()
}
