//! What a target's name means.

use std::io::Read;
use std::path::{Path, PathBuf};

use plimsoll_image::sources::{self, ImageSource};

use crate::exit::usage;

/// A target, understood.
pub(crate) enum Target {
    /// An image on disk: its source, its place, the tag or digest asked for.
    Image { source: &'static ImageSource, path: PathBuf, selector: String },
    /// A directory.
    Directory(PathBuf),
    /// A single file that is no image.
    File(PathBuf),
    /// A reference to a registry.
    Registry(String),
}

/// Prefixes and the names that others use for the same.
const PREFIXES: &[(&str, &str)] = &[
    ("archive", "archive"),
    ("docker-archive", "archive"),
    ("oci-archive", "archive"),
    ("oci", "oci"),
    ("oci-dir", "oci"),
    ("dir", "dir"),
    ("rootfs", "dir"),
    ("registry", "registry"),
    ("docker", "daemon"),
    ("podman", "daemon"),
    ("containerd", "daemon"),
];

/// Understands a target by its prefix, or by what is there.
pub(crate) fn understand(name: &str) -> anyhow::Result<Target> {
    if name.is_empty() {
        return Err(usage("a target's name is empty"));
    }
    if let Some((prefix, rest)) = name.split_once(':')
        && let Some((_, kind)) = PREFIXES.iter().find(|(known, _)| *known == prefix)
        && !Path::new(name).exists()
    {
        if rest.is_empty() {
            return Err(usage(format!("the target '{name}' names nothing behind its prefix")));
        }
        return match *kind {
            "dir" => Ok(Target::Directory(rest.into())),
            // `docker://` and `registry://`, as skopeo and others write them, are registry references.
            "registry" => Ok(Target::Registry(rest.trim_start_matches("//").to_owned())),
            "daemon" if rest.starts_with("//") => {
                Ok(Target::Registry(rest.trim_start_matches('/').to_owned()))
            }
            "daemon" => {
                let save =
                    if prefix == "containerd" { "ctr images export" } else { &format!("{prefix} save") };
                Err(usage(format!(
                    "'{prefix}:' is not supported: save the image (`{save}`) and scan the archive, or scan it from its registry"
                )))
            }
            id => {
                let Some(source) = sources::source(id) else {
                    return Err(usage(format!("there is no image source '{id}'")));
                };
                let (path, selector) = split(rest);
                Ok(Target::Image { source, path, selector })
            }
        };
    }
    let path = Path::new(name);
    if is_text(path) {
        return Ok(Target::File(path.to_owned()));
    }
    if let Some(source) = sources::recognise(path) {
        return Ok(Target::Image { source, path: path.to_owned(), selector: String::new() });
    }
    if path.is_dir() {
        return Ok(Target::Directory(path.to_owned()));
    }
    let (file, selector) = split(name);
    if !selector.is_empty()
        && (name.contains('/') || file.is_file())
        && let Some(source) = sources::recognise(&file)
    {
        return Ok(Target::Image { source, path: file, selector });
    }
    // Nobody names a registry reference like this; a file that is missing should not become a question to a registry.
    let looks_like_a_file = name.starts_with('/')
        || name.starts_with("./")
        || name.starts_with("../")
        || [".tar", ".tar.gz", ".tgz", ".tar.zst"].iter().any(|ending| name.ends_with(ending));
    if looks_like_a_file {
        anyhow::bail!("{name}: no such file or directory");
    }
    Ok(Target::Registry(name.to_owned()))
}

/// True for a regular file that begins as no archive can: an archive's header is filled up with zeros, and what compresses one
/// begins with bytes that are no text.
fn is_text(path: &Path) -> bool {
    let mut head = [0; 512];
    let mut read = |path: &Path| -> std::io::Result<usize> {
        if !path.is_file() {
            return Ok(0);
        }
        std::fs::File::open(path)?.read(&mut head)
    };
    match read(path) {
        Ok(n) if n > 0 => {
            let head = head.get(..n).unwrap_or_default();
            // A character may be cut in two at the end.
            let is_utf8 = match std::str::from_utf8(head) {
                Ok(_) => true,
                Err(error) => error.error_len().is_none(),
            };
            is_utf8 && !head.contains(&0)
        }
        _ => false,
    }
}

/// Takes `PATH:TAG` and `PATH@DIGEST` apart. A path that is there as it stands has no selector.
fn split(text: &str) -> (PathBuf, String) {
    if !Path::new(text).exists() {
        if let Some((path, digest)) = text.split_once("@sha")
            && !path.is_empty()
        {
            return (path.into(), format!("sha{digest}"));
        }
        // The shortest path that is there: a reference name may hold colons itself.
        for (at, _) in text.match_indices(':') {
            if Path::new(&text[..at]).exists() {
                return (text[..at].into(), text[at + 1..].to_owned());
            }
        }
    }
    (text.into(), String::new())
}
