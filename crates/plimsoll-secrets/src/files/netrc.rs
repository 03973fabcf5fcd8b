//! Log-ins that ftp, curl, git and others read: netrc(5), <https://everything.curl.dev/usingcurl/netrc.html>.

use super::prelude::*;

pub(super) const KIND: FileKind = FileKind { id: "netrc", title: "netrc log-ins", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &[".netrc", "_netrc"])
        // apt_auth.conf(5) has the same form.
        || path::ends(path, "etc/apt/auth.conf")
        || (path::below(path, "etc/apt/auth.conf.d") && path.ends_with(b".conf"))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let (mut host, mut user) = (None, None);
    let mut in_macro = false;
    let mut wanted: Option<&str> = None;
    for line in Text::whole(bytes).lines() {
        // A macro goes on up to an empty line.
        if line.trim().is_empty() {
            in_macro = false;
        }
        if in_macro {
            continue;
        }
        for word in line.words() {
            match wanted.take() {
                Some("machine") => (host, user) = (Some(word), None),
                Some("login") => user = Some(word),
                Some("macdef") => {
                    in_macro = true;
                    break;
                }
                // The password of an anonymous log-in is a mail address by custom.
                Some(_) if user.is_some_and(|user: Text<'_>| user.is_any(&["anonymous", "ftp"])) => {}
                Some(_) => {
                    let message = format!("the password{}{}", of_user(user), for_host(host));
                    sink.secret(CREDFILE, "netrc-password", word, message);
                }
                None if word.bytes().starts_with(b"#") => break,
                None if word.is("default") => (host, user) = (None, None),
                None => {
                    wanted =
                        ["machine", "login", "password", "macdef"].into_iter().find(|token| word.is(token));
                    // `account` takes a word that is no secret; what follows it decides nothing.
                }
            }
        }
    }
}
