//! Images: what an image is made of, wherever it comes from, and the sources that lie on a disk.
//!
//! A source finds the image's manifest and configuration, verifies their digests, and gives an [`Image`] whose layers
//! can be opened. It reads no layer.

mod artifact;
mod base;
mod error;
mod model;
pub mod sources;

pub use artifact::{ArtifactManifest, MAX_ATTACHED, attachment_tag};
pub use error::ImageError;
pub use model::{
    Config, Descriptor, HistoryStep, Index, Manifest, ManifestKind, PlatformChoice, classify, media,
};

use std::collections::BTreeMap;
use std::io::{self, Read};

use plimsoll_archive::ReadAt;
use plimsoll_types::{Digest, ImageMetadata, LayerInfo};

/// The bytes of a layer as its source keeps them: a tar stream, compressed or not.
pub trait Blob: Send + Sync {
    /// Opens the blob at its beginning. May be called again: a link can make a second look necessary.
    ///
    /// # Errors
    ///
    /// When it is not there or cannot be read.
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>>;

    /// The same bytes at any place, where the source has them so.
    fn random_access(&self) -> Option<&dyn ReadAt> {
        None
    }
}

/// A layer of an image.
pub struct Layer {
    /// The digest of the blob as distributed; `None` where the source keeps the plain tar stream only, whose digest is
    /// the diff ID.
    pub digest: Option<Digest>,
    /// The digest of the uncompressed tar stream, from the image's configuration.
    pub diff_id: Digest,
    /// Bytes of the blob, 0 when unknown.
    pub size: u64,
    /// The command that made it; empty when unknown.
    pub created_by: String,
    /// Its bytes. `None` when the source can only be read from beginning to end: see [`Image::sweep`].
    pub blob: Option<Box<dyn Blob>>,
}

/// Reads the layers in the order in which a source stores them, which need not be the image's. The closure gets the
/// layer's number in the image and its bytes.
pub type SweepFn<'a> = dyn FnMut(usize, &mut dyn Read) -> io::Result<()> + 'a;

/// A source that can only be read from beginning to end, such as a compressed archive.
pub trait Sweep: Send + Sync {
    /// Reads through the source once and hands each layer of the image that `wanted` names (by number) to `each`.
    ///
    /// # Errors
    ///
    /// When the source cannot be read or lacks a layer.
    fn sweep(&self, wanted: &[usize], each: &mut SweepFn<'_>) -> Result<(), ImageError>;
}

/// An image: its description, and layers that can be opened.
pub struct Image {
    /// What it says of itself. Digests in it have been verified.
    pub metadata: ImageMetadata,
    /// Its configuration as it was read.
    pub config: Config,
    /// Its layers from the base.
    pub layers: Vec<Layer>,
    /// The only way to the layers' bytes when they have no blob of their own.
    pub sweep: Option<Box<dyn Sweep>>,
    /// The indexes through which it was found, the outermost first. What is attached to one of them is attached to the
    /// image too: whoever signs a tag signs the index that it names.
    pub indexes: Vec<Digest>,
    /// The manifests with attestations about it that lie beside it in its index, as BuildKit writes them.
    pub attestations: Vec<Digest>,
    /// What is attached to it in the layout that it is from. `None` for other sources: a `docker save` archive without a layout
    /// in it has no place for it, and a registry is asked.
    pub attached: Option<sources::LayoutArtifacts>,
}

impl Image {
    /// An image whose description follows from its configuration `id`, its `manifest` where the source has one, the
    /// `tags` it is known under, and its layers. The digests must have been verified.
    pub fn new(
        id: Digest,
        manifest: Option<Digest>,
        tags: Vec<String>,
        config: Config,
        layers: Vec<Layer>,
        sweep: Option<Box<dyn Sweep>>,
    ) -> Image {
        let described = layers.iter().map(|layer| LayerInfo {
            digest: layer.digest.clone(),
            diff_id: layer.diff_id.clone(),
            size: layer.size,
            created_by: layer.created_by.clone(),
        });
        let metadata = ImageMetadata {
            id: Some(id),
            manifest,
            tags,
            platform: config.platform.clone(),
            created: config.created,
            labels: config.labels.clone(),
            layers: described.collect(),
            user: config.user.clone(),
            exposed_ports: config.exposed_ports.clone(),
            command: config.command.clone(),
            base: base::base(&config, &BTreeMap::new()),
        };
        let (indexes, attestations) = (Vec::new(), Vec::new());
        Image { metadata, config, layers, sweep, indexes, attestations, attached: None }
    }

    /// Takes what the annotations of its manifest say of it.
    pub fn annotated(mut self, annotations: &BTreeMap<String, String>) -> Image {
        self.metadata.base = base::base(&self.config, annotations);
        self
    }
}
