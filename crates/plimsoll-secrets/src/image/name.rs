//! Names and values of variables, judged together.

use crate::engine::rarity;
use crate::filters::{is_reference, is_shape};

/// Ends of names whose values are about a secret, not one: where it lies, how long it is.
const ABOUT: &[&str] = &[
    "_FILE",
    "_FILES",
    "_PATH",
    "_DIR",
    "_URL",
    "_URI",
    "_HOST",
    "_PORT",
    "_VERSION",
    "_SHA",
    "_SHA1",
    "_SHA256",
    "_SHA512",
    "_MD5",
    "_CHECKSUM",
    "_DIGEST",
    "_HASH",
    "_ID",
    "_IDS",
    "_NAME",
    "_NAMES",
    "_TYPE",
    "_LENGTH",
    "_LEN",
    "_SIZE",
    "_TTL",
    "_EXPIRY",
    "_EXPIRATION",
    "_EXPIRES",
    "_EXPIRES_IN",
    "_TIMEOUT",
    "_LIFETIME",
    "_POLICY",
    "_ALGORITHM",
    "_ALGO",
    "_HEADER",
    "_FORMAT",
    "_ENABLED",
    "_DISABLED",
    "_REQUIRED",
    "_USER",
    "_USERNAME",
    "_FIELD",
    "_PREFIX",
    "_SUFFIX",
    "_ENDPOINT",
    "_ISSUER",
    "_AUDIENCE",
    "_COUNT",
    "_LIMIT",
    "_STRENGTH",
    "_ENCODER",
    "_ENCODING",
    "_METHOD",
    "_MODE",
    "_ROTATION",
    "_KEYRING",
    "_KEYSERVER",
    "_FINGERPRINT",
    "_BYTES",
    "_ROUNDS",
    "_CLASS",
    "_PROVIDER",
    "_MOUNT",
    "_ROOT",
    "_HOME",
    "_STORE_TYPE",
    "_REF",
    "_SCOPE",
    "_REGION",
    "_BUCKET",
    "_ALIAS",
    "_LABEL",
    "_ENV",
    "_CACHE",
    "_SERVICE",
    "_SOURCE",
    "_EXPIRATION_DAYS",
    "_MINUTES",
    "_SECONDS",
    "_HOURS",
    "_DAYS",
];

/// Parts of names of what is public.
const PUBLIC: &[&str] = &[
    "GPG_KEY",
    "GPGKEY",
    "PUBLIC_KEY",
    "PUBLICKEY",
    "PUBKEY",
    "PUB_KEY",
    "RELEASE_KEY",
    "SIGNING_KEYS",
    "RELEASE_KEYS",
    "PGP_KEY",
    "KEYRING",
    "PUBLISHABLE",
    "NO_PASSWORD",
    "EMPTY_PASSWORD",
    "RANDOM_PASSWORD",
    "RANDOM_ROOT_PASSWORD",
    "ONETIME_PASSWORD",
    "KEYBOARD",
    "MONKEY",
    "AUTHOR",
    "PASSWORDLESS",
    "PASSENGER",
    "BYPASS",
    "COMPASS",
    "TOKENIZ",
    "SECRETARY",
    "SSH_KEYSCAN",
    "HOST_KEY_CHECKING",
    "SITE_KEY",
    "SITEKEY",
];

/// True for names whose values are no secrets whatever they look like.
pub(super) fn names_no_secret(name: &str) -> bool {
    let name = normal(name);
    // A key's id is what it is called by, except for Amazon's, which comes with its secret and is judged by its form.
    ABOUT.iter().any(|end| name.ends_with(end))
        || PUBLIC.iter().any(|part| name.contains(part))
        || matches!(name.as_str(), "PWD" | "OLDPWD")
}

/// A name in capitals with `_` for every sign, and before capitals inside: `dbPassword` is `DB_PASSWORD`.
fn normal(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut lower = false;
    for c in name.chars().take(200) {
        if c.is_ascii_uppercase() && lower {
            out.push('_');
        }
        lower = c.is_ascii_lowercase();
        out.push(if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    }
    out
}

/// What a variable is by its name, when its value could be one: a password, a token, a key.
pub(super) fn secret_of(name: &str, value: &str) -> Option<&'static str> {
    if names_no_secret(name) {
        return None;
    }
    let value = value.trim().trim_matches(['"', '\'']);
    let name = normal(name);
    let has = |part: &str| name.contains(part);
    let ends = |part: &str| name == part || name.strip_suffix(part).is_some_and(|head| head.ends_with('_'));
    let kind = if has("PASSWORD")
        || has("PASSWD")
        || has("PASSPHRASE")
        || ends("PASS")
        || ends("PWD")
        || ends("PSW")
        || ends("PW")
    {
        Kind::Password
    } else if has("SECRET")
        || has("TOKEN")
        || has("API_KEY")
        || has("APIKEY")
        || has("ACCESS_KEY")
        || has("PRIVATE_KEY")
        || has("AUTH_KEY")
        || has("ENCRYPTION_KEY")
        || has("SIGNING_KEY")
        || has("MASTER_KEY")
        || has("CREDENTIAL")
    {
        Kind::Token
    } else if ends("KEY") || ends("AUTH") {
        Kind::Key
    } else {
        return None;
    };
    if !plausible(value) {
        return None;
    }
    let letters = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    let others = value.bytes().any(|byte| !byte.is_ascii_alphabetic());
    match kind {
        Kind::Password if value.len() >= 4 => Some("a password"),
        Kind::Token if value.len() >= 8 && letters && (others || value.len() >= 16) && !is_words(value) => {
            Some(if has("TOKEN") { "a token" } else { "a secret" })
        }
        // A key may be anything, such as that of a map; a fingerprint has 40 or 64 hexadecimal digits.
        Kind::Key
            if value.len() >= 16
                && rarity::is_random(value.as_bytes())
                && !(matches!(value.len(), 40 | 64) && is_hex(value)) =>
        {
            Some("a key")
        }
        _ => None,
    }
}

enum Kind {
    Password,
    Token,
    Key,
}

fn is_hex(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Words with signs between them, as in `my-app-token-name`: no random part in it.
fn is_words(value: &str) -> bool {
    value
        .split(|c: char| !c.is_ascii_alphanumeric())
        .all(|part| part.bytes().all(|byte| byte.is_ascii_alphabetic()))
        && !rarity::is_random(value.as_bytes())
}

/// Values that are no secrets under any name.
const NOTHING: &[&str] = &[
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "null",
    "none",
    "nil",
    "undefined",
    "default",
    "empty",
    "changeme",
    "change-me",
    "change_me",
    "changeit",
    "password",
    "passwd",
    "secret",
    "token",
    "example",
    "placeholder",
    "redacted",
    "todo",
    "optional",
    "required",
    "enabled",
    "disabled",
    "auto",
    "basic",
    "bearer",
    "string",
    "dummy",
    "xxx",
    "test",
];

/// True when a value could be a secret: not empty, no placeholder, no reference, no path, no address.
pub(super) fn plausible(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    if value.len() < 4
        || value.len() > 8192
        || NOTHING.contains(&lower.as_str())
        || is_reference(value.as_bytes())
    {
        return false;
    }
    let path = value.starts_with('/') && value.matches('/').count() >= 2
        || value.starts_with("./")
        || value.starts_with("~/")
        || value.contains(":\\");
    let address = value.contains("://") && !value.contains('@');
    let number = value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && value.len() < 6;
    let filler = lower.contains("your-")
        || lower.contains("your_")
        || lower.contains("xxxx")
        || lower.contains("<") && lower.contains(">");
    let same = value.bytes().all(|byte| Some(byte) == value.bytes().next());
    let shape = crate::filters::is_uuid_or_version(value.as_bytes());
    !(path || address || number || filler || same || shape || value.contains(char::is_control))
        && !(is_shape(value.as_bytes()) && value.contains('('))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and values of official images and of complaints about other tools.
    #[test]
    fn names_and_values_together() {
        for (name, value, what) in [
            ("DB_PASSWORD", "hunter2-prod-77", Some("a password")),
            ("MYSQL_ROOT_PASSWORD", "", None),
            ("MYSQL_ROOT_PASSWORD", "s3cr", Some("a password")),
            ("KEY_FILE", "/run/secrets/x", None),
            ("DB_PASSWORD_FILE", "/run/secrets/db", None),
            ("DB_PASSWORD", "/run/secrets/db", None),
            ("DB_PASSWORD", "${DB_PASSWORD}", None),
            ("GPG_KEY", "E3FF2839C048B25C084DEBE9B26995E310250568", None),
            ("PYTHON_SHA256", "5a2a1b2a1fba4e0b8e1a2bd1a5b7f5a4d2bb4ae5b2f3c0d1", None),
            ("NGINX_VERSION", "1.25.3", None),
            ("PWD", "/app", None),
            ("MYSQL_ALLOW_EMPTY_PASSWORD", "true", None),
            ("POSTGRES_PASSWORD", "changeme", None),
            ("APP_SECRET", "q8Zx2vKp9LmWt4Rb", Some("a secret")),
            ("SECRET_NAME", "my-secret", None),
            ("TOKEN_EXPIRY", "3600", None),
            ("API_TOKEN", "tkn-8a7sd6f87", Some("a token")),
            ("apiToken", "tkn-8a7sd6f87", Some("a token")),
            ("MAPS_KEY", "centre", None),
            ("HOMEBREW_CASK_AUTHOR", "a1b2c3d4e5f6g7h8", None),
            ("KC_HTTPS_KEY_STORE_PASSWORD", "kL9-xxPq", Some("a password")),
            ("JAVA_HOME", "/opt/java", None),
        ] {
            assert_eq!(secret_of(name, value), what, "{name}={value}");
        }
    }
}
