//! Credentials: given ones, and those in Docker's `config.json` and Podman's `auth.json` (containers-auth.json(5)) with
//! their credential helpers (github.com/docker/docker-credential-helpers).

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

/// A text that is not to be seen: `Debug` and `Display` mask it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, for the wire.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A user name and password that the user gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The registry that they are for, as references write it; `None` means the reference's own, never a mirror.
    pub registry: Option<String>,
    /// The user name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// A file of credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthFile {
    /// A file that need not be there.
    Path(PathBuf),
    /// The content of such a file, and where it comes from, such as the name of an environment variable.
    Inline {
        /// Where it comes from.
        name: String,
        /// The JSON document.
        json: Secret,
    },
}

impl fmt::Display for AuthFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AuthFile::Path(path) => path.display().fmt(f),
            AuthFile::Inline { name, .. } => f.write_str(name),
        }
    }
}

/// Where to look for credentials.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sources<'a> {
    pub logins: &'a [Login],
    pub files: &'a [AuthFile],
    /// Where helpers are, as `PATH` writes it.
    pub helper_path: Option<&'a OsString>,
    pub helper_timeout: Duration,
}

/// With what to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// User name and password.
    Basic(String, Secret),
    /// A token with which others are bought (OAuth 2 refresh token).
    Identity(Secret),
    /// A token that is sent as it is.
    Bearer(Secret),
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub credentials: Option<Credentials>,
    /// Where they come from.
    pub source: String,
    /// Which places could not be looked into, and why.
    pub notes: Vec<String>,
}

impl Found {
    /// Says which credentials there are.
    pub(crate) fn describe(&self) -> String {
        let mut text = match self.credentials {
            Some(_) => self.source.clone(),
            None => "none were found".to_owned(),
        };
        for note in &self.notes {
            text.push_str("; ");
            text.push_str(note);
        }
        text
    }
}

/// The largest file of credentials that is read, and the most that a helper may answer.
const MAX_FILE: u64 = 1 << 20;

/// The most names of registries in a file that are looked at.
const MAX_ENTRIES: usize = 10_000;

/// Files are written by hand too: padding may be missing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RawFile {
    auths: Option<BTreeMap<String, Option<RawAuth>>>,
    cred_helpers: Option<BTreeMap<String, String>>,
    creds_store: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawAuth {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

/// Looks for the credentials for a repository. `own` is true at the reference's own registry and false at a mirror.
pub(crate) fn find(sources: &Sources<'_>, registry: &str, repository: &str, own: bool) -> Found {
    let mut found = Found::default();
    let login = sources.logins.iter().find(|login| match &login.registry {
        Some(of) => hostname(of) == hostname(registry),
        None => own,
    });
    if let Some(login) = login {
        found.credentials = Some(Credentials::Basic(login.user.clone(), login.password.clone()));
        found.source = format!("those given for {}", login.registry.as_deref().unwrap_or(registry));
        return found;
    }
    for file in sources.files {
        match read(file) {
            Ok(None) => {}
            Ok(Some(raw)) => {
                if let Some(credentials) = look_up(&raw, file, sources, registry, repository, &mut found) {
                    found.credentials = Some(credentials);
                    return found;
                }
            }
            Err(reason) => found.notes.push(format!("{file} cannot be read: {reason}")),
        }
    }
    found
}

fn read(file: &AuthFile) -> Result<Option<RawFile>, String> {
    let mut bytes = Vec::new();
    match file {
        AuthFile::Inline { json, .. } => bytes.extend_from_slice(json.expose().as_bytes()),
        AuthFile::Path(path) => match File::open(path) {
            Ok(file) => {
                file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(error.to_string()),
        },
    }
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!("it has more than {MAX_FILE} bytes"));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    // The parser's message can quote the document: only the place is told.
    let raw: RawFile = serde_json::from_slice(&bytes).map_err(|error| {
        format!("it is not valid JSON at line {}, column {}", error.line(), error.column())
    })?;
    Ok(Some(raw))
}

fn look_up(
    raw: &RawFile,
    file: &AuthFile,
    sources: &Sources<'_>,
    registry: &str,
    repository: &str,
    found: &mut Found,
) -> Option<Credentials> {
    let helpers = raw.cred_helpers.iter().flatten().take(MAX_ENTRIES);
    let helper = helpers
        .filter(|(name, _)| hostname(name) == hostname(registry))
        .map(|(_, helper)| helper)
        .next()
        .or(raw.creds_store.as_ref())
        .filter(|helper| !helper.is_empty());
    if let Some(helper) = helper {
        match ask_helper(helper, registry, sources) {
            Ok(Some(credentials)) => {
                found.source = format!("those of docker-credential-{helper} ({file})");
                return Some(credentials);
            }
            Ok(None) => {}
            Err(reason) => found.notes.push(format!("docker-credential-{helper} ({file}) failed: {reason}")),
        }
    }
    let auths = raw.auths.as_ref()?;
    for name in names(registry, repository) {
        for (key, auth) in auths.iter().take(MAX_ENTRIES) {
            let Some(auth) = auth.as_ref().filter(|_| normal_key(key) == name) else { continue };
            match credentials(auth) {
                Ok(Some(credentials)) => {
                    found.source = format!("those of {file} for {name}");
                    return Some(credentials);
                }
                // A name without content is how Docker marks what its helper keeps.
                Ok(None) => {}
                Err(reason) => found.notes.push(format!("the entry {name} of {file} {reason}")),
            }
        }
    }
    None
}

/// The names under which a repository's credentials may be filed, the most exact first (containers-auth.json(5)).
fn names(registry: &str, repository: &str) -> Vec<String> {
    let host = hostname(registry);
    let mut names = Vec::new();
    let mut path = repository;
    loop {
        names.push(format!("{host}/{path}"));
        match path.rsplit_once('/') {
            Some((shorter, _)) => path = shorter,
            None => break,
        }
    }
    names.push(host);
    names
}

/// A file's name for a registry or repository in the form of [`names`]. `https://host/v1/` and the like, which old
/// Docker clients wrote, stand for the host.
fn normal_key(key: &str) -> String {
    let bare = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://"));
    let path = match bare {
        Some(_) => None,
        None => key.split_once('/').map(|(_, path)| path.trim_end_matches('/')),
    };
    let host = hostname(key);
    match path {
        None | Some("" | "v1" | "v2") => host,
        Some(path) => format!("{host}/{path}"),
    }
}

/// The host that a name for a registry means; one name for all of Docker Hub's.
fn hostname(name: &str) -> String {
    let bare = name.strip_prefix("https://").or_else(|| name.strip_prefix("http://")).unwrap_or(name);
    let host = bare.split('/').next().unwrap_or_default().to_ascii_lowercase();
    match host.as_str() {
        "index.docker.io" | "registry-1.docker.io" => "docker.io".to_owned(),
        _ => host,
    }
}

fn credentials(auth: &RawAuth) -> Result<Option<Credentials>, String> {
    let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    if let Some(token) = some(&auth.registrytoken) {
        return Ok(Some(Credentials::Bearer(Secret(token))));
    }
    if let Some(token) = some(&auth.identitytoken) {
        return Ok(Some(Credentials::Identity(Secret(token))));
    }
    if let Some(encoded) = some(&auth.auth) {
        let decoded = BASE64.decode(encoded.trim()).map_err(|_| "is not valid base64")?;
        let decoded = String::from_utf8(decoded).map_err(|_| "is not valid UTF-8")?;
        let (user, password) =
            decoded.split_once(':').ok_or("has no colon between user name and password")?;
        // Docker pads with NUL bytes.
        let password = password.trim_end_matches('\0');
        return Ok(Some(Credentials::Basic(user.to_owned(), Secret::new(password))));
    }
    match (some(&auth.username), some(&auth.password)) {
        (Some(user), Some(password)) => Ok(Some(Credentials::Basic(user, Secret(password)))),
        _ => Ok(None),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawAnswer {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// Runs `docker-credential-<helper> get`. `None` when it knows nothing of the registry.
fn ask_helper(helper: &str, registry: &str, sources: &Sources<'_>) -> Result<Option<Credentials>, String> {
    if !helper.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) {
        return Err("its name has characters that no helper's has".to_owned());
    }
    let program = locate(&format!("docker-credential-{helper}"), sources.helper_path)
        .ok_or_else(|| "it is not installed".to_owned())?;
    let server = match hostname(registry).as_str() {
        "docker.io" => "https://index.docker.io/v1/".to_owned(),
        host => host.to_owned(),
    };
    let (status, output) = run(&program, &server, sources.helper_timeout)?;
    if !status {
        let said = String::from_utf8_lossy(&output);
        // Helpers have no other way to say so than this text (`credentials.NewErrCredentialsNotFound`).
        if said.contains("credentials not found") {
            return Ok(None);
        }
        let said: String = said.trim().chars().filter(|c| !c.is_control()).take(200).collect();
        return Err(if said.is_empty() { "it gives no reason".to_owned() } else { said });
    }
    let answer: RawAnswer =
        serde_json::from_slice(&output).map_err(|_| "its answer is not what the protocol says".to_owned())?;
    if answer.secret.is_empty() {
        return Ok(None);
    }
    Ok(Some(match answer.username.as_str() {
        // The protocol's mark for an identity token.
        "<token>" => Credentials::Identity(Secret(answer.secret)),
        _ => Credentials::Basic(answer.username, Secret(answer.secret)),
    }))
}

fn locate(program: &str, path: Option<&OsString>) -> Option<PathBuf> {
    // An empty entry of the path means the current directory, from which nothing is run.
    std::env::split_paths(path?)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(program))
        .find(|program| program.is_file())
}

/// Runs a helper and gives whether it succeeded and what it wrote. It is ended when its time is over.
fn run(program: &Path, input: &str, timeout: Duration) -> Result<(bool, Vec<u8>), String> {
    let deadline = Instant::now() + timeout;
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that ends without reading shows that by its answer.
        let _ = stdin.write_all(input.as_bytes());
    }
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        // A pipe cannot be read with a time-out, so another thread reads it.
        thread::spawn(move || {
            let mut output = Vec::new();
            let outcome = stdout.take(MAX_FILE + 1).read_to_end(&mut output);
            let _ = sender.send(outcome.map(|_| output));
        });
    }
    let outcome = receiver.recv_timeout(timeout);
    let ended = wait(&mut child, deadline);
    match (outcome, ended) {
        (Ok(Ok(output)), Some(success)) if output.len() as u64 <= MAX_FILE => Ok((success, output)),
        (Ok(Ok(_)), Some(_)) => Err("its answer is too long".to_owned()),
        (Ok(Err(error)), Some(_)) => Err(error.to_string()),
        _ => Err(format!("it did not answer within {} seconds", timeout.as_secs_f32())),
    }
}

/// Waits for the end of a process, and brings it about when the time is over.
fn wait(child: &mut Child, deadline: Instant) -> Option<bool> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A script cannot be run while another thread's new process still holds it open for writing.
    static SCRIPTS: std::sync::Mutex<()> = std::sync::Mutex::new(());

    struct Home {
        dir: tempfile::TempDir,
        path: OsString,
    }

    impl Home {
        fn new() -> Home {
            let dir = tempfile::tempdir().unwrap();
            Home { path: dir.path().as_os_str().to_owned(), dir }
        }

        fn file(&self, json: &str) -> AuthFile {
            let path = self.dir.path().join("config.json");
            std::fs::write(&path, json).unwrap();
            AuthFile::Path(path)
        }

        fn helper(&self, name: &str, script: &str) {
            let path = self.dir.path().join(format!("docker-credential-{name}"));
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        }

        fn find(&self, files: &[AuthFile], registry: &str, repository: &str) -> Found {
            let helper_timeout = Duration::from_secs(10);
            let sources = Sources { logins: &[], files, helper_path: Some(&self.path), helper_timeout };
            find(&sources, registry, repository, true)
        }
    }

    fn basic(user: &str, password: &str) -> Option<Credentials> {
        Some(Credentials::Basic(user.to_owned(), Secret::new(password)))
    }

    #[test]
    fn secrets_are_not_shown() {
        let secret = Secret::new("hunter2");
        assert_eq!(
            format!("{secret} {secret:?} {:?}", basic("u", "hunter2")),
            "*** *** Some(Basic(\"u\", ***))"
        );
    }

    // The values of `auth` are those that `docker login` writes: `printf user:pass | base64`.
    #[test]
    fn reads_docker_files_with_every_spelling_of_the_host() {
        let home = Home::new();
        for key in [
            "https://index.docker.io/v1/",
            "index.docker.io",
            "docker.io",
            "registry-1.docker.io",
            "https://index.docker.io/v1",
            "docker.io/library",
            "docker.io/library/alpine",
        ] {
            let file = home.file(&format!(r#"{{"auths": {{"{key}": {{"auth": "dXNlcjpwYXNz"}}}}}}"#));
            let found = home.find(&[file], "docker.io", "library/alpine");
            assert_eq!(found.credentials, basic("user", "pass"), "{key}");
        }
        for key in ["host:5000", "https://host:5000", "http://host:5000/v2/", "host:5000/", "HOST:5000"] {
            let file = home.file(&format!(r#"{{"auths": {{"{key}": {{"auth": "dXNlcjpwYTpzcw"}}}}}}"#));
            assert_eq!(home.find(&[file], "host:5000", "a").credentials, basic("user", "pa:ss"), "{key}");
        }
        for key in ["host", "host:5001", "host:5000/b", "host:5000/aa"] {
            let file = home.file(&format!(r#"{{"auths": {{"{key}": {{"auth": "dXNlcjpwYXNz"}}}}}}"#));
            let found = home.find(&[file], "host:5000", "a");
            assert_eq!(found.credentials, None, "{key}");
            assert_eq!(found.describe(), "none were found");
        }
    }

    #[test]
    fn the_most_exact_name_and_the_first_file_win() {
        let home = Home::new();
        let file = home.file(
            r#"{"auths": {"h.io": {"username": "h", "password": "1"}, "h.io/a": {"username": "a", "password": "2"},
                "h.io/a/b": {}, "other": null}}"#,
        );
        let inline = AuthFile::Inline {
            name: "DOCKER_AUTH_CONFIG".into(),
            json: Secret::new(
                r#"{"auths": {"h.io": {"identitytoken": "t"}, "g.io": {"registrytoken": "r"}}}"#,
            ),
        };
        let files = [AuthFile::Path("/nowhere/config.json".into()), file, inline];
        assert_eq!(home.find(&files, "h.io", "a/b").credentials, basic("a", "2"));
        assert_eq!(home.find(&files, "h.io", "c").credentials, basic("h", "1"));
        let token = home.find(&files, "g.io", "c");
        assert_eq!(token.credentials, Some(Credentials::Bearer(Secret::new("r"))));
        assert_eq!(token.describe(), "those of DOCKER_AUTH_CONFIG for g.io");
        let identity = home.find(&files[2..], "h.io", "c").credentials;
        assert_eq!(identity, Some(Credentials::Identity(Secret::new("t"))));
    }

    #[test]
    fn given_logins_come_first_and_stay_away_from_mirrors() {
        let login = |registry: Option<&str>, user: &str| Login {
            registry: registry.map(str::to_owned),
            user: user.into(),
            password: Secret::new("p"),
        };
        let logins = [login(Some("https://index.docker.io/v1/"), "hub"), login(None, "any")];
        let sources = Sources {
            logins: &logins,
            files: &[],
            helper_path: None,
            helper_timeout: Duration::from_secs(1),
        };
        assert_eq!(find(&sources, "docker.io", "a/b", true).credentials, basic("hub", "p"));
        assert_eq!(find(&sources, "ghcr.io", "a/b", true).credentials, basic("any", "p"));
        assert_eq!(find(&sources, "mirror.example", "a/b", false).credentials, None);
    }

    #[test]
    fn asks_helpers() {
        let _alone = SCRIPTS.lock().unwrap();
        let home = Home::new();
        home.helper(
            "one",
            r#"read server; printf '{"ServerURL":"x","Username":"%s","Secret":"s"}' "$1 $server""#,
        );
        home.helper("token", r#"cat >/dev/null; echo '{"Username":"<token>","Secret":"refresh"}'"#);
        home.helper("none", "echo credentials not found in native keychain; exit 1");
        home.helper("bad", "echo the keychain is locked; exit 1");
        home.helper("odd", "echo hello");
        let file = home.file(
            r#"{"credsStore": "none", "credHelpers": {"one.io": "one", "token.io": "token", "bad.io": "bad",
                "odd.io": "odd", "gone.io": "gone", "evil.io": "../evil", "docker.io": "one"},
                "auths": {"none.io": {"auth": "dXNlcjpwYXNz"}, "bad.io": {}}}"#,
        );
        let files = [file];
        assert_eq!(home.find(&files, "one.io", "a").credentials, basic("get one.io", "s"));
        let hub = home.find(&files, "docker.io", "library/a");
        assert_eq!(hub.credentials, basic("get https://index.docker.io/v1/", "s"));
        assert!(hub.source.starts_with("those of docker-credential-one ("), "{}", hub.source);
        let token = home.find(&files, "token.io", "a").credentials;
        assert_eq!(token, Some(Credentials::Identity(Secret::new("refresh"))));
        assert_eq!(home.find(&files, "none.io", "a").credentials, basic("user", "pass"));
        for (registry, reason) in [
            ("bad.io", "the keychain is locked"),
            ("odd.io", "not what the protocol says"),
            ("gone.io", "it is not installed"),
            ("evil.io", "characters that no helper's has"),
        ] {
            let found = home.find(&files, registry, "a");
            assert_eq!(found.credentials, None);
            assert!(found.describe().contains(reason), "{}", found.describe());
        }
    }

    #[test]
    fn a_helper_that_hangs_is_ended() {
        let _alone = SCRIPTS.lock().unwrap();
        let home = Home::new();
        home.helper("slow", "exec sleep 60");
        home.helper("closed", "exec >/dev/null; exec sleep 60");
        let start = Instant::now();
        for helper in ["slow", "closed"] {
            let files = [home.file(&format!(r#"{{"credsStore": "{helper}"}}"#))];
            let helper_timeout = Duration::from_millis(100);
            let sources =
                Sources { logins: &[], files: &files, helper_path: Some(&home.path), helper_timeout };
            let found = find(&sources, "host", "a", true);
            assert!(found.describe().contains("within 0.1 seconds"), "{}", found.describe());
        }
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn broken_files_are_noted_without_their_content() {
        let home = Home::new();
        for (json, reason) in [
            (r#"{"auths": {"h": {"auth": "hunter2""#, "not valid JSON at line 1"),
            (r#"{"auths": "hunter2"}"#, "not valid JSON"),
            (r#"{"auths": {"h": {"auth": "hunter2!"}}}"#, "not valid base64"),
            (r#"{"auths": {"h": {"auth": "aHVudGVyMg=="}}}"#, "no colon"),
        ] {
            let found = home.find(&[home.file(json)], "h", "a");
            assert_eq!(found.credentials, None);
            assert!(found.describe().contains(reason), "{}", found.describe());
            assert!(!found.describe().contains("hunter2"), "{}", found.describe());
        }
        for nothing in ["", "\n", "{}", r#"{"auths": null, "credHelpers": null, "credsStore": ""}"#] {
            assert_eq!(home.find(&[home.file(nothing)], "h", "a").describe(), "none were found");
        }
    }

    #[test]
    fn survives_any_prefix_and_flip() {
        let home = Home::new();
        let whole = r#"{"auths": {"https://h/v1/": {"auth": "dXNlcjpwYXNz", "identitytoken": ""}}, "credHelpers": {}}"#;
        for len in 0..=whole.len() {
            for flip in [0u8, 1, 0x80] {
                let mut bytes = whole.as_bytes()[..len].to_vec();
                if let Some(last) = bytes.last_mut() {
                    *last ^= flip;
                }
                let json = Secret::new(String::from_utf8_lossy(&bytes));
                let found = home.find(&[AuthFile::Inline { name: "x".into(), json }], "h", "a/b");
                assert_eq!(found.credentials.is_some(), len == whole.len() && flip == 0, "{len} {flip}");
            }
        }
    }
}
