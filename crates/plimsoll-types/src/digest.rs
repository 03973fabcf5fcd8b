//! Content digests as the OCI image specification writes them: `algorithm:hex`
//! (image-spec v1.1, "Descriptors", section "Digests").

use std::fmt;
use std::str::FromStr;

/// The digest algorithms that the OCI image specification registers and images use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-256, 32 bytes.
    Sha256,
    /// SHA-512, 64 bytes.
    Sha512,
}

impl Algorithm {
    /// The algorithm's registered name, such as `sha256`.
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha512 => "sha512",
        }
    }

    /// The length of its digests in bytes.
    #[allow(clippy::len_without_is_empty)] // no digest is empty
    pub const fn len(self) -> usize {
        match self {
            Algorithm::Sha256 => 32,
            Algorithm::Sha512 => 64,
        }
    }
}

/// A content digest: an algorithm and its value.
///
/// Parsing accepts only the registered algorithms, the right length and lower-case hexadecimal digits,
/// so a digest can be used as a file name without further care.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    hex: String,
}

/// Why a string is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a digest (expected sha256:<64 hex digits> or sha512:<128 hex digits>)")]
pub struct DigestError(pub String);

impl Digest {
    /// The digest with these raw bytes.
    ///
    /// # Errors
    ///
    /// When `bytes` has not the algorithm's length.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<Digest, DigestError> {
        let mut hex = String::with_capacity(bytes.len() * 2);
        for byte in bytes {
            for nibble in [byte >> 4, byte & 15] {
                hex.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
            }
        }
        if bytes.len() == algorithm.len() {
            Ok(Digest { algorithm, hex })
        } else {
            Err(DigestError(format!("{}:{hex}", algorithm.name())))
        }
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The value in lower-case hexadecimal digits, without the algorithm.
    pub fn hex(&self) -> &str {
        &self.hex
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(s: &str) -> Result<Digest, DigestError> {
        let refuse = || DigestError(s.chars().take(160).collect());
        let (name, hex) = s.split_once(':').ok_or_else(refuse)?;
        let algorithm = match name {
            "sha256" => Algorithm::Sha256,
            "sha512" => Algorithm::Sha512,
            _ => return Err(refuse()),
        };
        let valid = hex.len() == algorithm.len() * 2
            && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if valid { Ok(Digest { algorithm, hex: hex.to_owned() }) } else { Err(refuse()) }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_only_registered_well_formed_digests() {
        let good = format!("sha256:{}", "0a".repeat(32));
        assert_eq!(good.parse::<Digest>().unwrap().to_string(), good);
        for bad in [
            String::new(),
            "sha256:".into(),
            format!("sha256:{}", "0A".repeat(32)),
            format!("sha256:{}", "0a".repeat(31)),
            format!("sha1:{}", "0a".repeat(20)),
            format!("sha256:../{}", "0a".repeat(32)),
        ] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
    }

    #[test]
    fn from_bytes_checks_the_length() {
        assert_eq!(Digest::from_bytes(Algorithm::Sha256, &[255; 32]).unwrap().hex(), "ff".repeat(32));
        assert!(Digest::from_bytes(Algorithm::Sha256, &[0; 31]).is_err());
    }
}
