//! Detections in Plimsoll's JSON.

use plimsoll_types::{Attached, Class, Detection, Place, SuppressedDetection, Timestamp};
use serde::Serialize;

use super::{Text, known};

/// A detection.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DetectionJson<'a> {
    class: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    scanner: &'static str,
    method: &'static str,
    title: &'static str,
    severity: &'static str,
    confidence: &'static str,
    message: &'a str,
    place: PlaceJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
    remedy: &'a str,
    cwes: Vec<String>,
    #[serde(skip_serializing_if = "<[&str]>::is_empty")]
    aliases: &'static [&'static str],
    /// An index into the target's packages.
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<usize>,
}

/// The weaknesses of a class as other documents spell them.
pub(crate) fn cwes(class: &Class) -> Vec<String> {
    class.cwes.iter().map(|number| format!("CWE-{number}")).collect()
}

impl<'a> From<&'a Detection> for DetectionJson<'a> {
    fn from(detection: &'a Detection) -> Self {
        let class = detection.class;
        DetectionJson {
            class: class.code,
            rule: known(&detection.rule),
            scanner: class.scanner.word(),
            method: class.method.word(),
            title: class.title,
            severity: detection.severity.word(),
            confidence: detection.confidence.word(),
            message: &detection.message,
            place: (&detection.place).into(),
            evidence: known(&detection.evidence),
            notes: &detection.notes,
            remedy: detection.remedy(),
            cwes: cwes(class),
            aliases: class.aliases,
            package: detection.package,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlaceJson<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden_by: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a str>,
}

impl<'a> From<&'a Place> for PlaceJson<'a> {
    fn from(place: &'a Place) -> Self {
        PlaceJson {
            kind: place.kind.word(),
            name: known(&place.name),
            layer: place.layer,
            hidden_by: place.hidden_by,
            line: place.line,
            end_line: place.end_line,
            column: place.column,
            resource: known(&place.resource),
        }
    }
}

/// A detection that was held back.
#[derive(Serialize)]
pub(super) struct SuppressedDetectionJson<'a> {
    by: &'static str,
    origin: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Text<Timestamp>>,
    detection: DetectionJson<'a>,
}

impl<'a> From<&'a SuppressedDetection> for SuppressedDetectionJson<'a> {
    fn from(held: &'a SuppressedDetection) -> Self {
        SuppressedDetectionJson {
            by: held.by.word(),
            origin: &held.origin,
            reason: known(&held.reason),
            expires: held.expires.map(Text),
            detection: (&held.detection).into(),
        }
    }
}

/// Something that is attached to an image in its registry or layout.
#[derive(Serialize)]
pub(super) struct AttachedJson<'a> {
    name: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    predicate: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    builder: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

impl<'a> From<&'a Attached> for AttachedJson<'a> {
    fn from(attached: &'a Attached) -> Self {
        AttachedJson {
            name: &attached.name,
            kind: &attached.kind,
            predicate: known(&attached.predicate),
            builder: known(&attached.builder),
            verified: attached.verified,
            note: known(&attached.note),
        }
    }
}
