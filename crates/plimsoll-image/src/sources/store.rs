//! Files by name, in a folder, in a plain tar archive, or in a compressed one that can only be read from beginning to
//! end.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_archive::tar::{self, Kind};
use plimsoll_archive::{Compression, Decoder, MAGIC_LEN, ReadAt, inflated_limit, path};

use crate::model::MAX_DOCUMENT;
use crate::{Blob, ImageError, Sweep, SweepFn};

/// The most members that an image archive may have.
const MAX_MEMBERS: usize = 200_000;
/// The most bytes of documents that are kept of an archive which cannot be read twice.
const MAX_KEPT: u64 = 64 << 20;

/// What is no larger is kept whatever it is: documents have no fixed names, only layers are large.
const SMALL: u64 = 64 << 10;

/// Files by name.
pub(super) enum Store {
    Folder(PathBuf),
    Tar(TarStore),
    Stream(StreamStore),
}

impl Store {
    /// Where it is, for messages.
    pub(super) fn path(&self) -> &Path {
        match self {
            Store::Folder(path) => path,
            Store::Tar(store) => &store.path,
            Store::Stream(store) => &store.path,
        }
    }

    /// The content of a document; `None` when there is no such file.
    pub(super) fn document(&self, name: &str) -> Result<Option<Vec<u8>>, ImageError> {
        let what = || format!("{name} in {}", self.path().display());
        let too_large = |size: u64| ImageError::Document {
            what: what(),
            reason: format!("{size} bytes are more than the limit of {MAX_DOCUMENT}"),
        };
        match self {
            Store::Folder(folder) => {
                let path = folder.join(name);
                let failed = |source| ImageError::Read { path: path.clone(), source };
                let file = match File::open(&path) {
                    Ok(file) => file,
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                    Err(error) => return Err(failed(error)),
                };
                let mut bytes = Vec::new();
                file.take(MAX_DOCUMENT + 1).read_to_end(&mut bytes).map_err(failed)?;
                if bytes.len() as u64 > MAX_DOCUMENT {
                    Err(too_large(bytes.len() as u64))
                } else {
                    Ok(Some(bytes))
                }
            }
            Store::Tar(store) => {
                let Some(part) = store.part(name) else { return Ok(None) };
                if part.len > MAX_DOCUMENT {
                    return Err(too_large(part.len));
                }
                let failed = |source| ImageError::Read { path: store.path.clone(), source };
                plimsoll_archive::read_vec(&part, MAX_DOCUMENT).map(Some).map_err(failed)
            }
            Store::Stream(store) => match store.members.get(store.real_name(name)) {
                None => Ok(None),
                Some(Member { kept: Some(bytes), .. }) => Ok(Some(bytes.clone())),
                Some(Member { size, .. }) if *size > MAX_DOCUMENT => Err(too_large(*size)),
                Some(_) => Err(ImageError::Document {
                    what: what(),
                    reason: format!(
                        "it is not JSON, or the archive has more than {MAX_KEPT} bytes of documents"
                    ),
                }),
            },
        }
    }

    /// The size of a file; `None` when there is none.
    pub(super) fn size(&self, name: &str) -> Option<u64> {
        match self {
            Store::Folder(folder) => std::fs::metadata(folder.join(name))
                .ok()
                .filter(|metadata| metadata.is_file())
                .map(|m| m.len()),
            Store::Tar(store) => store.part(name).map(|part| part.len),
            Store::Stream(store) => store.members.get(store.real_name(name)).map(|member| member.size),
        }
    }

    /// A file's bytes, where the store can give them at any time.
    pub(super) fn blob(&self, name: &str) -> Option<Box<dyn Blob>> {
        match self {
            Store::Folder(folder) => {
                let path = folder.join(name);
                path.is_file().then(|| Box::new(FileBlob::new(path)) as Box<dyn Blob>)
            }
            Store::Tar(store) => store.part(name).map(|part| Box::new(part) as Box<dyn Blob>),
            Store::Stream(_) => None,
        }
    }

    /// The way to the layers with these names when the store can only be read from beginning to end.
    pub(super) fn sweep(&self, names: &[String]) -> Option<Box<dyn Sweep>> {
        match self {
            Store::Stream(store) => Some(Box::new(StreamSweep {
                path: store.path.clone(),
                names: names.iter().map(|name| store.real_name(name).to_owned()).collect(),
            })),
            _ => None,
        }
    }

    /// True when there is a file with this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.size(name).is_some()
    }
}

/// A file that is opened when it is first read.
struct FileBlob {
    path: PathBuf,
    file: std::sync::OnceLock<File>,
}

impl FileBlob {
    fn new(path: PathBuf) -> FileBlob {
        FileBlob { path, file: std::sync::OnceLock::new() }
    }
}

impl Blob for FileBlob {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(File::open(&self.path)?))
    }

    fn random_access(&self) -> Option<&dyn ReadAt> {
        if self.file.get().is_none() {
            let _ = self.file.set(File::open(&self.path).ok()?);
        }
        self.file.get().map(|file| file as &dyn ReadAt)
    }
}

/// A plain tar archive: its members lie in the file as they are.
pub(super) struct TarStore {
    path: PathBuf,
    file: Arc<File>,
    members: BTreeMap<String, (u64, u64)>,
    links: BTreeMap<String, String>,
}

/// A part of a file.
struct Part {
    file: Arc<File>,
    start: u64,
    len: u64,
}

impl ReadAt for Part {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let n = rest.min(buf.len());
        self.file.read_at(&mut buf[..n], self.start.saturating_add(offset))
    }
}

/// Reads a [`Part`] from its beginning. It knows where the part should end, so that a file which was cut since is an
/// error and not a shorter layer.
struct PartReader<'a> {
    part: &'a Part,
    position: u64,
}

impl Read for PartReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.part.read_at(buf, self.position)?;
        if n == 0 && !buf.is_empty() && self.position < self.part.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.position += n as u64;
        Ok(n)
    }
}

impl Blob for Part {
    fn open(&self) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(PartReader { part: self, position: 0 }))
    }

    fn random_access(&self) -> Option<&dyn ReadAt> {
        Some(self)
    }
}

impl TarStore {
    fn part(&self, name: &str) -> Option<Part> {
        let &(start, len) = self.members.get(follow(&self.links, name))?;
        Some(Part { file: Arc::clone(&self.file), start, len })
    }
}

/// A compressed tar archive: what it holds is known from one read through it, and the documents were kept.
pub(super) struct StreamStore {
    path: PathBuf,
    members: BTreeMap<String, Member>,
    links: BTreeMap<String, String>,
}

struct Member {
    size: u64,
    kept: Option<Vec<u8>>,
}

impl StreamStore {
    fn real_name<'a>(&'a self, name: &'a str) -> &'a str {
        follow(&self.links, name)
    }
}

/// `docker save` of some versions writes a layer that it wrote before as a link to it.
fn follow<'a>(links: &'a BTreeMap<String, String>, mut name: &'a str) -> &'a str {
    for _ in 0..8 {
        match links.get(name) {
            Some(target) => name = target,
            None => break,
        }
    }
    name
}

struct StreamSweep {
    path: PathBuf,
    names: Vec<String>,
}

impl Sweep for StreamSweep {
    fn sweep(&self, wanted: &[usize], each: &mut SweepFn<'_>) -> Result<(), ImageError> {
        let failed = |source| ImageError::Read { path: self.path.clone(), source };
        let mut reader = open_stream(&self.path)?;
        let mut left: Vec<usize> = wanted.to_vec();
        while !left.is_empty() {
            let Some(entry) = reader.next_entry().map_err(|error| failed(io::Error::other(error)))? else {
                let what = left.first().and_then(|&n| self.names.get(n)).cloned().unwrap_or_default();
                return Err(ImageError::Missing { what, path: self.path.clone() });
            };
            if entry.kind != Kind::File {
                continue;
            }
            let name = normal_name(reader.path());
            // Two layers of one image may be the same blob; it is handed out once for each.
            let hits: Vec<usize> = left
                .iter()
                .copied()
                .filter(|&n| name.as_deref() == self.names.get(n).map(String::as_str))
                .collect();
            left.retain(|n| !hits.contains(n));
            match hits[..] {
                [] => {}
                [only] => each(only, &mut reader.data()).map_err(failed)?,
                // Rare enough (empty layers, mostly) that memory may hold it, within a bound.
                [..] => {
                    let mut bytes = Vec::new();
                    reader.data().take(MAX_KEPT + 1).read_to_end(&mut bytes).map_err(failed)?;
                    if bytes.len() as u64 > MAX_KEPT {
                        let reason = format!(
                            "a layer of more than {MAX_KEPT} bytes is used twice in a compressed archive"
                        );
                        return Err(failed(io::Error::other(reason)));
                    }
                    for n in hits {
                        each(n, &mut &bytes[..]).map_err(failed)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn open_stream(path: &Path) -> Result<tar::Reader<Decoder<File>>, ImageError> {
    let failed = |source| ImageError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let limit = inflated_limit(ReadAt::len(&file));
    Ok(tar::Reader::new(Decoder::new(file).map_err(failed)?, None, limit))
}

fn normal_name(raw: &[u8]) -> Option<String> {
    let mut out = Vec::new();
    path::normalize(raw, &mut out).ok()?;
    String::from_utf8(out).ok().filter(|name| !name.is_empty())
}

/// Looks through an image archive.
pub(super) fn open_archive(archive: &Path) -> Result<Store, ImageError> {
    let failed = |source| ImageError::Read { path: archive.to_owned(), source };
    let not_an_image = |reason: String| ImageError::NotAnImage { path: archive.to_owned(), reason };
    let file = File::open(archive).map_err(failed)?;
    let mut head = [0; MAGIC_LEN];
    let n = ReadAt::read_at(&file, &mut head, 0).map_err(failed)?;
    let compressed = Compression::detect(&head[..n]) != Compression::None;
    let mut links = BTreeMap::new();
    let mut count = 0;
    let mut count_member = || -> Result<(), ImageError> {
        count += 1;
        if count > MAX_MEMBERS {
            Err(not_an_image(format!("it has more than {MAX_MEMBERS} members")))
        } else {
            Ok(())
        }
    };
    let tar_error = |error: tar::TarError| match error {
        tar::TarError::Header { offset: 0, .. } => not_an_image("it is no tar archive".to_owned()),
        error => ImageError::NotAnImage { path: archive.to_owned(), reason: chain(&error) },
    };
    if compressed {
        let mut reader = open_stream(archive)?;
        let mut members = BTreeMap::new();
        let mut kept_bytes = 0;
        while let Some(entry) = reader.next_entry().map_err(tar_error)? {
            count_member()?;
            let Some(name) = normal_name(reader.path()) else { continue };
            if matches!(entry.kind, Kind::Symlink | Kind::HardLink) {
                links.insert(name.clone(), link_target(&name, entry.kind, reader.link()));
                continue;
            }
            if entry.kind != Kind::File {
                continue;
            }
            let may_be_document = entry.stored <= MAX_DOCUMENT
                && (name.ends_with(".json")
                    || entry.stored <= SMALL
                    || matches!(reader.peek(1).map_err(tar_error)?, b"{" | b" " | b"\t" | b"\n" | b"\r"));
            let kept = if may_be_document && kept_bytes + entry.stored <= MAX_KEPT {
                kept_bytes += entry.stored;
                Some(reader.read_data().map_err(tar_error)?)
            } else {
                None
            };
            members.insert(name, Member { size: entry.stored, kept });
        }
        Ok(Store::Stream(StreamStore { path: archive.to_owned(), members, links }))
    } else {
        let len = ReadAt::len(&file);
        let file = Arc::new(file);
        // Only the headers are read: the members between them are stepped over.
        let mut members = BTreeMap::new();
        let mut reader = tar::Reader::new(Skipping { file: &file, position: 0 }, None, u64::MAX);
        while let Some(entry) = reader.next_entry().map_err(tar_error)? {
            count_member()?;
            if entry.offset.saturating_add(entry.stored) > len {
                let name = String::from_utf8_lossy(reader.path()).into_owned();
                return Err(not_an_image(format!("it ends at byte {len}, in the middle of {name}")));
            }
            if let Some(name) = normal_name(reader.path()) {
                match entry.kind {
                    Kind::Symlink | Kind::HardLink => {
                        links.insert(name.clone(), link_target(&name, entry.kind, reader.link()));
                    }
                    Kind::File => {
                        members.insert(name, (entry.offset, entry.stored));
                    }
                    _ => {}
                }
            }
            reader.seek_over_data(|source, n| source.position += n);
        }
        Ok(Store::Tar(TarStore { path: archive.to_owned(), file, members, links }))
    }
}

fn link_target(name: &str, kind: Kind, link: &[u8]) -> String {
    let target = if kind == Kind::Symlink {
        path::join_link(name.as_bytes(), link)
    } else {
        path::join_link(b"", link)
    };
    String::from_utf8_lossy(&target).into_owned()
}

/// Reads a file in small steps, so that little is read which is then stepped over.
struct Skipping<'a> {
    file: &'a File,
    position: u64,
}

impl Read for Skipping<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = buf.len().min(4096);
        let n = self.file.read_at(&mut buf[..n], self.position)?;
        self.position += n as u64;
        Ok(n)
    }
}

/// An error and its causes in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
