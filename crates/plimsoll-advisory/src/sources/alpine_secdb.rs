//! Alpine's security database (secdb), in its YAML and JSON forms, and the databases of Wolfi and Chainguard in the
//! same form.
//!
//! A file holds one repository of one release. For each package it maps the version in which something was fixed to
//! the identifiers that were fixed; version `0` means that the package was never affected. Advisories are grouped by
//! identifier within a file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use plimsoll_types::{Reference, Status};
use plimsoll_version::{APK, VersionScheme};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::{RefusalReason, Sink, SourceError, SourceSpec, text, yaml};
use crate::json;
use crate::{Advisory, Affected, Event, Range};

/// Alpine's secdb.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: "alpine-secdb",
    title: "Alpine secdb",
    description: "Alpine's record of which package version fixed which vulnerability; also Wolfi's and Chainguard's.",
    recognises,
    parse,
};

/// By its keys, of which the packages may come first and leave the others for the end of the file.
fn recognises(path: &str, head: &[u8]) -> bool {
    let has = |needle: &str| super::contains(head, needle);
    super::has_extension(path, &["yaml", "yml", "json"])
        && ((has("reponame") && has("urlprefix") && (has("distroversion") || has("packages")))
            || (has("secfixes") && has("pkg") && has("packages")))
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    distroversion: Option<String>,
    #[serde(default)]
    reponame: Option<String>,
    #[serde(default)]
    urlprefix: Option<String>,
    #[serde(default)]
    apkurl: Option<String>,
    #[serde(default)]
    packages: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    pkg: Package,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    name: String,
    #[serde(default)]
    secfixes: Option<Fixes>,
}

/// Versions and what they fixed, in the file's order.
struct Fixes(Vec<(String, Vec<String>)>);

impl<'de> Deserialize<'de> for Fixes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fixes, D::Error> {
        struct FixesVisitor;
        impl<'de> Visitor<'de> for FixesVisitor {
            type Value = Fixes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("versions with the identifiers that they fix")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fixes, A::Error> {
                let mut fixes = Vec::new();
                while let Some((version, ids)) = map.next_entry::<String, Option<Vec<String>>>()? {
                    fixes.push((version, ids.unwrap_or_default()));
                }
                Ok(Fixes(fixes))
            }

            fn visit_unit<E>(self) -> Result<Fixes, E> {
                Ok(Fixes(Vec::new()))
            }
        }
        deserializer.deserialize_map(FixesVisitor)
    }
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let text = super::utf8(path, bytes)?;
    let file: File =
        if text.trim_start().starts_with('{') { json::parse(path, bytes)? } else { yaml::parse(path, text)? };
    let (ecosystem, source) = ecosystem(&file).ok_or_else(|| SourceError::Shape {
        path: path.to_owned(),
        message: "no release (distroversion), and not a repository of a rolling distribution".to_owned(),
    })?;

    let mut advisories: BTreeMap<String, Advisory> = BTreeMap::new();
    for entry in file.packages.unwrap_or_default() {
        let package = entry.pkg.name.trim();
        if !text::is_name(package) {
            out.refuse(path, package, RefusalReason::Malformed, "the package's name is not a name");
            continue;
        }
        for (version, lines) in entry.pkg.secfixes.map(|fixes| fixes.0).unwrap_or_default() {
            let version = &mended(version.trim());
            if !text::is_name(version) {
                out.refuse(path, package, RefusalReason::Malformed, "a version is not a version");
                continue;
            }
            for line in lines {
                let ids = Ids::of(&line);
                if ids.fixed.is_empty() {
                    out.refuse(path, package, RefusalReason::Malformed, &format!("no identifier: {line}"));
                }
                for id in &ids.fixed {
                    let advisory = advisories.entry(id.clone()).or_insert_with(|| Advisory {
                        id: id.clone(),
                        source: source.to_owned(),
                        ..Advisory::default()
                    });
                    ids.describe(advisory);
                    add(advisory, &ecosystem, package, version);
                }
            }
        }
    }
    advisories.into_values().for_each(|advisory| out.keep(advisory));
    Ok(())
}

/// A version in which the hyphen before the revision is mistyped, put right: `4.8.0.-r1`, `0.8.21.r2`.
fn mended(version: &str) -> Cow<'_, str> {
    if APK.compare(version, version).is_err()
        && let Some((number, revision)) = version.rsplit_once('r')
        && let Some(number) = number.strip_suffix(".-").or(number.strip_suffix('.'))
    {
        let mended = format!("{number}-r{revision}");
        if APK.compare(&mended, &mended).is_ok() {
            return Cow::Owned(mended);
        }
    }
    Cow::Borrowed(version)
}

/// The ecosystem as OSV spells it, and the source's id.
fn ecosystem(file: &File) -> Option<(String, &'static str)> {
    let release = file.distroversion.as_deref().map(str::trim).unwrap_or_default();
    if !release.is_empty() {
        let known = release == "edge"
            || release
                .strip_prefix('v')
                .is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()));
        return (known && text::is_name(release)).then(|| (format!("Alpine:{release}"), "alpine-secdb"));
    }
    // A rolling distribution states no release: where its packages are says which one it is.
    let repository = file.reponame.as_deref().unwrap_or_default();
    let addresses = [file.urlprefix.as_deref(), file.apkurl.as_deref()];
    let at = |host: &str| addresses.into_iter().flatten().any(|address| address.contains(host));
    if repository == "chainguard" || at("chainguard.dev") || at("cgr.dev") {
        Some(("Chainguard".to_owned(), "chainguard-secdb"))
    } else if at("wolfi.dev") {
        Some(("Wolfi".to_owned(), "wolfi-secdb"))
    } else {
        None
    }
}

/// What a line of `secfixes` names.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ids {
    /// The identifiers that the version fixes.
    fixed: Vec<String>,
    /// A GitHub identifier beside the one CVE of the line.
    aliases: Vec<String>,
    /// Advisories beside the CVEs of the line. They are no aliases: an XSA speaks of several CVEs.
    advisories: Vec<String>,
}

impl Ids {
    /// Splits a line such as `CVE-2017-8904 XSA-214`, `CVE-2019-1234 (+ regression)`, `CVE-2017-17434-1`.
    fn of(line: &str) -> Ids {
        let (mut cves, mut others, mut depth) = (Vec::new(), Vec::new(), 0usize);
        let mut bare_cve = false;
        for word in line.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')) {
            // What stands in parentheses is a remark.
            let (opens, closes) = (word.matches('(').count(), word.matches(')').count());
            if depth == 0 && opens == 0 && !word.is_empty() {
                if let Some(cve) = text::leading_cve(word) {
                    cves.push(cve);
                } else if bare_cve && let Some(cve) = text::leading_cve(&format!("CVE-{word}")) {
                    cves.push(cve);
                } else if is_other_id(word) {
                    others.push(word.to_owned());
                }
            }
            bare_cve = word == "CVE";
            depth = depth.saturating_add(opens).saturating_sub(closes);
        }
        let (cves, others) = (text::unique(cves), text::unique(others));
        if cves.is_empty() {
            return Ids { fixed: others, ..Ids::default() };
        }
        let (ghsa, advisories): (Vec<_>, Vec<_>) = others.into_iter().partition(|id| id.starts_with("GHSA-"));
        let aliases = if cves.len() == 1 { ghsa } else { Vec::new() };
        Ids { fixed: cves, aliases, advisories }
    }

    fn describe(&self, advisory: &mut Advisory) {
        for alias in &self.aliases {
            if advisory.aliases.len() < 64 && !advisory.aliases.contains(alias) {
                advisory.aliases.push(alias.clone());
            }
        }
        for id in &self.advisories {
            let url = if let Some(number) = id.strip_prefix("XSA-") {
                format!("https://xenbits.xen.org/xsa/advisory-{number}.html")
            } else if id.starts_with("TALOS-") {
                format!("https://talosintelligence.com/vulnerability_reports/{id}")
            } else {
                continue;
            };
            let link = Reference { kind: "advisory".to_owned(), url };
            if advisory.references.len() < 64 && !advisory.references.contains(&link) {
                advisory.references.push(link);
            }
        }
    }
}

/// Whether a word is an identifier of another kind: `XSA-207`, `GHSA-…`, `TALOS-2017-0499`, `VSV00001`, `wnpa-sec-2017-18`.
fn is_other_id(word: &str) -> bool {
    (word.starts_with(|c: char| c.is_ascii_uppercase()) || word.starts_with("wnpa-sec-"))
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'))
        && text::is_id(word)
}

/// Adds that `package` fixed the advisory in `version`.
fn add(advisory: &mut Advisory, ecosystem: &str, package: &str, version: &str) {
    let (status, end) = if version == "0" {
        (Status::NotAffected, None)
    } else {
        (Status::Fixed, Some(Event::Fixed(version.to_owned())))
    };
    let mut events = vec![Event::Introduced("0".to_owned())];
    events.extend(end);
    let range = Range { events };
    // The same statement twice is one statement. Packages come one after another, so that looking at the last few
    // is enough.
    if advisory
        .affected
        .iter()
        .rev()
        .take(8)
        .any(|known| known.package == package && known.status == status && known.ranges.contains(&range))
    {
        return;
    }
    advisory.affected.push(Affected {
        ecosystem: ecosystem.to_owned(),
        package: package.to_owned(),
        status,
        ranges: vec![range],
        ..Affected::default()
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistyped_revisions_are_put_right() {
        for (version, expected) in [
            ("4.8.0.-r1", "4.8.0-r1"),
            ("0.8.21.r2", "0.8.21-r2"),
            ("4.8.0-r1", "4.8.0-r1"),
            ("2.15.r-r1", "2.15.r-r1"),
            ("57-1-r2", "57-1-r2"),
            ("0", "0"),
            ("r", "r"),
        ] {
            assert_eq!(mended(version), expected);
        }
    }

    #[test]
    fn lines_are_split() {
        let ids = |line: &str| {
            let ids = Ids::of(line);
            (ids.fixed.join(","), ids.aliases.join(","), ids.advisories.join(","))
        };
        for (line, fixed, aliases, advisories) in [
            ("CVE-2017-11610  ", "CVE-2017-11610", "", ""),
            ("CVE-2019-1234 (+ regression)", "CVE-2019-1234", "", ""),
            ("CVE-2017-8904 XSA-214", "CVE-2017-8904", "", "XSA-214"),
            ("CVE-2017-17434-1", "CVE-2017-17434", "", ""),
            ("CVE-2020-1111 CVE-2020-2222", "CVE-2020-1111,CVE-2020-2222", "", ""),
            ("CVE-2020-1111, CVE-2020-1111", "CVE-2020-1111", "", ""),
            ("CVE-2022-1111 GHSA-jfh8-c2jp-5v3q", "CVE-2022-1111", "GHSA-jfh8-c2jp-5v3q", ""),
            ("CVE-2022-1111 CVE-2022-2222 GHSA-jfh8-c2jp-5v3q", "CVE-2022-1111,CVE-2022-2222", "", ""),
            ("GHSA-jfh8-c2jp-5v3q", "GHSA-jfh8-c2jp-5v3q", "", ""),
            ("XSA-207", "XSA-207", "", ""),
            ("VSV00001", "VSV00001", "", ""),
            ("wnpa-sec-2017-18", "wnpa-sec-2017-18", "", ""),
            ("CVE 2018-16859", "CVE-2018-16859", "", ""),
            ("regression (see CVE-2020-1111)", "", "", ""),
            ("", "", "", ""),
        ] {
            assert_eq!(ids(line), (fixed.into(), aliases.into(), advisories.into()), "{line}");
        }
    }
}
