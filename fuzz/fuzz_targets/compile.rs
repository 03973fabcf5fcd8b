//! From a feed's records to an index and back: whatever a source states can be compiled, the index is sound, records read
//! from it give it again, and packages can be held against it.
//!
//! The bytes are OSV records, one a line; so are those in `crates/plimsoll-advisory/tests/fixtures/osv/*.ndjson`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_advisory::sources::{self, Sink};
use plimsoll_catalog::ecosystem_for_advisories;
use plimsoll_db::{Index, ReadError, Record, WriteOptions, write};
use plimsoll_match::{Context, Options, match_packages};
use plimsoll_types::{Package, PackageUrl};

fn records(index: &Index) -> Vec<Record> {
    let mut records = Vec::new();
    let walked: Result<(), ReadError> = index.records(|record| {
        records.push(record);
        Ok(())
    });
    walked.expect("records of a sound index");
    records
}

fuzz_target!(|data: &[u8]| {
    let Some(source) = sources::by_id("osv") else { return };
    let mut sink = Sink::new();
    let _ = sources::parse(source, "a.ndjson", data, &mut sink);
    let mut packages = Vec::new();
    for affected in sink.advisories.iter().flat_map(|one| &one.affected).take(8) {
        let Some(ecosystem) = ecosystem_for_advisories(&affected.ecosystem) else { continue };
        let own = affected.versions.iter().map(String::as_str).take(2);
        for version in ["1.0", "0", "1:2-3"].into_iter().chain(own) {
            packages.push(Package {
                confidence: plimsoll_types::Confidence::High,
                ecosystem,
                name: affected.package.clone(),
                version: version.to_owned(),
                arch: String::new(),
                source: None,
                licenses: Vec::new(),
                vendor: String::new(),
                modularity: String::new(),
                locations: Vec::new(),
                purl: PackageUrl::default(),
                contains: Vec::new(),
                found_by: String::new(),
                cpes: Vec::new(),
                exposure: Vec::new(),
            });
        }
    }
    let bytes = plimsoll_dbbuild::compile(sink.advisories, None).expect("an index");
    let index = Index::from_bytes(bytes).expect("a sound index");
    index.verify().expect("a sound index");
    let found = records(&index);
    let again =
        write(found.clone(), index.extras().expect("extras"), &WriteOptions::default()).expect("an index");
    let index = Index::from_bytes(again.clone()).expect("a sound index");
    assert!(records(&index) == found, "records are not what they were");
    let third = write(found, index.extras().expect("extras"), &WriteOptions::default()).expect("an index");
    assert!(third == again, "the same records give other bytes");
    match_packages(&index, &Context::default(), &Options::default(), &packages).expect("a sound index");
});
