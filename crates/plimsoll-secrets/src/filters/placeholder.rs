//! Values that only stand for one: `changeme`, `<your-token>`, `${TOKEN}`, `xxxxxxxx`.

use crate::rule::Rule;

/// Texts that no random value holds by chance: `EXAMPLE` stays `EXAMPLE` inside a token.
const MARKS: &[&str] = &[
    "example",
    "xxxxx",
    "*****",
    ".....",
    "redacted",
    "placeholder",
    "your_",
    "your-",
    "youraccess",
    "yourtoken",
    "yoursecret",
];

/// Texts that a word for a secret is made of, but no secret.
const WORDS: &[&str] = &[
    "changeme",
    "change-me",
    "change_me",
    "changeit",
    "placeholder",
    "replace",
    "insert",
    "your",
    "dummy",
    "fake",
    "sample",
    "todo",
    "fixme",
    "foobar",
    "xxx",
    "...",
    "***",
    "-here",
    "_here",
    "my-secret",
    "mysecret",
    "my_secret",
    "my-password",
    "mypassword",
    "my_password",
    "notasecret",
    "not-a-secret",
    "secretkey",
    "secret_key",
    "secret-key",
    "some_",
    "some-",
    "undefined",
    "password_",
    "_password",
    "passw0rd",
    "p@ssw0rd",
    "enter_",
    "enter-",
    "lorem",
    "ipsum",
    "test",
];

/// Values that are none.
const EXACT: &[&str] = &[
    "null",
    "none",
    "nil",
    "true",
    "false",
    "undefined",
    "default",
    "empty",
    "password",
    "passwd",
    "pass",
    "secret",
    "token",
    "key",
    "admin",
    "root",
    "user",
    "username",
    "guest",
    "string",
    "value",
    "text",
    "hidden",
    "optional",
    "required",
    "disabled",
    "enabled",
    "auto",
    "basic",
    "bearer",
    "hunter2",
    "qwerty",
    "letmein",
    "welcome",
    "login",
    "postgres",
    "mysql",
    "redis",
    "mongo",
    "rabbitmq",
    "minio",
    "minioadmin",
    "database",
    "prompt",
    "plain",
    "plaintext",
    "sha256",
    "sha512",
    "scram-sha-256",
    "md5",
    "bcrypt",
    "trust",
    "ident",
    "peer",
    "caching_sha2_password",
    "mysql_native_password",
    "foo",
    "bar",
    "baz",
    "abc",
    "1234",
    "12345",
    "123456",
    "12345678",
    "123456789",
    "1234567890",
    "pass123",
    "secret123",
    "invalid",
];

/// True for a value that only stands for a secret.
pub(crate) fn is_placeholder(rule: &Rule, secret: &[u8]) -> bool {
    let generic = rule.is_generic();
    let lower = secret.to_ascii_lowercase();
    if is_reference(secret) || is_repetition(secret) {
        return true;
    }
    let has = |word: &&str| memchr::memmem::find(&lower, word.as_bytes()).is_some();
    if MARKS.iter().any(has) && rule.class.code != "SEC-DBURL" {
        return true;
    }
    if is_run(&lower) {
        return true;
    }
    if rule.class.code == "SEC-DBURL" && is_word_in_url(&lower) {
        return true;
    }
    if generic || rule.class.code == "SEC-DBURL" {
        if EXACT.iter().any(|word| lower == word.as_bytes()) {
            return true;
        }
        if generic && WORDS.iter().any(has) {
            return true;
        }
    }
    false
}

/// True for what is put in later: `${VAR}`, `$VAR`, `{{ x }}`, `<x>`, `%VAR%`, `$(x)`, `#{x}`, `@x@`, `[x]`, `__X__`.
pub(crate) fn is_reference(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let between =
        |open: &[u8], close: &[u8]| value.starts_with(open) && value.ends_with(close) && value.len() > 2;
    let name = |text: &[u8]| {
        text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
    };
    let inner = |n: usize| value.get(n..value.len().saturating_sub(n)).unwrap_or_default();
    let holds = |mark: &[u8]| memchr::memmem::find(value, mark).is_some();
    between(b"<", b">")
        || between(b"[", b"]")
        || between(b"%", b"%") && name(inner(1))
        // Symfony's parameters, with a path behind them.
        || value.strip_prefix(b"%").is_some_and(|rest| {
            let end = rest.iter().position(|byte| *byte == b'%').unwrap_or(0);
            end > 0 && name(rest.get(..end).unwrap_or_default()) && rest.get(end + 1) == Some(&b'/')
        })
        || between(b"@", b"@") && name(inner(1))
        || between(b"__", b"__")
        || value.first() == Some(&b'$')
            && name(value.get(1..).unwrap_or_default())
            && value.len() > 2
            && !value.get(1..2).is_some_and(|byte| byte[0].is_ascii_digit())
        || holds(b"${")
        || holds(b"$(")
        || holds(b"{{")
        || holds(b"}}")
        || holds(b"#{")
        || holds(b"<%")
        || holds(b"%(")
        || holds(b"$$(")
        || value.starts_with(b"{") && value.ends_with(b"}") && name(inner(1))
        || value.starts_with(b"%s")
        || value.starts_with(b"%{")
        || value.starts_with(b"&{")
        || value.starts_with(b"arn:")
        || value.starts_with(b"vault:")
        || value.starts_with(b"ref+")
        || value.starts_with(b"op://")
        || value.starts_with(b"ENC[")
        || value.starts_with(b"secret://")
        || value.starts_with(b"file:")
        || value.starts_with(b"env:")
        || value.starts_with(b"env.")
        || value.starts_with(b"process.env")
        || value.starts_with(b"os.environ")
        || value.starts_with(b"!vault")
        || value.starts_with(b"ssm:")
}

/// What a web address of documentation and of a parser's own tests has for a password, and what services say in place of one.
const URL_WORDS: &[&[u8]] = &[
    b"pass",
    b"passw",
    b"pasword",
    b"passwd",
    b"password",
    b"invalid",
    // A forge takes the token as the user's name then.
    b"xoauthbasic",
    b"xoauthtoken",
];

/// True for such a word, whatever signs stand in it: `pa%2Fssw` is there to see whether signs are read.
fn is_word_in_url(lower: &[u8]) -> bool {
    let mut plain = Vec::with_capacity(lower.len());
    let mut rest = lower;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let written = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        let byte = match after.get(..2).and_then(written).filter(|_| *first == b'%') {
            Some(byte) => {
                rest = after.get(2..).unwrap_or_default();
                byte
            }
            None => *first,
        };
        // What is no letter of English may be one of another language.
        if byte.is_ascii_alphanumeric() || !byte.is_ascii() {
            plain.push(byte.to_ascii_lowercase());
        }
    }
    // Signs alone come from such tests, too.
    plain.is_empty() || URL_WORDS.contains(&plain.as_slice())
}

/// True when next to nothing but one letter, or two, fills the value.
fn is_repetition(value: &[u8]) -> bool {
    if value.len() < 6 {
        return false;
    }
    // The part behind the last sign: a token's prefix is no repetition.
    let tail = value.rsplit(|byte| matches!(byte, b'_' | b'-' | b'.' | b':' | b'$')).next().unwrap_or(value);
    [value, tail].iter().any(|text| {
        let mut seen = [false; 256];
        text.iter().for_each(|byte| seen[usize::from(byte.to_ascii_lowercase())] = true);
        let distinct = seen.iter().filter(|seen| **seen).count();
        text.len() >= 6 && distinct <= 2
            || text.len() >= 16 && distinct <= 4 && !text.iter().all(u8::is_ascii_digit)
            || text.len() >= 16 && recurs(text)
    })
}

/// True when the same four letters or fewer come again and again, the last few aside: one byte in base64 does that.
fn recurs(text: &[u8]) -> bool {
    let text = text.get(..text.len().saturating_sub(3)).unwrap_or_default();
    (1..=4).any(|period| text.iter().zip(text.get(period..).unwrap_or_default()).all(|(a, b)| a == b))
}

/// The rows of a keyboard and the orders of letters and digits that people type for nothing.
const ROWS: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "fedcba9876543210",
    "0123456789abcdef",
];

/// True when runs such as `abcdefgh` or `12345678` make up more than half of a value.
fn is_run(lower: &[u8]) -> bool {
    let mut covered = 0;
    let mut at = 0;
    while let Some(rest) = lower.get(at..).filter(|rest| rest.len() >= 5) {
        let longest = ROWS.iter().map(|row| common_run(row.as_bytes(), rest)).max().unwrap_or(0);
        if longest >= 5 {
            covered += longest;
            at += longest;
        } else {
            at += 1;
        }
    }
    covered * 2 > lower.len()
}

/// How many of the first bytes of `rest` stand in a row of `row`.
fn common_run(row: &[u8], rest: &[u8]) -> usize {
    let Some(first) = rest.first() else { return 0 };
    memchr::memchr_iter(*first, row)
        .map(|start| {
            row.get(start..).unwrap_or_default().iter().zip(rest).take_while(|(a, b)| a == b).count()
        })
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_repetitions() {
        for value in [
            "${DB_PASSWORD}",
            "$DB_PASSWORD",
            "{{ .Values.password }}",
            "<password>",
            "%PASSWORD%",
            "%kernel.project_dir%/config/jwt/private.pem",
            "$(cat /x)",
            "#{secret}",
            "@token@",
            "{password}",
            "__PASSWORD__",
            "%(db_password)s",
            "vault:secret/data/x",
        ] {
            assert!(is_reference(value.as_bytes()), "{value}");
        }
        for value in ["pa$$word1", "$2y$10$abcdefghijklmnopqrstuv", "a<b>c", "Tr0ub4dor&3", "%20x"] {
            assert!(!is_reference(value.as_bytes()), "{value}");
        }
        for value in ["xxxxxxxx", "ghp_xxxxxxxxxxxxxxxxxxxx", "00000000", "aAaAaAaA", "sk-111111111111"] {
            assert!(is_repetition(value.as_bytes()), "{value}");
        }
        for value in [
            "$argon2i$v=19$m=8,t=3,p=1$cHBwcHBw$MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAA",
            "q8q8q8q8q8q8q8q8q8",
        ] {
            assert!(is_repetition(value.as_bytes()), "{value}");
        }
        for value in ["pa%2Fssw", "pa%3Fsword", "%60%7b%7d", "x-oauth-basic", "passwd"] {
            assert!(is_word_in_url(value.as_bytes()), "{value}");
        }
        for value in ["p4ss", "passau%21", "hub%5btest%2f"] {
            assert!(!is_word_in_url(value.as_bytes()), "{value}");
        }
        for value in ["abcdefghijkl", "1234567890", "token_0123456789abcdef", "qwertyuiop12345"] {
            assert!(is_run(value.as_bytes()), "{value}");
        }
        for value in ["q8Zx2vKp9LmWt4Rb", "hunter2-prod-77", "s3cr3t!2024"] {
            assert!(!is_run(value.as_bytes()) && !is_repetition(value.as_bytes()), "{value}");
        }
    }
}
