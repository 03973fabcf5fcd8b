//! Grype's names of operating systems and package types, and the ecosystems they stand for.

/// A row of `operating_systems`.
#[derive(Debug, Clone, Default)]
pub(super) struct System {
    pub(super) name: String,
    pub(super) major: String,
    pub(super) minor: String,
    pub(super) label: String,
    /// A line of support beside the general one, such as `eus`.
    pub(super) channel: String,
}

/// Where a statement on an operating system is filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Release {
    /// The ecosystem as OSV spells it.
    pub(super) ecosystem: String,
    /// The products of a channel; empty for the general one.
    pub(super) cpes: Vec<String>,
}

/// The release that a row means; `None` when advisories of such a release are not filed by themselves.
pub(super) fn release(system: &System) -> Option<Release> {
    let System { name, major, minor, label, channel } = system;
    let major = major.as_str();
    let both = || (!major.is_empty()).then(|| join(major, minor));
    let by_major = |name: &str| (!major.is_empty()).then(|| format!("{name}:{major}"));
    let ecosystem = match name.to_ascii_lowercase().as_str() {
        "almalinux" | "alma" => by_major("AlmaLinux"),
        "alpine" if label == "edge" => Some("Alpine:edge".to_owned()),
        "alpine" => both().map(|version| format!("Alpine:v{version}")),
        // The first Amazon Linux counted by year and month.
        "amazonlinux" | "amazon" | "amzn" if major == "2018" => Some("Amazon Linux:1".to_owned()),
        "amazonlinux" | "amazon" | "amzn" => by_major("Amazon Linux"),
        "arch" | "archlinux" => Some("Arch Linux".to_owned()),
        "azurelinux" | "mariner" => by_major("Azure Linux"),
        "chainguard" => Some("Chainguard".to_owned()),
        "debian" => by_major("Debian"),
        "echo" => Some("Echo".to_owned()),
        "fedora" => by_major("Fedora"),
        "minimos" => Some("MinimOS".to_owned()),
        "oraclelinux" | "oracle" | "ol" => by_major("Oracle Linux"),
        "photon" => (!major.is_empty())
            .then(|| format!("Photon OS:{major}.{}", if minor.is_empty() { "0" } else { minor })),
        "redhat" | "rhel" => match (channel.to_ascii_lowercase().as_str(), minor.is_empty()) {
            // Every minor release has a row of its own beside that of the release, which speaks for all.
            ("", false) => None,
            ("", true) => by_major("Red Hat:enterprise_linux"),
            _ => return channel_release(system),
        },
        "rockylinux" | "rocky" => by_major("Rocky Linux"),
        "sles" | "suse" => match (major.parse::<u32>().ok(), minor.as_str()) {
            (Some(16..), _) => Some(format!(
                "SUSE:Linux Enterprise Server {major}.{}",
                if minor.is_empty() { "0" } else { minor }
            )),
            (Some(_), "" | "0") => Some(format!("SUSE:Linux Enterprise Server {major}")),
            (Some(_), minor) => Some(format!("SUSE:Linux Enterprise Server {major} SP{minor}")),
            (None, _) => None,
        },
        "ubuntu" => (!major.is_empty() && minor.len() == 2).then(|| {
            let long_term = minor == "04" && major.parse::<u32>().is_ok_and(|year| year % 2 == 0);
            format!("Ubuntu:{major}.{minor}{}", if long_term { ":LTS" } else { "" })
        }),
        "wolfi" => Some("Wolfi".to_owned()),
        _ => None,
    }?;
    if !channel.is_empty() {
        // Only Red Hat's channels can be told by their products.
        return None;
    }
    Some(Release { ecosystem, cpes: Vec::new() })
}

/// A channel of Red Hat's: products of their own (`rhel_eus`), by which the images that use it are told.
fn channel_release(system: &System) -> Option<Release> {
    let channel = system.channel.to_ascii_lowercase();
    if system.major.is_empty() || !channel.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let version = join(&system.major, &system.minor);
    let cpe =
        |part: &str, repository: &str| format!("cpe:/{part}:redhat:rhel_{channel}:{version}::{repository}");
    Some(Release {
        ecosystem: format!("Red Hat:enterprise_linux:{}", system.major),
        cpes: vec![cpe("o", "baseos"), cpe("a", "appstream"), cpe("a", "crb")],
    })
}

fn join(major: &str, minor: &str) -> String {
    if minor.is_empty() { major.to_owned() } else { format!("{major}.{minor}") }
}

/// Types of packages of programming languages, sorted, and the ecosystem as OSV spells it.
const TYPES: &[(&str, &str)] = &[
    ("bitnami", "Bitnami"),
    ("cargo", "crates.io"),
    ("composer", "Packagist"),
    ("conan", "ConanCenter"),
    ("dart", "Pub"),
    ("dart-pub", "Pub"),
    ("dotnet", "NuGet"),
    ("erlang", "Hex"),
    ("gem", "RubyGems"),
    ("github-action", "GitHub Actions"),
    ("go", "Go"),
    ("go-module", "Go"),
    ("hackage", "Hackage"),
    ("hex", "Hex"),
    ("java", "Maven"),
    ("java-archive", "Maven"),
    ("jenkins-plugin", "Maven"),
    ("maven", "Maven"),
    ("npm", "npm"),
    ("nuget", "NuGet"),
    ("php-composer", "Packagist"),
    ("pip", "PyPI"),
    ("pod", "CocoaPods"),
    ("pypi", "PyPI"),
    ("python", "PyPI"),
    ("r-package", "CRAN"),
    ("rubygems", "RubyGems"),
    ("rust", "crates.io"),
    ("rust-crate", "crates.io"),
    ("swift", "SwiftURL"),
];

/// The ecosystem of a package type.
pub(super) fn ecosystem(kind: &str) -> Option<&'static str> {
    let kind = kind.to_ascii_lowercase();
    TYPES.iter().find(|(known, _)| *known == kind).map(|(_, ecosystem)| *ecosystem)
}

#[cfg(test)]
mod tests {
    use plimsoll_catalog::distro_spec;
    use plimsoll_types::Distro;

    use super::*;

    fn system(name: &str, major: &str, minor: &str, label: &str, channel: &str) -> System {
        System {
            name: name.into(),
            major: major.into(),
            minor: minor.into(),
            label: label.into(),
            channel: channel.into(),
        }
    }

    #[test]
    fn systems_meet_images() {
        for (name, major, minor, id, version) in [
            ("almalinux", "9", "", "almalinux", "9.4"),
            ("alpine", "3", "20", "alpine", "3.20.3"),
            ("amazonlinux", "2023", "", "amzn", "2023"),
            ("amazonlinux", "2018", "03", "amzn", "2018.03"),
            ("azurelinux", "3", "0", "azurelinux", "3.0"),
            ("chainguard", "", "", "chainguard", "1"),
            ("debian", "12", "", "debian", "12.5"),
            ("fedora", "40", "", "fedora", "40"),
            ("mariner", "2", "0", "mariner", "2.0"),
            ("oraclelinux", "9", "", "ol", "9.4"),
            ("photon", "5", "0", "photon", "5.0"),
            ("redhat", "9", "", "rhel", "9.4"),
            ("rockylinux", "9", "", "rocky", "9.3"),
            ("sles", "15", "5", "sles", "15.5"),
            ("sles", "15", "", "sles", "15"),
            ("sles", "16", "0", "sles", "16.0"),
            ("ubuntu", "22", "04", "ubuntu", "22.04"),
            ("ubuntu", "23", "10", "ubuntu", "23.10"),
            ("wolfi", "", "", "wolfi", "1"),
        ] {
            let distro = Distro { id: id.into(), version: version.into(), ..Distro::default() };
            let expected = (distro_spec(&distro).unwrap().advisory_ecosystem)(&distro).unwrap();
            let found = release(&system(name, major, minor, "", "")).unwrap();
            assert_eq!((found.ecosystem, found.cpes.len()), (expected, 0), "{name}");
        }
        let eus = release(&system("redhat", "8", "4", "", "eus")).unwrap();
        assert_eq!(eus.ecosystem, "Red Hat:enterprise_linux:8");
        assert_eq!(eus.cpes[0], "cpe:/o:redhat:rhel_eus:8.4::baseos");
        assert_eq!(release(&system("alpine", "", "", "edge", "")).unwrap().ecosystem, "Alpine:edge");
        for nothing in [
            system("redhat", "9", "2", "", ""),
            system("debian", "", "", "unstable", ""),
            system("ubuntu", "22", "04", "", "pro"),
            system("windows", "10", "", "", ""),
            system("redhat", "9", "2", "", "e/s"),
            system("sles", "x", "", "", ""),
        ] {
            assert_eq!(release(&nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn types_are_sorted_and_known() {
        assert!(TYPES.is_sorted());
        assert_eq!(ecosystem("R-package"), Some("CRAN"));
        assert_eq!(ecosystem("msrc-kb"), None);
    }
}
