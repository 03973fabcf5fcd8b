//! Reads databases written by rpm, SQLite and Berkeley DB, and broken ones. Expected values come from `rpm -qa --qf` and,
//! for the write-ahead log, from sqlite3.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "functions that tests share count as production code to clippy"
)]

use plimsoll_rpmdb::{Database, DigestAlgorithm, Format, RpmDbError, RpmFile, RpmPackage, detect, read};
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const FIXTURES: [(&str, Format); 5] = [
    ("rpmdb.sqlite", Format::Sqlite),
    ("small-pages.sqlite", Format::Sqlite),
    ("Packages.db", Format::Ndb),
    ("Packages", Format::BerkeleyDb),
    ("big-endian-Packages", Format::BerkeleyDb),
];

/// The fixtures with all packages.
fn complete() -> impl Iterator<Item = (&'static str, Database)> {
    FIXTURES.iter().filter(|(name, _)| !name.starts_with("small")).map(|(name, format)| {
        let database = read(&fixture(name), None).unwrap();
        assert_eq!(database.format, *format, "{name}");
        assert_eq!(database.problems, [], "{name}");
        (*name, database)
    })
}

fn instances(packages: &[RpmPackage]) -> Vec<i64> {
    packages.iter().map(|package| package.instance).collect()
}

fn nevra(package: &RpmPackage) -> String {
    format!("{}-{}.{}", package.name, package.evr(), package.arch.as_deref().unwrap_or("(none)"))
}

#[test]
fn formats_are_detected() {
    for (name, format) in FIXTURES {
        assert_eq!(detect(&fixture(name)), Some(format), "{name}");
    }
    assert_eq!(detect(&fixture("small-pages.sqlite-wal")), None);
    assert_eq!(detect(b""), None);
}

#[test]
fn packages_of_all_formats() {
    for (name, database) in complete() {
        assert_eq!(instances(&database.packages), [1, 3, 4], "{name}");
        let [anchor, libs, buoy] = &database.packages[..] else { unreachable!() };

        assert_eq!(anchor.name, "anchor");
        assert_eq!(anchor.epoch, Some(2));
        assert_eq!(anchor.version, "1.4.0");
        assert_eq!(anchor.release, "7.el9");
        assert_eq!(anchor.evr(), "2:1.4.0-7.el9");
        assert_eq!(anchor.arch.as_deref(), Some("x86_64"));
        assert_eq!(anchor.source_rpm.as_deref(), Some("anchor-1.4.0-7.el9.src.rpm"));
        assert_eq!(anchor.vendor.as_deref(), Some("Example Vendor"));
        assert_eq!(anchor.license.as_deref(), Some("MIT AND Apache-2.0"));
        assert_eq!(anchor.modularity_label.as_deref(), Some("anchor:1.4:9020020240101:abcd1234"));
        assert_eq!(anchor.size, Some(26));
        assert_eq!(anchor.install_time, Some(1_795_466_720));
        assert_eq!(anchor.file_digest_algorithm, DigestAlgorithm::Sha256);

        assert_eq!(nevra(libs), "anchor-libs-2:1.4.0-7.el9.x86_64");
        let source = libs.source().unwrap();
        assert_eq!((source.name, source.version_release), ("anchor", "1.4.0-7.el9"));
        assert_eq!(libs.file_paths(), [b"usr/lib64/libanchor.so.1"]);

        assert_eq!(buoy.epoch, Some(0));
        assert_eq!(nevra(buoy), "buoy-data-20240115-1.noarch");
        assert_eq!(buoy.modularity_label, None);
        assert_eq!(buoy.file_count(), 0);
    }
}

#[test]
fn public_keys_are_apart() {
    for (name, database) in complete() {
        let [key] = &database.public_keys[..] else { panic!("{name}") };
        assert!(key.is_public_key());
        assert_eq!(key.instance, 5);
        assert_eq!(nevra(key), "gpg-pubkey-5fe86a57-6b04a556.(none)");
        assert_eq!(key.epoch, None);
        assert_eq!(key.source_rpm, None);
        assert_eq!(key.license.as_deref(), Some("pubkey"));
        assert_eq!(key.file_digest_algorithm, DigestAlgorithm::Md5);
    }
}

#[test]
fn files_of_all_formats() {
    type Row<'a> = (&'a str, Option<&'a str>, u16, u32, u64);
    let expected: [Row<'_>; 8] = [
        ("etc/anchor", None, 0o40755, 0, 0),
        (
            "etc/anchor/anchor.conf",
            Some("fe3209d6d4f51935b391288a43df48d9ddece1a992597ae53387ca16611a9179"),
            0o100644,
            17,
            4,
        ),
        (
            "usr/bin/anchor",
            Some("a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf"),
            0o100755,
            0,
            10,
        ),
        ("usr/bin/anchorctl", None, 0o120777, 0, 6),
        ("usr/share/doc/anchor", None, 0o40755, 0, 0),
        (
            "usr/share/doc/anchor/README",
            Some("30a4ab973ef8fd561d930d55502df855108ca0b081454b0e761d5141f3778780"),
            0o100644,
            2,
            4,
        ),
        (
            "usr/share/doc/anchor/café",
            Some("a3a5e715f0cc574a73c3f9bebb6bc24f32ffd5b67b387244c2c909da779a1478"),
            0o100644,
            2,
            2,
        ),
        ("var/log/anchor.log", None, 0o100644, 64, 0),
    ];
    for (name, database) in complete() {
        let files: Vec<RpmFile<'_>> = database.packages[0].files().collect();
        assert_eq!(files.len(), expected.len(), "{name}");
        assert_eq!(database.packages[0].file_count(), expected.len());
        for (file, (path, digest, mode, flags, size)) in files.iter().zip(expected) {
            assert_eq!(String::from_utf8(file.path()).unwrap(), path, "{name}");
            assert_eq!(file.digest, digest.map(str::as_bytes), "{path}");
            assert_eq!(file.mode, Some(mode), "{path}");
            assert_eq!(file.flags, Some(flags), "{path}");
            assert_eq!(file.size, Some(size), "{path}");
            assert_eq!(file.state, Some(0), "{path}");
            assert_eq!(file.is_config(), path == "etc/anchor/anchor.conf");
            assert_eq!(file.is_ghost(), path == "var/log/anchor.log");
            assert!(file.is_installed());
        }
    }
}

#[test]
fn the_log_counts_up_to_its_last_commit() {
    let (bytes, wal) = (fixture("small-pages.sqlite"), fixture("small-pages.sqlite-wal"));
    let without = read(&bytes, None).unwrap();
    assert_eq!(instances(&without.packages), [3, 4]);
    let with = read(&bytes, Some(&wal)).unwrap();
    assert_eq!(instances(&with.packages), [1, 3]);
    assert_eq!(with.public_keys, []);
    assert_eq!((without.problems, with.problems), (vec![], vec![]));

    // The rows are the same as those of the other file.
    let all = read(&fixture("rpmdb.sqlite"), None).unwrap();
    assert_eq!(with.packages[..], all.packages[..2]);
    assert_eq!(without.packages[..], all.packages[1..]);
}

#[test]
fn a_log_cut_anywhere_shows_one_of_its_commits() {
    let (bytes, wal) = (fixture("small-pages.sqlite"), fixture("small-pages.sqlite-wal"));
    let mut states = Vec::new();
    for end in 0..wal.len() {
        let database = read(&bytes, Some(&wal[..end])).unwrap();
        assert_eq!(database.problems, [], "{end}");
        let state = instances(&database.packages);
        if states.last() != Some(&state) {
            states.push(state);
        }
    }
    assert_eq!(states, [vec![3, 4], vec![1, 3, 4], vec![1, 3]]);
}

#[test]
fn a_broken_frame_ends_the_log() {
    let (bytes, mut wal) = (fixture("small-pages.sqlite"), fixture("small-pages.sqlite-wal"));
    // A byte of the page in the twelfth frame, which is after the first commit.
    wal[32 + 11 * (24 + 512) + 100] ^= 1;
    assert_eq!(instances(&read(&bytes, Some(&wal)).unwrap().packages), [1, 3, 4]);
}

#[test]
fn a_log_of_another_database_is_a_problem() {
    let wal = fixture("small-pages.sqlite-wal");
    let database = read(&fixture("rpmdb.sqlite"), Some(&wal)).unwrap();
    assert_eq!(instances(&database.packages), [1, 3, 4]);
    assert_eq!(database.problems[0].entry, "write-ahead log");
    let database = read(&fixture("rpmdb.sqlite"), Some(b"some text that is no log of any kind")).unwrap();
    assert_eq!(database.problems.len(), 1);
}

#[test]
fn no_prefix_loses_a_package_without_a_word() {
    for (name, _) in FIXTURES {
        let bytes = fixture(name);
        let whole = read(&bytes, None).unwrap();
        for end in (0..bytes.len()).filter(|end| end % 13 == 0 || *end < 256 || end % 512 < 2) {
            let Ok(part) = read(&bytes[..end], None) else { continue };
            assert!(part.packages.iter().all(|package| whole.packages.contains(package)), "{name} {end}");
            if (part.packages.len(), part.public_keys.len())
                != (whole.packages.len(), whole.public_keys.len())
            {
                assert_ne!(part.problems, [], "{name} {end}");
            }
        }
    }
}

/// A generator of numbers that are the same in every run (Knuth's MMIX constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }
}

#[test]
fn changed_bytes_never_panic() {
    let wal = fixture("small-pages.sqlite-wal");
    let mut numbers = Numbers(1);
    for (name, _) in FIXTURES {
        let bytes = fixture(name);
        for round in 0..3000 {
            let mut changed = bytes.clone();
            // Half of the changes hit the start, where the structure of the whole file is.
            for _ in 0..=numbers.below(4) {
                let limit = if numbers.below(2) == 0 { 600 } else { changed.len() };
                let place = numbers.below(limit);
                changed[place] = match numbers.below(4) {
                    0 => 0,
                    1 => 0xff,
                    2 => changed[place] ^ (1 << numbers.below(8)),
                    _ => numbers.below(256) as u8,
                };
            }
            let wal = (round % 2 == 0).then_some(&wal[..]);
            if let Ok(database) = read(&changed, wal) {
                assert!(database.packages.len() + database.public_keys.len() <= 8, "{name} {round}");
                for package in database.packages.iter().chain(&database.public_keys) {
                    assert_eq!(package.files().count(), package.file_count());
                    let _ = package.source();
                }
            }
        }
    }
    for _ in 0..2000 {
        let mut changed = wal.clone();
        let place = numbers.below(changed.len());
        changed[place] ^= 1 << numbers.below(8);
        let database = read(&fixture("small-pages.sqlite"), Some(&changed)).unwrap();
        assert!((2..=3).contains(&database.packages.len()));
    }
}

#[test]
fn a_loop_in_an_overflow_chain_costs_one_package() {
    // Berkeley DB: every overflow page names itself as the next one; 1 and 5 need more than one page.
    let mut bytes = fixture("Packages");
    for (number, page) in bytes.chunks_exact_mut(2048).enumerate() {
        if page[25] == 7 {
            page[16..20].copy_from_slice(&(number as u32).to_le_bytes());
        }
    }
    let database = read(&bytes, None).unwrap();
    assert_eq!(instances(&database.packages), [3, 4]);
    assert_eq!(database.problems.len(), 2, "{:?}", database.problems);

    // A chain of hash pages that ends in itself.
    let mut bytes = fixture("Packages");
    for (number, page) in bytes.chunks_exact_mut(2048).enumerate() {
        if matches!(page[25], 2 | 13) {
            page[16..20].copy_from_slice(&(number as u32).to_le_bytes());
        }
    }
    let database = read(&bytes, None).unwrap();
    assert_eq!(instances(&database.packages), [1, 3, 4]);
    assert_ne!(database.problems, []);

    // SQLite: a page that is no tree page and whose first four bytes are a page number is an overflow page here.
    let mut bytes = fixture("rpmdb.sqlite");
    for (number, page) in bytes.chunks_exact_mut(1024).enumerate().skip(1) {
        if page[0] == 0 && page[4..8] != [0; 4] {
            page[..4].copy_from_slice(&(number as u32 + 1).to_be_bytes());
        }
    }
    let database = read(&bytes, None).unwrap();
    assert!(database.packages.len() < 3);
    assert!(
        database.problems.iter().any(|problem| problem.reason.contains("loop")),
        "{:?}",
        database.problems
    );
}

#[test]
fn broken_blobs_among_good_ones() {
    let bytes = fixture("Packages.db");
    let blobs: Vec<usize> = memchr_all(&bytes, b"BlbS");
    assert_eq!(blobs.len(), 4);

    // The header of the first blob in the file says more entries than it has.
    let mut changed = bytes.clone();
    changed[blobs[0] + 16 + 2] = 0x7f;
    let database = read(&changed, None).unwrap();
    assert_eq!(instances(&database.packages).len() + database.public_keys.len(), 3);
    assert_eq!(database.problems.len(), 2, "{:?}", database.problems);
    assert!(database.problems[0].reason.contains("checksum"));
    assert!(database.problems[1].reason.contains("cut short"));

    // A blob that lost its magic.
    let mut changed = bytes.clone();
    changed[blobs[1]] = b'b';
    let database = read(&changed, None).unwrap();
    assert_eq!(instances(&database.packages).len() + database.public_keys.len(), 3);
    assert_eq!(database.problems.len(), 1);

    // A changed byte that matters to the checksum only: rpm does not see it.
    let mut changed = bytes.clone();
    changed[blobs[0] + 8] ^= 1;
    let database = read(&changed, None).unwrap();
    assert_eq!(instances(&database.packages), [1, 3, 4]);
    assert_eq!(database.problems.len(), 1);

    // Two slots for one blob.
    let mut changed = bytes.clone();
    let slots = memchr_all(&bytes, b"Slot");
    let taken = slots.iter().position(|slot| bytes[slot + 8] != 0 || bytes[slot + 9] != 0).unwrap();
    let free = slots.iter().position(|slot| bytes[slot + 4..slot + 16] == [0; 12]).unwrap();
    changed.copy_within(slots[taken]..slots[taken] + 16, slots[free]);
    let database = read(&changed, None).unwrap();
    assert_eq!(instances(&database.packages), [1, 3, 4]);
    assert!(database.problems[0].reason.contains("overlaps"));
}

fn memchr_all(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    bytes.windows(wanted.len()).enumerate().filter(|(_, here)| *here == wanted).map(|(at, _)| at).collect()
}

/// A header of (tag, type, count, data).
fn header(entries: &[(u32, u32, u32, &[u8])]) -> Vec<u8> {
    let (mut index, mut store) = (Vec::new(), Vec::new());
    for (tag, kind, count, data) in entries {
        for field in [*tag, *kind, store.len() as u32, *count] {
            index.extend_from_slice(&field.to_be_bytes());
        }
        store.extend_from_slice(data);
    }
    let mut blob = (entries.len() as u32).to_be_bytes().to_vec();
    blob.extend_from_slice(&(store.len() as u32).to_be_bytes());
    blob.extend_from_slice(&index);
    blob.extend_from_slice(&store);
    blob
}

/// A Berkeley DB of one bucket with one header on it.
fn one_header(blob: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 2 * 65536];
    bytes[12..16].copy_from_slice(&0x0006_1561u32.to_le_bytes());
    bytes[16] = 9;
    bytes[20..24].copy_from_slice(&65536u32.to_le_bytes());
    bytes[96] = 1;
    let page = &mut bytes[65536..];
    page[8] = 1;
    page[20] = 2;
    page[25] = 13;
    let key = 65536 - 5;
    let value = key - 1 - blob.len();
    page[key..key + 2].copy_from_slice(&[1, 7]);
    page[value] = 1;
    page[value + 1..key].copy_from_slice(blob);
    page[26..28].copy_from_slice(&(key as u16).to_le_bytes());
    page[28..30].copy_from_slice(&(value as u16).to_le_bytes());
    bytes
}

const NAMES: [(u32, u32, u32, &[u8]); 3] = [(1000, 6, 1, b"a\0"), (1001, 6, 1, b"1\0"), (1002, 6, 1, b"2\0")];

#[test]
fn file_names_of_old_packages() {
    let mut entries = NAMES.to_vec();
    entries.push((1027, 8, 2, b"/bin/a\0/etc/b\0"));
    let database = read(&one_header(&header(&entries)), None).unwrap();
    assert_eq!(database.problems, []);
    assert_eq!(database.packages[0].file_paths(), [&b"bin/a"[..], b"etc/b"]);
    assert_eq!(nevra(&database.packages[0]), "a-1-2.(none)");
}

#[test]
fn a_broken_file_list_keeps_the_package() {
    type Entries<'a> = &'a [(u32, u32, u32, &'a [u8])];
    let lists: [(&str, Entries<'_>); 5] = [
        ("no directory names", &[(1117, 8, 1, b"a\0")]),
        ("no directory indexes", &[(1117, 8, 1, b"a\0"), (1118, 8, 1, b"/\0")]),
        ("directory 1 of 1", &[(1117, 8, 1, b"a\0"), (1118, 8, 1, b"/\0"), (1116, 4, 1, &[0, 0, 0, 1])]),
        ("have 1 directory indexes", &[(1117, 8, 2, b"a\0b\0"), (1118, 8, 1, b"/\0"), (1116, 4, 1, &[0; 4])]),
        (
            "2 directories for 1 files",
            &[(1117, 8, 1, b"a\0"), (1118, 8, 2, b"/\0/\0"), (1116, 4, 1, &[0; 4])],
        ),
    ];
    for (reason, list) in lists {
        let entries = [&NAMES[..], list].concat();
        let database = read(&one_header(&header(&entries)), None).unwrap();
        assert_eq!(database.packages.len(), 1, "{reason}");
        assert_eq!(database.packages[0].file_count(), 0);
        assert_eq!(database.problems.len(), 1);
        assert!(database.problems[0].reason.contains(reason), "{reason}: {:?}", database.problems);
    }
}

#[test]
fn a_header_without_a_version_is_a_problem() {
    let database = read(&one_header(&header(&NAMES[..1])), None).unwrap();
    assert_eq!(database.packages, []);
    assert_eq!(database.problems[0].entry, "package 7");
    assert!(database.problems[0].reason.contains("no version"));
}

#[test]
fn paths_that_repeat_one_long_directory_stay_small() {
    // 10,000 files in a directory with a name of 4,000 bytes are 40 MB of paths out of a header of 60 kB; they are made
    // one at a time.
    let names = b"\0".repeat(10_000);
    let mut directory = vec![b'd'; 4000];
    directory.push(0);
    let indexes = [0; 40_000];
    let mut entries = NAMES.to_vec();
    entries.extend([(1117, 8, 10_000, &names[..]), (1118, 8, 1, &directory), (1116, 4, 10_000, &indexes)]);
    let database = read(&one_header(&header(&entries)), None).unwrap();
    assert_eq!(database.problems, []);
    assert_eq!(database.packages[0].files().count(), 10_000);
    assert!(database.packages[0].files().all(|file| file.path().len() == 4000));
}

#[test]
fn cells_that_share_their_bytes_are_refused() {
    // One row of 60,000 bytes, to which 2,000 cell pointers point.
    let mut blob = header(&NAMES);
    blob.resize(60_000, 0);
    let varint = |number: usize| {
        [0x80 | (number >> 14) as u8, 0x80 | (number >> 7 & 0x7f) as u8, (number & 0x7f) as u8]
    };
    let mut row = vec![5, 0];
    row.extend(varint(blob.len() * 2 + 12));
    row.extend_from_slice(&blob);
    let mut cell = varint(row.len()).to_vec();
    cell.push(1);
    cell.extend_from_slice(&row);

    let mut schema_row = vec![6, 23, 29, 29, 1, 13];
    schema_row.extend_from_slice(b"tablePackagesPackages\x02");
    let schema_cell = [&[schema_row.len() as u8, 1][..], &schema_row].concat();

    let mut bytes = vec![0; 2 * 65536];
    let (first, second) = bytes.split_at_mut(65536);
    first[..16].copy_from_slice(b"SQLite format 3\0");
    first[17] = 1;
    first[100] = 0x0d;
    first[104] = 1;
    let place = 65536 - schema_cell.len();
    first[108..110].copy_from_slice(&(place as u16).to_be_bytes());
    first[place..].copy_from_slice(&schema_cell);

    second[0] = 0x0d;
    second[3..5].copy_from_slice(&2000u16.to_be_bytes());
    let place = 65536 - cell.len();
    for pointer in second[8..8 + 4000].chunks_exact_mut(2) {
        pointer.copy_from_slice(&(place as u16).to_be_bytes());
    }
    second[place..].copy_from_slice(&cell);

    let database = read(&bytes, None).unwrap();
    assert_eq!(database.packages.len(), 1);
    assert!(
        database.problems.iter().any(|problem| problem.reason.contains("overlap")),
        "{:?}",
        database.problems
    );
}

#[test]
fn a_database_without_the_table_is_an_error() {
    let mut bytes = fixture("rpmdb.sqlite");
    let names = memchr_all(&bytes, b"Packages");
    for name in names {
        bytes[name] = b'X';
    }
    assert!(matches!(read(&bytes, None), Err(RpmDbError::Malformed { format: Format::Sqlite, .. })));
}

/// The folder of real databases, which is not part of the repository.
fn real_data(name: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("PLIMSOLL_TEST_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let path = folder.join("rpmdb").join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        println!("skipped: there is no {}", path.display());
    }
    bytes
}

fn file_count(database: &Database) -> usize {
    database.packages.iter().map(RpmPackage::file_count).sum()
}

fn file<'a>(database: &'a Database, package: &str, path: &str) -> Option<RpmFile<'a>> {
    let package = database.packages.iter().find(|candidate| candidate.name == package)?;
    package.files().find(|file| file.path() == path.as_bytes())
}

#[test]
fn real_sqlite_database() {
    let Some(bytes) = real_data("cbl-mariner-2.0/rpmdb.sqlite") else { return };
    let database = read(&bytes, None).unwrap();
    assert_eq!(database.problems, []);
    assert_eq!(database.packages.len(), 129);
    assert_eq!(file_count(&database), 7269);
    let curl = database.packages.iter().find(|package| package.name == "curl-libs").unwrap();
    assert_eq!(nevra(curl), "curl-libs-7.76.0-6.cm2.x86_64");
    assert_eq!(curl.source().unwrap().name, "curl");
    assert_eq!(curl.vendor.as_deref(), Some("Microsoft Corporation"));
    assert_eq!(curl.size, Some(618_944));
    assert_eq!(curl.install_time, Some(1_643_279_454));
    assert_eq!(database.packages.iter().filter(|package| package.epoch == Some(1)).count(), 3);
    let bash = file(&database, "bash", "bin/bash").unwrap();
    assert_eq!(bash.digest, Some(&b"6767eef2f71a003adb56fe8731214832cfb4b852d58558408699bfb3aa13185f"[..]));
    assert_eq!((bash.mode, bash.size), (Some(33261), Some(976_424)));
}

#[test]
fn real_ndb_database() {
    let Some(bytes) = real_data("sle15-bci/Packages.db") else { return };
    let database = read(&bytes, None).unwrap();
    assert_eq!(database.problems, []);
    assert_eq!(file_count(&database), 2837);
    let mut packages: Vec<String> = database.packages.iter().map(nevra).collect();
    packages.sort();
    let expected = "\
bash-4.4-19.6.1.x86_64
ca-certificates-mozilla-prebuilt-2.44-21.1.noarch
coreutils-8.32-3.2.1.x86_64
file-magic-5.32-7.14.1.noarch
filesystem-15.0-11.3.2.x86_64
glibc-2.31-9.3.2.x86_64
libacl1-2.2.52-4.3.1.x86_64
libattr1-2.4.47-2.19.x86_64
libbz2-1-1.0.6-5.11.1.x86_64
libcap2-2.26-4.6.1.x86_64
libcrypt1-4.4.15-2.51.x86_64
libdw1-0.168-4.5.3.x86_64
libebl-plugins-0.168-4.5.3.x86_64
libelf1-0.168-4.5.3.x86_64
libgcc_s1-11.2.1+git610-1.3.9.x86_64
libgcrypt20-1.8.2-8.39.1.x86_64
libgmp10-6.1.2-4.6.1.x86_64
libgpg-error0-1.29-1.8.x86_64
liblua5_3-5-5.3.6-3.6.1.x86_64
liblzma5-5.2.3-4.3.1.x86_64
libmagic1-5.32-7.14.1.x86_64
libncurses6-6.1-5.9.1.x86_64
libpcre1-8.45-20.10.1.x86_64
libpopt0-1.16-3.22.x86_64
libreadline7-7.0-19.6.1.x86_64
libselinux1-3.0-1.31.x86_64
libstdc++6-11.2.1+git610-1.3.9.x86_64
libz1-1.2.11-3.21.1.x86_64
libzstd1-1.4.4-1.6.1.x86_64
perl-base-5.26.1-15.87.x86_64
rpm-config-SUSE-1-5.6.1.noarch
rpm-ndb-4.14.3-40.1.x86_64
sles-release-15.3-55.4.1.x86_64
system-user-root-20190513-3.3.1.noarch
terminfo-base-6.1-5.9.1.x86_64";
    assert_eq!(packages, expected.lines().collect::<Vec<_>>());
    assert_eq!(file(&database, "bash", "bin/bash").unwrap().mode, Some(41471));
    let bash = file(&database, "bash", "usr/bin/bash").unwrap();
    assert_eq!(bash.digest, Some(&b"42ead4d7798801b3cc71356b36d428e36a14bd03896305f3e9c9b6932a19ef73"[..]));
}

#[test]
fn real_berkeley_database() {
    let Some(bytes) = real_data("libuuid/Packages") else { return };
    let database = read(&bytes, None).unwrap();
    assert_eq!(database.problems, []);
    let [package] = &database.packages[..] else { panic!("{} packages", database.packages.len()) };
    assert_eq!(nevra(package), "libuuid-2.32.1-42.el8_8.x86_64");
    let source = package.source().unwrap();
    assert_eq!((source.name, source.version_release), ("util-linux", "2.32.1-42.el8_8"));
    assert_eq!(
        package.file_paths(),
        [
            &b"usr/lib/.build-id"[..],
            b"usr/lib/.build-id/df/ef6a880adac817216ab9866779a0725e017647",
            b"usr/lib64/libuuid.so.1",
            b"usr/lib64/libuuid.so.1.3.0",
            b"usr/share/licenses/libuuid",
            b"usr/share/licenses/libuuid/COPYING",
            b"usr/share/licenses/libuuid/COPYING.BSD-3",
        ]
    );
}
