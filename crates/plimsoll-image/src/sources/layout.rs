//! OCI image layouts (image-spec v1.1, "OCI Image Layout Specification"), as folders and inside tar archives.

use std::path::Path;
use std::sync::Arc;

use plimsoll_archive::Hasher;
use plimsoll_types::Digest;

use super::attached::{LayoutArtifacts, Shelf, lies_beside};
use super::store::Store;
use super::{ImageSource, Request};
use crate::model::{Descriptor, Index, ManifestKind, classify};
use crate::{Config, Image, ImageError, Layer, Manifest};

pub(super) const SOURCE: ImageSource = ImageSource {
    id: "oci",
    description: "an OCI image layout: a folder with index.json and blobs",
    recognises: |path| path.join("index.json").is_file() && path.join("blobs").is_dir(),
    open: |request| open_folder(request.path, request),
};

/// How deep indexes may lie in each other.
pub(super) const MAX_DEPTH: usize = 4;

fn open_folder(folder: &Path, request: &Request<'_>) -> Result<Vec<Image>, ImageError> {
    if !folder.join("index.json").is_file() {
        let reason = if folder.is_dir() { "it has no index.json" } else { "it is no folder" };
        return Err(ImageError::NotAnImage { path: folder.to_owned(), reason: reason.to_owned() });
    }
    open_store(Store::Folder(folder.to_owned()), request)
}

/// The index of a layout, `index.json`.
pub(super) fn root(store: &Store) -> Result<Index, ImageError> {
    let what = format!("index.json in {}", store.path().display());
    let bytes = store.document("index.json")?.unwrap_or_default();
    match classify(&bytes, "", &what)? {
        ManifestKind::Index(index) => Ok(index),
        ManifestKind::Manifest(_) => {
            Err(ImageError::Document { what, reason: "it is a manifest, not an index".to_owned() })
        }
    }
}

/// Opens the images of a layout that were asked for.
pub(super) fn open_store(store: Store, request: &Request<'_>) -> Result<Vec<Image>, ImageError> {
    let index = root(&store)?;
    let mut named: Vec<&Descriptor> =
        index.manifests.iter().filter(|entry| matches(entry, request.selector)).collect();
    // Signatures and attestations lie beside the images that they are about, and are none. Where there is nothing else,
    // the reason why it is no image is told.
    if named.len() > 1 {
        let images: Vec<&Descriptor> =
            named.iter().filter(|entry| !lies_beside(&store, entry)).copied().collect();
        if !images.is_empty() {
            named = images;
        }
    }
    if named.is_empty() {
        let names: Vec<String> = index
            .manifests
            .iter()
            .map(|entry| entry.ref_name().map_or_else(|| entry.digest.to_string(), str::to_owned))
            .collect();
        let reason = if names.is_empty() {
            "the layout is empty".to_owned()
        } else {
            format!("there is no image '{}'; there is {}", request.selector, names.join(", "))
        };
        return Err(ImageError::Selection { path: request.path.to_owned(), reason });
    }
    // Entries under one name are one image for several platforms; under several names they are several images.
    let mut groups: Vec<(Option<&str>, Index)> = Vec::new();
    for entry in named {
        match groups.iter_mut().find(|(name, _)| *name == entry.ref_name()) {
            Some((_, group)) => group.manifests.push(entry.clone()),
            None => groups.push((entry.ref_name(), Index { manifests: vec![entry.clone()] })),
        }
    }
    let mut images = Vec::new();
    for (name, group) in groups {
        let level = Level { index: &group, beside: &index, parents: &[] };
        open_index(&store, request, &level, name, &mut images)?;
    }
    // One image under several names is one image.
    let mut unique: Vec<Image> = Vec::new();
    for image in images {
        match unique.iter_mut().find(|known| known.metadata.manifest == image.metadata.manifest) {
            Some(known) => {
                known.metadata.tags.extend(image.metadata.tags);
                merge(&mut known.indexes, image.indexes);
                merge(&mut known.attestations, image.attestations);
            }
            None => unique.push(image),
        }
    }
    let shelf = Arc::new(Shelf::new(store));
    for image in &mut unique {
        image.attached = LayoutArtifacts::of(&shelf, image);
    }
    Ok(unique)
}

/// Adds what is not there yet.
fn merge(known: &mut Vec<Digest>, more: Vec<Digest>) {
    for digest in more {
        if !known.contains(&digest) {
            known.push(digest);
        }
    }
}

/// `oci:DIR:tag` names an image by its reference name (whole, or the part behind the last colon), `oci:DIR@digest` by
/// its digest.
fn matches(entry: &Descriptor, selector: &str) -> bool {
    if selector.is_empty() || entry.digest.to_string() == selector {
        return true;
    }
    entry.ref_name().is_some_and(|name| name == selector || name.rsplit(':').next() == Some(selector))
}

/// An index on the way to images.
struct Level<'a> {
    index: &'a Index,
    /// Where attestations about its images are listed: the same, or `index.json` for a part of it.
    beside: &'a Index,
    /// The digests of the indexes from the outermost to this one; `index.json` has none.
    parents: &'a [Digest],
}

fn open_index(
    store: &Store,
    request: &Request<'_>,
    level: &Level<'_>,
    name: Option<&str>,
    images: &mut Vec<Image>,
) -> Result<(), ImageError> {
    let target = request.path.display().to_string();
    if level.parents.len() > MAX_DEPTH {
        return Err(ImageError::Document {
            what: format!("the index in {target}"),
            reason: format!("indexes lie more than {MAX_DEPTH} deep in each other"),
        });
    }
    for entry in request.platform.select(level.index, request.machine, &target)? {
        let what = format!("manifest {}", entry.digest);
        let bytes = verified(store, &entry.digest, &what)?;
        match classify(&bytes, &entry.media_type, &what)? {
            ManifestKind::Index(index) => {
                let parents = [level.parents, std::slice::from_ref(&entry.digest)].concat();
                let level = Level { index: &index, beside: &index, parents: &parents };
                open_index(store, request, &level, name, images)?;
            }
            ManifestKind::Manifest(manifest) => {
                let mut image = open_manifest(store, &manifest, &entry.digest, name)?;
                if !request.platform.accepts(&image.metadata.platform) {
                    return Err(ImageError::NoPlatform {
                        name: target,
                        wanted: match request.platform {
                            crate::PlatformChoice::One(platform) => platform.clone(),
                            _ => image.metadata.platform.clone(),
                        },
                        available: vec![image.metadata.platform],
                    });
                }
                image.indexes = level.parents.to_vec();
                image.attestations = level.beside.attestations_of(&entry.digest);
                images.push(image);
            }
        }
    }
    Ok(())
}

fn open_manifest(
    store: &Store,
    manifest: &Manifest,
    digest: &Digest,
    name: Option<&str>,
) -> Result<Image, ImageError> {
    let what = format!("configuration {}", manifest.config.digest);
    let bytes = verified(store, &manifest.config.digest, &what)?;
    let config = Config::parse(&bytes, &what)?;
    if config.diff_ids.len() != manifest.layers.len() {
        return Err(ImageError::Document {
            what,
            reason: format!(
                "it has {} layers but the manifest has {}",
                config.diff_ids.len(),
                manifest.layers.len()
            ),
        });
    }
    let mut layers = Vec::new();
    let mut files = Vec::new();
    for (number, (layer, diff_id)) in manifest.layers.iter().zip(&config.diff_ids).enumerate() {
        let file = file_of(&layer.digest);
        let size = store.size(&file).ok_or_else(|| ImageError::Missing {
            what: format!("layer {}", layer.digest),
            path: store.path().to_owned(),
        })?;
        layers.push(Layer {
            digest: Some(layer.digest.clone()),
            diff_id: diff_id.clone(),
            size,
            created_by: config.created_by(number),
            blob: store.blob(&file),
        });
        files.push(file);
    }
    let tags = name.map(str::to_owned).into_iter().collect();
    let sweep = store.sweep(&files);
    let image = Image::new(manifest.config.digest.clone(), Some(digest.clone()), tags, config, layers, sweep);
    Ok(image.annotated(&manifest.annotations))
}

pub(super) fn file_of(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

/// A document under its digest, verified.
pub(super) fn verified(store: &Store, digest: &Digest, what: &str) -> Result<Vec<u8>, ImageError> {
    let bytes = store
        .document(&file_of(digest))?
        .ok_or_else(|| ImageError::Missing { what: what.to_owned(), path: store.path().to_owned() })?;
    let mut hasher = Hasher::new(digest.algorithm());
    hasher.update(&bytes);
    let actual = hasher.finish();
    if actual == *digest {
        Ok(bytes)
    } else {
        Err(ImageError::DigestMismatch { what: what.to_owned(), expected: digest.clone(), actual })
    }
}
