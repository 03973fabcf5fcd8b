//! Yarn's configuration: `.yarnrc.yml` (<https://yarnpkg.com/configuration/yarnrc>) and `.yarnrc` of yarn 1.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "yarnrc", title: "Yarn configuration", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &[".yarnrc.yml", ".yarnrc"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    if path.ends_with(b".yarnrc") {
        for line in text.lines() {
            let mut words = line.words();
            if let (Some(key), Some(value)) = (words.next(), words.next())
                && (key.bytes().ends_with(b"_authToken") || key.bytes().ends_with(b"_password"))
            {
                let host = for_host(key.rsplit_once(b':').map(|(host, _)| host));
                sink.secret(CREDFILE, "yarnrc-auth-token", value, format!("an npm token{host}"));
            }
            sink.urls("yarnrc-url", line);
        }
        return;
    }
    for document in yaml::documents(text) {
        document.each(&mut |_, way, value| {
            let host = for_host(way.len().checked_sub(2).and_then(|at| way.get(at)).copied());
            match way.last() {
                Some(key) if key.is("npmAuthToken") => {
                    sink.secret(CREDFILE, "yarnrc-auth-token", value, format!("an npm token{host}"));
                }
                Some(key) if key.is("npmAuthIdent") => {
                    sink.secret(CREDFILE, "yarnrc-auth-ident", value, format!("the npm login{host}"));
                }
                _ => sink.urls("yarnrc-url", value),
            }
        });
    }
}
