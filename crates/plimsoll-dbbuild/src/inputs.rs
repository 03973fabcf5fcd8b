//! Reads feeds from disk under limits: files, folders, tar and zip archives, gzip and zstd.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use plimsoll_archive::Decoder;
use plimsoll_archive::tar::{Kind, Reader};
use plimsoll_archive::zip::{Archive, Budget, Buffer, ZipError};

use crate::BuildError;

/// How much a build reads at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file, unpacked; a larger one is refused and counted.
    pub file: u64,
    /// Bytes of all files, unpacked.
    pub total: u64,
    /// Files and archive members in all.
    pub files: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { file: 512 << 20, total: 32 << 30, files: 20_000_000 }
    }
}

/// Folders deeper than this are an error.
const MAX_DEPTH: usize = 64;

/// A file of a feed.
#[derive(Debug)]
pub(crate) struct FeedFile {
    /// The path inside the feed, separated with `/`.
    pub(crate) path: String,
    /// Its content, or why it was not read.
    pub(crate) content: Result<Vec<u8>, Unread>,
}

/// Why a file is not read although it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is over the limit; its size.
    TooLarge(u64),
    /// It is an archive, or compressed, inside an archive.
    Archive,
}

/// Reads all of `inputs`, folders in the order of their names, and hands each file to `take`.
pub(crate) fn read_all(
    inputs: &[PathBuf],
    limits: &Limits,
    take: &mut dyn FnMut(FeedFile) -> Result<(), BuildError>,
) -> Result<(), BuildError> {
    let mut reader = FeedReader { limits: *limits, bytes: 0, files: 0, take };
    for input in inputs {
        let metadata = fs::metadata(input).map_err(|source| read_error(input, source))?;
        if metadata.is_dir() {
            reader.folder(input)?;
        } else if metadata.is_file() {
            let name = input.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            reader.file(input, &name)?;
        } else {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "neither a file nor a folder");
            return Err(read_error(input, source));
        }
    }
    Ok(())
}

fn read_error(path: &Path, source: io::Error) -> BuildError {
    BuildError::Read { path: path.to_owned(), source }
}

/// What a file is, told by its name: feeds are named by people.
enum Form {
    Tar,
    Zip,
    Compressed,
    Plain,
}

fn form(name: &str) -> Form {
    let name = name.to_ascii_lowercase();
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
    if ends(&[".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst"]) {
        Form::Tar
    } else if ends(&[".zip"]) {
        Form::Zip
    } else if ends(&[".gz", ".zst"]) {
        Form::Compressed
    } else {
        Form::Plain
    }
}

struct FeedReader<'a> {
    limits: Limits,
    bytes: u64,
    files: u64,
    take: &'a mut dyn FnMut(FeedFile) -> Result<(), BuildError>,
}

impl FeedReader<'_> {
    /// Walks a folder. Links inside are not followed: a feed is what lies in it.
    fn folder(&mut self, root: &Path) -> Result<(), BuildError> {
        let mut pending = vec![(root.to_owned(), String::new(), 0usize)];
        while let Some((path, name, depth)) = pending.pop() {
            let metadata = if depth == 0 { fs::metadata(&path) } else { fs::symlink_metadata(&path) };
            let metadata = metadata.map_err(|source| read_error(&path, source))?;
            if metadata.is_file() {
                self.file(&path, &name)?;
                continue;
            }
            if !metadata.is_dir() {
                continue;
            }
            if depth > MAX_DEPTH {
                return Err(BuildError::Limit { path, what: "folders inside each other" });
            }
            let mut entries = Vec::new();
            for entry in fs::read_dir(&path).map_err(|source| read_error(&path, source))? {
                let entry = entry.map_err(|source| read_error(&path, source))?;
                // Version control's own files are no feed.
                if entry.file_name() != ".git" {
                    entries.push((entry.file_name(), entry.path()));
                }
            }
            // The last one pushed is read first.
            entries.sort_by(|a, b| b.0.cmp(&a.0));
            for (entry, path) in entries {
                let entry = entry.to_string_lossy();
                let name = if name.is_empty() { entry.into_owned() } else { format!("{name}/{entry}") };
                pending.push((path, name, depth + 1));
            }
        }
        Ok(())
    }

    /// Reads a file on disk; `name` is its path inside the feed.
    fn file(&mut self, path: &Path, name: &str) -> Result<(), BuildError> {
        let open = || File::open(path).map_err(|source| read_error(path, source));
        match form(name) {
            Form::Tar => {
                let stream = Decoder::new(open()?).map_err(|source| read_error(path, source))?;
                self.tar(path, stream)
            }
            Form::Zip => self.zip(path, open()?),
            Form::Compressed => {
                let stream = Decoder::new(open()?).map_err(|source| read_error(path, source))?;
                let name = name.rsplit_once('.').map_or(name, |(name, _)| name);
                self.stream(path, name.to_owned(), stream)
            }
            Form::Plain => self.stream(path, name.to_owned(), open()?),
        }
    }

    fn tar(&mut self, path: &Path, stream: impl Read) -> Result<(), BuildError> {
        let damaged = |source: plimsoll_archive::tar::TarError| BuildError::Archive {
            path: path.to_owned(),
            source: Box::new(source),
        };
        let left = self.limits.total.saturating_sub(self.bytes);
        let mut reader = Reader::new(stream, None, left);
        while let Some(entry) = reader.next_entry().map_err(damaged)? {
            if entry.kind != Kind::File {
                continue;
            }
            let name = String::from_utf8_lossy(reader.path());
            let name = name.strip_prefix("./").unwrap_or(&name).to_owned();
            if !matches!(form(&name), Form::Plain) {
                self.give(path, FeedFile { path: name, content: Err(Unread::Archive) })?;
            } else if entry.sparse || entry.stored > self.limits.file {
                self.give(path, FeedFile { path: name, content: Err(Unread::TooLarge(entry.size)) })?;
            } else {
                let content = reader.read_data().map_err(damaged)?;
                self.give(path, FeedFile { path: name, content: Ok(content) })?;
            }
        }
        Ok(())
    }

    fn zip(&mut self, path: &Path, file: File) -> Result<(), BuildError> {
        let damaged =
            |source: ZipError| BuildError::Archive { path: path.to_owned(), source: Box::new(source) };
        let archive = Archive::open(&file, &mut Buffer::new()).map_err(damaged)?;
        let mut buffer = Buffer::new();
        let mut budget = Budget::new(self.limits.total.saturating_sub(self.bytes));
        let mut entries = archive.entries(&mut buffer);
        while let Some(entry) = entries.next().map_err(damaged)? {
            if entry.name.ends_with(b"/") {
                continue;
            }
            let name = String::from_utf8_lossy(entry.name).into_owned();
            if !matches!(form(&name), Form::Plain) {
                self.give(path, FeedFile { path: name, content: Err(Unread::Archive) })?;
                continue;
            }
            let content = match archive.read(&entry.member, self.limits.file, &mut budget) {
                Ok(bytes) => Ok(bytes),
                Err(ZipError::TooLarge { .. }) => Err(Unread::TooLarge(entry.member.size())),
                Err(error) => return Err(damaged(error)),
            };
            self.give(path, FeedFile { path: name, content })?;
        }
        Ok(())
    }

    /// Reads a stream to its end.
    fn stream(&mut self, path: &Path, name: String, stream: impl Read) -> Result<(), BuildError> {
        let mut content = Vec::new();
        let read = stream.take(self.limits.file.saturating_add(1)).read_to_end(&mut content);
        let read = read.map_err(|source| read_error(path, source))? as u64;
        let content = if read > self.limits.file { Err(Unread::TooLarge(read)) } else { Ok(content) };
        self.give(path, FeedFile { path: name, content })
    }

    fn give(&mut self, path: &Path, file: FeedFile) -> Result<(), BuildError> {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(file.content.as_ref().map_or(0, |bytes| bytes.len() as u64));
        if self.files > self.limits.files {
            return Err(BuildError::Limit { path: path.to_owned(), what: "files" });
        }
        if self.bytes > self.limits.total {
            return Err(BuildError::Limit { path: path.to_owned(), what: "bytes" });
        }
        (self.take)(file)
    }
}
