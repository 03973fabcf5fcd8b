//! CFG-CACHE: caches of package managers, by what lies there. One finding for each manager and place.

use plimsoll_analysis::{ByteSlice, NodeKind};
use plimsoll_types::classes::configuration::CACHE;
use plimsoll_types::{Detection, Place};

use super::{Look, detection};

/// Directories of caches and the manager that they belong to.
const SYSTEM: &[(&str, &str)] = &[
    ("apt", "var/lib/apt/lists"),
    ("apt", "var/cache/apt"),
    ("apk", "var/cache/apk"),
    ("apk", "etc/apk/cache"),
    ("dnf", "var/cache/dnf"),
    ("dnf", "var/cache/libdnf5"),
    ("yum", "var/cache/yum"),
    ("zypper", "var/cache/zypp"),
    ("pacman", "var/cache/pacman/pkg"),
    ("yarn", "usr/local/share/.cache/yarn"),
    ("cargo", "usr/local/cargo/registry"),
    ("conda", "opt/conda/pkgs"),
    ("go", "go/pkg/mod/cache"),
];

/// Directories of caches in home directories.
const HOME: &[(&str, &str)] = &[
    ("pip", ".cache/pip"),
    ("uv", ".cache/uv"),
    ("poetry", ".cache/pypoetry"),
    ("npm", ".npm/_cacache"),
    ("yarn", ".cache/yarn"),
    ("pnpm", ".cache/pnpm"),
    ("composer", ".composer/cache"),
    ("composer", ".cache/composer"),
    ("gem", ".bundle/cache"),
    ("gradle", ".gradle/caches"),
    ("cargo", ".cargo/registry"),
    ("go", ".cache/go-build"),
    ("go", "go/pkg/mod/cache"),
];

/// Less than this is what managers leave when they have cleaned up.
const LEAST: u64 = 256 << 10;

pub(super) fn check(look: &Look<'_>, out: &mut Vec<Detection>) {
    if look.config.is_none() && look.context.distro.is_none() {
        return;
    }
    for (manager, directory) in SYSTEM {
        out.extend(cache(look, manager, directory));
    }
    let mut homes = vec!["root".to_owned()];
    let users = look.context.view.children(b"home");
    homes.extend(users.iter().take(1_000).map(|home| home.path.to_str_lossy().into_owned()));
    for home in &homes {
        for (manager, directory) in HOME {
            out.extend(cache(look, manager, &format!("{home}/{directory}")));
        }
    }
}

/// The finding for what all layers have in `directory`.
fn cache(look: &Look<'_>, manager: &str, directory: &str) -> Option<Detection> {
    let mut bytes = 0_u64;
    let mut hidden = 0_u64;
    let mut most = (0, 0);
    for (layer, index) in look.context.view.layers().iter().enumerate() {
        let mut here = 0_u64;
        for node in index.below(directory.as_bytes()).filter(|node| node.kind == NodeKind::File) {
            here = here.saturating_add(node.size);
            let path = index.path(node);
            if look.config.is_some() && !look.context.view.is_alive(path, layer) {
                hidden = hidden.saturating_add(node.size);
            }
        }
        bytes = bytes.saturating_add(here);
        if here > most.0 {
            most = (here, layer);
        }
    }
    if bytes < LEAST {
        return None;
    }
    let shown = |bytes: u64| format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000);
    let place = Place { name: directory.to_owned(), layer: look.context.layer(most.1), ..Place::default() };
    let mut found =
        detection(CACHE, manager, place, format!("{manager} left {} in {directory}", shown(bytes)));
    if hidden > 0 {
        found
            .notes
            .push(format!("{} of it were removed in a later layer, and ship all the same.", shown(hidden)));
    }
    Some(found)
}
