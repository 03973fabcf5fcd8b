//! Secrets in files: every file is looked at once, whole or in pieces, with archives opened.

mod archives;
mod base64_text;
mod code;
pub(crate) mod findings;
mod git;
mod keystore;
mod names;
mod skip;

use std::sync::Arc;

use plimsoll_analysis::{AnalyzeError, Analyzer, ByteSlice, Feed, File, FileInfo, Interest, Output};
use plimsoll_archive::path::file_name;
use plimsoll_types::{ProblemCode, Scanner};

use crate::Found;
use crate::engine::{Engine, Mode, Session};
use crate::files::KINDS;
use crate::filters::Place;
use crate::text::{self, Encoding, Utf16};
use archives::{Budget, Container};
use findings::Findings;

/// Files up to this size are held as a whole: more is tried with them.
const WHOLE: u64 = 1 << 20;

/// The largest archive, recognised by its content alone, that is held as a whole while it passes by in pieces.
const BUFFERED_ARCHIVE: u64 = 32 << 20;

/// What is looked at of a file that is read at any place, at a time.
const PIECE: usize = 1 << 20;

/// The analyzer of all files.
pub(crate) struct Content {
    /// With rules of the user; `None` for the built-in ones alone, which are compiled when they are first needed.
    own: Option<Arc<Engine>>,
}

impl Content {
    pub(crate) fn new(own: Option<Arc<Engine>>) -> Content {
        Content { own }
    }

    fn engine(&self) -> &Engine {
        match &self.own {
            Some(own) => own,
            None => Engine::built_in_ref(),
        }
    }

    /// Looks at a file, or at a member of an archive.
    fn bytes(&self, path: &[u8], bytes: &[u8], budget: &mut Budget, findings: &mut Findings<'_>) {
        let engine = self.engine();
        if bytes.is_empty() || engine.ignored_paths.iter().any(|ignored| ignored.is_match(path)) {
            return;
        }
        let head = bytes.get(..text::HEAD).unwrap_or(bytes);
        names::find(path, head, bytes.len() as u64, findings);
        keystore::find(path, bytes, findings);
        if let Some(container) = Container::detect(path, head) {
            let step = findings.inside.len();
            let place = findings.place(path);
            let outer = findings.outer.replace(place);
            container.open(path, &bytes, budget, findings, &mut |member, bytes, budget, findings| {
                self.bytes(member, bytes, budget, findings);
            });
            findings.outer = outer;
            findings.inside.truncate(step);
            return;
        }
        if skip::by_content(head) {
            return;
        }
        let place = findings.place(path);
        let encoding = text::encoding(head);
        let mode = if encoding == Encoding::Binary { Mode::Binary } else { Mode::Text };
        let mut converted = Vec::new();
        let text = match encoding {
            Encoding::Plain | Encoding::Binary => bytes,
            Encoding::Utf16Le | Encoding::Utf16Be => {
                Utf16::new(encoding == Encoding::Utf16Be).piece(bytes, &mut converted);
                &converted
            }
        };
        let session = Session::new(engine, place.clone(), mode).without(code::of(head));
        let (hits, capped) = session.whole(text);
        let mut structured: Vec<Found> = Vec::new();
        for kind in KINDS {
            if (kind.is)(path) && text.len() as u64 <= kind.max_size {
                (kind.find)(path, text, &mut structured);
            }
        }
        findings.add(engine, &place, text, mode, hits, structured);
        if capped {
            findings.capped("there is more in this file that looks like secrets than is looked at");
        }
        if mode == Mode::Text && (text.len() as u64) <= WHOLE {
            base64_text::find(engine, &place, text, findings);
        }
    }

    /// True when a file is best given as a whole, since its end must be read first.
    fn wants_whole(path: &[u8]) -> bool {
        archives::is_zip_name(path)
    }

    fn finish(engine: &Engine, findings: Findings<'_>, out: &mut Output) {
        findings.write(engine, out);
    }
}

impl Analyzer for Content {
    fn id(&self) -> &'static str {
        "secrets/content"
    }

    fn version(&self) -> u32 {
        4
    }

    fn scanner(&self) -> Scanner {
        Scanner::Secret
    }

    fn settings(&self) -> u64 {
        self.engine().fingerprint()
    }

    fn interest(&self) -> Interest {
        Interest { any: true, wants: |path| !skip::by_path(path), max_size: u64::MAX, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let content = file.content();
        let path = file.path().as_bytes();
        let mut findings = Findings::default();
        let mut budget = Budget::new(content.len());
        if Content::wants_whole(path) && content.as_slice().is_none() {
            let mut head = vec![0; text::HEAD];
            let n = content.read_at(&mut head, 0)?;
            head.truncate(n);
            if let Some(container @ Container::Zip) = Container::detect(path, &head) {
                names::find(path, &head, content.len(), &mut findings);
                findings.outer = Some(Place::new(path));
                container.open(
                    path,
                    content,
                    &mut budget,
                    &mut findings,
                    &mut |member, bytes, budget, findings| {
                        self.bytes(member, bytes, budget, findings);
                    },
                );
                Content::finish(self.engine(), findings, out);
                return Ok(());
            }
        }
        let info = FileInfo { path: file.path(), mode: file.mode(), size: content.len() };
        match content.as_slice() {
            // The same as for pieces: what is decided by the whole file, is decided of files of the same sizes.
            Some(bytes) if content.len() <= WHOLE || Content::wants_whole(path) => {
                self.bytes(path, bytes, &mut budget, &mut findings);
                Content::finish(self.engine(), findings, out);
            }
            Some(bytes) => {
                let mut pieces = Box::new(Pieces::new(self, &info));
                pieces.piece(bytes);
                pieces.finish(out)?;
            }
            None => {
                let mut pieces = Box::new(Pieces::new(self, &info));
                let mut buffer = vec![0; PIECE];
                let mut at = 0;
                while at < content.len() {
                    let n = content.read_at(&mut buffer, at)?;
                    if n == 0 {
                        return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
                    }
                    pieces.piece(buffer.get(..n).unwrap_or_default());
                    at += n as u64;
                }
                pieces.finish(out)?;
            }
        }
        Ok(())
    }

    fn begin(&self, file: &FileInfo<'_>) -> Option<Box<dyn Feed + '_>> {
        if Content::wants_whole(file.path) {
            return None;
        }
        Some(Box::new(Pieces::new(self, file)))
    }
}

/// A file that passes by.
struct Pieces<'c> {
    content: &'c Content,
    path: Vec<u8>,
    size: u64,
    state: State<'c>,
}

enum State<'c> {
    /// Too little has been seen to decide.
    Head(Vec<u8>),
    /// It is held, and looked at when it has ended.
    Whole(Vec<u8>),
    /// It is looked at as it comes.
    Stream(Box<Stream<'c>>),
    /// There is nothing to be found in it.
    Skip(Vec<u8>),
}

struct Stream<'c> {
    session: Session<'c>,
    utf16: Option<Utf16>,
    head: Vec<u8>,
    mode: Mode,
    /// True for an archive that is too large to be opened.
    closed: bool,
}

impl<'c> Pieces<'c> {
    fn new(content: &'c Content, file: &FileInfo<'_>) -> Pieces<'c> {
        let path = file.path.as_bytes().to_vec();
        let kind = KINDS.iter().any(|kind| file.size <= kind.max_size && (kind.is)(&path));
        let state =
            if file.size <= WHOLE || kind { State::Whole(Vec::new()) } else { State::Head(Vec::new()) };
        Pieces { content, path, size: file.size, state }
    }

    /// Decides how to go on once the head is there.
    fn decide(&self, head: Vec<u8>) -> State<'c> {
        let engine = self.content.engine();
        if engine.ignored_paths.iter().any(|ignored| ignored.is_match(&self.path)) {
            return State::Skip(Vec::new());
        }
        let first = head.get(..text::HEAD).unwrap_or(&head);
        let container = Container::detect(&self.path, first);
        if (container.is_some() || keystore::is_store(first)) && self.size <= BUFFERED_ARCHIVE {
            return State::Whole(head);
        }
        // What is packed is no text, and too large to be unpacked.
        if skip::by_content(first) || is_git(container) {
            return State::Skip(head);
        }
        let encoding = text::encoding(first);
        let mode = if encoding == Encoding::Binary { Mode::Binary } else { Mode::Text };
        let utf16 = match encoding {
            Encoding::Plain | Encoding::Binary => None,
            Encoding::Utf16Le => Some(Utf16::new(false)),
            Encoding::Utf16Be => Some(Utf16::new(true)),
        };
        let session = Session::new(engine, Place::new(&self.path), mode).without(code::of(first));
        let mut stream = Stream { session, utf16, head: first.to_vec(), mode, closed: container.is_some() };
        stream.piece(&head);
        State::Stream(Box::new(stream))
    }
}

impl Stream<'_> {
    fn piece(&mut self, bytes: &[u8]) {
        match &mut self.utf16 {
            None => self.session.piece(bytes),
            Some(utf16) => {
                let mut text = Vec::with_capacity(bytes.len());
                utf16.piece(bytes, &mut text);
                self.session.piece(&text);
            }
        }
    }
}

impl Feed for Pieces<'_> {
    fn piece(&mut self, bytes: &[u8]) {
        match &mut self.state {
            State::Head(head) => {
                head.extend_from_slice(bytes);
                if head.len() >= text::HEAD {
                    let head = std::mem::take(head);
                    self.state = self.decide(head);
                }
            }
            State::Whole(held) => held.extend_from_slice(bytes),
            State::Stream(stream) => stream.piece(bytes),
            State::Skip(_) => {}
        }
    }

    fn finish(self: Box<Self>, out: &mut Output) -> Result<(), AnalyzeError> {
        let Pieces { content, path, size, state } = *self;
        let mut findings = Findings::default();
        match state {
            State::Head(bytes) | State::Whole(bytes) => {
                content.bytes(&path, &bytes, &mut Budget::new(size), &mut findings);
            }
            State::Skip(head) => {
                names::find(&path, &head, size, &mut findings);
                if is_git(Container::detect(&path, &head)) {
                    closed(&path, out);
                }
            }
            State::Stream(stream) => {
                let Stream { session, head, mode, closed: is_closed, .. } = *stream;
                names::find(&path, &head, size, &mut findings);
                let (hits, capped) = session.finish();
                findings.add(content.engine(), &Place::new(&path), b"", mode, hits, Vec::new());
                if capped {
                    findings.capped("there is more in this file that looks like secrets than is looked at");
                }
                if is_closed {
                    closed(&path, out);
                }
            }
        }
        Content::finish(content.engine(), findings, out);
        Ok(())
    }
}

fn is_git(container: Option<Container>) -> bool {
    matches!(container, Some(Container::GitPack | Container::GitObject))
}

/// Says that an archive was not opened.
fn closed(path: &[u8], out: &mut Output) {
    let name = file_name(path).to_str_lossy();
    out.problem_with(
        ProblemCode::LimitReached,
        format!(
            "{name} is an archive of more than {BUFFERED_ARCHIVE} bytes, which is not opened for secrets"
        ),
    );
}
