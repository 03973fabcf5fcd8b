//! Rules over a whole image: what no single file shows.

use std::collections::HashSet;

use plimsoll_image::Image;
use plimsoll_types::{Detection, Distro, Finding, Lifecycle, Package, Scanner, TargetKind, Timestamp};

use crate::{Fact, FileFacts, LayerFacts, View};

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
}
