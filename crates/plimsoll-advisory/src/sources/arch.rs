//! The JSON files of Arch Linux's security tracker (`all.json`, `vulnerable.json`): groups of vulnerabilities (AVG) in
//! packages that are built together.
//!
//! `affected` is the version in which the group was seen, not the first one that has it, so that everything before
//! `fixed` counts as affected. A fix that is still in testing is a fix.

use plimsoll_types::{Reference, Status};
use serde::Deserialize;

use super::{RefusalReason, Sink, SourceError, SourceSpec, stream, text};
use crate::json;
use crate::{Advisory, Affected, Event, Range, SeverityStatement};

/// Arch Linux's tracker.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: SOURCE,
    title: "Arch Linux Security Tracker",
    description: "Arch Linux's groups of vulnerabilities, with the package versions that fix them.",
    recognises: |path, head| {
        let has = |needle| super::contains(head, needle);
        super::has_extension(path, &["json"]) && has("\"AVG-") && has("\"packages\"") && has("\"issues\"")
    },
    parse,
};

/// The id of the source.
const SOURCE: &str = "arch";

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    name: String,
    #[serde(default)]
    packages: Vec<String>,
    #[serde(default)]
    status: String,
    #[serde(default)]
    severity: String,
    #[serde(default, rename = "type")]
    kind: String,
    fixed: Option<String>,
    ticket: Option<String>,
    issues: Option<Vec<String>>,
    advisories: Option<Vec<String>>,
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let text = super::utf8(path, bytes)?;
    stream::elements(path, text, &mut |place, json| {
        if let Some(group) = json::record(path, place, json, out) {
            convert(path, group, out);
        }
    })
}

fn convert(path: &str, group: Group, out: &mut Sink) {
    let id = group.name.trim();
    if !text::is_id(id) || !id.starts_with("AVG-") {
        out.refuse(path, id, RefusalReason::Malformed, "no usable id");
        return;
    }
    let fixed = group.fixed.as_deref().map(str::trim).filter(|version| text::is_name(version));
    let (status, end) = match (group.status.as_str(), fixed) {
        ("Not affected", _) => (Status::NotAffected, None),
        ("Vulnerable" | "Testing" | "Fixed", Some(version)) => {
            (Status::Fixed, Some(Event::Fixed(version.to_owned())))
        }
        ("Vulnerable" | "Testing", None) => (Status::Affected, None),
        ("Unknown", _) => (Status::UnderInvestigation, None),
        (status, _) => {
            out.refuse(path, id, RefusalReason::NothingAffected, &format!("'{status}' without a version"));
            return;
        }
    };
    let mut events = vec![Event::Introduced("0".to_owned())];
    events.extend(end);
    let affected: Vec<Affected> = text::unique(group.packages)
        .into_iter()
        .filter(|package| text::is_name(package))
        .map(|package| Affected {
            ecosystem: "Arch Linux".to_owned(),
            package,
            status,
            ranges: vec![Range { events: events.clone() }],
            ..Affected::default()
        })
        .collect();
    if affected.is_empty() {
        out.refuse(path, id, RefusalReason::NothingAffected, "no package");
        return;
    }
    let tracker = |id: &str| Reference {
        kind: "advisory".to_owned(),
        url: format!("https://security.archlinux.org/{id}"),
    };
    let mut references = vec![tracker(id)];
    references.extend(
        group.advisories.unwrap_or_default().iter().filter(|id| text::is_id(id)).map(|id| tracker(id)),
    );
    if let Some(ticket) =
        group.ticket.filter(|ticket| !ticket.is_empty() && ticket.bytes().all(|b| b.is_ascii_digit()))
    {
        let url = format!("https://bugs.archlinux.org/task/{ticket}");
        references.push(Reference { kind: "report".to_owned(), url });
    }
    let severity = text::severity_word(&group.severity);
    out.keep(Advisory {
        id: id.to_owned(),
        source: SOURCE.to_owned(),
        covers: text::unique(group.issues.unwrap_or_default().into_iter().filter(|id| text::is_cve(id))),
        title: text::one_line(&group.kind),
        severities: severity
            .map(|severity| SeverityStatement { source: SOURCE.to_owned(), severity })
            .into_iter()
            .collect(),
        references,
        affected,
        ..Advisory::default()
    });
}
