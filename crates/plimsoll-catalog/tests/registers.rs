//! The registers of ecosystems and distributions: ids are unique and in order, and each entry leads where it says.

use std::collections::BTreeSet;
use std::path::Path;

use plimsoll_catalog::distros::{self, DISTROS};
use plimsoll_catalog::ecosystems::ECOSYSTEMS;
use plimsoll_catalog::{analyzers, distro_spec, ecosystem, ecosystem_for_advisories};
use plimsoll_types::Distro;

/// The ecosystems that advisories name and that no analyzer looks for in images yet. Never one of an operating system.
const BY_NAME_ONLY: [&str; 9] =
    ["cocoapods", "conan", "cran", "github-actions", "hackage", "hex", "julia", "pub", "swift"];

/// Panics on the first value that comes twice.
fn assert_unique<'a>(what: &str, values: impl Iterator<Item = &'a str>) {
    let mut seen = BTreeSet::new();
    for value in values {
        assert!(seen.insert(value), "the {what} '{value}' comes twice");
    }
}

#[test]
fn ids_are_unique_and_in_order() {
    let ecosystems: Vec<_> = ECOSYSTEMS.iter().map(|entry| entry.spec.id).collect();
    let distros: Vec<_> = DISTROS.iter().map(|entry| entry.spec.id).collect();
    assert!(ecosystems.is_sorted(), "{ecosystems:?}");
    assert!(distros.is_sorted(), "{distros:?}");
    assert_unique("ecosystem", ecosystems.into_iter());
    assert_unique("distribution", distros.into_iter());
    assert_unique("analyzer", analyzers().iter().map(|analyzer| analyzer.id()));
    assert_unique(
        "os-release id",
        DISTROS.iter().flat_map(|entry| entry.spec.os_release_ids.iter().copied()),
    );
    assert_unique(
        "advisory name",
        ECOSYSTEMS.iter().flat_map(|entry| entry.spec.advisory_names.iter().copied()),
    );
}

#[test]
fn ecosystems_are_found() {
    for entry in ECOSYSTEMS {
        assert_eq!(ecosystem(entry.spec.id), Some(entry.spec));
        let known_by_name_only = BY_NAME_ONLY.contains(&entry.spec.id);
        assert_eq!(entry.analyzers.is_empty(), known_by_name_only, "the analyzers of {}", entry.spec.id);
        assert_eq!(entry.spec.os, entry.spec.advisory_names.is_empty(), "{}", entry.spec.id);
        for name in entry.spec.advisory_names {
            assert_eq!(ecosystem_for_advisories(name), Some(entry.spec), "{name}");
        }
    }
    assert_eq!(ecosystem("no-such"), None);
    assert_eq!(ecosystem_for_advisories("NoSuch:1"), None);
}

#[test]
fn distributions_are_found() {
    for entry in DISTROS {
        let packages = ecosystem(entry.spec.package_ecosystem).unwrap();
        assert!(packages.os, "{}", entry.spec.id);
        for id in entry.spec.os_release_ids {
            let distro = Distro { id: (*id).to_owned(), version: "10.04".to_owned(), ..Distro::default() };
            assert_eq!(distro_spec(&distro).map(|spec| spec.id), Some(entry.spec.id), "{id}");
            let advisories = (entry.spec.advisory_ecosystem)(&distro).unwrap();
            assert_eq!(ecosystem_for_advisories(&advisories), Some(packages), "{advisories}");
        }
    }
}

#[test]
fn analyzers_are_named_after_their_ecosystem_and_have_a_fixture() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let of_ecosystems =
        ECOSYSTEMS.iter().flat_map(|entry| entry.analyzers.iter().map(|a| (entry.spec.id, *a)));
    let of_distros = distros::ANALYZERS.iter().map(|analyzer| ("distro", *analyzer));
    for (prefix, analyzer) in of_ecosystems.chain(of_distros) {
        assert!(analyzer.id().starts_with(&format!("{prefix}/")), "{}", analyzer.id());
        assert!(analyzer.version() > 0, "{}", analyzer.id());
        let folder = fixtures.join(analyzer.id());
        let files = std::fs::read_dir(&folder).map_or(0, Iterator::count);
        assert!(files > 0, "{} has no fixture in {}", analyzer.id(), folder.display());
    }
}

#[test]
fn interests_are_well_formed() {
    for analyzer in analyzers() {
        let interest = analyzer.interest();
        let id = analyzer.id();
        assert!(interest.max_size > 0, "{id}");
        for path in interest.paths.iter().chain(interest.children_of) {
            assert!(!path.is_empty() && !path.starts_with('/') && !path.ends_with('/'), "{id}: {path}");
        }
        assert!(interest.names.iter().all(|name| !name.is_empty() && !name.contains('/')), "{id}");
        assert!(interest.suffixes.iter().all(|suffix| suffix.starts_with('.') && suffix.len() > 1), "{id}");
        assert!(interest.magics.iter().all(|magic| magic.len() >= 4), "{id}");
    }
}
