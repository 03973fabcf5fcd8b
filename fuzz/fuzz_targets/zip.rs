//! Zip archives (APPNOTE 6.3): no member gives more than the limit, all together no more than the budget.

#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use plimsoll_archive::zip::{Archive, Budget, Buffer};

const MEMBER: u64 = 1 << 20;
const ALL: u64 = 4 << 20;

fuzz_target!(|data: &[u8]| {
    let (mut buffer, mut second) = (Buffer::new(), Buffer::new());
    let source = data;
    let Ok(archive) = Archive::open(&source, &mut buffer) else { return };
    let mut entries = archive.entries(&mut buffer);
    let mut budget = Budget::new(ALL);
    let mut sum = 0;
    let mut seen = 0;
    while let Ok(Some(entry)) = entries.next() {
        seen += 1;
        if seen > 200 {
            break;
        }
        let start = archive.read_start(&entry.member, 64, &mut Budget::new(MEMBER));
        if let Ok(start) = &start {
            assert!(start.len() <= 64);
        }
        if let Ok(content) = archive.read(&entry.member, MEMBER, &mut budget) {
            assert!(content.len() as u64 <= MEMBER);
            sum += content.len() as u64;
            assert!(sum <= ALL);
            if let Ok(start) = start {
                assert!(content.starts_with(&start));
            }
        }
        if let Ok(Some(mut window)) = archive.window(&entry.member) {
            // An archive inside the archive, read where it lies.
            let _ = Archive::open(&window, &mut second);
            let _ = window.read_to_end(&mut Vec::new());
        }
    }
});
