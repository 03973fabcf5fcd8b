//! HTTP/1.1 (RFC 9112) over a Unix socket, as local engines speak it: one request, one response, one connection. Only what reading
//! from an engine takes: GET, no redirects, no credentials.
//!
//! The socket belongs to this machine, so being offline does not forbid it.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The most bytes of a response's head.
const MAX_HEAD: usize = 64 << 10;

/// How much of an engine's own words on an error is kept.
const MAX_MESSAGE: usize = 300;

/// Why a local server gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum UnixError {
    /// There is no connection.
    #[error("cannot connect to {}", path.display())]
    Connect {
        /// The socket.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The connection broke.
    #[error("the connection to {} broke", path.display())]
    Broken {
        /// The socket.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It took too long.
    #[error("{} did not answer within {timeout:?}", path.display())]
    Timeout {
        /// The socket.
        path: PathBuf,
        /// How long it was waited for.
        timeout: Duration,
    },
    /// What came is no HTTP response.
    #[error("{} gave no HTTP response: {what}", path.display())]
    Malformed {
        /// The socket.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The response is larger than it may be.
    #[error("the response of {} to {target} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// The socket.
        path: PathBuf,
        /// What was asked for.
        target: String,
        /// The limit.
        limit: usize,
    },
    /// The server refused.
    #[error("{} answered {target} with {status}{message}", path.display())]
    Status {
        /// The socket.
        path: PathBuf,
        /// What was asked for.
        target: String,
        /// The status.
        status: u16,
        /// The beginning of what it said, after a colon; empty when it said nothing.
        message: String,
    },
    /// The target cannot be asked for: it is no path of plain characters.
    #[error("'{0}' cannot be asked for")]
    Target(String),
}

/// A client of the server behind a Unix socket.
#[derive(Debug, Clone)]
pub struct UnixClient {
    path: PathBuf,
    timeout: Duration,
    limit: usize,
}

impl UnixClient {
    /// A client for the socket at `path`. Each request may take `timeout`, each response hold `limit` bytes.
    pub fn new(path: &Path, timeout: Duration, limit: usize) -> UnixClient {
        UnixClient { path: path.to_owned(), timeout, limit }
    }

    /// The body of the response to `GET target`.
    ///
    /// # Errors
    ///
    /// When there is no connection, no answer in time, none of HTTP, one with another status than 200, or too large a one.
    pub fn get(&self, target: &str) -> Result<Vec<u8>, UnixError> {
        // What goes into the request line must not end it.
        if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(UnixError::Target(target.chars().filter(|c| !c.is_control()).take(80).collect()));
        }
        let deadline = Instant::now().checked_add(self.timeout);
        let stream = UnixStream::connect(&self.path)
            .map_err(|source| UnixError::Connect { path: self.path.clone(), source })?;
        let mut exchange = Exchange { client: self, target, stream, deadline, buffer: Vec::new() };
        exchange.ask()?;
        let (status, framing) = exchange.head()?;
        let body = match framing {
            Framing::Chunked => exchange.chunks()?,
            Framing::Length(length) => exchange.exactly(length)?,
            Framing::UntilClose => exchange.rest()?,
        };
        if status == 200 {
            return Ok(body);
        }
        let said: String = String::from_utf8_lossy(&body)
            .trim()
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(MAX_MESSAGE)
            .collect();
        let message = if said.is_empty() { said } else { format!(": {said}") };
        Err(UnixError::Status { path: self.path.clone(), target: target.to_owned(), status, message })
    }
}

/// How a body ends (RFC 9112, section 6.3).
enum Framing {
    Chunked,
    Length(usize),
    UntilClose,
}

struct Exchange<'a> {
    client: &'a UnixClient,
    target: &'a str,
    stream: UnixStream,
    deadline: Option<Instant>,
    /// What was read and not yet used.
    buffer: Vec<u8>,
}

impl Exchange<'_> {
    fn malformed(&self, what: &'static str) -> UnixError {
        UnixError::Malformed { path: self.client.path.clone(), what }
    }

    fn too_large(&self) -> UnixError {
        UnixError::TooLarge {
            path: self.client.path.clone(),
            target: self.target.to_owned(),
            limit: self.client.limit,
        }
    }

    fn timed_out(&self) -> UnixError {
        UnixError::Timeout { path: self.client.path.clone(), timeout: self.client.timeout }
    }

    fn failed(&self, source: io::Error) -> UnixError {
        match source.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => self.timed_out(),
            _ => UnixError::Broken { path: self.client.path.clone(), source },
        }
    }

    /// What is left of the time.
    fn left(&self) -> Result<Duration, UnixError> {
        let left = self
            .deadline
            .map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_zero() { Err(self.timed_out()) } else { Ok(left) }
    }

    fn ask(&mut self) -> Result<(), UnixError> {
        let request = format!(
            "GET {} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: plimsoll\r\nAccept: application/json\r\nConnection: close\r\n\r\n",
            self.target
        );
        let left = self.left()?;
        self.stream.set_write_timeout(Some(left)).map_err(|error| self.failed(error))?;
        self.stream.write_all(request.as_bytes()).map_err(|error| self.failed(error))
    }

    /// Reads more into the buffer; false at the end.
    fn more(&mut self) -> Result<bool, UnixError> {
        let mut block = [0; 16 << 10];
        loop {
            let left = self.left()?;
            self.stream.set_read_timeout(Some(left)).map_err(|error| self.failed(error))?;
            match self.stream.read(&mut block) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.buffer.extend_from_slice(block.get(..count).unwrap_or_default());
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    /// A line without its end.
    fn line(&mut self, limit: usize) -> Result<String, UnixError> {
        let mut searched = 0;
        loop {
            let unseen = self.buffer.get(searched..).unwrap_or_default();
            if let Some(found) = unseen.iter().position(|byte| *byte == b'\n') {
                let end = searched.saturating_add(found);
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                let line = String::from_utf8(line).map_err(|_| self.malformed("a line is not text"))?;
                return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
            }
            searched = self.buffer.len();
            if searched > limit {
                return Err(self.malformed("a line is too long"));
            }
            if !self.more()? {
                return Err(self.malformed("it ends in the middle"));
            }
        }
    }

    fn head(&mut self) -> Result<(u16, Framing), UnixError> {
        loop {
            let status_line = self.line(MAX_HEAD)?;
            let mut words = status_line.splitn(3, ' ');
            if !words.next().is_some_and(|version| matches!(version, "HTTP/1.1" | "HTTP/1.0")) {
                return Err(self.malformed("it does not begin with HTTP/1.1"));
            }
            let status: u16 = words
                .next()
                .and_then(|word| word.parse().ok())
                .filter(|status| (100..600).contains(status))
                .ok_or_else(|| self.malformed("it has no status"))?;
            let mut framing = Framing::UntilClose;
            let mut bytes = status_line.len();
            loop {
                let line = self.line(MAX_HEAD)?;
                if line.is_empty() {
                    break;
                }
                bytes = bytes.saturating_add(line.len());
                if bytes > MAX_HEAD {
                    return Err(self.malformed("its head is too long"));
                }
                let (name, value) =
                    line.split_once(':').ok_or_else(|| self.malformed("a header has no colon"))?;
                let value = value.trim();
                if name.eq_ignore_ascii_case("transfer-encoding") {
                    if !value.eq_ignore_ascii_case("chunked") {
                        return Err(self.malformed("its transfer coding is not known"));
                    }
                    framing = Framing::Chunked;
                } else if name.eq_ignore_ascii_case("content-length") && !matches!(framing, Framing::Chunked)
                {
                    let length = value.parse().map_err(|_| self.malformed("its length is no number"))?;
                    framing = Framing::Length(length);
                }
            }
            // Interim responses come before the real one.
            if status >= 200 {
                let empty = matches!(status, 204 | 304);
                return Ok((status, if empty { Framing::Length(0) } else { framing }));
            }
        }
    }

    fn exactly(&mut self, length: usize) -> Result<Vec<u8>, UnixError> {
        if length > self.client.limit {
            return Err(self.too_large());
        }
        while self.buffer.len() < length {
            if !self.more()? {
                return Err(self.malformed("it ends in the middle"));
            }
        }
        let rest = self.buffer.split_off(length);
        Ok(std::mem::replace(&mut self.buffer, rest))
    }

    fn chunks(&mut self) -> Result<Vec<u8>, UnixError> {
        let mut body = Vec::new();
        loop {
            let line = self.line(1 << 10)?;
            let size = line.split(';').next().unwrap_or_default().trim();
            // `from_str_radix` takes a sign, HTTP does not.
            let size = Some(size).filter(|size| size.bytes().all(|byte| byte.is_ascii_hexdigit()));
            let size = size.and_then(|size| usize::from_str_radix(size, 16).ok());
            let size = size.ok_or_else(|| self.malformed("a chunk has no size"))?;
            if size == 0 {
                // Trailers say nothing that is wanted, and the connection ends here.
                return Ok(body);
            }
            if body.len().checked_add(size).is_none_or(|total| total > self.client.limit) {
                return Err(self.too_large());
            }
            body.append(&mut self.exactly(size)?);
            if !self.line(2)?.is_empty() {
                return Err(self.malformed("a chunk does not end where it should"));
            }
        }
    }

    fn rest(&mut self) -> Result<Vec<u8>, UnixError> {
        loop {
            // Some of it may have come with the head.
            if self.buffer.len() > self.client.limit {
                return Err(self.too_large());
            }
            if !self.more()? {
                return Ok(std::mem::take(&mut self.buffer));
            }
        }
    }
}
