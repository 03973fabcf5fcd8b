//! Cargo's registry tokens: <https://doc.rust-lang.org/cargo/reference/config.html#credentials>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "cargo", title: "Cargo credentials", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    (path.ends_with(b"credentials") || path.ends_with(b".toml") || path.ends_with(b"config"))
        && (path::ends_any(
            path,
            &[".cargo/credentials", ".cargo/credentials.toml", "cargo/credentials.toml", "cargo/credentials"],
        ) || path::ends_any(path, &[".cargo/config.toml", ".cargo/config"]))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    for entry in ini::entries(Text::whole(bytes), &ini::TOML) {
        if entry.key.is("token") || entry.key.bytes().ends_with(b".token") {
            let registry = entry.section.split_once(b'.').map_or_else(
                || "the default registry".to_owned(),
                |(_, name)| format!("the registry '{}'", name.unquote().shown()),
            );
            sink.secret(CREDFILE, "cargo-token", entry.value, format!("the Cargo token for {registry}"));
        } else if entry.key.is("secret-key") {
            sink.secret(CREDFILE, "cargo-secret-key", entry.value, "the secret key for a Cargo registry");
        } else {
            sink.urls("cargo-url", entry.value);
        }
    }
}
