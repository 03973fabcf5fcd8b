//! Configuration of PHP applications: phpMyAdmin's `config.inc.php` (<https://docs.phpmyadmin.net/en/latest/config.html>), Joomla's
//! `configuration.php`, Drupal's `settings.php`, Magento's `env.php`, and others that assign strings to names.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "php-config", title: "PHP application configuration", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path.ends_with(b".php")
        && (path::named(
            path,
            &[
                "config.inc.php",
                "configuration.php",
                "settings.php",
                "settings.local.php",
                "env.php",
                "LocalSettings.php",
                "parameters.php",
                "local.php",
            ],
        ) || path::ends_any(
            path,
            &[
                "config/database.php",
                "app/config.php",
                "config/config.php",
                "config/app_local.php",
                "includes/config.php",
                "inc/config.php",
                "conf/conf.php",
            ],
        ))
}

/// Names that hold secrets in these files only.
const KEYS: &[(&str, &str)] = &[
    ("blowfish_secret", "phpMyAdmin's cookie secret"),
    ("hash_salt", "Drupal's hash salt"),
    ("$wgSecretKey", "MediaWiki's secret key"),
    ("$wgUpgradeKey", "MediaWiki's upgrade key"),
    ("$wgDBpassword", "MediaWiki's database password"),
    ("dbpass", "the database password"),
    ("secret", "the application's secret"),
    ("passwordsalt", "the salt of passwords"),
    ("key", "the application's key"),
];

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let tokens = lex::tokens(Text::whole(bytes), &lex::PHP);
    let mut pairs = lex::assignments(&tokens);
    pairs.extend(super::wordpress::defines(&tokens));
    // Magento's key is `'crypt' => ['key' => '…']`; a `key` elsewhere may be anything.
    let magento = path.ends_with(b"env.php");
    for (name, value) in pairs {
        if let Some((key, what)) = KEYS.iter().find(|(key, _)| {
            name.bytes().strip_prefix(b"$").unwrap_or(name.bytes()) == key.trim_start_matches('$').as_bytes()
        }) {
            if (*key == "key" && !magento) || values::placeholder(value.bytes()) || value.len() < 6 {
                continue;
            }
            sink.secret(PASSWORD, "php-config-secret", value, *what);
        } else {
            // A default that ships is no finding: these names are in every sample and test.
            if !values::placeholder(value.bytes()) && !value.bytes().contains(&b' ') {
                sink.pair(PASSWORD, "php-config", name, value);
            }
        }
    }
}
