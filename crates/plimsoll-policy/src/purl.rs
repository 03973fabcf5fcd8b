//! Comparing a package URL (ECMA-427, purl-spec 1.0) that somebody wrote with one of a package.

use plimsoll_types::{PackageUrl, python_name};

/// Types whose names and namespaces are the same in any case (purl-spec, types documents).
const ANY_CASE: &[&str] =
    &["alpm", "apk", "bitbucket", "composer", "deb", "github", "hex", "oci", "pypi", "rpm"];

/// True when `wanted` speaks of `package`: what `wanted` leaves open (version, subpath, qualifiers) may be anything.
pub fn covers(wanted: &PackageUrl, package: &PackageUrl) -> bool {
    let any_case = ANY_CASE.contains(&wanted.kind.as_str());
    let same = |a: &str, b: &str| {
        if wanted.kind == "pypi" {
            python_name(a) == python_name(b)
        } else {
            a == b || (any_case && a.eq_ignore_ascii_case(b))
        }
    };
    wanted.kind == package.kind
        && same(&wanted.namespace, &package.namespace)
        && same(&wanted.name, &package.name)
        && same_version(wanted, package)
        && (wanted.subpath.is_empty() || wanted.subpath == package.subpath)
        && wanted.qualifiers.iter().all(|(key, value)| has(package, key, value))
}

fn has(package: &PackageUrl, key: &str, value: &str) -> bool {
    package.qualifiers.iter().any(|(k, v)| k == key && v == value)
        // No epoch is epoch 0.
        || (key == "epoch" && value == "0" && !package.qualifiers.iter().any(|(k, _)| k == "epoch"))
}

fn same_version(wanted: &PackageUrl, package: &PackageUrl) -> bool {
    if wanted.version.is_empty() || wanted.version == package.version {
        return true;
    }
    // Some write the epoch of an RPM into the version, where purl-spec has a qualifier for it.
    match wanted.version.split_once(':') {
        Some((epoch, version)) if wanted.kind == "rpm" => {
            version == package.version && has(package, "epoch", epoch)
        }
        _ => false,
    }
}
