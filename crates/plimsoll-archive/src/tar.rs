//! Tar streams: POSIX ustar and pax (POSIX.1-2017, `pax`, "Extended Description"), GNU tar's long names and sparse
//! files, and old v7 archives.
//!
//! Plimsoll has its own reader because layer reading is what it spends its time on: the stream's bytes are hashed
//! where they land, skipped data is never copied, and the data of a small member is lent from the buffer without an
//! allocation.
//!
//! Where archivers differ, the reading of Go's `archive/tar` decides: it is what container runtimes unpack layers with,
//! so anything else would let an image show a scanner other files than it runs.

use std::io::{self, Read};
use std::ops::Range;

use crate::hash::Hasher;
use plimsoll_types::{Algorithm, Digest};

/// The size of a header and the unit of padding.
const BLOCK: usize = 512;
/// The stream buffer: large against the cost of a read, small against a core's second-level cache.
const BUFFER: usize = 256 * 1024;
/// The most that the extended headers before one member may hold together.
const MAX_EXTENSION: u64 = 1024 * 1024;
/// The most that is kept of the attribute that holds capabilities; version 3, the longest, has 24 bytes.
const MAX_CAPABILITY: usize = 64;
/// The most extension blocks that the sparse map of one member may have.
const MAX_SPARSE_BLOCKS: usize = 65_536;

/// What kind of member an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// Another name for an earlier file of the same archive.
    HardLink,
    /// A symbolic link.
    Symlink,
    /// A directory.
    Directory,
    /// A character or block device, or a FIFO.
    Special,
}

/// Why a tar stream cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// The stream below failed: it could not be read, or its compression is damaged.
    #[error("cannot read at byte {offset} of the tar stream")]
    Read {
        /// Where in the (uncompressed) tar stream.
        offset: u64,
        /// What the stream said.
        #[source]
        source: io::Error,
    },
    /// The stream ends inside a member.
    #[error("the tar stream ends at byte {offset}, in the middle of a member")]
    Truncated {
        /// Where it ends.
        offset: u64,
    },
    /// A header is not one.
    #[error("no tar header at byte {offset}: {reason}")]
    Header {
        /// Where it should be.
        offset: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// More bytes than the caller allowed.
    #[error("the tar stream is longer than the limit of {limit} bytes")]
    TooLong {
        /// The limit.
        limit: u64,
    },
}

/// The header of a member. The reader that gave it keeps its names and lends them; see [`Reader::path`].
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// Permission bits, set-uid and so on: the lower 12 bits of the mode.
    pub mode: u32,
    /// The file's size in bytes; for a sparse file its size once expanded.
    pub size: u64,
    /// The bytes that the archive stores for it.
    pub stored: u64,
    /// Where its stored data begins in the stream.
    pub offset: u64,
    /// True for a sparse file: its stored data is not its content.
    pub sparse: bool,
    /// The owner's number.
    pub uid: u32,
    /// The owning group's number.
    pub gid: u32,
    /// When it was modified, in seconds since 1970; before that it is negative.
    pub mtime: i64,
    /// Major and minor number of a character or block device.
    pub device: Option<(u32, u32)>,
}

/// Reads a tar stream member by member, hashing every byte of it.
pub struct Reader<R> {
    source: R,
    buffer: Box<[u8]>,
    filled: Range<usize>,
    /// The position in the stream of `buffer[filled.start]`.
    position: u64,
    limit: u64,
    hasher: Option<Hasher>,
    /// Stored data and padding of the current member not yet consumed.
    data_left: u64,
    padding: u64,
    path: Vec<u8>,
    link: Vec<u8>,
    capability: Vec<u8>,
    ended: bool,
}

/// What extended headers say of the next member.
#[derive(Debug, Default)]
struct Extended {
    /// GNU tar's long names. They count before pax records, whatever their order.
    long_path: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
    pax: Pax,
}

/// The pax records that matter.
#[derive(Debug, Default)]
struct Pax {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    sparse_major: Option<Vec<u8>>,
    sparse_minor: Option<Vec<u8>>,
    sparse_map: bool,
    sparse_name: Option<Vec<u8>>,
    sparse_size: Option<u64>,
    sparse_real_size: Option<u64>,
    uid: Option<u64>,
    gid: Option<u64>,
    mtime: Option<i64>,
    capability: Vec<u8>,
}

impl Pax {
    /// True when the records make the member a sparse file of a known form (0.0, 0.1 or 1.0).
    fn is_sparse(&self) -> bool {
        match (self.sparse_major.as_deref(), self.sparse_minor.as_deref()) {
            (Some(b"0"), Some(b"0" | b"1")) | (Some(b"1"), Some(b"0")) => true,
            (None, None) => self.sparse_map,
            _ => false,
        }
    }
}

impl<R: Read> Reader<R> {
    /// Reads the tar stream `source`, at most `limit` bytes of it. With `hash` the digest of the whole stream is made
    /// on the way.
    pub fn new(source: R, hash: Option<Algorithm>, limit: u64) -> Reader<R> {
        Reader {
            source,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            filled: 0..0,
            position: 0,
            limit,
            hasher: hash.map(Hasher::new),
            data_left: 0,
            padding: 0,
            path: Vec::new(),
            link: Vec::new(),
            capability: Vec::new(),
            ended: false,
        }
    }

    /// The path of the current member as the archive spells it.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    /// The target of the current member, when it is a link.
    pub fn link(&self) -> &[u8] {
        &self.link
    }

    /// The capabilities that the current member gives to who runs it, as the kernel keeps them in the extended attribute
    /// `security.capability`; empty when it has none.
    pub fn capability(&self) -> &[u8] {
        &self.capability
    }

    /// The position in the stream.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Goes to the next member, skipping what is left of the current one. `None` at the end of the archive.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read, ends early or holds something else than a tar archive.
    pub fn next_entry(&mut self) -> Result<Option<Entry>, TarError> {
        self.skip_data()?;
        if self.ended {
            return Ok(None);
        }
        let mut extended = Extended::default();
        let mut extension_budget = MAX_EXTENSION;
        loop {
            let Some(header) = self.header()? else {
                self.ended = true;
                return Ok(None);
            };
            let offset = self.position - BLOCK as u64;
            let bad = |reason| TarError::Header { offset, reason };
            let stored = number(&header[124..136]).ok_or_else(|| bad("the size is not a number"))?;
            match header[156] {
                flag @ (b'L' | b'K' | b'x' | b'g' | b'X') => {
                    extension_budget = extension_budget
                        .checked_sub(stored)
                        .ok_or_else(|| bad("the extended headers are too large"))?;
                    let mut bytes = self.take_vec(stored)?;
                    match flag {
                        b'L' | b'K' => {
                            bytes.truncate(memchr::memchr(0, &bytes).unwrap_or(bytes.len()));
                            let long = (!bytes.is_empty()).then_some(bytes);
                            if flag == b'L' { extended.long_path = long } else { extended.long_link = long }
                        }
                        // Runtimes take a global header for a member of its own, which means nothing to them.
                        b'g' => {
                            pax(&bytes).map_err(bad)?;
                            extended = Extended::default();
                        }
                        // Of several in a row the last counts alone.
                        _ => extended.pax = pax(&bytes).map_err(bad)?,
                    }
                }
                flag => return self.member(&header, flag, offset, stored, extended).map(Some),
            }
        }
    }

    /// Makes the entry of an ordinary member.
    fn member(
        &mut self,
        header: &[u8; BLOCK],
        flag: u8,
        offset: u64,
        header_size: u64,
        extended: Extended,
    ) -> Result<Entry, TarError> {
        let bad = |reason| TarError::Header { offset, reason };
        let gnu = &header[257..265] == b"ustar  \0";
        let Extended { long_path, long_link, pax } = extended;
        let pax_sparse = flag != b'S' && pax.is_sparse();
        self.path.clear();
        match pax.sparse_name.filter(|_| pax_sparse).or(long_path).or(pax.path) {
            Some(path) => self.path = path,
            None => {
                let prefix = prefix(header, gnu);
                if !prefix.is_empty() {
                    self.path.extend_from_slice(prefix);
                    self.path.push(b'/');
                }
                self.path.extend_from_slice(until_nul(&header[..100]));
            }
        }
        match long_link.or(pax.link) {
            Some(link) => self.link = link,
            None => {
                self.link.clear();
                self.link.extend_from_slice(until_nul(&header[157..257]));
            }
        }
        let mut stored = pax.size.unwrap_or(header_size);
        let mut size = pax.sparse_size.or(pax.sparse_real_size).filter(|_| pax_sparse).unwrap_or(stored);
        let mut sparse = pax_sparse;
        let kind = match flag {
            // Before POSIX a directory was a file whose name ends in a slash. A POSIX file with such a name is one.
            0 if self.path.ends_with(b"/") => Kind::Directory,
            b'1' => Kind::HardLink,
            b'2' => Kind::Symlink,
            b'3' | b'4' | b'6' => Kind::Special,
            // GNU tar's incremental dumps ("D") list a directory's names in the data.
            b'5' | b'D' => Kind::Directory,
            b'S' => {
                sparse = true;
                size =
                    number(&header[483..495]).ok_or_else(|| bad("the sparse file's size is not a number"))?;
                let mut more = gnu && header[482] != 0;
                let mut blocks = 0;
                while more {
                    blocks += 1;
                    if blocks > MAX_SPARSE_BLOCKS {
                        return Err(bad("the sparse map is too large"));
                    }
                    let block = self.block()?.ok_or(TarError::Truncated { offset: self.position })?;
                    more = block[504] != 0;
                }
                Kind::File
            }
            // POSIX: an unknown type is to be treated as a regular file.
            _ => Kind::File,
        };
        if matches!(kind, Kind::HardLink | Kind::Symlink | Kind::Special)
            || (kind == Kind::Directory && flag != b'D')
        {
            // Whatever size is said there, runtimes take the next block for a header.
            stored = 0;
            size = 0;
        }
        sparse &= kind == Kind::File;
        self.data_left = stored;
        self.padding = (BLOCK as u64 - stored % BLOCK as u64) % BLOCK as u64;
        let mode = number(&header[100..108]).unwrap_or(0o644) as u32 & 0o7777;
        self.position.checked_add(stored).ok_or_else(|| bad("the size is too large"))?;
        // An owner that cannot be read is root, as the worst that it can be; so is one that does not fit.
        let owner = |pax: Option<u64>, field: &[u8]| {
            u32::try_from(pax.or_else(|| number(field)).unwrap_or(0)).unwrap_or(0)
        };
        let (uid, gid) = (owner(pax.uid, &header[108..116]), owner(pax.gid, &header[116..124]));
        let mtime = pax.mtime.unwrap_or_else(|| seconds(&header[136..148]));
        self.capability = pax.capability;
        let device = matches!(flag, b'3' | b'4').then(|| {
            let part = |field: &[u8]| number(field).and_then(|n| u32::try_from(n).ok()).unwrap_or(u32::MAX);
            (part(&header[329..337]), part(&header[337..345]))
        });
        let offset = self.position;
        Ok(Entry { kind, mode, size, stored, offset, sparse, uid, gid, mtime, device })
    }

    /// Reads a header block; `None` at the archive's end, which is two blocks of zeros or the end of the stream.
    fn header(&mut self) -> Result<Option<[u8; BLOCK]>, TarError> {
        let offset = self.position;
        let Some(block) = self.block()? else { return Ok(None) };
        if block.iter().all(|&byte| byte == 0) {
            return match self.block()? {
                Some(second) if second.iter().any(|&byte| byte != 0) => {
                    Err(TarError::Header { offset, reason: "a single block of zeros" })
                }
                _ => Ok(None),
            };
        }
        let stated = number(&block[148..156]);
        let (mut unsigned, mut signed) = (0_u64, 0_i64);
        for (i, &byte) in block.iter().enumerate() {
            let byte = if (148..156).contains(&i) { b' ' } else { byte };
            unsigned += u64::from(byte);
            // Some very old archivers summed signed characters.
            signed += i64::from(byte as i8);
        }
        if stated != Some(unsigned) && stated.and_then(|sum| i64::try_from(sum).ok()) != Some(signed) {
            return Err(TarError::Header { offset, reason: "the checksum is wrong" });
        }
        Ok(Some(block))
    }

    /// Reads one block; `None` when the stream ends before its first byte.
    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, TarError> {
        let have = self.fill(BLOCK)?;
        if have == 0 {
            return Ok(None);
        }
        let Some(block) = self.buffer[self.filled.clone()].first_chunk::<BLOCK>().copied() else {
            return Err(TarError::Truncated { offset: self.position + have as u64 });
        };
        self.consume(BLOCK);
        Ok(Some(block))
    }

    /// Lends the first `wanted` bytes of the current member's stored data without consuming them, or as many as it
    /// has and the buffer can hold.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read.
    pub fn peek(&mut self, wanted: usize) -> Result<&[u8], TarError> {
        let wanted = usize::try_from(self.data_left).unwrap_or(usize::MAX).min(wanted).min(BUFFER);
        let have = self.fill(wanted)?.min(wanted);
        if have < wanted {
            return Err(TarError::Truncated { offset: self.position + have as u64 });
        }
        Ok(&self.buffer[self.filled.start..self.filled.start + have])
    }

    /// The largest member whose whole data [`Reader::peek`] can lend.
    pub const PEEK_LIMIT: u64 = BUFFER as u64;

    /// Reads the rest of the current member's stored data, all of it.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read or ends early. The caller bounds the size: it knows [`Entry::stored`].
    pub fn read_data(&mut self) -> Result<Vec<u8>, TarError> {
        let out = self.take_bytes(self.data_left)?;
        self.data_left = 0;
        Ok(out)
    }

    /// Lends the next piece of the current member's stored data and consumes it; empty at its end.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read or ends early.
    pub fn next_piece(&mut self) -> Result<&[u8], TarError> {
        let wanted = usize::try_from(self.data_left).unwrap_or(usize::MAX).min(BUFFER);
        let have = self.fill(1.min(wanted))?.min(wanted);
        if have == 0 && wanted > 0 {
            return Err(TarError::Truncated { offset: self.position });
        }
        let start = self.filled.start;
        self.consume(have);
        self.data_left -= have as u64;
        Ok(&self.buffer[start..start + have])
    }

    /// The rest of the current member's stored data as a stream. It fails where the archive ends too early.
    pub fn data(&mut self) -> Data<'_, R> {
        Data { reader: self }
    }

    /// Steps over the rest of the current member's data without reading it: `seek` moves the source forward by as many
    /// bytes as are not in the buffer yet. Only without a digest, which needs every byte.
    pub fn seek_over_data(&mut self, seek: impl FnOnce(&mut R, u64)) {
        debug_assert!(self.hasher.is_none(), "what is stepped over is not hashed");
        let total = self.data_left.saturating_add(self.padding);
        let buffered = (self.filled.len() as u64).min(total);
        self.consume(buffered as usize);
        let beyond = total - buffered;
        if beyond > 0 {
            seek(&mut self.source, beyond);
            self.position = self.position.saturating_add(beyond);
        }
        self.data_left = 0;
        self.padding = 0;
    }

    /// Skips to the end of the stream, which lies behind the archive's end, and says whether anything but zeros follows there.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read.
    pub fn has_trailing_data(&mut self) -> Result<bool, TarError> {
        debug_assert!(self.ended, "the archive is read to its end first");
        let mut found = false;
        loop {
            found = found || self.buffer[self.filled.clone()].iter().any(|&byte| byte != 0);
            self.consume(self.filled.len());
            if self.refill()? == 0 {
                return Ok(found);
            }
        }
    }

    /// Skips to the end of the stream and gives the digest of all of it (when one was asked for), the number of its
    /// bytes, and the source.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read.
    pub fn finish(mut self) -> Result<(Option<Digest>, u64, R), TarError> {
        self.consume(self.filled.len());
        while self.refill()? > 0 {
            self.consume(self.filled.len());
        }
        Ok((self.hasher.map(Hasher::finish), self.position, self.source))
    }

    /// Reads an extended header's data and the padding after it.
    fn take_vec(&mut self, len: u64) -> Result<Vec<u8>, TarError> {
        let out = self.take_bytes(len)?;
        self.skip((BLOCK as u64 - len % BLOCK as u64) % BLOCK as u64)?;
        Ok(out)
    }

    fn take_bytes(&mut self, len: u64) -> Result<Vec<u8>, TarError> {
        // The header's word is not enough to allocate on: grow as the bytes come.
        let mut left = usize::try_from(len).unwrap_or(usize::MAX);
        let mut out = Vec::with_capacity(left.min(16 * 1024 * 1024));
        while left > 0 {
            if self.filled.is_empty() && self.refill()? == 0 {
                return Err(TarError::Truncated { offset: self.position });
            }
            let n = self.filled.len().min(left);
            out.extend_from_slice(&self.buffer[self.filled.start..self.filled.start + n]);
            self.consume(n);
            left -= n;
        }
        Ok(out)
    }

    fn skip_data(&mut self) -> Result<(), TarError> {
        let left = self.data_left;
        self.data_left = 0;
        self.skip(left)?;
        // The very last padding may be missing: GNU tar and Go read such archives without a word.
        let padding = std::mem::take(&mut self.padding);
        let have = self.fill(padding as usize)?.min(padding as usize);
        self.consume(have);
        Ok(())
    }

    fn skip(&mut self, mut left: u64) -> Result<(), TarError> {
        while left > 0 {
            if self.filled.is_empty() && self.refill()? == 0 {
                return Err(TarError::Truncated { offset: self.position });
            }
            let n = (self.filled.len() as u64).min(left);
            self.consume(n as usize);
            left -= n;
        }
        Ok(())
    }

    fn consume(&mut self, n: usize) {
        self.filled.start += n;
        self.position += n as u64;
    }

    /// Makes at least `wanted` bytes contiguous in the buffer if the stream has them; says how many there are.
    fn fill(&mut self, wanted: usize) -> Result<usize, TarError> {
        debug_assert!(wanted <= BUFFER);
        while self.filled.len() < wanted {
            if self.refill()? == 0 {
                break;
            }
        }
        Ok(self.filled.len())
    }

    /// Reads more into the buffer, moving what is there to its front when there is no room behind it.
    fn refill(&mut self) -> Result<usize, TarError> {
        if self.filled.is_empty() {
            self.filled = 0..0;
        } else if self.filled.end == BUFFER {
            self.buffer.copy_within(self.filled.clone(), 0);
            self.filled = 0..self.filled.len();
        }
        let end = self.filled.end;
        let n = loop {
            match self.source.read(&mut self.buffer[end..]) {
                Ok(n) => break n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(TarError::Read { offset: self.position + self.filled.len() as u64, source });
                }
            }
        };
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&self.buffer[end..end + n]);
        }
        self.filled.end = end + n;
        if self.position + self.filled.len() as u64 > self.limit {
            return Err(TarError::TooLong { limit: self.limit });
        }
        Ok(n)
    }
}

/// The data of a member as a stream.
pub struct Data<'a, R> {
    reader: &'a mut Reader<R>,
}

impl<R: Read> Read for Data<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let reader = &mut *self.reader;
        if reader.data_left == 0 || buf.is_empty() {
            return Ok(0);
        }
        if reader.filled.is_empty() && reader.refill().map_err(io::Error::other)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let left = usize::try_from(reader.data_left).unwrap_or(usize::MAX);
        let n = reader.filled.len().min(buf.len()).min(left);
        buf[..n].copy_from_slice(&reader.buffer[reader.filled.start..reader.filled.start + n]);
        reader.consume(n);
        reader.data_left -= n as u64;
        Ok(n)
    }
}

fn until_nul(field: &[u8]) -> &[u8] {
    &field[..memchr::memchr(0, field).unwrap_or(field.len())]
}

/// What stands before the name field in a path. The archive says by its magic number whether there is such a field.
fn prefix(header: &[u8; BLOCK], gnu: bool) -> &[u8] {
    if &header[257..263] == b"ustar\0" {
        // Schilling's star keeps times behind a shorter field.
        let end = if &header[508..] == b"tar\0" { 476 } else { 500 };
        until_nul(&header[345..end])
    } else if gnu && !(is_time(&header[345..357]) && is_time(&header[357..369])) {
        // GNU tar has times there instead, but Go wrote a prefix until version 1.8 (golang.org/issues/12594).
        let prefix = until_nul(&header[345..500]);
        if prefix.is_ascii() { prefix } else { b"" }
    } else {
        b""
    }
}

/// True when a field of GNU tar's header is empty or holds a time, which may be negative.
fn is_time(field: &[u8]) -> bool {
    match *field {
        [0, ..] => true,
        [0xff, 0xff, 0xff, 0xff, high, ..] => high & 0x80 != 0,
        _ => number(field).is_some_and(|time| i64::try_from(time).is_ok()),
    }
}

/// A numeric field: octal digits with spaces or NULs around them, or GNU's base 256. `None` when it is neither, is
/// negative, or does not fit.
fn number(field: &[u8]) -> Option<u64> {
    let &first = field.first()?;
    if first & 0x80 != 0 {
        if first & 0x40 != 0 {
            return None;
        }
        return field.iter().enumerate().try_fold(0_u64, |value, (i, &byte)| {
            let byte = if i == 0 { byte & 0x3f } else { byte };
            value.checked_mul(256)?.checked_add(u64::from(byte))
        });
    }
    let blank = |byte: &u8| matches!(byte, 0 | b' ');
    let begin = field.iter().position(|byte| !blank(byte)).unwrap_or(field.len());
    let end = field.iter().rposition(|byte| !blank(byte)).map_or(begin, |last| last + 1);
    until_nul(&field[begin..end]).iter().try_fold(0_u64, |value, &byte| match byte {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

/// Reads pax records: `LENGTH KEYWORD=VALUE\n` with LENGTH counting the whole record.
fn pax(mut bytes: &[u8]) -> Result<Pax, &'static str> {
    const BAD: &str = "a pax record is malformed";
    let mut out = Pax::default();
    while !bytes.is_empty() {
        let space = memchr::memchr(b' ', &bytes[..bytes.len().min(20)]).ok_or(BAD)?;
        let len = decimal(&bytes[..space]).and_then(|len| usize::try_from(len).ok()).ok_or(BAD)?;
        let record = bytes.get(space + 1..len).and_then(|record| record.strip_suffix(b"\n")).ok_or(BAD)?;
        bytes = &bytes[len..];
        let equals = memchr::memchr(b'=', record).ok_or(BAD)?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        // An empty value takes an earlier record back.
        let text = || (!value.is_empty()).then(|| value.to_vec());
        let number = || if value.is_empty() { Ok(None) } else { decimal(value).ok_or(BAD).map(Some) };
        match key {
            b"path" => out.path = text(),
            b"linkpath" => out.link = text(),
            b"size" => out.size = number()?,
            b"GNU.sparse.major" => out.sparse_major = text(),
            b"GNU.sparse.minor" => out.sparse_minor = text(),
            b"GNU.sparse.map" => out.sparse_map = !value.is_empty(),
            b"GNU.sparse.offset" | b"GNU.sparse.numbytes" => out.sparse_map = true,
            b"GNU.sparse.name" => out.sparse_name = text(),
            b"GNU.sparse.size" => out.sparse_size = number()?,
            b"GNU.sparse.realsize" => out.sparse_real_size = number()?,
            b"uid" => out.uid = decimal(value),
            b"gid" => out.gid = decimal(value),
            b"mtime" => out.mtime = whole_seconds(value),
            b"SCHILY.xattr.security.capability" => {
                out.capability.clear();
                out.capability.extend_from_slice(value.get(..MAX_CAPABILITY).unwrap_or(value));
            }
            _ => {}
        }
    }
    Ok(out)
}

/// A time field: like a number, but it may be negative in base 256.
fn seconds(field: &[u8]) -> i64 {
    match *field {
        [first, ..] if first & 0xc0 == 0xc0 => {
            let tail = field.get(field.len().saturating_sub(8)..).unwrap_or_default();
            tail.iter().fold(-1_i64, |value, &byte| value.wrapping_shl(8) | i64::from(byte))
        }
        _ => number(field).map_or(0, |seconds| i64::try_from(seconds).unwrap_or(i64::MAX)),
    }
}

/// The whole seconds of a pax time, `[-]SECONDS[.FRACTION]`.
fn whole_seconds(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let whole = &digits[..memchr::memchr(b'.', digits).unwrap_or(digits.len())];
    let value = i64::try_from(decimal(whole)?).ok()?;
    Some(if negative { -value } else { value })
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 20 {
        return None;
    }
    digits.iter().try_fold(0_u64, |value, &byte| {
        byte.is_ascii_digit().then_some(())?;
        value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))
    })
}
