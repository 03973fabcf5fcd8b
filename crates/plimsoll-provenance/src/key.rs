//! Public keys as `cosign generate-key-pair` and OpenSSL write them: SubjectPublicKeyInfo (RFC 5280) in PEM (RFC 7468), of the
//! kinds P-256 and P-384 (RFC 5480), Ed25519 (RFC 8410) and RSA (RFC 3279).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};

/// The most keys of a file.
const MAX_KEYS: usize = 64;

/// A key that signatures are held against.
#[derive(Clone)]
pub struct PublicKey {
    algorithm: &'static dyn VerificationAlgorithm,
    /// What kind it is, such as `ECDSA P-256`.
    pub kind: &'static str,
    /// Where it is from: a file's name.
    pub origin: String,
    bytes: Vec<u8>,
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({} from {})", self.kind, self.origin)
    }
}

/// Why there is no key in a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It has no public key at all.
    #[error("'{0}' has no public key in PEM form")]
    None(String),
    /// It is damaged, or of a kind that is not known.
    #[error("'{0}' has a public key that cannot be used: {1}")]
    Unusable(String, &'static str),
}

const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const ED: &[u8] = &[0x2b, 0x65, 0x70];

impl PublicKey {
    /// The public keys of a PEM file, which `origin` names.
    ///
    /// # Errors
    ///
    /// When there is none, or one cannot be used.
    pub fn read(origin: &str, text: &str) -> Result<Vec<PublicKey>, KeyError> {
        let unusable = |why| KeyError::Unusable(origin.to_owned(), why);
        let mut keys = Vec::new();
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("-----BEGIN PUBLIC KEY-----") {
            let (body, after) =
                after.split_once("-----END PUBLIC KEY-----").ok_or_else(|| unusable("it has no end"))?;
            let body: String = body.split_ascii_whitespace().collect();
            let der = STANDARD.decode(body).map_err(|_| unusable("it is not base64"))?;
            let (algorithm, kind, bytes) =
                key(&der).ok_or_else(|| unusable("its form or kind is not known"))?;
            keys.push(PublicKey { algorithm, kind, origin: origin.to_owned(), bytes });
            if keys.len() > MAX_KEYS {
                return Err(unusable("there are too many of them"));
            }
            rest = after;
        }
        if keys.is_empty() { Err(KeyError::None(origin.to_owned())) } else { Ok(keys) }
    }

    /// True when `signature` is this key's over `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(self.algorithm, &self.bytes).verify(message, signature).is_ok()
    }
}

type Key = (&'static dyn VerificationAlgorithm, &'static str, Vec<u8>);

/// The key in a SubjectPublicKeyInfo.
fn key(der: &[u8]) -> Option<Key> {
    let (info, rest) = element(der, 0x30)?;
    let (algorithm, key) = element(info, 0x30)?;
    let (bits, more) = element(key, 0x03)?;
    // A bit string begins with how many bits of its last byte do not count.
    let bytes = bits.strip_prefix(&[0])?.to_vec();
    if !rest.is_empty() || !more.is_empty() {
        return None;
    }
    let (id, parameters) = element(algorithm, 0x06)?;
    match id {
        EC => match element(parameters, 0x06)?.0 {
            P256 => Some((&ECDSA_P256_SHA256_ASN1, "ECDSA P-256", bytes)),
            P384 => Some((&ECDSA_P384_SHA384_ASN1, "ECDSA P-384", bytes)),
            _ => None,
        },
        RSA => Some((&RSA_PKCS1_2048_8192_SHA256, "RSA", bytes)),
        ED => Some((&ED25519, "Ed25519", bytes)),
        _ => None,
    }
}

/// The content of an element of DER with this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    let (len, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (bytes.iter().fold(0, |len, byte| len << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys and signatures of "hello\n", made with `openssl genpkey` and `openssl dgst -sha256 -sign` (for Ed25519
    /// `openssl pkeyutl -sign -rawin`).
    const SAMPLES: &str = include_str!("../tests/fixtures/keys.txt");

    #[test]
    fn signatures_of_openssl_are_verified_and_others_are_not() {
        let mut count = 0;
        for sample in SAMPLES.split("=====\n").filter(|sample| !sample.trim().is_empty()) {
            let (pem, signature) = sample.split_once("signature: ").unwrap();
            let key = PublicKey::read("key", pem).unwrap().remove(0);
            let signature = STANDARD.decode(signature.trim()).unwrap();
            assert!(key.verify(b"hello\n", &signature), "{}", key.kind);
            assert!(!key.verify(b"hello", &signature), "{}", key.kind);
            assert!(!key.verify(b"hello\n", &signature[1..]), "{}", key.kind);
            count += 1;
            for end in 0..pem.len() {
                let _ = PublicKey::read("key", &pem[..end]);
            }
        }
        assert_eq!(count, 4);
        assert_eq!(PublicKey::read("key", "").unwrap_err(), KeyError::None("key".into()));
    }
}
