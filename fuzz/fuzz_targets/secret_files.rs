//! Structured credential files: all kinds. The first byte chooses the kind, the second one of its paths; the rest is the file. What is
//! found must stand inside of it, once.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_secrets::files::KINDS;

/// Paths of the sorts that a kind tells apart by the file's name; each kind takes those that it knows.
const PATHS: &str = include_str!("../../crates/plimsoll-secrets/tests/files/paths");

fuzz_target!(|data: &[u8]| {
    let [choice, path, bytes @ ..] = data else { return };
    let Some(kind) = KINDS.get(usize::from(*choice) % KINDS.len()) else { return };
    let paths: Vec<&str> = PATHS.lines().filter(|path| (kind.is)(path.as_bytes())).collect();
    assert!(!paths.is_empty(), "{}: no path", kind.id);
    let path = paths[usize::from(*path) % paths.len()];
    let mut found = Vec::new();
    (kind.find)(path.as_bytes(), bytes, &mut found);
    for (at, one) in found.iter().enumerate() {
        assert!(one.value.start <= one.value.end && one.value.end <= bytes.len());
        assert!(found[..at].iter().all(|other| one.value.is_empty() || other.value != one.value));
    }
    // Any path must do for any file.
    for kind in KINDS {
        (kind.is)(bytes);
    }
});
