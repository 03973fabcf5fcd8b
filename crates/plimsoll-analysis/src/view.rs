//! The merged view over the layers of an image: what is at a path when all layers lie on each other, with links
//! resolved inside the image. Nothing is copied; every question is answered from the layers' sorted indexes.
//!
//! Follows image-spec v1.1, "Image Layer Filesystem Changeset": whiteouts, opaque directories, replaced nodes.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeSet, HashMap};

use plimsoll_archive::path::{file_name, parent};

use crate::index::{LayerIndex, Node, NodeKind};
use crate::merged::{Merged, Places, is_shallow};

/// The most links that are followed for one path; Linux stops at 40 too.
const MAX_LINKS: u32 = 40;

/// The layers of an image as one file system.
pub struct View<'a> {
    layers: Vec<&'a LayerIndex>,
    floors: RefCell<Vec<Directory>>,
    merged: OnceCell<Places>,
}

/// What is known of a directory that was asked for. Kept as a tree, so that a deep path costs no more than its bytes.
struct Directory {
    /// The layer below which nothing in it is visible.
    floor: usize,
    /// Its directories by name, as numbers in the list of all.
    children: HashMap<Vec<u8>, usize>,
}

impl Directory {
    fn new(floor: usize) -> Directory {
        Directory { floor, children: HashMap::new() }
    }
}

/// A directory on the way down from the root.
#[derive(Clone, Copy)]
struct Place {
    /// Its number in the list of all; `None` when it is not remembered.
    number: Option<usize>,
    floor: usize,
}

/// The most directories whose floors are remembered; others are worked out each time.
const MAX_FLOORS: usize = 1_000_000;

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
        let floor = (0..layers.len()).rev().find(|&layer| layers[layer].is_opaque(b"")).unwrap_or(0);
        View { layers, floors: RefCell::new(vec![Directory::new(floor)]), merged: OnceCell::new() }
    }

    /// The layers.
    pub fn layers(&self) -> &[&'a LayerIndex] {
        &self.layers
    }

    /// All paths at once, for who asks for very many.
    pub fn merged(&self) -> Merged<'a, '_> {
        let places = self.merged.get_or_init(|| match is_shallow(&self.layers) {
            true => Places::new(&self.layers),
            false => Places::by_asking(&self.layers, |path, layer| self.is_alive(path, layer)),
        });
        Merged::new(&self.layers, places)
    }

    /// True when what `layer` has at `path` is still there after all later layers.
    pub fn is_alive(&self, path: &[u8], layer: usize) -> bool {
        layer >= self.floor(parent(path))
            && !self.layers.get(layer + 1..).unwrap_or_default().iter().any(|above| above.replaces(path))
    }

    /// The layer that hides what is at `path` in `layer`: the lowest above it that deletes or replaces it.
    pub fn hidden_by(&self, path: &[u8], layer: usize) -> Option<usize> {
        (layer + 1..self.layers.len()).find(|&above| {
            let index = self.layers[above];
            index.replaces(path)
                || index.is_opaque(b"")
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
        self.lookup_above(self.floor(parent(path)), path)
    }

    /// What is at `path`, whose directory's floor is known.
    fn lookup_above(&self, floor: usize, path: &[u8]) -> Option<Found<'a>> {
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
    /// When links lead in a circle, or the path is itself a link that leads to nothing. A path that is simply not
    /// there is `None`.
    pub fn resolve(&self, path: &[u8]) -> Result<Option<Found<'a>>, ResolveError> {
        self.walk(path, &mut 0)
    }

    /// The same, with the links counted that were followed so far.
    fn walk(&self, path: &[u8], links: &mut u32) -> Result<Option<Found<'a>>, ResolveError> {
        let mut is_link = false;
        let missing = |is_link: bool| if is_link { Err(ResolveError::Dangling) } else { Ok(None) };
        // Where the walk is: no component of it is a link.
        let mut done: Vec<u8> = Vec::new();
        let mut places = vec![self.root()];
        let mut rest: Vec<Vec<u8>> = components(path);
        rest.reverse();
        while let Some(component) = rest.pop() {
            // As in a chroot, the root's parent is the root.
            if component == b".." {
                done.truncate(parent(&done).len());
                places.truncate(places.len().saturating_sub(1).max(1));
                continue;
            }
            let place = places.last().copied().unwrap_or_else(|| self.root());
            let here =
                if done.is_empty() { component.clone() } else { [&done, &b"/"[..], &component].concat() };
            let Some(mut found) = self.lookup_above(place.floor, &here) else { return missing(is_link) };
            if found.kind() == NodeKind::HardLink {
                is_link |= rest.is_empty();
                found = match self.hard_link(found, links) {
                    Err(ResolveError::Dangling) if !rest.is_empty() => return missing(is_link),
                    result => result?,
                };
            }
            match found.kind() {
                NodeKind::Symlink => {
                    *links += 1;
                    is_link |= rest.is_empty();
                    let target =
                        found.node.map(|node| self.layers[found.layer].link(node)).unwrap_or_default();
                    if *links > MAX_LINKS || target.is_empty() {
                        return Err(ResolveError::Loop);
                    }
                    if target.starts_with(b"/") {
                        done.clear();
                        places.truncate(1);
                    }
                    rest.extend(components(target).into_iter().rev());
                    if rest.len() > 10_000 {
                        return Err(ResolveError::Loop);
                    }
                }
                NodeKind::Directory => {
                    places.push(self.enter(place, &here, &component));
                    done = here;
                }
                _ if !rest.is_empty() => return missing(is_link),
                _ => return Ok(Some(found)),
            }
        }
        Ok(self.lookup(&done))
    }

    /// The file (or symbolic link) whose other name a hard link is: in the link's own layer, or (which no builder
    /// should write, but some do) in one below it.
    fn hard_link(&self, link: Found<'a>, links: &mut u32) -> Result<Found<'a>, ResolveError> {
        let mut here = link;
        while let Some(node) = here.node.filter(|node| node.kind == NodeKind::HardLink) {
            *links += 1;
            if *links > MAX_LINKS {
                return Err(ResolveError::Loop);
            }
            let target = self.layers[here.layer].link(node);
            let at = |path: &[u8]| {
                (0..=here.layer).rev().find_map(|layer| {
                    let node = self.layers[layer].get(path)?;
                    Some(Found { layer, path: path.to_vec(), node: Some(node) })
                })
            };
            here = match at(target) {
                Some(found) => found,
                // Written by its name through a linked directory.
                None => {
                    let directory = self.walk(parent(target), links)?.ok_or(ResolveError::Dangling)?;
                    at(&join(&directory.path, target)).ok_or(ResolveError::Dangling)?
                }
            };
        }
        match here.kind() {
            NodeKind::Directory => Err(ResolveError::Dangling),
            _ => Ok(here),
        }
    }

    /// The names in the directory `path` (no link is followed), sorted, each with what it is.
    pub fn children(&self, path: &[u8]) -> Vec<Found<'a>> {
        let mut names = BTreeSet::new();
        for index in self.layers.iter().skip(self.floor(path)) {
            let skip = if path.is_empty() { 0 } else { path.len() + 1 };
            for node in index.below(path) {
                let rest = index.path(node).get(skip..).unwrap_or_default();
                let name = rest.split(|&byte| byte == b'/').next().unwrap_or_default();
                if !name.is_empty() {
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
        // From the root down, so that no depth of nesting can exhaust the stack.
        let mut place = self.root();
        let mut begin = 0;
        while begin < path.len() {
            let end = memchr::memchr(b'/', &path[begin..]).map_or(path.len(), |at| begin + at);
            place = self.enter(place, &path[..end], &path[begin..end]);
            begin = end + 1;
        }
        place.floor
    }

    fn root(&self) -> Place {
        Place { number: Some(0), floor: self.floors.borrow().first().map_or(0, |root| root.floor) }
    }

    /// Goes down into the directory `path`, whose last component is `name`.
    fn enter(&self, from: Place, path: &[u8], name: &[u8]) -> Place {
        let mut known = self.floors.borrow_mut();
        let child = from.number.and_then(|number| known.get(number)?.children.get(name).copied());
        if let Some((number, directory)) = child.and_then(|child| Some((child, known.get(child)?))) {
            return Place { number: Some(number), floor: directory.floor };
        }
        let floor = self.own_floor(path, from.floor);
        let child = known.len();
        let parent = from.number.filter(|_| child < MAX_FLOORS).and_then(|number| known.get_mut(number));
        let number = parent.map(|parent| {
            parent.children.insert(name.to_vec(), child);
            child
        });
        if number.is_some() {
            known.push(Directory::new(floor));
        }
        Place { number, floor }
    }

    /// The lowest layer, not below `floor`, whose content in `dir` is not hidden by what layers have at `dir` itself.
    fn own_floor(&self, dir: &[u8], floor: usize) -> usize {
        let hides = |layer: usize| {
            let index = self.layers[layer];
            if index.get(dir).is_some_and(|node| node.kind != NodeKind::Directory) {
                Some(layer + 1)
            } else {
                (index.deletes(dir) || index.is_opaque(dir)).then_some(layer)
            }
        };
        (floor..self.layers.len()).rev().find_map(hides).unwrap_or(floor)
    }
}

/// The directories above `path`, from the one nearest to the root; the root itself is left out.
fn ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    memchr::memchr_iter(b'/', path).map(|at| &path[..at])
}

fn components(path: &[u8]) -> Vec<Vec<u8>> {
    path.split(|&byte| byte == b'/').filter(|part| !matches!(*part, b"" | b".")).map(<[u8]>::to_vec).collect()
}

/// The path of the last component of `path` in the directory `directory`.
pub fn join(directory: &[u8], path: &[u8]) -> Vec<u8> {
    let name = file_name(path);
    if directory.is_empty() { name.to_vec() } else { [directory, b"/", name].concat() }
}
