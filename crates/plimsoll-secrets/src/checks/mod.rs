//! Checks that need no network: sums inside tokens, and structures that must be right.

mod jwt;
mod pem;
mod tokens;

use plimsoll_types::Severity;

pub(crate) use jwt::expiry;

/// What a check says of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is not what it looks like.
    No,
    /// It is, and this is worth knowing.
    Yes(Vec<String>),
    /// It is, but no worse than this.
    Less {
        /// The most.
        severity: Severity,
        /// Why.
        notes: Vec<String>,
    },
    /// It may be.
    Doubtful(String),
    /// It has the form, and its checksum is wrong.
    WrongChecksum,
}

/// A check.
#[derive(Clone, Copy)]
pub struct Check {
    /// Its name in rules.
    pub name: &'static str,
    /// Looks at a value, and at the text around it.
    pub run: fn(value: &[u8], around: &[u8]) -> Outcome,
}

/// All checks.
pub const CHECKS: &[Check] = &[
    Check { name: "aws-key-id", run: tokens::aws_key_id },
    Check { name: "basic-auth", run: tokens::basic_auth },
    Check { name: "github-crc32", run: tokens::github },
    Check { name: "gitlab-routable", run: tokens::gitlab_routable },
    Check { name: "google-service-account", run: tokens::google_service_account },
    Check { name: "jwt", run: jwt::jwt },
    Check { name: "luhn", run: tokens::luhn },
    Check { name: "npm-crc32", run: tokens::npm },
    Check { name: "pem-key", run: pem::pem_key },
    Check { name: "pypi-macaroon", run: tokens::pypi },
];

/// The check of this name.
pub fn by_name(name: &str) -> Option<Check> {
    CHECKS.iter().find(|check| check.name == name).copied()
}

/// Decodes base64 of either alphabet, with or without padding.
pub(crate) fn base64_any(text: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine as _;
    use base64::alphabet;
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
    const URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);
    let url = text.iter().any(|byte| matches!(byte, b'-' | b'_'));
    if url { URL.decode(text).ok() } else { STANDARD.decode(text).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_nothing_panics() {
        assert!(CHECKS.is_sorted_by(|a, b| a.name < b.name));
        assert!(by_name("nonsense").is_none());
        let samples: [&[u8]; 6] = [
            b"",
            b"ghp_",
            b"eyJ.eyJ.x",
            b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----",
            b"\xff\xfe\x00-----BEGIN OPENSSH PRIVATE KEY-----",
            b"pypi-AgEIcHlwaS5vcmc",
        ];
        for check in CHECKS {
            for sample in samples {
                for len in 0..=sample.len() {
                    (check.run)(&sample[..len], sample);
                }
            }
        }
    }
}
