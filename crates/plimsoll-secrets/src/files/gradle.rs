//! Gradle's properties: <https://docs.gradle.org/current/userguide/build_environment.html>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "gradle", title: "Gradle properties", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &["gradle.properties"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    for entry in ini::entries(Text::whole(bytes), &ini::PROPERTIES) {
        sink.pair(CREDFILE, "gradle", entry.key, entry.value);
    }
}
