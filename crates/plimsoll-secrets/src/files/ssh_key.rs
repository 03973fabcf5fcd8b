//! Users' SSH keys: ssh-keygen(1), OpenSSH's PROTOCOL.key, and PuTTY's format
//! (<https://the.earth.li/~sgtatham/putty/latest/htmldoc/AppendixC.html>).

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "ssh-key", title: "SSH private key", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    let name = path::name(path);
    if name.ends_with(b".pub") {
        return false;
    }
    name.ends_with(b".ppk")
        || [b"id_rsa".as_slice(), b"id_dsa", b"id_ecdsa", b"id_ed25519", b"id_xmss", b"identity"]
            .iter()
            .any(|start| name.starts_with(start))
        || [b"_rsa".as_slice(), b"_ed25519", b"_ecdsa", b"_dsa"].iter().any(|end| name.ends_with(end))
        || (path::below(path, ".ssh")
            && !matches!(
                name,
                b"authorized_keys" | b"known_hosts" | b"known_hosts.old" | b"config" | b"environment" | b"rc"
            ))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    if text.bytes().starts_with(b"PuTTY-User-Key-File-") {
        let line = |key: &str| text.lines().take(8).find_map(|line| Some(line.strip_prefix(key)?.trim()));
        let encrypted = line("Encryption:").is_some_and(|cipher| !cipher.is("none"));
        let comment = line("Comment:").map_or_else(String::new, Text::shown);
        let lines = text.find("Private-Lines:").map_or(text.len(), |at| at + "Private-Lines:".len());
        let body = text.from(lines);
        let body = body.from(memchr::memchr(b'\n', body.bytes()).map_or(body.len(), |at| at + 1));
        let body = body.part(0, body.find("Private-MAC").unwrap_or(body.len())).trim();
        if !body.is_empty() {
            let key = pem::Key { label: body.part(0, 0), all: body, encrypted };
            sink.key(PRIVKEY, "putty-private-key", &key, "a PuTTY private key", &comment);
        }
        return;
    }
    for key in pem::keys(text) {
        let label = if key.label.is_empty() { String::new() } else { format!(" ({})", key.label.shown()) };
        sink.key(PRIVKEY, "ssh-private-key", &key, &format!("an SSH private key{label}"), "");
    }
}
