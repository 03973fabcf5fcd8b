//! Who may write where (`PRM-WORLD`, `PRM-PATH`), and files with accounts and keys (`PRM-PASSWD`).

use std::collections::BTreeSet;

use plimsoll_analysis::{Fact, ImageContext, Live, NodeKind};
use plimsoll_archive::path::{file_name, parent};
use plimsoll_types::classes::permissions;
use plimsoll_types::{Detection, Severity};

use crate::expected::relative;
use crate::shown::text;

/// The most findings of a kind of their own; the others share one.
const MAX_SINGLE: usize = 20;

/// How many directories above a path are looked at.
const MAX_DEPTH: usize = 32;

/// What everybody may write to.
pub(crate) fn world(context: &ImageContext<'_>, out: &mut Vec<Detection>) {
    let path = search_path(context);
    let open = |live: &Live<'_>| match live.node.kind {
        NodeKind::File => live.node.mode & 0o002 != 0,
        NodeKind::Directory => live.node.mode & 0o1002 == 0o002,
        _ => false,
    };
    let found: Vec<Live<'_>> = context
        .view
        .merged()
        .live()
        .filter(|live| open(live) && is_sensitive(live.path(), &path) && special(live.path()).is_none())
        .collect();
    // What lies in an open directory is told with it.
    let directories: BTreeSet<&[u8]> =
        found.iter().filter(|live| live.node.kind == NodeKind::Directory).map(Live::path).collect();
    let inside = |live: &&Live<'_>| {
        // Not more of them than real trees have, however deep a hostile one is.
        std::iter::successors(Some(parent(live.path())), |here| Some(parent(here)))
            .take_while(|here| !here.is_empty())
            .take(MAX_DEPTH)
            .any(|here| directories.contains(here))
    };
    let (within, top): (Vec<&Live<'_>>, Vec<&Live<'_>>) = found.iter().partition(inside);
    let single = top.len().min(MAX_SINGLE);
    for live in top.get(..single).unwrap_or_default() {
        let what = match live.node.kind {
            NodeKind::Directory => "everybody may write to the directory",
            _ => "everybody may change",
        };
        let mut detection = one(context, permissions::WORLD, live, format!("{what} /{}", text(live.path())));
        let below = within
            .iter()
            .filter(|inner| inner.path().strip_prefix(live.path()).is_some_and(|rest| rest.starts_with(b"/")))
            .count();
        if below > 0 {
            detection.notes.push(format!("The same goes for {below} files and directories in it."));
        }
        out.push(detection);
    }
    if let Some(first) = top.get(single) {
        let message = format!("everybody may write to {} more files and directories", top.len() - single);
        let mut detection = one(context, permissions::WORLD, first, message);
        detection.rule = "more".to_owned();
        let rest = top.get(single..).unwrap_or_default();
        detection.evidence =
            rest.iter().take(20).map(|live| format!("/{}", text(live.path()))).collect::<Vec<_>>().join(", ");
        out.push(detection);
    }
}

fn one(
    context: &ImageContext<'_>,
    class: &'static plimsoll_types::Class,
    live: &Live<'_>,
    message: String,
) -> Detection {
    let (uid, gid) = live.owner();
    let evidence = format!("mode {:04o}, user {uid}, group {gid}", live.node.mode);
    Detection { evidence, ..Detection::new(class, context.place(live), message) }
}

/// Where programs, libraries, configuration and scheduled jobs lie.
fn is_sensitive(path: &[u8], search: &[Vec<u8>]) -> bool {
    const TREES: [&[u8]; 12] = [
        b"bin",
        b"sbin",
        b"lib",
        b"lib32",
        b"lib64",
        b"libx32",
        b"usr",
        b"etc",
        b"boot",
        b"root",
        b"var/spool/cron",
        b"var/lib/dpkg",
    ];
    let within = |tree: &[u8]| path.strip_prefix(tree).is_some_and(|rest| rest.is_empty() || rest[0] == b'/');
    TREES.iter().any(|tree| within(tree)) || search.iter().any(|folder| !folder.is_empty() && within(folder))
}

/// The directories of PATH, relative to the root.
fn search_path(context: &ImageContext<'_>) -> Vec<Vec<u8>> {
    let Some(image) = context.image else { return Vec::new() };
    let value = image.config.env.iter().find_map(|variable| variable.strip_prefix("PATH="));
    let folders = value.unwrap_or_default().split(':').filter(|folder| folder.starts_with('/'));
    folders.map(|folder| relative(folder.trim_end_matches('/').as_bytes()).to_vec()).take(100).collect()
}

/// The user and group that the image runs as; `None` for root and where they cannot be known.
fn runtime_user(context: &ImageContext<'_>) -> Option<(u32, u32)> {
    let user = &context.image?.config.user;
    let (name, group) = user.split_once(':').unwrap_or((user, ""));
    let account = context
        .live()
        .filter(|file| file.facts.path == "etc/passwd")
        .flat_map(|file| &file.facts.facts)
        .filter_map(|fact| match fact {
            Fact::Accounts(accounts) => Some(accounts),
            _ => None,
        })
        .flatten()
        .find(|account| account.name == name || name.parse() == Ok(account.uid));
    let uid = name.parse().ok().or(account.map(|account| account.uid))?;
    let gid = group.parse().ok().or(account.map(|account| account.gid));
    (uid != 0).then_some((uid, gid.unwrap_or(u32::MAX)))
}

/// Directories of PATH and of the loader that the user who runs may write to.
pub(crate) fn path(context: &ImageContext<'_>, out: &mut Vec<Detection>) {
    let Some((uid, gid)) = runtime_user(context) else { return };
    let mut folders: Vec<(Vec<u8>, &str)> =
        search_path(context).into_iter().map(|folder| (folder, "a directory of PATH")).collect();
    for folder in ["lib", "lib64", "usr/lib", "usr/lib64", "usr/local/lib"] {
        folders.push((folder.as_bytes().to_vec(), "a directory of libraries"));
    }
    let mut seen = BTreeSet::new();
    for (folder, what) in folders {
        let Ok(Some(found)) = context.view.resolve(&folder) else { continue };
        let Some(live) = context.files().at(&found.path).filter(|live| live.node.kind == NodeKind::Directory)
        else {
            continue;
        };
        let (owner, group) = live.owner();
        let mode = live.node.mode;
        let may = owner == uid && mode & 0o200 != 0 || group == gid && mode & 0o020 != 0;
        if may && seen.insert(found.path.clone()) {
            let message = format!("the image's user {uid} may write to /{}, {what}", text(&found.path));
            out.push(one(context, permissions::PATH, &live, message));
        }
    }
}

/// What is wrong with the mode of a file that this rule knows.
struct Special {
    /// Bits that must not be set.
    forbidden: u16,
    /// What they let others do.
    what: &'static str,
}

fn special(path: &[u8]) -> Option<Special> {
    let read = Some(Special { forbidden: 0o026, what: "may be read or changed by others" });
    let write = Some(Special { forbidden: 0o022, what: "may be changed by others" });
    let name = file_name(path);
    match path {
        b"etc/passwd" | b"etc/passwd-" | b"etc/group" | b"etc/group-" => return write,
        b"etc/shadow" | b"etc/shadow-" | b"etc/gshadow" | b"etc/gshadow-" => return read,
        b"etc/sudoers" | b"etc/doas.conf" => return write,
        _ => {}
    }
    if path.starts_with(b"etc/sudoers.d/") {
        return write;
    }
    if path.starts_with(b"etc/ssh/ssh_host_") && path.ends_with(b"_key") {
        return read;
    }
    if file_name(parent(path)) == b".ssh" && (path.starts_with(b"root/") || path.starts_with(b"home/")) {
        return match name {
            b"authorized_keys" | b"config" => write,
            _ if name.starts_with(b"id_") && !name.ends_with(b".pub") => {
                Some(Special { forbidden: 0o066, what: "may be read or changed by others" })
            }
            _ => None,
        };
    }
    None
}

/// Files with accounts and keys.
pub(crate) fn accounts(context: &ImageContext<'_>, out: &mut Vec<Detection>) {
    let heads: [&[u8]; 3] = [b"etc/", b"root/", b"home/"];
    for live in context.view.merged().live().filter(|live| live.node.kind == NodeKind::File) {
        let path = live.path();
        if !heads.iter().any(|head| path.starts_with(head)) {
            continue;
        }
        let Some(special) = special(path) else { continue };
        let wrong = live.node.mode & special.forbidden;
        if wrong == 0 {
            continue;
        }
        let mut found = one(context, permissions::PASSWD, &live, format!("/{} {}", text(path), special.what));
        if wrong & 0o006 == 0 && path.starts_with(b"etc/") && live.owner().1 == 0 {
            found.severity = Severity::Medium;
            found.notes.push(
                "Only the group root may, as platforms want it that run images under an arbitrary user."
                    .to_owned(),
            );
        }
        out.push(found);
    }
}
