//! Kubernetes' client configuration: <https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/>. What `exec` runs and what a
//! file elsewhere holds is no secret of this file.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "kubeconfig", title: "Kubernetes client configuration", is, max_size: 4 << 20, find };

fn is(path: &[u8]) -> bool {
    path::named(path, &["kubeconfig", ".kubeconfig", "k3s.yaml", "kubeconfig.yaml", "kubeconfig.yml"])
        || path::suffixed(path, ".kubeconfig")
        || path::ends(path, ".kube/config")
        || (path.ends_with(b".conf") && path::below(path, "etc/kubernetes"))
        || path::ends(path, "var/lib/kubelet/kubeconfig")
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let text = Text::whole(bytes);
    let documents =
        if text.trim().bytes().starts_with(b"{") { vec![json::parse(text)] } else { yaml::documents(text) };
    for document in &documents {
        let cluster = document.get("clusters").and_then(|list| list.items().first());
        let server = for_host(cluster.and_then(|item| item.get("cluster")?.text_of("server")));
        for item in document.get("users").map_or(&[][..], Node::items) {
            let name = item
                .text_of("name")
                .map_or_else(String::new, |name| format!(" of the user '{}'", name.shown()));
            let Some(user) = item.get("user") else { continue };
            if let Some(key) = user.text_of("client-key-data") {
                let sure = key.base64().is_some_and(|plain| pem::keys(Text::whole(&plain)).len() == 1);
                let message = format!("the private key{name}{server}");
                if let Some(found) = sink.secret(CREDFILE, "kubeconfig-client-key", key, message)
                    && !sure
                {
                    lower(
                        found,
                        Severity::Medium,
                        Confidence::Medium,
                        "The value is not the base64 of a private key.",
                    );
                }
            }
            for (field, rule, what) in [
                ("token", "kubeconfig-token", "the token"),
                ("password", "kubeconfig-password", "the password"),
            ] {
                if let Some(value) = user.text_of(field) {
                    sink.secret(CREDFILE, rule, value, format!("{what}{name}{server}"));
                }
            }
            if let Some(config) = user.get("auth-provider").and_then(|provider| provider.get("config")) {
                for (field, rule) in [
                    ("refresh-token", "kubeconfig-refresh-token"),
                    ("id-token", "kubeconfig-id-token"),
                    ("access-token", "kubeconfig-access-token"),
                    ("client-secret", "kubeconfig-client-secret"),
                ] {
                    if let Some(value) = config.text_of(field) {
                        sink.secret(
                            CREDFILE,
                            rule,
                            value,
                            format!("the {}{name}{server}", field.replace('-', " ")),
                        );
                    }
                }
            }
        }
    }
}
