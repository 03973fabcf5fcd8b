//! Matches packages against the advisory index.
//!
//! Matching does not know how packages were found, and names no ecosystem: the order of versions and the form of
//! names come with each package. One finding is made per vulnerability and package, however many advisories speak of
//! it.

pub mod cvss;
mod evaluate;
mod finding;
mod group;

mod release;
mod severity;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;

use plimsoll_db::{Index, ProseReader, ReadError};
use plimsoll_types::{
    Distro, DistroSpec, Finding, Lifecycle, MatchBy, MatchedBy, Package, Problem, ProblemCode, Suppressed,
    SuppressedBy,
};

use evaluate::{Hit, Lookup, Subject};
use finding::Judged;
use release::Release;

/// The ecosystem under which advisories are filed by the vendor and product of a CPE.
const CPE: &str = "CPE";

/// What packages are matched for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The distribution whose packages the operating system's are.
    pub distro: Option<(&'a Distro, &'a DistroSpec)>,
    /// The operating system, as OCI and Go spell it; empty for Linux.
    pub os: &'a str,
    /// The architecture, as OCI and Go spell it (`amd64`); empty when it is not known.
    pub architecture: &'a str,
    /// Whether this is a container, which runs on its host's kernel.
    pub container: bool,
}

/// How to match.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// Whose word on the severity counts, the first one that says something; see [`severity_source_matches`]. What comes
    /// behind the list, and the word `auto` in it, is the usual order.
    pub severity_sources: Vec<String>,
    /// How many threads match at most; 0 stands for 1. The result is the same.
    pub threads: usize,
}

/// What matching found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matched {
    /// Worst first, then by package and identifier.
    pub findings: Vec<Finding>,
    /// What advisories say of packages that they turn out not to be about, in the same order.
    pub suppressed: Vec<Suppressed>,
    /// What could not be matched, sorted.
    pub problems: Vec<Problem>,
    /// How long the distribution's release is supported, where the index says so.
    pub lifecycle: Option<Lifecycle>,
}

impl Matched {
    fn append(&mut self, part: Matched) {
        self.findings.extend(part.findings);
        self.suppressed.extend(part.suppressed);
        self.problems.extend(part.problems);
    }
}

/// Fewer packages than this are not worth a thread.
const THREAD_FROM: usize = 256;

/// Why matching cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MatchError {
    /// The index is damaged.
    #[error("cannot look up packages")]
    Read(#[from] ReadError),
}

/// Whether `wanted`, as a user names a source (`nvd`, `ghsa`, `redhat`), means the source with the id `source`: the id
/// itself, or its beginning up to a hyphen (`debian` for `debian-tracker`).
pub fn severity_source_matches(wanted: &str, source: &str) -> bool {
    source.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// Matches `packages`; a finding's `package` is the place in that list.
///
/// Packages of the operating system are held against the advisories of the distribution, by the name that its
/// advisories use; programs that were recognised by their content against those filed by CPE; all others against the
/// advisories of their ecosystem. A package without a version matches nothing.
///
/// # Errors
///
/// When the index is damaged. A version that cannot be compared is a problem of that package, not an error.
pub fn match_packages(
    index: &Index,
    context: &Context<'_>,
    options: &Options,
    packages: &[Package],
) -> Result<Matched, MatchError> {
    let mut matched = Matched::default();
    let release = match context.distro {
        Some((distro, spec)) => Release::find(index, distro, spec, packages, &mut matched)?,
        None => None,
    };
    let part = packages.len().div_ceil(options.threads.max(1)).max(THREAD_FROM);
    let work = |first: usize, packages: &[Package]| -> Result<Matched, ReadError> {
        let mut matched = Matched::default();
        let mut matcher = Matcher {
            index,
            context,
            options,
            release: release.as_ref(),
            prose: index.prose_reader(),
            known: HashMap::new(),
        };
        for (place, package) in (first..).zip(packages) {
            matcher.package(place, package, &mut matched)?;
        }
        Ok(matched)
    };
    if packages.len() <= part {
        matched.append(work(0, packages)?);
    } else {
        let work = &work;
        let parts: Vec<Result<Matched, ReadError>> = std::thread::scope(|scope| {
            let first = (0..).step_by(part);
            let threads: Vec<_> = first
                .zip(packages.chunks(part))
                .map(|(at, part)| scope.spawn(move || work(at, part)))
                .collect();
            threads
                .into_iter()
                .map(|thread| match thread.join() {
                    Ok(part) => part,
                    Err(panic) => std::panic::resume_unwind(panic),
                })
                .collect()
        });
        for part in parts {
            matched.append(part?);
        }
    }
    let key = |finding: &Finding| (Reverse(finding.vulnerability.severity), finding.package);
    let order = |a: &Finding, b: &Finding| {
        key(a).cmp(&key(b)).then_with(|| a.vulnerability.id.cmp(&b.vulnerability.id))
    };
    matched.findings.sort_by(order);
    matched.suppressed.sort_by(|a, b| order(&a.finding, &b.finding));
    matched.problems.sort();
    Ok(matched)
}

/// All that decides what is found for a package.
#[derive(PartialEq, Eq, Hash)]
struct Key<'p> {
    ecosystem: &'static str,
    name: &'p str,
    version: &'p str,
    binary: &'p str,
    arch: &'p str,
    modularity: &'p str,
    vendor: &'p str,
    cpes: &'p [String],
}

struct Matcher<'a, 'p> {
    index: &'a Index,
    context: &'a Context<'a>,
    options: &'a Options,
    release: Option<&'a Release<'a>>,
    prose: ProseReader<'a>,
    /// Where the findings for a package lie that another one repeats: the binaries of one source package, the same
    /// library in several places.
    known: HashMap<Key<'p>, (Range<usize>, Range<usize>)>,
}

impl<'p> Matcher<'_, 'p> {
    fn package(
        &mut self,
        place: usize,
        package: &'p Package,
        matched: &mut Matched,
    ) -> Result<(), ReadError> {
        let by_source = package.ecosystem.os
            && self.release.is_some_and(|release| release.spec.match_by == MatchBy::Source);
        let (name, version) = if by_source {
            package.source_or_self()
        } else {
            (package.name.as_str(), package.version.as_str())
        };
        if version.is_empty() {
            return Ok(());
        }
        let key = Key {
            ecosystem: package.ecosystem.id,
            name,
            version,
            binary: if by_source { "" } else { package.source_or_self().0 },
            arch: &package.arch,
            modularity: &package.modularity,
            vendor: &package.vendor,
            cpes: &package.cpes,
        };
        if let Some((findings, suppressed)) = self.known.get(&key) {
            let again = |finding: &Finding| Finding { package: place, ..finding.clone() };
            let findings: Vec<Finding> =
                matched.findings.get(findings.clone()).unwrap_or_default().iter().map(again).collect();
            let suppressed: Vec<Suppressed> = matched
                .suppressed
                .get(suppressed.clone())
                .unwrap_or_default()
                .iter()
                .map(|held| Suppressed { finding: again(&held.finding), ..held.clone() })
                .collect();
            matched.findings.extend(findings);
            matched.suppressed.extend(suppressed);
            return Ok(());
        }
        let context = self.context;
        let os = if context.os.is_empty() { "linux" } else { context.os };
        let subject = Subject { package, name, version, os, architecture: context.architecture };
        let mut lookup = Lookup { index: self.index, hits: Vec::new(), unorderable: None };
        if !package.cpes.is_empty() {
            for name in cpe_names(&package.cpes) {
                lookup.take(CPE, &name, &subject, MatchedBy::Cpe)?;
            }
        } else if !package.ecosystem.os {
            let normalized = (package.ecosystem.normalize_name)(name);
            for ecosystem in package.ecosystem.advisory_names {
                lookup.take(ecosystem, &normalized, &subject, MatchedBy::Name)?;
            }
        } else if let Some(release) = self.release
            && release.spec.package_ecosystem == package.ecosystem.id
        {
            release.look_up(&subject, by_source, &mut lookup)?;
        }
        let first = (matched.findings.len(), matched.suppressed.len());
        let Lookup { hits, unorderable, .. } = lookup;
        for group in group::groups(self.index, &hits)? {
            self.judge(place, &subject, &hits, &group, matched)?;
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
            let ranges = (first.0..matched.findings.len(), first.1..matched.suppressed.len());
            self.known.insert(key, ranges);
        }
        Ok(())
    }

    /// Makes a finding of a group, or holds it back.
    fn judge(
        &mut self,
        place: usize,
        subject: &Subject<'_>,
        hits: &[Hit<'_>],
        group: &group::Group<'_>,
        matched: &mut Matched,
    ) -> Result<(), ReadError> {
        let judged = finding::judge(self.index, &mut self.prose, self.options, place, subject, hits, group)?;
        let (finding, mut held) = match judged {
            Judged::Nothing => return Ok(()),
            Judged::Finding(finding) => (*finding, None),
            Judged::Suppressed(held) => {
                let Suppressed { finding, by, origin, reason, .. } = *held;
                (finding, Some((by, origin, reason)))
            }
        };
        if held.is_none()
            && subject.package.ecosystem.os
            && let Some(release) = self.release
        {
            held = release.holds_back(subject.package, self.context.container);
        }
        match held {
            None => matched.findings.push(finding),
            Some((by, origin, reason)) => {
                matched.suppressed.push(Suppressed { finding, by, origin, reason, expires: None });
            }
        }
        Ok(())
    }
}

/// The names under which advisories for these CPEs (2.3, formatted string) are filed: `vendor:product`, each once.
fn cpe_names(cpes: &[String]) -> Vec<String> {
    let mut names = Vec::new();
    for cpe in cpes {
        let mut parts = cpe.strip_prefix("cpe:2.3:").unwrap_or_default().split(':').skip(1);
        if let (Some(vendor), Some(product)) = (parts.next(), parts.next()) {
            let name = format!("{vendor}:{product}").to_lowercase();
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// What holds a finding back: what kind of thing, where it is stated, the reason.
type HeldBack = (SuppressedBy, String, String);
