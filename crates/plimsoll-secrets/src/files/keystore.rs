//! Key stores: Java's JKS and JCEKS (`sun.security.provider.JavaKeyStore`), PKCS #12 (RFC 7292), KeePass (KDBX), Kerberos key tables.
//! A JKS or a PKCS #12 says by its digest whether the password that everybody knows opens it.

use sha1::{Digest, Sha1};

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "keystore", title: "key store", is, max_size: 16 << 20, find };

const SUFFIXES: &[&str] = &[
    ".p12",
    ".pfx",
    ".jks",
    ".keystore",
    ".jceks",
    ".bks",
    ".ks",
    ".kdbx",
    ".kdb",
    ".truststore",
    ".keytab",
    ".pkcs12",
];

fn is(path: &[u8]) -> bool {
    path::suffixed_any(path, SUFFIXES) || path::named(path, &["keystore", "krb5.keytab", "cacerts"])
}

/// Passwords that are tried: none, Java's, and the usual.
const PASSWORDS: &[&str] =
    &["changeit", "", "changeme", "password", "secret", "123456", "keystore", "tomcat", "test", "mypassword"];

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let whole = Text::whole(bytes).part(0, 0);
    match bytes {
        [0xfe, 0xed, 0xfe, 0xed, ..] | [0xce, 0xce, 0xce, 0xce, ..] => java(&mut sink, bytes),
        [0x30, ..] if pfx::is_pfx(bytes) && pfx::has_key(bytes) => {
            let Some(found) = sink.certain(KEYSTORE, "pkcs12", whole, "a PKCS #12 file with a private key")
            else {
                return;
            };
            match pfx::parse(bytes) {
                Some(file) if file.tries() > 0 => {
                    judge(found, PASSWORDS.iter().take(file.tries()).find(|password| file.opens(password)));
                }
                _ => closed(found),
            }
        }
        [0x03, 0xd9, 0xa2, 0x9a, 0x65 | 0x67, 0xfb, 0x4b, 0xb5, ..] => {
            if let Some(found) = sink.certain(KEYSTORE, "keepass", whole, "a KeePass database of passwords") {
                closed(found);
            }
        }
        [0x05, 0x02, ..] if path::suffixed(path, ".keytab") && keytab_entries(bytes) > 0 => {
            sink.certain(
                KEYSTORE,
                "kerberos-keytab",
                whole,
                "a Kerberos key table, whose keys need no password",
            );
        }
        _ => {}
    }
}

/// Lowers a store of which nobody knows the password.
fn closed(found: &mut Found) {
    lower(found, Severity::Low, Confidence::Medium, "Whether a well-known password opens it was not tried.");
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(head)
    }

    fn u16(&mut self) -> Option<usize> {
        Some(usize::from(u16::from_be_bytes(self.take(2)?.try_into().ok()?)))
    }

    fn u32(&mut self) -> Option<usize> {
        usize::try_from(u32::from_be_bytes(self.take(4)?.try_into().ok()?)).ok()
    }

    fn name(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(length)
    }

    fn certificate(&mut self, version: usize) -> Option<()> {
        if version == 2 {
            self.name()?;
        }
        let length = self.u32()?;
        self.take(length)?;
        Some(())
    }
}

/// The name of the first private or secret key of a Java store; `None` when it holds certificates only.
fn first_key(bytes: &[u8]) -> Option<Text<'_>> {
    let mut reader = Reader(bytes);
    reader.take(4)?;
    let version = reader.u32()?;
    for _ in 0..reader.u32()?.min(10_000) {
        let tag = reader.u32()?;
        let alias = reader.name()?;
        reader.take(8)?;
        match tag {
            2 => reader.certificate(version)?,
            1 | 3 => return Some(Text::whole(alias)),
            _ => return None,
        }
    }
    None
}

fn java(sink: &mut Sink<'_>, bytes: &[u8]) {
    let Some(alias) = first_key(bytes) else { return };
    let message = format!("a Java key store with the key '{}'", alias.shown());
    let opens = PASSWORDS.iter().find(|password| opens(bytes, password));
    let whole = Text::whole(bytes).part(0, 0);
    if let Some(found) = sink.certain(KEYSTORE, "java-keystore", whole, message) {
        judge(found, opens);
    }
}

/// Says what opens a store.
fn judge(found: &mut Found, opens: Option<&&str>) {
    match opens {
        Some(&"") => found.notes.push("It opens with an empty password.".to_owned()),
        Some(password) => found.notes.push(format!("It opens with the well-known password '{password}'.")),
        None => lower(found, Severity::Low, Confidence::High, "No well-known password opens it."),
    }
}

/// The store ends with SHA-1 over the password in UTF-16, `Mighty Aphrodite`, and all before.
fn opens(bytes: &[u8], password: &str) -> bool {
    let Some((content, digest)) = bytes.split_last_chunk::<20>() else { return false };
    let mut hasher = Sha1::new();
    for unit in password.encode_utf16() {
        hasher.update(unit.to_be_bytes());
    }
    hasher.update(b"Mighty Aphrodite");
    hasher.update(content);
    hasher.finalize().as_slice() == digest
}

/// How many keys a key table holds (MIT Kerberos, keytab file format); deleted ones have a negative length.
fn keytab_entries(bytes: &[u8]) -> usize {
    let mut reader = Reader(bytes.get(2..).unwrap_or_default());
    let mut count = 0;
    while let Some(length) = reader.take(4).and_then(|raw| raw.try_into().ok()).map(i32::from_be_bytes) {
        let Ok(skip) = usize::try_from(length.unsigned_abs()) else { break };
        if length == 0 || reader.take(skip).is_none() {
            break;
        }
        count += usize::from(length > 0);
    }
    count
}
