//! What an engine says of containers, images and itself.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_query::Tables;
use plimsoll_query::inspect::{self, Origin};

fuzz_target!(|data: &[u8]| {
    let mut tables = Tables::default();
    if inspect::read(data, Origin::Engine, &mut tables).is_err() {
        // What cannot be read as a whole adds nothing.
        assert_eq!(tables, Tables::default());
    }
});
