//! What is attached to the images of an OCI layout and lies in it: manifests whose `subject` is the image or its index
//! (image-spec v1.1), what is named as cosign tags it in registries, what `cosign save` writes, and the attestations
//! that BuildKit puts into the index beside the image.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, OnceLock};

use plimsoll_types::Digest;
use serde::Deserialize;

use super::layout::{MAX_DEPTH, file_of, root, verified};
use super::store::Store;
use crate::artifact::is_attachment_tag;
use crate::model::{Descriptor, MAX_DOCUMENT, ManifestKind, attested, classify, media};
use crate::{ArtifactManifest, Image, ImageError, MAX_ATTACHED, attachment_tag};

/// The most manifests and indexes of a layout that are looked at for what is attached.
const MAX_LISTED: usize = 10_000;

/// The annotation by which `cosign save` says what an entry of the layout is, and its values.
const COSIGN_KIND: &str = "kind";
const COSIGN_IMAGES: [&str; 2] = ["dev.cosignproject.cosign/image", "dev.cosignproject.cosign/imageIndex"];
const COSIGN_ATTACHED: [&str; 2] = ["dev.cosignproject.cosign/sigs", "dev.cosignproject.cosign/atts"];

/// A manifest or an index, as far as it says what belongs to what.
#[derive(Deserialize)]
struct Node {
    subject: Option<NodeEntry>,
    #[serde(default)]
    config: Option<NodeEntry>,
    #[serde(default)]
    manifests: Option<Vec<NodeEntry>>,
    #[serde(default)]
    layers: Option<Vec<NodeEntry>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NodeEntry {
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// A layout, and what belongs to what in it.
pub(super) struct Shelf {
    store: Store,
    links: OnceLock<Links>,
}

/// What belongs to what in a layout.
#[derive(Default)]
struct Links {
    /// Manifests by the digest that they name as their subject, in the layout's order.
    referrers: BTreeMap<Digest, Vec<Digest>>,
    /// Entries of `index.json` by the tag in their name.
    tags: BTreeMap<String, Vec<Digest>>,
    /// Signatures and attestations that `cosign save` wrote beside the only image of the layout.
    saved: Vec<Digest>,
    /// Manifests by their configuration.
    images: BTreeMap<Digest, Vec<Digest>>,
    /// The index that lists a manifest or a further index.
    parents: BTreeMap<Digest, Digest>,
    /// BuildKit's attestations by the manifest that they are about.
    attestations: BTreeMap<Digest, Vec<Digest>>,
}

impl Shelf {
    pub(super) fn new(store: Store) -> Shelf {
        Shelf { store, links: OnceLock::new() }
    }

    fn links(&self) -> Result<&Links, ImageError> {
        if let Some(links) = self.links.get() {
            return Ok(links);
        }
        let links = self.read_links()?;
        Ok(self.links.get_or_init(|| links))
    }

    /// The way to what is attached to the image with this configuration, for archives of Docker, which name an image by its
    /// configuration and hold a layout beside. `None` when the layout has nothing about it.
    pub(super) fn about_configuration(self: &Arc<Shelf>, id: &Digest) -> Option<LayoutArtifacts> {
        let mut layout =
            LayoutArtifacts { shelf: Arc::clone(self), digests: Vec::new(), attestations: Vec::new() };
        // The image can be scanned all the same; whoever asks for what is attached gets to know what is wrong.
        let Ok(links) = self.links() else { return Some(layout) };
        let manifests = links.images.get(id).map(Vec::as_slice).unwrap_or_default();
        layout.digests.extend_from_slice(manifests);
        for manifest in manifests {
            let above = std::iter::successors(links.parents.get(manifest), |index| links.parents.get(index));
            layout.digests.extend(above.take(MAX_DEPTH).cloned());
            layout.attestations.extend(links.attestations.get(manifest).into_iter().flatten().cloned());
        }
        let mut seen = BTreeSet::new();
        layout.digests.retain(|digest| seen.insert(digest.clone()));
        layout.manifests().map_or(true, |found| !found.is_empty()).then_some(layout)
    }

    fn read_links(&self) -> Result<Links, ImageError> {
        let index = root(&self.store)?;
        let mut links = Links::default();
        for entry in &index.manifests {
            if let Some(name) = entry.ref_name() {
                links.tags.entry(tag(name).to_owned()).or_default().push(entry.digest.clone());
            }
            links.attestation(&entry.digest, &entry.annotations);
        }
        // The entries do not say which image they are about.
        let is_one_of =
            |entry: &&Descriptor, kinds: &[&str]| kind(entry).is_some_and(|kind| kinds.contains(&kind));
        if index.manifests.iter().filter(|entry| is_one_of(entry, &COSIGN_IMAGES)).count() == 1 {
            let saved = index.manifests.iter().filter(|entry| is_one_of(entry, &COSIGN_ATTACHED));
            links.saved = saved.map(|entry| entry.digest.clone()).collect();
        }
        let may_lead_on = |media_type: &str| media_type.is_empty() || media::ACCEPT.contains(&media_type);
        let mut pending: VecDeque<(Digest, usize)> = index
            .manifests
            .into_iter()
            .filter(|entry| may_lead_on(&entry.media_type))
            .map(|entry| (entry.digest, 0))
            .collect();
        let mut seen = BTreeSet::new();
        while let Some((digest, depth)) = pending.pop_front() {
            if !seen.insert(digest.clone()) {
                continue;
            }
            if seen.len() > MAX_LISTED {
                return Err(ImageError::Document {
                    what: format!("the layout {}", self.store.path().display()),
                    reason: format!("it has more than {MAX_LISTED} manifests"),
                });
            }
            // Layouts need not hold what their indexes list: often there is one platform only.
            if !self.store.has(&file_of(&digest)) {
                continue;
            }
            let bytes = verified(&self.store, &digest, &format!("manifest {digest}"))?;
            // What is no manifest is nothing that could be attached.
            let Ok(node) = serde_json::from_slice::<Node>(&bytes) else { continue };
            if let Some(config) = node.config.and_then(|config| config.digest.parse().ok()) {
                links.images.entry(config).or_default().push(digest.clone());
            }
            for entry in node.manifests.into_iter().flatten() {
                let Ok(listed) = entry.digest.parse::<Digest>() else { continue };
                links.attestation(&listed, &entry.annotations);
                if depth < MAX_DEPTH && may_lead_on(&entry.media_type) {
                    links.parents.entry(listed.clone()).or_insert_with(|| digest.clone());
                    pending.push_back((listed, depth + 1));
                }
            }
            if let Some(subject) = node.subject.and_then(|subject| subject.digest.parse().ok()) {
                links.referrers.entry(subject).or_default().push(digest);
            }
        }
        Ok(links)
    }
}

impl Links {
    /// Notes an entry of an index if it is an attestation.
    fn attestation(&mut self, digest: &Digest, annotations: &BTreeMap<String, String>) {
        if let Some(Ok(about)) = attested(annotations).map(str::parse) {
            self.attestations.entry(about).or_default().push(digest.clone());
        }
    }
}

/// The way to what is attached to an image of a layout. Nothing is read before it is asked for.
pub struct LayoutArtifacts {
    shelf: Arc<Shelf>,
    /// The image's manifest, then the indexes through which it was found.
    digests: Vec<Digest>,
    attestations: Vec<Digest>,
}

impl LayoutArtifacts {
    /// The largest blob that [`LayoutArtifacts::read`] gives, in bytes.
    pub const MAX_READ: u64 = MAX_DOCUMENT;

    pub(super) fn of(shelf: &Arc<Shelf>, image: &Image) -> Option<LayoutArtifacts> {
        let manifest = image.metadata.manifest.iter();
        let digests: Vec<Digest> = manifest.chain(&image.indexes).cloned().collect();
        let attestations = image.attestations.clone();
        (!digests.is_empty()).then(|| LayoutArtifacts { shelf: Arc::clone(shelf), digests, attestations })
    }

    /// The digest of the image's manifest, then those of the indexes through which it was found: what statements about the image
    /// name.
    pub fn digests(&self) -> &[Digest] {
        &self.digests
    }

    /// What is attached, with the digests of the manifests: for the image and then each of its indexes what has it as its
    /// subject and what is named like cosign's tags; then BuildKit's attestations.
    ///
    /// # Errors
    ///
    /// When something cannot be read, has another digest than promised or is no artifact, or there are too many.
    pub fn artifacts(&self) -> Result<Vec<(Digest, ArtifactManifest)>, ImageError> {
        let found = self.manifests()?;
        let image = self.digests.first().map(Digest::to_string).unwrap_or_default();
        let what = format!("what is attached to {image}");
        if found.len() > MAX_ATTACHED {
            let reason = format!("more than {MAX_ATTACHED} artifacts are attached");
            return Err(ImageError::Document { what, reason });
        }
        let read = |digest: &Digest| {
            let bytes = verified(&self.shelf.store, digest, &format!("manifest {digest}"))?;
            Ok((digest.clone(), ArtifactManifest::parse(&bytes, &format!("{digest}, {what}"))?))
        };
        found.into_iter().map(read).collect()
    }

    /// The digests of the manifests of what is attached.
    fn manifests(&self) -> Result<Vec<&Digest>, ImageError> {
        let links = self.shelf.links()?;
        let store = &self.shelf.store;
        let mut found: Vec<&Digest> = Vec::new();
        for digest in &self.digests {
            found.extend(links.referrers.get(digest).into_iter().flatten());
            let tag = attachment_tag(digest);
            let named =
                ["att", "sig", "sbom"].iter().filter_map(|end| links.tags.get(&format!("{tag}.{end}")));
            found.extend(named.flatten());
        }
        found.extend(&links.saved);
        found.extend(self.attestations.iter().filter(|digest| store.has(&file_of(digest))));
        let mut seen = BTreeSet::new();
        found.retain(|digest| seen.insert(*digest));
        Ok(found)
    }

    /// The content of a layer of an artifact, verified.
    ///
    /// # Errors
    ///
    /// When it is missing, is larger than [`LayoutArtifacts::MAX_READ`], or has another digest.
    pub fn read(&self, layer: &Descriptor) -> Result<Vec<u8>, ImageError> {
        verified(&self.shelf.store, &layer.digest, &format!("blob {}", layer.digest))
    }
}

/// True for an entry of `index.json` that is no image but something about one: it is named or marked as that, or names a
/// subject. What could be opened as an image is one, whatever it is called.
pub(super) fn lies_beside(store: &Store, entry: &Descriptor) -> bool {
    if entry.is_attestation() {
        return true;
    }
    let Ok(Some(bytes)) = store.document(&file_of(&entry.digest)) else { return false };
    let named = entry.ref_name().is_some_and(|name| is_attachment_tag(tag(name)));
    match classify(&bytes, &entry.media_type, "") {
        Ok(ManifestKind::Manifest(_)) => false,
        // The list that stands in for the referrers of a digest.
        Ok(ManifestKind::Index(_)) => named,
        Err(_) => {
            named
                || kind(entry).is_some_and(|kind| COSIGN_ATTACHED.contains(&kind))
                || serde_json::from_slice::<Node>(&bytes).is_ok_and(|node| {
                    let layers = node.layers.unwrap_or_default();
                    let statements = !layers.is_empty()
                        && layers.iter().all(|layer| layer.media_type.starts_with("application/vnd.in-toto"));
                    node.subject.is_some() || statements
                })
        }
    }
}

/// The part of a name that is a tag: `example.org/app:1` and `1` have the same.
fn tag(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn kind(entry: &Descriptor) -> Option<&str> {
    entry.annotations.get(COSIGN_KIND).map(String::as_str)
}
