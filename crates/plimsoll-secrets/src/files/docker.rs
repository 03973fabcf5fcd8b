//! Registry log-ins of Docker, Podman, kaniko and others (`config.json`, `auth.json`, `.dockercfg`):
//! <https://docs.docker.com/reference/cli/docker/login/>, containers-auth.json(5). Credential helpers hold no secret.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "docker", title: "registry log-ins", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &[".dockercfg", ".dockerconfigjson"])
        || (path.ends_with(b".json")
            && path::ends_any(
                path,
                &[
                    ".docker/config.json",
                    "containers/auth.json",
                    "run/containers/0/auth.json",
                    "var/lib/kubelet/config.json",
                    ".config/helm/registry/config.json",
                    "registry/config.json",
                ],
            ))
        || (path.ends_with(b"/auth.json")
            && (path::below(path, "run/containers") || path::below(path, "run/user")))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    logins(&mut Sink::new(path, out), &json::parse(Text::whole(bytes)));
}

/// The log-ins of a configuration; Kubernetes' pull secrets have the same form.
pub(super) fn logins(sink: &mut Sink<'_>, root: &Node<'_>) {
    // `.dockercfg` has the registries at its top.
    let registries = root.get("auths").unwrap_or(root);
    for (registry, login) in registries.entries() {
        let host = host_of(*registry);
        let user = login.text_of("username");
        if let Some(auth) = login.text_of("auth") {
            let plain = auth.base64_pair();
            let valid = plain.is_some();
            let (name, password) = plain.unwrap_or_default();
            if values::judge(&password) != values::Judgement::Template || !valid {
                let of = if name.is_empty() || name == "<token>" {
                    String::new()
                } else {
                    format!(" of the user '{name}'")
                };
                let found = sink.secret(
                    CREDFILE,
                    "docker-auth",
                    auth,
                    format!("the registry password{of} for {host}"),
                );
                if let Some(found) = found {
                    if !valid {
                        lower(
                            found,
                            Severity::Medium,
                            Confidence::Medium,
                            "The value is not the base64 of a user and a password.",
                        );
                    } else if values::placeholder(&password) {
                        lower(
                            found,
                            Severity::Low,
                            Confidence::Low,
                            "The password is a word that documentation and examples use.",
                        );
                    }
                }
            }
        }
        if let Some(password) = login.text_of("password") {
            sink.secret(
                CREDFILE,
                "docker-password",
                password,
                format!("the registry password{} for {host}", of_user(user)),
            );
        }
        for (key, rule, what) in [
            ("identitytoken", "docker-identity-token", "an identity token"),
            ("registrytoken", "docker-registry-token", "a registry token"),
        ] {
            if let Some(token) = login.text_of(key) {
                sink.secret(CREDFILE, rule, token, format!("{what} for {host}"));
            }
        }
    }
    if let Some(headers) = root.get("HttpHeaders") {
        for (name, value) in headers.entries() {
            if let Some(value) = value.text()
                && name.is_any(&["authorization", "x-meta-authorization", "x-registry-auth"])
            {
                sink.secret(
                    CREDFILE,
                    "docker-header",
                    value,
                    format!("the header '{}' that Docker sends", name.shown()),
                );
            }
        }
    }
    if let Some(proxies) = root.get("proxies") {
        proxies.each(&mut |_, _, value| sink.urls("docker-proxy-url", value));
    }
}
