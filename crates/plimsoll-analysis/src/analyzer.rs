//! What an analyzer is: something that is shown files and says what they are.

use std::borrow::Cow;
use std::io;

use bstr::{BStr, ByteSlice};
use plimsoll_archive::{ReadAt, read_vec};
use plimsoll_types::{Class, ProblemCode, Scanner};

use crate::{DetectionFact, Fact, FactProblem, Interest, OwnedFiles, PackageFact};

/// Looks at files and states facts.
///
/// Analyzers are stateless values. They never know each other, never see more than one file (and its companions) at a
/// time, and may be called from several threads at once.
pub trait Analyzer: Send + Sync {
    /// The id, such as `apk/installed-db`: part of the cache key and of every fact's origin.
    fn id(&self) -> &'static str;

    /// Raised whenever the same file may give other facts than before: part of the cache key.
    fn version(&self) -> u32;

    /// What it serves. It runs when that is switched on; those that find packages always run, since much else rests on them.
    fn scanner(&self) -> Scanner {
        Scanner::Vulnerability
    }

    /// A number that stands for the settings it runs with, such as rules of the user: part of the cache key.
    fn settings(&self) -> u64 {
        0
    }

    /// Which targets it looks at.
    fn targets(&self) -> Targets {
        Targets::All
    }

    /// The files that it wants to see.
    fn interest(&self) -> Interest;

    /// Of which files it wants the digests that package databases use, judged by the path. The driver makes them while the layer
    /// passes by and keeps them in [`crate::Evidence`], with what else it sees there; the analyzer itself is shown nothing.
    fn sums(&self) -> Option<fn(&[u8]) -> bool> {
        None
    }

    /// Looks at one file and puts what it finds into `out`.
    ///
    /// # Errors
    ///
    /// When the file as a whole cannot be understood. What was put into `out` before stays valid; the error becomes a
    /// problem of the report. Lesser faults go to [`Output::problem`].
    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError>;

    /// Begins a large file that is to be read piece by piece, so that it need not be held in memory. An analyzer that takes
    /// pieces says so for every file, and states the same facts either way. `None`: it wants files as a whole.
    fn begin(&self, _file: &FileInfo<'_>) -> Option<Box<dyn Feed + '_>> {
        None
    }
}

/// Takes a file piece by piece, in order. Where the pieces end says nothing.
pub trait Feed {
    /// Takes the next piece.
    fn piece(&mut self, bytes: &[u8]);

    /// The file has ended: puts what was found into `out`.
    ///
    /// # Errors
    ///
    /// As for [`Analyzer::analyze`].
    fn finish(self: Box<Self>, out: &mut Output) -> Result<(), AnalyzeError>;
}

/// What is known of a file before it is read.
#[derive(Debug, Clone, Copy)]
pub struct FileInfo<'a> {
    /// Its path from the image's root, without a leading slash.
    pub path: &'a BStr,
    /// Its permission bits.
    pub mode: u32,
    /// Its size in bytes.
    pub size: u64,
}

/// Which targets an analyzer looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Targets {
    /// All.
    #[default]
    All,
    /// Images only.
    Images,
    /// Directories and files only: what is written there is meant to be used, while in an image it is mostly documentation.
    Directories,
}

/// An analyzer may be lent.
impl<T: Analyzer + ?Sized> Analyzer for &T {
    fn id(&self) -> &'static str {
        (**self).id()
    }

    fn version(&self) -> u32 {
        (**self).version()
    }

    fn scanner(&self) -> Scanner {
        (**self).scanner()
    }

    fn settings(&self) -> u64 {
        (**self).settings()
    }

    fn targets(&self) -> Targets {
        (**self).targets()
    }

    fn interest(&self) -> Interest {
        (**self).interest()
    }

    fn sums(&self) -> Option<fn(&[u8]) -> bool> {
        (**self).sums()
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        (**self).analyze(file, out)
    }

    fn begin(&self, file: &FileInfo<'_>) -> Option<Box<dyn Feed + '_>> {
        (**self).begin(file)
    }
}

/// Why an analyzer could not understand a file.
#[derive(Debug, thiserror::Error)]
pub enum AnalyzeError {
    /// The content could not be read.
    #[error("cannot read the file")]
    Read(#[from] io::Error),
    /// The content is not what it should be.
    #[error("{0}")]
    Malformed(Cow<'static, str>),
}

impl AnalyzeError {
    /// The error for content that is not what it should be; `reason` in lower case without a final stop.
    pub fn malformed(reason: impl Into<Cow<'static, str>>) -> AnalyzeError {
        AnalyzeError::Malformed(reason.into())
    }
}

/// A file as an analyzer sees it.
pub struct File<'a> {
    path: &'a BStr,
    mode: u32,
    content: &'a dyn ReadAt,
    companions: &'a [(&'static str, Vec<u8>)],
}

impl<'a> File<'a> {
    /// A file at `path` with the permission bits `mode`.
    pub fn new(path: &'a [u8], mode: u32, content: &'a dyn ReadAt) -> File<'a> {
        File { path: path.as_bstr(), mode, content, companions: &[] }
    }

    /// The same with companions: the ending of each one's name, and its content.
    pub fn with_companions(self, companions: &'a [(&'static str, Vec<u8>)]) -> File<'a> {
        File { companions, ..self }
    }

    /// Its path from the image's root, without a leading slash.
    pub fn path(&self) -> &'a BStr {
        self.path
    }

    /// The last component of its path.
    pub fn name(&self) -> &'a BStr {
        plimsoll_archive::path::file_name(self.path).as_bstr()
    }

    /// Its permission bits.
    pub fn mode(&self) -> u32 {
        self.mode
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        self.content.len()
    }

    /// Its content, to be read at any place: for large files of which little is needed.
    pub fn content(&self) -> &'a dyn ReadAt {
        self.content
    }

    /// All of its content. Lent without a copy where it lies in memory anyway. The interest's `max_size` bounds it.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn bytes(&self) -> io::Result<Cow<'a, [u8]>> {
        match self.content.as_slice() {
            Some(bytes) => Ok(Cow::Borrowed(bytes)),
            None => read_vec(self.content, u64::MAX).map(Cow::Owned),
        }
    }

    /// The content of the file whose name is this one's with `ending`, where the interest names that ending and the
    /// image has such a file.
    pub fn companion(&self, ending: &str) -> Option<&'a [u8]> {
        self.companions.iter().find(|(name, _)| *name == ending).map(|(_, bytes)| &bytes[..])
    }
}

/// What an analyzer says of a file.
#[derive(Debug, Default)]
pub struct Output {
    /// Facts in the order stated.
    pub facts: Vec<Fact>,
    /// Faults met on the way.
    pub problems: Vec<FactProblem>,
}

/// The most problems that are kept of one file: a hostile file must not be able to flood the report.
const MAX_PROBLEMS: usize = 20;

impl Output {
    /// States that a package is installed.
    pub fn package(&mut self, package: PackageFact) {
        self.facts.push(Fact::Package(package));
    }

    /// States which files a package owns, when another file than the one that names the package says so.
    pub fn owned(&mut self, owned: OwnedFiles) {
        self.facts.push(Fact::Owned(owned));
    }

    /// States that something is wrong with the file: a detection of `class` with `message`, to which the caller adds what
    /// else there is to say.
    pub fn detect(&mut self, class: &Class, message: impl Into<String>) -> &mut DetectionFact {
        let at = self.facts.len();
        self.facts.push(Fact::Detection(DetectionFact {
            class: class.code.to_owned(),
            message: message.into(),
            ..DetectionFact::default()
        }));
        match self.facts.get_mut(at) {
            Some(Fact::Detection(fact)) => fact,
            _ => unreachable!("it was pushed just now"),
        }
    }

    /// States something for the rules that look at the whole image.
    pub fn attribute(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.facts.push(Fact::Attribute(key.into(), value.into()));
    }

    /// States any other fact.
    pub fn fact(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    /// Reports a fault in a part of the file; the rest of it was analysed. `message` in lower case without a final
    /// stop.
    pub fn problem(&mut self, message: impl Into<String>) {
        self.problem_with(ProblemCode::UnreadableFile, message);
    }

    /// Reports a fault with its own code.
    pub fn problem_with(&mut self, code: ProblemCode, message: impl Into<String>) {
        match self.problems.len() {
            n if n < MAX_PROBLEMS => {
                self.problems.push(FactProblem { code: code.code().to_owned(), message: message.into() })
            }
            MAX_PROBLEMS => self.problems.push(FactProblem {
                code: ProblemCode::LimitReached.code().to_owned(),
                message: format!("more than {MAX_PROBLEMS} faults in this file; the others are not listed"),
            }),
            _ => {}
        }
    }
}
