//! Values that are no secrets: identifiers, digests, and what fills the files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Maker;
use crate::corpus::random::{BASE62, BASE64, HEX, LOWER36, Random, UPPER_HEX, URL64};

pub(super) const MAKERS: &[Maker] = &[
    ("uuid", uuid),
    ("upper-uuid", |r| uuid(r).to_uppercase()),
    ("md5", |r| r.text(HEX, 32)),
    ("sha1", |r| r.text(HEX, 40)),
    ("sha256", |r| r.text(HEX, 64)),
    ("sha512", |r| r.text(HEX, 128)),
    ("short-commit", |r| r.text(HEX, 7)),
    ("sri-sha512", |r| format!("sha512-{}", STANDARD.encode(r.bytes(64)))),
    ("sri-sha384", |r| format!("sha384-{}", STANDARD.encode(r.bytes(48)))),
    ("sri-sha256", |r| format!("sha256-{}", STANDARD.encode(r.bytes(32)))),
    ("sri-sha1", |r| format!("sha1-{}", STANDARD.encode(r.bytes(20)))),
    ("go-sum", |r| format!("h1:{}", STANDARD.encode(r.bytes(32)))),
    ("nuget-hash", |r| STANDARD.encode(r.bytes(64))),
    ("nix-hash", |r| r.text(b"0123456789abcdfghijklmnpqrsvwxyz", 32)),
    ("gpg-fingerprint", |r| r.text(UPPER_HEX, 40)),
    ("ssh-fingerprint", |r| format!("SHA256:{}", r.text(BASE64, 43))),
    ("hex-colons", |r| {
        let pairs: Vec<String> = (0..20).map(|_| r.text(UPPER_HEX, 2)).collect();
        pairs.join(":")
    }),
    ("png", |r| {
        // The signature and the first chunk of a PNG file, then what compressed pixels look like.
        let mut image = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x20\0\0\0\x20\x08\x06\0\0\0".to_vec();
        image.extend_from_slice(&r.bytes(420));
        STANDARD.encode(image)
    }),
    // What is a key's name by its letters, in the middle of base64.
    ("blob-with-key-id", |r| {
        let before = r.text(BASE64, 59) + &r.text(BASE62, 1);
        format!("{before}{}{}==", super::clouds::aws_id("AKIA", r), r.text(BASE62, 82))
    }),
    ("woff2", |r| {
        let mut font = b"wOF2\0\x01\0\0\0\0".to_vec();
        font.extend_from_slice(&r.bytes(1800));
        STANDARD.encode(font)
    }),
    ("vlq", |r| {
        // Mappings of a source map: short groups of base64 digits, separated by commas and semicolons.
        let mut text = String::new();
        for _ in 0..260 {
            let length = r.between(4, 5);
            text += &r.text(BASE64, length);
            text.push_str(r.pick(&[",", ",", ",", ";"]));
        }
        text
    }),
    ("travis-secure", |r| STANDARD.encode(r.bytes(256))),
    ("sealed", |r| format!("AgB{}", STANDARD.encode(r.bytes(390)))),
    ("sops", |r| {
        let (data, iv, tag) =
            (STANDARD.encode(r.bytes(18)), STANDARD.encode(r.bytes(32)), STANDARD.encode(r.bytes(16)));
        format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:str]")
    }),
    ("ansible-vault-line", |r| r.text(b"3", 1) + &r.text(b"0123456", 79)),
    ("jasypt", |r| format!("ENC({})", STANDARD.encode(r.bytes(24)))),
    ("maven-encrypted", |r| format!("{{{}}}", STANDARD.encode(r.bytes(32)))),
    ("kms-ciphertext", |r| format!("AQICAHh{}", STANDARD.encode(r.bytes(120)))),
    ("rails-credentials", |r| {
        format!(
            "{}--{}--{}",
            STANDARD.encode(r.bytes(240)),
            STANDARD.encode(r.bytes(12)),
            STANDARD.encode(r.bytes(16))
        )
    }),
    ("jwk-modulus", |r| r.text(URL64, 341) + &r.text(BASE62, 1)),
    ("jwk-coordinate", |r| r.text(URL64, 42) + &r.text(BASE62, 1)),
    ("wireguard-public", |r| STANDARD.encode(r.bytes(32))),
    ("vapid-public", |r| format!("B{}", r.text(URL64, 85) + &r.text(BASE62, 1))),
    ("age-recipient", |r| format!("age1{}", r.text(b"qpzry9x8gf2tvdw0s3jn54khce6mua7l", 58))),
    ("etag", |r| format!("\"{}-{}\"", r.text(HEX, 13), r.text(HEX, 8))),
    ("request-id", |r| r.text(LOWER36, 26)),
    ("traceparent", |r| format!("00-{}-{}-01", r.text(HEX, 32), r.text(HEX, 16))),
    ("ulid", |r| format!("01{}", r.text(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", 24))),
    ("object-id", |r| r.text(HEX, 24)),
    ("recaptcha-site", |r| format!("6L{}", r.text(URL64, 37) + &r.text(BASE62, 1))),
    ("sentry-dsn", |r| {
        format!("https://{}@o{}.ingest.de.sentry.io/{}", r.text(HEX, 32), r.digits(6), r.digits(16))
    }),
    ("public-mapbox", |r| {
        format!("pk.eyJ1IjoiYnJlbm5lciIsImEiOiJ{}.{}", r.text(BASE62, 34), r.text(URL64, 22))
    }),
    ("bundle-name", |r| r.text(HEX, 20)),
    ("css-module", |r| format!("_{}_{}", r.text(LOWER36, 5), r.digits(2))),
    ("account", |r| r.digits(12)),
    ("host", |r| {
        format!(
            "{}-{}.intern.brenner-logistik.de",
            r.pick(&["db", "cache", "build", "web", "files", "mail"]),
            r.digits(2)
        )
    }),
    ("ip", |r| format!("10.{}.{}.{}", r.below(256), r.below(256), r.between(2, 254))),
    ("user", |r| {
        r.pick(&["shop", "app", "billing", "reports", "portal", "etl", "warehouse", "api"]).to_owned()
    }),
    ("person", |r| r.pick(&["anna", "moses", "jlindqvist", "chloe", "tomasz", "yuki"]).to_owned()),
    ("database", |r| r.pick(&["orders", "portal", "warehouse_prod", "billing", "tracking"]).to_owned()),
];

/// RFC 9562, version 4.
pub(super) fn uuid(random: &mut Random) -> String {
    let variant = random.text(b"89ab", 1);
    format!(
        "{}-{}-4{}-{variant}{}-{}",
        random.text(HEX, 8),
        random.text(HEX, 4),
        random.text(HEX, 3),
        random.text(HEX, 3),
        random.text(HEX, 12)
    )
}
