//! Signatures and attestations for tests, signed on the spot: cosign's signatures, DSSE envelopes with in-toto
//! statements, and what BuildKit attaches without signing it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plimsoll_archive::sha256;
use plimsoll_types::Digest;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

const IN_TOTO: &str = "application/vnd.in-toto+json";

/// An artifact: its manifest, and the blobs that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactText {
    /// The manifest.
    pub manifest: Vec<u8>,
    /// Its configuration, then its layers.
    pub blobs: Vec<Vec<u8>>,
}

impl ArtifactText {
    /// An artifact with these layers (media type, annotations, content), attached to `subject` where one is given.
    pub fn new(layers: &[(&str, Value, &[u8])], subject: Option<&Digest>) -> ArtifactText {
        let config: &[u8] = b"{}";
        let part = |media_type: &str, annotations: &Value, bytes: &[u8]| {
            json!({
                "mediaType": media_type,
                "digest": sha256(bytes).to_string(),
                "size": bytes.len(),
                "annotations": annotations,
            })
        };
        let listed: Vec<Value> = layers
            .iter()
            .map(|(media_type, annotations, bytes)| part(media_type, annotations, bytes))
            .collect();
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": part("application/vnd.oci.image.config.v1+json", &json!({}), config),
            "layers": listed,
        });
        if let Some(subject) = subject {
            manifest["subject"] = json!({
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": subject.to_string(),
                "size": 1,
            });
        }
        let contents = layers.iter().map(|(_, _, bytes)| bytes.to_vec());
        let blobs = std::iter::once(config.to_vec()).chain(contents).collect();
        ArtifactText { manifest: manifest.to_string().into_bytes(), blobs }
    }

    /// A manifest with an attestation about `of` as BuildKit puts it into an index: provenance, and a bill of materials.
    pub fn buildkit(of: &Digest) -> ArtifactText {
        let provenance = statement(of, "https://slsa.dev/provenance/v0.2").to_string();
        let bill = statement(of, "https://spdx.dev/Document").to_string();
        let said = |kind: &str| json!({ "in-toto.io/predicate-type": kind });
        ArtifactText::new(
            &[
                (IN_TOTO, said("https://spdx.dev/Document"), bill.as_bytes()),
                (IN_TOTO, said("https://slsa.dev/provenance/v0.2"), provenance.as_bytes()),
            ],
            None,
        )
    }

    /// The digest of its manifest.
    pub fn digest(&self) -> Digest {
        sha256(&self.manifest)
    }

    /// Its descriptor, as indexes list it.
    pub fn entry(&self, annotations: &Value) -> Value {
        json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": self.digest().to_string(),
            "size": self.manifest.len(),
            "annotations": annotations,
        })
    }
}

/// An in-toto statement about `of` with a builder.
fn statement(of: &Digest, predicate_type: &str) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": predicate_type,
        "subject": [{ "name": "_", "digest": { of.algorithm().name(): of.hex() } }],
        "predicate": { "builder": { "id": "https://builder.example/v1" } },
    })
}

/// Somebody with a key.
pub struct Signer(Ed25519KeyPair);

impl Signer {
    /// Each seed gives another key, and the same one each time.
    ///
    /// # Panics
    ///
    /// Never: any 32 bytes are a seed.
    #[expect(clippy::expect_used, reason = "for tests, and any 32 bytes are a seed")]
    pub fn new(seed: u8) -> Signer {
        Signer(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("32 bytes are a seed"))
    }

    /// The public key in PEM form (RFC 8410).
    pub fn public_key(&self) -> String {
        let head: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        let der = [head, self.0.public_key().as_ref()].concat();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
    }

    fn sign(&self, message: &[u8]) -> String {
        STANDARD.encode(self.0.sign(message))
    }

    /// A signature of `of` as cosign stores it.
    pub fn signature(&self, of: &Digest, subject: Option<&Digest>) -> ArtifactText {
        let payload = json!({
            "critical": {
                "identity": { "docker-reference": "registry.example/app" },
                "image": { "docker-manifest-digest": of.to_string() },
                "type": "cosign container image signature",
            },
            "optional": null,
        })
        .to_string();
        let annotations = json!({ "dev.cosignproject.cosign/signature": self.sign(payload.as_bytes()) });
        let kind = "application/vnd.dev.cosign.simplesigning.v1+json";
        ArtifactText::new(&[(kind, annotations, payload.as_bytes())], subject)
    }

    /// A signed attestation about `of`.
    pub fn attestation(&self, of: &Digest, predicate_type: &str, subject: Option<&Digest>) -> ArtifactText {
        let payload = statement(of, predicate_type).to_string();
        let message = format!("DSSEv1 {} {IN_TOTO} {} {payload}", IN_TOTO.len(), payload.len());
        let envelope = json!({
            "payloadType": IN_TOTO,
            "payload": STANDARD.encode(&payload),
            "signatures": [{ "sig": self.sign(message.as_bytes()) }],
        })
        .to_string();
        let kind = "application/vnd.dsse.envelope.v1+json";
        ArtifactText::new(&[(kind, json!({}), envelope.as_bytes())], subject)
    }
}
