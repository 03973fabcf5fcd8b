//! Makes one finding of all advisories that speak of one vulnerability in one package.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet};

use plimsoll_db::{AdvisoryRef, End, Index, Prose, ProseReader, ReadError};
use plimsoll_types::{
    Confidence, Epss, Finding, MatchReason, MatchedBy, Reference, Status, Suppressed, SuppressedBy,
    Timestamp, Vulnerability,
};
use plimsoll_version::VersionScheme;

use crate::evaluate::{self, Held, Hit, Subject};
use crate::group::Group;
use crate::{Options, severity};

/// How many advisories on the same vulnerability from elsewhere are looked at for what the matching ones leave out.
const MAX_OTHERS: usize = 16;
/// How many fixed versions are listed for a finding.
const MAX_FIXES: usize = 32;
/// How many advisories' texts are read for a finding, of each kind, and how many links are kept.
const MAX_TEXTS: usize = 1_000;
const MAX_REFERENCES: usize = 10_000;

/// What becomes of a group of advisories.
pub(crate) enum Judged {
    /// Nothing holds.
    Nothing,
    /// A finding.
    Finding(Box<Finding>),
    /// A finding that is held back.
    Suppressed(Box<Suppressed>),
}

/// Makes a finding of a group, unless a statement "not affected" takes all of it away or all of it is about another
/// platform.
pub(crate) fn judge(
    index: &Index,
    prose: &mut ProseReader<'_>,
    options: &Options,
    place: usize,
    subject: &Subject<'_>,
    hits: &[Hit<'_>],
    group: &Group<'_>,
) -> Result<Judged, ReadError> {
    let all: Vec<&Hit<'_>> = group.hits.iter().filter_map(|place| hits.get(*place)).collect();
    let affected: Vec<&Hit<'_>> = all.iter().copied().filter(|hit| !hit.not_affected()).collect();
    if affected.is_empty() {
        return Ok(Judged::Nothing);
    }
    let denied: Vec<&Hit<'_>> = all.iter().copied().filter(|hit| hit.not_affected()).collect();
    let denying: BTreeSet<&str> = denied.iter().map(|denial| denial.ecosystem.as_str()).collect();
    let is_denied = |hit: &Hit<'_>| denying.contains(hit.ecosystem.as_str());
    let left: Vec<&Hit<'_>> = affected.iter().copied().filter(|hit| !is_denied(hit)).collect();
    if let (true, Some(denial)) = (left.is_empty(), denied.first()) {
        let finding = finding(index, prose, options, place, subject, affected, group)?;
        return Ok(held_back(
            finding,
            SuppressedBy::AdvisoryNotAffected,
            denial.advisory.id,
            format!("{} says that the package is not affected", denial.advisory.source),
        ));
    }
    let here: Vec<&Hit<'_>> = left.iter().copied().filter(|hit| hit.applicable()).collect();
    if !here.is_empty() {
        return Ok(Judged::Finding(Box::new(finding(index, prose, options, place, subject, here, group)?)));
    }
    let origin = left.first().map_or("", |hit| hit.advisory.id);
    let reason = left.iter().flat_map(|hit| &hit.facts).find_map(|held| held.inapplicable.clone());
    let finding = finding(index, prose, options, place, subject, left, group)?;
    Ok(held_back(finding, SuppressedBy::NotApplicable, origin, reason.unwrap_or_default()))
}

fn held_back(finding: Finding, by: SuppressedBy, origin: &str, reason: String) -> Judged {
    Judged::Suppressed(Box::new(Suppressed { finding, by, origin: origin.to_owned(), reason, expires: None }))
}

/// The finding that hits make, of which there is one at least.
fn finding(
    index: &Index,
    prose: &mut ProseReader<'_>,
    options: &Options,
    place: usize,
    subject: &Subject<'_>,
    mut hits: Vec<&Hit<'_>>,
    group: &Group<'_>,
) -> Result<Finding, ReadError> {
    let versions = subject.versions();
    // A fix for subscribers is told as a remark; what everybody gets decides where there is anything.
    let public: Vec<&Hit<'_>> = hits.iter().copied().filter(|hit| !hit.subscription).collect();
    let subscribers_only = public.is_empty();
    let fixes = Fixes::of(if subscribers_only { &[] } else { &public }, subject.version, versions)?;
    order(&mut hits, &fixes, versions);
    let deciding = hits.first().map(|hit| (hit.status(), hit.fix_date()));
    let status = match deciding.map_or(Status::Affected, |(status, _)| status) {
        _ if !fixes.versions.is_empty() => Status::Fixed,
        Status::Fixed => Status::Affected,
        status => status,
    };
    let fix_available =
        if fixes.versions.is_empty() { None } else { deciding.and_then(|(_, fix_date)| fix_date) };
    let reasons = hits.iter().map(|hit| reason(hit)).collect::<Result<Vec<_>, _>>()?;
    let confidence = reasons.iter().map(|reason| confidence(subject, reason)).max().unwrap_or_default();
    let others = others(index, &hits, group)?;
    let vulnerability = vulnerability(index, prose, options, &hits, &others, group)?;
    Ok(Finding {
        vulnerability,
        package: place,
        status,
        fixed_versions: fixes.versions,
        reasons,
        confidence,
        fix_available,
        risk: None,
    })
}

/// How sure it is that the package is meant: never surer than what the package is.
fn confidence(subject: &Subject<'_>, reason: &MatchReason) -> Confidence {
    let of_match = if reason.matched_by == MatchedBy::Cpe {
        Confidence::Low
    } else if is_pseudo_version(subject) {
        Confidence::Medium
    } else {
        Confidence::High
    };
    of_match.min(subject.package.confidence)
}

/// Whether the version is one that Go makes up for a commit without a tag (`v0.0.0-20200101000000-0123456789ab`, "The Go
/// Modules Reference, Pseudo-versions"): it says after which tag the commit comes, not which later fixes it holds.
fn is_pseudo_version(subject: &Subject<'_>) -> bool {
    if subject.package.purl.kind != "golang" {
        return false;
    }
    let version = subject.version.split('+').next().unwrap_or_default();
    let mut parts = version.rsplit('-');
    let commit =
        parts.next().is_some_and(|part| part.len() == 12 && part.bytes().all(|b| b.is_ascii_hexdigit()));
    let time = parts
        .next()
        .and_then(|part| part.rsplit('.').next())
        .is_some_and(|part| part.len() == 14 && part.bytes().all(|b| b.is_ascii_digit()));
    commit && time
}

fn reason(hit: &Hit<'_>) -> Result<MatchReason, ReadError> {
    let mut ranges: Vec<String> = hit.facts.iter().map(|held| held.held.range()).collect();
    ranges.dedup();
    let mut symbols = BTreeSet::new();
    for held in hit.facts.iter().filter(|held| !held.fact.is_unqualified()) {
        symbols.extend(held.fact.qualifiers()?.symbols.into_iter().map(str::to_owned));
    }
    let mut note = String::new();
    if hit.subscription {
        let fix = hit.facts.iter().find_map(|held| match held.held {
            Held::Interval(interval) => match interval.end {
                End::Fixed(version) => Some(version),
                _ => None,
            },
            _ => None,
        });
        note = match fix {
            Some(version) => format!("fixed in {version} with a subscription"),
            None => "an advisory for those with a subscription".to_owned(),
        };
    }
    Ok(MatchReason {
        advisory: hit.advisory.id.to_owned(),
        source: hit.advisory.source.to_owned(),
        ecosystem: hit.ecosystem.clone(),
        name: hit.name.clone(),
        version: hit.version.clone(),
        range: ranges.join(" || "),
        symbols: symbols.into_iter().collect(),
        matched_by: hit.matched_by,
        status: Some(hit.status()),
        note,
    })
}

/// The versions that fix a vulnerability.
struct Fixes {
    /// Those to show, the one to take first.
    versions: Vec<String>,
    /// Per hit, the highest of the fixes that its facts ask for.
    per_hit: HashMap<u32, Option<String>>,
}

impl Hit<'_> {
    /// Whether the advisory says that the package is not affected.
    fn not_affected(&self) -> bool {
        self.facts.iter().any(|held| held.inapplicable.is_none() && held.fact.status == Status::NotAffected)
    }

    /// Whether the advisory is about this image.
    fn applicable(&self) -> bool {
        self.facts.iter().any(|held| held.inapplicable.is_none())
    }

    fn status(&self) -> Status {
        self.facts.first().map_or(Status::Affected, |held| held.fact.status)
    }

    /// Since when its fix is available: an erratum brings it with itself.
    fn fix_date(&self) -> Option<Timestamp> {
        let stated = self.facts.iter().filter_map(|held| held.fact.fix_date).min();
        stated.or(if self.advisory.covers.is_empty() { None } else { self.advisory.published })
    }
}

impl Fixes {
    /// A version fixes the vulnerability when it is above the installed one and none of the advisories holds for it:
    /// when a second update repeats a first one, only the second fixes. The smallest comes first, those of later
    /// release lines follow.
    fn of(hits: &[&Hit<'_>], installed: &str, versions: &dyn VersionScheme) -> Result<Fixes, ReadError> {
        let above = |version: &str| versions.compare(version, installed) == Ok(Ordering::Greater);
        let order = |a: &str, b: &str| versions.compare(a, b).unwrap_or_else(|_| a.cmp(b));
        let mut candidates: Vec<&str> = Vec::new();
        let mut add = |version| {
            if candidates.len() < MAX_FIXES && !candidates.contains(&version) {
                candidates.push(version);
            }
        };
        let mut per_hit = HashMap::with_capacity(hits.len());
        // First the fix that each advisory names for the interval that holds the version, then those of other lines.
        for hit in hits {
            let mut highest: Option<&str> = None;
            for held in &hit.facts {
                let mut smallest: Option<&str> = None;
                for interval in held.fact.intervals()? {
                    let End::Fixed(version) = interval?.end else { continue };
                    if above(version) && smallest.is_none_or(|known| order(version, known) == Ordering::Less)
                    {
                        smallest = Some(version);
                    }
                }
                let Some(version) = smallest else { continue };
                add(version);
                if highest.is_none_or(|known| order(version, known) == Ordering::Greater) {
                    highest = Some(version);
                }
            }
            per_hit.entry(hit.number).or_insert_with(|| highest.map(str::to_owned));
        }
        for held in hits.iter().flat_map(|hit| &hit.facts) {
            for interval in held.fact.intervals()? {
                if let End::Fixed(version) = interval?.end
                    && above(version)
                {
                    add(version);
                }
            }
        }
        let mut fixing = Vec::new();
        for candidate in &candidates {
            let mut fixes = true;
            for held in hits.iter().flat_map(|hit| &hit.facts) {
                if !matches!(evaluate::held(&held.fact, candidate, versions)?, Ok(None)) {
                    fixes = false;
                    break;
                }
            }
            if fixes {
                fixing.push(*candidate);
            }
        }
        // Two sources may contradict each other, one of them knowing of no fix: what the other says is still worth
        // more than nothing.
        let mut shown = if fixing.is_empty() { candidates } else { fixing };
        insertion_sort(&mut shown, &order);
        shown.dedup_by(|a, b| order(a, b) == Ordering::Equal);
        Ok(Fixes { versions: shown.into_iter().map(str::to_owned).collect(), per_hit })
    }

    fn of_hit(&self, hit: &Hit<'_>) -> Option<&str> {
        self.per_hit.get(&hit.number)?.as_deref()
    }
}

/// Sorts a list of at most [`MAX_FIXES`]. The sort of the standard library may panic when an order contradicts itself.
fn insertion_sort(list: &mut [&str], order: &dyn Fn(&str, &str) -> Ordering) {
    for end in 1..list.len() {
        let mut at = end;
        while at > 0 && order(list[at - 1], list[at]) == Ordering::Greater {
            list.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// Puts the deciding advisory first: the one whose fix is the version to take, else one that knows of a fix.
fn order(hits: &mut [&Hit<'_>], fixes: &Fixes, versions: &dyn VersionScheme) {
    if hits.len() < 2 {
        return;
    }
    let take = fixes.versions.first().map(String::as_str);
    let rank = |hit: &Hit<'_>| match (fixes.of_hit(hit), take) {
        (Some(fix), Some(take)) if versions.compare(fix, take) == Ok(Ordering::Equal) => 0,
        (Some(_), _) => 1,
        (None, _) => 2,
    };
    hits.sort_by_cached_key(|hit| {
        let status = hit.facts.first().map(|held| held.fact.status);
        let listed = hit.facts.iter().all(|held| matches!(held.held, Held::Listed(_)));
        (
            hit.subscription,
            rank(hit),
            listed,
            status,
            hit.advisory.source.to_owned(),
            hit.advisory.id.to_owned(),
        )
    });
}

/// Advisories that speak of this vulnerability alone, but not of this package: another source's, the catalogue of
/// exploited vulnerabilities.
fn others<'a>(
    index: &'a Index,
    hits: &[&Hit<'_>],
    group: &Group<'_>,
) -> Result<Vec<(u32, AdvisoryRef<'a>)>, ReadError> {
    let mut numbers = BTreeSet::new();
    let known: HashSet<u32> = hits.iter().map(|hit| hit.number).collect();
    for id in group.ids.iter().take(MAX_OTHERS) {
        numbers
            .extend(index.by_identifier(id)?.filter(|number| !known.contains(number)).take(4 * MAX_OTHERS));
    }
    let mut others = Vec::new();
    for number in numbers {
        // Most records of distributions have nothing to add.
        if index.is_bare(number)? {
            continue;
        }
        let advisory = index.advisory(number)?;
        if advisory.covers.is_empty() {
            others.push((number, advisory));
            if others.len() == MAX_OTHERS {
                break;
            }
        }
    }
    Ok(others)
}

fn vulnerability(
    index: &Index,
    prose: &mut ProseReader<'_>,
    options: &Options,
    hits: &[&Hit<'_>],
    others: &[(u32, AdvisoryRef<'_>)],
    group: &Group<'_>,
) -> Result<Vulnerability, ReadError> {
    let id = shown_id(hits, group);
    let mut aliases = group.ids.clone();
    aliases.extend(hits.iter().map(|hit| hit.advisory.id));
    aliases.remove(id.as_str());

    let matching = || hits.iter().map(|hit| &hit.advisory);
    let all = || matching().chain(others.iter().map(|(_, advisory)| advisory));
    let stated = severity::Stated::of(hits, others);
    let (severity, severity_source, score_tenths) = stated.choose(&options.severity_sources);

    // An erratum's text is about an update; what a source says of the vulnerability itself is preferred.
    let own = |hit: &&&Hit<'_>| hit.advisory.covers.is_empty();
    let mut texts = Texts::default();
    for hit in hits.iter().filter(own).take(MAX_TEXTS) {
        texts.add(prose.read(hit.number)?);
    }
    for (number, _) in others {
        if !texts.complete {
            // Links of other ecosystems' advisories would outnumber those that matter.
            texts.add(Prose { references: Vec::new(), ..prose.read(*number)? });
        }
    }
    for hit in hits.iter().filter(|hit| !own(hit)).take(MAX_TEXTS) {
        texts.add(prose.read(hit.number)?);
    }
    let Texts { title, description, references, .. } = texts;

    let mut cvss: Vec<_> = all().flat_map(AdvisoryRef::cvss_vectors).collect();
    cvss.sort();
    cvss.dedup();
    let cwes: BTreeSet<&str> = all().flat_map(|advisory| advisory.cwes.iter().copied()).collect();
    // That one of several vulnerabilities is exploited says nothing of the others.
    let exploited = |advisory: &AdvisoryRef<'_>| advisory.known_exploited && advisory.covers.len() < 2;
    Ok(Vulnerability {
        id,
        aliases: aliases.into_iter().map(str::to_owned).collect(),
        title,
        description,
        severity,
        severity_source,
        cvss,
        score_tenths,
        cwes: cwes.into_iter().map(str::to_owned).collect(),
        references,
        published: all().filter_map(|advisory| advisory.published).min(),
        modified: matching().filter_map(|advisory| advisory.modified).max(),
        known_exploited: all().any(exploited),
        public_exploit: all().any(|advisory| advisory.public_exploit && advisory.covers.len() < 2),
        epss: epss(index, group)?,
        severities: stated.by_source(),
    })
}

/// The texts of a vulnerability, of which the first ones stand, and all links.
#[derive(Default)]
struct Texts {
    title: String,
    description: String,
    references: Vec<Reference>,
    seen: HashSet<String>,
    /// Whether one of the advisories had both a title and a description.
    complete: bool,
}

impl Texts {
    fn add(&mut self, text: Prose) {
        self.complete |= !text.title.is_empty() && !text.description.is_empty();
        for (into, from) in [(&mut self.title, text.title), (&mut self.description, text.description)] {
            if into.is_empty() {
                *into = from;
            }
        }
        for reference in text.references {
            if self.references.len() < MAX_REFERENCES && self.seen.insert(reference.url.clone()) {
                self.references.push(reference);
            }
        }
    }
}

/// EPSS of the vulnerability; of several identifiers the highest.
fn epss(index: &Index, group: &Group<'_>) -> Result<Option<Epss>, ReadError> {
    let mut highest = None;
    for id in group.ids.iter().take(MAX_OTHERS) {
        highest = highest.max(index.epss(id)?);
    }
    Ok(highest)
}

/// The identifier to show: a CVE, else the deciding advisory's own or what it covers.
fn shown_id(hits: &[&Hit<'_>], group: &Group<'_>) -> String {
    let cve = group.ids.iter().find(|id| id.starts_with("CVE-"));
    let own = hits.iter().map(|hit| hit.advisory.id).find(|id| group.ids.contains(id));
    cve.copied().or(own).or(group.ids.first().copied()).unwrap_or_default().to_owned()
}
