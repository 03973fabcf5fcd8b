//! Signatures made with OpenSSL over what cosign signs, and others made on the spot.

use plimsoll_test::signing::{ArtifactText, Signer};
use plimsoll_types::classes::provenance;
use serde_json::Value;

use super::*;
use crate::judge::{describe, judge};

const SIGNED: &str = include_str!("../../tests/fixtures/signed.json");

fn sample() -> Value {
    serde_json::from_str(SIGNED).unwrap()
}

fn keys() -> Vec<PublicKey> {
    PublicKey::read("cosign.pub", sample()["key"].as_str().unwrap()).unwrap()
}

fn signature(payload: &str) -> Attachment {
    let annotations = [(SIGNATURE.to_owned(), sample()["signature"].as_str().unwrap().to_owned())];
    Attachment {
        name: "sig".into(),
        artifact_type: String::new(),
        layers: vec![AttachedLayer {
            media_type: SIMPLE_SIGNING.into(),
            annotations: annotations.into(),
            bytes: payload.as_bytes().to_vec(),
        }],
    }
}

fn envelope_of(value: &Value) -> Attachment {
    Attachment {
        name: "att".into(),
        artifact_type: String::new(),
        layers: vec![AttachedLayer {
            media_type: "application/vnd.dsse.envelope.v1+json".into(),
            bytes: value.to_string().into_bytes(),
            ..AttachedLayer::default()
        }],
    }
}

fn verdict(attachment: Attachment, keys: &[PublicKey], digest: &str) -> Statement {
    let digests = [digest.parse().unwrap()];
    let mut found = statements(&digests, &[attachment], keys);
    assert_eq!(found.len(), 1);
    found.remove(0)
}

#[test]
fn signatures_and_attestations_are_verified() {
    let sample = sample();
    let digest = sample["digest"].as_str().unwrap();
    let payload = sample["payload"].as_str().unwrap();
    let found = verdict(signature(payload), &keys(), digest);
    assert_eq!((found.kind, found.verdict), (Kind::Signature, Verdict::Verified("cosign.pub".into())));
    assert_eq!(verdict(signature(payload), &[], digest).verdict, Verdict::NotChecked);

    let found = verdict(envelope_of(&sample["envelope"]), &keys(), digest);
    assert_eq!(found.kind, Kind::Attestation("https://slsa.dev/provenance/v1".into()));
    assert_eq!(found.builder, "https://builder.example/v1");
    assert_eq!(found.verdict, Verdict::Verified("cosign.pub".into()));
    let bundle = serde_json::json!({ "mediaType": "x", "dsseEnvelope": sample["envelope"] });
    assert_eq!(
        verdict(envelope_of(&bundle), &keys(), digest).verdict,
        Verdict::Verified("cosign.pub".into())
    );
}

#[test]
fn what_was_changed_or_is_of_another_image_fails() {
    let sample = sample();
    let digest = sample["digest"].as_str().unwrap();
    let other = format!("sha256:{}", "b".repeat(64));
    let payload = sample["payload"].as_str().unwrap();
    let failed = |found: Statement| match found.verdict {
        Verdict::Failed(why) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(failed(verdict(signature(payload), &keys(), &other)), "what is signed names another image");
    assert_eq!(
        failed(verdict(signature(&format!("{payload} ")), &keys(), digest)),
        "none of the keys made the signature"
    );
    assert_eq!(
        failed(verdict(envelope_of(&sample["envelope"]), &keys(), &other)),
        "what is signed is about another image"
    );
    let mut changed = sample["envelope"].clone();
    changed["signatures"] = Value::Array(Vec::new());
    assert_eq!(
        failed(verdict(envelope_of(&changed), &keys(), digest)),
        "it has no signature that can be read"
    );
    // A key of somebody else.
    let samples = include_str!("../../tests/fixtures/keys.txt");
    let others = PublicKey::read("others", samples).unwrap();
    assert_eq!(
        failed(verdict(envelope_of(&sample["envelope"]), &others, digest)),
        "none of the keys made the signature"
    );
}

#[test]
fn damage_does_no_harm() {
    let sample = sample();
    let digests = [sample["digest"].as_str().unwrap().parse().unwrap()];
    let text = sample["envelope"].to_string();
    for end in 0..=text.len() {
        let mut attachment = envelope_of(&Value::Null);
        attachment.layers[0].bytes = text.as_bytes()[..end].to_vec();
        let found = statements(&digests, &[attachment], &keys());
        assert_eq!(found.len(), 1);
    }
}

/// An artifact as it is read: bills of materials are left out.
fn read(artifact: &ArtifactText) -> Attachment {
    let manifest: Value = serde_json::from_slice(&artifact.manifest).unwrap();
    let layers =
        manifest["layers"].as_array().unwrap().iter().zip(&artifact.blobs[1..]).map(|(layer, bytes)| {
            let media_type = layer["mediaType"].as_str().unwrap().to_owned();
            let annotations = serde_json::from_value(layer["annotations"].clone()).unwrap();
            let bytes = if is_read(&media_type, &annotations) { bytes.clone() } else { Vec::new() };
            AttachedLayer { media_type, annotations, bytes }
        });
    let layers = layers.collect();
    Attachment { name: artifact.digest().to_string(), artifact_type: String::new(), layers }
}

fn digest(letter: &str) -> Digest {
    format!("sha256:{}", letter.repeat(64)).parse().unwrap()
}

fn key_of(signer: &Signer) -> Vec<PublicKey> {
    PublicKey::read("cosign.pub", &signer.public_key()).unwrap()
}

/// The codes of what is to be said.
fn codes(found: &[Statement], keys: bool) -> Vec<&'static str> {
    judge(found, keys).iter().map(|found| found.class.code).collect()
}

const SLSA: &str = "https://slsa.dev/provenance/v1";

#[test]
fn a_statement_about_the_index_is_one_about_the_image() {
    let signer = Signer::new(1);
    let (manifest, index) = (digest("a"), digest("b"));
    let attached = [read(&signer.signature(&index, None)), read(&signer.attestation(&index, SLSA, None))];
    let found = statements(&[manifest.clone(), index], &attached, &key_of(&signer));
    let verified = Verdict::Verified("cosign.pub".into());
    assert!(found.len() == 2 && found.iter().all(|found| found.verdict == verified), "{found:?}");
    assert_eq!(codes(&found, true), [""; 0]);
    // By the manifest alone they are about something else.
    let found = statements(&[manifest], &attached, &key_of(&signer));
    assert!(found.iter().all(|found| matches!(found.verdict, Verdict::Failed(_))), "{found:?}");
    let [signature, unsigned, origin] =
        [provenance::SIGNATURE, provenance::UNSIGNED, provenance::NO_PROVENANCE];
    assert_eq!(codes(&found, true), [signature, signature, unsigned, origin].map(|class| class.code));
}

#[test]
fn what_cosign_3_signs_is_a_signature() {
    let signer = Signer::new(1);
    let image = digest("a");
    let attached = [read(&signer.attestation(&image, "https://sigstore.dev/cosign/sign/v1", None))];
    let found = statements(std::slice::from_ref(&image), &attached, &key_of(&signer));
    assert_eq!((&found[0].kind, found.len()), (&Kind::Signature, 1));
    assert_eq!(found[0].verdict, Verdict::Verified("cosign.pub".into()));
    assert_eq!(codes(&found, true), [provenance::NO_PROVENANCE.code]);
    let other = statements(&[digest("b")], &attached, &key_of(&signer));
    assert!(matches!(other[0].verdict, Verdict::Failed(_)), "{other:?}");
}

#[test]
fn a_statement_without_a_signature_fails_nothing_and_proves_nothing() {
    let image = digest("a");
    let attached = [read(&ArtifactText::buildkit(&image))];
    let keys = key_of(&Signer::new(1));
    for keys in [&[][..], &keys] {
        let found = statements(std::slice::from_ref(&image), &attached, keys);
        let kinds: Vec<&Kind> = found.iter().map(|found| &found.kind).collect();
        let attestation = |kind: &str| Kind::Attestation(kind.to_owned());
        assert_eq!(
            kinds,
            [&attestation("https://spdx.dev/Document"), &attestation("https://slsa.dev/provenance/v0.2")]
        );
        assert!(found.iter().all(|found| found.verdict == Verdict::NotSigned { of_another: false }));
        assert_eq!(found[1].builder, "https://builder.example/v1");
        assert!(
            describe(&found[1])
                .ends_with("built by https://builder.example/v1: not verified: it is not signed")
        );
    }
    let found = statements(std::slice::from_ref(&image), &attached, &[]);
    assert_eq!(codes(&found, false), [provenance::UNSIGNED.code]);
    assert_eq!(codes(&found, true), [provenance::UNSIGNED.code, provenance::NO_PROVENANCE.code]);
    let told = judge(&found, true).pop().unwrap();
    assert!(told.notes[0].contains("not signed"), "{:?}", told.notes);
    // One about another image says nothing of this one.
    let found = statements(&[digest("b")], &attached, &[]);
    assert_eq!(found[1].verdict, Verdict::NotSigned { of_another: true });
    assert_eq!(codes(&found, false), [provenance::UNSIGNED.code, provenance::NO_PROVENANCE.code]);
}

#[test]
fn damaged_statements_without_a_signature_are_listed() {
    let image = digest("a");
    let whole = read(&ArtifactText::buildkit(&image));
    let layer = whole.layers[1].clone();
    for end in 0..=layer.bytes.len() {
        for annotated in [true, false] {
            let mut layer = AttachedLayer { bytes: layer.bytes[..end].to_vec(), ..layer.clone() };
            if !annotated {
                layer.annotations.clear();
            }
            let attachment = Attachment { layers: vec![layer], ..whole.clone() };
            let found = statements(std::slice::from_ref(&image), &[attachment], &[]);
            assert_eq!(found.len(), 1);
        }
    }
}
