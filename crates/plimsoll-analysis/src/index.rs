//! The path index of a layer: what is at each path, and what the layer hides of the layers below it.
//!
//! Names lie in one block of memory and entries have a fixed width, so that a layer of a million files costs a few
//! tens of megabytes and no allocation per file.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;

use plimsoll_archive::path::{file_name, parent};
use serde::{Deserialize, Serialize};

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NodeKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// Another name for a file of the same layer.
    HardLink,
    /// A device or FIFO.
    Special,
}

/// What the first bytes of a regular file show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Content {
    /// Nothing that matters, or it was not looked at.
    #[default]
    Other,
    /// An ELF object: a program, a library.
    Elf,
    /// A script: `#!`.
    Script,
}

impl Content {
    /// Judges the first bytes of a file.
    pub fn of(head: &[u8]) -> Content {
        if head.starts_with(b"\x7fELF") {
            Content::Elf
        } else if head.starts_with(b"#!") {
            Content::Script
        } else {
            Content::Other
        }
    }
}

/// One path of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    path: Text,
    link: Text,
    /// What it is.
    pub kind: NodeKind,
    /// Permission bits.
    pub mode: u16,
    /// The file's size in bytes.
    pub size: u64,
    /// Where its data begins in the uncompressed layer.
    pub offset: u64,
    /// True when the stored data is not the content (a sparse file).
    pub sparse: bool,
    /// What its first bytes show, for a regular file.
    pub content: Content,
    /// The owner's place in the layer's list of owners.
    owner: u16,
}

impl Node {
    /// A number that no other node of the layer has; it grows in the order in which the layer was read.
    pub fn id(&self) -> u32 {
        self.path.start
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Text {
    start: u32,
    len: u32,
}

impl Text {
    fn range(self) -> Range<usize> {
        self.start as usize..(self.start as usize).saturating_add(self.len as usize)
    }
}

/// What a layer takes away from the layers below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Hider {
    path: Text,
    /// False: the path itself is deleted. True: all that the directory held below is.
    opaque: bool,
}

/// The paths of one layer, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerIndex {
    #[serde(with = "bytes")]
    names: Vec<u8>,
    nodes: Vec<Node>,
    hiders: Vec<Hider>,
    /// The owners that files have: user and group.
    owners: Vec<(u32, u32)>,
}

/// Serialises the names as one run of bytes, not one by one.
mod bytes {
    use bstr::{BString, ByteVec};
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let mut out = Vec::new();
        out.push_str(BString::deserialize(deserializer)?);
        Ok(out)
    }
}

impl LayerIndex {
    /// The path of a node of this index.
    pub fn path(&self, node: &Node) -> &[u8] {
        self.names.get(node.path.range()).unwrap_or_default()
    }

    /// The link target of a node of this index; empty for what is no link.
    pub fn link(&self, node: &Node) -> &[u8] {
        self.names.get(node.link.range()).unwrap_or_default()
    }

    /// The node with this id. For the few that are asked for: all are looked through.
    pub fn by_id(&self, id: u32) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id() == id)
    }

    /// The numbers of the user and the group that a node of this index belongs to.
    pub fn owner(&self, node: &Node) -> (u32, u32) {
        self.owners.get(usize::from(node.owner)).copied().unwrap_or_default()
    }

    /// What this layer deletes of the layers below: the path, and whether it is what a directory held (true) or the path itself.
    pub fn deletions(&self) -> impl Iterator<Item = (&[u8], bool)> + '_ {
        self.hiders.iter().map(|hider| (self.text(hider.path), hider.opaque))
    }

    /// All nodes in the order of their paths.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// What this layer has at `path`.
    pub fn get(&self, path: &[u8]) -> Option<&Node> {
        let at = self.nodes.binary_search_by(|node| self.path(node).cmp(path)).ok()?;
        self.nodes.get(at)
    }

    /// All that lies below the directory `path`, at any depth, in the order of paths.
    pub fn below<'a>(&'a self, path: &'a [u8]) -> impl Iterator<Item = &'a Node> + 'a {
        let order = |node: &Node| {
            let candidate = self.path(node);
            if path.is_empty() {
                return Ordering::Greater;
            }
            match candidate.get(..path.len()) {
                Some(head) if head == path => match candidate.get(path.len()) {
                    Some(byte) => byte.cmp(&b'/').then(Ordering::Greater),
                    None => Ordering::Less,
                },
                Some(head) => head.cmp(path),
                None => candidate.cmp(path),
            }
        };
        let start = self.nodes.partition_point(|node| order(node) == Ordering::Less);
        self.nodes.get(start..).unwrap_or_default().iter().take_while(move |node| {
            path.is_empty()
                || self.path(node).strip_prefix(path).is_some_and(|rest| rest.first() == Some(&b'/'))
        })
    }

    /// True when this layer deletes `path` from the layers below.
    pub fn deletes(&self, path: &[u8]) -> bool {
        self.hides(path, false)
    }

    /// True when this layer deletes all that the layers below have in the directory `path`.
    pub fn is_opaque(&self, path: &[u8]) -> bool {
        self.hides(path, true)
    }

    /// True when what the layers below have at `path` itself is gone: deleted, replaced, or under a directory that this
    /// layer lists only by what is in it.
    pub(crate) fn replaces(&self, path: &[u8]) -> bool {
        self.deletes(path) || self.get(path).is_some() || self.below(path).next().is_some()
    }

    fn hides(&self, path: &[u8], opaque: bool) -> bool {
        self.hiders
            .binary_search_by(|hider| self.text(hider.path).cmp(path).then(hider.opaque.cmp(&opaque)))
            .is_ok()
    }

    fn text(&self, text: Text) -> &[u8] {
        self.names.get(text.range()).unwrap_or_default()
    }
}

/// The most paths that a layer may have.
pub const MAX_NODES: usize = 8_000_000;
/// The most bytes that the names of a layer may have together.
const MAX_NAMES: usize = 1 << 30;

/// The most replaced entries that are remembered.
const MAX_DUPLICATES: usize = 1000;

/// A regular file of a layer that a later entry of the same layer replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duplicate {
    /// The id of the one that is gone.
    pub replaced: u32,
    /// The id of the one that counts.
    pub kept: u32,
    /// Whether both have the same size.
    pub same_size: bool,
}

/// A layer has more paths, or longer ones, than any real image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the layer has more than {MAX_NODES} paths or more than {MAX_NAMES} bytes of names")]
pub struct TooManyPaths;

/// Makes an index from entries in the order of the layer's archive.
#[derive(Default)]
pub struct IndexBuilder {
    index: LayerIndex,
    owners: HashMap<(u32, u32), u16>,
}

/// What an entry is to the index.
#[derive(Debug, Clone, Copy)]
pub struct NewNode<'a> {
    /// The normal path.
    pub path: &'a [u8],
    /// The link target; for a hard link the normal path.
    pub link: &'a [u8],
    /// What it is.
    pub kind: NodeKind,
    /// Permission bits.
    pub mode: u32,
    /// The file's size.
    pub size: u64,
    /// Where its data begins.
    pub offset: u64,
    /// True for a sparse file.
    pub sparse: bool,
    /// The owner's number.
    pub uid: u32,
    /// The owning group's number.
    pub gid: u32,
}

/// The most different owners that are told apart in a layer.
const MAX_OWNERS: usize = u16::MAX as usize;

impl IndexBuilder {
    /// Takes in an entry. Whiteouts (image-spec, "Whiteouts") become what they hide; false says that the entry was one,
    /// or belongs to the bookkeeping of AUFS.
    ///
    /// # Errors
    ///
    /// When a limit is reached.
    pub fn push(&mut self, new: &NewNode<'_>) -> Result<bool, TooManyPaths> {
        let name = file_name(new.path);
        if let Some(hidden) = name.strip_prefix(b".wh.") {
            let directory = parent(new.path);
            if hidden == b".wh..opq" {
                let path = self.text(&[directory])?;
                self.index.hiders.push(Hider { path, opaque: true });
            } else if !hidden.starts_with(b".wh.") && !hidden.is_empty() {
                let path = if directory.is_empty() {
                    self.text(&[hidden])?
                } else {
                    self.text(&[directory, b"/", hidden])?
                };
                self.index.hiders.push(Hider { path, opaque: false });
            }
            return Ok(false);
        }
        if self.index.nodes.len() >= MAX_NODES {
            return Err(TooManyPaths);
        }
        let path = self.text(&[new.path])?;
        let link = if new.link.is_empty() { Text { start: 0, len: 0 } } else { self.text(&[new.link])? };
        let owner = self.owner(new.uid, new.gid);
        self.index.nodes.push(Node {
            path,
            link,
            kind: new.kind,
            mode: (new.mode & 0o7777) as u16,
            size: new.size,
            offset: new.offset,
            sparse: new.sparse,
            content: Content::Other,
            owner,
        });
        Ok(true)
    }

    /// Notes what the first bytes of the entry taken in last show, and gives its id.
    pub fn content(&mut self, content: Content) -> u32 {
        self.index.nodes.last_mut().map_or(0, |node| {
            node.content = content;
            node.id()
        })
    }

    /// The place of an owner in the list. Of a hostile number of owners, those beyond the list's end count as the first.
    fn owner(&mut self, uid: u32, gid: u32) -> u16 {
        let last = self.index.nodes.last().map_or(0, |node| node.owner);
        let owners = &mut self.index.owners;
        if owners.get(usize::from(last)) == Some(&(uid, gid)) {
            return last;
        }
        *self.owners.entry((uid, gid)).or_insert_with(|| {
            if owners.len() >= MAX_OWNERS {
                return 0;
            }
            owners.push((uid, gid));
            (owners.len() - 1) as u16
        })
    }

    /// The index. Of several entries with one path the last counts, as it does when the archive is unpacked.
    pub fn finish(self) -> LayerIndex {
        self.finish_with_duplicates().0
    }

    /// The index, and the regular files that an entry of the same path replaced with another regular file: both ids and both sizes.
    pub fn finish_with_duplicates(self) -> (LayerIndex, Vec<Duplicate>) {
        let mut duplicates = Vec::new();
        let LayerIndex { mut names, mut nodes, mut hiders, owners } = self.index;
        // The index lives as long as the scan; what its vectors grew beyond need does not have to.
        names.shrink_to_fit();
        nodes.shrink_to_fit();
        let text = |text: Text| names.get(text.range()).unwrap_or_default();
        if !nodes.is_sorted_by(|a, b| text(a.path) < text(b.path)) {
            nodes.sort_by(|a, b| text(a.path).cmp(text(b.path)));
            nodes.reverse();
            nodes.dedup_by(|earlier, kept| {
                let same = text(earlier.path) == text(kept.path);
                if same
                    && earlier.kind == NodeKind::File
                    && kept.kind == NodeKind::File
                    && duplicates.len() < MAX_DUPLICATES
                {
                    duplicates.push(Duplicate {
                        replaced: earlier.id(),
                        kept: kept.id(),
                        same_size: earlier.size == kept.size,
                    });
                }
                same
            });
            nodes.reverse();
        }
        hiders.sort_by(|a, b| text(a.path).cmp(text(b.path)).then(a.opaque.cmp(&b.opaque)));
        (LayerIndex { names, nodes, hiders, owners }, duplicates)
    }

    fn text(&mut self, parts: &[&[u8]]) -> Result<Text, TooManyPaths> {
        let names = &mut self.index.names;
        let start = u32::try_from(names.len()).map_err(|_| TooManyPaths)?;
        for part in parts {
            names.extend_from_slice(part);
        }
        if names.len() > MAX_NAMES {
            return Err(TooManyPaths);
        }
        Ok(Text { start, len: (names.len() - start as usize) as u32 })
    }
}
