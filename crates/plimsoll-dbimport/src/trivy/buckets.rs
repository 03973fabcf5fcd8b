//! Names of trivy-db's top-level buckets, and the ecosystems they stand for (trivy-db, `pkg/vulnsrc/bucket`).
//!
//! Names are compared without regard to case: the file mixes slugs (`alpine 3.20`) with names for people
//! (`Oracle Linux 9`), and which of them are which has changed over time.

/// What a top-level bucket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Top {
    /// Advisories on packages of one ecosystem.
    Packages(String),
    /// Red Hat's advisories: each record says to which releases it applies.
    RedHat,
    /// The texts of vulnerabilities.
    Vulnerabilities,
    /// Something that is read at another time, or that only an unfinished build has.
    Internal,
    /// Nobody here knows.
    Unknown,
}

/// Languages: the slug before `::`, and the ecosystem as OSV spells it.
const LANGUAGES: &[(&str, &str)] = &[
    ("bitnami", "Bitnami"),
    ("cargo", "crates.io"),
    ("cocoapods", "CocoaPods"),
    ("composer", "Packagist"),
    ("conan", "ConanCenter"),
    ("erlang", "Hex"),
    ("go", "Go"),
    ("julia", "Julia"),
    ("k8s", "Kubernetes"),
    ("kubernetes", "Kubernetes"),
    ("maven", "Maven"),
    ("npm", "npm"),
    ("nuget", "NuGet"),
    ("pip", "PyPI"),
    ("pub", "Pub"),
    ("rubygems", "RubyGems"),
    ("swift", "SwiftURL"),
];

/// How what follows a distribution's name becomes a release.
#[derive(Debug, Clone, Copy)]
enum Release {
    /// There is none.
    None,
    /// As it stands.
    AsIs,
    /// Its first number.
    Major,
    /// `3.20` is `v3.20`, `edge` stays.
    Alpine,
    /// `22.04` has long-term support, `23.10` has not.
    Ubuntu,
    /// `15.5` is `Server 15 SP5`.
    SuseServer,
    /// Up to 5 it is `Enterprise Micro`.
    SuseMicro,
}

/// Distributions: the bucket's name before the release, OSV's name, and how the release is spelled. Longer names before
/// shorter ones with which they begin.
const DISTROS: &[(&str, &str, Release)] = &[
    ("alma", "AlmaLinux", Release::Major),
    ("alpine", "Alpine", Release::Alpine),
    ("amazon linux", "Amazon Linux", Release::AsIs),
    ("amazon", "Amazon Linux", Release::AsIs),
    ("arch-linux", "Arch Linux", Release::None),
    ("archlinux", "Arch Linux", Release::None),
    ("azure linux", "Azure Linux", Release::Major),
    ("azure", "Azure Linux", Release::Major),
    ("bottlerocket", "Bottlerocket", Release::None),
    ("cbl-mariner", "Azure Linux", Release::Major),
    ("chainguard", "Chainguard", Release::None),
    ("debian", "Debian", Release::Major),
    ("echo", "Echo", Release::None),
    ("fedora", "Fedora", Release::Major),
    ("minimos", "MinimOS", Release::None),
    ("opensuse leap micro", "openSUSE:Leap Micro", Release::AsIs),
    ("opensuse leap", "openSUSE:Leap", Release::AsIs),
    ("opensuse tumbleweed", "openSUSE:Tumbleweed", Release::None),
    ("opensuse", "openSUSE", Release::AsIs),
    ("oracle linux", "Oracle Linux", Release::Major),
    ("oracle", "Oracle Linux", Release::Major),
    ("photon os", "Photon OS", Release::AsIs),
    ("photon", "Photon OS", Release::AsIs),
    ("rocky", "Rocky Linux", Release::Major),
    ("suse linux enterprise micro", "SUSE", Release::SuseMicro),
    ("suse linux micro", "SUSE", Release::SuseMicro),
    ("suse linux enterprise", "SUSE", Release::SuseServer),
    ("ubuntu", "Ubuntu", Release::Ubuntu),
    ("wolfi", "Wolfi", Release::None),
];

/// What the bucket with this name is.
pub(super) fn top(name: &str) -> Top {
    match name {
        "vulnerability" => return Top::Vulnerabilities,
        "Red Hat" | "redhat" => return Top::RedHat,
        "data-source"
        | "Red Hat CPE"
        | "advisory-detail"
        | "vulnerability-detail"
        | "vulnerability-id"
        | "trivy" => return Top::Internal,
        _ => {}
    }
    let lower = name.to_ascii_lowercase();
    if let Some((slug, _)) = lower.split_once("::") {
        let found = LANGUAGES.iter().find(|(known, _)| *known == slug);
        return found.map_or(Top::Unknown, |(_, ecosystem)| Top::Packages((*ecosystem).to_owned()));
    }
    if let Some(base) = lower.strip_prefix("root.io ") {
        // Root.io's builds of other distributions' packages, with versions of their own.
        return distro(base).map_or(Top::Unknown, |base| Top::Packages(format!("Root:{base}")));
    }
    distro(&lower).map_or(Top::Unknown, Top::Packages)
}

fn distro(name: &str) -> Option<String> {
    DISTROS.iter().find_map(|(prefix, ecosystem, release)| {
        let rest = name.strip_prefix(prefix)?;
        let version = match rest {
            "" => "",
            rest => rest.strip_prefix(' ').map(str::trim)?,
        };
        self::release(ecosystem, *release, version)
    })
}

fn release(ecosystem: &str, release: Release, version: &str) -> Option<String> {
    let digits = version.bytes().take_while(u8::is_ascii_digit).count();
    let (major, rest) = version.split_at_checked(digits)?;
    let numbered =
        !major.is_empty() && version.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    if matches!(release, Release::None) {
        return version.is_empty().then(|| ecosystem.to_owned());
    }
    if matches!(release, Release::Alpine) && version == "edge" {
        return Some(format!("{ecosystem}:edge"));
    }
    if !numbered {
        return None;
    }
    Some(match release {
        Release::AsIs if ecosystem.contains(':') => format!("{ecosystem} {version}"),
        Release::None | Release::AsIs => format!("{ecosystem}:{version}"),
        Release::Major => format!("{ecosystem}:{major}"),
        Release::Alpine => format!("{ecosystem}:v{version}"),
        Release::Ubuntu => {
            let (month, support) = rest.strip_prefix('.')?.split_at_checked(2)?;
            // Every April release of an even year has long-term support.
            let long_term = month == "04" && major.parse::<u32>().is_ok_and(|year| year % 2 == 0);
            let name = format!("{major}.{month}{}", if long_term { ":LTS" } else { "" });
            match support {
                "" => format!("Ubuntu:{name}"),
                "-esm" => format!("Ubuntu:Pro:{name}"),
                _ => return None,
            }
        }
        Release::SuseServer => match (major.parse::<u32>().ok()?, rest) {
            // Service packs ended with 15.
            (16.., "") => format!("SUSE:Linux Enterprise Server {major}.0"),
            (16.., _) => format!("SUSE:Linux Enterprise Server {version}"),
            (_, "" | ".0") => format!("SUSE:Linux Enterprise Server {major}"),
            (_, rest) => format!("SUSE:Linux Enterprise Server {major} SP{}", rest.strip_prefix('.')?),
        },
        Release::SuseMicro => match major.parse::<u32>().ok()? {
            ..=5 => format!("SUSE:Linux Enterprise Micro {version}"),
            _ => format!("SUSE:Linux Micro {version}"),
        },
    })
}

#[cfg(test)]
mod tests {
    use plimsoll_catalog::distro_spec;
    use plimsoll_types::Distro;

    use super::*;

    /// A bucket must lead to the ecosystem under which an image with this os-release is matched.
    #[test]
    fn buckets_meet_images() {
        for (bucket, id, version) in [
            ("alma 9", "almalinux", "9.4"),
            ("alpine 3.20", "alpine", "3.20.3"),
            ("alpine edge", "alpine", "3.21.0_alpha20240807"),
            ("amazon linux 1", "amzn", "2018.03"),
            ("amazon linux 2", "amzn", "2"),
            ("amazon linux 2023", "amzn", "2023"),
            ("Azure Linux 3.0", "azurelinux", "3.0"),
            ("CBL-Mariner 2.0", "mariner", "2.0"),
            ("chainguard", "chainguard", "20230214"),
            ("debian 12", "debian", "12.5"),
            ("openSUSE Leap 15.6", "opensuse-leap", "15.6"),
            ("openSUSE Leap Micro 5.3", "opensuse-leap-micro", "5.3"),
            ("openSUSE Tumbleweed", "opensuse-tumbleweed", "20240101"),
            ("opensuse tumbleweed", "opensuse-tumbleweed", "20240101"),
            ("Oracle Linux 9", "ol", "9.4"),
            ("Photon OS 5.0", "photon", "5.0"),
            ("rocky 9", "rocky", "9.3"),
            ("SUSE Linux Enterprise 15.5", "sles", "15.5"),
            ("SUSE Linux Enterprise 15", "sles", "15"),
            ("SUSE Linux Enterprise 15.0", "sles", "15.0"),
            ("SUSE Linux Enterprise 16.0", "sles", "16.0"),
            ("SUSE Linux Enterprise Micro 5.4", "sle-micro", "5.4"),
            ("SUSE Linux Enterprise Micro 6.0", "sl-micro", "6.0"),
            ("ubuntu 22.04", "ubuntu", "22.04"),
            ("ubuntu 23.10", "ubuntu", "23.10"),
            ("wolfi", "wolfi", "20230201"),
        ] {
            let distro = Distro { id: id.into(), version: version.into(), ..Distro::default() };
            let expected = (distro_spec(&distro).unwrap().advisory_ecosystem)(&distro).unwrap();
            assert_eq!(top(bucket), Top::Packages(expected), "{bucket}");
        }
    }

    #[test]
    fn other_buckets() {
        for (bucket, ecosystem) in [
            ("pip::GitHub Security Advisory pip", "PyPI"),
            ("cargo::GitHub Security Advisory Rust", "crates.io"),
            ("composer::PHP Security Advisories Database", "Packagist"),
            ("erlang::GitHub Security Advisory Erlang", "Hex"),
            ("k8s::Official Kubernetes CVE Feed", "Kubernetes"),
            ("ubuntu 14.04-ESM", "Ubuntu:Pro:14.04:LTS"),
            ("archlinux", "Arch Linux"),
            ("bottlerocket", "Bottlerocket"),
            ("echo", "Echo"),
            ("minimos", "MinimOS"),
            ("openSUSE 13.2", "openSUSE:13.2"),
            ("root.io debian 12", "Root:Debian:12"),
            ("root.io alpine 3.18", "Root:Alpine:v3.18"),
        ] {
            assert_eq!(top(bucket), Top::Packages(ecosystem.to_owned()), "{bucket}");
        }
        for name in [
            "",
            " ",
            "debian",
            "debian sid",
            "ubuntu 22",
            "ubuntu x.04",
            "wolfi 2",
            "echo 1",
            "alpin",
            "alpine3",
            "suse linux enterprise 15-5",
            "cobol::x",
            "::",
            "root.io ",
            "amazon linux \u{e9}",
        ] {
            assert_eq!(top(name), Top::Unknown, "{name}");
        }
        assert_eq!(top("Red Hat"), Top::RedHat);
        assert_eq!(top("Red Hat CPE"), Top::Internal);
        assert_eq!(top("vulnerability"), Top::Vulnerabilities);
    }
}
