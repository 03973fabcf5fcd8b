//! Command lines that keep their log-in in a JSON file: Pulumi, Vercel, Netlify, Firebase, Cloud Foundry, npm's `np`, IBM Cloud, Heroku
//! plugins, OpenAI's Codex, and the Expo and Railway tools.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "cli-json", title: "command-line log-ins (JSON)", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path.ends_with(b".json")
        && path::ends_any(
            path,
            &[
                ".pulumi/credentials.json",
                "com.vercel.cli/auth.json",
                ".vercel/auth.json",
                ".now/auth.json",
                "netlify/config.json",
                ".netlify/config.json",
                "configstore/firebase-tools.json",
                ".cf/config.json",
                ".bluemix/config.json",
                ".expo/state.json",
                ".railway/config.json",
                ".codex/auth.json",
                "github-copilot/hosts.json",
                "github-copilot/apps.json",
                ".claude/.credentials.json",
                "rclone/token.json",
                ".minikube/config/credentials.json",
                ".docker/scout/config.json",
                "wrangler/config/default.json",
            ],
        )
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    json::parse(Text::whole(bytes)).each(&mut |_, way, value| {
        let Some(key) = way.last() else { return };
        // `accessTokens: {"https://api.example": "…"}` of Pulumi names the host.
        let parent = way.len().checked_sub(2).and_then(|at| way.get(at));
        let named = values::secret_name(key.bytes()).is_some()
            || key.is_any(&[
                "auth",
                "token",
                "oauth_token",
                "refreshToken",
                "AccessToken",
                "RefreshToken",
                "sessionSecret",
            ]);
        if (named || parent.is_some_and(|parent| parent.is("accessTokens")))
            && values::plausible(value.bytes())
        {
            let message = format!("the log-in '{}' of a command line", host_of(*key));
            sink.secret(CREDFILE, "cli-json-secret", value, message);
        }
    });
}
