//! Whether a value that a rule found is a secret: the cheap questions first.

mod known;
mod path;
mod placeholder;
mod shape;

use std::ops::Range;

use plimsoll_types::{Confidence, Severity};

use crate::checks::Outcome;
use crate::engine::{Mode, rarity};
use crate::rule::Rule;

pub(crate) use path::Place;
pub(crate) use placeholder::{is_placeholder, is_reference};
pub(crate) use shape::{is_shape, is_uuid_or_version, name_says_no_secret};

/// What was decided of a value that is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    /// How bad it is; the class' own where `None`.
    pub(crate) severity: Option<Severity>,
    pub(crate) confidence: Confidence,
    pub(crate) notes: Vec<String>,
}

impl Verdict {
    /// Makes it no worse than `severity`, and says why.
    pub(crate) fn lower(&mut self, own: Severity, severity: Severity, note: impl Into<String>) {
        let now = self.severity.unwrap_or(own);
        if severity < now {
            self.severity = Some(severity);
        }
        self.notes.push(note.into());
    }
}

/// The least entropy of a value that no rule sets one for and that is judged by its randomness.
const GENERIC_ENTROPY: f32 = 3.0;

/// Decides of the value that stands at `value` in `text`. `None`: it is no secret.
pub(crate) fn judge(
    rule: &Rule,
    place: &Place,
    text: &[u8],
    value: &Range<usize>,
    mode: Mode,
) -> Option<Verdict> {
    let secret = text.get(value.clone())?;
    let key = rule.class.code == "SEC-PRIVKEY";
    if secret.len() < 4 {
        return None;
    }
    if known::is_example(secret) {
        return None;
    }
    if !key && !rule.users && is_placeholder(rule, secret) {
        return None;
    }
    if rule.is_generic() && !rule.users {
        // A rule that lists what it leaves out knows better what passwords look like where it looks.
        let shape = if rule.allow.is_empty() { is_shape(secret) } else { is_uuid_or_version(secret) };
        if shape || name_says_no_secret(line_before(text, value.start)) {
            return None;
        }
        if place.noise() {
            return None;
        }
        // systemd's, which the machine's own key decrypts.
        if memchr::memmem::find(line_before(text, value.start), b"SetCredentialEncrypted=").is_some() {
            return None;
        }
    }
    if let Some(least) = rule.entropy.or((rule.class.code == "SEC-GENERIC").then_some(GENERIC_ENTROPY))
        && rarity::entropy(secret) < least
    {
        return None;
    }
    if rule.class.code == "SEC-GENERIC" && !rule.users && !rarity::is_random(secret) {
        return None;
    }
    if rule.allow.iter().any(|allow| allow.is_match(secret)) {
        return None;
    }
    if !rule.exceptions.is_empty() {
        let near = around(text, value);
        let at = value.start - value.start.saturating_sub(AROUND_BEFORE);
        let line = line_of(text, value);
        if rule.exceptions.iter().any(|allow| allow.leaves_out(&place.path, secret, line, near, at)) {
            return None;
        }
    }
    let own = rule.severity.unwrap_or(rule.class.severity);
    let mut verdict = Verdict { severity: rule.severity, confidence: rule.confidence, notes: Vec::new() };
    if let Some(check) = &rule.check {
        match (check.run)(secret, around(text, value)) {
            Outcome::No => return None,
            Outcome::Yes(notes) => verdict.notes.extend(notes),
            Outcome::Less { severity, notes } => {
                if severity < own {
                    verdict.severity = Some(severity);
                }
                verdict.notes.extend(notes);
            }
            Outcome::Doubtful(note) => {
                verdict.confidence = Confidence::Medium;
                verdict.notes.push(note);
            }
            Outcome::WrongChecksum => {
                // Whoever writes a made-up token into prose or code shows what one looks like; in a file of settings, it is what
                // somebody takes for one.
                if mode == Mode::Binary || !place.settings || !is_assigned(line_before(text, value.start)) {
                    return None;
                }
                verdict.confidence = Confidence::Low;
                verdict.lower(
                    own,
                    Severity::Medium,
                    "Its checksum is wrong, so the service did not issue it as it stands; it may be mistyped or made up.",
                );
            }
        }
    }
    if let Some((severity, why)) = place.lowers(rule) {
        verdict.lower(own, severity, why);
    }
    Some(verdict)
}

/// What stands on the same line before a place, at most 80 bytes of it.
fn line_before(text: &[u8], at: usize) -> &[u8] {
    let near = text.get(at.saturating_sub(80)..at).unwrap_or_default();
    let line = memchr::memrchr(b'\n', near).map_or(0, |line| line + 1);
    near.get(line..).unwrap_or_default()
}

/// The line of a value, at most 1 KiB of it to either side.
fn line_of<'t>(text: &'t [u8], value: &Range<usize>) -> &'t [u8] {
    let from = value.start.saturating_sub(1 << 10);
    let before = text.get(from..value.start).unwrap_or_default();
    let start = memchr::memrchr(b'\n', before).map_or(from, |line| from + line + 1);
    let after = text.get(value.end..text.len().min(value.end + (1 << 10))).unwrap_or_default();
    let end = value.end + memchr::memchr(b'\n', after).unwrap_or(after.len());
    text.get(start..end).unwrap_or_default()
}

/// What a check may see around a value.
const AROUND_BEFORE: usize = 2 << 10;
const AROUND_AFTER: usize = 8 << 10;

/// The text around a value.
fn around<'t>(text: &'t [u8], value: &Range<usize>) -> &'t [u8] {
    text.get(value.start.saturating_sub(AROUND_BEFORE)..text.len().min(value.end + AROUND_AFTER))
        .unwrap_or_default()
}

/// True when a line's beginning gives the value a name, as in `GITHUB_TOKEN=` or `token: "`.
fn is_assigned(before: &[u8]) -> bool {
    let before = before.trim_ascii_end();
    let before =
        before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'")).unwrap_or(before).trim_ascii_end();
    let Some(name) = before.strip_suffix(b"=").or_else(|| before.strip_suffix(b":")) else { return false };
    let name = name.trim_ascii();
    let name = name.strip_prefix(b"export ").unwrap_or(name).trim_ascii();
    let name = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name);
    !name.is_empty()
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}
