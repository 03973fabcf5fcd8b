//! git's configuration: <https://git-scm.com/docs/git-config#_syntax>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "gitconfig", title: "git configuration", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &[".gitconfig", "gitconfig", ".gitmodules"])
        || (path.ends_with(b"config") && path::ends_any(path, &[".git/config", "git/config"]))
        || path.ends_with(b".git/config")
        || (path::named(path, &["config"]) && path::below(path, ".git/modules"))
        || path::ends(path, ".git/config.worktree")
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    for line in text.lines() {
        let line = line.trim();
        if line.bytes().starts_with(b"[") {
            // `[url "https://user:token@host/"]`
            sink.urls("gitconfig-url", line);
        }
    }
    for entry in ini::entries(text, &ini::INI) {
        if entry.key.is("extraheader") {
            // `AUTHORIZATION: basic BASE64`, as CI systems write it.
            let Some((name, value)) = entry.value.split_once(b':') else { continue };
            if !name.trim().is_any(&["authorization", "private-token", "proxy-authorization", "job-token"]) {
                continue;
            }
            let value = value.trim();
            let (scheme, secret) = value.split_once(b' ').unwrap_or((value.part(0, 0), value));
            let host = for_host(entry.section.split_once(b' ').map(|(_, url)| url.unquote()));
            let scheme = if scheme.is_empty() { String::new() } else { format!(" ({})", scheme.shown()) };
            sink.secret(
                CREDFILE,
                "gitconfig-extraheader",
                secret,
                format!("the authorization{scheme}{host} that git sends"),
            );
        } else if entry.section.is("github") && entry.key.is("token") {
            sink.secret(CREDFILE, "gitconfig-token", entry.value, "a GitHub token in git's configuration");
        } else if entry.key.is("smtpPass") {
            sink.secret(CREDFILE, "gitconfig-smtp-password", entry.value, "the password for git send-email");
        } else if entry.key.is("helper") && entry.value.contains("password=") {
            let at = entry.value.find("password=").unwrap_or(0) + "password=".len();
            let rest = entry.value.from(at);
            let end = rest.bytes().iter().position(|b| b" \t\"';\\}".contains(b)).unwrap_or(rest.len());
            sink.secret(
                CREDFILE,
                "gitconfig-helper",
                rest.part(0, end),
                "the password that git's credential helper echoes",
            );
        } else {
            sink.urls("gitconfig-url", entry.value);
        }
    }
}
