//! npm's configuration, which pnpm and yarn 1 read too: <https://docs.npmjs.com/cli/v11/configuring-npm/npmrc>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "npmrc", title: "npm configuration", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &[".npmrc", "npmrc"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let entries = ini::entries(Text::whole(bytes), &ini::INI);
    for entry in &entries {
        // `//registry.example/path/:_authToken`: the registry up to the last colon.
        let (scope, name) = match entry.key.rsplit_once(b':') {
            Some((scope, name)) if scope.bytes().starts_with(b"//") => (Some(scope), name),
            _ => (None, entry.key),
        };
        let host = for_host(scope);
        if name.is("_authToken") {
            sink.secret(CREDFILE, "npmrc-auth-token", entry.value, format!("an npm token{host}"));
        } else if name.is("_auth") {
            let user = entry
                .value
                .base64_pair()
                .map_or_else(String::new, |(user, _)| format!(" of the user '{user}'"));
            sink.secret(CREDFILE, "npmrc-auth", entry.value, format!("the npm login{user}{host}"));
        } else if name.is("_password") {
            let user = entries
                .iter()
                .take(500)
                .find(|other| other.key.rsplit_once(b':').map_or(other.key, |(_, name)| name).is("username"));
            let user = of_user(user.map(|user| user.value));
            sink.secret(CREDFILE, "npmrc-password", entry.value, format!("the npm password{user}{host}"));
        } else if let Some(key) = pem::keys(entry.value).first() {
            sink.key(PRIVKEY, "npmrc-key", key, "the private key of npm's client certificate", "");
        } else {
            sink.urls("npmrc-url", entry.value);
        }
    }
}
