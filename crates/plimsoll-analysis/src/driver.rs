//! The driver: walks a layer once and offers each file to the analyzers that want it.

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use bstr::{BString, ByteSlice};
use plimsoll_archive::tar::{self, Kind, TarError};
use plimsoll_archive::{ReadAt, Window, path};
use plimsoll_types::{Algorithm, Digest, ProblemCode};
use serde::{Deserialize, Serialize};

use crate::index::{Content, IndexBuilder, LayerIndex, NewNode, NodeKind, TooManyPaths};
use crate::oddity::{Oddities, Oddity, OddityKind};
use crate::sums::{FileSum, Summer, Sums};
use crate::{
    AnalyzeError, Analyzer, FactProblem, Feed, File, FileFacts, FileInfo, Matcher, Output, Selection,
};

/// The version of the serial form of [`LayerFacts`] and of what the driver itself decides. Part of the cache key.
pub const LAYER_FORMAT: u32 = 4;

/// The largest file that is held in memory, where a layer can only be read as a stream.
pub const MAX_BUFFERED_FILE: u64 = 512 << 20;

/// What is known of a layer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerFacts {
    /// Its paths.
    pub index: LayerIndex,
    /// What the analyzers state, in the order of path and analyzer.
    pub files: Vec<FileFacts>,
    /// Faults of the layer itself: the path they are about and the fault.
    pub problems: Vec<(BString, FactProblem)>,
    /// Capabilities that files give to who runs them: the id of the node and the extended attribute as it is.
    pub capabilities: Vec<(u32, BString)>,
    /// What tells whether the layer was tampered with.
    pub evidence: Evidence,
}

/// What the driver itself sees of a layer, where an analyzer asks for it; see [`Analyzer::sums`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Digests of files.
    pub sums: Sums,
    /// What is odd about its entries.
    pub oddities: Vec<Oddity>,
    /// The newest time of an entry in seconds since 1970, and its path.
    pub newest: Option<(i64, BString)>,
}

/// Why a layer could not be analysed.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The tar stream is damaged.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// A limit was reached.
    #[error(transparent)]
    TooManyPaths(#[from] TooManyPaths),
    /// The caller asked to stop.
    #[error("stopped before the layer was read to its end")]
    Stopped,
}

/// What bounds an analysis.
pub struct Limits<'a> {
    /// The most bytes that a layer may have once decompressed.
    pub layer_bytes: u64,
    /// The memory for files that must be held as a whole, shared by all threads.
    pub memory: &'a MemoryBudget,
    /// Set to stop early.
    pub stop: &'a AtomicBool,
}

/// Memory that several threads share: who asks for more than is left waits.
pub struct MemoryBudget {
    total: u64,
    left: Mutex<u64>,
    freed: Condvar,
}

impl MemoryBudget {
    /// A budget of `total` bytes.
    pub fn new(total: u64) -> MemoryBudget {
        MemoryBudget { total, left: Mutex::new(total), freed: Condvar::new() }
    }

    /// Takes `bytes`, waiting until others give back. Who wants more than there is gets it when nobody else has any:
    /// a single large file is read, but never two at once.
    fn take(&self, bytes: u64) -> MemoryShare<'_> {
        let bytes = bytes.min(self.total);
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        while *left < bytes {
            left = self.freed.wait(left).unwrap_or_else(PoisonError::into_inner);
        }
        *left -= bytes;
        MemoryShare { budget: self, bytes }
    }
}

struct MemoryShare<'a> {
    budget: &'a MemoryBudget,
    bytes: u64,
}

impl Drop for MemoryShare<'_> {
    fn drop(&mut self) {
        *self.budget.left.lock().unwrap_or_else(PoisonError::into_inner) += self.bytes;
        self.budget.freed.notify_all();
    }
}

/// Runs a fixed list of analyzers over layers.
pub struct Driver {
    analyzers: Vec<Arc<dyn Analyzer>>,
    matcher: Matcher,
    /// Who wants digests, and of what.
    sums: Vec<(Selection, WantsSum)>,
}

/// Of which paths an analyzer wants digests.
type WantsSum = fn(&[u8]) -> bool;

impl Driver {
    /// A driver for `analyzers`, of which there may be 64 at most.
    pub fn new(analyzers: Vec<Arc<dyn Analyzer>>) -> Driver {
        let matcher = Matcher::new(&analyzers);
        let sums = analyzers.iter().enumerate().filter_map(|(i, analyzer)| Some((1 << i, analyzer.sums()?)));
        let sums = sums.collect();
        Driver { analyzers, matcher, sums }
    }

    /// A driver for analyzers that live as long as the program.
    pub fn of(analyzers: Vec<&'static dyn Analyzer>) -> Driver {
        Driver::new(analyzers.into_iter().map(|analyzer| Arc::new(analyzer) as Arc<dyn Analyzer>).collect())
    }

    /// The analyzers; the bits of a [`Selection`] number them.
    pub fn analyzers(&self) -> &[Arc<dyn Analyzer>] {
        &self.analyzers
    }

    /// The matcher over their interests.
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// Those who want digests of files; see [`Analyzer::sums`].
    pub fn summing(&self) -> Selection {
        self.sums.iter().fold(0, |all, (bit, _)| all | bit)
    }

    /// True when somebody of `selection` wants the digests of the file at `path`.
    pub(crate) fn wants_sum(&self, selection: Selection, path: &[u8]) -> bool {
        self.sums.iter().any(|(bit, wants)| selection & bit != 0 && wants(path))
    }

    /// The selection of all analyzers.
    pub fn all(&self) -> Selection {
        match self.analyzers.len() {
            64 => Selection::MAX,
            n => (1 << n) - 1,
        }
    }

    /// Analyses the uncompressed layer `stream` with the analyzers of `selection` in one pass, and computes its digest.
    ///
    /// `random` is the same stream at any place, where the source has it so: then large files are not held in memory.
    /// Gives the facts, the digest of the whole stream, its length and the stream itself, read to its end.
    ///
    /// # Errors
    ///
    /// When the layer is no tar archive, is damaged, or exceeds a limit. A file that an analyzer cannot understand is
    /// no error but a problem among the facts.
    pub fn layer<R: Read>(
        &self,
        stream: R,
        random: Option<&dyn ReadAt>,
        algorithm: Algorithm,
        selection: Selection,
        limits: &Limits<'_>,
    ) -> Result<(LayerFacts, Digest, u64, R), LayerError> {
        let stream = Stoppable { inner: stream, stop: limits.stop };
        let mut reader = tar::Reader::new(stream, Some(algorithm), limits.layer_bytes);
        self.walk(&mut reader, random, selection, limits)
            .and_then(|facts| {
                let (digest, bytes, stream) = reader.finish()?;
                let Some(digest) = digest else { unreachable!("the reader was asked for a digest") };
                Ok((facts, digest, bytes, stream.inner))
            })
            .map_err(|error| if limits.stop.load(Ordering::Relaxed) { LayerError::Stopped } else { error })
    }

    fn walk<R: Read>(
        &self,
        reader: &mut tar::Reader<R>,
        random: Option<&dyn ReadAt>,
        selection: Selection,
        limits: &Limits<'_>,
    ) -> Result<LayerFacts, LayerError> {
        let mut builder = IndexBuilder::default();
        let mut facts = LayerFacts::default();
        let mut offsets = Vec::new();
        let mut oddities = Oddities::default();
        let mut summer = (self.summing() & selection != 0).then(Summer::default);
        let (mut path, mut link) = (Vec::new(), Vec::new());
        while let Some(entry) = reader.next_entry()? {
            if limits.stop.load(Ordering::Relaxed) {
                return Err(LayerError::Stopped);
            }
            let kind = match entry.kind {
                Kind::File => NodeKind::File,
                Kind::HardLink => NodeKind::HardLink,
                Kind::Symlink => NodeKind::Symlink,
                Kind::Directory => NodeKind::Directory,
                Kind::Special => NodeKind::Special,
            };
            if summer.is_some() {
                oddities.names(reader.path(), (kind == NodeKind::Symlink).then(|| reader.link()));
            }
            if let Some((major, minor)) = entry.device {
                oddities.note(OddityKind::Device, reader.path(), format!("{major}:{minor}").as_bytes());
            }
            if facts.evidence.newest.as_ref().is_none_or(|(newest, _)| *newest < entry.mtime) {
                facts.evidence.newest =
                    Some((entry.mtime, reader.path().get(..path::MAX_LEN).unwrap_or_default().into()));
            }
            link.clear();
            let taken = path::normalize(reader.path(), &mut path).and_then(|()| match kind {
                NodeKind::HardLink => path::normalize(reader.link(), &mut link),
                NodeKind::Symlink => {
                    link.extend_from_slice(&reader.link()[..reader.link().len().min(path::MAX_LEN)]);
                    Ok(())
                }
                _ => Ok(()),
            });
            if let Err(error) = taken {
                facts.problem(
                    reader.path(),
                    ProblemCode::UnsafePath,
                    format!("the entry was left out: {error}"),
                );
                oddities.note(OddityKind::Unsafe, reader.path(), error.to_string().as_bytes());
                continue;
            }
            if path.is_empty() {
                continue;
            }
            let new = NewNode {
                path: &path,
                link: &link,
                kind,
                mode: entry.mode,
                size: entry.size,
                offset: entry.offset,
                sparse: entry.sparse,
                uid: entry.uid,
                gid: entry.gid,
            };
            if let Some(summer) = &mut summer {
                summer.path(&path);
            }
            if !builder.push(&new)? || kind != NodeKind::File {
                continue;
            }
            let head = reader.peek(Matcher::HEAD)?;
            let wanted = (self.matcher.by_path(&path) | self.matcher.by_magic(&path, head)) & selection;
            let id = builder.content(if entry.sparse { Content::Other } else { Content::of(head) });
            if !reader.capability().is_empty() && facts.capabilities.len() < MAX_CAPABILITIES {
                facts.capabilities.push((id, reader.capability().into()));
            }
            let summing = !entry.sparse && self.wants_sum(selection, &path);
            let mut sum = summer.as_mut().filter(|_| summing).map(|summer| summer.begin(entry.stored));
            if wanted == 0 && sum.is_none() {
                continue;
            }
            let before = facts.files.len();
            self.offer(reader, &entry, &path, random, wanted, limits, &mut facts, &mut sum)?;
            if let (Some(summer), Some(sum)) = (&mut summer, sum) {
                summer.end(id, sum);
            }
            offsets.resize(before, 0);
            offsets.resize(facts.files.len(), entry.offset);
        }
        if reader.has_trailing_data()? {
            oddities.note(OddityKind::TrailingData, b"", b"");
        }
        let (index, duplicates) = builder.finish_with_duplicates();
        facts.index = index;
        match summer {
            Some(summer) => {
                facts.evidence.sums = summer.finish();
                for duplicate in &duplicates {
                    let differ = || facts.evidence.sums.differ(duplicate.replaced, duplicate.kept);
                    if (!duplicate.same_size || differ() == Some(true))
                        && let Some(node) = facts.index.by_id(duplicate.kept)
                    {
                        oddities.note(OddityKind::Duplicate, facts.index.path(node), b"");
                    }
                }
                facts.evidence.oddities = oddities.finish();
            }
            None => facts.evidence = Evidence::default(),
        }
        // Of several entries with one path the last counts; facts of the others go.
        let mut offsets = offsets.into_iter();
        let index = &facts.index;
        facts.files.retain(|file| {
            let offset = offsets.next();
            index
                .get(&file.path)
                .is_some_and(|node| node.kind == NodeKind::File && Some(node.offset) == offset)
        });
        facts.files.sort_by(|a, b| a.path.cmp(&b.path).then_with(|| a.analyzer.cmp(&b.analyzer)));
        Ok(facts)
    }

    #[allow(clippy::too_many_arguments)] // one call site; the parts have no meaning together
    fn offer<R: Read>(
        &self,
        reader: &mut tar::Reader<R>,
        entry: &tar::Entry,
        path: &[u8],
        random: Option<&dyn ReadAt>,
        wanted: Selection,
        limits: &Limits<'_>,
        facts: &mut LayerFacts,
        sum: &mut Option<FileSum>,
    ) -> Result<(), LayerError> {
        if entry.sparse {
            facts.problem(path, ProblemCode::UnreadableFile, "a sparse file is not read".to_owned());
            return Ok(());
        }
        if entry.stored <= tar::Reader::<R>::PEEK_LIMIT {
            let bytes = reader.peek(entry.stored as usize)?;
            if let Some(sum) = sum {
                sum.update(bytes);
            }
            if wanted != 0 {
                self.analyze(path, entry.mode, &bytes, &[], wanted, &mut facts.files);
            }
            return Ok(());
        }
        // Who takes pieces gets them as they pass by; the others need the file as a whole.
        let mut feeds = self.feeds(path, entry.mode, entry.stored, wanted);
        let whole = feeds.iter().fold(wanted, |rest, feed| rest & !(1 << feed.number));
        let limit = MAX_BUFFERED_FILE.min(self.largest(whole));
        if whole != 0 && random.is_none() && entry.stored <= limit {
            let _share = limits.memory.take(entry.stored);
            let bytes = reader.read_data()?;
            self.analyze(path, entry.mode, &bytes, &[], whole, &mut facts.files);
            feeds.iter_mut().for_each(|feed| feed.piece(&bytes));
            if let Some(sum) = sum {
                sum.update(&bytes);
            }
        } else {
            if let Some(random) = random.filter(|_| whole != 0) {
                let window = Window::new(random, entry.offset, entry.stored);
                self.analyze(path, entry.mode, &window, &[], whole, &mut facts.files);
            } else if whole != 0 {
                facts.problem(
                    path,
                    ProblemCode::FileTooLarge,
                    format!(
                        "{} bytes are more than the limit of {limit} for a file in a compressed layer",
                        entry.stored
                    ),
                );
            }
            if !feeds.is_empty() || sum.is_some() {
                let mut left = entry.stored;
                while left > 0 {
                    // What is lent here is what the reader has read anyway.
                    let bytes = reader.next_piece()?;
                    left = left.saturating_sub(bytes.len() as u64);
                    feeds.iter_mut().for_each(|feed| feed.piece(bytes));
                    if let Some(sum) = sum {
                        sum.update(bytes);
                    }
                }
            }
        }
        for feed in feeds {
            feed.finish(path, &mut facts.files);
        }
        Ok(())
    }

    /// Begins a file for those of `selection` that take pieces.
    fn feeds(&self, path: &[u8], mode: u32, size: u64, selection: Selection) -> Vec<Fed<'_>> {
        let info = FileInfo { path: path.as_bstr(), mode, size };
        self.selected(selection)
            .filter(|(_, analyzer)| size <= analyzer.interest().max_size)
            .filter_map(|(number, analyzer)| {
                let feed = catch_unwind(AssertUnwindSafe(|| analyzer.begin(&info)));
                match feed {
                    Ok(None) => None,
                    Ok(feed) => Some(Fed { number, analyzer, feed }),
                    Err(_) => Some(Fed { number, analyzer, feed: None }),
                }
            })
            .collect()
    }

    /// The largest file that any of the selected analyzers takes.
    fn largest(&self, selection: Selection) -> u64 {
        self.selected(selection).map(|(_, analyzer)| analyzer.interest().max_size).max().unwrap_or(0)
    }

    fn selected(&self, selection: Selection) -> impl Iterator<Item = (usize, &dyn Analyzer)> + '_ {
        let chosen = move |i: usize| i < 64 && selection & (1 << i) != 0;
        self.analyzers.iter().map(|analyzer| &**analyzer).enumerate().filter(move |(i, _)| chosen(*i))
    }

    /// Offers one file to the analyzers of `selection`. A panic in one of them becomes a problem and touches no other.
    pub fn analyze(
        &self,
        path: &[u8],
        mode: u32,
        content: &dyn ReadAt,
        companions: &[(&'static str, Vec<u8>)],
        selection: Selection,
        out: &mut Vec<FileFacts>,
    ) {
        for (number, analyzer) in self.selected(selection) {
            // A large file that does not lie in memory is read by pieces where that can be.
            if content.len() > PIECE && content.as_slice().is_none() {
                let mut feeds = self.feeds(path, mode, content.len(), 1 << number);
                if let Some(mut feed) = feeds.pop() {
                    match feed.read(content) {
                        Ok(()) => feed.finish(path, out),
                        Err(error) => out.push(FileFacts {
                            path: path.into(),
                            analyzer: analyzer.id().to_owned(),
                            facts: Vec::new(),
                            problems: vec![FactProblem {
                                code: ProblemCode::UnreadableFile.code().to_owned(),
                                message: reason(&AnalyzeError::Read(error)),
                            }],
                        }),
                    }
                    continue;
                }
            }
            let mut output = Output::default();
            let limit = analyzer.interest().max_size;
            if content.len() > limit {
                output.problem_with(
                    ProblemCode::FileTooLarge,
                    format!("{} bytes are more than the limit of {limit}", content.len()),
                );
            } else {
                let file = File::new(path, mode, content).with_companions(companions);
                guard(&mut output, |output| analyzer.analyze(&file, output));
            }
            keep(path, analyzer, output, out);
        }
    }
}

/// How much of a large file is read at a time where the driver reads it itself.
const PIECE: u64 = 1 << 20;

/// An analyzer that is being fed a file; without a feed once it has failed.
struct Fed<'a> {
    number: usize,
    analyzer: &'a dyn Analyzer,
    feed: Option<Box<dyn Feed + 'a>>,
}

impl Fed<'_> {
    fn piece(&mut self, bytes: &[u8]) {
        if let Some(feed) = &mut self.feed
            && catch_unwind(AssertUnwindSafe(|| feed.piece(bytes))).is_err()
        {
            self.feed = None;
        }
    }

    fn read(&mut self, content: &dyn ReadAt) -> io::Result<()> {
        let mut buffer = vec![0; PIECE as usize];
        let mut at = 0;
        while at < content.len() {
            match content.read_at(&mut buffer, at)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => {
                    self.piece(buffer.get(..n).unwrap_or_default());
                    at += n as u64;
                }
            }
        }
        Ok(())
    }

    fn finish(self, path: &[u8], out: &mut Vec<FileFacts>) {
        let mut output = Output::default();
        match self.feed {
            Some(feed) => guard(&mut output, |output| feed.finish(output)),
            None => output.problem_with(ProblemCode::AnalyzerPanic, PANICKED),
        }
        keep(path, self.analyzer, output, out);
    }
}

const PANICKED: &str = "the analyzer stopped with an internal error";

/// Runs a step of an analyzer. What goes wrong becomes a problem; facts stated before are facts all the same.
fn guard(output: &mut Output, step: impl FnOnce(&mut Output) -> Result<(), AnalyzeError>) {
    match catch_unwind(AssertUnwindSafe(|| step(output))) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => output.problem(reason(&error)),
        Err(_) => output.problem_with(ProblemCode::AnalyzerPanic, PANICKED),
    }
}

/// Keeps what an analyzer said, when it said anything.
fn keep(path: &[u8], analyzer: &dyn Analyzer, output: Output, out: &mut Vec<FileFacts>) {
    if !output.facts.is_empty() || !output.problems.is_empty() {
        out.push(FileFacts {
            path: path.into(),
            analyzer: analyzer.id().to_owned(),
            facts: output.facts,
            problems: output.problems,
        });
    }
}

/// Ends a stream with an error when the caller asks to stop, so that not even one endless file is waited for.
struct Stoppable<'a, R> {
    inner: R,
    stop: &'a AtomicBool,
}

impl<R: Read> Read for Stoppable<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            Err(io::Error::other("stopped"))
        } else {
            self.inner.read(buf)
        }
    }
}

/// An error with its causes in one line.
fn reason(error: &AnalyzeError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The most files with capabilities that are kept of one layer.
const MAX_CAPABILITIES: usize = 10_000;

/// The most faults that are kept of one layer.
const MAX_LAYER_PROBLEMS: usize = 1000;

impl LayerFacts {
    /// Notes a fault of the layer itself.
    pub fn problem(&mut self, path: &[u8], code: ProblemCode, message: String) {
        let path = path.get(..path::MAX_LEN).unwrap_or(path);
        let (path, code, message) = match self.problems.len() {
            n if n < MAX_LAYER_PROBLEMS => (path.as_bstr().to_owned(), code, message),
            MAX_LAYER_PROBLEMS => (
                BString::default(),
                ProblemCode::LimitReached,
                format!("more than {MAX_LAYER_PROBLEMS} faults in this layer; the others are not listed"),
            ),
            _ => return,
        };
        self.problems.push((path, FactProblem { code: code.code().to_owned(), message }));
    }
}
