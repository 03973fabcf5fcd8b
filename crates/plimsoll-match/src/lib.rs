//! Matches packages against the advisory index.
//!
//! Matching does not know how packages were found, and names no ecosystem: the order of versions and the form of
//! names come with each package. One finding is made per vulnerability and package, however many advisories speak of
//! it.

pub mod cvss;
mod evaluate;
mod finding;
mod group;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

use plimsoll_db::{Index, ProseReader, ReadError};
use plimsoll_types::{Distro, DistroSpec, Finding, MatchBy, Package, Problem, ProblemCode};

use evaluate::{Hit, Subject};

/// What matching found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matched {
    /// Worst first, then by package and identifier.
    pub findings: Vec<Finding>,
    /// What could not be matched, sorted.
    pub problems: Vec<Problem>,
}

/// Why matching cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatchError {
    /// The index is damaged.
    #[error("cannot look up packages")]
    Read(#[from] ReadError),
}

/// Matches `packages`; a finding's `package` is the place in that list.
///
/// Packages of the operating system are held against the advisories of `distro`, by the name that its advisories use;
/// all others against the advisories of their ecosystem. A package without a version matches nothing.
///
/// # Errors
///
/// When the index is damaged. A version that cannot be compared is a problem of that package, not an error.
pub fn match_packages(
    index: &Index,
    distro: Option<(&Distro, &DistroSpec)>,
    packages: &[Package],
) -> Result<Matched, MatchError> {
    let mut matched = Matched::default();
    let distro = match distro {
        Some((distro, spec)) => release(index, distro, spec, packages, &mut matched.problems)?,
        None => None,
    };
    let mut matcher = Matcher { index, prose: index.prose_reader(), known: HashMap::new() };
    for (place, package) in packages.iter().enumerate() {
        matcher.package(place, package, distro.as_ref(), &mut matched)?;
    }
    matched.findings.sort_by(|a, b| {
        let key = |finding: &Finding| (Reverse(finding.vulnerability.severity), finding.package);
        key(a).cmp(&key(b)).then_with(|| a.vulnerability.id.cmp(&b.vulnerability.id))
    });
    matched.problems.sort();
    Ok(matched)
}

/// The release whose advisories are used.
struct Release<'a> {
    spec: &'a DistroSpec,
    ecosystem: String,
}

/// Finds the release's advisories; a release without any is a problem when there is a package to match.
fn release<'a>(
    index: &Index,
    distro: &Distro,
    spec: &'a DistroSpec,
    packages: &[Package],
    problems: &mut Vec<Problem>,
) -> Result<Option<Release<'a>>, ReadError> {
    if !packages.iter().any(|package| package.ecosystem.id == spec.package_ecosystem) {
        return Ok(None);
    }
    let message = match (spec.advisory_ecosystem)(distro) {
        Some(ecosystem) if index.has_ecosystem(&ecosystem)? => return Ok(Some(Release { spec, ecosystem })),
        Some(ecosystem) => format!("the advisory database has no advisories for {ecosystem}"),
        None if distro.version.is_empty() => {
            format!("which release of {} this is cannot be told", spec.title)
        }
        None => format!("there are no advisories for {} {}", spec.title, distro.version),
    };
    problems.push(Problem {
        code: ProblemCode::NoAdvisories,
        analyzer: String::new(),
        path: String::new(),
        layer: None,
        message,
    });
    Ok(None)
}

/// All that decides what is found for a package: ecosystem, name and version as matched, architecture, module.
type Key<'p> = (&'static str, &'p str, &'p str, &'p str, &'p str);

struct Matcher<'a, 'p> {
    index: &'a Index,
    prose: ProseReader<'a>,
    /// Where the findings for a package lie that another one repeats: the binaries of one source package, the same
    /// library in several places.
    known: HashMap<Key<'p>, Range<usize>>,
}

impl<'p> Matcher<'_, 'p> {
    fn package(
        &mut self,
        place: usize,
        package: &'p Package,
        release: Option<&Release<'_>>,
        matched: &mut Matched,
    ) -> Result<(), ReadError> {
        let (name, version) = match release {
            Some(release) if package.ecosystem.os && release.spec.match_by == MatchBy::Source => {
                package.source_or_self()
            }
            _ => (package.name.as_str(), package.version.as_str()),
        };
        if version.is_empty() {
            return Ok(());
        }
        let key = (package.ecosystem.id, name, version, package.arch.as_str(), package.modularity.as_str());
        if let Some(known) = self.known.get(&key).and_then(|range| matched.findings.get(range.clone())) {
            let again: Vec<Finding> =
                known.iter().map(|finding| Finding { package: place, ..finding.clone() }).collect();
            matched.findings.extend(again);
            return Ok(());
        }
        let subject = Subject { package, name, version };
        let normalized = (package.ecosystem.normalize_name)(name);
        let mut hits = Vec::new();
        let mut unorderable = None;
        if package.ecosystem.os {
            if let Some(release) = release.filter(|r| r.spec.package_ecosystem == package.ecosystem.id) {
                let facts = self.index.lookup(&release.ecosystem, &normalized)?;
                unorderable = evaluate::hits(self.index, facts, &release.ecosystem, &subject, &mut hits)?;
            }
        } else {
            for ecosystem in package.ecosystem.advisory_names {
                let facts = self.index.lookup(ecosystem, &normalized)?;
                let refused = evaluate::hits(self.index, facts, ecosystem, &subject, &mut hits)?;
                unorderable = unorderable.or(refused);
            }
        }
        let first = matched.findings.len();
        for group in group::groups(&hits) {
            matched.findings.extend(self.finding(place, &subject, &hits, &group)?);
        }
        if let Some(error) = unorderable {
            let location = package.locations.first();
            matched.problems.push(Problem {
                code: ProblemCode::UnorderableVersion,
                analyzer: String::new(),
                path: location.map(|location| location.path.clone()).unwrap_or_default(),
                layer: location.and_then(|location| location.layer),
                message: format!("{name}: {error}"),
            });
        } else {
            self.known.insert(key, first..matched.findings.len());
        }
        Ok(())
    }

    fn finding(
        &mut self,
        place: usize,
        subject: &Subject<'_>,
        hits: &[Hit<'_>],
        group: &group::Group<'_>,
    ) -> Result<Option<Finding>, ReadError> {
        finding::finding(self.index, &mut self.prose, place, subject, hits, group)
    }
}
