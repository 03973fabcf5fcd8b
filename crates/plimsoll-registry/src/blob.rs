//! Blobs as streams: taken up again where they broke off (RFC 9110, section 14), and measured against their
//! descriptors.

use std::io::{self, Read};
use std::sync::Arc;
use std::thread;

use plimsoll_http::{Body, RetryPolicy};
use plimsoll_image::Blob;
use plimsoll_types::Digest;

use crate::RegistryError;
use crate::place::{Place, Verb};

/// How often a blob is taken up again.
const MAX_RESUMES: u32 = 5;

/// A blob in a registry. Each [`open`](Blob::open) fetches it anew, straight from the socket.
///
/// The stream has exactly the bytes that the descriptor says, or ends in an error that names the digest. The digest
/// itself is for the reader to verify.
pub struct RegistryBlob {
    place: Arc<Place>,
    digest: Digest,
    size: u64,
}

impl RegistryBlob {
    pub(crate) fn new(place: Arc<Place>, digest: Digest, size: u64) -> RegistryBlob {
        RegistryBlob { place, digest, size }
    }

    /// The blob's digest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The number of its bytes as its descriptor says; 0 when it does not.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The blob from byte number `position` on; the whole blob is asked for where the registry knows no ranges.
    pub(crate) fn stream(&self, position: u64) -> Result<BlobReader, RegistryError> {
        let mut reader = BlobReader {
            place: Arc::clone(&self.place),
            digest: self.digest.clone(),
            size: (self.size > 0).then_some(self.size),
            position,
            skip: 0,
            resumed: 0,
            body: None,
            done: false,
        };
        reader.body = Some(reader.connect()?);
        Ok(reader)
    }
}

impl Blob for RegistryBlob {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        match self.stream(0) {
            Ok(reader) => Ok(Box::new(reader)),
            Err(error) => Err(into_io(error)),
        }
    }
}

fn into_io(error: RegistryError) -> io::Error {
    let kind = match error {
        RegistryError::NotFound { .. } => io::ErrorKind::NotFound,
        RegistryError::Unauthorized { .. } => io::ErrorKind::PermissionDenied,
        RegistryError::Size { .. } | RegistryError::DigestMismatch { .. } => io::ErrorKind::InvalidData,
        RegistryError::Broken { .. } => io::ErrorKind::UnexpectedEof,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

pub(crate) struct BlobReader {
    place: Arc<Place>,
    digest: Digest,
    /// Unknown until the first answer where the descriptor does not say it.
    size: Option<u64>,
    position: u64,
    /// Bytes that come a second time, as the server has no ranges.
    skip: u64,
    resumed: u32,
    body: Option<Body>,
    done: bool,
}

impl BlobReader {
    /// Asks for the rest of the blob.
    fn connect(&mut self) -> Result<Body, RegistryError> {
        let range = format!("bytes={}-", self.position);
        let headers: &[(&str, &str)] = if self.position > 0 { &[("Range", range.as_str())] } else { &[] };
        let what = format!("blob {}", self.digest);
        let response = self.place.request(Verb::Get, &format!("blobs/{}", self.digest), headers, &what)?;
        let protocol =
            |reason: &str| RegistryError::Protocol { url: response.url().clone(), reason: reason.to_owned() };
        let start = match response.status() {
            200 => 0,
            206 if self.position > 0 => {
                let (start, total) = response
                    .header("Content-Range")
                    .and_then(content_range)
                    .ok_or_else(|| protocol("it sends a part without saying which"))?;
                if start > self.position
                    || total.is_some_and(|total| self.size.is_some_and(|size| size != total))
                {
                    return Err(protocol("it sends another part than the one asked for"));
                }
                start
            }
            _ => return Err(protocol("it sends a part although the whole was asked for")),
        };
        self.skip = self.position - start;
        let whole = response.length().and_then(|length| length.checked_add(start));
        match (self.size, whole) {
            (Some(expected), Some(actual)) if expected != actual => {
                Err(RegistryError::Size { digest: self.digest.clone(), expected, actual })
            }
            (None, Some(_)) => {
                self.size = whole;
                Ok(response.into_body())
            }
            _ => Ok(response.into_body()),
        }
    }

    /// Notes that the transfer broke, and waits before it is taken up again.
    fn interrupted(&mut self) -> Result<(), RegistryError> {
        self.body = None;
        let policy = RetryPolicy { attempts: MAX_RESUMES + 1, ..self.place.client().config().retry };
        let Some(pause) = policy.pause(self.resumed, None) else {
            let (digest, position, resumed) = (self.digest.clone(), self.position, self.resumed);
            return Err(RegistryError::Broken { digest, position, resumed });
        };
        self.resumed += 1;
        thread::sleep(pause);
        Ok(())
    }

    fn next(&mut self, buf: &mut [u8]) -> Result<usize, RegistryError> {
        loop {
            let mut body = match self.body.take() {
                Some(body) => body,
                None => self.connect()?,
            };
            if self.skip > 0 {
                match io::copy(&mut (&mut body).take(self.skip), &mut io::sink()) {
                    Ok(skipped) if skipped == self.skip => self.skip = 0,
                    _ => {
                        self.interrupted()?;
                        continue;
                    }
                }
            }
            let rest = self.size.map(|size| size - self.position);
            if rest == Some(0) {
                self.done = true;
                // A body without a length of its own may go on; whether it ends well does not matter any more.
                return match body.read(&mut [0]) {
                    Ok(0) | Err(_) => Ok(0),
                    Ok(_) => {
                        let expected = self.position;
                        let actual = expected.saturating_add(1);
                        Err(RegistryError::Size { digest: self.digest.clone(), expected, actual })
                    }
                };
            }
            let limit = rest.and_then(|rest| usize::try_from(rest).ok()).unwrap_or(usize::MAX).min(buf.len());
            match body.read(&mut buf[..limit]) {
                Ok(0) if rest.is_none() => {
                    self.done = true;
                    return Ok(0);
                }
                Ok(n) if n > 0 => {
                    self.position += n as u64;
                    self.body = Some(body);
                    return Ok(n);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => self.body = Some(body),
                _ => self.interrupted()?,
            }
        }
    }
}

impl Read for BlobReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() || self.done {
            return Ok(0);
        }
        self.next(buf).map_err(into_io)
    }
}

/// The first byte and the whole length of `bytes 10-99/100`; the length may be unknown (`*`).
fn content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = value.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = range.trim().split_once('-')?;
    let (start, end): (u64, u64) = (start.trim().parse().ok()?, end.trim().parse().ok()?);
    let total = match total.trim() {
        "*" => None,
        total => Some(total.parse().ok()?),
    };
    (start <= end && total.is_none_or(|total: u64| end < total)).then_some((start, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The examples of RFC 9110, section 14.4.
    #[test]
    fn reads_content_ranges() {
        assert_eq!(content_range("bytes 42-1233/1234"), Some((42, Some(1234))));
        assert_eq!(content_range("bytes 42-1233/*"), Some((42, None)));
        for bad in
            ["bytes */1234", "bytes 5-4/10", "bytes 0-10/10", "42-1233/1234", "bytes -1-2/3", "bytes 1-2", ""]
        {
            assert_eq!(content_range(bad), None, "{bad}");
        }
    }
}
