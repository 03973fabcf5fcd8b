//! Django's settings: <https://docs.djangoproject.com/en/stable/ref/settings/>. What `django-admin startproject` writes begins with
//! `django-insecure-`; a library's own settings for its tests are none of the application's.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "django", title: "Django settings", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path.ends_with(b".py")
        && (path::named(path, &["settings.py", "local_settings.py", "settings_local.py", "settings_prod.py"])
            || path::ends_any(
                path,
                &[
                    "settings/base.py",
                    "settings/production.py",
                    "settings/prod.py",
                    "settings/local.py",
                    "settings/dev.py",
                    "settings/development.py",
                ],
            ))
        && !path::below(path, "site-packages")
        && !path::below(path, "dist-packages")
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let tokens = lex::tokens(Text::whole(bytes), &lex::PYTHON);
    for (name, value) in lex::assignments(&tokens) {
        if name.bytes() == b"SECRET_KEY" {
            if let Some(found) = sink.secret(CREDFILE, "django-secret-key", value, "Django's secret key")
                && value.bytes().starts_with(b"django-insecure-")
            {
                found.notes.push("It is the key that was made for development.".to_owned());
            }
        } else if name.is_any(&["PASSWORD", "EMAIL_HOST_PASSWORD"]) {
            let what =
                if name.is("PASSWORD") { "a database password" } else { "the password for outgoing mail" };
            sink.secret(PASSWORD, "django-password", value, format!("{what} in Django's settings"));
        } else {
            // `env("NAME", default="…")` and the like say their name elsewhere, so a lone `default` is left out.
            sink.pair(PASSWORD, "django", name, value);
        }
    }
    for token in tokens.iter().filter(|token| token.is_string() && token.text.len() < 2048) {
        sink.urls("django-url", token.text);
    }
}
