//! Detections of a saved report.

use plimsoll_types::{
    Attached, Detection, Place, PlaceKind, Severity, SuppressedBy, SuppressedDetection, class,
};
use serde::Deserialize;

use super::{ReadError, confidence, optional_time, word, wrong};

#[derive(Deserialize)]
pub(super) struct RawDetection {
    class: String,
    #[serde(default)]
    rule: String,
    severity: String,
    confidence: Option<String>,
    #[serde(default)]
    message: String,
    place: RawPlace,
    #[serde(default)]
    evidence: String,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    remedy: String,
    package: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPlace {
    kind: String,
    #[serde(default)]
    name: String,
    layer: Option<u32>,
    hidden_by: Option<u32>,
    line: Option<u32>,
    end_line: Option<u32>,
    column: Option<u32>,
    #[serde(default)]
    resource: String,
}

#[derive(Deserialize)]
pub(super) struct RawSuppressedDetection {
    by: String,
    #[serde(default)]
    origin: String,
    #[serde(default)]
    reason: String,
    expires: Option<String>,
    detection: RawDetection,
}

pub(super) fn detection(place: &str, raw: RawDetection, packages: usize) -> Result<Detection, ReadError> {
    let class = class(&raw.class).ok_or_else(|| wrong(place, &raw.class, "class of findings"))?;
    if let Some(index) = raw.package.filter(|index| *index >= packages) {
        return Err(wrong(place, &index.to_string(), "index of a package"));
    }
    Ok(Detection {
        class,
        rule: raw.rule,
        severity: word(place, &raw.severity, &Severity::ALL, Severity::word, "severity")?,
        confidence: confidence(place, raw.confidence.as_deref())?,
        message: raw.message,
        place: Place {
            kind: word(place, &raw.place.kind, &PlaceKind::ALL, PlaceKind::word, "kind of place")?,
            name: raw.place.name,
            layer: raw.place.layer,
            hidden_by: raw.place.hidden_by,
            line: raw.place.line,
            end_line: raw.place.end_line,
            column: raw.place.column,
            resource: raw.place.resource,
        },
        evidence: raw.evidence,
        notes: raw.notes,
        // The class' own word is not the detection's.
        remedy: if raw.remedy == class.remedy { String::new() } else { raw.remedy },
        package: raw.package,
    })
}

pub(super) fn suppressed(
    place: &str,
    raw: RawSuppressedDetection,
    packages: usize,
) -> Result<SuppressedDetection, ReadError> {
    Ok(SuppressedDetection {
        by: word(place, &raw.by, &SuppressedBy::ALL, SuppressedBy::word, "way of holding back")?,
        origin: raw.origin,
        reason: raw.reason,
        expires: optional_time(place, raw.expires.as_deref())?,
        detection: detection(place, raw.detection, packages)?,
    })
}

#[derive(Deserialize)]
pub(super) struct RawAttached {
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    predicate: String,
    #[serde(default)]
    builder: String,
    verified: Option<bool>,
    #[serde(default)]
    note: String,
}

pub(super) fn attached(raw: RawAttached) -> Attached {
    Attached {
        name: raw.name,
        kind: raw.kind,
        predicate: raw.predicate,
        builder: raw.builder,
        verified: raw.verified,
        note: raw.note,
    }
}
