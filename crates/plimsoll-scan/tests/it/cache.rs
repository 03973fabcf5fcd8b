//! The cache: results never depend on it, whatever is in it and whoever else uses it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use plimsoll_archive::sha256;
use plimsoll_scan::ScanError;
use plimsoll_test::images::{Fault, Layout, Packing};
use tempfile::tempdir;

use crate::{Scan, TEXT, TOLD, archive, comparable, image, layout, open, told};

/// Shares the base layer with [`TEXT`] and sees other things in it.
const OTHER: &str = r#"
    layer gzip
      file usr/lib/os-release "ID=alpine\nVERSION_ID=3.20.3\n"
      file data/installed "P:busybox\nV:1.36.1-r29\nA:x86_64\n\n"
      file data/status.json "{\"name\":\"other\",\"version\":\"3.0.0\"}"
    layer gzip
      link etc/os-release -> ../usr/lib/os-release
      link lib/apk/db/installed -> /data/installed
      link srv/package.json -> ../data/status.json
"#;

/// The same base layer; nothing leads to the files in it.
const PLAIN_OTHER: &str = r#"
    layer gzip
      file usr/lib/os-release "ID=alpine\nVERSION_ID=3.20.3\n"
      file data/installed "P:busybox\nV:1.36.1-r29\nA:x86_64\n\n"
      file data/status.json "{\"name\":\"other\",\"version\":\"3.0.0\"}"
"#;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { pending.push(path) } else { out.push(path) }
        }
    }
    out.sort();
    out
}

#[test]
fn warm_results_are_those_of_cold_ones() {
    for text in [TEXT, OTHER, PLAIN_OTHER] {
        for packing in Packing::ALL {
            let image = image(text).packed(packing);
            let expected = comparable(Scan::default().image(&image).unwrap());
            let cache = tempdir().unwrap();
            for turn in ["cold", "warm", "warm again"] {
                let report = Scan::cached(cache.path()).image(&image).unwrap();
                assert_eq!(comparable(report), expected, "{turn}");
            }
            // The same layers from an archive have the same diff IDs.
            let folder = tempdir().unwrap();
            for packing in Packing::ALL {
                let path = archive(&folder, &image, packing);
                assert_eq!(
                    comparable(Scan::cached(cache.path()).path(&path).unwrap()),
                    expected,
                    "{packing:?}"
                );
            }
        }
    }
}

#[test]
fn layers_known_by_their_digest_are_not_read() {
    let (cache, folder) = (tempdir().unwrap(), tempdir().unwrap());
    let path = layout(&folder, &image(TEXT));
    let expected = comparable(Scan::cached(cache.path()).path(&path).unwrap());
    let opened = open(&path);
    for layer in &opened.layers {
        fs::write(path.join("blobs/sha256").join(layer.digest.as_ref().unwrap().hex()), "").unwrap();
    }
    let again = Scan::cached(cache.path()).run(|scanner| scanner.image("target", &opened)).0.unwrap();
    assert_eq!(comparable(again), expected);
    assert!(matches!(Scan::default().path(&path), Err(ScanError::DigestMismatch { .. })));
}

#[test]
fn the_order_of_scans_does_not_matter() {
    let texts = [TEXT, OTHER, PLAIN_OTHER];
    let expected = texts.map(|text| comparable(Scan::default().text(text)));
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let cache = tempdir().unwrap();
        for which in order.into_iter().chain(order) {
            let report = Scan::cached(cache.path()).text(texts[which]);
            assert_eq!(comparable(report), expected[which], "{which} in {order:?}");
        }
    }
}

#[test]
fn damaged_entries_are_misses() {
    for text in [TEXT, OTHER] {
        let expected = comparable(Scan::default().text(text));
        let cache = tempdir().unwrap();
        Scan::cached(cache.path()).text(text);
        let entries = files(cache.path());
        assert!(entries.iter().any(|path| path.to_string_lossy().contains("link-")));
        assert!(entries.iter().any(|path| path.to_string_lossy().contains("facts-")));
        for path in &entries {
            let whole = fs::read(path).unwrap();
            let flipped = |at: usize| {
                let mut bytes = whole.clone();
                bytes[at] ^= 0x10;
                bytes
            };
            for damaged in [
                Vec::new(),
                whole[..whole.len() / 2].to_vec(),
                flipped(0),
                flipped(20),
                flipped(whole.len() - 1),
            ] {
                fs::write(path, damaged).unwrap();
                assert_eq!(comparable(Scan::cached(cache.path()).text(text)), expected, "{}", path.display());
                // What is missed is written again.
                assert_eq!(&fs::read(path).unwrap(), &whole, "{}", path.display());
            }
        }
        // Sound entries of another form, and the entries of one another.
        let sealed: Vec<Vec<u8>> = entries.iter().map(|path| fs::read(path).unwrap()).collect();
        for (path, wrong) in entries.iter().zip(sealed.iter().cycle().skip(1)) {
            fs::write(path, wrong).unwrap();
        }
        let image = image(text);
        let report = Scan::cached(cache.path()).image(&image);
        // Facts filed under another layer's digest cannot be told from its own, but they must not do any other harm.
        assert!(report.is_ok());
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_told_and_changes_nothing() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "no folder").unwrap();
    let path = layout(&folder, &image(TEXT));
    for cache in [file.clone(), file.join("below")] {
        let (report, failure) = Scan::cached(&cache).run(|scanner| scanner.image("target", &open(&path)));
        assert_eq!(told(&report.unwrap()), TOLD);
        let failure = failure.unwrap();
        assert!(
            failure.starts_with("cannot write to the cache at ") && failure.contains(file.to_str().unwrap()),
            "{failure}"
        );
    }
    // Read-only, but good for reading. Who may write everywhere does not notice.
    let cache = tempdir().unwrap();
    let other = tempdir().unwrap();
    Scan::cached(cache.path()).text(TEXT);
    fs::set_permissions(cache.path(), fs::Permissions::from_mode(0o500)).unwrap();
    for text in [TEXT, OTHER] {
        let path = layout(&other, &image(text));
        let (report, _) = Scan::cached(cache.path()).run(|scanner| scanner.image("target", &open(&path)));
        assert_eq!(comparable(report.unwrap()), comparable(Scan::default().text(text)));
        fs::remove_dir_all(path).unwrap();
    }
    fs::set_permissions(cache.path(), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn nothing_is_left_beside_the_entries() {
    let cache = tempdir().unwrap();
    Scan::cached(cache.path()).text(TEXT);
    let names: Vec<String> = files(cache.path())
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert!(
        names.iter().all(|name| name == "diff-id" || name.starts_with("facts-") || name.starts_with("link-")),
        "{names:?}"
    );
}

#[test]
fn many_scanners_use_one_cache_at_once() {
    let cache = tempdir().unwrap();
    let texts = [TEXT, OTHER, PLAIN_OTHER];
    let expected = texts.map(|text| comparable(Scan::default().text(text)));
    std::thread::scope(|scope| {
        for n in 0..9 {
            let (cache, expected) = (cache.path(), &expected);
            scope.spawn(move || {
                for turn in 0..3 {
                    let which = (n + turn) % 3;
                    assert_eq!(comparable(Scan::cached(cache).text(texts[which])), expected[which]);
                }
            });
        }
    });
}

#[test]
fn failed_scans_leave_nothing_to_be_believed() {
    for fault in [Fault::WrongLayer(0), Fault::WrongDiffId(0), Fault::TruncatedLayer(0, 50)] {
        let cache = tempdir().unwrap();
        assert!(Scan::cached(cache.path()).image(&image(TEXT).fault(fault.clone())).is_err());
        assert_eq!(told(&Scan::cached(cache.path()).text(TEXT)), TOLD, "{fault:?}");
    }
}

/// A second look goes back to a layer whose reading the cache has spared. Its bytes may be others by now; they must
/// neither be believed nor be filed under the layer's digest.
#[test]
fn a_second_look_believes_no_unverified_bytes() {
    let forged = OTHER.replace("1.36.1-r29", "9.99.9-r99");
    for packing in [Packing::Plain, Packing::Gzip] {
        let (cache, folder) = (tempdir().unwrap(), tempdir().unwrap());
        let text = |text: &str| image(text).packed(packing);
        // The cache learns the base layer without the links that lead into it.
        Scan::cached(cache.path()).image(&text(PLAIN_OTHER)).unwrap();
        let path = folder.path().join("layout");
        Layout::default().files(&[text(OTHER)]).unwrap().write_to(&path).unwrap();
        let base = text(OTHER).layers[0].blob().unwrap();
        let other = text(&forged).layers[0].blob().unwrap();
        assert_eq!(text(OTHER).layers[0].tar.len(), text(&forged).layers[0].tar.len());
        fs::write(path.join("blobs/sha256").join(sha256(&base).hex()), other).unwrap();
        let error = Scan::cached(cache.path()).path(&path).unwrap_err();
        assert!(matches!(error, ScanError::DigestMismatch { .. }), "{packing:?}: {error}");
        let honest = Scan::cached(cache.path()).image(&text(OTHER)).unwrap();
        assert_eq!(comparable(honest), comparable(Scan::default().text(OTHER)), "{packing:?}");
    }
}
