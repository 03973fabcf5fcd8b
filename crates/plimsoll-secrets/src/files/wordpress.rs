//! WordPress' configuration: <https://developer.wordpress.org/advanced-administration/wordpress/wp-config/>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "wordpress", title: "WordPress configuration", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(
        path,
        &["wp-config.php", "wp-config-sample.php", "wp-config.php.bak", "wp-config.php~", "wp-config.bak"],
    )
}

const KEYS: &[&str] = &[
    "AUTH_KEY",
    "SECURE_AUTH_KEY",
    "LOGGED_IN_KEY",
    "NONCE_KEY",
    "AUTH_SALT",
    "SECURE_AUTH_SALT",
    "LOGGED_IN_SALT",
    "NONCE_SALT",
    "WP_CACHE_KEY_SALT",
    "JWT_AUTH_SECRET_KEY",
];

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let tokens = lex::tokens(Text::whole(bytes), &lex::PHP);
    let defines = defines(&tokens);
    let user = of_user(defines.iter().find(|(name, _)| name.is("DB_USER")).map(|(_, value)| *value));
    for (name, value) in defines {
        if KEYS.iter().any(|key| name.bytes() == key.as_bytes()) {
            // What ships is to be replaced: an installation with that has no secret at all.
            if !values::placeholder(value.bytes()) {
                sink.secret(CREDFILE, "wordpress-key", value, format!("WordPress' secret {}", name.shown()));
            }
        } else if name.bytes() == b"DB_PASSWORD" {
            sink.secret(
                CREDFILE,
                "wordpress-db-password",
                value,
                format!("the database password{user} of WordPress"),
            );
        } else {
            sink.pair(CREDFILE, "wordpress", name, value);
        }
    }
}

/// `define('NAME', 'value')`, the value a string that stands for itself.
pub(super) fn defines<'a>(tokens: &[lex::Token<'a>]) -> Vec<(Text<'a>, Text<'a>)> {
    let mut found = Vec::new();
    for window in tokens.windows(6) {
        let [define, open, name, comma, value, close] = window else { continue };
        if (define.is_word("define") || define.is_word("DEFINE"))
            && open.is_sign(b'(')
            && name.is_string()
            && comma.is_sign(b',')
            && value.is_string()
            && (close.is_sign(b')') || close.is_sign(b','))
        {
            found.push((name.text, value.text));
        }
    }
    found
}
