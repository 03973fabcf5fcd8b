//! trivy-db files: pages, buckets, records. What is read is kept or refused, and every statement names a package.
//!
//! A file whose meta pages do not hold is refused at once, so that the checksum of a meta page is put right first; then the fixture is a corpus:
//! `cargo +nightly fuzz run dbimport CORPUS crates/plimsoll-dbimport/tests/fixtures/trivy`

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use plimsoll_db::JarIndex;
use plimsoll_dbimport::{Item, trivy_db_from};

/// Where the checksum of a meta page is, and what it covers.
const SUMMED: std::ops::Range<usize> = 16..72;

fuzz_target!(|data: &[u8]| {
    let mut data = data.to_vec();
    if let Some(meta) = data.get(SUMMED) {
        let sum = meta.iter().fold(0xCBF2_9CE4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        if let Some(place) = data.get_mut(SUMMED.end..SUMMED.end + 8) {
            place.copy_from_slice(&sum.to_le_bytes());
        }
    }
    let mut items = 0u64;
    let counts = trivy_db_from(data.as_slice(), Path::new("trivy.db"), &mut |item| {
        items += 1;
        if let Item::Advisory(advisory) = item {
            assert!(!advisory.id.is_empty() && !advisory.source.is_empty());
            assert!(advisory.affected.iter().all(|affected| !affected.package.is_empty()));
        }
        Ok(())
    });
    if let Ok(counts) = counts {
        assert_eq!(counts.read, counts.kept + counts.refused());
        assert_eq!(items, counts.kept);
    }
    if let Ok(index) = JarIndex::from_bytes(data) {
        let _ = (index.by_sha1(&[0x55; 20]), index.group_of("a", "1"), index.has("a", "b"), index.verify());
    }
});
