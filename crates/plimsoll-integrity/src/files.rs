//! The files of a target as the rules of this crate ask for them: through linked directories, by the layer that has them.

use std::collections::{BTreeMap, HashMap};

use bstr::ByteSlice;
use plimsoll_analysis::{ImageContext, Live, Merged, NodeKind, join};
use plimsoll_archive::path::{join_link, parent};
use plimsoll_types::{Place, PlaceKind};

/// Looks files up.
pub(crate) struct Files<'c, 'a> {
    pub(crate) context: &'c ImageContext<'a>,
    pub(crate) merged: Merged<'a, 'c>,
    /// Where directories really are.
    directories: HashMap<Vec<u8>, Option<Vec<u8>>>,
    /// What layers write through a link that a layer below has at the root, such as `bin/ls` where `bin` leads to `usr/bin`: by the
    /// path where runtimes put it.
    through: BTreeMap<Vec<u8>, Live<'a>>,
    /// Those links at the root, and where they lead.
    links: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl<'c, 'a> Files<'c, 'a> {
    pub(crate) fn new(context: &'c ImageContext<'a>) -> Files<'c, 'a> {
        let mut files = Files {
            context,
            merged: context.view.merged(),
            directories: HashMap::new(),
            through: BTreeMap::new(),
            links: BTreeMap::new(),
        };
        files.find_through();
        files
    }

    fn find_through(&mut self) {
        // The links at the root so far, from the base up.
        let mut links: BTreeMap<&[u8], Vec<u8>> = BTreeMap::new();
        for (layer, &index) in self.context.view.layers().iter().enumerate() {
            for (link, target) in &links {
                if index.get(link).is_some() || index.deletes(link) || index.is_opaque(b"") {
                    continue;
                }
                for node in index.below(link) {
                    let path = index.path(node);
                    let rest = path.get(link.len()..).unwrap_or_default();
                    self.through.insert([target, rest].concat(), Live { layer, index, node });
                }
            }
            links
                .retain(|link, _| index.get(link).is_none() && !index.deletes(link) && !index.is_opaque(b""));
            for node in index.nodes().iter().filter(|node| node.kind == NodeKind::Symlink) {
                let path = index.path(node);
                if !path.contains(&b'/') {
                    links.insert(path, join_link(path, index.link(node)));
                }
            }
        }
        self.links = links.into_iter().map(|(link, target)| (link.to_vec(), target)).collect();
    }

    /// `path` with the links of its directory followed; `None` when that directory is not there.
    pub(crate) fn real(&mut self, path: &[u8]) -> Option<Vec<u8>> {
        let directory = parent(path);
        if directory.is_empty() {
            return Some(path.to_vec());
        }
        if !self.directories.contains_key(directory) {
            let moved = self.lies_at(path);
            let found = self.context.view.resolve(parent(&moved)).ok().flatten();
            let found = found.filter(|found| found.kind() == NodeKind::Directory).map(|found| found.path);
            self.directories.insert(directory.to_vec(), found);
        }
        self.directories.get(directory)?.as_ref().map(|directory| join(directory, path))
    }

    /// Where a path that a layer has really lies, when a layer below has a link at the root in its way.
    pub(crate) fn lies_at(&self, path: &[u8]) -> Vec<u8> {
        let first = path.split(|&byte| byte == b'/').next().unwrap_or_default();
        match self.links.get(first) {
            Some(target) if first.len() < path.len() => {
                [target, path.get(first.len()..).unwrap_or_default()].concat()
            }
            _ => path.to_vec(),
        }
    }

    /// What a container sees at the real path `path`; a link in the last component is not followed.
    pub(crate) fn at(&self, path: &[u8]) -> Option<Live<'a>> {
        let plain = self.merged.get(path);
        match self.through.get(path) {
            Some(through) if plain.is_none_or(|plain| plain.layer <= through.layer) => Some(*through),
            _ => plain,
        }
    }

    /// The place of a path for a detection.
    pub(crate) fn place(&self, live: &Live<'_>) -> Place {
        Place {
            kind: PlaceKind::File,
            name: live.path().to_str_lossy().into_owned(),
            layer: self.context.layer(live.layer),
            ..Place::default()
        }
    }

    /// Names a layer with the step of the history that made it; empty for a directory.
    pub(crate) fn layer(&self, layer: usize) -> String {
        let Some(image) = self.context.image else { return String::new() };
        let step = image.config.created_by(layer);
        match step.trim() {
            "" => format!(" in layer {layer}"),
            step => format!(" in layer {layer} ({})", shortened(step, 100)),
        }
    }

    /// The number of the package that the report has under this name.
    pub(crate) fn package(&self, ecosystem: &str, name: &str, arch: &str) -> Option<usize> {
        self.context.packages.iter().position(|package| {
            package.ecosystem.id == ecosystem
                && package.name == name
                && (arch.is_empty() || package.arch == arch)
        })
    }
}

/// A text in one line, without control characters, with at most `most` characters.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let mut out: String = text
        .split_whitespace()
        .flat_map(|word| word.chars().filter(|c| !c.is_control()).chain([' ']))
        .take(most + 1)
        .collect();
    if out.chars().count() > most {
        out.pop();
        out.push('…');
    }
    out.trim_end().to_owned()
}
