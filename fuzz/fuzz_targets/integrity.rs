//! Package databases as lists of checksums, diversions, and the attribute that holds capabilities: the analyzers of
//! plimsoll-integrity, called directly, since the driver would catch a panic.
//!
//! The first byte chooses the analyzer.

#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use plimsoll_analysis::{Analyzer, Fact, File, Output};
use plimsoll_integrity::Capabilities;

static ANALYZERS: LazyLock<Vec<Arc<dyn Analyzer>>> = LazyLock::new(plimsoll_integrity::analyzers);

fuzz_target!(|data: &[u8]| {
    let _ = Capabilities::parse(data);
    let Some((number, content)) = data.split_first() else { return };
    let Some(analyzer) = ANALYZERS.get(usize::from(*number) % ANALYZERS.len()) else { return };
    let interest = analyzer.interest();
    if content.len() as u64 > interest.max_size {
        return;
    }
    let path = match (interest.paths.first(), interest.children_of.first()) {
        (Some(path), _) => (*path).to_owned(),
        (None, Some(folder)) => format!("{folder}/name.md5sums"),
        (None, None) => "usr/bin/name".to_owned(),
    };
    let mut output = Output::default();
    let _ = analyzer.analyze(&File::new(path.as_bytes(), 0o755, &content), &mut output);
    for fact in &output.facts {
        if let Fact::Sums(fact) = fact {
            assert_eq!(fact.entries().count(), fact.len());
            assert!(fact.entries().all(|(path, digest, _)| !path.is_empty() && digest.len() == fact.kind.size()));
        }
    }
});
