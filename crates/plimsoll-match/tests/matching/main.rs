//! Matching from advisories to findings: small cases by hand, and known facts of real feeds where those are at hand.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod acceptance;
mod cases;
mod hard_cases;
mod hostile;
mod limits;

use plimsoll_advisory::{Advisory, Affected, Event, Range};
use plimsoll_catalog::{distro_spec, ecosystem};
use plimsoll_db::Index;
use plimsoll_match::{Context, Matched, Options, match_packages};
use plimsoll_types::{Distro, Finding, Location, Package, PackageUrl, SourcePackage, Status};

/// A package of an ecosystem.
fn package(id: &str, name: &str, version: &str) -> Package {
    Package {
        ecosystem: ecosystem(id).unwrap_or_else(|| panic!("no ecosystem {id}")),
        name: name.into(),
        version: version.into(),
        arch: String::new(),
        source: None,
        licenses: vec![],
        vendor: String::new(),
        modularity: String::new(),
        locations: vec![Location { path: format!("opt/{name}"), layer: Some(1) }],
        purl: PackageUrl::default(),
        contains: vec![],
        found_by: "test".into(),
        cpes: vec![],
        exposure: vec![],
        confidence: plimsoll_types::Confidence::High,
    }
}

fn with_source(package: Package, name: &str, version: &str) -> Package {
    Package { source: Some(SourcePackage { name: name.into(), version: version.into() }), ..package }
}

fn distro(id: &str, version: &str) -> Distro {
    Distro { id: id.into(), version: version.into(), ..Distro::default() }
}

/// `i 0`, `f 1.2`, `la 1.2`, `l 2`, separated by commas.
fn events(text: &str) -> Vec<Event> {
    let event = |text: &str| {
        let (kind, version) = text.trim().split_once(' ').unwrap();
        let version = version.to_owned();
        match kind {
            "i" => Event::Introduced(version),
            "f" => Event::Fixed(version),
            "la" => Event::LastAffected(version),
            _ => Event::Limit(version),
        }
    };
    text.split(',').map(event).collect()
}

fn affected(ecosystem: &str, package: &str, ranges: &str) -> Affected {
    Affected {
        ecosystem: ecosystem.into(),
        package: package.into(),
        status: if ranges.contains("f ") { Status::Fixed } else { Status::Affected },
        ranges: vec![Range { events: events(ranges) }],
        ..Affected::default()
    }
}

fn advisory(source: &str, id: &str, aliases: &[&str], affected: Vec<Affected>) -> Advisory {
    Advisory {
        id: id.into(),
        source: source.into(),
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        affected,
        ..Advisory::default()
    }
}

fn erratum(source: &str, id: &str, covers: &[&str], affected: Vec<Affected>) -> Advisory {
    Advisory {
        covers: covers.iter().map(|id| (*id).to_owned()).collect(),
        ..advisory(source, id, &[], affected)
    }
}

fn index(advisories: Vec<Advisory>) -> Index {
    let index = Index::from_bytes(plimsoll_dbbuild::compile(advisories, None).unwrap()).unwrap();
    index.verify().unwrap();
    index
}

fn match_in(index: &Index, distro: Option<&Distro>, packages: &[Package]) -> Matched {
    let distro = distro.map(|distro| (distro, distro_spec(distro).unwrap()));
    let context = Context { distro, ..Context::default() };
    match_packages(index, &context, &Options::default(), packages).unwrap()
}

fn match_with(index: &Index, context: &Context<'_>, options: &Options, packages: &[Package]) -> Matched {
    match_packages(index, context, options, packages).unwrap()
}

/// Identifiers of the findings, in order.
fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.vulnerability.id.as_str()).collect()
}
