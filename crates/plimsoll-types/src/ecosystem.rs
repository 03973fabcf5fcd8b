//! What an ecosystem is: a value that every package carries, so that nothing downstream needs to name one.

use plimsoll_version::VersionScheme;

/// Everything that matching and reporting must know of a packaging world.
///
/// The values live in `plimsoll-catalog`, one folder each under `src/ecosystems/`.
#[derive(Debug)]
pub struct EcosystemSpec {
    /// The id used in reports, on the command line and as folder name, such as `pypi`.
    pub id: &'static str,
    /// The name for people, such as `Python`.
    pub title: &'static str,
    /// The package-url type (purl-spec, "known types"), such as `pypi`.
    pub purl_type: &'static str,
    /// The ecosystem's names in advisory sources, as OSV spells them. Empty for packages of an operating
    /// system: there the distribution names the ecosystem (see [`crate::DistroSpec`]).
    pub advisory_names: &'static [&'static str],
    /// How its versions are ordered.
    pub versions: &'static dyn VersionScheme,
    /// The form of a package name under which advisories and packages meet.
    pub normalize_name: fn(&str) -> String,
    /// True for packages that an operating system's package manager installed (alpm, apk, deb, portage, rpm).
    pub os: bool,
}

impl PartialEq for EcosystemSpec {
    fn eq(&self, other: &EcosystemSpec) -> bool {
        self.id == other.id
    }
}

impl Eq for EcosystemSpec {}

/// A name normalisation that changes nothing.
pub fn keep_name(name: &str) -> String {
    name.to_owned()
}

/// A name normalisation that folds ASCII case.
pub fn lower_name(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// The name normalisation of PEP 503: lower case, and each run of `-`, `_` and `.` is one `-`.
pub fn python_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.chars() {
        if !matches!(c, '-' | '_' | '.') {
            normal.extend(c.to_lowercase());
        } else if !normal.ends_with('-') {
            normal.push('-');
        }
    }
    normal
}
