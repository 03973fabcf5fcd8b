//! Objects of Git against what Git 2.39 says of them (`git cat-file --batch-check`): one repository packed with deltas by place and
//! with deltas by name, and two of its loose objects.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::panic)]

use plimsoll_archive::git::{
    Object, ObjectKind, Pack, PackError, PackLimits, is_loose, is_pack, loose, tree,
};

const PLACES: &[u8] = include_bytes!("fixtures/git/offsets.pack");
const NAMES: &[u8] = include_bytes!("fixtures/git/names.pack");
const OBJECTS: &str = include_str!("fixtures/git/objects.txt");
const ENV: &[u8] = include_bytes!("fixtures/git/env.loose");
const TREE: &[u8] = include_bytes!("fixtures/git/tree.loose");

const LIMITS: PackLimits = PackLimits { objects: 1000, object: 1 << 20, work: 16 << 20, kept: 1 << 20 };

fn read(bytes: &[u8], limits: PackLimits) -> Result<(Vec<Object>, usize), PackError> {
    let mut pack = Pack::new(bytes, limits)?;
    let mut all = Vec::new();
    while let Some(object) = pack.next_object()? {
        all.push(object);
    }
    Ok((all, pack.skipped()))
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The lines that `git cat-file --batch-check` prints, sorted.
fn listed(objects: &[Object]) -> String {
    let line = |o: &Object| format!("{} {} {}\n", hex(&o.id), o.kind.word(), o.content.len());
    let mut lines: Vec<String> = objects.iter().map(line).collect();
    lines.sort();
    lines.concat()
}

#[test]
fn packs_give_what_git_lists() {
    for bytes in [PLACES, NAMES] {
        assert!(is_pack(bytes));
        let (objects, skipped) = read(bytes, LIMITS).unwrap();
        assert_eq!((listed(&objects), skipped), (OBJECTS.to_owned(), 0));
        // Nothing is kept: each is made again from the pack.
        let (objects, _) = read(bytes, PackLimits { kept: 64, ..LIMITS }).unwrap();
        assert_eq!(listed(&objects), OBJECTS);
    }
}

#[test]
fn what_is_new_in_a_version_is_told() {
    let (objects, _) = read(PLACES, LIMITS).unwrap();
    let of = |id: &str| objects.iter().find(|object| hex(&object.id).starts_with(id)).unwrap();
    let (whole, based) = (of("2da17768"), of("a5a490b3"));
    assert_eq!(whole.new, std::slice::from_ref(&(0..whole.content.len())));
    let new: Vec<u8> = based.new.iter().flat_map(|range| based.content[range.clone()].to_vec()).collect();
    assert!(new.len() < 100, "{}", new.len());
    assert!(String::from_utf8_lossy(&new).contains("changed"));
}

#[test]
fn trees_name_objects() {
    let (objects, _) = read(PLACES, LIMITS).unwrap();
    let mut named: Vec<String> = Vec::new();
    for object in objects.iter().filter(|object| object.kind == ObjectKind::Tree) {
        named.extend(
            tree(&object.content)
                .map(|(name, id)| format!("{} {}", String::from_utf8_lossy(name), &hex(&id)[..8])),
        );
    }
    named.sort();
    named.dedup();
    assert_eq!(
        named,
        [
            ".env f7f85fa9",
            "config 6c75b7c4",
            "notes.txt 2da17768",
            "notes.txt 2f0c1b98",
            "notes.txt a5a490b3"
        ]
    );
}

#[test]
fn objects_of_one_kind_alone() {
    for (bytes, kind) in [PLACES, NAMES].into_iter().flat_map(|bytes| {
        [ObjectKind::Commit, ObjectKind::Tree, ObjectKind::Blob, ObjectKind::Tag].map(|kind| (bytes, kind))
    }) {
        let mut pack = Pack::new(bytes, LIMITS).unwrap().only(kind);
        let mut objects = Vec::new();
        while let Some(object) = pack.next_object().unwrap() {
            objects.push(object);
        }
        let expected = OBJECTS.lines().filter(|line| line.contains(kind.word()));
        assert_eq!(listed(&objects), expected.map(|line| format!("{line}\n")).collect::<String>());
    }
}

#[test]
fn loose_objects() {
    let path = b"app/.git/objects/f7/f85fa927c5c7798b6d5bef0da261c4033f3272";
    assert!(is_loose(path, ENV));
    assert!(!is_loose(b"app/f7/f85fa927c5c7798b6d5bef0da261c4033f327", ENV));
    assert!(!is_loose(path, b"text"));
    let text = b"DB_HOST=db\nDB_PASSWORD=Zq81hhwyPlk3\n".to_vec();
    assert_eq!(loose(ENV, 36), Some((ObjectKind::Blob, text)));
    assert_eq!(loose(ENV, 35), None);
    let (kind, content) = loose(TREE, 1000).unwrap();
    assert_eq!((kind, tree(&content).count()), (ObjectKind::Tree, 1));
    for len in 0..ENV.len() {
        assert_eq!(loose(&ENV[..len], 1000), None, "cut at {len}");
    }
}

#[test]
fn limits_are_kept() {
    assert_eq!(read(PLACES, PackLimits { objects: 11, ..LIMITS }).unwrap_err(), PackError::Limit);
    assert_eq!(read(PLACES, PackLimits { work: 7000, ..LIMITS }).unwrap_err(), PackError::Limit);
    // The largest is left out, and with it what is based on it; the others are read.
    let (objects, skipped) = read(PLACES, PackLimits { object: 6730, ..LIMITS }).unwrap();
    assert_eq!((objects.len(), skipped), (9, 3));
    let (objects, skipped) = read(NAMES, PackLimits { object: 6730, ..LIMITS }).unwrap();
    assert_eq!((objects.len(), skipped), (9, 3));
}

#[test]
fn damaged_packs_end_or_leave_out() {
    let known: Vec<&str> = OBJECTS.lines().map(|line| &line[..40]).collect();
    for bytes in [PLACES, NAMES] {
        // The last 20 bytes are the pack's own checksum, which nothing here rests on.
        for len in 0..bytes.len() - 20 {
            assert!(read(&bytes[..len], LIMITS).is_err(), "cut at {len}");
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.to_vec();
                damaged[at] ^= 1 << bit;
                let _ = read(&damaged, LIMITS);
            }
        }
        let (objects, _) = read(bytes, LIMITS).unwrap();
        assert!(objects.iter().all(|object| known.contains(&hex(&object.id).as_str())));
    }
}

/// An entry of a pack: its kind, what it is based on, and its content.
fn entry(kind: u8, base: &[u8], content: &[u8]) -> Vec<u8> {
    use std::io::Write;
    assert!(content.len() < 16);
    let mut out = vec![kind << 4 | content.len() as u8];
    out.extend_from_slice(base);
    let mut encoder = flate2::write::ZlibEncoder::new(out, flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn pack(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut out = b"PACK\0\0\0\x02".to_vec();
    out.extend_from_slice(&(entries.len() as u32).to_be_bytes());
    out.extend(entries.concat());
    out
}

#[test]
fn a_base_may_come_later_or_never() {
    let base = entry(3, &[], b"hello\n");
    let (objects, _) = read(&pack(std::slice::from_ref(&base)), LIMITS).unwrap();
    let id = objects[0].id;
    assert_eq!(hex(&id), "ce013625030ba8dba906f756967f9e9ca394464a");
    // 6 bytes become 8: all of the base, and two of its own.
    let delta = entry(7, &id, &[6, 8, 0x90, 6, 2, b'!', b'!']);
    let nowhere = entry(7, &[9; 20], &[6, 8, 0x90, 6, 2, b'!', b'!']);
    let (objects, skipped) = read(&pack(&[delta, nowhere, base]), LIMITS).unwrap();
    let contents: Vec<&[u8]> = objects.iter().map(|object| &*object.content).collect();
    assert_eq!((contents, skipped), (vec![&b"hello\n"[..], b"hello\n!!"], 1));
    assert_eq!(objects[1].new, std::slice::from_ref(&(6..8)));
}

#[test]
fn deltas_that_lie_are_left_out() {
    let base = entry(3, &[], b"hello\n");
    let back = u8::try_from(base.len()).unwrap();
    for delta in [
        // The base is longer; the target is; a piece beyond the base; a piece beyond the delta; the reserved operation; nothing.
        &[7, 8, 0x90, 6, 2, b'!', b'!'][..],
        &[6, 9, 0x90, 6, 2, b'!', b'!'],
        &[6, 8, 0x91, 1, 6, 2, b'!', b'!'],
        &[6, 8, 0x90, 6, 3, b'!', b'!'],
        &[6, 8, 0x90, 6, 0, b'!', b'!'],
        &[],
        &[0xff; 12],
    ] {
        let (objects, skipped) = read(&pack(&[base.clone(), entry(6, &[back], delta)]), LIMITS).unwrap();
        assert_eq!((objects.len(), skipped), (1, 1), "{delta:?}");
    }
    // Based on itself, and on what is before the pack.
    for back in [0, 127] {
        assert_eq!(
            read(&pack(&[base.clone(), entry(6, &[back], &[6, 6])]), LIMITS).unwrap_err(),
            PackError::Damaged
        );
    }
}
