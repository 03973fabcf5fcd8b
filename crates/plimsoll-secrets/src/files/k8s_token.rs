//! The token that Kubernetes mounts into a pod: <https://kubernetes.io/docs/concepts/security/service-accounts/>. In an image it
//! was copied from a running one.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "k8s-token", title: "Kubernetes service-account token", is, max_size: 64 << 10, find };

fn is(path: &[u8]) -> bool {
    path.ends_with(b"/token") && path::below(path, "secrets/kubernetes.io/serviceaccount")
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    let token = Text::whole(bytes).trim();
    let parts: Vec<Text<'_>> = token.split(b'.').collect();
    if parts.len() == 3 && token.bytes().starts_with(b"eyJ") {
        let claims = parts.get(1).and_then(|claims| claims.base64()).unwrap_or_default();
        let subject = json::parse(Text::whole(&claims)).text_of("sub").map(Text::shown);
        let of = subject.map_or_else(String::new, |subject| format!(" of {subject}"));
        sink.certain(
            CREDFILE,
            "kubernetes-service-account-token",
            token,
            format!("the Kubernetes token{of}"),
        );
    }
}
