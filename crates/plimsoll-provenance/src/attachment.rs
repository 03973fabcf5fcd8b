//! What is attached to an image: cosign signatures ("simple signing" in the layers of an artifact), DSSE envelopes with in-toto
//! statements (SLSA provenance, cosign's vulnerability reports, SBOMs), Sigstore bundles, in-toto statements without a
//! signature (BuildKit's attestations), and anything else, which is listed.
//!
//! A signature says something about an image only when what is signed names the digest of the image's manifest, or that of
//! an index through which it was found. Certificates and transparency logs
//! are not looked at: a signature is held against the keys that the user gives.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plimsoll_types::Digest;
use serde::Deserialize;

use crate::key::PublicKey;

/// An artifact that is attached to an image, as it was fetched.
#[derive(Debug, Clone, Default)]
pub struct Attachment {
    /// The digest of its manifest, or another name for it.
    pub name: String,
    /// Its artifact type.
    pub artifact_type: String,
    /// Its layers.
    pub layers: Vec<AttachedLayer>,
}

/// A layer of an attached artifact.
#[derive(Debug, Clone, Default)]
pub struct AttachedLayer {
    /// The media type.
    pub media_type: String,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// The content; empty where it was not fetched.
    pub bytes: Vec<u8>,
}

/// What something that is attached is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A signature of the image itself.
    Signature,
    /// A statement about the image, with its predicate's type.
    Attestation(String),
    /// Anything else.
    Other(String),
}

/// How a signature did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// One of the keys made it: that key's origin.
    Verified(String),
    /// It was not held against any key.
    NotChecked,
    /// There is none, and nothing claims that there is one: whoever could write to the registry could write it.
    NotSigned {
        /// It was read, and names other digests than the image's.
        of_another: bool,
    },
    /// It is wrong: why.
    Failed(&'static str),
}

/// One thing that an attachment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The attachment's name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Who built the image, where a SLSA provenance says so.
    pub builder: String,
    /// How its signature did.
    pub verdict: Verdict,
}

const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const IN_TOTO: &str = "application/vnd.in-toto+json";
/// The predicate by which cosign 3 signs an image: the statement says nothing but that it is signed.
const COSIGN_SIGN: &str = "https://sigstore.dev/cosign/sign/v1";

/// Where BuildKit says the type of a statement's predicate.
const PREDICATE_TYPE: &str = "in-toto.io/predicate-type";

/// The most statements that are kept.
const MAX_STATEMENTS: usize = 1_000;

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "payloadType")]
    payload_type: String,
    payload: String,
    #[serde(default)]
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Deserialize)]
struct EnvelopeSignature {
    sig: String,
}

#[derive(Deserialize)]
struct Bundle {
    #[serde(rename = "dsseEnvelope")]
    envelope: Option<Envelope>,
}

#[derive(Deserialize)]
struct InToto {
    #[serde(rename = "_type", default)]
    kind: String,
    #[serde(default)]
    subject: Vec<Subject>,
    #[serde(rename = "predicateType", default)]
    predicate_type: String,
    #[serde(default)]
    predicate: serde_json::Value,
}

impl InToto {
    /// True when one of the digests is what it is about.
    fn names(&self, digests: &[Digest]) -> bool {
        self.subject.iter().flat_map(|subject| &subject.digest).any(|(algorithm, hex)| {
            let named = format!("{algorithm}:{hex}");
            digests.iter().any(|digest| digest.to_string() == named)
        })
    }
}

#[derive(Deserialize)]
struct Subject {
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct SimpleSigning {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    image: CriticalImage,
}

#[derive(Deserialize)]
struct CriticalImage {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

/// True when [`statements`] looks at the content of a layer of this kind. Bills of materials in statements without a
/// signature are large, and listed by what their annotations say.
pub fn is_read(media_type: &str, annotations: &BTreeMap<String, String>) -> bool {
    let lower = media_type.to_ascii_lowercase();
    if lower == IN_TOTO {
        let predicate = annotations.get(PREDICATE_TYPE).map(|predicate| predicate.to_ascii_lowercase());
        return !predicate.is_some_and(|kind| kind.contains("spdx") || kind.contains("cyclonedx"));
    }
    ["simplesigning", "dsse", "in-toto", "sigstore.bundle"].iter().any(|word| lower.contains(word))
}

/// What `attachments` say of the image whose manifest (or index) has one of `digests`, held against `keys`.
pub fn statements(digests: &[Digest], attachments: &[Attachment], keys: &[PublicKey]) -> Vec<Statement> {
    let mut all = Vec::new();
    for attachment in attachments {
        let before = all.len();
        for layer in &attachment.layers {
            if layer.media_type == SIMPLE_SIGNING {
                all.push(simple(attachment, layer, digests, keys));
            } else if let Some(envelope) = envelope(&layer.bytes) {
                all.push(attested(attachment, &envelope, digests, keys));
            } else if let Some(statement) = unsigned(attachment, layer, digests) {
                all.push(statement);
            }
            if all.len() >= MAX_STATEMENTS {
                return all;
            }
        }
        if all.len() == before {
            let media = attachment.layers.first().map_or("", |layer| &layer.media_type);
            let kind = if attachment.artifact_type.is_empty() { media } else { &attachment.artifact_type };
            all.push(Statement {
                name: attachment.name.clone(),
                kind: Kind::Other(kind.to_owned()),
                builder: String::new(),
                verdict: Verdict::NotChecked,
            });
        }
    }
    all
}

/// A DSSE envelope, by itself or in a bundle.
fn envelope(bytes: &[u8]) -> Option<Envelope> {
    serde_json::from_slice::<Envelope>(bytes)
        .ok()
        .or_else(|| serde_json::from_slice::<Bundle>(bytes).ok().and_then(|bundle| bundle.envelope))
}

fn simple(
    attachment: &Attachment,
    layer: &AttachedLayer,
    digests: &[Digest],
    keys: &[PublicKey],
) -> Statement {
    let names_it = serde_json::from_slice::<SimpleSigning>(&layer.bytes)
        .is_ok_and(|signed| digests.iter().any(|digest| digest.to_string() == signed.critical.image.digest));
    let signature = layer.annotations.get(SIGNATURE).and_then(|text| STANDARD.decode(text.trim()).ok());
    let verdict = match signature {
        _ if !names_it => Verdict::Failed("what is signed names another image"),
        None => Verdict::Failed("it has no signature that can be read"),
        Some(signature) => held(&layer.bytes, std::iter::once(signature), keys),
    };
    Statement { name: attachment.name.clone(), kind: Kind::Signature, builder: String::new(), verdict }
}

fn attested(
    attachment: &Attachment,
    envelope: &Envelope,
    digests: &[Digest],
    keys: &[PublicKey],
) -> Statement {
    let payload = STANDARD.decode(envelope.payload.trim()).unwrap_or_default();
    let statement: Option<InToto> = serde_json::from_slice(&payload).ok();
    let names_it = statement.as_ref().is_some_and(|statement| statement.names(digests));
    let verdict = if envelope.payload_type != IN_TOTO || statement.is_none() {
        Verdict::Failed("what is signed is no in-toto statement")
    } else if !names_it {
        Verdict::Failed("what is signed is about another image")
    } else {
        let signatures = envelope.signatures.iter().filter_map(|signature| {
            let text = signature.sig.trim();
            STANDARD.decode(text).ok()
        });
        held(&encode(&envelope.payload_type, &payload), signatures, keys)
    };
    let (kind, builder) = statement.map_or((String::new(), String::new()), |statement| {
        let builder = builder(&statement.predicate);
        (statement.predicate_type, builder)
    });
    let kind = if kind == COSIGN_SIGN { Kind::Signature } else { Kind::Attestation(kind) };
    Statement { name: attachment.name.clone(), kind, builder, verdict }
}

/// A statement as it is, without an envelope.
fn unsigned(attachment: &Attachment, layer: &AttachedLayer, digests: &[Digest]) -> Option<Statement> {
    if layer.media_type != IN_TOTO {
        return None;
    }
    let read = serde_json::from_slice::<InToto>(&layer.bytes)
        .ok()
        .filter(|statement| statement.kind.starts_with("https://in-toto.io/Statement"));
    let said = layer.annotations.get(PREDICATE_TYPE).cloned();
    let (predicate, builder, of_another) = match read {
        Some(read) => {
            let (builder, of_another) = (builder(&read.predicate), !read.names(digests));
            (read.predicate_type, builder, of_another)
        }
        None => (said?, String::new(), false),
    };
    let verdict = Verdict::NotSigned { of_another };
    Some(Statement { name: attachment.name.clone(), kind: Kind::Attestation(predicate), builder, verdict })
}

/// What is signed of an envelope (DSSE, "pre-authentication encoding").
fn encode(kind: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

fn held(message: &[u8], signatures: impl Iterator<Item = Vec<u8>>, keys: &[PublicKey]) -> Verdict {
    let mut any = false;
    for signature in signatures.take(64) {
        any = true;
        if let Some(key) = keys.iter().find(|key| key.verify(message, &signature)) {
            return Verdict::Verified(key.origin.clone());
        }
    }
    match (any, keys.is_empty()) {
        (false, _) => Verdict::Failed("it has no signature that can be read"),
        (true, true) => Verdict::NotChecked,
        (true, false) => Verdict::Failed("none of the keys made the signature"),
    }
}

/// Who built it, by SLSA provenance of version 1 or 0.2.
fn builder(predicate: &serde_json::Value) -> String {
    let text = |pointer: &str| predicate.pointer(pointer).and_then(serde_json::Value::as_str);
    let found = text("/runDetails/builder/id").or_else(|| text("/builder/id"));
    found.unwrap_or_default().chars().take(200).collect()
}

#[cfg(test)]
mod tests;
