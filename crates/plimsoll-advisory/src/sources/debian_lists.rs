//! Debian's lists of advisories: `data/DSA/list` and `data/DLA/list` of the security tracker.
//!
//! An advisory is a header line and indented lines (security tracker, "Syntax and content of the lists"):
//!
//! ```text
//! [03 Oct 2023] DSA-5514-1 glibc - security update
//!         {CVE-2023-4911}
//!         [bullseye] - glibc 2.31-13+deb11u7
//!         NOTE: a remark
//! ```

use plimsoll_types::{Reference, Status, Timestamp};

use super::{RefusalReason, Sink, SourceError, SourceSpec, text};
use crate::{Advisory, Affected, Event, Range};

/// The advisories of the security team.
pub(super) const DSA: SourceSpec = SourceSpec {
    id: "debian-dsa",
    title: "Debian Security Advisories",
    description: "The advisories of Debian's security team, from the security tracker.",
    recognises: |path, head| recognises("DSA", path, head),
    parse: |path, bytes, out| parse("debian-dsa", path, bytes, out),
};

/// The advisories of the long-term support team.
pub(super) const DLA: SourceSpec = SourceSpec {
    id: "debian-dla",
    title: "Debian LTS Advisories",
    description: "The advisories of Debian's long-term support team, from the security tracker.",
    recognises: |path, head| recognises("DLA", path, head),
    parse: |path, bytes, out| parse("debian-dla", path, bytes, out),
};

/// Codenames and the release under which OSV files them.
const RELEASES: &[(&str, &str)] = &[
    ("buzz", "1.1"),
    ("rex", "1.2"),
    ("bo", "1.3"),
    ("hamm", "2.0"),
    ("slink", "2.1"),
    ("potato", "2.2"),
    ("woody", "3.0"),
    ("sarge", "3.1"),
    ("etch", "4"),
    ("lenny", "5"),
    ("squeeze", "6"),
    ("wheezy", "7"),
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
];

/// The release under which OSV files what `codename` names.
pub(super) fn release(codename: &str) -> Option<&'static str> {
    RELEASES.iter().find(|(name, _)| *name == codename).map(|(_, release)| *release)
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A file named `list`, by its folder or by its first header line.
fn recognises(kind: &str, path: &str, head: &[u8]) -> bool {
    if !head.starts_with(b"[") || path.rsplit('/').next() != Some("list") {
        return false;
    }
    let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let wanted = format!("] {kind}-");
    path == format!("{kind}/list")
        || path.ends_with(&format!("/{kind}/list"))
        || first.windows(wanted.len()).any(|window| window == wanted.as_bytes())
}

/// The advisory being read.
struct Open {
    advisory: Advisory,
    /// Whether a line named a release that is not in [`RELEASES`].
    unknown_release: bool,
    /// The first line on a known release that could not be read.
    unread: Option<String>,
}

fn parse(source: &str, path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let mut open: Option<Open> = None;
    for (number, line) in super::utf8(path, bytes)?.lines().enumerate() {
        if line.starts_with('[') {
            close(path, open.take(), out);
            open = header(source, line);
            if open.is_none() {
                let place = format!("line {}", number.saturating_add(1));
                out.refuse(path, &place, RefusalReason::Malformed, line);
            }
        } else if let Some(open) = &mut open {
            body(open, line.trim());
        }
    }
    close(path, open, out);
    Ok(())
}

/// Sends a finished advisory, or its refusal, to the sink.
fn close(path: &str, open: Option<Open>, out: &mut Sink) {
    let Some(Open { mut advisory, unknown_release, unread }) = open else { return };
    if let Some(line) = unread {
        out.refuse(path, &advisory.id, RefusalReason::Malformed, &format!("not a statement: {line}"));
        if advisory.affected.is_empty() {
            return;
        }
    }
    if advisory.affected.is_empty() {
        let reason = if unknown_release {
            RefusalReason::UnknownRelease
        } else {
            // Announcements of an end of support or of a new key are numbered as advisories too.
            RefusalReason::NothingAffected
        };
        out.refuse(path, &advisory.id, reason, &advisory.title);
        return;
    }
    advisory.covers = text::unique(std::mem::take(&mut advisory.covers));
    out.keep(advisory);
}

/// `[03 Oct 2023] DSA-5514-1 glibc - security update`.
fn header(source: &str, line: &str) -> Option<Open> {
    let (date, rest) = line.strip_prefix('[')?.split_once(']')?;
    let rest = rest.trim();
    let (id, title) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let numbered = id.strip_prefix("DSA-").or(id.strip_prefix("DLA-"));
    if !text::is_id(id) || !numbered.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit())) {
        return None;
    }
    let advisory = Advisory {
        id: id.to_owned(),
        source: source.to_owned(),
        title: text::one_line(title),
        published: published(date),
        references: vec![Reference {
            kind: "advisory".to_owned(),
            url: format!("https://security-tracker.debian.org/tracker/{id}"),
        }],
        ..Advisory::default()
    };
    Some(Open { advisory, unknown_release: false, unread: None })
}

/// `03 Oct 2023`.
fn published(date: &str) -> Option<Timestamp> {
    let mut parts = date.split_whitespace();
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| month.get(..3) == Some(*name))?.checked_add(1)?;
    let day: u8 = day.parse().ok()?;
    text::date(Some(&format!("{year}-{month:02}-{day:02}")))
}

/// An indented line.
fn body(open: &mut Open, line: &str) {
    if let Some(list) = line.strip_prefix('{') {
        let list = list.split('}').next().unwrap_or_default();
        open.advisory.covers.extend(list.split_whitespace().filter_map(text::leading_cve));
        return;
    }
    // `[release] - package version`; all else is a remark.
    let Some((release, rest)) = line.strip_prefix('[').and_then(|line| line.split_once(']')) else { return };
    let mut words = rest.split_whitespace();
    if words.next() != Some("-") {
        return;
    }
    let Some(release) = self::release(release.trim()) else {
        open.unknown_release = true;
        return;
    };
    let Some(package) = words.next().filter(|package| text::is_name(package)) else {
        open.unread.get_or_insert_with(|| line.to_owned());
        return;
    };
    let (status, end) = match words.next() {
        // The list once forgets the version; that the package is affected is still said.
        None | Some("<unfixed>" | "<no-dsa>") => (Status::Affected, None),
        Some("<not-affected>") => (Status::NotAffected, None),
        Some("<end-of-life>") => (Status::EndOfLife, None),
        Some("<ignored>") => (Status::WillNotFix, None),
        Some("<postponed>") => (Status::FixDeferred, None),
        Some("<undetermined>") => (Status::UnderInvestigation, None),
        Some(version) if version.starts_with('<') || !text::is_name(version) => {
            open.unread.get_or_insert_with(|| line.to_owned());
            return;
        }
        Some(version) => (Status::Fixed, Some(Event::Fixed(version.to_owned()))),
    };
    let mut events = vec![Event::Introduced("0".to_owned())];
    events.extend(end);
    open.advisory.affected.push(Affected {
        ecosystem: format!("Debian:{release}"),
        package: package.to_owned(),
        status,
        ranges: vec![Range { events }],
        ..Affected::default()
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_read_is_told() {
        let list = "[03 Oct 2023] DSA-5514-1 glibc - security update\n\t{CVE-2023-4911}\n\t[bullseye] - glibc 2.31-13\n\
                    \t[bookworm] - glibc <who-knows>\n\tNOTE: [stretch] - x y\n\t[sid] - glibc <who-knows>\n";
        let mut sink = Sink::new();
        parse("debian-dsa", "DSA/list", list.as_bytes(), &mut sink).unwrap();
        assert_eq!((sink.kept(), sink.refused()), (1, 1));
        assert_eq!(sink.refusals()[0].detail, "not a statement: [bookworm] - glibc <who-knows>");
    }

    #[test]
    fn dates() {
        assert_eq!(published("03 Oct 2023").unwrap().to_string(), "2023-10-03T00:00:00Z");
        assert_eq!(published("3 Sept 2005").unwrap().to_string(), "2005-09-03T00:00:00Z");
        assert_eq!(published("31 Foo 2005"), None);
        assert_eq!(published("Oct 2023"), None);
    }
}
