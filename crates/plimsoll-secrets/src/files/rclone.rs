//! rclone's remotes: <https://rclone.org/docs/#config-file>. Passwords are obscured with a key that is part of rclone.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "rclone", title: "rclone configuration", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &["rclone.conf", ".rclone.conf"])
}

const OBSCURED: &[&str] = &["pass", "password", "password2", "key_file_pass", "2fa", "http_pass"];
const PLAIN: &[&str] = &[
    "secret_access_key",
    "key",
    "sas_url",
    "client_secret",
    "service_account_credentials",
    "key_pem",
    "access_token",
    "api_key",
    "bearer_token",
    "auth_token",
    "application_credential_secret",
    "session_token",
    "apikey",
    "account_key",
    "link_password",
];

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let entries = ini::entries(Text::whole(bytes), &ini::INI);
    for entry in &entries {
        let remote = entry.section.shown();
        let kind = ini::beside(&entries, entry, "type")
            .map_or_else(String::new, |kind| format!(" ({})", kind.shown()));
        if entry.key.is_any(OBSCURED) {
            let message = format!("the {} of the remote '{remote}'{kind}", entry.key.shown());
            if let Some(found) = sink.secret(CREDFILE, "rclone-password", entry.value, message) {
                found.notes.push("rclone obscures it with a key that everybody has.".to_owned());
            }
        } else if entry.key.is("token") {
            // JSON with access_token and refresh_token.
            let token = json::parse(entry.value);
            let refresh = token.text_of("refresh_token").or_else(|| token.text_of("access_token"));
            if let Some(refresh) = refresh {
                sink.secret(
                    CLOUD,
                    "rclone-token",
                    refresh,
                    format!("the token of the remote '{remote}'{kind}"),
                );
            }
        } else if entry.key.is_any(PLAIN) {
            let message = format!("the {} of the remote '{remote}'{kind}", entry.key.shown());
            let class = if entry.key.is("secret_access_key") { CLOUD } else { CREDFILE };
            sink.secret(class, "rclone-secret", entry.value, message);
        }
    }
}
