//! Commands of a history step, as a shell reads them: assignments, and arguments that are passwords by their place.

use std::ops::Range;

use super::name::plausible;

/// An argument that is a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Argument {
    /// What it is.
    pub(crate) what: &'static str,
    /// Where it stands in the command.
    pub(crate) value: Range<usize>,
}

/// A word of a command: where it stands, without the quotes around it.
#[derive(Debug, Clone)]
struct Word {
    range: Range<usize>,
}

/// The most words of a command.
const MAX_WORDS: usize = 20_000;

/// Splits a command into words; quotes hold words together, and `;`, `|`, `&` and line ends are words of their own.
fn words(text: &str) -> Vec<Word> {
    let bytes = text.as_bytes();
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if words.len() >= MAX_WORDS {
            break;
        }
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            b';' | b'|' | b'&' => {
                words.push(Word { range: at..at + 1 });
                at += 1;
            }
            b'"' | b'\'' => {
                let rest = bytes.get(at + 1..).unwrap_or_default();
                let end = closing(rest, *byte).map_or(bytes.len(), |end| at + 1 + end);
                words.push(Word { range: at + 1..end });
                at = end + 1;
            }
            _ => {
                let start = at;
                let mut quote = None;
                while let Some(byte) = bytes.get(at) {
                    match (quote, byte) {
                        (Some(open), byte) if byte == open => quote = None,
                        (Some(_), b'\\') | (None, b'\\') => at += 1,
                        (Some(_), _) => {}
                        (None, b'"' | b'\'') => quote = Some(byte),
                        (None, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'|' | b'&') => break,
                        _ => {}
                    }
                    at += 1;
                }
                at = at.min(bytes.len());
                words.push(Word { range: start..at });
            }
        }
    }
    words.retain(|word| text.get(word.range.clone()).is_some());
    words
}

fn closing(bytes: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            byte if *byte == quote => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// Takes quotes off a value.
fn unquoted(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = text.get(range.clone()).unwrap_or_default();
    for quote in ['"', '\''] {
        if inner.len() >= 2 && inner.starts_with(quote) && inner.ends_with(quote) {
            return range.start + 1..range.end - 1;
        }
    }
    range
}

/// Names and values of a step: build arguments (`|2 A=1 B=2 /bin/sh -c`), `ENV`, `ARG`, `LABEL`, and assignments before or in a command.
/// The third part says what it is: `the build argument`.
pub(super) fn pairs(text: &str) -> Vec<(Range<usize>, Range<usize>, &'static str)> {
    let mut found = Vec::new();
    let words = words(text);
    let word = |i: usize| words.get(i).and_then(|word| text.get(word.range.clone())).unwrap_or_default();
    // BuildKit writes `RUN |2 A=1 ...`, which the split shows as `|`, `2`, and the assignments.
    let start = words
        .iter()
        .position(|word| !matches!(text.get(word.range.clone()), Some("RUN" | "/bin/sh" | "-c" | "#(nop)")));
    let Some(start) = start else { return found };
    let mut at = start;
    let mut how = "the variable";
    if word(at) == "|" && word(at + 1).parse::<usize>().is_ok() {
        how = "the build argument";
        let count = word(at + 1).parse::<usize>().unwrap_or(0).min(MAX_WORDS);
        at += 2;
        let mut left = count;
        while left > 0 && at < words.len() && !matches!(word(at), "/bin/sh" | "/bin/bash" | "/bin/ash") {
            if let Some(pair) = assignment(text, &words, &mut at) {
                found.push((pair.0, pair.1, how));
                left -= 1;
            } else {
                at += 1;
            }
        }
        how = "the variable";
    }
    let keyword = word(at).to_ascii_uppercase();
    let instruction = match keyword.as_str() {
        "ENV" => Some("the variable"),
        "ARG" => Some("the build argument"),
        "LABEL" => Some("the label"),
        _ => None,
    };
    if let Some(instruction) = instruction {
        how = instruction;
        at += 1;
        // The old form: `ENV NAME value with spaces`.
        if !word(at).contains('=') && words.len() > at + 1 {
            let (Some(name), Some(first), Some(last)) = (words.get(at), words.get(at + 1), words.last())
            else {
                return found;
            };
            found.push((name.range.clone(), first.range.start..last.range.end, how));
            return found;
        }
    }
    while at < words.len() {
        match assignment(text, &words, &mut at) {
            Some(pair) => found.push((pair.0, pair.1, how)),
            None => at += 1,
        }
    }
    found
}

/// `NAME=value` at the word at hand, which it steps over. In build arguments a value with spaces has no quotes: it goes on to the next
/// assignment.
fn assignment(text: &str, words: &[Word], at: &mut usize) -> Option<(Range<usize>, Range<usize>)> {
    let word = words.get(*at)?;
    let inner = text.get(word.range.clone())?;
    let (name, value) = inner.split_once('=')?;
    let name_ok = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'/'))
        && !name.starts_with('-');
    if !name_ok {
        return None;
    }
    *at += 1;
    let start = word.range.start + name.len() + 1;
    Some((word.range.start..start - 1, unquoted(text, start..start + value.len())))
}

/// Options whose argument is a password, whatever the program, as `--password x` or `--password=x`.
const OPTIONS: &[&str] = &[
    "--password",
    "--passwd",
    "--pass",
    "--http-password",
    "--ftp-password",
    "--proxy-password",
    "--token",
    "--api-key",
    "--apikey",
    "--api-token",
    "--auth-token",
    "--access-token",
    "--secret",
    "--client-secret",
    "--secret-key",
    "--secret-access-key",
    "--storepass",
    "--keypass",
    "-storepass",
    "-keypass",
    "--registry-token",
    "--db-password",
    "--admin-password",
    "--root-password",
    "--dbpass",
];

/// Programs with a short option of their own for passwords: its spelling, and whether the value may follow without a space.
const SHORT: &[(&str, &str, bool)] = &[
    ("mysql", "-p", true),
    ("mysqldump", "-p", true),
    ("mysqladmin", "-p", true),
    ("mariadb", "-p", true),
    ("mariadb-dump", "-p", true),
    ("mariadb-admin", "-p", true),
    ("docker", "-p", false),
    ("podman", "-p", false),
    ("buildah", "-p", false),
    ("skopeo", "-p", false),
    ("crane", "-p", false),
    ("oras", "-p", false),
    ("helm", "-p", false),
    ("az", "-p", false),
    ("sshpass", "-p", true),
    ("redis-cli", "-a", false),
    ("ldapsearch", "-w", false),
    ("ldapadd", "-w", false),
    ("ldapmodify", "-w", false),
    ("sqlcmd", "-P", true),
    ("mongo", "-p", false),
    ("mongosh", "-p", false),
    ("mongodump", "-p", false),
    ("twine", "-p", false),
];

/// Arguments of a command that are passwords by their place.
pub(crate) fn arguments(text: &str) -> Vec<Argument> {
    let words = words(text);
    let get = |i: usize| words.get(i).and_then(|word| text.get(word.range.clone())).unwrap_or_default();
    let mut found = Vec::new();
    let mut add = |what: &'static str, value: Range<usize>| {
        let value = unquoted(text, value);
        if text.get(value.clone()).is_some_and(plausible) {
            found.push(Argument { what, value });
        }
    };
    let mut program = "";
    let mut login = false;
    let mut first = true;
    for (i, word) in words.iter().enumerate() {
        let inner = get(i);
        if matches!(inner, ";" | "|" | "&" | "-c" | "&&" | "then" | "do" | "(" | "{" | "exec" | "sudo") {
            first = true;
            continue;
        }
        // A quoted command of `sh -c "..."` is looked into.
        if inner.contains(' ') && get(i.wrapping_sub(1)) == "-c" && inner.len() < text.len() {
            for argument in arguments(inner) {
                let value = word.range.start + argument.value.start..word.range.start + argument.value.end;
                add(argument.what, value);
            }
            continue;
        }
        if first && !inner.contains('=') {
            program = inner.rsplit('/').next().unwrap_or(inner);
            login = false;
            first = false;
            continue;
        }
        login |= inner == "login";
        let next = words.get(i + 1).map(|word| word.range.clone());
        let lower = inner.to_ascii_lowercase();
        let (option, value) = match lower.split_once('=') {
            Some((option, value)) => (option, Some(word.range.end - value.len()..word.range.end)),
            None => (lower.as_str(), None),
        };
        if OPTIONS.contains(&option) {
            let what = if option.contains("pass") {
                "a password"
            } else if option.contains("token") {
                "a token"
            } else {
                "a secret"
            };
            match (value, &next) {
                (Some(value), _) => add(what, value),
                (None, Some(next)) if !get(i + 1).starts_with('-') => add(what, next.clone()),
                _ => {}
            }
            continue;
        }
        for (of, spelling, glued) in SHORT {
            // `-p` of `docker run` is a port: there only a login has a password.
            let applies = *of == program
                && (login
                    || !matches!(
                        program,
                        "docker" | "podman" | "buildah" | "az" | "helm" | "skopeo" | "crane" | "oras"
                    ));
            if !applies {
                continue;
            }
            match inner.strip_prefix(spelling) {
                Some("") if !glued || *of == "sshpass" || *of == "sqlcmd" => {
                    add("a password", next.clone().unwrap_or(0..0))
                }
                Some(rest) if *glued && !rest.is_empty() => {
                    add("a password", word.range.end - rest.len()..word.range.end)
                }
                _ => {}
            }
        }
        let user = match (program, inner) {
            ("curl" | "http" | "https", "-u" | "--user" | "-U" | "--proxy-user" | "-a" | "--auth") => {
                next.clone()
            }
            ("curl", _) if inner.starts_with("-u") && inner.contains(':') => {
                Some(word.range.start + 2..word.range.end)
            }
            _ => None,
        };
        if let Some(user) = user {
            let user = unquoted(text, user);
            if let Some(colon) = text.get(user.clone()).and_then(|user| user.find(':')) {
                add("a password", user.start + colon + 1..user.end);
            }
        }
        // `npm config set //host/:_authToken x`, `aws configure set aws_secret_access_key x`.
        if lower.ends_with("_authtoken")
            || lower.ends_with("_auth")
            || lower == "aws_secret_access_key"
            || lower == "aws_session_token"
        {
            add("a token", next.clone().unwrap_or(0..0));
        }
        if (lower.contains(":_authtoken=") || lower.contains(":_password=") || lower.contains(":_auth="))
            && let Some(equals) = inner.rfind("uth").and_then(|_| inner.find('='))
        {
            add("a token", word.range.start + equals + 1..word.range.end);
        }
        // `Authorization: Bearer x` in a header's word.
        if let Some(colon) = header(&lower) {
            let value = inner.get(colon..).unwrap_or_default();
            let bare = value.trim_start();
            let bare = ["Bearer ", "bearer ", "token ", "Token ", "Basic ", "basic "]
                .iter()
                .find_map(|kind| bare.strip_prefix(kind))
                .unwrap_or(bare)
                .trim();
            if let Some(offset) = inner.rfind(bare).filter(|_| !bare.is_empty()) {
                add("a token", word.range.start + offset..word.range.start + offset + bare.len());
            }
        }
        // `machine x login y password z`, as a `.netrc` has it.
        if lower.contains("machine ")
            && let Some(at) = lower.find("password ")
        {
            let rest = inner.get(at + 9..).unwrap_or_default().trim_start();
            let start = inner.len() - rest.len();
            let end = rest
                .find(|c: char| c.is_whitespace() || matches!(c, '\\' | '"' | '\''))
                .unwrap_or(rest.len());
            add("a password", word.range.start + start..word.range.start + start + end);
        }
        if lower == "password" && get(i.wrapping_sub(2)).eq_ignore_ascii_case("login") {
            add("a password", next.clone().unwrap_or(0..0));
        }
        // `echo root:x | chpasswd`
        if get(i + 1) == "|"
            && matches!(get(i + 2), "chpasswd" | "/usr/sbin/chpasswd")
            && let Some(colon) = inner.find(':')
        {
            add("a password", word.range.start + colon + 1..word.range.end);
        }
        // `htpasswd -b file user x`
        if program == "htpasswd" && inner.starts_with('-') && inner.contains('b') && !get(i + 3).is_empty() {
            let at = if inner.contains('n') { i + 2 } else { i + 3 };
            add("a password", words.get(at).map_or(0..0, |word| word.range.clone()));
        }
    }
    found.sort_by_key(|argument| argument.value.start);
    found.dedup_by(|a, b| a.value == b.value);
    found
}

/// Where the value of a header begins that authenticates.
fn header(lower: &str) -> Option<usize> {
    [
        "authorization:",
        "private-token:",
        "x-api-key:",
        "x-auth-token:",
        "x-vault-token:",
        "job-token:",
        "apikey:",
    ]
    .iter()
    .find_map(|name| lower.find(name).map(|at| at + name.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<&str> {
        arguments(text).into_iter().map(|argument| &text[argument.value]).collect()
    }

    #[test]
    fn passwords_in_commands() {
        for (command, expected) in [
            ("RUN /bin/sh -c curl -u ann:hunter22 https://x/", &["hunter22"][..]),
            ("curl -H \"Authorization: Bearer abcd1234efgh\" https://x", &["abcd1234efgh"]),
            ("curl -H 'PRIVATE-TOKEN: abcd1234' https://x", &["abcd1234"]),
            ("apk add x && mysql -uroot -ps3cr3t-9 -e 'x'", &["s3cr3t-9"]),
            ("mysql -p -uroot", &[]),
            ("docker login -u ann -p Zq81hhwy registry.example", &["Zq81hhwy"]),
            ("docker run -p 8080:80 x", &[]),
            ("npm config set //npm.example/:_authToken abcd-efgh-9", &["abcd-efgh-9"]),
            ("aws configure set aws_secret_access_key abcd/EFGH9", &["abcd/EFGH9"]),
            ("echo 'machine git.example login ann password Zq81hhwy' > /root/.netrc", &["Zq81hhwy"]),
            ("echo \"root:Zq81hhwy\" | chpasswd", &["Zq81hhwy"]),
            ("sh -c \"wget --password=Zq81hhwy x\"", &["Zq81hhwy"]),
            ("tool --token $TOKEN", &[]),
            ("tool --password-file /run/secrets/x", &[]),
            ("useradd -p '' ann", &[]),
            ("mkdir -p /app/data && cp -p a b", &[]),
            ("keytool -import -storepass changeit -noprompt", &[]),
        ] {
            assert_eq!(shown(command), expected, "{command}");
        }
    }

    #[test]
    fn names_and_values_of_steps() {
        let told = |text: &str| -> Vec<String> {
            pairs(text)
                .into_iter()
                .map(|(name, value, how)| format!("{how} {}={}", &text[name], &text[value]))
                .collect()
        };
        assert_eq!(
            told("RUN |2 TOKEN=abc MODE=prod /bin/sh -c make install # buildkit"),
            ["the build argument TOKEN=abc", "the build argument MODE=prod"]
        );
        assert_eq!(
            told("|1 TOKEN=abc /bin/sh -c make A=1"),
            ["the build argument TOKEN=abc", "the variable A=1"]
        );
        assert_eq!(
            told("/bin/sh -c #(nop)  ENV DB_PASSWORD=x y=z"),
            ["the variable DB_PASSWORD=x", "the variable y=z"]
        );
        assert_eq!(told("ENV DB_PASSWORD hunter2 x"), ["the variable DB_PASSWORD=hunter2 x"]);
        assert_eq!(told("ARG TOKEN=\"a b\""), ["the build argument TOKEN=a b"]);
        assert_eq!(told("LABEL a.b=c"), ["the label a.b=c"]);
        assert_eq!(
            told("RUN /bin/sh -c export A='x y' && B=2 make"),
            ["the variable A=x y", "the variable B=2"]
        );
        for text in ["", "|", "|1", "|9999999999999999999999 A=", "ENV", "ENV A", "'", "\"\\", "a\\"] {
            told(text);
            arguments(text);
        }
    }
}
