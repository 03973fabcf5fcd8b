//! Images in a registry on this machine: signing in, faults, mirrors, and no connection where none is wanted.

use std::process::Command;

use plimsoll_test::registry::{Auth, FakeRegistry, Fault};
use serde_json::json;

use crate::place::{DATABASE, Place, Run, packages};
use crate::samples::{DEMO, image};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A registry with the demonstration image as `team/app:1.0`, and its name.
fn registry() -> (FakeRegistry, String) {
    let fake = FakeRegistry::start().unwrap();
    put(&fake, "team/app", Some("1.0"), "amd64");
    let name = format!("{}/team/app:1.0", fake.host());
    (fake, name)
}

fn layers() -> Vec<Vec<u8>> {
    let mut layers: Vec<Vec<u8>> = image(DEMO).layers.into_iter().map(|layer| layer.tar).collect();
    // Larger than the buffers on its way, so that a connection can break in the middle of it.
    let noise: Vec<u8> = (0..1_500_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut last = layers.pop().unwrap();
    last.truncate(last.len() - 1024);
    plimsoll_test::images::Member { data: &noise, ..plimsoll_test::images::Member::new(b"opt/noise") }
        .write(&mut last);
    last.extend_from_slice(&[0; 1024]);
    layers.push(last);
    layers
}

fn put(fake: &FakeRegistry, repository: &str, tag: Option<&str>, architecture: &str) -> String {
    let layers = layers();
    let parts: Vec<&[u8]> = layers.iter().map(Vec::as_slice).collect();
    fake.put_image(repository, tag, architecture, &parts).to_string()
}

fn layer_digest(number: usize) -> String {
    plimsoll_archive::sha256(&layers()[number]).to_string()
}

fn arguments<'a>(name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["scan", name, "--db", DATABASE, "--no-cache", "--format", "json"], more].concat()
}

fn scan(name: &str, more: &[&str]) -> Run {
    Place::new().run(&arguments(name, more))
}

#[track_caller]
fn whole(run: Run) -> Run {
    let run = run.code(0).silent();
    assert_eq!(packages(&run.json()).len(), 6);
    assert_eq!(run.json()["complete"], true);
    run
}

#[test]
fn an_image_is_scanned() {
    let (fake, name) = registry();
    let run = whole(scan(&name, &[]));
    let report = run.json();
    assert_eq!(report["targets"][0]["name"], name.as_str());
    assert_eq!(report["targets"][0]["image"]["tags"], json!([name]));
    assert_eq!(report["targets"][0]["image"]["layers"][1]["digest"], layer_digest(1).as_str());
    for (prefix, name) in [("registry:", &name), ("registry://", &name), ("docker://", &name)] {
        whole(scan(&format!("{prefix}{name}"), &[]));
    }
    let digest = put(&fake, "team/app", None, "amd64");
    whole(scan(&format!("{}/team/app@{digest}", fake.host()), &[]));
    whole(scan(&format!("{}/team/app:1.0@{digest}", fake.host()), &[]));
    for request in fake.requests() {
        assert!(request.method == "GET" || request.method == "HEAD", "{request:?}");
        assert!(request.header("user-agent").unwrap().starts_with("plimsoll/"), "{request:?}");
    }
}

#[test]
fn a_layer_is_fetched_once() {
    let (fake, name) = registry();
    let place = Place::new();
    let scan = || place.run(&["scan", &name, "--db", DATABASE, "--cache-dir", "cache", "--format", "json"]);
    let first = whole(scan());
    let fetched = |fake: &FakeRegistry| {
        let blobs = fake.requests().into_iter().map(|request| request.target);
        blobs.filter(|target| [0, 1].iter().any(|&n| target.ends_with(&layer_digest(n)))).count()
    };
    assert_eq!(fetched(&fake), 2);
    let second = whole(scan());
    assert_eq!(fetched(&fake), 2, "the second time it is in the cache");
    assert_eq!(first.stdout, second.stdout);
}

#[test]
fn platforms_of_an_index() {
    let fake = FakeRegistry::start().unwrap();
    let manifests: Vec<_> = ["amd64", "arm64"]
        .map(|architecture| {
            json!({
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": put(&fake, "multi", None, architecture),
                "size": 0,
                "platform": {"os": "linux", "architecture": architecture},
            })
        })
        .into();
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}).to_string();
    fake.put_manifest("multi", Some("latest"), INDEX, index.as_bytes());
    let name = format!("{}/multi", fake.host());
    let names = |platform: &str| -> Vec<String> {
        let report = scan(&name, &["--platform", platform]).code(0).silent().json();
        let targets = report["targets"].as_array().unwrap().iter();
        targets.map(|target| target["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("all"), [format!("{name} (linux/amd64)"), format!("{name} (linux/arm64)")]);
    assert_eq!(names("linux/arm64"), [name.as_str()]);
    scan(&name, &["--platform", "linux/s390x"]).code(4).says(&["linux/s390x", "linux/amd64, linux/arm64"]);
}

#[test]
fn offline_means_no_connection() {
    let (fake, name) = registry();
    for flag in ["--offline", "--offline-scan"] {
        let run = scan(&name, &[flag]).code(4);
        run.says(&["error: http", "was not fetched: the network is switched off"]);
    }
    let place = Place::new();
    let mut command = place.command(&arguments(&name, &[]));
    command.env("PLIMSOLL_OFFLINE", "true");
    place.run_with(command, b"").code(4);
    assert_eq!(fake.requests(), []);
    // A file that is not there is not asked for in a registry.
    scan("missing.tar", &[]).code(4).says(&["no such file"]);
    assert_eq!(fake.requests(), []);
}

#[test]
fn credentials_from_the_command_line() {
    let (fake, name) = registry();
    for auth in [
        Auth::Basic { user: "me".into(), password: "hunter2".into() },
        Auth::Token { user: Some(("me".into(), "hunter2".into())), identity_token: None },
    ] {
        fake.set_auth(auth);
        scan(&name, &[]).code(4).says(&["error: ", "gives no access (401", "hint: ", "docker login"]);
        let wrong = scan(&name, &["--username", "me", "--password", "hunter3"]).code(4);
        let wrong = wrong.says(&["gives no access (401", "hint: check the credentials"]);
        assert!(!wrong.stderr.contains("hunter"), "{}", wrong.stderr);
        whole(scan(&name, &["--username", "me", "--password", "hunter2"]));

        let place = Place::new();
        let command = place.command(&arguments(&name, &["--username", "me", "--password-stdin"]));
        whole(place.run_with(command, b"hunter2\n"));
        let mut command = place.command(&arguments(&name, &[]));
        command.env("PLIMSOLL_USERNAME", "me").env("PLIMSOLL_PASSWORD", "hunter2");
        whole(place.run_with(command, b""));
    }
    fake.set_auth(Auth::Token { user: None, identity_token: None });
    whole(scan(&name, &[]));
    // A token is sent as it is; a wrong one is not shown.
    fake.set_auth(Auth::Token { user: Some(("u".into(), "p".into())), identity_token: None });
    let run = scan(&name, &["--registry-token", "hunter2"]).code(4);
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
}

#[test]
fn credentials_from_docker_and_podman() {
    let (fake, name) = registry();
    fake.set_auth(Auth::Basic { user: "me".into(), password: "hunter2".into() });
    // base64 of me:hunter2
    let good = json!({"auths": {fake.host(): {"auth": "bWU6aHVudGVyMg=="}}}).to_string();
    let place = Place::new();
    let run = |variables: &[(&str, &str)]| {
        let mut command = place.command(&arguments(&name, &[]));
        command.envs(variables.iter().map(|(key, value)| (key, place.path(value))));
        place.run_with(command, b"")
    };
    run(&[]).code(4);
    place.write("docker/config.json", &good);
    place.write("run/containers/auth.json", &good);
    place.write("auth.json", &good);
    whole(run(&[("DOCKER_CONFIG", "docker")]));
    whole(run(&[("XDG_RUNTIME_DIR", "run")]));
    whole(run(&[("REGISTRY_AUTH_FILE", "auth.json")]));
    place.write("home/.docker/config.json", &good);
    whole(run(&[]));
    // A file for another registry, or one that is none, is not the end where another one helps.
    place.write("docker/config.json", r#"{"auths": {"registry.example.com": {"auth": "bWU6aHVudGVyMg=="}}}"#);
    run(&[("DOCKER_CONFIG", "docker")]).code(4).says(&["gives no access (401"]);
    place.write("docker/config.json", "{ not json");
    let run = run(&[("DOCKER_CONFIG", "docker")]).code(4).says(&["docker/config.json"]);
    assert!(!run.stderr.contains("hunter"), "{}", run.stderr);

    // Docker's helpers: a program that is told the registry and answers with JSON.
    let helper = format!(
        "#!/bin/sh\nread host\n[ \"$1 $host\" = \"get {}\" ] && echo '{{\"Username\": \"me\", \"Secret\": \"hunter2\"}}'\n",
        fake.host()
    );
    let place = Place::new();
    place.write("bin/docker-credential-test", helper);
    assert!(
        Command::new("chmod")
            .arg("+x")
            .arg(place.path("bin/docker-credential-test"))
            .status()
            .unwrap()
            .success()
    );
    place.write("home/.docker/config.json", json!({"credHelpers": {fake.host(): "test"}}).to_string());
    let mut command = place.command(&arguments(&name, &[]));
    command.env("PATH", format!("{}:/usr/bin:/bin", place.path("bin").display()));
    whole(place.run_with(command, b""));
}

#[test]
fn what_is_not_there() {
    let (fake, name) = registry();
    let run = scan(&format!("{}/team/app:2.0", fake.host()), &[]).code(4);
    run.says(&["error: ", "team/app:2.0 is not in the registry", "404", "hint: check the repository's name"]);
    fake.plan(&layer_digest(1), 9, Fault::Status(404, vec![], String::new()));
    scan(&name, &[]).code(4).says(&["error: ", &layer_digest(1), "404"]);
    // Nobody listens.
    let gone = fake.host();
    drop(fake);
    let run = scan(&format!("{gone}/team/app:1.0"), &[]).code(4);
    run.says(&["error: cannot connect to http", &gone]);
}

#[test]
fn a_registry_that_is_busy() {
    let (fake, name) = registry();
    let now = |seconds: &str| vec![("Retry-After".to_owned(), seconds.to_owned())];
    fake.plan("/manifests/", 1, Fault::Status(429, now("0"), String::new()));
    fake.plan(&layer_digest(0), 1, Fault::Status(429, now("0"), String::new()));
    fake.plan(&layer_digest(1), 1, Fault::Status(503, now("0"), String::new()));
    whole(scan(&name, &[]));
    // One that wants to be asked again in an hour is not waited for.
    fake.plan(
        "/manifests/",
        1,
        Fault::Status(429, now("3600"), r#"{"errors": [{"code": "TOOMANYREQUESTS"}]}"#.into()),
    );
    scan(&name, &[]).code(4).says(&["429", "TOOMANYREQUESTS", "hint: try again in 3600 seconds"]);
}

#[test]
fn a_registry_that_fails() {
    let (fake, name) = registry();
    fake.plan("/manifests/", 99, Fault::Status(500, vec![], "<html>oops</html>".into()));
    scan(&name, &[]).code(4).says(&["error: ", "answers 500", "hint: the registry has a fault"]);
}

#[test]
fn a_connection_that_breaks_is_taken_up_again() {
    let (fake, name) = registry();
    fake.plan(&layer_digest(1), 1, Fault::Break(700_000));
    fake.plan(&layer_digest(1), 1, Fault::Break(300_000));
    whole(scan(&name, &[]));
    let ranges: Vec<String> = fake
        .requests()
        .iter()
        .filter(|request| request.target.ends_with(&layer_digest(1)))
        .filter_map(|request| request.header("range").map(str::to_owned))
        .collect();
    assert_eq!(ranges, ["bytes=700000-", "bytes=1000000-"]);
    // A registry that knows no ranges sends all of it again.
    fake.ignore_ranges();
    fake.plan(&layer_digest(1), 1, Fault::Break(700_000));
    whole(scan(&name, &[]));
}

#[test]
fn other_bytes_than_promised() {
    let (fake, name) = registry();
    let digest = layer_digest(0);
    let mut other = layers().swap_remove(0);
    let at = other.windows(4).position(|text| text == b"zlib").unwrap();
    other[at] = b'Z';
    fake.plan(&digest, 1, Fault::Body(other));
    let run = scan(&name, &[]).code(4);
    run.says(&["error: ", &format!("layer {digest} has the digest sha256:"), &format!("not {digest}")]);
    // Longer and shorter than said.
    let long = [layers().swap_remove(0), vec![0; 5000]].concat();
    fake.plan(&digest, 1, Fault::Body(long));
    scan(&name, &[]).code(4).says(&[&digest]);
    fake.plan(&digest, 9, Fault::Body(layers().swap_remove(0)[..1024].to_vec()));
    scan(&name, &[]).code(4).says(&[&digest]);

    let by_digest = format!("{}/team/app@{}", fake.host(), put(&fake, "team/app", None, "amd64"));
    fake.plan("/manifests/", 1, Fault::Body(b"{}".to_vec()));
    scan(&by_digest, &[]).code(4).says(&[
        "error: ",
        "has the digest sha256:",
        "hint: what the registry serves is damaged",
    ]);
    fake.plan("/manifests/", 1, Fault::Body(b"<html>a login page</html>".to_vec()));
    scan(&name, &[]).code(4).says(&["error: ", "team/app"]);
}

#[test]
fn mirrors_are_asked_first() {
    let (fake, _) = registry();
    let mirror = FakeRegistry::start().unwrap();
    put(&mirror, "hub/team/app", Some("1.0"), "amd64");
    let place = Place::new();
    // A registry that no name server knows: all that can answer is the mirror.
    let name = "registry.invalid/team/app:1.0";
    place.write("plimsoll.yaml", format!("mirrors:\n  registry.invalid: [\"{}/hub\"]\n", mirror.host()));
    let run = whole(place.run(&arguments(name, &[])));
    assert_eq!(run.json()["targets"][0]["name"], name);
    assert!(mirror.requests().iter().any(|request| request.target == "/v2/hub/team/app/manifests/1.0"));

    // A mirror that does not have it is passed over.
    let name = format!("{}/team/app:1.0", fake.host());
    let empty = FakeRegistry::start().unwrap();
    place.write("plimsoll.yaml", format!("mirrors:\n  \"{}\": [\"{}\"]\n", fake.host(), empty.host()));
    whole(place.run(&arguments(&name, &[])));
    assert!(!empty.requests().is_empty());

    place.write("plimsoll.yaml", "mirrors:\n  registry.example.com: [\"not a host\"]\n");
    place
        .run(&arguments(&name, &[]))
        .code(4)
        .says(&["error: the mirror 'not a host' of registry.example.com"]);
}

#[test]
fn a_certificate_file_that_is_missing() {
    let (fake, name) = registry();
    scan(&name, &["--cacert", "missing.pem"]).code(4).says(&["error: ", "missing.pem"]);
    assert_eq!(fake.requests(), []);
}
