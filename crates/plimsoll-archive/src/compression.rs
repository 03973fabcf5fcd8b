//! Compressed streams: gzip (RFC 1952) and zstd (RFC 8878), recognised by their first bytes.

use std::io::{self, BufReader, Chain, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

/// How many bytes [`Compression::detect`] wants to see.
pub const MAGIC_LEN: usize = 6;

/// The compressed forms of layers and archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not compressed.
    None,
    /// gzip; several members in a row are one stream.
    Gzip,
    /// Zstandard; several frames in a row are one stream.
    Zstd,
    /// bzip2, recognised to be refused by name.
    Bzip2,
    /// xz, recognised to be refused by name.
    Xz,
}

impl Compression {
    /// Tells the compression from the first bytes of a stream.
    pub fn detect(head: &[u8]) -> Compression {
        let zstd_skippable = head.len() >= 4 && head[1..4] == [0x2a, 0x4d, 0x18] && head[0] & 0xf0 == 0x50;
        if head.starts_with(&[0x1f, 0x8b]) {
            Compression::Gzip
        } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) || zstd_skippable {
            Compression::Zstd
        } else if head.starts_with(b"BZh") {
            Compression::Bzip2
        } else if head.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
            Compression::Xz
        } else {
            Compression::None
        }
    }

    /// The compression's name.
    pub const fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
        }
    }
}

/// The most bytes that a compressed stream of `compressed` bytes is allowed to become: 250 times as many, but 4 GiB
/// whatever its size. Real layers stay far below the ratio; a bomb of zeros is caught after seconds. A size of 0 means
/// that it is not known, and gives no limit.
pub fn inflated_limit(compressed: u64) -> u64 {
    if compressed == 0 { u64::MAX } else { compressed.saturating_mul(250).max(4 << 30) }
}

/// Reads a stream that may be compressed and hands out what is inside.
///
/// A stream that ends in the middle is an error, never a short result.
pub enum Decoder<R: Read> {
    /// Not compressed.
    Plain(Input<R>),
    /// gzip.
    Gzip(Box<MultiGzDecoder<Input<R>>>),
    /// zstd.
    Zstd(Box<zstd::stream::read::Decoder<'static, Input<R>>>),
}

/// The source with its first bytes, which were looked at, put back before it.
type Input<R> = BufReader<Chain<Cursor<Vec<u8>>, R>>;

/// Large enough that the cost of a system call does not show, small enough to stay in a core's cache.
const BUFFER: usize = 128 * 1024;

/// The largest zstd window taken: 128 MiB is what the command-line tool takes without being asked.
const ZSTD_WINDOW_LOG: u32 = 27;

impl<R: Read> Decoder<R> {
    /// Looks at the first bytes of `source` and chooses.
    ///
    /// # Errors
    ///
    /// When the source cannot be read, or is compressed in a form that is not supported.
    pub fn new(mut source: R) -> io::Result<Decoder<R>> {
        // A reader may hand out less than a magic number at a time.
        let mut head = Vec::with_capacity(MAGIC_LEN);
        source.by_ref().take(MAGIC_LEN as u64).read_to_end(&mut head)?;
        let compression = Compression::detect(&head);
        let source = BufReader::with_capacity(BUFFER, Cursor::new(head).chain(source));
        match compression {
            Compression::None => Ok(Decoder::Plain(source)),
            Compression::Gzip => Ok(Decoder::Gzip(Box::new(MultiGzDecoder::new(source)))),
            Compression::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(source)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                Ok(Decoder::Zstd(Box::new(decoder)))
            }
            other @ (Compression::Bzip2 | Compression::Xz) => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!("{} compression is not supported", other.name()),
            )),
        }
    }

    /// The compression that was recognised.
    pub fn compression(&self) -> Compression {
        match self {
            Decoder::Plain(_) => Compression::None,
            Decoder::Gzip(_) => Compression::Gzip,
            Decoder::Zstd(_) => Compression::Zstd,
        }
    }

    /// Gives the source back. More of it may have been read than was handed out.
    pub fn into_inner(self) -> R {
        let input = match self {
            Decoder::Plain(source) => source,
            Decoder::Gzip(decoder) => decoder.into_inner(),
            Decoder::Zstd(decoder) => decoder.finish(),
        };
        input.into_inner().into_inner().1
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Decoder::Plain(source) => source.read(buf),
            Decoder::Gzip(decoder) => decoder.read(buf),
            Decoder::Zstd(decoder) => decoder.read(buf),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    fn inflate(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        Decoder::new(bytes)?.read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn reads_plain_gzip_and_zstd_also_in_several_members() {
        let text = b"Quoth the raven, nevermore. ".repeat(1000);
        assert_eq!(inflate(&text).unwrap(), text);
        let two = [gzip(&text), gzip(b"more")].concat();
        assert_eq!(inflate(&two).unwrap(), [&text[..], b"more"].concat());
        let two =
            [zstd::encode_all(&text[..], 3).unwrap(), zstd::encode_all(&b"more"[..], 3).unwrap()].concat();
        assert_eq!(inflate(&two).unwrap(), [&text[..], b"more"].concat());
    }

    #[test]
    fn a_cut_stream_is_an_error() {
        let text = b"Quoth the raven, nevermore. ".repeat(50);
        for whole in [gzip(&text), zstd::encode_all(&text[..], 3).unwrap()] {
            for len in 4..whole.len() {
                assert!(inflate(&whole[..len]).is_err(), "cut at {len}");
            }
        }
    }

    #[test]
    fn refuses_others_by_name() {
        assert!(inflate(b"BZh91AY").unwrap_err().to_string().contains("bzip2"));
        assert!(inflate(b"\xfd7zXZ\0").unwrap_err().to_string().contains("xz"));
    }
}
