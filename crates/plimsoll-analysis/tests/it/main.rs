//! The driver, the merged view and directory targets, on layers made from short texts.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::panic)]

mod driver;
mod tree;
mod view;

use std::sync::atomic::AtomicBool;

use plimsoll_analysis::{Driver, LayerError, LayerFacts, Limits, MemoryBudget};
use plimsoll_archive::sha256;
use plimsoll_test::images::ImageText;
use plimsoll_types::Algorithm;

/// Analyses the uncompressed layer `tar` with all analyzers of `driver`, and holds its digest against the bytes.
fn layer(driver: &Driver, tar: &[u8]) -> Result<LayerFacts, LayerError> {
    let (memory, stop) = (MemoryBudget::new(1 << 20), AtomicBool::new(false));
    let limits = Limits { layer_bytes: 1 << 40, memory: &memory, stop: &stop };
    let (facts, digest, bytes, _) = driver.layer(tar, None, Algorithm::Sha256, driver.all(), &limits)?;
    assert_eq!((digest, bytes), (sha256(tar), tar.len() as u64));
    Ok(facts)
}

/// The layers of a text without any analyzer.
fn layers(text: &str) -> Vec<LayerFacts> {
    let driver = Driver::of(Vec::new());
    let image = ImageText::parse(text).unwrap();
    image.layers.iter().map(|text| layer(&driver, &text.tar).unwrap()).collect()
}
