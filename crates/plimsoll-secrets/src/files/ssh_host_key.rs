//! The keys by which an SSH server proves who it is: sshd(8). All containers of the image have the same.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "ssh-host-key", title: "SSH host key", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    let name = path::name(path);
    (name.starts_with(b"ssh_host_") && name.ends_with(b"_key"))
        || (name.starts_with(b"dropbear_") && name.ends_with(b"_host_key"))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    for key in pem::keys(text) {
        sink.key(HOSTKEY, "ssh-host-key", &key, "the private key of the SSH server", "");
    }
    // Dropbear's own form: a length, then the kind of the key.
    if let Some(&[0, 0, 0, length @ 7..=24]) = bytes.get(..4)
        && bytes
            .get(4..4 + usize::from(length))
            .is_some_and(|kind| kind.starts_with(b"ssh-") || kind.starts_with(b"ecdsa-"))
        && bytes.len() > 60
    {
        sink.certain(
            HOSTKEY,
            "dropbear-host-key",
            text.part(0, 0),
            "the private key of the SSH server (Dropbear)",
        );
    }
}
