//! Indexes that mean harm: matching against them ends soon, without a panic, and says what it could not compare.

use std::time::{Duration, Instant};

use plimsoll_advisory::{Advisory, Affected, Event, Range};
use plimsoll_db::{End, Extras, FactRecord, Index, Interval, Prose, Record, WriteOptions, write};
use plimsoll_types::{ProblemCode, Reference, Status};
use plimsoll_version::{CONAN, PACMAN, VersionScheme};

use super::{advisory, affected, distro, erratum, ids, index, match_in, package};

/// Far above what any of these takes, also on a busy machine without optimisation.
const SOON: Duration = Duration::from_secs(90);

fn soon<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    assert!(start.elapsed() < SOON, "{what} takes {:?}", start.elapsed());
    done
}

fn fact(version: &str) -> FactRecord {
    FactRecord {
        ecosystem: "PyPI".into(),
        package: "many".into(),
        status: Status::Fixed,
        intervals: vec![Interval { introduced: String::new(), end: End::Fixed(version.into()) }],
        ..FactRecord::default()
    }
}

fn record(number: usize, aliases: Vec<String>) -> Record {
    Record {
        id: format!("TEST-{number}"),
        source: "test".into(),
        aliases,
        facts: vec![fact(&format!("{}.1", number + 2))],
        ..Record::default()
    }
}

fn opened(records: Vec<Record>) -> Index {
    let options = WriteOptions::default();
    Index::from_bytes(write(records, Extras::default(), &options).unwrap()).unwrap()
}

#[test]
fn a_hundred_thousand_facts_on_one_package() {
    // Each a vulnerability of its own.
    let index = opened((0..100_000).map(|number| record(number, Vec::new())).collect());
    let packages = [package("pypi", "many", "1.0")];
    let matched = soon("apart", || match_in(&index, None, &packages));
    assert_eq!((matched.findings.len(), matched.problems.len()), (100_000, 0));

    // All the same vulnerability, each with a long text and links of its own.
    let same = |number| Record {
        prose: Prose {
            title: format!("title {number}"),
            description: "text ".repeat(2_000),
            references: vec![Reference { kind: "web".into(), url: format!("https://e.org/{number}") }],
        },
        ..record(number, vec!["CVE-2024-1234".into()])
    };
    let index = opened((0..100_000).map(same).collect());
    let matched = soon("together", || match_in(&index, None, &packages));
    let [finding] = &matched.findings[..] else { panic!("{}", matched.findings.len()) };
    assert_eq!((finding.vulnerability.id.as_str(), finding.reasons.len()), ("CVE-2024-1234", 100_000));
    assert!((1..=32).contains(&finding.fixed_versions.len()));
    assert!((1..100_000).contains(&finding.vulnerability.references.len()));

    // The half of one source denied by the other half.
    let denied = |number: usize| {
        let mut record = record(number, vec!["CVE-2024-1234".into()]);
        if number.is_multiple_of(2) {
            record.facts[0].status = Status::NotAffected;
        }
        record
    };
    let index = opened((0..20_000).map(denied).collect());
    let matched = soon("denied", || match_in(&index, None, &packages));
    assert_eq!((matched.findings.len(), matched.suppressed.len()), (0, 1));
}

#[test]
fn aliases_in_circles() {
    let packages = [package("pypi", "many", "1.0")];
    let circle = |number: usize| {
        let other = |step: usize| format!("TEST-{}", (number + step) % 20_000);
        record(number, vec![other(1), other(0), other(19_999), "GHSA-0000-0000-0000".into()])
    };
    let index = opened((0..20_000).map(circle).collect());
    let matched = soon("a circle", || match_in(&index, None, &packages));
    assert_eq!(matched.findings.len(), 1);
    assert_eq!(matched.findings[0].vulnerability.aliases.len(), 20_000);

    // Many names each, none of which is a CVE, so that all of the index is asked.
    let names = |number: usize| (0..200).map(|name| format!("X-{}", number * 7 + name)).collect();
    let index = opened((0..5_000).map(|number| record(number, names(number))).collect());
    let matched = soon("many names", || match_in(&index, None, &packages));
    assert_eq!(matched.findings.len(), 1);

    // Errata that cover many, and the same ones.
    let covers: Vec<String> = (0..300).map(|number| format!("CVE-2024-{number:04}")).collect();
    let errata = |number| Record { covers: covers.clone(), ..record(number, Vec::new()) };
    let index = opened((0..300).map(errata).collect());
    let matched = soon("errata", || match_in(&index, None, &packages));
    assert_eq!(matched.findings.len(), 300);
}

#[test]
fn versions_that_cannot_be_ordered_are_told() {
    // Written by another builder than ours, which would have left them out.
    let mut wrong = record(1, Vec::new());
    wrong.facts[0].intervals =
        vec![Interval { introduced: "not a version".into(), end: End::Fixed("neither is this".into()) }];
    let mut listed = record(2, Vec::new());
    listed.facts[0].intervals.clear();
    listed.facts[0].versions = (0..1_000).map(|number| format!("?{number}")).collect();
    let index = opened(vec![wrong, listed, record(3, Vec::new())]);
    let matched =
        match_in(&index, None, &[package("pypi", "many", "1.0"), package("pypi", "many", "no version")]);
    assert_eq!(ids(&matched.findings), ["TEST-3"]);
    let told: Vec<_> = matched.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(told, [ProblemCode::UnorderableVersion, ProblemCode::UnorderableVersion]);
    assert!(matched.problems.iter().all(|problem| problem.path == "opt/many"));

    // A long version is compared, or told of.
    let long = format!("1.{}", "9".repeat(100_000));
    let matched = soon("a long version", || match_in(&index, None, &[package("pypi", "many", &long)]));
    assert!(matched.findings.len() + matched.problems.len() >= 1);
}

/// Three versions that go in a circle in a grammar, if there are any among `parts` put together.
fn circle(scheme: &dyn VersionScheme, parts: &[&str]) -> Option<[String; 3]> {
    use std::cmp::Ordering::Less;
    let mut versions = Vec::new();
    for a in parts {
        for b in parts {
            versions.push(format!("{a}{b}"));
        }
    }
    versions.retain(|version| scheme.compare(version, version).is_ok());
    let less = |a: &String, b: &String| scheme.compare(a, b) == Ok(Less);
    for a in &versions {
        for b in versions.iter().filter(|b| less(a, b)) {
            if let Some(c) = versions.iter().find(|c| less(b, c) && less(c, a)) {
                return Some([a.clone(), b.clone(), c.clone()]);
            }
        }
    }
    None
}

#[test]
fn orders_that_contradict_themselves() {
    let parts = ["1", "1.", "1.a", "a", "a1", "1a", ".1", "-1", "+b", "rc", "1.0", "0", "_", "1-"];
    for (scheme, ecosystem, id) in
        [(&CONAN as &dyn VersionScheme, "ConanCenter", "conan"), (&PACMAN, "Arch Linux", "alpm")]
    {
        let found = circle(scheme, &parts);
        let versions: Vec<String> = match &found {
            Some(circle) => circle.iter().cycle().take(3_000).cloned().collect(),
            // Still many versions that are nearly equal.
            None => parts
                .iter()
                .cycle()
                .take(3_000)
                .enumerate()
                .map(|(n, part)| format!("1.{part}{}", n % 50))
                .collect(),
        };
        let events: Vec<Event> = versions
            .iter()
            .enumerate()
            .map(|(n, version)| match n % 3 {
                0 => Event::Introduced(version.clone()),
                1 => Event::Fixed(version.clone()),
                _ => Event::LastAffected(version.clone()),
            })
            .collect();
        let both = Affected {
            versions: versions.clone(),
            ranges: vec![Range { events }],
            ..affected(ecosystem, "p", "i 0")
        };
        let mut advisories = vec![advisory("s", "A-1", &["CVE-2024-0001"], vec![both])];
        advisories.extend(versions.iter().take(60).enumerate().map(|(n, version)| Advisory {
            affected: vec![affected(ecosystem, "p", &format!("i 0, f {version}"))],
            ..advisory("s", &format!("B-{n}"), &["CVE-2024-0001"], Vec::new())
        }));
        advisories.push(erratum("s", "E-1", &["CVE-2024-0001"], vec![affected(ecosystem, "p", "i 0")]));
        let index = index(advisories);
        let arch = distro("arch", "");
        for version in versions.iter().take(60) {
            let arch = Some(&arch).filter(|_| id == "alpm");
            let matched = soon(id, || match_in(&index, arch, &[package(id, "p", version)]));
            // The erratum at least holds for every version.
            assert_eq!(matched.findings.len() + matched.problems.len(), 1, "{:?}", matched.findings);
        }
    }
}
