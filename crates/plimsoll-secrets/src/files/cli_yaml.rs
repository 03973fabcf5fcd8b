//! Command lines that keep their log-in in a YAML file: ngrok, doctl, fly, dbt, op, Argo CD, civo, Hetzner.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "cli-yaml", title: "command-line log-ins (YAML)", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    (path.ends_with(b".yml") || path.ends_with(b".yaml") || path.ends_with(b"config"))
        && path::ends_any(
            path,
            &[
                "ngrok/ngrok.yml",
                ".ngrok2/ngrok.yml",
                "doctl/config.yaml",
                ".fly/config.yml",
                ".dbt/profiles.yml",
                "argocd/config",
                ".conan/credentials.yml",
                "scw/config.yaml",
                ".datadog-ci/config.yml",
                "etc/datadog-agent/datadog.yaml",
                "etc/newrelic-infra.yml",
                "upctl.yaml",
                ".jira.d/config.yml",
                ".config/exercism/user.yml",
            ],
        )
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    for document in yaml::documents(Text::whole(bytes)) {
        document.each(&mut |object, way, value| {
            let Some(key) = way.last() else { return };
            let special = key.is_any(&[
                "authtoken",
                "access-token",
                "auth-token",
                "access_token",
                "secret-key",
                "secret_key",
                "license_key",
                "token",
                "pass",
                "private_key_passphrase",
            ]);
            if (special || values::secret_name(key.bytes()).is_some()) && values::plausible(value.bytes()) {
                let user = object.text_of("user").or_else(|| object.text_of("name"));
                let host = object.text_of("host").or_else(|| object.text_of("server"));
                let message = format!("the {}{}{}", key.shown(), of_user(user), for_host(host));
                sink.secret(CREDFILE, "cli-yaml-secret", value, message);
            } else {
                sink.urls("cli-yaml-url", value);
            }
        });
    }
}
