//! Programs in directories of the system that belong to no package (`TMP-UNOWNED`).

use std::collections::BTreeMap;

use plimsoll_analysis::{Content, ImageContext, ImageRules, Live};
use plimsoll_archive::path::file_name;
use plimsoll_types::classes::tampering;
use plimsoll_types::{Detection, Scanner};

use crate::shown::{in_layer, text};

/// The most files that get a finding of their own.
const MAX_SINGLE: usize = 20;
/// As many files in one directory of `/usr/lib` are a runtime that was unpacked there.
const RUNTIME: usize = 4;

/// See the module.
pub(crate) struct Unowned;

impl ImageRules for Unowned {
    fn id(&self) -> &'static str {
        "integrity/unowned"
    }

    fn scanner(&self) -> Scanner {
        Scanner::Integrity
    }

    fn check(&self, context: &ImageContext<'_>, out: &mut Vec<Detection>) {
        if !context.has_file_lists() {
            return;
        }
        let mut trees: BTreeMap<Vec<u8>, Vec<Live<'_>>> = BTreeMap::new();
        let mut single = Vec::new();
        for live in context.view.merged().live().filter(is_candidate) {
            if context.owner(live.path()).is_some() {
                continue;
            }
            match tree(live.path()) {
                Some(tree) => trees.entry(tree.to_vec()).or_default().push(live),
                None => single.push(live),
            }
        }
        for (tree, inside) in trees {
            if inside.len() < RUNTIME {
                single.extend(inside);
            } else if let Some(first) = inside.first() {
                let message = format!(
                    "{} programs and libraries in /{} belong to no package",
                    inside.len(),
                    text(&tree)
                );
                let mut found = finding(context, first, message);
                found.place.name = text(&tree);
                found.rule = "tree".to_owned();
                out.push(found);
            }
        }
        single.sort_by(|a, b| a.path().cmp(b.path()));
        for live in single.iter().take(MAX_SINGLE) {
            let what = match live.node.content {
                Content::Script => "the script",
                _ => "the program",
            };
            let message = format!("{what} /{} belongs to no package", text(live.path()));
            out.push(finding(context, live, message));
        }
        if let Some(first) = single.get(MAX_SINGLE) {
            let rest = single.get(MAX_SINGLE..).unwrap_or_default();
            let mut found =
                finding(context, first, format!("{} more programs belong to no package", rest.len()));
            found.rule = "more".to_owned();
            found.evidence = rest
                .iter()
                .take(20)
                .map(|live| format!("/{}", text(live.path())))
                .collect::<Vec<_>>()
                .join(", ");
            out.push(found);
        }
    }
}

fn finding(context: &ImageContext<'_>, live: &Live<'_>, message: String) -> Detection {
    let step = in_layer(context, live.layer);
    let notes = if step.is_empty() { Vec::new() } else { vec![format!("It came{step}.")] };
    Detection { notes, ..Detection::new(tampering::UNOWNED, context.place(live), message) }
}

/// Programs and scripts that may be run, and libraries, in the directories of the package manager.
fn is_candidate(live: &Live<'_>) -> bool {
    let path = live.path();
    let rest = path.strip_prefix(b"usr/").unwrap_or(path);
    let folders: [&[u8]; 7] = [b"bin/", b"sbin/", b"lib/", b"lib32/", b"lib64/", b"libx32/", b"libexec/"];
    if !live.is_executable() || !folders.iter().any(|folder| rest.starts_with(folder)) {
        return false;
    }
    match live.node.content {
        Content::Other => return false,
        Content::Elf | Content::Script => {}
    }
    // What package managers of languages install there is found as packages of their own.
    let languages: [&[u8]; 5] =
        [b"/site-packages/", b"/dist-packages/", b"/node_modules/", b"/gems/", b"/vendor_perl/"];
    let of_a_language = languages.iter().any(|part| memchr::memmem::find(path, part).is_some());
    // Makers of base images keep services from starting with it.
    let of_the_base = file_name(path) == b"policy-rc.d";
    !of_a_language && !of_the_base
}

/// The tree below `/usr/lib` or `/lib` that a file lies in, if it lies in one: `usr/lib/jvm/java-17`, `usr/lib/go-1.22`.
fn tree(path: &[u8]) -> Option<&[u8]> {
    let mut slashes = memchr::memchr_iter(b'/', path);
    let depth = match path {
        _ if path.starts_with(b"usr/lib/jvm/") => 3,
        _ if path.starts_with(b"usr/lib") => 2,
        _ if path.starts_with(b"lib") => 1,
        _ => return None,
    };
    let end = slashes.nth(depth)?;
    // A directory of an architecture holds libraries side by side; it is no tree of one thing.
    let tree = path.get(..end)?;
    let plain = memchr::memmem::find(file_name(tree), b"-linux-").is_none();
    plain.then_some(tree)
}
