//! The Google Cloud command line's own store: `credentials.db` and `access_tokens.db` are SQLite
//! (<https://www.sqlite.org/fileformat2.html>) with JSON in a column, `legacy_credentials` holds boto files.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "gcloud", title: "gcloud's credentials", is, max_size: 16 << 20, find };

fn is(path: &[u8]) -> bool {
    path.ends_with(b".db")
        && path::named(path, &["credentials.db", "access_tokens.db"])
        && path::below(path, "gcloud")
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    if !bytes.starts_with(b"SQLite format 3\0") {
        return;
    }
    for (field, rule, what) in [
        ("\"refresh_token\"", "gcp-refresh-token", "a Google refresh token in gcloud's store"),
        (
            "\"private_key\"",
            "gcp-service-account-key",
            "the private key of a Google service account in gcloud's store",
        ),
    ] {
        let mut from = 0;
        while let Some(at) = text.from(from).find(field) {
            from += at + field.len();
            let rest = text.part(from, from + 8192).trim();
            let Some(rest) = rest.strip_prefix(":") else { continue };
            let Some(value) = rest.trim().strip_prefix("\"") else { continue };
            if let Some(end) = ini::closing(value, b'"') {
                sink.secret(CLOUD, rule, value.part(0, end), what);
            }
        }
    }
    // A row of `access_tokens`: account, token, time. Google's tokens begin with `ya29.`.
    let mut from = 0;
    while let Some(at) = text.from(from).find("ya29.") {
        let token = text.from(from + at);
        let end = token
            .bytes()
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || b"._-".contains(b)))
            .unwrap_or(token.len());
        from += at + end.max(5);
        // In a row the expiry follows without a sign between them: `…2026-11-25 18:00:00`.
        let token = token.part(0, end);
        if token.len() > 40
            && let Some(found) =
                sink.secret(CLOUD, "gcp-access-token", token, "a Google access token in gcloud's store")
        {
            lower(found, Severity::Low, Confidence::High, "An access token expires within an hour.");
        }
    }
}
