//! CFG-LEFTOVER: files of the build and of a developer's desk. One finding for an image.

use plimsoll_analysis::{ByteSlice, NodeKind};
use plimsoll_types::classes::configuration::LEFTOVER;
use plimsoll_types::{Detection, Place, TargetKind};

use super::{Look, detection};
use crate::evidence;

/// Names of such files and directories.
const NAMES: &[&[u8]] = &[
    b".DS_Store",
    b".dockerignore",
    b".gitlab-ci.yml",
    b".idea",
    b".travis.yml",
    b".vimrc",
    b".vscode",
    b"Containerfile",
    b"Dockerfile",
    b"Jenkinsfile",
    b"Thumbs.db",
    b"Vagrantfile",
    b"compose.yaml",
    b"compose.yml",
    b"docker-compose.yaml",
    b"docker-compose.yml",
];

/// Directories whose content packages bring.
const FOREIGN: &[&str] = &[
    "node_modules/",
    "site-packages/",
    "dist-packages/",
    "/gems/",
    "/vendor/",
    "pkg/mod/",
    "/registry/src/",
    "/jvm/",
];

/// The most that are named.
const MAX_NAMED: usize = 8;

pub(super) fn check(look: &Look<'_>, out: &mut Vec<Detection>) {
    if look.context.kind != TargetKind::Image {
        return;
    }
    let view = look.context.view;
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut count = 0_usize;
    for (layer, index) in view.layers().iter().enumerate() {
        for node in index.nodes() {
            let path = index.path(node);
            let name = memchr::memrchr(b'/', path).map_or(path, |at| path.get(at + 1..).unwrap_or_default());
            // The list is short, and few names have a length and a beginning of it.
            let is_candidate =
                matches!(name.first(), Some(b'.' | b'C' | b'D' | b'J' | b'T' | b'V' | b'c' | b'd'))
                    && NAMES.contains(&name);
            if !is_candidate
                || !matches!(node.kind, NodeKind::File | NodeKind::Directory)
                || is_foreign(path)
                || !view.is_alive(path, layer)
            {
                continue;
            }
            count += 1;
            if found.len() < MAX_NAMED {
                found.push((layer, path.to_str_lossy().into_owned()));
            }
        }
    }
    let Some((layer, first)) = found.first() else { return };
    let place = Place { name: first.clone(), layer: look.context.layer(*layer), ..Place::default() };
    let message = match count {
        1 => "a file of the build or of a developer's desk is in the image".to_owned(),
        _ => format!("{count} files of the build or of a developer's desk are in the image"),
    };
    let names: Vec<String> = found.iter().map(|(_, path)| evidence::text(path)).collect();
    let mut detection = detection(LEFTOVER, "", place, message);
    detection.evidence = names.join(", ");
    out.push(detection);
}

fn is_foreign(path: &[u8]) -> bool {
    [&b"usr/share/"[..], b"usr/lib/", b"etc/skel/", b"proc/", b"sys/"]
        .iter()
        .any(|prefix| path.starts_with(prefix))
        || FOREIGN.iter().any(|part| path.contains_str(part))
}
