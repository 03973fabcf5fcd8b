//! Private keys in PEM (RFC 7468), OpenSSH and PuTTY form, and whether a passphrase guards them.

use super::Text;

/// A private key in a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key<'a> {
    /// What it calls itself, such as `RSA`; empty for PKCS #8.
    pub(crate) label: Text<'a>,
    /// From the first dash to the last.
    pub(crate) all: Text<'a>,
    /// True when a passphrase guards it.
    pub(crate) encrypted: bool,
}

const BEGIN: &str = "-----BEGIN ";
const MARK: &str = "PRIVATE KEY-----";

/// The private keys in a text, in which line ends may be written as `\n`.
pub(crate) fn keys(text: Text<'_>) -> Vec<Key<'_>> {
    let mut keys = Vec::new();
    let mut from = 0;
    while let Some(at) = text.from(from).find(BEGIN) {
        let start = from + at;
        from = start + BEGIN.len();
        let head = text.part(from, from + 40);
        let Some(end) = head.find(MARK) else { continue };
        let label = head.part(0, end).trim();
        if !label.bytes().iter().all(|b| b.is_ascii_uppercase() || *b == b' ') {
            continue;
        }
        let body = text.from(from + end + MARK.len());
        let Some(close) = body.find("-----END ") else { continue };
        let content = body.part(0, close);
        let Some(last) = body.from(close).find(MARK) else { continue };
        // A line between quotes in a program or a manual is no key: there is nothing in it.
        if content.bytes().iter().filter(|b| b.is_ascii_alphanumeric()).count() < 40 {
            continue;
        }
        let stop = from + end + MARK.len() + close + last + MARK.len();
        let encrypted = label.bytes() == b"ENCRYPTED"
            || content.contains("Proc-Type: 4,ENCRYPTED")
            || (label.bytes() == b"OPENSSH" && openssh_cipher(content));
        keys.push(Key { label, all: text.part(start, stop), encrypted });
        from = stop;
    }
    keys
}

/// True when an OpenSSH key (PROTOCOL.key) names a cipher: `openssh-key-v1\0`, a length, the cipher's name.
fn openssh_cipher(content: Text<'_>) -> bool {
    // In JSON the line ends are written as `\\n`.
    let content = content.strip_prefix("\\n").unwrap_or(content);
    let start: Vec<u8> =
        content.bytes().iter().copied().filter(|b| !b.is_ascii_whitespace()).take(64).collect();
    let Some(plain) = Text::whole(&start).base64() else { return false };
    let Some(rest) = plain.strip_prefix(b"openssh-key-v1\0") else { return false };
    rest.get(4..8).is_some_and(|cipher| cipher != b"none")
}
