//! A scan: from an opened image or a directory to a report. The only crate that knows every analyzer.
//!
//! No network (an image's layers may come from one, but that is their source's business) and no printing.

mod detections;
mod exposure;
mod jars;
mod layers;
mod merge;
mod progress;
mod second_look;
mod skip;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;

use plimsoll_analysis::{
    Analyzer, Driver, ImageRules, LayerError, Limits, MemoryBudget, Selection, Targets, TreeError, View,
};
use plimsoll_cache::{Cache, CacheError};
use plimsoll_db::{Index, JarIndex};
use plimsoll_image::{Image, ImageError};
use plimsoll_match::{Context, MatchError};
use plimsoll_types::{Digest, ImageMetadata, Problem, ProblemCode, TargetKind, TargetReport, Timestamp};

pub use plimsoll_types::Scanner as ScannerKind;

pub use plimsoll_match::Options as MatchOptions;
pub use progress::{NoProgress, Progress};
pub use skip::{Skip, SkipError};

/// The default for the most bytes that a layer may have once decompressed.
pub const DEFAULT_LAYER_LIMIT: u64 = 64 << 30;

/// What is held in memory at most of files that must be read as a whole, over all threads.
const MEMORY: u64 = 48 << 20;

/// How a scan is done.
pub struct Options {
    /// Layers analysed at the same time.
    pub threads: usize,
    /// Paths whose facts are left out of the report.
    pub skip: Skip,
    /// The most bytes that a layer may have once decompressed.
    pub layer_limit: u64,
    /// How packages are matched.
    pub matching: plimsoll_match::Options,
    /// What is looked for. Packages are always found: much else rests on them.
    pub scanners: BTreeSet<ScannerKind>,
    /// The time that counts as now.
    pub now: Timestamp,
    /// Settings of single rules over the whole image, by their name.
    pub settings: Vec<(String, String)>,
}

/// Why a scan could not be done.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The image cannot be read.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A layer's bytes do not have the digest that the image promises.
    #[error("layer {layer} has the digest {actual}, not {expected}")]
    DigestMismatch {
        /// The layer's digest as distributed, or its diff ID.
        layer: Digest,
        /// What was promised.
        expected: Digest,
        /// What was read.
        actual: Digest,
    },
    /// A layer's bytes cannot be opened.
    #[error("cannot open layer {layer}")]
    Open {
        /// The layer.
        layer: Digest,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A layer is damaged or exceeds a limit.
    #[error("cannot read layer {layer}")]
    Layer {
        /// The layer.
        layer: Digest,
        /// Why.
        #[source]
        source: LayerError,
    },
    /// A directory target cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The advisory index is damaged.
    #[error(transparent)]
    Match(#[from] MatchError),
}

/// Scans targets with one set of analyzers, one cache and one advisory index.
pub struct Scanner<'a> {
    driver: Driver,
    rules: Vec<Box<dyn ImageRules>>,
    cache: Option<Cache>,
    index: &'a Index,
    jars: Option<&'a JarIndex>,
    options: Options,
    memory: MemoryBudget,
    stop: &'a AtomicBool,
    progress: &'a dyn Progress,
    cache_failure: Mutex<Option<CacheError>>,
}

impl<'a> Scanner<'a> {
    /// A scanner over all analyzers that there are. `stop` ends a scan early, with what was found until then.
    pub fn new(
        options: Options,
        cache: Option<Cache>,
        index: &'a Index,
        stop: &'a AtomicBool,
        progress: &'a dyn Progress,
    ) -> Scanner<'a> {
        let wanted =
            |kind: ScannerKind| kind == ScannerKind::Vulnerability || options.scanners.contains(&kind);
        let analyzers = analyzers().into_iter().filter(|analyzer| wanted(analyzer.scanner())).collect();
        let rules = image_rules().into_iter().filter(|rules| wanted(rules.scanner())).collect();
        Scanner {
            driver: Driver::new(analyzers),
            rules,
            cache,
            index,
            jars: None,
            options,
            memory: MemoryBudget::new(MEMORY),
            stop,
            progress,
            cache_failure: Mutex::new(None),
        }
    }

    /// The same scanner with `more` analyzers, such as those with rules of the user, which take the place of those with the same
    /// id. What is not looked for is left out.
    pub fn with_analyzers(self, more: Vec<Arc<dyn Analyzer>>) -> Scanner<'a> {
        let known = self.driver.analyzers().iter().filter(|old| more.iter().all(|new| new.id() != old.id()));
        let mut analyzers: Vec<Arc<dyn Analyzer>> = known.cloned().collect();
        analyzers.extend(more.into_iter().filter(|new| {
            let kind = new.scanner();
            kind == ScannerKind::Vulnerability || self.options.scanners.contains(&kind)
        }));
        Scanner { driver: Driver::new(analyzers), ..self }
    }

    /// The same scanner with `more` rules over images, which take the place of those with the same id.
    pub fn with_image_rules(self, more: Vec<Box<dyn ImageRules>>) -> Scanner<'a> {
        let mut rules: Vec<Box<dyn ImageRules>> =
            self.rules.into_iter().filter(|old| more.iter().all(|new| new.id() != old.id())).collect();
        rules.extend(more.into_iter().filter(|new| self.options.scanners.contains(&new.scanner())));
        Scanner { rules, ..self }
    }

    /// The same scanner with an index by which jars without coordinates of their own are looked up.
    pub fn with_jars(self, jars: Option<&'a JarIndex>) -> Scanner<'a> {
        Scanner { jars, ..self }
    }

    /// The first failure to write to the cache since the scanner was made. The results do not depend on it, but the
    /// user will want to know why the next scan is slow again.
    pub fn cache_failure(&self) -> Option<CacheError> {
        self.cache_failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Scans an image, which the report calls `name`.
    ///
    /// # Errors
    ///
    /// When a layer cannot be read, is damaged, or is not what its digest promises.
    pub fn image(&self, name: &str, image: &Image) -> Result<TargetReport, ScanError> {
        let (facts, problems) = self.layer_facts(image)?;
        let layers = merge::Layers { facts: &facts, image: Some(image), root: None };
        let mut report = self.report(name, TargetKind::Image, &layers, problems)?;
        report.image = Some(self.shown(&image.metadata));
        Ok(report)
    }

    /// Scans the directory `root`, which the report calls `name`.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read.
    pub fn directory(&self, name: &str, root: &Path) -> Result<TargetReport, ScanError> {
        let (facts, problems) =
            match self.driver.tree(root, self.selection(TargetKind::Filesystem), &self.limits()) {
                Ok(facts) => (facts, Vec::new()),
                Err(TreeError::Layer(LayerError::Stopped)) => (Default::default(), vec![timed_out(None)]),
                Err(error) => return Err(error.into()),
            };
        let facts = [facts];
        let layers = merge::Layers { facts: &facts, image: None, root: Some(root) };
        self.report(name, TargetKind::Filesystem, &layers, problems)
    }

    /// Scans the single file `path`, which the report calls `name`, as if it lay in a directory by itself.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn file(&self, name: &str, path: &Path) -> Result<TargetReport, ScanError> {
        let root = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = path.file_name().unwrap_or_default().as_encoded_bytes();
        let facts = [self.driver.single(root, file, self.selection(TargetKind::Filesystem))?];
        let layers = merge::Layers { facts: &facts, image: None, root: Some(root) };
        self.report(name, TargetKind::Filesystem, &layers, Vec::new())
    }

    fn report(
        &self,
        name: &str,
        kind: TargetKind,
        layers: &merge::Layers<'_>,
        mut problems: Vec<Problem>,
    ) -> Result<TargetReport, ScanError> {
        let view = View::new(layers.facts.iter().map(|facts| &facts.index).collect());
        let mut merged = self.merge(layers, &view)?;
        problems.append(&mut merged.problems);
        let spec = merged.distro.as_ref().and_then(plimsoll_catalog::distro_spec);
        let distro = merged.distro.as_ref().zip(spec);
        let matched = if !self.options.scanners.contains(&ScannerKind::Vulnerability) {
            plimsoll_match::Matched::default()
        } else {
            let platform = layers.image.map(|image| &image.metadata.platform);
            let context = Context {
                distro,
                os: platform.map_or("", |platform| &platform.os),
                architecture: platform.map_or("", |platform| &platform.architecture),
                container: kind == TargetKind::Image,
            };
            plimsoll_match::match_packages(self.index, &context, &self.options.matching, &merged.packages)?
        };
        problems.extend(matched.problems);
        let about = detections::About {
            name,
            kind,
            lifecycle: matched.lifecycle.as_ref(),
            findings: &matched.findings,
        };
        let detections = self.detections(&about, layers, &view, &merged);
        problems.sort();
        problems.dedup();
        Ok(TargetReport {
            name: name.to_owned(),
            kind,
            distro_id: spec.map(|spec| spec.id.to_owned()).unwrap_or_default(),
            distro: merged.distro,
            packages: merged.packages,
            findings: matched.findings,
            suppressed: matched.suppressed,
            detections,
            scanners: self.options.scanners.iter().copied().collect(),
            problems,
            lifecycle: matched.lifecycle,
            ..TargetReport::default()
        })
    }

    /// The analyzers that look at targets of this kind.
    fn selection(&self, kind: TargetKind) -> Selection {
        let analyzers = self.driver.analyzers().iter().enumerate();
        let wanted = analyzers.filter(|(_, analyzer)| match analyzer.targets() {
            Targets::All => true,
            Targets::Images => kind == TargetKind::Image,
            Targets::Directories => kind == TargetKind::Filesystem,
        });
        wanted.fold(0, |selection, (bit, _)| selection | 1 << bit)
    }

    fn limits(&self) -> Limits<'_> {
        Limits { layer_bytes: self.options.layer_limit, memory: &self.memory, stop: self.stop }
    }

    /// What a report says of an image, without the secrets in it that are found.
    fn shown(&self, metadata: &ImageMetadata) -> ImageMetadata {
        let mut shown = metadata.clone();
        if self.options.scanners.contains(&ScannerKind::Secret) {
            for layer in &mut shown.layers {
                layer.created_by = plimsoll_secrets::mask_command(&layer.created_by);
            }
            for (name, value) in &mut shown.labels {
                *value = plimsoll_secrets::mask_value(name, value);
            }
            for word in &mut shown.command {
                *word = plimsoll_secrets::mask_command(word);
            }
        }
        shown
    }

    fn note_cache_failure(&self, result: Result<(), CacheError>) {
        if let Err(error) = result {
            self.cache_failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }
}

/// Every analyzer that there is, with its built-in rules.
pub fn analyzers() -> Vec<Arc<dyn Analyzer>> {
    let catalog = plimsoll_catalog::analyzers().into_iter();
    let mut all: Vec<_> = catalog.map(|analyzer| Arc::new(analyzer) as Arc<dyn Analyzer>).collect();
    all.extend(plimsoll_secrets::analyzers());
    all.extend(plimsoll_malware::analyzers());
    all.extend(plimsoll_misconfig::analyzers());
    all.extend(plimsoll_integrity::analyzers());
    all.extend(plimsoll_provenance::analyzers());
    all
}

/// All rules over whole images.
pub fn image_rules() -> Vec<Box<dyn ImageRules>> {
    let mut all = plimsoll_secrets::image_rules();
    all.extend(plimsoll_malware::image_rules());
    all.extend(plimsoll_misconfig::image_rules());
    all.extend(plimsoll_integrity::image_rules());
    all.extend(plimsoll_provenance::image_rules());
    all
}

fn timed_out(layer: Option<u32>) -> Problem {
    Problem {
        code: ProblemCode::Timeout,
        analyzer: String::new(),
        path: String::new(),
        layer,
        message: "the time allowed for the scan ended before this was analysed".to_owned(),
    }
}
