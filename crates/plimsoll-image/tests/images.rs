//! Every source on disk against every fault, and what is chosen where there is a choice. Messages must name the path or
//! digest and the reason.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::error::Error;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use plimsoll_archive::{Decoder, sha256};
use plimsoll_image::sources::{self, Request, SOURCES};
use plimsoll_image::{Image, ImageError, PlatformChoice};
use plimsoll_test::images::{Content, Fault, Files, ImageText, Layout, Packing, docker_save};
use tempfile::{TempDir, tempdir};

const TEXT: &str = r#"
    layer gzip "FROM scratch"
      file etc/os-release "ID=alpine\n"
    layer gzip "RUN touch /b"
      file b "content"
"#;

fn image() -> ImageText {
    ImageText::parse(TEXT).unwrap()
}

/// A form in which images lie on a disk.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Layout,
    LayoutArchive(Packing),
    DockerSave(Packing),
}

const FORMS: [Form; 7] = [
    Form::Layout,
    Form::LayoutArchive(Packing::Plain),
    Form::LayoutArchive(Packing::Gzip),
    Form::LayoutArchive(Packing::Zstd),
    Form::DockerSave(Packing::Plain),
    Form::DockerSave(Packing::Gzip),
    Form::DockerSave(Packing::Zstd),
];

impl Form {
    fn is_layout(self) -> bool {
        !matches!(self, Form::DockerSave(_))
    }

    fn is_stream(self) -> bool {
        matches!(self, Form::LayoutArchive(packing) | Form::DockerSave(packing) if packing != Packing::Plain)
    }

    fn files(self, images: &[ImageText], layout: Layout) -> Files {
        if self.is_layout() { layout.files(images).unwrap() } else { docker_save(images).unwrap() }
    }

    fn put(self, files: &Files, path: &Path) {
        match self {
            Form::Layout => files.write_to(path).unwrap(),
            Form::LayoutArchive(packing) | Form::DockerSave(packing) => {
                files.write_tar(path, packing).unwrap()
            }
        }
    }

    fn write(self, folder: &TempDir, images: &[ImageText], layout: Layout) -> PathBuf {
        let path = folder.path().join("target");
        self.put(&self.files(images, layout), &path);
        path
    }
}

fn open_as(path: &Path, selector: &str, choice: &str, machine: &str) -> Result<Vec<Image>, ImageError> {
    let platform =
        if choice.is_empty() { PlatformChoice::Default } else { PlatformChoice::parse(choice).unwrap() };
    let source = sources::recognise(path).unwrap_or(&SOURCES[1]);
    (source.open)(&Request { path, selector, platform: &platform, machine })
}

fn open(path: &Path) -> Result<Vec<Image>, ImageError> {
    open_as(path, "", "", "amd64")
}

/// The error with its causes.
fn message(result: Result<Vec<Image>, ImageError>) -> String {
    let error = match result {
        Ok(images) => panic!("{} images instead of an error", images.len()),
        Err(error) => error,
    };
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The layers' bytes, decompressed.
fn contents(image: &Image) -> Vec<Vec<u8>> {
    let unpack = |stream: &mut dyn Read| {
        let mut out = Vec::new();
        Decoder::new(stream).unwrap().read_to_end(&mut out).unwrap();
        out
    };
    match &image.sweep {
        None => image
            .layers
            .iter()
            .map(|layer| unpack(&mut *layer.blob.as_ref().unwrap().open().unwrap()))
            .collect(),
        Some(sweep) => {
            assert!(image.layers.iter().all(|layer| layer.blob.is_none()));
            let mut out = vec![Vec::new(); image.layers.len()];
            let wanted: Vec<usize> = (0..out.len()).rev().collect();
            sweep
                .sweep(&wanted, &mut |number, stream| {
                    out[number] = unpack(stream);
                    Ok(())
                })
                .unwrap();
            out
        }
    }
}

#[test]
fn every_form_gives_the_same_image() {
    let image = image().tag("example.org/app:1").platform("linux/arm64/v8");
    for form in FORMS {
        for docker in [false, true] {
            let folder = tempdir().unwrap();
            let layout = Layout { docker, nested: usize::from(docker), ..Layout::default() };
            let path = form.write(&folder, std::slice::from_ref(&image), layout);
            let images = open(&path).unwrap();
            assert_eq!(images.len(), 1, "{form:?}");
            let opened = &images[0];
            let metadata = &opened.metadata;
            assert_eq!(metadata.id, Some(sha256(&image.config())));
            assert_eq!(metadata.tags, ["example.org/app:1"]);
            assert_eq!(metadata.platform.to_string(), "linux/arm64/v8");
            assert_eq!(metadata.created.unwrap().to_string(), "2024-05-06T07:08:09Z");
            assert_eq!(metadata.labels, [("maintainer".to_owned(), "nobody".to_owned())]);
            assert_eq!(metadata.manifest.is_some(), form.is_layout());
            assert_eq!(opened.config.raw, image.config());
            assert_eq!(opened.config.env, ["PATH=/bin"]);
            assert_eq!((opened.layers.len(), metadata.layers.len()), (2, 2));
            for (layer, text) in opened.layers.iter().zip(&image.layers) {
                assert_eq!(layer.diff_id, text.diff_id());
                assert_eq!(layer.digest, form.is_layout().then(|| sha256(&text.blob().unwrap())));
                assert_eq!(layer.size, text.blob().unwrap().len() as u64);
                assert_eq!(layer.created_by, text.created_by);
            }
            assert_eq!(opened.sweep.is_some(), form.is_stream(), "{form:?}");
            assert_eq!(
                contents(opened),
                image.layers.iter().map(|layer| layer.tar.clone()).collect::<Vec<_>>()
            );
        }
    }
}

/// What the messages of a fault must hold: in a layout and in a `docker save` archive. `PATH` stands for the target,
/// `CONFIG` and `LAYER` for digests.
#[test]
fn faults_are_errors_that_say_what_and_why() {
    type Words = &'static [&'static str];
    let cases: [(Fault, Words, Words); 12] = [
        (
            Fault::WrongConfig,
            &["configuration sha256:CONFIG has the digest sha256:", ", not sha256:CONFIG"],
            &["the configuration CONFIG.json in PATH has the digest sha256:", ", not sha256:CONFIG"],
        ),
        (
            Fault::MissingConfig,
            &["configuration sha256:CONFIG is missing from PATH"],
            &["the configuration CONFIG.json is missing from PATH"],
        ),
        (
            Fault::ConfigNotJson,
            &["configuration sha256:CONFIG is not valid: expected ident at line 1 column 2"],
            &["the configuration CONFIG.json in PATH is not valid: expected ident at line 1 column 2"],
        ),
        (
            Fault::ConfigWithoutRootfs,
            &["configuration sha256:CONFIG is not valid: it has no rootfs"],
            &["the configuration CONFIG.json in PATH is not valid: it has no rootfs"],
        ),
        (
            Fault::ConfigLacksLayer,
            &["configuration sha256:CONFIG is not valid: it has 1 layers but the manifest has 2"],
            &["the configuration CONFIG.json in PATH is not valid: it has 1 layers but the manifest has 2"],
        ),
        (
            Fault::MissingLayer(1),
            &["layer sha256:LAYER is missing from PATH"],
            &["layer ", "/layer.tar is missing from PATH"],
        ),
        (
            Fault::ManifestNotJson,
            &["manifest sha256:", " is not valid: key must be a string at line 1 column 3"],
            &["manifest.json in PATH is not valid: EOF while parsing"],
        ),
        (Fault::WrongManifest, &["manifest sha256:", " has the digest sha256:", ", not sha256:"], &[]),
        (Fault::MissingManifest, &["manifest sha256:", " is missing from PATH"], &[]),
        (
            Fault::ManifestMediaType("application/vnd.cncf.helm.config.v1+json"),
            &[
                "manifest sha256:",
                " has the media type 'application/vnd.cncf.helm.config.v1+json', which is not supported",
            ],
            &[],
        ),
        (
            Fault::LayerMediaType(1, "application/vnd.in-toto+json"),
            &["layer sha256:LAYER has the media type 'application/vnd.in-toto+json', which is not supported"],
            &[],
        ),
        (
            Fault::ConfigMediaType("application/vnd.oci.empty.v1+json"),
            &[
                "the configuration of manifest sha256:",
                " has the media type 'application/vnd.oci.empty.v1+json', which is not supported",
            ],
            &[],
        ),
    ];
    for (fault, in_layout, in_archive) in cases {
        for form in FORMS {
            let words = if form.is_layout() { in_layout } else { in_archive };
            if words.is_empty() {
                continue;
            }
            let image = image().fault(fault.clone());
            let folder = tempdir().unwrap();
            let path = form.write(&folder, std::slice::from_ref(&image), Layout::default());
            let told = message(open(&path));
            for word in words {
                let word = word
                    .replace("PATH", path.to_str().unwrap())
                    .replace("CONFIG", sha256(&image.config()).hex())
                    .replace("LAYER", sha256(&image.layers[1].blob().unwrap()).hex());
                assert!(told.contains(&word), "{fault:?} in {form:?}: '{told}' lacks '{word}'");
            }
        }
    }
}

/// Faults that lie in the layers' bytes show when they are read; opening reads no layer.
#[test]
fn faults_inside_layers_are_not_met_yet() {
    for fault in [Fault::WrongLayer(0), Fault::WrongDiffId(1), Fault::TruncatedLayer(1, 30)] {
        for form in FORMS {
            let folder = tempdir().unwrap();
            let path = form.write(&folder, &[image().fault(fault.clone())], Layout::default());
            assert_eq!(open(&path).unwrap().len(), 1, "{fault:?} in {form:?}");
        }
    }
}

#[test]
fn what_is_no_image_is_said_to_be_none() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("target");
    let cases: [(&[u8], &str); 8] = [
        (b"", "it has neither a manifest.json (docker save) nor an index.json (OCI layout)"),
        (b"just a text", "the tar stream ends at byte 11, in the middle of a member"),
        (&[b'x'; 2000], "it is no tar archive"),
        (
            &image().layers[0].tar,
            "it has neither a manifest.json (docker save) nor an index.json (OCI layout)",
        ),
        (
            &image().layers[0].blob().unwrap(),
            "it has neither a manifest.json (docker save) nor an index.json (OCI layout)",
        ),
        (b"BZh91AY&SY", "bzip2 compression is not supported"),
        (b"\xfd7zXZ\0\0\0", "xz compression is not supported"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "cannot read at byte 0 of the tar stream"),
    ];
    for (bytes, reason) in cases {
        fs::write(&path, bytes).unwrap();
        let told = message(open(&path));
        assert!(told.contains(path.to_str().unwrap()) && told.contains(reason), "{told}");
    }
    let none = folder.path().join("none");
    assert_eq!(
        message(open(&none)),
        format!("cannot read {}: No such file or directory (os error 2)", none.display())
    );
    let open_layout = |path: &Path| {
        let platform = PlatformChoice::Default;
        let source = sources::source("oci").unwrap();
        (source.open)(&Request { path, selector: "", platform: &platform, machine: "amd64" })
    };
    assert_eq!(
        message(open_layout(folder.path())),
        format!("{} is not a container image: it has no index.json", folder.path().display())
    );
    assert_eq!(
        message(open_layout(&path)),
        format!("{} is not a container image: it is no folder", path.display())
    );
    assert!(sources::recognise(folder.path()).is_none() && sources::source("none").is_none());
}

#[test]
fn documents_of_a_layout_are_held_to_their_form() {
    for (index, reason) in [
        ("", "index.json in PATH is not valid: EOF while parsing a value"),
        ("[]", "index.json in PATH is not valid: "),
        ("{}", "index.json in PATH is not valid: it names neither a configuration nor manifests"),
        (r#"{"manifests":[]}"#, "PATH: the layout is empty"),
        (
            r#"{"manifests":[],"layers":[]}"#,
            "index.json in PATH is not valid: it is an index and a manifest at once",
        ),
        (
            r#"{"manifests":[{"digest":"sha256:12"}]}"#,
            "index.json in PATH is not valid: 'sha256:12' is not a digest",
        ),
        (r#"{"manifests":[{"digest":"../../etc/passwd"}]}"#, "'../../etc/passwd' is not a digest"),
        (r#"{"schemaVersion":1,"manifests":[]}"#, "manifest.v1+json', which is not supported"),
        (r#"{"mediaType":"text/html","manifests":[]}"#, "index.json in PATH has the media type 'text/html'"),
        (
            r#"{"config":{"digest":"sha256:0000000000000000000000000000000000000000000000000000000000000000"}}"#,
            "index.json in PATH is not valid: it is a manifest, not an index",
        ),
    ] {
        let folder = tempdir().unwrap();
        let path = Form::Layout.write(&folder, &[image()], Layout::default());
        fs::write(path.join("index.json"), index).unwrap();
        let told = message(open(&path));
        assert!(told.contains(&reason.replace("PATH", path.to_str().unwrap())), "{index}: {told}");
        assert!(told.contains(path.to_str().unwrap()), "{index}: {told}");
    }
}

#[test]
fn documents_of_an_archive_are_held_to_their_form() {
    for (manifest, reason) in [
        ("[]", "manifest.json in PATH is not valid: it lists no image"),
        ("{}", "manifest.json in PATH is not valid: invalid type: map"),
        (r#"[{"Layers":[]}]"#, "manifest.json in PATH is not valid: missing field `Config`"),
        (
            r#"[{"Config":"../../etc/passwd","Layers":[]}]"#,
            "the configuration ../../etc/passwd is missing from PATH",
        ),
    ] {
        for packing in Packing::ALL {
            let folder = tempdir().unwrap();
            let path = folder.path().join("target");
            let mut files = Files::default();
            files.0.insert("manifest.json".to_owned(), Content::Bytes(manifest.as_bytes().to_vec()));
            files.write_tar(&path, packing).unwrap();
            let told = message(open(&path));
            assert!(told.contains(&reason.replace("PATH", path.to_str().unwrap())), "{manifest}: {told}");
        }
    }
}

#[test]
fn documents_have_a_limit() {
    let large = [&b"["[..], &vec![b' '; 8 << 20], b"]"].concat();
    for form in FORMS {
        let folder = tempdir().unwrap();
        let path = folder.path().join("target");
        let name = if form.is_layout() { "index.json" } else { "manifest.json" };
        let mut files = form.files(&[image()], Layout::default());
        files.0.insert(name.to_owned(), Content::Bytes(large.clone()));
        form.put(&files, &path);
        let told = message(open(&path));
        assert!(
            told.starts_with(&format!("{name} in {} is not valid: ", path.display())),
            "{form:?}: {told}"
        );
        assert!(told.ends_with("bytes are more than the limit of 8388608"), "{form:?}: {told}");
    }
}

fn platforms(images: &[Image]) -> Vec<String> {
    images.iter().map(|image| image.metadata.platform.to_string()).collect()
}

const PLATFORMS: [&str; 6] =
    ["linux/amd64", "linux/arm/v6", "linux/arm/v7", "linux/arm64/v8", "linux/386", "windows/amd64"];

#[test]
fn platforms_are_chosen() {
    let images: Vec<ImageText> = PLATFORMS.into_iter().map(|platform| image().platform(platform)).collect();
    for form in [Form::Layout, Form::LayoutArchive(Packing::Gzip)] {
        for nested in 0..=3 {
            let folder = tempdir().unwrap();
            let layout = Layout { nested, attestations: true, ..Layout::default() };
            let path = form.write(&folder, &images, layout);
            for (choice, machine, expected) in [
                ("", "amd64", &["linux/amd64"][..]),
                ("", "arm64", &["linux/arm64/v8"]),
                ("", "arm", &["linux/arm/v6"]),
                ("arm64", "amd64", &["linux/arm64/v8"]),
                ("linux/aarch64", "amd64", &["linux/arm64/v8"]),
                ("linux/arm64/v8", "amd64", &["linux/arm64/v8"]),
                ("linux/x86_64", "arm64", &["linux/amd64"]),
                ("linux/arm/v7", "amd64", &["linux/arm/v7"]),
                ("linux/arm", "amd64", &["linux/arm/v6"]),
                ("linux/i386", "amd64", &["linux/386"]),
                ("windows/amd64", "amd64", &["windows/amd64"]),
                ("all", "amd64", &PLATFORMS),
            ] {
                let images = open_as(&path, "", choice, machine).unwrap();
                assert_eq!(platforms(&images), expected, "'{choice}' on {machine}");
            }
            for (choice, machine, wanted) in [
                ("linux/s390x", "amd64", "linux/s390x"),
                ("linux/arm/v5", "amd64", "linux/arm/v5"),
                ("", "riscv64", "linux/riscv64"),
            ] {
                assert_eq!(
                    message(open_as(&path, "", choice, machine)),
                    format!("{} has no image for {wanted}; it has {}", path.display(), PLATFORMS.join(", "))
                );
            }
        }
    }
}

#[test]
fn one_image_is_taken_for_any_machine_but_not_for_any_wish() {
    for form in FORMS {
        for attestations in [false, true] {
            let folder = tempdir().unwrap();
            let layout = Layout { attestations, ..Layout::default() };
            let path = form.write(&folder, &[image().platform("linux/s390x")], layout);
            assert_eq!(platforms(&open(&path).unwrap()), ["linux/s390x"]);
            assert_eq!(platforms(&open_as(&path, "", "all", "amd64").unwrap()), ["linux/s390x"]);
            assert_eq!(
                message(open_as(&path, "", "linux/arm64", "amd64")),
                format!("{} has no image for linux/arm64; it has linux/s390x", path.display())
            );
        }
    }
}

#[test]
fn an_index_may_leave_the_platform_to_the_configuration() {
    let folder = tempdir().unwrap();
    let layout = Layout { without_platforms: true, ..Layout::default() };
    let path = Form::Layout.write(&folder, &[image().platform("linux/arm64")], layout);
    assert_eq!(platforms(&open_as(&path, "", "arm64", "amd64").unwrap()), ["linux/arm64"]);
    assert_eq!(
        message(open_as(&path, "", "amd64", "amd64")),
        format!("{} has no image for linux/amd64; it has linux/arm64", path.display())
    );
    // Beside entries that say it, those that do not are no first choice.
    let index = |path: &Path| -> serde_json::Value {
        serde_json::from_slice(&fs::read(path.join("index.json")).unwrap()).unwrap()
    };
    let mut both = index(&path);
    Layout::default().files(&[image().platform("linux/amd64")]).unwrap().write_to(&path).unwrap();
    both["manifests"].as_array_mut().unwrap().push(index(&path)["manifests"][0].clone());
    fs::write(path.join("index.json"), both.to_string()).unwrap();
    assert_eq!(platforms(&open_as(&path, "", "amd64", "amd64").unwrap()), ["linux/amd64"]);
}

#[test]
fn indexes_in_indexes_end() {
    let folder = tempdir().unwrap();
    let path = Form::Layout.write(&folder, &[image()], Layout { nested: 4, ..Layout::default() });
    assert_eq!(open(&path).unwrap().len(), 1);
    let deep = folder.path().join("deep");
    Layout { nested: 5, ..Layout::default() }.files(&[image()]).unwrap().write_to(&deep).unwrap();
    assert_eq!(
        message(open(&deep)),
        format!("the index in {} is not valid: indexes lie more than 4 deep in each other", deep.display())
    );
}

#[test]
fn names_select() {
    let first = image().tag("example.org/app:1").tag("example.org/app:latest");
    let mut second = ImageText::parse("layer\n file other").unwrap().tag("example.org:5000/other:2");
    second.layers.extend(first.layers.clone());
    let images = [first, second];
    let (one, other) = (["example.org/app:1", "example.org/app:latest"], "example.org:5000/other:2");
    for form in FORMS {
        let folder = tempdir().unwrap();
        let path = form.write(&folder, &images, Layout::default());
        let tags = |selector: &str| -> Vec<Vec<String>> {
            let images = open_as(&path, selector, "", "amd64").unwrap();
            images.into_iter().map(|image| image.metadata.tags).collect()
        };
        assert_eq!(tags(""), [&one[..], &[other]], "{form:?}");
        assert_eq!(tags("2"), [[other]]);
        assert_eq!(tags(other), [[other]]);
        // An archive lists an image with all of its names, a layout each name for itself.
        let expected = if form.is_layout() { &one[1..] } else { &one[..] };
        assert_eq!(tags("latest"), [expected], "{form:?}");
        for selector in ["3", "app", "example.org/app:2"] {
            assert_eq!(
                message(open_as(&path, selector, "", "amd64")),
                format!(
                    "{}: there is no image '{selector}'; there is {}, {other}",
                    path.display(),
                    one.join(", ")
                )
            );
        }
        // By digest: the manifest's in a layout, the image's id in an archive.
        let metadata = open(&path).unwrap().remove(1).metadata;
        let digest = metadata.manifest.or(metadata.id).unwrap().to_string();
        assert_eq!(tags(&digest), [[other]], "{form:?}");
    }
}

#[test]
fn a_layer_that_occurs_twice_is_there_twice() {
    let mut image = image().packed(Packing::Plain);
    image.layers.push(image.layers[0].clone());
    let tars: Vec<_> = image.layers.iter().map(|layer| layer.tar.clone()).collect();
    for form in FORMS {
        let folder = tempdir().unwrap();
        let path = form.write(&folder, std::slice::from_ref(&image), Layout::default());
        assert_eq!(contents(&open(&path).unwrap()[0]), tars, "{form:?}");
    }
}

#[test]
fn a_sweep_gives_what_is_wanted_and_passes_errors_on() {
    for packing in [Packing::Gzip, Packing::Zstd] {
        let folder = tempdir().unwrap();
        let path = Form::LayoutArchive(packing).write(&folder, &[image()], Layout::default());
        let opened = open(&path).unwrap().remove(0);
        let sweep = opened.sweep.as_ref().unwrap();
        let mut seen = Vec::new();
        let mut note = |number: usize, _: &mut dyn Read| {
            // Nobody has to read a layer to its end.
            seen.push(number);
            Ok(())
        };
        sweep.sweep(&[], &mut note).unwrap();
        sweep.sweep(&[1], &mut note).unwrap();
        sweep.sweep(&[0, 1], &mut note).unwrap();
        seen[1..].sort_unstable();
        assert_eq!(seen, [1, 0, 1]);
        let error = sweep.sweep(&[0], &mut |_, _| Err(std::io::Error::other("enough"))).unwrap_err();
        assert!(error.to_string().contains(path.to_str().unwrap()));
        assert_eq!(error.source().unwrap().to_string(), "enough");
        // The archive changes behind our back.
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() / 3]).unwrap();
        assert!(
            sweep
                .sweep(&[0, 1], &mut |_, stream| std::io::copy(stream, &mut std::io::sink()).map(drop))
                .is_err()
        );
        Files::default().write_tar(&path, packing).unwrap();
        let layer = sha256(&image().layers[1].blob().unwrap());
        assert_eq!(
            sweep.sweep(&[1], &mut |_, _| Ok(())).unwrap_err().to_string(),
            format!("blobs/sha256/{} is missing from {}", layer.hex(), path.display())
        );
    }
}

#[test]
fn a_file_that_is_cut_after_it_was_opened_is_no_shorter_layer() {
    let folder = tempdir().unwrap();
    let path = Form::DockerSave(Packing::Plain).write(&folder, &[image()], Layout::default());
    let opened = open(&path).unwrap().remove(0);
    fs::File::options().write(true).open(&path).unwrap().set_len(1000).unwrap();
    for layer in &opened.layers {
        let result = layer.blob.as_ref().unwrap().open().unwrap().read_to_end(&mut Vec::new());
        assert_eq!(result.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    }
}

/// An archive that is cut anywhere is an error that names it, and never a panic; or else it still has the whole image.
#[test]
fn cut_archives_are_errors() {
    for form in FORMS.into_iter().filter(|form| *form != Form::Layout) {
        let folder = tempdir().unwrap();
        let path = form.write(&folder, &[image()], Layout::default());
        let whole = fs::read(&path).unwrap();
        let metadata = open(&path).unwrap().remove(0).metadata;
        for len in (0..whole.len()).step_by(if form.is_stream() { 17 } else { 131 }) {
            fs::write(&path, &whole[..len]).unwrap();
            match open(&path) {
                Ok(images) => assert_eq!(images[0].metadata, metadata, "{form:?} cut at {len}"),
                Err(error) => assert!(error.to_string().contains(path.to_str().unwrap()), "{error}"),
            }
        }
    }
}

/// Damage in a document shows by its digest, or as an error of its own; never as a panic, never as another image.
#[test]
fn damaged_documents_are_never_believed() {
    let folder = tempdir().unwrap();
    let path = Form::Layout.write(&folder, &[image()], Layout::default());
    let opened = open(&path).unwrap().remove(0);
    for digest in [opened.metadata.id.clone().unwrap(), opened.metadata.manifest.clone().unwrap()] {
        let blob = path.join("blobs/sha256").join(digest.hex());
        let whole = fs::read(&blob).unwrap();
        for at in (0..whole.len()).step_by(3) {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&blob, &damaged).unwrap();
            let told = message(open(&path));
            assert!(told.contains(digest.hex()) && told.contains("has the digest"), "{told}");
        }
        fs::write(&blob, &whole).unwrap();
    }
    let index = fs::read(path.join("index.json")).unwrap();
    for at in 0..index.len() {
        let mut damaged = index.clone();
        damaged[at] ^= 1;
        fs::write(path.join("index.json"), &damaged).unwrap();
        if let Ok(images) = open(&path) {
            assert_eq!(images[0].metadata.manifest, opened.metadata.manifest);
        }
        fs::write(path.join("index.json"), &index[..at]).unwrap();
        assert!(open(&path).is_err());
    }
}

#[test]
fn platform_words_are_checked() {
    for word in ["", "/", "linux/", "/amd64", "a/b/c/d", "linux/amd 64", "linux/ämd64"] {
        assert_eq!(PlatformChoice::parse(word), Err(word.to_owned()));
    }
}
