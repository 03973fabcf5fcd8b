//! The merged view over the layers of an image: what is at a path when all layers lie on each other, with links
//! resolved inside the image. Nothing is copied; every question is answered from the layers' sorted indexes.
//!
//! Follows image-spec v1.1, "Image Layer Filesystem Changeset": whiteouts, opaque directories, replaced nodes.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use plimsoll_archive::path::{file_name, join_link, parent};

use crate::index::{LayerIndex, Node, NodeKind};

/// The most links that are followed for one path; Linux stops at 40 too.
const MAX_LINKS: u32 = 40;

/// The most entries that the listing of one directory gives.
const MAX_CHILDREN: usize = 100_000;

/// The layers of an image as one file system.
pub struct View<'a> {
    layers: Vec<&'a LayerIndex>,
    /// For a directory: the layer below which nothing in it is visible.
    floors: RefCell<HashMap<Vec<u8>, usize>>,
}

/// A file found in the view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<'a> {
    /// The layer that has its content.
    pub layer: usize,
    /// Its path in that layer.
    pub path: Vec<u8>,
    /// Its node there; `None` for a directory that no layer lists but that has something in it.
    pub node: Option<&'a Node>,
}

impl Found<'_> {
    /// What it is.
    pub fn kind(&self) -> NodeKind {
        self.node.map_or(NodeKind::Directory, |node| node.kind)
    }
}

/// Why a path leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// Links lead in a circle, or are too many.
    #[error("too many links, or links in a circle")]
    Loop,
    /// A link leads to something that is not there.
    #[error("the link's target is not in the image")]
    Dangling,
}

impl<'a> View<'a> {
    /// The view over `layers` from the base.
    pub fn new(layers: Vec<&'a LayerIndex>) -> View<'a> {
        View { layers, floors: RefCell::default() }
    }

    /// The layers.
    pub fn layers(&self) -> &[&'a LayerIndex] {
        &self.layers
    }

    /// True when what `layer` has at `path` is still there after all later layers.
    pub fn is_alive(&self, path: &[u8], layer: usize) -> bool {
        layer >= self.floor(parent(path))
            && !self.layers.get(layer + 1..).unwrap_or_default().iter().any(|above| {
                above.deletes(path) || above.get(path).is_some()
            })
    }

    /// The layer that hides what is at `path` in `layer`: the lowest above it that deletes or replaces it.
    pub fn hidden_by(&self, path: &[u8], layer: usize) -> Option<usize> {
        (layer + 1..self.layers.len()).find(|&above| {
            let index = self.layers[above];
            index.deletes(path)
                || index.get(path).is_some()
                || ancestors(path).any(|dir| {
                    index.deletes(dir)
                        || index.is_opaque(dir)
                        || index.get(dir).is_some_and(|node| node.kind != NodeKind::Directory)
                })
        })
    }

    /// What is at `path`, without following a link in its last component or in any other.
    pub fn lookup(&self, path: &[u8]) -> Option<Found<'a>> {
        if path.is_empty() {
            return Some(Found { layer: 0, path: Vec::new(), node: None });
        }
        let floor = self.floor(parent(path));
        for layer in (floor..self.layers.len()).rev() {
            let index = self.layers[layer];
            if let Some(node) = index.get(path) {
                return Some(Found { layer, path: path.to_vec(), node: Some(node) });
            }
            if index.below(path).next().is_some() {
                return Some(Found { layer, path: path.to_vec(), node: None });
            }
            if index.deletes(path) {
                return None;
            }
        }
        None
    }

    /// What is at `path` when every link on the way is followed, inside the image. A hard link leads to the file whose
    /// other name it is.
    ///
    /// # Errors
    ///
    /// When links lead in a circle or to nothing. A path that is simply not there is `None`.
    pub fn resolve(&self, path: &[u8]) -> Result<Option<Found<'a>>, ResolveError> {
        let mut links = 0;
        let mut done: Vec<u8> = Vec::new();
        let mut rest: Vec<Vec<u8>> = components(path);
        rest.reverse();
        while let Some(component) = rest.pop() {
            let mut here = done.clone();
            if !here.is_empty() {
                here.push(b'/');
            }
            here.extend_from_slice(&component);
            let Some(found) = self.lookup(&here) else {
                return if links == 0 { Ok(None) } else { Err(ResolveError::Dangling) };
            };
            match found.kind() {
                NodeKind::Symlink => {
                    links += 1;
                    let target = found.node.map(|node| self.layers[found.layer].link(node)).unwrap_or_default();
                    if links > MAX_LINKS || target.is_empty() {
                        return Err(ResolveError::Loop);
                    }
                    rest.extend(components(&join_link(&here, target)).into_iter().rev());
                    if rest.len() > 10_000 {
                        return Err(ResolveError::Loop);
                    }
                    done.clear();
                }
                NodeKind::Directory => done = here,
                _ if !rest.is_empty() => return if links == 0 { Ok(None) } else { Err(ResolveError::Dangling) },
                NodeKind::HardLink => return self.hard_link(found).map(Some),
                NodeKind::File | NodeKind::Special => return Ok(Some(found)),
            }
        }
        Ok(self.lookup(&done))
    }

    /// The file whose other name a hard link is: in the link's own layer, or (which no builder should write, but some
    /// do) in one below it.
    fn hard_link(&self, link: Found<'a>) -> Result<Found<'a>, ResolveError> {
        let mut here = link;
        for _ in 0..MAX_LINKS {
            let Some(node) = here.node.filter(|node| node.kind == NodeKind::HardLink) else {
                return if here.kind() == NodeKind::File { Ok(here) } else { Err(ResolveError::Dangling) };
            };
            let target = self.layers[here.layer].link(node).to_vec();
            here = (0..=here.layer)
                .rev()
                .find_map(|layer| {
                    let node = self.layers[layer].get(&target)?;
                    Some(Found { layer, path: target.clone(), node: Some(node) })
                })
                .ok_or(ResolveError::Dangling)?;
        }
        Err(ResolveError::Loop)
    }

    /// The names in the directory `path` (no link is followed), sorted, each with what it is.
    pub fn children(&self, path: &[u8]) -> Vec<Found<'a>> {
        let mut names = BTreeSet::new();
        for index in self.layers.iter().skip(self.floor(path)) {
            let skip = if path.is_empty() { 0 } else { path.len() + 1 };
            for node in index.below(path) {
                let rest = index.path(node).get(skip..).unwrap_or_default();
                let name = rest.split(|&byte| byte == b'/').next().unwrap_or_default();
                if !name.is_empty() && names.len() < MAX_CHILDREN && !names.contains(name) {
                    names.insert(name);
                }
            }
        }
        names
            .into_iter()
            .filter_map(|name| {
                let mut child = path.to_vec();
                if !child.is_empty() {
                    child.push(b'/');
                }
                child.extend_from_slice(name);
                self.lookup(&child)
            })
            .collect()
    }

    /// The lowest layer whose content in the directory `path` can be visible.
    fn floor(&self, path: &[u8]) -> usize {
        if let Some(&floor) = self.floors.borrow().get(path) {
            return floor;
        }
        // From the root down, so that no depth of nesting can exhaust the stack.
        let mut floor = (0..self.layers.len()).rev().find(|&layer| self.layers[layer].is_opaque(b"")).unwrap_or(0);
        for dir in ancestors(path).chain((!path.is_empty()).then_some(path)) {
            let known = self.floors.borrow().get(dir).copied();
            floor = known.unwrap_or_else(|| {
                let own = (floor..self.layers.len()).rev().find_map(|layer| {
                    let index = self.layers[layer];
                    if index.get(dir).is_some_and(|node| node.kind != NodeKind::Directory) {
                        Some(layer + 1)
                    } else if index.deletes(dir) || index.is_opaque(dir) {
                        Some(layer)
                    } else {
                        None
                    }
                });
                let floor = floor.max(own.unwrap_or(0));
                self.floors.borrow_mut().insert(dir.to_vec(), floor);
                floor
            });
        }
        floor
    }
}

/// The directories above `path`, from the one nearest to the root; the root itself is left out.
fn ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    memchr::memchr_iter(b'/', path).map(|at| &path[..at])
}

fn components(path: &[u8]) -> Vec<Vec<u8>> {
    path.split(|&byte| byte == b'/').filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect()
}

/// The path of `name` in the directory `directory`.
pub fn join(directory: &[u8], path: &[u8]) -> Vec<u8> {
    let name = file_name(path);
    if directory.is_empty() { name.to_vec() } else { [directory, b"/", name].concat() }
}
