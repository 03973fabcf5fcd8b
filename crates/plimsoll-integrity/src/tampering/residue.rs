//! What later layers delete or replace and the image ships all the same (`TMP-RESIDUE`).

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_analysis::{ImageContext, ImageRules, NodeKind};
use plimsoll_archive::path::file_name;
use plimsoll_types::classes::tampering;
use plimsoll_types::{Detection, Place, PlaceKind, Scanner, Severity};

use crate::shown::text;

/// From how many bytes on it is worth a word.
const MUCH: u64 = 5_000_000;
/// How many groups are named.
const GROUPS: usize = 8;

/// See the module.
pub(crate) struct Residue;

/// What is known of one kind of files.
#[derive(Default)]
struct Group {
    bytes: u64,
    files: usize,
    layers: BTreeSet<usize>,
    example: String,
}

impl ImageRules for Residue {
    fn id(&self) -> &'static str {
        "integrity/residue"
    }

    fn scanner(&self) -> Scanner {
        Scanner::Integrity
    }

    fn check(&self, context: &ImageContext<'_>, out: &mut Vec<Detection>) {
        if context.image.is_none() {
            return;
        }
        let mut groups: BTreeMap<(bool, String), Group> = BTreeMap::new();
        let (mut bytes, mut files) = (0_u64, 0_usize);
        for hidden in context.view.merged().hidden() {
            if hidden.node.kind != NodeKind::File {
                continue;
            }
            bytes = bytes.saturating_add(hidden.node.size);
            files += 1;
            let path = hidden.path();
            let key = match sensitive(path) {
                Some(kind) => (true, kind.to_owned()),
                None => (false, place(path)),
            };
            let group = groups.entry(key).or_default();
            group.bytes = group.bytes.saturating_add(hidden.node.size);
            group.files += 1;
            group.layers.insert(hidden.layer);
            if group.example.is_empty() {
                group.example = text(path);
            }
        }
        let mut found: Vec<(&(bool, String), &Group)> = groups.iter().collect();
        let sensitive = found.iter().any(|((sensitive, _), _)| *sensitive);
        if bytes < MUCH && !sensitive {
            return;
        }
        found.sort_by(|a, b| (b.0.0, b.1.bytes).cmp(&(a.0.0, a.1.bytes)).then_with(|| a.0.cmp(b.0)));
        let list = |layers: &BTreeSet<usize>| {
            let numbers: Vec<String> = layers.iter().map(usize::to_string).collect();
            let word = if numbers.len() == 1 { "layer" } else { "layers" };
            format!("{word} {}", numbers.join(", "))
        };
        let shown: Vec<String> = found
            .iter()
            .take(GROUPS)
            .map(|((sensitive, kind), group)| {
                let size = size(group.bytes);
                let example =
                    if *sensitive { format!(", such as /{}", group.example) } else { String::new() };
                format!("{kind}: {size} in {} files of {}{example}", group.files, list(&group.layers))
            })
            .collect();
        let message =
            format!("{} in {files} files ship though later layers delete or replace them", size(bytes));
        let place = Place { kind: PlaceKind::Image, ..Place::default() };
        let mut detection = Detection::new(tampering::RESIDUE, place, message);
        detection.evidence = shown.join("; ");
        if sensitive {
            detection.severity = Severity::Low;
            detection.notes.push("Kinds of files are among them that tell more than they should.".to_owned());
        }
        out.push(detection);
    }
}

/// The kind of a file that tells more than it should.
fn sensitive(path: &[u8]) -> Option<&'static str> {
    let name = file_name(path);
    let has = |part: &[u8]| memchr::memmem::find(path, part).is_some();
    let ends = |endings: &[&[u8]]| endings.iter().any(|ending| name.ends_with(ending));
    // Documentation and test data of packages have them too.
    let of_the_system = [&b"usr/share/"[..], b"usr/lib/", b"etc/ssl/", b"usr/local/lib/"]
        .iter()
        .any(|head| path.starts_with(head));
    if has(b"/.git/") || path.starts_with(b".git/") {
        Some("git repositories")
    } else if !of_the_system
        && (ends(&[b".pem", b".key", b".p12", b".pfx", b".jks", b".kdbx"])
            || name.starts_with(b"id_rsa")
            || name.starts_with(b"id_ed25519")
            || name.starts_with(b"id_ecdsa"))
    {
        Some("keys")
    } else if !of_the_system
        && (matches!(
            name,
            b".env"
                | b".npmrc"
                | b".netrc"
                | b".pypirc"
                | b".git-credentials"
                | b".dockercfg"
                | b"kubeconfig"
        ) || has(b".aws/credentials")
            || has(b".docker/config.json"))
    {
        Some("credential files")
    } else if ends(&[b"_history"]) && name.starts_with(b".") {
        Some("shell histories")
    } else {
        None
    }
}

/// Where a file lies, in the words that a reader looks for: caches by what they are, others by their directory.
fn place(path: &[u8]) -> String {
    let caches: [(&[u8], &str); 10] = [
        (b"var/cache/apt/", "package caches"),
        (b"var/lib/apt/lists/", "package lists"),
        (b"var/cache/apk/", "package caches"),
        (b"etc/apk/cache/", "package caches"),
        (b"var/cache/dnf/", "package caches"),
        (b"var/cache/yum/", "package caches"),
        (b"root/.cache/", "caches of the build"),
        (b"root/.npm/", "caches of the build"),
        (b"root/.m2/", "caches of the build"),
        (b"usr/src/", "build sources"),
    ];
    if let Some((_, kind)) = caches.iter().find(|(head, _)| path.starts_with(head)) {
        return (*kind).to_owned();
    }
    let end = memchr::memchr_iter(b'/', path).nth(1).or_else(|| memchr::memchr(b'/', path));
    format!("/{}", text(path.get(..end.unwrap_or(path.len())).unwrap_or(path)))
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
