//! The AWS command line's `credentials` and `config`: <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html>.

use super::prelude::*;

pub(super) const KIND: FileKind = FileKind { id: "aws", title: "AWS credentials", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    (path.ends_with(b"credentials") || path.ends_with(b"config"))
        && path::ends_any(path, &[".aws/credentials", ".aws/config", "aws/credentials"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let entries = ini::entries(Text::whole(bytes), &ini::INI);
    for entry in &entries {
        let profile = entry.section.strip_prefix("profile ").unwrap_or(entry.section).shown();
        let id = ini::beside(&entries, entry, "aws_access_key_id")
            .map_or_else(String::new, |id| format!(" of {}", id.shown()));
        if entry.key.is("aws_secret_access_key") {
            sink.secret(
                CLOUD,
                "aws-secret-access-key",
                entry.value,
                format!("the AWS secret key{id} in the profile '{profile}'"),
            );
        } else if entry.key.is_any(&["aws_session_token", "aws_security_token"]) {
            let message = format!("an AWS session token{id} in the profile '{profile}'");
            if let Some(found) = sink.secret(CLOUD, "aws-session-token", entry.value, message) {
                lower(found, Severity::Medium, Confidence::High, "A session token expires within 36 hours.");
            }
        } else if entry.key.is_any(&["sso_client_secret", "x_security_token_expires"]) {
            continue;
        } else {
            sink.urls("aws-url", entry.value);
        }
    }
}
