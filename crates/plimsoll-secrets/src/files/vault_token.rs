//! The token that HashiCorp Vault's command line keeps: <https://developer.hashicorp.com/vault/docs/commands/token-helper>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "vault-token", title: "Vault token", is, max_size: 16 << 10, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &[".vault-token"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let token = Text::whole(bytes).trim();
    // One word; anything else was not written by Vault.
    if !token.is_empty() && token.bytes().iter().all(u8::is_ascii_graphic) {
        Sink::new(path, out).secret(CREDFILE, "vault-token", token, "a Vault token");
    }
}
