//! CFG-LATEST: the image is named by a tag that moves.

use plimsoll_types::classes::configuration::LATEST;
use plimsoll_types::{Detection, Place, PlaceKind, TargetKind};

use super::{Look, detection};
use crate::evidence;

/// Prefixes of targets that are files.
const FILES: &[&str] =
    &["oci:", "oci-dir:", "oci-archive:", "docker-archive:", "dir:", "file:", "rootfs:", "fs:", "sbom:"];

pub(super) fn check(look: &Look<'_>, out: &mut Vec<Detection>) {
    let name = look.context.name;
    let Some(image) = look.context.image else { return };
    if look.context.kind != TargetKind::Image || is_file(name) {
        return;
    }
    // Of several images under one name, each has its platform behind it.
    let name = name.split(" (").next().unwrap_or(name);
    let prefix =
        name.split_once(':').filter(|(prefix, _)| matches!(*prefix, "docker" | "registry" | "podman"));
    let name = prefix.map_or(name, |(_, rest)| rest);
    // What a registry was asked for is a tag of the image. Another name is that of a folder.
    let full = if tag(name).is_some() { name.to_owned() } else { format!("{name}:latest") };
    let is_tag = |tag: &String| {
        full.strip_suffix(tag.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    if !image.metadata.tags.iter().any(is_tag) {
        return;
    }
    if let Some(message) = moves(name) {
        let place = Place { kind: PlaceKind::Image, ..Place::default() };
        let mut found = detection(LATEST, "", place, message);
        found.evidence = evidence::text(name);
        out.push(found);
    }
}

/// Why what `reference` means changes; `None` for one with a digest or with a tag that is not `latest`.
pub(crate) fn moves(reference: &str) -> Option<String> {
    if reference.contains('@') {
        return None;
    }
    match tag(reference) {
        None => Some("the image is named without a tag, which means latest".to_owned()),
        Some("latest") => Some("the image is named by the tag latest".to_owned()),
        Some(_) => None,
    }
}

/// The tag of a reference. A colon before a slash belongs to the registry's port.
fn tag(reference: &str) -> Option<&str> {
    let last = reference.rsplit('/').next().unwrap_or(reference);
    last.split_once(':').map(|(_, tag)| tag)
}

fn is_file(name: &str) -> bool {
    name.starts_with(['/', '.', '-'])
        || FILES.iter().any(|prefix| name.starts_with(prefix))
        || [".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz"].iter().any(|ending| name.ends_with(ending))
}
