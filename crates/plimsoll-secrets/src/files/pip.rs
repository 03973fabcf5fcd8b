//! pip's configuration (<https://pip.pypa.io/en/stable/topics/configuration/>) and uv's: index URLs with a user.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "pip", title: "pip configuration", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &["pip.conf", "pip.ini", ".pip.conf", "uv.toml"])
        || path::ends(path, ".pydistutils.cfg")
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    for entry in ini::entries(Text::whole(bytes), &ini::CONFIGPARSER) {
        sink.urls("pip-index-url", entry.value);
    }
}
