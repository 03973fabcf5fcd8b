//! On which image an image was built: what its labels and annotations say (image-spec, "Pre-Defined Annotation Keys"), and what its
//! history shows.

use std::collections::BTreeMap;

use plimsoll_types::BaseImage;

use crate::model::Config;

const NAME: &str = "org.opencontainers.image.base.name";
const DIGEST: &str = "org.opencontainers.image.base.digest";

/// What is known of the base of an image; annotations go before labels, which an image has from its base when it states none.
pub(crate) fn base(config: &Config, annotations: &BTreeMap<String, String>) -> Option<BaseImage> {
    let label = |key: &str| config.labels.iter().find(|(name, _)| name == key).map(|(_, value)| value);
    let said = |key: &str| {
        let text = annotations.get(key).or_else(|| label(key))?.trim();
        (!text.is_empty()).then_some(text)
    };
    let base = BaseImage {
        name: said(NAME).unwrap_or_default().to_owned(),
        digest: said(DIGEST).and_then(|text| text.parse().ok()),
        layers: layers(config),
    };
    (base != BaseImage::default()).then_some(base)
}

/// How many of the lowest layers are the base's, by the history: builders end an image with its command, so the last command that
/// has layers after it ended the base. Unknown where history and layers do not fit together.
fn layers(config: &Config) -> Option<u32> {
    let last = config.history.iter().rposition(|step| step.layer.is_some())?;
    let end = config
        .history
        .get(..last)?
        .iter()
        .rposition(|step| step.empty_layer && is_command(&step.created_by))?;
    let count = config.history.get(..end)?.iter().filter(|step| step.layer.is_some()).count();
    u32::try_from(count).ok().filter(|count| *count > 0)
}

fn is_command(step: &str) -> bool {
    let step = step.trim_start();
    let step = step.strip_prefix("/bin/sh -c #(nop)").unwrap_or(step).trim_start();
    step.starts_with("CMD")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HistoryStep;

    fn config(steps: &[&str]) -> Config {
        let mut layer = 0;
        let steps = steps.iter().map(|step| {
            let (empty_layer, created_by) = match step.strip_prefix('-') {
                Some(step) => (true, step),
                None => (false, *step),
            };
            layer += usize::from(!empty_layer);
            HistoryStep {
                created_by: created_by.to_owned(),
                layer: (!empty_layer).then(|| layer - 1),
                empty_layer,
                ..HistoryStep::default()
            }
        });
        Config { history: steps.collect(), ..Config::default() }
    }

    fn of(steps: &[&str]) -> Option<u32> {
        base(&config(steps), &BTreeMap::new()).and_then(|base| base.layers)
    }

    #[test]
    fn the_history_shows_where_the_base_ends() {
        let debian = "/bin/sh -c #(nop) ADD file:1 in / ";
        assert_eq!(
            of(&[debian, "-/bin/sh -c #(nop)  CMD [\"bash\"]", "RUN apt-get update", "-CMD [\"app\"]"]),
            Some(1)
        );
        // Bases on bases: the last one counts.
        let steps =
            [debian, "-CMD [\"bash\"]", "RUN python", "-CMD [\"python3\"]", "COPY . /app", "-CMD [\"app\"]"];
        assert_eq!(of(&steps), Some(2));
        assert_eq!(of(&[debian, "-CMD [\"bash\"]"]), None, "it is a base itself");
        assert_eq!(of(&[debian, "RUN make", "-ENTRYPOINT [\"a\"]"]), None);
        assert_eq!(of(&["-CMD [\"x\"]", "COPY a /"]), None, "from scratch");
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn labels_and_annotations_name_it() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let mut config = config(&[]);
        config.labels = vec![(DIGEST.to_owned(), digest.clone()), (NAME.to_owned(), "old:1".to_owned())];
        let annotations = BTreeMap::from([(NAME.to_owned(), "registry.example/base:2".to_owned())]);
        let found = base(&config, &annotations).unwrap();
        assert_eq!((found.name.as_str(), found.layers), ("registry.example/base:2", None));
        assert_eq!(found.digest.map(|digest| digest.to_string()), Some(digest));
        config.labels = vec![(DIGEST.to_owned(), "latest".to_owned())];
        assert_eq!(base(&config, &BTreeMap::new()), None, "no digest");
    }
}
