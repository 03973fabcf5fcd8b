//! What a target's name means, and what becomes of several.

use std::fs;

use plimsoll_test::images::{Layout, Packing, docker_save};

use crate::place::{DATABASE, Place, Run, packages};
use crate::samples::{clean, demo};

/// A place with the demonstration image in every form, and a folder that is no image.
fn place() -> Place {
    let place = Place::new();
    let images = [demo(), clean()];
    let saved = docker_save(&images[..1]).unwrap();
    saved.write_tar(&place.path("saved.tar"), Packing::Plain).unwrap();
    saved.write_tar(&place.path("saved.tar.gz"), Packing::Gzip).unwrap();
    saved.write_tar(&place.path("saved.tar.zst"), Packing::Zstd).unwrap();
    docker_save(&images).unwrap().write_tar(&place.path("two.tar"), Packing::Plain).unwrap();
    let layout = Layout::default().files(&images).unwrap();
    layout.write_to(&place.path("layout")).unwrap();
    layout.write_tar(&place.path("oci.tar"), Packing::Plain).unwrap();
    layout.write_tar(&place.path("oci.tar.gz"), Packing::Gzip).unwrap();
    let several =
        [demo().platform("linux/arm64"), demo().platform("linux/amd64"), demo().platform("linux/s390x")];
    let files = Layout { nested: 1, attestations: true, ..Layout::default() }.files(&several).unwrap();
    files.write_to(&place.path("platforms")).unwrap();
    place.write(
        "root/usr/lib/python3/dist-packages/Capstan-2.10.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: Capstan\nVersion: 2.10\n",
    );
    place.write("single.whl", "x");
    place
}

fn scan(place: &Place, arguments: &[&str]) -> Run {
    let first = ["scan", "--db", DATABASE, "--no-cache", "--offline", "--format", "json"];
    place.run(&[&first[..], arguments].concat())
}

/// The names of the targets in the report, each with the number of its packages.
fn targets(run: &Run) -> Vec<(String, usize)> {
    let report = run.json();
    let targets = report["targets"].as_array().unwrap().iter();
    targets
        .map(|t| (t["name"].as_str().unwrap().to_owned(), t["packages"].as_array().unwrap().len()))
        .collect()
}

#[test]
fn kinds_are_detected_or_named() {
    let place = place();
    let absolute = place.path("saved.tar");
    let by_digest = {
        let index: serde_json::Value =
            serde_json::from_slice(&fs::read(place.path("layout/index.json")).unwrap()).unwrap();
        format!("./layout@{}", index["manifests"][0]["digest"].as_str().unwrap())
    };
    let forced = format!("oci:{by_digest}");
    for name in [
        "saved.tar",
        "./saved.tar",
        absolute.to_str().unwrap(),
        "saved.tar.gz",
        "saved.tar.zst",
        "archive:saved.tar",
        "docker-archive:saved.tar",
        "archive:saved.tar:demo:1",
        "two.tar:demo:1",
        "./two.tar:demo:1",
        "oci.tar:demo:1",
        "oci.tar.gz:demo:1",
        "oci-archive:oci.tar:demo:1",
        "oci:layout:demo:1",
        "oci-dir:layout:demo:1",
        "./layout:demo:1",
        &by_digest,
        &forced,
        "oci:platforms",
    ] {
        let run = scan(&place, &[name]).code(0).silent();
        assert_eq!(targets(&run), [(name.to_owned(), 6)]);
        assert_eq!(run.json()["targets"][0]["kind"], "image");
    }
    for name in ["root", "./root", "dir:root", "rootfs:root", "root/"] {
        let run = scan(&place, &[name]).code(0).silent();
        assert_eq!(targets(&run), [(name.to_owned(), 1)]);
        assert_eq!(run.json()["targets"][0]["kind"], "filesystem");
    }
    // An archive that holds several images, and no name for one of them, is all of them.
    let two = scan(&place, &["two.tar"]).code(0).silent();
    assert_eq!(targets(&two), [("two.tar (demo:1)".to_owned(), 6), ("two.tar (clean:1)".to_owned(), 1)]);
    assert_eq!(targets(&scan(&place, &["layout"]).code(0)).len(), 2);
    // The same as archive:FILE, and as other scanners call scan.
    assert_eq!(
        targets(&scan(&place, &["--input", "saved.tar"]).code(0).silent()),
        [("archive:saved.tar".to_owned(), 6)]
    );
    for alias in ["image", "i", "fs", "filesystem", "rootfs"] {
        place.run(&[alias, "root", "--db", DATABASE, "--no-cache"]).code(0).silent();
    }
}

#[test]
fn platforms_are_chosen() {
    let place = place();
    let run = |platform: &str| scan(&place, &["oci:platforms", "--platform", platform]);
    for platform in ["linux/arm64", "linux/s390x", "linux/amd64"] {
        let report = run(platform).code(0).silent().json();
        let [target] = &report["targets"].as_array().unwrap()[..] else { panic!("{report}") };
        let platform_of = &target["image"]["platform"];
        assert_eq!(
            platform,
            format!(
                "{}/{}",
                platform_of["os"].as_str().unwrap(),
                platform_of["architecture"].as_str().unwrap()
            )
        );
    }
    let all = run("all").code(0).silent();
    let names: Vec<String> = targets(&all).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["oci:platforms (linux/arm64)", "oci:platforms (linux/amd64)", "oci:platforms (linux/s390x)"]
    );
    run("windows/amd64").code(4).says(&[
        "error: ",
        "platforms",
        "windows/amd64",
        "linux/arm64, linux/amd64, linux/s390x",
    ]);
}

#[test]
fn several_targets_where_some_fail() {
    let place = place();
    place.write("torn.tar", &fs::read(place.path("saved.tar")).unwrap()[..3000]);
    let run = scan(&place, &["saved.tar", "missing.tar", "root", "torn.tar", "oci:layout:clean:1"]).code(4);
    assert_eq!(
        targets(&run),
        [("saved.tar".to_owned(), 6), ("root".to_owned(), 1), ("oci:layout:clean:1".to_owned(), 1)]
    );
    run.says(&["error: missing.tar: no such file or directory", "error: torn.tar is not a container image"]);
    // The failure is the harder word than the policy.
    scan(&place, &["saved.tar", "missing.tar", "--exit-code", "1"]).code(4);
    // A name that cannot be one is a mistake on the command line.
    scan(&place, &["saved.tar", "archive:"]).code(2);
    let nothing = scan(&place, &["missing.tar", "also-missing.tar", "-o", "json=out.json"]).code(4);
    assert_eq!(nothing.stdout, "");
    assert!(!place.path("out.json").exists(), "a report of nothing");
    nothing.matches("targets-all-missing");
}

#[test]
fn names_that_are_no_target() {
    let place = place();
    for (name, target, code) in [
        ("target-missing-archive", "missing.tar", 4),
        ("target-missing-path", "./missing", 4),
        ("target-missing-absolute", "/nowhere/at/all", 4),
        ("target-missing-layout", "oci:missing", 4),
        ("target-missing-forced", "archive:missing", 4),
        ("target-missing-folder", "dir:missing", 4),
        ("target-no-image", "archive:single.whl", 4),
        ("target-folder-as-archive", "archive:root", 4),
        ("target-folder-as-layout", "oci:root", 4),
        ("target-archive-as-folder", "dir:saved.tar", 4),
        ("target-no-such-tag", "oci:layout:9", 4),
        ("target-no-such-tag-in-archive", "two.tar:9", 4),
        ("target-empty", "", 2),
        ("target-prefix-only", "oci:", 2),
        ("target-docker", "docker:demo:1", 2),
        ("target-podman", "podman:demo:1", 2),
        ("target-containerd", "containerd:demo:1", 2),
        ("target-podman-url", "podman://example.com/demo:1", 4),
        ("target-registry", "registry:example.com/demo.tar", 4),
        ("target-bad-reference", "UPPER/Case", 2),
        ("target-offline", "example.com/demo:1", 4),
    ] {
        let run = scan(&place, &[target]).code(code);
        assert_eq!(run.stdout, "", "{target}");
        crate::place::snapshot(&format!("{name}.txt"), &run.plain(&run.stderr));
    }
}

/// Packages are the same in whatever form an image comes, and however many threads look.
#[test]
fn forms_and_threads_make_no_difference() {
    let place = place();
    let expected = packages(&scan(&place, &["saved.tar"]).code(0).json());
    for target in ["saved.tar.gz", "saved.tar.zst", "oci.tar.gz:demo:1", "oci:layout:demo:1"] {
        for threads in ["1", "8", "0"] {
            let run = scan(&place, &[target, "--parallel", threads]).code(0).silent();
            assert_eq!(packages(&run.json()), expected, "{target}");
        }
    }
}

#[test]
fn time_enough() {
    let place = place();
    for time in ["5m", "5m0s", "90s", "1h"] {
        let run = scan(&place, &["saved.tar", "--timeout", time]).code(0).silent();
        assert_eq!(run.json()["complete"], true);
    }
}
