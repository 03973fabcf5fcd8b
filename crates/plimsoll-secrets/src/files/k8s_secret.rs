//! Kubernetes' Secret manifests: <https://kubernetes.io/docs/concepts/configuration/secret/>. Base64 is no protection; a SealedSecret
//! and what SOPS encrypts are.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "k8s-secret", title: "Kubernetes Secret", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path.ends_with(b".yaml") || path.ends_with(b".yml")
}

/// The most documents that are looked at.
const MAX_DOCUMENTS: usize = 1000;

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let text = Text::whole(bytes);
    // Nearly all YAML is something else.
    if !text.contains("kind: Secret") && !text.contains("kind: \"Secret\"") {
        return;
    }
    let mut sink = Sink::new(path, out);
    for document in yaml::documents(text).iter().take(MAX_DOCUMENTS) {
        secret(&mut sink, document);
        for item in document.get("items").map_or(&[][..], Node::items) {
            secret(&mut sink, item);
        }
    }
}

fn secret(sink: &mut Sink<'_>, document: &Node<'_>) {
    let is_secret = document.text_of("kind").is_some_and(|kind| kind.is("Secret"));
    if !is_secret || document.get("sops").is_some() {
        return;
    }
    let metadata = document.get("metadata");
    let name = metadata.and_then(|data| data.text_of("name")).map_or_else(|| "?".to_owned(), Text::shown);
    let kind = document.text_of("type").map_or_else(String::new, Text::shown);
    for (key, value) in document.get("data").map_or(&[][..], Node::entries) {
        let Some(value) = value.text() else { continue };
        let Some(plain) = value.base64() else { continue };
        let judged = Text::whole(&plain).trim();
        // Certificates and names are public; so is the helm release's own record.
        if public(*key, judged, &kind) {
            continue;
        }
        let message = format!("the value '{}' of the Secret '{name}'", key.shown());
        if values::judge(judged.bytes()) == values::Judgement::Template {
            continue;
        }
        let class = if pem::keys(judged).is_empty() { CREDFILE } else { PRIVKEY };
        if let Some(found) = sink.secret(class, "kubernetes-secret", value, message)
            && values::placeholder(judged.bytes())
        {
            lower(
                found,
                Severity::Low,
                Confidence::Low,
                "The value is a word that documentation and examples use.",
            );
        }
    }
    for (key, value) in document.get("stringData").map_or(&[][..], Node::entries) {
        let Some(value) = value.text() else { continue };
        if public(*key, value, &kind) {
            continue;
        }
        match pem::keys(value).first() {
            Some(pem) => sink.key(PRIVKEY, "kubernetes-secret", pem, "a private key", &key.shown()),
            None => {
                let message = format!("the value '{}' of the Secret '{name}'", key.shown());
                sink.secret(CREDFILE, "kubernetes-secret", value, message);
            }
        }
    }
}

/// True for what a Secret holds beside its secret.
fn public(key: Text<'_>, value: Text<'_>, kind: &str) -> bool {
    let name = key.is_any(&[
        "ca.crt",
        "tls.crt",
        "namespace",
        "username",
        "user",
        "host",
        "hostname",
        "port",
        "database",
        "dbname",
        "url",
        "endpoint",
        "email",
        "region",
        "type",
        "project",
        "name",
    ]);
    // A URL is as public as it has no password.
    (name && url::logins(value).all(|login| login.password.is_empty()))
        || value.bytes().starts_with(b"-----BEGIN CERTIFICATE")
        || value.bytes().starts_with(b"-----BEGIN PUBLIC")
        || [
            "ssh-ed25519 AAAA",
            "ssh-rsa AAAA",
            "ecdsa-sha2-nistp256 AAAA",
            "ecdsa-sha2-nistp384 AAAA",
            "ecdsa-sha2-nistp521 AAAA",
        ]
        .iter()
        .any(|start| value.bytes().starts_with(start.as_bytes()))
        || kind.starts_with("helm.sh/release")
        || value.len() < 3
}
