//! RubyGems' API keys: <https://guides.rubygems.org/api-key-scopes/>, and sources in `.gemrc`.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "gem", title: "RubyGems credentials", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::ends(path, "gem/credentials")
        || path::ends(path, ".gem/credentials")
        || path::named(path, &[".gemrc", "gemrc"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    for document in yaml::documents(text) {
        for (key, value) in document.entries() {
            let Some(value) = value.text() else { continue };
            let name = key.strip_prefix(":").unwrap_or(*key);
            if path.ends_with(b"credentials") && !value.contains("://") {
                sink.secret(
                    CREDFILE,
                    "gem-api-key",
                    value,
                    format!("an API key '{}' for gems", host_of(name)),
                );
            }
        }
    }
    for line in text.lines().filter(|line| !line.trim().bytes().starts_with(b"#")) {
        sink.urls("gem-source-url", line);
    }
}
