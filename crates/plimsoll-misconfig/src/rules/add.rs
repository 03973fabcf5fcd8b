//! CFG-ADD: files are added with ADD.

use plimsoll_types::classes::configuration::ADD;
use plimsoll_types::{Confidence, Severity};

use super::Fault;
use crate::build::{Build, Keyword, Origin};
use crate::evidence;

/// Endings of what ADD unpacks (Dockerfile reference, "ADD"): for these it does what COPY does not.
const ARCHIVES: &[&str] = &[
    ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz", ".tar.zst", ".tzst",
    ".tar.lz4",
];

pub(super) fn check(build: &Build, faults: &mut Vec<Fault>) {
    let mut is_first = true;
    for (number, step) in build.steps.iter().enumerate() {
        let instruction = &step.instruction;
        let makes_layer = matches!(instruction.keyword, Keyword::Add | Keyword::Copy | Keyword::Run)
            && !instruction.trigger;
        let first = is_first;
        is_first &= !makes_layer;
        if instruction.keyword != Keyword::Add {
            continue;
        }
        let words = instruction.words();
        let Some((target, sources)) = words.split_last() else { continue };
        let evidence = evidence::text(&format!("ADD {}", instruction.text()));
        if let Some(url) = sources.iter().find(|source| is_url(source)) {
            if instruction.flag("checksum").is_none() {
                let message = format!("ADD fetches {} without a checksum", evidence::text(url));
                faults
                    .push(Fault::new(ADD, "url", number, message).at(0, evidence).severity(Severity::Medium));
            }
            continue;
        }
        if let Some(source) = sources.iter().find(|source| is_git(source)) {
            if instruction.flag("checksum").is_none() && !names_commit(source) {
                let message =
                    format!("ADD fetches the repository {} without naming a commit", evidence::text(source));
                faults
                    .push(Fault::new(ADD, "git", number, message).at(0, evidence).severity(Severity::Medium));
            }
            continue;
        }
        // The root file system of a base image comes with an ADD of its own.
        let is_history = matches!(instruction.origin, Origin::History { .. });
        if target == "/" && is_history && (first || instruction.inherited) {
            continue;
        }
        let is_archive = |source: &String| {
            let source = source.to_ascii_lowercase();
            ARCHIVES.iter().any(|ending| source.ends_with(ending))
                || source.contains(".tar.") && source.contains('*')
        };
        if sources.iter().any(is_archive) {
            continue;
        }
        let fault = Fault::new(ADD, "copy", number, "ADD is used where COPY does").at(0, evidence);
        // The classic builder keeps the digest of what was added, not its name: it may have been an archive.
        let is_nameless = sources
            .iter()
            .any(|source| ["file:", "dir:", "multi:"].iter().any(|kind| source.starts_with(kind)));
        // `$ARCHIVE`
        let is_variable = sources.iter().all(|source| source.starts_with('$') && !source.contains('/'));
        faults.push(if is_nameless {
            fault
                .confidence(Confidence::Low)
                .note("The history does not say whether what was added is an archive, which ADD unpacks.")
        } else if is_variable {
            fault
                .confidence(Confidence::Low)
                .note("What a variable names may be an archive, which ADD unpacks.")
        } else {
            fault
        });
    }
}

fn is_url(source: &str) -> bool {
    ["http://", "https://", "ftp://"].iter().any(|scheme| source.starts_with(scheme)) && !is_git(source)
}

fn is_git(source: &str) -> bool {
    let path = source.split('#').next().unwrap_or_default();
    source.starts_with("git@")
        || source.starts_with("git://")
        || path.contains("://") && path.ends_with(".git")
}

/// True when the part behind `#` begins with a commit's digest.
fn names_commit(source: &str) -> bool {
    let reference = source.split('#').nth(1).unwrap_or_default().split(':').next().unwrap_or_default();
    reference.len() == 40 && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
}
