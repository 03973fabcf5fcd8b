//! The tar reader against archives of other tools: GNU tar 1.34 and Python 3.11's `tarfile`, listed by `tar tvf`; an
//! archive on whose reading tools differ, listed by Go 1.19's `archive/tar`; and archives of the `tar` crate.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{self, Cursor, Read};

use plimsoll_archive::tar::{Entry, Kind, Reader, TarError};
use plimsoll_archive::{Compression, Decoder, sha256};
use plimsoll_test::images::{Member, Packing};
use plimsoll_types::{Algorithm, Digest};

macro_rules! fixtures {
    ($($name:literal)*) => {
        [$((
            $name,
            include_bytes!(concat!("fixtures/tar/", $name, ".tar.gz")).as_slice(),
            include_str!(concat!("fixtures/tar/", $name, ".txt")),
        )),*]
    };
}

const FIXTURES: [(&str, &[u8], &str); 14] = fixtures! {
    "gnu-v7" "gnu-ustar" "gnu-gnu" "gnu-oldgnu" "gnu-pax" "gnu-incremental"
    "gnu-sparse" "gnu-pax-sparse-0.0" "gnu-pax-sparse-0.1" "gnu-pax-sparse-1.0"
    "python-ustar" "python-gnu" "python-pax" "go-differences"
};

/// Headers of members that are larger than an octal field can say, with the first block of the data.
const HUGE: [(&str, &[u8], &str); 2] = fixtures! { "huge-gnu" "huge-pax" };

fn unpack(gz: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    Decoder::new(gz).unwrap().read_to_end(&mut out).unwrap();
    out
}

/// A line as `tar tvf --quoting-style=escape` writes it, without owner and time.
fn line<R: Read>(reader: &Reader<R>, entry: &Entry) -> String {
    let (kind, link) = match entry.kind {
        Kind::File => ('-', None),
        Kind::HardLink => ('h', Some(" link to ")),
        Kind::Symlink => ('l', Some(" -> ")),
        Kind::Directory => ('d', None),
        Kind::Special => ('s', None),
    };
    let mut line = format!("{kind}{} {} {}", permissions(entry.mode), entry.size, escaped(reader.path()));
    if let Some(link) = link {
        line += link;
        line += &escaped(reader.link());
    }
    line
}

fn permissions(mode: u32) -> String {
    let mut out: Vec<u8> =
        (0..9).map(|n| if mode & (0o400 >> n) == 0 { b'-' } else { b"rwx"[n % 3] }).collect();
    for (bit, at, letter) in [(0o4000, 2, b's'), (0o2000, 5, b's'), (0o1000, 8, b't')] {
        if mode & bit != 0 {
            out[at] = if out[at] == b'-' { letter.to_ascii_uppercase() } else { letter };
        }
    }
    String::from_utf8(out).unwrap()
}

fn escaped(name: &[u8]) -> String {
    let mut out = String::new();
    for chunk in name.utf8_chunks() {
        out += chunk.valid();
        chunk.invalid().iter().for_each(|byte| out += &format!("\\{byte:03o}"));
    }
    out
}

/// The tool's listing as [`line`] writes it.
fn expected(listing: &str) -> Vec<String> {
    listing
        .lines()
        .map(|line| {
            let (kind, rest) = line.split_at(1);
            let kind = match kind {
                // Devices and FIFOs are one kind, a contiguous file is a file.
                "c" | "b" | "p" => "s",
                "C" => "-",
                kind => kind,
            };
            format!("{kind}{rest}")
        })
        .collect()
}

/// What is read of an archive: a line a member, the digest of its stored data, and in the end the digest of all.
#[derive(Debug, PartialEq)]
struct Told {
    lines: Vec<String>,
    data: Vec<Digest>,
    end: Result<(Digest, u64), String>,
}

/// How a member's data is read.
#[derive(Debug, Clone, Copy)]
enum Way {
    Whole,
    Stream,
    Peek,
}

fn read(source: impl Read, way: Way) -> Told {
    let mut reader = Reader::new(source, Some(Algorithm::Sha256), 1 << 40);
    let mut told = Told { lines: Vec::new(), data: Vec::new(), end: Err(String::new()) };
    let mut all = || -> Result<(), TarError> {
        while let Some(entry) = reader.next_entry()? {
            told.lines.push(line(&reader, &entry));
            told.data.push(match way {
                Way::Whole => sha256(&reader.read_data()?),
                Way::Stream => {
                    let mut data = Vec::new();
                    reader
                        .data()
                        .read_to_end(&mut data)
                        .map_err(|source| TarError::Read { offset: 0, source })?;
                    sha256(&data)
                }
                Way::Peek if entry.stored <= Reader::<&[u8]>::PEEK_LIMIT => {
                    let first = reader.peek(16)?.to_vec();
                    let all = reader.peek(entry.stored as usize)?;
                    assert!(all.starts_with(&first) && all.len() as u64 == entry.stored);
                    sha256(all)
                }
                Way::Peek => {
                    let first = reader.peek(usize::MAX)?.to_vec();
                    assert_eq!(first.len() as u64, Reader::<&[u8]>::PEEK_LIMIT);
                    let all = reader.read_data()?;
                    assert!(all.starts_with(&first));
                    sha256(&all)
                }
            });
        }
        Ok(())
    };
    told.end = match all() {
        Ok(()) => reader
            .finish()
            .map(|(digest, bytes, _)| (digest.unwrap(), bytes))
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    told
}

/// Hands out a few bytes at a time, with interruptions.
struct Trickle<'a> {
    bytes: &'a [u8],
    most: usize,
    turn: usize,
}

impl Read for Trickle<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.turn += 1;
        if self.turn.is_multiple_of(7) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = 1 + self.turn % self.most;
        let n = most.min(buf.len());
        Read::read(&mut self.bytes, &mut buf[..n])
    }
}

#[test]
fn lists_what_other_tools_list() {
    for (name, gz, listing) in FIXTURES {
        let tar = unpack(gz);
        let told = read(&tar[..], Way::Whole);
        assert_eq!(told.lines, expected(listing), "{name}");
        assert_eq!(told.end, Ok((sha256(&tar), tar.len() as u64)), "{name}");
    }
}

// Expected: `sha256sum` of the files that were archived.
#[test]
fn reads_the_data() {
    let (_, gz, _) = FIXTURES.into_iter().find(|(name, ..)| *name == "gnu-pax").unwrap();
    let told = read(&unpack(gz)[..], Way::Whole);
    let data = |name: &str| {
        let at = told.lines.iter().position(|line| line.ends_with(name)).unwrap();
        told.data[at].hex()[..16].to_owned()
    };
    assert_eq!(data("/etc/hard"), "a70422ed018bffaf");
    assert_eq!(data("/exact512"), "471be6558b665e4f");
    assert_eq!(data("/over512"), "0ddc2807b9a31ee4");
    assert_eq!(data("/with space/file name"), "8f434346648f6b96");
    assert_eq!(data("/none"), "e3b0c44298fc1c14");
}

#[test]
fn sparse_files_say_that_their_data_is_not_their_content() {
    for (name, gz, _) in FIXTURES {
        let tar = unpack(gz);
        let mut reader = Reader::new(&tar[..], None, u64::MAX);
        let mut sparse = Vec::new();
        while let Some(entry) = reader.next_entry().unwrap() {
            if entry.sparse {
                sparse.push(String::from_utf8_lossy(reader.path()).trim_matches(['.', '/']).to_owned());
                assert!(entry.stored < entry.size, "{name}");
            }
        }
        let expected = if name.contains("sparse") {
            vec!["many".to_owned(), "one".to_owned(), "s".repeat(150)]
        } else {
            Vec::new()
        };
        assert_eq!(sparse, expected, "{name}");
    }
}

#[test]
fn sizes_beyond_eight_gigabytes() {
    for (name, gz, listing) in HUGE {
        let tar = unpack(gz);
        let mut reader = Reader::new(&tar[..], None, u64::MAX);
        let entry = reader.next_entry().unwrap().unwrap();
        assert_eq!(line(&reader, &entry), listing.trim_end(), "{name}");
        assert_eq!((entry.stored, entry.offset), (9 << 30, tar.len() as u64 - 512), "{name}");
        assert_eq!(reader.peek(5).unwrap(), b"begin");
        assert!(matches!(reader.read_data(), Err(TarError::Truncated { .. })), "{name}");
        // Stepped over, it ends the archive: the source says nothing of what it does not have.
        let mut reader = Reader::new(Cursor::new(&tar), None, u64::MAX);
        reader.next_entry().unwrap().unwrap();
        reader.seek_over_data(|source, n| source.set_position(source.position() + n));
        assert!(reader.next_entry().unwrap().is_none(), "{name}");
        assert_eq!(reader.position(), tar.len() as u64 - 512 + (9 << 30));
    }
}

#[test]
fn sizes_that_no_stream_can_have_are_errors() {
    for size in [
        &b"\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff"[..],
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"12345678x\0\0\0",
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_path("a").unwrap();
        header.as_old_mut().size.copy_from_slice(size);
        header.set_cksum();
        let mut reader = Reader::new(&header.as_bytes()[..], None, u64::MAX);
        let error = reader.next_entry().unwrap_err().to_string();
        assert!(error.starts_with("no tar header at byte 0: the size is"), "{error}");
    }
}

#[test]
fn however_the_bytes_come_the_result_is_the_same() {
    for (name, gz, _) in FIXTURES {
        let tar = unpack(gz);
        let whole = read(&tar[..], Way::Whole);
        for way in [Way::Whole, Way::Stream, Way::Peek] {
            for most in [1, 2, 511, 700] {
                let source = Trickle { bytes: &tar, most, turn: 0 };
                assert_eq!(read(source, way), whole, "{name} {way:?} at most {most}");
            }
        }
        for packing in Packing::ALL {
            let packed = packing.pack(&tar).unwrap();
            let source = Decoder::new(Trickle { bytes: &packed, most: 1, turn: 0 }).unwrap();
            let compression = match packing {
                Packing::Plain => Compression::None,
                Packing::Gzip => Compression::Gzip,
                Packing::Zstd => Compression::Zstd,
            };
            assert_eq!(source.compression(), compression);
            assert_eq!(read(source, Way::Stream), whole, "{name} {packing:?}");
        }
    }
}

/// Members whose data ends around the end of the reader's buffer, wherever that lies when they begin.
#[test]
fn members_at_the_borders_of_the_buffer() {
    const BUFFER: usize = Reader::<&[u8]>::PEEK_LIMIT as usize;
    let noise: Vec<u8> =
        (0..2 * BUFFER as u32 + 2048).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for size in (BUFFER - 1536..=BUFFER + 1024).step_by(256).chain([
        BUFFER - 1,
        BUFFER + 1,
        2 * BUFFER,
        2 * BUFFER + 1,
    ]) {
        let mut tar = Vec::new();
        let mut expected = Vec::new();
        for data in [&b"first"[..], &noise[..size], b"", &noise[3..3 + size], b"last"] {
            Member { data, ..Member::new(b"name") }.write(&mut tar);
            expected.push(sha256(data));
        }
        tar.extend_from_slice(&[0; 1024]);
        for way in [Way::Whole, Way::Stream, Way::Peek] {
            let told = read(&tar[..], way);
            assert_eq!(told.data, expected, "{size} {way:?}");
            assert_eq!(told.end, Ok((sha256(&tar), tar.len() as u64)));
            let told = read(Trickle { bytes: &tar, most: 100_000, turn: 0 }, way);
            assert_eq!((told.data, told.end.is_ok()), (expected.clone(), true), "{size} {way:?} in pieces");
        }
    }
}

#[test]
fn the_limit_is_held_to_the_byte() {
    let mut tar = Vec::new();
    Member { data: &[7; 10_000], ..Member::new(b"name") }.write(&mut tar);
    tar.extend_from_slice(&[0; 1024]);
    let end = |limit| {
        let mut reader = Reader::new(&tar[..], None, limit);
        while reader.next_entry()?.is_some() {}
        reader.finish().map(|_| ())
    };
    assert!(end(tar.len() as u64).is_ok());
    let error = end(tar.len() as u64 - 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the tar stream is longer than the limit of {} bytes", tar.len() - 1)
    );
}

#[test]
fn extended_headers_are_bounded() {
    let mut tar = Vec::new();
    let name = vec![b'n'; 600_000];
    Member::new(&name).write(&mut tar);
    assert_eq!(Reader::new(&tar[..], None, u64::MAX).next_entry().unwrap().unwrap().size, 0);
    // A long name and a long link together are too much.
    let mut tar = Vec::new();
    Member { kind: tar::EntryType::Symlink, link: &name, ..Member::new(&name) }.write(&mut tar);
    let error = Reader::new(&tar[..], None, u64::MAX).next_entry().unwrap_err();
    assert!(error.to_string().contains("the extended headers are too large"), "{error}");
}

/// Cut anywhere, an archive gives the members before the cut and then an error or, between members, an end.
#[test]
fn every_prefix_is_read_without_a_panic() {
    for (name, gz, _) in FIXTURES.into_iter().chain(HUGE) {
        let tar = unpack(gz);
        let whole = read(&tar[..], Way::Whole);
        for len in (0..tar.len())
            .step_by(if tar.len() > 20_000 { 61 } else { 13 })
            .chain((0..tar.len()).step_by(512))
        {
            let told = read(&tar[..len], Way::Stream);
            let (known, last) = told.lines.split_at(told.lines.len().saturating_sub(1));
            assert!(whole.lines.starts_with(known), "{name} cut at {len}");
            // Only the data of the last one may be cut, and that is an error.
            assert!(whole.lines.starts_with(&told.lines), "{name} cut at {len}: {last:?}");
            let at_block = len % 512 == 0;
            assert!(
                told.end.is_err() || at_block || len + 1024 > tar.len() || padding(&tar, len),
                "{name} cut at {len}"
            );
        }
    }
}

/// True when what is missing of the block at `len` is zeros: padding whose lack changes nothing.
fn padding(tar: &[u8], len: usize) -> bool {
    tar[len..len.next_multiple_of(512).min(tar.len())].iter().all(|&byte| byte == 0)
}

#[test]
fn damaged_archives_end_soon_and_without_a_panic() {
    // The fields that are read of a header; in data and in extended headers these are just bytes.
    let fields =
        [0..2, 99..101, 104..105, 124..136, 148..158, 257..265, 345..347, 386..410, 482..495, 504..509];
    for (_, gz, _) in FIXTURES.into_iter().chain(HUGE) {
        let mut tar = unpack(gz);
        let original = tar.clone();
        for block in (0..tar.len()).step_by(512) {
            for (at, flip) in
                fields.iter().cloned().flatten().map(|at| (block + at, if at % 2 == 0 { 0x01 } else { 0x81 }))
            {
                tar[at] ^= flip;
                if !(148..156).contains(&(at - block)) {
                    // The checksum is made right again, or nothing but it would be tested.
                    tar[block + 148..block + 156].fill(b' ');
                    let sum: u32 = tar[block..block + 512].iter().map(|&byte| u32::from(byte)).sum();
                    tar[block + 148..block + 156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
                }
                // What comes much later does not depend on it.
                let rest = &tar[block..tar.len().min(block + 4096)];
                let mut reader = Reader::new(rest, None, u64::MAX);
                let mut members = 0;
                while let Ok(Some(_)) = reader.next_entry() {
                    members += 1;
                }
                assert!(members <= 8);
                tar[block..block + 512].copy_from_slice(&original[block..block + 512]);
            }
        }
    }
}

// Expected: what the tar crate was told to write.
#[test]
fn reads_what_the_tar_crate_writes() {
    let mut builder = tar::Builder::new(Vec::new());
    let mut expected = Vec::new();
    for length in [1, 99, 100, 101, 155, 156, 255, 256, 257, 1000] {
        let name: String = "abcdefghi/".chars().cycle().take(length - 1).chain(['z']).collect();
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o640);
        header.set_size(length as u64);
        builder.append_data(&mut header, &name, &vec![b'x'; length][..]).unwrap();
        expected.push(format!("-rw-r----- {length} {name}"));
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_mode(0o777);
        header.set_size(0);
        builder.append_link(&mut header, &name, &name).unwrap();
        expected.push(format!("lrwxrwxrwx 0 {name} -> {name}"));
        let records: [(&str, &[u8]); 2] = [("path", name.as_bytes()), ("size", b"3")];
        builder.append_pax_extensions(records).unwrap();
        let mut header = tar::Header::new_ustar();
        header.set_path("other").unwrap();
        header.set_mode(0o600);
        header.set_size(3);
        header.set_cksum();
        builder.append(&header, &b"abc"[..]).unwrap();
        expected.push(format!("-rw------- 3 {name}"));
    }
    let tar = builder.into_inner().unwrap();
    assert_eq!(read(&tar[..], Way::Peek).lines, expected);
}

#[test]
fn what_is_no_archive_is_an_error() {
    for (bytes, reason) in [
        (&b"PK\x03\x04 a zip archive, as one can see"[..], "ends at byte 34, in the middle of a member"),
        (&[b'x'; 512], "no tar header at byte 0: the checksum is wrong"),
        (&[&[0; 512][..], &[1; 512]].concat(), "no tar header at byte 0: a single block of zeros"),
        (&[0; 700], "ends at byte 700, in the middle of a member"),
    ] {
        let error = read(bytes, Way::Whole).end.unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
    // Nothing at all is an empty archive, as for GNU tar; and so are blocks of zeros.
    for len in [0, 512, 1024, 10_240] {
        assert_eq!(read(&vec![0; len][..], Way::Whole).end.unwrap().1, len as u64);
    }
}

#[test]
fn errors_of_the_stream_say_where() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is on fire"))
        }
    }
    let mut tar = Vec::new();
    Member { data: &[1; 2000], ..Member::new(b"name") }.write(&mut tar);
    let mut reader = Reader::new((&tar[..1000]).chain(Failing), None, u64::MAX);
    reader.next_entry().unwrap().unwrap();
    let error = reader.next_entry().unwrap_err();
    assert_eq!(error.to_string(), "cannot read at byte 1000 of the tar stream");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the disk is on fire");
}

// Archives of GNU tar 1.34 (`--format=posix --xattrs` and `--format=gnu`) of files made with chown, touch, mknod and setcap;
// expected as Python's `tarfile` lists them.
#[test]
fn owners_times_devices_and_capabilities() {
    let ping = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for (name, gz, capability) in [
        ("pax", include_bytes!("fixtures/tar/owners-pax.tar.gz").as_slice(), &ping[..]),
        ("gnu", include_bytes!("fixtures/tar/owners-gnu.tar.gz"), b""),
    ] {
        let tar = unpack(gz);
        let mut reader = Reader::new(&tar[..], None, u64::MAX);
        let mut lines = Vec::new();
        while let Some(entry) = reader.next_entry().unwrap() {
            let path = String::from_utf8_lossy(reader.path()).into_owned();
            assert_eq!(reader.capability(), if path == "ping" { capability } else { b"" }, "{name} {path}");
            lines.push(format!("{path} {} {} {} {:?}", entry.uid, entry.gid, entry.mtime, entry.device));
        }
        assert_eq!(
            lines,
            [
                "large 3000000 4000000000 -5 None",
                "null 0 0 1700000000 Some((1, 3))",
                "owned 1000 50 1700000000 None",
                "ping 0 0 1700000000 None",
                "sda 0 0 1700000000 Some((8, 0))",
            ],
            "{name}"
        );
        assert!(!reader.has_trailing_data().unwrap());
        for end in 0..tar.len() {
            let mut reader = Reader::new(&tar[..end], None, u64::MAX);
            while let Ok(Some(_)) = reader.next_entry() {}
        }
        let more = [&tar[..], &[0; 300_000], b"x"].concat();
        let mut reader = Reader::new(&more[..], Some(Algorithm::Sha256), u64::MAX);
        while reader.next_entry().unwrap().is_some() {}
        assert!(reader.has_trailing_data().unwrap());
        let (digest, bytes, _) = reader.finish().unwrap();
        assert_eq!((digest.unwrap(), bytes), (sha256(&more), more.len() as u64));
    }
}
