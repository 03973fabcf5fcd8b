//! Accounts for basic authentication: <https://httpd.apache.org/docs/2.4/misc/password_encryptions.html>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "htpasswd", title: "htpasswd accounts", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(
        path,
        &[".htpasswd", "htpasswd", ".htdigest", "htdigest", "ftpd.passwd", "proftpd.passwd", "auth.basic"],
    ) || path::suffixed_any(path, &[".htpasswd", ".htdigest"])
        || path::ends_any(path, &["etc/proftpd/passwd", "etc/vsftpd/passwd", "etc/dovecot/users"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    for line in Text::whole(bytes).lines().filter(|line| !line.bytes().starts_with(b"#")) {
        let Some((user, rest)) = line.trim().split_once(b':') else { continue };
        // htdigest: user:realm:MD5. Others may go on with more fields.
        let mut fields = rest.split(b':');
        let (Some(first), second) = (fields.next(), fields.next()) else { continue };
        let digest = second.filter(|hash| hash.len() == 32 && hash.bytes().iter().all(u8::is_ascii_hexdigit));
        let value = digest.unwrap_or(first);
        if user.is_empty() || user.bytes().contains(&b' ') || value.is_empty() {
            continue;
        }
        let kind = if digest.is_some() { Some(("MD5 digest", true)) } else { hash_kind(value) };
        if let Some((kind, weak)) = kind {
            hash(
                &mut sink,
                "htpasswd-hash",
                value,
                format!("the password hash ({kind}){}", of_user(Some(user))),
                weak,
            );
        }
    }
}

/// What made a hash, and whether it is broken in practice: crypt(5), and Apache's own.
pub(super) fn hash_kind(value: Text<'_>) -> Option<(&'static str, bool)> {
    let bytes = value.bytes();
    const KINDS: &[(&str, &str, bool)] = &[
        ("$apr1$", "MD5, apr1", true),
        ("$1$", "MD5 crypt", true),
        ("$2a$", "bcrypt", false),
        ("$2b$", "bcrypt", false),
        ("$2y$", "bcrypt", false),
        ("$2x$", "bcrypt", false),
        ("$5$", "SHA-256 crypt", false),
        ("$6$", "SHA-512 crypt", false),
        ("$y$", "yescrypt", false),
        ("$gy$", "gost-yescrypt", false),
        ("$7$", "scrypt", false),
        ("$argon2", "Argon2", false),
        ("$md5", "Sun MD5", true),
        ("$3$", "NT hash", true),
        ("{SHA}", "SHA-1, no salt", true),
        ("{SSHA}", "salted SHA-1", true),
        ("{SSHA512}", "salted SHA-512", false),
        ("{CRYPT}", "crypt", false),
        ("{PLAIN}", "no hash at all", true),
        ("{SHA256}", "SHA-256, no salt", true),
    ];
    if let Some((start, kind, weak)) = KINDS.iter().find(|(start, ..)| bytes.starts_with(start.as_bytes())) {
        return (bytes.len() >= start.len() + 4).then_some((kind, *weak));
    }
    // The traditional form has 13 characters of its own alphabet, salt first.
    let traditional =
        bytes.len() == 13 && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"./".contains(b));
    traditional.then_some(("DES crypt", true))
}

/// A hash: worse where it is quickly guessed.
pub(super) fn hash(sink: &mut Sink<'_>, rule: &str, value: Text<'_>, message: String, weak: bool) {
    if let Some(found) = sink.certain(HASH, rule, value, message)
        && weak
    {
        found.notes.push("Such a hash is guessed at billions of tries a second.".to_owned());
    }
}
