//! Redis' and Valkey's configuration: <https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "redis", title: "Redis configuration", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    let name = path::name(path);
    name.ends_with(b".acl") && (name.starts_with(b"users") || path::below(path, "redis"))
        || (name.ends_with(b".conf")
            && (name.starts_with(b"redis")
                || name.starts_with(b"sentinel")
                || name.starts_with(b"valkey")
                || name.starts_with(b"keydb")))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    for line in Text::whole(bytes).lines() {
        let mut words = line.words();
        let Some(first) = words.next() else { continue };
        if first.is_any(&[
            "requirepass",
            "masterauth",
            "tls-key-file-pass",
            "tls-client-key-file-pass",
            "sentinel-pass",
        ]) {
            if let Some(value) = words.next() {
                sink.secret(
                    CREDFILE,
                    "redis-password",
                    value,
                    format!("the Redis password '{}'", first.shown()),
                );
            }
        } else if first.is("sentinel") && words.next().is_some_and(|word| word.is("auth-pass")) {
            if let (Some(master), Some(value)) = (words.next(), words.next()) {
                sink.secret(
                    CREDFILE,
                    "redis-password",
                    value,
                    format!("the Redis password of the master '{}'", master.shown()),
                );
            }
        } else if first.is("user") {
            let Some(user) = words.next() else { continue };
            for word in words {
                if let Some(password) = word.strip_prefix(">") {
                    sink.secret(
                        CREDFILE,
                        "redis-password",
                        password,
                        format!("the Redis password{}", of_user(Some(user))),
                    );
                } else if let Some(hash) = word.strip_prefix("#")
                    && hash.len() == 64
                {
                    sink.certain(
                        HASH,
                        "redis-hash",
                        hash,
                        format!("the password hash (SHA-256, no salt){}", of_user(Some(user))),
                    );
                }
            }
        }
    }
}
