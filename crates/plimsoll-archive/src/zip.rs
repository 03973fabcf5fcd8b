//! Zip archives (PKWARE APPNOTE 6.3.10) read at random: the central directory in one pass without an allocation per
//! entry, then selected entries only.
//!
//! The format's structures are read by `rawzip`; here are the limits, the decompression and the checks. The central
//! directory is believed, as Java does, never the local headers.

use std::io::{self, BufReader, Read};

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ErrorKind, ReaderAt, ZipArchiveEntryWayfinder, ZipLocator};

use crate::{ReadAt, Window};

/// The most entries that are read of one archive.
pub const MAX_ENTRIES: u64 = 1_000_000;

/// How far from the end the end record is looked for: the longest comment and some bytes that do not belong.
const MAX_SEARCH: u64 = 128 << 10;

/// How many places are tried where the end of the central directory may lie: a comment can hold the same signature.
const MAX_ENDS: usize = 8;

/// Why an archive or an entry of it cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ZipError {
    /// There is no end of central directory record.
    #[error("not a zip archive, or cut short: it has no end of central directory record")]
    NotZip,
    /// The bytes below could not be read.
    #[error("cannot read the archive")]
    Read(#[source] io::Error),
    /// The central directory or a local header is damaged.
    #[error("the zip archive is damaged: {0}")]
    Damaged(String),
    /// An entry's data is damaged or does not fit its checksum.
    #[error("an entry's data is damaged: {0}")]
    DamagedData(String),
    /// The entry is compressed in a form that is not supported.
    #[error("compression method {0} is not supported")]
    Method(String),
    /// The entry is encrypted.
    #[error("the entry is encrypted")]
    Encrypted,
    /// The archive has more than [`MAX_ENTRIES`] entries.
    #[error("more than {MAX_ENTRIES} entries")]
    TooManyEntries,
    /// The entry is larger than the caller takes.
    #[error("the entry has more than the {limit} bytes that are taken")]
    TooLarge {
        /// The caller's limit.
        limit: u64,
    },
    /// All that may be decompressed of this archive is used up.
    #[error("no more is decompressed of this archive: its budget is used up")]
    Budget,
}

impl ZipError {
    /// True when a limit was reached, rather than damage met.
    pub fn is_limit(&self) -> bool {
        matches!(self, ZipError::TooManyEntries | ZipError::TooLarge { .. } | ZipError::Budget)
    }

    fn structure(error: rawzip::Error) -> ZipError {
        match error.into_kind() {
            ErrorKind::MissingEndOfCentralDirectory => ZipError::NotZip,
            ErrorKind::IO(error) if error.kind() != io::ErrorKind::UnexpectedEof => ZipError::Read(error),
            ErrorKind::IO(_) | ErrorKind::Eof => ZipError::Damaged("it ends too early".to_owned()),
            ErrorKind::InvalidSignature { .. } => {
                ZipError::Damaged("a header has a wrong signature".to_owned())
            }
            other => ZipError::Damaged(other.to_string().to_lowercase()),
        }
    }
}

/// How many more bytes may be decompressed; shared by an archive and those inside it.
#[derive(Debug)]
pub struct Budget {
    left: u64,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(bytes: u64) -> Budget {
        Budget { left: bytes }
    }
}

/// Working memory for [`Archive::open`] and [`Archive::entries`], kept by the caller so that many archives can use it
/// in turn.
pub struct Buffer(Vec<u8>);

impl Buffer {
    /// Allocates it.
    pub fn new() -> Buffer {
        // With this size no record of a central directory is too large.
        Buffer(vec![0; rawzip::MAX_CENTRAL_DIRECTORY_RECORD_SIZE])
    }
}

impl Default for Buffer {
    fn default() -> Buffer {
        Buffer::new()
    }
}

/// `rawzip`'s view of our bytes.
#[derive(Clone, Copy)]
struct Source<'a>(&'a dyn ReadAt);

impl ReaderAt for Source<'_> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buf, offset)
    }
}

/// An open zip archive.
pub struct Archive<'a> {
    source: &'a dyn ReadAt,
    inner: rawzip::ZipArchive<Source<'a>>,
}

/// Where an entry's data lies and what the central directory says of it.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    wayfinder: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    flags: rawzip::EntryFlags,
    size: u64,
    compressed_size: u64,
    offset: u64,
}

impl Member {
    /// The size of the data as declared, in bytes. Not to be believed.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The size of the compressed data as declared, in bytes. Not to be believed.
    pub fn compressed_size(&self) -> u64 {
        self.compressed_size
    }

    /// The compression method's number (APPNOTE 4.4.5).
    pub fn method(&self) -> u16 {
        self.method.as_u16()
    }

    /// The general purpose bit flags (APPNOTE 4.4.4).
    pub fn flags(&self) -> u16 {
        self.flags.bits()
    }

    /// Where the local header is said to be.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// True when the data is stored as it is.
    pub fn is_stored(&self) -> bool {
        self.method == CompressionMethod::STORE
    }
}

/// An entry of the central directory.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'n> {
    /// The name as it stands there: often UTF-8, never to be used as a path.
    pub name: &'n [u8],
    /// Its data.
    pub member: Member,
}

/// The entries of an archive, in the order of its central directory.
pub struct Entries<'z, 'a, 'b> {
    inner: rawzip::ZipEntries<'z, 'b, Source<'a>>,
    seen: u64,
}

impl Entries<'_, '_, '_> {
    /// The next entry, lent until the one after.
    ///
    /// # Errors
    ///
    /// When the directory is damaged, or has more than [`MAX_ENTRIES`] entries. Nothing comes after an error.
    #[expect(clippy::should_implement_trait, reason = "an entry is lent, which an iterator cannot do")]
    pub fn next(&mut self) -> Result<Option<Entry<'_>>, ZipError> {
        if self.seen == MAX_ENTRIES {
            return Err(ZipError::TooManyEntries);
        }
        self.seen += 1;
        let Some(record) = self.inner.next_entry().map_err(ZipError::structure)? else { return Ok(None) };
        let member = Member {
            wayfinder: record.wayfinder(),
            method: record.compression_method(),
            flags: record.flags(),
            size: record.uncompressed_size_hint(),
            compressed_size: record.compressed_size_hint(),
            offset: record.local_header_offset(),
        };
        Ok(Some(Entry { name: record.file_path().as_bytes(), member }))
    }
}

impl<'a> Archive<'a> {
    /// Finds the central directory. Bytes before the archive (a self-extracting script) and after it are skipped.
    ///
    /// # Errors
    ///
    /// When there is none, or the end record does not lead to it.
    pub fn open(source: &'a dyn ReadAt, buffer: &mut Buffer) -> Result<Archive<'a>, ZipError> {
        let mut end = source.len();
        let mut first_error = None;
        for _ in 0..MAX_ENDS {
            let locator = ZipLocator::new().max_search_space(MAX_SEARCH.saturating_sub(source.len() - end));
            match locator.locate_in_reader(Source(source), &mut buffer.0, end) {
                Ok(inner) => {
                    let archive = Archive { source, inner };
                    if archive.leads_to_directory()? {
                        return Ok(archive);
                    }
                    end = archive.inner.eocd_offset();
                    first_error.get_or_insert(ZipError::Damaged(
                        "the end record does not lead to a central directory".to_owned(),
                    ));
                }
                Err((_, error)) => {
                    let at = error.eocd_offset();
                    let error = ZipError::structure(error);
                    let Some(at) = at else { return Err(first_error.unwrap_or(error)) };
                    end = at;
                    first_error.get_or_insert(error);
                }
            }
        }
        Err(first_error.unwrap_or(ZipError::NotZip))
    }

    /// An end record in a comment is told from the real one by what it points to.
    fn leads_to_directory(&self) -> Result<bool, ZipError> {
        if self.inner.entries_hint() == 0 {
            return Ok(true);
        }
        let mut signature = [0; 4];
        let n = self.source.read_at(&mut signature, self.inner.directory_offset()).map_err(ZipError::Read)?;
        Ok(n == 4 && &signature == b"PK\x01\x02")
    }

    /// The entries of the central directory.
    pub fn entries<'z, 'b>(&'z self, buffer: &'b mut Buffer) -> Entries<'z, 'a, 'b> {
        Entries { inner: self.inner.entries(&mut buffer.0), seen: 0 }
    }

    /// The data of a stored entry where it lies, without a copy and without a check. `None` when it is compressed.
    ///
    /// # Errors
    ///
    /// When the entry is encrypted, or lies outside the archive.
    pub fn window(&self, member: &Member) -> Result<Option<Window<'a>>, ZipError> {
        if !member.is_stored() {
            return Ok(None);
        }
        self.locate(member).map(|(_, window)| Some(window))
    }

    /// All of an entry's data, with its size and checksum checked.
    ///
    /// # Errors
    ///
    /// When it is larger than `limit` or than what is left of `budget`, damaged, encrypted or compressed in a form that
    /// is not supported.
    pub fn read(&self, member: &Member, limit: u64, budget: &mut Budget) -> Result<Vec<u8>, ZipError> {
        if member.size > limit {
            return Err(ZipError::TooLarge { limit });
        }
        if member.size > budget.left {
            return Err(ZipError::Budget);
        }
        let max = limit.min(budget.left);
        let mut out = self.inflate(member, max.saturating_add(1), true, budget)?;
        if out.len() as u64 > max {
            out.clear();
            return Err(if max == limit { ZipError::TooLarge { limit } } else { ZipError::Budget });
        }
        Ok(out)
    }

    /// The first bytes of an entry's data, `max` at most. The checksum is checked only when that is all of it.
    ///
    /// # Errors
    ///
    /// As for [`Archive::read`], except that no size is too large.
    pub fn read_start(&self, member: &Member, max: u64, budget: &mut Budget) -> Result<Vec<u8>, ZipError> {
        if budget.left == 0 {
            return Err(ZipError::Budget);
        }
        let max = max.min(budget.left);
        self.inflate(member, max, member.size <= max, budget)
    }

    /// Decompresses `max` bytes at most and takes them from the budget. With `verify`, an end before `max` is checked
    /// against size and checksum.
    fn inflate(
        &self,
        member: &Member,
        max: u64,
        verify: bool,
        budget: &mut Budget,
    ) -> Result<Vec<u8>, ZipError> {
        let (entry, data) = self.locate(member)?;
        // A declared size is a hint only: what is allocated at once stays small.
        let capacity = usize::try_from(member.size.min(max).min(1 << 16)).unwrap_or(0);
        let mut out = Vec::with_capacity(capacity);
        let input = usize::try_from(data.len().clamp(64, 1 << 16)).unwrap_or(1 << 16);
        let reader = BufReader::with_capacity(input, data);
        let verify = verify.then_some(&entry);
        let result = match member.method {
            CompressionMethod::STORE => copy(reader, verify, max, &mut out),
            CompressionMethod::DEFLATE => copy(DeflateDecoder::new(reader), verify, max, &mut out),
            other => return Err(ZipError::Method(other.to_string())),
        };
        budget.left = budget.left.saturating_sub(out.len() as u64);
        match result {
            Ok(()) => Ok(out),
            Err(error) => Err(ZipError::DamagedData(error.to_string().to_lowercase())),
        }
    }

    /// The bytes of an entry as they lie in the archive.
    fn locate<'z>(&'z self, member: &Member) -> Result<(RawEntry<'z, 'a>, Window<'a>), ZipError> {
        if member.flags.is_encrypted() {
            return Err(ZipError::Encrypted);
        }
        let entry = self.inner.get_entry(member.wayfinder).map_err(ZipError::structure)?;
        let (start, end) = entry.compressed_data_range();
        if start > end || end > self.source.len() {
            return Err(ZipError::Damaged("an entry lies outside the archive".to_owned()));
        }
        Ok((entry, Window::new(self.source, start, end - start)))
    }
}

type RawEntry<'z, 'a> = rawzip::ZipEntry<'z, Source<'a>>;

fn copy(reader: impl Read, verify: Option<&RawEntry<'_, '_>>, max: u64, out: &mut Vec<u8>) -> io::Result<()> {
    match verify {
        // One byte more, so that the end is met and with it the check.
        Some(entry) => entry.verifying_reader(reader).take(max.saturating_add(1)).read_to_end(out)?,
        None => reader.take(max).read_to_end(out)?,
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // The fixtures are made by Python's zipfile and by Info-ZIP's zip.
    const PLAIN: &[u8] = include_bytes!("../tests/fixtures/zip/plain.zip");
    const PREFIXED: &[u8] = include_bytes!("../tests/fixtures/zip/prefixed.zip");
    const STREAMED: &[u8] = include_bytes!("../tests/fixtures/zip/streamed.zip");
    const ZIP64: &[u8] = include_bytes!("../tests/fixtures/zip/zip64.zip");
    const COMMENT: &[u8] = include_bytes!("../tests/fixtures/zip/comment.zip");
    const ENCRYPTED: &[u8] = include_bytes!("../tests/fixtures/zip/encrypted.zip");
    const BZIP2: &[u8] = include_bytes!("../tests/fixtures/zip/bzip2.zip");
    const ALL: [&[u8]; 7] = [PLAIN, PREFIXED, STREAMED, ZIP64, COMMENT, ENCRYPTED, BZIP2];

    fn text() -> Vec<u8> {
        b"Quoth the raven, nevermore. ".repeat(40)
    }

    fn members(archive: &Archive<'_>) -> Result<Vec<(String, Member)>, ZipError> {
        let mut buffer = Buffer::new();
        let mut entries = archive.entries(&mut buffer);
        let mut out = Vec::new();
        while let Some(entry) = entries.next()? {
            out.push((String::from_utf8_lossy(entry.name).into_owned(), entry.member));
        }
        Ok(out)
    }

    fn read_all(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, ZipError> {
        let bytes = bytes.to_vec();
        let archive = Archive::open(&bytes, &mut Buffer::new())?;
        let mut budget = Budget::new(1 << 20);
        members(&archive)?
            .into_iter()
            .map(|(name, member)| Ok((name, archive.read(&member, 1 << 16, &mut budget)?)))
            .collect()
    }

    #[test]
    fn reads_the_forms_that_tools_write() {
        let expected =
            vec![("stored.txt".to_owned(), b"as it is".to_vec()), ("dir/deflated.txt".to_owned(), text())];
        for (name, bytes) in [
            ("plain", PLAIN),
            ("prefixed", PREFIXED),
            ("streamed", STREAMED),
            ("zip64", ZIP64),
            ("comment", COMMENT),
        ] {
            assert_eq!(read_all(bytes).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn lends_stored_data_without_a_copy() {
        let bytes = PREFIXED.to_vec();
        let archive = Archive::open(&bytes, &mut Buffer::new()).unwrap();
        let members = members(&archive).unwrap();
        let window = archive.window(&members[0].1).unwrap().unwrap();
        assert_eq!(ReadAt::as_slice(&window), Some(&b"as it is"[..]));
        assert!(archive.window(&members[1].1).unwrap().is_none());
        assert_eq!((members[1].1.method(), members[1].1.size()), (8, 1120));
    }

    #[test]
    fn limits_hold() {
        let bytes = PLAIN.to_vec();
        let archive = Archive::open(&bytes, &mut Buffer::new()).unwrap();
        let member = members(&archive).unwrap()[1].1;
        let error = archive.read(&member, 1119, &mut Budget::new(1 << 20)).unwrap_err();
        assert!(matches!(error, ZipError::TooLarge { limit: 1119 }) && error.is_limit());
        assert_eq!(archive.read(&member, 1120, &mut Budget::new(1120)).unwrap(), text());
        assert!(matches!(archive.read(&member, 1120, &mut Budget::new(1119)), Err(ZipError::Budget)));
        let mut budget = Budget::new(1130);
        assert_eq!(archive.read_start(&member, 5, &mut budget).unwrap(), b"Quoth");
        assert_eq!(archive.read(&member, 1120, &mut budget).unwrap(), text());
        assert_eq!(archive.read_start(&member, 9, &mut budget).unwrap(), b"Quoth");
        assert!(matches!(archive.read_start(&member, 9, &mut budget), Err(ZipError::Budget)));
    }

    #[test]
    fn a_size_that_lies_is_found_out() {
        let mut bytes = PLAIN.to_vec();
        // The uncompressed size in the central directory's second record.
        let record = memchr::memmem::rfind(&bytes, b"PK\x01\x02").unwrap();
        bytes[record + 24..record + 28].copy_from_slice(&10_u32.to_le_bytes());
        let archive = Archive::open(&bytes, &mut Buffer::new()).unwrap();
        let member = members(&archive).unwrap()[1].1;
        let error = archive.read(&member, 100, &mut Budget::new(1 << 20)).unwrap_err();
        assert!(matches!(error, ZipError::TooLarge { .. } | ZipError::DamagedData(_)), "{error}");
    }

    #[test]
    fn a_wrong_checksum_is_an_error() {
        let mut bytes = PLAIN.to_vec();
        let at = memchr::memmem::find(&bytes, b"as it is").unwrap();
        bytes[at] ^= 1;
        assert!(matches!(read_all(&bytes), Err(ZipError::DamagedData(_))));
    }

    #[test]
    fn refuses_what_it_cannot_read_by_name() {
        assert!(matches!(read_all(ENCRYPTED), Err(ZipError::Encrypted)));
        assert!(read_all(BZIP2).unwrap_err().to_string().contains("BZIP2"));
        assert!(matches!(read_all(b"Rar!\x1a\x07\x01\x00"), Err(ZipError::NotZip)));
        assert!(matches!(read_all(b""), Err(ZipError::NotZip)));
    }

    #[test]
    fn no_prefix_and_no_flipped_byte_panics() {
        for bytes in ALL {
            for len in 0..bytes.len() {
                assert!(read_all(&bytes[..len]).is_err() || len + 70 > bytes.len(), "cut at {len}");
            }
            let mut changed = bytes.to_vec();
            for i in 0..changed.len() {
                for flip in [0x01, 0x80, 0xff] {
                    changed[i] ^= flip;
                    let _ = read_all(&changed);
                    changed[i] ^= flip;
                }
            }
        }
    }
}
