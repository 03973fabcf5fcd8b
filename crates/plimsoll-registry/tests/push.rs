//! Publishing artifacts: what goes into a registry comes out of it, and nothing is believed to be there that is not.

// Clippy does not take what tests share for tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::Read;
use std::time::Duration;

use plimsoll_archive::sha256;
use plimsoll_http::{Client, ClientConfig, RetryPolicy};
use plimsoll_registry::{Login, Reference, Registry, RegistryConfig, RegistryError, Secret};
use plimsoll_test::registry::{Auth, FakeRegistry, Fault};
use plimsoll_types::Digest;
use serde_json::json;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn registry(config: RegistryConfig) -> Registry {
    let retry = RetryPolicy { attempts: 3, base: Duration::from_millis(1), ..RetryPolicy::default() };
    Registry::new(Client::new(ClientConfig { retry, ..ClientConfig::default() }).unwrap(), config).unwrap()
}

fn login() -> RegistryConfig {
    let login = Login { registry: None, user: "ann".into(), password: Secret::new("secret") };
    RegistryConfig { logins: vec![login], ..RegistryConfig::default() }
}

/// The manifest of an artifact with an empty configuration and one layer.
fn manifest(layer: &[u8]) -> Vec<u8> {
    let part = |kind: &str, bytes: &[u8]| json!({"mediaType": kind, "digest": sha256(bytes).to_string(), "size": bytes.len()});
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": "application/vnd.example.thing.v1",
        "config": part("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": [part("application/vnd.example.part", layer)],
    })
    .to_string()
    .into_bytes()
}

fn push(registry: &Registry, reference: &Reference, layer: &[u8]) -> Result<Digest, RegistryError> {
    for blob in [b"{}", layer] {
        let digest = sha256(blob);
        if !registry.blob_exists(reference, &digest)? {
            registry.push_blob(reference, &digest, blob)?;
        }
    }
    registry.push_manifest(reference, MANIFEST, &manifest(layer))
}

#[test]
fn an_artifact_is_pushed_and_read_again() {
    let fake = FakeRegistry::start().unwrap();
    let registry = registry(RegistryConfig::default());
    let reference: Reference = format!("{}/team/thing:1", fake.host()).parse().unwrap();
    let layer: Vec<u8> = (0..2_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let digest = push(&registry, &reference, &layer).unwrap();
    assert_eq!(digest, sha256(&manifest(&layer)));
    let artifact = registry.artifact(&reference).unwrap();
    assert_eq!(
        (artifact.digest, artifact.artifact_type.as_str()),
        (digest.clone(), "application/vnd.example.thing.v1")
    );
    let mut bytes = Vec::new();
    artifact.config.unwrap().open().unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"{}");
    for position in [0, 1_234_567, 1_999_999] {
        let mut rest = Vec::new();
        artifact.layers[0].open_from(position).unwrap().read_to_end(&mut rest).unwrap();
        assert!(rest == layer[position as usize..], "from {position}");
    }
    // A second time, only what is missing goes over the line.
    fake.forget_requests();
    push(&registry, &reference, &layer).unwrap();
    let methods: Vec<String> = fake.requests().into_iter().map(|request| request.method).collect();
    assert_eq!(methods, ["HEAD", "HEAD", "PUT"]);
    // By digest; and a manifest under another's digest is not sent at all.
    let by_digest: Reference = format!("{}/team/thing@{digest}", fake.host()).parse().unwrap();
    registry.push_manifest(&by_digest, MANIFEST, &manifest(&layer)).unwrap();
    let error = registry.push_manifest(&by_digest, MANIFEST, b"{}").unwrap_err();
    assert!(matches!(error, RegistryError::DigestMismatch { .. }), "{error}");
}

#[test]
fn pushing_signs_in() {
    let fake = FakeRegistry::start().unwrap();
    let reference: Reference = format!("{}/team/thing:1", fake.host()).parse().unwrap();
    let user = Some(("ann".to_owned(), "secret".to_owned()));
    for auth in [
        Auth::Token { user, identity_token: None },
        Auth::Basic { user: "ann".into(), password: "secret".into() },
    ] {
        fake.set_auth(auth);
        // The token for looking is not enough for pushing: another one is asked for.
        push(&registry(login()), &reference, b"layer").unwrap();
        let error = push(&registry(RegistryConfig::default()), &reference, b"layer").unwrap_err();
        assert!(matches!(error, RegistryError::Unauthorized { status: 401, .. }), "{error}");
    }
}

#[test]
fn a_registry_that_does_not_take_it() {
    let fake = FakeRegistry::start().unwrap();
    let registry = registry(RegistryConfig::default());
    let reference: Reference = format!("{}/team/thing:1", fake.host()).parse().unwrap();
    // The manifest's parts are not there.
    let error = registry.push_manifest(&reference, MANIFEST, &manifest(b"missing")).unwrap_err();
    assert!(error.to_string().contains("400: blob unknown: sha256:"), "{error}");
    // Other bytes than the digest says.
    let error = registry.push_blob(&reference, &sha256(b"one"), b"two").unwrap_err();
    assert!(error.to_string().contains("provided digest did not match"), "{error}");
    assert!(!registry.blob_exists(&reference, &sha256(b"one")).unwrap());
    // No word of where to, a lie about what was stored, and failures that pass.
    fake.plan("POST", 1, Fault::Header("Location".into(), String::new()));
    let error = registry.push_blob(&reference, &sha256(b"one"), b"one").unwrap_err();
    assert!(error.to_string().contains("does not say where a blob is to be sent to"), "{error}");
    let other = sha256(b"other").to_string();
    fake.plan("PUT", 1, Fault::Header("Docker-Content-Digest".into(), other));
    let error = registry.push_blob(&reference, &sha256(b"one"), b"one").unwrap_err();
    assert!(matches!(error, RegistryError::DigestMismatch { .. }), "{error}");
    fake.plan("PUT", 2, Fault::Status(503, vec![], String::new()));
    registry.push_blob(&reference, &sha256(b"late"), b"late").unwrap();
    fake.plan("POST", 9, Fault::Status(403, vec![], String::new()));
    let error = registry.push_blob(&reference, &sha256(b"late"), b"late").unwrap_err();
    assert!(matches!(error, RegistryError::Unauthorized { status: 403, .. }), "{error}");
}

#[test]
fn credentials_stay_with_the_registry() {
    let fake = FakeRegistry::start().unwrap();
    let storage = FakeRegistry::start().unwrap();
    fake.set_auth(Auth::Basic { user: "ann".into(), password: "secret".into() });
    let reference: Reference = format!("{}/team/thing:1", fake.host()).parse().unwrap();
    let registry = registry(login());
    // Signed in first, so that the answer that leads elsewhere is the one to the upload.
    registry.blob_exists(&reference, &sha256(b"one")).unwrap();
    let elsewhere = format!("http://{}/v2/team/thing/blobs/uploads/7?key=a%2Fb", storage.host());
    fake.plan("POST", 1, Fault::Header("Location".into(), elsewhere));
    registry.push_blob(&reference, &sha256(b"one"), b"one").unwrap();
    let requests = storage.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].target.contains("/uploads/7?key=a%2Fb&digest="), "{requests:?}");
    assert_eq!(requests[0].header("authorization"), None);
    assert_eq!(storage.blob(&sha256(b"one").to_string()).unwrap(), b"one");
}
