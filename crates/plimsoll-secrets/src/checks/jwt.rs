//! JSON Web Tokens (RFC 7519) in compact form.

use plimsoll_types::{Severity, Timestamp};
use serde_json::Value;

use super::{Outcome, base64_any};

/// How the note begins that says until when a token is good. An analyzer knows no clock; the rule over the image does.
pub(crate) const EXPIRY_NOTE: &str = "The token says that it is good until ";

pub(super) fn jwt(value: &[u8], _: &[u8]) -> Outcome {
    let mut parts = value.split(|byte| *byte == b'.');
    let (Some(header), Some(payload), Some(signature)) = (parts.next(), parts.next(), parts.next()) else {
        return Outcome::No;
    };
    let json = |part: &[u8]| base64_any(part).and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let Some(Value::Object(header)) = json(header) else { return Outcome::No };
    let Some(algorithm) = header.get("alg").and_then(Value::as_str) else { return Outcome::No };
    if header.contains_key("enc") {
        // Encrypted (RFC 7516): the second part is a key, not claims.
        return Outcome::Yes(Vec::new());
    }
    let Some(Value::Object(claims)) = json(payload) else { return Outcome::No };
    let mut notes = Vec::new();
    let issuer = claims.get("iss").and_then(Value::as_str);
    if let Some(issuer) = issuer.filter(|issuer| issuer.len() <= 120 && !issuer.chars().any(char::is_control))
    {
        notes.push(format!("It was issued by {issuer}."));
    }
    if let Some(expiry) = claims.get("exp").and_then(Value::as_i64).and_then(stamp) {
        notes.push(format!("{EXPIRY_NOTE}{expiry}."));
    }
    if algorithm.eq_ignore_ascii_case("none") || signature.is_empty() {
        notes.push("It is not signed, so it opens nothing by itself.".to_owned());
        return Outcome::Less { severity: Severity::Low, notes };
    }
    if issuer == Some("supabase") && claims.get("role").and_then(Value::as_str) == Some("anon") {
        notes.push("Its role is that of anonymous visitors: such keys are meant to be public.".to_owned());
        return Outcome::Less { severity: Severity::Low, notes };
    }
    Outcome::Yes(notes)
}

fn stamp(seconds: i64) -> Option<String> {
    (seconds > 0).then(|| Timestamp::from_seconds(seconds).to_string())
}

/// When the token that a note speaks of ends.
pub(crate) fn expiry(notes: &[String]) -> Option<Timestamp> {
    let note = notes.iter().find_map(|note| note.strip_prefix(EXPIRY_NOTE))?;
    note.strip_suffix('.')?.parse().ok()
}
