//! Makes one finding of all advisories that speak of one vulnerability in one package.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use plimsoll_db::{AdvisoryRef, End, Index, Prose, ProseReader, ReadError};
use plimsoll_types::{Finding, MatchReason, Severity, Status, Vulnerability};
use plimsoll_version::VersionScheme;

use crate::cvss;
use crate::evaluate::{self, Held, Hit, Subject};
use crate::group::Group;

/// How many advisories on the same vulnerability from elsewhere are looked at for what the matching ones leave out.
const MAX_OTHERS: usize = 16;
/// How many fixed versions are listed for a finding.
const MAX_FIXES: usize = 32;

/// The finding of a group; `None` when a statement "not affected" takes all of it away.
pub(crate) fn finding(
    index: &Index,
    prose: &mut ProseReader<'_>,
    place: usize,
    subject: &Subject<'_>,
    hits: &[Hit<'_>],
    group: &Group<'_>,
) -> Result<Option<Finding>, ReadError> {
    let hits: Vec<&Hit<'_>> = group.hits.iter().filter_map(|place| hits.get(*place)).collect();
    let not_affected: BTreeSet<&str> =
        hits.iter().filter(|hit| hit.not_affected()).map(|hit| hit.ecosystem).collect();
    let mut hits: Vec<&Hit<'_>> =
        hits.into_iter().filter(|hit| !not_affected.contains(hit.ecosystem)).collect();
    if hits.is_empty() {
        return Ok(None);
    }

    let versions = subject.versions();
    let fixes = Fixes::of(&hits, subject.version, versions)?;
    order(&mut hits, &fixes, versions);
    let Some(deciding) = hits.first() else { return Ok(None) };
    let status = match deciding.facts.first().map_or(Status::Affected, |held| held.fact.status) {
        _ if !fixes.versions.is_empty() => Status::Fixed,
        Status::Fixed => Status::Affected,
        status => status,
    };
    let reasons = hits.iter().map(|hit| reason(hit, subject)).collect();
    let others = others(index, &hits, group)?;
    let vulnerability = vulnerability(prose, &hits, &others, group)?;
    Ok(Some(Finding {
        vulnerability,
        package: place,
        status,
        fixed_versions: fixes.versions,
        reasons,
        ..Finding::default()
    }))
}

fn reason(hit: &Hit<'_>, subject: &Subject<'_>) -> MatchReason {
    let mut ranges: Vec<String> = hit.facts.iter().map(|held| held.held.range()).collect();
    ranges.dedup();
    MatchReason {
        advisory: hit.advisory.id.to_owned(),
        source: hit.advisory.source.to_owned(),
        ecosystem: hit.ecosystem.to_owned(),
        name: subject.name.to_owned(),
        version: subject.version.to_owned(),
        range: ranges.join(" || "),
        ..MatchReason::default()
    }
}

/// The versions that fix a vulnerability.
struct Fixes {
    /// Those to show, the one to take first.
    versions: Vec<String>,
    /// Per hit, the highest of the fixes that its facts ask for.
    per_hit: Vec<(u32, Option<String>)>,
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
        let mut per_hit = Vec::with_capacity(hits.len());
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
            per_hit.push((hit.number, highest.map(str::to_owned)));
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
        self.per_hit.iter().find(|(number, _)| *number == hit.number)?.1.as_deref()
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
    let take = fixes.versions.first().map(String::as_str);
    let rank = |hit: &Hit<'_>| match (fixes.of_hit(hit), take) {
        (Some(fix), Some(take)) if versions.compare(fix, take) == Ok(Ordering::Equal) => 0,
        (Some(_), _) => 1,
        (None, _) => 2,
    };
    hits.sort_by_cached_key(|hit| {
        let status = hit.facts.first().map(|held| held.fact.status);
        let listed = hit.facts.iter().all(|held| matches!(held.held, Held::Listed(_)));
        (rank(hit), listed, status, hit.advisory.source.to_owned(), hit.advisory.id.to_owned())
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
    for id in group.ids.iter().take(MAX_OTHERS) {
        let known = |number: &u32| hits.iter().any(|hit| hit.number == *number);
        numbers.extend(index.by_identifier(id)?.filter(|number| !known(number)).take(4 * MAX_OTHERS));
    }
    let mut others = Vec::new();
    for number in numbers {
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
    prose: &mut ProseReader<'_>,
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
    let (severity, severity_source, score_tenths) = severity(hits, others);

    // An erratum's text is about an update; what a source says of the vulnerability itself is preferred.
    let own = |hit: &&&Hit<'_>| hit.advisory.covers.is_empty();
    let mut texts: Vec<Prose> = Vec::new();
    for hit in hits.iter().filter(own) {
        texts.push(prose.read(hit.number)?);
    }
    let mut complete = texts.iter().any(|text| !text.title.is_empty() && !text.description.is_empty());
    for (number, _) in others {
        if !complete {
            let text = prose.read(*number)?;
            complete = !text.title.is_empty() && !text.description.is_empty();
            // Links of other ecosystems' advisories would outnumber those that matter.
            texts.push(Prose { references: Vec::new(), ..text });
        }
    }
    for hit in hits.iter().filter(|hit| !own(hit)) {
        texts.push(prose.read(hit.number)?);
    }
    let first = |get: fn(&Prose) -> &String| {
        texts.iter().map(get).find(|text| !text.is_empty()).cloned().unwrap_or_default()
    };
    let (title, description) = (first(|text| &text.title), first(|text| &text.description));
    let mut seen = BTreeSet::new();
    let mut references = Vec::new();
    for reference in texts.into_iter().flat_map(|text| text.references) {
        if seen.insert(reference.url.clone()) {
            references.push(reference);
        }
    }

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
        ..Vulnerability::default()
    })
}

/// The identifier to show: a CVE, else the deciding advisory's own or what it covers.
fn shown_id(hits: &[&Hit<'_>], group: &Group<'_>) -> String {
    let cve = group.ids.iter().find(|id| id.starts_with("CVE-"));
    let own = hits.iter().map(|hit| hit.advisory.id).find(|id| group.ids.contains(id));
    cve.copied().or(own).or(group.ids.first().copied()).unwrap_or_default().to_owned()
}

/// The severity for this package, whose it is, and the base score that goes with it: an advisory's own word for the
/// package, its word for the vulnerability, a CVSS vector, another source's word.
fn severity(hits: &[&Hit<'_>], others: &[(u32, AdvisoryRef<'_>)]) -> (Severity, String, Option<u8>) {
    let known = |severity: &Severity| *severity != Severity::Unknown;
    let for_package = hits.iter().find_map(|hit| {
        let severities = hit.facts.iter().filter_map(|held| held.fact.severity);
        Some((hit.advisory.source, severities.filter(known).max()?))
    });
    let stated = |advisory: &AdvisoryRef<'_>| {
        // Its own word before what it quotes from others.
        let own = advisory.severities.iter().find(|(source, _)| *source == advisory.source);
        let mut words = own.into_iter().chain(&advisory.severities);
        words
            .find(|(_, severity)| known(severity))
            .map(|(source, severity)| ((*source).to_owned(), *severity))
    };
    let vector = |advisory: &AdvisoryRef<'_>| {
        let scored =
            advisory.cvss.iter().filter_map(|(source, vector)| Some((*source, cvss::score(vector)?)));
        // A newer version of CVSS supersedes an older one; of equals, the first.
        scored
            .reduce(|best, next| if next.1.version > best.1.version { next } else { best })
            .map(|(source, score)| (source.to_owned(), score))
    };
    let in_order = || hits.iter().map(|hit| &hit.advisory).chain(others.iter().map(|(_, advisory)| advisory));
    let by_vector = in_order().find_map(vector);
    let score = by_vector.as_ref().map(|(_, score)| score.tenths);
    let word = for_package
        .map(|(source, severity)| (source.to_owned(), severity))
        .or_else(|| hits.iter().find_map(|hit| stated(&hit.advisory)));
    let word = match (word, by_vector) {
        (Some(word), _) => Some(word),
        (None, Some((source, score))) => Some((source, score.severity())),
        (None, None) => others.iter().find_map(|(_, advisory)| stated(advisory)),
    };
    let (source, severity) = word.unwrap_or_default();
    (severity, source, score)
}
