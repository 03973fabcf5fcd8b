//! Image archives: what `docker save` writes (plain or compressed), and tar archives of an OCI layout.

use std::path::Path;
use std::sync::Arc;

use super::attached::Shelf;
use super::{ImageSource, Request, docker, layout, store};
use crate::{Image, ImageError};

pub(super) const SOURCE: ImageSource = ImageSource {
    id: "archive",
    description: "a `docker save` archive or a tar of an OCI layout, plain, gzip or zstd",
    recognises: Path::is_file,
    open,
};

fn open(request: &Request<'_>) -> Result<Vec<Image>, ImageError> {
    let store = store::open_archive(request.path)?;
    // Docker 25 and later write both; its own manifest is the one that says how the layers are stored, the layout has what
    // BuildKit and others attached.
    if store.has("manifest.json") {
        let mut images = docker::open(&store, request)?;
        if store.has("index.json") {
            let shelf = Arc::new(Shelf::new(store));
            for image in &mut images {
                image.attached = image.metadata.id.as_ref().and_then(|id| shelf.about_configuration(id));
            }
        }
        Ok(images)
    } else if store.has("index.json") {
        layout::open_store(store, request)
    } else {
        Err(ImageError::NotAnImage {
            path: request.path.to_owned(),
            reason: "it has neither a manifest.json (docker save) nor an index.json (OCI layout)".to_owned(),
        })
    }
}
