//! All analyzers, each called directly: the driver would catch a panic.
//!
//! The first byte chooses the analyzer, the second how the file is given. With `PLIMSOLL_FUZZ_ANALYZER=apk/installed-db`
//! in the environment all bytes are the file, so that a folder of fixtures is a corpus as it stands:
//! `PLIMSOLL_FUZZ_ANALYZER=apk/installed-db cargo +nightly fuzz run analyzers CORPUS crates/plimsoll-catalog/tests/fixtures/apk/installed-db`

#![no_main]

use std::io;
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use plimsoll_analysis::{Analyzer, File, Interest, Output};
use plimsoll_archive::ReadAt;

static ANALYZERS: LazyLock<Vec<Arc<dyn Analyzer>>> = LazyLock::new(|| {
    let all = plimsoll_scan::analyzers();
    match std::env::var("PLIMSOLL_FUZZ_ANALYZER") {
        Ok(id) => {
            let chosen: Vec<_> = all.into_iter().filter(|analyzer| analyzer.id() == id).collect();
            assert!(!chosen.is_empty(), "there is no analyzer {id}");
            chosen
        }
        Err(_) => all,
    }
});

/// Bytes that lie in a file and not in memory.
struct OnDisk<'a>(&'a [u8]);

impl ReadAt for OnDisk<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }
}

/// A path that the analyzer wants, one of several.
fn path(interest: &Interest, choice: usize) -> Vec<u8> {
    let mut paths: Vec<String> = interest.paths.iter().map(|&path| path.to_owned()).collect();
    paths.extend(interest.children_of.iter().map(|folder| format!("{folder}/name")));
    for folder in [
        "usr/lib/python3/dist-packages/name-1.0.dist-info",
        "srv/app/node_modules/name",
        "opt",
        "var/lib/pacman/local/name-1.0-1",
        "var/db/pkg/app-misc/name-1.0",
    ] {
        paths.extend(interest.names.iter().map(|name| format!("{folder}/{name}")));
        paths.extend(interest.suffixes.iter().map(|suffix| format!("{folder}/name-1.0{suffix}")));
    }
    paths.extend(interest.suffixes.iter().map(|suffix| format!("opt/bitnami/name/.spdx-name{suffix}")));
    paths.push("usr/bin/name".to_owned());
    paths.retain(|path| (interest.wants)(path.as_bytes()));
    let count = paths.len().max(1);
    paths.into_iter().nth(choice % count).unwrap_or_else(|| "name".to_owned()).into_bytes()
}

fuzz_target!(|data: &[u8]| {
    let all = &*ANALYZERS;
    let (number, how, content) = match (all.len(), data) {
        (1, content) => (0, 0, content),
        (count, [number, how, content @ ..]) => (usize::from(*number) % count, *how, content),
        _ => return,
    };
    let analyzer = &all[number];
    let interest = analyzer.interest();
    if content.len() as u64 > interest.max_size {
        return;
    }
    let path = path(&interest, usize::from(how >> 2));
    let (content, companions) = match interest.companions.first() {
        Some(ending) if how & 1 != 0 => {
            let (content, companion) = content.split_at(content.len() / 2);
            (content, vec![(*ending, companion.to_vec())])
        }
        _ => (content, Vec::new()),
    };
    let on_disk = OnDisk(content);
    let source: &dyn ReadAt = if how & 2 != 0 { &on_disk } else { &content };
    let file = File::new(&path, 0o755, source).with_companions(&companions);
    let mut output = Output::default();
    let _ = analyzer.analyze(&file, &mut output);
});
