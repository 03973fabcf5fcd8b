//! The tar reader (POSIX.1-2024 pax, GNU tar). Members are the same however the stream is cut into reads, what they say
//! they hold is what is read, and the digest is that of all bytes.

#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use plimsoll_archive::sha256;
use plimsoll_archive::tar::Reader;
use plimsoll_types::{Algorithm, Digest};

const LIMIT: u64 = 4 << 20;

/// Hands out a few bytes at a time.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = buffer.len().min(self.0.len()).min(7);
        buffer[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

/// A member: path, link, size, stored bytes, offset, and the content where it was read.
type Member = (Vec<u8>, Vec<u8>, u64, u64, u64, Option<Vec<u8>>);

fn read(source: impl Read) -> (Vec<Member>, Option<(Digest, u64)>) {
    let mut reader = Reader::new(source, Some(Algorithm::Sha256), LIMIT);
    let mut members = Vec::new();
    loop {
        match reader.next_entry() {
            Ok(Some(entry)) => {
                let (path, link) = (reader.path().to_vec(), reader.link().to_vec());
                // Every third member is skipped, looked at, or read.
                let content = match members.len() % 3 {
                    0 => None,
                    1 => reader.peek(entry.stored.min(600) as usize).ok().map(<[u8]>::to_vec),
                    _ => {
                        let mut content = Vec::new();
                        let whole = reader.data().read_to_end(&mut content).is_ok();
                        assert!(!whole || content.len() as u64 == entry.stored);
                        Some(content)
                    }
                };
                members.push((path, link, entry.size, entry.stored, entry.offset, content));
            }
            Ok(None) => break,
            Err(_) => return (members, None),
        }
    }
    let end = reader.finish().ok().and_then(|(digest, len, _)| Some((digest?, len)));
    (members, end)
}

fuzz_target!(|data: &[u8]| {
    let (members, end) = read(data);
    if let Some((digest, len)) = &end {
        assert_eq!(*len, data.len() as u64);
        assert_eq!(*digest, sha256(data));
    }
    let (again, end_again) = read(Slow(data));
    assert_eq!(members, again);
    assert_eq!(end, end_again);
});
