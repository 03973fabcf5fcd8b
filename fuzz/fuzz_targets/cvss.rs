//! CVSS vectors (v2, v3.0, v3.1, v4.0): a score is between 0 and 10.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(score) = plimsoll_match::cvss::score(text) {
        assert!(score.tenths <= 100);
        let _ = score.severity();
    }
});
