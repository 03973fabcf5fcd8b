//! The manifest and the configuration of the artifact.

use std::collections::BTreeMap;

use plimsoll_archive::sha256;
use plimsoll_types::{Digest, Timestamp};
use serde::{Deserialize, Serialize};

use super::ChunkError;
use super::form::{Kind, VERSION};

/// What kind of artifact chunks are.
pub const ARTIFACT_TYPE: &str = "application/vnd.plimsoll.advisories.v1";

/// The media type of its configuration.
const CONFIG_TYPE: &str = "application/vnd.plimsoll.advisories.config.v1+json";

/// The media type of its manifest.
pub(crate) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// The annotations that say which records a chunk holds.
const FIRST: &str = "plimsoll.records.first";
const LAST: &str = "plimsoll.records.last";

/// The most chunks of a database.
const MAX_PARTS: usize = 1024;

/// The largest chunk, packed.
const MAX_PART: u64 = 128 << 20;

/// What the artifact says of the database as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description {
    /// When the index was built.
    pub built: Option<Timestamp>,
    /// When the next one is to be expected.
    pub next_update: Option<Timestamp>,
    /// How many advisories it holds.
    pub advisories: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawConfig {
    format_version: u32,
    built: Option<String>,
    next_update: Option<String>,
    #[serde(default)]
    advisories: u64,
}

impl Description {
    pub(crate) fn to_json(&self) -> Result<Vec<u8>, ChunkError> {
        let raw = RawConfig {
            format_version: VERSION.into(),
            built: self.built.map(|time| time.to_string()),
            next_update: self.next_update.map(|time| time.to_string()),
            advisories: self.advisories,
        };
        serde_json::to_vec(&raw).map_err(|error| ChunkError::Serial(error.to_string()))
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Description, ChunkError> {
        let raw: RawConfig =
            serde_json::from_slice(bytes).map_err(|error| ChunkError::Description(error.to_string()))?;
        if raw.format_version != u32::from(VERSION) {
            return Err(ChunkError::Version { found: raw.format_version, known: VERSION.into() });
        }
        let time = |text: Option<String>| text.and_then(|text| text.parse().ok());
        Ok(Description {
            built: time(raw.built),
            next_update: time(raw.next_update),
            advisories: raw.advisories,
        })
    }
}

/// A chunk as the manifest names it.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub kind: Kind,
    pub digest: Digest,
    pub size: u64,
}

/// Checks what a manifest says of a chunk.
pub(crate) fn part(media_type: &str, digest: &Digest, size: u64) -> Result<Part, ChunkError> {
    let kind = Kind::of_media_type(media_type).ok_or_else(|| {
        ChunkError::Description(format!("'{media_type}' is no kind of chunk that is known"))
    })?;
    if size > MAX_PART {
        return Err(ChunkError::Chunk {
            digest: digest.to_string(),
            reason: format!("{size} bytes are more than the limit of {MAX_PART}"),
        });
    }
    Ok(Part { kind, digest: digest.clone(), size })
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawManifest {
    schema_version: u32,
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    artifact_type: String,
    config: RawDescriptor,
    layers: Vec<RawDescriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawDescriptor {
    pub media_type: String,
    pub digest: String,
    pub size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl RawDescriptor {
    pub(crate) fn new(media_type: &str, bytes: &[u8]) -> RawDescriptor {
        RawDescriptor {
            media_type: media_type.to_owned(),
            digest: sha256(bytes).to_string(),
            size: bytes.len() as u64,
            annotations: BTreeMap::new(),
        }
    }

    /// The descriptor of a chunk.
    pub(crate) fn of_chunk(kind: Kind, bytes: &[u8], first: &str, last: &str) -> RawDescriptor {
        let range = [(FIRST.to_owned(), first.to_owned()), (LAST.to_owned(), last.to_owned())];
        RawDescriptor { annotations: range.into(), ..RawDescriptor::new(kind.media_type(), bytes) }
    }
}

/// The manifest of an artifact.
pub(crate) fn manifest(
    config: &[u8],
    layers: Vec<RawDescriptor>,
    built: Option<Timestamp>,
) -> Result<Vec<u8>, ChunkError> {
    if layers.len() > MAX_PARTS {
        let reason = format!("{} chunks are more than the limit of {MAX_PARTS}", layers.len());
        return Err(ChunkError::Serial(reason));
    }
    let created = built.map(|built| ("org.opencontainers.image.created".to_owned(), built.to_string()));
    let raw = RawManifest {
        schema_version: 2,
        media_type: MANIFEST_TYPE.to_owned(),
        artifact_type: ARTIFACT_TYPE.to_owned(),
        config: RawDescriptor::new(CONFIG_TYPE, config),
        layers,
        annotations: created.into_iter().collect(),
    };
    serde_json::to_vec(&raw).map_err(|error| ChunkError::Serial(error.to_string()))
}

/// The digest of the configuration and the chunks that a manifest names.
pub(crate) fn parse(bytes: &[u8]) -> Result<(Digest, Vec<Part>), ChunkError> {
    let invalid = |reason: String| ChunkError::Description(reason);
    let raw: RawManifest = serde_json::from_slice(bytes).map_err(|error| invalid(error.to_string()))?;
    if raw.artifact_type != ARTIFACT_TYPE {
        return Err(invalid(format!("it is of the type '{}'", raw.artifact_type)));
    }
    if raw.layers.len() > MAX_PARTS {
        return Err(invalid(format!("{} chunks are more than the limit of {MAX_PARTS}", raw.layers.len())));
    }
    let digest = |text: &str| text.parse::<Digest>().map_err(|error| invalid(error.to_string()));
    let parts = raw
        .layers
        .iter()
        .map(|layer| part(&layer.media_type, &digest(&layer.digest)?, layer.size))
        .collect::<Result<_, _>>()?;
    Ok((digest(&raw.config.digest)?, parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_read_as_they_were_written() {
        let description =
            Description { built: Some(Timestamp::from_seconds(9)), next_update: None, advisories: 3 };
        let config = description.to_json().unwrap();
        assert_eq!(Description::parse(&config).unwrap(), description);
        let layers = vec![RawDescriptor::of_chunk(Kind::Records, b"chunk", "a/1", "b/2")];
        let bytes = manifest(&config, layers, description.built).unwrap();
        let (digest, parts) = parse(&bytes).unwrap();
        assert_eq!(digest, sha256(&config));
        assert_eq!((parts[0].kind, parts[0].size, &parts[0].digest), (Kind::Records, 5, &sha256(b"chunk")));
        for len in 0..bytes.len() {
            assert!(parse(&bytes[..len]).is_err());
        }
        for len in 0..config.len() {
            assert!(Description::parse(&config[..len]).is_err());
        }
        let text = String::from_utf8(bytes).unwrap();
        for (from, to) in [
            ("advisories.v1\"", "other\""),
            ("records.v1", "records.v9"),
            ("\"size\":5", "\"size\":999999999999"),
        ] {
            assert!(parse(text.replace(from, to).as_bytes()).is_err(), "{to}");
        }
        let newer = String::from_utf8(config).unwrap().replace("\"formatVersion\":1", "\"formatVersion\":2");
        assert!(matches!(Description::parse(newer.as_bytes()), Err(ChunkError::Version { found: 2, .. })));
    }
}
