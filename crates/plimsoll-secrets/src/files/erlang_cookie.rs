//! The secret by which Erlang's nodes (RabbitMQ, CouchDB, ejabberd) let each other run anything:
//! <https://www.erlang.org/doc/system/distributed.html#security>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "erlang-cookie", title: "Erlang cookie", is, max_size: 4096, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &[".erlang.cookie"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let cookie = Text::whole(bytes).trim();
    if cookie.len() >= 4 && cookie.bytes().iter().all(u8::is_ascii_graphic) {
        Sink::new(path, out).secret(
            CREDFILE,
            "erlang-cookie",
            cookie,
            "the cookie with which Erlang nodes run code on each other",
        );
    }
}
