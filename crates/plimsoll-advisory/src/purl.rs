//! Reading package URLs (ECMA-427, purl-spec 1.0), leniently: vendors leave `:` and `+` unencoded, write an empty version,
//! and use types that no list knows (`rpmmod`).

use percent_encoding::percent_decode_str;
use plimsoll_types::PackageUrl;

/// The longest package URL that is read, in bytes.
const MAX_BYTES: usize = 2_048;
/// The most qualifiers that are read.
const MAX_QUALIFIERS: usize = 64;

/// Takes a package URL apart; `None` when it is none. Parts are decoded; types and qualifier keys are in lower case.
pub(crate) fn parse(text: &str) -> Option<PackageUrl> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let rest = text.strip_prefix("pkg:")?.trim_start_matches('/');
    let (rest, subpath) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
    let (kind, rest) = rest.split_once('/')?;
    // The version's `@` is the last one; one that belongs to the name's namespace (`@angular/core`) stands before a slash.
    let (path, version) = match rest.rsplit_once('@') {
        Some((path, version)) if !path.is_empty() && !path.ends_with('/') && !version.contains('/') => {
            (path, version)
        }
        // An unfixed module's content is written with a version that holds a slash.
        _ => (rest, ""),
    };
    let path = path.trim_matches('/');
    let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
    if kind.is_empty() || name.is_empty() {
        return None;
    }
    let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    Some(PackageUrl {
        kind: kind.to_ascii_lowercase(),
        namespace: decode(namespace),
        name: decode(name),
        version: decode(version),
        qualifiers: qualifiers
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .filter(|(key, value)| !key.is_empty() && !value.is_empty())
            .take(MAX_QUALIFIERS)
            .map(|(key, value)| (key.to_ascii_lowercase(), decode(value)))
            .collect(),
        subpath: decode(subpath.trim_matches('/')),
    })
}

/// The value of a qualifier; empty when there is none.
pub(crate) fn qualifier<'a>(purl: &'a PackageUrl, key: &str) -> &'a str {
    purl.qualifiers.iter().find(|(name, _)| name == key).map_or("", |(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_package_urls_apart() {
        // The first four are examples of purl-spec's types documents; the others are Red Hat's and SUSE's.
        for (text, kind, namespace, name, version, qualifiers) in [
            ("pkg:npm/%40angular/animation@12.3.1", "npm", "@angular", "animation", "12.3.1", ""),
            ("pkg:npm/@angular/animation", "npm", "@angular", "animation", "", ""),
            (
                "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0?arch=amd64",
                "deb",
                "debian",
                "libstdc++6",
                "1:12.2.0",
                "arch=amd64",
            ),
            (
                "pkg:golang/google.golang.org/genproto#googleapis/api",
                "golang",
                "google.golang.org",
                "genproto",
                "",
                "",
            ),
            (
                "pkg:rpm/redhat/bind@9.8.2-0.68.rc1.el6_10.17?arch=src&epoch=32",
                "rpm",
                "redhat",
                "bind",
                "9.8.2-0.68.rc1.el6_10.17",
                "arch=src epoch=32",
            ),
            (
                "pkg:rpm/redhat/resteasy?arch=src&rpmmod=pki-deps:10.6",
                "rpm",
                "redhat",
                "resteasy",
                "",
                "arch=src rpmmod=pki-deps:10.6",
            ),
            ("pkg:rpmmod/redhat/squid@4%3A804%3A522a0ee4", "rpmmod", "redhat", "squid", "4:804:522a0ee4", ""),
            (
                "pkg:rpmmod/redhat/postgresql:15/postgresql",
                "rpmmod",
                "redhat/postgresql:15",
                "postgresql",
                "",
                "",
            ),
            ("pkg:rpm/suse/python-aiohttp@", "rpm", "suse", "python-aiohttp", "", ""),
            (
                "pkg:rpm/suse/mailx@?upstream=mailx.src.rpm",
                "rpm",
                "suse",
                "mailx",
                "",
                "upstream=mailx.src.rpm",
            ),
        ] {
            let purl = parse(text).unwrap();
            let found: Vec<_> = purl.qualifiers.iter().map(|(key, value)| format!("{key}={value}")).collect();
            assert_eq!(
                (purl.kind.as_str(), purl.namespace.as_str(), purl.name.as_str(), purl.version.as_str()),
                (kind, namespace, name, version),
                "{text}"
            );
            assert_eq!(found.join(" "), qualifiers, "{text}");
        }
        for text in ["", "pkg:", "pkg:rpm", "pkg:rpm/", "pkg:/x", "http://x/y", "pkg:rpm/@1"] {
            assert!(parse(text).is_none_or(|purl| !purl.name.is_empty()), "{text}");
        }
    }
}
