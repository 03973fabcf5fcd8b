//! What findings show: short, on one line, and without the secrets that command lines and URLs hold.

use crate::shell::{Command, Script};

/// The most characters that are shown.
const MAX_SHOWN: usize = 200;

/// Parts of names whose values are not shown.
const SECRET_NAMES: &[&str] =
    &["pass", "secret", "token", "apikey", "api_key", "api-key", "credential", "authorization", "auth_key"];

/// Text as it may be shown on one line.
pub fn text(text: &str) -> String {
    let mut out = String::new();
    let mut hide = false;
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        if out.len() > MAX_SHOWN {
            out.push('…');
            break;
        }
        if std::mem::take(&mut hide) && !word.starts_with('-') {
            out.push_str("********");
            hide = word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic");
            continue;
        }
        hide = push_word(word, &mut out);
    }
    out.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// A command as it may be shown.
pub fn command(command: &Command) -> String {
    let mut words = String::new();
    for (name, value) in &command.assignments {
        words.push_str(name);
        words.push('=');
        words.push_str(value);
        words.push(' ');
    }
    for word in command.wrappers.iter().chain(&command.words) {
        words.push_str(word);
        words.push(' ');
        if words.len() > 4 * MAX_SHOWN {
            break;
        }
    }
    text(&words)
}

/// The pipeline of command `number`, up to that command and as it may be shown.
pub fn pipeline(script: &Script, number: usize) -> String {
    let mut out = String::new();
    for before in script.before_in_pipe(number) {
        out.push_str(&command(before));
        out.push_str(" | ");
        if out.len() > MAX_SHOWN {
            break;
        }
    }
    if let Some(last) = script.commands.get(number) {
        out.push_str(&command(last));
    }
    out
}

/// Adds a word with what is secret in it hidden; true when the next word is a secret.
fn push_word(word: &str, out: &mut String) -> bool {
    let names_secret = |name: &str| {
        let name = name.to_ascii_lowercase();
        SECRET_NAMES.iter().any(|part| name.contains(part))
    };
    if let Some((address, query)) = word.split_once('?')
        && address.contains("://")
    {
        push_word(address, out);
        for (number, part) in query.split('&').enumerate() {
            out.push(if number == 0 { '?' } else { '&' });
            push_word(part, out);
        }
        return false;
    }
    // `PRIVATE-TOKEN:` and `--password`.
    if (word.ends_with(':') || word.starts_with('-') && !word.contains('=')) && names_secret(word) {
        out.push_str(word);
        return true;
    }
    if let Some(at) = word.find(['=', ':'])
        && let (Some(name), Some(value)) = (word.get(..at), word.get(at + 1..))
        && names_secret(name)
        && !value.starts_with('$')
        && !value.starts_with("//")
        && !value.is_empty()
    {
        out.push_str(name);
        out.push_str(word.get(at..=at).unwrap_or_default());
        out.push_str("********");
        return false;
    }
    // The user information of a URL.
    if let Some((scheme, rest)) = word.split_once("://") {
        let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        if let Some(at) = rest.get(..authority).and_then(|authority| authority.rfind('@')) {
            out.push_str(scheme);
            out.push_str("://********");
            return push_word(rest.get(at..).unwrap_or_default(), out);
        }
    }
    // Runs of letters and digits that are no words.
    for part in word.split_inclusive(|character: char| !character.is_ascii_alphanumeric()) {
        let run = part.trim_end_matches(|character: char| !character.is_ascii_alphanumeric());
        let has = |of: fn(&u8) -> bool| run.as_bytes().iter().any(of);
        if run.len() >= 20
            && has(u8::is_ascii_digit)
            && has(u8::is_ascii_lowercase)
            && has(u8::is_ascii_uppercase)
        {
            out.push_str(run.get(..4).unwrap_or_default());
            out.push_str("********");
            out.push_str(part.get(run.len()..).unwrap_or_default());
        } else {
            out.push_str(part);
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn secrets_are_not_shown() {
        for (from, to) in [
            ("curl -o x https://u:p4ss@example.org/x", "curl -o x https://********@example.org/x"),
            ("docker login --password hunter2 -u me", "docker login --password ******** -u me"),
            ("DB_PASSWORD=hunter2 make", "DB_PASSWORD=******** make"),
            ("curl -H Authorization: Bearer abc x", "curl -H Authorization: ******** ******** x"),
            ("x aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA2cD4fG6", "x aB3d********"),
            ("apt-get install curl=1.2", "apt-get install curl=1.2"),
            ("https://example.org/?token=abc&x=1", "https://example.org/?token=********&x=1"),
            ("a\u{1b}[1mb", "a [1mb"),
        ] {
            assert_eq!(text(from), to);
        }
        assert!(text(&"word ".repeat(1_000)).len() < 300);
    }
}
