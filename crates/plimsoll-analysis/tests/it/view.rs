//! The merged view. Expected by image-spec v1.1, "Image Layer Filesystem Changeset", and by what Linux does with links in
//! a chroot.

use std::time::{Duration, Instant};

use plimsoll_analysis::{IndexBuilder, LayerFacts, LayerIndex, Live, NewNode, NodeKind, ResolveError, View};

use crate::layers;

fn view(layers: &[LayerFacts]) -> View<'_> {
    View::new(layers.iter().map(|facts| &facts.index).collect())
}

fn letter(kind: NodeKind) -> char {
    match kind {
        NodeKind::File => 'f',
        NodeKind::Directory => 'd',
        NodeKind::Symlink => 'l',
        NodeKind::HardLink => 'h',
        NodeKind::Special => 's',
    }
}

/// All that there is, by walking down from the root, each as `path letter layer`. It must be the same that
/// [`View::is_alive`] says of the paths of all layers.
fn listing(view: &View<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let mut pending = vec![Vec::new()];
    while let Some(directory) = pending.pop() {
        for found in view.children(&directory) {
            out.push(format!("{} {} {}", found.path.escape_ascii(), letter(found.kind()), found.layer));
            if found.kind() == NodeKind::Directory {
                pending.push(found.path);
            }
        }
    }
    out.sort();
    for (layer, index) in view.layers().iter().enumerate() {
        for node in index.nodes().iter().filter(|node| node.kind != NodeKind::Directory) {
            let path = index.path(node);
            let line = format!("{} {} {layer}", path.escape_ascii(), letter(node.kind));
            assert_eq!(view.is_alive(path, layer), out.contains(&line), "{line}");
            assert_eq!(view.hidden_by(path, layer).is_none(), out.contains(&line), "{line}");
        }
    }
    // All at once they are the same.
    let line =
        |live: Live<'_>| format!("{} {} {}", live.path().escape_ascii(), letter(live.node.kind), live.layer);
    let files = |lines: Vec<String>| {
        let mut lines: Vec<_> = lines.into_iter().filter(|line| !line.contains(" d ")).collect();
        lines.sort();
        lines
    };
    let merged = view.merged();
    assert_eq!(files(merged.live().map(line).collect()), files(out.clone()));
    let all: usize = view.layers().iter().map(|index| index.nodes().len()).sum();
    assert_eq!(merged.len() + merged.hidden().count(), all);
    for (place, live) in merged.live().enumerate() {
        assert_eq!(merged.place(live.path()), Some(place));
        assert_eq!(merged.get(live.path()).map(|found| found.layer), Some(live.layer));
    }
    assert!(
        merged.hidden().all(|hidden| merged.get(hidden.path()).is_none_or(|live| live.layer > hidden.layer))
    );
    out
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(listing(&view(&layers(text))), expected, "{text}");
}

#[test]
fn whiteouts_hide_what_lies_below() {
    check(
        "layer
           dir etc
           file etc/passwd
           file etc/group
         layer
           whiteout etc/passwd
           whiteout etc/never
           file etc/shadow",
        &["etc d 1", "etc/group f 0", "etc/shadow f 1"],
    );
    // A whole directory; what the same layer puts there again is there.
    check(
        "layer
           dir app
           file app/a
           dir app/sub
           file app/sub/b
         layer
           file app/new
           whiteout app",
        &["app d 1", "app/new f 1"],
    );
    // It stays hidden when a later layer brings the directory back.
    check(
        "layer
           file app/sub/a
         layer
           whiteout app
         layer
           file app/sub/b",
        &["app d 2", "app/sub d 2", "app/sub/b f 2"],
    );
    // Names that only begin alike are others.
    check(
        "layer
           file app
           file app-old/a
           file app.old
           file app0
           file ap
         layer
           whiteout app",
        &["ap f 0", "app-old d 0", "app-old/a f 0", "app.old f 0", "app0 f 0"],
    );
}

#[test]
fn opaque_directories_hide_what_was_in_them() {
    check(
        "layer
           dir app
           file app/a
           file app/sub/b
           file other
         layer
           file app/c
           opaque app
           file app/sub/d
         layer
           file app/e",
        &["app d 2", "app/c f 1", "app/e f 2", "app/sub d 1", "app/sub/d f 1", "other f 0"],
    );
    // A directory that is opaque and empty.
    check("layer\n file app/a\n layer\n dir app\n opaque app", &["app d 1"]);
    // The root.
    check("layer\n file a\n file b/c\n layer\n opaque .\n file d", &["d f 1"]);
}

#[test]
fn what_replaces_hides() {
    // A file in place of a directory, and a directory in place of a file.
    check(
        "layer
           dir app
           file app/a
           file conf
         layer
           file app
           dir conf
           file conf/x",
        &["app f 1", "conf d 1", "conf/x f 1"],
    );
    // A link in place of a directory, which a later layer replaces by a directory again.
    check("layer\n file lib/a\n layer\n link lib -> usr/lib", &["lib l 1"]);
    check(
        "layer\n file lib/a\n layer\n link lib -> x\n layer\n dir lib\n file lib/b",
        &["lib d 2", "lib/b f 2"],
    );
    // A directory that its layer does not list, in place of a file.
    check("layer\n file app\n layer\n file app/x/y", &["app d 1", "app/x d 1", "app/x/y f 1"]);
    // The same file again, and other kinds.
    check("layer\n file a\n file b\n layer\n device a\n fifo b\n layer\n file a", &["a f 2", "b s 1"]);
}

#[test]
fn of_one_path_twice_in_a_layer_the_last_counts() {
    let layers = layers(
        "layer
           file a \"first\"
           file b
           mode 600 file a \"second one\"
           dir b
           file ./a/../c \"1\"
           file /c \"22\"",
    );
    let view = view(&layers);
    assert_eq!(listing(&view), ["a f 0", "b d 0", "c f 0"]);
    let node = view.lookup(b"a").unwrap().node.unwrap();
    assert_eq!((node.size, node.mode), (10, 0o600));
    assert_eq!(view.lookup(b"c").unwrap().node.unwrap().size, 2);
}

#[test]
fn bookkeeping_of_aufs_is_left_out() {
    check("layer\n file .wh..wh.aufs\n dir .wh..wh.plnk\n dir .wh..wh.orph\n file a", &["a f 0"]);
}

#[test]
fn an_index_lists_what_is_below_a_path_and_nothing_else() {
    let layers = layers(
        "layer
           file a
           file a-b
           file a.b
           file a/x
           file a/x/y
           file a/\\xff
           file a0
           file b",
    );
    let index = &layers[0].index;
    let below = |path: &[u8]| -> Vec<String> {
        index.below(path).map(|node| index.path(node).escape_ascii().to_string()).collect()
    };
    assert_eq!(below(b"a"), ["a/x", "a/x/y", "a/\\xff"]);
    assert_eq!(below(b"a/x"), ["a/x/y"]);
    assert_eq!(below(b"a0"), [""; 0]);
    assert_eq!(below(b"c"), [""; 0]);
    assert_eq!(below(b"").len(), 8);
    assert_eq!(index.get(b"a/x").unwrap().kind, NodeKind::File);
    assert!(index.get(b"a/").is_none() && index.get(b"").is_none());
}

/// Where a path leads, as `path layer`, or why it leads nowhere.
fn resolved(view: &View<'_>, path: &str) -> String {
    match view.resolve(path.as_bytes()) {
        Ok(Some(found)) => format!("{} {} {}", found.path.escape_ascii(), letter(found.kind()), found.layer),
        Ok(None) => "nothing".to_owned(),
        Err(ResolveError::Loop) => "loop".to_owned(),
        Err(ResolveError::Dangling) => "dangling".to_owned(),
    }
}

fn leads(text: &str, cases: &[(&str, &str)]) {
    let layers = layers(text);
    let view = view(&layers);
    for (path, expected) in cases {
        assert_eq!(resolved(&view, path), *expected, "{path} in {text}");
    }
}

#[test]
fn symbolic_links_are_followed_inside_the_image() {
    leads(
        "layer
           dir usr/lib
           file usr/lib/os-release
           link lib -> usr/lib
           link etc/os-release -> ../usr/lib/os-release
           link etc/absolute -> /usr/lib/os-release
           link etc/out -> ../../../../usr/lib/os-release
           link etc/top -> /
           link etc/through -> /lib/os-release
           link etc/slashes -> .././/usr//lib/os-release
           link etc/chain -> through
           link etc/nowhere -> /usr/share/none
           link etc/into-file -> /usr/lib/os-release/x
           file data/real/dpkg/status
           link data/link -> real/dpkg
           link var/up -> /data/link/../dpkg/status
           link var/up-from-nothing -> /data/none/../link/status",
        &[
            ("lib/os-release", "usr/lib/os-release f 0"),
            ("lib", "usr/lib d 0"),
            ("etc/os-release", "usr/lib/os-release f 0"),
            ("etc/absolute", "usr/lib/os-release f 0"),
            ("etc/out", "usr/lib/os-release f 0"),
            ("etc/top", " d 0"),
            ("etc/top/etc/top/lib/os-release", "usr/lib/os-release f 0"),
            ("etc/through", "usr/lib/os-release f 0"),
            ("etc/slashes", "usr/lib/os-release f 0"),
            ("etc/chain", "usr/lib/os-release f 0"),
            ("etc/nowhere", "dangling"),
            ("etc/into-file", "dangling"),
            ("etc/nowhere/x", "nothing"),
            ("etc/none", "nothing"),
            ("usr/lib/os-release/x", "nothing"),
            // The parent of a linked directory is its target's.
            ("var/up", "data/real/dpkg/status f 0"),
            ("var/up-from-nothing", "dangling"),
            ("", " d 0"),
        ],
    );
}

#[test]
fn links_in_a_circle_and_long_chains_end() {
    let mut text = "layer
           link self -> self
           link a -> b
           link b -> a
           link d/x -> ../d/x/y
           link grow -> grow/grow
           file end\n"
        .to_owned();
    for n in 0..41 {
        let target = if n == 0 { "end".to_owned() } else { format!("chain{}", n - 1) };
        text += &format!("link chain{n} -> {target}\n");
    }
    leads(
        &text,
        &[
            ("self", "loop"),
            ("self/x", "loop"),
            ("a", "loop"),
            ("d/x", "loop"),
            ("grow", "loop"),
            // Linux follows 40 links for one path.
            ("chain39", "end f 0"),
            ("chain40", "loop"),
        ],
    );
}

#[test]
fn hard_links_lead_to_the_file() {
    leads(
        "layer
           file real \"content\"
           dir usr/lib
           file usr/lib/status
           link lib -> usr/lib
           hard same = real
           hard again = same
           hard ./dots = ./real
           hard through = lib/status
           hard none = gone
           hard loop1 = loop2
           hard loop2 = loop1
           hard directory = usr
           link symbolic -> usr/lib
           hard to-symbolic = symbolic
         layer
           whiteout real
           hard below = same
           hard nobody = upper
         layer
           file upper",
        &[
            ("same", "real f 0"),
            ("again", "real f 0"),
            ("dots", "real f 0"),
            ("through", "usr/lib/status f 0"),
            ("none", "dangling"),
            ("none/x", "nothing"),
            ("loop1", "loop"),
            ("directory", "dangling"),
            ("to-symbolic", "usr/lib d 0"),
            ("to-symbolic/status", "usr/lib/status f 0"),
            ("real", "nothing"),
            ("below", "real f 0"),
            // A layer's links never lead to what a later layer brings.
            ("nobody", "dangling"),
        ],
    );
}

#[test]
fn links_and_targets_may_come_from_different_layers() {
    leads(
        "layer
           link var/lib/dpkg -> /data/dpkg
           file old/status
         layer
           file data/dpkg/status
           link data/dpkg/available -> ../../old/status
         layer
           whiteout old/status",
        &[("var/lib/dpkg/status", "data/dpkg/status f 1"), ("var/lib/dpkg/available", "dangling")],
    );
    // A link that a later layer replaced is not followed any more.
    leads(
        "layer
           link lib -> usr/lib
           file usr/lib/a
         layer
           dir lib",
        &[("lib/a", "nothing"), ("lib", "lib d 1")],
    );
}

fn deep(components: usize) -> Vec<u8> {
    let mut path = b"d/".repeat(components);
    path.extend_from_slice(b"file");
    path
}

fn push(builder: &mut IndexBuilder, path: &[u8], kind: NodeKind, link: &[u8]) {
    let node = NewNode { path, link, kind, mode: 0o644, size: 1, offset: 0, sparse: false, uid: 0, gid: 0 };
    assert!(builder.push(&node).unwrap());
}

#[test]
fn deep_nesting_costs_neither_stack_nor_memory() {
    let path = deep(9_999);
    let mut builder = IndexBuilder::default();
    push(&mut builder, &path, NodeKind::File, b"");
    push(&mut builder, b"link", NodeKind::Symlink, &path);
    let lower = builder.finish();
    let mut builder = IndexBuilder::default();
    // Beside it, at every tenth depth.
    for depth in (0..3000).step_by(10) {
        push(&mut builder, &[&path[..2 * depth], b"beside"].concat(), NodeKind::File, b"");
    }
    let upper = builder.finish();
    let begun = Instant::now();
    let view = View::new(vec![&lower, &upper]);
    assert!(view.is_alive(&path, 0));
    assert_eq!(view.lookup(&path).unwrap().layer, 0);
    assert_eq!(view.resolve(&path).unwrap().unwrap().path, path);
    assert_eq!(view.resolve(b"link").unwrap().unwrap().path, path);
    assert_eq!(view.hidden_by(&path, 0), None);
    assert_eq!(view.children(&path[..2 * 500 - 1]).len(), 2);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[test]
fn a_target_of_many_steps_is_refused_when_links_multiply_them() {
    let mut builder = IndexBuilder::default();
    push(&mut builder, b"d", NodeKind::Symlink, &[&b"./".repeat(1000)[..], b"d"].concat());
    push(&mut builder, b"e", NodeKind::Symlink, &b"e/".repeat(2000));
    let index = builder.finish();
    let view = View::new(vec![&index]);
    assert_eq!(view.resolve(b"d"), Err(ResolveError::Loop));
    assert_eq!(view.resolve(b"e"), Err(ResolveError::Loop));
}

#[test]
fn a_layer_of_many_entries_is_indexed_in_good_time() {
    const COUNT: usize = 200_000;
    let build = |reversed: bool| -> LayerIndex {
        let mut builder = IndexBuilder::default();
        for n in 0..COUNT {
            let n = if reversed { COUNT - 1 - n } else { n };
            push(&mut builder, format!("dir/{n:06}").as_bytes(), NodeKind::File, b"");
        }
        builder.finish()
    };
    let begun = Instant::now();
    let (sorted, reversed) = (build(false), build(true));
    assert_eq!(sorted.nodes().len(), COUNT);
    assert!(
        sorted
            .nodes()
            .iter()
            .map(|node| sorted.path(node))
            .eq(reversed.nodes().iter().map(|node| reversed.path(node)))
    );
    let view = View::new(vec![&sorted, &reversed]);
    let alive = (0..COUNT).filter(|n| view.is_alive(format!("dir/{n:06}").as_bytes(), 0)).count();
    assert_eq!(alive, 0);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}
