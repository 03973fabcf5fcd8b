//! Reads package URLs (ECMA-427, purl-spec 1.0) as scanners write them, a little loosely.

use percent_encoding::percent_decode_str;
use plimsoll_types::PackageUrl;

/// The longest package URL that is read.
const MAX_LENGTH: usize = 4_096;

/// The package URL in its parts; `None` for what is none.
pub(crate) fn parse(text: &str) -> Option<PackageUrl> {
    let rest = text.strip_prefix("pkg:")?.trim_start_matches('/');
    if text.len() > MAX_LENGTH {
        return None;
    }
    let (rest, subpath) = rest.rsplit_once('#').unwrap_or((rest, ""));
    let (rest, qualifiers) = rest.rsplit_once('?').unwrap_or((rest, ""));
    let (kind, path) = rest.split_once('/')?;
    let path = path.trim_matches('/');
    // An @ before the last slash is a scope that was not encoded, as in `pkg:npm/@babel/core@7.0.0`.
    let (path, version) = match path.rfind('@') {
        Some(at) if at > path.rfind('/').unwrap_or(0) => (path.get(..at)?, path.get(at + 1..)?),
        _ => (path, ""),
    };
    let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
    if kind.is_empty() || name.is_empty() {
        return None;
    }
    let qualifiers = qualifiers.split('&').filter_map(|pair| pair.split_once('='));
    Some(PackageUrl {
        kind: kind.to_ascii_lowercase(),
        namespace: decoded(namespace),
        name: decoded(name),
        version: decoded(version),
        qualifiers: qualifiers.map(|(key, value)| (key.to_ascii_lowercase(), decoded(value))).collect(),
        subpath: decoded(subpath),
    })
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The value of a qualifier.
pub(crate) fn qualifier<'a>(purl: &'a PackageUrl, key: &str) -> Option<&'a str> {
    purl.qualifiers.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    // Trivy's and Syft's forms of the same packages, and the examples of purl-spec.
    #[test]
    fn reads_what_scanners_write() {
        let purl = parse("pkg:deb/debian/bsdutils@2.33.1-0.1?arch=amd64&distro=debian-10&epoch=1").unwrap();
        assert_eq!((purl.kind.as_str(), purl.name.as_str()), ("deb", "bsdutils"));
        assert_eq!(purl.version, "2.33.1-0.1");
        assert_eq!(qualifier(&purl, "epoch"), Some("1"));
        for text in
            ["pkg:npm/%40babel/core@7.0.0", "pkg:npm/@babel/core@7.0.0", "pkg:NPM//%40babel/core@7.0.0"]
        {
            let purl = parse(text).unwrap();
            assert_eq!(
                (purl.kind.as_str(), purl.namespace.as_str(), purl.name.as_str(), purl.version.as_str()),
                ("npm", "@babel", "core", "7.0.0"),
                "{text}"
            );
        }
        let purl = parse("pkg:golang/google.golang.org/genproto#googleapis/api").unwrap();
        assert_eq!((purl.namespace.as_str(), purl.version.as_str()), ("google.golang.org", ""));
        assert_eq!(parse("pkg:generic/node@18").unwrap().version, "18");
        for wrong in ["", "pkg:", "pkg:npm", "pkg:/x", "pkg:npm/", "npm/x@1", "pkg:npm/@"] {
            assert!(parse(wrong).is_none_or(|purl| !purl.name.is_empty()), "{wrong}");
        }
    }
}
