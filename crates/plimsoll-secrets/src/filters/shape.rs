//! Values whose shape says what they are, and it is no secret: for rules that have nothing but a name to go by.

/// True for UUIDs, versions, paths, addresses, names of programs' things, dates, sentences.
pub(crate) fn is_shape(value: &[u8]) -> bool {
    is_uuid(value)
        || is_version(value)
        || is_path_or_address(value)
        || is_code(value)
        || is_sentence(value)
        || value.iter().all(u8::is_ascii_digit) && value.len() < 6
        || is_name(value)
        || is_keys(value)
}

/// 8-4-4-4-12 hexadecimal digits.
pub(crate) fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// True for UUIDs and versions, which are public whatever they are called.
pub(crate) fn is_uuid_or_version(value: &[u8]) -> bool {
    is_uuid(value) || is_version(value)
}

/// `1.2.3`, `v1.2`, `3.1.4-r1`, `2024-01-31`.
fn is_version(value: &[u8]) -> bool {
    let value = value.strip_prefix(b"v").unwrap_or(value);
    let dots = value.iter().filter(|byte| matches!(byte, b'.' | b'-' | b'/')).count();
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    value.first().is_some_and(u8::is_ascii_digit)
        && dots >= 1
        && (digits + dots) * 5 >= value.len() * 4
        && value.len() < 24
}

fn is_path_or_address(value: &[u8]) -> bool {
    let starts = |heads: &[&[u8]]| heads.iter().any(|head| value.starts_with(head));
    if starts(&[b"./", b"../", b"~/", b"\\\\", b"@/"]) {
        return true;
    }
    if starts(&[b"/"]) {
        // A slash may begin a random value in base64, but then another does not follow soon.
        return memchr::memchr_iter(b'/', value).count() >= 2 || !crate::engine::rarity::is_random(value);
    }
    if memchr::memmem::find(value, b"://").is_some() {
        return memchr::memchr(b'@', value).is_none();
    }
    if value.get(1..3) == Some(b":\\") {
        return true;
    }
    // `secret/data/app`, `com/example/Foo`, `a.b.c.d`: words between signs.
    let parts: Vec<&[u8]> = value.split(|byte| matches!(byte, b'/' | b'.' | b':')).collect();
    let word = |part: &&[u8]| {
        !part.is_empty()
            && part.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_' | b'*'))
    };
    parts.len() >= 2 && parts.iter().all(word)
}

/// What only stands in a program: calls, members, operators. Salts of random signs hold brackets too, but not behind a name.
fn is_code(value: &[u8]) -> bool {
    let holds = |mark: &[u8]| memchr::memmem::find(value, mark).is_some();
    let name = value
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':'))
        .count();
    let bracket = value.get(name).is_some_and(|byte| matches!(byte, b'(' | b'['));
    let signs = value.iter().filter(|byte| byte.is_ascii_punctuation()).count();
    name > 0 && bracket && !value.get(..name).unwrap_or_default().iter().all(u8::is_ascii_digit)
        || signs * 3 <= value.len()
            && [&b"->"[..], b"=>", b"::", b"==", b"&&", b"||", b"\\n", b"\\x", b"\\u"]
                .iter()
                .any(|mark| holds(mark))
        || value.ends_with(b";") && signs == 1
}

/// Words with spaces between them.
fn is_sentence(value: &[u8]) -> bool {
    let spaces = value.iter().filter(|byte| **byte == b' ').count();
    spaces >= 2 || spaces == 1 && value.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b' ')
}

/// A name as programs have them: letters of one case with `_` or `-` between words, or words in camel case, without a digit.
fn is_name(value: &[u8]) -> bool {
    let letters = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.' | b'$' | b'@');
    if !value.iter().all(letters) {
        return false;
    }
    !crate::engine::rarity::is_random(value)
}

/// `ctrl+shift+p`.
fn is_keys(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    [&b"ctrl+"[..], b"cmd+", b"alt+", b"shift+", b"ctrl-", b"<c-", b"meta+"]
        .iter()
        .any(|key| lower.starts_with(key))
}

/// Parts of names whose values are public: names of things, and what is shown to people.
const PUBLIC: &[&str] = &[
    "checksum",
    "integrity",
    "fingerprint",
    "gpg_key",
    "gpg-key",
    "gpgkey",
    "public_key",
    "public-key",
    "publickey",
    "pubkey",
    "pub_key",
    "keyword",
    "key_file",
    "keyfile",
    "keyboard",
    "keymap",
    "monkey",
    "hotkey",
    "primary_key",
    "foreign_key",
    "sort_key",
    "partition_key",
    "cache_key",
    "cache-key",
    "cachekey",
    "csrf",
    "nonce_",
    "etag",
    "sitekey",
    "site_key",
    "i18n",
    "tooltip",
    "placeholder",
    "selector",
    "sha256",
    "sha512",
    "sha1",
];

/// Ends of such names.
const PUBLIC_ENDS: &[&str] = &[
    "hash",
    "digest",
    "md5",
    "commit",
    "revision",
    "version",
    "keyid",
    "key_id",
    "key-id",
    "_path",
    "-path",
    "_file",
    "-file",
    "_url",
    "_uri",
    "_endpoint",
    "_label",
    "uuid",
    "guid",
    "author",
    "_name",
    "_field",
    "_type",
    "_length",
];

/// True when the name before a value on its line says that it is none.
pub(crate) fn name_says_no_secret(before: &[u8]) -> bool {
    let sign = |byte: &u8| !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    let end = before.iter().rposition(|byte| !sign(byte)).map_or(0, |end| end + 1);
    let name = before.get(..end).unwrap_or_default();
    let start = name.iter().rposition(sign).map_or(0, |start| start + 1);
    let name = name.get(start..).unwrap_or_default().to_ascii_lowercase();
    PUBLIC.iter().any(|word| memchr::memmem::find(&name, word.as_bytes()).is_some())
        || PUBLIC_ENDS.iter().any(|word| name.ends_with(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_no_secrets() {
        for value in [
            "123e4567-e89b-12d3-a456-426614174000",
            "1.2.3",
            "v2.10.4",
            "3.1.4-r1",
            "2024-01-31",
            "/run/secrets/db",
            "./key.pem",
            "https://example.com/x",
            "C:\\keys",
            "secret/data/app",
            "com.example.Foo",
            "os.getenv('X')",
            "config.get(\"x\")",
            "get_password",
            "passwordField",
            "enter the password",
            "Ctrl+Shift+P",
            "Foo::bar_baz",
            "1234",
        ] {
            assert!(is_shape(value.as_bytes()), "{value}");
        }
        for value in [
            "hunter2-prod-77",
            "S3cr3t!2024",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            "wJ4lrXUtnF3MI/K7MDENG+bPxRf1CYzEXAMPL3Kq",
            "Tr0ub4dor&3",
            "xkqzvwpjtrlmhgbn",
        ] {
            assert!(!is_shape(value.as_bytes()), "{value}");
        }
        assert!(name_says_no_secret(b"ENV PYTHON_SHA256="));
        assert!(!name_says_no_secret(b"DB_PASSWORD="));
    }
}
