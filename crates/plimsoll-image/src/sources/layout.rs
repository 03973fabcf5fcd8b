//! OCI image layouts (image-spec v1.1, "OCI Image Layout Specification"), as folders and inside tar archives.

use std::path::Path;

use plimsoll_archive::Hasher;
use plimsoll_types::Digest;

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
const MAX_DEPTH: usize = 4;

fn open_folder(folder: &Path, request: &Request<'_>) -> Result<Vec<Image>, ImageError> {
    if !folder.join("index.json").is_file() {
        let reason = if folder.is_dir() { "it has no index.json" } else { "it is no folder" };
        return Err(ImageError::NotAnImage { path: folder.to_owned(), reason: reason.to_owned() });
    }
    open_store(&Store::Folder(folder.to_owned()), request)
}

/// Opens the images of a layout that were asked for.
pub(super) fn open_store(store: &Store, request: &Request<'_>) -> Result<Vec<Image>, ImageError> {
    let what = format!("index.json in {}", store.path().display());
    let bytes = store.document("index.json")?.unwrap_or_default();
    let ManifestKind::Index(index) = classify(&bytes, "", &what)? else {
        return Err(ImageError::Document { what, reason: "it is a manifest, not an index".to_owned() });
    };
    let named: Vec<&Descriptor> =
        index.manifests.iter().filter(|entry| matches(entry, request.selector)).collect();
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
        open_index(store, request, &group, name, 0, &mut images)?;
    }
    // One image under several names is one image.
    let mut unique: Vec<Image> = Vec::new();
    for image in images {
        match unique.iter_mut().find(|known| known.metadata.manifest == image.metadata.manifest) {
            Some(known) => known.metadata.tags.extend(image.metadata.tags),
            None => unique.push(image),
        }
    }
    Ok(unique)
}

/// `oci:DIR:tag` names an image by its reference name (whole, or the part behind the last colon), `oci:DIR@digest` by
/// its digest.
fn matches(entry: &Descriptor, selector: &str) -> bool {
    if selector.is_empty() || entry.digest.to_string() == selector {
        return true;
    }
    entry.ref_name().is_some_and(|name| name == selector || name.rsplit(':').next() == Some(selector))
}

fn open_index(
    store: &Store,
    request: &Request<'_>,
    index: &Index,
    name: Option<&str>,
    depth: usize,
    images: &mut Vec<Image>,
) -> Result<(), ImageError> {
    let target = request.path.display().to_string();
    if depth > MAX_DEPTH {
        return Err(ImageError::Document {
            what: format!("the index in {target}"),
            reason: format!("indexes lie more than {MAX_DEPTH} deep in each other"),
        });
    }
    for entry in request.platform.select(index, request.machine, &target)? {
        let what = format!("manifest {}", entry.digest);
        let bytes = verified(store, &entry.digest, &what)?;
        match classify(&bytes, &entry.media_type, &what)? {
            ManifestKind::Index(index) => open_index(store, request, &index, name, depth + 1, images)?,
            ManifestKind::Manifest(manifest) => {
                let image = open_manifest(store, &manifest, &entry.digest, name)?;
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
    Ok(Image::new(manifest.config.digest.clone(), Some(digest.clone()), tags, config, layers, sweep))
}

fn file_of(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().name(), digest.hex())
}

/// A document under its digest, verified.
fn verified(store: &Store, digest: &Digest, what: &str) -> Result<Vec<u8>, ImageError> {
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
