//! Layers through the driver with all analyzers, and the merged view over two of them (image-spec v1.1, "Image Layer
//! Filesystem Changeset"): no path leaves the root, links never run in circles for long, and what is found is alive.
//!
//! Two layers are divided by the word `/*next*/`.

#![no_main]

use std::sync::LazyLock;
use std::sync::atomic::AtomicBool;

use libfuzzer_sys::fuzz_target;
use plimsoll_analysis::{Driver, LayerFacts, Limits, MemoryBudget, View};
use plimsoll_types::Algorithm;

static DRIVER: LazyLock<Driver> = LazyLock::new(|| Driver::of(plimsoll_catalog::analyzers()));

const NEXT: &[u8] = b"/*next*/";

fn facts(data: &[u8]) -> Option<LayerFacts> {
    let (memory, stop) = (MemoryBudget::new(16 << 20), AtomicBool::new(false));
    let limits = Limits { layer_bytes: 4 << 20, memory: &memory, stop: &stop };
    // In memory as from a compressed layer, and with access to every place as from a plain archive: the same is found.
    let streamed = DRIVER.layer(data, None, Algorithm::Sha256, DRIVER.all(), &limits);
    let random = DRIVER.layer(data, Some(&data), Algorithm::Sha256, DRIVER.all(), &limits);
    match (streamed, random) {
        (Ok((streamed, digest, ..)), Ok((random, again, ..))) => {
            assert_eq!(digest, again);
            assert_eq!(streamed.index, random.index);
            Some(streamed)
        }
        (streamed, random) => {
            assert_eq!(streamed.is_ok(), random.is_ok());
            None
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let at = data.windows(NEXT.len()).position(|window| window == NEXT);
    let (lower, upper) = match at {
        Some(at) => (&data[..at], &data[at + NEXT.len()..]),
        None => (data, &data[data.len()..]),
    };
    let Some(lower) = facts(lower) else { return };
    let upper = facts(upper).unwrap_or_default();
    let view = View::new(vec![&lower.index, &upper.index]);
    for (layer, index) in view.layers().iter().enumerate() {
        for node in index.nodes().iter().take(500) {
            let path = index.path(node);
            assert!(!path.is_empty() && !path.starts_with(b"/"));
            assert!(
                path.split(|&byte| byte == b'/')
                    .all(|part| !part.is_empty() && part != b"." && part != b"..")
            );
            assert_eq!(view.is_alive(path, layer), view.hidden_by(path, layer).is_none());
            if let Some(found) = view.lookup(path)
                && found.node.is_some()
            {
                assert!(view.is_alive(&found.path, found.layer));
            }
            if let Ok(Some(found)) = view.resolve(path) {
                assert!(found.layer < 2);
            }
            let _ = view.children(path);
        }
    }
});
