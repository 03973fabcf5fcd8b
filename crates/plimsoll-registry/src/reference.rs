//! Image references, such as `alpine`, `ghcr.io/owner/name:tag` or `host:5000/a/b@sha256:…`: the grammar and the
//! normal form of the distribution project's `reference` package.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use plimsoll_types::Digest;

/// The registry of references that name none.
const DEFAULT_REGISTRY: &str = "docker.io";

/// The longest repository name (`RepositoryNameTotalLengthMax`).
const MAX_REPOSITORY: usize = 255;

/// The longest tag.
const MAX_TAG: usize = 128;

/// Where an image is: a registry, a repository in it, and a tag or a digest or both. `Display` gives the full form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// Why a text is not a reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{reference}' is not an image reference: {reason}")]
pub struct ReferenceError {
    /// The text.
    pub reference: String,
    /// What is wrong.
    pub reason: String,
}

impl Reference {
    /// The registry, such as `docker.io` or `localhost:5000`.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository's full name in it, such as `library/alpine`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag; `latest` when the reference had neither tag nor digest.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest, which decides where there is a tag as well.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// What has this digest in the same repository.
    pub fn with_digest(&self, digest: Digest) -> Reference {
        Reference { tag: None, digest: Some(digest), ..self.clone() }
    }

    /// Repository and tag as Docker shows them: without what it would fill in. `None` without a tag.
    pub fn familiar_tag(&self) -> Option<String> {
        let tag = self.tag.as_deref()?;
        if self.registry != DEFAULT_REGISTRY {
            return Some(format!("{}/{}:{tag}", self.registry, self.repository));
        }
        let name = match self.repository.strip_prefix("library/") {
            Some(name) if !name.contains('/') => name,
            _ => &self.repository,
        };
        Some(format!("{name}:{tag}"))
    }

    /// The host that answers for a registry.
    pub(crate) fn api_host(registry: &str) -> &str {
        if registry == DEFAULT_REGISTRY { "registry-1.docker.io" } else { registry }
    }

    /// What stands for the manifest in a URL.
    pub(crate) fn manifest_id(&self) -> String {
        match (&self.digest, &self.tag) {
            (Some(digest), _) => digest.to_string(),
            (None, Some(tag)) => tag.clone(),
            (None, None) => "latest".to_owned(),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Reference, ReferenceError> {
        let invalid = |reason: &str| ReferenceError {
            reference: text.chars().filter(|c| !c.is_control()).take(300).collect(),
            reason: reason.to_owned(),
        };
        if text.is_empty() {
            return Err(invalid("it is empty"));
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => {
                let digest: Digest = digest.parse().map_err(|error| invalid(&format!("{error}")))?;
                (rest, Some(digest))
            }
            None => (text, None),
        };
        // A colon before the last slash belongs to a port.
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
            return Err(invalid(&format!(
                "'{}' is not a tag",
                tag.chars().take(MAX_TAG + 1).collect::<String>()
            )));
        }
        if name.len() == 64 && name.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            return Err(invalid("64 hexadecimal digits are an image's id, which no registry knows"));
        }
        let (registry, path) = match name.split_once('/') {
            Some(("index.docker.io", path)) => (DEFAULT_REGISTRY, path),
            // Without a dot or port it is a namespace of the default registry, but namespaces have no upper case.
            Some((first, path))
                if first == "localhost"
                    || first.contains(['.', ':'])
                    || first.bytes().any(|b| b.is_ascii_uppercase()) =>
            {
                (first, path)
            }
            _ => (DEFAULT_REGISTRY, name),
        };
        if !is_domain(registry) {
            return Err(invalid(&format!("'{registry}' is not a registry's host")));
        }
        let repository = if registry == DEFAULT_REGISTRY && !path.contains('/') {
            format!("library/{path}")
        } else {
            path.to_owned()
        };
        if path.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(invalid("the repository's name must be in lower case"));
        }
        if path.is_empty() || !repository.split('/').all(is_path_component) {
            return Err(invalid("the repository's name has a form that is not allowed"));
        }
        if repository.len() > MAX_REPOSITORY {
            return Err(invalid(&format!(
                "the repository's name is longer than {MAX_REPOSITORY} characters"
            )));
        }
        let tag = match (tag, &digest) {
            (None, None) => Some("latest".to_owned()),
            (tag, _) => tag.map(str::to_owned),
        };
        Ok(Reference { registry: registry.to_owned(), repository, tag, digest })
    }
}

/// `[\w][\w.-]{0,127}`
fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let mut bytes = text.bytes();
    bytes.next().is_some_and(word)
        && bytes.all(|b| word(b) || matches!(b, b'.' | b'-'))
        && text.len() <= MAX_TAG
}

/// Letters and digits with single separators between them: `.`, `_`, `__` or any number of `-`.
fn is_path_component(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators_fit = text
        .split(alphanumeric)
        .all(|separator| matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-'));
    text.starts_with(alphanumeric) && text.ends_with(alphanumeric) && separators_fit
}

/// A host name or an address, with or without a port.
fn is_domain(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() => (None, port),
            _ => return false,
        },
        None => {
            let end = text.find(':').unwrap_or(text.len());
            (text.get(..end), text.get(end..).unwrap_or_default())
        }
    };
    let component = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let port_fits = match port.strip_prefix(':') {
        Some(port) => {
            port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
        }
        None => port.is_empty(),
    };
    port_fits && host.is_none_or(|host| host.split('.').all(component))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

    // What `docker pull` and `skopeo inspect docker://…` make of these names.
    #[test]
    fn fills_in_what_docker_fills_in() {
        for (text, full) in [
            ("alpine", "docker.io/library/alpine:latest"),
            ("alpine:3.20", "docker.io/library/alpine:3.20"),
            ("library/x", "docker.io/library/x:latest"),
            ("owner/name:V_1.0-x", "docker.io/owner/name:V_1.0-x"),
            ("a/b/c", "docker.io/a/b/c:latest"),
            ("docker.io/debian", "docker.io/library/debian:latest"),
            ("index.docker.io/library/debian", "docker.io/library/debian:latest"),
            ("localhost/a", "localhost/a:latest"),
            ("localhost", "docker.io/library/localhost:latest"),
            ("localhost:5000", "docker.io/library/localhost:5000"),
            ("localhost:5000/a", "localhost:5000/a:latest"),
            ("127.0.0.1:5000/library/debian", "127.0.0.1:5000/library/debian:latest"),
            ("192.168.0.1:80", "docker.io/library/192.168.0.1:80"),
            ("[::1]:5000/repo:tag", "[::1]:5000/repo:tag"),
            ("[2001:db8::1]/repo", "[2001:db8::1]/repo:latest"),
            ("Uppercase/lowercase", "Uppercase/lowercase:latest"),
            ("xn--n3h.com/myimage:xn--n3h.com", "xn--n3h.com/myimage:xn--n3h.com"),
            ("foo/foo_bar.com:8080", "docker.io/foo/foo_bar.com:8080"),
            ("a/b__c/d---e/f.g", "docker.io/a/b__c/d---e/f.g:latest"),
        ] {
            assert_eq!(text.parse::<Reference>().map(|r| r.to_string()).unwrap(), full, "{text}");
            assert_eq!(full.parse::<Reference>().unwrap().to_string(), full);
        }
        for (text, full) in [
            (format!("alpine@{DIGEST}"), format!("docker.io/library/alpine@{DIGEST}")),
            (format!("host:5000/a/b:tag@{DIGEST}"), format!("host:5000/a/b:tag@{DIGEST}")),
        ] {
            let reference: Reference = text.parse().unwrap();
            assert_eq!(reference.to_string(), full);
            assert_eq!(reference.manifest_id(), DIGEST);
        }
    }

    #[test]
    fn shows_tags_as_docker_does() {
        for (text, tag) in [
            ("alpine", Some("alpine:latest")),
            ("docker.io/owner/name:1", Some("owner/name:1")),
            ("library/a/b", Some("library/a/b:latest")),
            ("ghcr.io/library/a:1", Some("ghcr.io/library/a:1")),
            (&format!("alpine@{DIGEST}"), None),
        ] {
            assert_eq!(text.parse::<Reference>().unwrap().familiar_tag().as_deref(), tag, "{text}");
        }
    }

    // Refused by the `reference` package's own tests too.
    #[test]
    fn refuses_what_docker_refuses() {
        let long = format!("{}/a", "a".repeat(255));
        let hex = "1a3f5e7d9c1b3a5f7e9d1c3b5a7f9e1d3c5b7a9f1e3d5d7c9b1a3f5e7d9c1b3a";
        let long_tag = format!("a:{}", "t".repeat(129));
        for bad in [
            "",
            ":justtag",
            "@sha256:ffff",
            "repo@sha256:ff",
            "repo@md5:ffffffffffffffffffffffffffffffff",
            "Uppercase:tag",
            "test:5000/Uppercase/lowercase:tag",
            "docker.io/Alpine",
            "aa/asdf$$^/aa",
            "https://github.com/docker/docker",
            "docker/Docker",
            "-docker",
            "-docker/docker",
            "docker///docker",
            "docker.io/docker///docker",
            "docker.io/",
            "/docker",
            "docker/",
            "a..b",
            "a.-b",
            "a___b",
            "a_",
            "_a",
            "a b",
            "a:",
            "a:.tag",
            "a:tag:tag",
            "-host.com/a",
            "ho_st.com/a",
            "host.com:port/a",
            "host.com:0/a",
            "host.com:99999/a",
            "[fe80::1%eth0]:5000/repo",
            "[2001:db8:::1]/repo",
            "[::1]x/repo",
            "ünïcode",
            &long,
            hex,
            &long_tag,
        ] {
            assert!(bad.parse::<Reference>().is_err(), "{bad}");
        }
        let error = "docker.io/Alpine".parse::<Reference>().unwrap_err();
        assert!(error.to_string().contains("lower case"), "{error}");
    }

    #[test]
    fn survives_any_prefix_and_flip() {
        let whole = format!("[::1]:5000/a-b/c__d:tag-1@{DIGEST}");
        for len in 0..=whole.len() {
            let _ = whole[..len].parse::<Reference>();
            for flip in [1u8, 0x20, 0x80] {
                let mut bytes = whole.as_bytes().to_vec();
                if let Some(byte) = bytes.get_mut(len) {
                    *byte ^= flip;
                }
                let _ = String::from_utf8_lossy(&bytes).parse::<Reference>();
            }
        }
    }
}
