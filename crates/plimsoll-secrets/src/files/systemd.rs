//! The environment that systemd's units give to services: systemd.exec(5), `Environment=`; and encrypted credentials, which are none.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "systemd", title: "systemd unit", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::suffixed(path, ".service")
        || path::suffixed(path, ".container")
        || (path.ends_with(b".conf")
            && (memchr::memmem::find(path, b".service.d/").is_some() || path::below(path, "environment.d")))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let unit = path::name(path);
    let bare = path::below(path, "environment.d");
    for line in Text::whole(bytes).lines() {
        let line = line.trim();
        let Some((key, value)) = line.split_once(b'=') else { continue };
        if bare {
            sink.pair(PASSWORD, "systemd", key.trim(), super::dotenv::assigned(value));
        } else if key.trim().is("Environment") {
            // Several assignments, each of which may be quoted.
            for word in value.words() {
                if let Some((name, value)) = word.split_once(b'=')
                    && sink.pair(PASSWORD, "systemd", name, value.unquote())
                {
                    sink.of(&format!("the unit {}", Text::whole(unit).shown()));
                }
            }
        } else if key.trim().is("SetCredential") {
            if let Some((name, value)) = value.split_once(b':') {
                let message = format!("the credential '{}' of a unit", name.shown());
                sink.secret(PASSWORD, "systemd-credential", value, message);
            }
        } else if key.trim().bytes().starts_with(b"Exec") {
            sink.urls("systemd-url", value);
        }
    }
}
