//! The analyzer of secrets, called directly: the driver would catch a panic. A file gives the same facts as a whole, from a disk and in
//! pieces; with the first byte 255, the rest is a file of users' rules.

#![no_main]

use std::io;
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use plimsoll_analysis::{Analyzer, ByteSlice, File, FileInfo, Output};
use plimsoll_archive::ReadAt;
use plimsoll_secrets::Config;

static ANALYZER: LazyLock<Arc<dyn Analyzer>> =
    LazyLock::new(|| plimsoll_secrets::analyzers().into_iter().next().expect("there is one"));

/// Paths that lead to different readers.
const PATHS: &[&str] = &[
    "app/data", "app/a.jar", "app/a.tar.gz", "root/.npmrc", "root/.ssh/id_rsa", "app/.env", "app/x.p12", "app/tests/a.py", "app/x.yaml",
    "etc/shadow", "app/a.json", "root/.docker/config.json",
];

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

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    if *first == 255 {
        let text = String::from_utf8_lossy(rest).into_owned();
        for name in ["rules.toml", "rules.yaml"] {
            let config = Config { files: vec![(name.to_owned(), text.clone())], ..Config::default() };
            let _ = plimsoll_secrets::engine(&config);
        }
        return;
    }
    let path = PATHS[usize::from(*first) % PATHS.len()];
    let size = usize::from(*first) * 7 + 1;
    let mut whole = Output::default();
    let result = ANALYZER.analyze(&File::new(path.as_bytes(), 0o644, &rest), &mut whole);
    assert!(result.is_ok());
    let mut on_disk = Output::default();
    let _ = ANALYZER.analyze(&File::new(path.as_bytes(), 0o644, &OnDisk(rest)), &mut on_disk);
    assert_eq!(whole.facts, on_disk.facts);
    let info = FileInfo { path: path.as_bytes().as_bstr(), mode: 0o644, size: rest.len() as u64 };
    if let Some(mut feed) = ANALYZER.begin(&info) {
        rest.chunks(size).for_each(|piece| feed.piece(piece));
        let mut pieces = Output::default();
        assert!(feed.finish(&mut pieces).is_ok());
        assert_eq!(whole.facts, pieces.facts);
    }
});
