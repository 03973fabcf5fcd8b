//! Rails' keys and secrets: `config/master.key` and `config/credentials/*.key` open the encrypted credentials,
//! `secrets.yml` and `database.yml` are plain: <https://guides.rubyonrails.org/security.html#custom-credentials>.

use super::prelude::*;

pub(super) const KIND: FileKind = FileKind { id: "rails", title: "Rails secrets", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    (path.ends_with(b".key")
        && (path::ends(path, "config/master.key") || path::below(path, "config/credentials")))
        || path::ends_any(
            path,
            &[
                "config/secrets.yml",
                "config/database.yml",
                "config/secrets.yml.key",
                "config/cable.yml",
                "config/storage.yml",
            ],
        )
        || path::ends_any(path, &["initializers/secret_token.rb", ".secret"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    if path.ends_with(b".key") {
        let key = text.trim();
        if key.len() == 32 && key.bytes().iter().all(u8::is_ascii_hexdigit) {
            sink.certain(
                CREDFILE,
                "rails-master-key",
                key,
                "the key that opens Rails' encrypted credentials",
            );
        }
        return;
    }
    if !path.ends_with(b".yml") {
        let tokens = lex::tokens(text, &lex::PYTHON);
        for (name, value) in lex::assignments(&tokens) {
            sink.pair(CREDFILE, "rails", name, value);
        }
        return;
    }
    for document in yaml::documents(text) {
        document.each(&mut |object, way, value| {
            let (Some(stage), Some(key)) = (way.first(), way.last()) else { return };
            let stage_of = format!(" of the stage '{}'", stage.shown());
            if key.is("secret_key_base") || key.is("secret_token") {
                if !value.contains("<%")
                    && let Some(found) = sink.secret(
                        CREDFILE,
                        "rails-secret-key-base",
                        value,
                        format!("Rails' secret key base{stage_of}"),
                    )
                {
                    by_stage(found, *stage);
                }
            } else if key.is("password") {
                let user = of_user(object.text_of("username"));
                let message = format!("the database password{user}{stage_of}");
                if let Some(found) = sink.secret(PASSWORD, "rails-database-password", value, message) {
                    by_stage(found, *stage);
                }
            } else if sink.pair(CREDFILE, "rails", *key, value) {
                sink.of(&format!("the stage '{}'", stage.shown()));
            }
        });
    }
}

/// Secrets of development and test are made to be shared.
fn by_stage(found: &mut Found, stage: Text<'_>) {
    if stage.is_any(&["development", "test"]) {
        lower(found, Severity::Low, Confidence::Medium, "It is for development or tests.");
    }
}
