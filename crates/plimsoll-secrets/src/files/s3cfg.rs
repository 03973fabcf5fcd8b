//! S3 clients: s3cmd's `.s3cfg` (<https://s3tools.org/kb/item14.htm>), s3fs' `passwd-s3fs`, MinIO's `mc`.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "s3cfg", title: "S3 client credentials", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &[".s3cfg", ".passwd-s3fs", "passwd-s3fs"])
        || path::ends_any(path, &[".mc/config.json", ".mcli/config.json"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    if path.ends_with(b"s3fs") {
        for line in text.lines().filter(|line| !line.bytes().starts_with(b"#")) {
            // `KEY:SECRET` or `BUCKET:KEY:SECRET`.
            if let Some((key, secret)) = line.trim().rsplit_once(b':') {
                let key = key.rsplit_once(b':').map_or(key, |(_, key)| key);
                sink.secret(
                    CLOUD,
                    "s3fs-secret-key",
                    secret,
                    format!("the S3 secret key of {}", key.shown()),
                );
            }
        }
        return;
    }
    if path.ends_with(b".json") {
        json::parse(text).each(&mut |host, way, value| {
            if way.last().is_some_and(|key| key.is("secretKey")) {
                let url = for_host(host.text_of("url"));
                sink.secret(CLOUD, "mc-secret-key", value, format!("the S3 secret key{url}"));
            }
        });
        return;
    }
    let entries = ini::entries(text, &ini::CONFIGPARSER);
    for entry in &entries {
        let host = for_host(ini::beside(&entries, entry, "host_base"));
        if entry.key.is("secret_key") {
            sink.secret(CLOUD, "s3cfg-secret-key", entry.value, format!("the S3 secret key{host}"));
        } else if entry.key.is_any(&["access_token", "session_token"]) {
            sink.secret(CLOUD, "s3cfg-access-token", entry.value, format!("an S3 session token{host}"));
        } else if entry.key.is("gpg_passphrase") {
            sink.secret(
                CREDFILE,
                "s3cfg-gpg-passphrase",
                entry.value,
                "the passphrase for files encrypted by s3cmd",
            );
        }
    }
}
