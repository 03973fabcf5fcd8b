//! The files of a target by the paths that package databases and layers give them: through linked directories, and through links
//! that a layer writes through.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use plimsoll_archive::path::{file_name, join_link, parent};

use crate::index::NodeKind;
use crate::merged::Live;
use crate::view::{View, join};

/// What is known of the links of a target, for all that ask for its files. It holds no borrowed data, so that
/// [`crate::ImageContext`] can keep it beside what it is made of.
#[derive(Debug)]
pub(crate) struct Links {
    /// Where directories really are, as far as they were asked for.
    directories: RefCell<HashMap<Vec<u8>, Option<Vec<u8>>>>,
    /// What layers write through a link that a layer below has at the root, such as `bin/ls` where `bin` leads to `usr/bin`: by the
    /// path where runtimes put it, the layer and its path there.
    through: BTreeMap<Vec<u8>, (usize, Vec<u8>)>,
    /// Those links at the root, and where they lead.
    roots: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Links {
    /// Looks through the layers of `view` for links at the root.
    pub(crate) fn new(view: &View<'_>) -> Links {
        let mut through = BTreeMap::new();
        // The links at the root so far, from the base up.
        let mut roots: BTreeMap<&[u8], Vec<u8>> = BTreeMap::new();
        for (layer, &index) in view.layers().iter().enumerate() {
            for (link, target) in &roots {
                if index.get(link).is_some() || index.deletes(link) || index.is_opaque(b"") {
                    continue;
                }
                for node in index.below(link) {
                    let path = index.path(node);
                    let rest = path.get(link.len()..).unwrap_or_default();
                    through.insert([target, rest].concat(), (layer, path.to_vec()));
                }
            }
            roots
                .retain(|link, _| index.get(link).is_none() && !index.deletes(link) && !index.is_opaque(b""));
            for node in index.nodes().iter().filter(|node| node.kind == NodeKind::Symlink) {
                let path = index.path(node);
                if !path.contains(&b'/') {
                    roots.insert(path, join_link(path, index.link(node)));
                }
            }
        }
        let roots = roots.into_iter().map(|(link, target)| (link.to_vec(), target)).collect();
        Links { directories: RefCell::default(), through, roots }
    }
}

/// What a step down to a directory comes to.
enum Step {
    /// It is there: where it really is.
    Directory(Vec<u8>),
    /// It is not there.
    Nothing,
    /// It must be looked for from the root.
    Unclear,
}

/// Looks files up. What it finds out of directories serves all that ask after.
#[derive(Clone, Copy)]
pub struct Files<'c, 'a> {
    view: &'a View<'a>,
    links: &'c Links,
}

impl<'c, 'a> Files<'c, 'a> {
    pub(crate) fn new(view: &'a View<'a>, links: &'c Links) -> Files<'c, 'a> {
        Files { view, links }
    }

    /// `path` with the links of its directory followed; `None` when that directory is not there. A link in the last component
    /// stays one.
    pub fn real(self, path: &[u8]) -> Option<Vec<u8>> {
        self.in_directory(path, |directory| Some(join(directory?, path)))
    }

    /// Gives `use_it` where the directory of `path` really is; `None` when it is not there.
    pub(crate) fn in_directory<T>(self, path: &[u8], use_it: impl FnOnce(Option<&[u8]>) -> T) -> T {
        let directory = parent(path);
        if directory.is_empty() {
            return use_it(Some(b""));
        }
        if let Some(known) = self.links.directories.borrow().get(directory) {
            return use_it(known.as_deref());
        }
        let found = match self.step(directory) {
            Step::Directory(found) => Some(found),
            Step::Nothing => None,
            Step::Unclear => {
                let found = self.view.resolve(parent(&self.lies_at(path))).ok().flatten();
                found.filter(|found| found.kind() == NodeKind::Directory).map(|found| found.path)
            }
        };
        let result = use_it(found.as_deref());
        self.links.directories.borrow_mut().insert(directory.to_vec(), found);
        result
    }

    /// Goes one step down to `directory` from the one that it lies in, where that is known: databases list directories before
    /// what is in them, and a walk from the root costs much more.
    fn step(self, directory: &[u8]) -> Step {
        let known = self.links.directories.borrow();
        let Some(above) = known.get(parent(directory)) else { return Step::Unclear };
        let Some(above) = above else { return Step::Nothing };
        if matches!(file_name(directory), b"" | b"." | b"..") {
            return Step::Unclear;
        }
        let here = join(above, directory);
        // A directory that no layer lists is there by what is in it.
        let kind = match self.view.merged().get(&here) {
            Some(live) => Some(live.node.kind),
            None => self.view.lookup(&here).map(|found| found.kind()),
        };
        match kind {
            Some(NodeKind::Directory) => Step::Directory(here),
            Some(NodeKind::Symlink | NodeKind::HardLink) => Step::Unclear,
            Some(NodeKind::File | NodeKind::Special) | None => Step::Nothing,
        }
    }

    /// Where a path that a layer has really lies, when a layer below has a link at the root in its way.
    pub fn lies_at(self, path: &[u8]) -> Vec<u8> {
        let first = path.split(|&byte| byte == b'/').next().unwrap_or_default();
        match self.links.roots.get(first) {
            Some(target) if first.len() < path.len() => {
                [target, path.get(first.len()..).unwrap_or_default()].concat()
            }
            _ => path.to_vec(),
        }
    }

    /// What a container sees at the real path `path`; a link in the last component is not followed.
    pub fn at(self, path: &[u8]) -> Option<Live<'a>> {
        let plain = self.view.merged().get(path);
        match self.through(path) {
            Some(through) if plain.is_none_or(|plain| plain.layer <= through.layer) => Some(through),
            _ => plain,
        }
    }

    /// What a layer writes at `path` through a link of a layer below.
    fn through(self, path: &[u8]) -> Option<Live<'a>> {
        let (layer, path) = self.links.through.get(path)?;
        let index = *self.view.layers().get(*layer)?;
        Some(Live { layer: *layer, index, node: index.get(path)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::{IndexBuilder, LayerIndex, NewNode};

    fn layer(entries: &[(&str, &str)]) -> LayerIndex {
        let mut index = IndexBuilder::default();
        for (path, link) in entries {
            let kind = match *link {
                "/" => NodeKind::Directory,
                "" => NodeKind::File,
                _ => NodeKind::Symlink,
            };
            let link = if kind == NodeKind::Symlink { link.as_bytes() } else { b"" };
            let new = NewNode {
                path: path.as_bytes(),
                link,
                kind,
                mode: 0o755,
                size: 0,
                offset: 0,
                sparse: false,
                uid: 0,
                gid: 0,
            };
            assert_eq!(index.push(&new), Ok(true));
        }
        index.finish()
    }

    #[test]
    fn linked_directories_are_followed_and_links_at_the_end_are_not() {
        let base = layer(&[
            ("bin", "usr/bin"),
            ("usr/bin/ls", ""),
            ("usr/bin/sh", "dash"),
            ("opt/tool", "/usr/share/tool"),
            ("usr/share/tool/run", ""),
            ("usr/share/tool/lib/a", ""),
            ("usr/share/tool/old", "lib"),
            ("usr/share/loop", "loop"),
        ]);
        let view = View::new(vec![&base]);
        let links = Links::new(&view);
        let files = Files::new(&view, &links);
        // Each twice: the second answer is one that was kept.
        for _ in 0..2 {
            for (path, real) in [
                ("bin/ls", Some("usr/bin/ls")),
                ("bin/sh", Some("usr/bin/sh")),
                ("opt/tool/run", Some("usr/share/tool/run")),
                // Known directories above them lead to these.
                ("opt/tool/lib/a", Some("usr/share/tool/lib/a")),
                ("opt/tool/old/a", Some("usr/share/tool/lib/a")),
                ("opt/tool/lib/../run", Some("usr/share/tool/run")),
                ("opt/tool/run/a", None),
                ("opt/tool/none/a", None),
                ("opt/tool/none/none/a", None),
                ("bin", Some("bin")),
                ("usr/bin/none", Some("usr/bin/none")),
                ("usr/share/loop/a", None),
                ("usr/bin/ls/a", None),
                ("gone/a", None),
            ] {
                assert_eq!(files.real(path.as_bytes()), real.map(|real| real.as_bytes().to_vec()), "{path}");
            }
        }
        let kind = |path: &str| files.at(path.as_bytes()).map(|live| live.node.kind);
        assert_eq!(kind("usr/bin/sh"), Some(NodeKind::Symlink));
        assert_eq!(kind("bin/sh"), None, "no real path");
    }

    #[test]
    fn what_a_layer_writes_through_a_link_lies_behind_it() {
        let base = layer(&[("bin", "usr/bin"), ("usr/bin/ls", ""), ("usr/bin/cat", "")]);
        let above = layer(&[("bin/ls", ""), ("bin/new", "")]);
        let view = View::new(vec![&base, &above]);
        let links = Links::new(&view);
        let files = Files::new(&view, &links);
        assert_eq!(files.lies_at(b"bin/new"), b"usr/bin/new");
        assert_eq!(files.lies_at(b"bin"), b"bin");
        assert_eq!(files.real(b"bin/new").as_deref(), Some(&b"usr/bin/new"[..]));
        let layer_of = |path: &str| files.at(path.as_bytes()).map(|live| live.layer);
        assert_eq!(layer_of("usr/bin/ls"), Some(1));
        assert_eq!(layer_of("usr/bin/new"), Some(1));
        assert_eq!(layer_of("usr/bin/cat"), Some(0));
        // A layer that replaces the link ends that.
        let own = layer(&[("bin", "/"), ("bin/ls", "")]);
        let view = View::new(vec![&base, &own]);
        let links = Links::new(&view);
        let files = Files::new(&view, &links);
        assert_eq!(files.lies_at(b"bin/ls"), b"bin/ls");
        assert_eq!(files.at(b"usr/bin/ls").map(|live| live.layer), Some(0));
    }
}
