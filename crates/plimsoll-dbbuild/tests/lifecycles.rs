//! The names under which ends of life are filed are those that images are looked up by.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use plimsoll_catalog::distro_spec;
use plimsoll_types::Distro;

#[test]
fn every_distribution_finds_its_release() {
    let known: BTreeSet<String> =
        plimsoll_advisory::lifecycles().into_iter().map(|lifecycle| lifecycle.ecosystem).collect();
    let mut found = BTreeSet::new();
    for (id, versions) in [
        ("almalinux", &["8.10", "9.4", "10.0"][..]),
        ("alpine", &["3.7.3", "3.18.0", "3.20.3", "3.22.1"]),
        ("amzn", &["2018.03", "2", "2023"]),
        ("azurelinux", &["3.0"]),
        ("centos", &["7", "8", "9"]),
        ("debian", &["7", "10", "12.9", "13"]),
        ("fedora", &["40", "43"]),
        ("mariner", &["1.0", "2.0"]),
        ("ol", &["7.9", "8.9", "9.4"]),
        ("opensuse-leap", &["15.5", "15.6", "16.0"]),
        ("photon", &["3.0", "4.0"]),
        ("rhel", &["7.9", "8.10", "9.4", "10.0"]),
        ("rocky", &["8.9", "9.3", "10.0"]),
        ("sles", &["12.5", "15", "15.5", "15.7"]),
        ("ubuntu", &["14.04", "22.04", "22.10", "24.04", "25.10"]),
    ] {
        for version in versions {
            let distro = Distro { id: id.to_owned(), version: (*version).to_owned(), ..Distro::default() };
            let name = (distro_spec(&distro).unwrap().advisory_ecosystem)(&distro).unwrap();
            assert!(known.contains(&name), "{id} {version}: {name}");
            found.insert(name.split(':').next().unwrap().to_owned());
        }
    }
    let named: BTreeSet<String> =
        known.iter().map(|name| name.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(found, named, "a distribution of the table is not tried here");
}
