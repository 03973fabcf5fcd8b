//! What identifies a scanned image: its package URL of type `oci` (purl-spec, types document "oci").

use plimsoll_types::{ImageMetadata, PackageUrl};

/// The image's package URL; `None` when it has no manifest digest, or no tag that names a repository.
pub(crate) fn purl(image: &ImageMetadata) -> Option<PackageUrl> {
    let digest = image.manifest.as_ref()?;
    let (repository, tag) = image.tags.iter().find_map(|tag| split(tag))?;
    let (_, name) = repository.rsplit_once('/')?;
    Some(PackageUrl {
        kind: "oci".to_owned(),
        name: name.to_owned(),
        version: digest.to_string(),
        qualifiers: vec![
            ("arch".to_owned(), image.platform.architecture.clone()),
            ("repository_url".to_owned(), repository.clone()),
            ("tag".to_owned(), tag.to_owned()),
        ],
        ..PackageUrl::default()
    })
}

/// Splits `name:tag` into the full repository name and the tag. A bare tag, as OCI layouts keep it, names no repository.
fn split(reference: &str) -> Option<(String, &str)> {
    let (name, tag) = reference.rsplit_once(':')?;
    if name.is_empty() || tag.is_empty() || tag.contains('/') || reference.contains(char::is_whitespace) {
        return None;
    }
    // The rules by which `alpine` means `docker.io/library/alpine` are those of the distribution reference grammar.
    let repository = match name.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => name.to_owned(),
        Some(_) => format!("docker.io/{name}"),
        None => format!("docker.io/library/{name}"),
    };
    Some((repository.to_lowercase(), tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purls_name_the_repository() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let purl_of = |tag: &str| {
            let image = ImageMetadata {
                manifest: Some(digest.parse().unwrap()),
                tags: vec![tag.to_owned()],
                ..ImageMetadata::default()
            };
            purl(&image).map(|purl| purl.to_string())
        };
        assert_eq!(
            purl_of("alpine:3.20").unwrap(),
            format!("pkg:oci/alpine@{digest}?repository_url=docker.io%2Flibrary%2Falpine&tag=3.20")
        );
        assert_eq!(
            purl_of("localhost:5000/a/b:1").unwrap(),
            format!("pkg:oci/b@{digest}?repository_url=localhost:5000%2Fa%2Fb&tag=1")
        );
        assert_eq!(purl_of("latest"), None);
        assert_eq!(purl_of("localhost:5000/a"), None);
    }
}
