//! Stores of keys: Java's own format and JCEKS, PKCS#12 (RFC 7292), KeePass databases. The usual passwords are tried where a sum over
//! the file tells at once whether one is right.

use hmac::{Hmac, KeyInit, Mac};
use plimsoll_archive::path::file_name;
use plimsoll_types::{Confidence, Severity};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

use super::findings::Findings;
use crate::filters::Verdict;

/// The passwords that are tried: none, and those of documentation and installers.
const PASSWORDS: &[&str] = &["", "changeit", "changeme", "password", "secret", "123456"];

/// The most rounds of hashing that trying a password may take.
const MAX_ROUNDS: u32 = 100_000;

/// The largest store that is read.
const MAX: usize = 4 << 20;

const JKS: &[u8] = &[0xfe, 0xed, 0xfe, 0xed];
const JCEKS: &[u8] = &[0xce, 0xce, 0xce, 0xce];
const KDBX: &[u8] = &[0x03, 0xd9, 0xa2, 0x9a];

/// True for first bytes of a store that must be read as a whole.
pub(super) fn is_store(head: &[u8]) -> bool {
    head.starts_with(JKS) || head.starts_with(JCEKS) || head.starts_with(KDBX)
}

/// What a store is, and the password that opens it.
struct Store {
    rule: &'static str,
    what: &'static str,
    password: Option<&'static str>,
}

pub(super) fn find(path: &[u8], bytes: &[u8], findings: &mut Findings<'_>) {
    if bytes.len() > MAX {
        return;
    }
    let store = if bytes.starts_with(JKS) || bytes.starts_with(JCEKS) {
        java(bytes)
    } else if bytes.starts_with(KDBX) && matches!(bytes.get(4..8), Some([0x65..=0x67, 0xfb, 0x4b, 0xb5])) {
        Some(Store { rule: "keepass", what: "a KeePass database", password: None })
    } else if bytes.starts_with(&[0x30]) && is_pkcs12_name(path) {
        pkcs12(bytes)
    } else {
        None
    };
    let Some(store) = store else { return };
    let place = findings.place(path);
    let mut verdict = Verdict { severity: None, confidence: Confidence::High, notes: Vec::new() };
    match store.password {
        Some("") => {
            verdict.severity = Some(Severity::High);
            verdict.notes.push("It opens with an empty password.".to_owned());
        }
        Some(password) => {
            verdict.severity = Some(Severity::High);
            verdict.notes.push(format!("It opens with the password that everyone tries first ({password})."));
        }
        None => {}
    }
    if place.is_sample() {
        let severity = if place.is_vendored() { Severity::Negligible } else { Severity::Low };
        verdict.lower(Severity::High, severity, "The path is that of a test, an example or documentation.");
    }
    findings.whole("SEC-KEYSTORE", store.rule, format!("{} is in the image", store.what), verdict);
}

fn is_pkcs12_name(path: &[u8]) -> bool {
    let name = file_name(path);
    [&b".p12"[..], b".pfx", b".pkcs12", b".keystore", b".jks", b".ks"].iter().any(|ending| {
        name.len() > ending.len()
            && name.get(name.len() - ending.len()..).is_some_and(|end| end.eq_ignore_ascii_case(ending))
    })
}

/// Reads big-endian numbers and texts with a length before them.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    fn u16(&mut self) -> Option<usize> {
        Some(usize::from(u16::from_be_bytes(*self.take(2)?.first_chunk()?)))
    }

    fn u32(&mut self) -> Option<usize> {
        usize::try_from(u32::from_be_bytes(*self.take(4)?.first_chunk()?)).ok()
    }
}

/// A Java key store; `None` when it holds certificates only, as trust stores do.
fn java(bytes: &[u8]) -> Option<Store> {
    let (body, sum) = bytes.split_last_chunk::<20>()?;
    let mut reader = Reader(body);
    let jceks = reader.take(4)? == JCEKS;
    let version = reader.u32()?;
    let count = reader.u32()?;
    let mut secret = false;
    for _ in 0..count.min(10_000) {
        match reader.u32()? {
            2 => {
                let alias = reader.u16()?;
                reader.take(alias + 8)?;
                certificate(&mut reader, version)?;
            }
            // A private key; in JCEKS 3 is a secret key, whose length only its serial form tells.
            _ => {
                secret = true;
                break;
            }
        }
    }
    if !secret {
        return None;
    }
    let right = |password: &&&str| {
        let mut hash = Sha1::new();
        for unit in password.encode_utf16() {
            hash.update(unit.to_be_bytes());
        }
        hash.update(b"Mighty Aphrodite");
        hash.update(body);
        hash.finalize()[..] == sum[..]
    };
    let password = PASSWORDS.iter().find(right).copied();
    Some(Store {
        rule: if jceks { "jceks" } else { "jks" },
        what: "a Java key store with a private key",
        password,
    })
}

fn certificate(reader: &mut Reader<'_>, version: usize) -> Option<()> {
    if version == 2 {
        let kind = reader.u16()?;
        reader.take(kind)?;
    }
    let length = reader.u32()?;
    reader.take(length)?;
    Some(())
}

/// An element of DER: its tag, its content, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0usize, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// The object identifiers of bags that hold private keys: 1.2.840.113549.1.12.10.1.1 and .2.
const KEY_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01];

/// The identifiers of SHA-1 and SHA-256.
const SHA1: &[u8] = &[0x2b, 0x0e, 0x03, 0x02, 0x1a];
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];

/// A PKCS#12 store; `None` when it is none, or shows no private key.
fn pkcs12(bytes: &[u8]) -> Option<Store> {
    let (0x30, pfx, _) = element(bytes)? else { return None };
    let (0x02, [3], rest) = element(pfx)? else { return None };
    let (0x30, safe, mac) = element(rest)? else { return None };
    // What is not encrypted as a whole shows which bags it has; private keys usually are encrypted each for itself.
    let holds_key = memchr::memmem::find_iter(safe, KEY_BAG)
        .any(|at| matches!(safe.get(at + KEY_BAG.len()), Some(1 | 2)));
    if !holds_key {
        return None;
    }
    let password = mac_password(safe, mac);
    Some(Store { rule: "pkcs12", what: "a PKCS#12 store with a private key", password })
}

/// The password of those tried with which the sum over the content is right.
fn mac_password(safe: &[u8], mac: &[u8]) -> Option<&'static str> {
    let (0x06, _, explicit) = element(safe)? else { return None };
    let (0xa0, octets, _) = element(explicit)? else { return None };
    let (0x04, content, _) = element(octets)? else { return None };
    let (0x30, data, _) = element(mac)? else { return None };
    let (0x30, info, rest) = element(data)? else { return None };
    let (0x30, algorithm, digest) = element(info)? else { return None };
    let (0x06, oid, _) = element(algorithm)? else { return None };
    let (0x04, digest, _) = element(digest)? else { return None };
    let (0x04, salt, rest) = element(rest)? else { return None };
    let rounds = match element(rest) {
        Some((0x02, number, _)) if number.len() <= 4 => {
            number.iter().fold(0u32, |rounds, byte| rounds << 8 | u32::from(*byte))
        }
        Some(_) => return None,
        None => 1,
    };
    if rounds > MAX_ROUNDS || salt.len() > 1024 {
        return None;
    }
    PASSWORDS.iter().copied().find(|password| match oid {
        SHA1 => {
            let key = derive(password, salt, rounds, |text| Sha1::digest(text).to_vec());
            Hmac::<Sha1>::new_from_slice(&key)
                .is_ok_and(|mac| mac.chain_update(content).verify_slice(digest).is_ok())
        }
        SHA256 => {
            let key = derive(password, salt, rounds, |text| Sha256::digest(text).to_vec());
            Hmac::<Sha256>::new_from_slice(&key)
                .is_ok_and(|mac| mac.chain_update(content).verify_slice(digest).is_ok())
        }
        _ => false,
    })
}

/// The key for the sum (RFC 7292, appendix B.2, with the identifier 3); as long as one hash, so one block is enough.
fn derive(password: &str, salt: &[u8], rounds: u32, hash: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    const BLOCK: usize = 64;
    let mut text = vec![3u8; BLOCK];
    let fill = |source: &[u8]| -> Vec<u8> {
        source.iter().copied().cycle().take(source.len().div_ceil(BLOCK) * BLOCK).collect()
    };
    text.extend(fill(salt));
    let mut utf16: Vec<u8> = password.encode_utf16().flat_map(u16::to_be_bytes).collect();
    utf16.extend([0, 0]);
    text.extend(fill(&utf16));
    let mut key = hash(&text);
    for _ in 1..rounds {
        key = hash(&key);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::base64_any;

    fn store(text: &str) -> Vec<u8> {
        base64_any(text.split_whitespace().collect::<String>().as_bytes()).unwrap()
    }

    /// Made with `keytool` and `openssl pkcs12`: a key store with the password `changeit`, one with another, a trust store; a PKCS#12
    /// store with an empty password, with `changeit`, and with another.
    #[test]
    fn passwords_of_stores() {
        let jks = store(include_str!("../../tests/fixtures/stores/changeit.jks.txt"));
        assert_eq!(java(&jks).unwrap().password, Some("changeit"));
        let other = store(include_str!("../../tests/fixtures/stores/other.jks.txt"));
        assert_eq!(java(&other).unwrap().password, None);
        let trust = store(include_str!("../../tests/fixtures/stores/trust.jks.txt"));
        assert!(java(&trust).is_none());
        for (text, password) in [
            (include_str!("../../tests/fixtures/stores/empty.p12.txt"), Some("")),
            (include_str!("../../tests/fixtures/stores/changeit.p12.txt"), Some("changeit")),
            (include_str!("../../tests/fixtures/stores/other.p12.txt"), None),
        ] {
            let bytes = store(text);
            assert_eq!(pkcs12(&bytes).unwrap().password, password);
            for len in 0..bytes.len() {
                assert!(pkcs12(&bytes[..len]).is_none(), "cut at {len}");
            }
        }
        for bytes in [&jks, &trust] {
            for len in 0..bytes.len() {
                java(&bytes[..len]);
            }
        }
    }
}
