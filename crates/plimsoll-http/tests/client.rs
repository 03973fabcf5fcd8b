//! The client against servers on this machine that answer from a script.

// Clippy does not take the servers of these tests for tests.
#![allow(clippy::unwrap_used)]

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use plimsoll_http::{
    Client, ClientCertificate, ClientConfig, HttpError, ProxyConfig, RetryPolicy, Timeouts, Url,
};

fn config() -> ClientConfig {
    ClientConfig {
        retry: RetryPolicy { attempts: 3, base: Duration::from_millis(1), ..RetryPolicy::default() },
        timeouts: Timeouts {
            connect: Duration::from_secs(5),
            response: Duration::from_millis(400),
            idle: Duration::from_millis(300),
        },
        ..ClientConfig::default()
    }
}

fn client() -> Client {
    Client::new(config()).unwrap()
}

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Reads one request: its head and as much of a body as it says.
fn read_request(stream: &mut impl Read) -> io::Result<String> {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            break;
        }
        seen.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&seen).into_owned();
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned))
        .map_or(0, |length| length.trim().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(head + &String::from_utf8_lossy(&body))
}

/// A server that gives each connection the next answer, then ends. What it was asked comes with `join`.
struct Script {
    port: u16,
    thread: JoinHandle<Vec<String>>,
}

impl Script {
    fn run(answers: Vec<String>) -> Script {
        Script::run_with(answers.into_iter().map(|answer| (answer, Duration::ZERO)).collect())
    }

    /// Each answer with the time for which the connection stays open after it.
    fn run_with(answers: Vec<(String, Duration)>) -> Script {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = thread::spawn(move || {
            let mut requests = Vec::new();
            for (answer, open) in answers {
                let (mut stream, _) = listener.accept().unwrap();
                requests.push(read_request(&mut stream).unwrap());
                stream.write_all(answer.as_bytes()).unwrap();
                thread::sleep(open);
            }
            requests
        });
        Script { port, thread }
    }

    fn url(&self, path: &str) -> Url {
        url(&format!("http://127.0.0.1:{}{path}", self.port))
    }

    fn requests(self) -> Vec<String> {
        self.thread.join().unwrap()
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn location(to: &str) -> String {
    answer("307 Temporary Redirect", &format!("Location: {to}\r\n"), "")
}

#[test]
fn an_offline_client_opens_no_socket() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let offline = Client::new(ClientConfig { offline: true, ..config() }).unwrap();
    for scheme in ["http", "https"] {
        let target = url(&format!("{scheme}://127.0.0.1:{port}/x?token=secret"));
        let error = offline.get(target.clone()).send().unwrap_err();
        assert!(matches!(error, HttpError::Offline { .. }), "{error:?}");
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(matches!(offline.head(target.clone()).send(), Err(HttpError::Offline { .. })));
        assert!(matches!(offline.post_form(target, &[]).send(), Err(HttpError::Offline { .. })));
    }
    assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn plain_http_stays_on_this_machine() {
    let error = client().get(url("http://registry.example/v2/")).send().unwrap_err();
    assert!(matches!(error, HttpError::PlainHttp { .. }), "{error:?}");
    let script = Script::run(vec![location("http://registry.example/v2/")]);
    let error = client().get(script.url("/")).send().unwrap_err();
    assert!(matches!(error, HttpError::PlainHttp { .. }), "{error:?}");
}

#[test]
fn gets_a_body_with_its_headers() {
    let script = Script::run(vec![answer("200 OK", "X-Two: a\r\nX-Two: b\r\n", "hello")]);
    let response = client().get(script.url("/a?b=c")).header("Accept", "text/plain").send().unwrap();
    assert_eq!((response.status(), response.length()), (200, Some(5)));
    assert_eq!(response.headers("x-two"), ["a", "b"]);
    assert_eq!(response.bytes(5).unwrap(), b"hello");
    let request = script.requests().remove(0).to_ascii_lowercase();
    assert!(request.starts_with("get /a?b=c http/1.1\r\n"), "{request}");
    for header in ["accept: text/plain", "accept-encoding: identity", "user-agent: plimsoll/"] {
        assert!(request.contains(header), "{request}");
    }
}

#[test]
fn sends_forms_and_credentials() {
    let script = Script::run(vec![answer("200 OK", "", ""), answer("200 OK", "", "")]);
    let fields = [("grant_type", "refresh_token"), ("scope", "a b&c")];
    client().post_form(script.url("/t"), &fields).send().unwrap();
    let with_user = url(&format!("http://Aladdin:open%20sesame@127.0.0.1:{}/", script.port));
    client().get(with_user).send().unwrap();
    let requests = script.requests();
    assert!(requests[0].ends_with("\r\n\r\ngrant%5Ftype=refresh%5Ftoken&scope=a%20b%26c"), "{}", requests[0]);
    // The value of RFC 7617, section 2.
    let header = "authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";
    assert!(
        requests[1].contains(header) || requests[1].contains(&header.replace("auth", "Auth")),
        "{}",
        requests[1]
    );
}

#[test]
fn credentials_do_not_follow_a_redirect_to_another_server() {
    let other = Script::run(vec![answer("200 OK", "", "layer")]);
    let target = format!("http://127.0.0.1:{}/blob?sig=1", other.port);
    let first = Script::run(vec![location("/again"), location(&target)]);
    let response = client().get(first.url("/")).basic_auth("user", "secret").send().unwrap();
    assert_eq!(response.url().to_string(), format!("http://127.0.0.1:{}/blob?sig=***", other.port));
    assert_eq!(response.bytes(100).unwrap(), b"layer");
    for request in first.requests() {
        assert!(request.to_ascii_lowercase().contains("authorization: basic"), "{request}");
    }
    let request = other.requests().remove(0);
    assert!(request.starts_with("GET /blob?sig=1 "), "{request}");
    assert!(!request.to_ascii_lowercase().contains("authorization"), "{request}");
}

#[test]
fn follows_five_redirects() {
    let mut answers = vec![location("next"); 5];
    answers.push(answer("200 OK", "", "there"));
    let script = Script::run(answers);
    assert_eq!(client().get(script.url("/a/b")).send().unwrap().url().path(), "/a/next");
    assert_eq!(script.requests().len(), 6);

    let script = Script::run(vec![location("/next"); 6]);
    let error = client().get(script.url("/")).send().unwrap_err();
    assert!(matches!(error, HttpError::Redirect { .. }), "{error:?}");
    assert_eq!(script.requests().len(), 6);

    for bad in ["ftp://example.com/", "http://", ""] {
        let script =
            Script::run(vec![if bad.is_empty() { answer("302 Found", "", "") } else { location(bad) }]);
        let error = client().get(script.url("/")).send().unwrap_err();
        assert!(matches!(error, HttpError::Redirect { .. }), "{error:?}");
    }
}

#[test]
fn tries_again_where_that_may_help() {
    let busy = |status: &str| answer(status, "Retry-After: 0\r\n", "");
    let script = Script::run(vec![busy("503 No"), busy("429 No"), answer("200 OK", "", "at last")]);
    assert_eq!(client().get(script.url("/")).send().unwrap().bytes(100).unwrap(), b"at last");
    assert_eq!(script.requests().len(), 3);

    let script = Script::run(vec![busy("500 No"), busy("502 No"), busy("504 No")]);
    assert_eq!(client().get(script.url("/")).send().unwrap().status(), 504);
    assert_eq!(script.requests().len(), 3);

    // Not for these, and not when it would take too long or the caller does not want it.
    for (status, headers, once) in [
        ("404 No", "", false),
        ("401 No", "", false),
        ("429 No", "Retry-After: 3600\r\n", false),
        ("503 No", "", true),
    ] {
        let script = Script::run(vec![answer(status, headers, "{\"errors\": []}")]);
        let client = client();
        let request = client.get(script.url("/"));
        let response = if once { request.once() } else { request }.send().unwrap();
        let code: u16 = status.split(' ').next().unwrap().parse().unwrap();
        match response.success().unwrap_err() {
            HttpError::Status { status, detail, retry_after, .. } => {
                assert_eq!((status, detail.as_str()), (code, "{\"errors\": []}"));
                assert_eq!(retry_after, headers.contains("3600").then_some(3600));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(script.requests().len(), 1, "{status}");
    }

    // A connection that closes before the answer.
    let script = Script::run(vec![String::new(), answer("200 OK", "", "ok")]);
    assert_eq!(client().get(script.url("/")).send().unwrap().status(), 200);
    assert_eq!(script.requests().len(), 2);
}

#[test]
fn nobody_there_is_a_connection_error() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error =
        client().get(url(&format!("http://u:secret@127.0.0.1:{port}/x?sig=secret"))).send().unwrap_err();
    assert!(matches!(error, HttpError::Connect { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
}

#[test]
fn a_short_body_is_an_error() {
    let head = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
    for (framing, complete) in [
        ("Content-Length: 10\r\n\r\nhello", false),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", false),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\nhel", false),
        ("Transfer-Encoding: chunked\r\n\r\nzzz\r\nhello\r\n", false),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", true),
        ("Content-Length: 5\r\n\r\nhello", true),
        ("\r\nhello", true),
    ] {
        let script = Script::run(vec![format!("{head}{framing}")]);
        let response = client().get(script.url("/")).send().unwrap();
        match response.bytes(1000) {
            Ok(bytes) => {
                assert!(complete, "{framing:?}");
                assert_eq!(bytes, b"hello");
            }
            Err(error) => {
                assert!(!complete, "{framing:?}: {error:?}");
                assert!(matches!(error, HttpError::Read { .. }), "{error:?}");
            }
        }
    }
}

#[test]
fn a_large_body_is_an_error() {
    for answer in
        [answer("200 OK", "", "123456"), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n123456".to_owned()]
    {
        let script = Script::run(vec![answer]);
        let error = client().get(script.url("/")).send().unwrap().bytes(5).unwrap_err();
        assert!(matches!(error, HttpError::TooLarge { limit: 5, .. }), "{error:?}");
    }
}

#[test]
fn waiting_ends() {
    let long = Duration::from_millis(900);
    let script = Script::run_with(vec![(String::new(), long)]);
    let error = client().get(script.url("/")).once().send().unwrap_err();
    assert!(matches!(error, HttpError::Timeout { .. }), "{error:?}");

    let part = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello".to_owned();
    let script = Script::run_with(vec![(part, long)]);
    let mut body = client().get(script.url("/")).send().unwrap().into_body();
    let error = io::copy(&mut body, &mut io::sink()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut, "{error:?}");
}

#[test]
fn nonsense_is_an_error() {
    for bad in ["SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 999999 X\r\n\r\n", "HTTP/1.1 200 OK\r\n\0: \r\n\r\n"] {
        let script = Script::run(vec![bad.to_owned()]);
        let error = client().get(script.url("/")).once().send().unwrap_err();
        assert!(matches!(error, HttpError::Protocol { .. }), "{bad:?}: {error:?}");
    }
    let headers = format!("X: {}\r\n", "y".repeat(1 << 20));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = url(&format!("http://{}/", listener.local_addr().unwrap()));
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_request(&mut stream).unwrap();
        // The client may hang up before all of it is written.
        let _ = stream.write_all(answer("200 OK", &headers, "").as_bytes());
    });
    let error = client().get(target).once().send().unwrap_err();
    assert!(matches!(error, HttpError::Protocol { .. }), "{error:?}");
    server.join().unwrap();
}

#[test]
fn every_prefix_of_an_answer_is_survived() {
    let whole =
        "HTTP/1.1 200 OK\r\nContent-Type: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let prefixes: Vec<String> = (0..whole.len()).map(|len| whole[..len].to_owned()).collect();
    let count = prefixes.len();
    let script = Script::run(prefixes);
    let client = client();
    let mut complete = 0;
    for _ in 0..count {
        let outcome = client.get(script.url("/")).once().send().and_then(|response| response.bytes(100));
        complete += u32::from(outcome.is_ok());
    }
    // Only what ends after the last chunk may pass for whole.
    assert!(complete <= 4, "{complete}");
    assert_eq!(script.requests().len(), count);
}

/// A server with the certificate of the fixtures that answers each connection so.
fn tls_server(answers: Vec<String>) -> (u16, JoinHandle<()>) {
    let chain = vec![std::fs::read(fixture("server.der")).unwrap().into()];
    let key = rustls::pki_types::PrivateKeyDer::try_from(std::fs::read(fixture("server-key.der")).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream: rustls::StreamOwned<_, TcpStream> = rustls::StreamOwned::new(connection, stream);
            // A client that does not trust the certificate says so here.
            if read_request(&mut stream).is_ok() {
                let _ = stream.write_all(answer.as_bytes());
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    (port, thread)
}

#[test]
fn certificates_are_checked() {
    let trusting = || Client::new(ClientConfig { ca_files: vec![fixture("ca.pem")], ..config() }).unwrap();
    let (port, server) = tls_server(vec![answer("200 OK", "", "secure"); 5]);
    let target = url(&format!("https://localhost:{port}/"));

    assert_eq!(trusting().get(target.clone()).send().unwrap().bytes(10).unwrap(), b"secure");
    let file = ClientConfig::default()
        .with_environment(|name| (name == "SSL_CERT_FILE").then(|| fixture("ca.pem").display().to_string()));
    let file = Client::new(ClientConfig { retry: config().retry, ..file }).unwrap();
    assert_eq!(file.get(target.clone()).send().unwrap().status(), 200);
    let dir = Client::new(ClientConfig { ssl_cert_dirs: vec![fixture("")], ..config() }).unwrap();
    assert_eq!(dir.get(target.clone()).send().unwrap().status(), 200);
    let insecure = Client::new(ClientConfig { insecure: true, ..config() }).unwrap();
    assert_eq!(insecure.get(target.clone()).send().unwrap().status(), 200);
    let error = client().get(target).send().unwrap_err();
    assert!(matches!(error, HttpError::Certificate { .. }), "{error:?}");
    server.join().unwrap();
}

#[test]
fn no_redirect_leads_out_of_encryption() {
    let (port, server) = tls_server(vec![location("http://127.0.0.1:1/?sig=secret")]);
    let insecure = Client::new(ClientConfig { insecure: true, ..config() }).unwrap();
    let error = insecure.get(url(&format!("https://localhost:{port}/"))).send().unwrap_err();
    assert!(matches!(error, HttpError::Downgrade { .. }), "{error:?}");
    assert!(!error.to_string().contains("secret"), "{error}");
    server.join().unwrap();
}

#[test]
fn a_plain_server_is_no_tls_server() {
    let script = Script::run(vec![answer("400 Bad Request", "", "")]);
    // The first bytes of TLS end no header, so the script's reader waits until the client gives up.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 16]);
        let _ = stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n");
    });
    let error = client().get(url(&format!("https://127.0.0.1:{port}/"))).send().unwrap_err();
    assert!(matches!(error, HttpError::Tls { .. }), "{error:?}");
    server.join().unwrap();
    client().get(script.url("/")).send().unwrap();
}

#[test]
fn a_proxy_is_asked_for_other_hosts_only() {
    let proxy = Script::run(vec![answer("403 Forbidden", "", "")]);
    let config = ClientConfig {
        insecure: true,
        proxy: ProxyConfig {
            http: Some(format!("http://u:pw@127.0.0.1:{}", proxy.port)),
            ..ProxyConfig::default()
        },
        ..config()
    };
    assert!(!format!("{config:?}").contains("pw@"));
    let client = Client::new(config).unwrap();
    let script = Script::run(vec![answer("200 OK", "", "direct")]);
    assert_eq!(client.get(script.url("/")).send().unwrap().bytes(10).unwrap(), b"direct");
    let error = client.get(url("http://registry.example/")).once().send().unwrap_err();
    assert!(matches!(error, HttpError::Proxy { .. }), "{error:?}");
    let request = proxy.requests().remove(0);
    assert!(request.starts_with("CONNECT registry.example:80 "), "{request}");
    assert!(request.contains("Basic dTpwdw=="), "{request}");
}

#[test]
fn settings_that_cannot_work_are_errors() {
    let broken = |config: ClientConfig| Client::new(config).unwrap_err();
    let proxy = ProxyConfig { https: Some("quux://u:secret@x".into()), ..ProxyConfig::default() };
    let error = broken(ClientConfig { proxy, ..config() });
    assert!(
        matches!(error, HttpError::Setting { .. }) && !format!("{error:?}").contains("secret"),
        "{error:?}"
    );
    assert!(matches!(
        broken(ClientConfig { user_agent: "a\nb".into(), ..config() }),
        HttpError::Setting { .. }
    ));

    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "nothing").unwrap();
    for file in [empty.clone(), folder.path().join("missing.pem")] {
        for config in [
            ClientConfig { ca_files: vec![file.clone()], ..config() },
            ClientConfig { ssl_cert_file: Some(file.clone()), ..config() },
            ClientConfig {
                client_certificate: Some(ClientCertificate {
                    certificate: fixture("ca.pem"),
                    key: file.clone(),
                }),
                ..config()
            },
        ] {
            let error = Client::new(config).unwrap().get(url("https://127.0.0.1:1/")).send().unwrap_err();
            assert!(matches!(&error, HttpError::Roots { path, .. } if *path == file), "{error:?}");
        }
    }
    let error = client().get(url("https://127.0.0.1:1/")).header("A\n", "b").send().unwrap_err();
    assert!(matches!(error, HttpError::InvalidHeader { .. }), "{error:?}");
}
