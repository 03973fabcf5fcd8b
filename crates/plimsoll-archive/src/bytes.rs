//! Random access to bytes that may lie in memory, in a file, or in a part of either.

use std::fs::File;
use std::io;

/// A run of bytes that can be read at any offset.
pub trait ReadAt: Sync {
    /// The number of bytes.
    fn len(&self) -> u64;

    /// Reads at `offset` into `buf` and says how many bytes were read: fewer than asked for only at the end.
    ///
    /// # Errors
    ///
    /// When the storage below fails.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// The bytes, when they lie in memory anyway.
    fn as_slice(&self) -> Option<&[u8]> {
        None
    }

    /// True when there are no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl ReadAt for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default();
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }

    fn as_slice(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl ReadAt for &[u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        ReadAt::read_at(*self, buf, offset)
    }

    fn as_slice(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl ReadAt for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.as_slice().read_at(buf, offset)
    }

    fn as_slice(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl ReadAt for File {
    fn len(&self) -> u64 {
        self.metadata().map_or(0, |metadata| metadata.len())
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while done < buf.len() {
            let n = std::os::unix::fs::FileExt::read_at(
                self,
                &mut buf[done..],
                offset.saturating_add(done as u64),
            );
            match n {
                Ok(0) => break,
                Ok(n) => done += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }
}

/// A part of something that can be read at any offset. It also reads as a stream, from its beginning.
#[derive(Clone, Copy)]
pub struct Window<'a> {
    inner: &'a dyn ReadAt,
    start: u64,
    len: u64,
    position: u64,
}

impl<'a> Window<'a> {
    /// The `len` bytes of `inner` from `start`, cut where `inner` ends.
    pub fn new(inner: &'a dyn ReadAt, start: u64, len: u64) -> Window<'a> {
        let all = inner.len();
        let start = start.min(all);
        Window { inner, start, len: len.min(all - start), position: 0 }
    }
}

impl ReadAt for Window<'_> {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = self.len.saturating_sub(offset);
        let n = usize::try_from(rest).unwrap_or(usize::MAX).min(buf.len());
        self.inner.read_at(&mut buf[..n], self.start.saturating_add(offset))
    }

    fn as_slice(&self) -> Option<&[u8]> {
        let start = usize::try_from(self.start).ok()?;
        let end = usize::try_from(self.start.checked_add(self.len)?).ok()?;
        self.inner.as_slice()?.get(start..end)
    }
}

impl io::Read for Window<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = ReadAt::read_at(self, buf, self.position)?;
        self.position += n as u64;
        Ok(n)
    }
}

/// Reads all of `source` into memory, when it has no more than `limit` bytes.
///
/// # Errors
///
/// `InvalidData` when it is larger than `limit`, `UnexpectedEof` when it is shorter than it said.
pub fn read_vec(source: &dyn ReadAt, limit: u64) -> io::Result<Vec<u8>> {
    let len = source.len();
    if len > limit {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{len} bytes are more than the limit of {limit}"),
        ));
    }
    let mut out = vec![0; usize::try_from(len).map_err(io::Error::other)?];
    if source.read_at(&mut out, 0)? < out.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(out)
}
