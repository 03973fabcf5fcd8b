//! Poetry's accounts: <https://python-poetry.org/docs/repositories/#configuring-credentials>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "poetry", title: "Poetry accounts", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::ends_any(path, &["pypoetry/auth.toml"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let entries = ini::entries(Text::whole(bytes), &ini::TOML);
    for entry in &entries {
        // `[pypi-token]`, `[http-basic.NAME]`.
        let (kind, name) = entry.section.split_once(b'.').unwrap_or((entry.section, entry.section));
        if kind.is("pypi-token") {
            sink.secret(
                CREDFILE,
                "poetry-token",
                entry.value,
                format!("an upload token for {}", entry.key.shown()),
            );
        } else if kind.is("http-basic") && entry.key.is("password") {
            let user = of_user(ini::beside(&entries, entry, "username"));
            sink.secret(
                CREDFILE,
                "poetry-password",
                entry.value,
                format!("the password{user} for {}", name.shown()),
            );
        }
    }
}
