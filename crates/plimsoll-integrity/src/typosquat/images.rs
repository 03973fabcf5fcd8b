//! References of images that look like official images of the public hub: `ngnix`, `library-nginx`, `docker.io/ubunutu`.
//!
//! Only names without a namespace, which the hub gives to official images alone, and names that are put together from `library`
//! can be judged: an image `someone/ubuntu` may be anything.

use std::sync::LazyLock;

use super::names::{entries, telling_edit};

/// Sorted.
static OFFICIAL: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| entries(include_str!("../../data/popular/images.txt")).collect());

/// The official image for which the image with this reference could be taken.
pub(super) fn resembles(reference: &str) -> Option<&'static str> {
    // A path of a file or folder is no reference.
    let file = [".tar", ".tar.gz", ".tgz", ".tar.zst"].iter().any(|end| reference.ends_with(end));
    if file || reference.starts_with(['/', '.']) || reference.len() > 255 {
        return None;
    }
    let bare = reference.split('@').next()?;
    let path = match bare.split_once('/') {
        // The first component is a host when it has a dot, a port, or is this one.
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => rest,
        _ => bare,
    };
    let path = path.strip_prefix("library/").unwrap_or(path);
    let repository = path.split(':').next()?;
    if repository.contains('/') || official(repository).is_some() {
        return None;
    }
    let joined = ["library-", "library_", "official-", "official_", "docker-library-"]
        .iter()
        .find_map(|prefix| repository.strip_prefix(prefix));
    if let Some(found) = joined.and_then(official) {
        return Some(found);
    }
    let letters = |name: &str| name.replace(['-', '_', '.'], "");
    if repository.len() < 5 {
        return None;
    }
    OFFICIAL.iter().copied().find(|name| {
        let long = name.len() >= 5;
        long && (telling_edit(repository, name) || letters(repository) == letters(name))
    })
}

fn official(name: &str) -> Option<&'static str> {
    OFFICIAL.binary_search(&name).ok().and_then(|number| OFFICIAL.get(number).copied())
}
