//! Finding entries of the registers, and what follows from them.

use plimsoll_analysis::{Analyzer, PackageFact};
use plimsoll_types::{Distro, DistroSpec, EcosystemSpec, PackageUrl};

use crate::distros::DISTROS;
use crate::ecosystems::ECOSYSTEMS;

/// The ecosystem with this id.
pub fn ecosystem(id: &str) -> Option<&'static EcosystemSpec> {
    ECOSYSTEMS.iter().map(|entry| entry.spec).find(|spec| spec.id == id)
}

/// The ecosystem whose grammar and names an advisory uses that is filed under `name`, as OSV spells it: `PyPI`,
/// `Maven`, `Debian:11`, `Alpine:v3.7`, `AlmaLinux:8`.
pub fn ecosystem_for_advisories(name: &str) -> Option<&'static EcosystemSpec> {
    let base = name.split(':').next().unwrap_or(name);
    ECOSYSTEMS.iter().map(|entry| entry.spec).find(|spec| spec.advisory_names.contains(&base)).or_else(|| {
        let distro = DISTROS.iter().find(|entry| entry.advisory_name == base)?;
        ecosystem(distro.spec.package_ecosystem)
    })
}

/// The known distribution that an image's own words mean: by `ID`, else by the first `ID_LIKE` that is known.
pub fn distro_spec(distro: &Distro) -> Option<&'static DistroSpec> {
    let by_id =
        |id: &str| DISTROS.iter().map(|entry| entry.spec).find(|spec| spec.os_release_ids.contains(&id));
    // ID_LIKE is no fallback here: a derivative has its own advisories and its own versions, and matching it as
    // its parent gives wrong findings both ways.
    by_id(&distro.id)
}

/// All analyzers of the catalog, in the order of the register.
pub fn analyzers() -> Vec<&'static dyn Analyzer> {
    let ecosystems = ECOSYSTEMS.iter().flat_map(|entry| entry.analyzers.iter().copied());
    crate::distros::ANALYZERS.iter().copied().chain(ecosystems).collect()
}

/// The package URL of a package in an image of the given distribution (purl-spec, "known types").
pub fn package_url(spec: &EcosystemSpec, fact: &PackageFact, distro: Option<(&Distro, &str)>) -> PackageUrl {
    let mut purl = PackageUrl {
        kind: spec.purl_type.to_owned(),
        version: fact.version.clone(),
        ..PackageUrl::default()
    };
    let separator = if spec.purl_type == "maven" { ':' } else { '/' };
    match fact.name.rsplit_once(separator) {
        // A Gentoo package's category is part of its name, so it stands where others have the distribution.
        Some((namespace, name)) if !spec.os || spec.purl_type == "ebuild" => {
            purl.namespace = namespace.to_owned();
            purl.name = name.to_owned();
        }
        _ => purl.name = fact.name.clone(),
    }
    if spec.purl_type == "pypi" {
        purl.name = (spec.normalize_name)(&purl.name);
    }
    if spec.os {
        let mut qualify = |key: &str, value: String| purl.qualifiers.push((key.to_owned(), value));
        qualify("arch", fact.arch.clone());
        if let Some((distro, id)) = distro {
            if purl.namespace.is_empty() {
                purl.namespace = if id.is_empty() { distro.id.clone() } else { id.to_owned() };
            }
            let release = if distro.version.is_empty() { &distro.codename } else { &distro.version };
            qualify(
                "distro",
                if release.is_empty() { distro.id.clone() } else { format!("{}-{release}", distro.id) },
            );
        }
        if spec.purl_type == "rpm" {
            // purl-spec keeps the epoch out of an rpm's version.
            if let Some((epoch, rest)) = fact.version.split_once(':') {
                qualify("epoch", epoch.to_owned());
                purl.version = rest.to_owned();
            }
            if !fact.source_name.is_empty() {
                let source = format!("{}-{}.src.rpm", fact.source_name, fact.source_version);
                qualify("upstream", source);
            }
        } else if !fact.source_name.is_empty() {
            let same = fact.source_version.is_empty() || fact.source_version == fact.version;
            // A rebuild without a change of the source (`5.2.15-2+b13`) has another version than its source.
            if !same {
                qualify("upstream", format!("{}@{}", fact.source_name, fact.source_version));
            } else if fact.source_name != fact.name {
                qualify("upstream", fact.source_name.clone());
            }
        }
    }
    purl
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected: what Syft 1.18.1 writes for packages of real images, but for the release, which it takes from os-release
    // alone (`debian-12`).
    #[test]
    fn package_urls_of_operating_systems() {
        let debian = Distro { id: "debian".into(), version: "12.15".into(), ..Distro::default() };
        for (ecosystem, name, version, source, expected) in [
            (
                "deb",
                "bash",
                "5.2.15-2+b13",
                ("bash", "5.2.15-2"),
                "pkg:deb/debian/bash@5.2.15-2%2Bb13?arch=amd64&distro=debian-12.15&upstream=bash%405.2.15-2",
            ),
            (
                "deb",
                "bsdutils",
                "1:2.38.1-5",
                ("util-linux", "2.38.1-5"),
                "pkg:deb/debian/bsdutils@1:2.38.1-5?arch=amd64&distro=debian-12.15&upstream=util-linux%402.38.1-5",
            ),
            (
                "deb",
                "libc6",
                "2.36-9",
                ("glibc", "2.36-9"),
                "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12.15&upstream=glibc",
            ),
            ("deb", "sed", "4.9-1", ("", ""), "pkg:deb/debian/sed@4.9-1?arch=amd64&distro=debian-12.15"),
            (
                "apk",
                "musl",
                "1.2-r0",
                ("musl", ""),
                "pkg:apk/debian/musl@1.2-r0?arch=amd64&distro=debian-12.15",
            ),
            (
                "rpm",
                "ca-certificates-base",
                "1:2.0.0-1.cm2",
                ("ca-certificates", "2.0.0-1.cm2"),
                "pkg:rpm/debian/ca-certificates-base@2.0.0-1.cm2?arch=amd64&distro=debian-12.15&epoch=1\
                 &upstream=ca-certificates-2.0.0-1.cm2.src.rpm",
            ),
        ] {
            let fact = PackageFact {
                name: name.into(),
                version: version.into(),
                arch: "amd64".into(),
                source_name: source.0.into(),
                source_version: source.1.into(),
                ..PackageFact::default()
            };
            let spec = self::ecosystem(ecosystem).unwrap();
            assert_eq!(package_url(spec, &fact, Some((&debian, "debian"))).to_string(), expected);
        }
    }

    // Expected: the examples of purl-spec's alpm type and of Syft's Portage cataloger, with the distribution that
    // packages of all operating systems have here.
    #[test]
    fn package_urls_of_arch_and_gentoo() {
        for (ecosystem, id, name, version, arch, expected) in [
            (
                "alpm",
                "arch",
                "containers-common",
                "1:0.47.4-4",
                "x86_64",
                "pkg:alpm/arch/containers-common@1:0.47.4-4?arch=x86_64&distro=arch",
            ),
            (
                "portage",
                "gentoo",
                "app-containers/skopeo",
                "1.5.1",
                "",
                "pkg:ebuild/app-containers/skopeo@1.5.1?distro=gentoo",
            ),
        ] {
            let distro = Distro { id: id.into(), ..Distro::default() };
            let fact = PackageFact {
                name: name.into(),
                version: version.into(),
                arch: arch.into(),
                ..PackageFact::default()
            };
            let spec = self::ecosystem(ecosystem).unwrap();
            assert_eq!(package_url(spec, &fact, Some((&distro, id))).to_string(), expected);
        }
    }

    // Expected: what Syft 1.18.1 writes.
    #[test]
    fn package_urls_of_languages() {
        for (ecosystem, name, version, expected) in [
            ("pypi", "Flask_Login", "0.6", "pkg:pypi/flask-login@0.6"),
            ("npm", "@babel/core", "7.0.0", "pkg:npm/%40babel/core@7.0.0"),
            (
                "maven",
                "org.apache.commons:commons-text",
                "1.9",
                "pkg:maven/org.apache.commons/commons-text@1.9",
            ),
            ("maven", "stax-api", "1.0.1", "pkg:maven/stax-api@1.0.1"),
            ("golang", "golang.org/x/sys", "v0.1.0", "pkg:golang/golang.org/x/sys@v0.1.0"),
            ("golang", "stdlib", "1.19.4", "pkg:golang/stdlib@1.19.4"),
        ] {
            let fact = PackageFact { name: name.into(), version: version.into(), ..PackageFact::default() };
            let spec = self::ecosystem(ecosystem).unwrap();
            assert_eq!(package_url(spec, &fact, None).to_string(), expected);
        }
    }
}
