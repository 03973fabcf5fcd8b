//! Passwords that Firefox and Thunderbird keep: `logins.json` holds them encrypted, `key4.db` (SQLite) the key, which a primary
//! password guards when one is set.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "firefox", title: "Firefox' passwords", is, max_size: 16 << 20, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &["logins.json", "logins-backup.json", "key4.db", "key3.db", "signons.sqlite"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    if path.ends_with(b".json") {
        let root = json::parse(text);
        for login in root.get("logins").map_or(&[][..], Node::items) {
            if let Some(password) = login.text_of("encryptedPassword") {
                let host = for_host(login.text_of("hostname"));
                let message = format!("a password{host} that Firefox keeps");
                if let Some(found) = sink.secret(CREDFILE, "firefox-login", password, message) {
                    lower(
                        found,
                        Severity::Medium,
                        Confidence::High,
                        "It is encrypted: the key is in key4.db.",
                    );
                }
            }
        }
        return;
    }
    let sqlite = bytes.starts_with(b"SQLite format 3\0");
    if sqlite && (text.contains("nssPrivate") || text.contains("moz_logins")) {
        let found = sink.certain(
            KEYSTORE,
            "firefox-key-database",
            text.part(0, 0),
            "the key store of Firefox' passwords",
        );
        if let Some(found) = found {
            found.notes.push("Unless a primary password is set, it opens without one.".to_owned());
        }
    }
}
