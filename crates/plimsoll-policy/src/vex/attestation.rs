//! VEX documents inside attestations: in-toto statements (v0.1, v1) in DSSE envelopes (v1.0) and in Sigstore bundles.
//! Signatures are not verified here: whoever can attach to an image in its registry is believed as far as the user asks
//! for it.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use serde::Deserialize;
use serde_json::value::RawValue;

/// How often one may lie in another.
const MAX_DEPTH: usize = 4;
/// The most bytes of a document.
const MAX_SIZE: usize = 64 << 20;

/// Some encoders leave the padding out.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why an attestation cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttestationError {
    /// It is no JSON, or not of the form.
    #[error("not an attestation: {0}")]
    Malformed(String),
    /// It is larger than any document.
    #[error("the attestation has more than {MAX_SIZE} bytes")]
    TooLarge,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw<'a> {
    /// A Sigstore bundle's envelope.
    #[serde(borrow)]
    dsse_envelope: Option<&'a RawValue>,
    /// A DSSE envelope's content.
    payload_type: Option<String>,
    payload: Option<String>,
    /// An in-toto statement's content.
    predicate_type: Option<String>,
    #[serde(borrow)]
    predicate: Option<&'a RawValue>,
}

/// The document inside `bytes`: the predicate of an attestation where it is one of VEX, or `bytes` themselves where they
/// are no attestation. `None` when the attestation is about something else, such as an SBOM.
///
/// # Errors
///
/// When the bytes are no JSON, or an attestation is cut or too large.
pub fn unwrap(bytes: &[u8]) -> Result<Option<Vec<u8>>, AttestationError> {
    let mut current = bytes.to_vec();
    for _ in 0..MAX_DEPTH {
        if current.len() > MAX_SIZE {
            return Err(AttestationError::TooLarge);
        }
        let raw: Raw<'_> = serde_json::from_slice(&current)
            .map_err(|error| AttestationError::Malformed(error.to_string()))?;
        if let Some(envelope) = raw.dsse_envelope {
            let envelope = envelope.get().as_bytes().to_vec();
            current = envelope;
        } else if let (Some(kind), Some(payload)) = (&raw.payload_type, &raw.payload) {
            if kind != "application/vnd.in-toto+json" {
                return Ok(None);
            }
            let payload = payload.trim();
            let decoded = STANDARD.decode(payload).or_else(|_| LENIENT.decode(payload));
            current =
                decoded.map_err(|error| AttestationError::Malformed(format!("the payload: {error}")))?;
        } else if let (Some(kind), Some(predicate)) = (&raw.predicate_type, raw.predicate) {
            let lower = kind.to_ascii_lowercase();
            if !["openvex", "csaf", "cyclonedx", "vex"].iter().any(|word| lower.contains(word)) {
                return Ok(None);
            }
            let predicate = predicate.get().as_bytes().to_vec();
            return Ok(Some(predicate));
        } else {
            return Ok(Some(current));
        }
    }
    Err(AttestationError::Malformed("envelopes lie in each other too deep".to_owned()))
}
