//! Layer analysis: the [`Analyzer`] trait, the driver that walks a layer once and offers each file to the analyzers
//! interested in it, the facts of a layer, and the merged view over the layers of an image.
//!
//! What is found in a layer depends on the layer's content, the analyzers' versions and their settings only, never
//! on other layers or on earlier scans.

mod analyzer;
mod driver;
mod facts;
mod files;
mod index;
mod interest;
mod merged;
mod oddity;
mod owners;
mod rules;
mod sums;
mod tree;
mod view;

pub use analyzer::{AnalyzeError, Analyzer, Feed, File, FileInfo, Output, Targets};
pub use driver::{
    Driver, Evidence, LAYER_FORMAT, LayerError, LayerFacts, Limits, MAX_BUFFERED_FILE, MemoryBudget,
};
pub use facts::{
    AccountFact, DetectionFact, DistroFact, Fact, FactProblem, FileFacts, OwnedFiles, PackageFact, SumsFact,
};
pub use files::Files;
pub use index::{Content, Duplicate, IndexBuilder, LayerIndex, NewNode, Node, NodeKind, TooManyPaths};
pub use interest::{Interest, Matcher, Selection};
pub use merged::{Live, Merged};
pub use oddity::{Oddity, OddityKind};
pub use owners::{DIVERSION, Owned};
pub use rules::{Derived, ImageContext, ImageRules, SeenFile};
pub use sums::{SumKind, Sums};
pub use tree::{TreeError, open as open_tree_file};
pub use view::{Found, ResolveError, View, join};

/// Paths inside images are bytes: nothing says that they are UTF-8.
pub use bstr::{BStr, BString, ByteSlice};
