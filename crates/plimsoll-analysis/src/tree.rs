//! Directories as targets: a mounted root or any folder, walked once like a layer.
//!
//! No link is followed and nothing but regular files is opened, so that a walk never leaves the directory and never
//! hangs on a FIFO or a device.

use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use plimsoll_archive::ReadAt;
use plimsoll_types::ProblemCode;

use crate::driver::{Driver, LayerError, LayerFacts, Limits};
use crate::index::{Content, IndexBuilder, NewNode, NodeKind};
use crate::sums::{FileSum, Summer};
use crate::{Matcher, Selection};

/// Directories of a running system that hold no files of an image.
const VIRTUAL: [&[u8]; 3] = [b"proc", b"sys", b"dev"];

impl Driver {
    /// Analyses the files below `root` with the analyzers of `selection`. What cannot be read becomes a problem.
    ///
    /// # Errors
    ///
    /// When `root` itself cannot be read, a limit is reached, or the caller asked to stop.
    pub fn tree(
        &self,
        root: &Path,
        selection: Selection,
        limits: &Limits<'_>,
    ) -> Result<LayerFacts, TreeError> {
        let mut builder = IndexBuilder::default();
        let mut facts = LayerFacts::default();
        let mut summer = (self.summing() & selection != 0).then(Summer::default);
        let whole = |source| TreeError::Root { path: root.to_owned(), source };
        let is_root_file_system = root.canonicalize().map_err(whole)? == Path::new("/");
        let mut pending: Vec<Vec<u8>> = vec![Vec::new()];
        while let Some(directory) = pending.pop() {
            let here = absolute(root, &directory);
            let entries = match fs::read_dir(&here) {
                Ok(entries) => entries,
                Err(error) if directory.is_empty() => return Err(whole(error)),
                Err(error) => {
                    facts.problem(
                        &directory,
                        ProblemCode::UnreadableFile,
                        format!("cannot list the directory: {error}"),
                    );
                    continue;
                }
            };
            for entry in entries {
                if limits.stop.load(Ordering::Relaxed) {
                    return Err(TreeError::Layer(LayerError::Stopped));
                }
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(error) => {
                        let message = format!("cannot list the directory: {error}");
                        facts.problem(&directory, ProblemCode::UnreadableFile, message);
                        break;
                    }
                };
                let name = entry.file_name().into_vec();
                let path = if directory.is_empty() { name } else { [&directory, &b"/"[..], &name].concat() };
                let metadata = match entry.metadata() {
                    Ok(metadata) => metadata,
                    Err(error) => {
                        facts.problem(
                            &path,
                            ProblemCode::UnreadableFile,
                            format!("cannot look at the file: {error}"),
                        );
                        continue;
                    }
                };
                let kind = match metadata.file_type() {
                    t if t.is_dir() => NodeKind::Directory,
                    t if t.is_symlink() => NodeKind::Symlink,
                    t if t.is_file() => NodeKind::File,
                    t if t.is_fifo() || t.is_socket() || t.is_block_device() || t.is_char_device() => {
                        NodeKind::Special
                    }
                    _ => continue,
                };
                let link = match kind {
                    NodeKind::Symlink => {
                        fs::read_link(entry.path()).map(|link| link.into_os_string().into_vec())
                    }
                    _ => Ok(Vec::new()),
                };
                let new = NewNode {
                    path: &path,
                    link: &link.unwrap_or_default(),
                    kind,
                    mode: metadata.mode(),
                    size: metadata.len(),
                    offset: 0,
                    sparse: false,
                    uid: metadata.uid(),
                    gid: metadata.gid(),
                };
                // A file whose name looks like a whiteout is just a file here; the index would take it for one.
                let listed = !plimsoll_archive::path::file_name(&path).starts_with(b".wh.");
                if listed {
                    builder.push(&new).map_err(LayerError::from)?;
                }
                if let Some(summer) = &mut summer {
                    summer.path(&path);
                }
                if kind == NodeKind::File {
                    if facts.evidence.newest.as_ref().is_none_or(|(newest, _)| *newest < metadata.mtime()) {
                        facts.evidence.newest = Some((metadata.mtime(), path.clone().into()));
                    }
                    let summing = listed && self.wants_sum(selection, &path);
                    let mut sum = summer.as_mut().filter(|_| summing).map(|summer| summer.begin(new.size));
                    let content = self.tree_file(root, &path, &metadata, selection, &mut facts, &mut sum);
                    if listed {
                        let id = builder.content(content.unwrap_or_default());
                        if let (Some(summer), Some(sum)) = (&mut summer, sum.filter(|_| content.is_some())) {
                            summer.end(id, sum);
                        }
                    }
                }
                match kind {
                    NodeKind::Directory if is_root_file_system && VIRTUAL.contains(&&path[..]) => {}
                    NodeKind::Directory => pending.push(path),
                    _ => {}
                }
            }
        }
        facts.index = builder.finish();
        facts.evidence.sums = summer.map(Summer::finish).unwrap_or_default();
        facts.files.sort_by(|a, b| a.path.cmp(&b.path).then_with(|| a.analyzer.cmp(&b.analyzer)));
        Ok(facts)
    }

    /// Analyses the single file `name` in the directory `root`, as if it were alone there.
    ///
    /// # Errors
    ///
    /// When it cannot be looked at.
    pub fn single(&self, root: &Path, name: &[u8], selection: Selection) -> Result<LayerFacts, TreeError> {
        let path = absolute(root, name);
        let metadata = fs::metadata(&path).map_err(|source| TreeError::Root { path, source })?;
        let mut builder = IndexBuilder::default();
        let mut facts = LayerFacts::default();
        let new = NewNode {
            path: name,
            link: &[],
            kind: NodeKind::File,
            mode: metadata.mode(),
            size: metadata.len(),
            offset: 0,
            sparse: false,
            uid: metadata.uid(),
            gid: metadata.gid(),
        };
        builder.push(&new).map_err(LayerError::from)?;
        let content = self.tree_file(root, name, &metadata, selection, &mut facts, &mut None);
        builder.content(content.unwrap_or_default());
        facts.index = builder.finish();
        facts.files.sort_by(|a, b| a.path.cmp(&b.path).then_with(|| a.analyzer.cmp(&b.analyzer)));
        Ok(facts)
    }

    /// Looks at a file of the tree; `None` when it could not be read to its end, so that it has no digest.
    fn tree_file(
        &self,
        root: &Path,
        path: &[u8],
        metadata: &fs::Metadata,
        selection: Selection,
        facts: &mut LayerFacts,
        sum: &mut Option<FileSum>,
    ) -> Option<Content> {
        let mode = metadata.mode();
        let by_path = self.matcher().by_path(path) & selection;
        // Only what can run is looked into for its first bytes: opening every file of a tree is what costs most here.
        // Shared libraries need no permission to run.
        let library = || memchr::memmem::find(plimsoll_archive::path::file_name(path), b".so").is_some();
        if by_path == 0 && sum.is_none() && mode & 0o111 == 0 && !library() {
            return Some(Content::Other);
        }
        let fail = |facts: &mut LayerFacts, message: String| {
            facts.problem(path, ProblemCode::UnreadableFile, message);
            None
        };
        let file = match open(root, path) {
            Ok(file) => file,
            Err(error) if by_path != 0 => return fail(facts, format!("cannot open the file: {error}")),
            Err(_) => return None,
        };
        let mut head = [0; Matcher::HEAD];
        let read = match ReadAt::read_at(&file, &mut head, 0) {
            Ok(n) => n,
            Err(error) => return fail(facts, format!("cannot read the file: {error}")),
        };
        let head = head.get(..read).unwrap_or_default();
        let wanted = by_path | self.matcher().by_magic(path, head) & selection;
        if wanted != 0 {
            self.analyze(path, mode & 0o7777, &file, &[], wanted, &mut facts.files);
        }
        if let Some(hasher) = sum {
            let mut buffer = vec![0; (metadata.len().clamp(1, SUM_BUFFER)) as usize];
            let mut at = 0;
            loop {
                match ReadAt::read_at(&file, &mut buffer, at) {
                    Ok(0) => break,
                    Ok(n) => {
                        hasher.update(buffer.get(..n).unwrap_or_default());
                        at += n as u64;
                    }
                    Err(error) => return fail(facts, format!("cannot read the file: {error}")),
                }
            }
        }
        Some(Content::of(head))
    }
}

/// How much of a file is read at a time for its digests.
const SUM_BUFFER: u64 = 256 << 10;

/// Opens the regular file at `path` below `root`, for a second look at it.
///
/// # Errors
///
/// When it cannot be opened, or is no regular file any more.
pub fn open(root: &Path, path: &[u8]) -> io::Result<fs::File> {
    // O_NOFOLLOW and O_NONBLOCK: should the file have been replaced by a link or a FIFO since it was listed, this
    // fails instead of leaving the tree or waiting for ever.
    let file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(absolute(root, path))?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("not a regular file")) }
}

fn absolute(root: &Path, path: &[u8]) -> PathBuf {
    root.join(std::ffi::OsStr::from_bytes(path))
}

/// Why a directory could not be analysed.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The directory itself cannot be read.
    #[error("cannot read the directory {}", path.display())]
    Root {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A limit was reached, or the caller asked to stop.
    #[error(transparent)]
    Layer(#[from] LayerError),
}
