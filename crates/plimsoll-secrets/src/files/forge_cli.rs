//! The command lines of source forges: gh (<https://cli.github.com/manual/gh_auth_login>), hub, and glab
//! (<https://docs.gitlab.com/cli/>).

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "forge-cli", title: "GitHub and GitLab command-line log-ins", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::ends_any(path, &["gh/hosts.yml", ".config/hub", "glab-cli/config.yml", "tea/config.yml"])
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    for document in yaml::documents(Text::whole(bytes)) {
        document.each(&mut |object, way, value| {
            if way.last().is_some_and(|key| key.is_any(&["oauth_token", "token", "refresh_token"])) {
                let user = object.text_of("user").or_else(|| object.text_of("name"));
                // The host is the key at the top; in glab's file the one below `hosts`.
                let host =
                    way.iter().find(|key| key.contains(".")).copied().or_else(|| object.text_of("url"));
                let message = format!("the access token{}{}", of_user(user), for_host(host));
                sink.secret(CREDFILE, "forge-cli-token", value, message);
            }
        });
    }
}
