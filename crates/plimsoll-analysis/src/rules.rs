//! Rules over a whole image: what no single file shows.

use std::cell::OnceCell;
use std::collections::HashSet;

use bstr::ByteSlice;
use plimsoll_image::Image;
use plimsoll_types::{
    Detection, Distro, Finding, Lifecycle, Package, Place, PlaceKind, Scanner, TargetKind, Timestamp,
};

use crate::files::{Files, Links};
use crate::owners::{Owned, Owners};
use crate::{Fact, FileFacts, LayerFacts, Live, View};

/// Looks at an image as a whole, once its layers are merged and its packages are known.
pub trait ImageRules: Send + Sync {
    /// The id, such as `misconfig/image`.
    fn id(&self) -> &'static str;

    /// What it serves.
    fn scanner(&self) -> Scanner;

    /// Adds what is wrong with the image to `out`. The order does not matter; the scan sorts.
    fn check(&self, context: &ImageContext<'_>, out: &mut Vec<Detection>);
}

/// All that is known of a target when rules look at it.
pub struct ImageContext<'a> {
    /// The target as the user named it; for an image the reference or the path.
    pub name: &'a str,
    /// What kind of target it is.
    pub kind: TargetKind,
    /// The image with its configuration; `None` for a directory.
    pub image: Option<&'a Image>,
    /// The merged file system.
    pub view: &'a View<'a>,
    /// The layers with what is known of each, in the order of the view.
    pub layers: &'a [LayerFacts],
    /// What analyzers stated, in the order of layer and path: also of files that are gone from the merged file system.
    pub files: &'a [SeenFile<'a>],
    /// The packages.
    pub packages: &'a [Package],
    /// The vulnerabilities found in them, when they were looked for.
    pub findings: &'a [Finding],
    /// The files that the image's command names: the program and arguments that are files, also those that links on the way
    /// stand for.
    pub started: &'a HashSet<Vec<u8>>,
    /// The distribution, where one was recognised.
    pub distro: Option<&'a Distro>,
    /// How long its release is supported, where the database says so.
    pub lifecycle: Option<&'a Lifecycle>,
    /// The time that counts as now.
    pub now: Timestamp,
    /// What the user asked for beside: settings of single rules by their name, such as `license/forbidden`.
    pub settings: &'a [(String, String)],
    /// What several rules ask for; begins empty.
    pub derived: Derived,
}

/// What is worked out from the rest of an [`ImageContext`] when the first rule asks, once for all rules.
#[derive(Default)]
pub struct Derived {
    links: OnceCell<Links>,
    owners: OnceCell<Owners>,
}

/// What one analyzer stated of one file, and what became of that file.
pub struct SeenFile<'a> {
    /// The layer, counted from the base, from 0.
    pub layer: usize,
    /// The layer that deletes or replaces the file; `None` for what is there in the merged file system.
    pub hidden_by: Option<usize>,
    /// What was stated.
    pub facts: &'a FileFacts,
}

impl<'a> ImageContext<'a> {
    /// What was stated of files that are there in the merged file system.
    pub fn live(&self) -> impl Iterator<Item = &'a SeenFile<'a>> + '_ {
        self.files.iter().filter(|file| file.hidden_by.is_none())
    }

    /// Every attribute with this key that a file of the merged file system has, with that file.
    pub fn attributes<'b>(&'b self, key: &'b str) -> impl Iterator<Item = (&'a SeenFile<'a>, &'a str)> + 'b {
        self.live().flat_map(move |file| {
            file.facts.facts.iter().filter_map(move |fact| match fact {
                Fact::Attribute(found, value) if found == key => Some((file, value.as_str())),
                _ => None,
            })
        })
    }

    /// The number of a layer as detections state it: none for a directory, which has no layers.
    pub fn layer(&self, layer: usize) -> Option<u32> {
        self.image.and_then(|_| u32::try_from(layer).ok())
    }

    /// The place of a file of the merged file system.
    pub fn place(&self, live: &Live<'_>) -> Place {
        Place {
            kind: PlaceKind::File,
            name: live.path().to_str_lossy().into_owned(),
            layer: self.layer(live.layer),
            ..Place::default()
        }
    }

    /// The number of the package of this name; an empty `arch` stands for any.
    pub fn package(&self, ecosystem: &str, name: &str, arch: &str) -> Option<usize> {
        self.packages.iter().position(|package| {
            package.ecosystem.id == ecosystem
                && package.name == name
                && (arch.is_empty() || package.arch == arch)
        })
    }

    /// Files by the paths that package databases and layers give them.
    pub fn files(&self) -> Files<'_, 'a> {
        Files::new(self.view, self.derived.links.get_or_init(|| Links::new(self.view)))
    }

    /// The package of the operating system that owns the file at `path`: a path of a layer, or one that [`View::resolve`] or
    /// [`Files::real`] gave. Packages may list it by a name through linked directories; what they list as a link is owned, what
    /// it leads to is not.
    pub fn owner(&self, path: &[u8]) -> Option<Owned<'_>> {
        self.owners().of(&self.files().lies_at(path))
    }

    /// Whether the target has a package database that lists files at all. Where it has none, that a file has no owner says nothing.
    pub fn has_file_lists(&self) -> bool {
        self.owners().any()
    }

    fn owners(&self) -> &Owners {
        self.derived.owners.get_or_init(|| Owners::new(self))
    }
}
