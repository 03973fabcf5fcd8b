//! Reading package URLs (ECMA-427, purl-spec 1.0) and comparing one that somebody wrote with one of a package.

use percent_encoding::percent_decode_str;
use plimsoll_types::PackageUrl;

/// The longest package URL that is read.
const MAX_LENGTH: usize = 2_048;

/// A text that is no package URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a package URL: {reason}")]
pub struct PurlError {
    /// The beginning of the text.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Reads a package URL as "How to parse a purl string to its components" of purl-spec has it.
///
/// # Errors
///
/// When it has no type or no name, or is too long.
pub fn parse(text: &str) -> Result<PackageUrl, PurlError> {
    let error = |reason| PurlError { text: text.chars().take(120).collect(), reason };
    if text.len() > MAX_LENGTH {
        return Err(error("it is too long"));
    }
    let Some((scheme, rest)) = text.trim().split_once(':') else { return Err(error("it has no scheme")) };
    if !scheme.eq_ignore_ascii_case("pkg") {
        return Err(error("its scheme is not pkg"));
    }
    let (rest, subpath) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let rest = rest.trim_matches('/');
    let Some((kind, rest)) = rest.split_once('/') else { return Err(error("it has no name")) };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
    if kind.is_empty() || !kind.bytes().all(plain) {
        return Err(error("its type has other characters than letters, digits, dots, dashes and pluses"));
    }
    // A scope such as `@angular` that is not encoded is no version: an at sign behind a slash begins a name.
    let (path, version) = match rest.rsplit_once('@') {
        Some((path, version)) if !path.is_empty() && !path.ends_with('/') && !version.contains('/') => {
            (path, version)
        }
        // Versions may hold slashes too when they were not encoded: the first at sign behind a name counts.
        _ => match rest.char_indices().find(|&(at, c)| c == '@' && at > 0 && !rest[..at].ends_with('/')) {
            Some((at, _)) => (&rest[..at], &rest[at + 1..]),
            None => (rest, ""),
        },
    };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    // An encoded slash separates as a plain one does once it is decoded.
    let segments = |text: &str| -> Vec<String> {
        let decoded: Vec<String> = text.split('/').map(decoded).collect();
        decoded
            .iter()
            .flat_map(|part| part.split('/'))
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (namespace, name) =
        path.trim_end_matches('/').rsplit_once('/').unwrap_or(("", path.trim_end_matches('/')));
    let (parts, name) = (segments(namespace), decoded(name));
    if name.is_empty() {
        return Err(error("it has no name"));
    }
    let mut qualifiers: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(|| error("a qualifier has no value"))?;
        if !value.is_empty() {
            qualifiers.push((key.to_ascii_lowercase(), decoded(value)));
        }
    }
    qualifiers.sort();
    let subpath: Vec<String> =
        segments(subpath).into_iter().filter(|segment| !matches!(segment.as_str(), "." | "..")).collect();
    Ok(PackageUrl {
        kind: kind.to_ascii_lowercase(),
        namespace: parts.join("/"),
        name,
        version: decoded(version),
        qualifiers,
        subpath: subpath.join("/"),
    })
}

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

/// PEP 503's normal form of a name.
fn python_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.') {
            if !out.ends_with('-') {
                out.push('-');
            }
        } else {
            out.push(c.to_ascii_lowercase());
        }
    }
    out
}
