//! Private keys in text: PEM (RFC 7468), traditional and PKCS#8 (RFC 5958) keys, OpenSSH's format (PROTOCOL.key), OpenPGP's armour
//! (RFC 9580).
//!
//! A key is parsed as far as it takes to say that it is one and whether a passphrase protects it.

use plimsoll_types::Severity;

use super::{Outcome, base64_any};

const PROTECTED: &str = "A passphrase protects the key.";
const OPEN: &str = "No passphrase protects the key.";
const DAMAGED: &str = "The key's structure does not add up: it may be damaged or incomplete.";

/// The most bytes of text that a key may have.
const MAX_TEXT: usize = 64 << 10;

pub(super) fn pem_key(value: &[u8], around: &[u8]) -> Outcome {
    if value.len() > MAX_TEXT {
        return Outcome::No;
    }
    let Some((label, body)) = armor(value).or_else(|| armor(around.get(find(around, value)?..)?)) else {
        return Outcome::No;
    };
    let headers = text_headers(body);
    let Some(bytes) = decode(body, headers.length) else { return Outcome::No };
    if bytes.len() < 32 {
        return Outcome::No;
    }
    let protected = || Outcome::Less { severity: Severity::Low, notes: vec![PROTECTED.to_owned()] };
    let open = || Outcome::Yes(vec![OPEN.to_owned()]);
    if headers.encrypted {
        return protected();
    }
    match label {
        b"ENCRYPTED PRIVATE KEY" => match der(&bytes) {
            Some(_) => protected(),
            None => Outcome::No,
        },
        b"OPENSSH PRIVATE KEY" => match openssh(&bytes) {
            Some(true) => protected(),
            Some(false) => open(),
            None => Outcome::No,
        },
        b"PGP PRIVATE KEY BLOCK" => match openpgp(&bytes) {
            Some(true) => protected(),
            Some(false) => open(),
            None => Outcome::No,
        },
        b"SSH2 ENCRYPTED PRIVATE KEY" => {
            Outcome::Doubtful("It is in the format of SSH Communications.".to_owned())
        }
        label if label.ends_with(b"PRIVATE KEY") => match der(&bytes) {
            Some(true) => open(),
            Some(false) => Outcome::Doubtful(DAMAGED.to_owned()),
            None => Outcome::No,
        },
        _ => Outcome::No,
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, part)
}

/// The label and what stands between the two lines.
fn armor(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let begin = find(text, b"-----BEGIN ").or_else(|| find(text, b"---- BEGIN "))?;
    let rest = text.get(begin..)?;
    let rest = rest.get(find(rest, b"BEGIN ")? + 6..)?;
    let end = find(rest, b"----")?;
    let label = rest.get(..end)?.trim_ascii();
    if label.len() > 40 || !label.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ') {
        return None;
    }
    let body = rest.get(end..)?;
    let body = body.get(body.iter().take_while(|byte| **byte == b'-').count()..)?;
    let stop = find(body, b"-----END ").or_else(|| find(body, b"---- END "))?;
    Some((label, body.get(..stop)?))
}

struct Headers {
    /// How much of the body they take.
    length: usize,
    encrypted: bool,
}

/// `Proc-Type: 4,ENCRYPTED` and the like, up to an empty line.
fn text_headers(body: &[u8]) -> Headers {
    let encrypted = find(body, b"ENCRYPTED").is_some();
    let colon = body.iter().rposition(|byte| *byte == b':');
    let Some(colon) = colon else { return Headers { length: 0, encrypted: false } };
    // The line of the last colon ends the headers, whether lines end as such or as `\n` inside a string.
    let rest = body.get(colon..).unwrap_or_default();
    let end = find(rest, b"\n").into_iter().chain(find(rest, b"\\n")).min().unwrap_or(rest.len());
    Headers { length: colon + end, encrypted }
}

/// The bytes of the body: base64 with line ends, also written `\n`, and quotes and indents of a string in a program.
fn decode(body: &[u8], skip: usize) -> Option<Vec<u8>> {
    let body = body.get(skip..)?;
    let mut text = Vec::with_capacity(body.len());
    let mut bytes = body.iter().copied().peekable();
    let mut strange = 0;
    while let Some(byte) = bytes.next() {
        match byte {
            // `\n`, and `\\n` of JSON in a string of a program; of `\/`, as PHP writes JSON, the slash stays.
            b'\\' => {
                while bytes.next_if_eq(&b'\\').is_some() {}
                bytes.next_if(|next| matches!(next, b'n' | b'r' | b't' | b'\n'));
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => text.push(byte),
            // In OpenPGP's armour a line that begins with `=` is a sum.
            b'=' if text.len() % 4 == 0 => break,
            b'=' => {}
            b' ' | b'\n' | b'\r' | b'\t' | b'"' | b'\'' | b',' | b';' | b'-' | b'>' | b'|' | b'*' | b'#' => {}
            _ => strange += 1,
        }
    }
    // `MIIE...` in documentation, or a template's expression, is no key.
    if strange > 2 || text.len() < 43 {
        return None;
    }
    base64_any(&text)
}

/// Reads a DER header: the tag, the length of the content, and how long the header is.
fn header(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    match first {
        0..=0x7f => Some((*tag, usize::from(*first), 2)),
        0x81..=0x84 => {
            let count = usize::from(first & 0x7f);
            let length =
                rest.get(..count)?.iter().fold(0usize, |length, byte| length << 8 | usize::from(*byte));
            Some((*tag, length, 2 + count))
        }
        _ => None,
    }
}

/// A key's DER: a sequence that begins with a small number (a version), or a sequence (of an encrypted key's algorithm). `Some(false)`:
/// it begins so, but its length is not that of the text, or a part is missing.
fn der(bytes: &[u8]) -> Option<bool> {
    let (tag, length, skip) = header(bytes)?;
    if tag != 0x30 {
        return None;
    }
    let mut rest = bytes.get(skip..)?;
    let (first, _, _) = header(rest)?;
    if !matches!(first, 0x02 | 0x30) {
        return None;
    }
    let total = bytes.len().checked_sub(skip)?;
    // Cut to less than three quarters, it is of no use.
    if length > total + total / 3 + 16 || length < 20 {
        return None;
    }
    let mut fields = 0;
    let mut whole = length == total;
    rest = rest.get(..length.min(rest.len()))?;
    while !rest.is_empty() && whole {
        match header(rest) {
            Some((_, length, skip)) if skip + length <= rest.len() => {
                fields += 1;
                rest = rest.get(skip + length..).unwrap_or_default();
            }
            _ => whole = false,
        }
    }
    Some(whole && fields >= 2)
}

/// True when a passphrase protects the key: the cipher's name is not `none`.
fn openssh(bytes: &[u8]) -> Option<bool> {
    let rest = bytes.strip_prefix(b"openssh-key-v1\0")?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let cipher = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    (cipher.len() < 64 && rest.len() > cipher.len() + 64).then_some(cipher != b"none")
}

/// True when a passphrase protects the key: the first packet is a secret key, and what follows its public part says how it is kept.
fn openpgp(bytes: &[u8]) -> Option<bool> {
    let (tag, rest) = bytes.split_first()?;
    let (kind, skip) = if tag & 0xc0 == 0xc0 {
        let first = *rest.first()?;
        (
            tag & 0x3f,
            match first {
                0..=191 => 1,
                192..=223 => 2,
                255 => 5,
                _ => return None,
            },
        )
    } else if tag & 0x80 != 0 {
        (
            tag >> 2 & 0x0f,
            match tag & 3 {
                0 => 1,
                1 => 2,
                2 => 4,
                _ => 0,
            },
        )
    } else {
        return None;
    };
    if kind != 5 {
        return None;
    }
    let body = rest.get(skip..)?;
    if *body.first()? != 4 {
        // A version whose layout is not that of most keys.
        return Some(true);
    }
    let algorithm = *body.get(5)?;
    let mut at = 6;
    let number = |at: usize| -> Option<usize> {
        let bits = usize::from(u16::from_be_bytes([*body.get(at)?, *body.get(at + 1)?]));
        Some(at + 2 + bits.div_ceil(8))
    };
    match algorithm {
        1..=3 => at = number(number(at)?)?,
        16 => at = number(number(number(at)?)?)?,
        17 => at = number(number(number(number(at)?)?)?)?,
        18 | 19 | 22 => {
            at += 1 + usize::from(*body.get(at)?);
            at = number(at)?;
            if algorithm == 18 {
                at += 1 + usize::from(*body.get(at)?);
            }
        }
        _ => return Some(true),
    }
    Some(*body.get(at)? != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with OpenSSL 3.0, OpenSSH 9.2 and GnuPG 2.2.
    const KEYS: &[(&str, &str, bool)] = &[
        ("rsa1", include_str!("../../tests/fixtures/keys/rsa1.txt"), false),
        ("rsaenc", include_str!("../../tests/fixtures/keys/rsaenc.txt"), true),
        ("p8", include_str!("../../tests/fixtures/keys/p8.txt"), false),
        ("p8enc", include_str!("../../tests/fixtures/keys/p8enc.txt"), true),
        ("ec", include_str!("../../tests/fixtures/keys/ec.txt"), false),
        ("ed", include_str!("../../tests/fixtures/keys/ed.txt"), false),
        ("ossh", include_str!("../../tests/fixtures/keys/ossh.txt"), false),
        ("osshenc", include_str!("../../tests/fixtures/keys/osshenc.txt"), true),
        ("pgp", include_str!("../../tests/fixtures/keys/pgp.txt"), false),
        ("pgpenc", include_str!("../../tests/fixtures/keys/pgpenc.txt"), true),
    ];

    #[test]
    fn keys_of_every_format() {
        for (name, text, protected) in KEYS {
            let text = text.replace('§', "");
            let whole = pem_key(text.as_bytes(), b"");
            let expected = if *protected {
                Outcome::Less { severity: Severity::Low, notes: vec![PROTECTED.to_owned()] }
            } else {
                Outcome::Yes(vec![OPEN.to_owned()])
            };
            assert_eq!(whole, expected, "{name}");
            // The same as a string in JSON.
            let escaped = text.replace('\n', "\\n");
            assert_eq!(pem_key(escaped.as_bytes(), b""), expected, "{name} in a string");
            for len in 0..text.find("-----END").unwrap() + 9 {
                assert_eq!(pem_key(&text.as_bytes()[..len], b""), Outcome::No, "{name} cut at {len}");
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_key() {
        for body in [
            "...",
            "MIIEpAIBAAKCAQEA...",
            "{{ key }}",
            "",
            "AAAA\nAAAA",
            "YOUR KEY HERE your key here your key here your key",
        ] {
            let text = format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n");
            assert_eq!(pem_key(text.as_bytes(), b""), Outcome::No, "{body}");
        }
        let certificate = KEYS[0].1.replace('§', "").replace("RSA PRIVATE KEY", "CERTIFICATE");
        assert_eq!(pem_key(certificate.as_bytes(), b""), Outcome::No);
    }
}
