//! Makes one advisory of what a source says under one identifier, and turns advisories into records of the index.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_advisory::{Advisory, Affected};
use plimsoll_catalog::ecosystem_for_advisories;
use plimsoll_db::{End, FactRecord, Prose, Record};
use plimsoll_types::{EcosystemSpec, Status};

use crate::ranges;
use crate::report::{DropReason, Drops};

/// Joins advisories with the same source and identifier, which some sources spread over several files (one per
/// release, one per package). Sorted by source and identifier; of differing texts the first one stands.
pub(crate) fn join(mut advisories: Vec<Advisory>) -> Vec<Advisory> {
    // By all that they say in the end, so that the order of the files does not matter.
    advisories.sort_by(|a, b| (&a.source, &a.id).cmp(&(&b.source, &b.id)).then_with(|| a.cmp(b)));
    let mut joined: Vec<Advisory> = Vec::with_capacity(advisories.len());
    for advisory in advisories {
        match joined.last_mut() {
            Some(last) if last.source == advisory.source && last.id == advisory.id => absorb(last, advisory),
            _ => joined.push(advisory),
        }
    }
    joined
}

fn absorb(into: &mut Advisory, other: Advisory) {
    let first = |into: &mut String, other: String| {
        if into.is_empty() {
            *into = other;
        }
    };
    first(&mut into.title, other.title);
    first(&mut into.description, other.description);
    into.aliases.extend(other.aliases);
    into.covers.extend(other.covers);
    into.severities.extend(other.severities);
    into.cvss.extend(other.cvss);
    into.cwes.extend(other.cwes);
    into.references.extend(other.references);
    into.affected.extend(other.affected);
    into.published = into.published.into_iter().chain(other.published).min();
    into.modified = into.modified.max(other.modified);
    into.known_exploited |= other.known_exploited;
    into.public_exploit |= other.public_exploit;
}

/// The most identifiers, weaknesses, vectors or severities of one advisory. Errata cover some thousand vulnerabilities.
const MAX_LISTED: usize = 20_000;
/// The most intervals and listed versions of one statement: all of them are held against every installed version.
const MAX_INTERVALS: usize = 20_000;
const MAX_VERSIONS: usize = 200_000;
/// How many times the versions of one statement are held against its intervals.
const MAX_COMPARISONS: usize = 2_000_000;

/// Makes a record of an advisory; `None` when nothing of what it says can be matched. What is left out is counted.
pub(crate) fn record(advisory: Advisory, drops: &mut Drops) -> Option<Record> {
    let lists = [advisory.aliases.len(), advisory.covers.len(), advisory.cwes.len()];
    if lists.iter().chain([&advisory.cvss.len(), &advisory.severities.len()]).any(|len| *len > MAX_LISTED) {
        drops.count(DropReason::TooLarge, "", &advisory.id);
        return None;
    }
    // What NVD says of products comes beside what it says of the vulnerability, which counts for itself.
    let speaks_of_packages = advisory.affected.iter().any(|affected| affected.ecosystem != "CPE");
    let modules = modules(&advisory.title);
    let mut facts = Vec::with_capacity(advisory.affected.len());
    for affected in advisory.affected {
        fact(&advisory.id, affected, &modules, &mut facts, drops);
    }
    if speaks_of_packages && facts.is_empty() {
        return None;
    }
    let mut facts = first_builds(facts, drops);
    facts.sort_by(|a, b| (&a.ecosystem, &a.package).cmp(&(&b.ecosystem, &b.package)));
    facts.dedup();
    Some(Record {
        id: advisory.id,
        source: advisory.source,
        aliases: sorted(advisory.aliases),
        covers: sorted(advisory.covers),
        severities: unique(advisory.severities.into_iter().map(|s| (s.source, s.severity)).collect()),
        cvss: sorted(advisory.cvss),
        cwes: sorted(advisory.cwes),
        published: advisory.published,
        modified: advisory.modified,
        known_exploited: advisory.known_exploited,
        public_exploit: advisory.public_exploit,
        prose: Prose {
            title: advisory.title,
            description: advisory.description,
            references: unique(advisory.references),
        },
        facts,
    })
}

fn sorted<T: Ord>(mut list: Vec<T>) -> Vec<T> {
    list.sort();
    list.dedup();
    list
}

/// Drops what came before; the order stays.
fn unique<T: Clone + Ord>(list: Vec<T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    list.into_iter().filter(|item| seen.insert(item.clone())).collect()
}

fn fact(id: &str, affected: Affected, modules: &[&str], facts: &mut Vec<FactRecord>, drops: &mut Drops) {
    let Some(spec) = drops.ecosystem(&affected.ecosystem) else {
        return drops.count(DropReason::UnknownEcosystem, &affected.ecosystem, id);
    };
    let package = (spec.normalize_name)(&affected.package);
    if package.is_empty()
        || [&affected.ecosystem, &package].iter().any(|name| name.chars().any(char::is_control))
    {
        return drops.count(DropReason::BadName, &affected.ecosystem, id);
    }
    let stated = !affected.ranges.is_empty() || !affected.versions.is_empty();
    let mut intervals = Vec::new();
    let mut refused = 0;
    for range in &affected.ranges {
        match ranges::intervals(&range.events, spec.versions) {
            Ok(found) => intervals.extend(found),
            Err(error) => {
                refused += 1;
                drops.count(DropReason::UnorderableRange, &affected.ecosystem, &format!("{id}: {error}"));
            }
        }
    }
    intervals.dedup();
    if intervals.len() > MAX_INTERVALS || affected.versions.len() > MAX_VERSIONS {
        return drops.count(DropReason::TooLarge, &affected.ecosystem, id);
    }
    let (listed, unordered) = ranges::sorted_versions(&affected.versions, spec.versions);
    if unordered > 0 {
        refused += unordered;
        drops.count_many(DropReason::UnorderableVersion, &affected.ecosystem, id, unordered);
    }
    // OSV feeds list every version of a range as well. Only what the ranges do not hold says something new.
    // Past a number that no real record comes near, holding each against each is not worth the time.
    let compare = intervals.len().saturating_mul(listed.len()) <= MAX_COMPARISONS;
    let outside = |version: &&str| {
        !compare || !intervals.iter().any(|one| one.contains(version, spec.versions).unwrap_or(false))
    };
    let versions: Vec<String> = listed.into_iter().filter(outside).map(str::to_owned).collect();
    // Only "not affected" may be said without a version: a fact without any would hold for all of them.
    if intervals.is_empty() && versions.is_empty() && (stated || affected.status != Status::NotAffected) {
        if refused == 0 {
            drops.count(DropReason::NoVersions, &affected.ecosystem, id);
        }
        return;
    }
    let modular = intervals.iter().any(|interval| match &interval.end {
        End::Fixed(version) | End::LastAffected(version) | End::Limit(version) => is_modular(version),
        End::Open => false,
    });
    let fact = FactRecord {
        ecosystem: affected.ecosystem,
        package,
        status: affected.status,
        severity: affected.severity,
        intervals,
        versions,
        arches: affected.arches,
        modularity: affected.modularity,
        oses: affected.oses,
        cpes: affected.cpes,
        symbols: affected.symbols,
        fix_date: affected.fix_date,
    };
    if modular && fact.modularity.is_empty() && !modules.is_empty() {
        // Which of the named streams the package belongs to is not said: it may be of each.
        facts.extend(
            modules.iter().map(|module| FactRecord { modularity: (*module).to_owned(), ..fact.clone() }),
        );
    } else {
        facts.push(fact);
    }
}

/// Keeps the lowest of the builds of one release in a module: an erratum lists one for each context in which the sources
/// were built (`1.el8.module_el8.5.0+254+b4526b16`, `1.el8.module_el8.5.0+2618+8d46dafd`), and does not say which
/// architecture got which. What is fixed in the sources is fixed in each of them.
fn first_builds(facts: Vec<FactRecord>, drops: &mut Drops) -> Vec<FactRecord> {
    let mut kept: Vec<FactRecord> = Vec::with_capacity(facts.len());
    let mut places: BTreeMap<[String; 6], usize> = BTreeMap::new();
    for fact in facts {
        let release = match fact.intervals.as_slice() {
            [interval] if interval.introduced.is_empty() => match &interval.end {
                End::Fixed(version) => release_of_build(version).map(|release| (version, release)),
                _ => None,
            },
            _ => None,
        };
        let Some((version, (release, rest))) = release else {
            kept.push(fact);
            continue;
        };
        let own = |text: &str| text.to_owned();
        let (module, arches) = (own(&fact.modularity), fact.arches.join(","));
        let key = [own(&fact.ecosystem), own(&fact.package), module, arches, own(release), own(rest)];
        let Some(place) = places.get(&key) else {
            places.insert(key, kept.len());
            kept.push(fact);
            continue;
        };
        let known = kept.get(*place).and_then(|known| known.intervals.first()).map(|known| &known.end);
        let lower = match (known, drops.ecosystem(&fact.ecosystem)) {
            (Some(End::Fixed(known)), Some(spec)) => {
                spec.versions.compare(version, known) == Ok(std::cmp::Ordering::Less)
            }
            _ => false,
        };
        if lower && let Some(slot) = kept.get_mut(*place) {
            *slot = fact;
        }
    }
    kept
}

/// What comes before and behind the context of a build in a module: `1:14.18.2-2` and `1` of
/// `1:14.18.2-2.module_el8.5.0+254+b4526b16.1`.
fn release_of_build(version: &str) -> Option<(&str, &str)> {
    let (release, context) = version.split_once(".module_").or(version.split_once(".module+"))?;
    let (_, hash) = context.rsplit_once('+')?;
    Some((release, hash.split_once('.').map_or("", |(_, rest)| rest)))
}

/// Whether a version is that of an RPM built in a module (`1.el8.module_el8.6.0+2739+efabdb8f`).
fn is_modular(version: &str) -> bool {
    version.contains(".module_") || version.contains(".module+")
}

/// The module streams in the title of an erratum (`nodejs:14 security update`). Errata in OSV's form name them
/// nowhere else, and without them the packages of one stream would be held against the fixes of another.
fn modules(title: &str) -> Vec<&str> {
    let part = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+'))
    };
    let is_module =
        |word: &&str| word.split_once(':').is_some_and(|(name, stream)| part(name) && part(stream));
    title.split([' ', ',']).filter(is_module).take(8).collect()
}

/// Remembers which grammar an ecosystem has: feeds name the same few over and over.
#[derive(Debug, Default)]
pub(crate) struct Known(BTreeMap<String, Option<&'static EcosystemSpec>>);

impl Known {
    pub(crate) fn get(&mut self, name: &str) -> Option<&'static EcosystemSpec> {
        if let Some(spec) = self.0.get(name) {
            return *spec;
        }
        let spec = ecosystem_for_advisories(name);
        // A feed can make up names without end.
        if self.0.len() < 10_000 {
            self.0.insert(name.to_owned(), spec);
        }
        spec
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_read_from_titles() {
        for (title, expected) in [
            ("nodejs:14 security, bug fix, and enhancement update", &["nodejs:14"][..]),
            ("virt:rhel and virt-devel:rhel security update", &["virt:rhel", "virt-devel:rhel"]),
            ("container-tools:4.0 security and bug fix update", &["container-tools:4.0"]),
            ("ruby security update", &[]),
            ("Important: ruby security update", &[]),
        ] {
            assert_eq!(modules(title), expected);
        }
    }

    #[test]
    fn releases_of_builds_in_modules() {
        for (version, expected) in [
            ("1:14.18.2-2.module_el8.5.0+254+b4526b16", Some(("1:14.18.2-2", ""))),
            ("2.4.37-47.module_el8.6.0+2872+fe0ff7aa.1.alma", Some(("2.4.37-47", "1.alma"))),
            ("1.2-3.module+el8.5.0+8893+0a1b2c3d", Some(("1.2-3", ""))),
            ("1.2-3.el8", None),
            ("1.2-3.module_el8", None),
        ] {
            assert_eq!(release_of_build(version), expected);
        }
    }

    #[test]
    fn joins_what_a_source_says_under_one_id() {
        let part = |package: &str| Advisory {
            id: "CVE-1".into(),
            source: "s".into(),
            affected: vec![Affected { package: package.into(), ..Affected::default() }],
            ..Advisory::default()
        };
        let other = Advisory { source: "t".into(), ..part("c") };
        let joined = join(vec![part("a"), other, part("b")]);
        let packages: Vec<Vec<&str>> =
            joined.iter().map(|a| a.affected.iter().map(|a| a.package.as_str()).collect()).collect();
        assert_eq!(packages, [vec!["a", "b"], vec!["c"]]);
    }
}
