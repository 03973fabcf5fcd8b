//! The register of Linux distributions, and the analyzers that recognise one.

mod almalinux;
mod alpine;
mod amzn;
mod arch;
mod azurelinux;
mod centos;
mod chainguard;
mod debian;
mod fedora;
mod gentoo;
mod mariner;
mod ol;
mod opensuse;
mod os_release;
mod photon;
mod redhat;
mod rocky;
mod suse;
mod ubuntu;
mod wolfi;

use plimsoll_analysis::Analyzer;
use plimsoll_types::{Distro, DistroSpec};

/// One distribution.
pub struct DistroEntry {
    /// What matching and reporting must know.
    pub spec: &'static DistroSpec,
    /// The part before the colon in the ecosystem names of its advisories, as OSV spells it; empty when there is no
    /// public source.
    pub advisory_name: &'static str,
}

/// All of them, in alphabetical order of their ids.
pub const DISTROS: &[&DistroEntry] = &[
    &almalinux::DISTRO,
    &alpine::DISTRO,
    &amzn::DISTRO,
    &arch::DISTRO,
    &azurelinux::DISTRO,
    &centos::DISTRO,
    &chainguard::DISTRO,
    &debian::DISTRO,
    &fedora::DISTRO,
    &gentoo::DISTRO,
    &mariner::DISTRO,
    &ol::DISTRO,
    &opensuse::DISTRO,
    &photon::DISTRO,
    &redhat::DISTRO,
    &rocky::DISTRO,
    &suse::DISTRO,
    &ubuntu::DISTRO,
    &wolfi::DISTRO,
];

/// The analyzers that recognise a distribution.
pub const ANALYZERS: &[&'static dyn Analyzer] = &[&os_release::OsRelease, &os_release::VersionFiles];

/// The number of the major release: the digits that the version begins with.
fn major(distro: &Distro) -> Option<&str> {
    let digits = distro.version.bytes().take_while(u8::is_ascii_digit).count();
    distro.version.get(..digits).filter(|major| !major.is_empty())
}

#[cfg(test)]
mod tests {
    use plimsoll_analysis::{DistroFact, Fact, File, Output};

    use super::*;
    use crate::check::{check, survives};
    use crate::distro_spec;

    /// What an analyzer makes of a file, as the merge does where it is the only one.
    fn distro(analyzer: &dyn Analyzer, path: &str, bytes: &[u8]) -> Distro {
        let mut out = Output::default();
        analyzer.analyze(&File::new(path.as_bytes(), 0o644, &bytes.to_vec()), &mut out).unwrap();
        let [Fact::Distro(fact)] = &out.facts[..] else { panic!("{path}: {:?}", out.facts) };
        let DistroFact { id, id_like, name, version, codename, pretty_name, variant, cpe, .. } = fact.clone();
        Distro { id, id_like, name, version, codename, pretty_name, variant, cpe, content_sets: Vec::new() }
    }

    fn known(distro: &Distro) -> (&'static str, Option<String>) {
        let spec = distro_spec(distro).unwrap();
        (spec.id, (spec.advisory_ecosystem)(distro))
    }

    macro_rules! fixtures {
        ($($name:literal: $id:literal $ecosystem:expr,)*) => {
            &[$(($name, &include_bytes!(concat!("../../tests/fixtures/distro/os-release/", $name))[..], $id, $ecosystem)),*]
        };
    }

    // Expected: ecosystems.txt and the advisories of OSV where it has the distribution.
    #[test]
    fn every_distribution_is_recognised() {
        type Row = (&'static str, &'static [u8], &'static str, Option<&'static str>);
        let table: &[Row] = fixtures! {
            "almalinux-9.4": "almalinux" Some("AlmaLinux:9"),
            "alpine-3.20": "alpine" Some("Alpine:v3.20"),
            "alpine-edge": "alpine" Some("Alpine:edge"),
            "amzn-2": "amzn" Some("Amazon Linux:2"),
            "amzn-2018.03": "amzn" Some("Amazon Linux:1"),
            "amzn-2023": "amzn" Some("Amazon Linux:2023"),
            "arch": "arch" Some("Arch Linux"),
            "azurelinux-3.0": "azurelinux" Some("Azure Linux:3"),
            "centos-7": "centos" Some("Red Hat:enterprise_linux:7"),
            "centos-stream-9": "centos" Some("Red Hat:enterprise_linux:9"),
            "chainguard": "chainguard" Some("Chainguard"),
            "debian-12": "debian" Some("Debian:12"),
            "debian-trixie-sid": "debian" Some("Debian:13"),
            "fedora-40": "fedora" Some("Fedora:40"),
            "gentoo": "gentoo" Some("Gentoo"),
            "mariner-2.0": "mariner" Some("Azure Linux:2"),
            "ol-9.4": "ol" Some("Oracle Linux:9"),
            "opensuse-leap-15.6": "opensuse" Some("openSUSE:Leap 15.6"),
            "opensuse-leap-micro-5.5": "opensuse" Some("openSUSE:Leap Micro 5.5"),
            "opensuse-tumbleweed": "opensuse" Some("openSUSE:Tumbleweed"),
            "photon-5.0": "photon" Some("Photon OS:5.0"),
            "rhel-9.4": "redhat" Some("Red Hat:enterprise_linux:9"),
            "rocky-9.3": "rocky" Some("Rocky Linux:9"),
            "sl-micro-6.0": "suse" Some("SUSE:Linux Micro 6.0"),
            "sle-micro-5.5": "suse" Some("SUSE:Linux Enterprise Micro 5.5"),
            "sles-12": "suse" Some("SUSE:Linux Enterprise Server 12"),
            "sles-15.5": "suse" Some("SUSE:Linux Enterprise Server 15 SP5"),
            "sles-16.0": "suse" Some("SUSE:Linux Enterprise Server 16.0"),
            "ubuntu-22.04": "ubuntu" Some("Ubuntu:22.04:LTS"),
            "ubuntu-23.10": "ubuntu" Some("Ubuntu:23.10"),
            "wolfi": "wolfi" Some("Wolfi"),
        };
        for (name, bytes, id, ecosystem) in table {
            let distro = distro(&os_release::OsRelease, "etc/os-release", bytes);
            assert_eq!(known(&distro), (*id, ecosystem.map(str::to_owned)), "{name}");
            survives(&os_release::OsRelease, "etc/os-release", bytes);
        }
        for entry in DISTROS {
            assert!(
                table.iter().any(|(_, _, id, _)| *id == entry.spec.id),
                "{} has no fixture",
                entry.spec.id
            );
        }
    }

    #[test]
    fn version_files_say_the_same() {
        for (path, text, id, version, ecosystem) in [
            ("etc/alpine-release", "3.20.3\n", "alpine", "3.20.3", "Alpine:v3.20"),
            ("etc/debian_version", "12.5\n", "debian", "12.5", "Debian:12"),
            ("etc/debian_version", "trixie/sid\n", "debian", "", "Debian:13"),
            (
                "etc/redhat-release",
                "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n",
                "redhat",
                "6.10",
                "Red Hat:enterprise_linux:6",
            ),
            (
                "etc/centos-release",
                "CentOS release 6.10 (Final)\n",
                "centos",
                "6.10",
                "Red Hat:enterprise_linux:6",
            ),
            ("etc/oracle-release", "Oracle Linux Server release 6.10\n", "ol", "6.10", "Oracle Linux:6"),
            ("etc/system-release", "Amazon Linux AMI release 2018.03\n", "amzn", "2018.03", "Amazon Linux:1"),
        ] {
            let distro = distro(&os_release::VersionFiles, path, text.as_bytes());
            assert_eq!(distro.version, version, "{path}");
            assert_eq!(known(&distro), (id, Some(ecosystem.to_owned())), "{path}");
        }
        check(
            &os_release::VersionFiles,
            "etc/redhat-release",
            b"Scientific Linux release 6.10 (Carbon)\n",
            &[],
        );
    }

    #[test]
    fn a_release_that_cannot_be_told_has_no_advisories() {
        let rolling = ["arch", "chainguard", "gentoo", "wolfi"];
        for entry in DISTROS.iter().filter(|entry| !rolling.contains(&entry.spec.id)) {
            let id = entry.spec.os_release_ids[0].to_owned();
            let distro = Distro { id, ..Distro::default() };
            assert_eq!((entry.spec.advisory_ecosystem)(&distro), None, "{}", entry.spec.id);
        }
    }
}
