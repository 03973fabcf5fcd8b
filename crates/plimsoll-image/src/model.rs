//! Manifests, indexes and configurations: OCI image specification v1.1 and Docker's image manifest version 2,
//! schema 2, which it grew out of.

use std::collections::BTreeMap;

use plimsoll_types::{Digest, Platform, Timestamp};
use serde::Deserialize;

use crate::ImageError;

/// Media types.
pub mod media {
    /// OCI image index.
    pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
    /// OCI image manifest.
    pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    /// Docker manifest list.
    pub const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// Docker manifest, schema 2.
    pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
    /// All that a registry may answer a manifest request with, in the order of preference.
    pub const ACCEPT: [&str; 4] = [OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST];

    /// True for the layers of a container image in any of their forms.
    pub fn is_layer(media_type: &str) -> bool {
        matches!(
            media_type,
            "application/vnd.oci.image.layer.v1.tar"
                | "application/vnd.oci.image.layer.v1.tar+gzip"
                | "application/vnd.oci.image.layer.v1.tar+zstd"
                | "application/vnd.oci.image.layer.nondistributable.v1.tar"
                | "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
                | "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"
                | "application/vnd.docker.image.rootfs.diff.tar"
                | "application/vnd.docker.image.rootfs.diff.tar.gzip"
                | "application/vnd.docker.image.rootfs.diff.tar.zstd"
                | "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
        )
    }

    /// True for an image's configuration.
    pub fn is_config(media_type: &str) -> bool {
        matches!(
            media_type,
            "application/vnd.oci.image.config.v1+json" | "application/vnd.docker.container.image.v1+json"
        )
    }
}

/// The most bytes that a manifest, index or configuration may have: registries take 4 MiB manifests, and
/// configurations with long histories stay below this too.
pub const MAX_DOCUMENT: u64 = 8 << 20;

/// The most layers an image may have. Docker stops at 127.
const MAX_LAYERS: usize = 4096;

/// A reference to a blob by digest (image-spec, "OCI Content Descriptors").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Descriptor {
    /// Its media type; empty when the document does not say.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// The platform, in an index.
    pub platform: Option<Platform>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// The name given to the image in an OCI layout (`org.opencontainers.image.ref.name`).
    pub fn ref_name(&self) -> Option<&str> {
        self.annotations.get("org.opencontainers.image.ref.name").map(String::as_str)
    }

    /// True for what `buildx` stores beside images: attestations under the platform `unknown/unknown`.
    pub fn is_attestation(&self) -> bool {
        self.annotations.contains_key("vnd.docker.reference.type")
            || self.platform.as_ref().is_some_and(|platform| platform.os == "unknown")
    }
}

/// An image index: a list of manifests, one a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// The manifests (or further indexes).
    pub manifests: Vec<Descriptor>,
}

impl Index {
    /// The manifests with attestations about the manifest `digest` that lie beside it in the index, as BuildKit writes
    /// them (its "Image Attestation Storage").
    pub fn attestations_of(&self, digest: &Digest) -> Vec<Digest> {
        let about = digest.to_string();
        let is_about = |entry: &&Descriptor| attested(&entry.annotations).is_some_and(|found| found == about);
        self.manifests.iter().filter(is_about).map(|entry| entry.digest.clone()).collect()
    }
}

/// The digest of the manifest that an entry with these annotations has attestations about, as BuildKit writes it (its "Image
/// Attestation Storage").
pub(crate) fn attested(annotations: &BTreeMap<String, String>) -> Option<&str> {
    annotations.get("vnd.docker.reference.type").filter(|kind| *kind == "attestation-manifest")?;
    annotations.get("vnd.docker.reference.digest").map(String::as_str)
}

/// An image manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The configuration.
    pub config: Descriptor,
    /// The layers from the base.
    pub layers: Vec<Descriptor>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

/// What a JSON document under a manifest digest is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestKind {
    /// An index.
    Index(Index),
    /// A manifest.
    Manifest(Manifest),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RawDescriptor {
    #[serde(default)]
    media_type: String,
    digest: String,
    #[serde(default)]
    size: u64,
    platform: Option<RawPlatform>,
    #[serde(default, deserialize_with = "null_is_empty")]
    annotations: BTreeMap<String, String>,
}

impl RawDescriptor {
    /// The descriptor, or what is wrong with its digest.
    pub(crate) fn read(self) -> Result<Descriptor, String> {
        Ok(Descriptor {
            media_type: self.media_type,
            digest: self.digest.parse().map_err(|error| format!("{error}"))?,
            size: self.size,
            platform: self.platform.map(|platform| Platform {
                os: platform.os,
                architecture: platform.architecture,
                variant: platform.variant,
            }),
            annotations: self.annotations,
        })
    }
}

#[derive(Deserialize)]
struct RawPlatform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawManifest {
    schema_version: Option<u64>,
    #[serde(default)]
    media_type: String,
    config: Option<RawDescriptor>,
    layers: Option<Vec<RawDescriptor>>,
    manifests: Option<Vec<RawDescriptor>>,
    #[serde(default, deserialize_with = "null_is_empty")]
    annotations: BTreeMap<String, String>,
}

pub(crate) fn null_is_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a manifest or an index and tells which it is. `what` names the document in errors, `media_type` is what its
/// descriptor or the registry said (empty when nothing did).
///
/// # Errors
///
/// When it is not JSON, not a manifest of a container image, or does not fit together.
pub fn classify(bytes: &[u8], media_type: &str, what: &str) -> Result<ManifestKind, ImageError> {
    let invalid = |reason: String| ImageError::Document { what: what.to_owned(), reason };
    if bytes.len() as u64 > MAX_DOCUMENT {
        return Err(invalid(format!("{} bytes are more than the limit of {MAX_DOCUMENT}", bytes.len())));
    }
    let raw: RawManifest = serde_json::from_slice(bytes).map_err(|error| invalid(error.to_string()))?;
    let said = if raw.media_type.is_empty() { media_type } else { &raw.media_type };
    if raw.schema_version == Some(1) {
        return Err(ImageError::MediaType {
            what: what.to_owned(),
            media_type: "application/vnd.docker.distribution.manifest.v1+json".to_owned(),
        });
    }
    let known = said.is_empty() || media::ACCEPT.contains(&said) || said == "application/json";
    if !known {
        return Err(ImageError::MediaType { what: what.to_owned(), media_type: said.to_owned() });
    }
    let descriptor = |raw: RawDescriptor| raw.read().map_err(invalid);
    match (raw.manifests, raw.config, raw.layers) {
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
            Err(invalid("it is an index and a manifest at once".to_owned()))
        }
        (Some(manifests), None, None) => {
            let manifests = manifests.into_iter().map(descriptor).collect::<Result<_, _>>()?;
            Ok(ManifestKind::Index(Index { manifests }))
        }
        (None, Some(config), layers) => {
            let layers = layers.unwrap_or_default();
            if layers.len() > MAX_LAYERS {
                return Err(invalid(format!(
                    "{} layers are more than the limit of {MAX_LAYERS}",
                    layers.len()
                )));
            }
            let config = descriptor(config)?;
            if !config.media_type.is_empty() && !media::is_config(&config.media_type) {
                return Err(ImageError::MediaType {
                    what: format!("the configuration of {what}"),
                    media_type: config.media_type,
                });
            }
            let layers = layers.into_iter().map(descriptor).collect::<Result<Vec<_>, _>>()?;
            if let Some(layer) = layers.iter().find(|layer| !media::is_layer(&layer.media_type)) {
                return Err(ImageError::MediaType {
                    what: format!("layer {}", layer.digest),
                    media_type: layer.media_type.clone(),
                });
            }
            Ok(ManifestKind::Manifest(Manifest { config, layers, annotations: raw.annotations }))
        }
        (None, None, _) => Err(invalid("it names neither a configuration nor manifests".to_owned())),
    }
}

/// An image's configuration (image-spec, "OCI Image Configuration").
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// The platform.
    pub platform: Platform,
    /// When it was built.
    pub created: Option<Timestamp>,
    /// The digests of the uncompressed layers from the base.
    pub diff_ids: Vec<Digest>,
    /// The commands that made the layers, one each; shorter when the history does not say.
    pub created_by: Vec<String>,
    /// Labels, sorted by key.
    pub labels: Vec<(String, String)>,
    /// Environment, `KEY=VALUE`.
    pub env: Vec<String>,
    /// The user that it runs as; empty means root.
    pub user: String,
    /// Ports that it says it listens on, such as `443/tcp`, sorted.
    pub exposed_ports: Vec<String>,
    /// `Entrypoint` and `Cmd`, in that order: what runs when nothing else is asked for.
    pub command: Vec<String>,
    /// The working directory of what runs; empty for the root.
    pub working_dir: String,
    /// `Entrypoint` alone.
    pub entrypoint: Vec<String>,
    /// `Cmd` alone.
    pub cmd: Vec<String>,
    /// `Healthcheck.Test`, where there is one: `NONE`, `CMD` or `CMD-SHELL`, then its arguments. OCI does not know it; Docker does.
    pub healthcheck: Option<Vec<String>>,
    /// Directories that become volumes, sorted.
    pub volumes: Vec<String>,
    /// Instructions for images that are built on this one.
    pub on_build: Vec<String>,
    /// The shell of `RUN` and the like; empty for the default.
    pub shell: Vec<String>,
    /// All steps of the history, from the base.
    pub history: Vec<HistoryStep>,
    /// The document as it was read, for checks that look at more of it.
    pub raw: Vec<u8>,
}

/// A step of an image's history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoryStep {
    /// The command.
    pub created_by: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Its comment, such as `buildkit.dockerfile.v0`.
    pub comment: String,
    /// The layer that it made, counted from the base; `None` when it made none, or when history and layers do not fit together.
    pub layer: Option<usize>,
    /// True when it says that it made no layer.
    pub empty_layer: bool,
}

#[derive(Deserialize)]
struct RawConfig {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    variant: String,
    created: Option<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    config: RawRunConfig,
    rootfs: Option<RawRootfs>,
    #[serde(default, deserialize_with = "null_is_empty")]
    history: Vec<RawHistory>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct RawRunConfig {
    #[serde(default, deserialize_with = "null_is_empty")]
    labels: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    env: Vec<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    user: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    exposed_ports: BTreeMap<String, serde::de::IgnoredAny>,
    #[serde(default, deserialize_with = "null_is_empty")]
    entrypoint: Vec<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    cmd: Vec<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    working_dir: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    volumes: BTreeMap<String, serde::de::IgnoredAny>,
    #[serde(default, deserialize_with = "null_is_empty")]
    on_build: Vec<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    shell: Vec<String>,
    healthcheck: Option<RawHealthcheck>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawHealthcheck {
    #[serde(default, deserialize_with = "null_is_empty")]
    test: Vec<String>,
}

#[derive(Deserialize)]
struct RawRootfs {
    #[serde(default, deserialize_with = "null_is_empty")]
    diff_ids: Vec<String>,
}

#[derive(Deserialize)]
struct RawHistory {
    created: Option<String>,
    #[serde(default, deserialize_with = "null_is_empty")]
    created_by: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    comment: String,
    #[serde(default, deserialize_with = "null_is_empty")]
    empty_layer: bool,
}

impl Config {
    /// Reads an image's configuration. `what` names it in errors.
    ///
    /// # Errors
    ///
    /// When it is not JSON, is too large, or is not an image's configuration.
    pub fn parse(bytes: &[u8], what: &str) -> Result<Config, ImageError> {
        let invalid = |reason: String| ImageError::Document { what: what.to_owned(), reason };
        if bytes.len() as u64 > MAX_DOCUMENT {
            return Err(invalid(format!("{} bytes are more than the limit of {MAX_DOCUMENT}", bytes.len())));
        }
        let raw: RawConfig = serde_json::from_slice(bytes).map_err(|error| invalid(error.to_string()))?;
        let rootfs = raw.rootfs.ok_or_else(|| invalid("it has no rootfs".to_owned()))?;
        if rootfs.diff_ids.len() > MAX_LAYERS {
            return Err(invalid(format!(
                "{} layers are more than the limit of {MAX_LAYERS}",
                rootfs.diff_ids.len()
            )));
        }
        let diff_ids = rootfs
            .diff_ids
            .iter()
            .map(|id| id.parse().map_err(|error| invalid(format!("{error}"))))
            .collect::<Result<Vec<Digest>, _>>()?;
        // A history that does not fit the layers says nothing of any one of them.
        let fits = raw.history.iter().filter(|step| !step.empty_layer).count() == diff_ids.len();
        let mut layers = 0..diff_ids.len();
        let history: Vec<HistoryStep> = raw
            .history
            .into_iter()
            .map(|step| HistoryStep {
                layer: if fits && !step.empty_layer { layers.next() } else { None },
                created_by: step.created_by,
                created: step.created.and_then(|created| created.parse().ok()),
                comment: step.comment,
                empty_layer: step.empty_layer,
            })
            .collect();
        let made = history.iter().filter(|step| step.layer.is_some());
        let created_by: Vec<_> = made.map(|step| step.created_by.clone()).collect();
        Ok(Config {
            platform: Platform { os: raw.os, architecture: raw.architecture, variant: raw.variant },
            created: raw.created.and_then(|created| created.parse().ok()),
            diff_ids,
            created_by,
            labels: raw.config.labels.into_iter().collect(),
            env: raw.config.env,
            user: raw.config.user,
            exposed_ports: raw.config.exposed_ports.into_keys().collect(),
            working_dir: raw.config.working_dir,
            command: raw.config.entrypoint.iter().chain(&raw.config.cmd).cloned().collect(),
            entrypoint: raw.config.entrypoint,
            cmd: raw.config.cmd,
            healthcheck: raw.config.healthcheck.map(|check| check.test),
            volumes: raw.config.volumes.into_keys().collect(),
            on_build: raw.config.on_build,
            shell: raw.config.shell,
            history,
            raw: bytes.to_vec(),
        })
    }

    /// The command that made layer `number`, from the base; empty when unknown.
    pub fn created_by(&self, number: usize) -> String {
        self.created_by.get(number).cloned().unwrap_or_default()
    }
}

/// Which of the platforms of an index is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PlatformChoice {
    /// This machine's, with Linux as the operating system, or the only one there is.
    #[default]
    Default,
    /// This one; an empty variant takes any.
    One(Platform),
    /// Each.
    All,
}

impl PlatformChoice {
    /// Reads `os/arch[/variant]`, `arch` or `all`.
    ///
    /// # Errors
    ///
    /// The text, when it is none of these.
    pub fn parse(text: &str) -> Result<PlatformChoice, String> {
        if text == "all" {
            return Ok(PlatformChoice::All);
        }
        let parts: Vec<&str> = text.split('/').collect();
        let (os, architecture, variant) = match parts[..] {
            [architecture] => ("linux", architecture, ""),
            [os, architecture] => (os, architecture, ""),
            [os, architecture, variant] => (os, architecture, variant),
            _ => return Err(text.to_owned()),
        };
        let fine =
            |word: &str| word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        if os.is_empty() || architecture.is_empty() || ![os, architecture, variant].into_iter().all(fine) {
            return Err(text.to_owned());
        }
        Ok(PlatformChoice::One(normal(&Platform {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.to_owned(),
        })))
    }

    /// Whether an image for `platform` is what was asked for. The default is judged by [`PlatformChoice::select`].
    pub fn accepts(&self, platform: &Platform) -> bool {
        let PlatformChoice::One(wanted) = self else { return true };
        let platform = normal(platform);
        wanted.os == platform.os
            && wanted.architecture == platform.architecture
            && (wanted.variant.is_empty() || wanted.variant == platform.variant)
    }

    /// The images of `index` that were asked for, attestations left out. `name` is the target's in errors; `machine` is
    /// the architecture of the machine at hand, as OCI spells it.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn select<'a>(
        &self,
        index: &'a Index,
        machine: &str,
        name: &str,
    ) -> Result<Vec<&'a Descriptor>, ImageError> {
        let images: Vec<&Descriptor> =
            index.manifests.iter().filter(|entry| !entry.is_attestation()).collect();
        let found: Vec<&Descriptor> = match self {
            PlatformChoice::All => images.clone(),
            PlatformChoice::One(_) => self.best(&images),
            PlatformChoice::Default if images.len() == 1 => images.clone(),
            PlatformChoice::Default => {
                let here =
                    Platform { os: "linux".into(), architecture: machine.into(), variant: String::new() };
                PlatformChoice::One(here).best(&images)
            }
        };
        if found.is_empty() {
            let wanted = match self {
                PlatformChoice::One(platform) => platform.clone(),
                _ => Platform { os: "linux".into(), architecture: machine.into(), variant: String::new() },
            };
            let available = images.iter().filter_map(|entry| entry.platform.clone()).collect();
            return Err(ImageError::NoPlatform { name: name.to_owned(), wanted, available });
        }
        Ok(found)
    }
}

impl PlatformChoice {
    /// The first image that is for the platform by its own word, else the first that does not say: it is judged by its
    /// configuration later.
    fn best<'a>(&self, images: &[&'a Descriptor]) -> Vec<&'a Descriptor> {
        let fits =
            |entry: &&&Descriptor| entry.platform.as_ref().is_none_or(|platform| self.accepts(platform));
        images.iter().filter(fits).min_by_key(|entry| entry.platform.is_none()).copied().into_iter().collect()
    }
}

/// Folds the spellings that mean one platform: `x86_64` is `amd64`, `aarch64` is `arm64`, and `arm64`'s only variant
/// is `v8` (containerd's `platforms` package does the same).
fn normal(platform: &Platform) -> Platform {
    let architecture = match platform.architecture.as_str() {
        "x86_64" | "x86-64" => "amd64",
        "aarch64" => "arm64",
        "i386" => "386",
        "armhf" => "arm",
        other => other,
    };
    let variant = match (architecture, platform.variant.as_str()) {
        ("arm64", "v8" | "8") | ("amd64", "v1") => "",
        (_, variant) => variant,
    };
    Platform { os: platform.os.clone(), architecture: architecture.to_owned(), variant: variant.to_owned() }
}
