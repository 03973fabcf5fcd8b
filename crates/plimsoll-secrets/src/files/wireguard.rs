//! WireGuard's configuration: wg(8), wg-quick(8).

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "wireguard", title: "WireGuard configuration", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    let name = path::name(path);
    (name.ends_with(b".conf") && (name.starts_with(b"wg") || path::below(path, "wireguard")))
        || (name.ends_with(b".netdev") && path::below(path, "systemd/network"))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let entries = ini::entries(Text::whole(bytes), &ini::Style { trailing: b"#", ..ini::INI });
    for entry in &entries {
        let key = entry.value.base64().is_some_and(|key| key.len() == 32);
        if !key || !entry.value.bytes().ends_with(b"=") {
            continue;
        }
        if entry.key.is("PrivateKey") {
            sink.certain(
                PRIVKEY,
                "wireguard-private-key",
                entry.value,
                "the private key of a WireGuard interface",
            );
        } else if entry.key.is("PresharedKey") {
            let peer = for_host(ini::beside(&entries, entry, "Endpoint"));
            sink.certain(
                CREDFILE,
                "wireguard-preshared-key",
                entry.value,
                format!("a pre-shared WireGuard key{peer}"),
            );
        }
    }
}
