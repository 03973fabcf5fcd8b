//! Spring Boot's properties: <https://docs.spring.io/spring-boot/reference/features/external-config.html>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "spring", title: "Spring configuration", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    let name = path::name(path);
    (name.starts_with(b"application") || name.starts_with(b"bootstrap"))
        && path::suffixed_any(path, &[".properties", ".yml", ".yaml"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    if path.ends_with(b".properties") {
        for entry in ini::entries(text, &ini::PROPERTIES) {
            sink.pair(PASSWORD, "spring", entry.key, entry.value);
        }
        return;
    }
    for document in yaml::documents(text) {
        document.each(&mut |_, way, value| {
            if let Some(key) = way.last()
                && sink.pair(PASSWORD, "spring", *key, value)
                && let [.., parent, _] = way
            {
                sink.of(&format!("'{}'", parent.shown()));
            }
        });
    }
}
