//! From what analyzers stated and what rules say of the whole image to the detections of a report.

use plimsoll_analysis::{ByteSlice, Derived, DetectionFact, Fact, FileFacts, ImageContext, SeenFile, View};
use plimsoll_types::{Confidence, Detection, Finding, Lifecycle, Place, PlaceKind, TargetKind, class};

use crate::Scanner;
use crate::merge::{Layers, Merged, layer_number};

/// What is known of the target beside its content.
pub(crate) struct About<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: TargetKind,
    pub(crate) lifecycle: Option<&'a Lifecycle>,
    pub(crate) findings: &'a [Finding],
}

/// The most detections of one class that a target's report holds. An image that has more of something has it everywhere.
const MAX_OF_A_CLASS: usize = 2_000;

impl Scanner<'_> {
    /// The detections of a target, sorted.
    pub(crate) fn detections(
        &self,
        about: &About<'_>,
        layers: &Layers<'_>,
        view: &View<'_>,
        merged: &Merged<'_>,
    ) -> Vec<Detection> {
        let seen = self.seen(layers, view, merged);
        let mut found = Vec::new();
        for file in &seen {
            for fact in &file.facts.facts {
                if let Fact::Detection(fact) = fact {
                    found.extend(detection(layers, file, fact));
                }
            }
        }
        let started =
            layers.image.map(|image| crate::exposure::started(view, &image.config)).unwrap_or_default();
        let context = ImageContext {
            name: about.name,
            kind: about.kind,
            image: layers.image,
            view,
            layers: layers.facts,
            files: &seen,
            packages: &merged.packages,
            findings: about.findings,
            started: &started,
            distro: merged.distro.as_ref(),
            lifecycle: about.lifecycle,
            now: self.options.now,
            settings: &self.options.settings,
            derived: Derived::default(),
        };
        for rules in &self.rules {
            rules.check(&context, &mut found);
        }
        found.retain(|detection| {
            detection.place.kind != PlaceKind::File
                || !self
                    .options
                    .skip
                    .skips(detection.place.name.split("!/").next().unwrap_or_default().as_bytes())
        });
        sort(&mut found);
        let mut counts = std::collections::BTreeMap::new();
        found.retain(|detection| {
            let count: &mut usize = counts.entry(detection.class.code).or_default();
            *count += 1;
            *count <= MAX_OF_A_CLASS
        });
        found
    }

    /// What was stated of all files, alive or not, in the order of layer and path.
    fn seen<'a>(&self, layers: &Layers<'a>, view: &View<'_>, merged: &'a Merged<'_>) -> Vec<SeenFile<'a>>
    where
        'a: 'a,
    {
        let mut seen: Vec<SeenFile<'a>> = merged
            .live
            .iter()
            .map(|live| SeenFile { layer: live.layer, hidden_by: None, facts: &live.file })
            .collect();
        for (layer, facts) in layers.facts.iter().enumerate() {
            for file in &facts.files {
                if let Some(hidden_by) = view.hidden_by(&file.path, layer) {
                    seen.push(SeenFile { layer, hidden_by: Some(hidden_by), facts: file });
                }
            }
        }
        let key = |file: &SeenFile<'a>| -> (usize, &'a FileFacts) { (file.layer, file.facts) };
        seen.sort_by(|a, b| {
            let ((layer_a, a), (layer_b, b)) = (key(a), key(b));
            layer_a.cmp(&layer_b).then_with(|| a.path.cmp(&b.path)).then_with(|| a.analyzer.cmp(&b.analyzer))
        });
        seen
    }
}

/// What becomes of an analyzer's word; nothing where the file is gone and that ends it.
fn detection(layers: &Layers<'_>, file: &SeenFile<'_>, fact: &DetectionFact) -> Option<Detection> {
    // A fact from the cache of another version may name a class that is gone.
    let class = class(&fact.class)?;
    if file.hidden_by.is_some() && !class.in_deleted_files {
        return None;
    }
    let number = |number: u32| (number != 0).then_some(number);
    let place = Place {
        kind: PlaceKind::File,
        name: format!("{}{}", file.facts.path.to_str_lossy(), fact.inside),
        layer: layer_number(layers, file.layer),
        hidden_by: file.hidden_by.and_then(|layer| layer_number(layers, layer)),
        line: number(fact.line),
        end_line: number(fact.end_line),
        column: number(fact.column),
        resource: fact.resource.clone(),
    };
    Some(Detection {
        rule: fact.rule.clone(),
        severity: fact.severity.parse().unwrap_or(class.severity),
        confidence: Confidence::ALL
            .into_iter()
            .find(|confidence| confidence.word() == fact.confidence)
            .unwrap_or_default(),
        evidence: fact.evidence.clone(),
        notes: fact.notes.clone(),
        remedy: fact.remedy.clone(),
        ..Detection::new(class, place, fact.message.clone())
    })
}

/// The worst first, then by class, rule and place; what is the same twice stands once.
fn sort(found: &mut Vec<Detection>) {
    let key = |detection: &Detection| {
        (
            std::cmp::Reverse(detection.severity),
            detection.class.code,
            detection.rule.clone(),
            detection.place.clone(),
            detection.message.clone(),
        )
    };
    found.sort_by_cached_key(key);
    found.dedup();
}
