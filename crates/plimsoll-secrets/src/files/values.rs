//! Judges values and names: what is a placeholder, what is a well-known default, and which names are given to secrets.

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It is nothing, or stands for a value that comes from elsewhere: `${TOKEN}`, `<password>`, `{{ token }}`, `ENC[…]`.
    Template,
    /// A word that documentation and shipped configuration use: `changeme`, `password`, `AKIAIOSFODNN7EXAMPLE`. It may be in
    /// use all the same.
    Default,
    /// Anything else.
    Plain,
}

/// Words for nothing.
const NOTHING: &[&str] = &[
    "null",
    "none",
    "nil",
    "undefined",
    "~",
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "n/a",
    "na",
    "unset",
    "empty",
    "todo",
    "tbd",
    "redacted",
    "[redacted]",
    "hidden",
    "removed",
    "filtered",
    "masked",
    "disabled",
    "enabled",
    "auto",
    "prompt",
    "ask",
];

/// Values that everybody tries first, and that documentation is full of.
const DEFAULTS: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "pwd",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "password1",
    "password123",
    "pass123",
    "mypass",
    "mypassword",
    "userpassword",
    "admin",
    "admin123",
    "administrator",
    "root",
    "toor",
    "user",
    "username",
    "guest",
    "test",
    "test123",
    "testing",
    // FreeRADIUS' own, and what its administrators try first.
    "testing123",
    "secret",
    "s3cret",
    "s3cr3t",
    "topsecret",
    "supersecret",
    "mysecret",
    "secretkey",
    "secret_key",
    "default",
    "demo",
    "foo",
    "bar",
    "foobar",
    "baz",
    "qwerty",
    "letmein",
    "welcome",
    "abc123",
    "abcd1234",
    "123",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "changeit",
    "tomcat",
    "postgres",
    "mysql",
    "mariadb",
    "mongo",
    "redis",
    "rabbitmq",
    "minioadmin",
    "minio",
    "elastic",
    "jenkins",
    "ubuntu",
    "vagrant",
    "raspberry",
    "hunter2",
    "token",
    "key",
    "mytoken",
    "apikey",
    "api_key",
    "api-key",
    "must-be-changed",
    "value",
    "string",
    "str",
    "text",
    "cleartext",
    "blank",
    "local",
    "dev",
    "development",
    "app",
    "bundle",
    "keystore",
    "anonymous",
    "dbpassword",
    "db_password",
    "xyz",
    "abc",
];

/// Parts of values that are to be replaced.
const REPLACE: &[&str] = &[
    "changeme",
    "change_me",
    "change-me",
    "change me",
    "change this",
    "change_this",
    "changethis",
    "change-this",
    "change_it",
    "replaceme",
    "replace_me",
    "replace-me",
    "replace with",
    "replace_with",
    "replace-with",
    "replace this",
    "replacethis",
    "example",
    "dummy",
    "placeholder",
    "your_",
    "your-",
    "your ",
    "yourpass",
    "yourtoken",
    "yourkey",
    "yoursecret",
    "yoursql",
    "my-secret",
    "my_secret",
    "insert_",
    "insert-",
    "insert your",
    "put your",
    "put_your",
    "enter your",
    "enter_your",
    "fill_me",
    "fill-me",
    "fixme",
    "goes_here",
    "goes-here",
    "goes here",
    "unique phrase",
    "username_here",
    "password_here",
    "not-a-real",
    "not_a_real",
    "notreal",
    "for-testing",
    "xxxxxx",
    "deadbeef",
    "my_password",
    "my-password",
    "my_token",
    "my-token",
    "some-secret",
    "some_secret",
    "somepass",
    "super-secret",
    "super_secret",
];

/// What the value begins with when a tool puts the secret in its place.
const REFERENCES: &[&str] = &[
    "ENC[",
    "ENC(",
    "{cipher}",
    "!vault",
    "$ANSIBLE_VAULT",
    "vault:",
    "vault+",
    "op://",
    "ref+",
    "arn:aws:secretsmanager",
    "arn:aws:ssm",
    "secret://",
    "secretref:",
    "env:",
    "keyvault:",
    "@Microsoft.KeyVault",
    "gcpsecretmanager:",
    "sm://",
    "pass:",
    "file:",
    "keyring:",
    "keychain:",
    "process.env",
    "os.environ",
    "os.getenv",
    "getenv(",
    "env(",
    "@env(",
    "var.",
    "local.",
    "data.",
    "-----BEGIN PGP MESSAGE",
    "{DESede}",
];

/// What stands around or in the name of a variable.
fn is_template(text: &str) -> bool {
    let between = |open: &str, close: &str| {
        text.find(open).is_some_and(|at| text.get(at + open.len()..).is_some_and(|rest| rest.contains(close)))
    };
    let whole = |open: char, close: char| text.len() > 2 && text.starts_with(open) && text.ends_with(close);
    let name = |text: &str| {
        !text.is_empty()
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !text.starts_with(|c: char| c.is_ascii_digit())
    };
    between("${", "}")
        || between("{{", "}}")
        || between("$(", ")")
        // A command's output, though the command may have been cut off at a space.
        || text.starts_with("$(")
        || text.starts_with('`')
        || between("<%", "%>")
        || between("%(", ")s")
        || between("#{", "}")
        || whole('<', '>')
        || (whole('[', ']') && !text.contains('"'))
        || (whole('{', '}') && name(text.trim_matches(['{', '}'])))
        || (whole('%', '%') && name(text.trim_matches('%')))
        // Symfony's parameters: `%kernel.project_dir%/config/jwt/private.pem`.
        || text
            .strip_prefix('%')
            .and_then(|rest| rest.split_once('%'))
            .is_some_and(|(inner, rest)| name(&inner.replace('.', "_")) && (rest.is_empty() || rest.starts_with('/')))
        || (whole('@', '@') && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"@._-".contains(&b)))
        || (text.len() > 4 && text.starts_with("__") && text.ends_with("__"))
        // `$NAME`: a shell's variable has no lower-case letters by custom, a password that begins with a dollar has.
        || text.strip_prefix('$').is_some_and(|rest| name(rest) && (rest.chars().all(|c| !c.is_ascii_lowercase()) || rest.contains('_')))
        || text.strip_prefix("$env:").is_some_and(name)
        || text.strip_prefix("$ENV{").is_some()
        || REFERENCES.iter().any(|start| text.starts_with(start))
}

/// True when the text is one or two characters over and over, or dots and stars.
fn is_filler(text: &str) -> bool {
    let mut characters = text.chars();
    let Some(first) = characters.next() else { return true };
    let same = characters.clone().all(|c| c == first);
    let signs = text.chars().all(|c| ".*-_=#?x X".contains(c) || c == '…' || c == '•');
    (same && text.len() > 2) || signs
}

/// What a value is.
pub fn judge(value: &[u8]) -> Judgement {
    let Ok(text) = std::str::from_utf8(value.get(..value.len().min(4096)).unwrap_or_default()) else {
        return Judgement::Plain;
    };
    let text = text.trim();
    let any = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if text.is_empty() || any(NOTHING) || is_filler(text) || is_template(text) {
        return Judgement::Template;
    }
    if any(DEFAULTS) {
        return Judgement::Default;
    }
    // A longer text may hold such a word beside a secret.
    if text.len() <= 256 && !text.contains('\n') {
        let lower = text.to_ascii_lowercase();
        if REPLACE.iter().any(|part| lower.contains(part)) {
            return Judgement::Default;
        }
    }
    Judgement::Plain
}

/// True when the value is no secret: it is nothing, stands for another, or is a word of documentation.
pub fn placeholder(value: &[u8]) -> bool {
    judge(value) != Judgement::Plain
}

/// What a name says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A password or passphrase.
    Password,
    /// A token.
    Token,
    /// A key or another secret.
    Key,
}

impl Sort {
    /// The word in a message.
    pub fn word(self) -> &'static str {
        match self {
            Sort::Password => "password",
            Sort::Token => "token",
            Sort::Key => "key",
        }
    }
}

/// Last parts of names that speak about a secret instead of being one.
const ABOUT: &[&str] = &[
    "file",
    "path",
    "dir",
    "directory",
    "url",
    "uri",
    "name",
    "id",
    "length",
    "len",
    "size",
    "ttl",
    "expiry",
    "expires",
    "expiration",
    "expire",
    "expired",
    "expire_in",
    "lifetime",
    "timeout",
    "age",
    "type",
    "header",
    "enabled",
    "enable",
    "required",
    "policy",
    "min",
    "max",
    "count",
    "limit",
    "format",
    "field",
    "algorithm",
    "alg",
    "hashers",
    "validators",
    "validator",
    "encoder",
    "encoding",
    "class",
    "prefix",
    "suffix",
    "ref",
    "source",
    "location",
    "env",
    "var",
    "label",
    "prompt",
    "version",
    "method",
    "mode",
    "rotation",
    "store",
    "storage",
    "provider",
    "manager",
    "endpoint",
    "host",
    "port",
    "issuer",
    "audience",
    "scope",
    "scopes",
    "regex",
    "pattern",
    "hint",
    "reset",
    "change",
    "days",
    "hours",
    "minutes",
    "seconds",
    "command",
    "cmd",
    "program",
    "helper",
    "engine",
    "backend",
    "bits",
    "attr",
    "attribute",
    "parameter",
    "param",
    "column",
    "arn",
    "usage",
    "strategy",
    "rules",
    "rule",
    "message",
    "text",
    "title",
    "description",
    "placeholder",
    "alias",
    "secs",
    "ms",
    "interval",
    "cookie_name",
    "cache",
    "serializer",
    "strength",
    "kid",
    "salt_length",
    "needed",
];

/// What a name says of its value, where it is given to secrets. Words are parted by signs and by capitals: `DB_PASSWORD`,
/// `spring.datasource.password`, `apiKey`.
pub fn secret_name(name: &[u8]) -> Option<Sort> {
    if name.len() > 160 {
        return None;
    }
    let mut words: Vec<String> = Vec::new();
    let mut lower = false;
    for (at, &byte) in name.iter().enumerate() {
        if !byte.is_ascii_alphanumeric() {
            lower = false;
            if words.last().is_some_and(|word| !word.is_empty()) {
                words.push(String::new());
            }
            continue;
        }
        let next_lower = name.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        let camel = byte.is_ascii_uppercase()
            && (lower || (next_lower && words.last().is_some_and(|word| word.len() > 1)));
        if words.is_empty() || camel {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(byte.to_ascii_lowercase() as char);
        }
        lower = byte.is_ascii_lowercase() || byte.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    // `PASSWORD_1`, `secret2`: a number says nothing.
    while words.len() > 1 && words.last().is_some_and(|word| word.bytes().all(|b| b.is_ascii_digit())) {
        words.pop();
    }
    let last = words.last()?.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    let before = words.len().checked_sub(2).and_then(|at| words.get(at)).map_or("", String::as_str);
    if ABOUT.contains(&last.as_str()) || words.iter().any(|word| word == "public" || word == "pub") {
        return None;
    }
    let ends = |ends: &[&str]| ends.iter().any(|end| last.ends_with(end));
    if ends(&["password", "passwd", "passphrase", "passwort", "kennwort"])
        || [
            "pass",
            "pwd",
            "pw",
            "passcode",
            "psw",
            "dbpass",
            "userpass",
            "dbpwd",
            "smtppass",
            "controlpass",
            "adminpass",
            "rootpass",
            "keypass",
            "storepass",
            "keystorepass",
            "truststorepass",
            "authpass",
            "mailpass",
            "sshpass",
            "mypwd",
        ]
        .contains(&last.as_str())
    {
        return Some(Sort::Password);
    }
    if ends(&["token"]) && !["next", "page", "continuation", "csrf"].contains(&before)
        || ["pat", "jwt"].contains(&last.as_str()) && words.len() > 1
    {
        return Some(Sort::Token);
    }
    if ends(&[
        "secret",
        "apikey",
        "secretkey",
        "accesskey",
        "privatekey",
        "authkey",
        "encryptionkey",
        "credential",
        "credentials",
    ]) {
        return Some(Sort::Key);
    }
    const KEYS: &[&str] = &[
        "api",
        "secret",
        "access",
        "private",
        "encryption",
        "encrypt",
        "signing",
        "auth",
        "account",
        "master",
        "app",
        "license",
        "storage",
        "shared",
        "crypt",
        "cipher",
        "hmac",
        "admin",
        "service",
        "deploy",
        "integration",
        "session",
        "cookie",
        "jwt",
        "aes",
        "webhook",
        "cosmos",
        "function",
        "server",
        "backup",
        "fernet",
    ];
    let key = last == "key" && KEYS.contains(&before);
    let salt = last == "salt" && ["secret", "password", "auth", "hash", "app"].contains(&before);
    let base = last == "base" && before == "key" && words.iter().any(|word| word == "secret");
    (key || salt || base).then_some(Sort::Key)
}

/// True when the value can be a secret that a program reads: of some length, and neither a number, a path, a name of a class, nor
/// a sentence.
pub fn plausible(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return value.len() >= 6 };
    let text = text.trim();
    if text.len() < 4 || text.len() > 8192 {
        return false;
    }
    let number = text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && text.len() < 6;
    let path = (text.starts_with('/')
        || text.starts_with("./")
        || text.starts_with("~/")
        || text.starts_with("classpath:"))
        && text.contains('/')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-~:".contains(&b))
        && !(text.ends_with('=') || text.len() == 40 || text.len() == 44);
    let url = text.contains("://");
    let sentence = text.split_whitespace().count() > 4 && text.split_whitespace().all(|word| word.len() < 20);
    !number && !path && !url && !sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_another_value_is_a_template() {
        for value in [
            "",
            " ",
            "null",
            "~",
            "None",
            "true",
            "xxxx",
            "XXXXXXXX",
            "********",
            "....",
            "${NPM_TOKEN}",
            "${NPM_TOKEN-}",
            "$NPM_TOKEN",
            "pre${VAR}post",
            "$(cat /run/secrets/x)",
            "{{ db_password }}",
            "<%= ENV['DB'] %>",
            "%(PASSWORD)s",
            "%DB_PASS%",
            "%kernel.project_dir%/config/jwt/private.pem",
            "<password>",
            "<your token>",
            "[password]",
            "@db.password@",
            "#{token}#",
            "ENC[AES256_GCM,data:abc]",
            "ENC(abc)",
            "{cipher}abcdef",
            "!vault",
            "op://vault/item/password",
            "__PASSWORD__",
            "`cat x`",
            "arn:aws:secretsmanager:eu:1:secret:x",
            "env:PGPASSWORD",
            "$env:TOKEN",
            "vault:secret/data/app#password",
            "file:/run/secrets/db",
        ] {
            assert_eq!(judge(value.as_bytes()), Judgement::Template, "{value:?}");
            assert!(placeholder(value.as_bytes()), "{value:?}");
        }
    }

    #[test]
    fn words_of_documentation_are_defaults() {
        for value in [
            "password",
            "Password",
            "changeme",
            "ChangeMe123",
            "changeit",
            "secret",
            "s3cret",
            "postgres",
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "your-token-here",
            "YOUR_API_KEY",
            "put your unique phrase here",
            "minioadmin",
            "123456",
            "dummy-value",
            "replace-with-token",
        ] {
            assert_eq!(judge(value.as_bytes()), Judgement::Default, "{value:?}");
        }
    }

    #[test]
    fn what_could_be_in_use_is_plain() {
        for value in [
            "hunter2-prod-77",
            "tr0ub4dor&3",
            "$2y$05$abcdefghijklmnopqrstuu",
            "Xq9!mBv2",
            "$ecretPass9",
            "a<b>c",
            "p%40ss",
            "correct horse",
            "wJ4lrXUtnF3MI/K7MDENG+bPxRf1CYzEXAMPL3Kq",
            "0f2e9c1d",
            "{bcrypt}$2a$10$x",
            "[a\"b]",
        ] {
            assert_eq!(judge(value.as_bytes()), Judgement::Plain, "{value:?}");
        }
        assert_eq!(judge(b"\xff\xfe\x00"), Judgement::Plain);
    }

    #[test]
    fn names_of_secrets() {
        for (name, sort) in [
            ("DB_PASSWORD", Sort::Password),
            ("spring.datasource.password", Sort::Password),
            ("javax.net.ssl.keyStorePassword", Sort::Password),
            ("PGPASSWORD", Sort::Password),
            ("SMTP_PASS", Sort::Password),
            ("MYSQL_ROOT_PASSWORD_1", Sort::Password),
            ("dbPwd", Sort::Password),
            ("GITHUB_TOKEN", Sort::Token),
            ("authToken", Sort::Token),
            ("apiKey", Sort::Key),
            ("APIKey", Sort::Key),
            ("STRIPE_SECRET_KEY", Sort::Key),
            ("AWS_SECRET_ACCESS_KEY", Sort::Key),
            ("clientSecret", Sort::Key),
            ("secret_key_base", Sort::Key),
            ("APP_KEY", Sort::Key),
            ("AZURE_FUNCTION_KEY", Sort::Key),
        ] {
            assert_eq!(secret_name(name.as_bytes()), Some(sort), "{name}");
        }
        for name in [
            "PASSWORD_FILE",
            "TOKEN_URL",
            "AUTH_PASSWORD_VALIDATORS",
            "PASSWORD_RESET_TIMEOUT",
            "SECRET_NAME",
            "PUBLIC_KEY",
            "COMPASS",
            "BYPASS",
            "KEYBOARD",
            "TOKENIZER",
            "access_key_id",
            "PASSWORD_MIN_LENGTH",
            "api.key.header",
            "KEY",
            "PATH",
            "author",
            "NEXT_PUBLIC_API_KEY",
            "nextPageToken",
            "primary_key",
            "passwordEncoder",
            "",
        ] {
            assert_eq!(secret_name(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn values_that_programs_do_not_log_in_with() {
        for value in [
            "abc",
            "12345",
            "/etc/ssl/private/key.pem",
            "https://x.example/token",
            "the password of the user in the database",
        ] {
            assert!(!plausible(value.as_bytes()), "{value}");
        }
        for value in [
            "hunter2-prod-77",
            "987654",
            "wJ4lrXUtnF3MI/K7MDENG+bPxRf1CYzEXAMPL3Kq",
            "correct horse battery staple",
        ] {
            assert!(plausible(value.as_bytes()), "{value}");
        }
    }
}
