//! Package URLs (ECMA-427, purl-spec 1.0): `pkg:type/namespace/name@version?qualifiers#subpath`.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;

/// The longest package URL that is read, in bytes. It bounds the number of segments and qualifiers too.
const MAX_BYTES: usize = 2_048;

/// A package URL in its parts; `Display` writes the canonical form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PackageUrl {
    /// The type, such as `deb`.
    pub kind: String,
    /// The namespace, segments joined with `/`; empty when there is none.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The version; empty when there is none.
    pub version: String,
    /// Qualifiers; written sorted by key, empty values left out.
    pub qualifiers: Vec<(String, String)>,
    /// The subpath, segments joined with `/`; empty when there is none.
    pub subpath: String,
}

impl PackageUrl {
    /// The value of a qualifier.
    pub fn qualifier(&self, key: &str) -> Option<&str> {
        self.qualifiers.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

/// A text that is no package URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a package URL: {reason}")]
pub struct PurlError {
    /// The beginning of the text.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Reads a package URL as "How to parse a purl string to its components" of purl-spec has it: parts are decoded, the type
/// and the qualifiers' keys are in lower case, qualifiers are sorted, and those without a value are left out.
///
/// Refused is what has no type or no name. Beyond that it is lenient: vendors leave `:`, `+` and the `@` of an npm scope
/// unencoded, write an empty version, and use types that no list knows (`rpmmod`).
impl FromStr for PackageUrl {
    type Err = PurlError;

    fn from_str(text: &str) -> Result<PackageUrl, PurlError> {
        let error = |reason| PurlError { text: text.chars().take(120).collect(), reason };
        if text.len() > MAX_BYTES {
            return Err(error("it is too long"));
        }
        let Some((scheme, rest)) = text.trim().split_once(':') else { return Err(error("it has no scheme")) };
        if !scheme.eq_ignore_ascii_case("pkg") {
            return Err(error("its scheme is not pkg"));
        }
        let (rest, subpath) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let Some((kind, rest)) = rest.trim_matches('/').split_once('/') else {
            return Err(error("it has no name"));
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
        if kind.is_empty() || !kind.bytes().all(plain) {
            return Err(error("its type has other characters than letters, digits, dots, dashes and pluses"));
        }
        let (path, version) = path_and_version(rest);
        let path = path.trim_end_matches('/');
        let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
        let name = decoded(name);
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
        let mut subpath = segments(subpath);
        subpath.retain(|segment| !matches!(segment.as_str(), "." | ".."));
        Ok(PackageUrl {
            kind: kind.to_ascii_lowercase(),
            namespace: segments(namespace).join("/"),
            name,
            version: decoded(version),
            qualifiers,
            subpath: subpath.join("/"),
        })
    }
}

/// Parts what stands behind the type; the version is empty when there is none.
fn path_and_version(text: &str) -> (&str, &str) {
    // A scope such as `@angular` that is not encoded is no version: an at sign behind a slash begins a name.
    match text.rsplit_once('@') {
        Some((path, version)) if !path.is_empty() && !path.ends_with('/') && !version.contains('/') => {
            (path, version)
        }
        // Versions may hold slashes too when they were not encoded: the first at sign behind a name counts.
        _ => match text.char_indices().find(|&(at, c)| c == '@' && at > 0 && !text[..at].ends_with('/')) {
            Some((at, _)) => (&text[..at], &text[at + 1..]),
            None => (text, ""),
        },
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The segments of a path. An encoded slash separates as a plain one does once it is decoded.
fn segments(text: &str) -> Vec<String> {
    let decoded: Vec<String> = text.split('/').map(decoded).collect();
    decoded
        .iter()
        .flat_map(|part| part.split('/'))
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

impl fmt::Display for PackageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pkg:{}/", self.kind)?;
        for segment in self.namespace.split('/').filter(|segment| !segment.is_empty()) {
            percent(f, segment)?;
            f.write_str("/")?;
        }
        percent(f, &self.name)?;
        if !self.version.is_empty() {
            f.write_str("@")?;
            percent(f, &self.version)?;
        }
        let mut qualifiers: Vec<_> = self.qualifiers.iter().filter(|(_, value)| !value.is_empty()).collect();
        qualifiers.sort();
        for (i, (key, value)) in qualifiers.into_iter().enumerate() {
            f.write_str(if i == 0 { "?" } else { "&" })?;
            write!(f, "{key}=")?;
            percent(f, value)?;
        }
        for (i, segment) in
            self.subpath.split('/').filter(|segment| !matches!(*segment, "" | "." | "..")).enumerate()
        {
            f.write_str(if i == 0 { "#" } else { "/" })?;
            percent(f, segment)?;
        }
        Ok(())
    }
}

/// Percent-encodes all but the unreserved characters and the colon, as purl-spec's "Character encoding" asks.
fn percent(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b':');
    let mut rest = text;
    // Runs are written as a whole: reports write a package URL several times a package.
    while let Some(at) = rest.bytes().position(|byte| !plain(byte)) {
        f.write_str(&rest[..at])?;
        let c = rest[at..].chars().next().unwrap_or_default();
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            write!(f, "%{byte:02X}")?;
        }
        rest = &rest[at + c.len_utf8()..];
    }
    f.write_str(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected forms are the examples of purl-spec's types documents.
    #[test]
    fn writes_the_canonical_form() {
        let purl = PackageUrl {
            kind: "deb".into(),
            namespace: "debian".into(),
            name: "libstdc++6".into(),
            version: "1:12.2.0+x~y".into(),
            qualifiers: vec![
                ("distro".into(), "debian-12".into()),
                ("arch".into(), "amd64".into()),
                ("x".into(), "".into()),
            ],
            subpath: String::new(),
        };
        assert_eq!(
            purl.to_string(),
            "pkg:deb/debian/libstdc%2B%2B6@1:12.2.0%2Bx~y?arch=amd64&distro=debian-12"
        );
        let npm = PackageUrl {
            kind: "npm".into(),
            namespace: "@angular".into(),
            name: "animation".into(),
            version: "12.3.1".into(),
            ..PackageUrl::default()
        };
        assert_eq!(npm.to_string(), "pkg:npm/%40angular/animation@12.3.1");
        let go = PackageUrl {
            kind: "golang".into(),
            namespace: "google.golang.org".into(),
            name: "genproto".into(),
            subpath: "/googleapis/api/annotations/".into(),
            ..PackageUrl::default()
        };
        assert_eq!(go.to_string(), "pkg:golang/google.golang.org/genproto#googleapis/api/annotations");
    }

    fn parse(text: &str) -> Result<PackageUrl, PurlError> {
        text.parse()
    }

    // Rows of purl-spec's test suite and of its types documents.
    #[test]
    fn reads_what_the_specification_has() {
        for (text, canonical) in [
            (
                "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie",
                "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie",
            ),
            (
                "pkg:golang/google.golang.org/genproto#/googleapis/api/annotations/",
                "pkg:golang/google.golang.org/genproto#googleapis/api/annotations",
            ),
            ("pkg:npm/%40angular/animation@12.3.1", "pkg:npm/%40angular/animation@12.3.1"),
            ("pkg:npm/@angular/animation@12.3.1", "pkg:npm/%40angular/animation@12.3.1"),
            ("pkg:npm/@angular/animation", "pkg:npm/%40angular/animation"),
            ("pkg:Maven/org.apache.commons/io@1.3.4", "pkg:maven/org.apache.commons/io@1.3.4"),
            ("pkg://maven/org.apache.commons/io", "pkg:maven/org.apache.commons/io"),
            (
                "pkg:docker/customer/dockerimage@sha256:244fd47e07d1004f0aed9c?repository_url=gcr.io",
                "pkg:docker/customer/dockerimage@sha256:244fd47e07d1004f0aed9c?repository_url=gcr.io",
            ),
            (
                "pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&distro=fedora-25&epoch=",
                "pkg:rpm/fedora/curl@7.50.3-1.fc25?arch=i386&distro=fedora-25",
            ),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), canonical, "{text}");
        }
        let long = format!("pkg:npm/{}", "a".repeat(3_000));
        for text in [
            "",
            "pkg:",
            "pkg:npm",
            "pkg:npm/",
            "npm/foo",
            "http:npm/foo",
            "pkg:n&g/foo",
            "pkg:npm/a?b",
            &long,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn reads_what_vendors_write() {
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
            assert!(parse(text).ok().is_none_or(|purl| !purl.name.is_empty()), "{text}");
        }
    }

    // Trivy's and Syft's forms of the same packages, and the examples of purl-spec.
    #[test]
    fn reads_what_scanners_write() {
        let purl = parse("pkg:deb/debian/bsdutils@2.33.1-0.1?arch=amd64&distro=debian-10&epoch=1").unwrap();
        assert_eq!((purl.kind.as_str(), purl.name.as_str()), ("deb", "bsdutils"));
        assert_eq!(purl.version, "2.33.1-0.1");
        assert_eq!(purl.qualifier("epoch"), Some("1"));
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
            assert!(parse(wrong).ok().is_none_or(|purl| !purl.name.is_empty()), "{wrong}");
        }
    }

    #[test]
    fn any_beginning_is_refused_or_has_a_name() {
        let text = "pkg://npm/%40babel/c%C3%B6re@7.0.0/x?arch=amd64&vcs_url=git%2Bhttps://x/y@z#/a/../b/";
        for (end, _) in text.char_indices() {
            assert!(parse(&text[..end]).ok().is_none_or(|purl| !purl.name.is_empty()), "{end}");
        }
        let purl = parse(text).unwrap();
        assert_eq!((purl.version.as_str(), purl.subpath.as_str()), ("7.0.0/x", "a/b"));
        assert_eq!(purl.qualifier("vcs_url"), Some("git+https://x/y@z"));
    }
}
