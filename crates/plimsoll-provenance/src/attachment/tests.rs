//! Signatures made with OpenSSL over what cosign signs.

use serde_json::Value;

use super::*;

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
