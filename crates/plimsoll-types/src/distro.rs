//! Linux distributions: what an image says it is, and what Plimsoll knows of such a distribution.

/// The distribution and release found in an image (`os-release` and its relatives).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Distro {
    /// `ID` of os-release, lower case, such as `debian`.
    pub id: String,
    /// `ID_LIKE`, in order.
    pub id_like: Vec<String>,
    /// `NAME`, such as `Debian GNU/Linux`.
    pub name: String,
    /// `VERSION_ID`, or what the distribution's own file says when that is more exact
    /// (`/etc/alpine-release`, `/etc/debian_version`), such as `3.20.3`; empty for rolling releases.
    pub version: String,
    /// `VERSION_CODENAME`, such as `bookworm`.
    pub codename: String,
    /// `PRETTY_NAME`.
    pub pretty_name: String,
    /// `VARIANT_ID`.
    pub variant: String,
    /// `CPE_NAME`.
    pub cpe: String,
    /// Red Hat content sets (repositories) from which the image was built, sorted; empty when the image does not say.
    pub content_sets: Vec<String>,
}

/// Which of a package's names a distribution's advisories are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchBy {
    /// The source package's name and version (Debian, Alpine).
    Source,
    /// The binary package's name and version (RPM distributions).
    Binary,
}

/// What Plimsoll knows of one distribution. The values live in `plimsoll-catalog`, one file each under
/// `src/distros/`.
#[derive(Debug)]
pub struct DistroSpec {
    /// Plimsoll's id, also the package-url namespace, such as `almalinux`.
    pub id: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// The os-release `ID`s that mean this distribution.
    pub os_release_ids: &'static [&'static str],
    /// The id of the ecosystem of its packages, such as `apk`, `deb` or `rpm`.
    pub package_ecosystem: &'static str,
    /// Which name its advisories use.
    pub match_by: MatchBy,
    /// The ecosystem under which a release's advisories are filed, as OSV spells it (`Alpine:v3.20`,
    /// `Debian:12`, `AlmaLinux:8`); `None` when the release cannot be told.
    pub advisory_ecosystem: fn(&Distro) -> Option<String>,
    /// The ecosystem of fixes that only subscribers get (`Ubuntu:Pro:20.04:LTS`); `None` when there is none.
    pub subscription_ecosystem: fn(&Distro) -> Option<String>,
    /// The line of builds to which a package version belongs, where the distribution has lines of which one's fixes say
    /// nothing of the other's packages: what is added to the ecosystem's name, such as `Ksplice`.
    pub flavour: fn(&str) -> Option<&'static str>,
    /// How the distribution calls itself as the vendor of a package, in lower case: a package with a vendor that begins
    /// with none of them is a third party's. Empty when vendors are not told.
    pub vendors: &'static [&'static str],
    /// What tells a third party's package where packages name a maintainer instead of a vendor: a part of the maintainer
    /// or, with a leading `@@`, of the version, in lower case.
    pub foreign: &'static [&'static str],
    /// Whether a source package is the kernel or its headers: a container runs on its host's kernel.
    pub kernel: fn(&str) -> bool,
}

impl DistroSpec {
    /// A distribution of which nothing special is known, for the fields that need nothing else.
    pub const PLAIN: DistroSpec = DistroSpec {
        id: "",
        title: "",
        os_release_ids: &[],
        package_ecosystem: "",
        match_by: MatchBy::Binary,
        advisory_ecosystem: |_| None,
        subscription_ecosystem: |_| None,
        flavour: |_| None,
        vendors: &[],
        foreign: &[],
        kernel: |_| false,
    };

    /// Whether a package of this vendor (or maintainer) and version comes from someone else than the distribution.
    pub fn is_foreign(&self, vendor: &str, version: &str) -> bool {
        if vendor.is_empty() {
            return false;
        }
        let vendor = vendor.to_lowercase();
        let told = !self.vendors.is_empty() && !self.vendors.iter().any(|own| vendor.starts_with(own));
        told || self.foreign.iter().any(|mark| match mark.strip_prefix("@@") {
            Some(mark) => version.to_lowercase().contains(mark),
            None => vendor.contains(mark),
        })
    }
}
