//! The register of Linux distributions, and the analyzers that recognise one.

mod almalinux;
mod alpine;
mod amzn;
mod arch;
mod azurelinux;
mod centos;
mod chainguard;
mod content_manifest;
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
pub const ANALYZERS: &[&'static dyn Analyzer] =
    &[&content_manifest::ContentManifest, &os_release::OsRelease, &os_release::VersionFiles];

/// The number of the major release: the digits that the version begins with.
fn major(distro: &Distro) -> Option<&str> {
    let digits = distro.version.bytes().take_while(u8::is_ascii_digit).count();
    distro.version.get(..digits).filter(|major| !major.is_empty())
}

/// What tells packages of widespread third-party repositories from Debian's and Ubuntu's own: the maintainer's address,
/// or a mark in the version. Whose packages they are their repositories say.
const DEB_THIRD_PARTIES: &[&str] = &[
    "@@.pgdg",
    "@@+deb.sury.org",
    "@@nodesource",
    "@adoptium.net",
    "@azul.com",
    "@cloudflare.com",
    "@confluent.io",
    "@datadoghq.com",
    "@docker.com",
    "@dynatrace.com",
    "@elastic.co",
    "@gitlab.com",
    "@grafana.com",
    "@hashicorp.com",
    "@influxdata.com",
    "@kitware.com",
    "@mariadb.org",
    "@microsoft.com",
    "@mongodb.com",
    "@newrelic.com",
    "@nginx.com",
    "@nodesource.com",
    "@nvidia.com",
    "@oss.oracle.com",
    "@percona.com",
    "@rabbitmq.com",
    "@redis.com",
    "@yarnpkg.com",
    "chrome-linux@google.com",
    "cloud-sdk",
    "nginx-packaging@f5.com",
    "nodesource",
];

/// Whether a source package of Debian or Ubuntu is the kernel: `linux`, `linux-signed-amd64`, `linux-5.10`,
/// `linux-hwe-6.8`. Others begin with `linux-` too (`linux-atm`, `linux-base`).
fn deb_kernel(name: &str) -> bool {
    const FLAVOURS: &[&str] = &[
        "aws",
        "azure",
        "bluefield",
        "gcp",
        "gke",
        "hwe",
        "ibm",
        "intel",
        "iot",
        "kvm",
        "laptop",
        "lowlatency",
        "meta",
        "nvidia",
        "oem",
        "oracle",
        "raspi",
        "realtime",
        "restricted",
        "riscv",
        "signed",
        "starfive",
        "xilinx",
    ];
    let Some(rest) = name.strip_prefix("linux") else { return false };
    let Some(rest) = rest.strip_prefix('-') else { return rest.is_empty() };
    rest.starts_with(|c: char| c.is_ascii_digit())
        || FLAVOURS.iter().any(|flavour| {
            rest.strip_prefix(flavour).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
}

/// Whether a source package of an RPM distribution is the kernel: `kernel`, `kernel-default`, `linux` (Photon).
fn rpm_kernel(name: &str) -> bool {
    matches!(
        name,
        "kernel"
            | "kernel-headers"
            | "kernel-rt"
            | "kernel-uek"
            | "linux"
            | "linux-glibc-devel"
            | "linux-api-headers"
    ) || name.strip_prefix("kernel-").is_some_and(|rest| {
        ["default", "source", "azure", "kvmsmall", "devel", "core", "modules", "hwe", "64k"]
            .iter()
            .any(|flavour| rest.starts_with(flavour))
    })
}

/// Whether a source package of an apk distribution is the kernel.
fn apk_kernel(name: &str) -> bool {
    matches!(name, "linux" | "linux-headers" | "linux-lts" | "linux-virt" | "linux-edge" | "linux-rpi")
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
    fn kernels() {
        for name in ["linux", "linux-5.10", "linux-signed-amd64", "linux-hwe-6.8", "linux-aws", "linux-meta"]
        {
            assert!(deb_kernel(name), "{name}");
        }
        for name in ["linux-atm", "linux-base", "linuxptp", "util-linux", "linux-awsome"] {
            assert!(!deb_kernel(name), "{name}");
        }
        assert!(rpm_kernel("kernel") && rpm_kernel("kernel-default") && !rpm_kernel("kernelshark"));
    }

    #[test]
    fn third_parties() {
        let spec = |id: &str| DISTROS.iter().find(|entry| entry.spec.id == id).unwrap().spec;
        for (id, vendor, version, foreign) in [
            ("debian", "Docker <support@docker.com>", "5:27.0.3-1~debian.12~bookworm", true),
            (
                "debian",
                "Debian PostgreSQL Maintainers <team+postgresql@tracker.debian.org>",
                "16.3-1.pgdg120+1",
                true,
            ),
            ("debian", "Debian OpenSSL Team <pkg-openssl-devel@alioth-lists.debian.net>", "3.0.11-1", false),
            ("ubuntu", "Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>", "3.0.2-0ubuntu1", false),
            ("almalinux", "AlmaLinux", "1", false),
            ("almalinux", "Fedora Project", "1", true),
            ("redhat", "Red Hat, Inc.", "1", false),
            ("redhat", "", "1", false),
            ("suse", "SUSE LLC <https://www.suse.com/>", "1", false),
            ("suse", "obs://build.opensuse.org/server:monitoring", "1", true),
            ("alpine", "Natanael Copa <ncopa@alpinelinux.org>", "1", false),
        ] {
            assert_eq!(spec(id).is_foreign(vendor, version), foreign, "{id} {vendor} {version}");
        }
    }

    #[test]
    fn fixes_for_subscribers() {
        let ubuntu = DISTROS.iter().find(|entry| entry.spec.id == "ubuntu").unwrap().spec;
        let distro =
            |version: &str| Distro { id: "ubuntu".into(), version: version.into(), ..Distro::default() };
        // As OSV names the ecosystem.
        assert_eq!((ubuntu.subscription_ecosystem)(&distro("20.04")), Some("Ubuntu:Pro:20.04:LTS".into()));
        assert_eq!((ubuntu.subscription_ecosystem)(&distro("23.10")), None);
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
