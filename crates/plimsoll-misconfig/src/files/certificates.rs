//! Certificates that were added to the trust store: PEM (RFC 7468) and DER (X.690) of X.509 certificates (RFC 5280), of which only the
//! subject is read.

use base64::Engine as _;
use plimsoll_analysis::{AnalyzeError, Analyzer, ByteSlice, File, Interest, Output};
use plimsoll_types::Scanner;
use plimsoll_types::classes::configuration::CA;

use super::{found, show};
use crate::evidence;

/// Where administrators put certificates (update-ca-certificates(8), update-ca-trust(8), SUSE's p11-kit, Arch's trust(1)).
const ANCHORS: &[&str] = &[
    "usr/local/share/ca-certificates/",
    "etc/pki/ca-trust/source/anchors/",
    "usr/share/pki/ca-trust-source/anchors/",
    "usr/share/pki/trust/anchors/",
    "etc/pki/trust/anchors/",
    "etc/ca-certificates/trust-source/anchors/",
];

/// The most certificates of a file.
const MAX_CERTIFICATES: usize = 100;

/// Reads certificates.
pub struct Certificates;

impl Analyzer for Certificates {
    fn id(&self) -> &'static str {
        "misconfig/certificates"
    }

    fn version(&self) -> u32 {
        1
    }

    fn scanner(&self) -> Scanner {
        Scanner::Misconfiguration
    }

    fn interest(&self) -> Interest {
        Interest {
            suffixes: &[".crt", ".pem", ".cer", ".der"],
            wants: |path| ANCHORS.iter().any(|anchors| path.starts_with(anchors.as_bytes())),
            max_size: 1 << 20,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let mut count = 0;
        let state = |subject: Option<String>, line: u32, out: &mut Output| {
            let subject = subject.unwrap_or_else(|| "without a readable name".to_owned());
            let message = format!(
                "the certificate authority '{}' was added to the trust store",
                evidence::text(&subject)
            );
            show(found(out, CA, "", line, message), &subject, None);
        };
        if bytes.first() == Some(&0x30) {
            state(subject(&bytes), 0, out);
            return Ok(());
        }
        for (line, block) in pem(&bytes) {
            count += 1;
            if count > MAX_CERTIFICATES {
                out.problem("more certificates than are looked at");
                break;
            }
            let der = base64::engine::general_purpose::STANDARD.decode(block);
            state(der.ok().as_deref().and_then(subject), line, out);
        }
        Ok(())
    }
}

/// The base64 text of each certificate with the line of its beginning.
fn pem(bytes: &[u8]) -> Vec<(u32, Vec<u8>)> {
    let mut out: Vec<(u32, Vec<u8>)> = Vec::new();
    let mut open = false;
    for (number, line) in (1_u32..).zip(bytes.split(|&byte| byte == b'\n')) {
        let line = line.trim_ascii();
        if line.starts_with(b"-----BEGIN ") {
            open = line == b"-----BEGIN CERTIFICATE-----" || line == b"-----BEGIN TRUSTED CERTIFICATE-----";
            if open && out.len() <= MAX_CERTIFICATES {
                out.push((number, Vec::new()));
            }
        } else if line.starts_with(b"-----END ") {
            open = false;
        } else if open && let Some((_, block)) = out.last_mut() {
            block.extend_from_slice(line);
        }
    }
    out
}

/// The value with the tag `tag` at the beginning of `der`, and what follows it.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// The subject of a certificate: its common name, and the organisation where that is another.
fn subject(der: &[u8]) -> Option<String> {
    let (certificate, _) = value(der, 0x30)?;
    let (mut rest, _) = value(certificate, 0x30)?;
    if let Some((_, behind)) = value(rest, 0xa0) {
        rest = behind;
    }
    // Serial number, algorithm, issuer, validity.
    for tag in [0x02, 0x30, 0x30, 0x30] {
        rest = value(rest, tag)?.1;
    }
    let (mut names, _) = value(rest, 0x30)?;
    let (mut common, mut organisation, mut unit) = (None, None, None);
    while let Some((set, behind)) = value(names, 0x31) {
        names = behind;
        let Some((pair, _)) = value(set, 0x30) else { continue };
        let Some((kind, text)) = value(pair, 0x06) else { continue };
        let text = text.first().and_then(|tag| Some((*tag, value(text, *tag)?.0)));
        let slot = match kind {
            [0x55, 0x04, 0x03] => &mut common,
            [0x55, 0x04, 0x0a] => &mut organisation,
            [0x55, 0x04, 0x0b] => &mut unit,
            _ => continue,
        };
        *slot = text.map(|(tag, bytes)| match tag {
            // BMPString: UTF-16.
            0x1e => String::from_utf16_lossy(
                &bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect::<Vec<_>>(),
            ),
            _ => bytes.to_str_lossy().into_owned(),
        });
    }
    match (common, organisation.or(unit)) {
        (Some(common), Some(organisation)) if common != organisation => {
            Some(format!("{common} ({organisation})"))
        }
        (Some(name), _) | (None, Some(name)) => Some(name),
        (None, None) => None,
    }
}
