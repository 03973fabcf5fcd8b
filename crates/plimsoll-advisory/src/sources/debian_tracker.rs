//! The JSON file of Debian's security tracker: for each source package and vulnerability, what holds in each release.
//!
//! ```text
//! {"curl": {"CVE-2023-38545": {"description": "…", "scope": "remote", "debianbug": 1053643, "releases": {
//!     "bookworm": {"status": "resolved", "fixed_version": "7.88.1-10+deb12u4", "urgency": "not yet assigned"},
//!     "trixie": {"status": "open", "urgency": "low", "nodsa": "Minor issue", "nodsa_reason": "postponed"}}}}}
//! ```
//!
//! - `resolved` in version `0` means that the release was never affected.
//! - `open` says that the version now in the release is affected. What the security team decided stands in
//!   `nodsa_reason`: `postponed` is a fix put off, `ignored` one that will not come.
//! - The urgency `unimportant` is negligible; `end-of-life` says that the package is no longer supported there.
//! - `sid` is left out: no image is a release of it, and `Debian:13` and so on stand for testing.

use std::collections::BTreeMap;

use plimsoll_types::{Reference, Severity, Status};
use serde::Deserialize;

use super::debian_lists::release;
use super::{RefusalReason, Sink, SourceError, SourceSpec, stream, text};
use crate::json;
use crate::{Advisory, Affected, Event, Range};

/// The tracker.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: SOURCE,
    title: "Debian Security Tracker",
    description: "What Debian's security team knows of each vulnerability in each release, fixed or not.",
    recognises: |path, head| {
        let has = |needle| super::contains(head, needle);
        super::has_extension(path, &["json"])
            && has("\"releases\"")
            && has("\"status\"")
            && (has("\"urgency\"") || has("\"fixed_version\""))
            && (has("\"CVE-") || has("\"TEMP-"))
            && !has("\"affected\"")
            && !has("\"schema_version\"")
    },
    parse,
};

/// The id of the source.
const SOURCE: &str = "debian-tracker";

#[derive(Deserialize)]
struct Issue {
    description: Option<String>,
    debianbug: Option<u64>,
    #[serde(default)]
    releases: BTreeMap<String, Release>,
}

#[derive(Deserialize)]
struct Release {
    #[serde(default)]
    status: String,
    fixed_version: Option<String>,
    urgency: Option<String>,
    nodsa_reason: Option<String>,
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let text = super::utf8(path, bytes)?;
    stream::members(path, text, &mut |package, issues| {
        if !text::is_name(package) {
            out.refuse(path, package, RefusalReason::Malformed, "the package's name is not a name");
            return;
        }
        let read = stream::members(path, issues, &mut |id, json| {
            if let Some(issue) = json::record(path, id, json, out) {
                convert(path, package, id, issue, out);
            }
        });
        if let Err(error) = read {
            out.refuse(path, package, RefusalReason::Malformed, &error.to_string());
        }
    })
}

fn convert(path: &str, package: &str, id: &str, issue: Issue, out: &mut Sink) {
    if !text::is_id(id) {
        out.refuse(path, id, RefusalReason::Malformed, "no usable id");
        return;
    }
    let mut known_release = false;
    let mut affected = Vec::new();
    for (codename, stated) in issue.releases {
        let Some(release) = release(&codename) else { continue };
        known_release = true;
        affected.extend(statement(package, release, stated));
    }
    if affected.is_empty() {
        let reason =
            if known_release { RefusalReason::NothingAffected } else { RefusalReason::UnknownRelease };
        out.refuse(path, id, reason, package);
        return;
    }
    let mut references = vec![Reference {
        kind: "advisory".to_owned(),
        url: format!("https://security-tracker.debian.org/tracker/{id}"),
    }];
    if let Some(bug) = issue.debianbug {
        references
            .push(Reference { kind: "report".to_owned(), url: format!("https://bugs.debian.org/{bug}") });
    }
    out.keep(Advisory {
        id: id.to_owned(),
        source: SOURCE.to_owned(),
        description: issue.description.map(|text| text.trim().to_owned()).unwrap_or_default(),
        references,
        affected,
        ..Advisory::default()
    });
}

/// What holds in one release; `None` where nothing can be compared.
fn statement(package: &str, release: &str, stated: Release) -> Option<Affected> {
    let urgency = stated.urgency.as_deref().map(|word| word.trim_end_matches('*')).unwrap_or_default();
    let fixed = stated.fixed_version.as_deref().map(str::trim).unwrap_or_default();
    let (status, end) = match (stated.status.as_str(), stated.nodsa_reason.as_deref()) {
        ("resolved", _) if fixed == "0" => (Status::NotAffected, None),
        ("resolved", _) if text::is_name(fixed) && fixed.starts_with(|c: char| c.is_ascii_digit()) => {
            (Status::Fixed, Some(Event::Fixed(fixed.to_owned())))
        }
        ("undetermined", _) => (Status::UnderInvestigation, None),
        ("open", _) if urgency == "end-of-life" => (Status::EndOfLife, None),
        ("open", Some("postponed")) => (Status::FixDeferred, None),
        ("open", Some("ignored")) => (Status::WillNotFix, None),
        ("open", _) => (Status::Affected, None),
        _ => return None,
    };
    let mut events = vec![Event::Introduced("0".to_owned())];
    events.extend(end);
    Some(Affected {
        ecosystem: format!("Debian:{release}"),
        package: package.to_owned(),
        status,
        ranges: vec![Range { events }],
        severity: match urgency {
            "unimportant" => Some(Severity::Negligible),
            word => text::severity_word(word),
        },
        ..Affected::default()
    })
}
