//! Images from a registry on this machine that signs in, redirects and fails as real ones do.

// Clippy does not take what tests share for tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::io::{self, Read};
use std::time::Duration;

use plimsoll_archive::sha256;
use plimsoll_http::{Client, ClientConfig, HttpError, RetryPolicy, Timeouts};
use plimsoll_image::{Image, ImageError, PlatformChoice};
use plimsoll_registry::{AuthFile, Login, Reference, Registry, RegistryConfig, RegistryError, Secret};
use plimsoll_test::registry::{Auth, FakeRegistry, Fault};
use plimsoll_test::signing::ArtifactText;
use plimsoll_types::Digest;
use serde_json::json;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn client() -> Client {
    let config = ClientConfig {
        retry: RetryPolicy { attempts: 3, base: Duration::from_millis(1), ..RetryPolicy::default() },
        timeouts: Timeouts { idle: Duration::from_millis(500), ..Timeouts::default() },
        ..ClientConfig::default()
    };
    Client::new(config).unwrap()
}

fn registry_with(config: RegistryConfig) -> Registry {
    Registry::new(client(), config).unwrap()
}

fn registry() -> Registry {
    registry_with(RegistryConfig::default())
}

fn reference(text: &str) -> Reference {
    text.parse().unwrap()
}

fn login(user: &str, password: &str) -> RegistryConfig {
    let login = Login { registry: None, user: user.into(), password: Secret::new(password) };
    RegistryConfig { logins: vec![login], ..RegistryConfig::default() }
}

fn open(registry: &Registry, name: &str) -> Result<Vec<Image>, RegistryError> {
    registry.open(&reference(name), &PlatformChoice::Default, "amd64")
}

/// `Image` has no `Debug`, so `unwrap_err` is out of reach.
fn refusal<T>(outcome: Result<T, RegistryError>) -> RegistryError {
    match outcome {
        Ok(_) => panic!("it went well"),
        Err(error) => error,
    }
}

fn read_layer(image: &Image, number: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    image.layers[number].blob.as_ref().unwrap().open()?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A layer large enough that it does not fit into the buffers on its way.
fn large(seed: u8) -> Vec<u8> {
    (0..2_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 ^ seed).collect()
}

/// A registry with one image of two layers, and the name of that image.
fn fake() -> (FakeRegistry, String) {
    let fake = FakeRegistry::start().unwrap();
    fake.put_image("team/app", Some("1.0"), "amd64", &[b"base", &large(0)]);
    let name = format!("{}/team/app:1.0", fake.host());
    (fake, name)
}

#[test]
fn opens_an_image() {
    let (fake, name) = fake();
    let images = open(&registry(), &name).unwrap();
    let [image] = &images[..] else { panic!("{} images", images.len()) };
    let metadata = &image.metadata;
    assert_eq!(metadata.platform.to_string(), "linux/amd64");
    assert_eq!(metadata.tags, [name]);
    assert_eq!(metadata.created.unwrap().to_string(), "2024-09-06T12:05:36Z");
    assert_eq!(metadata.labels, [("maintainer".to_owned(), "nobody".to_owned())]);
    assert_eq!(metadata.id, Some(sha256(&image.config.raw)));
    assert_eq!(metadata.layers.len(), 2);
    let base = &image.layers[0];
    assert_eq!((base.digest.as_ref(), base.size), (Some(&sha256(b"base")), 4));
    assert_eq!(base.diff_id, sha256(b"base"));
    assert_eq!(base.created_by, format!("ADD {}", sha256(b"base")));
    assert_eq!(read_layer(image, 0).unwrap(), b"base");
    assert!(read_layer(image, 1).unwrap() == large(0));
    assert!(read_layer(image, 1).unwrap() == large(0), "a second time");

    let asked = fake.requests();
    assert_eq!(asked[0].target, "/v2/");
    let accept = asked[1].header("accept").unwrap();
    for media_type in [MANIFEST, INDEX, "application/vnd.docker.distribution.manifest.v2+json"] {
        assert!(accept.contains(media_type), "{accept}");
    }
}

#[test]
fn opens_by_digest_and_resolves_tags() {
    let (fake, name) = fake();
    let registry = registry();
    let digest = registry.resolve(&reference(&name)).unwrap();
    assert_eq!(fake.requests().last().unwrap().method, "HEAD");
    let by_digest = format!("{}/team/app@{digest}", fake.host());
    let images = open(&registry, &by_digest).unwrap();
    assert_eq!(images[0].metadata.manifest.as_ref(), Some(&digest));
    assert!(images[0].metadata.tags.is_empty());
    assert_eq!(registry.resolve(&reference(&by_digest)).unwrap(), digest);

    // Without the header the manifest is fetched after all.
    fake.plan("/manifests/1.0", 2, Fault::Header("Docker-Content-Digest".into(), String::new()));
    assert_eq!(registry.resolve(&reference(&name)).unwrap(), digest);
    assert_eq!(fake.requests().last().unwrap().method, "GET");
}

#[test]
fn an_offline_client_asks_nobody() {
    let (fake, name) = fake();
    let offline = Client::new(ClientConfig { offline: true, ..ClientConfig::default() }).unwrap();
    let error = refusal(open(&Registry::new(offline, RegistryConfig::default()).unwrap(), &name));
    assert!(matches!(error, RegistryError::Http(HttpError::Offline { .. })), "{error:?}");
    assert!(fake.requests().is_empty());
}

#[test]
fn layers_are_read_by_several_threads_at_once() {
    let fake = FakeRegistry::start().unwrap();
    fake.set_auth(Auth::Token { user: None, identity_token: None });
    let layers: Vec<Vec<u8>> = (0..8).map(large).collect();
    let parts: Vec<&[u8]> = layers.iter().map(Vec::as_slice).collect();
    fake.put_image("a", Some("1"), "amd64", &parts);
    let images = open(&registry(), &format!("{}/a:1", fake.host())).unwrap();
    fake.expire_tokens();
    fake.forget_requests();
    std::thread::scope(|scope| {
        for (number, layer) in layers.iter().enumerate() {
            let image = &images[0];
            scope.spawn(move || assert!(read_layer(image, number).unwrap() == *layer));
        }
    });
    let tokens = fake.requests().iter().filter(|request| request.target.starts_with("/token")).count();
    assert_eq!(tokens, 1, "one token is enough for all");
}

/// Puts an index of two platforms, an attestation, and an index within it.
fn put_index(fake: &FakeRegistry) -> Digest {
    let layers = [("amd64", &b"x86 layer"[..]), ("arm64", b"arm layer")];
    let images = layers.map(|(architecture, layer)| {
        let digest = fake.put_image("multi", None, architecture, &[layer]);
        json!({"mediaType": MANIFEST, "digest": digest.to_string(), "size": 0,
               "platform": {"os": "linux", "architecture": architecture}})
    });
    let attestation = json!({"mediaType": MANIFEST, "digest": sha256(b"none").to_string(), "size": 9,
                             "platform": {"os": "unknown", "architecture": "unknown"}});
    let inner = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [images[1]]}).to_string();
    let inner_digest = fake.put_manifest("multi", None, INDEX, inner.as_bytes());
    let inner = json!({"mediaType": INDEX, "digest": inner_digest.to_string(), "size": inner.len()});
    let outer = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [attestation, images[0], inner]});
    fake.put_manifest("multi", Some("latest"), INDEX, outer.to_string().as_bytes())
}

#[test]
fn chooses_platforms_in_indexes() {
    let fake = FakeRegistry::start().unwrap();
    put_index(&fake);
    let registry = registry();
    let platforms = |repository: &str, choice: &str, machine: &str| -> Result<Vec<String>, RegistryError> {
        let choice = match choice {
            "" => PlatformChoice::Default,
            text => PlatformChoice::parse(text).unwrap(),
        };
        let name = reference(&format!("{}/{repository}", fake.host()));
        let images = registry.open(&name, &choice, machine)?;
        Ok(images.iter().map(|image| image.metadata.platform.to_string()).collect())
    };
    assert_eq!(platforms("multi", "", "amd64").unwrap(), ["linux/amd64"]);
    assert_eq!(platforms("multi", "all", "amd64").unwrap(), ["linux/amd64", "linux/arm64"]);
    assert_eq!(platforms("multi", "linux/amd64", "arm64").unwrap(), ["linux/amd64"]);
    let error = refusal(platforms("multi", "linux/s390x", "amd64"));
    assert!(matches!(error, RegistryError::Image(ImageError::NoPlatform { .. })), "{error:?}");

    // Without an index the configuration tells.
    fake.put_image("single", Some("latest"), "amd64", &[b"x"]);
    let error = refusal(platforms("single", "arm64", "amd64"));
    assert!(matches!(error, RegistryError::Image(ImageError::NoPlatform { .. })), "{error:?}");
    assert_eq!(platforms("single", "", "arm64").unwrap(), ["linux/amd64"]);
}

#[test]
fn indexes_do_not_go_on_forever() {
    let fake = FakeRegistry::start().unwrap();
    let mut digest = fake.put_image("deep", None, "amd64", &[b"x"]);
    for _ in 0..6 {
        let entry = json!({"mediaType": "", "digest": digest.to_string()});
        let index = json!({"schemaVersion": 2, "manifests": [entry]});
        digest = fake.put_manifest("deep", Some("latest"), INDEX, index.to_string().as_bytes());
    }
    let error = refusal(open(&registry(), &format!("{}/deep", fake.host())));
    assert!(matches!(error, RegistryError::Depth { .. }), "{error:?}");

    let entries = vec![json!({"mediaType": MANIFEST, "digest": digest.to_string(), "size": 1}); 1000];
    let wide = json!({"schemaVersion": 2, "manifests": entries}).to_string();
    fake.put_manifest("wide", Some("latest"), INDEX, wide.as_bytes());
    let wide = reference(&format!("{}/wide", fake.host()));
    let error = refusal(registry().open(&wide, &PlatformChoice::All, "amd64"));
    assert!(error.to_string().contains("more than 256 images"), "{error}");
}

#[test]
fn signs_in_with_tokens() {
    let (fake, name) = fake();
    fake.set_auth(Auth::Token { user: None, identity_token: None });
    let registry = registry();
    let images = open(&registry, &name).unwrap();
    assert_eq!(read_layer(&images[0], 0).unwrap(), b"base");
    let tokens = || fake.requests().iter().filter(|request| request.target.starts_with("/token")).count();
    assert_eq!(tokens(), 1);
    let asked = fake.requests();
    let token = asked.iter().find(|request| request.target.starts_with("/token")).unwrap();
    assert_eq!(token.target, "/token?service=fake%20registry&scope=repository%3Ateam%2Fapp%3Apull");

    fake.expire_tokens();
    assert!(read_layer(&images[0], 1).unwrap() == large(0));
    assert_eq!(tokens(), 2);

    // Another repository needs another token.
    fake.put_image("other", Some("latest"), "amd64", &[b"x"]);
    open(&registry, &format!("{}/other", fake.host())).unwrap();
    assert_eq!(tokens(), 3);
}

#[test]
fn signs_in_with_passwords() {
    let (fake, name) = fake();
    let token = Auth::Token {
        user: Some(("me".into(), "hunter2".into())),
        identity_token: Some("refresh/me".into()),
    };
    let basic = Auth::Basic { user: "me".into(), password: "hunter2".into() };
    let basic_entry = json!({"auth": "bWU6aHVudGVyMg=="});
    for (auth, entry) in [(basic, basic_entry), (token, json!({"identitytoken": "refresh/me"}))] {
        fake.set_auth(auth);
        let images = open(&registry_with(login("me", "hunter2")), &name).unwrap();
        assert_eq!(read_layer(&images[0], 0).unwrap(), b"base");

        for (config, is_anonymous) in [(RegistryConfig::default(), true), (login("me", "hunter3"), false)] {
            let error = refusal(open(&registry_with(config), &name));
            let RegistryError::Unauthorized { status: 401, anonymous, .. } = &error else {
                panic!("{error:?}")
            };
            assert_eq!(*anonymous, is_anonymous);
            assert!(!format!("{error} {error:?}").contains("hunter"), "{error:?}");
            assert!(error.hint().is_some());
        }

        let json = json!({"auths": {format!("http://{}", fake.host()): entry}}).to_string();
        let file = AuthFile::Inline { name: "DOCKER_AUTH_CONFIG".into(), json: Secret::new(json) };
        let config = RegistryConfig { auth_files: vec![file], ..RegistryConfig::default() };
        open(&registry_with(config), &name).unwrap();
    }
    let post = fake.requests().into_iter().find(|request| request.method == "POST").unwrap();
    assert!(post.body.contains("refresh%2Fme") && !post.target.contains("refresh"), "{post:?}");
}

#[test]
fn a_given_token_is_sent_as_it_is() {
    let (fake, name) = fake();
    fake.set_auth(Auth::Token { user: Some(("u".into(), "p".into())), identity_token: None });
    let with = |token: &str| {
        registry_with(RegistryConfig { token: Some(Secret::new(token)), ..RegistryConfig::default() })
    };
    let error = refusal(open(&with("wrong"), &name));
    assert!(error.to_string().contains("the token given"), "{error}");
    // The right one is the one that the password buys.
    open(&registry_with(login("u", "p")), &name).unwrap();
    fake.forget_requests();
    open(&with("token-1"), &name).unwrap();
    assert!(fake.requests().iter().any(|request| request.header("authorization") == Some("Bearer token-1")));
}

#[test]
fn credentials_are_tried_where_strangers_find_nothing() {
    let (fake, name) = fake();
    fake.set_auth(Auth::Basic { user: "me".into(), password: "p".into() });
    fake.plan("/manifests/", 1, Fault::Status(404, Vec::new(), String::new()));
    open(&registry_with(login("me", "p")), &name).unwrap();
    fake.plan("/manifests/", 1, Fault::Status(403, Vec::new(), String::new()));
    let error = refusal(open(&registry(), &name));
    assert!(matches!(error, RegistryError::Unauthorized { status: 403, anonymous: true, .. }), "{error:?}");
}

#[test]
fn tells_what_went_wrong() {
    let (fake, name) = fake();
    let registry = registry();
    let error = refusal(open(&registry, &format!("{}/team/app:2.0", fake.host())));
    assert!(
        matches!(&error, RegistryError::NotFound { what, .. } if what.ends_with("team/app:2.0")),
        "{error:?}"
    );
    assert!(error.to_string().contains("manifest unknown"), "{error}");

    let headers = vec![("Retry-After".to_owned(), "3600".to_owned())];
    let body = "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\"}]}".to_owned();
    fake.plan("/manifests/", 1, Fault::Status(429, headers, body));
    let error = refusal(open(&registry, &name));
    assert!(matches!(error, RegistryError::TooManyRequests { retry_after: Some(3600), .. }), "{error:?}");
    assert!(error.to_string().contains("TOOMANYREQUESTS"), "{error}");

    fake.plan("/manifests/", 2, Fault::Status(503, Vec::new(), String::new()));
    open(&registry, &name).unwrap();
    fake.plan("/manifests/", 3, Fault::Status(500, Vec::new(), "<html>oops</html>".into()));
    let error = refusal(open(&registry, &name));
    assert!(
        matches!(&error, RegistryError::Status { status: 500, detail, .. } if detail.is_empty()),
        "{error:?}"
    );

    fake.plan("/blobs/", 1, Fault::Status(404, Vec::new(), String::new()));
    let error = refusal(open(&registry, &name));
    assert!(
        matches!(&error, RegistryError::NotFound { what, .. } if what.starts_with("configuration")),
        "{error:?}"
    );

    drop(fake);
    let error = refusal(open(&registry, &name));
    assert!(matches!(error, RegistryError::Http(HttpError::Connect { .. })), "{error:?}");
}

#[test]
fn other_bytes_than_promised_are_refused() {
    let (fake, name) = fake();
    let registry = registry();
    let digest = registry.resolve(&reference(&name)).unwrap();
    let by_digest = format!("{}/team/app@{digest}", fake.host());
    let mismatch = |error: &RegistryError| matches!(error, RegistryError::DigestMismatch { .. });

    fake.plan("/manifests/", 1, Fault::Body(b"{\"schemaVersion\": 2}".to_vec()));
    let error = refusal(open(&registry, &name));
    assert!(mismatch(&error), "{error:?}");

    // A registry that says the other bytes' digest does not get away with it either.
    let other = fake.put_manifest("team/app", Some("other"), MANIFEST, b"{\"schemaVersion\": 2}");
    let lie = || Fault::Header("Docker-Content-Digest".into(), other.to_string());
    fake.plan("GET /v2/team/app/manifests/sha256", 1, lie());
    let error = refusal(open(&registry, &by_digest));
    assert!(mismatch(&error), "{error:?}");
    fake.plan("HEAD /v2/", 1, lie());
    let error = refusal(registry.resolve(&reference(&by_digest)));
    assert!(mismatch(&error), "{error:?}");

    fake.plan("/blobs/", 1, Fault::Body(b"{}".to_vec()));
    let error = refusal(open(&registry, &name));
    assert!(matches!(error, RegistryError::Size { .. }), "{error:?}");
    let config = open(&registry, &name).unwrap()[0].config.raw.len();
    fake.plan("/blobs/", 1, Fault::Body(vec![b' '; config]));
    let error = refusal(open(&registry, &name));
    assert!(mismatch(&error), "{error:?}");

    fake.plan("/manifests/", 1, Fault::Body(vec![b' '; 9 << 20]));
    let error = refusal(open(&registry, &name));
    assert!(matches!(error, RegistryError::Http(HttpError::TooLarge { .. })), "{error:?}");
}

#[test]
fn a_configuration_must_fit_its_manifest() {
    let fake = FakeRegistry::start().unwrap();
    let config = json!({"architecture": "amd64", "os": "linux", "rootfs": {"diff_ids": []}}).to_string();
    let digest = fake.put_blob(config.as_bytes()).to_string();
    let layer = fake.put_blob(b"layer").to_string();
    let config_type = "application/vnd.oci.image.config.v1+json";
    let layer_type = "application/vnd.oci.image.layer.v1.tar";
    let manifest = json!({"schemaVersion": 2,
        "config": {"mediaType": config_type, "digest": digest, "size": config.len()},
        "layers": [{"mediaType": layer_type, "digest": layer, "size": 5}]});
    fake.put_manifest("odd", Some("latest"), MANIFEST, manifest.to_string().as_bytes());
    let error = refusal(open(&registry(), &format!("{}/odd", fake.host())));
    assert!(matches!(error, RegistryError::Layers { layers: 1, diff_ids: 0, .. }), "{error:?}");
}

#[test]
fn every_prefix_of_a_manifest_is_survived() {
    let fake = FakeRegistry::start().unwrap();
    // Read as an artifact, whose parser is this crate's own.
    let whole = json!({"schemaVersion": 2, "artifactType": "x/y", "layers": [
        {"mediaType": "a/b", "digest": sha256(b"x").to_string(), "size": 1, "annotations": {"k": "v"}}]})
    .to_string();
    let name = reference(&format!("{}/prefix", fake.host()));
    let registry = registry();
    for len in 0..=whole.len() {
        fake.put_manifest("prefix", Some("latest"), MANIFEST, &whole.as_bytes()[..len]);
        assert_eq!(registry.artifact(&name).is_ok(), len == whole.len(), "prefix of {len}");
        let mut flipped = whole.as_bytes().to_vec();
        flipped[len.min(whole.len() - 1)] ^= 0x15;
        fake.put_manifest("prefix", Some("latest"), MANIFEST, &flipped);
        if let Ok(artifact) = registry.artifact(&name) {
            assert_eq!(artifact.digest, sha256(&flipped));
        }
    }
}

#[test]
fn opens_artifacts() {
    let fake = FakeRegistry::start().unwrap();
    let layer = fake.put_blob(b"database");
    let config = fake.put_blob(b"{}").to_string();
    let config_type = "application/vnd.aquasec.trivy.config.v1+json";
    let layer_type = "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip";
    let created = "2024-01-01T00:00:00Z";
    let manifest = json!({"schemaVersion": 2, "annotations": {"org.opencontainers.image.created": created},
        "config": {"mediaType": config_type, "digest": config, "size": 2},
        "layers": [{"mediaType": layer_type, "digest": layer.to_string(), "size": 8,
                    "annotations": {"org.opencontainers.image.title": "db.tar.gz"}}]});
    let digest = fake.put_manifest("db", Some("2"), MANIFEST, manifest.to_string().as_bytes());
    let name = format!("{}/db:2", fake.host());
    let artifact = registry().artifact(&reference(&name)).unwrap();
    assert_eq!((&artifact.digest, artifact.artifact_type.as_str()), (&digest, config_type));
    assert_eq!(artifact.annotations["org.opencontainers.image.created"], created);
    let [layer] = &artifact.layers[..] else { panic!("{} layers", artifact.layers.len()) };
    assert_eq!((layer.media_type.as_str(), layer.size), (layer_type, 8));
    assert_eq!(layer.annotations["org.opencontainers.image.title"], "db.tar.gz");
    let mut bytes = Vec::new();
    layer.open().unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"database");
    // It is no image.
    let error = refusal(open(&registry(), &name));
    assert!(matches!(error, RegistryError::Image(ImageError::MediaType { .. })), "{error:?}");
}

#[test]
fn a_broken_layer_is_taken_up_where_it_broke() {
    for ranges in [true, false] {
        let (fake, name) = fake();
        if !ranges {
            fake.ignore_ranges();
        }
        let images = open(&registry(), &name).unwrap();
        fake.forget_requests();
        fake.plan("/blobs/", 1, Fault::Break(700_000));
        fake.plan("/blobs/", 1, Fault::Break(if ranges { 10 } else { 900_000 }));
        fake.plan("/blobs/", 1, Fault::Stall(if ranges { 100 } else { 800_000 }));
        assert!(read_layer(&images[0], 1).unwrap() == large(0), "ranges: {ranges}");
        let asked: Vec<Option<String>> =
            fake.requests().iter().map(|request| request.header("range").map(str::to_owned)).collect();
        let from = |n: u32| Some(format!("bytes={n}-"));
        let expected = if ranges {
            [None, from(700_000), from(700_010), from(700_110)]
        } else {
            [None, from(700_000), from(900_000), from(900_000)]
        };
        assert_eq!(asked, expected, "ranges: {ranges}");
    }
}

#[test]
fn a_layer_that_keeps_breaking_is_an_error() {
    let (fake, name) = fake();
    let images = open(&registry(), &name).unwrap();
    fake.forget_requests();
    fake.plan("/blobs/", 100, Fault::Break(10));
    let error = read_layer(&images[0], 1).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    let digest = sha256(&large(0));
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<RegistryError>());
    assert!(
        matches!(inner, Some(RegistryError::Broken { digest: d, position: 60, resumed: 5 }) if *d == digest),
        "{inner:?}"
    );
    assert_eq!(fake.requests().len(), 6);
}

#[test]
fn a_layer_of_another_length_is_an_error() {
    let (fake, name) = fake();
    let images = open(&registry(), &name).unwrap();
    let long = [&b"base"[..], b"more"].concat();
    for (body, actual) in [(&b"bas"[..], 3), (&long, 8), (b"", 0)] {
        fake.plan("/blobs/", 1, Fault::Body(body.to_vec()));
        let error = read_layer(&images[0], 0).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(error.to_string().contains(&format!("{} has {actual} bytes", sha256(b"base"))), "{error}");
    }
    fake.plan("/blobs/", 1, Fault::Header("Content-Length".into(), "1000".into()));
    assert_eq!(read_layer(&images[0], 0).unwrap_err().kind(), io::ErrorKind::InvalidData);
    // Without a length the bytes are counted.
    fake.plan("/blobs/", 1, Fault::Chunked);
    assert_eq!(read_layer(&images[0], 0).unwrap(), b"base");
    // Of the same length but with other bytes: that is for the reader's digest.
    fake.plan("/blobs/", 1, Fault::Body(b"BASE".to_vec()));
    assert_eq!(read_layer(&images[0], 0).unwrap(), b"BASE");
}

#[test]
fn layers_come_from_object_storage_without_credentials() {
    let (fake, name) = fake();
    fake.set_auth(Auth::Basic { user: "me".into(), password: "p".into() });
    let storage = FakeRegistry::start().unwrap();
    let digest = storage.put_blob(&large(0));
    let images = open(&registry_with(login("me", "p")), &name).unwrap();
    let to = format!("http://{}/storage/{digest}?X-Signature=secret", storage.host());
    fake.plan(&format!("/blobs/{digest}"), 3, Fault::Redirect(to));
    storage.plan("/storage/", 1, Fault::Break(1_000_000));
    assert!(read_layer(&images[0], 1).unwrap() == large(0));
    let asked = storage.requests();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].header("range"), Some("bytes=1000000-"));
    for request in asked {
        assert_eq!(request.header("authorization"), None);
        assert!(request.target.contains("X-Signature=secret"));
    }

    // What object storage refuses is no reason to sign in again, and its signature is not told.
    storage.plan("/storage/", 1, Fault::Status(403, Vec::new(), "SignatureDoesNotMatch".into()));
    let error = read_layer(&images[0], 1).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    assert_eq!(storage.requests().len(), 3);
}

#[test]
fn a_slow_layer_is_no_broken_one() {
    let (fake, name) = fake();
    let images = open(&registry(), &name).unwrap();
    fake.forget_requests();
    fake.plan("/blobs/", 1, Fault::Slow(1, Duration::from_millis(200)));
    assert_eq!(read_layer(&images[0], 0).unwrap(), b"base");
    assert_eq!(fake.requests().len(), 1);
}

#[test]
fn mirrors_are_asked_first() {
    let (mirror, _) = fake();
    mirror.put_image("hub/library/alpine", Some("3"), "amd64", &[b"from the mirror"]);
    mirror.set_auth(Auth::Token { user: None, identity_token: None });
    let mirrors = |mirrors: &[String]| RegistryConfig {
        mirrors: [("docker.io".to_owned(), mirrors.to_vec())].into(),
        // For the registry itself only.
        ..login("me", "hunter2")
    };
    let dead = "127.0.0.1:1".to_owned();
    let live = format!("http://{}/hub/", mirror.host());
    let images = open(&registry_with(mirrors(&[dead, live])), "alpine:3").unwrap();
    assert_eq!(images[0].metadata.tags, ["alpine:3"]);
    assert_eq!(read_layer(&images[0], 0).unwrap(), b"from the mirror");

    // Back to the registry itself when a mirror does not have it.
    let (own, name) = fake();
    let config = RegistryConfig {
        mirrors: [(own.host(), vec![format!("{}/elsewhere", mirror.host())])].into(),
        ..RegistryConfig::default()
    };
    mirror.forget_requests();
    assert_eq!(open(&registry_with(config), &name).unwrap().len(), 1);
    let asked = mirror.requests();
    assert!(
        asked.iter().any(|request| request.target == "/v2/elsewhere/team/app/manifests/1.0"),
        "{asked:?}"
    );

    for bad in ["", "http://", "host/Upper/Case", "https://user:hunter2@host/x"] {
        let error = refusal(Registry::new(client(), mirrors(&[bad.to_owned()])));
        assert!(matches!(error, RegistryError::Mirror { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

/// The bytes of the first layers of what is attached to `digest`, in order.
fn attached(name: &str, digest: &Digest) -> Result<Vec<String>, RegistryError> {
    let wanted = |kind: &str| kind != "application/spdx+json";
    let artifacts = registry().attached(&reference(name), digest, &wanted)?;
    let mut texts: Vec<String> = artifacts
        .iter()
        .map(|artifact| {
            let mut text = String::new();
            artifact.layers[0].open().unwrap().read_to_string(&mut text).unwrap();
            text
        })
        .collect();
    texts.sort();
    Ok(texts)
}

#[test]
fn finds_what_is_attached_by_the_list_of_referrers() {
    let (fake, name) = fake();
    let image = registry().resolve(&reference(&name)).unwrap();
    let put = |kind: &str, text: &str, subject| {
        fake.put_artifact("team/app", None, kind, ("application/json", text.as_bytes()), subject)
    };
    put("application/vnd.openvex", "vex-1", Some(&image));
    put("application/spdx+json", "sbom", Some(&image));
    put("application/vnd.openvex", "vex-2", Some(&image));
    put("application/vnd.openvex", "of another", Some(&sha256(b"another")));
    // A registry that keeps no list, and nothing under the tag either.
    assert_eq!(attached(&name, &image).unwrap(), [""; 0]);
    fake.list_referrers(10);
    assert_eq!(attached(&name, &image).unwrap(), ["vex-1", "vex-2"]);
    fake.list_referrers(1);
    assert_eq!(attached(&name, &image).unwrap(), ["vex-1", "vex-2"]);
    fake.plan("/referrers/", 1, Fault::Status(405, Vec::new(), String::new()));
    assert_eq!(attached(&name, &image).unwrap(), [""; 0]);
    // A page for people at an address that the registry does not know.
    fake.plan("/referrers/", 1, Fault::Header("Content-Type".into(), "text/html".into()));
    assert_eq!(attached(&name, &image).unwrap(), [""; 0]);
    fake.plan("/referrers/", 1, Fault::Body(b"{".to_vec()));
    assert!(matches!(refusal(attached(&name, &image)), RegistryError::Image(ImageError::Document { .. })));
    fake.plan("/referrers/", 3, Fault::Status(500, Vec::new(), String::new()));
    assert!(matches!(refusal(attached(&name, &image)), RegistryError::Status { status: 500, .. }));
}

#[test]
fn finds_what_is_attached_by_tags() {
    let (fake, name) = fake();
    let image = registry().resolve(&reference(&name)).unwrap();
    let tag = image.to_string().replace(':', "-");
    let layer = ("application/vnd.dsse.envelope.v1+json", &b"attestation"[..]);
    let attestation = format!("{tag}.att");
    fake.put_artifact("team/app", Some(&attestation), "", layer, None);
    assert_eq!(attached(&name, &image).unwrap(), ["attestation"]);
    let vex =
        fake.put_artifact("team/app", None, "application/vnd.openvex", ("application/json", b"vex"), None);
    let entry = |digest: &Digest| {
        let kind = "application/vnd.openvex";
        json!({"mediaType": MANIFEST, "digest": digest.to_string(), "size": 1, "artifactType": kind})
    };
    let index =
        json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry(&vex), entry(&vex)]}).to_string();
    fake.put_manifest("team/app", Some(&tag), INDEX, index.as_bytes());
    assert_eq!(attached(&name, &image).unwrap(), ["attestation", "vex"]);
    for end in 0..index.len() {
        fake.put_manifest("team/app", Some(&tag), INDEX, &index.as_bytes()[..end]);
        assert!(attached(&name, &image).is_err());
    }
}

#[test]
fn the_indexes_that_lead_to_an_image_and_their_attestations_are_known() {
    let fake = FakeRegistry::start().unwrap();
    let manifest = fake.put_image("team/app", None, "amd64", &[b"layer"]);
    let attestation = ArtifactText::buildkit(&manifest);
    fake.put_attachment("team/app", None, &attestation);
    let of = |digest: &Digest| {
        attestation.entry(&json!({
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": digest.to_string(),
        }))
    };
    let inner = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        {"mediaType": MANIFEST, "digest": manifest.to_string(), "size": 0},
        of(&manifest),
        ArtifactText::buildkit(&sha256(b"x")).entry(&json!({"vnd.docker.reference.type": "attestation-manifest"})),
    ]});
    let inner = fake.put_manifest("team/app", None, INDEX, inner.to_string().as_bytes());
    let outer = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        {"mediaType": INDEX, "digest": inner.to_string(), "size": 0},
    ]});
    let outer = fake.put_manifest("team/app", Some("1.0"), INDEX, outer.to_string().as_bytes());

    let registry = registry();
    let name = format!("{}/team/app:1.0", fake.host());
    let images = open(&registry, &name).unwrap();
    assert_eq!(images.len(), 1);
    assert_eq!(images[0].indexes, [outer, inner]);
    assert_eq!(images[0].attestations, [attestation.digest()]);
    let by_digest = reference(&name).with_digest(manifest.clone());
    let image = open(&registry, &by_digest.to_string()).unwrap().remove(0);
    assert_eq!((image.indexes.len(), image.attestations.len()), (0, 0));

    let there = reference(&name).with_digest(attestation.digest());
    let artifact = registry.artifact(&there).unwrap();
    let layer = &artifact.layers[1];
    assert_eq!(layer.read(layer.size).unwrap(), attestation.blobs[2]);
    assert!(layer.read(layer.size - 1).unwrap_err().to_string().contains("more than"));
    let mut other = attestation.blobs[2].clone();
    other[0] = b' ';
    fake.plan("/blobs/", 1, Fault::Body(other));
    assert!(layer.read(layer.size).unwrap_err().to_string().contains("has the digest"));
}
