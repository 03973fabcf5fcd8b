//! `docker save` archives (Docker image specification v1.2, "Combined Image JSON + Filesystem Changeset Format").

use plimsoll_archive::sha256;
use plimsoll_types::Digest;
use serde::Deserialize;

use super::Request;
use super::store::Store;
use crate::{Config, Image, ImageError, Layer, PlatformChoice};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

/// Opens the images of a `docker save` archive that were asked for: all of them when no tag is named.
pub(super) fn open(store: &Store, request: &Request<'_>) -> Result<Vec<Image>, ImageError> {
    let what = format!("manifest.json in {}", store.path().display());
    let bytes = store.document("manifest.json")?.unwrap_or_default();
    let entries: Vec<Entry> = serde_json::from_slice(&bytes)
        .map_err(|error| ImageError::Document { what: what.clone(), reason: error.to_string() })?;
    if entries.is_empty() {
        return Err(ImageError::Document { what, reason: "it lists no image".to_owned() });
    }
    let mut images = Vec::new();
    let mut platforms = Vec::new();
    let mut tags = Vec::new();
    for entry in &entries {
        let image_tags = entry.repo_tags.clone().unwrap_or_default();
        tags.extend(image_tags.iter().cloned());
        let named = request.selector.is_empty()
            || image_tags
                .iter()
                .any(|tag| tag == request.selector || tag.rsplit(':').next() == Some(request.selector));
        if !named && !request.selector.contains(':') {
            continue;
        }
        let image = open_entry(store, entry, image_tags)?;
        let by_id = image.metadata.id.as_ref().is_some_and(|id| id.to_string() == request.selector);
        if !named && !by_id {
            continue;
        }
        platforms.push(image.metadata.platform.clone());
        if request.platform.accepts(&image.metadata.platform) {
            images.push(image);
        }
    }
    match (images.is_empty(), request.platform) {
        (false, _) => Ok(images),
        (true, PlatformChoice::One(wanted)) if !platforms.is_empty() => Err(ImageError::NoPlatform {
            name: request.path.display().to_string(),
            wanted: wanted.clone(),
            available: platforms,
        }),
        (true, _) => Err(ImageError::Selection {
            path: request.path.to_owned(),
            reason: format!("there is no image '{}'; there is {}", request.selector, tags.join(", ")),
        }),
    }
}

fn open_entry(store: &Store, entry: &Entry, tags: Vec<String>) -> Result<Image, ImageError> {
    let archive = store.path();
    let missing = |what: String| ImageError::Missing { what, path: archive.to_owned() };
    let bytes = store
        .document(&entry.config)?
        .ok_or_else(|| missing(format!("the configuration {}", entry.config)))?;
    let id = sha256(&bytes);
    let what = format!("the configuration {} in {}", entry.config, archive.display());
    // `<digest>.json`, or `blobs/sha256/<digest>`: a name that promises a digest is held to it.
    let stem = entry.config.trim_end_matches(".json").rsplit('/').next().unwrap_or_default();
    if let Ok(expected) = format!("sha256:{stem}").parse::<Digest>()
        && expected != id
    {
        return Err(ImageError::DigestMismatch { what, expected, actual: id });
    }
    let config = Config::parse(&bytes, &what)?;
    let files = entry.layers.clone().unwrap_or_default();
    if files.len() != config.diff_ids.len() {
        return Err(ImageError::Document {
            what,
            reason: format!("it has {} layers but the manifest has {}", config.diff_ids.len(), files.len()),
        });
    }
    let mut layers = Vec::new();
    for (number, (file, diff_id)) in files.iter().zip(&config.diff_ids).enumerate() {
        let size = store.size(file).ok_or_else(|| missing(format!("layer {file}")))?;
        layers.push(Layer {
            digest: None,
            diff_id: diff_id.clone(),
            size,
            created_by: config.created_by(number),
            blob: store.blob(file),
        });
    }
    let sweep = store.sweep(&files);
    Ok(Image::new(id, None, tags, config, layers, sweep))
}
