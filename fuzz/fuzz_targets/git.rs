//! Git's packs and loose objects: limits hold, and what is new of an object lies in it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use plimsoll_archive::git::{self, ObjectKind, Pack, PackLimits};

const LIMITS: PackLimits = PackLimits { objects: 1000, object: 64 << 10, work: 1 << 20, kept: 16 << 10 };

fuzz_target!(|data: &[u8]| {
    if let Some((_, content)) = git::loose(data, LIMITS.object) {
        assert!(content.len() <= LIMITS.object);
    }
    let mut sum = 0;
    for only in [None, Some(ObjectKind::Tree), Some(ObjectKind::Blob)] {
        let Ok(pack) = Pack::new(data, LIMITS) else { continue };
        let mut pack = match only {
            None => pack,
            Some(kind) => pack.only(kind),
        };
        let mut all = 0;
        while let Ok(Some(object)) = pack.next_object() {
            all += object.content.len() as u64;
            assert!(object.content.len() <= LIMITS.object);
            assert!(object.new.iter().all(|new| new.start <= new.end && new.end <= object.content.len()));
            assert!(only.is_none_or(|kind| kind == object.kind));
            for (name, _) in git::tree(&object.content) {
                sum += name.len();
            }
        }
        assert!(all <= 2 * LIMITS.work);
    }
    std::hint::black_box(sum);
});
