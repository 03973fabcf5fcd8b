//! Advisory sources, all of the register: records read are kept or refused.
//!
//! The first byte chooses the source, the second the file's name. With `PLIMSOLL_FUZZ_SOURCE=osv` in the environment all
//! bytes are the file, so that a folder of fixtures is a corpus as it stands:
//! `PLIMSOLL_FUZZ_SOURCE=osv cargo +nightly fuzz run advisories CORPUS crates/plimsoll-advisory/tests/fixtures/osv`

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use plimsoll_advisory::sources::{self, SOURCES, Sink, SourceSpec};

/// The source that is asked for, if one is.
static CHOSEN: LazyLock<Option<&'static SourceSpec>> = LazyLock::new(|| {
    let id = std::env::var("PLIMSOLL_FUZZ_SOURCE").ok()?;
    Some(sources::by_id(&id).unwrap_or_else(|| panic!("there is no source {id}")))
});

const NAMES: &[&str] = &[
    "advisories/a.json",
    "advisories/a.yaml",
    "gems/rack/CVE-2020-1.yml",
    "rubies/ruby/CVE-2020-1.yml",
    "DSA/list",
    "DLA/list",
    "v3.18/main.json",
    "vuln/npm/1.json",
    "vuln/core/1.json",
    "symfony/http-kernel/CVE-2020-1.yaml",
    "a.advisories.yaml",
    "all.ndjson",
    "epss_scores.csv",
    "debian.json",
];

fuzz_target!(|data: &[u8]| {
    let (source, name, content) = match (*CHOSEN, data) {
        (Some(source), content) => {
            let name = NAMES.iter().find(|name| (source.recognises)(name, content)).unwrap_or(&NAMES[0]);
            (source, *name, content)
        }
        (None, [number, name, content @ ..]) => {
            let name = NAMES[usize::from(*name) % NAMES.len()];
            (&SOURCES[usize::from(*number) % SOURCES.len()], name, content)
        }
        _ => return,
    };
    let mut sink = Sink::new();
    let _ = sources::parse(source, name, content, &mut sink);
    assert_eq!(sink.read(), sink.kept() + sink.refused());
    let _ = sources::read(name, content, &mut Sink::new());
});
