//! What is attached to the images of a layout, and that it is not taken for images itself.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use plimsoll_archive::sha256;
use plimsoll_image::sources::{self, Request};
use plimsoll_image::{Image, ImageError, PlatformChoice, attachment_tag};
use plimsoll_test::images::{Content, Files, ImageText, Layout, Packing};
use plimsoll_test::signing::{ArtifactText, Signer};
use plimsoll_types::Digest;
use serde_json::{Value, json};
use tempfile::tempdir;

const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

fn image(name: &str) -> ImageText {
    ImageText::parse(&format!("layer\nfile name {name}")).unwrap().tag(name)
}

fn open(path: &Path) -> Result<Vec<Image>, ImageError> {
    let platform = PlatformChoice::Default;
    let source = sources::recognise(path).unwrap();
    (source.open)(&Request { path, selector: "", platform: &platform, machine: "amd64" })
}

/// Writes a layout in each of its forms and opens it.
fn each_form(files: &Files, check: impl Fn(Vec<Image>)) {
    let folder = tempdir().unwrap();
    files.write_to(&folder.path().join("layout")).unwrap();
    check(open(&folder.path().join("layout")).unwrap());
    for packing in Packing::ALL {
        let path = folder.path().join(format!("{packing:?}.tar"));
        files.write_tar(&path, packing).unwrap();
        check(open(&path).unwrap());
    }
}

/// The digests of what is attached to an image, sorted; everything in it can be read.
fn attached(image: &Image) -> Vec<Digest> {
    let layout = image.attached.as_ref().unwrap();
    let mut all = Vec::new();
    for (digest, artifact) in layout.artifacts().unwrap() {
        for layer in &artifact.layers {
            assert_eq!(layout.read(layer).unwrap().len() as u64, layer.size);
        }
        all.push(digest);
    }
    all.sort();
    all
}

fn sorted(mut all: Vec<Digest>) -> Vec<Digest> {
    all.sort();
    all
}

fn ref_name(name: &str) -> Value {
    json!({ "org.opencontainers.image.ref.name": name })
}

fn index_of(files: &Files) -> Value {
    match &files.0["index.json"] {
        Content::Bytes(bytes) => serde_json::from_slice(bytes).unwrap(),
        Content::Link(_) => panic!("a link"),
    }
}

#[test]
fn subjects_tags_and_indexes_lead_to_what_is_attached() {
    let signer = Signer::new(1);
    let layout = Layout { nested: 1, ..Layout::default() };
    let mut files = layout.files(&[image("1.0")]).unwrap();
    each_form(&files, |images| assert_eq!(attached(&images[0]), []));
    let index: Digest = index_of(&files)["manifests"][0]["digest"].as_str().unwrap().parse().unwrap();
    let folder = tempdir().unwrap();
    files.write_to(folder.path()).unwrap();
    let opened = open(folder.path()).unwrap().remove(0);
    let manifest = opened.metadata.manifest.clone().unwrap();
    assert_eq!(opened.indexes, std::slice::from_ref(&index));

    let by_subject = files.put_artifact(&signer.signature(&manifest, Some(&manifest)), &json!({})).unwrap();
    let of_index = signer.attestation(&index, PROVENANCE, Some(&index));
    let of_index = files.put_artifact(&of_index, &json!({})).unwrap();
    let name = format!("registry.example/app:{}.sig", attachment_tag(&index));
    let by_tag = files.put_artifact(&signer.signature(&index, None), &ref_name(&name)).unwrap();
    // Of others, by subject and by tag.
    let other = sha256(b"another");
    files.put_artifact(&signer.signature(&other, Some(&other)), &json!({})).unwrap();
    let name = format!("{}.att", attachment_tag(&other));
    files.put_artifact(&signer.attestation(&other, PROVENANCE, None), &ref_name(&name)).unwrap();
    // An index that lists one more, as the stand-in for referrers, and one that leads nowhere.
    let listed = signer.attestation(&manifest, "https://example.org/other", Some(&manifest));
    for blob in listed.blobs.iter().chain([&listed.manifest]) {
        files.put_blob(blob.clone());
    }
    let media_type = "application/vnd.oci.image.index.v1+json";
    let gone = ArtifactText::buildkit(&other);
    let list = json!({
        "schemaVersion": 2,
        "mediaType": media_type,
        "manifests": [listed.entry(&json!({})), gone.entry(&json!({}))],
    })
    .to_string();
    let mut root = index_of(&files);
    root["manifests"].as_array_mut().unwrap().push(json!({
        "mediaType": media_type,
        "digest": files.put_blob(list.clone().into_bytes()).to_string(),
        "size": list.len(),
        "annotations": ref_name(&attachment_tag(&manifest)),
    }));
    files.0.insert("index.json".to_owned(), Content::Bytes(root.to_string().into_bytes()));

    let expected = sorted(vec![by_subject, of_index, by_tag, listed.digest()]);
    each_form(&files, |images| {
        assert_eq!(images.len(), 1);
        assert_eq!(attached(&images[0]), expected);
    });

    // What is damaged is told, and does not keep the image from being opened.
    let damaged = format!("blobs/sha256/{}", expected[0].hex());
    files.0.insert(damaged, Content::Bytes(b"{}".to_vec()));
    each_form(&files, |images| {
        let outcome = images[0].attached.as_ref().unwrap().artifacts();
        assert!(matches!(outcome, Err(ImageError::DigestMismatch { .. })));
    });
}

#[test]
fn attestations_of_buildkit_lie_beside_the_image() {
    let plain = Layout::default().files(&[image("1.0")]).unwrap();
    let folder = tempdir().unwrap();
    plain.write_to(folder.path()).unwrap();
    let manifest = open(folder.path()).unwrap()[0].metadata.manifest.clone().unwrap();
    let attestation = ArtifactText::buildkit(&manifest);
    let marked = |of: &Digest| {
        json!({
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": of.to_string(),
        })
    };
    let mut files = plain.clone();
    files.put_artifact(&attestation, &marked(&manifest)).unwrap();
    files.put_artifact(&ArtifactText::buildkit(&sha256(b"x")), &marked(&sha256(b"x"))).unwrap();
    each_form(&files, |images| {
        assert_eq!(images.len(), 1);
        assert_eq!(attached(&images[0]), [attestation.digest()]);
    });
    // Copies of one platform often leave it out.
    files.0.remove(&format!("blobs/sha256/{}", attestation.digest().hex()));
    each_form(&files, |images| assert_eq!(attached(&images[0]), []));
    // Without a mark it is no image either.
    let mut files = plain;
    files.put_artifact(&attestation, &json!({})).unwrap();
    each_form(&files, |images| assert_eq!(images.len(), 1));
}

#[test]
fn archives_of_docker_hold_a_layout_with_attestations() {
    let layout = Layout { nested: 1, ..Layout::default() };
    let mut files = layout.files(&[image("1.0")]).unwrap();
    let folder = tempdir().unwrap();
    files.write_to(folder.path()).unwrap();
    let opened = open(folder.path()).unwrap().remove(0);
    let (manifest, index) = (opened.metadata.manifest.clone().unwrap(), opened.indexes[0].clone());
    let blob = |digest: &Digest| format!("blobs/sha256/{}", digest.hex());
    let layers: Vec<String> =
        opened.layers.iter().map(|layer| blob(layer.digest.as_ref().unwrap())).collect();
    let docker = json!([{
        "Config": blob(opened.metadata.id.as_ref().unwrap()),
        "RepoTags": ["app:1.0"],
        "Layers": layers,
    }]);
    files.0.insert("manifest.json".to_owned(), Content::Bytes(docker.to_string().into_bytes()));
    let each_tar = |files: &Files, check: &dyn Fn(Vec<Image>)| {
        for packing in Packing::ALL {
            let path = folder.path().join(format!("{packing:?}.tar"));
            files.write_tar(&path, packing).unwrap();
            check(open(&path).unwrap());
        }
    };
    // Nothing about the image: as in an archive without a layout.
    each_tar(&files, &|images| assert!(images[0].attached.is_none()));
    let attestation = ArtifactText::buildkit(&manifest);
    let marked = json!({
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": manifest.to_string(),
    });
    files.put_artifact(&attestation, &marked).unwrap();
    let signature = Signer::new(1).signature(&index, None);
    files.put_artifact(&signature, &ref_name(&format!("{}.sig", attachment_tag(&index)))).unwrap();
    each_tar(&files, &|images| {
        assert_eq!(images[0].metadata.tags, ["app:1.0"]);
        assert_eq!(attached(&images[0]), sorted(vec![attestation.digest(), signature.digest()]));
        assert_eq!(images[0].attached.as_ref().unwrap().digests(), [manifest.clone(), index.clone()]);
    });
    // The image can be opened whatever the layout is; the fault is told to whoever asks for what is attached.
    files.0.insert("index.json".to_owned(), Content::Bytes(b"{".to_vec()));
    each_tar(&files, &|images| {
        assert!(images[0].attached.as_ref().unwrap().artifacts().is_err());
    });
}

#[test]
fn what_cosign_saves_is_attached_to_its_only_image() {
    let kind = |kind: &str| json!({ "kind": format!("dev.cosignproject.cosign/{kind}") });
    let mut files = Layout::default().files(&[image("1.0")]).unwrap();
    let mut index = index_of(&files);
    let manifest: Digest = index["manifests"][0]["digest"].as_str().unwrap().parse().unwrap();
    index["manifests"][0]["annotations"] = kind("image");
    files.0.insert("index.json".to_owned(), Content::Bytes(index.to_string().into_bytes()));
    let signature = Signer::new(1).signature(&manifest, None);
    files.put_artifact(&signature, &kind("sigs")).unwrap();
    each_form(&files, |images| {
        assert_eq!(images.len(), 1);
        assert_eq!(attached(&images[0]), [signature.digest()]);
    });
}

#[test]
fn nothing_but_attachments_is_an_error_and_an_image_is_one_under_any_name() {
    let other = sha256(b"another");
    let mut files = Layout::default().files(&[]).unwrap();
    let name = format!("{}.sig", attachment_tag(&other));
    files.put_artifact(&Signer::new(1).signature(&other, None), &ref_name(&name)).unwrap();
    files.put_artifact(&Signer::new(1).signature(&other, Some(&other)), &json!({})).unwrap();
    let folder = tempdir().unwrap();
    files.write_to(folder.path()).unwrap();
    assert!(matches!(open(folder.path()), Err(ImageError::MediaType { .. })));

    let images = [image("1.0"), image(&name)];
    each_form(&Layout::default().files(&images).unwrap(), |images| assert_eq!(images.len(), 2));
}

#[test]
fn there_is_a_limit_to_what_is_attached() {
    let mut files = Layout::default().files(&[image("1.0")]).unwrap();
    let manifest: Digest = index_of(&files)["manifests"][0]["digest"].as_str().unwrap().parse().unwrap();
    for number in 0..257 {
        let layer = number.to_string();
        let artifact = ArtifactText::new(&[("text/plain", json!({}), layer.as_bytes())], Some(&manifest));
        files.put_artifact(&artifact, &json!({})).unwrap();
    }
    let folder = tempdir().unwrap();
    files.write_to(folder.path()).unwrap();
    let images = open(folder.path()).unwrap();
    assert_eq!(images.len(), 1);
    let Err(error) = images[0].attached.as_ref().unwrap().artifacts() else { panic!("it went well") };
    assert!(error.to_string().contains("more than 256"), "{error}");
}
