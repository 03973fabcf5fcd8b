//! Benchmarks that people write.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_query::Benchmark;

fuzz_target!(|data: &[u8]| {
    if let Ok(benchmark) = Benchmark::read(data) {
        assert!(!benchmark.checks.is_empty());
    }
});
