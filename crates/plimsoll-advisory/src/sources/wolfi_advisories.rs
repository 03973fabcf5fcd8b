//! Wolfi's advisories (`<package>.advisories.yaml`, schema version 2): for each package and vulnerability the events in
//! its history, of which the latest holds.

use plimsoll_types::Status;
use serde::Deserialize;

use super::{RefusalReason, Sink, SourceError, SourceSpec, text, yaml};
use crate::{Advisory, Affected, Event, Range};

/// The id of the source.
const SOURCE: &str = "wolfi-advisories";

/// Wolfi's advisories.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: SOURCE,
    title: "Wolfi Advisories",
    description: "Wolfi's record of how each vulnerability in each of its packages was dealt with.",
    recognises: |path, head| {
        super::has_extension(path, &["yaml", "yml"])
            && super::has_key(head, "schema-version")
            && super::has_key(head, "package")
            && super::has_key(head, "advisories")
    },
    parse,
};

#[derive(Deserialize)]
struct File {
    package: Option<Package>,
    advisories: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    id: String,
    aliases: Option<Vec<String>>,
    events: Option<Vec<HistoryEvent>>,
}

#[derive(Deserialize)]
struct HistoryEvent {
    timestamp: Option<String>,
    #[serde(rename = "type", default)]
    kind: String,
    data: Option<EventData>,
}

#[derive(Deserialize)]
struct EventData {
    #[serde(rename = "fixed-version")]
    fixed_version: Option<String>,
    note: Option<String>,
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let file: File = yaml::parse(path, super::utf8(path, bytes)?)?;
    let package = file.package.map(|package| package.name).unwrap_or_default();
    if !text::is_name(&package) {
        return Err(SourceError::Shape { path: path.to_owned(), message: "no package name".to_owned() });
    }
    for entry in file.advisories.unwrap_or_default() {
        convert(path, &package, entry, out);
    }
    Ok(())
}

fn convert(path: &str, package: &str, entry: Entry, out: &mut Sink) {
    let id = entry.id.trim();
    if !text::is_id(id) {
        out.refuse(path, id, RefusalReason::Malformed, "no usable id");
        return;
    }
    let mut events: Vec<_> = entry
        .events
        .unwrap_or_default()
        .into_iter()
        .map(|event| (text::date(event.timestamp.as_deref()), event))
        .collect();
    // Files are not always in order of time; events of the same time are.
    events.sort_by_key(|(time, _)| *time);
    let published = events.iter().find_map(|(time, _)| *time);
    let Some((modified, last)) = events.pop() else {
        out.refuse(path, id, RefusalReason::NothingAffected, "no events");
        return;
    };
    let data = last.data.unwrap_or(EventData { fixed_version: None, note: None });
    let (status, end) = match (last.kind.as_str(), data.fixed_version.as_deref().map(str::trim)) {
        ("fixed", Some("0")) | ("false-positive-determination", _) => (Status::NotAffected, None),
        ("fixed", Some(version)) if text::is_name(version) => {
            (Status::Fixed, Some(Event::Fixed(version.to_owned())))
        }
        ("detection", _) => (Status::UnderInvestigation, None),
        ("true-positive-determination" | "pending-upstream-fix" | "analysis-not-planned", _) => {
            (Status::Affected, None)
        }
        ("fix-not-planned", _) => (Status::WillNotFix, None),
        (kind, _) => {
            out.refuse(path, id, RefusalReason::Malformed, &format!("no meaning in the event '{kind}'"));
            return;
        }
    };
    let mut range = vec![Event::Introduced("0".to_owned())];
    range.extend(end);
    let aliases = entry.aliases.unwrap_or_default().into_iter().map(|alias| alias.trim().to_owned());
    out.keep(Advisory {
        id: id.to_owned(),
        source: SOURCE.to_owned(),
        aliases: text::unique(aliases.filter(|alias| text::is_id(alias) && alias != id)),
        description: data.note.map(|note| note.trim().to_owned()).unwrap_or_default(),
        published,
        modified,
        affected: vec![Affected {
            ecosystem: "Wolfi".to_owned(),
            package: package.to_owned(),
            status,
            ranges: vec![Range { events: range }],
            ..Affected::default()
        }],
        ..Advisory::default()
    });
}
