//! Compressed streams (RFC 1952, RFC 8878): whatever comes in, what comes out is bounded by what is asked for.

#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use plimsoll_archive::{Compression, Decoder};

const LIMIT: u64 = 8 << 20;

fuzz_target!(|data: &[u8]| {
    let Ok(mut decoder) = Decoder::new(data) else { return };
    let plain = decoder.compression() == Compression::None;
    let mut out = Vec::new();
    let result = decoder.by_ref().take(LIMIT).read_to_end(&mut out);
    if plain {
        assert!(result.is_ok());
        assert!(out == data);
    }
    let _ = decoder.into_inner();
});
