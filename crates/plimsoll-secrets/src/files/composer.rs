//! Composer's accounts: <https://getcomposer.org/doc/articles/authentication-for-private-packages.md>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "composer", title: "Composer accounts", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &["auth.json"]) && !path::below(path, "containers")
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let root = json::parse(Text::whole(bytes));
    for (kind, hosts) in root.entries() {
        const KINDS: &[&str] = &[
            "http-basic",
            "bearer",
            "github-oauth",
            "gitlab-oauth",
            "gitlab-token",
            "bitbucket-oauth",
            "forgejo-token",
        ];
        if !kind.is_any(KINDS) {
            continue;
        }
        for (host, login) in hosts.entries() {
            let host = host_of(*host);
            if let Some(token) = login.text() {
                sink.secret(CREDFILE, "composer-token", token, format!("the Composer token for {host}"));
            }
            let user = of_user(login.text_of("username"));
            for key in ["password", "token", "consumer-secret", "access-token"] {
                if let Some(value) = login.text_of(key) {
                    sink.secret(
                        CREDFILE,
                        "composer-password",
                        value,
                        format!("the Composer {key}{user} for {host}"),
                    );
                }
            }
        }
    }
}
