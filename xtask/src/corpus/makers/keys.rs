//! Keys: really generated ones (with OpenSSL, OpenSSH, PuTTY and GnuPG) for this corpus and used nowhere. They lie in
//! `corpus/keys` as base64 with a `§` inside, so that nothing takes them for keys of somebody.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Maker;
use crate::corpus::random::Random;

macro_rules! fixtures {
    ($($name:literal),* $(,)?) => {
        &[$(($name, |random| one(include_str!(concat!("../../../corpus/keys/", $name, ".txt")), random))),*,
          ("wireguard-private", wireguard), ("age-secret", age)]
    };
}

pub(super) const MAKERS: &[Maker] = fixtures![
    "certificate",
    "dsa",
    "ec",
    "openssh-ecdsa",
    "openssh-ed25519",
    "openssh-encrypted",
    "openssh-rsa",
    "pgp-private",
    "pgp-public",
    "pkcs8-ed25519",
    "pkcs8-encrypted",
    "pkcs8-rsa",
    "public-key",
    "putty",
    "rsa-pkcs1",
    "ssh-public-ed25519",
    "ssh-public-rsa",
];

/// One of the keys of a file, without its last line end: the template says where lines end.
fn one(file: &str, random: &mut Random) -> String {
    let keys: Vec<&str> = file.trim().split("\n\n").collect();
    let digits: String = random.turn(&keys).chars().filter(|c| !c.is_whitespace() && *c != '§').collect();
    let text = STANDARD.decode(digits).unwrap_or_default();
    String::from_utf8_lossy(&text).replace("\r\n", "\n").trim_end().to_owned()
}

/// Curve25519 (RFC 7748, section 5): 32 bytes with three bits cleared below and the highest two set to 01.
fn wireguard(random: &mut Random) -> String {
    let mut key = random.bytes(32);
    if let Some(first) = key.first_mut() {
        *first &= 0b1111_1000;
    }
    if let Some(last) = key.last_mut() {
        *last = (*last & 0b0111_1111) | 0b0100_0000;
    }
    STANDARD.encode(key)
}

/// Bech32 (BIP 173) of 32 bytes, as age-keygen prints it.
fn age(random: &mut Random) -> String {
    const DIGITS: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const PREFIX: &str = "age-secret-key-";
    let bytes = random.bytes(32);
    let bit = |index: usize| bytes.get(index / 8).map_or(0, |byte| (byte >> (7 - index % 8)) & 1);
    let mut words: Vec<u8> =
        (0..52).map(|word| (0..5).fold(0, |value, place| value << 1 | bit(word * 5 + place))).collect();
    let mut checked: Vec<u8> = PREFIX.bytes().map(|byte| byte >> 5).collect();
    checked.push(0);
    checked.extend(PREFIX.bytes().map(|byte| byte & 31));
    checked.extend_from_slice(&words);
    checked.extend_from_slice(&[0; 6]);
    let sum = polymod(&checked) ^ 1;
    words.extend((0..6).map(|place| u8::try_from((sum >> (5 * (5 - place))) & 31).unwrap_or_default()));
    let text: String = words
        .iter()
        .filter_map(|word| DIGITS.get(usize::from(*word)))
        .map(|digit| char::from(*digit))
        .collect();
    format!("{PREFIX}1{text}").to_uppercase()
}

/// The checksum of BIP 173.
fn polymod(values: &[u8]) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let mut sum: u32 = 1;
    for value in values {
        let top = sum >> 25;
        sum = ((sum & 0x01ff_ffff) << 5) ^ u32::from(*value);
        for (place, generator) in GENERATOR.iter().enumerate() {
            if (top >> place) & 1 == 1 {
                sum ^= generator;
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_whole() {
        for (name, make) in MAKERS {
            let text = make(&mut Random::new("x"));
            match *name {
                "wireguard-private" => assert_eq!(text.len(), 44),
                "age-secret" => assert_eq!(text.len(), 74),
                "putty" => {
                    assert!(text.starts_with("PuTTY-User-Key-File-3: ") && text.contains("Private-MAC: "))
                }
                name if name.starts_with("ssh-public") => assert!(text.starts_with("ssh-")),
                _ => {
                    assert!(text.starts_with("-----BEGIN "), "{name}");
                    assert!(text.ends_with("-----") && text.lines().count() > 2, "{name}");
                }
            }
        }
    }

    /// A string of BIP 173's list of valid ones: `a12uel5l`.
    #[test]
    fn the_checksum_is_that_of_bech32() {
        assert_eq!(polymod(&[3, 0, 1, 10, 28, 25, 31, 20, 31]), 1);
    }
}
