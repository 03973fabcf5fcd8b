//! Image archives: what `docker save` writes (plain or compressed), and tar archives of an OCI layout.

use std::path::Path;

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
    // Docker 25 and later write both; its own manifest is the one that says how the layers are stored.
    if store.has("manifest.json") {
        docker::open(&store, request)
    } else if store.has("index.json") {
        layout::open_store(store, request)
    } else {
        Err(ImageError::NotAnImage {
            path: request.path.to_owned(),
            reason: "it has neither a manifest.json (docker save) nor an index.json (OCI layout)".to_owned(),
        })
    }
}
