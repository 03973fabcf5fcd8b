//! All that is there in the merged file system at once, for rules that look at every path or ask for very many: one pass
//! over the layers instead of a question to each layer for each path.

use std::collections::{HashMap, HashSet};

use plimsoll_archive::path::parent;

use crate::index::{LayerIndex, Node, NodeKind};

/// A path of a layer.
#[derive(Debug, Clone, Copy)]
pub struct Live<'a> {
    /// The layer that it comes from.
    pub layer: usize,
    /// The layer's index.
    pub index: &'a LayerIndex,
    /// Its node.
    pub node: &'a Node,
}

impl<'a> Live<'a> {
    /// The path.
    pub fn path(&self) -> &'a [u8] {
        self.index.path(self.node)
    }

    /// The target of a link.
    pub fn link(&self) -> &'a [u8] {
        self.index.link(self.node)
    }

    /// The numbers of its owner: user and group.
    pub fn owner(&self) -> (u32, u32) {
        self.index.owner(self.node)
    }

    /// True for a regular file that may be run.
    pub fn is_executable(&self) -> bool {
        self.node.kind == NodeKind::File && self.node.mode & 0o111 != 0
    }
}

/// Layer and node of a path.
type At = (u32, u32);

/// What is there and what is not, as places in the layers' indexes.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// Sorted by path.
    live: Vec<At>,
    hidden: Vec<At>,
}

/// The paths that are there in the merged file system, each with the layer and node that it shows, and those that are not.
#[derive(Debug, Clone, Copy)]
pub struct Merged<'a, 'b> {
    layers: &'b [&'a LayerIndex],
    places: &'b Places,
}

/// The most bytes of directories that are looked at for all paths together; tens of times what the largest images need. Beyond
/// that, only hostile ones go: paths of thousands of directories each.
const MAX_WORK: usize = 4 << 30;

/// Whether all paths can be looked at with all directories that they lie in.
pub(crate) fn is_shallow(layers: &[&LayerIndex]) -> bool {
    let work = |index: &LayerIndex| {
        index
            .nodes()
            .iter()
            .map(|node| index.path(node))
            .map(|path| path.len().saturating_mul(memchr::memchr_iter(b'/', path).count()))
            .fold(0_usize, usize::saturating_add)
    };
    layers.iter().map(|index| work(index)).fold(0, usize::saturating_add) <= MAX_WORK
}

impl Places {
    /// The same as [`Places::new`], for paths so deep that each is better asked for by itself.
    pub(crate) fn by_asking(layers: &[&LayerIndex], is_alive: impl Fn(&[u8], usize) -> bool) -> Places {
        let mut live: Vec<(At, &[u8])> = Vec::new();
        let mut hidden = Vec::new();
        for (layer, index) in layers.iter().enumerate() {
            for (number, node) in index.nodes().iter().enumerate() {
                let (at, path) = ((layer as u32, number as u32), index.path(node));
                if is_alive(path, layer) { live.push((at, path)) } else { hidden.push(at) }
            }
        }
        live.sort_by(|a, b| a.1.cmp(b.1));
        Places { live: live.into_iter().map(|(at, _)| at).collect(), hidden }
    }

    /// Lays `layers` on each other, from the base.
    pub(crate) fn new(layers: &[&LayerIndex]) -> Places {
        let count = layers.iter().map(|index| index.nodes().len()).sum();
        let mut live: Vec<(At, &[u8])> = Vec::with_capacity(count);
        let mut hidden = Vec::new();
        let mut above = Above::default();
        above.kinds.reserve(count);
        for (layer, index) in layers.iter().enumerate().rev() {
            // Nodes are sorted, so a directory's state serves all that lie in it.
            let mut directory: Option<(&[u8], bool)> = None;
            for (number, node) in index.nodes().iter().enumerate() {
                let path = index.path(node);
                let inside = parent(path);
                let reachable = match directory {
                    Some((known, reachable)) if known == inside => reachable,
                    _ => above.shows(inside),
                };
                directory = Some((inside, reachable));
                let at = (layer as u32, number as u32);
                // A directory stays what it is when a layer above lists only what is in it.
                let covered = node.kind != NodeKind::Directory && above.implied.contains(path);
                let deleted = above.gone.get(path).is_some_and(|opaque| !opaque);
                if reachable && !covered && !deleted && !above.kinds.contains_key(path) {
                    live.push((at, path));
                } else {
                    hidden.push(at);
                }
            }
            // Also what is hidden itself: a link that a directory replaced hides what the directory held before it.
            for node in index.nodes() {
                let kind = above.kinds.entry(index.path(node)).or_insert(node.kind);
                if node.kind != NodeKind::Directory {
                    *kind = node.kind;
                }
            }
            for (path, opaque) in index.deletions() {
                let entry = above.gone.entry(path).or_insert(opaque);
                *entry &= opaque;
            }
            if layer > 0 {
                above.imply(index);
            }
        }
        live.sort_by(|a, b| a.1.cmp(b.1));
        hidden.sort_unstable();
        Places { live: live.into_iter().map(|(at, _)| at).collect(), hidden }
    }
}

/// What the layers above a layer do to it.
#[derive(Default)]
struct Above<'a> {
    /// What they have, be it a directory in one and something else in another, then that.
    kinds: HashMap<&'a [u8], NodeKind>,
    /// What they delete: a path with all below it, or (true) only what is below.
    gone: HashMap<&'a [u8], bool>,
    /// Directories that they have only by what is in them.
    implied: HashSet<&'a [u8]>,
}

impl<'a> Above<'a> {
    /// Whether what lies in a directory can be seen: nothing hides the directory or one that it lies in.
    fn shows(&self, directory: &[u8]) -> bool {
        if self.gone.contains_key(&b""[..]) {
            return false;
        }
        let mut here = directory;
        while !here.is_empty() {
            if self.gone.contains_key(here)
                || self.kinds.get(here).is_some_and(|kind| *kind != NodeKind::Directory)
            {
                return false;
            }
            here = parent(here);
        }
        true
    }

    fn imply(&mut self, index: &'a LayerIndex) {
        for node in index.nodes() {
            let mut inside = parent(index.path(node));
            while !inside.is_empty() && !self.kinds.contains_key(inside) && self.implied.insert(inside) {
                inside = parent(inside);
            }
        }
    }
}

impl<'a, 'b> Merged<'a, 'b> {
    pub(crate) fn new(layers: &'b [&'a LayerIndex], places: &'b Places) -> Merged<'a, 'b> {
        Merged { layers, places }
    }

    /// All that is there, in the order of paths.
    pub fn live(self) -> impl Iterator<Item = Live<'a>> + 'b {
        self.places.live.iter().filter_map(move |at| self.at(*at))
    }

    /// All that a later layer deletes or replaces, in the order of layers and paths: it ships with the image, but no container sees
    /// it.
    pub fn hidden(self) -> impl Iterator<Item = Live<'a>> + 'b {
        self.places.hidden.iter().filter_map(move |at| self.at(*at))
    }

    /// What is at `path`; no link is followed.
    pub fn get(self, path: &[u8]) -> Option<Live<'a>> {
        self.place(path).and_then(|place| self.nth(place))
    }

    /// The place of `path` in [`Merged::live`].
    pub fn place(self, path: &[u8]) -> Option<usize> {
        let key = |at: &At| self.at(*at).map_or(&b""[..], |live| live.path());
        self.places.live.binary_search_by(|at| key(at).cmp(path)).ok()
    }

    /// The path at this place of [`Merged::live`].
    pub fn nth(self, place: usize) -> Option<Live<'a>> {
        self.places.live.get(place).and_then(|at| self.at(*at))
    }

    /// How many paths are there.
    pub fn len(self) -> usize {
        self.places.live.len()
    }

    /// True when nothing is there.
    pub fn is_empty(self) -> bool {
        self.places.live.is_empty()
    }

    fn at(self, (layer, number): At) -> Option<Live<'a>> {
        let index = *self.layers.get(layer as usize)?;
        Some(Live { layer: layer as usize, index, node: index.nodes().get(number as usize)? })
    }
}
