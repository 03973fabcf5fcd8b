//! Histories that the layers contradict (`TMP-HISTORY`).
//!
//! Builders write histories of many kinds, and none at all is legal. Only what the two common ones write is held against the
//! layers: BuildKit, whose steps have a comment that says so, and Docker's classic builder, with two spaces after `#(nop)`.

use plimsoll_analysis::{ImageContext, ImageRules};
use plimsoll_image::HistoryStep;
use plimsoll_types::classes::tampering;
use plimsoll_types::{Detection, Place, PlaceKind, Scanner, Severity};

use crate::shown::{shortened, text};

/// See the module.
pub(crate) struct History;

impl ImageRules for History {
    fn id(&self) -> &'static str {
        "integrity/history"
    }

    fn scanner(&self) -> Scanner {
        Scanner::Integrity
    }

    fn check(&self, context: &ImageContext<'_>, out: &mut Vec<Detection>) {
        let Some(image) = context.image else { return };
        let config = &image.config;
        let told = config.history.iter().filter(|step| !step.empty_layer).count();
        let layers = config.diff_ids.len();
        if !config.history.is_empty() && told != layers {
            let message = format!("the history tells of {told} layers, but the image has {layers}");
            let place = Place { kind: PlaceKind::Image, ..Place::default() };
            out.push(Detection {
                rule: "count".to_owned(),
                ..Detection::new(tampering::HISTORY, place, message)
            });
        }
        for (number, step) in config.history.iter().enumerate() {
            let Some(layer) = step.layer else { continue };
            let Some((rule, severity, message)) = contradiction(context, step, layer) else { continue };
            let place = Place {
                kind: PlaceKind::History,
                name: (number + 1).to_string(),
                layer: context.layer(layer),
                ..Place::default()
            };
            out.push(Detection {
                rule: rule.to_owned(),
                severity,
                evidence: shortened(&step.created_by, 120),
                ..Detection::new(tampering::HISTORY, place, message)
            });
        }
    }
}

/// The instruction of a step, where one of the two builders wrote it: `ENV`, `COPY`, `RUN`.
fn instruction(step: &HistoryStep) -> Option<&str> {
    let command = step.created_by.trim();
    let text = if step.comment == "buildkit.dockerfile.v0" {
        command
    } else if let Some(rest) = command.strip_prefix("/bin/sh -c #(nop)  ") {
        rest
    } else if command.starts_with("/bin/sh -c ") && !command.contains("#(nop)") && step.comment.is_empty() {
        return Some("RUN");
    } else {
        return None;
    };
    text.split_ascii_whitespace().next()
}

fn contradiction(
    context: &ImageContext<'_>,
    step: &HistoryStep,
    layer: usize,
) -> Option<(&'static str, Severity, String)> {
    const SETTINGS: [&str; 12] = [
        "ENV",
        "LABEL",
        "CMD",
        "ENTRYPOINT",
        "EXPOSE",
        "USER",
        "ARG",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "MAINTAINER",
        "ONBUILD",
        "SHELL",
    ];
    let index = context.view.layers().get(layer)?;
    let instruction = instruction(step)?;
    let deleted = index.deletions().count();
    let files = index.nodes().len();
    if SETTINGS.contains(&instruction) && files + deleted > 0 {
        let message = format!(
            "the step only sets {instruction}, but its layer {layer} changes {} paths",
            files + deleted
        );
        return Some(("setting", Severity::Medium, message));
    }
    if matches!(instruction, "COPY" | "ADD") && deleted > 0 {
        let (path, _) = index.deletions().next()?;
        let message = format!(
            "the step copies files, but its layer {layer} deletes {deleted} paths, such as /{}",
            text(path)
        );
        return Some(("copy", Severity::Medium, message));
    }
    const INSTALLS: [&str; 6] =
        ["apt-get install", "apt install", "apk add", "dnf install", "yum install", "microdnf install"];
    let installs = instruction == "RUN" && INSTALLS.iter().any(|words| step.created_by.contains(words));
    if installs && files + deleted == 0 && !step.created_by.contains("--mount") {
        let message = format!("the step installs packages, but its layer {layer} is empty");
        return Some(("install", Severity::Low, message));
    }
    None
}
