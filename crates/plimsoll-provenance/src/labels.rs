//! What an image says of itself in labels (image-spec, "Pre-Defined Annotation Keys").

use plimsoll_analysis::{ImageContext, ImageRules};
use plimsoll_types::classes::provenance;
use plimsoll_types::{Detection, Digest, Place, PlaceKind, Scanner};

/// Judges labels.
pub(crate) struct LabelRules;

const SOURCE: &str = "org.opencontainers.image.source";
const REVISION: &str = "org.opencontainers.image.revision";
const BASE: &str = "org.opencontainers.image.base.digest";

impl ImageRules for LabelRules {
    fn id(&self) -> &'static str {
        "provenance/labels"
    }

    fn scanner(&self) -> Scanner {
        Scanner::Integrity
    }

    fn check(&self, context: &ImageContext<'_>, out: &mut Vec<Detection>) {
        let Some(image) = context.image else { return };
        let labels = &image.config.labels;
        let has = |key: &str| labels.iter().any(|(name, value)| name == key && !value.trim().is_empty());
        let missing: Vec<&str> = [SOURCE, REVISION].into_iter().filter(|key| !has(key)).collect();
        if !missing.is_empty() {
            let place = Place { kind: PlaceKind::Config, name: "Labels".to_owned(), ..Place::default() };
            let message = format!("no label says {}", missing.join(" or "));
            out.push(Detection::new(provenance::LABELS, place, message));
        }
        if let Some((_, value)) = labels.iter().find(|(name, _)| name == BASE)
            && value.parse::<Digest>().is_err()
        {
            let place = Place { kind: PlaceKind::Label, name: BASE.to_owned(), ..Place::default() };
            let mut found = Detection::new(provenance::LABELS, place, "the base image's digest is none");
            found.evidence = value.chars().take(100).collect();
            out.push(found);
        }
    }
}
