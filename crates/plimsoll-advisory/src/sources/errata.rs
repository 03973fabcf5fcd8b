//! What the parsers of errata share: packages with the architectures they come in, version strings of RPM packages,
//! severities, dates, identifiers in running text.

use std::collections::HashMap;

use plimsoll_types::{CvssVector, Severity, Timestamp};

use super::{RefusalReason, text};
use crate::{Affected, Event, Range};

/// The most packages of one erratum. The largest there are have some ten thousand.
pub(super) const MAX_PACKAGES: usize = 200_000;

/// The most architectures of one statement; more stand for all of them.
const MAX_ARCHES: usize = 64;

/// The packages of one erratum. The same statement for several architectures is one.
#[derive(Default)]
pub(super) struct Packages {
    list: Vec<Affected>,
    places: HashMap<String, usize>,
}

impl Packages {
    /// Adds a statement, or its architectures to the same one. No architecture means all of them, and so does
    /// `noarch`.
    pub(super) fn add(&mut self, mut new: Affected) {
        if new.arches.iter().any(|arch| arch == "noarch") {
            new.arches.clear();
        }
        let mut key = [&new.ecosystem, &new.package, &new.modularity].map(String::as_str).join("\u{1f}");
        key.push_str(new.status.word());
        for event in new.ranges.iter().flat_map(|range| &range.events) {
            let (sign, version) = match event {
                Event::Introduced(version) => ("\u{1f}>", version),
                Event::Fixed(version) => ("\u{1f}<", version),
                Event::LastAffected(version) => ("\u{1f}=", version),
                Event::Limit(version) => ("\u{1f}!", version),
            };
            key.push_str(sign);
            key.push_str(version);
        }
        match self.places.get(&key).and_then(|place| self.list.get_mut(*place)) {
            Some(known) if known.arches.is_empty() => {}
            Some(known) if new.arches.is_empty() => known.arches.clear(),
            Some(known) => {
                for arch in new.arches {
                    if !known.arches.contains(&arch) {
                        known.arches.push(arch);
                    }
                }
                // There are not as many: whatever this is, it must not hide the statement from anybody.
                if known.arches.len() > MAX_ARCHES {
                    known.arches.clear();
                }
            }
            None => {
                self.places.insert(key, self.list.len());
                self.list.push(new);
            }
        }
    }

    /// The statements in the order added.
    pub(super) fn into_list(self) -> Vec<Affected> {
        self.list
    }
}

/// A title without the severity in front of it, and that word: `lz4 security update` of `Moderate: lz4 security update`.
pub(super) fn title_and_word(title: &str) -> (&str, &str) {
    match title.split_once(": ") {
        Some((word, rest)) if severity(word).is_some() => (rest, word),
        _ => (title, ""),
    }
}

/// Why an erratum without a statement is refused. `unknown_release`: it has packages, and none is of a release that is
/// known.
pub(super) fn nothing_affected(unknown_release: bool) -> (RefusalReason, String) {
    if unknown_release {
        (RefusalReason::UnknownRelease, "its release is not known".to_owned())
    } else {
        (RefusalReason::NothingAffected, "no package".to_owned())
    }
}

/// The range of a fix: everything before `version`.
pub(super) fn before(version: &str) -> Range {
    Range { events: vec![Event::Introduced("0".to_owned()), Event::Fixed(version.to_owned())] }
}

/// Everything.
pub(super) fn always() -> Range {
    Range { events: vec![Event::Introduced("0".to_owned())] }
}

/// `epoch:version-release`, without the epoch when it is 0; `None` when it is no version.
pub(super) fn evr(epoch: &str, version: &str, release: &str) -> Option<String> {
    let (epoch, version, release) = (epoch.trim(), version.trim(), release.trim());
    let mut out = match epoch {
        "" | "0" | "(none)" | "None" => String::new(),
        epoch if epoch.len() <= 10 && epoch.bytes().all(|byte| byte.is_ascii_digit()) => format!("{epoch}:"),
        _ => return None,
    };
    out.push_str(version);
    if !release.is_empty() {
        out.push('-');
        out.push_str(release);
    }
    (!version.is_empty() && text::is_name(&out)).then_some(out)
}

/// A version without an epoch of 0. Some feeds write a space after the epoch (`0: 1.20.10-1.azl3`).
pub(super) fn without_zero_epoch(version: &str) -> &str {
    let version = version.trim();
    version.strip_prefix("0:").map_or(version, str::trim_start)
}

/// Name, `epoch:version-release` and architecture of `delve-0:1.25.2-1.el10_1.aarch64.rpm`.
pub(super) fn nevra(file: &str) -> Option<(&str, String, &str)> {
    let file = file.trim();
    let (rest, arch) = file.strip_suffix(".rpm").unwrap_or(file).rsplit_once('.')?;
    let (name, evr) = nevr(rest)?;
    (!arch.is_empty() && text::is_name(arch)).then_some((name, evr, arch))
}

/// Name and `epoch:version-release` of `delve-0:1.25.2-1.el10_1`.
pub(super) fn nevr(text: &str) -> Option<(&str, String)> {
    let (rest, release) = text.trim().rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let (epoch, version) = version.split_once(':').unwrap_or(("", version));
    if !text::is_name(name) || release.is_empty() {
        return None;
    }
    Some((name, evr(epoch, version, release)?))
}

/// The major release of Enterprise Linux in a package's release: `8` of `10.el8_4.1`, of `4.module+el8.5.0+738`.
pub(super) fn el_major(release: &str) -> Option<&str> {
    release.match_indices("el").find_map(|(at, _)| {
        let before = release.get(..at)?.chars().next_back();
        let rest = release.get(at.saturating_add(2)..)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        (matches!(before, None | Some('.' | '+' | '_')) && (1..=2).contains(&digits))
            .then(|| rest.get(..digits))
            .flatten()
    })
}

/// Whether a package's release is that of a build in a module.
pub(super) fn is_modular(release: &str) -> bool {
    release.contains(".module+") || release.contains(".module_")
}

/// A severity in words; `None` when the word says that there is none.
pub(super) fn severity(word: &str) -> Option<Severity> {
    match word.trim() {
        word if word.eq_ignore_ascii_case("urgent") => Some(Severity::Critical),
        // Of an erratum these say that nobody rated it, not that it is harmless.
        word if ["none", "unspecified"].iter().any(|no| word.eq_ignore_ascii_case(no)) => None,
        word => word.parse().ok().filter(|severity| *severity != Severity::Unknown),
    }
}

/// A point in time as feeds of errata write it: also without seconds, with `UTC` behind it, and as seconds or milliseconds
/// since 1970.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let text = text.strip_suffix(" UTC").unwrap_or(text);
    if text.len() >= 9 && text.len() <= 13 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: i64 = text.parse().ok()?;
        let seconds = if text.len() >= 12 { number / 1_000 } else { number };
        return Some(Timestamp::from_seconds(seconds)).filter(|time| time.seconds() > 0);
    }
    // `2023-08-07 05:59`
    if text.len() == 16 && text.as_bytes().get(13) == Some(&b':') {
        return text::date(Some(&format!("{text}:00")));
    }
    text::date(Some(text))
}

/// The CVEs that a text names, without repetitions.
pub(super) fn cves(text: &str) -> Vec<String> {
    text::unique(text.match_indices("CVE-").filter_map(|(at, _)| text.get(at..).and_then(text::leading_cve)))
}

/// The weaknesses that a text names (`CWE-20->CWE-400`), without repetitions.
pub(super) fn cwes(text: &str) -> Vec<String> {
    text::unique(text.match_indices("CWE-").filter_map(|(at, _)| {
        let number = text.get(at.saturating_add(4)..)?;
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        (1..=6).contains(&digits).then(|| number.get(..digits).map(|number| format!("CWE-{number}")))?
    }))
}

/// A CVSS vector, with or without its score before it (`8.2/CVSS:3.1/AV:N/…`).
pub(super) fn cvss(source: &str, text: &str) -> Option<CvssVector> {
    let text = text.trim();
    let vector = match text.find("CVSS:").or_else(|| text.find("AV:")) {
        Some(at) => text.get(at..)?,
        None => return None,
    };
    let plausible =
        vector.len() <= 512 && vector.bytes().all(|byte| byte.is_ascii_graphic()) && vector.contains("/A");
    plausible.then(|| CvssVector { source: source.to_owned(), vector: vector.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_names() {
        assert_eq!(evr("0", "1.0.28", "10.el8_4.1").as_deref(), Some("1.0.28-10.el8_4.1"));
        assert_eq!(evr("2", "1.0", "").as_deref(), Some("2:1.0"));
        assert_eq!(evr("x", "1.0", "1"), None);
        assert_eq!(evr("0", "", "1"), None);
        assert_eq!(
            nevra("java-1.8.0-openjdk-1:1.8.0.312-2.el8_5.x86_64.rpm"),
            Some(("java-1.8.0-openjdk", "1:1.8.0.312-2.el8_5".to_owned(), "x86_64"))
        );
        assert_eq!(nevr("curl-8.6.0-8.fc40"), Some(("curl", "8.6.0-8.fc40".to_owned())));
        for broken in ["", "a", "a-1", "-1-1.x86_64", "a-1-.x86_64.rpm", "a-b:1-1.noarch"] {
            assert_eq!(nevra(broken), None, "{broken}");
        }
        assert_eq!(without_zero_epoch("0: 1.20.10-1.azl3"), "1.20.10-1.azl3");
        assert_eq!(without_zero_epoch("10:1"), "10:1");
    }

    #[test]
    fn releases() {
        for (release, major) in [
            ("10.el8_4.1", Some("8")),
            ("4.module+el8.5.0+738+032c9c02", Some("8")),
            ("1.module_el9.1.0", Some("9")),
            ("1.el10_1", Some("10")),
            ("1.fc40", None),
            ("1.model8", None),
            ("", None),
        ] {
            assert_eq!(el_major(release), major, "{release}");
        }
    }

    #[test]
    fn words_in_text() {
        assert_eq!(
            cves("CVE-2024-1234 foo: bar (CVE-2024-1234, CVE-2023-99999)"),
            ["CVE-2024-1234", "CVE-2023-99999"]
        );
        assert_eq!(cwes("(CWE-20->CWE-400|CWE-x)"), ["CWE-20", "CWE-400"]);
        assert_eq!(
            cvss("s", "8.2/CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:L/A:H").unwrap().vector,
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:L/A:H"
        );
        assert_eq!(cvss("s", "UNKNOWN"), None);
        assert_eq!((severity("None"), severity("urgent")), (None, Some(Severity::Critical)));
        for (text, time) in [
            ("2023-08-07 05:59", Some("2023-08-07T05:59:00Z")),
            ("2021-07-22 03:13:55", Some("2021-07-22T03:13:55Z")),
            ("2024-01-09 18:15:00 UTC", Some("2024-01-09T18:15:00Z")),
            ("1629790196", Some("2021-08-24T07:29:56Z")),
            ("1629790196000", Some("2021-08-24T07:29:56Z")),
            ("", None),
            ("soon", None),
        ] {
            assert_eq!(date(text).map(|time| time.to_string()).as_deref(), time, "{text}");
        }
    }
}
