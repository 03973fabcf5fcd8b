//! Detections in SARIF: a rule for each class, a result for each detection.

use std::collections::HashMap;

use plimsoll_types::{Class, Confidence, Detection, PlaceKind, SuppressedDetection, TargetReport};

use super::{
    ArtifactLocation, Configuration, DetectionProperties, Fingerprints, Help, Location, LogicalLocation,
    Message, PhysicalLocation, Properties, Region, ResultEntry, Rule, RuleProperties, Suppression,
    SuppressionProperties, lasting_name, level, plain, relative_uri, severity_score,
};
use crate::identity::fingerprint;
use crate::text::{clean, cut_end};

/// The rule of a class.
pub(super) fn rule(class: &'static Class) -> Rule<'static> {
    let mut tags =
        vec![class.scanner.word().to_owned(), "security".to_owned(), class.severity.word().to_owned()];
    tags.extend(class.cwes.iter().map(|number| format!("external/cwe/cwe-{number}")));
    let score = severity_score(class.severity);
    let names = class.aliases.join(", ");
    let also = if names.is_empty() { String::new() } else { format!("\n\nAlso known as {names}.") };
    Rule {
        id: class.code,
        name: "Detection",
        short_description: Message { text: class.title.to_owned() },
        full_description: Message { text: class.explanation.to_owned() },
        help_uri: None,
        help: Help {
            text: format!("{}\n\n{}{also}", class.explanation, class.remedy),
            markdown: format!("**{}**\n\n{}\n\n{}{also}", class.title, class.explanation, class.remedy),
        },
        default_configuration: Configuration { level: level(class.severity) },
        properties: RuleProperties {
            precision: "high",
            security_severity: format!("{}.{}", score / 10, score % 10),
            tags,
        },
    }
}

/// The result of a detection.
pub(super) fn result<'a>(
    target: &'a TargetReport,
    detection: &'a Detection,
    held: Option<&SuppressedDetection>,
    rule_index: usize,
    seen: &mut HashMap<String, usize>,
) -> ResultEntry<'a> {
    let place = &detection.place;
    let mut text = format!("{} ({}).", plain(&detection.message), plain(&detection.id()));
    for note in &detection.notes {
        text.push_str(&format!(" {}", plain(note)));
    }
    if let Some(layer) = place.hidden_by {
        text.push_str(&format!(
            " A later layer ({layer}) deletes or replaces the file; it is still in the image."
        ));
    }
    text.push_str(&format!("\nRemedy: {}\nTarget: {}", plain(detection.remedy()), plain(&target.name)));
    let uri = match place.kind {
        PlaceKind::File => relative_uri(&place.name),
        _ => String::new(),
    };
    // Code scanning refuses a result without a location.
    let name = relative_uri(&target.name);
    let uri = [uri, name].into_iter().find(|uri| !uri.is_empty()).unwrap_or_else(|| "image".to_owned());
    let evidence = cut_end(&clean(&detection.evidence), 400).into_owned();
    let region = Region {
        start_line: place.line.unwrap_or(1),
        start_column: place.column,
        end_line: place.end_line,
        snippet: (!evidence.is_empty()).then_some(Message { text: evidence }),
    };
    let hash = fingerprint(&[
        &lasting_name(target),
        detection.class.code,
        &detection.rule,
        place.kind.word(),
        &place.name,
        &place.resource,
        &detection.evidence,
    ]);
    let count = seen.entry(hash.clone()).or_default();
    *count += 1;
    let finding = format!("{hash}:{count}");
    ResultEntry {
        rule_id: detection.class.code,
        rule_index,
        kind: None,
        level: level(detection.severity),
        message: Message { text },
        locations: vec![Location {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri },
                region: Some(region),
            },
            logical_locations: vec![LogicalLocation {
                name: place.to_string(),
                fully_qualified_name: format!("{}/{place}", target.name),
                kind: if place.resource.is_empty() { "resource" } else { "object" },
            }],
        }],
        partial_fingerprints: Fingerprints { line_hash: finding.clone(), finding },
        suppressions: held.map(|held| {
            let (reason, origin) = (clean(&held.reason), clean(&held.origin));
            [Suppression {
                kind: "external",
                status: "accepted",
                justification: if reason.is_empty() {
                    origin.into_owned()
                } else {
                    format!("{origin}: {reason}")
                },
                properties: SuppressionProperties {
                    by: held.by.word(),
                    expires: held.expires.map(|end| end.to_string()),
                },
            }]
        }),
        properties: Properties::Detection(DetectionProperties {
            target: &target.name,
            scanner: detection.class.scanner.word(),
            rule: &detection.rule,
            severity: detection.severity.word(),
            confidence: Confidence::word(detection.confidence),
            layer: place.layer,
            hidden_by: place.hidden_by,
            resource: &place.resource,
        }),
    }
}
