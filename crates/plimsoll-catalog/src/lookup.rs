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
    ECOSYSTEMS
        .iter()
        .map(|entry| entry.spec)
        .find(|spec| spec.advisory_names.contains(&base))
        .or_else(|| {
            let distro = DISTROS.iter().find(|entry| entry.advisory_name == base)?;
            ecosystem(distro.spec.package_ecosystem)
        })
}

/// The known distribution that an image's own words mean: by `ID`, else by the first `ID_LIKE` that is known.
pub fn distro_spec(distro: &Distro) -> Option<&'static DistroSpec> {
    let by_id = |id: &str| DISTROS.iter().map(|entry| entry.spec).find(|spec| spec.os_release_ids.contains(&id));
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
    let mut purl = PackageUrl { kind: spec.purl_type.to_owned(), version: fact.version.clone(), ..PackageUrl::default() };
    let separator = if spec.purl_type == "maven" { ':' } else { '/' };
    match fact.name.rsplit_once(separator) {
        Some((namespace, name)) if !spec.os => {
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
            purl.namespace = if id.is_empty() { distro.id.clone() } else { id.to_owned() };
            let release = if distro.version.is_empty() { &distro.codename } else { &distro.version };
            qualify("distro", if release.is_empty() { distro.id.clone() } else { format!("{}-{release}", distro.id) });
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
        } else if !fact.source_name.is_empty() && fact.source_name != fact.name {
            let version = if fact.source_version.is_empty() || fact.source_version == fact.version {
                String::new()
            } else {
                format!("@{}", fact.source_version)
            };
            qualify("upstream", format!("{}{version}", fact.source_name));
        }
    }
    purl
}
