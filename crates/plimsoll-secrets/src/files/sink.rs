//! Where the kinds put what they find: judges each value, and says why a finding is less than its class.

use plimsoll_types::{Confidence, Severity};

use super::read::{Text, path, pem, url};
use super::values::{self, Judgement, Sort};
use crate::Found;

/// Credential file.
pub(super) const CREDFILE: &str = "SEC-CREDFILE";
/// Cloud keys and service accounts.
pub(super) const CLOUD: &str = "SEC-CLOUD";
/// Private keys.
pub(super) const PRIVKEY: &str = "SEC-PRIVKEY";
/// Keys of hosts.
pub(super) const HOSTKEY: &str = "SEC-HOSTKEY";
/// Hashes of passwords.
pub(super) const HASH: &str = "SEC-HASH";
/// Key stores.
pub(super) const KEYSTORE: &str = "SEC-KEYSTORE";
/// Connection strings.
pub(super) const DBURL: &str = "SEC-DBURL";
/// Passwords in configuration.
pub(super) const PASSWORD: &str = "SEC-PASSWORD";
/// Histories of shells.
pub(super) const SHELLHIST: &str = "SEC-SHELLHIST";

/// The most findings of one file.
const MAX_FOUND: usize = 500;

/// Collects the findings of one file.
pub(super) struct Sink<'o> {
    out: &'o mut Vec<Found>,
    first: usize,
    sample: Option<&'static str>,
}

impl<'o> Sink<'o> {
    /// For the file at `path`.
    pub(super) fn new(path: &[u8], out: &'o mut Vec<Found>) -> Sink<'o> {
        let first = out.len();
        Sink { out, first, sample: path::sample(path) }
    }

    /// The finding at the same place, when there is one.
    fn known(&self, value: &Text<'_>) -> bool {
        let found = self.out.get(self.first..).unwrap_or_default();
        found.len() >= MAX_FOUND
            || found.iter().any(|found| !value.is_empty() && found.value == value.range())
    }

    /// A secret of a file that is made to hold secrets. A template is left out, a well-known word is reported as less.
    pub(super) fn secret(
        &mut self,
        class: &'static str,
        rule: &str,
        value: Text<'_>,
        message: impl Into<String>,
    ) -> Option<&mut Found> {
        let value = value.trim();
        let judgement = values::judge(value.bytes());
        if judgement == Judgement::Template {
            return None;
        }
        let default = judgement == Judgement::Default;
        let sample = self.sample.is_some();
        let found = self.certain(class, rule, value, message)?;
        if default {
            // In a template, it is what the template is for.
            lower(
                found,
                if sample { Severity::Negligible } else { Severity::Low },
                Confidence::Low,
                "The value is a word that documentation and examples use.",
            );
        }
        Some(found)
    }

    /// A secret whose value needs no judgement; with an empty value the whole file is meant.
    pub(super) fn certain(
        &mut self,
        class: &'static str,
        rule: &str,
        value: Text<'_>,
        message: impl Into<String>,
    ) -> Option<&mut Found> {
        if self.known(&value) {
            return None;
        }
        self.out.push(Found {
            class,
            rule: rule.to_owned(),
            value: value.range(),
            severity: None,
            confidence: Confidence::High,
            message: message.into(),
            notes: Vec::new(),
        });
        let sample = self.sample;
        let found = self.out.last_mut()?;
        if let Some(note) = sample {
            lower(found, Severity::Low, Confidence::Low, note);
        }
        Some(found)
    }

    /// The passwords of the URLs in a text, and tokens that stand for a user.
    pub(super) fn urls(&mut self, rule: &str, text: Text<'_>) {
        for login in url::logins(text) {
            let (user, host) = (login.user.shown(), login.host.shown());
            if !login.password.is_empty() {
                let class = if login.is_database() { DBURL } else { CREDFILE };
                // `https://TOKEN:x-oauth-basic@host`: the user is the secret.
                if login.password.is_any(&["x-oauth-basic", "x-oauth-token"]) {
                    self.secret(CREDFILE, rule, login.user, format!("a token for {host} in a URL"));
                    continue;
                }
                let who = if user.is_empty() { String::new() } else { format!(" of the user '{user}'") };
                self.secret(class, rule, login.password, format!("the password{who} for {host} in a URL"));
            } else if login.user.len() >= 20 && !login.user.bytes().contains(&b'@') && !login.is_database() {
                self.secret(CREDFILE, rule, login.user, format!("a token for {host} in a URL"));
            }
        }
    }

    /// A pair whose name must say that its value is a secret: of a file that holds much else. Says whether it was one.
    pub(super) fn pair(&mut self, class: &'static str, rule: &str, name: Text<'_>, value: Text<'_>) -> bool {
        let before = self.out.len();
        let value = value.trim();
        if value.contains("://") {
            self.urls(&format!("{rule}-url"), value);
            return self.out.len() > before;
        }
        let value = match value.strip_prefix("base64:") {
            Some(inner) => inner,
            None => value,
        };
        if let Some(key) = pem::keys(value).first() {
            self.key(PRIVKEY, &format!("{rule}-private-key"), key, "a private key", &name.shown());
            return self.out.len() > before;
        }
        let Some(sort) = values::secret_name(name.bytes()) else { return false };
        if !values::plausible(value.bytes()) || hashed(value) {
            return false;
        }
        let cloud = name.contains("AWS_SECRET_ACCESS_KEY") || name.contains("aws_secret_access_key");
        let (class, shown) = (if cloud { CLOUD } else { class }, name.shown());
        self.secret(
            class,
            &format!("{rule}-{}", sort.word()),
            value,
            format!("the {} in '{shown}'", noun(sort)),
        );
        // A password may be such a word and open something all the same; a service issues no such key or token.
        if sort != Sort::Password && values::judge(value.bytes()) == Judgement::Default {
            self.out.iter_mut().skip(before).for_each(|found| found.severity = Some(Severity::Negligible));
        }
        self.out.len() > before
    }

    /// Says of the last finding what it belongs to.
    pub(super) fn of(&mut self, whose: &str) {
        self.last(|found| {
            found.message.push_str(" of ");
            found.message.push_str(whose);
        });
    }

    /// Changes the last finding, when there is one.
    pub(super) fn last(&mut self, change: impl FnOnce(&mut Found)) {
        if self.out.len() > self.first
            && let Some(found) = self.out.last_mut()
        {
            change(found);
        }
    }

    /// The findings so far.
    pub(super) fn found(&mut self) -> &mut [Found] {
        self.out.get_mut(self.first..).unwrap_or_default()
    }

    /// A private key; a passphrase makes it less.
    pub(super) fn key(&mut self, class: &'static str, rule: &str, key: &pem::Key<'_>, what: &str, of: &str) {
        let message = if of.is_empty() { what.to_owned() } else { format!("{what} in '{of}'") };
        if let Some(found) = self.certain(class, rule, key.all, message) {
            if key.encrypted {
                lower(found, Severity::Low, Confidence::High, "A passphrase guards the key.");
            } else {
                found.notes.push("No passphrase guards the key.".to_owned());
            }
        }
    }
}

/// The words for a sort in a message.
fn noun(sort: Sort) -> &'static str {
    match sort {
        Sort::Password => "password",
        Sort::Token => "token",
        Sort::Key => "secret key",
    }
}

/// True for hashes, which are secrets of another kind.
fn hashed(value: Text<'_>) -> bool {
    let bytes = value.strip_prefix("{bcrypt}").unwrap_or(value).bytes();
    [
        b"$2a$".as_slice(),
        b"$2b$",
        b"$2y$",
        b"$6$",
        b"$5$",
        b"$1$",
        b"$argon2",
        b"pbkdf2",
        b"{SSHA}",
        b"{PBKDF2}",
    ]
    .iter()
    .any(|start| bytes.starts_with(start))
}

/// Lowers a finding and says why.
pub(super) fn lower(found: &mut Found, severity: Severity, confidence: Confidence, note: &str) {
    found.severity = Some(found.severity.map_or(severity, |now| now.min(severity)));
    found.confidence = found.confidence.min(confidence);
    found.notes.push(note.to_owned());
}
