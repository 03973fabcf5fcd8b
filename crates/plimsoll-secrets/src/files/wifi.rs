//! Networks' passwords: wpa_supplicant.conf(5), nm-settings-keyfile(5), iwd.network(5), chap-secrets of pppd(8), ipsec.secrets(5).

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "wifi", title: "network passwords", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    let name = path::name(path);
    (name.starts_with(b"wpa_supplicant") && name.ends_with(b".conf"))
        || path::suffixed(path, ".nmconnection")
        || path::below(path, "NetworkManager/system-connections")
        || path::named(path, &["chap-secrets", "pap-secrets", "ipsec.secrets"])
        || (path::suffixed(path, ".psk") && path::below(path, "var/lib/iwd"))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    if path.ends_with(b"ap-secrets") {
        // client server secret addresses
        for line in text.lines().filter(|line| !line.trim().bytes().starts_with(b"#")) {
            let words: Vec<Text<'_>> = line.words().take(3).collect();
            if let [client, server, secret] = words[..] {
                let host = if server.bytes() == b"*" { String::new() } else { for_host(Some(server)) };
                let message = format!("the PPP password{}{host}", of_user(Some(client)));
                sink.secret(CREDFILE, "ppp-password", secret, message);
            }
        }
        return;
    }
    if path.ends_with(b"ipsec.secrets") {
        for line in text.lines().filter(|line| !line.trim().bytes().starts_with(b"#")) {
            let mut words = line.words();
            let kind = words.find(|word| word.is_any(&["PSK", "XAUTH", "EAP", "NTLM", "RSA"]));
            if let (Some(kind), Some(value)) = (kind.filter(|kind| !kind.is("RSA")), words.next()) {
                sink.secret(CREDFILE, "ipsec-secret", value, format!("an IPsec secret ({})", kind.shown()));
            }
        }
        return;
    }
    let entries = ini::entries(text, &ini::INI);
    let name = entries
        .iter()
        .find(|entry| entry.key.is_any(&["ssid", "id"]))
        .map_or_else(String::new, |entry| format!(" of the network '{}'", entry.value.shown()));
    for entry in &entries {
        let key = entry.key;
        if key.is_any(&[
            "psk",
            "sae_password",
            "Passphrase",
            "PreSharedKey",
            "wep-key0",
            "wep_key0",
            "password",
            "private_key_passwd",
            "private-key-password",
            "secret",
            "leap-password",
        ]) {
            sink.secret(CREDFILE, "network-password", entry.value, format!("the {}{name}", key.shown()));
        }
    }
}
