//! VEX documents, all forms: what is read stays within the limits.
//!
//! A corpus to begin with: `cargo +nightly fuzz run vex CORPUS crates/plimsoll-advisory/tests/fixtures/vex`

#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_advisory::vex::{self, MAX_STATEMENTS};

fuzz_target!(|data: &[u8]| {
    if let Ok(document) = vex::read("vex.json", data) {
        assert!(document.statements.len() <= MAX_STATEMENTS);
        let unnamed =
            document.statements.iter().flat_map(|one| &one.products).any(|product| product.id.is_empty());
        assert!(!unnamed, "a product has no identifier");
    }
});
