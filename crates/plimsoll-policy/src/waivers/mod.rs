//! Waivers: findings that somebody has decided to live with, for a reason and mostly for a time.
//!
//! Each file form is read by a file of its own into the same list of criteria. A waiver covers a finding when all of its
//! criteria hold; identifiers are compared with the vulnerability's own and with every alias.

mod detections;
mod grype;
mod own;
mod trivyignore;
mod trivyignore_yaml;

use plimsoll_advisory::vex::VexStatus;
use plimsoll_types::{
    Detection, Finding, MatchedBy, Package, PackageUrl, PurlError, Scanner, Status, Timestamp,
};
use regex::Regex;

use crate::{PolicyError, purl, yaml};

/// The most waivers of a file.
const MAX_WAIVERS: usize = 100_000;

/// What a waiver asks of a finding.
#[derive(Debug, Clone)]
pub(crate) enum Criterion {
    /// The vulnerability has one of these identifiers, or an alias that is one.
    Id(Vec<String>),
    /// The package has exactly this name.
    Name(String),
    /// The package's name as a whole is one of this pattern (Grype).
    NamePattern(Regex),
    /// The package has this version.
    Version(String),
    /// The package is of one of these ecosystems, as ids or package-url types.
    Ecosystem(Vec<String>),
    /// The package was built from the source package of this name.
    Upstream(String),
    /// One of these package URLs speaks of the package.
    Purl(Vec<PackageUrl>),
    /// The package lies at a place that one of these patterns means.
    Path(Vec<String>),
    /// An advisory of this namespace matched (Grype: `debian:distro:debian:11`, `github:language:go`, `nvd:cpe`).
    Namespace(String),
    /// The fix is in one of these states.
    Status(Vec<Status>),
    /// The package was found among the advisories in this way.
    MatchedBy(MatchedBy),
    /// A VEX document says this of it.
    VexStatus(VexStatus),
    /// A VEX document gives this justification.
    VexJustification(String),
    /// The finding is a detection of one of these scanners.
    Scanner(&'static [Scanner]),
    /// Never: the waiver is about something that findings of vulnerabilities do not have.
    Never,
}

/// What a VEX document says of a finding that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VexMark {
    pub(crate) status: VexStatus,
    pub(crate) justification: String,
}

impl Criterion {
    fn holds(&self, finding: &Finding, package: &Package, vex: Option<&VexMark>) -> bool {
        match self {
            Criterion::Id(ids) => {
                let vulnerability = &finding.vulnerability;
                let mut known = std::iter::once(&vulnerability.id).chain(&vulnerability.aliases);
                known.any(|known| ids.iter().any(|id| id.eq_ignore_ascii_case(known)))
            }
            Criterion::Name(name) => {
                *name == package.name
                    || (package.ecosystem.normalize_name)(name)
                        == (package.ecosystem.normalize_name)(&package.name)
            }
            Criterion::NamePattern(pattern) => pattern.is_match(&package.name),
            Criterion::Version(version) => *version == package.version,
            Criterion::Ecosystem(ids) => {
                let spec = package.ecosystem;
                ids.iter()
                    .any(|id| id.eq_ignore_ascii_case(spec.id) || id.eq_ignore_ascii_case(spec.purl_type))
            }
            Criterion::Upstream(name) => package.source.as_ref().is_some_and(|source| source.name == *name),
            Criterion::Purl(purls) => purls.iter().any(|wanted| purl::covers(wanted, &package.purl)),
            Criterion::Path(patterns) => package
                .locations
                .iter()
                .any(|location| patterns.iter().any(|pattern| path_matches(pattern, &location.path))),
            Criterion::Namespace(namespace) => grype::in_namespace(namespace, finding, package),
            Criterion::Status(statuses) => statuses.contains(&effective_status(finding)),
            Criterion::MatchedBy(by) => finding.reasons.iter().any(|reason| reason.matched_by == *by),
            Criterion::VexStatus(status) => vex.is_some_and(|mark| mark.status == *status),
            Criterion::VexJustification(text) => vex.is_some_and(|mark| mark.justification == *text),
            Criterion::Scanner(_) | Criterion::Never => false,
        }
    }
}

/// The status, which a fixed version overrides.
fn effective_status(finding: &Finding) -> Status {
    if finding.fixed_versions.is_empty() || finding.status == Status::NotAffected {
        finding.status
    } else {
        Status::Fixed
    }
}

/// Patterns are written with a leading slash or without, and for an archive or for what is in it.
fn path_matches(pattern: &str, path: &str) -> bool {
    let pattern = pattern.trim_start_matches('/');
    let outer = path.split("!/").next().unwrap_or(path);
    fast_glob::glob_match(pattern, path)
        || (outer.len() < path.len() && fast_glob::glob_match(pattern, outer))
}

/// Something that somebody has decided to live with.
#[derive(Debug, Clone)]
pub struct Waiver {
    pub(crate) criteria: Vec<Criterion>,
    /// Why; empty when the file gives no reason.
    pub reason: String,
    /// From when on it does not hold any more.
    pub expires: Option<Timestamp>,
    /// Where it is written: file and line.
    pub origin: String,
    /// What it is about in a word, for messages.
    pub title: String,
}

impl Waiver {
    fn covers(&self, finding: &Finding, package: &Package, vex: Option<&VexMark>) -> bool {
        !self.criteria.is_empty()
            && self.criteria.iter().all(|criterion| criterion.holds(finding, package, vex))
    }

    fn expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }
}

/// The form of a file of waivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Plimsoll's own: the key `waivers` of `.plimsoll.yaml`.
    Plimsoll,
    /// `.trivyignore`: an identifier a line.
    TrivyIgnore,
    /// `.trivyignore.yaml`.
    TrivyIgnoreYaml,
    /// The key `ignore` of `.grype.yaml`.
    Grype,
}

impl Form {
    /// The form that a file's name means: by what is usual for it, else YAML means `.trivyignore.yaml` unless it holds
    /// another form's key.
    pub fn of(name: &str, bytes: &[u8]) -> Form {
        let name = name.rsplit('/').next().unwrap_or(name);
        let yaml = name.ends_with(".yaml") || name.ends_with(".yml");
        let has_key = |key: &str| {
            bytes
                .split(|byte| *byte == b'\n')
                .any(|line| line.starts_with(key.as_bytes()) && line.get(key.len()) == Some(&b':'))
        };
        if name.contains("trivyignore") {
            if yaml { Form::TrivyIgnoreYaml } else { Form::TrivyIgnore }
        } else if !yaml {
            Form::TrivyIgnore
        } else if name.contains("grype") || has_key("ignore") {
            Form::Grype
        } else if name.contains("plimsoll") || has_key("waivers") {
            Form::Plimsoll
        } else {
            Form::TrivyIgnoreYaml
        }
    }
}

/// All waivers of a run, in the order in which their files were read.
#[derive(Debug, Clone, Default)]
pub struct Waivers {
    list: Vec<Waiver>,
}

/// What the waivers say of a finding.
pub(crate) enum Coverage<'a> {
    None,
    /// The number of the waiver among all of them, and the waiver.
    Holds(usize, &'a Waiver),
    Expired(usize),
}

impl Waivers {
    /// Adds what a file says. `origin` is its name for messages.
    ///
    /// # Errors
    ///
    /// When the file is not of that form, or is over a limit.
    pub fn read(&mut self, form: Form, origin: &str, bytes: &[u8]) -> Result<(), PolicyError> {
        match form {
            Form::Plimsoll => self.list.extend(own::read(origin, bytes)?),
            Form::TrivyIgnore => self.list.extend(trivyignore::read(origin, bytes)?),
            Form::TrivyIgnoreYaml => self.list.extend(trivyignore_yaml::read(origin, bytes)?),
            Form::Grype => self.list.extend(grype::read(origin, bytes)?),
        }
        if self.list.len() > MAX_WAIVERS {
            return Err(PolicyError::at(origin, 1, format!("more than {MAX_WAIVERS} waivers")));
        }
        Ok(())
    }

    /// The waivers.
    pub fn list(&self) -> &[Waiver] {
        &self.list
    }

    /// As [`Waivers::cover`], for a detection.
    pub(crate) fn cover_detection(
        &self,
        detection: &Detection,
        packages: &[Package],
        now: Timestamp,
    ) -> Coverage<'_> {
        self.first(now, |waiver| {
            !waiver.criteria.is_empty()
                && waiver.criteria.iter().all(|criterion| detections::holds(criterion, detection, packages))
        })
    }

    /// The first waiver that covers a finding; one that has expired only where no other does.
    pub(crate) fn cover(
        &self,
        finding: &Finding,
        package: &Package,
        vex: Option<&VexMark>,
        now: Timestamp,
    ) -> Coverage<'_> {
        self.first(now, |waiver| waiver.covers(finding, package, vex))
    }

    fn first(&self, now: Timestamp, covers: impl Fn(&Waiver) -> bool) -> Coverage<'_> {
        let mut expired = Coverage::None;
        for (number, waiver) in self.list.iter().enumerate() {
            if !covers(waiver) {
                continue;
            }
            if !waiver.expired(now) {
                return Coverage::Holds(number, waiver);
            }
            if matches!(expired, Coverage::None) {
                expired = Coverage::Expired(number);
            }
        }
        expired
    }
}

/// A waiver's end: a date, from whose first second (UTC) on it does not hold, or a time.
fn expiry(origin: &str, line: u64, text: &str) -> Result<Timestamp, PolicyError> {
    text.parse().map_err(|_| {
        let shown: String = text.chars().take(40).collect();
        PolicyError::at(origin, line, format!("'{shown}' is no date such as 2026-12-31"))
    })
}

/// A list of package URLs.
fn purls(origin: &str, line: u64, texts: &[String]) -> Result<Vec<PackageUrl>, PolicyError> {
    let at = |error: PurlError| PolicyError::at(origin, line, error.to_string());
    texts.iter().map(|text| text.parse().map_err(at)).collect()
}

/// A file's name and a line of it.
fn place(origin: &str, line: u64) -> String {
    format!("{origin}:{line}")
}

/// Where a YAML value is.
fn line_of<T>(value: &plimsoll_yaml::Spanned<T>) -> u64 {
    value.referenced.line()
}

use yaml::parse as parse_yaml;
use yaml::text as text_of;
