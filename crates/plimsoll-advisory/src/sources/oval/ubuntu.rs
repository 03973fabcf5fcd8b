//! Ubuntu (`com.ubuntu.jammy.cve.oval.xml`, `….pkg.oval.xml`, `….usn.oval.xml`).
//!
//! In CVE files a criterion's comment names the source package and says how it stands with it ("nodejs package in jammy
//! is affected and needs fixing"), while its test lists binary packages. Ubuntu is matched by source packages, so the
//! comment's name is taken with the test's version; the wording is that of the generator in ubuntu-cve-tracker. Package
//! files have a definition for each source package with many CVEs in it and give one advisory for each CVE.
//!
//! USN files name binary packages only. They are kept as they are: those named like their source package match.
//!
//! Extended support is filed under `Ubuntu:Pro:…`, as OSV does. A fix that is pending publication is no fix yet.

use std::collections::{BTreeMap, HashMap};

use plimsoll_types::Status;

use super::criteria::Claim;
use super::document::{Cve, Definition};
use super::{Publisher, RefusalReason, Refused, Sink, SourceError, errata, nothing, text};
use crate::sources::SourceSpec;
use crate::{Advisory, Affected, Event, Range, SeverityStatement};

/// Ubuntu.
pub(in crate::sources) const SPEC: SourceSpec = SourceSpec {
    id: "ubuntu-oval",
    title: "Ubuntu OVAL",
    description: "Canonical's vulnerabilities and notices of Ubuntu packages, with those that are not fixed.",
    recognises: |path, head| super::is_oval(path, head, &["oval:com.ubuntu."], &["Canonical "]),
    parse,
};

/// The id of the source, as OSV's records of the same publisher have it.
const SOURCE: &str = "ubuntu";

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    super::parse(path, bytes, out, &Publisher { convert, opaque: |comment| Said::of(comment).is_some() })
}

fn convert(path: &str, definition: &Definition, claims: &[Claim<'_>]) -> Result<Vec<Advisory>, Refused> {
    let numbers = definition.platforms.iter().chain([&definition.title]).find_map(|text| number(text));
    let Some(release) = numbers else { return Err(nothing(false, "")) };
    if definition.class == "patch" {
        return notice(path, definition, claims, &release).map(|advisory| vec![advisory]);
    }
    // The generator puts the CVE before each comment where a definition is about a package.
    let own = text::leading_cve(&definition.title);
    let mut found: BTreeMap<String, errata::Packages> = BTreeMap::new();
    for claim in claims {
        let Some(said) = Said::of(claim.comment) else { continue };
        let Some(cve) = own.as_deref().or(said.cve.as_deref()) else { continue };
        let Some((status, range)) = said.status(claim) else { continue };
        let name = said.package;
        if !text::is_name(name) {
            continue;
        }
        found.entry(cve.to_owned()).or_default().add(Affected {
            ecosystem: ecosystem(&release, said.pocket(path, &range)),
            package: name.to_owned(),
            status,
            ranges: vec![range],
            ..Affected::default()
        });
    }
    let mut rated: HashMap<&str, Vec<&Cve>> = HashMap::new();
    for known in &definition.cves {
        rated.entry(&known.text).or_default().push(known);
    }
    let advisories: Vec<Advisory> = found
        .into_iter()
        .map(|(cve, packages)| {
            let mut advisory = match own {
                Some(_) => super::advisory(SOURCE, &cve, definition, Vec::new()),
                None => of_one_cve(&cve, rated.get(cve.as_str()).map_or(&[][..], Vec::as_slice)),
            };
            // "CVE-2024-0001 on Ubuntu 20.04 LTS (focal) - high." says nothing new.
            advisory.title = String::new();
            let severity = advisory.severities.first().map(|statement| statement.severity);
            advisory.affected = packages.into_list();
            advisory.affected.iter_mut().for_each(|affected| affected.severity = severity);
            advisory
        })
        .collect();
    if advisories.is_empty() {
        return Err(nothing(true, "no package, or the running kernel only"));
    }
    Ok(advisories)
}

/// An advisory about one of the many CVEs of a package's definition, of which nothing else speaks of this one alone.
/// `rated` is what the definition says of it.
fn of_one_cve(cve: &str, rated: &[&Cve]) -> Advisory {
    let mut advisory = Advisory { id: cve.to_owned(), source: SOURCE.to_owned(), ..Advisory::default() };
    advisory.references.extend(text::reference("advisory", &format!("https://ubuntu.com/security/{cve}")));
    for known in rated.iter().take(16) {
        if let Some(severity) = errata::severity(&known.severity) {
            advisory.severities.push(SeverityStatement { source: SOURCE.to_owned(), severity });
        }
        advisory.cvss.extend(known.vectors.iter().filter_map(|vector| errata::cvss(SOURCE, vector)));
    }
    advisory
}

/// A USN.
fn notice(
    path: &str,
    definition: &Definition,
    claims: &[Claim<'_>],
    release: &str,
) -> Result<Advisory, Refused> {
    let Some(id) = super::erratum_id(definition, &["USN-", "LSN-"]) else {
        return Err((RefusalReason::Malformed, "no USN identifier".to_owned()));
    };
    let mut advisory = super::advisory(SOURCE, &id, definition, super::cves(definition));
    if let Some((_, title)) = advisory.title.split_once(" -- ") {
        advisory.title = title.to_owned();
    }
    let mut packages = errata::Packages::default();
    for claim in claims.iter().filter(|claim| !claim.negated && !claim.bounds.is_empty()) {
        let Some(range) = claim.range() else { continue };
        let extended =
            ["ESM", "Ubuntu Pro", "Extended Security"].iter().any(|word| claim.comment.contains(word));
        let pocket = if extended { "Pro:" } else { pocket_of(path, &range) };
        for name in claim.names.iter().filter(|name| text::is_name(name)) {
            packages.add(Affected {
                ecosystem: ecosystem(release, pocket),
                package: name.clone(),
                status: Status::Fixed,
                ranges: vec![range.clone()],
                fix_date: advisory.published,
                ..Affected::default()
            });
        }
    }
    advisory.affected = packages.into_list();
    if advisory.affected.is_empty() {
        return Err(nothing(true, "no package, or the running kernel only"));
    }
    Ok(advisory)
}

/// What a comment says.
#[derive(Debug, PartialEq, Eq)]
struct Said<'a> {
    /// The CVE in parentheses before it.
    cve: Option<String>,
    /// The source package.
    package: &'a str,
    /// The release as the tracker names it: `jammy`, `esm-infra/xenial`; empty when the comment does not say.
    release: &'a str,
    /// What is said of the package.
    what: &'a str,
    /// The note in quotes: the fixed version, or a remark.
    note: &'a str,
}

impl<'a> Said<'a> {
    fn of(comment: &'a str) -> Option<Said<'a>> {
        let mut rest = comment.trim();
        let mut cve = None;
        if let Some((inside, after)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(") ")) {
            cve = text::leading_cve(inside);
            rest = after.trim_start();
        }
        let note = rest
            .rsplit_once("(note: '")
            .and_then(|(_, note)| note.rsplit_once('\''))
            .map_or("", |(note, _)| note.trim());
        if let Some((package, after)) = rest.split_once(" package in ") {
            let end = after.find([' ', ','])?;
            let (release, what) = after.split_at_checked(end)?;
            let what = what.trim_start_matches([',', ' ']);
            return Some(Said { cve, package: package.trim(), release, what, note });
        }
        let (package, what) = rest.split_once(": while related to the CVE in some way, ")?;
        Some(Said { cve, package: package.trim(), release: "", what, note })
    }

    /// The status and the affected range; `None` when the comment's words are not known or the package is not there.
    fn status(&self, claim: &Claim<'_>) -> Option<(Status, Range)> {
        let starts = |words: &str| self.what.starts_with(words);
        let affected = |status| Some((status, errata::always()));
        if claim.negated {
            // Older files: "the package is not affected", as a negated test.
            return if self.what.contains("is not affected") { affected(Status::NotAffected) } else { None };
        }
        if self.what.contains("is not affected") {
            affected(Status::NotAffected)
        } else if starts("is affected and needs fixing") {
            affected(Status::Affected)
        } else if starts("is affected and may need fixing") || starts("has a vulnerability that is not known")
        {
            affected(Status::UnderInvestigation)
        } else if starts("is affected, but a decision has been made to defer") {
            affected(Status::FixDeferred)
        } else if starts("a decision has been made to ignore") {
            let note = self.note.to_ascii_lowercase();
            affected(if note.contains("end of") { Status::EndOfLife } else { Status::WillNotFix })
        } else if starts("is affected. An update containing the fix has been completed") {
            // Until it is published nobody can install it, but the version is known to be unaffected.
            let mut range = self.fixed(claim).unwrap_or_else(errata::always);
            for event in &mut range.events {
                if let Event::Fixed(version) = event {
                    *event = Event::Limit(std::mem::take(version));
                }
            }
            Some((Status::Affected, range))
        } else if starts("was vulnerable but has been fixed")
            || starts("is related to the CVE in some way and has been fixed")
        {
            self.fixed(claim).map(|range| (Status::Fixed, range))
        } else if starts("was vulnerable and has been fixed, but no release version") {
            affected(Status::Affected)
        } else {
            None
        }
    }

    /// The range before the fix: by the test, or by the note where the test is about the running kernel.
    fn fixed(&self, claim: &Claim<'_>) -> Option<Range> {
        if claim.bounds.is_empty() {
            let plausible = self.note.starts_with(|c: char| c.is_ascii_digit()) && text::is_name(self.note);
            return plausible.then(|| errata::before(self.note));
        }
        claim.range()
    }

    fn pocket(&self, path: &str, range: &Range) -> &'static str {
        let release = self.release;
        match release.split_once('/') {
            Some(("fips-updates", _)) => "Pro:FIPS-updates:",
            Some(("fips-preview", _)) => "Pro:FIPS-preview:",
            Some(("fips", _)) => "Pro:FIPS:",
            Some(("realtime", _)) => "Pro:Realtime:",
            Some(_) => "Pro:",
            None if self.note.to_ascii_lowercase().contains("esm support") => "Pro:",
            None => pocket_of(path, range),
        }
    }
}

/// Extended support by the file's name, or by the version, which has `esm` in it.
fn pocket_of(path: &str, range: &Range) -> &'static str {
    let file = path.rsplit('/').next().unwrap_or_default();
    let by_version = range.events.iter().any(
        |event| matches!(event, Event::Fixed(version) | Event::Limit(version) if version.contains("esm")),
    );
    if by_version || file.contains("esm") { "Pro:" } else { "" }
}

fn ecosystem(release: &str, pocket: &str) -> String {
    format!("Ubuntu:{pocket}{release}")
}

/// `22.04:LTS` of `Ubuntu 22.04 LTS`, `23.10` of `CVE-2023-1 on Ubuntu 23.10 (mantic) - low.` Every April release of an
/// even year has long-term support.
fn number(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("Ubuntu ")?;
    let word = rest.split([' ', ',']).next()?;
    let (year, month) = word.split_once('.')?;
    let month = month.get(..2)?;
    let year: u32 = year.parse().ok()?;
    if !(4..=99).contains(&year) || !month.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let long_term = year.is_multiple_of(2) && month == "04";
    Some(format!("{year}.{month}{}", if long_term { ":LTS" } else { "" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments() {
        let said = Said::of(
            "(CVE-2024-0001) nodejs package in esm-apps/focal was vulnerable but has been fixed \
             (note: '10.19.0~dfsg-3ubuntu1.6').",
        )
        .unwrap();
        assert_eq!(
            said,
            Said {
                cve: Some("CVE-2024-0001".to_owned()),
                package: "nodejs",
                release: "esm-apps/focal",
                what: "was vulnerable but has been fixed (note: '10.19.0~dfsg-3ubuntu1.6').",
                note: "10.19.0~dfsg-3ubuntu1.6",
            }
        );
        let said =
            Said::of("x package in jammy, is related to the CVE in some way and has been fixed.").unwrap();
        assert_eq!((said.release, said.what.starts_with("is related")), ("jammy", true));
        let said = Said::of(
            "gcc: while related to the CVE in some way, a decision has been made to ignore this issue (note: 'x').",
        )
        .unwrap();
        assert_eq!((said.package, said.note), ("gcc", "x"));
        assert_eq!(Said::of("Is kernel linux running"), None);
        assert_eq!(Said::of("Long Term Support"), None);
    }

    #[test]
    fn releases() {
        assert_eq!(number("Ubuntu 22.04 LTS").as_deref(), Some("22.04:LTS"));
        assert_eq!(number("CVE-2023-1 on Ubuntu 23.10 (mantic) - low.").as_deref(), Some("23.10"));
        assert_eq!(number("Ubuntu 6.06 LTS").as_deref(), Some("6.06"));
        assert_eq!(number("Ubuntu Core"), None);
    }
}
