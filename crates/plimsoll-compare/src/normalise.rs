//! Names of packages that do not depend on who wrote them: package URL types for every scanner's own words, names as
//! their ecosystems compare them (PEP 503, purl-spec types), and versions with the epoch where it belongs.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use plimsoll_types::{PackageUrl, python_name};

/// A package by which reports are compared: equal ones are the same package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// The package URL type, such as `deb`; empty when the report does not say.
    pub kind: String,
    /// The name with its namespace where the ecosystem has one: `@babel/core`, `org.apache:log4j`. Packages of a
    /// distribution go without: an image has one.
    pub name: String,
    /// The full version, epoch included; empty when unknown.
    pub version: String,
}

/// The package URL type for the words that scanners use, sorted by word.
///
/// Trivy's are its result types (`pkg/fanal/types/const.go`), Grype's are Syft's package types, Clair's are the prefixes
/// of its package databases.
const KINDS: &[(&str, &str)] = &[
    ("alma", "rpm"),
    ("almalinux", "rpm"),
    ("alpine", "apk"),
    ("alpm", "alpm"),
    ("amazon", "rpm"),
    ("amzn", "rpm"),
    ("apk", "apk"),
    ("arch", "alpm"),
    ("azurelinux", "rpm"),
    ("bdb", "rpm"),
    ("binary", "generic"),
    ("bun", "npm"),
    ("bundler", "gem"),
    ("cargo", "cargo"),
    ("cbl-mariner", "rpm"),
    ("centos", "rpm"),
    ("chainguard", "apk"),
    ("composer", "composer"),
    ("composer-vendor", "composer"),
    ("conda-pkg", "conda"),
    ("dart-pub", "pub"),
    ("deb", "deb"),
    ("debian", "deb"),
    ("dotnet", "nuget"),
    ("dotnet-core", "nuget"),
    ("fedora", "rpm"),
    ("file", "generic"),
    ("gem", "gem"),
    ("gemspec", "gem"),
    ("go", "golang"),
    ("go-module", "golang"),
    ("gobinary", "golang"),
    ("golang", "golang"),
    ("gomod", "golang"),
    ("gradle", "maven"),
    ("jar", "maven"),
    ("java", "maven"),
    ("java-archive", "maven"),
    ("jenkins-plugin", "maven"),
    ("maven", "maven"),
    ("ndb", "rpm"),
    ("node-pkg", "npm"),
    ("nodejs", "npm"),
    ("npm", "npm"),
    ("nuget", "nuget"),
    ("opensuse-leap", "rpm"),
    ("oracle", "rpm"),
    ("photon", "rpm"),
    ("php-composer", "composer"),
    ("pip", "pypi"),
    ("pipenv", "pypi"),
    ("pnpm", "npm"),
    ("poetry", "pypi"),
    ("pom", "maven"),
    ("pypi", "pypi"),
    ("python", "pypi"),
    ("python-pkg", "pypi"),
    ("redhat", "rpm"),
    ("rhel", "rpm"),
    ("rocky", "rpm"),
    ("rpm", "rpm"),
    ("ruby", "gem"),
    ("rust-crate", "cargo"),
    ("rustbinary", "cargo"),
    ("sbt", "maven"),
    ("sles", "rpm"),
    ("sqlite", "rpm"),
    ("suse linux enterprise server", "rpm"),
    ("ubuntu", "deb"),
    ("uv", "pypi"),
    ("wolfi", "apk"),
    ("yarn", "npm"),
];

/// The package URL type for a scanner's word; empty for an unknown one.
pub fn kind(word: &str) -> &'static str {
    let word = word.trim().to_ascii_lowercase();
    KINDS
        .binary_search_by(|(known, _)| (*known).cmp(&word))
        .ok()
        .and_then(|at| KINDS.get(at))
        .map_or("", |k| k.1)
}

/// Whether packages of this type belong to a distribution.
pub fn is_os(kind: &str) -> bool {
    matches!(kind, "deb" | "rpm" | "apk" | "alpm")
}

/// The identity of a package.
pub fn identity(kind: &str, namespace: &str, name: &str, version: &str) -> Identity {
    let (namespace, name) = (namespace.trim().trim_matches('/'), name.trim());
    let joined = |separator: char| {
        if namespace.is_empty() { name.to_owned() } else { format!("{namespace}{separator}{name}") }
    };
    let name = match kind {
        "deb" | "rpm" | "apk" | "alpm" => name.to_owned(),
        "maven" => joined(':'),
        "pypi" => python_name(name),
        "golang" | "nuget" | "composer" => joined('/').to_lowercase(),
        _ => joined('/'),
    };
    Identity { kind: short(kind), name: short(&name), version: short(&version_of(kind, version, "")) }
}

/// The identity that a package URL names. `plain` is the version as the report spells it beside the URL; it comes first,
/// because not every scanner puts an epoch into the URL.
pub fn identity_of(purl: &PackageUrl, plain: &str) -> Identity {
    let epoch = purl.qualifier("epoch").unwrap_or("");
    let version = if plain.trim().is_empty() { purl.version.as_str() } else { plain };
    let mut identity = identity(&purl.kind, &purl.namespace, &purl.name, "");
    identity.version = short(&version_of(&purl.kind, version, epoch));
    identity
}

/// The longest name and the longest version that are told apart from others. A package may be in very many findings.
const MAX_LENGTH: usize = 512;

fn short(text: &str) -> String {
    text.chars().take(MAX_LENGTH).collect()
}

/// A version with its epoch in front unless that is 0, and without what is only decoration.
fn version_of(kind: &str, version: &str, epoch: &str) -> String {
    let version = version.trim();
    if is_os(kind) {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        return match version.split_once(':') {
            Some((own, rest)) if digits(own) => with_epoch(own, rest),
            _ if digits(epoch) && !version.is_empty() => with_epoch(epoch, version),
            _ => version.to_owned(),
        };
    }
    let numbered = |prefix: &str| {
        version.strip_prefix(prefix).filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let stripped = if kind == "golang" { numbered("go").or_else(|| numbered("v")) } else { numbered("v") };
    stripped.unwrap_or(version).to_owned()
}

fn with_epoch(epoch: &str, version: &str) -> String {
    let epoch = epoch.trim_start_matches('0');
    if epoch.is_empty() { version.to_owned() } else { format!("{epoch}:{version}") }
}

/// The grammar by which versions of a type are equal, such as `1.0` and `1.0.0` for Python.
fn scheme(kind: &str) -> Option<&'static dyn plimsoll_version::VersionScheme> {
    plimsoll_version::scheme(match kind {
        "deb" => "dpkg",
        "rpm" => "rpm",
        "apk" => "apk",
        "pypi" => "pep440",
        "npm" | "cargo" => "semver",
        "golang" => "golang",
        "maven" => "maven",
        "nuget" => "nuget",
        "gem" => "rubygems",
        "composer" => "composer",
        _ => return None,
    })
}

/// Whether two versions of a type are the same one. What the grammar refuses is compared as text.
pub fn same_version(kind: &str, a: &str, b: &str) -> bool {
    a == b || scheme(kind).is_some_and(|scheme| scheme.compare(a, b) == Ok(Ordering::Equal))
}

/// The part of a name that scanners agree on when they do not agree on the rest: an artifact without its group.
pub(crate) fn base_name<'a>(kind: &str, name: &'a str) -> &'a str {
    if kind == "maven" { name.rsplit(':').next().unwrap_or(name) } else { name }
}

/// The most versions of one package among which equal ones are looked for.
const MAX_VERSIONS: usize = 64;

/// Gives versions that are equal in their grammar one spelling, so that they meet as text.
#[derive(Debug, Default)]
pub(crate) struct Spellings {
    chosen: BTreeMap<(String, String), Vec<String>>,
}

impl Spellings {
    /// Takes up an identity and gives its version the spelling that was seen first.
    pub(crate) fn settle(&mut self, identity: &mut Identity) {
        if identity.version.is_empty() {
            return;
        }
        let known = self.chosen.entry((identity.kind.clone(), identity.name.clone())).or_default();
        if known.contains(&identity.version) {
            return;
        }
        let equal = known.iter().find(|other| same_version(&identity.kind, other, &identity.version));
        match equal {
            Some(other) => identity.version.clone_from(other),
            None if known.len() < MAX_VERSIONS => known.push(identity.version.clone()),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted_and_found() {
        assert!(KINDS.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(
            ["Debian", "python-pkg", "java-archive", "sqlite", "klingon"].map(kind),
            ["deb", "pypi", "maven", "rpm", ""]
        );
    }

    // The pairs are the same package as Trivy, Syft and Clair spell it.
    #[test]
    fn spellings_of_one_package_meet() {
        let of = |text: &str, plain: &str| identity_of(&text.parse().unwrap(), plain);
        assert_eq!(
            of("pkg:deb/debian/bsdutils@2.33.1-0.1?epoch=1&distro=debian-10.1", ""),
            of("pkg:deb/debian/bsdutils@1%3A2.33.1-0.1?arch=amd64&distro=debian-10", "1:2.33.1-0.1")
        );
        assert_eq!(
            of("pkg:rpm/redhat/openssl-libs@1.1.1k-6.el8?epoch=1", "1:1.1.1k-6.el8"),
            identity("rpm", "", "openssl-libs", "1:1.1.1k-6.el8")
        );
        assert_eq!(of("pkg:rpm/redhat/bash@4.4-1.el8", "0:4.4-1.el8").version, "4.4-1.el8");
        assert_eq!(of("pkg:pypi/Zope.Interface@5.0", "").name, of("pkg:pypi/zope-interface@5.0", "").name);
        assert_eq!(
            of("pkg:golang/golang.org/x/net@v0.1.0", ""),
            identity("golang", "", "golang.org/x/net", "0.1.0")
        );
        assert_eq!(identity("golang", "", "stdlib", "go1.18.2"), identity("golang", "", "stdlib", "v1.18.2"));
        assert_eq!(
            of("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", ""),
            identity("maven", "", "org.apache.logging.log4j:log4j-core", "2.14.1")
        );
        assert_eq!(of("pkg:npm/%40babel/traverse@7.22.0", "").name, "@babel/traverse");
    }

    #[test]
    fn equal_versions_get_one_spelling() {
        let mut spellings = Spellings::default();
        let mut settled = |kind: &str, version: &str| {
            let mut identity = identity(kind, "", "x", version);
            spellings.settle(&mut identity);
            identity.version
        };
        assert_eq!(settled("pypi", "1.0"), "1.0");
        assert_eq!(settled("pypi", "1.0.0"), "1.0");
        assert_eq!(settled("pypi", "1.0.1"), "1.0.1");
        assert_eq!(settled("deb", "1.0"), "1.0");
        assert_eq!(settled("deb", "1.0.0"), "1.0.0");
        assert_eq!(settled("", "1.0.0"), "1.0.0");
    }
}
