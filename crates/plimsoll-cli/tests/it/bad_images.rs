//! Archives and layouts that are damaged, lie about themselves or lack something: exit code 4 and a message that says
//! what and why, never a crash, and nothing left behind.

use std::fs;
use std::io::Read;

use plimsoll_archive::{Decoder, sha256};
use plimsoll_test::images::{Fault, Files, ImageText, Layout, Packing, docker_save};

use crate::place::{DATABASE, Place, Run, snapshot};
use crate::samples::{DEMO, demo, image};

fn scan(place: &Place, target: &str) -> Run {
    place.run(&[
        "scan",
        target,
        "--db",
        DATABASE,
        "--cache-dir",
        "cache",
        "--format",
        "json",
        "-o",
        "out.json",
    ])
}

/// Fails unless the run told of an error and left no report behind.
#[track_caller]
fn refused(place: &Place, run: Run, what: &str) -> Run {
    assert_eq!(run.code, 4, "{what}: {run:?}");
    assert!(run.stderr.starts_with("error: ") && run.stderr.lines().count() == 1, "{what}: {}", run.stderr);
    assert_eq!(run.stdout, "", "{what}");
    assert!(!place.path("out.json").exists(), "{what}");
    assert_eq!(place.names("home"), [""; 0], "{what}");
    run
}

type Put = fn(&Place, &ImageText);

/// The forms in which an image lies on a disk: the target's name, and how it is written.
const FORMS: &[(&str, Put)] = &[
    ("docker.tar", |place, image| write(place, "docker.tar", &saved(image), Packing::Plain)),
    ("docker.tar.gz", |place, image| write(place, "docker.tar.gz", &saved(image), Packing::Gzip)),
    ("oci.tar", |place, image| write(place, "oci.tar", &layout(image), Packing::Plain)),
    ("oci.tar.zst", |place, image| write(place, "oci.tar.zst", &layout(image), Packing::Zstd)),
    ("oci:layout", |place, image| layout(image).write_to(&place.path("layout")).unwrap()),
];

fn saved(image: &ImageText) -> Files {
    docker_save(std::slice::from_ref(image)).unwrap()
}

fn layout(image: &ImageText) -> Files {
    Layout::default().files(std::slice::from_ref(image)).unwrap()
}

fn write(place: &Place, name: &str, files: &Files, packing: Packing) {
    files.write_tar(&place.path(name), packing).unwrap();
}

#[test]
fn archives_cut_short_anywhere() {
    let whole = saved(&demo()).tar();
    for (name, packing, step) in [
        ("torn.tar", Packing::Plain, 127),
        ("torn.tar.gz", Packing::Gzip, 31),
        ("torn.tar.zst", Packing::Zstd, 31),
    ] {
        let place = Place::new();
        let bytes = packing.pack(&whole).unwrap();
        for len in (0..bytes.len()).step_by(step).chain([bytes.len() - 1]) {
            place.write(name, &bytes[..len]);
            let run = scan(&place, name);
            // Padding and what ends an archive say nothing more: without them the image is whole all the same.
            let mut left = Vec::new();
            let _ = Decoder::new(&bytes[..len]).and_then(|mut decoder| decoder.read_to_end(&mut left));
            if run.code == 0 && whole[left.len()..].iter().all(|&byte| byte == 0) {
                fs::remove_file(place.path("out.json")).unwrap();
                continue;
            }
            refused(&place, run, &format!("{name} of {len} bytes")).says(&[name]);
        }
    }
    let place = Place::new();
    let bytes = layout(&demo()).tar();
    // The last member says which version of the layout this is, and nothing of the image.
    let needed = bytes.windows(10).position(|name| name == b"oci-layout").unwrap();
    for len in (0..needed - 512).step_by(211) {
        place.write("torn.tar", &bytes[..len]);
        refused(&place, scan(&place, "torn.tar"), &format!("{len} bytes")).says(&["torn.tar"]);
    }
}

#[test]
fn every_byte_of_an_archive_may_be_wrong() {
    let whole = saved(&demo()).tar();
    let place = Place::new();
    for at in (0..whole.len()).step_by(97) {
        let mut bytes = whole.clone();
        bytes[at] = !bytes[at];
        place.write("bad.tar", &bytes);
        let run = scan(&place, "bad.tar");
        match run.code {
            // A byte that means nothing: padding, a time, an owner.
            0 => fs::remove_file(place.path("out.json")).unwrap(),
            _ => drop(refused(&place, run, &format!("byte {at}"))),
        }
    }
}

#[test]
fn layers_that_are_not_what_they_should_be() {
    for (form, put) in FORMS {
        for packing in Packing::ALL {
            let good = image(DEMO).packed(packing);
            let distributed = !form.starts_with("docker");
            let blob_digest = |number: usize| sha256(&good.layers[number].blob().unwrap()).to_string();
            let label = |number: usize| {
                if distributed { blob_digest(number) } else { good.layers[number].diff_id().to_string() }
            };
            let check = |fault: Fault, says: &[&str]| {
                let place = Place::new();
                put(&place, &good.clone().fault(fault.clone()));
                let what = format!("{form} {packing:?} {fault:?}");
                refused(&place, scan(&place, form), &what).says(says);
            };
            check(
                Fault::WrongLayer(1),
                &[&format!("layer {} has the digest sha256:", label(1)), "not sha256:"],
            );
            let promised = sha256(b"another layer").to_string();
            let wrong = if distributed { label(0) } else { promised.clone() };
            check(
                Fault::WrongDiffId(0),
                &[&format!("layer {wrong} has the digest"), &format!("not {promised}")],
            );
            check(Fault::MissingLayer(1), &["layer ", " is missing from "]);
            // Cut, but with the digest of what is left: the stream itself has to say so.
            let len = good.layers[0].blob().unwrap().len() / 2;
            check(Fault::TruncatedLayer(0, len), &["error: ", "layer sha256:"]);
        }
    }
}

#[test]
fn documents_that_are_not_what_they_should_be() {
    let mut told = String::new();
    for fault in [
        Fault::WrongConfig,
        Fault::MissingConfig,
        Fault::ConfigNotJson,
        Fault::ConfigWithoutRootfs,
        Fault::ConfigLacksLayer,
        Fault::ManifestNotJson,
        Fault::WrongManifest,
        Fault::MissingManifest,
        Fault::ManifestMediaType("application/vnd.example.thing.v1+json"),
        Fault::LayerMediaType(0, "application/vnd.example.layer.v1.squashfs"),
        Fault::ConfigMediaType("application/vnd.example.config.v1+json"),
    ] {
        for (form, put) in FORMS {
            let only_layouts = matches!(
                fault,
                Fault::WrongManifest
                    | Fault::MissingManifest
                    | Fault::ManifestMediaType(_)
                    | Fault::LayerMediaType(..)
                    | Fault::ConfigMediaType(_)
            );
            if only_layouts && form.starts_with("docker") {
                continue;
            }
            let place = Place::new();
            // Not compressed: the digests in the messages are those of texts alone.
            put(&place, &demo().packed(Packing::Plain).fault(fault.clone()));
            let run = refused(&place, scan(&place, form), &format!("{form} {fault:?}"));
            told.push_str(&format!("{fault:?} in {form}\n  {}", run.plain(&run.stderr)));
        }
    }
    snapshot("bad-documents.txt", &told);
}

#[test]
fn documents_without_end_or_sense() {
    let place = Place::new();
    let manifest = |text: &str| {
        let files = Files(
            [("manifest.json".to_owned(), plimsoll_test::images::Content::Bytes(text.as_bytes().to_vec()))]
                .into(),
        );
        write(&place, "bad.tar", &files, Packing::Plain);
        refused(&place, scan(&place, "bad.tar"), &text[..text.len().min(60)]).says(&["bad.tar"]);
    };
    for text in [
        "",
        "null",
        "[]",
        "{}",
        "[{}]",
        r#"[{"Config": "../../etc/passwd", "Layers": []}]"#,
        r#"[{"Config": "/etc/passwd", "Layers": []}]"#,
        r#"[{"Config": "manifest.json", "Layers": []}]"#,
        r#"[{"Config": "", "Layers": [""]}]"#,
        r#"[{"Config": 7, "Layers": 7}]"#,
        "\u{feff}[]",
    ] {
        manifest(text);
    }
    manifest(&"[".repeat(100_000));
    manifest(&" ".repeat(9 << 20));

    // Layouts that point at themselves, outside, or at nothing.
    let index = |text: &str| {
        place.write("layout/index.json", text);
        place.write("layout/oci-layout", "{}");
        fs::create_dir_all(place.path("layout/blobs/sha256")).unwrap();
        refused(&place, scan(&place, "oci:layout"), text);
    };
    for digest in [
        "sha256:../../../../etc/passwd",
        "sha256:",
        "sha256",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
        "sha256:UPPER",
        "/",
        "",
    ] {
        index(&format!(
            r#"{{"schemaVersion": 2, "manifests": [{{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "{digest}", "size": 2}}]}}"#
        ));
    }
    for text in [
        "",
        "[]",
        "{}",
        r#"{"manifests": {}}"#,
        r#"{"manifests": []}"#,
        r#"{"schemaVersion": 2, "manifests": [null]}"#,
    ] {
        index(text);
    }
}

/// A layout's files may be links, as some builders make them; a link to a device or a pipe is not followed for ever.
#[test]
fn blobs_that_are_no_files() {
    let place = Place::new();
    let good = layout(&image(DEMO).packed(Packing::Plain));
    good.write_to(&place.path("layout")).unwrap();
    let blob = place.path("layout/blobs/sha256").join(image(DEMO).layers[0].diff_id().hex());
    for target in ["/dev/zero", "/dev/null", "../../index.json", ".", "nowhere"] {
        fs::remove_file(&blob).unwrap();
        std::os::unix::fs::symlink(target, &blob).unwrap();
        refused(&place, scan(&place, "oci:layout"), target).says(&["layer sha256:"]);
    }
}

#[test]
fn indexes_in_indexes() {
    for (nested, code) in [(1, 0), (3, 0), (6, 4), (40, 4)] {
        let place = Place::new();
        Layout { nested, ..Layout::default() }
            .files(&[demo()])
            .unwrap()
            .write_to(&place.path("layout"))
            .unwrap();
        let run = scan(&place, "oci:layout");
        assert_eq!(run.code, code, "{nested}: {}", run.stderr);
    }
}
