//! A registry for tests: the OCI distribution specification v1.1, as far as images and artifacts are read and pushed with
//! it, over HTTP/1.1 on a port of this machine, with the ways of signing in that real registries have and with faults on
//! demand. It serves plain files with entity tags too.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plimsoll_archive::sha256;
use plimsoll_types::Digest;
use serde_json::json;

use crate::signing::ArtifactText;

/// How a client must sign in.
#[derive(Debug, Clone, Default)]
pub enum Auth {
    /// Not at all.
    #[default]
    Open,
    /// With user name and password on every request.
    Basic {
        /// The user name.
        user: String,
        /// The password.
        password: String,
    },
    /// With a token from `/token` that is good for one scope.
    Token {
        /// The user name and password that the token costs; `None` gives it to anybody.
        user: Option<(String, String)>,
        /// An identity token that may be used instead, by `POST`.
        identity_token: Option<String>,
    },
}

/// What goes wrong with an answer.
#[derive(Debug, Clone)]
pub enum Fault {
    /// Another status, with these headers and this body.
    Status(u16, Vec<(String, String)>, String),
    /// The connection ends after so many bytes of the body.
    Break(usize),
    /// The connection stays open but silent after so many bytes of the body.
    Stall(usize),
    /// The body comes in pieces of so many bytes with pauses between them.
    Slow(usize, Duration),
    /// Other bytes than those asked for, with their own length.
    Body(Vec<u8>),
    /// A header with this value instead of the right one, or none with an empty value.
    Header(String, String),
    /// A body whose length is not said beforehand.
    Chunked,
    /// A redirect to this URL.
    Redirect(String),
}

/// A request as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// The headers; names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Recorded {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

struct PlannedFault {
    part: String,
    times: usize,
    fault: Fault,
}

#[derive(Default)]
struct Content {
    auth: Auth,
    no_ranges: bool,
    /// Whether referrers are listed, and how many to a page.
    referrers: Option<usize>,
    blobs: BTreeMap<String, Vec<u8>>,
    /// Plain files by path.
    files: BTreeMap<String, Vec<u8>>,
    uploads: usize,
    /// By repository and tag or digest: media type and bytes.
    manifests: BTreeMap<(String, String), (String, Vec<u8>)>,
    faults: Vec<PlannedFault>,
    requests: Vec<Recorded>,
    /// Tokens that are good, each with its scope.
    tokens: BTreeSet<(String, String)>,
    issued: usize,
}

struct Shared {
    address: SocketAddr,
    stop: AtomicBool,
    content: Mutex<Content>,
    connections: Mutex<Vec<TcpStream>>,
}

impl Shared {
    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The registry. It serves until it is dropped.
pub struct FakeRegistry {
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

impl FakeRegistry {
    /// Starts a registry that is empty and open to everybody.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub fn start() -> io::Result<FakeRegistry> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let shared = Arc::new(Shared {
            address: listener.local_addr()?,
            stop: AtomicBool::new(false),
            content: Mutex::default(),
            connections: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        let listener = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if accepting.stop.load(Ordering::SeqCst) {
                    break;
                }
                // Head and body are written apart: without this each answer waits for an acknowledgement.
                let _ = stream.set_nodelay(true);
                if let Ok(copy) = stream.try_clone() {
                    accepting.connections.lock().unwrap_or_else(PoisonError::into_inner).push(copy);
                }
                let shared = Arc::clone(&accepting);
                thread::spawn(move || {
                    // A client that hangs up is none of the registry's concern.
                    let _ = serve(&shared, &stream);
                    let _ = stream.shutdown(Shutdown::Both);
                });
            }
        });
        Ok(FakeRegistry { shared, listener: Some(listener) })
    }

    /// The registry's address as references write it, such as `127.0.0.1:40123`.
    pub fn host(&self) -> String {
        self.shared.address.to_string()
    }

    /// Sets how clients must sign in from now on. Tokens given out before lose their worth.
    pub fn set_auth(&self, auth: Auth) {
        let mut content = self.shared.content();
        content.auth = auth;
        content.tokens.clear();
    }

    /// Lets every token run out.
    pub fn expire_tokens(&self) {
        self.shared.content().tokens.clear();
    }

    /// Answers requests for a part of a blob with the whole from now on.
    pub fn ignore_ranges(&self) {
        self.shared.content().no_ranges = true;
    }

    /// Lists the manifests with a `subject` at `/v2/<name>/referrers/<digest>` from now on, so many to a page.
    pub fn list_referrers(&self, page: usize) {
        self.shared.content().referrers = Some(page.max(1));
    }

    /// Adds an artifact of this type with one layer, attached to `subject` where one is given.
    pub fn put_artifact(
        &self,
        repository: &str,
        tag: Option<&str>,
        artifact_type: &str,
        layer: (&str, &[u8]),
        subject: Option<&Digest>,
    ) -> Digest {
        let (media_type, bytes) = layer;
        let empty = self.put_blob(b"{}");
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactType": artifact_type,
            "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": empty.to_string(), "size": 2},
            "layers": [{
                "mediaType": media_type,
                "digest": self.put_blob(bytes).to_string(),
                "size": bytes.len(),
            }],
        });
        if let Some(subject) = subject {
            manifest["subject"] = json!({
                "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "digest": subject.to_string(),
                "size": 1,
            });
        }
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        self.put_manifest(repository, tag, media_type, manifest.to_string().as_bytes())
    }

    /// Adds an artifact with all that belongs to it.
    pub fn put_attachment(&self, repository: &str, tag: Option<&str>, artifact: &ArtifactText) -> Digest {
        for blob in &artifact.blobs {
            self.put_blob(blob);
        }
        self.put_manifest(repository, tag, "application/vnd.oci.image.manifest.v1+json", &artifact.manifest)
    }

    /// Adds a blob to every repository. It can also be had without signing in at `/storage/<digest>`, as object
    /// storage does it.
    pub fn put_blob(&self, bytes: &[u8]) -> Digest {
        let digest = sha256(bytes);
        self.shared.content().blobs.insert(digest.to_string(), bytes.to_vec());
        digest
    }

    /// Serves a plain file at a path such as `/db/latest.index`, with its digest as the entity tag.
    pub fn put_file(&self, path: &str, bytes: &[u8]) {
        self.shared.content().files.insert(path.to_owned(), bytes.to_vec());
    }

    /// The manifest under a tag or digest of a repository.
    pub fn manifest(&self, repository: &str, id: &str) -> Option<Vec<u8>> {
        let content = self.shared.content();
        content.manifests.get(&(repository.to_owned(), id.to_owned())).map(|(_, bytes)| bytes.clone())
    }

    /// The bytes of a blob.
    pub fn blob(&self, digest: &str) -> Option<Vec<u8>> {
        self.shared.content().blobs.get(digest).cloned()
    }

    /// Adds a manifest under its digest, and under a tag where one is given.
    pub fn put_manifest(
        &self,
        repository: &str,
        tag: Option<&str>,
        media_type: &str,
        bytes: &[u8],
    ) -> Digest {
        let digest = sha256(bytes);
        let mut content = self.shared.content();
        for name in tag.map(str::to_owned).into_iter().chain([digest.to_string()]) {
            let value = (media_type.to_owned(), bytes.to_vec());
            content.manifests.insert((repository.to_owned(), name), value);
        }
        digest
    }

    /// Adds an image for `linux/<architecture>` made of these layers, which are not compressed, and gives the digest
    /// of its manifest.
    pub fn put_image(
        &self,
        repository: &str,
        tag: Option<&str>,
        architecture: &str,
        layers: &[&[u8]],
    ) -> Digest {
        let digests: Vec<String> = layers.iter().map(|layer| self.put_blob(layer).to_string()).collect();
        let config = json!({
            "architecture": architecture,
            "os": "linux",
            "created": "2024-09-06T12:05:36Z",
            "config": {"Labels": {"maintainer": "nobody"}},
            "rootfs": {"type": "layers", "diff_ids": digests},
            "history": digests.iter().map(|digest| json!({"created_by": format!("ADD {digest}")})).collect::<Vec<_>>(),
        })
        .to_string();
        let config_digest = self.put_blob(config.as_bytes());
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": config_digest.to_string(),
                "size": config.len(),
            },
            "layers": digests.iter().zip(layers).map(|(digest, layer)| json!({
                "mediaType": "application/vnd.oci.image.layer.v1.tar",
                "digest": digest,
                "size": layer.len(),
            })).collect::<Vec<_>>(),
        })
        .to_string();
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        self.put_manifest(repository, tag, media_type, manifest.as_bytes())
    }

    /// Lets the next `times` answers to requests whose method and target (`GET /v2/…`) hold `part` go wrong. Faults
    /// that fit the same request take their turns in the order in which they were planned.
    pub fn plan(&self, part: &str, times: usize, fault: Fault) {
        self.shared.content().faults.push(PlannedFault { part: part.to_owned(), times, fault });
    }

    /// What was asked for so far.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.content().requests.clone()
    }

    /// Forgets what was asked for so far.
    pub fn forget_requests(&self) {
        self.shared.content().requests.clear();
    }
}

impl Drop for FakeRegistry {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // The listener wakes up only for a connection.
        let _ = TcpStream::connect(self.shared.address);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        for stream in self.shared.connections.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn new(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        Answer {
            status,
            headers: vec![("Content-Type".to_owned(), media_type.to_owned())],
            body: body.into(),
        }
    }

    fn error(status: u16, code: &str, message: &str) -> Answer {
        let body = json!({"errors": [{"code": code, "message": message}]}).to_string();
        Answer::new(status, "application/json", body)
    }

    fn with(mut self, name: &str, value: impl ToString) -> Answer {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}

/// Answers the requests of one connection.
fn serve(shared: &Shared, stream: &TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    // The first byte of a TLS handshake: this registry has no certificate.
    if reader.fill_buf()?.first() == Some(&0x16) {
        return Ok(());
    }
    while let Some((request, body)) = read_request(&mut reader)? {
        let (answer, fault) = {
            let mut content = shared.content();
            content.requests.push(request.clone());
            let line = format!("{} {}", request.method, request.target);
            let planned =
                content.faults.iter_mut().find(|planned| planned.times > 0 && line.contains(&planned.part));
            let fault = planned.map(|planned| {
                planned.times -= 1;
                planned.fault.clone()
            });
            (respond(&mut content, &request, &body, shared.address), fault)
        };
        if !write_answer(stream, &request.method, answer, fault)? {
            break;
        }
    }
    Ok(())
}

/// The largest body that is taken.
const MAX_BODY: u64 = 256 << 20;

fn read_request(reader: &mut impl BufRead) -> io::Result<Option<(Recorded, Vec<u8>)>> {
    let mut line = || -> io::Result<String> {
        let mut line = String::new();
        reader.by_ref().take(64 * 1024).read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
    let (method, target) = (method.to_owned(), target.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0_u64);
    let mut body = Vec::new();
    reader.by_ref().take(length.min(MAX_BODY)).read_to_end(&mut body)?;
    // What is no text is not recorded.
    let text = String::from_utf8(body.clone()).unwrap_or_default();
    Ok(Some((Recorded { method, target, headers, body: text }, body)))
}

fn respond(content: &mut Content, request: &Recorded, body: &[u8], address: SocketAddr) -> Answer {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    if path == "/token" {
        return token(content, request, query);
    }
    if let Some(digest) = path.strip_prefix("/storage/") {
        return blob(content, request, digest);
    }
    if let Some(bytes) = content.files.get(path) {
        return file(content, request, bytes);
    }
    let Some(rest) = path.strip_prefix("/v2/") else {
        return Answer::error(404, "NOT_FOUND", "no such page");
    };
    let places = ["/manifests/", "/blobs/", "/referrers/"];
    let found = places.iter().find_map(|place| rest.split_once(place).map(|(name, id)| (*place, name, id)));
    let repository = found.map_or("", |(_, name, _)| name);
    if let Some(refused) = refuse(content, request, repository, address) {
        return refused;
    }
    match found {
        None if rest.is_empty() => Answer::new(200, "application/json", "{}"),
        None => Answer::error(404, "NOT_FOUND", "no such page"),
        Some((place, name, id)) if matches!(request.method.as_str(), "POST" | "PUT") => {
            let (name, id) = (name.to_owned(), id.to_owned());
            store(content, request, body, (place, &name, &id))
        }
        Some(("/blobs/", _, digest)) => blob(content, request, digest),
        Some(("/referrers/", name, digest)) => referrers(content, name, digest, query),
        Some((_, name, id)) => match content.manifests.get(&(name.to_owned(), id.to_owned())) {
            Some((media_type, bytes)) => {
                Answer::new(200, media_type, bytes.clone()).with("Docker-Content-Digest", sha256(bytes))
            }
            None => Answer::error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
        },
    }
}

/// The list of what is attached to a manifest.
fn referrers(content: &Content, repository: &str, digest: &str, query: &str) -> Answer {
    let Some(page) = content.referrers else {
        return Answer::error(404, "NOT_FOUND", "no such page");
    };
    let mut found = Vec::new();
    for ((name, id), (media_type, bytes)) in &content.manifests {
        let manifest: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
        if name == repository && id.starts_with("sha256:") && manifest["subject"]["digest"] == digest {
            found.push(json!({
                "mediaType": media_type,
                "digest": id,
                "size": bytes.len(),
                "artifactType": manifest["artifactType"],
            }));
        }
    }
    let first: usize = query.strip_prefix("last=").and_then(|last| last.parse().ok()).unwrap_or(0);
    let last = first + page;
    let shown: Vec<_> = found.iter().skip(first).take(page).collect();
    let media_type = "application/vnd.oci.image.index.v1+json";
    let body = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": shown}).to_string();
    let answer = Answer::new(200, media_type, body);
    if last < found.len() {
        answer.with("Link", format!("</v2/{repository}/referrers/{digest}?last={last}>; rel=\"next\""))
    } else {
        answer
    }
}

/// The answer to a client that has not signed in; `None` when it has.
fn refuse(content: &Content, request: &Recorded, repository: &str, address: SocketAddr) -> Option<Answer> {
    let sent = request.header("authorization").unwrap_or_default();
    let (passed, challenge) = match &content.auth {
        Auth::Open => return None,
        Auth::Basic { user, password } => {
            (sent == basic(user, password), "Basic realm=\"Registry \\\"Realm\\\"\"".to_owned())
        }
        Auth::Token { .. } => {
            let writes = matches!(request.method.as_str(), "POST" | "PUT");
            let pull = format!("repository:{repository}:pull");
            let push = format!("{pull},push");
            let token = sent.strip_prefix("Bearer ").unwrap_or_default();
            let good = |scope: &str| scope == push || (!writes && scope == pull);
            let known = content.tokens.iter().any(|(known, scopes)| {
                known == token && (repository.is_empty() || scopes.split(' ').any(good))
            });
            let scope = if writes { push.clone() } else { pull.clone() };
            let scope = if repository.is_empty() { String::new() } else { format!(",scope=\"{scope}\"") };
            (known, format!("Bearer realm=\"http://{address}/token\",service=\"fake registry\"{scope}"))
        }
    };
    let refused =
        || Answer::error(401, "UNAUTHORIZED", "authentication required").with("WWW-Authenticate", challenge);
    (!passed).then(refused)
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// The token service: with `GET` as the distribution project describes it, with `POST` as OAuth 2.
fn token(content: &mut Content, request: &Recorded, query: &str) -> Answer {
    let Auth::Token { user, identity_token } = &content.auth else {
        return Answer::error(404, "NOT_FOUND", "no such page");
    };
    let post = request.method == "POST";
    let form = form(if post { &request.body } else { query });
    let value = |name: &str| {
        form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let passed = if post {
        value("grant_type") == "refresh_token" && Some(value("refresh_token")) == *identity_token
    } else {
        let sent = request.header("authorization");
        match user {
            Some((user, password)) => sent == Some(basic(user, password).as_str()),
            None => sent.is_none(),
        }
    };
    if !passed || value("service") != "fake registry" {
        return Answer::error(401, "UNAUTHORIZED", "incorrect username or password");
    }
    content.issued += 1;
    let token = format!("token-{}", content.issued);
    content.tokens.insert((token.clone(), value("scope")));
    let name = if post { "access_token" } else { "token" };
    Answer::new(200, "application/json", json!({name: token, "expires_in": 300}).to_string())
}

fn form(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let mut out = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            let hex: Option<u8> = (byte == b'%')
                .then(|| {
                    [bytes.next(), bytes.next()].into_iter().flatten().map(char::from).collect::<String>()
                })
                .and_then(|hex| u8::from_str_radix(&hex, 16).ok());
            out.push(hex.unwrap_or(if byte == b'+' { b' ' } else { byte }));
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    text.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

fn blob(content: &Content, request: &Recorded, digest: &str) -> Answer {
    let Some(bytes) = content.blobs.get(digest) else {
        return Answer::error(404, "BLOB_UNKNOWN", "blob unknown to registry");
    };
    let media_type = "application/octet-stream";
    let from = request
        .header("range")
        .filter(|_| !content.no_ranges)
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    match from {
        None => Answer::new(200, media_type, bytes.clone()),
        Some(from) if from < bytes.len() => Answer::new(206, media_type, &bytes[from..])
            .with("Content-Range", format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len())),
        Some(_) => Answer::new(416, media_type, "").with("Content-Range", format!("bytes */{}", bytes.len())),
    }
}

/// A plain file, with conditional requests (RFC 9110, section 13).
fn file(content: &Content, request: &Recorded, bytes: &[u8]) -> Answer {
    let (tag, media_type) = (format!("\"{}\"", sha256(bytes)), "application/octet-stream");
    if request.header("if-none-match") == Some(&tag) {
        return Answer::new(304, media_type, "").with("ETag", &tag);
    }
    let from = request
        .header("range")
        .filter(|_| !content.no_ranges && request.header("if-range").is_none_or(|known| known == tag))
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok())
        .filter(|from| *from < bytes.len());
    let answer = match from {
        None => Answer::new(200, media_type, bytes),
        Some(from) => Answer::new(206, media_type, &bytes[from..])
            .with("Content-Range", format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len())),
    };
    answer.with("ETag", tag)
}

/// Takes in a blob or a manifest.
fn store(content: &mut Content, request: &Recorded, body: &[u8], at: (&str, &str, &str)) -> Answer {
    let (place, name, id) = at;
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    let digest = sha256(body).to_string();
    match (request.method.as_str(), place, id.strip_prefix("uploads/")) {
        ("POST", "/blobs/", Some("")) => {
            content.uploads += 1;
            let location = format!("/v2/{name}/blobs/uploads/{}?_state=open", content.uploads);
            Answer::new(202, "text/plain", "").with("Location", location)
        }
        ("PUT", "/blobs/", Some(_)) => {
            let said = form(query).into_iter().find(|(key, _)| key == "digest").map(|(_, value)| value);
            if said.as_deref() != Some(&digest) {
                return Answer::error(
                    400,
                    "DIGEST_INVALID",
                    "provided digest did not match uploaded content",
                );
            }
            content.blobs.insert(digest.clone(), body.to_vec());
            Answer::new(201, "text/plain", "").with("Docker-Content-Digest", digest)
        }
        ("PUT", "/manifests/", _) => {
            let manifest: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
            let layers = manifest["layers"].as_array().into_iter().flatten();
            let mut parts = layers.chain([&manifest["config"]]).filter_map(|part| part["digest"].as_str());
            if let Some(missing) = parts.find(|part| !content.blobs.contains_key(*part)) {
                return Answer::error(400, "MANIFEST_BLOB_UNKNOWN", &format!("blob unknown: {missing}"));
            }
            let media_type = request.header("content-type").unwrap_or_default().to_owned();
            for id in [id, digest.as_str()] {
                let value = (media_type.clone(), body.to_vec());
                content.manifests.insert((name.to_owned(), id.to_owned()), value);
            }
            Answer::new(201, "text/plain", "").with("Docker-Content-Digest", digest)
        }
        _ => Answer::error(405, "UNSUPPORTED", "the operation is unsupported"),
    }
}

/// Writes the answer, or what the fault makes of it, and says whether the connection is still good.
fn write_answer(
    mut stream: &TcpStream,
    method: &str,
    mut answer: Answer,
    fault: Option<Fault>,
) -> io::Result<bool> {
    let mut replaced: Option<(String, String)> = None;
    match &fault {
        Some(Fault::Status(status, headers, body)) => {
            answer = Answer { status: *status, headers: headers.clone(), body: body.clone().into() };
        }
        Some(Fault::Redirect(to)) => answer = Answer::new(307, "text/plain", "").with("Location", to),
        Some(Fault::Body(bytes)) => answer.body.clone_from(bytes),
        Some(Fault::Header(name, value)) => replaced = Some((name.clone(), value.clone())),
        Some(Fault::Break(_) | Fault::Stall(_) | Fault::Slow(..) | Fault::Chunked) | None => {}
    }
    let chunked = matches!(fault, Some(Fault::Chunked));
    let length = if chunked {
        ("Transfer-Encoding".to_owned(), "chunked".to_owned())
    } else {
        ("Content-Length".to_owned(), answer.body.len().to_string())
    };
    let mut head = format!("HTTP/1.1 {} X\r\n", answer.status);
    let lie = replaced.is_some();
    if let Some((name, _)) = &replaced {
        answer.headers.retain(|(header, _)| !header.eq_ignore_ascii_case(name));
    }
    let length = Some(length)
        .filter(|(header, _)| replaced.as_ref().is_none_or(|(name, _)| !name.eq_ignore_ascii_case(header)));
    let replaced = replaced.filter(|(_, value)| !value.is_empty());
    for (name, value) in answer.headers.iter().chain(&length).chain(&replaced) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    if method == "HEAD" {
        return Ok(!lie);
    }
    let body = &answer.body;
    match fault {
        Some(Fault::Break(after)) => {
            stream.write_all(&body[..after.min(body.len())])?;
            return Ok(false);
        }
        Some(Fault::Stall(after)) => {
            stream.write_all(&body[..after.min(body.len())])?;
            // Until the client hangs up or the registry is dropped.
            let _ = stream.read(&mut [0]);
            return Ok(false);
        }
        Some(Fault::Slow(piece, pause)) => {
            for piece in body.chunks(piece.max(1)) {
                stream.write_all(piece)?;
                thread::sleep(pause);
            }
        }
        Some(Fault::Chunked) => {
            for piece in body.chunks(1000) {
                stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes())?;
                stream.write_all(piece)?;
                stream.write_all(b"\r\n")?;
            }
            stream.write_all(b"0\r\n\r\n")?;
        }
        _ => stream.write_all(body)?,
    }
    // A connection whose lengths lie cannot be used again.
    Ok(!lie)
}
