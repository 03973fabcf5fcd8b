//! What `git credential-store` keeps: <https://git-scm.com/docs/git-credential-store#_storage_format>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "git-credentials", title: "git's stored credentials", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &[".git-credentials"]) || path::ends(path, "git/credentials")
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    for line in Text::whole(bytes).lines() {
        for login in url::logins(line).take(1) {
            let (user, host) = (of_user(Some(login.user)), host_of(login.host));
            sink.secret(
                CREDFILE,
                "git-credentials",
                login.password,
                format!("the git password{user} for {host}"),
            );
        }
    }
}
