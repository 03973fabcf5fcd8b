//! Mutt's configuration: <http://www.mutt.org/doc/manual/#reference>. `set imap_pass = "…"`.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "muttrc", title: "Mutt configuration", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &[".muttrc", "muttrc", "Muttrc", ".neomuttrc", "neomuttrc"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    for line in Text::whole(bytes).lines() {
        let line = line.trim();
        let Some(rest) = line.strip_prefix("set ") else { continue };
        sink.urls("mutt-url", rest);
        let Some((name, value)) = rest.split_once(b'=') else { continue };
        let name = name.trim();
        if name.bytes().ends_with(b"_pass") {
            let value = super::dotenv::assigned(value.trim());
            sink.secret(CREDFILE, "mutt-password", value, format!("the mail password '{}'", name.shown()));
        }
    }
}
