//! Tokens that carry a sum or a structure.
//!
//! GitHub's and npm's: "Behind GitHub's new authentication token formats", 2021. GitLab's routable tokens: GitLab's architecture
//! documentation, "Routable tokens". PyPI's: macaroons, binary format version 2. Amazon's key ids carry the account's number in base 32.

use plimsoll_types::Severity;
use serde_json::Value;

use super::{Outcome, base64_any};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A number in the digits of `alphabet`, `width` of them.
fn digits(mut number: u32, alphabet: &[u8], width: usize) -> Vec<u8> {
    let base = u32::try_from(alphabet.len()).unwrap_or(u32::MAX).max(2);
    let mut out = vec![b'0'; width];
    for place in out.iter_mut().rev() {
        *place = alphabet.get((number % base) as usize).copied().unwrap_or(b'0');
        number /= base;
    }
    out
}

/// True when the last six characters are the sum of those before.
fn crc_base62(body: &[u8]) -> bool {
    let Some((random, sum)) = body.split_last_chunk::<6>() else { return false };
    digits(crc32fast::hash(random), BASE62, 6) == sum
}

const RIGHT_SUM: &str = "The checksum inside the token is right.";

/// `ghp_`, `gho_`, `ghu_`, `ghs_`, `ghr_` and 36 characters. How `github_pat_` is summed is not published: its form must do.
pub(super) fn github(value: &[u8], _: &[u8]) -> Outcome {
    if value.starts_with(b"github_pat_") {
        return Outcome::Yes(Vec::new());
    }
    match value.get(4..) {
        Some(body) if body.len() != 36 => Outcome::Yes(Vec::new()),
        Some(body) if crc_base62(body) => Outcome::Yes(vec![RIGHT_SUM.to_owned()]),
        Some(_) => Outcome::WrongChecksum,
        None => Outcome::No,
    }
}

/// `npm_` and 36 characters.
pub(super) fn npm(value: &[u8], _: &[u8]) -> Outcome {
    match value.strip_prefix(b"npm_") {
        Some(body) if body.len() == 36 && crc_base62(body) => Outcome::Yes(vec![RIGHT_SUM.to_owned()]),
        Some(body) if body.len() == 36 => Outcome::WrongChecksum,
        _ => Outcome::No,
    }
}

/// A prefix, the payload in base64, a dot, perhaps a version and another dot, the payload's length in two digits of base 36, and
/// the sum of all that in seven.
pub(super) fn gitlab_routable(value: &[u8], _: &[u8]) -> Outcome {
    if memchr::memchr(b'.', value).is_none() {
        // The form before: nothing to check.
        return Outcome::Yes(Vec::new());
    }
    let Some((text, sum)) = value.split_last_chunk::<7>() else { return Outcome::No };
    if digits(crc32fast::hash(text), b"0123456789abcdefghijklmnopqrstuvwxyz", 7) == sum {
        Outcome::Yes(vec![RIGHT_SUM.to_owned()])
    } else {
        Outcome::WrongChecksum
    }
}

/// `pypi-` and a macaroon whose location is the index.
pub(super) fn pypi(value: &[u8], _: &[u8]) -> Outcome {
    let Some(bytes) = value.strip_prefix(b"pypi-").and_then(base64_any) else { return Outcome::No };
    let Some(rest) = bytes.strip_prefix(&[2]) else { return Outcome::No };
    match macaroon(rest) {
        Some(location) if location == b"pypi.org" => {
            Outcome::Yes(vec!["It is a complete macaroon of pypi.org.".to_owned()])
        }
        Some(location) if location == b"test.pypi.org" => Outcome::Less {
            severity: Severity::Medium,
            notes: vec!["It is a macaroon of test.pypi.org, the index for trying things out.".to_owned()],
        },
        _ => Outcome::No,
    }
}

/// Walks through a macaroon's fields (type, length, data; 0 ends a section) and gives its location.
fn macaroon(mut bytes: &[u8]) -> Option<&[u8]> {
    let mut location = None;
    let mut sections = 0;
    for _ in 0..100 {
        let (kind, rest) = bytes.split_first()?;
        bytes = rest;
        match kind {
            0 => sections += 1,
            1 | 2 | 4 | 6 => {
                let (len, rest) = varint(bytes)?;
                let data = rest.get(..len)?;
                bytes = rest.get(len..)?;
                match kind {
                    1 if location.is_none() => location = Some(data),
                    // The signature is last, after the section of the head and one for all caveats.
                    6 => return (sections >= 2 && data.len() == 32).then_some(location?),
                    _ => {}
                }
            }
            _ => return None,
        }
    }
    None
}

fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0;
    for (i, byte) in bytes.iter().take(4).enumerate() {
        number |= usize::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(i + 1..)?));
        }
    }
    None
}

/// `AKIA` and the like, then 16 characters of base 32.
pub(super) fn aws_key_id(value: &[u8], _: &[u8]) -> Outcome {
    let Some((_, id)) = value.split_at_checked(4) else { return Outcome::No };
    if id.len() != 16 || id.ends_with(b"EXAMPLE") {
        return Outcome::No;
    }
    let mut bits: u128 = 0;
    for byte in id {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return Outcome::No,
        };
        bits = bits << 5 | u128::from(digit);
    }
    // Of the 80 bits, the first says that there is an account, the next 40 are its number. Older ids begin with I or J, and have none.
    let account = (bits >> 39) & ((1 << 40) - 1);
    if bits >> 79 == 1 && account < 1_000_000_000_000 {
        Outcome::Yes(vec![format!("The key belongs to the account {account:012}.")])
    } else {
        Outcome::Yes(Vec::new())
    }
}

/// Base64 of `user:password`.
pub(super) fn basic_auth(value: &[u8], _: &[u8]) -> Outcome {
    let Some(bytes) = base64_any(value) else { return Outcome::No };
    let text = bytes.iter().all(|byte| matches!(byte, 0x20..0x7f) || *byte >= 0x80);
    let colon = memchr::memchr(b':', &bytes);
    match colon {
        Some(colon) if text && std::str::from_utf8(&bytes).is_ok() && colon + 1 < bytes.len() => {
            let password = bytes.get(colon + 1..).unwrap_or_default();
            let lower = password.to_ascii_lowercase();
            if crate::filters::is_reference(password)
                || [&b"password"[..], b"pass", b"secret", b"xxx"].contains(&&lower[..])
            {
                return Outcome::No;
            }
            Outcome::Yes(Vec::new())
        }
        _ => Outcome::No,
    }
}

/// A service account's JSON: all of it, or at least the members that make it one.
pub(super) fn google_service_account(_: &[u8], around: &[u8]) -> Outcome {
    let has = |word: &str| memchr::memmem::find(around, word.as_bytes()).is_some();
    if !has("private_key") || !has("client_email") || !has("-----BEGIN") {
        return Outcome::No;
    }
    let whole = memchr::memmem::find(around, b"service_account").and_then(|at| {
        let start = memchr::memrchr(b'{', around.get(..at)?)?;
        let mut values = serde_json::Deserializer::from_slice(around.get(start..)?).into_iter::<Value>();
        values.next()?.ok()
    });
    match whole {
        Some(account) => match account.get("client_email").and_then(Value::as_str) {
            Some(email) if !email.chars().any(char::is_control) => Outcome::Yes(vec![format!(
                "It is the account {}.",
                email.chars().take(120).collect::<String>()
            )]),
            _ => Outcome::No,
        },
        None => Outcome::Doubtful("The document around it is not complete JSON.".to_owned()),
    }
}

/// The sum of card numbers (ISO/IEC 7812-1, annex B).
pub(super) fn luhn(value: &[u8], _: &[u8]) -> Outcome {
    let digits: Vec<u32> =
        value.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| u32::from(byte - b'0')).collect();
    if digits.len() < 8 {
        return Outcome::No;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, digit)| if i % 2 == 0 { *digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    if sum.is_multiple_of(10) { Outcome::Yes(Vec::new()) } else { Outcome::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unmark(text: &str) -> Vec<u8> {
        text.replace('§', "").into_bytes()
    }

    #[test]
    fn sums_of_tokens() {
        // A revoked token that GitHub's documentation of the format is tested with elsewhere (base62-token).
        let token = unmark("gh§p_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17");
        assert_eq!(github(&token, b""), Outcome::Yes(vec![RIGHT_SUM.to_owned()]));
        for at in 4..token.len() {
            let mut wrong = token.clone();
            wrong[at] = if wrong[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(github(&wrong, b""), Outcome::WrongChecksum, "changed at {at}");
        }
        // Made with Python's zlib.crc32 as GitLab's documentation says, and as npm's says.
        for (check, token) in [
            (
                gitlab_routable as fn(&[u8], &[u8]) -> Outcome,
                "gl§pat-eUK98iEG8IR3YvDzy012TWM6MQpvOjEKcDpjCnQ6Mgp1OjEQ.1c0ogy8zo",
            ),
            (gitlab_routable, "gl§pat-eUK98iEG8IR3YvDzy012TWM6MQpvOjEKcDpjCnQ6Mgp1OjEQ.01.1c0sipgya"),
            (npm, "np§m_txXOl0gn4Amzb2Jn1qtHUckwuOjowR47TgQ0"),
        ] {
            let mut token = unmark(token);
            assert_eq!(check(&token, b""), Outcome::Yes(vec![RIGHT_SUM.to_owned()]));
            token[10] ^= 1;
            assert_eq!(check(&token, b""), Outcome::WrongChecksum);
        }
    }

    #[test]
    fn account_of_a_key_id() {
        // The pair that the article which described the encoding gives (Tal Be'ery, "A short note on AWS KEY ID").
        let outcome = aws_key_id(&unmark("ASIA§QNZGKIQY56JQ7WML"), b"");
        assert_eq!(outcome, Outcome::Yes(vec!["The key belongs to the account 029608264753.".to_owned()]));
        assert_eq!(aws_key_id(b"AKIAIOSFODNN7EXAMPLE", b""), Outcome::No);
        assert_eq!(aws_key_id(b"AKIA0000000000000000", b""), Outcome::No);
        assert_eq!(aws_key_id(&unmark("AKIA§JZ2SXVYQ5JDPWLKA"), b""), Outcome::Yes(Vec::new()));
    }

    #[test]
    fn macaroons_and_basic_authentication() {
        // Made with pymacaroons: location pypi.org, one caveat, version 2.
        let encoded = "AgEIcHlwaS5vcmcCJDAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMAACJXsidmVyc2lvbiI6IDEsICJwZXJtaXNzaW9ucyI6ICJ1c2VyIn0AAAYg0ennsws91UR2q3wn0ysX09_nj5EpSm_8v5mSH9dUuaA";
        assert!(matches!(pypi(format!("pypi-{encoded}").as_bytes(), b""), Outcome::Yes(_)));
        for len in 0..encoded.len() - 1 {
            assert_eq!(
                pypi(format!("pypi-{}", &encoded[..len]).as_bytes(), b""),
                Outcome::No,
                "cut at {len}"
            );
        }
        assert_eq!(basic_auth(b"YWxhZGRpbjpvcGVuc2VzYW1l", b""), Outcome::Yes(Vec::new()));
        assert_eq!(basic_auth(b"YWxhZGRpbm9wZW5zZXNhbWU=", b""), Outcome::No);
        assert_eq!(basic_auth(b"dXNlcjokUEFTU1dPUkQ=", b""), Outcome::No);
    }

    #[test]
    fn card_numbers() {
        // The number that ISO/IEC 7812-1 works through.
        assert_eq!(luhn(b"79927398713", b""), Outcome::Yes(Vec::new()));
        assert_eq!(luhn(b"79927398710", b""), Outcome::No);
    }
}
