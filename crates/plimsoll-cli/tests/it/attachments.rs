//! Signatures and attestations of images in registries and layouts, listed and held against keys.

use plimsoll_image::attachment_tag;
use plimsoll_test::images::{Content, Files, Layout, Packing};
use plimsoll_test::registry::FakeRegistry;
use plimsoll_test::signing::{ArtifactText, Signer};
use plimsoll_types::Digest;
use serde_json::{Value, json};

use crate::place::{DATABASE, Place};
use crate::samples::image;

const SCAN: &[&str] =
    &["--db", DATABASE, "--no-cache", "--quiet", "--format", "json", "--scanners", "integrity"];
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const SLSA: &str = "https://slsa.dev/provenance/v1";

/// `CLASS severity` of what is said of where the first target is from, sorted.
fn told(report: &Value) -> Vec<String> {
    let detections = report["targets"][0]["detections"].as_array();
    let mut all: Vec<String> = detections
        .into_iter()
        .flatten()
        .map(|found| format!("{} {}", found["class"].as_str().unwrap(), found["severity"].as_str().unwrap()))
        .filter(|found| found.starts_with("PRV-") && !found.starts_with("PRV-LABELS"))
        .collect();
    all.sort();
    all
}

/// `kind predicate verified note` of what is attached to the first target.
fn listed(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let attached = report["targets"][0]["attached"].as_array();
    attached
        .into_iter()
        .flatten()
        .map(|found| {
            let (predicate, note) = (text(&found["predicate"]), text(&found["note"]));
            format!("{} {predicate} {} {note}", text(&found["kind"]), found["verified"])
        })
        .collect()
}

fn scan(place: &Place, name: &str, more: &[&str]) -> Value {
    place.run(&[&["scan", name][..], SCAN, more].concat()).code(0).json()
}

const WITH_KEY: &[&str] = &["--verify-key", "cosign.pub"];

/// The digest of the only entry of a layout.
fn entry(files: &Files) -> Digest {
    let Content::Bytes(bytes) = &files.0["index.json"] else { panic!("a link") };
    let index: Value = serde_json::from_slice(bytes).unwrap();
    index["manifests"][0]["digest"].as_str().unwrap().parse().unwrap()
}

#[test]
fn what_lies_beside_an_image_in_a_layout_is_held_against_keys() {
    let place = Place::new();
    let signer = Signer::new(1);
    place.write("cosign.pub", signer.public_key());
    let images = [image("layer\nfile a \"b\"").tag("1.0")];
    let plain = Layout { nested: 1, ..Layout::default() }.files(&images).unwrap();
    let index = entry(&plain);
    plain.write_to(&place.path("plain")).unwrap();
    // Most layouts have no signatures, and that is told only to somebody who brings a key.
    let report = scan(&place, "plain", &[]);
    assert_eq!((told(&report), listed(&report)), (vec![], vec![]));
    let report = scan(&place, "plain", WITH_KEY);
    assert_eq!(told(&report), ["PRV-PROVENANCE negligible", "PRV-UNSIGNED high"]);

    let mut files = plain.clone();
    let name = json!({"org.opencontainers.image.ref.name": format!("{}.sig", attachment_tag(&index))});
    files.put_artifact(&signer.signature(&index, None), &name).unwrap();
    files.put_artifact(&signer.attestation(&index, SLSA, Some(&index)), &json!({})).unwrap();
    files.write_to(&place.path("signed")).unwrap();
    files.write_tar(&place.path("signed.tar.gz"), Packing::Gzip).unwrap();
    for target in ["signed", "signed.tar.gz"] {
        let report = scan(&place, target, WITH_KEY);
        assert_eq!(told(&report), [""; 0], "{target}");
        let expected = [format!("attestation {SLSA} true cosign.pub"), "signature - true cosign.pub".into()];
        assert_eq!(listed(&report), expected, "{target}");
        let report = scan(&place, target, &[]);
        assert_eq!(listed(&report), [format!("attestation {SLSA} null -"), "signature - null -".into()]);
    }
    place.write("cosign.pub", Signer::new(2).public_key());
    let report = scan(&place, "signed", WITH_KEY);
    assert_eq!(
        told(&report),
        ["PRV-PROVENANCE negligible", "PRV-SIGNATURE high", "PRV-SIGNATURE high", "PRV-UNSIGNED high"]
    );
}

#[test]
fn attachments_that_cannot_be_read_end_a_run_with_a_key() {
    let place = Place::new();
    place.write("cosign.pub", Signer::new(1).public_key());
    let mut files = Layout::default().files(&[image("layer\nfile a \"b\"")]).unwrap();
    let manifest = entry(&files);
    let signature = Signer::new(1).signature(&manifest, Some(&manifest));
    files.put_artifact(&signature, &json!({})).unwrap();
    let payload = plimsoll_archive::sha256(&signature.blobs[1]);
    files.0.insert(format!("blobs/sha256/{}", payload.hex()), Content::Bytes(b"{}".to_vec()));
    files.write_to(&place.path("layout")).unwrap();
    let arguments = ["scan", "layout", "--db", DATABASE, "--no-cache", "--scanners", "integrity"];
    place.run(&arguments).code(0).says(&["what is attached to the image is not known", &payload.to_string()]);
    place.run(&[&arguments[..], WITH_KEY].concat()).code(4).says(&[&payload.to_string()]);
}

#[test]
fn an_archive_of_docker_save_cannot_be_verified() {
    let place = Place::new();
    place.write("cosign.pub", Signer::new(1).public_key());
    place.archive("image.tar", image("layer\nfile a \"b\"").tag("app:1.0"));
    assert_eq!(told(&scan(&place, "image.tar", &[])), [""; 0]);
    let report = scan(&place, "image.tar", WITH_KEY);
    assert_eq!(told(&report), ["PRV-UNSIGNED high"]);
    assert!(report.to_string().contains("a docker save archive cannot hold any"));
}

#[test]
fn signatures_of_an_index_hold_for_its_images() {
    let place = Place::new();
    let signer = Signer::new(1);
    place.write("cosign.pub", signer.public_key());
    let fake = FakeRegistry::start().unwrap();
    let layers: Vec<Vec<u8>> =
        image("layer\nfile a \"b\"").layers.into_iter().map(|layer| layer.tar).collect();
    let parts: Vec<&[u8]> = layers.iter().map(Vec::as_slice).collect();
    let manifest = fake.put_image("team/app", None, "amd64", &parts);
    let attestation = ArtifactText::buildkit(&manifest);
    fake.put_attachment("team/app", None, &attestation);
    let index = json!({
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [
            {
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": manifest.to_string(),
                "size": 0,
                "platform": {"os": "linux", "architecture": "amd64"},
            },
            attestation.entry(&json!({
                "vnd.docker.reference.type": "attestation-manifest",
                "vnd.docker.reference.digest": manifest.to_string(),
            })),
        ],
    });
    let index = fake.put_manifest("team/app", Some("1.0"), INDEX, index.to_string().as_bytes());
    let name = format!("{}/team/app:1.0", fake.host());
    let bill = "attestation https://spdx.dev/Document null it is not signed";
    let provenance = "attestation https://slsa.dev/provenance/v0.2 null it is not signed";
    // What BuildKit says is enough for whoever asks for no signature.
    let report = scan(&place, &name, &[]);
    assert_eq!(listed(&report), [bill, provenance]);
    assert_eq!(told(&report), ["PRV-UNSIGNED low"]);
    let report = scan(&place, &name, WITH_KEY);
    assert_eq!(told(&report), ["PRV-PROVENANCE negligible", "PRV-UNSIGNED high"]);

    let tag = format!("{}.sig", attachment_tag(&index));
    fake.put_attachment("team/app", Some(&tag), &signer.signature(&index, None));
    fake.put_attachment("team/app", None, &signer.attestation(&index, SLSA, Some(&index)));
    fake.list_referrers(10);
    let report = scan(&place, &name, WITH_KEY);
    assert_eq!(told(&report), [""; 0]);
    let signed = [&format!("attestation {SLSA} true cosign.pub"), "signature - true cosign.pub"];
    assert_eq!(listed(&report), [signed[0], signed[1], bill, provenance]);
    // The manifest by its own digest is not the index, and nobody signed it.
    let alone = format!("{}/team/app@{manifest}", fake.host());
    let report = scan(&place, &alone, WITH_KEY);
    assert_eq!(told(&report), ["PRV-PROVENANCE negligible", "PRV-UNSIGNED high"]);
}
