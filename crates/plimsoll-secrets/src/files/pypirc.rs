//! Accounts for uploads to Python package indexes: <https://packaging.python.org/en/latest/specifications/pypirc/>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "pypirc", title: "Python upload accounts", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &[".pypirc"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let entries = ini::entries(Text::whole(bytes), &ini::CONFIGPARSER);
    for entry in &entries {
        if entry.key.is("password") {
            let index =
                ini::beside(&entries, entry, "repository").map_or_else(|| entry.section.shown(), host_of);
            let user = ini::beside(&entries, entry, "username");
            if user.is_some_and(|user| user.is("__token__")) {
                sink.secret(CREDFILE, "pypirc-token", entry.value, format!("an upload token for {index}"));
            } else {
                let user = of_user(user);
                sink.secret(
                    CREDFILE,
                    "pypirc-password",
                    entry.value,
                    format!("the password{user} for {index}"),
                );
            }
        } else {
            sink.urls("pypirc-url", entry.value);
        }
    }
}
