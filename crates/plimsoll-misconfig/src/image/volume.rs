//! CFG-VOLUME: a system directory is a volume.

use plimsoll_types::classes::configuration::VOLUME;
use plimsoll_types::{Detection, Severity};

use super::{Look, config_place, detection};
use crate::evidence;

/// Directories that are the system, with all below them.
const TREES: &[&str] = &["/bin", "/boot", "/dev", "/lib", "/lib64", "/proc", "/sbin", "/sys"];
/// Directories that are the system, while what is below them may be data.
const DIRECTORIES: &[&str] = &[
    "/",
    "/etc",
    "/opt",
    "/root",
    "/run",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/local",
    "/usr/sbin",
    "/var",
    "/var/run",
];

pub(super) fn check(look: &Look<'_>, out: &mut Vec<Detection>) {
    let Some(config) = look.config else { return };
    for volume in &config.volumes {
        let Some((rule, severity)) = judge(volume) else { continue };
        let message = match rule {
            "socket" => format!("the socket of the engine, {}, is a volume", evidence::text(volume)),
            _ => format!("the system directory {} is a volume", evidence::text(volume)),
        };
        let mut found = detection(VOLUME, rule, config_place("Volumes"), message);
        found.severity = severity;
        out.push(found);
    }
}

/// What is wrong with a volume at `path`.
pub(crate) fn judge(path: &str) -> Option<(&'static str, Severity)> {
    let path = path.trim().trim_end_matches('/');
    let path = if path.is_empty() { "/" } else { path };
    if path.ends_with("docker.sock") || path.ends_with("containerd.sock") || path.ends_with("podman.sock") {
        return Some(("socket", Severity::High));
    }
    let is_below =
        |tree: &&str| path.strip_prefix(*tree).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    (DIRECTORIES.contains(&path) || TREES.iter().any(is_below)).then_some(("system", Severity::Medium))
}
