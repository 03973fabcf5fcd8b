//! Bundler's configuration: <https://bundler.io/man/bundle-config.1.html>. `BUNDLE_GEMS__EXAMPLE__COM: "user:password"`.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "bundle", title: "Bundler configuration", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::ends(path, ".bundle/config") || path::ends(path, "usr/local/bundle/config")
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    for document in yaml::documents(Text::whole(bytes)) {
        for (key, value) in document.entries() {
            let (Some(host), Some(value)) = (key.strip_prefix("BUNDLE_"), value.text()) else { continue };
            if value.contains("://") {
                sink.urls("bundle-url", value);
                continue;
            }
            // Dots are written as two underscores: a name without is a setting.
            if !host.contains("__")
                || host.contains("BUILD__")
                || host.contains("LOCAL__")
                || host.contains("MIRROR__")
            {
                continue;
            }
            let shown = host.shown().replace("___", "-").replace("__", ".").to_lowercase();
            let (user, password) = match value.split_once(b':') {
                Some((user, password)) => (Some(user), password),
                None => (None, value),
            };
            if values::plausible(password.bytes()) && !password.bytes().contains(&b' ') {
                sink.secret(
                    CREDFILE,
                    "bundle-credential",
                    password,
                    format!("the credential{} for {shown}", of_user(user)),
                );
            }
        }
    }
}
