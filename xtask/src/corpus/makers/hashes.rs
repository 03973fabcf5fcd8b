//! Password hashes in the forms that crypt(5), Apache, databases and frameworks store them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::Maker;
use crate::corpus::random::{BASE62, CRYPT64, HEX, Random, UPPER_HEX};

pub(super) const MAKERS: &[Maker] = &[
    ("bcrypt-2y", |r| bcrypt("$2y$10$", r)),
    ("bcrypt-2b", |r| bcrypt("$2b$12$", r)),
    ("bcrypt-2a", |r| bcrypt("$2a$10$", r)),
    ("sha512crypt", |r| format!("$6${}${}", r.text(CRYPT64, 16), r.text(CRYPT64, 86))),
    ("sha256crypt", |r| format!("$5${}${}", r.text(CRYPT64, 16), r.text(CRYPT64, 43))),
    ("md5crypt", |r| format!("$1${}${}", r.text(CRYPT64, 8), r.text(CRYPT64, 22))),
    ("yescrypt", |r| format!("$y$j9T${}${}", r.text(CRYPT64, 22), r.text(CRYPT64, 43))),
    ("apr1", |r| format!("$apr1${}${}", r.text(CRYPT64, 8), r.text(CRYPT64, 22))),
    ("htpasswd-sha", |r| format!("{{SHA}}{}", STANDARD.encode(r.bytes(20)))),
    ("ldap-ssha", |r| format!("{{SSHA}}{}", STANDARD.encode(r.bytes(28)))),
    ("mysql-hash", |r| format!("*{}", r.text(UPPER_HEX, 40))),
    ("postgres-scram", |r| {
        let (salt, stored, server) =
            (STANDARD.encode(r.bytes(16)), STANDARD.encode(r.bytes(32)), STANDARD.encode(r.bytes(32)));
        format!("SCRAM-SHA-256$4096:{salt}${stored}:{server}")
    }),
    ("postgres-md5", |r| format!("md5{}", r.text(HEX, 32))),
    ("django-pbkdf2", |r| {
        format!("pbkdf2_sha256$600000${}${}", r.text(BASE62, 22), STANDARD.encode(r.bytes(32)))
    }),
    ("argon2id", |r| {
        let (salt, hash) = (STANDARD_NO_PAD.encode(r.bytes(16)), STANDARD_NO_PAD.encode(r.bytes(32)));
        format!("$argon2id$v=19$m=65536,t=4,p=1${salt}${hash}")
    }),
    ("phpass", |r| format!("$P$B{}", r.text(CRYPT64, 30))),
    ("rabbit-hash", |r| STANDARD.encode(r.bytes(36))),
    ("jenkins-secret", |r| {
        // Version 1: the length of the vector, the vector, and blocks of AES.
        let mut bytes = vec![1, 0, 0, 0, 16, 0, 0, 0, 16];
        bytes.extend_from_slice(&r.bytes(32));
        format!("{{{}}}", STANDARD.encode(bytes))
    }),
    ("winscp", |r| {
        let length = r.between(46, 60) / 2 * 2;
        r.text(UPPER_HEX, length)
    }),
    // What the security library of Firefox makes of a text: a DER sequence with the key's name, the method and blocks.
    ("nss", |r| {
        let mut bytes = vec![0x30, 0x3a, 0x04, 0x10, 0xf8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01];
        bytes.extend_from_slice(&[
            0x30, 0x14, 0x06, 0x08, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x07, 0x04, 0x08,
        ]);
        bytes.extend_from_slice(&r.bytes(8));
        bytes.extend_from_slice(&[0x04, 0x10]);
        bytes.extend_from_slice(&r.bytes(16));
        STANDARD.encode(bytes)
    }),
    ("drupal", |r| format!("$S$E{}", r.text(CRYPT64, 51))),
];

/// The first 22 characters are the salt, of which the last holds two bits only.
fn bcrypt(prefix: &str, random: &mut Random) -> String {
    let salt = random.text(CRYPT64, 21) + random.pick(&[".", "O", "e", "u"]);
    format!("{prefix}{salt}{}", random.text(CRYPT64, 31))
}
