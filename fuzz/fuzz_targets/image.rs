//! Image archives on disk (`docker save`, OCI layouts in tar, plain and compressed): opened and their layers read.

#![no_main]

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use plimsoll_image::PlatformChoice;
use plimsoll_image::sources::{self, Request};
use tempfile::TempDir;

static PLACE: LazyLock<(TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("image.tar");
    (folder, path)
});

const LIMIT: u64 = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let path = &PLACE.1;
    fs::write(path, data).expect("written");
    let source = sources::recognise(path).expect("a file is taken for an archive");
    let request = Request { path, selector: "", platform: &PlatformChoice::All, machine: "amd64" };
    for image in (source.open)(&request).unwrap_or_default().iter().take(4) {
        assert_eq!(image.layers.len(), image.config.diff_ids.len());
        for layer in image.layers.iter().take(8) {
            let Some(blob) = &layer.blob else { continue };
            if let Ok(stream) = blob.open() {
                let _ = stream.take(LIMIT).read_to_end(&mut Vec::new());
            }
            if let Some(random) = blob.random_access() {
                let _ = random.read_at(&mut [0; 16], layer.size / 2);
            }
        }
        if let Some(attached) = &image.attached {
            for (_, artifact) in attached.artifacts().unwrap_or_default().iter().take(8) {
                for layer in artifact.layers.iter().take(8) {
                    let _ = attached.read(layer);
                }
            }
        }
        if let Some(sweep) = &image.sweep {
            let wanted: Vec<usize> = (0..image.layers.len().min(8)).collect();
            let _ = sweep
                .sweep(&wanted, &mut |_, stream| stream.take(LIMIT).read_to_end(&mut Vec::new()).map(|_| ()));
        }
    }
});
