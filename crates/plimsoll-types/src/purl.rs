//! Package URLs (ECMA-427, purl-spec 1.0): `pkg:type/namespace/name@version?qualifiers#subpath`.

use std::fmt;

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
}
