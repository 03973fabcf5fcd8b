//! OpenVPN's profiles with keys inside: <https://openvpn.net/community-resources/reference-manual-for-openvpn-2-6/> (inline file support).

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "openvpn", title: "OpenVPN profile", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path.ends_with(b".ovpn") || (path::below(path, "openvpn") && path::suffixed_any(path, &[".conf", ".key"]))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    let remote = for_host(text.lines().find_map(|line| line.strip_prefix("remote ")?.words().next()));
    for key in pem::keys(text) {
        sink.key(
            PRIVKEY,
            "openvpn-private-key",
            &key,
            &format!("the private key of an OpenVPN client{remote}"),
            "",
        );
    }
    let mut from = 0;
    while let Some(at) = text.from(from).find("-----BEGIN OpenVPN ") {
        let start = from + at;
        from = start + 20;
        let head = text.part(start, start + 80);
        if !(head.contains("Static key")
            || head.contains("tls-crypt-v2 client key")
            || head.contains("tls-crypt-v2 server key"))
        {
            continue;
        }
        let Some(end) = text.from(from).find("-----END OpenVPN ") else { break };
        let tail = text.from(from + end + 17);
        let stop = from + end + 17 + tail.find("-----").map_or(0, |at| at + 5);
        sink.certain(
            PRIVKEY,
            "openvpn-static-key",
            text.part(start, stop),
            format!("a static OpenVPN key{remote}"),
        );
        from = stop;
    }
    if let Some(at) = text.find("<auth-user-pass>") {
        let body = text.from(at + "<auth-user-pass>".len());
        let body = body.part(0, body.find("</auth-user-pass>").unwrap_or(0)).trim();
        if let Some((user, password)) = body.split_once(b'\n') {
            let message = format!("the OpenVPN password{}{remote}", of_user(Some(user.trim())));
            sink.secret(CREDFILE, "openvpn-password", password, message);
        }
    }
}
