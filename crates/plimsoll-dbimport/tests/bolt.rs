//! The bbolt reader against the real bbolt: what go.etcd.io/bbolt 1.3.6 reads from the same files (`fixtures/trivy/make.go`), and damage.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ops::ControlFlow;
use std::path::PathBuf;

use plimsoll_archive::ReadAt;
use plimsoll_dbimport::{Bolt, BoltError, Bucket, Entry};
use sha2::{Digest as _, Sha256};

const SMALL: &[u8] = include_bytes!("fixtures/trivy/small.db");

/// What bbolt 1.3.6 reads from the trivy-db file of the test data.
const REAL: &str = include_str!("fixtures/trivy/real.tsv");

fn frame(hash: &mut Sha256, tag: u8, bytes: &[u8]) {
    hash.update([tag]);
    hash.update(u32::try_from(bytes.len()).unwrap().to_le_bytes());
    hash.update(bytes);
}

fn walk<R: ReadAt>(
    bucket: &Bucket<'_, R>,
    hash: &mut Sha256,
    counts: &mut (u64, u64),
) -> Result<(), BoltError> {
    let walked = bucket.walk(&mut |key, entry| {
        match entry {
            Entry::Value(value) => {
                counts.1 += 1;
                frame(hash, b'k', key);
                frame(hash, b'v', value);
            }
            Entry::Bucket(inner) => {
                counts.0 += 1;
                frame(hash, b'b', key);
                if let Err(error) = walk(&inner, hash, counts) {
                    return ControlFlow::Break(error);
                }
                frame(hash, b'e', b"");
            }
        }
        ControlFlow::Continue(())
    })?;
    match walked {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// The lines of a `.tsv` file, as we read them.
fn dump<R: ReadAt>(reader: R) -> Result<String, BoltError> {
    let bolt = Bolt::open(reader)?;
    let mut text = String::new();
    let walked = bolt.root().walk(&mut |name, entry| {
        let Entry::Bucket(bucket) = entry else { return ControlFlow::Continue(()) };
        let (mut hash, mut counts) = (Sha256::new(), (0, 0));
        if let Err(error) = walk(&bucket, &mut hash, &mut counts) {
            return ControlFlow::Break(error);
        }
        let hex: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        text += &format!("{}\t{}\t{}\t{hex}\n", String::from_utf8_lossy(name), counts.0, counts.1);
        ControlFlow::Continue(())
    })?;
    match walked {
        ControlFlow::Break(error) => Err(error),
        ControlFlow::Continue(()) => Ok(text),
    }
}

/// The trivy-db file of the test data, decompressed; `None` when there is none.
fn real() -> Option<Vec<u8>> {
    let data = std::env::var_os("PLIMSOLL_TEST_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let file = std::fs::File::open(data.join("trivy-db/trivy.db.zst")).ok()?;
    Some(zstd::decode_all(file).unwrap())
}

#[test]
fn reads_what_bbolt_reads() {
    assert_eq!(dump(SMALL).unwrap(), include_str!("fixtures/trivy/small.tsv"));
}

#[test]
fn reads_what_bbolt_reads_from_a_whole_database() {
    let Some(bytes) = real() else {
        println!("skipped: no test data");
        return;
    };
    assert_eq!(dump(bytes.as_slice()).unwrap(), REAL);
    // Through the file system the same.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &bytes).unwrap();
    assert_eq!(dump(std::fs::File::open(file.path()).unwrap()).unwrap(), REAL);
}

#[test]
fn finds_keys_and_begins_where_asked() {
    let bolt = Bolt::open(SMALL).unwrap();
    let found = |bucket: &str, package: &str, id: &str| -> Option<String> {
        bolt.root()
            .get(bucket.as_bytes(), |entry| {
                let Entry::Bucket(packages) = entry else { panic!("{bucket}") };
                packages
                    .get(package.as_bytes(), |entry| {
                        let Entry::Bucket(ids) = entry else { panic!("{package}") };
                        let read = ids.get(id.as_bytes(), |entry| match entry {
                            Entry::Value(value) => String::from_utf8(value.to_vec()).unwrap(),
                            Entry::Bucket(_) => panic!("{id}"),
                        });
                        read.unwrap()
                    })
                    .unwrap()
                    .flatten()
            })
            .unwrap()
            .flatten()
    };
    for number in 0..60 {
        let (package, id) = (format!("package-{number:02}"), format!("CVE-2024-{number:04}"));
        assert_eq!(found("alpine 3.20", &package, &id).as_deref(), Some(r#"{"FixedVersion":"1.0-r0"}"#));
        assert_eq!(found("alpine 3.20", &package, "CVE-2025-0001"), None);
    }
    assert_eq!(found("alpine 3.20", "package-60", "CVE-2024-0060"), None);
    assert_eq!(found("alpine 3.2", "package-01", "CVE-2024-0001"), None);

    let from = |start: &str, count: usize| {
        let mut names = Vec::new();
        let walked = bolt.root().walk_from(start.as_bytes(), &mut |name, _| {
            names.push(String::from_utf8(name.to_vec()).unwrap());
            if names.len() == count { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(walked.is_ok());
        names
    };
    assert_eq!(
        from("npm::", 2),
        ["npm::GitHub Security Advisory npm", "npm::Node.js Ecosystem Security Working Group"]
    );
    assert_eq!(from("vulnerability", 9), ["vulnerability"]);
    assert_eq!(from("z", 9), [""; 0]);
}

#[test]
fn either_meta_page_is_enough() {
    for page in [0, 1] {
        let mut bytes = SMALL.to_vec();
        bytes[page * 1024 + 16..page * 1024 + 80].fill(0);
        // The older one of the two describes an older state, which may be an empty database.
        let read = dump(bytes.as_slice()).unwrap();
        assert!(read == include_str!("fixtures/trivy/small.tsv") || read.is_empty(), "{read}");
    }
    let mut bytes = SMALL.to_vec();
    bytes[..2048].fill(0);
    assert!(matches!(dump(bytes.as_slice()), Err(BoltError::NotBolt)));
}

#[test]
fn every_prefix_is_an_error_or_whole() {
    let whole = dump(SMALL).unwrap();
    for end in 0..SMALL.len() {
        match dump(&SMALL[..end]) {
            Ok(read) => assert_eq!(read, whole, "{end}"),
            Err(BoltError::NotBolt) => assert!(end < 2048, "{end}"),
            Err(_) => {}
        }
    }
}

/// A generator of numbers that are the same in every run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % below as u64).unwrap()
    }
}

#[test]
fn damage_never_panics() {
    let mut numbers = Numbers(1);
    let (mut refused, mut read) = (0, 0);
    for round in 0..3_000 {
        let mut bytes = SMALL.to_vec();
        // Half of the damage goes where the structure is: headers and elements at the beginning of pages.
        for _ in 0..=numbers.next(8) {
            let at = match round % 2 {
                0 => numbers.next(bytes.len()),
                _ => numbers.next(bytes.len() / 1024) * 1024 + numbers.next(64),
            };
            bytes[at] = u8::try_from(numbers.next(256)).unwrap();
        }
        match dump(bytes.as_slice()) {
            Ok(_) => read += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(read > 100 && refused > 1_000, "{read} read, {refused} refused");
}

#[test]
fn damage_of_a_whole_database_never_panics() {
    let Some(bytes) = real() else {
        println!("skipped: no test data");
        return;
    };
    // A part is enough for most of the ways; the real proportions of pages are what matters here.
    let mut numbers = Numbers(2);
    let pages = bytes.len() / 4096;
    for round in 0..30 {
        let mut damaged = bytes.clone();
        for _ in 0..200 {
            let at = numbers.next(pages) * 4096 + numbers.next(if round % 2 == 0 { 4096 } else { 48 });
            damaged[at] ^= 1 << numbers.next(8);
        }
        if round % 3 == 0 {
            damaged.truncate(numbers.next(bytes.len()));
        }
        let _ = dump(damaged.as_slice());
    }
}

/// A page of the fixture's size with its header.
fn page(id: u64, flags: u16, elements: &[Vec<u8>], data: &[u8]) -> Vec<u8> {
    let mut bytes = id.to_le_bytes().to_vec();
    bytes.extend(flags.to_le_bytes());
    bytes.extend(u16::try_from(elements.len()).unwrap().to_le_bytes());
    bytes.extend(0u32.to_le_bytes());
    bytes.extend(elements.concat());
    bytes.extend(data);
    bytes.resize(1024, 0);
    bytes
}

/// A file of these pages, the first of which is the root and has the number 2.
fn file(pages: &[Vec<u8>]) -> Vec<u8> {
    let mut meta = 0xED0C_DAEDu32.to_le_bytes().to_vec();
    meta.extend(2u32.to_le_bytes());
    meta.extend(1024u32.to_le_bytes());
    meta.extend(0u32.to_le_bytes());
    for value in [2, 0, u64::MAX, pages.len() as u64 + 2, 1] {
        meta.extend(value.to_le_bytes());
    }
    let sum = meta.iter().fold(0xCBF2_9CE4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    meta.extend(sum.to_le_bytes());
    let mut bytes = page(0, 4, &[meta], b"");
    bytes.extend(vec![0; 1024]);
    bytes.extend(pages.concat());
    bytes
}

fn branch_element(child: u64) -> Vec<u8> {
    [&0u32.to_le_bytes()[..], &0u32.to_le_bytes(), &child.to_le_bytes()].concat()
}

#[test]
fn loops_end() {
    // A branch that is its own child, many times over.
    let looped = file(&[page(2, 1, &vec![branch_element(2); 60], b"")]);
    assert!(matches!(dump(looped.as_slice()), Err(BoltError::Damaged { what: "it lies too deep", .. })));

    // Twenty levels of branches, each with sixty children that are the same next level: 60^20 ways to one leaf.
    let mut pages: Vec<_> = (2..22).map(|id| page(id, 1, &vec![branch_element(id + 1); 60], b"")).collect();
    pages.push(page(22, 2, &[], b""));
    assert!(matches!(
        dump(file(&pages).as_slice()),
        Err(BoltError::Damaged { what: "it is an empty leaf", .. })
    ));
    let element = [0u32, 16, 1, 0].map(u32::to_le_bytes).concat();
    pages[20] = page(22, 2, &[element], b"a");
    assert!(matches!(
        dump(file(&pages).as_slice()),
        Err(BoltError::Damaged { what: "its keys are not in order", .. })
    ));

    // Buckets that all name the next page as their root: every key is in order, the work is what gives them away.
    let bucket_page = |id: u64| {
        let mut elements = Vec::new();
        let mut data = Vec::new();
        for number in 0..20u8 {
            let position = 16 * (20 - u32::from(number)) + u32::from(number) * 17;
            elements.push([1, position, 1, 16].map(u32::to_le_bytes).concat());
            data.push(b'a' + number);
            data.extend((id + 1).to_le_bytes());
            data.extend(0u64.to_le_bytes());
        }
        page(id, 2, &elements, &data)
    };
    let mut pages: Vec<_> = (2..32).map(bucket_page).collect();
    pages.push(page(32, 2, &[], b""));
    assert!(matches!(dump(file(&pages).as_slice()), Err(BoltError::Budget)));

    // A page that says to be beyond the end, and one with more elements than it has room for.
    assert!(dump(file(&[page(2, 1, &[branch_element(3)], b"")]).as_slice()).is_err());
    assert!(dump(file(&[page(2, 1, &[branch_element(u64::MAX)], b"")]).as_slice()).is_err());
    let mut full = file(&[page(2, 2, &[], b"")]);
    assert_eq!(dump(full.as_slice()).unwrap(), "");
    full[2048 + 10..2048 + 12].fill(0xFF);
    assert!(dump(full.as_slice()).is_err());
}
