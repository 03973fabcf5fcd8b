//! What the AWS command line caches: `sso/cache` and `cli/cache` below `.aws`,
//! <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sso.html>.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "aws-cache", title: "AWS cached credentials", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path.ends_with(b".json") && (path::below(path, ".aws/sso/cache") || path::below(path, ".aws/cli/cache"))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    json::parse(Text::whole(bytes)).each(&mut |_, way, value| {
        let (rule, what, short) = match way.last() {
            Some(key) if key.is("accessToken") => ("aws-sso-token", "an AWS single sign-on token", true),
            Some(key) if key.is("refreshToken") => {
                ("aws-sso-refresh-token", "an AWS single sign-on refresh token", false)
            }
            Some(key) if key.is("clientSecret") => {
                ("aws-sso-client-secret", "an AWS single sign-on client secret", false)
            }
            Some(key) if key.is("SecretAccessKey") => {
                ("aws-secret-access-key", "a temporary AWS secret key", true)
            }
            Some(key) if key.is("SessionToken") => ("aws-session-token", "an AWS session token", true),
            _ => return,
        };
        if let Some(found) = sink.secret(CLOUD, rule, value, what)
            && short
        {
            lower(found, Severity::Medium, Confidence::High, "It expires by itself within hours.");
        }
    });
}
